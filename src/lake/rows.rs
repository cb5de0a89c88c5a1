//! What becomes a row? From the engine's outcome to rows of the four tables.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use serde_json::json;

use super::columns::Columns;
use super::evidence::evidence;
use super::schema::Table;
use crate::alert::{Alert, Rule};
use crate::analyze::Finding;
use crate::config::Archive;
use crate::engine::{Outcome, Placing};
use crate::mention::Topic;
use crate::post::{Post, TopicId, cut_text};
use crate::window::ClosedPane;

/// Longest list of matched terms in a row, in bytes.
const TERMS_BYTES_MAX: usize = 1_024;

/// The names that rows carry.
#[derive(Debug, Clone)]
pub struct Labels {
    /// Topics by id.
    pub topics: Vec<Topic>,
    /// Rules by place.
    pub rules: Vec<Rule>,
    /// Versions of the scorer by topic.
    pub scorers: Vec<String>,
    /// Which posts are kept.
    pub archive: Archive,
}

impl Labels {
    /// Version of the scorer for a topic.
    #[must_use]
    pub fn scorer(&self, topic: TopicId) -> &str {
        self.scorers.get(topic.0 as usize).map_or("", String::as_str)
    }
}

/// Rows waiting to be written.
#[derive(Debug)]
pub struct Rows {
    labels: Labels,
    /// Versions of the queries by topic.
    queries: Vec<String>,
    tables: [Columns; 4],
}

impl Rows {
    /// No rows yet.
    #[must_use]
    pub fn new(labels: Labels) -> Self {
        let queries = labels.topics.iter().map(Topic::version).collect();
        Self { labels, queries, tables: Table::ALL.map(Columns::new) }
    }

