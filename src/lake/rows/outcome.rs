//! What becomes a row? From the engine's outcome to rows of the tables.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::alert_row::AlertRow;
use super::columns::Columns;
use super::labels::Labels;
use super::tables::Table;
use crate::alert::Alert;
use crate::analyze::{Finding, Ours};
use crate::config::Archive;
use crate::engine::{Outcome, Placing};
use crate::intent::Intent;
use crate::mention::Topic;
use crate::post::{Post, TopicId, cut_text};
use crate::window::ClosedPane;

/// Longest list of matched terms in a row, in bytes.
const TERMS_BYTES_MAX: usize = 1_024;
/// Most terms in such a list.
const TERMS_MAX: usize = 32;

/// Rows waiting to be written.
#[derive(Debug)]
pub struct Rows {
    labels: Labels,
    /// Versions of the queries by topic.
    queries: Vec<String>,
    tables: [Columns; Table::ALL.len()],
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
        let mut ours = outcome.findings.ours.iter().peekable();
        for (index, post) in (0u32..).zip(&outcome.posts) {
            let topics = rest.iter().take_while(|finding| finding.post == index).count();
            // What we say ourselves is kept in any case: it answers mentions.
            let own = ours.next_if(|ours| ours.post == index);
            let kept = match self.labels.archive {
                Archive::All => topics > 0 || own.is_some() || self.labels.keeps(post),
                Archive::Matched => topics > 0 || own.is_some(),
                Archive::None => own.is_some(),
            };
            if kept {
                self.push_post(post, topics, own);
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
            batches.extend(columns.take()?.into_iter().map(|batch| (table, batch)));
        }
        Ok(batches)
    }

    fn push_post(&mut self, post: &Post, topics: usize, own: Option<&Ours>) {
        let name = |topic: &TopicId| Some(self.labels.topics.get(topic.0 as usize)?.name.as_str());
        let names = |ours: &Ours| ours.topics.iter().filter_map(name).collect::<Vec<_>>();
        let own = own.map(|ours| names(ours).join(" | "));
        self.tables[Table::Posts as usize]
            .row(post.received_at)
            .time("received_at", post.received_at)
            .time("posted_at", post.posted_at)
            .text("source", post.source.as_str())
            .text("post_id", &post.id)
            .text("author", &post.author.to_string())
            .text("kind", post.kind.as_str())
            .text("lang", post.lang.as_str())
            .text_or_null("parent", post.parent.as_deref())
            .text_or_null("thread", post.thread.as_deref())
            .text_or_null("url", post.url.as_deref())
            .int_or_null("reach", post.reach)
            .int_or_null("engagement", post.engagement)
            .int("topics", topics as u64)
            .text("text", &post.text)
            .text_or_null("own", own.as_deref());
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
            .time("received_at", post.received_at)
            .time("posted_at", post.posted_at)
            .text("topic", topic.map_or("", |topic| &topic.name))
            .text_or_null("brand", topic.and_then(|topic| topic.brand.as_deref()))
            .text_or_null("topic_group", topic.and_then(|topic| topic.group.as_deref()))
            .text("source", post.source.as_str())
            .text("post_id", &post.id)
            .text("author", &post.author.to_string())
            .text("kind", post.kind.as_str())
            .text("lang", verdict.language.lang.as_str())
            .text_or_null("parent", post.parent.as_deref())
            .text_or_null("thread", post.thread.as_deref())
            .text_or_null("url", post.url.as_deref())
            .int_or_null("reach", post.reach)
            .int_or_null("engagement", post.engagement)
            .float("score", Some(verdict.document.as_f64()))
            .float("target_score", Some(verdict.target.as_f64()))
            .text("polarity", verdict.polarity.as_str())
            .text("terms", &terms(post, outcome.findings.spans_of(finding)))
            .text("scorer", self.labels.scorer(finding.topic))
            .text("text", &post.text)
            .text_or_null("query", self.queries.get(finding.topic.0 as usize).map(String::as_str))
            .signed("similarity", placing.similarity.map(u64::cast_signed))
            .time_or_null("late_at", placing.late_at)
            .time_or_null("counted_at", placing.counted_at)
            .float("confidence", Some(f64::from(verdict.confidence) / 100.0))
            .int("own", u64::from(finding.own))
            .text("intents", &verdict.intents.joined())
            .float("intent_confidence", verdict.intents.first().map(share));
    }

