//! Why are hours and days cut fast? All times of a lake are UTC, where they are plain arithmetic.
//!
//! DataFusion's `date_trunc` asks a calendar for every row as soon as a time has a zone, be it UTC:
//! nine tenths of the time of a trend.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, FieldRef, TimeUnit, TimestampMicrosecondType};
use datafusion::error::Result as QueryResult;
use datafusion::functions::datetime::date_trunc;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};

/// `date_trunc` as DataFusion has it, but quick for UTC.
pub(super) fn quick_date_trunc() -> ScalarUDF {
    ScalarUDF::new_from_impl(QuickDateTrunc { inner: date_trunc() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct QuickDateTrunc {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for QuickDateTrunc {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> QueryResult<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> QueryResult<FieldRef> {
        self.inner.return_field_from_args(arguments)
    }

    fn invoke_with_args(&self, mut arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let zone = match arguments.args.get(1) {
            Some(ColumnarValue::Array(times)) => match times.data_type() {
                DataType::Timestamp(TimeUnit::Microsecond, zone) => zone.clone(),
                _ => None,
            },
            _ => None,
        };
        let Some(zone) = zone.filter(|zone| &**zone == "UTC") else {
            return self.inner.invoke_with_args(arguments);
        };
        if let Some(ColumnarValue::Array(times)) = arguments.args.get_mut(1) {
            let bare = times.as_primitive::<TimestampMicrosecondType>().clone();
            *times = Arc::new(bare.with_timezone_opt(None::<Arc<str>>));
        }
        let cut = self.inner.invoke_with_args(arguments)?;
        Ok(match cut {
            ColumnarValue::Array(times) => {
                let bare = times.as_primitive::<TimestampMicrosecondType>().clone();
                ColumnarValue::Array(Arc::new(bare.with_timezone(zone)))
            }
            scalar @ ColumnarValue::Scalar(_) => scalar,
        })
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> QueryResult<SortProperties> {
        self.inner.output_ordering(inputs)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, TimestampMicrosecondArray};
    use arrow::datatypes::Field;
    use datafusion::common::ScalarValue;
    use datafusion::config::ConfigOptions;

    use super::*;

    fn cut(function: &ScalarUDF, unit: &str, times: ArrayRef) -> ArrayRef {
        let (rows, field) =
            (times.len(), Arc::new(Field::new("time", times.data_type().clone(), true)));
        let unit = ScalarValue::Utf8(Some(unit.to_owned()));
        let arguments = ScalarFunctionArgs {
            arg_fields: vec![
                Arc::new(Field::new("unit", unit.data_type(), false)),
                Arc::clone(&field),
            ],
            args: vec![ColumnarValue::Scalar(unit), ColumnarValue::Array(times)],
            number_rows: rows,
            return_field: field,
            config_options: Arc::new(ConfigOptions::default()),
        };
        let cut = function.invoke_with_args(arguments).expect("a known unit");
        cut.into_array(rows).expect("an array")
    }

    #[test]
    fn times_are_cut_where_a_calendar_cuts_them() {
        let times = (-400..400).map(|number: i64| match number {
            0 => None,
            _ => Some(number.pow(3) * 27_182_819),
        });
        let times: TimestampMicrosecondArray = times.collect();
        let times: ArrayRef = Arc::new(times.with_timezone("UTC"));
        let units = ["microsecond", "second", "minute", "hour", "day", "week", "month", "quarter"];
        for unit in units.into_iter().chain(["year"]) {
            let quick = cut(&quick_date_trunc(), unit, Arc::clone(&times));
            assert_eq!(&quick, &cut(&date_trunc(), unit, Arc::clone(&times)), "{unit}");
        }
    }
}
