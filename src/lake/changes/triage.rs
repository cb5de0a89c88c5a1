//! How do changes that people made come into table `triage`, and leave it with their posts?

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;

use crate::lake::commit::Lake;
use crate::lake::error::LakeError;
use crate::lake::rows::{Columns, Table};
use crate::lake::store::{Draft, Origin, Swap, by_day, read};
use crate::state::{Change, Triage};

impl Lake {
    /// Moves what waits into table `triage`, each change once, as a commit of its own. Before they can
    /// be read there, `tell` is given them. A kill in between leaves files that the next call removes.
    ///
    /// # Errors
    /// When the disk refuses; what waits still does, and is told again.
    pub async fn take_changes(
        &mut self,
        triage: &Triage,
        tell: impl FnOnce(Vec<Change>),
    ) -> Result<(), LakeError> {
        let waiting = triage.waiting()?;
        // Without a commit there is no mention that could have changed.
        if waiting.is_empty() || !self.has_committed() {
            return Ok(());
        }
        let known = self.known_changes(&waiting)?;
        let fresh: Vec<&Change> =
            waiting.iter().filter(|change| !known.contains(&change.id)).collect();
        if !fresh.is_empty() {
            tell(fresh.iter().map(|change| (*change).clone()).collect());
            let place = self.folder().table(Table::Triage);
            let (table, sequence, origin) = (Table::Triage, self.next_sequence(), Origin::New);
            let mut swap = Swap::default();
            for (day, rows) in days(&fresh)? {
                let (place, ending) = (place.clone(), ".parquet");
                let draft = Draft { table, place, day, sequence, rows, origin, ending };
                let written = tokio::task::spawn_blocking(move || draft.write()).await;
                swap.adds.push(written.map_err(|error| self.broken(error))??);
            }
            self.swap(vec![(Table::Triage, swap)], None).await?;
        }
        let triage = triage.clone();
        let settled = tokio::task::spawn_blocking(move || triage.settle(&waiting)).await;
        Ok(settled.map_err(|error| self.broken(error))??)
    }

    /// Those of some changes that the table holds: they would be rows of the same days.
    fn known_changes(&self, waiting: &[Change]) -> Result<HashSet<String>, LakeError> {
        let days: HashSet<i32> = waiting.iter().map(|change| change.at.day()).collect();
        let place = self.folder().table(Table::Triage);
        let mut known = HashSet::new();
        for file in self.table(Table::Triage).files() {
            if days.contains(&file.day) {
                let rows = read::columns(&place, &file.path, &["id"])?;
                let ids = (0..rows.num_rows()).map(|row| read::text(&rows, "id", row).to_owned());
                known.extend(ids);
            }
        }
        Ok(known)
    }
}

/// Changes as rows of table `triage`.
///
/// # Errors
/// When a column has outgrown arrow's limits.
pub(crate) fn rows_of(changes: &[&Change]) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut columns = Columns::new(Table::Triage);
    for change in changes {
        columns
            .row(change.at)
            .time("at", change.at)
            .text("id", &change.id)
            .text("topic", &change.topic)
            .text("source", &change.source)
            .text("post_id", &change.post_id)
            .int("revision", change.revision)
            .int("replies", change.replies)
            .text("state", change.state.as_str())
            .text_or_null("owner", change.owner.as_deref())
            .text_or_null("note", change.note.as_deref())
            .text("changed_by", &change.changed_by);
    }
    columns.take()
}

fn days(changes: &[&Change]) -> Result<BTreeMap<i32, Vec<RecordBatch>>, LakeError> {
    let mut days: BTreeMap<i32, Vec<RecordBatch>> = BTreeMap::new();
    for batch in rows_of(changes).map_err(LakeError::Arrow)? {
        for (day, rows) in by_day(&batch) {
            days.entry(day).or_default().push(rows);
        }
    }
    Ok(days)
}

/// Rows of changes without those of posts that are gone, and how many went.
pub(crate) fn without_changes(
    rows: &RecordBatch,
    gone: &BTreeSet<(String, String)>,
) -> Result<(RecordBatch, u64), LakeError> {
    let post = |row| {
        (read::text(rows, "source", row).to_owned(), read::text(rows, "post_id", row).to_owned())
    };
    let stays: BooleanArray =
        (0..rows.num_rows()).map(|row| Some(!gone.contains(&post(row)))).collect();
    let left = filter_record_batch(rows, &stays)?;
    let went = (rows.num_rows() - left.num_rows()) as u64;
    Ok((left, went))
}
