//! Where do objects begin and end in a file that is a list of them, or has them over many lines?
//!
//! Such a file is read as if each object stood on a line of its own, so that everything behind it is
//! the same.

use std::io::{self, Read};

use super::packed::Bytes;

/// Bytes taken in at a time.
const PIECE_BYTES: usize = 64 << 10;

/// Whether a file that begins so holds its objects in a list or over several lines.
pub(super) fn is_document(first: &[u8]) -> bool {
    let text = String::from_utf8_lossy(first);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = without_name(text);
    let inner = text.strip_prefix('[').map(str::trim_start);
    match inner {
        Some(inner) => inner.starts_with(['{', ']']),
        None => text.lines().next().is_some_and(|line| line.trim_end() == "{"),
    }
}

/// What follows a script's `window.NAME = `, as archives of accounts have it.
fn without_name(text: &str) -> &str {
    match text.split_once('=') {
        Some((name, rest)) if name.starts_with("window.") => rest.trim_start(),
        _ => text,
    }
}

/// A reader that gives each object of a document as a line.
pub(super) fn lines(bytes: Bytes) -> Bytes {
    Box::new(Flat { bytes, place: Place::Before, ready: Vec::new(), read: 0 })
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
            (self.read, self.place) =
                (0, flatten(piece.get(..length).unwrap_or_default(), self.place, &mut self.ready));
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

/// Writes what a piece adds to the lines; where the next piece goes on.
fn flatten(piece: &[u8], mut place: Place, out: &mut Vec<u8>) -> Place {
    out.clear();
    for &byte in piece {
        place = match (place, byte) {
            (Place::Before, b'{') | (Place::Between, b'{') => {
                out.push(byte);
                Place::Inside { depth: 1, string: Quote::Outside }
            }
            (Place::Before, b'[') => Place::Between,
            (Place::Before, _) => Place::Before,
            (Place::Between, b'[' | b']' | b',' | b';') => Place::Between,
            (Place::Between, byte) if byte.is_ascii_whitespace() => Place::Between,
            (Place::Between, _) => {
                out.push(byte);
                Place::Bare
            }
            (Place::Bare, b',' | b'\n' | b']') => {
                out.push(b'\n');
                Place::Between
            }
            (Place::Bare, _) => {
                out.push(byte);
                Place::Bare
            }
            (Place::Inside { depth, string }, _) => inside(byte, depth, string, out),
        };
    }
    place
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

    #[test]
    fn documents_become_lines() {
        let rows = [
            ("[{\"a\":1},{\"b\":[2,{}]}]", "{\"a\":1}\n{\"b\":[2,{}]}\n"),
            ("[\n  {\n    \"a\": \"}\\\"]\"\n  }\n]\n", "{     \"a\": \"}\\\"]\"   }\n"),
            ("{\n \"a\": 1\n}\n{\n \"b\": 2\n}\n", "{  \"a\": 1 }\n{  \"b\": 2 }\n"),
            ("window.YTD.tweets.part0 = [ {\n\"a\":1} ]", "{ \"a\":1}\n"),
            ("[\n]", ""),
        ];
        for (document, want) in rows {
            assert!(is_document(document.as_bytes()), "{document}");
            let mut said = String::new();
            let reader = lines(Box::new(io::Cursor::new(document.as_bytes().to_vec())));
            io::BufReader::with_capacity(1, reader).read_to_string(&mut said).expect("UTF-8");
            assert_eq!(said, want, "{document}");
        }
        for other in ["{\"a\":1}\n{\"b\":2}\n", "[1,2]\n[3,4]\n", "[\"a\"]", "", "id,text"] {
            assert!(!is_document(other.as_bytes()), "{other}");
        }
    }
}
