//! How does a post leave the lake? Out of every table, with the files that held it.
//!
//! Tombstones are written first: whatever happens then, nothing comes back. Then all tables change
//! as one, and old files are deleted. Killed anywhere, the same erasure done again finishes the
//! rest: each step looks at what is there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use rayon::prelude::*;

use super::recount::{COUNTED, PaneId, Recount, pane_of_mention};
use super::triage::without_changes;
use crate::lake::commit::Lake;
use crate::lake::error::LakeError;
use crate::lake::rows::{Table, without_posts};
use crate::lake::store::{Draft, LakeFile, Origin, Place, Swap, read};
use crate::post::AuthorKey;
use crate::privacy::{Lasting, Marker, Tombstone, Withdrawal};
use crate::state::{Erasing, bury};
use crate::time::EventTime;

/// What to erase.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Makes tombstones of rows.
    pub marker: Marker,
    /// What is wanted gone.
    pub withdrawals: Vec<Withdrawal>,
    /// Whether it is done, or only counted.
    pub mode: Mode,
}

/// Whether an erasure is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only counted.
    DryRun,
    /// Done; tombstones are written for what was found and is not to come back.
    Found,
    /// Done; tombstones are written for all that is not to come back.
    All,
}

/// What an erasure is about to do; nothing was changed yet.
#[derive(Debug)]
pub struct Found {
    /// Ids of the posts that go.
    pub posts: BTreeSet<String>,
    /// Sources and ids of those among them that are not to come back: what people noted of them
    /// goes, too.
    pub gone: BTreeSet<(String, String)>,
    erasing: Erasing,
    /// Which of the tombstones met a row.
    met: HashSet<Tombstone>,
    erasure: Erasure,
    files: Files,
    /// Files with a row that goes.
    hit: HashSet<(Table, String)>,
    recount: Recount,
}

/// An erasure whose files are written, and not yet named by the tables.
#[derive(Debug)]
pub struct Rewritten {
    /// What changes.
    pub erasing: Erasing,
    pub(super) swaps: Vec<(Table, Swap)>,
}

/// The files of each table, with where they are.
type Files = Vec<(Table, Place, Vec<LakeFile>)>;

impl Lake {
    /// Looks for what is to go among all that is committed. Reads `posts` and `mentions` without
    /// their texts: linear in the lake, unless nothing is to go. Tombstones are written, unless it
    /// is a dry run.
    ///
    /// # Errors
    /// When a file is damaged or the disk refuses.
    pub async fn seek(&self, erasure: Erasure) -> Result<Found, LakeError> {
        let files = Table::ALL
            .into_iter()
            .map(|table| (table, self.folder().table(table), self.table(table).files()))
            .collect::<Files>();
        let folder = Arc::clone(self.folder());
        let work = tokio::task::spawn_blocking(move || {
            let found = find(erasure, files)?;
            if found.erasure.mode != Mode::DryRun {
                bury(&folder, &lasting(&found.erasure, &found.met))?;
            }
            Ok(found)
        });
        work.await.map_err(|error| self.broken(error))?
    }

    /// Writes the files that will be there without what was found, and without the evidence of
    /// these posts. They go with the next change of the lake: nothing may be committed before it.
    ///
    /// # Errors
    /// When a file is damaged or the disk refuses.
    pub async fn prepare(
        &self,
        found: Found,
        posts: &BTreeSet<String>,
        now: EventTime,
    ) -> Result<Rewritten, LakeError> {
        let (sequence, posts) = (self.next_sequence(), posts.clone());
        let work = tokio::task::spawn_blocking(move || rewrite(found, &posts, sequence, now));
        work.await.map_err(|error| self.broken(error))?
    }

    /// Erases what was prepared from the tables, and everything that they do not name from the
    /// disk; how many files that were.
    ///
    /// # Errors
    /// When the disk refuses. Sought, prepared and erased again, it goes on where it stopped.
    pub async fn erase(&mut self, prepared: Rewritten) -> Result<u64, LakeError> {
        self.replace_for_good(prepared.swaps, None).await
    }

    /// A task of ours that ended before its time.
    pub(crate) fn broken(&self, error: tokio::task::JoinError) -> LakeError {
        LakeError::Internal(format!("{}: {error}", self.folder().root().display()))
    }
}

/// The tombstones to write.
fn lasting(erasure: &Erasure, met: &HashSet<Tombstone>) -> HashSet<Tombstone> {
    let gone = erasure.withdrawals.iter().filter(|one| one.lasting == Lasting::Gone);
    let gone = gone.map(|one| one.target);
    gone.filter(|target| erasure.mode == Mode::All || met.contains(target)).collect()
}

