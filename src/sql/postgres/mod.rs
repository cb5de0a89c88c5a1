//! How does a lake look to a client of PostgreSQL? Its catalog beside the tables, its dialect, and
//! parameters in statements.
//!
//! Statements are read as they stand first. What clients ask of `pg_catalog` is rewritten into what
//! DataFusion can answer; errors always speak of the statement as it was sent.

mod to_char;
mod empty;
mod nothing;
mod absent;
mod names;
mod rewrite;
mod format;
mod functions;
mod information;

pub(crate) use functions::setting_of_all;

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::config::Dialect;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::context::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::DataType as SqlType;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_postgres::datafusion_pg_catalog::setup_pg_catalog;
use datafusion_postgres::datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::due::Promises;
use super::error::SqlError;
use super::guard::{self, Limits};
use super::named::Named;
use super::query::{Session, logical, physical, runtime};
use super::statement::{CATALOG, SCHEMA, apart};
use crate::lake::{Folder, LakeError};

/// The one database that clients see.
pub(crate) const DATABASE: &str = CATALOG;
/// Whose dialect is spoken, and by whom.
pub(crate) const SERVER_VERSION: &str = concat!("16.6 (resonanz ", env!("CARGO_PKG_VERSION"), ")");
const PG_CATALOG: &str = "pg_catalog";
/// Longest statement that is rewritten; rewriting recurses before [`guard`] sees the outcome.
const REWRITTEN_BYTES_MAX: usize = 64 * 1024;
/// Most parameters of a statement, as the protocol counts them.
const PARAMETERS_MAX: usize = 65_535;

static REWRITER: LazyLock<PostgresCompatibilityParser> =
    LazyLock::new(PostgresCompatibilityParser::new);

/// The catalog of PostgreSQL over the tables and views of a lake, whose names and columns do not
/// change while it is served. Its object ids hold for all sessions.
pub(crate) struct PgCatalog {
    state: SessionState,
    schema: Arc<dyn SchemaProvider>,
    information: Arc<dyn SchemaProvider>,
}

impl PgCatalog {
    /// Makes it for a lake and its one user.
    pub(crate) async fn open(folder: &Folder, user: &str) -> Result<Self, LakeError> {
        let failed = |error: DataFusionError| LakeError::Internal(error.strip_backtrace());
        let session = Session::open(folder).await?;
        let context = &session.context;
        setup_pg_catalog(context, CATALOG, EmptyContextProvider).map_err(|error| failed(*error))?;
        functions::all(user, SERVER_VERSION)
            .into_iter()
            .for_each(|function| context.register_udf(function));
        let information = information::schema(context, user).await.map_err(failed)?;
        let schema = context.catalog(CATALOG).and_then(|catalog| catalog.schema(PG_CATALOG));
        let missing = || failed(DataFusionError::Plan("it has no catalog".to_owned()));
        let mut state = context.state();
        // What `timestamptz` is the type of.
        state.config_mut().options_mut().execution.time_zone = Some("UTC".to_owned());
        Ok(Self { schema: schema.ok_or_else(missing)?, information, state })
    }

    /// Opens the newest version of each table.
    pub(crate) async fn session(
        &self,
        folder: &Folder,
        limits: Limits,
        promises: &Promises,
    ) -> Result<Session, LakeError> {
        let unusable = |error: DataFusionError| LakeError::Internal(error.strip_backtrace());
        let context = self.context(limits).map_err(unusable)?;
        Session::fill(context, folder, &Named::all(), (limits, promises)).await
    }

    fn context(&self, limits: Limits) -> QueryResult<SessionContext> {
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(MemorySchemaProvider::new()))?;
        catalog.register_schema(PG_CATALOG, Arc::clone(&self.schema))?;
        catalog.register_schema(information::SCHEMA, Arc::clone(&self.information))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let state = SessionStateBuilder::new_from_existing(self.state.clone())
            .with_catalog_list(Arc::new(catalogs))
            .with_runtime_env(runtime(limits)?)
            .build();
        Ok(SessionContext::new_with_state(state))
    }
}

/// A statement that was understood, before its parameters are known.
pub(crate) struct Prepared {
    state: SessionState,
    plan: LogicalPlan,
    sql: String,
    /// What each parameter is, as far as the statement tells.
    pub(crate) parameters: Vec<Option<FieldRef>>,
}

