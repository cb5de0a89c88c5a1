//! How long is a span that a preset writes as `15m`?

use serde::Deserialize;

use crate::time::parse_span;

/// A span of time in microseconds, written as `15m`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) i64);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_span(&text).map(Self).map_err(|error| error.to_string())
    }
}
