//! Which value has a named field, where posts come as members of objects, records or rows?
//!
//! What says the same in another type is read; an optional field that says nothing usable is left
//! unknown, and the post is marked as mended rather than lost.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};

use super::count::count;
use super::guess::guessed_map;
use super::rounded::{is_rounded, rounded};
use crate::post::{Kind, TopicId};
use crate::time::{EventTime, TimeStyle};

/// The place of `posted_at` among the fields.
const POSTED_AT: usize = 2;
/// Fields that hold ids.
const IDS: [&str; 3] = ["id", "parent", "thread"];
/// Longest excerpt of a value in a reason, in characters.
const FOUND_CHARS: usize = 40;

/// Most names of columns in a reason.
const NAMES: usize = 15;

/// The fields of a post, as in archive lines.
pub const FIELDS: [&str; 13] = [
    "id",
    "text",
    "posted_at",
    "received_at",
    "source",
    "author",
    "kind",
    "parent",
    "thread",
    "lang",
    "url",
    "reach",
    "engagement",
];

/// How the posts of a file are to be read, beyond what the file says itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Which column is which field.
    pub map: FieldMap,
    /// What its times do not say.
    pub times: TimeStyle,
    /// What stands between the thousands of a count, as the dot in `68.870`.
    pub thousands: Option<char>,
    /// Whose archive it is: the author of posts that name none.
    pub owner: Option<String>,
    /// If what posts say was found elsewhere and comes along in a field "findings": which topics
    /// those are that it speaks of, and none for one that is not listened for here.
    pub topics: Option<Arc<[Option<TopicId>]>>,
}

/// A value as its file types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing there.
    Null,
    /// Text; also numbers and timestamps, where the file knows only text.
    Text(Cow<'a, str>),
    /// A number as it is written, so that no digit of an id is rounded.
    Number(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// An instant.
    Time(EventTime),
    /// Something else, in words: a list, an object, true.
    Other(&'static str),
}

impl<'a> Value<'a> {
    /// What stands there as text, if anything does.
    pub(super) fn text(self, name: &str) -> Result<Option<Cow<'a, str>>, String> {
        match self {
            Self::Null => Ok(None),
            Self::Text(id) if IDS.contains(&name) && is_rounded(&id) => Err(rounded(&id)),
            Self::Text(text) => Ok(Some(text)),
            Self::Number(number) => whole(number, name).map(Some),
            Self::Int(int) => Ok(Some(int.to_string().into())),
            Self::Time(time) => Ok(Some(time.to_string().into())),
            Self::Other(what) => Err(format!("the field \"{name}\" is {what}, not text")),
        }
    }

    /// What stands there as an instant, if anything does.
    pub(super) fn time(self, name: &str, style: &TimeStyle) -> Result<Option<EventTime>, String> {
        let time = match self {
            Self::Null => return Ok(None),
            Self::Text(text) if is_nothing(&text) => return Ok(None),
            Self::Time(time) if time.is_supported() => Ok(time),
            Self::Time(time) => style.read(&time.to_string()),
            Self::Int(int) => EventTime::of_int(int),
            Self::Text(text) | Self::Number(text) => style.read(&text),
            Self::Other(what) => return Err(format!("{name} is {what}, not a timestamp")),
        };
        time.map(Some).map_err(|error| format!("{name}: {error}"))
    }

    /// What stands there as a count, if anything does.
    pub(super) fn count(self, name: &str, thousands: Option<char>) -> Result<Option<u64>, String> {
        let wrong = |found: &str| format!("the field \"{name}\" is {found}, not a count");
        match self {
            Self::Null => Ok(None),
            Self::Int(int) => u64::try_from(int).map(Some).map_err(|_| wrong(&int.to_string())),
            Self::Text(text) if is_nothing(&text) => Ok(None),
            Self::Text(text) | Self::Number(text) => {
                let excerpt = || text.chars().take(FOUND_CHARS).collect::<String>();
                count(text.trim(), thousands)
                    .map(Some)
                    .ok_or_else(|| wrong(&format!("\"{}\"", excerpt())))
            }
            Self::Time(time) => Err(wrong(&time.to_string())),
            Self::Other(what) => Err(wrong(what)),
        }
    }

    /// What sort of post stands there, if any does.
    pub(super) fn kind(self) -> Result<Option<Kind>, String> {
        let Some(text) = self.text("kind")?.filter(|text| !is_nothing(text)) else {
            return Ok(None);
        };
        let name = text.trim().to_lowercase();
        let kind = Kind::deserialize(StrDeserializer::<Error>::new(&name));
        kind.map(Some).map_err(|error| error.to_string())
    }
}

/// A number as text: `12.0`, as tables with gaps write a whole number, as `12`.
fn whole<'a>(number: Cow<'a, str>, name: &str) -> Result<Cow<'a, str>, String> {
    let digits = number.trim_start_matches('-');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(number);
    }
    match number.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => {
            Ok(whole.to_owned().into())
        }
        _ if name == "text" => Ok(number),
        _ => Err(format!("the field \"{name}\" is {number}, not a whole number; write it as text")),
    }
}

