//! Why does an assistant get no answer? In words that it can mend its question by.

use serde_json::{Value, json};

use crate::lake::LakeError;
use crate::notify::OrderError;
use crate::report::ReportError;
use crate::sql::SqlError;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub hint: String,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    /// As an assistant reads it.
    pub(super) fn value(&self) -> Value {
        json!({"error": self.message, "hint": self.hint})
    }
}

impl From<ReportError> for Refusal {
    fn from(error: ReportError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

impl From<OrderError> for Refusal {
    fn from(error: OrderError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error.to_string(), "")
    }
}

impl From<LakeError> for Refusal {
    fn from(error: LakeError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

impl From<SqlError> for Refusal {
    fn from(error: SqlError) -> Self {
        let hint = error.hint.clone();
        Self::new(error.to_string(), hint)
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"), "")
    }
}
