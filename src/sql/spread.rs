//! How many rows may be handled at once, where a long value can stand in each of them? A constant, or what
//! a subquery or a joined row brings, is copied into every row of a batch.

use std::sync::Arc;

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
    let mut found = Found::default();
    found.look(plan, false)?;
    // How long it becomes shows only when it is there.
    if found.copies_what_is_built {
        return Ok(Some(1));
    }
    let allowed = limits.memory_mib.saturating_mul(MIB) / SHARE;
    Ok((found.constants > 0).then(|| (allowed / found.constants).max(1)))
}

/// What a plan copies.
#[derive(Debug, Default)]
struct Found {
    /// Bytes of long constants.
    constants: usize,
    /// Whether a built value is copied: it is built below a join or a window, or in a subquery. One that
    /// is built above them stands in its own row alone.
    copies_what_is_built: bool,
}

impl Found {
    /// Looks at a part of a plan, and whether something above it copies its rows.
    fn look(&mut self, node: &LogicalPlan, is_copied: bool) -> QueryResult<()> {
        let is_copied = is_copied || matches!(node, LogicalPlan::Join(_) | LogicalPlan::Window(_));
        let mut subqueries = Vec::new();
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                let builds = match expression {
                    Expr::Literal(value, _) if value.size() > SHORT_BYTES => {
                        self.constants = self.constants.saturating_add(value.size());
                        false
                    }
                    Expr::ScalarSubquery(asked) => {
                        subqueries.push(Arc::clone(&asked.subquery));
                        false
                    }
                    Expr::Exists(asked) => {
                        subqueries.push(Arc::clone(&asked.subquery.subquery));
                        false
                    }
                    Expr::InSubquery(asked) => {
                        subqueries.push(Arc::clone(&asked.subquery.subquery));
                        false
                    }
                    Expr::ScalarFunction(call) => BUILDERS.contains(&call.name()),
                    Expr::AggregateFunction(call) => BUILDERS.contains(&call.func.name()),
                    Expr::WindowFunction(call) => BUILDERS.contains(&call.fun.name()),
                    _ => false,
                };
                self.copies_what_is_built |= builds && is_copied;
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        subqueries.iter().try_for_each(|subquery| self.look(subquery, true))?;
        node.inputs().into_iter().try_for_each(|input| self.look(input, is_copied))
    }
}
