//! Is the lake what its logs say, and how large is it? Reads everything, changes nothing.

use std::collections::HashSet;

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, lexsort_to_indices};
use serde::Serialize;
use serde_json::Value;

use crate::lake::commit::{Decided, check_last_commit, lacks};
use crate::lake::error::LakeError;
use crate::lake::rows::Table;
use crate::lake::store::{
    Folder, LakeFile, Place, SMALL_BYTES, committed, delta_error, last_commit, open, sort_keys,
    statistics,
};
use crate::state::StateError;

/// The state of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableStats {
    /// Its name.
    pub table: &'static str,
    /// Version of the log.
    pub version: u64,
    /// Committed rows.
    pub rows: u64,
    /// Committed files.
    pub files: usize,
    /// Those that a compaction would merge one day.
    pub small_files: usize,
    /// Size of the files.
    pub bytes: u64,
    /// Days with rows.
    pub days: usize,
    /// The first day with rows, as `2026-03-01`.
    pub first_day: Option<String>,
    /// The last.
    pub last_day: Option<String>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where.
    pub path: String,
    /// What.
    pub what: String,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Files read.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// The commit that was decided and is not in every table yet, if a kill left one: the next
    /// start finishes it.
    pub pending: Option<i64>,
    /// Files that no table names, from interrupted work or replaced; a vacuum removes them.
    pub unnamed: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Counts what each table holds. Reads the logs only.
///
/// # Errors
/// When a log cannot be read.
pub async fn stats(folder: &Folder) -> Result<Vec<TableStats>, LakeError> {
    folder.need_one()?;
    let mut all = Vec::new();
    for table in Table::ALL {
        if lacks(folder, table).await? {
            continue;
        }
        let delta = open(table, &folder.table(table)).await?;
        let files = committed(table, &delta)?;
        let days: HashSet<i32> = files.iter().map(|file| file.day).collect();
        let day = |day: Option<&i32>| day.map(|&day| crate::lake::day_name(day));
        all.push(TableStats {
            table: table.name(),
            version: delta.snapshot().map_err(delta_error(table))?.version(),
            rows: files.iter().map(|file| file.rows).sum(),
            small_files: files.iter().filter(|file| file.bytes < SMALL_BYTES).count(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files: files.len(),
            days: days.len(),
            first_day: day(days.iter().min()),
            last_day: day(days.iter().max()),
        });
    }
    Ok(all)
}

/// Reads every committed file and compares it with its log; then the last commit's own files.
///
/// # Errors
/// When a log cannot be read at all.
pub async fn verify(folder: &Folder) -> Result<Verified, LakeError> {
    folder.need_one()?;
    let mut verified = Verified::default();
    let decided = if folder.has_state() { Decided::last(folder).ok().flatten() } else { None };
    for table in Table::ALL {
        if lacks(folder, table).await? {
            continue;
        }
        let place = folder.table(table);
        let delta = open(table, &place).await?;
        let mut files = committed(table, &delta)?;
        if let Some(decided) = &decided
            && last_commit(table, &delta).await? < Some(decided.sequence)
        {
            let (comes, goes) = decided.change_of(table);
            if !comes.is_empty() || !goes.is_empty() {
                verified.pending = Some(decided.sequence);
            }
            files.extend(comes);
        }
        verified.unnamed += unnamed(&place, &files)?;
        for file in files {
            verified.files += 1;
            match check(&place, &file) {
                Ok(rows) => verified.rows += rows,
                Err(what) => {
                    let path = place.path(&file.path).display().to_string();
                    verified.problems.push(Problem { path, what });
                }
            }
        }
    }
    if folder.has_state()
        && let Err(error) = check_last_commit(folder)
    {
        let path = folder.root().display().to_string();
        verified.problems.push(Problem { path, what: error.to_string() });
    }
    Ok(verified)
}

/// What an error says besides where it was.
fn plain(error: LakeError) -> String {
    match error {
        LakeError::State(StateError::Damaged { what, .. }) | LakeError::Bucket { what, .. } => what,
        LakeError::State(StateError::Io { source, .. }) => source.to_string(),
        other => other.to_string(),
    }
}

/// The rows of a file, if they are what the log says.
fn check(place: &Place, file: &LakeFile) -> Result<u64, String> {
    let size = place.size(&file.path).map_err(plain)?;
    if size != file.bytes {
        return Err(format!("it has {size} bytes, the log says {}", file.bytes));
    }
    let rows = file.read(place).map_err(plain)?;
    let count = rows.num_rows() as u64;
    if count != file.rows {
        return Err(format!("it has {count} rows, the log says {}", file.rows));
    }
    if !is_sorted(file.table, &rows).map_err(|error| error.to_string())? {
        return Err("its rows are out of order".to_owned());
    }
    let said: Value = file
        .statistics
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let mut values = rows;
    values.remove_column(0);
    let found = statistics(&values);
    for kind in ["minValues", "maxValues", "nullCount"] {
        let said = said.get(kind).and_then(Value::as_object);
        let differs = said.into_iter().flatten().find(|&(column, value)| {
            let found = found.get(kind).and_then(|values| values.get(column));
            !found.is_some_and(|found| agree(found, value))
        });
        if let Some((column, value)) = differs {
            return Err(format!("column {column}: the log says {kind} {value}"));
        }
    }
    Ok(count)
}

/// Whether two values are the same; floating-point numbers may differ in their last digits, since
/// they went through text.
fn agree(found: &Value, said: &Value) -> bool {
    match (found.as_f64(), said.as_f64()) {
        (Some(found), Some(said)) => (found - said).abs() <= 1e-12 * said.abs(),
        _ => found == said,
    }
}

fn is_sorted(table: Table, rows: &RecordBatch) -> Result<bool, arrow::error::ArrowError> {
    let keys = sort_keys(table).iter().filter_map(|key| rows.column_by_name(key).cloned());
    let keys: Vec<SortColumn> = keys.map(|values| SortColumn { values, options: None }).collect();
    if keys.is_empty() {
        return Ok(true);
    }
    // Equal rows may have changed places, so the sorted columns are compared, not the order.
    let order = lexsort_to_indices(&keys, None)?;
    for key in &keys {
        if *arrow::compute::take(&key.values, &order, None)? != *key.values {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Files of rows that a table does not name.
fn unnamed(place: &Place, files: &[LakeFile]) -> Result<u64, LakeError> {
    let named: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let stored = place.list()?;
    Ok(stored.iter().filter(|file| !named.contains(file.name.as_str())).count() as u64)
}
