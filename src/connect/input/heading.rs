//! Where does a table begin, and what stands between its fields? Programs put titles above the names of the
//! columns, and Excel a line that tells the sign.

use std::cmp::Reverse;

use csv::ByteRecord;

use crate::decode::{FieldMap, guessed};

/// What stands between fields; where several would do, the last.
const DELIMITERS: [u8; 4] = [b'|', b'\t', b';', b','];
/// Rows among which the names of the columns are looked for.
const ROWS: usize = 30;

/// How a table begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// What stands between fields.
    pub(super) sign: u8,
    /// Bytes above the names of the columns.
    pub(super) bytes: usize,
    /// Lines above them.
    pub(super) lines: u64,
    /// The names of the columns.
    pub(super) names: Vec<String>,
}

/// How likely a row holds the names of columns, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Unlikely,
    /// It is filled from end to end, while the first row is nearly empty.
    Filled,
    /// Its columns are called as others call text and time of posts.
    Guessed,
    /// It has what the map needs.
    Mapped,
}

/// How a table begins; `sign` is what stands between fields, where that is known. Without a map nothing is
/// known of what its columns should be, and its first row names them.
pub(super) fn heading(first: &[u8], sign: Option<u8>, map: Option<&FieldMap>) -> Heading {
    let told = told(first);
    let above = told.map_or(0, |(_, length)| length);
    let rest = first.get(above..).unwrap_or_default();
    let signs = match sign.or(told.map(|(sign, _)| sign)) {
        Some(sign) => vec![sign],
        None => DELIMITERS.to_vec(),
    };
    let tables = signs.into_iter().map(|sign| rows(rest, sign, map)).collect::<Vec<_>>();
    let firsts = tables.iter().filter_map(|rows| rows.first());
    // Of equals the last is taken.
    let best = firsts.max_by_key(|(fit, row)| (*fit == Fit::Mapped, row.names.len()));
    let below = || {
        let later = tables.iter().flat_map(|rows| rows.iter().skip(1));
        let likely = later.filter(|(fit, _)| *fit > Fit::Unlikely);
        likely.max_by_key(|(fit, row)| (*fit, Reverse(row.bytes), row.names.len()))
    };
    let found = match best {
        Some((fit, _)) if map.is_some() && *fit < Fit::Guessed => below().or(best),
        best => best,
    };
    let none = || Heading { sign: sign.unwrap_or(b','), bytes: 0, lines: 0, names: Vec::new() };
    let mut found = found.map_or_else(none, |(_, row)| row.clone());
    found.bytes += above;
    found.lines += u64::from(told.is_some());
    found
}

/// The first rows of a table with a sign between its fields, each as if it named the columns.
fn rows(first: &[u8], sign: u8, map: Option<&FieldMap>) -> Vec<(Fit, Heading)> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(sign)
        .has_headers(false)
        .flexible(true)
        .from_reader(first);
    let mut record = ByteRecord::new();
    let mut rows: Vec<(Fit, Heading)> = Vec::new();
    let most = if map.is_some() { ROWS } else { 1 };
    while rows.len() < most && reader.read_byte_record(&mut record).unwrap_or(false) {
        let names: Vec<String> = record.iter().map(name).collect();
        let is_titled = rows.first().is_some_and(|(_, first)| is_sparse(&first.names));
        let fit = map.map_or(Fit::Unlikely, |map| fit(&names, map, is_titled));
        let place = record.position().filter(|_| !rows.is_empty());
        let bytes = place.map_or(0, |place| beginning(first, place.byte()));
        let above = first.get(..bytes).unwrap_or_default();
        let lines = u64::try_from(memchr::memchr_iter(b'\n', above).count()).unwrap_or(0);
        rows.push((fit, Heading { sign, bytes, lines, names }));
    }
    rows
}

/// Where a row begins: the reader stops before a line feed, and does not tell empty lines.
fn beginning(first: &[u8], at: u64) -> usize {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(first.len());
    let rest = first.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

fn name(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim_start_matches('\u{feff}').trim().to_owned()
}

fn fit(names: &[String], map: &FieldMap, is_titled: bool) -> Fit {
    let plain: Vec<&str> = names.iter().map(String::as_str).collect();
    if map.places(&plain).is_ok() {
        Fit::Mapped
    } else if is_guessed(&plain) {
        Fit::Guessed
    } else if is_titled && names.len() > 1 && !names.iter().any(String::is_empty) {
        Fit::Filled
    } else {
        Fit::Unlikely
    }
}

/// Whether a row says little for its width, as a title that was written into a sheet does.
fn is_sparse(names: &[String]) -> bool {
    let filled = names.iter().filter(|name| !name.is_empty()).count();
    names.len() > 1 && filled * 2 <= names.len()
}

/// Whether columns are called as others call text and time of posts.
pub(super) fn is_guessed(names: &[&str]) -> bool {
    let guessed = guessed(names);
    ["text", "posted_at"]
        .iter()
        .all(|field| names.contains(field) || guessed.iter().any(|(known, _)| known == field))
}

/// The sign between fields that a first line `sep=;` tells, as Excel writes it, and the line's
/// length.
fn told(first: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr(b'\n', first)?;
    let line = std::str::from_utf8(first.get(..end)?).ok()?;
    let line = line.trim_start_matches('\u{feff}').trim().trim_matches('"');
    match line.strip_prefix("sep=")?.as_bytes() {
        [sign] => Some((*sign, end + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_found_below_titles() {
        let mapped = "text=Was fehlt?,posted_at=Wann,id=";
        let rows = [
            ("id,text,posted_at\n1,a,b\n", "", (b',', 0, "id")),
            ("sep=;\nid;text;posted_at\n", "", (b';', 1, "id")),
            (
                "Bericht: acme;;\nNovember 2026;;\n;;\nDatum;Autor;Text\n1;2;3\n",
                "",
                (b';', 3, "Datum"),
            ),
            ("Report:,acme\r\n\r\nQuery Id,Date,Snippet\r\n1,2,3\r\n", "", (b',', 2, "Query Id")),
            ("\u{feff}Export\nDate\tMessage\n1\t2\n", "", (b'\t', 1, "Date")),
            // Neither is called as posts' fields are: the title is the row that is nearly empty.
            ("Umfrage;;\nWann;Note;Was fehlt?\n", "", (b';', 1, "Wann")),
            ("Umfrage, November\nWann;Note;Was fehlt?\n", mapped, (b';', 1, "Wann")),
            // What is below the names of columns is no header, whatever it says.
            ("Wann;Note;Was fehlt?\nDatum;Uhrzeit;Text\n", mapped, (b';', 0, "Wann")),
            ("Datum;Text\nDatum;Text\n", "", (b';', 0, "Datum")),
            ("a;b\n1;2\n", "", (b';', 0, "a")),
            ("", "", (b',', 0, "")),
        ];
        for (text, map, (sign, lines, name)) in rows {
            let map: FieldMap = map.parse().expect("a map");
            let found = heading(text.as_bytes(), None, Some(&map));
            let first = found.names.first().map_or("", String::as_str);
            assert_eq!((found.sign, found.lines, first), (sign, lines, name), "{text}");
            let rest = text.get(found.bytes..).expect("between characters");
            assert!(rest.starts_with(name), "{text}");
        }
        let found = heading(b"Bericht;;\nDatum;Autor;Text\n", None, None);
        assert_eq!(found.lines, 0, "without a map nothing is looked for");
    }
}
