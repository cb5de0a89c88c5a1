//! Is it done, or only said?

/// Whether to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Do it.
    Real,
    /// Only say what would be done.
    Dry,
}
