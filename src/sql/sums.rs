//! What is the sum of integers that no integer can hold? An error, and not a number that wrapped
//! around: sums are kept in 128 bits, and asked at the end whether they fit.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Field, FieldRef, Int64Type,
};
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator,
    ReversedUDAF, SetMonotonicity, Signature,
};

/// What integers are summed in.
const WIDE: DataType = DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0);

/// The function `sum`, in the place of DataFusion's.
pub(super) fn sum() -> AggregateUDF {
    AggregateUDF::new_from_impl(CheckedSum { plain: sum_udaf() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckedSum {
    plain: Arc<AggregateUDF>,
}

/// Arguments with which DataFusion's sum works in 128 bits; `None` for what is not an integer.
fn wide(field: &FieldRef) -> Option<FieldRef> {
    let is_int = field.data_type() == &DataType::Int64;
    is_int.then(|| Arc::new(Field::new(field.name(), WIDE, field.is_nullable())))
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        self.plain.name()
    }

    fn signature(&self) -> &Signature {
        self.plain.signature()
    }

    fn return_type(&self, types: &[DataType]) -> QueryResult<DataType> {
        self.plain.return_type(types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> QueryResult<Box<dyn Accumulator>> {
        match wide(&args.return_field) {
            None => self.plain.accumulator(args),
            Some(return_field) => {
                let inner = self.plain.accumulator(AccumulatorArgs { return_field, ..args })?;
                Ok(Box::new(Checked(inner)))
            }
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> QueryResult<Vec<FieldRef>> {
        let return_field = wide(&args.return_field).unwrap_or(Arc::clone(&args.return_field));
        self.plain.state_fields(StateFieldsArgs { return_field, ..args })
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.plain.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> QueryResult<Box<dyn GroupsAccumulator>> {
        match wide(&args.return_field) {
            None => self.plain.create_groups_accumulator(args),
            Some(return_field) => {
                let args = AccumulatorArgs { return_field, ..args };
                Ok(Box::new(Checked(self.plain.create_groups_accumulator(args)?)))
            }
        }
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> QueryResult<Box<dyn Accumulator>> {
        match wide(&args.return_field) {
            // Of distinct values DataFusion slides over integers of 64 bits alone.
            Some(return_field) if !args.is_distinct => {
                let args = AccumulatorArgs { return_field, ..args };
                Ok(Box::new(Checked(self.plain.create_sliding_accumulator(args)?)))
            }
            _ => self.plain.create_sliding_accumulator(args),
        }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.plain.reverse_udf()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.plain.order_sensitivity()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.plain.documentation()
    }

    fn set_monotonicity(&self, kind: &DataType) -> SetMonotonicity {
        self.plain.inner().set_monotonicity(kind)
    }
}

/// A sum in 128 bits that takes and gives integers of 64.
#[derive(Debug)]
struct Checked<T: ?Sized>(Box<T>);

impl Accumulator for Checked<dyn Accumulator> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> QueryResult<()> {
        self.0.update_batch(&widened(values)?)
    }

    fn evaluate(&mut self) -> QueryResult<ScalarValue> {
        let sum = self.0.evaluate()?.to_array()?;
        ScalarValue::try_from_array(&narrowed(&sum)?, 0)
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn state(&mut self) -> QueryResult<Vec<ScalarValue>> {
        self.0.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> QueryResult<()> {
        self.0.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> QueryResult<()> {
        self.0.retract_batch(&widened(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.0.supports_retract_batch()
    }
}

impl GroupsAccumulator for Checked<dyn GroupsAccumulator> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> QueryResult<()> {
        self.0.update_batch(&widened(values)?, groups, filter, count)
    }

    fn evaluate(&mut self, groups: EmitTo) -> QueryResult<ArrayRef> {
        narrowed(&self.0.evaluate(groups)?)
    }

    fn state(&mut self, groups: EmitTo) -> QueryResult<Vec<ArrayRef>> {
        self.0.state(groups)
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        count: usize,
    ) -> QueryResult<()> {
        self.0.merge_batch(states, groups, count)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> QueryResult<Vec<ArrayRef>> {
        self.0.convert_to_state(&widened(values)?, filter)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

fn widened(values: &[ArrayRef]) -> QueryResult<Vec<ArrayRef>> {
    let one = |values: &ArrayRef| -> QueryResult<ArrayRef> {
        let values = values.as_primitive_opt::<Int64Type>().ok_or_else(unlike)?;
        let wide: Decimal128Array = values.unary(i128::from);
        Ok(Arc::new(wide.with_data_type(WIDE)))
    };
    values.iter().map(one).collect()
}

fn narrowed(sums: &ArrayRef) -> QueryResult<ArrayRef> {
    let sums = sums.as_primitive_opt::<Decimal128Type>().ok_or_else(unlike)?;
    let narrow = |sum: i128| {
        let too_large = || ArrowError::ArithmeticOverflow(format!("the sum {sum}"));
        i64::try_from(sum).map_err(|_| too_large())
    };
    let narrow: Int64Array = sums.try_unary(narrow)?;
    Ok(Arc::new(narrow))
}

fn unlike() -> DataFusionError {
    DataFusionError::Internal("a sum of integers is of another type".to_owned())
}
