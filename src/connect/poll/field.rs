//! Where does a field of a post stand in an item? At a pointer, in a text with places, or as a sum.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value as Json;

use super::template::{Pointer, Template};
use crate::decode::Value;

/// The places of one field; the first that says something counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct Places(Vec<Place>);

#[derive(Debug, Clone)]
enum Place {
    /// As it stands there.
    At(Pointer),
    /// The sum of the counts there.
    Sum(Vec<Pointer>),
    /// A text with places.
    Text(Template),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Several(Vec<String>),
}

impl TryFrom<Written> for Places {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let texts = match written {
            Written::One(text) => vec![text],
            Written::Several(texts) => texts,
        };
        texts.into_iter().map(place).collect::<Result<_, _>>().map(Self)
    }
}

fn place(text: String) -> Result<Place, String> {
    if !text.starts_with('/') {
        return Template::try_from(text).map(Place::Text);
    }
    if !text.contains(" + ") {
        return Pointer::try_from(text).map(Place::At);
    }
    let pointers = text.split(" + ").map(|part| Pointer::try_from(part.trim().to_owned()));
    pointers.collect::<Result<_, _>>().map(Place::Sum)
}

impl Places {
    /// What an item says of the field.
    pub(super) fn read<'v>(
        &self,
        item: &'v Json,
        named: &dyn Fn(&str) -> Option<String>,
    ) -> Value<'v> {
        let said = |place: &Place| match place {
            Place::At(pointer) if pointer.is_filtered() => pointer
                .text(item)
                .filter(|text| !text.is_empty())
                .map(|text| Value::Text(text.into())),
            Place::At(pointer) => pointer.value(item).map(value),
            Place::Sum(pointers) => sum(pointers, item).map(Value::Int),
            Place::Text(template) => {
                let text = template.read(item, named).filter(|text| !text.is_empty());
                text.map(|text| Value::Text(text.into()))
            }
        };
        let said = self.0.iter().filter_map(said);
        said.into_iter()
            .find(|value| !matches!(value, Value::Text(text) if text.is_empty()))
            .unwrap_or(Value::Null)
    }
}

fn value(json: &Json) -> Value<'_> {
    match json {
        Json::Null => Value::Null,
        Json::String(text) => Value::Text(Cow::Borrowed(text)),
        Json::Number(number) => Value::Number(number.to_string().into()),
        Json::Bool(true) => Value::Other("true"),
        Json::Bool(false) => Value::Other("false"),
        Json::Array(_) => Value::Other("a list"),
        Json::Object(_) => Value::Other("an object"),
    }
}

/// The sum of the counts that are there; `None` if none is.
fn sum(pointers: &[Pointer], item: &Json) -> Option<i64> {
    let count = |pointer: &Pointer| {
        let text = pointer.text(item)?;
        text.parse::<i64>().ok().filter(|count| *count >= 0)
    };
    pointers.iter().filter_map(count).reduce(i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(places: &[&str], item: &Json) -> String {
        let written = Written::Several(places.iter().map(|&text| text.to_owned()).collect());
        let places = Places::try_from(written).unwrap_or_else(|why| unreachable!("{why}"));
        format!("{:?}", places.read(item, &|name| (name == "site").then(|| "https://h".to_owned())))
    }

    #[test]
    fn the_first_place_that_says_something_counts() {
        let item = json!({"a": "", "b": "x", "n": 7, "l": 3, "m": "4", "bad": -1});
        let rows: [(&[&str], &str); 7] = [
            (&["/a", "/b"], "Text(\"x\")"),
            (&["/none", "/a"], "Null"),
            (&["/n"], "Number(\"7\")"),
            (&["/l + /m + /none"], "Int(7)"),
            (&["/bad + /none"], "Null"),
            (&["{site}/?p={/n}"], "Text(\"https://h/?p=7\")"),
            (&["{site}/?p={/none}"], "Null"),
        ];
        for (places, want) in rows {
            assert_eq!(read(places, &item), want, "{places:?}");
        }
    }
}
