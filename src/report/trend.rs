//! How much was said when, and is that usual? Buckets of a span, with what was not heard told apart
//! from silence.

use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::counts::{COUNTED, Sentiment, Volume};
use super::error::ReportError;
use super::heard::Coverage;
use super::interval::float;
use super::span::{BUCKETS_MAX, Span};
use super::step::Step;
use crate::lake::quoted;
use crate::time::{DAY_US, EventTime, rfc3339};

/// Buckets of the past that are compared with.
const PAST_MAX: usize = 10_000;
/// Fewest comparable buckets that say what is usual.
const COMPARABLE_MIN: usize = 4;

/// What was said of a topic, bucket by bucket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// Name of the topic; null for all together.
    pub topic: Option<String>,
    /// From when to when.
    pub span: Span,
    /// How long a bucket is: `15m`, `1h`, `day`, `week`, `month`.
    pub step: Step,
    /// The whole span.
    pub total: Sentiment,
    /// Its buckets in order, without holes; the first and the last are cut to the span.
    pub buckets: Vec<Bucket>,
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bucket {
    /// The first instant.
    #[serde(with = "rfc3339")]
    pub from: EventTime,
    /// The first instant behind it.
    #[serde(with = "rfc3339")]
    pub to: EventTime,
    /// How much of it was heard.
    pub coverage: Coverage,
    /// What was said; null where nothing was heard, which is not zero.
    pub said: Option<Sentiment>,
    /// What the past leads to expect; null with too little past.
    pub usual: Option<Usual>,
}

/// How many mentions the same hours of the 28 days before had, or the same weekdays of the 8 weeks,
/// or the 12 weeks before; of those buckets that were heard as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usual {
    /// A tenth of them had fewer mentions.
    pub low: f64,
    /// Half of them had fewer.
    pub typical: f64,
    /// A tenth of them had more.
    pub high: f64,
    /// How many were compared.
    pub buckets: u32,
}

#[derive(Deserialize)]
struct Row {
    at: String,
    #[serde(flatten)]
    volume: Volume,
}

impl Ask<'_> {
    /// What was said of a topic, or of all, bucket by bucket.
    ///
    /// # Errors
    /// For too many buckets; when a limit is reached, or the lake cannot be read.
    pub async fn trend(
        &self,
        topic: Option<&str>,
        span: &Span,
        step: Step,
    ) -> Result<Trend, ReportError> {
        let buckets = span.cut(step, BUCKETS_MAX)?;
        let past = self.past(span, step);
        let past_buckets = past.as_ref().map(|past| past.cut(step, PAST_MAX)).transpose()?;
        let all: Vec<(EventTime, EventTime)> =
            past_buckets.into_iter().flatten().chain(buckets).collect();
        let from = past.map_or(span.from, |past| past.from);
        let wanted = topic.map_or("true".to_owned(), |topic| format!("topic = {}", quoted(topic)));
        let rows: Vec<Row> = self
            .rows(&format!(
                "SELECT {} AS at, {COUNTED} FROM mentions WHERE {wanted} AND {} GROUP BY 1",
                binned(step, from, span.from),
                within("posted_at", from, span.to),
            ))
            .await?;
        let counts = fold(&all, rows.into_iter().map(|row| (row.at, row.volume)));
        Ok(self.assembled(topic, span, step, &all, &counts))
    }

    fn assembled(
        &self,
        topic: Option<&str>,
        span: &Span,
        step: Step,
        all: &[(EventTime, EventTime)],
        counts: &[Volume],
    ) -> Trend {
        let mut total = Volume::default();
        let mut buckets = Vec::new();
        let past: Vec<(Like, f64)> = all
            .iter()
            .zip(counts)
            .filter(|((from, to), _)| {
                *from < span.from && self.heard.of(*from, *to) == Coverage::Whole
            })
            .map(|((from, _), volume)| (like(span, step, *from), float(volume.mentions)))
            .collect();
        for ((from, to), volume) in all.iter().zip(counts) {
            if *from < span.from {
                continue;
            }
            total.add(volume);
            let coverage = match self.heard.of(*from, *to) {
                Coverage::Nothing if volume.mentions > 0 => Coverage::Part,
                coverage => coverage,
            };
            let said = (coverage != Coverage::Nothing).then(|| volume.sentiment());
            let usual = usual(&past, like(span, step, *from));
            buckets.push(Bucket { from: *from, to: *to, coverage, said, usual });
        }
        let topic = topic.map(str::to_owned);
        Trend { topic, span: span.clone(), step, total: total.sentiment(), buckets }
    }

    /// What comes before a span and is compared with, from its first whole day or week on.
    fn past(&self, span: &Span, step: Step) -> Option<Span> {
        let days = match step {
            Step::Minutes(15..) => 28,
            Step::Day => 56,
            Step::Week => 84,
            Step::Minutes(_) | Step::Month => return None,
        };
        let begin = span.local(span.from.shift(-days * DAY_US))?.start_of_day().ok()?;
        let begin = super::span::instant(&begin).max(self.heard.first?);
        Span::new(begin, span.from, span.zone.clone()).ok()
    }
}

