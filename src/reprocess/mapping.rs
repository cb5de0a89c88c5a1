//! Which column of a table is the text, and which others are which field? By what they are called, and by what
//! stands in them: words, not counts and addresses.

use std::io;

use super::guess::{Hints, Options, asks, feed, slashed};
use crate::connect::Input;
use crate::decode::{FIELDS, Parcel, guessed, guessed_map, text_columns};
use crate::post::Event;

/// Letters of a post, on average, from which on a column could be the text of posts.
const WORDY: usize = 12;

/// How pairs of counts begin in a map.
const COUNTS: [&str; 2] = ["reach=", "engagement="];

/// The columns of fields, as they are guessed.
type Known = [(&'static str, String)];

/// What stands in a column, as it would be the text of the first posts.
#[derive(Debug, Clone, Copy, Default)]
struct Words {
    rows: usize,
    /// Rows in which something stands.
    filled: usize,
    /// Rows with words.
    worded: usize,
    /// Bytes of these on average.
    bytes: usize,
}

/// Guesses which column is which field.
///
/// # Errors
/// When the columns cannot be named in a map.
pub(super) fn guess_map(
    input: &Input,
    columns: &[&str],
    hints: &mut Hints,
    options: &mut Options,
) -> io::Result<()> {
    let known = guessed(columns);
    let map = spoken(input, hints, columns, &known).unwrap_or_else(|| guessed_map(columns));
    let map = without_kind(input, hints, map);
    if !map.is_empty() {
        hints.reading.map = map.parse().map_err(io::Error::other)?;
        options.push(("--map", map));
    }
    Ok(())
}

/// The map of a table whose text is not in the likeliest column: that one may be empty, or hold counts, and a form has
/// questions as columns.
fn spoken(input: &Input, hints: &Hints, columns: &[&str], known: &Known) -> Option<String> {
    let has = |field: &str| columns.contains(&field) || known.iter().any(|(own, _)| *own == field);
    if columns.contains(&"text") || !has("posted_at") {
        return None;
    }
    let others: Vec<_> = known.iter().filter(|(field, _)| *field != "text").cloned().collect();
    let words = |column: &str| words(input, hints, &map_of(column, columns, &others));
    let named = text_columns(columns);
    if let Some((first, rest)) = named.split_first() {
        let own = words(first);
        if own.worded * 2 >= own.rows {
            return None;
        }
        let rest = rest.iter().map(|column| (words(column).worded, *column));
        // Of equals the likeliest.
        let best = rest.rev().max_by_key(|(worded, _)| *worded);
        if let Some((_, column)) = best.filter(|(worded, _)| *worded > own.worded) {
            return Some(map_of(column, columns, &others));
        }
        // Rows without words are no posts: stars without a review.
        if own.worded > 0 || own.filled == 0 {
            return None;
        }
    }
    let free = |column: &&&str| {
        let is_taken = others.iter().any(|(_, taken)| taken == **column);
        !is_taken && !FIELDS.contains(*column) && !column.contains([',', '='])
    };
    let mut found: Option<(usize, &str)> = None;
    for column in columns.iter().filter(free) {
        let bytes = words(column).bytes;
        if bytes >= WORDY && found.is_none_or(|(most, _)| bytes > most) {
            found = Some((bytes, column));
        }
    }
    found.map(|(_, column)| map_of(column, columns, &others))
}

/// The map with this column as text.
fn map_of(text: &str, columns: &[&str], others: &Known) -> String {
    let has_id = columns.contains(&"id") || others.iter().any(|(field, _)| *field == "id");
    let id = if has_id { "" } else { ",id=" };
    let pairs = others.iter().filter(|(_, column)| column != text);
    let pairs = pairs.map(|(field, column)| format!(",{field}={column}")).collect::<String>();
    format!("text={text}{id}{pairs}")
}

/// What the first posts say as they are mapped.
fn words(input: &Input, hints: &Hints, map: &str) -> Words {
    let Some(parcel) = mapped(input, hints, map) else { return Words::default() };
    let texts: Vec<usize> = parcel.events.iter().filter_map(worded_bytes).collect();
    let ignored = usize::try_from(parcel.ignored).unwrap_or(usize::MAX);
    let rows = parcel.events.len().saturating_add(parcel.refused.len()).saturating_add(ignored);
    let bytes = texts.iter().sum::<usize>() / texts.len().max(1);
    Words { rows, filled: parcel.events.len(), worded: texts.len(), bytes }
}

/// The first posts under a map. Whether times can be read without a zone is not asked yet.
fn mapped(input: &Input, hints: &Hints, map: &str) -> Option<Parcel> {
    let mut tried = hints.clone();
    tried.reading.map = map.parse().ok()?;
    tried.reading.times.zone.get_or_insert(jiff::tz::TimeZone::UTC);
    let parcel = feed(&tried).first_posts(input).ok()?;
    if !asks(&parcel, "--time-format") || tried.reading.times.format.is_some() {
        return Some(parcel);
    }
    tried.reading.times.format = slashed(input, &tried);
    feed(&tried).first_posts(input).ok()
}

/// The map without a column of kinds that are none of ours, such as `Organic`, so that each post would be mended.
fn without_kind(input: &Input, hints: &Hints, map: String) -> String {
    let pairs = || map.split(',').filter(|pair| !pair.starts_with("kind="));
    let bare = pairs().collect::<Vec<_>>().join(",");
    if bare == map {
        return map;
    }
    let mended = |map: &str| {
        // Counts may need a sign between their thousands, which is asked later.
        let others =
            map.split(',').filter(|pair| !COUNTS.iter().any(|count| pair.starts_with(count)));
        let others = others.collect::<Vec<_>>().join(",");
        mapped(input, hints, &others).map_or(0, |parcel| parcel.mended)
    };
    if mended(&bare) < mended(&map) { bare } else { map }
}

/// Bytes of a text that is more than a number or an address.
fn worded_bytes(event: &Event) -> Option<usize> {
    let (Event::Create(post) | Event::Edit(post)) = event else { return None };
    let text = post.text.trim();
    let is_address = text.contains("://") && !text.contains(char::is_whitespace);
    let has_letters = text.contains(char::is_alphabetic);
    (has_letters && !is_address).then_some(text.len())
}
