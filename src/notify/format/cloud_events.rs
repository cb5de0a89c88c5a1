//! How does an event mesh read it? As a CloudEvent 1.0, structured JSON.

use serde_json::{Value, json};

use super::notice::Notice;

/// The event. `source` and `id` together are unique, as the specification asks.
pub(super) fn event(notice: &Notice) -> Value {
    json!({
        "specversion": "1.0",
        "id": notice.id,
        "source": "/resonanz",
        "type": format!("resonanz.{}", notice.kind),
        "subject": notice.matter(),
        "time": notice.timestamp,
        "datacontenttype": "application/json",
        "data": notice.data,
    })
}