impl Prepared {
    /// The columns of its answer to parameters of these types.
    pub(crate) fn columns(&self, values: Vec<ScalarValue>) -> Result<SchemaRef, SqlError> {
        let plan = self.plan.clone();
        let bound = match values.is_empty() {
            true => Ok(plan),
            false => plan.replace_params_with_values(&ParamValues::from(values)),
        };
        let plan = bound.and_then(|plan| analyzed(&self.state, plan));
        let plan = plan.map_err(|error| SqlError::of(&error, &self.sql, Limits::default()))?;
        Ok(Arc::clone(plan.schema().inner()))
    }
}

impl Session {
    /// Understands one statement that reads.
    pub(crate) async fn prepare(&self, sql: &str, end: Instant) -> Result<Prepared, SqlError> {
        let limits = self.limits;
        guard::check_text(sql).map_err(SqlError::refused)?;
        let (state, sql) = (self.context.state(), sql.to_owned());
        let work = async move {
            let plan = read(&state, &sql, limits).await?;
            let parameters =
                parameters(&plan).map_err(|error| SqlError::of(&error, &sql, limits))?;
            Ok(Prepared { state, plan, sql, parameters })
        };
        timeout_at(end, apart(work)).await.map_err(|_| SqlError::late(limits))?
    }

    /// Runs it with these parameters, until a moment.
    pub(crate) async fn run(
        &self,
        prepared: Prepared,
        values: Vec<ScalarValue>,
        end: Instant,
    ) -> Result<Answer, SqlError> {
        let limits = self.limits;
        let Prepared { state, plan, sql, .. } = prepared;
        let text = sql.clone();
        let bound = values.clone();
        let work = async move {
            let bind = async {
                let plan = plan.replace_params_with_values(&ParamValues::from(bound))?;
                physical(&state, plan, limits).await
            };
            bind.await.map_err(|error| SqlError::of(&error, &text, limits))
        };
        let plan = timeout_at(end, apart(work)).await.map_err(|_| SqlError::late(limits))??;
        self.start(plan, (&sql, values), end).await
    }
}

/// What is tried for parameters of which nothing says what they are.
const GUESSES: [Option<SqlType>; 4] =
    [None, Some(SqlType::Text), Some(SqlType::BigInt(None)), Some(SqlType::DoublePrecision)];

/// Plans a statement, rewritten where that is needed and helps.
async fn read(state: &SessionState, sql: &str, limits: Limits) -> Result<LogicalPlan, SqlError> {
    let wrong = |error: DataFusionError| SqlError::of(&error, sql, limits);
    let statement = state.sql_to_statement(sql, &Dialect::PostgreSQL).map_err(wrong);
    if let Ok(statement) = &statement {
        guard::check(statement).map_err(SqlError::refused)?;
    }
    let is_short = sql.len() <= REWRITTEN_BYTES_MAX;
    if is_short
        && is_about_catalog(sql)
        && let Some(plan) = read_rewritten(state, sql).await
    {
        return Ok(plan);
    }
    let statement = match statement {
        Ok(statement) => statement,
        Err(error) => return read_rewritten(state, sql).await.ok_or(error),
    };
    let nothing = match &statement {
        Statement::Statement(plain) if is_short && is_about_catalog(sql) => nothing::of(plain),
        _ => None,
    };
    if !is_short {
        return logical(state, statement).await.map_err(wrong);
    }
    let guesses = if sql.contains('$') { &GUESSES[..] } else { &GUESSES[..1] };
    let mut first = None;
    for guess in guesses {
        let plan = logical(state, ours(statement.clone(), guess.clone())?).await;
        match plan.and_then(bindable).and_then(|plan| fitting(state, plan, sql)) {
            Ok(plan) => return Ok(plan),
            Err(error) => {
                first.get_or_insert_with(|| wrong(error));
            }
        }
    }
    let error = first.unwrap_or_else(|| SqlError::broken("it could not be read"));
    if let Some(plan) = read_rewritten(state, sql).await {
        return Ok(plan);
    }
    let nothing = nothing.and_then(|sql| state.sql_to_statement(&sql, &Dialect::PostgreSQL).ok());
    match nothing {
        Some(nothing) => logical(state, nothing).await.map_err(|_| error),
        None => Err(error),
    }
}

/// A plan that texts can be bound to where nothing says what a parameter is.
fn bindable(plan: LogicalPlan) -> QueryResult<LogicalPlan> {
    let known = parameters(&plan)?;
    if known.iter().any(Option::is_none) {
        let nulls = known.iter().map(|field| match field {
            Some(field) => ScalarValue::try_new_null(field.data_type()),
            None => Ok(ScalarValue::Utf8(None)),
        });
        let nulls = nulls.collect::<QueryResult<Vec<_>>>()?;
        plan.clone().replace_params_with_values(&ParamValues::from(nulls))?;
    }
    Ok(plan)
}

