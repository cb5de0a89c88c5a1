//! How does a connection answer what no lake is asked for? Settings, transactions, statements to be
//! forgotten.

use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::response::{EmptyQueryResponse, TransactionStatus};
use datafusion_postgres::pgwire::messages::startup::ParameterStatus;

use super::connection::Connection;
use super::cursor::Cursor;
use super::portal::{Stop, text_row};
use super::request::Request;
use super::settings::Scope;

impl Connection<'_> {
    /// Answers what is no query.
    pub(super) fn answer(&mut self, request: Request) -> Result<(), Stop> {
        match request {
            Request::Empty => {
                self.put(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new()))
            }
            Request::Show(name) => self.show(&name),
            request => self.obey(request),
        }
    }

    pub(super) fn show(&mut self, name: &str) -> Result<(), Stop> {
        let value = self.settings.show(name)?;
        self.put(PgWireBackendMessage::DataRow(text_row(&value)))?;
        self.complete("SHOW")
    }

    /// Does what a statement asks of the connection.
    pub(super) fn obey(&mut self, request: Request) -> Result<(), Stop> {
        let tag = match request {
            Request::Set { name, value, scope } => {
                let value = value.as_deref();
                match (scope, self.transaction) {
                    (Scope::Session, _) => self.settings.set(&name, value)?,
                    (Scope::Transaction, TransactionStatus::Idle) => {}
                    (Scope::Transaction, _) => self.settings.set_local(&name, value)?,
                }
                self.tell(&name)?;
                "SET"
            }
            Request::ResetAll => {
                self.settings.reset();
                "RESET"
            }
            Request::Nothing(tag) => tag,
            Request::Begin => {
                self.transaction = TransactionStatus::Transaction;
                "BEGIN"
            }
            Request::Commit | Request::Rollback => {
                let failed = self.transaction == TransactionStatus::Error;
                self.transaction = TransactionStatus::Idle;
                self.settings.end_transaction();
                self.portals.clear();
                if request == Request::Commit && !failed { "COMMIT" } else { "ROLLBACK" }
            }
            Request::RollbackTo => {
                if self.transaction == TransactionStatus::Error {
                    self.transaction = TransactionStatus::Transaction;
                }
                "ROLLBACK"
            }
            Request::Deallocate(None) => {
                self.statements.clear();
                "DEALLOCATE ALL"
            }
            Request::Deallocate(Some(name)) => {
                self.statement(&name)?;
                self.statements.remove(&name);
                "DEALLOCATE"
            }
            Request::Discard => {
                self.statements.clear();
                self.portals.clear();
                self.settings.reset();
                "DISCARD ALL"
            }
            Request::Cursor(Cursor::Close(name)) if name.is_empty() => {
                self.portals.clear();
                "CLOSE CURSOR ALL"
            }
            Request::Cursor(Cursor::Close(name)) => {
                self.portal(&name)?;
                self.portals.remove(&name);
                "CLOSE CURSOR"
            }
            Request::Empty
            | Request::Query
            | Request::Show(_)
            | Request::Copy(_)
            | Request::Cursor(_) => "",
        };
        self.complete(tag)
    }

    /// Tells the client of a setting that it follows.
    fn tell(&mut self, name: &str) -> Result<(), Stop> {
        let Some((name, value)) = self.settings.report(name) else { return Ok(()) };
        let status = ParameterStatus::new(name.to_owned(), value);
        self.put(PgWireBackendMessage::ParameterStatus(status))
    }
}
