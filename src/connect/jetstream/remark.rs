//! Does a frame say what the server finds wrong? Errors and notices of both versions of Jetstream.

use serde::Deserialize;

/// Longest frame that is taken for a remark.
const BYTES_MAX: usize = 4 << 10;
/// Longest remark shown, in characters.
const CHARS_MAX: usize = 300;

/// What a server remarks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remark {
    /// An error, after which it may close.
    Error(String),
    /// It begins elsewhere than it was asked to, so something may be missing.
    Elsewhere(String),
    /// Any other notice.
    Notice(String),
}

impl Remark {
    /// In words.
    pub(super) fn said(&self) -> &str {
        match self {
            Self::Error(said) | Self::Elsewhere(said) | Self::Notice(said) => said,
        }
    }
}

#[derive(Deserialize)]
struct Frame {
    #[serde(default, alias = "$type")]
    kind: Option<String>,
    #[serde(flatten)]
    words: Words,
    #[serde(default)]
    payload: Option<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default, rename = "$type")]
    kind: String,
    #[serde(flatten)]
    words: Words,
}

#[derive(Deserialize)]
struct Words {
    #[serde(default, alias = "name")]
    error: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// What a server says in an error frame, `{"kind":"error",...}` or `{"$type":"error",...}`, or in a
/// message of the kind `#info`.
pub(super) fn remark(raw: &[u8]) -> Option<Remark> {
    let has = |word: &[u8]| memchr::memmem::find(raw, word).is_some();
    if raw.len() > BYTES_MAX || !(has(b"error") || has(b"#info")) {
        return None;
    }
    let frame: Frame = serde_json::from_slice(raw).ok()?;
    match (frame.kind.as_deref(), frame.payload) {
        (Some("error"), _) => Some(Remark::Error(frame.words.told("an error without a word"))),
        (Some("message"), Some(payload)) if payload.kind.ends_with("#info") => {
            let name = payload.words.error.clone().unwrap_or_default();
            let said = payload.words.told("a notice without a word");
            Some(match name.as_str() {
                "OutdatedCursor" | "FutureCursor" => Remark::Elsewhere(said),
                _ => Remark::Notice(said),
            })
        }
        _ => None,
    }
}

impl Words {
    fn told(self, nothing: &str) -> String {
        let said: Vec<String> = self.error.into_iter().chain(self.message).collect();
        let said = if said.is_empty() { nothing.to_owned() } else { said.join(": ") };
        said.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_and_notices_are_remarks() {
        let error = |said: &str| Some(Remark::Error(said.to_owned()));
        let info = |name: &str| {
            let kind = "network.bsky.jetstream.subscribeEvents#info";
            let payload = format!(r#"{{"$type":"{kind}","name":"{name}","message":"from 7"}}"#);
            format!(r#"{{"$type":"message","payload":{payload}}}"#)
        };
        let rows = [
            (
                r#"{"kind":"error","error":"FutureCursor","message":"too far"}"#.to_owned(),
                error("FutureCursor: too far"),
            ),
            (r#"{"$type":"error","error":"ConsumerTooSlow"}"#.to_owned(), error("ConsumerTooSlow")),
            (r#"{"kind":"error"}"#.to_owned(), error("an error without a word")),
            (info("OutdatedCursor"), Some(Remark::Elsewhere("OutdatedCursor: from 7".to_owned()))),
            (info("Maintenance"), Some(Remark::Notice("Maintenance: from 7".to_owned()))),
            (r#"{"kind":"commit","did":"error"}"#.to_owned(), None),
            (
                r#"{"$type":"message","payload":{"$type":"x#commit","did":"error"}}"#.to_owned(),
                None,
            ),
            (r#"{"kind":"error","error":5}"#.to_owned(), None),
            ("error".to_owned(), None),
        ];
        for (raw, wanted) in rows {
            assert_eq!(remark(raw.as_bytes()), wanted, "{raw}");
        }
    }
}
