//! Which numbers does a report hold, sheet by sheet? Tables of typed cells, for programs that reckon.

use super::changes::{Part, TermChange};
use super::document::{Report, TopicReport};
use super::heard::Coverage;
use super::interval::{Estimate, float};
use super::mentions::Mention;
use super::tongue::Words;
use crate::notify::{AlertState, AlertSummary};
use crate::time::EventTime;

/// A value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Not known, which is not zero.
    Unknown,
    Text(String),
    Count(u64),
    Number(f64),
    /// From -2 to 2, with its sign.
    Signed(f64),
    /// From 0 to 1, or a change of such.
    Share(f64),
    Time(EventTime),
    /// An address that people can open.
    Link(String),
}

/// A sheet.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name, at most 31 characters.
    pub(super) name: &'static str,
    /// Names of its columns, and their width in characters where it is not the usual one.
    pub(super) head: Vec<(&'static str, Option<f64>)>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// All sheets.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) glance: Table,
    /// Bucket by bucket, the topics in the order of the report.
    pub(super) trend: Table,
    pub(super) voices: Table,
    pub(super) drivers: Table,
    pub(super) posts: Table,
    pub(super) alerts: Table,
}

impl Tables {
    /// In their order in a workbook.
    pub(super) fn all(&self) -> [&Table; 6] {
        [&self.glance, &self.trend, &self.voices, &self.drivers, &self.posts, &self.alerts]
    }
}

/// The tables of a report.
pub(super) fn tables(report: &Report, words: &'static Words) -> Tables {
    Tables {
        glance: glance(report, words),
        trend: trend(report, words),
        voices: voices(report, words),
        drivers: drivers(report, words),
        posts: posts(report, words),
        alerts: alerts(report, words),
    }
}

pub(super) fn wide(name: &'static str, width: f64) -> (&'static str, Option<f64>) {
    (name, Some(width))
}

