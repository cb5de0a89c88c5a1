//! What does a workbook of Excel hold? The table on its first sheet that is not hidden, as CSV.
//!
//! Formulas count as what they gave when the workbook was saved. Days and times come as they were typed, without
//! a zone.

mod part;
mod sheet;
mod style;

use std::io::{self, BufReader};
use std::path::Path;

use super::packed::Bytes;
use super::zip::{Member, members, open};
use part::{Part, Step};
use sheet::Sheet;
use style::{Form, forms};

/// Where a workbook says what it holds.
pub(super) const BOOK: &str = "xl/workbook.xml";
/// Bytes of all texts that cells share, with the places of these.
const TEXTS_BYTES_MAX: usize = 256 << 20;
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

/// The first sheet of a workbook as CSV, with commas.
///
/// # Errors
/// When it is damaged, encrypted, or has no sheet.
pub(super) fn first_sheet(path: &Path) -> io::Result<Bytes> {
    let members = members(path)?;
    let part = |name: &str| -> io::Result<Option<Part>> {
        let found = members.iter().find(|member: &&Member| member.name == name);
        found.map(|member| Ok(Part::new(open(path, member)?))).transpose()
    };
    let (id, is_from_1904) = first(part(BOOK)?)?;
    let target = target(part("xl/_rels/workbook.xml.rels")?, &id)?;
    let forms = part("xl/styles.xml")?.map(forms).transpose()?.unwrap_or_default();
    let texts = part("xl/sharedStrings.xml")?.map(texts).transpose()?.unwrap_or_default();
    let sheet = part(&target)?.ok_or_else(|| io::Error::other("its first sheet is missing"))?;
    let shared = Shared { texts, forms, is_from_1904 };
    Ok(Box::new(BufReader::new(Sheet::new(sheet, shared))))
}

/// The id of the first sheet that is not hidden, and whether days are counted from 1904 on.
fn first(book: Option<Part>) -> io::Result<(String, bool)> {
    let mut book = book.ok_or_else(|| io::Error::other("it names no sheet"))?;
    let (mut found, mut is_from_1904) = (None, false);
    loop {
        match book.step()? {
            Step::Open(element) if element.name == "workbookPr" => {
                is_from_1904 = matches!(element.value("date1904"), Some("1" | "true"));
            }
            Step::Open(element) if element.name == "sheet" && found.is_none() => {
                let is_hidden = element.value("state").is_some_and(|state| state != "visible");
                found = element.value("id").filter(|_| !is_hidden).map(str::to_owned);
            }
            Step::End => break,
            _ => {}
        }
    }
    let found = found.ok_or_else(|| io::Error::other("it has no sheet that is not hidden"))?;
    Ok((found, is_from_1904))
}

/// Where the sheet with an id is.
fn target(links: Option<Part>, id: &str) -> io::Result<String> {
    let Some(mut links) = links else { return Ok("xl/worksheets/sheet1.xml".to_owned()) };
    loop {
        match links.step()? {
            Step::Open(element) if element.value("Id") == Some(id) => {
                let target = element.value("Target").unwrap_or_default();
                return Ok(match target.strip_prefix('/') {
                    Some(whole) => whole.to_owned(),
                    None => format!("xl/{target}"),
                });
            }
            Step::End => return Err(io::Error::other("its first sheet is missing")),
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
            let mut sheet = Sheet::new(row, Shared { texts, ..Shared::default() });
            let said = sheet.read_to_end(&mut Vec::new()).expect_err("a row that is too long");
            assert!(said.to_string().contains(why), "{said}");
        }
        let styles = format!("<cellXfs>{}</cellXfs>", "<xf/>".repeat(70_000));
        assert!(forms(part(styles)).is_err());
    }
}
