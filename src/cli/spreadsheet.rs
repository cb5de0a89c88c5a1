//! How do rows reach a spreadsheet? CSV that Excel opens as it is, and text that no sheet runs.

use std::io::{self, Write};

use super::{Ending, Failure};

/// What the first bytes of a file say to Excel: the text is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// Languages whose numbers have a comma where others have a point.
const COMMA_LANGUAGES: [&str; 28] = [
    "bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hr", "hu", "id", "is", "it", "lt",
    "lv", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "tr", "uk",
];

/// Countries that write a point all the same.
const POINT_COUNTRIES: [&str; 3] = ["CH", "LI", "MX"];

/// How CSV is written.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct CsvArgs {
    /// With --format csv: a file that Excel opens as it is, with a byte order mark, the delimiter and decimals
    /// of the locale (LC_ALL, LC_NUMERIC, LANG), plain times, and formulas defused
    #[arg(long)]
    excel: bool,
    /// With --format csv: text that a spreadsheet would run as a formula gets an apostrophe in front
    #[arg(long)]
    defuse: bool,
    /// With --format csv: character between fields [default: a comma, with --excel that of the locale]
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<char>,
}

fn delimiter(text: &str) -> Result<char, String> {
    match text {
        "," | ";" | "|" | "\t" => Ok(text.chars().next().unwrap_or(',')),
        "\\t" => Ok('\t'),
        _ => Err("write a comma, a semicolon, | or \\t for a tab".to_owned()),
    }
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    /// Written as it is, in quotes where it must be.
    Text(&'a str),
    /// Always in quotes.
    Quoted(&'a str),
    /// A number with a decimal point.
    Number(&'a str),
}

impl CsvArgs {
    /// Whether anything but plain CSV is asked for.
    pub(super) fn is_plain(&self) -> bool {
        !self.excel && !self.defuse && self.delimiter.is_none()
    }

    pub(super) fn is_for_excel(&self) -> bool {
        self.excel
    }

    /// Refuses options for CSV where something else is written.
    pub(super) fn check(&self, is_csv: bool) -> Result<Ending, Failure> {
        if is_csv || self.is_plain() {
            return Ok(Ending::Done);
        }
        let message = "--excel, --defuse and --delimiter are for CSV";
        Err(Failure::usage(message, "add --format csv"))
    }

    /// What is written before the first line.
    pub(super) fn prefix(&self) -> &'static str {
        if self.excel { BYTE_ORDER_MARK } else { "" }
    }

    /// Writes a line.
    pub(super) fn line(&self, cells: &[Cell<'_>], out: &mut impl Write) -> io::Result<()> {
        let delimiter = self.delimiter();
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                write!(out, "{delimiter}")?;
            }
            match *cell {
                // Where a semicolon parts fields, a comma parts decimals.
                Cell::Number(number) if self.excel && delimiter == ';' => {
                    write!(out, "{}", number.replace('.', ","))?;
                }
                Cell::Number(number) => write!(out, "{number}")?,
                Cell::Text(text) | Cell::Quoted(text) => {
                    let defused = (self.excel || self.defuse) && is_formula(text);
                    let mark = if defused { "'" } else { "" };
                    let must = text.contains([delimiter, '"', '\n', '\r']);
                    match must || matches!(cell, Cell::Quoted(_)) {
                        true => write!(out, "\"{mark}{}\"", text.replace('"', "\"\""))?,
                        false => write!(out, "{mark}{text}")?,
                    }
                }
            }
        }
        out.write_all(if self.excel { b"\r\n" } else { b"\n" })
    }

    fn delimiter(&self) -> char {
        self.delimiter.unwrap_or_else(|| {
            let set = ["LC_ALL", "LC_NUMERIC", "LANG"].map(|name| std::env::var(name).ok());
            let set = set.into_iter().flatten().find(|locale| !locale.is_empty());
            let mut parts = set.iter().flat_map(|locale| locale.split(['_', '.', '@']));
            let comma = parts.next().is_some_and(|language| COMMA_LANGUAGES.contains(&language))
                && !parts.next().is_some_and(|country| POINT_COUNTRIES.contains(&country));
            if self.excel && comma { ';' } else { ',' }
        })
    }
}

/// Whether a spreadsheet would run a text: also behind spaces, which some ignore.
fn is_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start()
            .starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: &CsvArgs, cells: &[Cell<'_>]) -> String {
        let mut out = Vec::new();
        args.line(cells, &mut out).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn formulas_are_text_in_every_sheet_and_numbers_stay_numbers() {
        let defuse = CsvArgs { defuse: true, ..CsvArgs::default() };
        let cells =
            [Cell::Text("=1+1"), Cell::Text(" @x"), Cell::Number("-0.5"), Cell::Text("a,b")];
        assert_eq!(line(&defuse, &cells), "'=1+1,' @x,-0.5,\"a,b\"\n");
        assert_eq!(line(&CsvArgs::default(), &cells), "=1+1, @x,-0.5,\"a,b\"\n");
        let excel = CsvArgs { excel: true, delimiter: Some(';'), ..CsvArgs::default() };
        assert_eq!(line(&excel, &cells), "'=1+1;' @x;-0,5;a,b\r\n");
        assert_eq!(line(&excel, &[Cell::Quoted("-x \"y\"")]), "\"'-x \"\"y\"\"\"\r\n");
    }
}
