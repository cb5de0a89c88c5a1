//! Which options does a file need that its user did not give? Which column is which field, how its times
//! and counts are written: guessed from its first posts.

use std::io;

use super::feed::Feed;
use crate::connect::{Encoding, Input, Layout, Read};
use crate::decode::{AuthorHasher, Format, Parcel, Reading, Refused};
use crate::post::Event;
use crate::system::wall_clock;
use crate::time::Zone;

/// Options that a file needs beyond those given.
pub(super) type Options = Vec<(&'static str, String)>;

/// Signs between thousands that are tried.
const THOUSANDS: [char; 2] = ['.', ','];

/// Zones by their letters, as programs write them behind the names of columns.
const ZONES: [(&[&str], &str); 7] = [
    (&["UTC", "GMT"], "UTC"),
    (&["CET", "CEST", "MEZ", "MESZ"], "Europe/Berlin"),
    (&["BST"], "Europe/London"),
    (&["EST", "EDT", "ET"], "America/New_York"),
    (&["CST", "CDT", "CT"], "America/Chicago"),
    (&["MST", "MDT", "MT"], "America/Denver"),
    (&["PST", "PDT", "PT"], "America/Los_Angeles"),
];
/// How dates with slashes are written, the month or the day first.
const ORDERS: [&str; 2] = ["%m/%d/", "%d/%m/"];
/// What stands behind day and month.
const BEHIND: [&str; 13] = [
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
    "%y %H:%M:%S",
    "%y %I:%M %p",
    "%y",
];
/// How dates with dots are written whose year has two digits: the day is first.
const DOTTED: [&str; 4] = ["%d.%m.%y %H:%M:%S", "%d.%m.%y %H:%M", "%d.%m.%y, %H:%M", "%d.%m.%y"];
/// What is said of an id that was rounded.
const ROUNDED: &str = " was rounded, as spreadsheets do";
/// The place of `posted_at` among the fields.
const POSTED_AT: usize = 2;

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

/// Has ids made of content where those of the file were rounded; how many of its first were.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn guess_ids(
    input: &Input,
    parcel: Parcel,
    hints: &mut Hints,
    options: &mut Options,
) -> io::Result<(Parcel, usize)> {
    let rounded = parcel.refused.iter().filter(|letter| letter.reason.contains(ROUNDED)).count();
    let known = options.iter_mut().find(|(name, _)| *name == "--map");
    // A map that was given is left as it is.
    if rounded == 0 || (known.is_none() && !hints.reading.map.is_plain()) {
        return Ok((parcel, rounded));
    }
    let pairs = known.as_ref().map_or("", |(_, map)| map.as_str()).split(',');
    let others = pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("id="));
    let map = std::iter::once("id=").chain(others).collect::<Vec<_>>().join(",");
    hints.reading.map = map.parse().map_err(io::Error::other)?;
    match known {
        Some((_, value)) => *value = map,
        None => options.push(("--map", map)),
    }
    Ok((feed(hints).first_posts(input)?, rounded))
}

/// Guesses how times are written and of which zone they are, if the first posts need it; the first
/// posts as they are read then. `titles` is what stands above the table.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn guess_times(
    input: &Input,
    mut parcel: Parcel,
    titles: &str,
    hints: &mut Hints,
    options: &mut Options,
) -> io::Result<Parcel> {
    if asks(&parcel, "--time-format")
        && hints.reading.times.format.is_none()
        && let Some(format) = slashed(input, hints)
    {
        hints.reading.times.format = Some(format.clone());
        options.push(("--time-format", format));
        parcel = feed(hints).first_posts(input)?;
    }
    if asks(&parcel, "--zone") && hints.reading.times.zone.is_none() {
        let told = zone_of(hints.reading.map.column(POSTED_AT), titles);
        let name = told.unwrap_or_else(|| hints.zone.clone());
        hints.reading.times.zone = name.parse::<Zone>().ok().map(|Zone(zone)| zone);
        options.push(("--zone", name));
        parcel = feed(hints).first_posts(input)?;
    }
    Ok(parcel)
}

