//! What can clients ask of PostgreSQL that a lake does not keep? Comments, definitions, sizes on disk: functions
//! that answer null, as PostgreSQL does where there is nothing.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::expr_fn::SimpleScalarUDF;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Signature, TypeSignature, Volatility};

/// Of any arguments, which say what is asked for.
const TEXTS: [&str; 12] = [
    "obj_description",
    "col_description",
    "shobj_description",
    "pg_get_viewdef",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_triggerdef",
    "pg_get_functiondef",
    "pg_get_serial_sequence",
    "pg_tablespace_location",
    "inet_server_addr",
    "inet_client_addr",
];
const NUMBERS: [&str; 5] = [
    "pg_database_size",
    "pg_tablespace_size",
    "pg_schema_size",
    "inet_server_port",
    "inet_client_port",
];

/// Whether it is a function that answers with a text, which is always null.
pub(super) fn is_text(name: &str) -> bool {
    TEXTS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// All of them.
pub(super) fn all() -> Vec<ScalarUDF> {
    let texts = TEXTS.into_iter().map(|name| null(name, ScalarValue::Utf8(None)));
    let numbers = NUMBERS.into_iter().map(|name| null(name, ScalarValue::Int64(None)));
    let is_copy = null("pg_is_in_recovery", ScalarValue::Boolean(Some(false)));
    texts.chain(numbers).chain([is_copy, size()]).collect()
}

fn null(name: &str, value: ScalarValue) -> ScalarUDF {
    let any = TypeSignature::OneOf(vec![TypeSignature::Nullary, TypeSignature::VariadicAny]);
    let signature = Signature::new(any, Volatility::Stable);
    let kind = value.data_type();
    let answer = move |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(value.clone()));
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, kind, Arc::new(answer)))
}

/// A number of bytes for people.
fn size() -> ScalarUDF {
    let signature = Signature::any(1, Volatility::Immutable);
    let answer = |arguments: &[ColumnarValue]| sizes(arguments);
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(
        "pg_size_pretty",
        signature,
        DataType::Utf8,
        Arc::new(answer),
    ))
}

fn sizes(arguments: &[ColumnarValue]) -> QueryResult<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let Some(bytes) = arrays.first() else {
        return Ok(ColumnarValue::Scalar(ScalarValue::Utf8(None)));
    };
    let bytes = cast(bytes, &DataType::Int64)?;
    let texts = bytes.as_primitive::<Int64Type>().iter().map(|bytes| bytes.map(pretty));
    let texts: arrow::array::StringArray = texts.collect();
    Ok(ColumnarValue::Array(Arc::new(texts)))
}

/// As PostgreSQL writes it: in the next unit from ten thousand on, rounded.
fn pretty(bytes: i64) -> String {
    let (mut number, mut units) = (bytes, ["kB", "MB", "GB", "TB", "PB"].into_iter());
    let mut unit = "bytes";
    while number.unsigned_abs() >= 10 * 1024 {
        let Some(next) = units.next() else { break };
        (number, unit) = (number.saturating_add(number.signum() * 512) / 1024, next);
    }
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_postgresql_writes_them() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (1_000_000, "977 kB"),
            (-50_000_000, "-48 MB"),
            (i64::MAX, "8192 PB"),
        ] {
            assert_eq!(pretty(bytes), text);
        }
    }
}
