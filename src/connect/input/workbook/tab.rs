//! Which sheet of a workbook holds the posts? The first whose columns are called as theirs are, else the first with
//! rows. Covers, charts and empty sheets stand before it in what programs export.

use std::io::{self, Read};

use super::super::heading::{heading, is_guessed};
use super::Sheet;
use crate::decode::{FieldMap, guessed, quoted};

/// Bytes of a sheet's beginning that tell what it holds.
const LOOK_BYTES: usize = 64 << 10;
/// Sheets that a message names, and the most characters of a name: Excel has 31.
const NAMES: usize = 20;
const NAME_CHARS: usize = 40;

/// How likely a sheet holds posts, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Empty,
    Rows,
    /// It has a column that is called as times of posts are.
    Timed,
    /// It has what posts need, as it is mapped or by other names.
    Known,
}

/// A sheet as the workbook names it.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) is_hidden: bool,
    /// Where its cells are; one of a chart has none.
    pub(super) part: Option<String>,
    /// What its beginning says, where it was looked at.
    pub(super) fit: Option<Fit>,
    rows: Option<u64>,
}

impl Tab {
    pub(super) fn new(name: &str, id: &str, is_hidden: bool) -> Self {
        let (name, id) = (name.to_owned(), id.to_owned());
        Self { name, id, is_hidden, part: None, fit: None, rows: None }
    }

    /// Looks at its first rows.
    pub(super) fn look(&mut self, sheet: &mut Sheet, map: &FieldMap) {
        let mut first = Vec::new();
        let limit = u64::try_from(LOOK_BYTES).unwrap_or(u64::MAX);
        let read = sheet.by_ref().take(limit).read_to_end(&mut first);
        let is_blank = first.iter().all(|byte| b"\r\n,\" ".contains(byte));
        let is_whole = first.len() < LOOK_BYTES && read.is_ok();
        self.rows = if is_whole { Some(rows(&first)) } else { sheet.last };
        // Whether anything stands below many blank rows, or behind damage, is seen when it is read.
        let is_unseen = is_blank && !is_whole;
        self.fit = Some(if is_unseen { Fit::Rows } else { fit(&first, is_blank, map) });
    }

    /// What it is, in words behind its name.
    fn words(&self) -> String {
        let name = named(&self.name);
        match (&self.part, self.fit, self.rows) {
            (None, ..) => format!("{name} (a chart)"),
            (_, Some(Fit::Empty), _) => format!("{name} (empty)"),
            (_, Some(Fit::Known), Some(rows)) => {
                // The names of the columns are no post.
                let posts = counted(rows.saturating_sub(1));
                format!("{name} ({posts} of posts: --sheet {})", quoted(&self.name))
            }
            (_, _, Some(rows)) => format!("{name} ({})", counted(rows)),
            _ => name,
        }
    }
}

/// Which sheet of a workbook is read, and which are left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheets {
    /// The name of the one that is read.
    pub read: String,
    /// The others that are not hidden, in words.
    pub others: Vec<String>,
}

impl Sheets {
    pub(super) fn of(tabs: &[Tab], chosen: usize) -> Self {
        let read = tabs.get(chosen).map(|tab| tab.name.clone()).unwrap_or_default();
        let others = (0..).zip(tabs).filter(|(place, tab)| *place != chosen && !tab.is_hidden);
        Self { read, others: others.map(|(_, tab)| tab.words()).collect() }
    }

    /// The sheet that is read, in quotes.
    #[must_use]
    pub fn name(&self) -> String {
        named(&self.read)
    }

    /// The sheets that are left, in words; nothing where there are none.
    #[must_use]
    pub fn left(&self) -> Option<String> {
        (!self.others.is_empty()).then(|| listed(&self.others))
    }

    /// What is said where the chosen sheet has no rows.
    pub(super) fn without_rows(&self) -> String {
        match self.left() {
            None => format!("its sheet {} is empty", self.name()),
            Some(left) => format!("its sheet {} is empty; the others are {left}", self.name()),
        }
    }
}

