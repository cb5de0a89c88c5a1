//! How do rows reach a spreadsheet? CSV that Excel opens as it is, and text that no sheet runs.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// What the first bytes of a file say to Excel: the text is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// Times as a spreadsheet reads them.
const SHEET_TIME: &str = "%Y-%m-%d %H:%M:%S";

/// How CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// Whether Excel opens it as it is: a byte order mark, plain times, and formulas defused.
    pub excel: bool,
    /// Whether text that a spreadsheet would run gets an apostrophe in front.
    pub defuse: bool,
    /// What stands between fields.
    pub delimiter: char,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// Written as it is, in quotes where it must be.
    Text(&'a str),
    /// Always in quotes.
    Quoted(&'a str),
    /// A number with a decimal point.
    Number(&'a str),
}

impl Sheet {
    /// As Excel opens it where numbers have a comma, or else a point.
    #[must_use]
    pub fn excel(decimal: char) -> Self {
        Self { excel: true, defuse: true, delimiter: if decimal == ',' { ';' } else { ',' } }
    }

    /// What is written before the first line.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        if self.excel { BYTE_ORDER_MARK } else { "" }
    }

    /// Writes a line.
    ///
    /// # Errors
    /// When writing fails.
    pub fn line(self, cells: &[Cell<'_>], out: &mut impl Write) -> io::Result<()> {
        let delimiter = self.delimiter;
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

    /// Writes the names of columns.
    ///
    /// # Errors
    /// When writing fails.
    pub fn head(self, schema: &Schema, out: &mut impl Write) -> io::Result<()> {
        let head: Vec<Cell<'_>> =
            schema.fields().iter().map(|field| Cell::Text(field.name())).collect();
        self.line(&head, out)
    }

    /// Writes rows.
    ///
    /// # Errors
    /// When a value cannot be written as text, or writing fails.
    pub fn rows(self, batch: &RecordBatch, out: &mut impl Write) -> Result<(), ArrowError> {
        let mut options = FormatOptions::new();
        if self.excel {
            options = options
                .with_timestamp_format(Some(SHEET_TIME))
                .with_timestamp_tz_format(Some(SHEET_TIME));
        }
        let columns = batch.columns().iter().map(|column| {
            let number = column.data_type().is_numeric();
            Ok((ArrayFormatter::try_new(column.as_ref(), &options)?, number))
        });
        let columns: Vec<(ArrayFormatter<'_>, bool)> =
            columns.collect::<Result<_, ArrowError>>()?;
        for row in 0..batch.num_rows() {
            let cells: Vec<(String, bool)> = columns
                .iter()
                .map(|(column, number)| Ok((column.value(row).try_to_string()?, *number)))
                .collect::<Result<_, ArrowError>>()?;
            let cells = cells.iter().map(|(text, number)| match number {
                true => Cell::Number(text),
                false => Cell::Text(text),
            });
            self.line(&cells.collect::<Vec<_>>(), out)?;
        }
        Ok(())
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

    fn line(sheet: Sheet, cells: &[Cell<'_>]) -> String {
        let mut out = Vec::new();
        sheet.line(cells, &mut out).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn formulas_are_text_in_every_sheet_and_numbers_stay_numbers() {
        let plain = Sheet { excel: false, defuse: false, delimiter: ',' };
        let cells =
            [Cell::Text("=1+1"), Cell::Text(" @x"), Cell::Number("-0.5"), Cell::Text("a,b")];
        assert_eq!(line(Sheet { defuse: true, ..plain }, &cells), "'=1+1,' @x,-0.5,\"a,b\"\n");
        assert_eq!(line(plain, &cells), "=1+1, @x,-0.5,\"a,b\"\n");
        assert_eq!(line(Sheet::excel(','), &cells), "'=1+1;' @x;-0,5;a,b\r\n");
        assert_eq!(line(Sheet::excel('.'), &cells), "'=1+1,' @x,-0.5,\"a,b\"\r\n");
        let quoted = [Cell::Quoted("-x \"y\"")];
        assert_eq!(line(Sheet::excel(','), &quoted), "\"'-x \"\"y\"\"\"\r\n");
    }
}
