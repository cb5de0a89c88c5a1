//! Which posts does a lake keep, in the order in which they arrived?

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use futures_util::StreamExt;
use tokio::runtime::Handle;

use super::scratch::{DayFile, Scratch, day_files};
use crate::lake::error::LakeError;
use crate::lake::rows::Table;
use crate::lake::store::{Folder, day_name};

/// Columns of `posts` under the names of an archive's fields.
const POSTS: &str = "SELECT post_id AS id, text, posted_at, received_at, source, author, kind, \
    parent, thread, lang, url, reach, engagement FROM posts ORDER BY received_at, source, post_id";

/// The posts of one day of reception.
#[derive(Debug, Clone)]
pub struct PostDay {
    /// Days since the Unix epoch, UTC.
    pub day: i32,
    /// What people call it.
    pub name: String,
    /// Bytes of its files.
    pub bytes: u64,
    files: Vec<DayFile>,
}

/// One version of a lake's table `posts`.
#[derive(Debug, Clone)]
pub struct PostReader {
    days: Vec<PostDay>,
    runtime: Handle,
}

impl PostReader {
    /// Opens the newest version.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn open(folder: &Folder) -> Result<Self, LakeError> {
        let mut days: BTreeMap<i32, PostDay> = BTreeMap::new();
        for file in day_files(folder, Table::Posts).await? {
            let name = || format!("posts of {}", day_name(file.day));
            let fresh = || PostDay { day: file.day, name: name(), bytes: 0, files: Vec::new() };
            let day = days.entry(file.day).or_insert_with(fresh);
            day.bytes += file.bytes;
            day.files.push(file);
        }
        Ok(Self { days: days.into_values().collect(), runtime: Handle::current() })
    }

    /// Its days, earliest first.
    #[must_use]
    pub fn days(&self) -> &[PostDay] {
        &self.days
    }

    /// The names of its files: other files, other posts.
    pub fn file_names(&self) -> impl Iterator<Item = &str> {
        self.days.iter().flat_map(|day| &day.files).map(|file| file.name.as_str())
    }

    /// Reads a day in order of reception, source and id until `each` says that it is enough; to be
    /// called outside of the async runtime.
    ///
    /// # Errors
    /// When a file cannot be read, or as `each` does.
    pub fn read_day(
        &self,
        place: usize,
        mut each: impl FnMut(RecordBatch) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let Some(day) = self.days.get(place) else { return Ok(()) };
        self.runtime.block_on(async {
            let scratch = Scratch::new()?;
            scratch.add("posts", Table::Posts, &day.files.iter().collect::<Vec<_>>()).await?;
            let mut batches = scratch.stream(POSTS).await?;
            while let Some(batch) = batches.next().await {
                if !each(batch?)? {
                    break;
                }
            }
            Ok(())
        })
    }
}
