//! What would be different, and why? Old mentions against new ones, topic by topic.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use serde::Serialize;

use super::stage::Stage;
use crate::lake::{DayFile, Folder, Scratch, Table, day_files};

/// Both versions of a mention side by side; `pair` is in SQL's null logic.
const PAIRS: &str = "SELECT coalesce(o.topic, n.topic) AS topic, coalesce(o.post_id, n.post_id) AS post_id, \
     coalesce(n.text, o.text) AS text, o.polarity AS old_polarity, n.polarity AS new_polarity, \
     o.target_score AS old_score, n.target_score AS new_score, o.scorer AS old_scorer, n.scorer AS new_scorer, \
     o.query AS old_query, n.query AS new_query, \
     CASE WHEN o.topic IS NULL THEN 'added' WHEN n.topic IS NULL THEN 'removed' \
          WHEN o.polarity <> n.polarity THEN 'changed' ELSE 'kept' END AS kind \
     FROM old o FULL OUTER JOIN new n \
     ON o.source = n.source AND o.post_id = n.post_id AND o.topic = n.topic";

/// Old against new, over the days that a job covers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Comparison {
    /// First day and last day, as `2026-03-02`; empty without any.
    pub days: Vec<String>,
    /// Mentions of these days before and after.
    pub mentions: [u64; 2],
    /// By name of the topic.
    pub topics: BTreeMap<String, TopicChange>,
}

/// What changes for one topic.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TopicChange {
    /// Mentions that are only there after.
    pub added: u64,
    /// Mentions that are only there before.
    pub removed: u64,
    /// Mentions that are there before and after.
    pub kept: u64,
    /// Kept mentions by polarity before, then after: `negative to neutral`.
    pub polarity: BTreeMap<String, u64>,
    /// Mean target score of the kept mentions, before and after; `None` without any.
    pub mean_score: Option<[f64; 2]>,
    /// Why, in words.
    pub reasons: Vec<String>,
    /// Some mentions that differ.
    pub samples: Vec<Sample>,
    #[serde(skip)]
    sums: [f64; 2],
    #[serde(skip)]
    scorers: [BTreeSet<String>; 2],
    #[serde(skip)]
    queries: [BTreeSet<String>; 2],
}

/// A mention that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// `added`, `removed` or `changed`.
    pub kind: String,
    /// Which post.
    pub post_id: String,
    /// Polarity and target score before, if it was there.
    pub before: Option<(String, f64)>,
    /// Polarity and target score after, if it is there.
    pub after: Option<(String, f64)>,
    /// The text, cut.
    pub text: String,
}

/// Compares the rows of a stage with those of its lake, day by day.
///
/// Of each topic and kind of difference up to `samples` are shown, those whose score differs most
/// first.
///
/// # Errors
/// When either lake cannot be read.
pub async fn compare(stage: &Stage, samples: usize) -> anyhow::Result<Comparison> {
    let old = match Folder::read(stage.target()) {
        Ok(lake) => day_files(&lake, Table::Mentions).await?,
        Err(_) => Vec::new(),
    };
    let new = day_files(stage.folder(), Table::Mentions).await?;
    let mut comparison = Comparison::default();
    let scratch = Scratch::new()?;
    for day in stage.days().into_keys() {
        comparison.days.push(crate::lake::day_name(day));
        let of_day = |files: &'_ [DayFile]| -> Vec<DayFile> {
            files.iter().filter(|file| file.day == day).cloned().collect()
        };
        let (old, new) = (of_day(&old), of_day(&new));
        scratch.add("old", Table::Mentions, &old.iter().collect::<Vec<_>>()).await?;
        scratch.add("new", Table::Mentions, &new.iter().collect::<Vec<_>>()).await?;
        let counts = format!(
            "SELECT topic, kind, old_polarity, new_polarity, old_scorer, new_scorer, old_query, new_query, count(*) AS mentions, \
             sum(old_score) AS old_sum, sum(new_score) AS new_sum FROM ({PAIRS}) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
        );
        for batch in scratch.rows(&counts).await? {
            comparison.count(&batch);
        }
        if samples > 0 {
            let ranked = format!(
                "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY topic, kind ORDER BY \
                 abs(coalesce(new_score, 0.0) - coalesce(old_score, 0.0)) DESC, post_id) AS place \
                 FROM ({PAIRS}) WHERE kind <> 'kept') WHERE place <= {samples} ORDER BY topic, kind, place"
            );
            for batch in scratch.rows(&ranked).await? {
                comparison.sample(&batch, samples);
            }
        }
    }
    comparison.explain();
    Ok(comparison)
}

/// A text of a row, if there is one.
fn text(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

/// A number of a row, if there is one.
fn float(batch: &RecordBatch, name: &str, row: usize) -> Option<f64> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
    column.is_valid(row).then(|| column.value(row))
}