/// Looks for what is wanted gone.
struct Seeker<'e> {
    marker: &'e Marker,
    /// Until when, by tombstone.
    wanted: HashMap<Tombstone, EventTime>,
    /// Tombstones of what is not to come back.
    gone: HashSet<Tombstone>,
    /// New versions of posts: they are in no pane yet.
    fresh: HashSet<(Tombstone, EventTime)>,
}

impl<'e> Seeker<'e> {
    fn new(erasure: &'e Erasure) -> Self {
        let mut wanted: HashMap<Tombstone, EventTime> = HashMap::new();
        for one in &erasure.withdrawals {
            let before = wanted.entry(one.target).or_insert(one.before);
            *before = one.before.max(*before);
        }
        let replaced = erasure.withdrawals.iter().filter(|one| one.lasting == Lasting::Replaced);
        let fresh = replaced.map(|one| (one.target, one.before)).collect();
        let gone = erasure.withdrawals.iter().filter(|one| one.lasting == Lasting::Gone);
        let gone = gone.map(|one| one.target).collect();
        Self { marker: &erasure.marker, wanted, gone, fresh }
    }

    /// Whether a row is a new version of a post, which no pane counts yet.
    fn is_fresh(&self, rows: &RecordBatch, row: usize) -> bool {
        if self.fresh.is_empty() {
            return false;
        }
        let (source, id) = (read::text(rows, "source", row), read::text(rows, "post_id", row));
        let version = (self.marker.post(source, id), read::time(rows, "received_at", row));
        self.fresh.contains(&version)
    }

    /// What each row's author or post is wanted gone by.
    fn met(&self, rows: &RecordBatch) -> Vec<Option<Tombstone>> {
        let met = |row| {
            let (source, id) = (read::text(rows, "source", row), read::text(rows, "post_id", row));
            let (author, received_at) =
                (read::author(rows, row), read::time(rows, "received_at", row));
            let until = |tombstone| self.wanted.get(&tombstone).copied();
            let mut own = self.marker.of(source, id, author);
            own.find(|tombstone| until(*tombstone).is_some_and(|until| received_at < until))
        };
        (0..rows.num_rows()).map(met).collect()
    }
}

/// Finds the posts, and counts the panes that held them.
pub(super) fn find(erasure: Erasure, files: Files) -> Result<Found, LakeError> {
    let seeker = Seeker::new(&erasure);
    let names =
        ["received_at", "posted_at", "counted_at", "topic", "source", "post_id", "author", "lang"];
    let (mut erasing, mut posts, mut stones) =
        (Erasing::default(), BTreeSet::new(), HashSet::new());
    let mut gone = BTreeSet::new();
    let mut hit: HashSet<(Table, String)> = HashSet::new();
    let mut panes: HashSet<PaneId> = HashSet::new();
    for (table, place, files) in &files {
        if !matches!(table, Table::Posts | Table::Mentions) || erasure.withdrawals.is_empty() {
            continue;
        }
        let found = files.par_iter().map(|file| {
            let rows = read::columns(place, &file.path, &names)?;
            let met = seeker.met(&rows).into_iter().enumerate();
            let hits = met.filter_map(|(row, tombstone)| {
                let pane = (*table == Table::Mentions).then(|| pane_of_mention(&rows, row));
                let name = |column| read::text(&rows, column, row).to_owned();
                let post = (name("source"), name("post_id"));
                tombstone.map(|tombstone| (post, tombstone, pane))
            });
            Ok((&file.path, hits.collect::<Vec<_>>()))
        });
        for (name, hits) in found.collect::<Result<Vec<_>, LakeError>>()? {
            *erasing.rows.entry(table.name().to_owned()).or_default() += hits.len() as u64;
            hit.extend((!hits.is_empty()).then(|| (*table, name.clone())));
            for ((source, id), tombstone, pane) in hits {
                posts.insert(id.clone());
                gone.extend(seeker.gone.contains(&tombstone).then_some((source, id)));
                stones.insert(tombstone);
                panes.extend(pane);
            }
        }
    }
    let mut recount = Recount::of(panes);
    for (table, place, files) in &files {
        if *table == Table::Mentions && !recount.is_empty() {
            for file in files {
                let rows = read::columns(place, &file.path, &COUNTED)?;
                let met = seeker.met(&rows);
                let is_gone = |row: usize| met.get(row).is_some_and(Option::is_some);
                recount.observe(&rows, is_gone, |row| seeker.is_fresh(&rows, row));
            }
        }
    }
    Ok(Found { posts, gone, erasing, met: stones, erasure, files, hit, recount })
}

