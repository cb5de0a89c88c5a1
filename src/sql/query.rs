//! What does the lake answer? SQL over the committed rows, through embedded DataFusion.
//!
//! A session sees one version of each table: the files that the Delta log named when it was
//! opened. It can read and nothing else, within limits of time and memory.

use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::Dialect;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::{SQLOptions, SessionState, TaskContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout_at};

use super::beside::Beside;
use super::drivers::Drivers;
use super::error::SqlError;
use super::format::{AnswerWriter, QueryFormat};
use super::guard::{self, Limits};
use super::pieces::Pieces;
use super::scan::LakeFiles;
use super::{arithmetic, functions, growth, json, operators, spread, sums, united, views};
use crate::lake::{Folder, LakeError, Table};

/// The database of which all tables are, and their schema.
pub(super) const CATALOG: &str = "resonanz";
pub(super) const SCHEMA: &str = "public";
/// Stack of the thread that plans: what [`guard`] lets pass fits.
const PLAN_STACK_BYTES: usize = 256 * 1024 * 1024;
/// Rows that are read and handed on at once where columns hold texts of any length.
const WIDE_BATCH_ROWS: usize = 512;
/// Columns that hold such texts.
const WIDE: [&str; 4] = ["text", "evidence", "terms", "raw"];
/// Batches that wait between a query and its reader.
const BATCHES_AHEAD: usize = 1;

/// Read-only SQL over one version of a lake.
pub struct Session {
    pub(super) context: SessionContext,
    pub(super) limits: Limits,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Session {
    /// Longest time of a query.
    #[must_use]
    pub fn time(&self) -> std::time::Duration {
        self.limits.time
    }

    /// Opens the newest version of each table, and the views over them, with default limits.
    ///
    /// # Errors
    /// When a table's log cannot be read.
    pub async fn open(folder: &Folder) -> Result<Self, LakeError> {
        Self::open_within(folder, Limits::default()).await
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// When a table's log cannot be read.
    pub async fn open_within(folder: &Folder, limits: Limits) -> Result<Self, LakeError> {
        let context = context(limits).map_err(unusable)?;
        Self::fill(context, folder, limits).await
    }

    /// The same over tables that were opened before.
    pub(super) async fn over(
        tables: Vec<Arc<LakeFiles>>,
        beside: &Beside,
        limits: Limits,
    ) -> Result<Self, LakeError> {
        let context = context(limits).map_err(unusable)?;
        Self::register(context, tables, beside, limits).await.map_err(unusable)
    }

    /// Makes the tables and views known to a context.
    pub(super) async fn fill(
        context: SessionContext,
        folder: &Folder,
        limits: Limits,
    ) -> Result<Self, LakeError> {
        let beside = Beside::read(folder)?;
        let mut tables = Vec::new();
        for table in Table::ALL {
            tables.push(Arc::new(LakeFiles::open(table, folder).await?));
        }
        Self::register(context, tables, &beside, limits).await.map_err(unusable)
    }

    /// Makes tables known, in the order of [`Table::ALL`], with what lies beside them, which was read
    /// before, and the views over all.
    async fn register(
        context: SessionContext,
        tables: Vec<Arc<LakeFiles>>,
        beside: &Beside,
        limits: Limits,
    ) -> QueryResult<Self> {
        for (table, files) in Table::ALL.into_iter().zip(tables) {
            for (url, store) in files.parts().iter().map(|part| part.store()) {
                context.register_object_store(url.as_ref(), store);
            }
            let files = united::table(&context, table, files.parts())?;
            if table == Table::Mentions {
                let mentions = Arc::clone(&files);
                context.register_udtf("drivers", Arc::new(Drivers { mentions }));
            }
            context.register_table(table.name(), files)?;
        }
        beside.register(&context).await?;
        views::register(&context).await?;
        Ok(Self { context, limits })
    }

    /// Runs one SELECT, EXPLAIN, DESCRIBE or SHOW. The time limit begins now.
    ///
    /// # Errors
    /// For SQL that is wrong, would change anything, or is too large to be planned.
    pub async fn query(&self, sql: &str) -> Result<Answer, SqlError> {
        let limits = self.limits;
        let end = Instant::now() + limits.time;
        guard::check_text(sql).map_err(SqlError::refused)?;
        let (context, text) = (self.context.clone(), sql.to_owned());
        let work = async move { plan(&context, &text, limits).await };
        let planned = timeout_at(end, apart(work)).await;
        let plan = planned.map_err(|_| SqlError::late(limits))??;
        self.start(plan, sql, end)
    }

    /// Runs a plan until a moment.
    pub(super) fn start(
        &self,
        Work { plan, task }: Work,
        sql: &str,
        end: Instant,
    ) -> Result<Answer, SqlError> {
        let limits = self.limits;
        let schema = plan.schema();
        let stream = execute_stream(plan, task);
        let mut stream = stream.map_err(|error| SqlError::of(&error, sql, limits))?;
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let work = tokio::spawn(async move {
            while let Some(batch) = stream.next().await {
                if sender.send(batch).await.is_err() {
                    return;
                }
            }
        });
        let pieces = Pieces::default();
        Ok(Answer { schema, batches, pieces, work, end, limits, sql: sql.to_owned() })
    }
}

/// What a task that broke down says.
fn told(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "it was interrupted".to_owned() };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it has no words for it").to_owned()
}

/// What a context that cannot be made says.
pub(super) fn unusable(error: DataFusionError) -> LakeError {
    LakeError::Internal(error.strip_backtrace())
}

/// Plans on a thread of its own: the recursion over a statement needs stack, and a plan that takes
/// too long must not hold up the runtime.
pub(super) async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, SqlError>> + Send + 'static,
) -> Result<T, SqlError> {
    let (sender, planned) = tokio::sync::oneshot::channel();
    let runtime = Handle::current();
    let work = move || {
        let _ = sender.send(runtime.block_on(work));
    };
    let thread = std::thread::Builder::new().name("plan".to_owned());
    let started = thread.stack_size(PLAN_STACK_BYTES).spawn(work);
    started.map_err(|error| SqlError::broken(&error.to_string()))?;
    planned.await.map_err(|_| SqlError::broken("it could not be planned"))?
}