/// A statement as it is read here.
fn ours(mut statement: Statement, guess: rewrite::Guess) -> Result<Statement, SqlError> {
    if let Statement::Statement(plain) = &mut statement {
        rewrite::rewrite(plain, guess).map_err(|message| SqlError::unsaid(&message))?;
    }
    guard::check(&statement).map_err(SqlError::refused)?;
    Ok(statement)
}

/// Whether a statement seems to ask for what only PostgreSQL has.
fn is_about_catalog(sql: &str) -> bool {
    let sql = sql.to_lowercase();
    let words =
        ["pg_", "::reg", "to_reg", "version()", "information_schema", "any(", "any (", "all("];
    words.iter().any(|word| sql.contains(word))
}

/// Whether a statement names procedures or tables as texts.
fn has_names(sql: &str) -> bool {
    let sql = sql.to_lowercase();
    sql.contains("regproc") || sql.contains("regclass")
}

async fn read_rewritten(state: &SessionState, sql: &str) -> Option<LogicalPlan> {
    if sql.len() > REWRITTEN_BYTES_MAX {
        return None;
    }
    let named = match state.sql_to_statement(sql, &Dialect::PostgreSQL) {
        Ok(Statement::Statement(mut plain)) if has_names(sql) => {
            names::by_text(&mut plain);
            REWRITER.parse(&plain.to_string()).ok()
        }
        _ => None,
    };
    // Some statements are known by their very words.
    for statements in [named, REWRITER.parse(sql).ok()].into_iter().flatten() {
        let Ok([statement]) = <[_; 1]>::try_from(statements) else { continue };
        let Ok(statement) = ours(Statement::Statement(Box::new(statement)), None) else { continue };
        let plan = logical(state, statement).await;
        if let Ok(plan) = plan.and_then(|plan| fitting(state, plan, sql)) {
            return Some(plan);
        }
    }
    None
}

/// A plan about the catalog whose types fit, too: whether they do shows only later.
fn fitting(state: &SessionState, plan: LogicalPlan, sql: &str) -> QueryResult<LogicalPlan> {
    if is_about_catalog(sql) && !sql.contains('$') {
        state.optimize(&plan)?;
    }
    Ok(plan)
}

/// A plan in which all types are known.
fn analyzed(state: &SessionState, plan: LogicalPlan) -> QueryResult<LogicalPlan> {
    state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})
}

/// What each parameter of a plan is, in order: by what it is compared with, or else by its use.
fn parameters(plan: &LogicalPlan) -> QueryResult<Vec<Option<FieldRef>>> {
    let mut found = Vec::new();
    for (id, field) in plan.get_parameter_fields()? {
        note(&mut found, &id, field)?;
    }
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Limit(limit) = node {
            for count in [&limit.skip, &limit.fetch].into_iter().flatten() {
                if let Some(id) = counted(count) {
                    note(&mut found, id, Some(Arc::new(Field::new("n", DataType::Int64, true))))?;
                }
            }
        }
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Some((id, field)) = used(expression) {
                    note(&mut found, id, Some(field))?;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// A parameter that is a number of rows.
fn counted(count: &Expr) -> Option<&str> {
    match count {
        Expr::Placeholder(found) => Some(&found.id),
        Expr::Cast(cast) => counted(&cast.expr),
        _ => None,
    }
}

/// A parameter whose use says what it is: a cast, or the list of an `= ANY($1)`.
fn used(expression: &Expr) -> Option<(&str, FieldRef)> {
    match expression {
        Expr::Cast(cast) => match &*cast.expr {
            Expr::Placeholder(found) => Some((found.id.as_str(), Arc::clone(&cast.field))),
            _ => None,
        },
        Expr::ScalarFunction(function) if function.name() == "array_has" => {
            let Some(Expr::Placeholder(found)) = function.args.first() else { return None };
            let texts = DataType::new_list(DataType::Utf8, true);
            Some((found.id.as_str(), Arc::new(Field::new("list", texts, true))))
        }
        _ => None,
    }
}

/// Keeps what is first known of a parameter.
fn note(found: &mut Vec<Option<FieldRef>>, id: &str, field: Option<FieldRef>) -> QueryResult<()> {
    let number = id.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
    let place = number.and_then(|number| number.checked_sub(1));
    let Some(place) = place.filter(|place| *place < PARAMETERS_MAX) else {
        let message = format!("{id} is not a parameter; the first is $1, the last $65535");
        return Err(DataFusionError::Plan(message));
    };
    if found.len() <= place {
        found.resize(place + 1, None);
    }
    if let Some(known @ None) = found.get_mut(place) {
        *known = field;
    }
    Ok(())
}
