//! How is a statement read, and where is there room for it? Over the names of the lake's own schema, on a
//! thread with a large stack.

use datafusion::config::Dialect;
use datafusion::error::Result as QueryResult;
use datafusion::execution::context::SessionState;
use datafusion::sql::parser::Statement;
use tokio::runtime::Handle;

use super::error::SqlError;

/// The database of which all tables are, and their schema.
pub(super) const CATALOG: &str = "resonanz";
pub(super) const SCHEMA: &str = "public";
/// Stack of the thread that plans: what [`super::guard`] lets pass fits.
const PLAN_STACK_BYTES: usize = 256 * 1024 * 1024;

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

/// A statement as it is written.
pub(super) fn statement(state: &SessionState, sql: &str) -> QueryResult<Statement> {
    // The common dialect binds `->` looser than a comparison.
    let dialect = if sql.contains("->") {
        Dialect::PostgreSQL
    } else {
        state.config().options().sql_parser.dialect
    };
    state.sql_to_statement(sql, &dialect)
}
