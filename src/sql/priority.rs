//! Who is to be answered first? The core's priority of a mention, as functions of its columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::json;

use crate::intent::split;
use crate::post::Polarity;
use crate::priority::{self, PROMISED_MS, Priority, Waiting};

/// `priority(intents, intent_confidence, polarity, confidence, reach, posted_at, now())`: 0 to 100.
pub(super) fn priority() -> ScalarUDF {
    udf(Name::Points)
}

/// The same as JSON, with the parts.
pub(super) fn priority_parts() -> ScalarUDF {
    udf(Name::Parts)
}

/// How many columns are asked for.
const COLUMNS: usize = 7;

fn udf(name: Name) -> ScalarUDF {
    let signature = Signature::any(COLUMNS, Volatility::Immutable);
    ScalarUDF::new_from_impl(Function { name, signature })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Name {
    Points,
    Parts,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    name: Name,
    signature: Signature,
}

/// The columns in their types.
struct Columns {
    intents: ArrayRef,
    intent_confidence: ArrayRef,
    polarity: ArrayRef,
    confidence: ArrayRef,
    reach: ArrayRef,
    posted_at: ArrayRef,
    until: ArrayRef,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.name {
            Name::Points => "priority",
            Name::Parts => "priority_parts",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(match self.name {
            Name::Points => DataType::Int64,
            Name::Parts => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let ScalarFunctionArgs { args, number_rows, .. } = arguments;
        let constant = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { number_rows };
        let columns = Columns::read(&args, rows)?;
        let found = (0..rows).map(|row| columns.priority(row));
        let answer: ArrayRef = match self.name {
            Name::Points => {
                let points = found.map(|found| found.map(|found| i64::from(found.points)));
                Arc::new(points.collect::<Int64Array>())
            }
            Name::Parts => {
                let parts = found.map(|found| found.map(told));
                Arc::new(parts.collect::<StringArray>())
            }
        };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

fn told(found: Priority) -> String {
    let Priority { points, wants, certainty, reach, wait } = found;
    json!({
        "points": points,
        "wants": wants,
        "certainty": certainty,
        "reach": reach,
        "wait": wait,
    })
    .to_string()
}

impl Columns {
    fn read(args: &[ColumnarValue], rows: usize) -> QueryResult<Self> {
        let [intents, intent_confidence, polarity, confidence, reach, posted_at, until] = args
        else {
            let message = format!("a priority is made of {COLUMNS} columns");
            return Err(DataFusionError::Plan(message));
        };
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let read = |value: &ColumnarValue, kind: &DataType| -> QueryResult<ArrayRef> {
            Ok(cast(&value.to_array(rows)?, kind)?)
        };
        Ok(Self {
            intents: read(intents, &DataType::Utf8)?,
            intent_confidence: read(intent_confidence, &DataType::Float64)?,
            polarity: read(polarity, &DataType::Utf8)?,
            confidence: read(confidence, &DataType::Float64)?,
            reach: read(reach, &DataType::Int64)?,
            posted_at: read(posted_at, &time)?,
            until: read(until, &time)?,
        })
    }

    /// None without a polarity or a time.
    fn priority(&self, row: usize) -> Option<Priority> {
        let text = |column: &ArrayRef| -> Option<String> {
            let texts = column.as_string::<i32>();
            texts.is_valid(row).then(|| texts.value(row).to_owned())
        };
        let percent = |column: &ArrayRef| {
            let shares = column.as_primitive::<Float64Type>();
            shares.is_valid(row).then(|| priority::percent(shares.value(row)))
        };
        let ms = |column: &ArrayRef| {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            times.is_valid(row).then(|| times.value(row) / 1_000)
        };
        let reaches = self.reach.as_primitive::<Int64Type>();
        let polarity = match text(&self.polarity)?.as_str() {
            "negative" => Polarity::Negative,
            "positive" => Polarity::Positive,
            _ => Polarity::Neutral,
        };
        let first = text(&self.intents).and_then(|joined| split(&joined).next());
        Some(priority::priority(&Waiting {
            intent: first.zip(percent(&self.intent_confidence)),
            polarity,
            confidence: percent(&self.confidence).unwrap_or(0),
            reach: reaches.is_valid(row).then(|| reaches.value(row).max(0).unsigned_abs()),
            age_ms: ms(&self.until)?.saturating_sub(ms(&self.posted_at)?),
            promised_ms: PROMISED_MS,
        }))
    }
}
