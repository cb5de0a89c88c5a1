//! What does a list hold that becomes a file? More than a page of it, and not all that there may be.

use super::ask::Ask;
use super::error::ReportError;
use super::inbox::{Inbox, InboxSearch};
use super::mentions::{MentionPage, Search};

/// Most rows.
const FILE_MAX: usize = 10_000;

impl Ask<'_> {
    /// Posts for a file: 10,000, unless the search wants fewer.
    ///
    /// # Errors
    /// For a search that cannot be; when a limit is reached, or the lake cannot be read.
    pub async fn mentions_for_file(&self, search: &Search) -> Result<MentionPage, ReportError> {
        self.listed(search, (FILE_MAX, FILE_MAX)).await
    }

    /// Mentions that may want an answer, for a file: 10,000, unless the search wants fewer.
    ///
    /// # Errors
    /// For a search that cannot be; when a limit is reached, or the lake cannot be read.
    pub async fn inbox_for_file(&self, search: &InboxSearch) -> Result<Inbox, ReportError> {
        self.stood(search, (FILE_MAX, FILE_MAX)).await
    }
}
