//! What should be tidied next? Days past their retention, and small files.
//!
//! The work comes in jobs of bounded size: a job drops or rewrites some files of one table and day,
//! as one commit, beside a running writer and reading analysts. Readers see the files before or
//! after it, never both. What a job replaces stays on disk until a vacuum.

use arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use serde::Serialize;

use crate::config::{RetainFrom, Retention};
use crate::lake::commit::Lake;
use crate::lake::error::LakeError;
use crate::lake::rows::Table;
use crate::lake::store::{Draft, LakeFile, Origin, Place, SMALL_BYTES, Swap, TableWriter};
use crate::state::{Imported, Mode, Reviews};
use crate::time::{DAY_US, EventTime};

/// Files are merged until together they are as large as this; a merge takes some times as much
/// memory.
const MERGED_BYTES: u64 = 32 << 20;
/// Small files of the running day that may gather before they are merged.
const GATHERED_MAX: usize = 8;
/// Within so many days a wrong clock is noticed and set; and nobody listens for so long and hears nothing.
const WEEK_DAYS: i32 = 7;
const YEAR_DAYS: i32 = 366;
/// Ending of files from which texts have been taken.
pub(super) const BARE: &str = ".bare.parquet";

/// What is to be tidied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    /// Rows and texts past their retention.
    Retain(Retention),
    /// Small files; those of the running day only if enough have gathered.
    Compact {
        /// How many are enough.
        gathered: usize,
    },
}

impl Chore {
    /// Compaction as it is done while the lake is written.
    #[must_use]
    pub fn compact() -> Self {
        Self::Compact { gathered: GATHERED_MAX }
    }
}

/// What happens to the files of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Their rows go.
    Drop,
    /// Their texts go.
    Strip,
    /// They become one.
    Merge,
}

/// Files of one table and day, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// The table's name.
    pub table: &'static str,
    /// The day, as `2026-03-01`.
    pub day: String,
    /// What happens.
    pub deed: Deed,
    /// How many files it takes in.
    pub files: usize,
    /// Their rows.
    pub rows: u64,
    /// Their size.
    pub bytes: u64,
    #[serde(skip)]
    inputs: Vec<LakeFile>,
}

impl Lake {
    /// Everything that a chore would do at `now`, in order; after it more may be left to merge.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn plan(&self, chore: &Chore, now: EventTime) -> Result<Vec<Job>, LakeError> {
        let today = now.day();
        let imported = Imported::read(self.folder())?;
        let mut jobs = Vec::new();
        for writer in &self.tables {
            let files = writer.files();
            for day in files.chunk_by(|one, other| one.day == other.day) {
                let first = day.first().map_or(today, |file| file.day);
                let age = today.saturating_sub(first);
                match chore {
                    Chore::Retain(retention) => {
                        let since = match retention.from {
                            RetainFrom::Import => imported.since(first).max(first),
                            RetainFrom::Posting => first,
                        };
                        jobs.extend(retain(day, today.saturating_sub(since), retention));
                    }
                    Chore::Compact { gathered } => jobs.extend(merge(day, age, *gathered)),
                }
            }
        }
        Ok(jobs)
    }

    /// Does the first job of a chore; `None` when nothing is left. Repeat until then.
    ///
    /// # Errors
    /// When a file is damaged or the disk refuses; the tables stay as they were, or are as the job
    /// wants them.
    pub async fn tend(&mut self, chore: &Chore, now: EventTime) -> Result<Option<Job>, LakeError> {
        let Some(job) = self.plan(chore, now)?.into_iter().next() else { return Ok(None) };
        let Some(&table) = Table::ALL.iter().find(|table| table.name() == job.table) else {
            return Ok(None);
        };
        let (place, sequence) = (self.folder().table(table), self.next_sequence());
        let (deed, inputs) = (job.deed, job.inputs.clone());
        let written = tokio::task::spawn_blocking(move || {
            rewrite(deed, &inputs, &place, sequence).map(|add| (inputs, add))
        });
        let (inputs, add) = written.await.map_err(|error| self.broken(error))??;
        let moved = deed == Deed::Merge;
        let removes = inputs.iter().map(|file| file.remove(moved, now)).collect();
        let swap = Swap { removes, adds: add.into_iter().collect() };
        self.swap(vec![(table, swap)], None).await?;
        Ok(Some(job))
    }
}

