//! What does `format` of PostgreSQL put together? Texts, names and constants in their places.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::expr_fn::SimpleScalarUDF;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Signature, Volatility};

/// `format(pattern, ...)` with `%s`, `%I`, `%L`, `%%`, and `%2$s` for the second value.
pub(super) fn function() -> ScalarUDF {
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(
        "format",
        Signature::variadic_any(Volatility::Immutable),
        DataType::Utf8,
        Arc::new(|arguments: &[ColumnarValue]| formatted(arguments)),
    ))
}

fn formatted(arguments: &[ColumnarValue]) -> QueryResult<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let texts = arrays.iter().map(|array| Ok(cast(array, &DataType::Utf8)?));
    let texts: Vec<ArrayRef> = texts.collect::<QueryResult<_>>()?;
    let columns: Vec<&StringArray> = texts.iter().map(|array| array.as_string::<i32>()).collect();
    let Some((patterns, values)) = columns.split_first() else {
        return Err(DataFusionError::Plan("format needs a pattern".to_owned()));
    };
    let rows = patterns.iter().enumerate().map(|(row, pattern)| {
        let values = values.iter().map(|column| column.is_valid(row).then(|| column.value(row)));
        pattern.map(|pattern| put_together(pattern, &values.collect::<Vec<_>>())).transpose()
    });
    let rows: StringArray = rows.collect::<QueryResult<_>>()?;
    Ok(ColumnarValue::Array(Arc::new(rows)))
}

fn put_together(pattern: &str, values: &[Option<&str>]) -> QueryResult<String> {
    let wrong = |what: String| DataFusionError::Plan(format!("format: {what}"));
    let (mut written, mut next) = (String::new(), 0);
    let mut parts = pattern.split('%');
    written.push_str(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        if part.is_empty() {
            // Two signs are one.
            let rest = parts.next().ok_or_else(|| wrong("it ends with a lone %".to_owned()))?;
            written.push('%');
            written.push_str(rest);
            continue;
        }
        let (place, part) = match part.split_once('$') {
            Some((place, rest)) if place.bytes().all(|digit| digit.is_ascii_digit()) => {
                (place.parse::<usize>().unwrap_or_default().wrapping_sub(1), rest)
            }
            _ => (next, part),
        };
        let value = *values.get(place).ok_or_else(|| wrong("there are fewer values".to_owned()))?;
        next = place + 1;
        let mut letters = part.chars();
        match letters.next() {
            Some('s') => written.push_str(value.unwrap_or_default()),
            Some('I') => match value {
                Some(name) => written.push_str(&named(name)),
                None => return Err(wrong("null is not a name".to_owned())),
            },
            Some('L') => match value {
                Some(value) => written.push_str(&format!("'{}'", value.replace('\'', "''"))),
                None => written.push_str("NULL"),
            },
            other => {
                let found = other.map(String::from).unwrap_or_default();
                return Err(wrong(format!("%{found} is none of %s, %I, %L and %%")));
            }
        }
        written.push_str(letters.as_str());
    }
    Ok(written)
}

/// A name as SQL reads it.
fn named(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::put_together;

    #[test]
    fn values_stand_in_their_places() {
        let values = [Some("public"), Some("My \"t\""), None];
        for (pattern, text) in [
            ("plain", "plain"),
            ("%s.%s", "public.My \"t\""),
            ("%I.%I", "public.\"My \"\"t\"\"\""),
            ("%2$L %1$s %s", "'My \"t\"' public My \"t\""),
            ("100%% of %s%%", "100% of public%"),
            ("%3$s|%3$L", "|NULL"),
            ("ü%sü", "üpublicü"),
        ] {
            assert_eq!(put_together(pattern, &values).expect(pattern), text, "{pattern}");
        }
        for pattern in ["%d", "%", "%9$s", "%0$s", "%s%s%s%s", "%3$I"] {
            assert!(put_together(pattern, &values).is_err(), "{pattern}");
        }
    }
}
