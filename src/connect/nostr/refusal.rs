//! What does it mean that a relay ends a subscription? The word before the colon tells.

use std::time::Duration;

use crate::connect::source::Fault;

/// How long to leave a relay alone that finds us too busy.
const LIMITED_WAIT: Duration = Duration::from_secs(30);
/// Characters of its words that are shown.
const SHOWN_CHARS: usize = 200;

/// Why a relay does not give something, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// Its own words.
    pub(super) words: String,
    pub(super) reason: String,
    pub(super) hint: &'static str,
    /// Whether it would give it to somebody whom it knows.
    pub(super) wants_login: bool,
}

/// What it means that a subscription was closed with these words.
///
/// # Errors
/// A fault that passes: everything is asked for again after a while.
pub(super) fn refused(why: &str) -> Result<Refused, Fault> {
    let words: String = why.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect();
    let sort = why.split(':').next().unwrap_or_default().trim();
    let hint = match sort {
        "auth-required" => {
            "it lets only those read who log in with a key (NIP-42): name it in login, with key_file = \
             \"FILE\", or take it out of relays"
        }
        "restricted" | "blocked" => {
            "it is not open to all: take it out of relays, or ask who runs it"
        }
        "unsupported" | "invalid" | "pow" => "take it out of relays, or ask it for less",
        "rate-limited" => {
            let reason = format!("it limits us: {words}");
            return Err(Fault::External { reason, wait: Some(LIMITED_WAIT) });
        }
        _ => return Err(Fault::external(format!("it ended a subscription: {words}"))),
    };
    let reason = format!("it refuses: {words}");
    Ok(Refused { words, reason, hint, wants_login: sort == "auth-required" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_said() {
        for why in
            ["auth-required: we only serve members", "restricted: no", "invalid: too many filters"]
        {
            let refused = refused(why).expect("a refusal");
            assert!(refused.reason.contains(why) && !refused.hint.is_empty(), "{why}");
        }
        for why in ["", "error: shutting down", "something else", "rate-limited: slow down"] {
            assert!(matches!(refused(why), Err(Fault::External { .. })), "{why}");
        }
    }
}
