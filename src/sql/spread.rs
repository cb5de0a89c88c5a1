//! How many rows may be handled at once, where a long value can stand in each of them? A constant, or what
//! a subquery or a joined row brings, is copied into every row of a batch.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::guard::Limits;

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
/// Constants may take this part of the memory of a query in a batch.
const SHARE: usize = 8;
const MIB: usize = 1024 * 1024;

/// The most rows of a batch; `None` where nothing long is copied.
pub(super) fn rows(plan: &LogicalPlan, limits: Limits) -> QueryResult<Option<usize>> {
    let (mut constants, mut builds, mut copies) = (0_usize, false, false);
    plan.apply_with_subqueries(|node| {
        copies |= matches!(node, LogicalPlan::Join(_) | LogicalPlan::Window(_));
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                match expression {
                    Expr::Literal(value, _) if value.size() > SHORT_BYTES => {
                        constants = constants.saturating_add(value.size());
                    }
                    Expr::ScalarSubquery(_) => copies = true,
                    Expr::ScalarFunction(call) => builds |= BUILDERS.contains(&call.name()),
                    Expr::AggregateFunction(call) => {
                        builds |= BUILDERS.contains(&call.func.name());
                    }
                    Expr::WindowFunction(call) => builds |= BUILDERS.contains(&call.fun.name()),
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    // How long it becomes shows only when it is there.
    if builds && copies {
        return Ok(Some(1));
    }
    let allowed = limits.memory_mib.saturating_mul(MIB) / SHARE;
    Ok((constants > 0).then(|| (allowed / constants).max(1)))
}
