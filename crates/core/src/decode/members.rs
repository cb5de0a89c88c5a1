//! What are the members of a JSON object, where their types are not those that were expected?
//!
//! Slower than reading into a shape: used only for lines that have another one.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::fields::{FIELDS, FieldMap, Value};
use super::reason;

/// Names of members that a reason lists.
const NAMES_MAX: usize = 12;
/// Steps of a path.
const PATH_MAX: usize = 16;

/// The members of an object in their order, their values not yet read.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Takes an object apart.
    pub(super) fn of(text: &'a str) -> Result<Self, String> {
        match text.trim_start().as_bytes().first() {
            Some(b'{') => {}
            Some(b'[') => return Err("a list where an object was expected".to_owned()),
            _ => {
                let parsed = serde_json::from_str::<&RawValue>(text);
                let other = || "JSON of another shape: not an object".to_owned();
                return Err(
                    parsed.map_or_else(|error| reason(&error, text.as_bytes()), |_| other())
                );
            }
        }
        serde_json::from_str(text).map_err(|error| reason(&error, text.as_bytes()))
    }

    /// The value at a path of names that dots join, also a name that holds dots; a number names an
    /// element of a list. A path that begins with a slash is a JSON Pointer (RFC 6901).
    pub(super) fn at(&self, path: &str) -> Result<Option<&'a RawValue>, String> {
        if let Some(value) = self.member(path)? {
            return Ok(Some(value));
        }
        let steps: Vec<Cow<'_, str>> = match path.strip_prefix('/') {
            Some(pointer) => {
                let step = |step: &str| step.replace("~1", "/").replace("~0", "~");
                pointer.split('/').take(PATH_MAX).map(|part| step(part).into()).collect()
            }
            None => path.split('.').take(PATH_MAX).map(Cow::Borrowed).collect(),
        };
        let Some((first, rest)) = steps.split_first() else { return Ok(None) };
        let Some(mut value) = self.member(first)? else { return Ok(None) };
        for step in rest {
            let inner = match step.parse::<usize>() {
                Ok(place) if value.get().starts_with('[') => elements(value).into_iter().nth(place),
                _ if value.get().starts_with('{') => Self::of(value.get())?.member(step)?,
                _ => None,
            };
            match inner {
                Some(inner) => value = inner,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    /// The member that is a field of a post.
    pub(super) fn field(&self, name: &str, map: &FieldMap) -> Result<Option<&'a RawValue>, String> {
        let place = FIELDS.iter().position(|field| *field == name);
        self.at(place.map_or(name, |place| map.column(place)))
    }

    /// The time of a post whose day and time of day are two members.
    pub(super) fn joined(&self, map: &FieldMap) -> Result<Option<Value<'a>>, String> {
        let Some((day, clock)) = map.joined() else { return Ok(None) };
        let text = |name: &str| match value(self.at(name)?)?.0 {
            Value::Null => Ok(None),
            found => found.text("posted_at"),
        };
        let (day, clock) = (text(day)?, text(clock)?.unwrap_or_default());
        Ok(day.map(|day| Value::Text(format!("{day} {clock}").trim().to_owned().into())))
    }

    /// The names of the first members, for a reason to show.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.0.iter().take(NAMES_MAX).map(|(name, _)| &**name).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    }

    /// The values, in the order of the text.
    pub(super) fn values(&self) -> impl Iterator<Item = &'a RawValue> {
        self.0.iter().map(|(_, value)| *value)
    }

    /// The name of its member, if there is only one.
    pub(super) fn only_name(&self) -> Option<&str> {
        match self.0.as_slice() {
            [(name, _)] => Some(name),
            _ => None,
        }
    }

    /// Where the posts may be, if the object wraps them: the name of a list of objects.
    pub(super) fn list(&self) -> Option<&str> {
        let wraps = |raw: &RawValue| {
            raw.get().strip_prefix('[').is_some_and(|inner| inner.trim_start().starts_with('{'))
        };
        self.0.iter().find(|(_, value)| wraps(value)).map(|(name, _)| &**name)
    }

    fn member(&self, name: &str) -> Result<Option<&'a RawValue>, String> {
        let mut found = self.0.iter().filter(|(known, _)| known == name);
        let value = found.next().map(|(_, value)| *value);
        if found.next().is_some() {
            return Err(format!("the field \"{name}\" stands twice"));
        }
        Ok(value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// The elements of a list; none of anything else.
pub(super) fn elements(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// The value, and whether its text held a half of a surrogate pair, which means no character.
pub(super) fn value(raw: Option<&RawValue>) -> Result<(Value<'_>, bool), String> {
    let Some(text) = raw.map(RawValue::get) else { return Ok((Value::Null, false)) };
    let value = match text.as_bytes().first() {
        Some(b'"') => return string(text),
        Some(b'n') => Value::Null,
        Some(b't' | b'f') => Value::Other("true or false"),
        Some(b'[') => Value::Other("a list"),
        Some(b'{') => Value::Other("an object"),
        _ => Value::Number(Cow::Borrowed(text)),
    };
    Ok((value, false))
}

/// The same of an id: halves of surrogate pairs stay as they are written, so that two ids which
/// differ in them alone stay two.
pub(super) fn name_value(raw: Option<&RawValue>) -> Result<(Value<'_>, bool), String> {
    match value(raw)? {
        (_, true) => {
            let escaped =
                whole_surrogates(raw.map(RawValue::get).unwrap_or_default(), Halves::Kept);
            let said = serde_json::from_str::<String>(&escaped);
            let said = said.map_err(|error| reason(&error, escaped.as_bytes()))?;
            Ok((Value::Text(said.into()), true))
        }
        said => Ok(said),
    }
}

/// What becomes of half a surrogate pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halves {
    /// U+FFFD.
    Replaced,
    /// Its escape as text.
    Kept,
}

fn string(text: &str) -> Result<(Value<'_>, bool), String> {
    if !text.contains('\\') {
        let bare = text.get(1..text.len() - 1).unwrap_or_default();
        return Ok((Value::Text(Cow::Borrowed(bare)), false));
    }
    let parse = |text: &str| {
        serde_json::from_str::<String>(text).map_err(|error| reason(&error, text.as_bytes()))
    };
    match parse(text) {
        Ok(said) => Ok((Value::Text(said.into()), false)),
        Err(_) => Ok((Value::Text(parse(&whole_surrogates(text, Halves::Replaced))?.into()), true)),
    }
}

/// JSON without halves of surrogate pairs that lack their other half.
fn whole_surrogates(text: &str, halves: Halves) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match unit(escape) {
            Some(0xd800..=0xdbff) => {
                let low = unit(escape.get(6..).unwrap_or_default());
                if matches!(low, Some(0xdc00..=0xdfff)) { 12 } else { 0 }
            }
            Some(0xdc00..=0xdfff) => 0,
            Some(_) => 6,
            None => 2,
        };
        if length == 0 {
            match halves {
                Halves::Replaced => whole.push_str("\\ufffd"),
                Halves::Kept => {
                    whole.push('\\');
                    whole.push_str(escape.get(..6).unwrap_or_default());
                }
            }
            rest = escape.get(6..).unwrap_or_default();
        } else {
            let end = escape.floor_char_boundary(length.min(escape.len()));
            let (kept, others) = escape.split_at(end);
            whole.push_str(kept);
            rest = others;
        }
    }
    whole + rest
}

