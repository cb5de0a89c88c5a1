//! Where do objects begin and end in a file that is a list of them, or has them over many lines?
//!
//! Such a file is read as if each object stood on a line of its own, so that everything behind it is
//! the same.

use std::io::{self, Read};

use super::packed::Bytes;
use super::seek::Seek;
use crate::decode::Outline;

/// Bytes taken in at a time.
const PIECE_BYTES: usize = 64 << 10;

/// Whether a file that begins so holds its objects in a list, over several lines, or several on one.
pub(super) fn is_document(first: &str) -> bool {
    let text = first.trim_start_matches('\u{feff}').trim_start();
    let text = without_name(text);
    if let Some(inner) = text.strip_prefix('[') {
        return inner.trim_start().starts_with(['{', ']']);
    }
    if !text.starts_with('{') {
        return false;
    }
    let Some(end) = Outline::of(text).end() else {
        // A line that is broken is followed by another object, one of many lines by a member.
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let (line, next) = (lines.next().unwrap_or_default().trim_end(), lines.next());
        let opens = line.ends_with(['{', '[', ':']);
        return next.is_some_and(|next| opens || !next.trim_start().starts_with('{'));
    };
    let (object, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let (between, next) = rest.split_at(rest.len() - rest.trim_start().len());
    object.contains(['\n', '\r']) || (!next.is_empty() && !between.contains('\n'))
}

/// Whether a file that begins so can be JSON, or a script that sets some.
pub(super) fn may_begin(first: &[u8]) -> bool {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    text.starts_with(b"{") || text.starts_with(b"[") || text.starts_with(b"window.")
}

/// What follows a script's `window.NAME = `, as archives of accounts have it.
fn without_name(text: &str) -> &str {
    match text.split_once('=') {
        Some((name, rest)) if name.starts_with("window.") => rest.trim_start(),
        _ => text,
    }
}

/// A reader that gives each object of a document as a line: of the list at a path of names that
/// dots join, or of all of it.
pub(super) fn lines(bytes: Bytes, list: Option<&str>) -> Bytes {
    let seek = list.map(Seek::new);
    Box::new(Flat { bytes, place: Place::Before, seek, ready: Vec::new(), read: 0 })
}

/// Where in the document the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first object or list.
    Before,
    /// Between values.
    Between,
    /// In an object, so many brackets deep.
    Inside { depth: u32, string: Quote },
    /// In a value without brackets.
    Bare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    Outside,
    Inside,
    /// Behind a backslash.
    Escaped,
}

struct Flat {
    bytes: Bytes,
    place: Place,
    /// What finds the list, where only one counts.
    seek: Option<Seek>,
    ready: Vec<u8>,
    read: usize,
}

impl Read for Flat {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.ready.len() {
            let mut piece = vec![0; PIECE_BYTES];
            let length = self.bytes.read(&mut piece)?;
            if length == 0 {
                return Ok(0);
            }
            self.read = 0;
            self.flatten(piece.get(..length).unwrap_or_default());
        }
        let ready = self.ready.get(self.read..).unwrap_or_default();
        let length = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), ready.get(..length)) {
            to.copy_from_slice(from);
        }
        self.read += length;
        Ok(length)
    }
}

impl Flat {
    /// Makes of a piece what it adds to the lines.
    fn flatten(&mut self, piece: &[u8]) {
        let out = &mut self.ready;
        out.clear();
        for &byte in piece {
            self.place = match (self.place, byte, &mut self.seek) {
                (Place::Before, _, Some(seek)) => {
                    if seek.finds(byte) {
                        Place::Between
                    } else {
                        Place::Before
                    }
                }
                (Place::Before | Place::Between, b'{', _) => {
                    out.push(byte);
                    Place::Inside { depth: 1, string: Quote::Outside }
                }
                (Place::Before, b'[', _) => Place::Between,
                (Place::Before, ..) => Place::Before,
                (Place::Between, b']', Some(_)) => Place::Before,
                (Place::Between, b'[' | b']' | b',' | b';', _) => Place::Between,
                (Place::Between, byte, _) if byte.is_ascii_whitespace() => Place::Between,
                (Place::Between, ..) => {
                    out.push(byte);
                    Place::Bare
                }
                (Place::Bare, b']', Some(_)) => {
                    out.push(b'\n');
                    Place::Before
                }
                (Place::Bare, b',' | b'\n' | b'\r' | b']', _) => {
                    out.push(b'\n');
                    Place::Between
                }
                (Place::Bare, ..) => {
                    out.push(byte);
                    Place::Bare
                }
                (Place::Inside { depth, string }, ..) => inside(byte, depth, string, out),
            };
        }
    }
}