/// Writes the files anew that hold something of what goes: the rows that stay of a table's day
/// into one.
pub(super) fn rewrite(
    found: Found,
    posts: &BTreeSet<String>,
    sequence: i64,
    now: EventTime,
) -> Result<Rewritten, LakeError> {
    let Found { mut erasing, gone, erasure, files, hit, recount, .. } = found;
    let seeker = Seeker::new(&erasure);
    let mut swaps = Vec::new();
    for (table, place, files) in files {
        let derived = matches!(table, Table::Panes | Table::Alerts | Table::Triage);
        let mut swap = Swap::default();
        let mut days: BTreeMap<i32, Vec<RecordBatch>> = BTreeMap::new();
        for file in files {
            let concerned = match table {
                Table::Panes => !recount.is_empty(),
                Table::Alerts => !posts.is_empty(),
                Table::Triage => !gone.is_empty(),
                Table::Posts | Table::Mentions => hit.contains(&(table, file.path.clone())),
                // It names no author.
                Table::Audit => false,
            };
            if !concerned {
                continue;
            }
            let rows = file.read(&place)?;
            let (left, changed) = match table {
                Table::Panes => recount.apply(&rows)?,
                Table::Alerts => without_evidence(&rows, posts)?,
                Table::Triage => without_changes(&rows, &gone)?,
                Table::Posts | Table::Mentions => without_posts_of(&seeker, &rows)?,
                Table::Audit => (rows, 0),
            };
            if changed == 0 {
                continue;
            }
            if derived {
                *erasing.rows.entry(table.name().to_owned()).or_default() += changed;
            }
            swap.removes.push(file.remove(false, now));
            if left.num_rows() > 0 {
                days.entry(file.day).or_default().push(left);
            }
        }
        if swap.removes.is_empty() || erasure.mode == Mode::DryRun {
            continue;
        }
        for (day, rows) in days {
            let (place, origin) = (place.clone(), Origin::New);
            let draft = Draft { table, place, day, sequence, rows, origin, ending: ".parquet" };
            swap.adds.push(draft.write()?);
        }
        swaps.push((table, swap));
    }
    erasing.sequence = (!swaps.is_empty()).then_some(sequence);
    Ok(Rewritten { erasing, swaps })
}

fn without_posts_of(
    seeker: &Seeker<'_>,
    rows: &RecordBatch,
) -> Result<(RecordBatch, u64), LakeError> {
    let met = seeker.met(rows);
    let gone = met.iter().flatten().count() as u64;
    let stays: BooleanArray = met.iter().map(|tombstone| Some(tombstone.is_none())).collect();
    Ok((filter_record_batch(rows, &stays)?, gone))
}

/// Alerts whose evidence tells of no post that is gone, and how many of them changed.
fn without_evidence(
    rows: &RecordBatch,
    posts: &BTreeSet<String>,
) -> Result<(RecordBatch, u64), LakeError> {
    let Ok(place) = rows.schema_ref().index_of("evidence") else { return Ok((rows.clone(), 0)) };
    let is_gone = |id: &str| posts.contains(id);
    let mut changed = 0;
    let evidence: StringArray = (0..rows.num_rows())
        .map(|row| {
            let text = read::text(rows, "evidence", row);
            let stripped = without_posts(text, &is_gone);
            changed += u64::from(stripped.is_some());
            Some(stripped.unwrap_or_else(|| text.to_owned()))
        })
        .collect();
    if changed == 0 {
        return Ok((rows.clone(), 0));
    }
    let mut columns = rows.columns().to_vec();
    columns[place] = Arc::new(evidence);
    Ok((RecordBatch::try_new(rows.schema(), columns)?, changed))
}

/// The withdrawal that erases what has a tombstone, whenever it came.
#[must_use]
pub fn gone_for_good(target: Tombstone) -> Withdrawal {
    Withdrawal { target, before: EventTime(i64::MAX), lasting: Lasting::Gone }
}

/// The withdrawal that erases an author, in one source or all.
#[must_use]
pub fn erase_author(marker: &Marker, source: Option<&str>, author: AuthorKey) -> Withdrawal {
    gone_for_good(marker.author(source, author))
}

/// The withdrawal that erases a post.
#[must_use]
pub fn erase_post(marker: &Marker, source: &str, id: &str) -> Withdrawal {
    gone_for_good(marker.post(source, id))
}
