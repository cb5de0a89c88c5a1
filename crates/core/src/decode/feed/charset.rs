//! Which text do the bytes of a feed mean? Byte order marks, declarations, headers, and what
//! programs get wrong about all three.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Where a declaration must stand.
const DECLARATION_BYTES_MAX: usize = 400;

/// The text that `bytes` mean; `charset` is what the HTTP header says.
///
/// Bytes that are UTF-8 are read so, whatever is declared: other encodings hardly ever look like
/// it. Others are read as declared in the document, then as the header says, then as Windows-1252.
#[must_use]
pub fn text_of<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return encoding.decode_without_bom_handling(rest).0;
    }
    match bytes {
        [b'<', 0, ..] => return UTF_16LE.decode_without_bom_handling(bytes).0,
        [0, b'<', ..] => return UTF_16BE.decode_without_bom_handling(bytes).0,
        _ => {}
    }
    let of_label = |label: &str| Encoding::for_label(label.trim().as_bytes());
    let wide = |encoding: &&Encoding| *encoding != UTF_16LE && *encoding != UTF_16BE;
    let named = declared(bytes).and_then(of_label).filter(wide);
    let header = charset.and_then(of_label).filter(wide);
    if named.or(header) == Some(ISO_2022_JP) {
        return ISO_2022_JP.decode_without_bom_handling(bytes).0;
    }
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let other = [named, header].into_iter().flatten().find(|encoding| *encoding != UTF_8);
    if other.is_none() && (named.is_some() || header.is_some()) {
        let lossy = String::from_utf8_lossy(bytes);
        let signs = lossy.chars().filter(|c| !c.is_ascii());
        let (lost, all) = signs.fold((0, 0), |(lost, all), c| {
            (lost + usize::from(c == char::REPLACEMENT_CHARACTER), all + 1)
        });
        if lost * 2 <= all {
            return lossy;
        }
    }
    other.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Option<&str> {
    let start = bytes.get(..bytes.len().min(DECLARATION_BYTES_MAX))?;
    let from = memchr::memmem::find(start, b"<?xml")?;
    let declaration = start.get(from..)?;
    let end = memchr::memmem::find(declaration, b"?>")?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_were_written() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>Z\xfcrich</a>";
        let wide: Vec<u8> = "<a>Zürich</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".as_slice(), &wide].concat();
        let rows: [(&[u8], Option<&str>, &str); 9] = [
            (latin, None, "Zürich"),
            (latin, Some("utf-8"), "Zürich"),
            ("<?xml encoding=\"ISO-8859-1\"?><a>Zürich</a>".as_bytes(), None, "Zürich"),
            (b"<a>Z\xfcrich \x80</a>", Some("iso-8859-1"), "Zürich €"),
            (b"<a>Z\xfcrich</a>", None, "Zürich"),
            (&wide, Some("utf-16"), "Zürich"),
            (&marked, None, "Zürich"),
            (b"<?xml encoding='koi8-r'?><a>\xf0\xd2\xc9\xd7\xc5\xd4</a>", None, "Привет"),
            (b"\xef\xbb\xbf<a>Z\xc3\xbcrich</a>", Some("latin1"), "Zürich"),
        ];
        for (bytes, charset, want) in rows {
            let text = text_of(bytes, charset);
            assert!(text.contains(want) && !text.starts_with('\u{feff}'), "{text}");
        }
        let broken = "<?xml encoding='utf-8'?>ä ö ü ".as_bytes();
        let broken = [broken, b"\xff"].concat();
        assert!(text_of(&broken, None).contains("ä ö ü \u{fffd}"), "one bad byte garbles no text");
    }
}
