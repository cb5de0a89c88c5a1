//! Which options does a file need that its user did not give? Which column is which field, how its times
//! and counts are written: guessed from its first posts.

use std::io;

use super::feed::Feed;
use crate::connect::{Encoding, Input, Layout, Read};
use crate::decode::{AuthorHasher, FIELDS, Format, Parcel, Reading, guessed, guessed_map};
use crate::post::Event;
use crate::system::wall_clock;
use crate::time::Zone;

/// Options that a file needs beyond those given.
type Options = Vec<(&'static str, String)>;

/// Signs between thousands that are tried.
const THOUSANDS: [char; 2] = ['.', ','];

/// How dates with slashes are written, the day or the month first.
const SLASHED: [(&str, &str); 2] = [("%m/%d/", "%d/%m/"), ("%d/%m/", "%m/%d/")];
/// What stands behind day and month.
const BEHIND: [&str; 10] = [
    "%Y %H:%M:%S",
    "%Y %H:%M",
    "%Y, %H:%M:%S",
    "%Y, %H:%M",
    "%Y %I:%M:%S %p",
    "%Y %I:%M %p",
    "%Y, %I:%M:%S %p",
    "%Y, %I:%M %p",
    "%Y",
    "%y %H:%M",
];
/// How dates with dots are written whose year has two digits: the day is first.
const DOTTED: [&str; 4] = ["%d.%m.%y %H:%M:%S", "%d.%m.%y %H:%M", "%d.%m.%y, %H:%M", "%d.%m.%y"];
/// What is said of a date whose day and month cannot be told apart.
const ORDER: &str = "which number is the day";
/// The place of `posted_at` among the fields.
const POSTED_AT: usize = 2;
/// Letters of a post, on average, from which on a column could be the text of posts.
const WORDY: usize = 12;

/// What the options say of the files.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The layout of all files.
    pub layout: Option<Layout>,
    /// What lines and objects are.
    pub format: Option<Format>,
    /// The encoding of all files.
    pub encoding: Option<Encoding>,
    /// Which column is which field, and what else is known.
    pub reading: Reading,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The source of posts that name none.
    pub source: Option<String>,
    /// The zone to propose for times that name none.
    pub zone: String,
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
    let map = wordy(input, hints, columns, &known).unwrap_or_else(|| guessed_map(columns));
    if !map.is_empty() {
        hints.reading.map = map.parse().map_err(io::Error::other)?;
        options.push(("--map", map));
    }
    Ok(())
}

/// Guesses how times are written and of which zone they are, if the first posts need it; the first
/// posts as they are read then.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn guess_times(
    input: &Input,
    mut parcel: Parcel,
    hints: &mut Hints,
    options: &mut Options,
) -> io::Result<Parcel> {
    if asks(&parcel, "--time-format")
        && hints.reading.times.format.is_none()
        && let Some(format) = slashed(input, hints, &parcel)
    {
        hints.reading.times.format = Some(format.clone());
        options.push(("--time-format", format));
        parcel = feed(hints).first_posts(input)?;
    }
    if asks(&parcel, "--zone") && hints.reading.times.zone.is_none() {
        // A column may say it itself, as `Created (UTC)`.
        let of_posted_at = hints.reading.map.column(POSTED_AT).to_uppercase();
        let is_utc = ["UTC", "GMT"].iter().any(|zone| of_posted_at.contains(zone));
        let name = if is_utc { "UTC".to_owned() } else { hints.zone.clone() };
        hints.reading.times.zone = name.parse::<Zone>().ok().map(|Zone(zone)| zone);
        options.push(("--zone", name));
        parcel = feed(hints).first_posts(input)?;
    }
    Ok(parcel)
}

/// Guesses the sign between thousands, if counts could not be read.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn guess_thousands(
    input: &Input,
    parcel: Parcel,
    hints: &Hints,
    options: &mut Options,
) -> io::Result<Parcel> {
    if parcel.mended == 0 || hints.reading.thousands.is_some() {
        return Ok(parcel);
    }
    let counts = |parcel: &Parcel| parcel.events.iter().map(counts).sum::<usize>();
    for sign in THOUSANDS {
        let mut other = hints.clone();
        other.reading.thousands = Some(sign);
        let tried = feed(&other).first_posts(input)?;
        if counts(&tried) > counts(&parcel) {
            options.push(("--thousands", sign.to_string()));
            return Ok(tried);
        }
    }
    Ok(parcel)
}