fn table(
    name: &'static str,
    head: impl IntoIterator<Item = (&'static str, Option<f64>)>,
    rows: Vec<Vec<Cell>>,
) -> Table {
    Table { name, head: head.into_iter().collect(), rows }
}

fn plain(names: &[&'static str]) -> Vec<(&'static str, Option<f64>)> {
    names.iter().map(|name| (*name, None)).collect()
}

pub(super) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A value with the ends of its interval.
fn interval(estimate: Option<Estimate>, of: fn(f64) -> Cell) -> [Cell; 3] {
    estimate
        .map_or([const { Cell::Unknown }; 3], |found| [found.value, found.low, found.high].map(of))
}

fn glance(report: &Report, words: &'static Words) -> Table {
    let rows = report.topics.iter().map(|topic| {
        let changes = &topic.changes;
        let (now, then) = (changes.now, changes.then.map(|then| then.volume.mentions));
        let grown = then.filter(|then| *then > 0);
        let grown = grown.map(|then| float(now.volume.mentions) / float(then) - 1.0);
        let mut row = vec![
            text(&topic.topic),
            Cell::Count(now.volume.mentions),
            then.map_or(Cell::Unknown, Cell::Count),
            grown.map_or(Cell::Unknown, Cell::Share),
        ];
        row.extend(interval(now.net, Cell::Signed));
        row.extend(interval(changes.net_change, Cell::Signed));
        row.extend(interval(now.negative_share, Cell::Share));
        row.extend([Cell::Count(now.volume.reach), Cell::Count(now.volume.engagement)]);
        row.extend(answers(topic));
        row
    });
    let mut head = vec![wide(words.topic, 24.0)];
    head.extend(plain(&[
        words.mentions,
        words.before,
        words.change,
        words.net,
        words.lower,
        words.upper,
        words.net_change,
        words.lower,
        words.upper,
        words.negative_share,
        words.lower,
        words.upper,
        words.reach,
        words.engagement,
        words.negative,
        words.answered_by_us,
        words.median_minutes,
    ]));
    table(words.overview, head, rows.collect())
}

/// Negative mentions, those answered, and the minutes that half of them waited.
fn answers(topic: &TopicReport) -> [Cell; 3] {
    let waits = &topic.waits;
    let known = |count| if waits.accounts_known { Cell::Count(count) } else { Cell::Unknown };
    let half = waits.median_s.map_or(Cell::Unknown, |median_s| Cell::Number(median_s / 60.0));
    [Cell::Count(waits.negative), known(waits.answered), half]
}

fn trend(report: &Report, words: &'static Words) -> Table {
    let rows = report.topics.iter().flat_map(|topic| {
        topic.trend.buckets.iter().map(move |bucket| {
            let mut row = vec![text(&topic.topic), Cell::Time(bucket.from), Cell::Time(bucket.to)];
            match bucket.said {
                Some(said) => {
                    let volume = said.volume;
                    let counts =
                        [volume.mentions, volume.negative, volume.neutral, volume.positive];
                    row.extend(counts.map(Cell::Count));
                    row.extend(interval(said.net, Cell::Signed));
                    row.extend([volume.reach, volume.engagement].map(Cell::Count));
                }
                None => row.extend([const { Cell::Unknown }; 9]),
            }
            let usual = bucket.usual.map(|usual| [usual.low, usual.high].map(Cell::Number));
            row.extend(usual.unwrap_or([const { Cell::Unknown }; 2]));
            row.push(text(match bucket.coverage {
                Coverage::Whole => words.whole,
                Coverage::Part => words.part,
                Coverage::Nothing => words.nothing,
            }));
            row
        })
    });
    let mut head = vec![wide(words.topic, 24.0), wide(words.from, 18.0), wide(words.until, 18.0)];
    head.extend(plain(&[
        words.mentions,
        words.negative,
        words.neutral,
        words.positive,
        words.net,
        words.lower,
        words.upper,
        words.reach,
        words.engagement,
        words.usual_from,
        words.usual_to,
        words.heard,
    ]));
    table(words.course, head, rows.collect())
}

fn voices(report: &Report, words: &'static Words) -> Table {
    let rows = report.voices.iter().flat_map(|voice| {
        voice.shares.iter().map(move |share| {
            let mut row = vec![
                voice.group.as_deref().map_or(Cell::Unknown, text),
                text(&share.brand),
                Cell::Count(share.sentiment.volume.mentions),
            ];
            row.extend(interval(share.share, Cell::Share));
            row.push(share.before.map_or(Cell::Unknown, |before| Cell::Share(before.value)));
            row.push(share.sentiment.net.map_or(Cell::Unknown, |net| Cell::Signed(net.value)));
            row
        })
    });
    let mut head = vec![wide(words.group, 20.0), wide(words.brand, 24.0)];
    head.extend(plain(&[
        words.mentions,
        words.share,
        words.lower,
        words.upper,
        words.before,
        words.net,
    ]));
    table(words.share_of_voice, head, rows.collect())
}

fn drivers(report: &Report, words: &'static Words) -> Table {
    let mut rows = Vec::new();
    for topic in &report.topics {
        let changes = &topic.changes;
        let kinds = [
            (words.negative_words, &changes.negative_terms),
            (words.positive_words, &changes.positive_terms),
        ];
        for (kind, terms) in kinds {
            rows.extend(terms.iter().map(|term| word(&topic.topic, kind, term)));
        }
        for part in &changes.parts {
            let kind = if part.by == "lang" { words.language } else { words.source };
            rows.extend(values(&topic.topic, kind, part));
        }
    }
    let mut head = vec![wide(words.topic, 24.0), wide(words.kind, 26.0), wide(words.name, 26.0)];
    head.extend(plain(&[words.posts_now, words.before, words.negative, "z"]));
    table(words.drivers, head, rows)
}

fn word(topic: &str, kind: &str, term: &TermChange) -> Vec<Cell> {
    vec![
        text(topic),
        text(kind),
        text(&term.term),
        Cell::Count(term.posts),
        Cell::Count(term.usual),
        Cell::Unknown,
        Cell::Number(term.z),
    ]
}

fn values(topic: &str, kind: &str, part: &Part) -> Vec<Vec<Cell>> {
    let rows = part.values.iter().map(|value| {
        vec![
            text(topic),
            text(kind),
            text(&value.name),
            Cell::Count(value.now.mentions),
            Cell::Count(value.then.mentions),
            Cell::Count(value.now.negative),
            Cell::Unknown,
        ]
    });
    rows.collect()
}

fn posts(report: &Report, words: &'static Words) -> Table {
    let mut rows = Vec::new();
    for topic in &report.topics {
        let lists =
            [(words.worst, &topic.changes.worst), (words.farthest, &topic.changes.farthest)];
        for (list, posts) in lists {
            rows.extend(posts.iter().map(|post| row_of(list, post)));
        }
    }
    let head = [
        wide(words.topic, 24.0),
        wide(words.kind, 26.0),
        wide(words.time, 18.0),
        wide(words.source, 16.0),
        (words.score, None),
        (words.reach, None),
        wide(words.text, 80.0),
        wide(words.link, 50.0),
    ];
    table(words.posts_sheet, head, rows)
}

fn row_of(list: &str, post: &Mention) -> Vec<Cell> {
    let url = post.url.as_deref();
    let url = url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    vec![
        text(&post.topic),
        text(list),
        EventTime::parse(&post.posted_at).map_or_else(|_| text(&post.posted_at), Cell::Time),
        text(&post.source),
        Cell::Signed(post.target_score),
        post.reach.map_or(Cell::Unknown, Cell::Count),
        text(&post.text),
        url.map_or(Cell::Unknown, |url| Cell::Link(url.to_owned())),
    ]
}

fn alerts(report: &Report, words: &'static Words) -> Table {
    let rows = report.alerts.iter().map(|alert| alarm(alert, words));
    let head = [
        wide(words.fired, 18.0),
        wide(words.topic, 24.0),
        wide(words.rule, 24.0),
        (words.observed, None),
        (words.usual, None),
        (words.state, None),
        wide(words.taken_by, 24.0),
        wide(words.alert, 30.0),
    ];
    table(words.alerts, head, rows.collect())
}

fn alarm(alert: &AlertSummary, words: &'static Words) -> Vec<Cell> {
    let state = match alert.state {
        AlertState::Firing => words.firing,
        AlertState::Resolved => words.resolved,
    };
    vec![
        Cell::Time(alert.fired_at),
        text(&alert.topic),
        text(&alert.rule),
        Cell::Count(alert.observed),
        alert.expected.map_or(Cell::Unknown, Cell::Number),
        text(state),
        alert.known.ack.as_ref().map_or(Cell::Unknown, |ack| text(&ack.author)),
        text(&alert.alert_id),
    ]
}
