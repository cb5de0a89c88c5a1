//! How does a job end? What was erased stays away, and what sources took back is erased.
//!
//! While a job reads, erasures can be asked of the lake that it is for; they are done in its stage
//! before the rows take their place. Deletions and edits in the input were noted on the way, and
//! are followed once the rows are there.

use std::sync::Arc;

use super::stage::{Mode, Stage};
use crate::lake::{
    EraseMode, Erasure, Folder, Gaps, Lake, LakeError, OldAlerts, Recovered, Replaced, Replacement,
    gone_for_good,
};
use crate::live::{Eraser, Following};
use crate::notify::Outbox;
use crate::privacy::Marker;
use crate::state::{Imported, Receipt, StateError, Withdrawn, tombstones};
use crate::system::wall_clock;

/// What the end of a job did.
#[derive(Debug, Default)]
pub struct Published {
    /// Rows that took the place of others.
    pub replaced: Option<Replaced>,
    /// What was erased because sources took it back.
    pub receipts: Vec<Receipt>,
}

/// Lets the rows of a job take their place. Killed on the way, the same again goes on.
///
/// # Errors
/// When the lake is being written by another process, mentions would be lost, or the disk refuses.
pub async fn publish(stage: &Stage, alerts: OldAlerts, gaps: Gaps) -> anyhow::Result<Published> {
    match stage.mode() {
        Mode::Dry => Ok(Published::default()),
        Mode::New => {
            let folder = Arc::clone(stage.folder());
            note_import(stage, &folder)?;
            let (mut lake, recovered) = Lake::open(folder).await?;
            let receipts = follow(stage, &mut lake, recovered).await?;
            Ok(Published { replaced: None, receipts })
        }
        Mode::Replace => {
            let target = Arc::new(Folder::write(stage.target())?);
            note_import(stage, &target)?;
            keep_away(stage, &target).await?;
            Withdrawn::of(&target).append(&Withdrawn::of(stage.folder()).all()?)?;
            target.dead_letters().take_over(stage.folder().dead_letters())?;
            let (mut lake, recovered) = Lake::open(target).await?;
            let days = &stage.days();
            let job = Replacement { from: stage.folder(), days, alerts, gaps };
            let replaced = Some(lake.replace_days(&job).await?);
            let receipts = follow(stage, &mut lake, recovered).await?;
            Ok(Published { replaced, receipts })
        }
    }
}

/// Notes which old days come from files, so that retention does not drop them at once. The posts of
/// another lake were kept for their time before.
fn note_import(stage: &Stage, folder: &Folder) -> Result<(), StateError> {
    if !stage.reads_files() {
        return Ok(());
    }
    Imported::note(folder, stage.days().into_keys(), wall_clock().day())
}

/// Erases from the stage what was erased from the lake since the stage was begun.
async fn keep_away(stage: &Stage, target: &Folder) -> Result<(), LakeError> {
    let withdrawals: Vec<_> = tombstones(target)?.into_iter().map(gone_for_good).collect();
    if withdrawals.is_empty() {
        return Ok(());
    }
    let (mut lake, _) = Lake::open(Arc::clone(stage.folder())).await?;
    let marker = Marker::new(stage.authors());
    let found = lake.seek(Erasure { marker, withdrawals, mode: EraseMode::Found }).await?;
    let posts = found.posts.clone();
    let prepared = lake.prepare(found, &posts, wall_clock()).await?;
    lake.erase(prepared).await.map(drop)
}

/// Erases what sources took back.
async fn follow(
    stage: &Stage,
    lake: &mut Lake,
    recovered: Recovered,
) -> anyhow::Result<Vec<Receipt>> {
    let folder = Arc::clone(lake.folder());
    let outbox = Arc::new(Outbox::open(&folder.outbox())?);
    let following = Arc::new(Following::of(&folder));
    Eraser::new(folder, stage.authors(), outbox, following, None).finish(lake, recovered).await
}
