//! Which SQL may be planned? One statement that reads, of bounded length, depth and breadth.
//!
//! Planning recurses over the statement and copies what is named twice, so both must be bounded
//! before it begins. What a plan then does is bounded by [`Limits`].

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Select, Statement as SqlStatement, Visit, Visitor,
};

/// Longest statement in bytes.
const SQL_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting of an expression, in which each operator of a chain counts.
const DEPTH_MAX: usize = 1_000;
/// Most tables of a statement, where a common table expression counts each time it is named.
const TABLES_MAX: usize = 500;
/// Most steps spent on counting them.
const STEPS_MAX: usize = 50_000;
/// Most expressions visited on the way: each query in WITH is visited twice by the one around it.
const VISITS_MAX: usize = 2_000_000;

/// What a query may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the beginning to the last row.
    pub time: Duration,
    /// Of rows held at once by joins, sorts and groups, in MiB. What single functions and readers
    /// hold for a moment, some MiB each, comes on top.
    pub memory_mib: usize,
}

impl Default for Limits {
    /// A minute and 1 GiB.
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory_mib: 1_024 }
    }
}

/// Why a statement is not planned, and what to do.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) hint: &'static str,
    /// SQLSTATE.
    pub(super) code: &'static str,
}

/// SQLSTATE of what would change something, and of what is too large to be planned.
const READ_ONLY: &str = "25006";
const TOO_COMPLEX: &str = "54001";

/// Whether a text is short enough to be parsed.
pub(super) fn check_text(sql: &str) -> Result<(), Refusal> {
    if sql.len() > SQL_BYTES_MAX {
        let message = format!("the statement has {} bytes; {SQL_BYTES_MAX} are allowed", sql.len());
        let hint = "ask in several statements";
        return Err(Refusal { message, hint, code: TOO_COMPLEX });
    }
    Ok(())
}

/// Whether a statement only reads, and is small enough to be planned.
pub(super) fn check(statement: &Statement) -> Result<(), Refusal> {
    let plain = match statement {
        Statement::Explain(explain) => return check(&explain.statement),
        Statement::Statement(plain) => plain,
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => {
            return Err(writes());
        }
    };
    let reads = matches!(
        **plain,
        SqlStatement::Query(_)
            | SqlStatement::Explain { .. }
            | SqlStatement::ExplainTable { .. }
            | SqlStatement::ShowTables { .. }
            | SqlStatement::ShowColumns { .. }
            | SqlStatement::ShowFunctions { .. }
            | SqlStatement::ShowVariable { .. }
    );
    if !reads {
        return Err(writes());
    }
    let mut size = Size::default();
    match plain.visit(&mut size) {
        ControlFlow::Break(refusal) => Err(refusal),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn writes() -> Refusal {
    let message = "only reading is possible".to_owned();
    let hint = "write one SELECT, EXPLAIN, DESCRIBE or SHOW";
    Refusal { message, hint, code: READ_ONLY }
}

/// Counts what a statement will cost to plan.
#[derive(Default)]
struct Size {
    depth: usize,
    tables: usize,
    steps: usize,
    visits: usize,
    /// How many tables each common table expression stands for.
    named: HashMap<String, usize>,
}

impl Size {
    fn add(&mut self, tables: usize) -> ControlFlow<Refusal> {
        self.tables = self.tables.saturating_add(tables);
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return nested();
        }
        if self.tables <= TABLES_MAX {
            return ControlFlow::Continue(());
        }
        let message = format!("the statement reads more than {TABLES_MAX} tables");
        let hint = "a common table expression counts each time it is used; join fewer";
        ControlFlow::Break(Refusal { message, hint, code: TOO_COMPLEX })
    }
}

/// Too many common table expressions within others.
fn nested() -> ControlFlow<Refusal> {
    let message = "common table expressions stand too deep in each other".to_owned();
    let hint = "name them one after another: WITH a AS (...), b AS (SELECT ... FROM a)";
    ControlFlow::Break(Refusal { message, hint, code: TOO_COMPLEX })
}

impl Visitor for Size {
    type Break = Refusal;

    /// Learns what the query's common table expressions stand for; they are visited again as part
    /// of it, which only makes the count larger.
    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        // One without SELECT and tables, such as VALUES, is a step, too.
        self.add(0)?;
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let before = self.tables;
            table.query.visit(self)?;
            let own = self.tables - before;
            let name = table.alias.name.value.to_lowercase();
            let known = self.named.entry(name).or_default();
            *known = own.max(*known);
            self.tables = before;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, _select: &Select) -> ControlFlow<Refusal> {
        self.add(1)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Refusal> {
        let known = self.named.get(&relation.to_string().trim_matches('"').to_lowercase());
        self.add(known.copied().unwrap_or(1))
    }

    fn pre_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<Refusal> {
        self.depth += 1;
        self.visits += 1;
        if self.visits > VISITS_MAX {
            return nested();
        }
        if self.depth <= DEPTH_MAX {
            return ControlFlow::Continue(());
        }
        let message = format!("an expression is more than {DEPTH_MAX} deep");
        let hint = "write a list instead: topic IN ('a', 'b', ...)";
        ControlFlow::Break(Refusal { message, hint, code: TOO_COMPLEX })
    }

    fn post_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<Refusal> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}
