//! What happens between login and good-bye? One client, one message after the other: simple queries,
//! prepared statements, portals, and transactions that change nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion_postgres::pgwire::api::Type;
use datafusion_postgres::pgwire::api::results::FieldInfo;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::data::{NoData, ParameterDescription};
use datafusion_postgres::pgwire::messages::extendedquery::{
    BindComplete, CloseComplete, ParseComplete, PortalSuspended,
};
use datafusion_postgres::pgwire::messages::response::{
    CommandComplete, EmptyQueryResponse, ReadyForQuery, TransactionStatus,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Gate;
use super::cursor::Cursor;
use super::failure::Failure;
use super::idle::Seat;
use super::login::Entered;
use super::portal::{Portal, State, Statement, Stop, described, description, show_columns};
use super::request::Request;
use super::settings::Settings;
use super::wire::{Binding, MESSAGE_BYTES_MAX, Message, Wire, WireError, unless_given_up};
use super::words::statements;
use crate::serve::access::Viewer;

/// Longest time between two messages; who is gone without a word holds its place no longer.
const IDLE_TIME_MAX: Duration = Duration::from_secs(60 * 60);
/// Most prepared statements of a connection, and their bytes.
const STATEMENTS_MAX: usize = 1_000;
const STATEMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most portals of a connection, and of those the ones that are answered in part.
const PORTALS_MAX: usize = 16;
const RUNNING_MAX: usize = 2;

/// Serves a client until it goes.
pub(super) async fn attend(gate: &Gate, wire: Wire, entered: Entered) {
    let Entered { viewer, settings, cancel, entry: _entry } = entered;
    let mut connection = Connection {
        gate,
        viewer,
        wire,
        settings,
        cancel,
        transaction: TransactionStatus::Idle,
        statements: HashMap::new(),
        portals: HashMap::new(),
        is_skipping: false,
    };
    if let Err(WireError::Broken(what)) = connection.talk().await {
        connection.wire.refuse(&Failure::new("08P01", what)).await;
    }
}

/// One client that is logged in.
pub(super) struct Connection<'g> {
    pub(super) gate: &'g Gate,
    pub(super) viewer: Viewer,
    pub(super) wire: Wire,
    pub(super) settings: Settings,
    pub(super) cancel: watch::Receiver<()>,
    pub(super) transaction: TransactionStatus,
    pub(super) statements: HashMap<String, Arc<Statement>>,
    pub(super) portals: HashMap<String, Portal>,
    /// Whether a message failed since the last `Sync`: those up to the next one are left out.
    is_skipping: bool,
}