/// Does the first job of a chore on a table that is written apart from the lake's commits, under a
/// sequence number of its writer; `None` when nothing is left.
pub(crate) async fn tend_alone(
    writer: &mut TableWriter,
    chore: &Chore,
    sequence: i64,
    now: EventTime,
) -> Result<Option<Job>, LakeError> {
    let (files, today) = (writer.files(), now.day());
    let job = files.chunk_by(|one, other| one.day == other.day).find_map(|day| {
        let age = today.saturating_sub(day.first().map_or(today, |file| file.day));
        match chore {
            Chore::Retain(retention) => retain(day, age, retention).into_iter().next(),
            Chore::Compact { gathered } => merge(day, age, *gathered),
        }
    });
    let Some(job) = job else { return Ok(None) };
    let (place, deed, inputs) = (writer.place().clone(), job.deed, job.inputs.clone());
    let written = tokio::task::spawn_blocking(move || {
        rewrite(deed, &inputs, &place, sequence).map(|add| (inputs, add))
    });
    let (inputs, add) = written.await.map_err(|error| LakeError::Internal(error.to_string()))??;
    let moved = deed == Deed::Merge;
    let removes = inputs.iter().map(|file| file.remove(moved, now)).collect();
    let swap = Swap { removes, adds: add.into_iter().collect() };
    writer.commit(swap, sequence, &serde_json::Value::Null).await?;
    Ok(Some(job))
}

impl Lake {
    /// Why a clock that says `now` is not believed where rows would go for it: what the lake has of days
    /// that are over for good ends so long before it. The latest days may be of that very clock.
    #[must_use]
    pub fn doubts(&self, now: EventTime) -> Option<String> {
        let files = self.tables.iter().flat_map(TableWriter::files);
        let days = files.filter(|file| !file.table.came_later()).map(|file| file.day);
        let last = far(days, now.day())?;
        let last = crate::lake::day_name(last);
        Some(format!(
            "the clock says {now}, and before this week the lake has nothing since {last}"
        ))
    }

    /// Ends the keeping of dead letters past their retention; how many.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn retain_letters(
        &self,
        retention: &Retention,
        now: EventTime,
        mode: Mode,
    ) -> Result<u64, LakeError> {
        let Some(days) = retention.dead_letters_days else { return Ok(0) };
        let age_us = i64::from(days) * DAY_US;
        Ok(self.folder().dead_letters().end_before(now.shift(-age_us), mode)?)
    }

    /// Ends the keeping of reviews with that of mentions, and of their notes with that of texts; how
    /// many changed.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn retain_reviews(
        &self,
        retention: &Retention,
        now: EventTime,
        mode: Mode,
    ) -> Result<usize, LakeError> {
        if mode == Mode::Dry {
            return Ok(0);
        }
        let reviews = Reviews::of(self.folder());
        Ok(reviews.retain(retention.mentions_days, retention.text_days, now)?)
    }
}

/// The last day before this week, if it is so far away that nobody may have listened since.
fn far(days: impl Iterator<Item = i32>, today: i32) -> Option<i32> {
    let last = days.filter(|day| *day < today.saturating_sub(WEEK_DAYS)).max()?;
    (today.saturating_sub(last) > YEAR_DAYS).then_some(last)
}

fn job(deed: Deed, inputs: Vec<LakeFile>) -> Option<Job> {
    let first = inputs.first()?;
    Some(Job {
        table: first.table.name(),
        day: crate::lake::day_name(first.day),
        deed,
        files: inputs.len(),
        rows: inputs.iter().map(|file| file.rows).sum(),
        bytes: inputs.iter().map(|file| file.bytes).sum(),
        inputs,
    })
}

