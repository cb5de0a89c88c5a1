//! What did people decide that is not in the tables yet, or lies beside them?

use datafusion::error::Result as QueryResult;
use datafusion::prelude::SessionContext;

use super::named::Named;
use super::{reviews, waiting};
use crate::lake::{Folder, LakeError, Table};
use crate::state::{Change, Review, Reviews, Triage};

/// What people decided, beside the tables. Read before these: what the lake takes in meanwhile is in one
/// of the two.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beside {
    /// Changes that wait to come into table `triage`.
    waiting: Vec<Change>,
    reviews: Vec<Review>,
}

impl Beside {
    pub(super) fn read(folder: &Folder) -> Result<Self, LakeError> {
        Ok(Self { waiting: Triage::of(folder).waiting()?, reviews: Reviews::of(folder).all()? })
    }

    /// Makes it known.
    pub(super) async fn register(
        &self,
        context: &SessionContext,
        named: &Named,
    ) -> QueryResult<()> {
        if named.has(Table::Triage.name()) {
            waiting::add(context, &self.waiting).await?;
        }
        reviews::register(context, &self.reviews)
    }
}
