//! How does a connection ask the lake? Within the limits that all share, until the client gives up.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::data::DataRow;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::failure::Failure;
use super::portal::{Portal, Rows, Stop, described};
use super::wire::unless_given_up;
use crate::sql::{Limits, Session};

impl Connection<'_> {
    /// The newest commit, a place among the queries at once, and when it must be done.
    pub(super) async fn open(
        &mut self,
    ) -> Result<(Session, Instant, Arc<OwnedSemaphorePermit>), Failure> {
        let limits = self.gate.sql.limits;
        let time = self.settings.timeout.map_or(limits.time, |own| own.min(limits.time));
        let (limits, end) = (Limits { time, ..limits }, Instant::now() + time);
        // What a connection has begun needs no second place.
        let held = self.portals.values().find_map(Portal::permit);
        let (gate, free) = (self.gate, Arc::clone(&self.gate.sql.free));
        let opened = Box::pin(async move {
            let permit = match held {
                Some(permit) => permit,
                None => match timeout_at(end, free.acquire_owned()).await {
                    Ok(Ok(permit)) => Arc::new(permit),
                    _ => return Err(Failure::new("53300", "too many queries at once")),
                },
            };
            let (catalog, folder) = gate.catalog().await?;
            let promises = gate.sql.snapshots.promises();
            let session = catalog.session(&folder, limits, promises).await?;
            Ok((session.aside(folder.site(), Some(gate.user())), end, permit))
        });
        self.cancel.mark_unchanged();
        unless_given_up(&mut self.cancel, &self.wire, opened).await
    }

    /// Begins to answer a query.
    pub(super) async fn ask(
        &mut self,
        sql: &str,
        formats: &[i16],
        values: Option<Vec<ScalarValue>>,
    ) -> Result<Rows, Failure> {
        self.gate.audit.queried(&self.viewer, self.wire.socket.peer());
        let (session, end, permit) = self.open().await?;
        let asked = async {
            let prepared = session.prepare(sql, end).await?;
            session.run(prepared, values.unwrap_or_default(), end).await
        };
        let asked = Box::pin(async { asked.await.map_err(|error| Failure::of(error, sql)) });
        let answer = unless_given_up(&mut self.cancel, &self.wire, asked).await?;
        let fields = described(&answer.schema(), formats)?;
        Ok(Rows::new(answer, fields, end, permit))
    }

    /// Sends rows, all or so many; says how many, and whether those were the last.
    pub(super) async fn pour(
        &mut self,
        rows: &mut Rows,
        sql: &str,
        rows_max: usize,
        mut form: impl FnMut(DataRow) -> PgWireBackendMessage,
    ) -> Result<(usize, bool), Stop> {
        let mut count = 0;
        while rows_max == 0 || count < rows_max {
            let Some(row) = unless_given_up(&mut self.cancel, &self.wire, rows.next(sql)).await?
            else {
                return Ok((count, true));
            };
            rows.send(&mut self.wire, &form(row)).await?;
            count += 1;
        }
        Ok((count, false))
    }
}