/// Which of the sheets is meant.
///
/// # Errors
/// When there is none of this name or number, or none that has cells.
pub(super) fn choose(tabs: &[Tab], wanted: Option<&str>) -> io::Result<usize> {
    let Some(wanted) = wanted else {
        let cells = || (0..).zip(tabs).filter(|(_, tab)| !tab.is_hidden && tab.part.is_some());
        let best = cells().map(|(_, tab)| tab.fit).max();
        let found = cells().find(|(_, tab)| Some(tab.fit) == best);
        return found
            .map(|(place, _)| place)
            .ok_or_else(|| io::Error::other("it has no sheet of cells that is not hidden"));
    };
    let exact = || tabs.iter().position(|tab| tab.name == wanted);
    let alike = || {
        let plain = wanted.trim().to_lowercase();
        tabs.iter().position(|tab| tab.name.trim().to_lowercase() == plain)
    };
    let numbered = || {
        let number = wanted.parse::<usize>().ok()?.checked_sub(1)?;
        let seen = (0..).zip(tabs).filter(|(_, tab)| !tab.is_hidden);
        seen.map(|(place, _)| place).nth(number)
    };
    let found = exact().or_else(alike).or_else(numbered);
    let is_of_cells = |place: &usize| tabs.get(*place).is_some_and(|tab| tab.part.is_some());
    match found {
        Some(place) if is_of_cells(&place) => Ok(place),
        found => {
            let shown = tabs.iter().filter(|tab| !tab.is_hidden).map(Tab::words);
            let shown = listed(&shown.collect::<Vec<_>>());
            let what = if found.is_some() { "has no cells" } else { "is not there" };
            let wanted = named(wanted);
            let what = format!("the sheet {wanted} {what}; its sheets are {shown}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, what))
        }
    }
}

fn fit(first: &[u8], is_blank: bool, map: &FieldMap) -> Fit {
    if is_blank {
        return Fit::Empty;
    }
    let names = heading(first, Some(b','), Some(map)).names;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if map.places(&names).is_ok() || (map.is_plain() && is_guessed(&names)) {
        Fit::Known
    } else if guessed(&names).iter().any(|(field, _)| *field == "posted_at") {
        Fit::Timed
    } else {
        Fit::Rows
    }
}

/// How many rows of a table are not blank.
fn rows(table: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table);
    let said = |record: &csv::ByteRecord| record.iter().any(|field| !field.trim_ascii().is_empty());
    let found = reader.byte_records().flatten().filter(said).count();
    u64::try_from(found).unwrap_or(u64::MAX)
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// A name of a sheet in quotes, without what steers a screen.
pub(super) fn named(name: &str) -> String {
    let plain = |char: char| if char.is_control() { ' ' } else { char };
    let mut shown: String = name.chars().take(NAME_CHARS).map(plain).collect();
    if name.chars().count() > NAME_CHARS {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

fn listed(sheets: &[String]) -> String {
    let mut shown = sheets.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    if sheets.len() > NAMES {
        shown.push_str(&format!(" and {} more", sheets.len() - NAMES));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(name: &str, part: Option<&str>, fit: Option<Fit>) -> Tab {
        Tab { part: part.map(str::to_owned), fit, ..Tab::new(name, "", false) }
    }

    #[test]
    fn a_sheet_is_chosen_by_what_it_holds_by_its_name_or_its_number() {
        let notes = Tab { is_hidden: true, ..tab("Notizen", Some("a"), Some(Fit::Known)) };
        let tabs = [
            notes,
            tab("Diagramm", None, None),
            tab("Leer", Some("b"), Some(Fit::Empty)),
            tab("Deckblatt", Some("c"), Some(Fit::Rows)),
            tab("Beiträge", Some("d"), Some(Fit::Known)),
            tab("2024", Some("e"), Some(Fit::Known)),
        ];
        let rows = [
            (None, Some(4)),
            (Some("beiträge"), Some(4)),
            (Some("Notizen"), Some(0)),
            (Some("3"), Some(3)),
            (Some("2024"), Some(5)),
            (Some("1"), None),
            (Some("9"), None),
            (Some("0"), None),
        ];
        for (wanted, place) in rows {
            assert_eq!(choose(&tabs, wanted).ok(), place, "{wanted:?}");
        }
        let said = choose(&tabs, Some("Posts\u{1b}")).expect_err("no such sheet").to_string();
        let wanted = "the sheet \"Posts \" is not there; its sheets are \"Diagramm\" (a chart), \"Leer\" (empty), \"Deckblatt\"";
        assert!(said.starts_with(wanted), "{said}");
        assert!(choose(&tabs[1..2], None).is_err());
    }
}
