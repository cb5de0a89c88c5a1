//! Where was a term found?

/// A term found in a text, in bytes of the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) atom: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A place in a text as hits keep it.
pub(super) fn place(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
