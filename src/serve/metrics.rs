//! How does monitoring see it? The progress snapshot as Prometheus metrics.

use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::door::{Doors, Turned};
use crate::connect::{SourceHealth, SourceState, SourcesHealth};
use crate::live::Progress;
use crate::notify::{CourierStats, ReceiverStats};

#[derive(Debug)]
struct Snapshot {
    progress: Progress,
    /// By door and reason.
    turned_away: [(&'static str, &'static str, u64); 4],
    logs_read: u64,
    reviews_due: usize,
}

/// The snapshot in the text format that Prometheus reads. Counters begin when the lake was made.
pub(super) fn render(
    progress: Progress,
    doors: &Doors,
    logs_read: u64,
    reviews_due: usize,
) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("resonanz");
    let turned_away = turned_away(doors);
    registry.register_collector(Box::new(Snapshot {
        progress,
        turned_away,
        logs_read,
        reviews_due,
    }));
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (progress, tally) = (&self.progress, &self.progress.tally);
        let mut counter = |name: &str, help: &str, value: u64| {
            let counter = ConstCounter::new(value);
            let encoder = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            counter.encode(encoder)
        };
        counter("events", "Events taken in", tally.events)?;
        counter("posts_analyzed", "Posts matched and scored", tally.analyzed)?;
        counter("posts_matched", "Posts that mention a topic", tally.matched)?;
        counter("mentions", "Post and topic pairs", tally.mentions)?;
        counter("mentions_negative", "Mentions with a negative target score", tally.negative)?;
        counter("mentions_late", "Mentions too late for their pane", tally.late)?;
        counter("texts_cut", "Texts longer than 64 KiB, cut", progress.cut)?;
        counter("posts_mended", "Posts with an unreadable field", progress.mended)?;
        counter("frames_ignored", "Frames of a kind that is never a post", progress.ignored)?;
        counter("reconnects", "Times a source was dialed again", progress.sources.reconnects())?;
        counter("commits", "Commits to the lake", progress.commits)?;
        counter("lake_logs_read", "Logs of tables read to answer over HTTP", self.logs_read)?;
        counter("reloads", "Configurations taken while it ran", progress.rounds.reloads)?;
        counter("reloads_refused", "Configurations refused while it ran", progress.rounds.refused)?;
        let help = "Times the engine failed and was restarted";
        counter("engine_restarts", help, progress.rounds.restarts)?;
        counter("lake_troubles", "Times the lake could not be written", progress.troubles)?;
        counter(
            "mentions_language_detected",
            "Mentions whose language their words told",
            tally.language_detected,
        )?;
        counter(
            "mentions_language_unknown",
            "Mentions whose language nothing told",
            tally.language_unknown,
        )?;
        dropped(&mut encoder, progress)?;
        let mut family = encoder.encode_descriptor(
            "alerts",
            "Transitions of alerts",
            None,
            MetricType::Counter,
        )?;
        for (transition, value) in
            ["fired", "escalated", "resolved"].into_iter().zip(progress.transitions)
        {
            ConstCounter::new(value)
                .encode(family.encode_family(&[("transition", transition)])?)?;
        }
        connections(&mut encoder, &self.turned_away)?;
        receivers(&mut encoder, &progress.deliveries)?;
        sources(&mut encoder, &progress.sources)?;
        let failing = i64::from(progress.trouble.is_some());
        gauge(&mut encoder, "lake_failing", "1 while the lake cannot be written", failing)?;
        let (name, due) = ("reviews_due", i64::try_from(self.reviews_due).unwrap_or(i64::MAX));
        let help = "Topics whose purpose and legal ground must be looked at again";
        gauge(&mut encoder, name, help, due)?;
        if let Some(watermark) = progress.watermark {
            let (name, seconds) = ("watermark_unix_seconds", watermark.0 / crate::time::SECOND_US);
            let help = "Event time up to which the picture is complete";
            gauge(&mut encoder, name, help, seconds)?;
        }
        Ok(())
    }
}

/// What was taken in and not analyzed, by reason.
fn dropped(
    encoder: &mut DescriptorEncoder<'_>,
    progress: &Progress,
) -> Result<(), std::fmt::Error> {
    let tally = &progress.tally;
    let dropped = [
        ("duplicate", tally.duplicate),
        ("future", tally.refused_future),
        ("malformed", progress.malformed),
        ("edit", tally.edits),
        ("delete", tally.deletes),
        ("account", tally.purges),
        ("account_renewed", tally.renewals),
        ("erased", tally.erased),
    ];
    let (help, kind) = ("Input that was not analyzed", MetricType::Counter);
    let mut family = encoder.encode_descriptor("dropped", help, None, kind)?;
    for (reason, value) in dropped {
        ConstCounter::new(value).encode(family.encode_family(&[("reason", reason)])?)?;
    }
    Ok(())
}

