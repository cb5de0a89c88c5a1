//! How well do we answer? Rate, times and backlog of mentions that wanted an answer, as a whole and
//! by topic, source and hour.
//!
//! No figure is by person: who answers is never ranked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::error::ReportError;
use super::inbox::over_inbox;
use super::interval::Estimate;
use super::span::Span;
use super::stand::{STAND, Stand, latest};
use super::trend::quantile;
use crate::lake::quoted;
use crate::state::Standing;
use crate::time::{DAY_US, EventTime, MINUTE_US};

/// Mentions that one answer looks through.
const ROWS_MAX: usize = 200_000;

/// How mentions were answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answers {
    /// Mentions that want an answer: those that a person ignores left out.
    pub asked: u64,
    /// Those among them that have one.
    pub answered: u64,
    /// Mentions that a person ignores.
    pub ignored: u64,
    /// Those that are open or assigned.
    pub waiting: u64,
    /// Those among them whose promise is over.
    pub overdue: u64,
    /// Share of the answered in the asked; null without any.
    pub rate: Option<Estimate>,
    /// Half of the answered ones waited no longer, in seconds.
    pub p50_s: Option<f64>,
    /// Nine of ten answered ones waited no longer, in seconds.
    pub p90_s: Option<f64>,
    /// Answered within an hour.
    pub within_1h: Kept,
    /// Answered within a day.
    pub within_24h: Kept,
    /// Answered within the promise of their topic, in service hours.
    pub within_promise: Kept,
}

/// How often a time was kept. A mention that has none of both yet, an answer or the end of its time,
/// does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Kept {
    /// Mentions that count.
    pub of: u64,
    /// Those that were answered in time.
    pub kept: u64,
    /// Their share; null without any.
    pub share: Option<Estimate>,
}

/// The answers to some of the mentions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedAnswers {
    /// Name of the topic or source.
    pub name: String,
    /// How they were answered.
    pub answers: Answers,
}

/// The answers to mentions of one hour of the day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HourAnswers {
    /// The hour in the zone of the span, from 0.
    pub hour: i8,
    /// How they were answered.
    pub answers: Answers,
}

/// What our own accounts wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Dialogue {
    /// Posts of all kinds, reposts left out.
    pub posts: u64,
    /// Replies and comments among them.
    pub replies: u64,
    /// Their share; null without any.
    pub share: Option<Estimate>,
}

/// How well we answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceFigures {
    /// Names of the topics that were asked for; empty for all.
    pub only: Vec<String>,
    /// When the mentions were written.
    pub span: Span,
    /// The time for which this holds.
    #[serde(with = "crate::time::rfc3339")]
    pub now: EventTime,
    /// Whether an account of ours is known: without one, only what people noted counts.
    pub accounts_known: bool,
    /// All mentions.
    pub total: Answers,
    /// By topic, most asked first.
    pub topics: Vec<NamedAnswers>,
    /// By source, most asked first.
    pub sources: Vec<NamedAnswers>,
    /// By the hour in which they were written; hours without mentions are left out.
    pub hours: Vec<HourAnswers>,
    /// What our own accounts wrote in the span.
    pub dialogue: Dialogue,
}

/// What a mention adds.
struct Call {
    stand: Stand,
    posted: EventTime,
    due: Option<EventTime>,
    answered: Option<EventTime>,
}

#[derive(Deserialize)]
struct Waited {
    wait_s: Option<f64>,
}

#[derive(Deserialize)]
struct Wrote {
    posts: u64,
    replies: u64,
}

impl Kept {
    /// `end` is when the time of a mention is over.
    fn of(calls: &[&Call], now: EventTime, end: impl Fn(&Call) -> Option<EventTime>) -> Self {
        let (mut of, mut kept) = (0, 0);
        for call in calls.iter().filter(|call| call.stand.state != Standing::Ignored) {
            let Some(end) = end(call) else { continue };
            let in_time = call.answered.is_some_and(|at| at <= end);
            if in_time || end <= now {
                of += 1;
                kept += u64::from(in_time);
            }
        }
        Self { of, kept, share: Estimate::share(kept, of) }
    }
}

impl Answers {
    fn of(calls: &[&Call], now: EventTime) -> Self {
        let asked: Vec<&&Call> =
            calls.iter().filter(|call| call.stand.state != Standing::Ignored).collect();
        let mut waits: Vec<f64> = asked.iter().filter_map(|call| call.stand.wait_s).collect();
        waits.sort_by(f64::total_cmp);
        let waiting = asked.iter().filter(|call| call.stand.waits());
        let overdue = waiting.clone().filter(|call| call.due.is_some_and(|due| due <= now));
        let (count, answered) = (asked.len() as u64, waits.len() as u64);
        Self {
            asked: count,
            answered,
            ignored: calls.len() as u64 - count,
            waiting: waiting.clone().count() as u64,
            overdue: overdue.count() as u64,
            rate: Estimate::share(answered, count),
            p50_s: quantile(&waits, 0.5),
            p90_s: quantile(&waits, 0.9),
            within_1h: Kept::of(calls, now, |call| Some(call.posted.shift(60 * MINUTE_US))),
            within_24h: Kept::of(calls, now, |call| Some(call.posted.shift(DAY_US))),
            within_promise: Kept::of(calls, now, |call| call.due),
        }
    }
}

