//! How does a stream of NATS lie between relays and those who listen?

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::place::Place;
use super::publish::{NatsPublisher, Retention};
use super::settings::NatsSettings;
use crate::connect::broker::{Publisher, StreamKind, Wire};
use crate::connect::network::Settings;
use crate::connect::source::Fault;
use crate::decode::Cursor;
use crate::settings::Section;
use crate::time::{DAY_US, SECOND_US};

/// For how long a stream that a relay makes keeps messages, unless it is told otherwise.
const KEPT_US: i64 = 7 * DAY_US;

/// A stream of one subject.
#[derive(Debug)]
struct NatsStream {
    reading: NatsSettings,
    retention: Retention,
}

/// Reads what a source reads but for `map` and `html`, and how long a stream that is made keeps messages: `keep`
/// and `replicas`.
pub(in crate::connect) fn configure_stream(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn StreamKind> {
    let mut reading = NatsSettings::of(section, base, |_| Wire::Relayed);
    let at = section.place("subject");
    let subject = reading.subject.take().unwrap_or_else(|| format!("{}.posts", reading.stream));
    if subject.contains(['*', '>', ' ']) {
        let hint = "relays write to one subject, so that all read the same order";
        section.problems.add(at, format!("subject: \"{subject}\" is more than one"), hint);
    }
    reading.subject = Some(subject);
    let keep_us = section.span("keep", SECOND_US).unwrap_or(KEPT_US);
    let at = section.place("replicas");
    let replicas = section.count("replicas").unwrap_or(1);
    if !(1..=5).contains(&replicas) {
        section.problems.add(at, format!("replicas is {replicas}"), "it must be 1 to 5");
    }
    let keep = Duration::from_micros(u64::try_from(keep_us).unwrap_or_default());
    let retention = Retention { keep, replicas: usize::try_from(replicas.min(5)).unwrap_or(1) };
    Arc::new(NatsStream { reading, retention })
}

#[async_trait]
impl StreamKind for NatsStream {
    fn reading(&self) -> Arc<dyn Settings> {
        Arc::new(self.reading.clone())
    }

    async fn publisher(&self) -> Result<Box<dyn Publisher>, Fault> {
        let publisher = NatsPublisher::open(&self.reading, self.retention).await?;
        Ok(Box::new(publisher))
    }

    fn earliest(&self, places: &[Cursor]) -> Option<Cursor> {
        Place::earliest(places)
    }
}