pub(super) fn context(limits: Limits) -> QueryResult<SessionContext> {
    let mut config = SessionConfig::new()
        .with_information_schema(true)
        .with_default_catalog_and_schema(CATALOG, SCHEMA);
    config.options_mut().sql_parser.collect_spans = true;
    let mut context = SessionContext::new_with_config_rt(config, runtime(limits)?);
    functions::all().into_iter().for_each(|function| context.register_udf(function));
    json::all().into_iter().for_each(|function| context.register_udf(function));
    growth::bound(&context, limits);
    context.register_udaf(sums::sum());
    context.add_analyzer_rule(Arc::new(arithmetic::Checked));
    context.register_expr_planner(operators::planner())?;
    Ok(context)
}

/// What bounds the memory of one query.
pub(super) fn runtime(limits: Limits) -> QueryResult<Arc<RuntimeEnv>> {
    let no_disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    RuntimeEnvBuilder::new()
        .with_memory_limit(limits.memory_mib.saturating_mul(1024 * 1024), 1.0)
        .with_disk_manager_builder(no_disk)
        .build_arc()
}

async fn plan(context: &SessionContext, sql: &str, limits: Limits) -> Result<Work, SqlError> {
    let state = context.state();
    let wrong = |error: DataFusionError| SqlError::of(&error, sql, limits);
    // The common dialect binds `->` looser than a comparison.
    let dialect = if sql.contains("->") {
        Dialect::PostgreSQL
    } else {
        state.config().options().sql_parser.dialect
    };
    let statement = state.sql_to_statement(sql, &dialect).map_err(wrong)?;
    guard::check(&statement).map_err(SqlError::refused)?;
    let plan = logical(&state, statement).await.map_err(wrong)?;
    physical(&state, plan, limits).await.map_err(wrong)
}

