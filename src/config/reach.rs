//! Which addresses may messages go to?

/// Which addresses a receiver may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses over HTTPS.
    #[default]
    Public,
    /// Private and loopback addresses too, and plain HTTP.
    Internal,
}

impl Reach {
    /// Why an address is not allowed, if it is not.
    #[must_use]
    pub fn refusal(self, url: &str) -> Option<&'static str> {
        let allowed =
            url.starts_with("https://") || (self == Self::Internal && url.starts_with("http://"));
        (!allowed).then_some("use https://, or http:// together with internal = true")
    }
}
