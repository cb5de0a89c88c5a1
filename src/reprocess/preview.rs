//! How would a file be read? Its layout, which column is which field, and its first posts, without a
//! lake or a configuration.

use std::io;

use super::guess::{Hints, feed, guess_ids, guess_thousands, guess_times};
use super::mapping::guess_map;
use crate::connect::{Beginning, Input, Layout};
use crate::post::{Event, Post};

/// What is said of bytes that are neither lines nor Parquet.
const NOT_TEXT: &str = "this is not text; save a workbook as .xlsx or CSV, and unpack archives";

/// What is said of text that is neither a table nor JSON.
const NOT_POSTS: &str =
    "this is text without columns; export it as a table (CSV, .xlsx) or as JSON";

/// Whether bytes could be text: only few signs of control stand in it.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31))
}

/// How a file would be read.
#[derive(Debug)]
pub struct Preview {
    /// What its beginning tells.
    pub look: Beginning,
    /// Options that it needs beyond those given, each a guess.
    pub options: Vec<(&'static str, String)>,
    /// Posts of its beginning.
    pub posts: Vec<Post>,
    /// What was refused there, and why.
    pub refused: Vec<String>,
    /// What is not a post by nature.
    pub ignored: u64,
    /// Posts with a field that could not be read.
    pub mended: u64,
    /// Posts whose id was rounded by a spreadsheet.
    pub rounded: usize,
}

/// Why a table is none, as its header shows.
fn unfit(look: &Beginning) -> Option<&'static str> {
    let first = look.columns.first().filter(|_| matches!(look.layout, Layout::Csv(_)))?;
    if first.starts_with(['{', '[']) {
        return Some("its name says a table, but it begins as JSON: add --input-format jsonl");
    }
    (!look.columns.iter().all(|name| is_text(name.as_bytes()))).then_some(NOT_TEXT)
}

/// Looks at a file; must be called outside of the async runtime.
///
/// # Errors
/// When it cannot be read, or the columns of a table are not known even by a guess.
pub fn preview(input: &Input, hints: &Hints) -> io::Result<Preview> {
    if input.bytes == Some(0) {
        return Err(io::Error::other("it is empty"));
    }
    let mut hints = hints.clone();
    let look = Beginning::at(input, &feed(&hints).opening())?;
    if let Some(nothing) = look.told.nothing {
        return Err(io::Error::other(nothing));
    }
    if let Some(unfit) = unfit(&look) {
        return Err(io::Error::other(unfit));
    }
    let mut options = Vec::new();
    if let Some(sheets) = look.sheets.as_ref().filter(|sheets| !sheets.others.is_empty()) {
        // What it is called is what the command says, whatever else is mapped there.
        if hints.sheet.is_none() {
            options.push(("--sheet", sheets.read.clone()));
        }
        hints.sheet = Some(sheets.read.clone());
    }
    if look.told.export.is_none() && hints.reading.map.is_plain() {
        let columns: Vec<&str> = look.columns.iter().map(String::as_str).collect();
        guess_map(input, &columns, &mut hints, &mut options)?;
    }
    let parcel = feed(&hints).first_posts(input)?;
    if parcel.events.is_empty() && parcel.refused.iter().any(|letter| !is_text(&letter.raw)) {
        return Err(io::Error::other(NOT_TEXT));
    }
    let begins_as_json = |raw: &[u8]| {
        raw.trim_ascii_start().starts_with(b"{") || raw.trim_ascii_start().starts_with(b"[")
    };
    let is_prose =
        look.layout == Layout::Lines && look.told.export.is_none() && parcel.events.is_empty();
    if is_prose
        && !parcel.refused.is_empty()
        && !parcel.refused.iter().any(|letter| begins_as_json(&letter.raw))
    {
        return Err(io::Error::other(NOT_POSTS));
    }
    let (parcel, rounded) = guess_ids(input, parcel, &mut hints, &mut options)?;
    let parcel = guess_times(input, parcel, &look.titles, &mut hints, &mut options)?;
    let parcel = guess_thousands(input, parcel, &hints, &mut options)?;
    let posts = parcel.events.into_iter().filter_map(|event| match event {
        Event::Create(post) | Event::Edit(post) => Some(*post),
        _ => None,
    });
    Ok(Preview {
        look,
        options,
        posts: posts.collect(),
        refused: parcel.refused.into_iter().map(|letter| letter.reason).collect(),
        ignored: parcel.ignored,
        mended: parcel.mended,
        rounded,
    })
}