/// How programs write that a field of a table has no value.
fn is_nothing(text: &str) -> bool {
    let nothing = ["", "null", "none", "nan", "nat", "n/a", "\\n"];
    text.len() <= 4 && nothing.contains(&text.trim().to_lowercase().as_str())
}

/// Which column of a file is which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMap {
    /// Names of columns, in the order of [`FIELDS`].
    columns: [String; FIELDS.len()],
}

impl Default for FieldMap {
    fn default() -> Self {
        Self { columns: FIELDS.map(str::to_owned) }
    }
}

impl FieldMap {
    /// The column that holds a field.
    #[must_use]
    pub fn column(&self, place: usize) -> &str {
        self.columns.get(place).map_or("", String::as_str)
    }

    /// The columns of a day and of the time of day, where a post's time stands in two:
    /// `posted_at=Datum+Uhrzeit`.
    #[must_use]
    pub fn joined(&self) -> Option<(&str, &str)> {
        let (day, clock) = self.column(POSTED_AT).split_once('+')?;
        let both = (day.trim(), clock.trim());
        (!both.0.is_empty() && !both.1.is_empty()).then_some(both)
    }

    /// The place of the time of day among `names`, where the day stands in a column of its own.
    #[must_use]
    pub fn clock(&self, names: &[&str]) -> Option<usize> {
        let (_, clock) = self.joined()?;
        if place_of(names, self.column(POSTED_AT)).is_some() {
            return None;
        }
        place_of(names, clock)
    }

    /// Whether posts have no ids, so that each gets one made of its content: `id=` in the map.
    #[must_use]
    pub fn makes_ids(&self) -> bool {
        self.column(0).is_empty()
    }

    /// Whether each field has its own name.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.columns.iter().map(String::as_str).eq(FIELDS)
    }

    /// For each field its place among `names`, if it is there.
    ///
    /// # Errors
    /// Names the first needed field that no column holds.
    pub fn places(&self, names: &[&str]) -> Result<[Option<usize>; FIELDS.len()], String> {
        let mut places = [None; FIELDS.len()];
        for ((place, column), field) in places.iter_mut().zip(&self.columns).zip(FIELDS) {
            *place = place_of(names, column);
            if field == "posted_at" && self.clock(names).is_some() {
                *place = self.joined().and_then(|(day, _)| place_of(names, day));
            }
            let needed = match field {
                "id" => !self.makes_ids(),
                _ => matches!(field, "text" | "posted_at"),
            };
            if place.is_none() && needed {
                let found = shown(names);
                let guess = guessed_map(names);
                let map = match guess.as_str() {
                    "" if self.is_plain() && place_of(names, "text").is_none() => {
                        "id=,text=COLUMN,posted_at=COLUMN".to_owned()
                    }
                    "" => format!("{field}=COLUMN"),
                    guess => quoted(guess),
                };
                return Err(format!(
                    "there is no column \"{column}\" for the field {field}, only {found}; \
                     say which column is which field, as with --map {map}"
                ));
            }
        }
        Ok(places)
    }
}

