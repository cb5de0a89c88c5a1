//! How do rows leave otherwise than as the answer of a query? Copied out, and in parts by cursors.

use bytes::Bytes;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::copy::{CopyData, CopyDone, CopyOutResponse};
use datafusion_postgres::pgwire::messages::response::TransactionStatus;

use super::connection::Connection;
use super::copy::{Copy, Form, SIGNATURE, TRAILER};
use super::cursor::Cursor;
use super::failure::Failure;
use super::portal::{Portal, State, Stop, described, description};
use super::wire::Binding;

impl Connection<'_> {
    /// Sends the rows of a query.
    pub(super) async fn copy(&mut self, copy: &Copy) -> Result<(), Stop> {
        let mut rows = self.ask(&copy.sql, copy.formats(), None).await?;
        let names: Vec<String> =
            rows.fields().iter().map(|field| field.name().to_owned()).collect();
        let format = i8::from(copy.form == Form::Binary);
        let count = i16::try_from(names.len()).unwrap_or(i16::MAX);
        let each = vec![i16::from(format); names.len()];
        let begun = CopyOutResponse::new(format, count, each);
        self.put(PgWireBackendMessage::CopyOutResponse(begun))?;
        if copy.header && copy.form != Form::Binary {
            let line = copy.line(names.iter().map(|name| Some(name.as_bytes())));
            self.put(piece(line))?;
        }
        // Clients read what stands before the first row in one message with it.
        let mut before: &[u8] = if copy.form == Form::Binary { SIGNATURE } else { &[] };
        let (count, _) = self
            .pour(&mut rows, &copy.sql, 0, |row| {
                let row = copy.row(&row);
                let before = std::mem::take(&mut before);
                if before.is_empty() { piece(row) } else { piece([before, &row].concat().into()) }
            })
            .await?;
        if copy.form == Form::Binary {
            self.put(piece([before, &TRAILER].concat().into()))?;
        }
        self.put(PgWireBackendMessage::CopyDone(CopyDone::new()))?;
        self.complete(&format!("COPY {count}"))
    }

    /// Makes a cursor; `types` and `binding` are those of its parameters.
    pub(super) async fn declare(
        &mut self,
        cursor: &Cursor,
        types: &[u32],
        binding: Option<&Binding>,
    ) -> Result<(), Stop> {
        let Cursor::Declare { name, sql, hold } = cursor else { return Ok(()) };
        if self.transaction == TransactionStatus::Idle && !hold {
            let idle = Failure::new("25P01", "a cursor needs a transaction");
            return Err(idle
                .hint("write BEGIN before it, or DECLARE name CURSOR WITH HOLD")
                .into());
        }
        if self.portals.contains_key(name) {
            return Err(Failure::new("42P03", format!("there is a cursor {name} already")).into());
        }
        let statement = self.understand(sql.clone(), types).await?;
        let binding = Binding {
            portal: name.clone(),
            statement: String::new(),
            parameter_formats: binding.map_or(Vec::new(), |bound| bound.parameter_formats.clone()),
            parameters: binding.map_or(Vec::new(), |bound| bound.parameters.clone()),
            result_formats: Vec::new(),
        };
        let mut portal = Portal::new(statement.into(), binding)?;
        portal.is_held = *hold;
        self.keep(name.clone(), portal)?;
        self.complete("DECLARE CURSOR")
    }

    /// Sends so many rows, in these forms; with their columns where nobody asked for them before.
    pub(super) async fn fetch(
        &mut self,
        cursor: &Cursor,
        formats: &[i16],
        is_simple: bool,
    ) -> Result<(), Stop> {
        let Cursor::Fetch { name, rows_max, is_sent } = cursor else { return Ok(()) };
        self.portal(name)?;
        let Some(mut portal) = self.portals.remove(name) else { return Ok(()) };
        let columns = portal.statement.columns.clone();
        let fields = columns.map(|columns| described(&columns, formats)).transpose()?;
        let fields = fields.unwrap_or_default();
        if is_simple && *is_sent {
            self.put(description(&fields))?;
        }
        let tag = if *is_sent { "FETCH" } else { "MOVE" };
        let statement = portal.statement.clone();
        let mut rows = match std::mem::replace(&mut portal.state, State::Done) {
            State::Ready => {
                let values = portal.values()?;
                Box::new(self.ask(&statement.sql, formats, Some(values)).await?)
            }
            State::Running(rows) => rows,
            State::Done => {
                self.portals.insert(name.clone(), portal);
                return self.complete(&format!("{tag} 0"));
            }
            State::Late => {
                return Err(Failure::new("57014", "the rest was not asked for in time").into());
            }
        };
        rows.describe(fields);
        let (count, is_done) = match (rows_max, is_sent) {
            (Some(0), _) => (0, false),
            (_, true) => {
                let row = PgWireBackendMessage::DataRow;
                self.pour(&mut rows, &statement.sql, rows_max.unwrap_or(0), row).await?
            }
            (_, false) => rows.skip(&statement.sql, rows_max.unwrap_or(usize::MAX)).await?,
        };
        if !is_done {
            self.leave_room()?;
            portal.state = State::Running(rows);
        }
        self.portals.insert(name.clone(), portal);
        self.complete(&format!("{tag} {count}"))
    }
}

fn piece(data: Bytes) -> PgWireBackendMessage {
    PgWireBackendMessage::CopyData(CopyData::new(data))
}
