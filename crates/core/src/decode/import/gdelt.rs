//! What do GDELT's files say? Headlines of articles, from the Global Knowledge Graph and from lists
//! of articles. Events and mentions hold codes and no words.

use super::Said;
use super::each::{Each, Frame};
use super::said::text;
use crate::decode::fields::{Reading, Value};
use crate::decode::members::Members;
use crate::text::plain_of_html;
use crate::time::{EventTime, TimeStyle};

/// Columns of the graph's second version.
const COLUMNS: usize = 27;
/// The places of those that are read.
const ID: usize = 0;
const DATE: usize = 1;
const URL: usize = 4;
const TRANSLATION: usize = 25;
const EXTRAS: usize = 26;

/// Whether a file whose first line is this is one of GDELT's tables.
pub(super) fn is_table(line: &str) -> bool {
    let columns: Vec<&str> = line.split('\t').collect();
    let digits = |place: usize, length: std::ops::RangeInclusive<usize>| {
        columns.get(place).is_some_and(|text| {
            length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    match columns.len() {
        27 => digits(DATE, 14..=14),
        58 | 61 => digits(0, 5..=12) && digits(1, 8..=8),
        16 => digits(0, 5..=12) && digits(1, 14..=14) && digits(2, 14..=14),
        _ => false,
    }
}

/// A line of a table, or an article of a list.
pub(super) fn read<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    if raw.trim_start().starts_with('{') {
        return each(Members::of(raw).and_then(|members| article(&members, reading)));
    }
    each(row(raw, reading));
}

fn row<'a>(raw: &'a str, reading: &Reading) -> Result<Frame<'a>, String> {
    let columns: Vec<&str> = raw.trim_end_matches(['\r', '\n']).split('\t').collect();
    if matches!(columns.len(), 58 | 61 | 16) {
        return Err("events and mentions of GDELT hold codes and no words; \
                    take the files that end in .gkg.csv"
            .to_owned());
    }
    // The last ones may be empty, and their tabs cut as white space.
    if !(URL + 1..=COLUMNS).contains(&columns.len()) {
        return Err(format!("{} columns, where a line of GDELT has {COLUMNS}", columns.len()));
    }
    let column = |place: usize| columns.get(place).copied().unwrap_or_default();
    let title = column(EXTRAS).split_once("<PAGE_TITLE>");
    let title = title.and_then(|(_, rest)| rest.split_once("</PAGE_TITLE>"));
    // Some pages have none.
    let Some((title, _)) = title.filter(|(title, _)| !title.trim().is_empty()) else {
        return Ok(Frame::Nothing);
    };
    let mut said = Said::new();
    said.say("id", column(ID));
    said.say("text", plain_of_html(title.trim()));
    said.set("posted_at", time(column(DATE), "%Y%m%d%H%M%S").map(Value::Time));
    said.say("kind", "article");
    let url = Some(column(URL)).filter(|url| url.starts_with("http"));
    said.set("url", url.map(|url| Value::Text(url.into())));
    let lang = column(TRANSLATION).strip_prefix("srclc:").and_then(|rest| rest.split(';').next());
    said.set("lang", lang.map(|lang| Value::Text(lang.into())));
    said.line(reading).map(Frame::Post)
}

/// An article as the document API lists it.
fn article<'a>(members: &Members<'a>, reading: &Reading) -> Result<Frame<'a>, String> {
    let mut said = Said::new();
    said.take("id", members, &["url"]);
    said.take("text", members, &["title"]);
    let seen = text(members, &["seendate"]).unwrap_or_default();
    said.set("posted_at", time(&seen, "%Y%m%dT%H%M%SZ").map(Value::Time));
    said.take("url", members, &["url"]);
    said.say("kind", "article");
    said.line(reading).map(Frame::Post)
}

/// A time of GDELT, which is UTC.
fn time(text: &str, format: &str) -> Option<EventTime> {
    TimeStyle { format: Some(format.to_owned()), ..TimeStyle::utc() }.read(text).ok()
}