fn turned_away(doors: &Doors) -> [(&'static str, &'static str, u64); 4] {
    let [http, postgres] = [&doors.http, &doors.postgres].map(|door: &Turned| {
        [&door.crowded, &door.failed].map(|count| count.load(Ordering::Relaxed))
    });
    [
        ("http", "full", http[0]),
        ("http", "failed", http[1]),
        ("postgres", "full", postgres[0]),
        ("postgres", "failed", postgres[1]),
    ]
}

/// How often a door was full, or failed.
fn connections(
    encoder: &mut DescriptorEncoder<'_>,
    turned_away: &[(&str, &str, u64)],
) -> Result<(), std::fmt::Error> {
    let help = "Times that a door was full or failed";
    let kind = MetricType::Counter;
    let mut family = encoder.encode_descriptor("connections_turned_away", help, None, kind)?;
    for (door, reason, count) in turned_away {
        let labels = [("door", *door), ("reason", *reason)];
        ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// How each source is; it counts at once, also while no post comes.
fn sources(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &SourcesHealth,
) -> Result<(), std::fmt::Error> {
    type Read = fn(&SourceHealth) -> u64;
    let counters: [(&str, &str, Read); 5] = [
        ("source_events", "Events that came, those that came again included", SourceHealth::events),
        ("source_malformed", "What could not be understood", SourceHealth::malformed),
        ("source_ignored", "Frames that are not posts by nature", SourceHealth::ignored),
        ("source_reconnects", "Times it was lost and tried again", SourceHealth::reconnects),
        ("source_gaps", "Stretches that it could not give", SourceHealth::gaps),
    ];
    for (name, help, read) in counters {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for source in sources.iter() {
            let labels = [("source", source.name().as_str())];
            ConstCounter::new(read(source)).encode(family.encode_family(&labels)?)?;
        }
    }
    type Gauge = fn(&SourceHealth) -> Option<i64>;
    let gauges: [(&str, &str, Gauge); 4] = [
        ("source_connected", "1 while posts can come from it", |source| {
            Some(i64::from(source.state() == SourceState::Up))
        }),
        ("source_last_event_unix_seconds", "When its last event came", |source| {
            source.last_event().map(|at| at.0 / crate::time::SECOND_US)
        }),
        (
            "source_unread_messages",
            "Messages that its broker holds and we have not read",
            |source| source.unread().map(|unread| i64::try_from(unread).unwrap_or(i64::MAX)),
        ),
        ("source_token_expires_unix_seconds", "When its token ends", |source| {
            source.now().expires.map(|at| at.0 / crate::time::SECOND_US)
        }),
    ];
    for (name, help, read) in gauges {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for source in sources.iter() {
            let labels = [("source", source.name().as_str())];
            if let Some(value) = read(source) {
                ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: i64,
) -> Result<(), std::fmt::Error> {
    let encoder = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(value).encode(encoder)
}

/// How deliveries to each receiver go.
fn receivers(
    encoder: &mut DescriptorEncoder<'_>,
    stats: &CourierStats,
) -> Result<(), std::fmt::Error> {
    type Read = fn(&ReceiverStats) -> u64;
    let counters: [(&str, &str, Read); 3] = [
        ("deliveries", "Messages that arrived", ReceiverStats::delivered),
        ("delivery_attempts_failed", "Attempts that failed", ReceiverStats::attempts_failed),
        ("messages_given_up", "Messages that will not arrive", ReceiverStats::given_up),
    ];
    for (name, help, read) in counters {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (receiver, stats) in stats.receivers() {
            let labels = [("receiver", receiver)];
            ConstCounter::new(read(stats)).encode(family.encode_family(&labels)?)?;
        }
    }
    let gauges: [(&str, &str, Read); 2] = [
        ("receiver_pending", "Messages on their way", ReceiverStats::pending),
        ("receiver_disabled", "1 if it is not called any more", |stats| stats.is_disabled().into()),
    ];
    for (name, help, read) in gauges {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (receiver, stats) in stats.receivers() {
            let value = i64::try_from(read(stats)).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(family.encode_family(&[("receiver", receiver)])?)?;
        }
    }
    Ok(())
}
