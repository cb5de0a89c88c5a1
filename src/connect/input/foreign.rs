//! Which file is this that holds no posts we could read, and how does its owner mend that? Old workbooks, those
//! with a password, documents, pictures: by what they begin with, whatever their names say.

use std::io::{self, Read};

/// How the files of Office before 2007 begin, and the encrypted ones to this day.
const COMPOUND: [u8; 8] = *b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// Bytes of such a file in which its directory is looked for.
const COMPOUND_BYTES_MAX: u64 = 8 << 20;
/// What the directory of such a file names, and what it is then.
const STREAMS: [(&str, &str); 7] = [
    ("EncryptedPackage", LOCKED),
    ("EncryptionInfo", LOCKED),
    ("Workbook", OLD),
    ("Book", OLD),
    ("WordDocument", DOCUMENT),
    ("PowerPoint Document", DOCUMENT),
    ("__properties_version1.0", "this is a mail of Outlook; export posts as .xlsx or CSV UTF-8"),
];
const LOCKED: &str = "this workbook has a password, so it cannot be read; open it in Excel, remove the password \
                      (File, Info, Protect Workbook), and save it as .xlsx or CSV UTF-8";
const OLD: &str =
    "this is an old workbook of Excel (.xls); open it there, and save it as .xlsx or CSV UTF-8";
const DOCUMENT: &str = "this is a document, not a table; put its table into a workbook, and save that as .xlsx or CSV UTF-8";
const COMPOUND_SAID: &str = "this is an old file of Office, or one with a password; save it as .xlsx or CSV UTF-8, without a password";
const CALC: &str =
    "this is a spreadsheet of LibreOffice (.ods); open it there, and save it as .xlsx or CSV UTF-8";
const NUMBERS: &str =
    "this is a file of Numbers, Pages or Keynote; export it there as Excel (.xlsx) or CSV UTF-8";

/// How other files begin, and what they are.
const BEGINNINGS: [(&[u8], &str); 8] = [
    (
        b"%PDF",
        "this is a PDF, which holds no rows; export the table behind it as .xlsx or CSV UTF-8",
    ),
    (b"{\\rtf", DOCUMENT),
    (b"\x89PNG", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"GIF8", PICTURE),
    (b"SQLite format 3\0", "this is a database of SQLite; export its table as CSV"),
    (b"Rar!", "this is a rar archive, which is not read here; unpack it first"),
    (b"\x09\x08", OLD),
];
const PICTURE: &str = "this is a picture, which holds no rows; export the table that it shows";
/// What files in a zip are called, and what the zip is then.
const MEMBERS: [(&str, &str); 5] = [
    (
        "xl/workbook.bin",
        "this is a binary workbook of Excel (.xlsb); open it there, and save it as .xlsx or CSV UTF-8",
    ),
    ("word/document.xml", DOCUMENT),
    ("ppt/presentation.xml", DOCUMENT),
    ("Index/Document.iwa", NUMBERS),
    ("Index.zip", NUMBERS),
];

/// What is said of bytes that are no text.
const NOT_TEXT: &str =
    "this is not text; save a workbook as .xlsx or CSV UTF-8, and unpack archives";
/// Bytes of a text's beginning that are looked at.
const TEXT_BYTES: usize = 4_096;

/// What a zip with files of these names is, if it is a document of a program.
pub(super) fn in_zip(names: &[&str]) -> Option<&'static str> {
    let is_there = |name: &str| names.contains(&name);
    let is_calc = is_there("mimetype") && is_there("content.xml");
    let found = MEMBERS.iter().find(|(name, _)| is_there(name)).map(|(_, what)| *what);
    found.or(is_calc.then_some(CALC))
}

/// What a file is that begins so, if it is known and holds no posts; reads on where that is needed.
///
/// # Errors
/// When it cannot be read.
pub(super) fn foreign(first: &[u8], rest: &mut dyn Read) -> io::Result<Option<&'static str>> {
    if !first.starts_with(&COMPOUND) {
        let found = BEGINNINGS.iter().find(|(magic, _)| first.starts_with(magic));
        return Ok(found.map(|(_, what)| *what));
    }
    let mut bytes = Vec::new();
    rest.take(COMPOUND_BYTES_MAX).read_to_end(&mut bytes)?;
    let names = |stream: &str| {
        let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
        memchr::memmem::find(&bytes, &name).is_some()
    };
    let found = STREAMS.iter().find(|(stream, _)| names(stream));
    Ok(Some(found.map_or(COMPOUND_SAID, |(_, what)| *what)))
}

/// What a table in a web page or in XML is, as sites export it under the name of a workbook.
pub(super) fn marked_up(first: &str) -> Option<&'static str> {
    let text = first.trim_start_matches('\u{feff}').trim_start();
    let small = text.get(..text.floor_char_boundary(TEXT_BYTES))?.to_lowercase();
    if !small.starts_with('<') {
        None
    } else if small.contains("office:spreadsheet") {
        Some("this is a workbook as XML; open it in Excel, and save it as .xlsx or CSV UTF-8")
    } else if small.contains("<table") {
        Some(
            "this is a web page with a table, whatever its name says; open it in Excel, and save it as .xlsx or CSV UTF-8",
        )
    } else {
        None
    }
}

/// Why bytes are no text: many signs of control stand among the first, more than strayed into a text.
pub(super) fn no_text(first: &[u8]) -> Option<&'static str> {
    let first = first.get(..TEXT_BYTES).unwrap_or(first);
    let is_noise = |byte: &u8| matches!(byte, 0..=8 | 14..=25 | 28..=31);
    let noise = first.iter().copied().filter(is_noise).count();
    (noise > 2 && noise * 50 > first.len()).then_some(NOT_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_is_told_by_its_bytes() {
        let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let compound = |name: &str| [COMPOUND.as_slice(), &[0; 2_000], &wide(name)].concat();
        let rows = [
            (compound("EncryptedPackage"), "has a password"),
            (compound("Workbook"), "an old workbook"),
            (compound("Data"), "old file of Office"),
            (b"%PDF-1.7".to_vec(), "a PDF"),
            (b"id,text".to_vec(), ""),
        ];
        for (bytes, what) in rows {
            let mut rest = bytes.as_slice();
            let said = foreign(bytes.get(..8).unwrap_or(&bytes), &mut rest);
            let said = said.expect("memory").unwrap_or_default();
            assert!(said.contains(what) && said.is_empty() == what.is_empty(), "{said}");
        }
        let rows = [
            ("\u{feff} <HTML><body><Table><tr>", "a table"),
            ("<?xml?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">", "as XML"),
            ("<rss>", ""),
            ("a<table>", ""),
        ];
        for (text, what) in rows {
            let said = marked_up(text).unwrap_or_default();
            assert!(said.contains(what) && said.is_empty() == what.is_empty(), "{text}: {said}");
        }
        let strayed = [b"id;text\n1;a\x02b\x08\tb\r\n\x1a\0".as_slice(), &[b'a'; 200]].concat();
        assert!(no_text(b"a\x01\x02\0b").is_some() && no_text(&strayed).is_none());
    }
}