    fn push_pane(&mut self, pane: &ClosedPane) {
        let topic = self.labels.topics.get(pane.key.topic.0 as usize);
        let counts = &pane.totals.counts;
        self.tables[Table::Panes as usize]
            .row(pane.key.start)
            .time("start", pane.key.start)
            .text("topic", topic.map_or("", |topic| &topic.name))
            .text("source", pane.key.source.as_str())
            .text("lang", pane.key.lang.as_str())
            .int("mentions", counts.mentions)
            .int("negative", counts.negative)
            .int("neutral", counts.neutral)
            .int("positive", counts.positive)
            .int("copies", counts.copies)
            .int("negative_copies", counts.negative_copies)
            .int("positive_copies", counts.positive_copies)
            .signed("score_sum", Some(counts.score_sum))
            .int("score_square_sum", counts.score_square_sum)
            .int("reach_sum", counts.reach_sum)
            .int("engagement_sum", counts.engagement_sum)
            .int("authors", pane.totals.authors())
            .int("negative_authors", pane.totals.negative_authors());
    }

    fn push_alert(&mut self, alert: &Alert) {
        if let Some(row) = AlertRow::of(alert, &self.labels) {
            self.push_row(&row);
        }
    }

    /// Adds one transition of an alert.
    pub fn push_row(&mut self, row: &AlertRow) {
        self.tables[Table::Alerts as usize]
            .row(row.at)
            .time("at", row.at)
            .text("alert_id", &row.alert_id)
            .text("rule", &row.rule)
            .text("rule_type", &row.rule_type)
            .text("topic", &row.topic)
            .text("transition", row.transition.as_str())
            .text("severity", &row.severity)
            .time("started_at", row.started_at)
            .int("window_s", row.window_s)
            .text("measure", &row.measure)
            .int("observed", row.observed)
            .float("expected", row.expected)
            .float("p_value", row.p_value)
            .float("novelty", row.novelty)
            .float("dispersion", row.dispersion)
            .text("coordination", &row.coordination)
            .text("labels", &row.labels.to_string())
            .int("mentions", row.mentions)
            .int("negative", row.negative)
            .int("neutral", row.neutral)
            .int("positive", row.positive)
            .int("copies", row.copies)
            .float("mean_score", Some(row.mean_score))
            .int("authors", row.authors)
            .text("evidence", &row.evidence.to_string());
    }
}

/// How sure an intent is, from 0 to 1.
fn share((_, percent): (Intent, u8)) -> f64 {
    f64::from(percent) / 100.0
}

