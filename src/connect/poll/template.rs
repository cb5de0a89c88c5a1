//! What stands in a text with places to fill? `{name}` is a key of the source, `{/a/b}` what an item
//! says there by JSON Pointer, `{/a/b|html}` the same as plain text.

use serde::Deserialize;
use serde_json::Value;

use crate::text::plain_of_html;

/// What is done to a value on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    /// HTML becomes plain text.
    Html,
    /// A zero says nothing, as the parent of a comment that answers none.
    Nonzero,
    /// What stands behind the last slash.
    Last,
}

const FILTERS: [(&str, Filter); 3] =
    [("html", Filter::Html), ("nonzero", Filter::Nonzero), ("last", Filter::Last)];

/// A place in an item, and what is done to what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pointer {
    path: String,
    filters: Vec<Filter>,
}

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split('|');
        let path = parts.next().unwrap_or_default().to_owned();
        if !path.is_empty() && !path.starts_with('/') {
            return Err(format!("\"{path}\" is not a JSON Pointer; it begins with /, as /data/id"));
        }
        let filter = |name: &str| {
            let known = FILTERS.iter().find(|(known, _)| *known == name);
            known.map(|(_, filter)| *filter).ok_or_else(|| {
                let names = FILTERS.map(|(name, _)| name).join(", ");
                format!("\"{name}\" is not a filter; there are {names}")
            })
        };
        Ok(Self { path, filters: parts.map(filter).collect::<Result<_, _>>()? })
    }
}

impl Pointer {
    /// What stands there, as it is.
    pub(super) fn value<'v>(&self, item: &'v Value) -> Option<&'v Value> {
        item.pointer(&self.path).filter(|value| !value.is_null())
    }

    /// Whether its value goes through filters.
    pub(super) fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    /// What stands there as text; `None` for nothing, for lists and for objects.
    pub(super) fn text(&self, item: &Value) -> Option<String> {
        let mut text = match self.value(item)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(bool) => bool.to_string(),
            _ => return None,
        };
        for filter in &self.filters {
            text = match filter {
                Filter::Html => plain_of_html(&text),
                Filter::Nonzero if matches!(text.as_str(), "0" | "0.0" | "") => return None,
                Filter::Nonzero => text,
                Filter::Last => {
                    text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()
                }
            };
        }
        Some(text)
    }

    /// Whether something stands there that says yes: true, a number but zero, a text.
    pub(super) fn holds(&self, item: &Value) -> bool {
        match self.value(item) {
            Some(Value::Bool(bool)) => *bool,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            Some(Value::Object(_)) => true,
            Some(Value::Null) | None => false,
        }
    }
}

/// A text with places.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Named(String),
    At(Pointer),
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, from)) = rest.split_once('{') {
            let (place, after) = from
                .split_once('}')
                .ok_or_else(|| format!("\"{text}\" opens a brace that it does not close"))?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(if place.starts_with('/') {
                Part::At(Pointer::try_from(place.to_owned())?)
            } else {
                Part::Named(place.to_owned())
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}

impl Template {
    /// The names of its places.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Named(name) => Some(name.as_str()),
            Part::Text(_) | Part::At(_) => None,
        })
    }

    /// The text with every place filled; `None` if one has no value.
    pub(super) fn fill(&self, named: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.clone()),
                Part::Named(name) => named(name),
                Part::At(_) => None,
            })
            .collect()
    }

    /// An address: what it begins with is taken as it stands, what follows as part of a path or a
    /// query, where no sign of it leads elsewhere.
    pub(super) fn fill_address(&self, named: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let filled = self.0.iter().enumerate().map(|(place, part)| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Named(name) if place == 0 => {
                named(name).map(|base| base.trim_end_matches('/').to_owned())
            }
            Part::Named(name) => named(name).map(|value| encoded(&value)),
            Part::At(_) => None,
        });
        filled.collect()
    }

    /// The text of an item, places without a value left empty; `None` if all are.
    pub(super) fn read(
        &self,
        item: &Value,
        named: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        // A text without a place in the item is found if its names are.
        let is_named = !self.0.iter().any(|part| matches!(part, Part::At(_)));
        let mut found = false;
        let mut text = String::new();
        for part in &self.0 {
            let value = match part {
                Part::Text(fixed) => {
                    text += fixed;
                    continue;
                }
                Part::Named(name) => named(name).inspect(|_| found |= is_named),
                Part::At(pointer) => pointer.text(item).inspect(|value| found |= !value.is_empty()),
            };
            text += &value.unwrap_or_default();
        }
        found.then(|| text.trim().to_owned())
    }
}

/// A value as part of a path: all but letters, digits and `-._~` as percent signs.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    // A step upwards is the one path of plain letters that leads elsewhere.
    if matches!(text.as_str(), "." | "..") { text.replace('.', "%2E") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(text: &str) -> Template {
        Template::try_from(text.to_owned()).expect(text)
    }

    #[test]
    fn places_are_filled_or_the_whole_is_left_out() {
        let named = |name: &str| (name == "q").then(|| "a b".to_owned());
        assert_eq!(template("x={q}!").fill(&named), Some("x=a b!".to_owned()));
        assert_eq!(template("{q}{since}").fill(&named), None);
        let site = |_: &str| Some("https://h/blog/".to_owned());
        assert_eq!(template("{site}/v2").fill_address(&site), Some("https://h/blog/v2".to_owned()));
        let sneaky = |_: &str| Some("../../x?y#z".to_owned());
        assert_eq!(
            template("https://h/r/{sub}/new").fill_address(&sneaky),
            Some("https://h/r/..%2F..%2Fx%3Fy%23z/new".to_owned())
        );
    }

    #[test]
    fn items_are_read_by_pointer_and_filter() {
        let item =
            json!({"t": "Good", "b": null, "h": "<p>a &amp; b</p>", "n": 0, "u": "https://h/x/7/"});
        let none = |_: &str| None;
        assert_eq!(template("{/t}\n{/b}").read(&item, &none), Some("Good".to_owned()));
        assert_eq!(template("{/b} {/c}").read(&item, &none), None);
        let named = |name: &str| (name == "part").then(|| "9".to_owned());
        assert_eq!(template("{part}").read(&item, &named), Some("9".to_owned()));
        assert_eq!(template("{other}").read(&item, &named), None);
        assert_eq!(template("{/h|html}").read(&item, &none), Some("a & b".to_owned()));
        let text =
            |pointer: &str| Pointer::try_from(pointer.to_owned()).expect(pointer).text(&item);
        assert_eq!(text("/n|nonzero"), None);
        assert_eq!(text("/n"), Some("0".to_owned()));
        assert_eq!(text("/u|last"), Some("7".to_owned()));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert!(Template::try_from("{q".to_owned()).is_err_and(|why| why.contains("brace")));
        assert!(Pointer::try_from("a.b".to_owned()).is_err_and(|why| why.contains("/data/id")));
        assert!(Pointer::try_from("/a|md".to_owned()).is_err_and(|why| why.contains("html")));
    }
}
