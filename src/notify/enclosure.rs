//! What goes along with a message? A report, made when the message leaves.
//!
//! The outbox keeps what was ordered and never the report itself: so no text of a post lies in it, a
//! report holds no more than the lake does when it is sent, and the queue stays small.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::Message;
use crate::config::{Language, ReportForm};
use crate::time::{EventTime, rfc3339};

/// Which report is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportOrder {
    /// Its name in the configuration.
    pub report: String,
    /// From when.
    #[serde(with = "rfc3339")]
    pub from: EventTime,
    /// Until when.
    #[serde(with = "rfc3339")]
    pub to: EventTime,
    /// Name of the zone of its days.
    pub zone: String,
    /// Topics; none means all.
    pub topics: Vec<String>,
    /// How it is written.
    pub format: ReportForm,
}

impl ReportOrder {
    /// The order that a message carries, if it does.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let body: Value = serde_json::from_str(&message.body).ok()?;
        serde_json::from_value(body.get("data")?.get("order")?.clone()).ok()
    }
}

/// A file that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosure {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Who makes reports, in the reader's language.
#[derive(Clone)]
pub struct Press(pub Arc<Maker>);

/// Makes one report; the error says why there is none.
pub type Maker =
    dyn Fn(ReportOrder, Language) -> BoxFuture<'static, Result<Enclosure, String>> + Send + Sync;

impl std::fmt::Debug for Press {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Press(...)")
    }
}