/// What a statement asks, if it only reads.
pub(super) async fn logical(
    state: &SessionState,
    statement: Statement,
) -> QueryResult<LogicalPlan> {
    let plan = state.statement_to_plan(statement).await?;
    let reading =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reading.verify_plan(&plan)?;
    Ok(plan)
}

/// What is to be done, and with what.
pub(super) struct Work {
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
}

/// How it is done, so that it can be ended at any time, in bounded memory.
pub(super) async fn physical(
    state: &SessionState,
    plan: LogicalPlan,
    limits: Limits,
) -> QueryResult<Work> {
    let plan = growth::bind(plan, limits)?;
    let mut state = state.clone();
    // Constants are known once they are computed.
    let plan = state.optimize(&plan)?;
    let wide = if is_wide(&plan)? { Some(WIDE_BATCH_ROWS) } else { None };
    let long = spread::rows(&plan, limits)?;
    if let Some(rows) = wide.into_iter().chain(long).min() {
        let rows = rows.min(state.config().batch_size());
        *state.config_mut() = state.config().clone().with_batch_size(rows);
    }
    let planner = Arc::clone(state.query_planner());
    let plan = planner.create_physical_plan(&plan, &state).await?;
    let plan = plan.transform_up(yielding)?.data;
    Ok(Work { plan, task: Arc::new(TaskContext::from(&state)) })
}

/// Whether a plan reads texts of any length.
fn is_wide(plan: &LogicalPlan) -> QueryResult<bool> {
    let mut is_wide = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::Column(column) = expression {
                    is_wide |= WIDE.contains(&column.name.as_str());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(is_wide)
}

/// Makes what can turn few rows into many give way after some batches, so that it can be stopped.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> QueryResult<Transformed<Arc<dyn ExecutionPlan>>> {
    let many = ["JoinExec", "UnnestExec", "RecursiveQueryExec"];
    if many.iter().any(|ending| plan.name().ends_with(ending)) {
        return Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan))));
    }
    Ok(Transformed::no(plan))
}

/// The rows of an answer, as they come. Dropping it ends the query.
#[derive(Debug)]
pub struct Answer {
    schema: SchemaRef,
    batches: mpsc::Receiver<QueryResult<RecordBatch>>,
    /// Of the batch that came last.
    pieces: Pieces,
    work: JoinHandle<()>,
    end: Instant,
    limits: Limits,
    /// For errors that point into it.
    sql: String,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Answer {
    /// The columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// When it must be done.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.end
    }

    /// The next rows, at most about 1 MiB; `None` at the end.
    ///
    /// # Errors
    /// When a file cannot be read, or a limit is reached.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        loop {
            if let Some(piece) = self.pieces.next() {
                return Ok(Some(piece));
            }
            match timeout_at(self.end, self.batches.recv()).await {
                Err(_) => return Err(SqlError::late(self.limits)),
                Ok(Some(Ok(batch))) => self.pieces = Pieces::of(batch),
                Ok(Some(Err(error))) => {
                    return Err(SqlError::of(&error, &self.sql, self.limits));
                }
                // The work ends by itself, or by a panic that must not pass for the end of the rows.
                Ok(None) => {
                    let ended = (&mut self.work).await;
                    return ended.map(|()| None).map_err(|error| SqlError::broken(&told(error)));
                }
            }
        }
    }

    /// All rows at once.
    ///
    /// # Errors
    /// When a file cannot be read, or a limit is reached.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, SqlError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// Writes the rows; all formats but the table stream, in flat memory.
    ///
    /// # Errors
    /// When a file cannot be read, a limit is reached, or writing fails.
    pub async fn write(mut self, format: QueryFormat, out: impl Write) -> Result<(), SqlError> {
        let mut writer = AnswerWriter::new(format, out, &self.schema())?;
        while let Some(batch) = self.next().await? {
            writer.write(&batch)?;
        }
        writer.finish()?;
        Ok(())
    }
}