impl Connection<'_> {
    async fn talk(&mut self) -> Result<(), WireError> {
        self.ready().await?;
        loop {
            let due = self.portals.values().filter_map(Portal::due).min();
            let until = due.unwrap_or_else(|| Instant::now() + IDLE_TIME_MAX);
            let is_idle = due.is_none() && self.transaction == TransactionStatus::Idle;
            let seat = is_idle.then(|| self.gate.idle.sit());
            let next = tokio::select! {
                next = self.wire.next(MESSAGE_BYTES_MAX, Some(until)) => next?,
                () = Seat::needed(seat.as_ref()) => {
                    let idle = Failure::new("57P05", "the longest idle connection makes room for another");
                    self.wire.refuse(&idle.hint("connect again when there is something to ask")).await;
                    return Ok(());
                }
            };
            drop(seat);
            let Some(message) = next else {
                if due.is_none() {
                    let idle = Failure::new("57P05", "nothing was asked for an hour");
                    self.wire.refuse(&idle).await;
                    return Ok(());
                }
                self.portals.values_mut().for_each(Portal::expire);
                continue;
            };
            let done = match message {
                Message::Terminate => return Ok(()),
                Message::Sync => {
                    self.is_skipping = false;
                    self.leave_portals();
                    self.ready().await?;
                    continue;
                }
                Message::Flush if self.is_skipping => {
                    self.wire.send().await?;
                    continue;
                }
                _ if self.is_skipping => continue,
                Message::Query(sql) => {
                    let done = self.queries(&sql).await;
                    self.leave_portals();
                    self.report(done)?;
                    self.ready().await?;
                    continue;
                }
                message => self.step(message).await,
            };
            self.is_skipping = done.is_err();
            self.report(done)?;
            // A failure is told at once: not all clients ask for it. Who only asks and never reads
            // waits here.
            if self.is_skipping || self.wire.is_full() {
                self.wire.send().await?;
            }
        }
    }

    /// Outside of a transaction, portals last until the end of what was asked.
    fn leave_portals(&mut self) {
        if self.transaction == TransactionStatus::Idle {
            self.portals.retain(|_, portal| portal.is_held);
        }
    }

    async fn ready(&mut self) -> Result<(), WireError> {
        let ready = PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(self.transaction));
        let _ = self.wire.put(&ready);
        self.wire.send().await
    }

    /// Tells the client of a failure, which a transaction does not survive.
    fn report(&mut self, done: Result<(), Stop>) -> Result<(), WireError> {
        match done {
            Ok(()) => Ok(()),
            Err(Stop::Gone(error)) => Err(error),
            Err(Stop::Failed(failure)) => {
                if self.transaction == TransactionStatus::Transaction {
                    self.transaction = TransactionStatus::Error;
                }
                let _ = self.wire.put(&failure.message("ERROR"));
                Ok(())
            }
        }
    }

    /// One message of the extended protocol.
    async fn step(&mut self, message: Message) -> Result<(), Stop> {
        match message {
            Message::Parse { name, sql, types } => self.parse(name, sql, &types).await,
            Message::Bind(binding) => self.bind(binding),
            Message::DescribeStatement(name) => self.describe_statement(&name),
            Message::DescribePortal(name) => {
                let described = self.portal(&name)?.described()?;
                self.put_columns(described)
            }
            Message::Execute { portal, rows_max } => self.execute(portal, rows_max).await,
            Message::CloseStatement(name) => {
                self.statements.remove(&name);
                self.put(PgWireBackendMessage::CloseComplete(CloseComplete::new()))
            }
            Message::ClosePortal(name) => {
                self.portals.remove(&name);
                self.put(PgWireBackendMessage::CloseComplete(CloseComplete::new()))
            }
            Message::Flush => Ok(self.wire.send().await?),
            // A copy was refused before its rows came.
            Message::Copy => Ok(()),
            Message::Password(_) | Message::Query(_) | Message::Sync | Message::Terminate => {
                Err(WireError::Broken("a message came out of place").into())
            }
        }
    }

    pub(super) fn put(&mut self, message: PgWireBackendMessage) -> Result<(), Stop> {
        self.wire.put(&message)?;
        Ok(())
    }

    pub(super) fn complete(&mut self, tag: &str) -> Result<(), Stop> {
        self.put(PgWireBackendMessage::CommandComplete(CommandComplete::new(tag.to_owned())))
    }

    pub(super) fn portal(&self, name: &str) -> Result<&Portal, Failure> {
        self.portals.get(name).ok_or_else(|| Failure::new("34000", "there is no such portal"))
    }

    /// Reads a statement, and refuses all but an end to a transaction that failed.
    fn request(&self, sql: &str) -> Result<Request, Failure> {
        let request = Request::read(sql)?;
        if self.transaction == TransactionStatus::Error && !request.ends_failure() {
            let failed = Failure::new("25P02", "the transaction failed before");
            return Err(failed.hint("end it with ROLLBACK"));
        }
        Ok(request)
    }

    /// The statements of the simple protocol, one after the other until one fails.
    async fn queries(&mut self, sql: &str) -> Result<(), Stop> {
        let Some(all) = statements(sql).filter(|all| all.len() > 1) else {
            return self.query(sql).await;
        };
        if all.len() > STATEMENTS_MAX {
            return Err(Failure::new("54000", "too many statements at once").into());
        }
        let start = sql.as_ptr().addr();
        for (text, _) in all {
            let before = sql.get(..text.as_ptr().addr() - start).unwrap_or_default();
            let done = Box::pin(self.query(text)).await;
            done.map_err(|stop| stop.behind(before.chars().count()))?;
        }
        Ok(())
    }

    /// A statement of the simple protocol.
    async fn query(&mut self, sql: &str) -> Result<(), Stop> {
        self.portals.remove("");
        match self.request(sql)? {
            Request::Empty => {
                self.put(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new()))
            }
            Request::Show(name) => {
                let fields = described(&show_columns(&name), &[])?;
                self.put(description(&fields))?;
                self.show(&name)
            }
            Request::Query => {
                let mut rows = self.ask(sql, &[], None).await?;
                self.put(description(rows.fields()))?;
                let row = PgWireBackendMessage::DataRow;
                let (count, _) = self.pour(&mut rows, sql, 0, row).await?;
                self.complete(&format!("SELECT {count}"))
            }
            Request::Copy(copy) => self.copy(&copy).await,
            Request::Cursor(cursor @ Cursor::Declare { .. }) => {
                self.declare(&cursor, &[], None).await
            }
            Request::Cursor(cursor @ Cursor::Fetch { .. }) => self.fetch(&cursor, &[], true).await,
            request => self.obey(request),
        }
    }

    /// A query of the lake with the types of its parameters.
    pub(super) async fn understand(
        &mut self,
        sql: String,
        types: &[u32],
    ) -> Result<Statement, Stop> {
        let (session, end, _permit) = self.open().await?;
        let prepare = Box::pin(async {
            let prepared = session.prepare(&sql, end).await;
            prepared.map_err(|error| Failure::of(error, &sql))
        });
        let prepared = unless_given_up(&mut self.cancel, &self.wire, prepare).await?;
        Ok(Statement::of_lake(sql, &prepared, types)?)
    }

    async fn parse(&mut self, name: String, sql: String, types: &[u32]) -> Result<(), Stop> {
        let statement = match self.request(&sql)? {
            Request::Query => self.understand(sql, types).await?,
            // Its parameters are those of its query; it answers with no rows itself.
            Request::Cursor(Cursor::Declare { sql: query, .. }) => {
                let declared = self.understand(query, types).await?;
                Statement { sql, columns: None, ..declared }
            }
            Request::Cursor(Cursor::Fetch { name, is_sent, .. }) => {
                let columns = self.portal(&name)?.statement.columns.clone();
                Statement::plain(sql, columns.filter(|_| is_sent))
            }
            request => Statement::of_connection(sql, &request),
        };
        self.statements.remove(&name);
        let bytes: usize = self.statements.values().map(|kept| kept.sql.len()).sum();
        if self.statements.len() >= STATEMENTS_MAX
            || bytes + statement.sql.len() > STATEMENT_BYTES_MAX
        {
            let many = Failure::new("53000", "too many prepared statements");
            return Err(many.hint("close some, or write DEALLOCATE ALL").into());
        }
        self.statements.insert(name, Arc::new(statement));
        self.put(PgWireBackendMessage::ParseComplete(ParseComplete::new()))
    }

    pub(super) fn statement(&self, name: &str) -> Result<&Arc<Statement>, Failure> {
        let missing = || Failure::new("26000", "there is no such prepared statement");
        self.statements.get(name).ok_or_else(missing)
    }

    fn bind(&mut self, binding: Binding) -> Result<(), Stop> {
        let statement = Arc::clone(self.statement(&binding.statement)?);
        self.portals.remove(&binding.portal);
        let name = binding.portal.clone();
        let portal = Portal::new(statement, binding)?;
        portal.described()?;
        self.keep(name, portal)?;
        self.put(PgWireBackendMessage::BindComplete(BindComplete::new()))
    }

    /// Keeps a portal, if there is room.
    pub(super) fn keep(&mut self, name: String, portal: Portal) -> Result<(), Failure> {
        if self.portals.len() >= PORTALS_MAX {
            return Err(Failure::new("53000", "too many portals are open"));
        }
        self.portals.insert(name, portal);
        Ok(())
    }

    /// Whether another answer may wait for its rest.
    pub(super) fn leave_room(&self) -> Result<(), Failure> {
        if self.portals.values().filter(|portal| portal.due().is_some()).count() >= RUNNING_MAX {
            return Err(Failure::new("53000", "too many portals are answered in part"));
        }
        Ok(())
    }

    fn describe_statement(&mut self, name: &str) -> Result<(), Stop> {
        let statement = Arc::clone(self.statement(name)?);
        let types = statement.types.iter().map(|kind| kind.oid()).collect();
        let parameters = ParameterDescription::new(types);
        self.put(PgWireBackendMessage::ParameterDescription(parameters))?;
        let columns = statement.columns.as_ref().map(|columns| described(columns, &[]));
        self.put_columns(columns.transpose()?)
    }

    fn put_columns(&mut self, columns: Option<Vec<FieldInfo>>) -> Result<(), Stop> {
        match columns {
            Some(columns) => self.put(description(&columns)),
            None => self.put(PgWireBackendMessage::NoData(NoData::new())),
        }
    }

    async fn execute(&mut self, name: String, rows_max: usize) -> Result<(), Stop> {
        self.portal(&name)?;
        let Some(mut portal) = self.portals.remove(&name) else { return Ok(()) };
        let statement = Arc::clone(&portal.statement);
        let state = std::mem::replace(&mut portal.state, State::Done);
        let mut rows = match state {
            State::Ready => match self.request(&statement.sql)? {
                Request::Query => {
                    let values = portal.values()?;
                    let rows = self.ask(&statement.sql, portal.formats(), Some(values)).await?;
                    portal.check(rows.fields())?;
                    Box::new(rows)
                }
                Request::Copy(copy) => return self.copy(&copy).await,
                Request::Cursor(cursor @ Cursor::Declare { .. }) => {
                    let types: Vec<u32> = statement.types.iter().map(Type::oid).collect();
                    return self.declare(&cursor, &types, Some(&portal.binding)).await;
                }
                Request::Cursor(cursor @ Cursor::Fetch { .. }) => {
                    return self.fetch(&cursor, portal.formats(), false).await;
                }
                request => {
                    self.portals.insert(name, portal);
                    return self.answer(request);
                }
            },
            State::Running(rows) => {
                // What was cancelled while nothing was done is not this.
                self.cancel.mark_unchanged();
                rows
            }
            State::Done => {
                self.portals.insert(name, portal);
                return self.complete("SELECT 0");
            }
            State::Late => {
                return Err(Failure::new("57014", "the rest was not asked for in time").into());
            }
        };
        let row = PgWireBackendMessage::DataRow;
        let (count, is_done) = self.pour(&mut rows, &statement.sql, rows_max, row).await?;
        if is_done {
            self.portals.insert(name, portal);
            return self.complete(&format!("SELECT {count}"));
        }
        self.leave_room()?;
        portal.state = State::Running(rows);
        self.portals.insert(name, portal);
        self.put(PgWireBackendMessage::PortalSuspended(PortalSuspended::new()))
    }
}