/// Which buckets are alike: those of one minute of the day, or of one weekday.
type Like = (i8, i32);

fn like(span: &Span, step: Step, from: EventTime) -> Like {
    let Some(local) = span.local(from) else { return (0, 0) };
    match step {
        Step::Minutes(_) => (0, i32::from(local.hour()) * 60 + i32::from(local.minute())),
        Step::Day => (local.weekday().to_monday_zero_offset(), 0),
        Step::Week | Step::Month => (0, 0),
    }
}

fn usual(past: &[(Like, f64)], wanted: Like) -> Option<Usual> {
    let mut counts: Vec<f64> =
        past.iter().filter(|(like, _)| *like == wanted).map(|(_, count)| *count).collect();
    counts.sort_by(f64::total_cmp);
    if counts.len() < COMPARABLE_MIN {
        return None;
    }
    let at = |tenths| quantile(&counts, tenths).unwrap_or_default();
    let buckets = u32::try_from(counts.len()).unwrap_or(u32::MAX);
    Some(Usual { low: at(0.1), typical: at(0.5), high: at(0.9), buckets })
}

/// The value below which this part of sorted values lies, between two of them in proportion.
pub(super) fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = part * float(last as u64);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the last")]
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (sorted.get(below)?, sorted.get(above)?);
    Some(low + (high - low) * place.fract())
}

/// Minutes of the grid that all ends of buckets lie on; the ends of today's zones are quarters of
/// an hour apart from those of UTC.
fn grid(step: Step) -> i64 {
    match step {
        Step::Minutes(minutes) if minutes % 15 != 0 => 1,
        _ => 15,
    }
}

/// On the grid, when a post was written, in SQL; what belongs to a span never begins before it,
/// nor what belongs to its past before that.
pub(super) fn binned(step: Step, past: EventTime, from: EventTime) -> String {
    let at = |time: EventTime| format!("to_timestamp_micros({})", time.0);
    format!(
        "greatest(date_bin(INTERVAL '{} minutes', posted_at), \
         CASE WHEN posted_at >= {from} THEN {from} ELSE {} END)",
        grid(step),
        at(past),
        from = at(from),
    )
}

/// Adds counts of the grid to their buckets; what begins before the first belongs to it.
pub(super) fn fold(
    buckets: &[(EventTime, EventTime)],
    rows: impl Iterator<Item = (String, Volume)>,
) -> Vec<Volume> {
    let mut counts = vec![Volume::default(); buckets.len()];
    for (at, volume) in rows {
        let Ok(at) = EventTime::parse(&at) else { continue };
        let place = buckets.partition_point(|(from, _)| *from <= at).saturating_sub(1);
        if let Some(count) = counts.get_mut(place) {
            count.add(&volume);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        let values = [0.0, 1.0, 2.0, 10.0];
        assert_eq!(quantile(&values, 0.5), Some(1.5));
        assert_eq!(quantile(&values, 0.0), Some(0.0));
        assert_eq!(quantile(&values, 1.0), Some(10.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
