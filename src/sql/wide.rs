//! Which values can be long? Texts of posts, what is built by functions, and constants.

use datafusion::logical_expr::{Expr, LogicalPlan};

/// Columns that hold texts of any length.
const COLUMNS: [&str; 5] = ["text", "evidence", "terms", "raw", "note"];
/// What brings a value of any length out of few rows.
const BUILDERS: [&str; 11] = [
    "array_agg",
    "array_repeat",
    "array_resize",
    "generate_series",
    "lpad",
    "range",
    "regexp_replace",
    "repeat",
    "replace",
    "rpad",
    "string_agg",
];
/// Constants that are shorter count for nothing.
const SHORT_BYTES: usize = 1024;
/// Longest text of a post.
pub(super) const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Whether a column of this name can hold long texts.
pub(super) fn is_column(name: &str) -> bool {
    COLUMNS.contains(&name)
}

/// Whether a part of a plan reads such columns from a table.
pub(super) fn is_read(node: &LogicalPlan) -> bool {
    let LogicalPlan::TableScan(scan) = node else { return false };
    scan.projected_schema.fields().iter().any(|field| is_column(field.name()))
}

/// Whether an expression makes something long out of little.
pub(super) fn is_built(expression: &Expr) -> bool {
    let name = match expression {
        Expr::ScalarFunction(call) => call.name(),
        Expr::AggregateFunction(call) => call.func.name(),
        Expr::WindowFunction(call) => call.fun.name(),
        _ => return false,
    };
    BUILDERS.contains(&name)
}

/// Whether an expression can make a text out of others.
pub(super) fn is_made(expression: &Expr) -> bool {
    matches!(expression, Expr::ScalarFunction(_) | Expr::Case(_) | Expr::BinaryExpr(_))
}

/// Bytes of a long constant; 0 for everything else.
pub(super) fn constant_bytes(expression: &Expr) -> usize {
    match expression {
        Expr::Literal(value, _) if value.size() > SHORT_BYTES => value.size(),
        _ => 0,
    }
}
