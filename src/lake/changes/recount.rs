//! What do panes count once some of their mentions are gone? Recounted from the mentions that stay.
//!
//! Exact in counts and sums: late mentions are in no pane, and rows say which came late. Where an
//! older version did not note it, what went is subtracted. Authors are counted anew. Which mention
//! repeated a text is not kept: copies stay, at most all that is left.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Float64Type, Int64Type};

use crate::lake::error::LakeError;
use crate::lake::store::read;
use crate::post::{AuthorKey, Score};
use crate::time::{EventTime, MINUTE_US};

/// Minute, topic, source and language.
pub(crate) type PaneId = (EventTime, String, String, String);

/// Columns of mentions that are counted.
pub(crate) const COUNTED: [&str; 13] = [
    "received_at",
    "posted_at",
    "topic",
    "source",
    "post_id",
    "author",
    "lang",
    "reach",
    "engagement",
    "target_score",
    "polarity",
    "late_at",
    "counted_at",
];
/// Columns of panes whose sums can be subtracted.
const SUMS: [&str; 8] = [
    "mentions",
    "negative",
    "neutral",
    "positive",
    "score_sum",
    "score_square_sum",
    "reach_sum",
    "engagement_sum",
];
/// Columns of panes that are at most another one.
const CAPPED: [(&str, &str); 3] =
    [("copies", "mentions"), ("negative_copies", "negative"), ("positive_copies", "positive")];

/// The pane of a mention.
fn pane_of(rows: &RecordBatch, row: usize, time: &str) -> PaneId {
    let text = |name| read::text(rows, name, row).to_owned();
    (read::time(rows, time, row).floor(MINUTE_US), text("topic"), text("source"), text("lang"))
}

/// The pane in which a mention counted.
pub(crate) fn pane_of_mention(rows: &RecordBatch, row: usize) -> PaneId {
    let counted = rows.column_by_name("counted_at").is_some_and(|times| times.is_valid(row));
    pane_of(rows, row, if counted { "counted_at" } else { "posted_at" })
}

/// What a pane's mentions sum up to.
#[derive(Debug, Default, Clone)]
struct Sum {
    /// As in [`SUMS`].
    sums: [i64; 8],
    authors: HashSet<AuthorKey>,
    negative_authors: HashSet<AuthorKey>,
}

impl Sum {
    fn observe(&mut self, rows: &RecordBatch, row: usize) {
        let int = |name| number(rows, name, row);
        let score = rows
            .column_by_name("target_score")
            .and_then(|column| column.as_primitive_opt::<Float64Type>())
            .map_or(0, |scores| i64::from(Score::from_f64(scores.value(row)).0));
        let polarity = read::text(rows, "polarity", row);
        let is = |name: &str| i64::from(polarity == name);
        let row_sums = [
            1,
            is("negative"),
            is("neutral"),
            is("positive"),
            score,
            score * score,
            int("reach"),
            int("engagement"),
        ];
        for (sum, own) in self.sums.iter_mut().zip(row_sums) {
            *sum = sum.saturating_add(own);
        }
        let author = read::author(rows, row);
        self.authors.insert(author);
        if polarity == "negative" {
            self.negative_authors.insert(author);
        }
    }
}

pub(super) fn is_late(rows: &RecordBatch, row: usize) -> bool {
    rows.column_by_name("late_at").is_some_and(|times| times.is_valid(row))
}

fn number(rows: &RecordBatch, name: &str, row: usize) -> i64 {
    let column =
        rows.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.filter(|ints| ints.is_valid(row)).map_or(0, |ints| ints.value(row))
}

/// The mentions of panes, before and after.
#[derive(Debug, Default)]
pub(crate) struct Recount {
    panes: HashMap<PaneId, (Sum, Sum)>,
}

impl Recount {
    /// A count of these panes.
    pub(crate) fn of(panes: HashSet<PaneId>) -> Self {
        Self { panes: panes.into_iter().map(|pane| (pane, Default::default())).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.panes.is_empty()
    }

    /// Counts the mentions of a file; `is_gone` says by row which leave, `is_fresh` which were not
    /// counted before.
    pub(crate) fn observe(
        &mut self,
        rows: &RecordBatch,
        is_gone: impl Fn(usize) -> bool,
        is_fresh: impl Fn(usize) -> bool,
    ) {
        for row in 0..rows.num_rows() {
            let Some((before, after)) = self.panes.get_mut(&pane_of_mention(rows, row)) else {
                continue;
            };
            if is_late(rows, row) {
                continue;
            }
            if !is_fresh(row) {
                before.observe(rows, row);
            }
            if !is_gone(row) {
                after.observe(rows, row);
            }
        }
    }

    /// Panes as they are now, and how many of them changed; panes without mentions are left out.
    pub(crate) fn apply(&self, rows: &RecordBatch) -> Result<(RecordBatch, u64), LakeError> {
        let counts: Vec<Option<&(Sum, Sum)>> =
            (0..rows.num_rows()).map(|row| self.panes.get(&pane_of(rows, row, "start"))).collect();
        let changed = counts.iter().flatten().count();
        if changed == 0 {
            return Ok((rows.clone(), 0));
        }
        let column = |name: &str, rows: &RecordBatch, row: usize| number(rows, name, row);
        let sum = |place: usize, row: usize| {
            let stored = column(SUMS[place], rows, row);
            let Some((before, after)) = counts[row] else { return stored };
            let mentions = column("mentions", rows, row);
            if mentions == before.sums[0] {
                return after.sums[place];
            }
            let left = stored - (before.sums[place] - after.sums[place]);
            if SUMS[place] == "score_sum" { left } else { left.max(0) }
        };
        let all = 0..rows.num_rows();
        let mut fresh: HashMap<&str, Vec<i64>> = HashMap::new();
        for (place, name) in SUMS.into_iter().enumerate() {
            fresh.insert(name, all.clone().map(|row| sum(place, row)).collect());
        }
        for (name, cap) in CAPPED {
            let capped = |row: usize| column(name, rows, row).min(fresh[cap][row]);
            let values = all.clone().map(capped).collect();
            fresh.insert(name, values);
        }
        let authors = |name: &'static str, of: fn(&Sum) -> usize| {
            all.clone()
                .map(|row| match counts[row] {
                    Some((_, after)) => i64::try_from(of(after)).unwrap_or(i64::MAX),
                    None => column(name, rows, row),
                })
                .collect()
        };
        fresh.insert("authors", authors("authors", |sum| sum.authors.len()));
        let negative = authors("negative_authors", |sum| sum.negative_authors.len());
        fresh.insert("negative_authors", negative);
        let kept: BooleanArray =
            fresh["mentions"].iter().map(|mentions| Some(*mentions > 0)).collect();
        let columns = rows.schema_ref().fields().iter().zip(rows.columns());
        let columns = columns.map(|(field, column)| -> ArrayRef {
            match fresh.remove(field.name().as_str()) {
                Some(values) => Arc::new(Int64Array::from(values)),
                None => Arc::clone(column),
            }
        });
        let rows = RecordBatch::try_new(rows.schema(), columns.collect())?;
        Ok((filter_record_batch(&rows, &kept)?, u64::try_from(changed).unwrap_or(0)))
    }
}
