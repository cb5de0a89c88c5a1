//! How do answers look as drawings?

use serde_json::{Value, json};

use super::viewer::Visit;
use super::words::said;
use crate::chart::{self, Axis, Band, Mark, Series, Shape};
use crate::notify::AlertSummary;
use crate::report::Trend;
use crate::time::EventTime;

/// A trend with its alerts marked: its drawing, its keys, and its buckets for the table.
pub(super) fn volume(visit: &Visit, trend: &Trend, alerts: &[AlertSummary], height: f64) -> Value {
    let said = |text: &'static str| said(text, visit.locale);
    let count = |of: fn(&crate::report::Volume) -> u64| {
        let values =
            trend.buckets.iter().map(|bucket| bucket.said.map(|said| whole(of(&said.volume))));
        values.collect::<Vec<_>>()
    };
    let (negative, neutral, positive) =
        (count(|v| v.negative), count(|v| v.neutral), count(|v| v.positive));
    let shape = Shape::Stack;
    let series = [
        Series { name: said("negative"), class: "negative", shape, values: &negative },
        Series { name: said("neutral"), class: "neutral", shape, values: &neutral },
        Series { name: said("positive"), class: "positive", shape, values: &positive },
    ];
    let usual: Vec<_> = trend
        .buckets
        .iter()
        .map(|bucket| bucket.usual.map(|usual| (usual.low, usual.high)))
        .collect();
    let has_usual = usual.iter().any(Option::is_some);
    let labels = labels(visit, alerts);
    let marks: Vec<Mark<'_>> =
        labels.iter().map(|(at, label)| Mark { at: *at, label, class: "critical" }).collect();
    let starts: Vec<EventTime> = trend.buckets.iter().map(|bucket| bucket.from).collect();
    let description = description(visit, trend);
    let any = trend.total.volume.mentions > 0;
    let svg = chart::trend(&chart::Trend {
        id: "chart-volume",
        title: if any {
            said("Mentions over time")
        } else {
            said("Nothing was said in this period")
        },
        description: &description,
        unit: said("mentions"),
        starts: &starts,
        end: trend.span.to,
        series: if any { &series } else { &[] },
        band: has_usual.then_some(Band { name: said("usual"), values: &usual }),
        marks: &marks,
        axis: Axis::Count,
        height,
        zone: &visit.zone,
        locale: visit.locale,
    });
    let missing = trend.buckets.iter().any(|bucket| bucket.said.is_none());
    let keys = [
        (true, "negative", "negative"),
        (true, "neutral", "neutral"),
        (true, "positive", "positive"),
        (has_usual, "band", "usual"),
        (marks.iter().any(|mark| mark.at >= trend.span.from), "critical", "alert"),
        (missing, "missing", "nothing heard"),
    ];
    let keys = keys.into_iter().filter(|(is_there, ..)| *is_there);
    let keys: Vec<Value> =
        keys.map(|(_, class, name)| json!({"class": class, "name": name})).collect();
    json!({"svg": svg, "keys": keys, "buckets": trend.buckets})
}

/// When each alert fired, and what it is.
fn labels(visit: &Visit, alerts: &[AlertSummary]) -> Vec<(EventTime, String)> {
    let alert = said("alert", visit.locale);
    let label = |of: &AlertSummary| (of.fired_at, format!("{alert}: {} ({})", of.rule, of.topic));
    alerts.iter().map(label).collect()
}

/// A trend in one line, for who does not see it.
fn description(visit: &Visit, trend: &Trend) -> String {
    let all = trend.total.volume;
    let counts =
        [("mentions", all.mentions), ("negative", all.negative), ("positive", all.positive)];
    let count = |(name, count): (&'static str, u64)| {
        format!("{}: {}", said(name, visit.locale), visit.locale.count(whole(count)))
    };
    counts.map(count).join(", ")
}

/// The net sentiment of a trend with its interval.
pub(super) fn net(visit: &Visit, trend: &Trend) -> String {
    let said = |text: &'static str| said(text, visit.locale);
    let nets: Vec<_> =
        trend.buckets.iter().map(|bucket| bucket.said.and_then(|said| said.net)).collect();
    let values: Vec<Option<f64>> = nets.iter().map(|net| net.map(|net| net.value)).collect();
    let band: Vec<_> = nets.iter().map(|net| net.map(|net| (net.low, net.high))).collect();
    let starts: Vec<EventTime> = trend.buckets.iter().map(|bucket| bucket.from).collect();
    let any = values.iter().any(Option::is_some);
    let description = trend.total.net.map(|net| {
        let sign = |value| visit.locale.signed(value);
        format!("{} ({} – {})", sign(net.value), sign(net.low), sign(net.high))
    });
    chart::trend(&chart::Trend {
        id: "chart-net",
        title: if any { said("Net sentiment") } else { said("Nothing was said in this period") },
        description: &description.unwrap_or_default(),
        unit: "",
        starts: &starts,
        end: trend.span.to,
        series: &[Series {
            name: said("Net sentiment"),
            class: "accent",
            shape: Shape::Line,
            values: &values,
        }],
        band: Some(Band { name: said("95% sure"), values: &band }),
        marks: &[],
        axis: Axis::Signed,
        height: 140.0,
        zone: &visit.zone,
        locale: visit.locale,
    })
}

#[allow(clippy::cast_precision_loss, reason = "counts of mentions")]
pub(super) fn whole(count: u64) -> f64 {
    count as f64
}
