//! How does a query see a change that the table does not hold yet? As a further row of `triage`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use datafusion::catalog::view::ViewTable;
use datafusion::error::Result as QueryResult;
use datafusion::prelude::SessionContext;

use crate::lake::{Table, arrow_schema, quoted, rows_of_changes};
use crate::state::Change;

/// Adds changes to the table, unless it holds them. They were read before its log was, so that one
/// that moved meanwhile is in one of the two.
pub(super) async fn add(context: &SessionContext, waiting: &[Change]) -> QueryResult<()> {
    if waiting.is_empty() {
        return Ok(());
    }
    let name = Table::Triage.name();
    let ids: Vec<String> = waiting.iter().map(|change| quoted(&change.id)).collect();
    let known = format!("SELECT id FROM {name} WHERE id IN ({})", ids.join(", "));
    let known = context.sql(&known).await?.collect().await?;
    let is_known = |change: &&Change| {
        let mut ids = known.iter().flat_map(|rows| rows.column(0).as_string_view().iter());
        ids.any(|id| id == Some(change.id.as_str()))
    };
    let fresh: Vec<&Change> = waiting.iter().filter(|change| !is_known(change)).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let table = context.table_provider(name).await?;
    let rows = concat_batches(&arrow_schema(Table::Triage), &rows_of_changes(&fresh)?)?;
    let schema = table.schema();
    let column = |field: &Arc<arrow::datatypes::Field>| -> QueryResult<ArrayRef> {
        Ok(cast(rows.column(rows.schema().index_of(field.name())?), field.data_type())?)
    };
    let columns: Vec<ArrayRef> = schema.fields().iter().map(column).collect::<QueryResult<_>>()?;
    let rows = RecordBatch::try_new(schema, columns)?;
    let both = context.read_table(table)?.union(context.read_batch(rows)?)?;
    let view = ViewTable::new(both.into_unoptimized_plan(), None);
    context.deregister_table(name)?;
    context.register_table(name, Arc::new(view))?;
    Ok(())
}
