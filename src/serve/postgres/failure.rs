//! What is said when something fails? SQLSTATE, message, hint and place.

use std::borrow::Cow;

use crate::state::StateError;
use datafusion_postgres::pgwire::error::{ErrorInfo, PgWireError};
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::response::ErrorResponse;

use crate::lake::LakeError;
use crate::sql::SqlError;

/// Something that a client asked and does not get.
#[derive(Debug)]
pub(super) struct Failure {
    code: Cow<'static, str>,
    message: String,
    hint: String,
    /// In characters of the statement, from 1.
    position: Option<usize>,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        let code = Cow::Borrowed(code);
        Self { code, message: message.into(), hint: String::new(), position: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The same in a text that has so many characters before the statement.
    pub(super) fn behind(self, characters: usize) -> Self {
        Self { position: self.position.map(|position| position + characters), ..self }
    }

    pub(super) fn cancelled() -> Self {
        Self::new("57014", "cancelled as the client asked")
    }

    /// An error of a statement, which it points into.
    pub(super) fn of(error: SqlError, sql: &str) -> Self {
        let position = error.place.map(|(line, column)| {
            let before = sql.split_inclusive('\n').take(line.saturating_sub(1));
            before.map(|line| line.chars().count()).sum::<usize>() + column
        });
        Self { code: error.code, message: error.message, hint: error.hint, position }
    }

    /// As a message that ends the statement, or the connection.
    pub(super) fn message(&self, severity: &'static str) -> PgWireBackendMessage {
        // A zero would end the field early.
        let text = |text: &str| text.replace('\0', " ");
        let mut fields = vec![
            (b'S', severity.to_owned()),
            (b'V', severity.to_owned()),
            (b'C', self.code.clone().into_owned()),
            (b'M', text(&self.message)),
        ];
        if !self.hint.is_empty() {
            fields.push((b'H', text(&self.hint)));
        }
        fields.extend(self.position.map(|position| (b'P', position.to_string())));
        PgWireBackendMessage::ErrorResponse(ErrorResponse::new(fields))
    }
}

impl From<LakeError> for Failure {
    fn from(error: LakeError) -> Self {
        let code = match error {
            LakeError::State(StateError::NoLake { .. }) => "57P03",
            _ if error.is_damage() => "XX001",
            _ => "58030",
        };
        let hint = error.hint().to_owned();
        Self::new(code, error.to_string()).hint(hint)
    }
}

/// A parameter that cannot be read, or a value that has no form on this wire.
impl From<PgWireError> for Failure {
    fn from(error: PgWireError) -> Self {
        let code = match error {
            PgWireError::FailedToParseParameter(_) => "22P02",
            PgWireError::InvalidRustTypeForParameter(_) | PgWireError::UserError(_) => "22023",
            _ => "XX000",
        };
        Self::new(code, ErrorInfo::from(error).message)
    }
}
