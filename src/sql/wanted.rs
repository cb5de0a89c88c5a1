//! Does a mention want an answer of ours? What `[service]` says of it, as a function of its columns; null
//! where no configuration is known.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::due::{Promises, time};
use crate::config::Services;
use crate::state::verdict;
use crate::time::{DAY_US, EventTime};

const NAME: &str = "wanted";
/// How many columns are asked for.
const COLUMNS: usize = 8;

/// The time for which answers hold, by the clock and the end of what was heard: that end, of a lake into
/// which nothing has come for two days.
#[must_use]
pub(crate) fn as_of(clock: EventTime, until: EventTime) -> EventTime {
    if clock.since(until) > 2 * DAY_US { until } else { clock.max(until) }
}

/// `wanted(topic, polarity, intents, relevant, changed_at, posted_at, last, now())`: 1 for what the inbox
/// lists, else 0. `last` is when the last post of the lake was written.
pub(super) fn wanted(promises: &Promises) -> ScalarUDF {
    // A reload changes what it says.
    let signature = Signature::any(COLUMNS, Volatility::Stable);
    ScalarUDF::new_from_impl(Function { promises: promises.clone(), signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    promises: Promises,
    signature: Signature,
}

/// The columns in their types.
struct Columns {
    topic: ArrayRef,
    polarity: ArrayRef,
    intents: ArrayRef,
    relevant: ArrayRef,
    changed_at: ArrayRef,
    posted_at: ArrayRef,
    last: ArrayRef,
    now: ArrayRef,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let ScalarFunctionArgs { args, number_rows, .. } = arguments;
        let found: Int64Array = match self.promises.known() {
            Some(services) => {
                let columns = Columns::read(&args, number_rows)?;
                let found = (0..number_rows).map(|row| columns.wanted(row, &services));
                found.map(|found| found.map(i64::from)).collect()
            }
            None => Int64Array::new_null(number_rows),
        };
        Ok(ColumnarValue::Array(Arc::new(found) as ArrayRef))
    }
}

impl Columns {
    fn read(args: &[ColumnarValue], rows: usize) -> QueryResult<Self> {
        let [topic, polarity, intents, relevant, changed_at, posted_at, last, now] = args else {
            let message = format!("whether an answer is wanted takes {COLUMNS} columns to say");
            return Err(DataFusionError::Plan(message));
        };
        let read = |column: &ColumnarValue, kind| -> QueryResult<ArrayRef> {
            Ok(cast(&column.to_array(rows)?, &kind)?)
        };
        Ok(Self {
            topic: read(topic, DataType::Utf8)?,
            polarity: read(polarity, DataType::Utf8)?,
            intents: read(intents, DataType::Utf8)?,
            relevant: read(relevant, DataType::Int64)?,
            changed_at: read(changed_at, time())?,
            posted_at: read(posted_at, time())?,
            last: read(last, time())?,
            now: read(now, time())?,
        })
    }

    /// Whether the inbox lists the mention of a row; `None` where the row does not say what it is about.
    fn wanted(&self, row: usize, services: &Services) -> Option<bool> {
        let text = |column: &ArrayRef| {
            let column = column.as_string::<i32>();
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let at = |column: &ArrayRef| {
            let column = column.as_primitive::<TimestampMicrosecondType>();
            column.is_valid(row).then(|| EventTime(column.value(row)))
        };
        let service = services.of(&text(&self.topic)?);
        // Up to the last post itself.
        let until = at(&self.last)?.shift(1);
        let since = as_of(at(&self.now)?, until).shift(-service.horizon_us);
        let relevant = self.relevant.as_primitive::<Int64Type>();
        let relevant = relevant.is_valid(row) && relevant.value(row) == 1;
        let wants = || {
            let polarity = text(&self.polarity).and_then(|word| verdict(&word));
            service.wants_answer(polarity, &text(&self.intents).unwrap_or_default())
        };
        let touched = self.changed_at.is_valid(row);
        Some(at(&self.posted_at)? >= since && (touched || (relevant && wants())))
    }
}
