//! What does a workbook of Excel hold? The table on one of its sheets, as CSV.
//!
//! Formulas count as what they gave when the workbook was saved. Days and times come as they were typed, without
//! a zone.

mod part;
mod sheet;
mod style;
mod tab;

use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use super::foreign::in_zip;
use super::packed::Bytes;
use super::zip::{Member, members, open};
use crate::decode::FieldMap;
use part::{Part, Step};
use sheet::Sheet;
use style::{Form, forms};
pub use tab::Sheets;
use tab::{Fit, Tab, choose, named};

/// Where a workbook says what it holds.
const BOOK: &str = "xl/workbook.xml";
/// Bytes of all texts that cells share, with the places of these.
const TEXTS_BYTES_MAX: usize = 256 << 20;
/// Most sheets that are known, and most that are looked at before one is chosen.
const TABS_MAX: usize = 10_000;
const LOOKS_MAX: usize = 100;
/// Bytes of a cell, which holds 32,767 characters at most.
const CELL_BYTES_MAX: usize = 1 << 20;

/// What the cells of a sheet refer to.
#[derive(Debug, Default)]
struct Shared {
    texts: Vec<Box<str>>,
    /// How numbers of each style are shown.
    forms: Vec<Form>,
    /// Whether days are counted from 1904 on.
    is_from_1904: bool,
}

/// Whether a zip with these files is a workbook, or another document of a program, of which it is said what it is.
pub(super) fn is_book(members: &[Member]) -> bool {
    let names = names(members);
    names.contains(&BOOK) || in_zip(&names).is_some()
}

fn names(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.name.as_str()).collect()
}

/// A workbook whose parts can be opened.
struct Book<'p> {
    path: &'p Path,
    members: Vec<Member>,
}

impl Book<'_> {
    fn part(&self, name: &str) -> io::Result<Option<Part>> {
        let found = self.members.iter().find(|member| member.name == name);
        found.map(|member| Ok(Part::new(open(self.path, member)?))).transpose()
    }

    fn shared(&self, is_from_1904: bool) -> io::Result<Shared> {
        let forms = self.part("xl/styles.xml")?.map(forms).transpose()?.unwrap_or_default();
        let texts = self.part("xl/sharedStrings.xml")?.map(texts).transpose()?.unwrap_or_default();
        Ok(Shared { texts, forms, is_from_1904 })
    }
}

/// A sheet of a workbook as CSV, with commas, and which one it is of which: the one of this name or number, or
/// else the first whose columns are called as the fields of posts are.
///
/// # Errors
/// When the workbook is damaged, encrypted, or has no such sheet.
pub(super) fn sheet(
    path: &Path,
    wanted: Option<&str>,
    map: &FieldMap,
) -> io::Result<(Bytes, Sheets)> {
    let book = Book { path, members: members(path)? };
    let Some(parts) = book.part(BOOK)? else {
        let what = in_zip(&names(&book.members)).unwrap_or("it names no sheet");
        return Err(io::Error::other(what));
    };
    let (mut tabs, is_from_1904) = tabs(parts)?;
    find_parts(&mut tabs, book.part("xl/_rels/workbook.xml.rels")?)?;
    let shared = Arc::new(book.shared(is_from_1904)?);
    let open = |tab: &Tab| -> io::Result<Sheet> {
        let missing = || io::Error::other(format!("its sheet {} is missing", named(&tab.name)));
        let part = tab.part.as_deref().map(|part| book.part(part)).transpose()?.flatten();
        Ok(Sheet::new(part.ok_or_else(missing)?, Arc::clone(&shared)))
    };
    for tab in tabs.iter_mut().filter(|tab| !tab.is_hidden && tab.part.is_some()).take(LOOKS_MAX) {
        // What is damaged is told when it is read.
        if let Ok(mut sheet) = open(tab) {
            tab.look(&mut sheet, map);
        }
    }
    let chosen = choose(&tabs, wanted)?;
    let sheets = Sheets::of(&tabs, chosen);
    let tab = tabs.get(chosen).ok_or_else(|| io::Error::other("it names no sheet"))?;
    if tab.fit == Some(Fit::Empty) {
        return Err(io::Error::other(sheets.without_rows()));
    }
    Ok((Box::new(BufReader::new(open(tab)?)), sheets))
}

