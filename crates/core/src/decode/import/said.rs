//! How do the members of a platform's object become the fields of a post?

use std::borrow::Cow;

use super::super::ArchiveLine;
use super::super::fields::{FIELDS, Reading, Value};
use super::super::members::{Members, value};
use crate::text::plain_of_entities;

/// Hexadecimal digits of an id that is made.
const ID_DIGITS: usize = 24;

/// What an object says of a post, field by field.
#[derive(Debug)]
pub(super) struct Said<'a> {
    values: [Value<'a>; FIELDS.len()],
    mended: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new() -> Self {
        Self { values: [const { Value::Null }; FIELDS.len()], mended: false }
    }

    /// Says a field, unless it was said before.
    pub(super) fn set(&mut self, field: &str, said: Option<Value<'a>>) {
        let place = FIELDS.iter().position(|name| *name == field);
        if let Some(slot) = place.and_then(|place| self.values.get_mut(place))
            && *slot == Value::Null
            && let Some(said) = said
        {
            *slot = said;
        }
    }

    /// Says a field in words of ours.
    pub(super) fn say(&mut self, field: &str, text: impl Into<Cow<'a, str>>) {
        self.set(field, Some(Value::Text(text.into())));
    }

    /// Says a field by the first of the paths that holds a value.
    pub(super) fn take(&mut self, field: &str, members: &Members<'a>, paths: &[&str]) {
        for path in paths {
            let found = members.at(path).and_then(value);
            match found {
                Ok((Value::Null, _)) => {}
                Ok((said, mended)) => {
                    self.mended |= mended;
                    return self.set(field, Some(said));
                }
                Err(_) => self.mended = true,
            }
        }
    }

    /// Reads the entities that the platform wrote into the text.
    pub(super) fn read_entities(&mut self) {
        let place = FIELDS.iter().position(|name| *name == "text");
        if let Some(Value::Text(text)) = place.and_then(|place| self.values.get_mut(place))
            && text.contains('&')
        {
            *text = Cow::Owned(plain_of_entities(text));
        }
    }

    /// The sum of counts that are there.
    pub(super) fn sum(&mut self, field: &str, members: &Members<'a>, paths: &[&str]) {
        let counts = paths.iter().filter_map(|path| number(members, path));
        if let Some(sum) = counts.reduce(u64::saturating_add) {
            self.set(field, i64::try_from(sum).ok().map(Value::Int));
        }
    }

    /// Whether a field says anything.
    pub(super) fn has(&self, field: &str) -> bool {
        let place = FIELDS.iter().position(|name| *name == field);
        let said = place.and_then(|place| self.values.get(place));
        said.is_some_and(|said| !matches!(said, Value::Null))
            && said != Some(&Value::Text(Cow::Borrowed("")))
    }

    /// The post, with the owner of the archive as its author if it names none.
    pub(super) fn line(mut self, reading: &Reading) -> Result<ArchiveLine<'a>, String> {
        if let Some(owner) = &reading.owner {
            self.say("author", owner.clone());
        }
        let field = |name: &'static str| {
            let place = FIELDS.iter().position(|field| *field == name);
            Ok(place.and_then(|place| self.values.get(place)).cloned().unwrap_or(Value::Null))
        };
        let line = ArchiveLine::from_fields(field, reading)?;
        Ok(if self.mended { line.into_mended() } else { line })
    }
}

/// The text at the first of the paths that holds some.
pub(super) fn text<'a>(members: &Members<'a>, paths: &[&str]) -> Option<Cow<'a, str>> {
    paths.iter().find_map(|path| match value(members.at(path).ok()?).ok()?.0 {
        Value::Text(text) | Value::Number(text) if !text.is_empty() => Some(text),
        _ => None,
    })
}

/// The count at a path.
pub(super) fn number(members: &Members<'_>, path: &str) -> Option<u64> {
    value(members.at(path).ok()?).ok()?.0.count(path, None).ok()?
}

/// An id of what has none: the same for the same words at the same time.
pub(super) fn made_id(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&part.len().to_le_bytes()).update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(ID_DIGITS).collect()
}