fn inside(byte: u8, depth: u32, string: Quote, out: &mut Vec<u8>) -> Place {
    // Within a string a line feed is a fault, which its own line shows best.
    out.push(if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
    let (depth, string) = match (string, byte) {
        (Quote::Outside, b'"') => (depth, Quote::Inside),
        (Quote::Outside, b'{' | b'[') => (depth.saturating_add(1), string),
        (Quote::Outside, b'}' | b']') => (depth - 1, string),
        (Quote::Inside, b'"') => (depth, Quote::Outside),
        (Quote::Inside, b'\\') => (depth, Quote::Escaped),
        (Quote::Escaped, _) => (depth, Quote::Inside),
        _ => (depth, string),
    };
    if depth == 0 {
        out.push(b'\n');
        return Place::Between;
    }
    Place::Inside { depth, string }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(document: &str, list: Option<&str>) -> String {
        let mut said = String::new();
        let reader = lines(Box::new(io::Cursor::new(document.as_bytes().to_vec())), list);
        io::BufReader::with_capacity(1, reader).read_to_string(&mut said).expect("UTF-8");
        said
    }

    #[test]
    fn documents_become_lines() {
        let rows = [
            ("[{\"a\":1},{\"b\":[2,{}]}]", "{\"a\":1}\n{\"b\":[2,{}]}\n"),
            ("[\n  {\n    \"a\": \"}\\\"]\"\n  }\n]\n", "{     \"a\": \"}\\\"]\"   }\n"),
            ("{\n \"a\": 1\n}\n{\n \"b\": 2\n}\n", "{  \"a\": 1 }\n{  \"b\": 2 }\n"),
            ("{\"a\": 1,\n \"b\": 2}\n{\"a\":3}", "{\"a\": 1,  \"b\": 2}\n{\"a\":3}\n"),
            ("{\"a\":1}{\"b\":2} {\"c\":3}", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"),
            ("{\"a\":1}\r{\"b\":2}\r", "{\"a\":1}\n{\"b\":2}\n"),
            ("window.YTD.tweets.part0 = [ {\n\"a\":1} ]", "{ \"a\":1}\n"),
            ("[\n]", ""),
        ];
        for (document, want) in rows {
            assert!(is_document(document), "{document}");
            assert_eq!(flat(document, None), want, "{document}");
        }
        let others = [
            "{\"a\":1}\n{\"b\":2}\n",
            "{\"a\":1}\r\n{\"b\":2}\r\n",
            "{\"a\":\"cut\n{\"b\":2}\n",
            "{\"a\":1}",
            "[1,2]\n[3,4]\n",
            "[\"a\"]",
            "",
            "id,text",
        ];
        for other in others {
            assert!(!is_document(other), "{other}");
        }
    }

    #[test]
    fn a_list_within_an_object_is_taken_out_wherever_it_stands() {
        let rows = [
            ("{\"data\":[{\"a\":1},{\"b\":[2]}],\"meta\":{}}", "data", "{\"a\":1}\n{\"b\":[2]}\n"),
            (
                "{\"x\":{\"data\":[{\"no\":1}]},\"n\":\"}data\",\"data\": [ {\"a\":1} ] }\n{\"data\":[{\"b\":2}]}",
                "data",
                "{\"a\":1}\n{\"b\":2}\n",
            ),
            (
                "{\"data\":{\"k\":[1,[2]],\"children\":[{\"a\":1}]},\"z\":[{}]}",
                "data.children",
                "{\"a\":1}\n",
            ),
            (
                "[{\"data\":[{\"a\":1}]},{\"data\":[]},{\"data\":[{\"b\":2}]}]",
                "data",
                "{\"a\":1}\n{\"b\":2}\n",
            ),
            ("{\"other\":[{}]}", "data", ""),
        ];
        for (document, list, want) in rows {
            assert_eq!(flat(document, Some(list)), want, "{document}");
        }
    }
}