/// Names of columns as a message has them: what is no table can have any.
fn shown(names: &[&str]) -> String {
    let name = |name: &&str| {
        let short: String =
            name.chars().filter(|char| !char.is_control()).take(FOUND_CHARS).collect();
        if name.chars().count() > FOUND_CHARS { format!("{short}…") } else { short }
    };
    let mut shown = names.iter().take(NAMES).map(name).collect::<Vec<_>>().join(", ");
    if names.len() > NAMES {
        shown.push_str(", …");
    }
    shown
}

/// Where a column of this name stands, in any case.
fn place_of(names: &[&str], column: &str) -> Option<usize> {
    if column.is_empty() {
        return None;
    }
    let alike = |name: &&str| name.eq_ignore_ascii_case(column);
    names.iter().position(|name| *name == column).or_else(|| names.iter().position(alike))
}

/// A word of a command line, in quotes if it needs them.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_alphanumeric() || "=,._-/+:".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

impl FromStr for FieldMap {
    type Err = String;

    /// Parses `text=body,id=uid`; `id=` says that there are no ids, and `posted_at=day+clock` that a time
    /// stands in two columns.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut map = Self::default();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let (field, column) = pair
                .split_once('=')
                .ok_or_else(|| format!("\"{pair}\" is not written as field=column"))?;
            let place = FIELDS.iter().position(|name| *name == field.trim()).ok_or_else(|| {
                let turned = FIELDS.contains(&column.trim());
                let hint =
                    if turned { format!(" (write {column}={field})") } else { String::new() };
                format!("\"{field}\" is not a field{hint}; the fields are {}", FIELDS.join(", "))
            })?;
            if let Some(slot) = map.columns.get_mut(place) {
                column.trim().clone_into(slot);
            }
        }
        Ok(map)
    }
}

impl fmt::Display for FieldMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = FIELDS
            .iter()
            .zip(&self.columns)
            .map(|(field, column)| format!("{field}={column}"))
            .collect();
        f.write_str(&pairs.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_programs_write_them() {
        let rows = [
            ("1200", None, Some(1_200)),
            ("12.0", None, Some(12)),
            (" 7 ", None, Some(7)),
            ("1.2e3", None, Some(1_200)),
            ("68.870", Some('.'), Some(68_870)),
            ("1.068.870", Some('.'), Some(1_068_870)),
            ("1,200", Some(','), Some(1_200)),
            ("6887.0", Some('.'), None),
            ("68.870", None, None),
            ("68.870,00", Some('.'), Some(68_870)),
            ("1,200.0", Some(','), Some(1_200)),
            ("68870,00", None, Some(68_870)),
            ("68,000", None, None),
            ("68.000", None, None),
            ("12,000", Some('.'), None),
            ("12.000", Some(','), None),
            ("12,5", None, None),
            ("12.5", None, None),
            ("-3", None, None),
            ("many", None, None),
        ];
        for (text, thousands, want) in rows {
            let read = Value::Text(text.into()).count("reach", thousands);
            assert_eq!(read.ok().flatten(), want, "{text}");
        }
        for nothing in ["", "NaN", "None", "null", "NaT"] {
            assert_eq!(Value::Text(nothing.into()).count("reach", None), Ok(None), "{nothing}");
        }
    }

    #[test]
    fn ids_keep_every_digit_or_are_refused() {
        let id = |number: &'static str| Value::Number(number.into()).text("id");
        for exact in ["1344800117571260417", "123456789012345678901234567890"] {
            assert_eq!(id(exact), Ok(Some(exact.into())));
        }
        assert_eq!(id("12.0"), Ok(Some("12".into())));
        assert!(id("1.3448001175712604e18").is_err(), "rounded: two posts could share it");
        assert!(Value::Text("1.86E+18".into()).text("id").is_err());
        assert!(Value::Text("1.86E+18".into()).text("text").is_ok());
    }

    #[test]
    fn a_map_that_is_turned_round_says_so() {
        let error = "data.text=text".parse::<FieldMap>().expect_err("turned");
        assert!(error.contains("write text=data.text"), "{error}");
        assert!(FieldMap::default().is_plain());
        let without_ids: FieldMap = "id=".parse().expect("a map");
        let places = without_ids.places(&["", "text", "posted_at"]).expect("all are there");
        assert_eq!(places.first(), Some(&None), "a column without a name holds no ids");
    }
}