/// The zone that a column says itself, as `Created (UTC)` or `Datum (Europe/Berlin)`, or what stands above the table.
fn zone_of(column: &str, titles: &str) -> Option<String> {
    let mut parts = column.split(['(', '[', ')', ']']).map(str::trim).rev();
    let known = |part: &str| {
        let part = part.to_uppercase();
        let zone = ZONES.iter().find(|(names, _)| names.contains(&part.as_str()));
        zone.map(|(_, zone)| (*zone).to_owned())
    };
    let offset = |part: &str| {
        let hours = part.strip_prefix("GMT").or_else(|| part.strip_prefix("UTC"))?;
        let hours = hours.trim().strip_suffix(":00").unwrap_or(hours.trim());
        let hours = hours.parse::<i8>().ok().filter(|hours| (-12..=14).contains(hours))?;
        Some(format!("{hours:+03}:00"))
    };
    let place =
        |part: &str| (part.contains('/') && part.parse::<Zone>().is_ok()).then(|| part.to_owned());
    let is_utc = |text: &str| {
        let mut words = text.split(|char: char| !(char.is_alphanumeric() || "+-".contains(char)));
        words.any(|word| ["UTC", "GMT"].contains(&word.to_uppercase().as_str()))
    };
    parts.find_map(|part| known(part).or_else(|| offset(part)).or_else(|| place(part))).or_else(
        || {
            let is_told = column.to_uppercase().ends_with("UTC");
            (is_told || is_utc(column) || is_utc(titles)).then(|| "UTC".to_owned())
        },
    )
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

/// Whether something was refused that an option would mend.
pub(super) fn asks(parcel: &Parcel, option: &str) -> bool {
    parcel.refused.iter().any(|letter| letter.reason.contains(option))
}

/// How most dates with slashes, or with dots and a short year, are written, if they can be read in one order of day
/// and month only, or if the clock of twelve hours tells. Where most rows need no such form, a few odd ones are no
/// reason for one: they are refused, each with its line.
pub(super) fn slashed(input: &Input, hints: &Hints) -> Option<String> {
    let posts = |format: Option<&str>| {
        let mut tried = hints.clone();
        tried.reading.times.format = format.map(str::to_owned);
        tried.reading.times.zone.get_or_insert(jiff::tz::TimeZone::UTC);
        feed(&tried).first_posts(input).ok()
    };
    let plain = posts(None)?;
    let known = plain.events.len();
    let asking = |letter: &&Refused| letter.reason.contains("--time-format");
    let odd = plain.refused.iter().filter(asking).count();
    if odd <= known {
        return None;
    }
    let gained = |format: &str| {
        posts(Some(format)).map_or(0, |found| found.events.len().saturating_sub(known))
    };
    let mut best: Option<(usize, String)> = None;
    let mut offer = |gain: usize, format: String| {
        if gain * 2 > odd && best.as_ref().is_none_or(|(most, _)| gain > *most) {
            best = Some((gain, format));
        }
    };
    for behind in BEHIND {
        let [month_first, day_first] = ORDERS.map(|order| format!("{order}{behind}"));
        let (months, days) = (gained(&month_first), gained(&day_first));
        // One that reads a few rows less is no proof against the other: rows may be damaged, too.
        let is_sure = |gain: usize, other: usize| {
            gain > other && odd.saturating_sub(other) >= 3 * odd.saturating_sub(gain)
        };
        if is_sure(months, days) || (months >= days && behind.contains("%p")) {
            offer(months, month_first);
        } else if is_sure(days, months) {
            offer(days, day_first);
        }
    }
    for form in DOTTED {
        offer(gained(form), form.to_owned());
    }
    best.map(|(_, format)| format)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_told_by_columns_and_by_titles() {
        let rows = [
            ("Created (UTC)", "", Some("UTC")),
            ("Timestamp (CET)", "All dates are in UTC", Some("Europe/Berlin")),
            ("Timestamp (ET)", "", Some("America/New_York")),
            ("Datum (Europe/Berlin)", "", Some("Europe/Berlin")),
            ("Time [GMT+2]", "", Some("+02:00")),
            ("Time (UTC-05:00)", "", Some("-05:00")),
            ("Created date", "\"All dates are in UTC, and\"\n", Some("UTC")),
            ("createdUTC", "", Some("UTC")),
            ("Timestamp UTC", "", Some("UTC")),
            ("Datum", "Zeitraum: GMT+1", None),
            ("Date (local)", "", None),
        ];
        for (column, titles, zone) in rows {
            assert_eq!(zone_of(column, titles).as_deref(), zone, "{column}");
        }
    }
}