impl Comparison {
    fn count(&mut self, batch: &RecordBatch) {
        let counts = batch
            .column_by_name("mentions")
            .and_then(|column| column.as_primitive_opt::<Int64Type>());
        let Some(counts) = counts else { return };
        for row in 0..batch.num_rows() {
            let mentions = u64::try_from(counts.value(row)).unwrap_or(0);
            let topic =
                self.topics.entry(text(batch, "topic", row).unwrap_or_default()).or_default();
            let (old, new) = (text(batch, "old_polarity", row), text(batch, "new_polarity", row));
            self.mentions[0] += if old.is_some() { mentions } else { 0 };
            self.mentions[1] += if new.is_some() { mentions } else { 0 };
            match (old, new) {
                (Some(old), Some(new)) => {
                    topic.kept += mentions;
                    *topic.polarity.entry(format!("{old} to {new}")).or_default() += mentions;
                    topic.sums[0] += float(batch, "old_sum", row).unwrap_or(0.0);
                    topic.sums[1] += float(batch, "new_sum", row).unwrap_or(0.0);
                }
                (None, _) => topic.added += mentions,
                (_, None) => topic.removed += mentions,
            }
            for (scorers, name) in topic.scorers.iter_mut().zip(["old_scorer", "new_scorer"]) {
                scorers.extend(text(batch, name, row));
            }
            for (queries, name) in topic.queries.iter_mut().zip(["old_query", "new_query"]) {
                queries.extend(text(batch, name, row));
            }
        }
    }

    fn sample(&mut self, batch: &RecordBatch, samples: usize) {
        for row in 0..batch.num_rows() {
            let topic =
                self.topics.entry(text(batch, "topic", row).unwrap_or_default()).or_default();
            let verdict =
                |polarity, score| Some((text(batch, polarity, row)?, float(batch, score, row)?));
            let sample = Sample {
                kind: text(batch, "kind", row).unwrap_or_default(),
                post_id: text(batch, "post_id", row).unwrap_or_default(),
                before: verdict("old_polarity", "old_score"),
                after: verdict("new_polarity", "new_score"),
                text: text(batch, "text", row).unwrap_or_default().chars().take(200).collect(),
            };
            topic.samples.push(sample);
        }
        for topic in self.topics.values_mut() {
            topic.keep_samples(samples);
        }
    }

    fn explain(&mut self) {
        for topic in self.topics.values_mut() {
            #[allow(clippy::cast_precision_loss, reason = "a mean for people")]
            let mean = |sum: f64| sum / topic.kept as f64;
            topic.mean_score = (topic.kept > 0).then(|| topic.sums.map(mean));
            topic.reasons = topic.why();
        }
    }
}

impl TopicChange {
    /// Kept mentions whose polarity is another, by `negative to neutral`.
    pub fn changes(&self) -> impl Iterator<Item = (&str, u64)> {
        let differs = |name: &str| name.split_once(" to ").is_some_and(|(old, new)| old != new);
        let all = self.polarity.iter().map(|(name, mentions)| (name.as_str(), *mentions));
        all.filter(move |(name, _)| differs(name))
    }

    /// How many kept mentions have another polarity.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.changes().map(|(_, mentions)| mentions).sum()
    }

    fn why(&self) -> Vec<String> {
        let [old, new] = &self.scorers;
        let joined =
            |scorers: &BTreeSet<String>| scorers.iter().cloned().collect::<Vec<_>>().join(", ");
        let mut reasons = Vec::new();
        match (old.is_empty(), new.is_empty()) {
            (true, _) => reasons.push("the topic had no mentions before".to_owned()),
            (_, true) => reasons.push(
                "the topic no longer has mentions: its query or name changed, or it was removed"
                    .to_owned(),
            ),
            _ => {
                if old != new {
                    reasons.push(format!(
                        "the scorer changed from {} to {}",
                        joined(old),
                        joined(new)
                    ));
                }
                let [old, new] = &self.queries;
                if old.is_empty() && self.added + self.removed > 0 {
                    reasons.push("the query changed, or other posts were read".to_owned());
                } else if old != new {
                    reasons.push("the query changed".to_owned());
                } else if self.added + self.removed > 0 {
                    reasons.push("other posts were read; the query is the same".to_owned());
                }
                if reasons.is_empty() && self.changed() > 0 {
                    let reason = "the topic's accounts changed, whose posts never count as complaints, or texts did";
                    reasons.push(reason.to_owned());
                }
            }
        }
        reasons
    }

    /// The most different samples of each kind.
    fn keep_samples(&mut self, samples: usize) {
        let change = |sample: &Sample| {
            let score =
                |verdict: &Option<(String, f64)>| verdict.as_ref().map_or(0.0, |(_, score)| *score);
            (score(&sample.after) - score(&sample.before)).abs()
        };
        self.samples.sort_by(|one, other| {
            one.kind
                .cmp(&other.kind)
                .then(change(other).total_cmp(&change(one)))
                .then_with(|| one.post_id.cmp(&other.post_id))
        });
        let (mut last, mut of_kind) = (String::new(), 0);
        self.samples.retain(|sample| {
            if sample.kind != last {
                last.clone_from(&sample.kind);
                of_kind = 0;
            }
            of_kind += 1;
            of_kind <= samples
        });
    }
}
