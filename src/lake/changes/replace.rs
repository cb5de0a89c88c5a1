//! How do the rows of some days take the place of others? In one commit, from a second lake.
//!
//! The commit carries the checkpoint, cursors and messages of the last one unchanged: a live run
//! goes on from where it stood. Each table changes in one Delta commit, so that its readers see
//! all old rows or all new ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch};
use arrow::compute::cast;
use datafusion::error::DataFusionError;
use deltalake_core::kernel::{Add, Remove};

use crate::lake::commit::Lake;
use crate::lake::error::LakeError;
use crate::lake::readers::{DayFile, Scratch, day_files};
use crate::lake::rows::{DAY, Table, arrow_schema};
use crate::lake::store::{Draft, Folder, Origin, Swap, add, day_name};
use crate::system::{crash_point, unix_ms};
use crate::time::{EventTime, MINUTE_US};

/// Which rows take the place of which.
#[derive(Debug, Clone)]
pub struct Replacement<'a> {
    /// The lake that holds the new rows.
    pub from: &'a Folder,
    /// Days to replace, with the hours since the epoch for which there are new rows.
    pub days: &'a BTreeMap<i32, BTreeSet<i64>>,
    /// What becomes of rows of alerts.
    pub alerts: OldAlerts,
    /// What to do where a day has mentions in hours for which there are no new rows.
    pub gaps: Gaps,
}

/// What becomes of a day's rows of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldAlerts {
    /// They stay: they say what people were told.
    Keep,
    /// New ones take their place.
    Replace,
}

/// What to do with hours for which there are no new rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// Refuse to lose their mentions.
    Refuse,
    /// Lose them.
    Lose,
}

/// Rows that were replaced, by table in [`Table::ALL`]'s order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Rows that are gone.
    pub before: [u64; Table::ALL.len()],
    /// Rows that are there now.
    pub after: [u64; Table::ALL.len()],
}

impl Lake {
    /// Replaces mentions and panes of whole days by those of another lake. Posts are added or
    /// brought up to date, never lost.
    ///
    /// Panes of a minute that this lake's engine still holds open are left to it.
    ///
    /// # Errors
    /// When a file cannot be read or written, or mentions would be lost; then nothing has changed.
    pub async fn replace_days(&mut self, job: &Replacement<'_>) -> anyhow::Result<Replaced> {
        let open = self.open_minutes()?;
        let folder = Arc::clone(self.folder());
        let scratch = Scratch::new()?;
        if job.gaps == Gaps::Refuse {
            refuse_gaps(&folder, job, &scratch).await?;
        }
        let (mut swaps, mut replaced) = (Vec::new(), Replaced::default());
        let sequence = self.next_sequence();
        for table in Table::ALL {
            // What people noted stays.
            let kept = table == Table::Alerts && job.alerts == OldAlerts::Keep;
            if kept || table == Table::Triage {
                continue;
            }
            let of_days = |files: Vec<DayFile>| -> Vec<DayFile> {
                files.into_iter().filter(|file| job.days.contains_key(&file.day)).collect()
            };
            let old = of_days(day_files(&folder, table).await?);
            let new = of_days(day_files(job.from, table).await?);
            let days = Days { table, folder: &folder, scratch: &scratch, sequence, open: &open };
            let gone = match table {
                // A day without new posts keeps its old ones.
                Table::Posts => {
                    let days: BTreeSet<i32> = new.iter().map(|file| file.day).collect();
                    old.into_iter().filter(|file| days.contains(&file.day)).collect()
                }
                _ => old,
            };
            let adds = days.adds(&gone, new).await?;
            let place = table as usize;
            replaced.before[place] = gone.iter().map(|file| file.rows).sum();
            replaced.after[place] = adds.iter().map(rows_of).sum();
            swaps.push((table, Swap { removes: gone.iter().map(remove).collect(), adds }));
        }
        crash_point("replace.brought");
        self.swap(swaps, None).await?;
        crash_point("replace.done");
        Ok(replaced)
    }
}

/// The change of one table on its way.
struct Days<'a> {
    table: Table,
    folder: &'a Folder,
    scratch: &'a Scratch,
    sequence: i64,
    open: &'a BTreeSet<EventTime>,
}