/// What retention does to a day: one job for all rows, or one for each file with texts.
fn retain(day: &[LakeFile], age: i32, retention: &Retention) -> Vec<Job> {
    let is_over = |days: Option<i32>| days.is_some_and(|days| age > days);
    let Some(table) = day.first().map(|file| file.table) else { return Vec::new() };
    let kept = match table {
        Table::Posts => retention.text_days,
        Table::Mentions | Table::Triage => retention.mentions_days,
        Table::Panes | Table::Alerts => retention.panes_days,
        Table::Audit => retention.audit_days,
    };
    if is_over(kept) {
        return job(Deed::Drop, day.to_vec()).into_iter().collect();
    }
    let has_texts = matches!(table, Table::Mentions | Table::Alerts | Table::Triage);
    if !has_texts || !is_over(retention.text_days) {
        return Vec::new();
    }
    let full = day.iter().filter(|file| !file.path.ends_with(BARE));
    full.filter_map(|file| job(Deed::Strip, vec![file.clone()])).collect()
}

/// The next merge of a day, if there is one; files with and without texts are not mixed.
fn merge(day: &[LakeFile], age: i32, gathered: usize) -> Option<Job> {
    let least = if age > 0 { 2 } else { gathered.max(2) };
    [true, false].into_iter().find_map(|bare| {
        let small =
            |file: &&LakeFile| file.bytes < SMALL_BYTES && file.path.ends_with(BARE) == bare;
        let small: Vec<&LakeFile> = day.iter().filter(small).collect();
        if small.len() < least {
            return None;
        }
        let mut bytes = 0;
        let fits = |file: &&&LakeFile| {
            bytes += file.bytes;
            bytes <= MERGED_BYTES
        };
        let inputs: Vec<LakeFile> = small.iter().take_while(fits).copied().cloned().collect();
        if inputs.len() < 2 { None } else { job(Deed::Merge, inputs) }
    })
}

/// Writes the file that takes the place of others, if one does.
fn rewrite(
    deed: Deed,
    inputs: &[LakeFile],
    place: &Place,
    sequence: i64,
) -> Result<Option<deltalake_core::kernel::Add>, LakeError> {
    let Some(first) = inputs.first() else { return Ok(None) };
    let read = inputs.iter().map(|file| file.read(place));
    let rows: Vec<RecordBatch> = match deed {
        Deed::Drop => return Ok(None),
        Deed::Strip => {
            let strip = |rows| strip(first.table, &rows).map_err(LakeError::Arrow);
            read.map(|rows| rows.and_then(strip)).collect::<Result<_, _>>()?
        }
        Deed::Merge => read.collect::<Result<_, _>>()?,
    };
    let bare = deed == Deed::Strip || first.path.ends_with(BARE);
    let draft = Draft {
        table: first.table,
        place: place.clone(),
        day: first.day,
        sequence,
        rows,
        origin: if deed == Deed::Merge { Origin::Moved } else { Origin::New },
        ending: if bare { BARE } else { ".parquet" },
    };
    draft.write().map(Some)
}

/// Rows without what people wrote: empty where the column has no nulls.
fn strip(table: Table, rows: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    let empty = |word: &str| -> ArrayRef {
        std::sync::Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            word,
            rows.num_rows(),
        )))
    };
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        match (table, field.name().as_str()) {
            (Table::Mentions, "text" | "terms") => empty(""),
            (Table::Mentions, "url" | "similarity") | (Table::Triage, "note") => {
                new_null_array(field.data_type(), rows.num_rows())
            }
            (Table::Alerts, "evidence") => empty("{}"),
            _ => std::sync::Arc::clone(column),
        }
    });
    let columns: Vec<ArrayRef> = columns.collect();
    RecordBatch::try_new(schema, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_doubted_by_what_was_heard_before_this_week() {
        const TODAY: i32 = 20_787;
        let rows = [
            (&[][..], None),
            (&[TODAY], None),
            (&[TODAY - 300, TODAY], None),
            (&[TODAY - 367], Some(TODAY - 367)),
            // What came under a clock that is years ahead has its date.
            (&[TODAY - 13_000, TODAY - 12_999, TODAY - 1, TODAY], Some(TODAY - 12_999)),
            (&[TODAY - 13_000, TODAY - 8], None),
        ];
        for (days, last) in rows {
            assert_eq!(far(days.iter().copied(), TODAY), last, "{days:?}");
        }
    }
}
