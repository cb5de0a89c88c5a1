//! Must views be planned again for the next question? Not over the same version of a lake: what one
//! session knows, the next one is given.

use std::sync::Arc;

use datafusion::catalog::TableProvider;

use super::beside::Beside;
use super::drivers::{self, Drivers};
use super::due::{Promises, promised_until};
use super::guard::Limits;
use super::named::Named;
use super::query::{Session, context, unusable};
use super::scan::LakeFiles;
use super::statement::{CATALOG, SCHEMA};
use super::wanted::wanted;
use crate::lake::{Folder, LakeError, Table};

/// The tables of one version of a lake, what lay beside them, and the views over all.
pub(super) struct Ready {
    tables: Vec<Arc<LakeFiles>>,
    beside: Beside,
    known: Vec<(String, Arc<dyn TableProvider>)>,
    promises: Promises,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").field("beside", &self.beside).finish_non_exhaustive()
    }
}

impl Ready {
    /// Opens a session, and keeps what it knows.
    ///
    /// # Errors
    /// When a view cannot be planned.
    pub(super) async fn open(
        tables: Vec<Arc<LakeFiles>>,
        beside: Beside,
        limits: Limits,
        promises: &Promises,
    ) -> Result<(Self, Session), LakeError> {
        let session = Session::over(tables.clone(), &beside, limits, promises).await?;
        let mut known = Vec::new();
        let schema = session.context.catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
        for name in schema.iter().flat_map(|schema| schema.table_names()) {
            let table = session.context.table_provider(name.as_str()).await.map_err(unusable)?;
            known.push((name, table));
        }
        Ok((Self { tables, beside, known, promises: promises.clone() }, session))
    }

    /// Whether it is of these.
    pub(super) fn is_of(&self, tables: &[Arc<LakeFiles>], beside: &Beside) -> bool {
        let mut both = self.tables.iter().zip(tables);
        both.all(|(own, other)| Arc::ptr_eq(own, other)) && self.beside == *beside
    }

    /// A further session, with memory and tables of its own.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn session(&self, limits: Limits) -> Result<Session, LakeError> {
        let context = context(limits).map_err(unusable)?;
        context.register_udf(promised_until(&self.promises));
        context.register_udf(wanted(&self.promises));
        let parts = self.tables.iter().flat_map(|files| files.parts());
        for (url, store) in parts.map(|part| part.store()) {
            context.register_object_store(url.as_ref(), store);
        }
        for (name, table) in &self.known {
            if name == Table::Mentions.name() {
                let mentions = Arc::clone(table);
                context.register_udtf(drivers::NAME, Arc::new(Drivers { mentions }));
            }
            context.register_table(name.as_str(), Arc::clone(table)).map_err(unusable)?;
        }
        Ok(Session { context, limits, aside: None, promises: self.promises.clone() })
    }
}

impl Session {
    /// Opens the newest version of each table, and the views over them, with what is promised to
    /// people who wait for an answer.
    ///
    /// # Errors
    /// When a table's log cannot be read.
    pub async fn open_promised(
        folder: &Folder,
        limits: Limits,
        promises: &Promises,
    ) -> Result<Self, LakeError> {
        let context = context(limits).map_err(unusable)?;
        Self::fill(context, folder, &Named::all(), (limits, promises)).await
    }
}