/// The sheets in the order of their tabs, and whether days are counted from 1904 on.
fn tabs(mut book: Part) -> io::Result<(Vec<Tab>, bool)> {
    let (mut tabs, mut is_from_1904) = (Vec::new(), false);
    loop {
        match book.step()? {
            Step::Open(element) if element.name == "workbookPr" => {
                is_from_1904 = matches!(element.value("date1904"), Some("1" | "true"));
            }
            Step::Open(element) if element.name == "sheet" && tabs.len() < TABS_MAX => {
                let is_hidden = element.value("state").is_some_and(|state| state != "visible");
                let name = element.value("name").unwrap_or_default();
                tabs.push(Tab::new(name, element.value("id").unwrap_or_default(), is_hidden));
            }
            Step::End => return Ok((tabs, is_from_1904)),
            _ => {}
        }
    }
}

/// Notes where each sheet of cells is; one of a chart has none.
fn find_parts(tabs: &mut [Tab], links: Option<Part>) -> io::Result<()> {
    let Some(mut links) = links else {
        for (number, tab) in (1..).zip(tabs) {
            tab.part = Some(format!("xl/worksheets/sheet{number}.xml"));
        }
        return Ok(());
    };
    loop {
        match links.step()? {
            Step::Open(element) => {
                let sort = element.value("Type").unwrap_or_default();
                let id = element.value("Id").unwrap_or_default();
                let Some(tab) = tabs.iter_mut().find(|tab| tab.id == id) else { continue };
                let target = element.value("Target").unwrap_or_default();
                if sort.ends_with("/worksheet") || target.contains("worksheets/") {
                    tab.part = Some(match target.strip_prefix('/') {
                        Some(whole) => whole.to_owned(),
                        None => format!("xl/{target}"),
                    });
                }
            }
            Step::End => return Ok(()),
            _ => {}
        }
    }
}

/// The texts that cells refer to by their number.
fn texts(mut part: Part) -> io::Result<Vec<Box<str>>> {
    let (mut texts, mut bytes) = (Vec::new(), 0);
    let (mut text, mut is_said, mut is_sounded) = (String::new(), false, false);
    loop {
        match part.step()? {
            Step::Open(element) => match element.name.as_str() {
                "si" => text.clear(),
                "t" => is_said = true,
                // How a word sounds, in Japanese.
                "rPh" => is_sounded = true,
                _ => {}
            },
            Step::Text(said) if is_said && !is_sounded => add(&mut text, &said)?,
            Step::Close(name) => match name.as_str() {
                "si" => {
                    bytes += text.len() + size_of::<Box<str>>();
                    if bytes > TEXTS_BYTES_MAX {
                        let what = "its texts take more than 256 MiB; save it as CSV UTF-8";
                        return Err(io::Error::other(what));
                    }
                    texts.push(text.as_str().into());
                }
                "t" => is_said = false,
                "rPh" => is_sounded = false,
                _ => {}
            },
            Step::End => return Ok(texts),
            Step::Text(_) => {}
        }
    }
}

/// Adds to what a cell says: the limit of a step says nothing about many of them.
fn add(text: &mut String, said: &str) -> io::Result<()> {
    if text.len() + said.len() > CELL_BYTES_MAX {
        return Err(io::Error::other("a cell of the workbook is longer than Excel's can be"));
    }
    text.push_str(said);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn part(xml: String) -> Part {
        Part::new(Box::new(io::Cursor::new(xml.into_bytes())))
    }

    #[test]
    fn what_no_workbook_holds_is_refused_before_it_fills_memory() {
        let long = format!("<![CDATA[{}]]>", "a".repeat(1_024)).repeat(1_100);
        let shared = texts(part(format!("<sst><si><t>{long}</t></si></sst>")));
        let said = shared.expect_err("a text that is too long").to_string();
        assert!(said.contains("longer than Excel's"), "{said}");
        let rows = [
            (format!("<c t=\"str\"><v>{long}</v></c>"), "longer than Excel's"),
            ("<c t=\"s\"><v>0</v></c>".repeat(17), "16 MiB"),
        ];
        for (cells, why) in rows {
            let texts = vec!["a".repeat(CELL_BYTES_MAX).into_boxed_str()];
            let row = part(format!("<sheetData><row>{cells}</row></sheetData>"));
            let shared = Arc::new(Shared { texts, ..Shared::default() });
            let mut sheet = Sheet::new(row, shared);
            let said = sheet.read_to_end(&mut Vec::new()).expect_err("a row that is too long");
            assert!(said.to_string().contains(why), "{said}");
        }
        let styles = format!("<cellXfs>{}</cellXfs>", "<xf/>".repeat(70_000));
        assert!(forms(part(styles)).is_err());
    }
}
