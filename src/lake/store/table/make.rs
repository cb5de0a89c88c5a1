//! How does a table come to be, whose is it, and how does it get the columns of a newer version?

use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::{StructField, StructType};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::{DeltaTable, DeltaTableError};

use super::{FORMAT_PROPERTY, WRITER_PROPERTY};
use crate::lake::error::LakeError;
use crate::lake::rows::{Column, DAY, Table, arrow_schema, field};
use crate::lake::store::delta_error::delta_error;
use crate::lake::store::place::Place;
use crate::state::{FORMAT, StateError};

pub(super) async fn create(
    table: Table,
    place: &Place,
    writer: Option<&str>,
) -> Result<DeltaTable, DeltaTableError> {
    let schema: StructType = arrow_schema(table).try_into_kernel()?;
    let format = FORMAT.to_string();
    let claim = writer
        .map(|writer| [(WRITER_PROPERTY, Some(writer)), (FORMAT_PROPERTY, Some(format.as_str()))]);
    CreateBuilder::new()
        .with_log_store(place.log()?)
        .with_table_name(table.name())
        .with_columns(schema.fields().cloned())
        .with_partition_columns([DAY])
        .with_configuration(claim.into_iter().flatten())
        .with_raise_if_key_not_exists(false)
        .await
}

/// Refuses a table in a bucket that another state folder writes.
pub(super) fn check_writer(
    delta: &DeltaTable,
    place: &Place,
    table: Table,
    writer: Option<&str>,
) -> Result<(), LakeError> {
    let state = delta.snapshot().map_err(delta_error(table))?;
    let owner = state.metadata().configuration().get(WRITER_PROPERTY).map(String::as_str);
    if writer.is_none() || owner == writer {
        return Ok(());
    }
    let what = "it is written with another state folder".to_owned();
    Err(StateError::Foreign { path: place.root(), what }.into())
}

/// Adds the columns that an older version did not know.
pub(super) async fn evolved(table: Table, delta: DeltaTable) -> Result<DeltaTable, LakeError> {
    let error = delta_error(table);
    let known = delta.snapshot().map_err(&error)?.schema();
    let fresh = |column: &&Column| !known.contains(column.name);
    let fields: Vec<Field> = table.columns().iter().filter(fresh).map(field).collect();
    if fields.is_empty() {
        return Ok(delta);
    }
    let kernel = |error: ArrowError| delta_error(table)(DeltaTableError::from(error));
    let fields: StructType = (&Schema::new(fields)).try_into_kernel().map_err(kernel)?;
    let fields: Vec<StructField> = fields.fields().cloned().collect();
    delta.add_columns().with_fields(fields).await.map_err(error)
}