impl Ask<'_> {
    /// How well mentions of a span were answered, of these topics, or of all if none is named.
    ///
    /// # Errors
    /// For more than 200,000 mentions; when a limit is reached, or the lake cannot be read.
    pub async fn service(
        &self,
        only: &[String],
        span: &Span,
    ) -> Result<ServiceFigures, ReportError> {
        let names: Vec<String> = only.iter().map(|topic| quoted(topic)).collect();
        let of_topic = match names.as_slice() {
            [] => "true".to_owned(),
            names => format!("topic IN ({})", names.join(", ")),
        };
        let condition = format!("{of_topic} AND {}", within("posted_at", span.from, span.to));
        let select =
            format!("SELECT {STAND} FROM inbox WHERE {} LIMIT {}", self.wants(), ROWS_MAX + 1);
        let rows: Vec<Stand> = self.rows(&over_inbox(&condition, &select)).await?;
        if rows.len() > ROWS_MAX {
            let why = format!("it holds more than {ROWS_MAX} mentions that want an answer");
            return Err(ReportError::wrong("period", why, "take a shorter one, or one topic"));
        }
        let now = self.now();
        let calls: Vec<Call> = latest(rows).into_iter().map(|stand| self.call(stand)).collect();
        let all: Vec<&Call> = calls.iter().collect();
        let hour = |call: &Call| span.local(call.posted).map_or(0, |local| local.hour());
        let hours = grouped(&all, |call| hour(call))
            .into_iter()
            .map(|(hour, calls)| HourAnswers { hour, answers: Answers::of(&calls, now) });
        Ok(ServiceFigures {
            only: only.to_vec(),
            span: span.clone(),
            now,
            accounts_known: self.accounts_known().await?,
            total: Answers::of(&all, now),
            topics: named(&all, now, |call| call.stand.topic.clone()),
            sources: named(&all, now, |call| call.stand.source.clone()),
            hours: hours.collect(),
            dialogue: self.dialogue(&names, span).await?,
        })
    }

    /// How long each mention of a span waited for its answer, in seconds; `None` of one that has none.
    /// Those that a person ignores want none.
    pub(super) async fn answer_waits(
        &self,
        topics: &[String],
        span: &Span,
    ) -> Result<Vec<Option<f64>>, ReportError> {
        let names: Vec<String> = topics.iter().map(|topic| quoted(topic)).collect();
        let condition = format!(
            "topic IN ({}) AND {}",
            if names.is_empty() { "''".to_owned() } else { names.join(", ") },
            within("posted_at", span.from, span.to)
        );
        let select = format!(
            "SELECT min(wait_s) AS wait_s FROM inbox WHERE {} AND state <> 'ignored' \
             GROUP BY topic, source, post_id ORDER BY 1",
            self.wants()
        );
        let rows: Vec<Waited> = self.rows(&over_inbox(&condition, &select)).await?;
        Ok(rows.into_iter().map(|row| row.wait_s).collect())
    }

    fn call(&self, stand: Stand) -> Call {
        let posted = stand.posted();
        let due = self.services.of(&stand.topic).service.due(posted);
        let answered = stand.answered_at.as_deref().and_then(|at| EventTime::parse(at).ok());
        Call { posted, due, answered, stand }
    }

    /// Whether an account of ours is known, from the configuration or from what it wrote.
    pub(super) async fn accounts_known(&self) -> Result<bool, ReportError> {
        if self.topics.iter().any(|topic| !topic.accounts.is_empty()) {
            return Ok(true);
        }
        let sql = "SELECT count(*) AS posts, 0 AS replies FROM (SELECT own FROM posts WHERE own IS NOT NULL LIMIT 1)";
        let rows: Vec<Wrote> = self.rows(sql).await?;
        Ok(rows.first().is_some_and(|row| row.posts > 0))
    }

    /// How much of what our accounts wrote in a span is an answer to somebody; topics are quoted.
    async fn dialogue(&self, topics: &[String], span: &Span) -> Result<Dialogue, ReportError> {
        let speaks = |topic: &String| {
            format!("strpos(concat(' | ', own, ' | '), concat(' | ', {topic}, ' | ')) > 0")
        };
        let of_topic = match topics {
            [] => "own IS NOT NULL".to_owned(),
            topics => format!("({})", topics.iter().map(speaks).collect::<Vec<_>>().join(" OR ")),
        };
        let sql = format!(
            "SELECT count(DISTINCT concat(source, ' ', post_id)) AS posts, \
             count(DISTINCT CASE WHEN kind IN ('reply', 'comment') THEN concat(source, ' ', post_id) END) AS replies \
             FROM posts WHERE {of_topic} AND kind <> 'repost' AND {}",
            within("posted_at", span.from, span.to)
        );
        let rows: Vec<Wrote> = self.rows(&sql).await?;
        let Some(Wrote { posts, replies }) = rows.into_iter().next() else {
            return Ok(Dialogue::default());
        };
        Ok(Dialogue { posts, replies, share: Estimate::share(replies, posts) })
    }
}

fn grouped<'c, K: Ord>(calls: &[&'c Call], key: impl Fn(&Call) -> K) -> BTreeMap<K, Vec<&'c Call>> {
    let mut groups: BTreeMap<K, Vec<&Call>> = BTreeMap::new();
    for &call in calls {
        groups.entry(key(call)).or_default().push(call);
    }
    groups
}

fn named(calls: &[&Call], now: EventTime, key: impl Fn(&Call) -> String) -> Vec<NamedAnswers> {
    let groups = grouped(calls, key).into_iter();
    let mut found: Vec<NamedAnswers> = groups
        .map(|(name, calls)| NamedAnswers { name, answers: Answers::of(&calls, now) })
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.answers.asked));
    found
}
