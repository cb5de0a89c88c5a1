//! What stands in a text that is JSON, such as the evidence of an alert? Functions and the operators
//! `->` and `->>`. What is not JSON, or not there, is null.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListBuilder, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::Value;

/// All functions.
pub(super) fn all() -> [ScalarUDF; 4] {
    [Name::Get, Name::GetText, Name::Value, Name::Elements].map(udf)
}

/// What an operator answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `->`
    Json,
    /// `->>`
    Text,
}

/// The function that an operator is.
pub(super) fn operator(form: Form) -> Arc<ScalarUDF> {
    Arc::new(udf(match form {
        Form::Json => Name::Get,
        Form::Text => Name::GetText,
    }))
}

fn udf(name: Name) -> ScalarUDF {
    ScalarUDF::new_from_impl(Json { name, signature: Signature::any(2, Volatility::Immutable) })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Name {
    /// A member or an element, as JSON.
    Get,
    /// The same, a text without its quotes.
    GetText,
    /// What a path leads to, a text without its quotes.
    Value,
    /// The elements of the array that a path leads to.
    Elements,
}

/// A function of a text and a key, a place or a path.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Json {
    name: Name,
    signature: Signature,
}

impl ScalarUDFImpl for Json {
    fn name(&self) -> &str {
        match self.name {
            Name::Get => "json_get",
            Name::GetText => "json_get_text",
            Name::Value => "json_value",
            Name::Elements => "json_elements",
        }
    }

    fn schema_name(&self, arguments: &[Expr]) -> QueryResult<String> {
        let names: Vec<_> = arguments.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(match self.name {
            Name::Get => names.join(" -> "),
            Name::GetText => names.join(" ->> "),
            Name::Value | Name::Elements => format!("{}({})", self.name(), names.join(",")),
        })
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> QueryResult<DataType> {
        if let Some(wrong) = types.first().filter(|kind| !is_text(kind)) {
            let name = self.name();
            return Err(DataFusionError::Plan(format!("{name} needs a text of JSON, not {wrong}")));
        }
        Ok(match self.name {
            Name::Elements => DataType::new_list(DataType::Utf8, true),
            _ => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let ScalarFunctionArgs { args, number_rows, .. } = arguments;
        let constant = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { number_rows };
        let [texts, keys] = args.as_slice() else {
            let message = format!("{} needs a text and a key", self.name());
            return Err(DataFusionError::Plan(message));
        };
        let by_place = keys.data_type().is_integer();
        let kind = if by_place { DataType::Int64 } else { DataType::Utf8 };
        let texts = cast(&texts.to_array(rows)?, &DataType::Utf8)?;
        let keys = cast(&keys.to_array(rows)?, &kind)?;
        let (texts, ints, words) =
            (texts.as_string::<i32>(), keys.as_primitive_opt::<Int64Type>(), keys.as_string_opt());
        let key = |row| match (ints, words) {
            (Some(ints), _) if ints.iter().nth(row).flatten().is_some() => {
                Some(Key::Place(ints.value(row)))
            }
            (_, Some(words)) => {
                let words: &arrow::array::StringArray = words;
                words.iter().nth(row).flatten().map(Key::Name)
            }
            _ => None,
        };
        let found = texts.iter().enumerate().map(|(row, text)| {
            let document: Value = serde_json::from_str(text?).ok()?;
            match (self.name, key(row)?) {
                (Name::Get | Name::GetText, key) => step(&document, key).cloned(),
                (Name::Value | Name::Elements, Key::Name(path)) => walk(&document, path).cloned(),
                (Name::Value | Name::Elements, key) => step(&document, key).cloned(),
            }
        });
        let answer: ArrayRef = match self.name {
            Name::Elements => lists(found),
            Name::Get => {
                let texts = found.map(|value| value.map(|value| value.to_string()));
                Arc::new(texts.collect::<arrow::array::StringArray>())
            }
            Name::GetText | Name::Value => Arc::new(
                found.map(|value| value.and_then(plain)).collect::<arrow::array::StringArray>(),
            ),
        };
        if constant {
            let scalar = datafusion::common::ScalarValue::try_from_array(&answer, 0)?;
            return Ok(ColumnarValue::Scalar(scalar));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

fn is_text(kind: &DataType) -> bool {
    kind.is_string() || *kind == DataType::Null
}

/// A value as SQL has it: texts without quotes, null as null, all else as JSON.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn lists(found: impl Iterator<Item = Option<Value>>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for value in found {
        match value {
            Some(Value::Array(elements)) => {
                elements
                    .into_iter()
                    .for_each(|element| lists.values().append_option(plain(element)));
                lists.append(true);
            }
            _ => lists.append(false),
        }
    }
    Arc::new(lists.finish())
}

/// What leads one step into a document.
#[derive(Debug, Clone, Copy)]
enum Key<'k> {
    Name(&'k str),
    /// Below zero from the end.
    Place(i64),
}

fn step<'v>(value: &'v Value, key: Key<'_>) -> Option<&'v Value> {
    match (value, key) {
        (Value::Object(members), Key::Name(name)) => members.get(name),
        (Value::Array(elements), Key::Place(place)) => {
            let length = i64::try_from(elements.len()).ok()?;
            let place = if place < 0 { length.checked_add(place)? } else { place };
            elements.get(usize::try_from(place).ok()?)
        }
        _ => None,
    }
}

/// Follows a path such as `$.terms[0].term`; a name in quotes may hold anything but a quote.
fn walk<'v>(document: &'v Value, path: &str) -> Option<&'v Value> {
    let (mut value, mut rest) = (document, path.trim().strip_prefix('$')?);
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (place, behind) = inside.split_once(']')?;
            value = match place.trim().parse() {
                Ok(place) => step(value, Key::Place(place))?,
                Err(_) => step(value, Key::Name(place.trim().trim_matches(['"', '\''])))?,
            };
            rest = behind;
        } else {
            let name = rest.strip_prefix('.')?;
            let (name, behind) = match name.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => name.split_at(name.find(['.', '[']).unwrap_or(name.len())),
            };
            value = step(value, Key::Name(name))?;
            rest = behind;
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::walk;

    #[test]
    fn paths_lead_where_they_say() {
        let document = json!({"terms": [{"term": "b"}, {"term": "a.b"}], "a.b": 1, "n": null});
        for (path, wanted) in [
            ("$", Some(document.clone())),
            ("$.terms[1].term", Some(json!("a.b"))),
            ("$.terms[-2].term", Some(json!("b"))),
            ("$.\"a.b\"", Some(json!(1))),
            ("$['a.b']", Some(json!(1))),
            ("$.n", Some(json!(null))),
            ("$.terms[2]", None),
            ("$.terms.term", None),
            ("terms", None),
            ("$terms", None),
            ("$.terms[", None),
        ] {
            assert_eq!(walk(&document, path), wanted.as_ref(), "{path}");
        }
    }
}
