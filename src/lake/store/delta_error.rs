//! What does the table format's library say, in our words?

use deltalake_core::DeltaTableError;

use super::bucket::refusal;
use crate::lake::error::LakeError;
use crate::lake::rows::Table;

/// The error of a table in our words.
pub(crate) fn delta_error(table: Table) -> impl Fn(DeltaTableError) -> LakeError {
    move |source| {
        refusal(format!("table {}", table.name()), &source)
            .unwrap_or_else(|| LakeError::Delta { table: table.name(), source: Box::new(source) })
    }
}
