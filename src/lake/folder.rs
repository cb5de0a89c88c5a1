//! Where are the tables of a lake? Beside what its writer remembers, or in a bucket.

use std::ops::Deref;

use tokio::runtime::Handle;

use super::bucket::{Bucket, Patience};
use super::error::LakeError;
use super::place::Place;
use super::schema::Table;
use crate::state::{Home, Site};

/// A lake: its home, and the bucket of its tables, if they are in one. While a writer's `Folder`
/// lives, no other writer can open it.
#[derive(Debug)]
pub struct Folder {
    home: Home,
    bucket: Option<Bucket>,
}

impl Folder {
    /// Opens a lake for reading. A bucket is not asked before its tables are opened.
    ///
    /// # Errors
    /// As [`Home::read`].
    pub fn read(site: impl Into<Site>) -> Result<Self, LakeError> {
        Self::at(Home::read(site)?, Patience::Short)
    }

    /// Opens a lake for writing, or makes one in a new or empty folder.
    ///
    /// # Errors
    /// As [`Home::write`].
    pub fn write(site: impl Into<Site>) -> Result<Self, LakeError> {
        Self::at(Home::write(site)?, Patience::Long)
    }

    fn at(home: Home, patience: Patience) -> Result<Self, LakeError> {
        let is_bucket = home.site().is_bucket();
        let bucket = is_bucket.then(|| Bucket::new(home.root(), patience)).transpose()?;
        Ok(Self { home, bucket })
    }

    /// Where a table is; within a runtime.
    pub(super) fn table(&self, table: Table) -> Place {
        match &self.bucket {
            Some(bucket) => Place::Bucket(bucket.below(table.name()), Handle::current()),
            None => Place::Folder(self.root().join(table.name())),
        }
    }

    /// Whether nothing is where the tables will be.
    pub(super) async fn is_vacant(&self) -> Result<bool, LakeError> {
        match &self.bucket {
            Some(bucket) => bucket.is_empty().await,
            None => Ok(true),
        }
    }
}

impl Deref for Folder {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
    }
}
