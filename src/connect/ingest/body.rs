//! Which entries has a body? One JSON object, a list of them, or one a line; packed or not.

use std::fmt;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Why a body holds no entries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is longer than it may be, once it is unpacked.
    TooLarge,
    /// It is packed in another way than gzip.
    Encoding(String),
    /// It has more entries than are taken at once.
    Many,
    /// It is not what it says, in words.
    Broken(String),
}

/// Entries that are taken at once: each that cannot be read costs more memory than it has bytes.
pub(super) const ENTRIES_MAX: usize = 100_000;

/// The body as it was before it was packed, at most `most` bytes.
pub(super) fn unpacked(
    body: &[u8],
    encoding: Option<&str>,
    most: usize,
) -> Result<Vec<u8>, Unreadable> {
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    let is_gzip = match encoding.as_str() {
        "gzip" | "x-gzip" => true,
        // A file that was packed beforehand, sent as it is.
        "" | "identity" => body.starts_with(&[0x1f, 0x8b]),
        _ => return Err(Unreadable::Encoding(encoding)),
    };
    if !is_gzip {
        return Ok(body.to_vec());
    }
    let mut plain = Vec::new();
    let room = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(body).take(room).read_to_end(&mut plain);
    read.map_err(|error| Unreadable::Broken(format!("the gzip data is damaged: {error}")))?;
    if plain.len() > most { Err(Unreadable::TooLarge) } else { Ok(plain) }
}

/// The entries of a body, each as it stands.
pub(super) fn entries(body: &[u8]) -> Result<Vec<&[u8]>, Unreadable> {
    let broken = |what: String| Err(Unreadable::Broken(what));
    let Ok(text) = simdutf8::basic::from_utf8(body) else {
        return broken("the body is not UTF-8".to_owned());
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return broken("the body is empty".to_owned());
    }
    if text.starts_with('[') {
        return match serde_json::from_str::<List<'_>>(text) {
            Ok(List(list)) if list.len() > ENTRIES_MAX => Err(Unreadable::Many),
            Ok(List(list)) => Ok(list),
            Err(error) => broken(format!("the body is not JSON: {error}")),
        };
    }
    let error = match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => return Ok(vec![text.as_bytes()]),
        Err(error) => error,
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_object =
        |line: &str| line.starts_with('{') && serde_json::from_str::<&RawValue>(line).is_ok();
    // An object over several lines that is broken is one entry, not one a line.
    if lines.clone().count() < 2 || !lines.clone().any(is_object) {
        return broken(format!("the body is not JSON: {error}"));
    }
    if lines.clone().nth(ENTRIES_MAX).is_some() {
        return Err(Unreadable::Many);
    }
    Ok(lines.map(str::as_bytes).collect())
}

/// The entries of a list, as they stand: no more than one too many.
struct List<'b>(Vec<&'b [u8]>);

impl<'b> Deserialize<'b> for List<'b> {
    fn deserialize<D: Deserializer<'b>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Entries)
    }
}

struct Entries;

impl<'b> Visitor<'b> for Entries {
    type Value = List<'b>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut list: A) -> Result<List<'b>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element::<&RawValue>()? {
            if entries.len() <= ENTRIES_MAX {
                entries.push(entry.get().as_bytes());
            }
        }
        Ok(List(entries))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn objects_lists_and_lines_are_told_apart() {
        let rows: [(&str, Option<usize>); 11] = [
            (r#"{"a":1}"#, Some(1)),
            ("{\n  \"a\": 1\n}\n", Some(1)),
            (r#" [{"a":1}, {"a":2}, 3] "#, Some(3)),
            ("[]", Some(0)),
            ("{\"a\":1}\r\n\r\n{\"a\":2}\r\n", Some(2)),
            ("{\"a\":1}\n{\"a\":\n{\"a\":3}\n", Some(3)),
            ("\u{feff}{\"a\":1}", Some(1)),
            ("{\n  \"a\": 1,\n", None),
            ("[{\"a\":1},", None),
            ("text=hello", None),
            (" \n", None),
        ];
        for (body, wanted) in rows {
            assert_eq!(entries(body.as_bytes()).ok().map(|list| list.len()), wanted, "{body}");
        }
    }

    #[test]
    fn no_body_has_more_entries_than_can_be_refused_in_memory() {
        let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        let lines = |count: usize| format!("{{\"a\":1}}\n{}", "1\n".repeat(count - 1));
        for body in [list(ENTRIES_MAX), lines(ENTRIES_MAX)] {
            assert_eq!(entries(body.as_bytes()).map(|list| list.len()), Ok(ENTRIES_MAX));
        }
        for body in [list(ENTRIES_MAX + 1), list(1 << 20), lines(ENTRIES_MAX + 1)] {
            assert_eq!(entries(body.as_bytes()), Err(Unreadable::Many));
        }
    }

    #[test]
    fn what_is_packed_has_the_same_limit() {
        let packed = |bytes: usize| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&vec![b' '; bytes]).expect("memory");
            encoder.finish().expect("memory")
        };
        assert_eq!(unpacked(&packed(10), Some("gzip"), 10).map(|body| body.len()), Ok(10));
        assert_eq!(unpacked(&packed(10), None, 10).map(|body| body.len()), Ok(10));
        assert_eq!(unpacked(&packed(1 << 24), Some("gzip"), 10), Err(Unreadable::TooLarge));
        let cut = packed(1 << 10);
        let cut = unpacked(&cut[..cut.len() - 9], Some("gzip"), 1 << 20);
        assert!(matches!(cut, Err(Unreadable::Broken(_))), "{cut:?}");
        assert_eq!(unpacked(b"x", Some("br"), 10), Err(Unreadable::Encoding("br".to_owned())));
    }
}
