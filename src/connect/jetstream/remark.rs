//! Does a frame say what the server finds wrong? Errors of both versions of Jetstream.

use serde::Deserialize;

/// Longest frame that is taken for a remark.
const BYTES_MAX: usize = 4 << 10;
/// Longest remark shown, in characters.
const CHARS_MAX: usize = 300;

#[derive(Deserialize)]
struct Frame {
    #[serde(default, alias = "$type")]
    kind: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// What a server says in an error frame: `{"kind":"error",...}` or `{"$type":"error",...}`.
pub(super) fn remark(raw: &[u8]) -> Option<String> {
    if raw.len() > BYTES_MAX || memchr::memmem::find(raw, b"error").is_none() {
        return None;
    }
    let frame: Frame = serde_json::from_slice(raw).ok()?;
    if frame.kind.as_deref() != Some("error") {
        return None;
    }
    let said: Vec<String> = frame.error.into_iter().chain(frame.message).collect();
    let said = if said.is_empty() { "an error without a word".to_owned() } else { said.join(": ") };
    Some(said.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_are_remarks() {
        let rows = [
            (
                r#"{"kind":"error","error":"FutureCursor","message":"too far"}"#,
                Some("FutureCursor: too far"),
            ),
            (r#"{"$type":"error","error":"ConsumerTooSlow"}"#, Some("ConsumerTooSlow")),
            (r#"{"kind":"error"}"#, Some("an error without a word")),
            (r#"{"kind":"commit","did":"error"}"#, None),
            (r#"{"kind":"error","error":5}"#, None),
            ("error", None),
        ];
        for (raw, wanted) in rows {
            assert_eq!(remark(raw.as_bytes()).as_deref(), wanted, "{raw}");
        }
    }
}
