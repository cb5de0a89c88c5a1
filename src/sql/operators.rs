//! What do operators mean that DataFusion leaves open, or answers without a bound? `->` and `->>` look
//! into JSON; `||` joins texts as a function, which is asked for the size of its answer.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::compute::kernels::concat_elements::concat_elements_utf8;
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::json;

/// The operators.
pub(super) fn planner() -> Arc<dyn ExprPlanner> {
    Arc::new(Operators)
}

#[derive(Debug)]
struct Operators;

impl ExprPlanner for Operators {
    fn plan_binary_op(
        &self,
        expression: RawBinaryExpr,
        schema: &DFSchema,
    ) -> QueryResult<PlannerResult<RawBinaryExpr>> {
        let function = match expression.op {
            BinaryOperator::Arrow => json::operator(json::Form::Json),
            BinaryOperator::LongArrow => json::operator(json::Form::Text),
            BinaryOperator::StringConcat => {
                let is_binary = |side: &Expr| matches!(side.get_type(schema), Ok(kind) if kind.is_binary() || kind.is_nested());
                if is_binary(&expression.left) || is_binary(&expression.right) {
                    return Ok(PlannerResult::Original(expression));
                }
                Arc::new(ScalarUDF::new_from_impl(Concat::default()))
            }
            _ => return Ok(PlannerResult::Original(expression)),
        };
        let args = vec![expression.left, expression.right];
        let call = ScalarFunction::new_udf(function, args);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(call)))
    }
}

/// Two texts in one; null if one is null.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concat {
    signature: Signature,
}

impl Default for Concat {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Concat {
    fn name(&self) -> &'static str {
        "string_concat"
    }

    fn schema_name(&self, arguments: &[Expr]) -> QueryResult<String> {
        let names: Vec<_> = arguments.iter().map(|side| side.schema_name().to_string()).collect();
        Ok(names.join(" || "))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> QueryResult<Vec<DataType>> {
        Ok(vec![DataType::Utf8; types.len()])
    }

    fn return_type(&self, _types: &[DataType]) -> QueryResult<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let constant = arguments.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { arguments.number_rows };
        let sides =
            arguments.args.iter().map(|arg| Ok(cast(&arg.to_array(rows)?, &DataType::Utf8)?));
        let sides = sides.collect::<QueryResult<Vec<_>>>()?;
        let [left, right] = sides.as_slice() else {
            return Err(DataFusionError::Plan("|| joins two texts".to_owned()));
        };
        let joined = concat_elements_utf8(left.as_string::<i32>(), right.as_string::<i32>())?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&joined, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(joined)))
    }
}
