//! What may a server be shown, so that it sends only what has changed?

use reqwest::header::{DATE, ETAG, HeaderMap, LAST_MODIFIED};
use serde::{Deserialize, Serialize};

use crate::time::{EventTime, SECOND_US};

/// How long before an answer its content must have changed last. `Last-Modified` counts in seconds, and
/// many servers, WordPress among them, make their tag of it: content that changes again within its
/// second keeps both, and would be called unchanged for ever. RFC 9110 section 8.8.2.2 asks for one
/// second; a few more forgive a site whose machines do not agree on the time, and cost one whole answer.
const SETTLED_AFTER_US: i64 = 5 * SECOND_US;

/// What tells one state of an answer from the next, as its server wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::connect) struct Validators {
    /// For `If-None-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::connect) etag: Option<String>,
    /// For `If-Modified-Since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::connect) modified: Option<String>,
}

impl Validators {
    /// Those of an answer that came at `now`; none while its content may change without their changing.
    pub(super) fn of(headers: &HeaderMap, now: EventTime) -> Self {
        let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let modified = text(LAST_MODIFIED);
        let answered = text(DATE).and_then(|date| instant(&date)).unwrap_or(now);
        let is_settled = modified.as_ref().is_none_or(|modified| {
            instant(modified).is_some_and(|at| answered.since(at) >= SETTLED_AFTER_US)
        });
        if is_settled { Self { etag: text(ETAG), modified } } else { Self::default() }
    }
}

/// The instant that a header names.
pub(super) fn instant(date: &str) -> Option<EventTime> {
    let zoned = jiff::fmt::rfc2822::parse(date.trim()).ok()?;
    Some(EventTime(zoned.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn validators_are_kept_once_the_second_of_the_last_change_is_long_over() {
        let now = EventTime(1_772_366_400_000_000); // 12:00:00
        let rows = [
            (Some("12:00:00"), Some("12:00:00"), false),
            (Some("12:00:00"), Some("12:00:04"), false),
            (Some("12:00:00"), Some("12:00:05"), true),
            (Some("12:00:00"), Some("11:59:00"), false),
            // Without a date, the answer is as old as its coming.
            (Some("11:59:55"), None, true),
            (Some("11:59:56"), None, false),
            (Some("of late"), None, false),
            (None, Some("12:00:00"), true),
        ];
        for (modified, date, is_kept) in rows {
            let mut headers = HeaderMap::from_iter([(ETAG, HeaderValue::from_static("\"a\""))]);
            for (name, time) in [(LAST_MODIFIED, modified), (DATE, date)] {
                let value = time.map(|time| format!("Sun, 01 Mar 2026 {time} GMT"));
                headers.extend(value.and_then(|value| Some((name, value.parse().ok()?))));
            }
            let kept = Validators::of(&headers, now);
            assert_eq!(kept.etag.is_some(), is_kept, "{modified:?}, {date:?}");
            assert_eq!(kept.modified.is_some(), is_kept && modified.is_some());
        }
    }
}
