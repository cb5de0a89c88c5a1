//! May a query take much memory? One that only reads, filters and counts holds what DataFusion counts;
//! one that collects long values, or rows for a window, may hold any multiple of it.
//!
//! What is not known to be light is heavy: it costs the start of a process, and no more.

use std::collections::HashSet;
use std::sync::LazyLock;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};

use super::growth::{GROWING, SLOW};
use super::guard::Limits;
use super::wide::{TEXT_BYTES_MAX, constant_bytes, is_built, is_column, is_made, is_read};
use crate::lake::{Table, arrow_schema};

/// So many calls that put short values together cannot make long ones of them.
const CALLS_MAX: usize = 4;
/// A query with so many expressions over long texts holds one of each for every row of a batch.
const MADE_MAX: usize = 64;
/// What a sort with a limit holds of texts may be this part of the memory of a query.
const SHARE: usize = 8;
const MIB: usize = 1024 * 1024;

/// Columns of tables whose texts are short: names, kinds, identities.
static SHORT: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let tables = Table::ALL.into_iter().chain([Table::Audit]);
    let fields = tables.flat_map(|table| {
        let schema = arrow_schema(table);
        let texts = schema.fields().iter().filter(|field| is_open(field.data_type()));
        texts.map(|field| field.name().clone()).collect::<Vec<_>>()
    });
    fields.filter(|name| !is_column(name)).collect()
});

/// Whether it may take more than the engine of queries accounts for.
pub(super) fn is_heavy(plan: &LogicalPlan, limits: Limits) -> QueryResult<bool> {
    let mut found = Found {
        rows_max: limits.memory_mib.saturating_mul(MIB) / SHARE / TEXT_BYTES_MAX,
        ..Found::default()
    };
    plan.apply_with_subqueries(|node| {
        found.look(node)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    let is_long = found.is_long || found.calls > CALLS_MAX;
    Ok(found.collects || (is_long && (found.holds || found.made > MADE_MAX)))
}

/// What a plan does.
#[derive(Debug, Default)]
struct Found {
    /// Rows that a sort with a limit may hold.
    rows_max: usize,
    /// Whether a long value can come up anywhere.
    is_long: bool,
    /// Calls that put values together.
    calls: usize,
    /// Expressions that can make texts.
    made: usize,
    /// Whether something holds values that may be long.
    holds: bool,
    /// Whether something collects rows that nobody counts.
    collects: bool,
}

impl Found {
    fn look(&mut self, node: &LogicalPlan) -> QueryResult<()> {
        self.is_long |= is_read(node);
        match node {
            LogicalPlan::Window(_)
            | LogicalPlan::Unnest(_)
            | LogicalPlan::RecursiveQuery(_)
            | LogicalPlan::Extension(_) => self.collects = true,
            LogicalPlan::Sort(sort) if sort.fetch.is_some_and(|rows| rows <= self.rows_max) => {}
            LogicalPlan::Sort(_) | LogicalPlan::Join(_) | LogicalPlan::Distinct(_) => {
                self.holds |= node.inputs().into_iter().any(brings_long);
            }
            LogicalPlan::Aggregate(aggregate) => {
                let schema = aggregate.input.schema();
                let kept = aggregate.aggr_expr.iter().flat_map(kept);
                let mut kept = aggregate.group_expr.iter().chain(kept);
                self.holds |= kept.any(|expression| {
                    let is_open = expression.get_type(schema).is_ok_and(|kind| is_open(&kind));
                    is_open && !is_short_column(expression)
                });
            }
            _ => {}
        }
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                self.weigh(expression);
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(())
    }

    fn weigh(&mut self, expression: &Expr) {
        self.is_long |= is_built(expression) || constant_bytes(expression) > 0;
        self.made += usize::from(is_made(expression));
        match expression {
            Expr::ScalarFunction(call) => {
                self.calls += usize::from(GROWING.contains(&call.name()));
                // Nothing ends it within a batch but the end of a process.
                self.collects |= SLOW.contains(&call.name());
            }
            Expr::AggregateFunction(_) => self.collects |= is_built(expression),
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) => self.holds = true,
            // A name that promises short values, for something else.
            Expr::Alias(alias) if is_short(&alias.name) => {
                self.holds |=
                    !matches!(&*alias.expr, Expr::Column(column) if column.name == alias.name);
            }
            _ => {}
        }
    }
}

/// What an aggregate keeps of its rows: its arguments, unless it only counts them.
fn kept(aggregate: &Expr) -> &[Expr] {
    match aggregate {
        Expr::Alias(alias) => kept(&alias.expr),
        Expr::AggregateFunction(call) if call.func.name() != "count" || call.params.distinct => {
            &call.params.args
        }
        _ => &[],
    }
}

fn is_short(name: &str) -> bool {
    SHORT.contains(name)
}

fn is_short_column(expression: &Expr) -> bool {
    matches!(expression, Expr::Column(column) if is_short(&column.name))
}

/// Whether rows have a column that may be long.
fn brings_long(input: &LogicalPlan) -> bool {
    let mut fields = input.schema().fields().iter();
    fields.any(|field| is_open(field.data_type()) && !is_short(field.name()))
}

/// Whether values of a type can have any length.
fn is_open(kind: &DataType) -> bool {
    kind.is_string() || kind.is_binary() || kind.is_nested()
}