/// What matched, as it stands in the text, each once, joined by ` | `: at most 32 terms, and no more
/// than a kibibyte.
fn terms(post: &Post, spans: &[crate::post::Span]) -> String {
    let (mut seen, mut bytes): (Vec<&str>, usize) = (Vec::new(), 0);
    for span in spans {
        if seen.len() >= TERMS_MAX || bytes > TERMS_BYTES_MAX {
            break;
        }
        let term = post.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        if !seen.contains(&term) {
            bytes += term.len();
            seen.push(term);
        }
    }
    cut_text(&seen.join(" | "), TERMS_BYTES_MAX).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use arrow::util::display::array_value_to_string;

    use super::*;
    use crate::analyze::Findings;
    use crate::intent::Intents;
    use crate::post::{AuthorKey, Kind, Lang, Polarity, Score, SourceId, Span};
    use crate::privacy::AuthorHasher;
    use crate::sentiment::{Language, LanguageSource, Verdict};
    use crate::time::EventTime;
    use crate::window::{PaneKey, Totals};

    fn post() -> Post {
        Post {
            id: "the id".into(),
            source: SourceId::new("the source"),
            author: AuthorKey([7; 16]),
            posted_at: EventTime(1_772_366_400_000_000),
            received_at: EventTime(1_772_366_401_000_000),
            kind: Kind::Review,
            parent: Some("the parent".into()),
            thread: Some("the thread".into()),
            lang: Lang::parse("fr"),
            text: "the text".into(),
            url: Some("https://example.org/the-url".into()),
            reach: Some(101),
            engagement: Some(102),
        }
    }

    fn labels() -> Labels {
        let topic = Topic {
            name: "the topic".to_owned(),
            brand: Some("the brand".to_owned()),
            group: Some("the group".to_owned()),
            query: "acme".to_owned(),
            ..Topic::default()
        };
        Labels {
            topics: vec![topic],
            rules: Vec::new(),
            scorers: vec!["the scorer".to_owned()],
            archive: Archive::All,
            shard: None,
            authors: AuthorHasher::of_keys(),
        }
    }

    /// What the one row says, by column.
    fn row(batches: &[(Table, RecordBatch)], table: Table) -> Vec<(String, String)> {
        let (_, batch) = batches.iter().find(|(one, _)| *one == table).expect("rows");
        assert_eq!(batch.num_rows(), 1);
        let schema = batch.schema();
        let cells = schema.fields().iter().zip(batch.columns());
        let said = |column| array_value_to_string(column, 0).expect("a value");
        cells.map(|(field, column)| (field.name().clone(), said(column))).collect()
    }

    fn verdict() -> Verdict {
        let mut intents = Intents::default();
        intents.insert(Intent::Question, 71);
        Verdict {
            document: Score(1_000),
            target: Score(-2_000),
            polarity: Polarity::Negative,
            confidence: 83,
            hits: 1,
            language: Language { lang: Lang::EN, source: LanguageSource::Declared },
            intents,
        }
    }

    #[test]
    fn each_value_of_a_row_stands_in_the_column_of_its_name() {
        let mut rows = Rows::new(labels());
        let verdict = verdict();
        let (topic, own) = (TopicId(0), false);
        let finding = Finding { post: 0, topic, spans_start: 0, spans_end: 1, verdict, own };
        let spans = vec![Span { start: 4, end: 8 }];
        let ours = vec![Ours { post: 0, topics: vec![topic] }];
        let late_at = Some(EventTime(1_772_366_402_000_000));
        let counted_at = Some(EventTime(1_772_366_403_000_000));
        let key = PaneKey {
            start: EventTime(1_772_366_400_000_000),
            topic: TopicId(0),
            source: SourceId::new("the pane's source"),
            lang: Lang::DE,
        };
        rows.push(&Outcome {
            posts: vec![post()],
            findings: Findings { list: vec![finding], spans, ours },
            placings: vec![Placing { similarity: Some(103), late_at, counted_at }],
            closed: vec![ClosedPane { key, totals: Totals::default() }],
            ..Outcome::default()
        });
        let batches = rows.take().expect("rows");
        let mentions = row(&batches, Table::Mentions);
        let want = [
            ("day", "2026-03-01"),
            ("received_at", "2026-03-01T12:00:01Z"),
            ("posted_at", "2026-03-01T12:00:00Z"),
            ("topic", "the topic"),
            ("brand", "the brand"),
            ("topic_group", "the group"),
            ("source", "the source"),
            ("post_id", "the id"),
            ("author", "07070707070707070707070707070707"),
            ("kind", "review"),
            ("lang", "en"),
            ("parent", "the parent"),
            ("thread", "the thread"),
            ("url", "https://example.org/the-url"),
            ("reach", "101"),
            ("engagement", "102"),
            ("score", "0.1"),
            ("target_score", "-0.2"),
            ("polarity", "negative"),
            ("terms", "text"),
            ("scorer", "the scorer"),
            ("text", "the text"),
            ("similarity", "103"),
            ("late_at", "2026-03-01T12:00:02Z"),
            ("counted_at", "2026-03-01T12:00:03Z"),
            ("confidence", "0.83"),
            ("own", "0"),
            ("intents", "question"),
            ("intent_confidence", "0.71"),
        ];
        for (name, value) in want {
            let said = mentions.iter().find(|(known, _)| known == name).expect(name);
            assert_eq!(said.1, value, "{name}");
        }
        let said: BTreeSet<&String> = mentions.iter().map(|(_, value)| value).collect();
        assert_eq!(said.len(), mentions.len(), "values that are all distinct: {mentions:?}");
        let posts = row(&batches, Table::Posts);
        for (name, value) in
            [("lang", "fr"), ("text", "the text"), ("topics", "1"), ("own", "the topic")]
        {
            assert!(posts.contains(&(name.to_owned(), value.to_owned())), "{name}: {posts:?}");
        }
        let panes = row(&batches, Table::Panes);
        assert!(panes.contains(&("source".to_owned(), "the pane's source".to_owned())));
        assert!(rows.take().expect("rows").is_empty());
    }
}
