//! What can clients of PostgreSQL ask of the server? Functions that say what it is.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::expr_fn::SimpleScalarUDF;
use datafusion::logical_expr::{
    ColumnarValue, ScalarUDF, Signature, TypeSignature, Volatility, create_udf,
};

use super::{absent, format};

/// Settings that clients ask for by `current_setting`, in `pg_settings` or with `SHOW`.
pub(super) const SETTINGS: [(&str, &str); 27] = [
    ("server_version_num", "160006"),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("search_path", "public"),
    ("timezone", "UTC"),
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("escape_string_warning", "on"),
    ("array_nulls", "on"),
    ("integer_datetimes", "on"),
    ("max_connections", "64"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("max_function_args", "100"),
    ("max_prepared_transactions", "0"),
    ("block_size", "8192"),
    ("lc_collate", "C"),
    ("lc_ctype", "C"),
    ("lc_messages", "C"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("transaction_read_only", "on"),
    ("default_transaction_read_only", "on"),
    ("default_transaction_isolation", "read committed"),
];

/// All of them, for a user and a version.
pub(super) fn all(user: &str, version: &str) -> Vec<ScalarUDF> {
    let known = [
        constant("version", vec![], format!("PostgreSQL {version}")),
        // No lock can be taken, and pools give all back.
        constant("pg_advisory_unlock_all", vec![], String::new()),
        constant("session_user", vec![], user.to_owned()),
        constant("current_user", vec![], user.to_owned()),
        constant("pg_get_userbyid", vec![DataType::Int32], user.to_owned()),
        current_setting(version.to_owned()),
        to_regtype(),
        format::function(),
    ];
    known.into_iter().chain(absent::all()).collect()
}

/// The value of a setting that is the same for all.
pub(crate) fn setting_of_all(name: &str) -> Option<&'static str> {
    let known = SETTINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(_, value)| *value)
}

fn constant(name: &str, arguments: Vec<DataType>, value: String) -> ScalarUDF {
    let answer = move |_: &[ColumnarValue]| Ok(text(Some(value.clone())));
    create_udf(name, arguments, DataType::Utf8, Volatility::Stable, Arc::new(answer))
}

fn text(value: Option<String>) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::Utf8(value))
}

/// The id of a type of that name: none, since drivers ask only for types of extensions.
fn to_regtype() -> ScalarUDF {
    let answer = |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::Int32(None)));
    let arguments = vec![DataType::Utf8];
    create_udf("to_regtype", arguments, DataType::Int32, Volatility::Stable, Arc::new(answer))
}

/// The value of a setting; the second argument says whether an unknown one is null.
fn current_setting(version: String) -> ScalarUDF {
    let arities = vec![
        TypeSignature::Exact(vec![DataType::Utf8]),
        TypeSignature::Exact(vec![DataType::Utf8, DataType::Boolean]),
    ];
    let signature = Signature::one_of(arities, Volatility::Stable);
    let answer = move |arguments: &[ColumnarValue]| setting(arguments, &version);
    let function = SimpleScalarUDF::new_with_signature(
        "current_setting",
        signature,
        DataType::Utf8,
        Arc::new(answer),
    );
    ScalarUDF::from(function)
}

fn setting(arguments: &[ColumnarValue], version: &str) -> QueryResult<ColumnarValue> {
    let Some(ColumnarValue::Scalar(ScalarValue::Utf8(Some(name)))) = arguments.first() else {
        return Err(DataFusionError::Plan("current_setting needs a name as a text".to_owned()));
    };
    if name == "server_version" {
        return Ok(text(Some(version.to_owned())));
    }
    let known = setting_of_all(name);
    let lenient =
        matches!(arguments.get(1), Some(ColumnarValue::Scalar(ScalarValue::Boolean(Some(true)))));
    match known {
        Some(value) => Ok(text(Some(value.to_owned()))),
        None if lenient => Ok(text(None)),
        None => Err(DataFusionError::Plan(format!("no setting is called {name}"))),
    }
}