impl Days<'_> {
    async fn adds(&self, gone: &[DayFile], new: Vec<DayFile>) -> anyhow::Result<Vec<Add>> {
        let open_days: BTreeSet<i32> = self.open.iter().map(|minute| minute.day()).collect();
        let mut days: BTreeMap<i32, Vec<DayFile>> = BTreeMap::new();
        for file in new {
            days.entry(file.day).or_default().push(file);
        }
        let (mut adds, mut number) = (Vec::new(), 0);
        for (day, files) in days {
            if self.table == Table::Panes && open_days.contains(&day) {
                adds.extend(self.closed_panes(day, &files).await?);
                continue;
            }
            for file in &files {
                number += 1;
                adds.push(self.bring(file, number)?);
            }
            if self.table == Table::Posts {
                let old: Vec<&DayFile> = gone.iter().filter(|file| file.day == day).collect();
                adds.extend(self.other_posts(day, &old, &files).await?);
            }
        }
        Ok(adds)
    }

    /// Brings a finished file of the other lake into this one, where no log names it yet.
    fn bring(&self, file: &DayFile, number: u32) -> Result<Add, LakeError> {
        let day = day_name(file.day);
        let (place, sequence) = (self.folder.table(self.table), self.sequence);
        let mark = place.mark();
        let path = format!("{DAY}={day}/part-{sequence:012}{mark}-{number:04}.parquet");
        place.take(&file.place, &file.name, &path)?;
        let add = add(path, day, file.bytes, file.statistics.clone(), true);
        Ok(Add { modification_time: file.changed_ms, ..add })
    }

    /// The panes of a day without those that the engine will write itself.
    async fn closed_panes(&self, day: i32, files: &[DayFile]) -> anyhow::Result<Option<Add>> {
        self.scratch.add("panes", self.table, &files.iter().collect::<Vec<_>>()).await?;
        let minutes: Vec<String> = self.open.iter().map(|minute| format!("'{minute}'")).collect();
        let sql = format!("SELECT * FROM panes WHERE start NOT IN ({})", minutes.join(", "));
        self.write(day, &sql).await
    }

    /// The posts of a day that the new rows do not hold.
    async fn other_posts(
        &self,
        day: i32,
        old: &[&DayFile],
        new: &[DayFile],
    ) -> anyhow::Result<Option<Add>> {
        self.scratch.add("old", self.table, old).await?;
        self.scratch.add("new", self.table, &new.iter().collect::<Vec<_>>()).await?;
        let sql = "SELECT o.* FROM old o LEFT ANTI JOIN new n \
                   ON o.source = n.source AND o.post_id = n.post_id ORDER BY received_at";
        self.write(day, sql).await
    }

    /// Writes what a query says as a file of one day.
    async fn write(&self, day: i32, sql: &str) -> anyhow::Result<Option<Add>> {
        let rows: Result<Vec<RecordBatch>, DataFusionError> = self
            .scratch
            .rows(sql)
            .await?
            .iter()
            .map(|rows| with_day(self.table, day, rows))
            .collect();
        let rows: Vec<RecordBatch> = rows?.into_iter().filter(|rows| rows.num_rows() > 0).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let place = self.folder.table(self.table);
        let (table, sequence, origin) = (self.table, self.sequence, Origin::New);
        let draft = Draft { table, place, day, sequence, rows, origin, ending: ".parquet" };
        Ok(Some(draft.write()?))
    }
}

/// The rows with the column that files lack, typed as the table is.
fn with_day(table: Table, day: i32, rows: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
    let schema = arrow_schema(table);
    let days: ArrayRef = Arc::new(Date32Array::from(vec![day; rows.num_rows()]));
    let mut columns = vec![days];
    for (column, field) in rows.columns().iter().zip(schema.fields().iter().skip(1)) {
        columns.push(cast(column, field.data_type())?);
    }
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// Refuses to lose mentions of hours for which there is nothing new.
async fn refuse_gaps(
    folder: &Folder,
    job: &Replacement<'_>,
    scratch: &Scratch,
) -> anyhow::Result<()> {
    let files = day_files(folder, Table::Mentions).await?;
    for (day, hours) in job.days {
        let of_day: Vec<&DayFile> = files.iter().filter(|file| file.day == *day).collect();
        if of_day.is_empty() {
            continue;
        }
        scratch.add("old", Table::Mentions, &of_day).await?;
        let list: Vec<String> =
            hours.iter().map(|hour| format!("'{}'", EventTime(hour * 60 * MINUTE_US))).collect();
        let sql = format!(
            "SELECT count(*) AS mentions FROM old WHERE date_trunc('hour', received_at) NOT IN ({})",
            list.join(", ")
        );
        let lost = scratch.count(&sql).await?;
        if lost > 0 {
            return Err(LakeError::Gap { day: day_name(*day), mentions: lost }.into());
        }
    }
    Ok(())
}

fn rows_of(add: &Add) -> u64 {
    let statistics = add.stats.as_deref().map(serde_json::from_str::<serde_json::Value>);
    statistics.and_then(|statistics| statistics.ok()?.get("numRecords")?.as_u64()).unwrap_or(0)
}

fn remove(file: &DayFile) -> Remove {
    Remove {
        path: file.name.clone(),
        data_change: true,
        deletion_timestamp: Some(unix_ms()),
        extended_file_metadata: Some(true),
        partition_values: Some(HashMap::from([(DAY.to_owned(), Some(day_name(file.day)))])),
        size: Some(i64::try_from(file.bytes).unwrap_or(i64::MAX)),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
    }
}
