//! Where are the tables of a lake? Beside what its writer remembers, or in a bucket.

use std::ops::Deref;

use tokio::runtime::Handle;

use super::bucket::{Bucket, Patience};
use super::place::Place;
use super::shards;
use crate::lake::error::LakeError;
use crate::lake::rows::Table;
use crate::state::{Home, Site};

/// A lake: its home, and the bucket of its tables, if they are in one. While a writer's `Folder`
/// lives, no other writer can open it.
#[derive(Debug)]
pub struct Folder {
    home: Home,
    bucket: Option<Bucket>,
    /// The lakes of shards, if it is their folder.
    shards: Vec<Self>,
}

impl Folder {
    /// Opens a lake for reading. A bucket is not asked before its tables are opened.
    ///
    /// # Errors
    /// As [`Home::read`].
    pub fn read(site: impl Into<Site>) -> Result<Self, LakeError> {
        let site = site.into();
        let shards = shards::below(&site)?;
        if shards.is_empty() {
            return Self::at(Home::read(site)?, Patience::Short);
        }
        let shards = shards.iter().map(Self::read).collect::<Result<_, _>>()?;
        Ok(Self { shards, ..Self::at(Home::united(site), Patience::Short)? })
    }

    /// The lakes of shards that it holds; empty where it is a lake itself.
    pub(crate) fn shards(&self) -> &[Self] {
        &self.shards
    }

    /// The lakes of shards below a prefix of a bucket that has no tables itself.
    pub(crate) async fn shards_of_bucket(&self) -> Result<Vec<Self>, LakeError> {
        let Some(bucket) = &self.bucket else { return Ok(Vec::new()) };
        let names = bucket.folders().await?;
        let sites = shards::sites(self.site(), names.iter().map(String::as_str))?;
        sites.iter().map(Self::read).collect()
    }

    /// Opens a lake for writing, or makes one in a new or empty folder.
    ///
    /// # Errors
    /// As [`Home::write`].
    pub fn write(site: impl Into<Site>) -> Result<Self, LakeError> {
        Self::at(Home::write(site)?, Patience::Long)
    }

    /// The same, also where a rotation of the key broke off, which is gone on with.
    ///
    /// # Errors
    /// As [`Home::write`].
    pub fn resume(site: impl Into<Site>) -> Result<Self, LakeError> {
        Self::at(Home::resume(site)?, Patience::Long)
    }

    fn at(home: Home, patience: Patience) -> Result<Self, LakeError> {
        let is_bucket = home.site().is_bucket();
        let bucket = is_bucket.then(|| Bucket::new(home.root(), patience)).transpose()?;
        Ok(Self { home, bucket, shards: Vec::new() })
    }

    /// The bucket of its tables, if they are in one.
    pub(crate) fn bucket(&self) -> Option<&Bucket> {
        self.bucket.as_ref()
    }

    /// Where a table is; within a runtime.
    pub(crate) fn table(&self, table: Table) -> Place {
        match &self.bucket {
            Some(bucket) => Place::Bucket(bucket.below(table.name()), Handle::current()),
            None => Place::Folder(self.root().join(table.name())),
        }
    }

    /// Whether nothing is where the tables will be.
    pub(crate) async fn is_vacant(&self) -> Result<bool, LakeError> {
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