/// The code unit of an escape that begins here.
fn unit(escape: &str) -> Option<u32> {
    u32::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_surrogate_pairs_become_one_replacement_each() {
        let rows = [
            (r#""bad \ud83d""#, "bad \u{fffd}", true),
            (r#""\ude21 bad""#, "\u{fffd} bad", true),
            (r#""\ud83d\ud83d\ude21""#, "\u{fffd}😡", true),
            (r#""\ud83dä\n""#, "\u{fffd}ä\n", true),
            (r#""\ud83d\ude21""#, "😡", false),
            (r#""\\ud83d""#, r"\ud83d", false),
        ];
        for (json, text, mended) in rows {
            let raw: &RawValue = serde_json::from_str(json).expect(json);
            assert_eq!(value(Some(raw)), Ok((Value::Text(text.into()), mended)), "{json}");
        }
        let id = |json| name_value(serde_json::from_str::<&RawValue>(json).ok());
        assert_eq!(id(r#""a\ud83d""#), Ok((Value::Text("a\\ud83d".into()), true)));
        assert_ne!(id(r#""a\ud83d""#), id(r#""a\ud83e""#), "two ids stay two");
        let broken =
            Members::of(r#"{"a":"\u12"}"#).and_then(|members| value(members.at("a")?).map(drop));
        assert!(broken.is_err(), "an escape that is cut is not read");
    }

    #[test]
    fn paths_lead_into_objects_and_lists() {
        let json = r#"{"data":{"text":"a","user":{"n":7}},"list":[{"x":1}],"a.b":2}"#;
        let members = Members::of(json).expect("an object");
        let at = |path| members.at(path).map(|found| found.map(RawValue::get));
        assert_eq!(at("data.user.n"), Ok(Some("7")));
        assert_eq!(at("list.0.x"), Ok(Some("1")));
        assert_eq!(at("a.b"), Ok(Some("2")));
        assert_eq!(at("/data/user/n"), Ok(Some("7")));
        assert_eq!(at("/list/0/x"), Ok(Some("1")));
        assert_eq!(at("/a.b"), Ok(Some("2")));
        assert_eq!(at("/"), Ok(None));
        assert_eq!(at("data.none"), Ok(None));
        assert_eq!(at("data.text.deeper"), Ok(None));
    }
}
