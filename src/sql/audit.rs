//! Who may ask who asked? The audit log is a table of those sessions that are given it.

use arrow::array::RecordBatch;

use super::query::Session;
use super::scan::LakeFiles;
use super::united;
use crate::lake::{Folder, LakeError, Table, arrow_schema, has_audit};

impl Session {
    /// Makes the audit log known as the table `audit` for a statement that names it; without rows
    /// where there is none.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub async fn add_audit(&mut self, folder: &Folder, sql: &str) -> Result<(), LakeError> {
        let name = Table::Audit.name();
        if !sql.to_ascii_lowercase().contains(name) {
            return Ok(());
        }
        if let Some(aside) = &mut self.aside {
            aside.has_audit = true;
        }
        let added = if has_audit(folder).await? {
            let files = LakeFiles::open(Table::Audit, folder).await?;
            let table = united::table(&self.context, Table::Audit, files.parts());
            table.and_then(|table| self.context.register_table(name, table))
        } else {
            let none = RecordBatch::new_empty(arrow_schema(Table::Audit));
            self.context.register_batch(name, none)
        };
        added.map(drop).map_err(|error| LakeError::Internal(error.strip_backtrace()))
    }
}
