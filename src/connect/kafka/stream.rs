//! How does a topic lie between relays and those who listen?

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::place::Place;
use super::publish::KafkaPublisher;
use super::settings::KafkaSettings;
use crate::connect::broker::{Publisher, StreamKind, Wire};
use crate::connect::network::Settings;
use crate::connect::source::Fault;
use crate::decode::Cursor;
use crate::settings::Section;

/// A topic, and how it is made where it is not there.
#[derive(Debug)]
struct KafkaStream {
    reading: KafkaSettings,
    partitions: i32,
    replicas: i16,
}

/// Reads what a source reads but for `map` and `html`, and how a topic is made that is not there: `partitions` and
/// `replicas`.
pub(in crate::connect) fn configure_stream(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn StreamKind> {
    let reading = KafkaSettings::of(section, base, |_| Wire::Relayed);
    let mut number = |key: &'static str, most: u64| {
        let at = section.place(key);
        let count = section.count(key).unwrap_or(1);
        if !(1..=most).contains(&count) {
            section.problems.add(
                at,
                format!("{key} is {count}"),
                format!("it must be 1 to {most}"),
            );
        }
        count.clamp(1, most)
    };
    let partitions = i32::try_from(number("partitions", 1_024)).unwrap_or(1);
    let replicas = i16::try_from(number("replicas", 16)).unwrap_or(1);
    Arc::new(KafkaStream { reading, partitions, replicas })
}

#[async_trait]
impl StreamKind for KafkaStream {
    fn reading(&self) -> Arc<dyn Settings> {
        Arc::new(self.reading.clone())
    }

    async fn publisher(&self) -> Result<Box<dyn Publisher>, Fault> {
        let made = (self.partitions, self.replicas);
        Ok(Box::new(KafkaPublisher::open(&self.reading, made).await?))
    }

    fn earliest(&self, places: &[Cursor]) -> Option<Cursor> {
        Place::earliest(places)
    }
}
