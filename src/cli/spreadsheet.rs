//! How is CSV wanted on the command line? Plain, or for a spreadsheet.

use std::io::{self, Write};

use super::{Ending, Failure};
use crate::sql::Sheet;

pub(super) use crate::sql::Cell;

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

impl CsvArgs {
    /// Whether anything but plain CSV is asked for.
    pub(super) fn is_plain(&self) -> bool {
        !self.excel && !self.defuse && self.delimiter.is_none()
    }

    /// Refuses options for CSV where something else is written.
    pub(super) fn check(&self, is_csv: bool) -> Result<Ending, Failure> {
        if is_csv || self.is_plain() {
            return Ok(Ending::Done);
        }
        let message = "--excel, --defuse and --delimiter are for CSV";
        Err(Failure::usage(message, "add --format csv"))
    }

    /// As it is asked for.
    pub(super) fn sheet(&self) -> Sheet {
        Sheet { excel: self.excel, defuse: self.defuse, delimiter: self.delimiter() }
    }

    /// What is written before the first line.
    pub(super) fn prefix(&self) -> &'static str {
        self.sheet().prefix()
    }

    /// Writes a line.
    pub(super) fn line(&self, cells: &[Cell<'_>], out: &mut impl Write) -> io::Result<()> {
        self.sheet().line(cells, out)
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