    /// The names that rows carry.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// About how many bytes wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.tables.iter().map(Columns::bytes).sum()
    }

    /// Adds what a step brought.
    pub fn push(&mut self, outcome: &Outcome) {
        let mut rest = outcome.findings.list.as_slice();
        let mut placings = outcome.placings.iter();
        for (index, post) in (0u32..).zip(&outcome.posts) {
            let topics = rest.iter().take_while(|finding| finding.post == index).count();
            let kept = match self.labels.archive {
                Archive::All => true,
                Archive::Matched => topics > 0,
                Archive::None => false,
            };
            if kept {
                self.push_post(post, topics);
            }
            let (own, others) = rest.split_at(topics);
            rest = others;
            for (finding, placing) in own.iter().zip(&mut placings) {
                self.push_mention(post, finding, *placing, outcome);
            }
        }
        outcome.closed.iter().for_each(|pane| self.push_pane(pane));
        outcome.alerts.iter().for_each(|alert| self.push_alert(alert));
    }

    /// The waiting rows of each table that has some, leaving none.
    ///
    /// # Errors
    /// When a column has outgrown arrow's limits.
    pub fn take(&mut self) -> Result<Vec<(Table, RecordBatch)>, ArrowError> {
        let mut batches = Vec::new();
        for (table, columns) in Table::ALL.into_iter().zip(&mut self.tables) {
            if let Some(batch) = columns.take()? {
                batches.push((table, batch));
            }
        }
        Ok(batches)
    }

    fn push_post(&mut self, post: &Post, topics: usize) {
        self.tables[Table::Posts as usize]
            .row(post.received_at)
            .time(post.received_at)
            .time(post.posted_at)
            .text(post.source.as_str())
            .text(&post.id)
            .text(&post.author.to_string())
            .text(post.kind.as_str())
            .text(post.lang.as_str())
            .text_or_null(post.parent.as_deref())
            .text_or_null(post.thread.as_deref())
            .text_or_null(post.url.as_deref())
            .int_or_null(post.reach)
            .int_or_null(post.engagement)
            .int(topics as u64)
            .text(&post.text);
    }

    fn push_mention(
        &mut self,
        post: &Post,
        finding: &Finding,
        placing: Placing,
        outcome: &Outcome,
    ) {
        let topic = self.labels.topics.get(finding.topic.0 as usize);
        let verdict = &finding.verdict;
        self.tables[Table::Mentions as usize]
            .row(post.received_at)
            .time(post.received_at)
            .time(post.posted_at)
            .text(topic.map_or("", |topic| &topic.name))
            .text_or_null(topic.and_then(|topic| topic.brand.as_deref()))
            .text_or_null(topic.and_then(|topic| topic.group.as_deref()))
            .text(post.source.as_str())
            .text(&post.id)
            .text(&post.author.to_string())
            .text(post.kind.as_str())
            .text(verdict.language.lang.as_str())
            .text_or_null(post.parent.as_deref())
            .text_or_null(post.thread.as_deref())
            .text_or_null(post.url.as_deref())
            .int_or_null(post.reach)
            .int_or_null(post.engagement)
            .float(Some(verdict.document.as_f64()))
            .float(Some(verdict.target.as_f64()))
            .text(verdict.polarity.as_str())
            .text(&terms(post, outcome.findings.spans_of(finding)))
            .text(self.labels.scorer(finding.topic))
            .text(&post.text)
            .text_or_null(self.queries.get(finding.topic.0 as usize).map(String::as_str))
            .signed(placing.similarity.map(u64::cast_signed))
            .time_or_null(placing.late_at)
            .float(Some(f64::from(verdict.confidence) / 100.0))
            .int(u64::from(finding.own));
    }

    fn push_pane(&mut self, pane: &ClosedPane) {
        let topic = self.labels.topics.get(pane.key.topic.0 as usize);
        let counts = &pane.totals.counts;
        self.tables[Table::Panes as usize]
            .row(pane.key.start)
            .time(pane.key.start)
            .text(topic.map_or("", |topic| &topic.name))
            .text(pane.key.source.as_str())
            .text(pane.key.lang.as_str())
            .int(counts.mentions)
            .int(counts.negative)
            .int(counts.neutral)
            .int(counts.positive)
            .int(counts.copies)
            .int(counts.negative_copies)
            .int(counts.positive_copies)
            .signed(Some(counts.score_sum))
            .int(counts.score_square_sum)
            .int(counts.reach_sum)
            .int(counts.engagement_sum)
            .int(pane.totals.authors())
            .int(pane.totals.negative_authors());
    }

    fn push_alert(&mut self, alert: &Alert) {
        let Some(rule) = self.labels.rules.get(alert.rule) else { return };
        let topic = self.labels.topics.get(alert.topic.0 as usize);
        let window_s = u64::try_from(rule.window_us / crate::time::SECOND_US).unwrap_or(0);
        self.tables[Table::Alerts as usize]
            .row(alert.at)
            .time(alert.at)
            .text(&alert.id)
            .text(&rule.name)
            .text(rule.condition.name())
            .text(topic.map_or("", |topic| &topic.name))
            .text(alert.transition.as_str())
            .text(&rule.severity)
            .time(alert.started_at)
            .int(window_s)
            .text(rule.condition.measure().as_str())
            .int(alert.observed)
            .float(alert.expected)
            .float(alert.p_value)
            .float(alert.novelty)
            .float(alert.dispersion)
            .text(alert.coordination.as_str())
            .text(&labels_of(rule).to_string())
            .int(alert.counts.mentions)
            .int(alert.counts.negative)
            .int(alert.counts.neutral)
            .int(alert.counts.positive)
            .int(alert.counts.copies)
            .float(Some(alert.counts.mean_score()))
            .int(alert.authors)
            .text(&evidence(alert, &self.labels).to_string());
    }
}

/// A rule's labels as a JSON object.
pub fn labels_of(rule: &Rule) -> serde_json::Value {
    rule.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

/// What matched, as it stands in the text, each once, joined by ` | `.
fn terms(post: &Post, spans: &[crate::post::Span]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for span in spans {
        let term = post.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        if !seen.contains(&term) && seen.len() < 32 {
            seen.push(term);
        }
    }
    cut_text(&seen.join(" | "), TERMS_BYTES_MAX).to_owned()
}
