//! Which value has a named field, where posts come as CSV records or Parquet rows?

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};

use super::archive::Stamp;
use crate::post::Kind;
use crate::time::EventTime;

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

/// A value as its file types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing there.
    Null,
    /// Text; also numbers and timestamps, where the file knows only text.
    Text(Cow<'a, str>),
    /// A whole number; as a time, microseconds since the Unix epoch.
    Int(i64),
}

impl<'a> Value<'a> {
    pub(super) fn text(self, name: &str) -> Result<Option<Cow<'a, str>>, String> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Int(int) if name == "id" || name == "parent" || name == "thread" => {
                Ok(Some(int.to_string().into()))
            }
            Self::Int(int) => Err(format!("the field \"{name}\" is the number {int}, not text")),
        }
    }

    pub(super) fn stamp(self, name: &str) -> Result<Option<Stamp>, String> {
        match self {
            Self::Null => Ok(None),
            Self::Int(us) => Ok(Some(Stamp(EventTime(us)))),
            Self::Text(text) if text.is_empty() => Ok(None),
            Self::Text(text) => {
                let time = text.parse().map(EventTime);
                let time = time.or_else(|_| EventTime::parse(&text));
                time.map(|time| Some(Stamp(time))).map_err(|error| format!("{name}: {error}"))
            }
        }
    }

    pub(super) fn count(self, name: &str) -> Result<Option<u64>, String> {
        let wrong = |found: &str| format!("the field \"{name}\" is {found}, not a count");
        match self {
            Self::Null => Ok(None),
            Self::Int(int) => u64::try_from(int).map(Some).map_err(|_| wrong(&int.to_string())),
            Self::Text(text) if text.is_empty() => Ok(None),
            Self::Text(text) => text
                .parse()
                .map(Some)
                .map_err(|_| wrong(&format!("\"{}\"", text.chars().take(40).collect::<String>()))),
        }
    }

    pub(super) fn kind(self) -> Result<Option<Kind>, String> {
        match self.text("kind")? {
            Some(text) if !text.is_empty() => {
                let kind = Kind::deserialize(StrDeserializer::<Error>::new(&text));
                kind.map(Some).map_err(|error| error.to_string())
            }
            _ => Ok(None),
        }
    }
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

    /// For each field its place among `names`, if it is there.
    ///
    /// # Errors
    /// Names the first needed field that no column holds.
    pub fn places(&self, names: &[&str]) -> Result<[Option<usize>; FIELDS.len()], String> {
        let mut places = [None; FIELDS.len()];
        for ((place, column), field) in places.iter_mut().zip(&self.columns).zip(FIELDS) {
            *place = names.iter().position(|name| name == column);
            if place.is_none() && matches!(field, "id" | "text" | "posted_at") {
                let found = names.iter().take(20).copied().collect::<Vec<_>>().join(", ");
                return Err(format!(
                    "there is no column \"{column}\" for the field {field}, only {found}; \
                     give the right one with --map {field}=COLUMN"
                ));
            }
        }
        Ok(places)
    }
}

impl FromStr for FieldMap {
    type Err = String;

    /// Parses `text=body,id=uid`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut map = Self::default();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let (field, column) =
                pair.split_once('=').ok_or_else(|| format!("\"{pair}\" is no field=column"))?;
            let place = FIELDS.iter().position(|name| *name == field.trim()).ok_or_else(|| {
                format!("\"{field}\" is no field; the fields are {}", FIELDS.join(", "))
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
