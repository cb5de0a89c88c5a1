//! What is the result of integers that no integer can hold? An error, and not a number that wrapped
//! around: `+`, `-` and `*` of integers become functions that look.

use arrow::compute::kernels::numeric::{add, mul, sub};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_expr_common::datum::apply;
use std::sync::Arc;

/// Puts the functions in the place of the operators, after types are known.
#[derive(Debug)]
pub(super) struct Checked;

impl AnalyzerRule for Checked {
    fn name(&self) -> &'static str {
        "checked_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> QueryResult<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(checked_node)?.data)
    }
}

fn checked_node(node: LogicalPlan) -> QueryResult<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&node.inputs());
    if let LogicalPlan::TableScan(scan) = &node {
        schema.merge(&scan.projected_schema);
    }
    let names = NamePreserver::new(&node);
    node.map_expressions(|expression| {
        let name = names.save(&expression);
        let expression = expression.transform_up(|inner| checked(inner, &schema))?;
        Ok(expression.update_data(|expression| name.restore(expression)))
    })
}

fn checked(expression: Expr, schema: &DFSchema) -> QueryResult<Transformed<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expression else {
        return Ok(Transformed::no(expression));
    };
    let is_int = |side: &Expr| matches!(side.get_type(schema), Ok(kind) if kind.is_integer());
    let is_looked_at = matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply);
    if !is_looked_at || !is_int(&left) || !is_int(&right) {
        return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })));
    }
    let function = Arc::new(ScalarUDF::new_from_impl(Arithmetic::new(op)));
    let call = ScalarFunction::new_udf(function, vec![*left, *right]);
    Ok(Transformed::yes(Expr::ScalarFunction(call)))
}

/// An operator on two integers of one type.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Arithmetic {
    operator: Operator,
    signature: Signature,
}

impl Arithmetic {
    fn new(operator: Operator) -> Self {
        Self { operator, signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &'static str {
        match self.operator {
            Operator::Plus => "add",
            Operator::Minus => "subtract",
            _ => "multiply",
        }
    }

    /// As of the operator, since other parts of a plan name it so.
    fn schema_name(&self, arguments: &[Expr]) -> QueryResult<String> {
        let names: Vec<_> = arguments.iter().map(|side| side.schema_name().to_string()).collect();
        Ok(names.join(&format!(" {} ", self.operator)))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> QueryResult<DataType> {
        types.first().cloned().ok_or_else(unlike)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> QueryResult<FieldRef> {
        let fields = arguments.arg_fields;
        let kind = fields.first().ok_or_else(unlike)?.data_type().clone();
        let nullable = fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), kind, nullable)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let [left, right] = arguments.args.as_slice() else { return Err(unlike()) };
        match self.operator {
            Operator::Plus => apply(left, right, add),
            Operator::Minus => apply(left, right, sub),
            _ => apply(left, right, mul),
        }
    }
}

fn unlike() -> DataFusionError {
    DataFusionError::Internal("an operator takes two integers".to_owned())
}