/// How many counts of a post are known.
fn counts(event: &Event) -> usize {
    match event {
        Event::Create(post) | Event::Edit(post) => {
            usize::from(post.reach.is_some()) + usize::from(post.engagement.is_some())
        }
        _ => 0,
    }
}

/// The map of a table without a column that is called as texts are, such as the answers of a form, whose
/// columns are questions: the one with the longest texts.
fn wordy(
    input: &Input,
    hints: &Hints,
    columns: &[&str],
    known: &[(&'static str, String)],
) -> Option<String> {
    let is_known =
        |field: &str| columns.contains(&field) || known.iter().any(|(other, _)| *other == field);
    if is_known("text") || !is_known("posted_at") {
        return None;
    }
    let pairs = known.iter().map(|(field, column)| format!(",{field}={column}"));
    let others = pairs.collect::<String>();
    let id = if is_known("id") { "" } else { ",id=" };
    let mut base = hints.clone();
    // Whether times can be read without a zone is not asked yet.
    base.reading.times.zone.get_or_insert(jiff::tz::TimeZone::UTC);
    let mut found: Option<(usize, String)> = None;
    for column in columns {
        let is_taken = known.iter().any(|(_, taken)| taken == column);
        if is_taken || FIELDS.contains(column) || column.contains([',', '=']) {
            continue;
        }
        let map = format!("text={column}{id}{others}");
        base.reading.map = map.parse().ok()?;
        let Ok(mut parcel) = feed(&base).first_posts(input) else { continue };
        if asks(&parcel, "--time-format") && base.reading.times.format.is_none() {
            base.reading.times.format = slashed(input, &base, &parcel);
            parcel = feed(&base).first_posts(input).ok()?;
        }
        let texts: Vec<usize> = parcel.events.iter().filter_map(text_bytes).collect();
        let average = texts.iter().sum::<usize>() / texts.len().max(1);
        if average >= WORDY && found.as_ref().is_none_or(|(most, _)| average > *most) {
            found = Some((average, map));
        }
    }
    found.map(|(_, map)| map)
}

/// Whether something was refused that an option would mend.
fn asks(parcel: &Parcel, option: &str) -> bool {
    parcel.refused.iter().any(|letter| letter.reason.contains(option))
}

fn text_bytes(event: &Event) -> Option<usize> {
    match event {
        Event::Create(post) | Event::Edit(post) => Some(post.text.len()),
        _ => None,
    }
}

/// How the dates with slashes, or with dots and a short year, are written, if only one order of day and month reads them all, or if
/// the clock of twelve hours tells.
fn slashed(input: &Input, hints: &Hints, parcel: &Parcel) -> Option<String> {
    let mut read = Vec::new();
    for (order, other) in SLASHED {
        for behind in BEHIND {
            let format = format!("{order}{behind}");
            let mut tried = hints.clone();
            tried.reading.times.format = Some(format.clone());
            tried.reading.times.zone.get_or_insert(jiff::tz::TimeZone::UTC);
            let Ok(found) = feed(&tried).first_posts(input) else { continue };
            if found.events.len() > parcel.events.len() && !asks(&found, ORDER) {
                read.push((format, format!("{other}{behind}")));
            }
        }
    }
    for form in DOTTED {
        let mut tried = hints.clone();
        tried.reading.times.format = Some(form.to_owned());
        tried.reading.times.zone.get_or_insert(jiff::tz::TimeZone::UTC);
        let Ok(found) = feed(&tried).first_posts(input) else { continue };
        if found.events.len() > parcel.events.len() {
            read.push((form.to_owned(), String::new()));
        }
    }
    let is_only = |other: &String| !read.iter().any(|(format, _)| format == other);
    let is_american = |format: &str| format.starts_with("%m") && format.contains("%p");
    let sure = read.iter().find(|(format, other)| is_only(other) || is_american(format));
    sure.map(|(format, _)| format.clone())
}

/// Reads as the work would, but that authors are hashed under a key that is forgotten.
pub(super) fn feed(hints: &Hints) -> Feed {
    Feed {
        layout: hints.layout,
        encoding: hints.encoding,
        reading: hints.reading.clone(),
        format: hints.format,
        sheet: hints.sheet.clone(),
        source: hints.source.clone(),
        authors: AuthorHasher::new([0; 32]),
        sieve: None,
        read: Read::default(),
        now: wall_clock(),
    }
}
