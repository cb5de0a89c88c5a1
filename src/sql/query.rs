//! What does the lake answer? SQL over the committed rows, through embedded DataFusion.
//!
//! A session sees one version of each table: the files that the Delta log named when it was
//! opened. It can read and nothing else, within limits of time and memory.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::{SQLOptions, SessionState, TaskContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, BATCHES_AHEAD};
use super::aside::Aside;
use super::beside::Beside;
use super::drivers::Drivers;
use super::due::{Promises, promised_until};
use super::error::SqlError;
use super::guard::{self, Limits};
use super::named::Named;
use super::scan::LakeFiles;
use super::statement::{CATALOG, SCHEMA, apart, statement};
use super::wanted::wanted;
use super::{
    arithmetic, drivers, functions, growth, json, operators, spread, sums, united, views, weigh,
};
use crate::lake::{Folder, LakeError, Table};
use crate::state::Site;

/// Read-only SQL over one version of a lake.
pub struct Session {
    pub(super) context: SessionContext,
    pub(super) limits: Limits,
    /// Who answers what may take much memory; without it, this process does.
    pub(super) aside: Option<Aside>,
    /// What is promised to people who wait for an answer.
    pub(super) promises: Promises,
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
        Self::open_promised(folder, limits, &Promises::default()).await
    }

    /// The same for one statement alone: what it does not name is not opened.
    ///
    /// # Errors
    /// When the log of a table that it needs cannot be read.
    pub async fn open_for(
        folder: &Folder,
        limits: Limits,
        promises: &Promises,
        sql: &str,
    ) -> Result<Self, LakeError> {
        let context = context(limits).map_err(unusable)?;
        let named = Named::of(&context, sql).await;
        Self::fill(context, folder, &named, (limits, promises)).await
    }

    /// The same over tables that were opened before.
    pub(super) async fn over(
        tables: Vec<Arc<LakeFiles>>,
        beside: &Beside,
        limits: Limits,
        promises: &Promises,
    ) -> Result<Self, LakeError> {
        let context = context(limits).map_err(unusable)?;
        let tables = Table::ALL.into_iter().zip(tables).collect();
        let (named, given) = (Named::all(), (limits, promises));
        Self::register(context, tables, beside, &named, given).await.map_err(unusable)
    }

    /// Has what may take much memory answered by a process of its own, which is ended if it takes more
    /// than about twice what it may: from the lake at this place, and for this user of PostgreSQL's
    /// catalog, if a client of it asks. Without [`start_this_program_again`](super::start_this_program_again)
    /// it changes nothing.
    #[must_use]
    pub fn aside(self, site: &Site, user: Option<&str>) -> Self {
        Self { aside: Aside::of(site, user, &self.promises), ..self }
    }

    /// Makes tables and views known to a context, those that are named.
    pub(super) async fn fill(
        context: SessionContext,
        folder: &Folder,
        named: &Named,
        given: (Limits, &Promises),
    ) -> Result<Self, LakeError> {
        let beside = Beside::read(folder)?;
        let mut tables = Vec::new();
        for table in Table::ALL.into_iter().filter(|table| named.has(table.name())) {
            tables.push((table, Arc::new(LakeFiles::open(table, folder).await?)));
        }
        Self::register(context, tables, &beside, named, given).await.map_err(unusable)
    }

    /// Makes tables known, with what lies beside them, which was read before, and the views over them
    /// that are named.
    async fn register(
        context: SessionContext,
        tables: Vec<(Table, Arc<LakeFiles>)>,
        beside: &Beside,
        named: &Named,
        (limits, promises): (Limits, &Promises),
    ) -> QueryResult<Self> {
        context.register_udf(promised_until(promises));
        context.register_udf(wanted(promises));
        for (table, files) in tables {
            for (url, store) in files.parts().iter().map(|part| part.store()) {
                context.register_object_store(url.as_ref(), store);
            }
            let files = united::table(&context, table, files.parts())?;
            if table == Table::Mentions {
                let mentions = Arc::clone(&files);
                context.register_udtf(drivers::NAME, Arc::new(Drivers { mentions }));
            }
            context.register_table(table.name(), files)?;
        }
        beside.register(&context, named).await?;
        views::register(&context, |view| named.has(view)).await?;
        Ok(Self { context, limits, aside: None, promises: promises.clone() })
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
        let work = planned.map_err(|_| SqlError::late(limits))??;
        self.start(work, (sql, Vec::new()), end).await
    }

    /// Begins to answer a statement with its parameters, until a moment.
    pub(super) async fn start(
        &self,
        Work { plan, task, is_heavy }: Work,
        (sql, values): (&str, Vec<ScalarValue>),
        end: Instant,
    ) -> Result<Answer, SqlError> {
        let limits = self.limits;
        if let Some(aside) = self.aside.as_ref().filter(|_| is_heavy) {
            return aside.ask(sql, values, limits, end).await;
        }
        let schema = plan.schema();
        let text = sql.to_owned();
        let wrong = move |error: DataFusionError| SqlError::of(&error, &text, limits);
        let mut stream = execute_stream(plan, task).map_err(&wrong)?;
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let work = tokio::spawn(async move {
            while let Some(batch) = stream.next().await {
                if sender.send(batch.map_err(&wrong)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Answer::new(schema, batches, work, end, limits))
    }
}

/// What a context that cannot be made says.
pub(super) fn unusable(error: DataFusionError) -> LakeError {
    LakeError::Internal(error.strip_backtrace())
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
    let statement = statement(&state, sql).map_err(wrong)?;
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
    is_heavy: bool,
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
    let is_heavy = weigh::is_heavy(&plan, limits)?;
    if let Some(rows) = spread::rows(&plan, limits)? {
        let rows = rows.min(state.config().batch_size());
        *state.config_mut() = state.config().clone().with_batch_size(rows);
    }
    let planner = Arc::clone(state.query_planner());
    let plan = planner.create_physical_plan(&plan, &state).await?;
    let plan = plan.transform_up(yielding)?.data;
    Ok(Work { plan, task: Arc::new(TaskContext::from(&state)), is_heavy })
}

/// Makes what can turn few rows into many give way after some batches, so that it can be stopped.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> QueryResult<Transformed<Arc<dyn ExecutionPlan>>> {
    let many = ["JoinExec", "UnnestExec", "RecursiveQueryExec"];
    if many.iter().any(|ending| plan.name().ends_with(ending)) {
        return Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan))));
    }
    Ok(Transformed::no(plan))
}
