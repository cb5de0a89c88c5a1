//! How many rows may be handled at once, where a long value can stand in each of them? A text of a post, a
//! constant, or what a subquery or a joined row brings and is copied into every row of a batch.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::guard::Limits;
use super::wide::{TEXT_BYTES_MAX, constant_bytes, is_built, is_made, is_read};

/// Constants may take this part of the memory of a query in a batch.
const CONSTANTS_SHARE: usize = 8;
/// Texts may take this part of it in the batches of all threads, and so many rows are handled at most.
const TEXTS_SHARE: usize = 4;
const TEXTS_MAX: usize = 512;
/// Expressions that a query may have, and be taken for one that makes no texts.
const MADE_FREE: usize = 8;
const MIB: usize = 1024 * 1024;

/// The most rows of a batch; `None` where nothing long is copied.
pub(super) fn rows(plan: &LogicalPlan, limits: Limits) -> QueryResult<Option<usize>> {
    let mut found = Found::default();
    found.look(plan, false)?;
    // How long it becomes shows only when it is there.
    if found.copies_what_is_built {
        return Ok(Some(1));
    }
    let memory = limits.memory_mib.saturating_mul(MIB);
    let constants =
        (found.constants > 0).then(|| (memory / CONSTANTS_SHARE / found.constants).max(1));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let texts = memory / TEXTS_SHARE / threads / TEXT_BYTES_MAX / (1 + found.made / MADE_FREE);
    let texts = found.reads_texts.then(|| texts.clamp(1, TEXTS_MAX));
    Ok(constants.into_iter().chain(texts).min())
}

/// What a plan copies.
#[derive(Debug, Default)]
struct Found {
    /// Bytes of long constants.
    constants: usize,
    /// Whether columns are read that hold texts of any length.
    reads_texts: bool,
    /// Expressions that can make further texts of them.
    made: usize,
    /// Whether a built value is copied: it is built below a join or a window, or in a subquery. One that
    /// is built above them stands in its own row alone.
    copies_what_is_built: bool,
}

impl Found {
    /// Looks at a part of a plan, and whether something above it copies its rows.
    fn look(&mut self, node: &LogicalPlan, is_copied: bool) -> QueryResult<()> {
        let is_copied = is_copied || matches!(node, LogicalPlan::Join(_) | LogicalPlan::Window(_));
        self.reads_texts |= is_read(node);
        let mut subqueries = Vec::new();
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                match expression {
                    Expr::ScalarSubquery(asked) => subqueries.push(Arc::clone(&asked.subquery)),
                    Expr::Exists(asked) => subqueries.push(Arc::clone(&asked.subquery.subquery)),
                    Expr::InSubquery(asked) => {
                        subqueries.push(Arc::clone(&asked.subquery.subquery));
                    }
                    _ => {}
                }
                self.constants = self.constants.saturating_add(constant_bytes(expression));
                self.made += usize::from(is_made(expression));
                self.copies_what_is_built |= is_copied && is_built(expression);
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        subqueries.iter().try_for_each(|subquery| self.look(subquery, true))?;
        node.inputs().into_iter().try_for_each(|input| self.look(input, is_copied))
    }
}
