//! What do the rows of a sheet say, as lines of CSV?

use std::io::{self, Read};
use std::sync::Arc;

use super::part::{Element, Part, Step};
use super::{Form, Shared, add};

/// Most columns, and most rows, of a sheet of Excel.
const COLUMNS_MAX: usize = 16_384;
const ROWS_MAX: usize = 1_048_576;
/// Bytes of a row.
const ROW_BYTES_MAX: usize = 16 << 20;

/// A sheet that is read row by row.
pub(super) struct Sheet {
    part: Part,
    shared: Arc<Shared>,
    /// Rows so far.
    row: usize,
    /// The last row, where the sheet says it ahead of its rows.
    pub(super) last: Option<u64>,
    ready: Vec<u8>,
    /// How many of the ready bytes were read.
    read: usize,
}

/// A cell that is being read.
#[derive(Default)]
struct Cell {
    column: usize,
    /// What its value is: a number where nothing is said.
    sort: String,
    style: Option<usize>,
    value: String,
}

impl Sheet {
    pub(super) fn new(part: Part, shared: Arc<Shared>) -> Self {
        Self { part, shared, row: 0, last: None, ready: Vec::new(), read: 0 }
    }

    /// Makes the next rows ready; whether there are any.
    fn next(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.read = 0;
        let (mut cells, mut cell) = (Vec::new(), Cell::default());
        let (mut is_said, mut bytes) = (false, 0);
        loop {
            match self.part.step()? {
                Step::Open(element) => match element.name.as_str() {
                    "row" => self.begin(&element),
                    "dimension" => self.last = element.value("ref").and_then(last_row),
                    "c" => cell = Cell::of(&element, cells.len()),
                    "v" | "t" => is_said = true,
                    _ => {}
                },
                Step::Text(said) if is_said => add(&mut cell.value, &said)?,
                Step::Close(name) => match name.as_str() {
                    "v" | "t" => is_said = false,
                    "c" => {
                        let cell = std::mem::take(&mut cell);
                        let column = cell.column;
                        if column < COLUMNS_MAX {
                            cells.resize(cells.len().max(column + 1), String::new());
                            let text = cell.text(&self.shared);
                            bytes += text.len();
                            if bytes > ROW_BYTES_MAX {
                                let what = "a row of the workbook takes more than 16 MiB";
                                return Err(io::Error::other(what));
                            }
                            if let Some(place) = cells.get_mut(column) {
                                *place = text;
                            }
                        }
                    }
                    "row" => {
                        self.write(&cells)?;
                        return Ok(true);
                    }
                    "sheetData" => return Ok(false),
                    _ => {}
                },
                Step::End => return Ok(false),
                Step::Text(_) => {}
            }
        }
    }

    /// Begins a row; those above it that are empty are not written, so they are made up for.
    fn begin(&mut self, element: &Element) {
        let number = element.value("r").and_then(|number| number.parse().ok());
        let number = number.unwrap_or(self.row + 1).min(ROWS_MAX);
        let missing = number.saturating_sub(self.row + 1);
        self.ready.extend(std::iter::repeat_n(b'\n', missing));
        self.row = number.max(self.row + 1);
    }

    fn write(&mut self, cells: &[String]) -> io::Result<()> {
        if cells.iter().all(String::is_empty) {
            self.ready.push(b'\n');
            return Ok(());
        }
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(&mut self.ready);
        writer.write_record(cells)?;
        writer.flush()
    }
}

impl Cell {
    fn of(element: &Element, next: usize) -> Self {
        Self {
            column: element.value("r").and_then(column).unwrap_or(next),
            sort: element.value("t").unwrap_or_default().to_owned(),
            style: element.value("s").and_then(|style| style.parse().ok()),
            value: String::new(),
        }
    }

    /// What stands in it.
    fn text(self, shared: &Shared) -> String {
        match self.sort.as_str() {
            "s" => {
                let place = self.value.trim().parse::<usize>().ok();
                let text = place.and_then(|place| shared.texts.get(place));
                plain(text.map(|text| &**text).unwrap_or_default())
            }
            "str" | "inlineStr" => plain(&self.value),
            // What a formula could not find.
            "e" => String::new(),
            "b" => if self.value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "d" => self.value,
            _ => {
                let form = self.style.and_then(|style| shared.forms.get(style).copied());
                let read = form.unwrap_or(Form::Number).read(&self.value, shared.is_from_1904);
                read.unwrap_or(self.value)
            }
        }
    }
}

/// A text without the signs that XML cannot hold, as Excel writes them.
fn plain(text: &str) -> String {
    text.replace("_x000D_", "")
}

/// The column of a cell such as `B3`, from 0.
fn column(cell: &str) -> Option<usize> {
    let letters = cell.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.fold(0_usize, |number, letter| {
        number
            .saturating_mul(26)
            .saturating_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    number.checked_sub(1)
}

/// The last row of cells such as `A1:D4`.
fn last_row(cells: &str) -> Option<u64> {
    let last = cells.rsplit(':').next()?;
    last.trim_start_matches(|char: char| char.is_ascii_alphabetic()).parse().ok()
}

impl Read for Sheet {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.ready.len() {
            if !self.next()? {
                return Ok(0);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_numbered_by_letters() {
        let rows = [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AA1", Some(26)),
            ("XFD1", Some(16_383)),
            ("7", None),
        ];
        for (cell, number) in rows {
            assert_eq!(column(cell), number, "{cell}");
        }
        assert_eq!(
            [last_row("A1:XFD1048576"), last_row("B7"), last_row("")],
            [Some(1_048_576), Some(7), None]
        );
    }
}
