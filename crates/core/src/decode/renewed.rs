//! Which new posts are old ones told anew? Those of an account whose posts were replaced a moment ago.
//!
//! After an [`Event::Renew`], the posts that are left come as new ones. They were seen before, so they
//! are handed on as new versions, which take the place of what was withdrawn.

use std::collections::VecDeque;

use crate::post::{AuthorKey, Event, SourceId};
use crate::time::{EventTime, MINUTE_US};

/// Accounts remembered; the oldest leaves.
const ACCOUNTS_MAX: usize = 1_024;
/// For how long posts of an account can follow.
const FOLLOW_US: i64 = 60 * MINUTE_US;

/// Accounts whose posts are being told anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Renewed {
    accounts: VecDeque<(SourceId, AuthorKey, EventTime)>,
}

impl Renewed {
    /// The event as it is to be handed on.
    pub(super) fn follow(&mut self, event: Event) -> Event {
        match event {
            Event::Renew { source, author, received_at } => {
                self.accounts.truncate(ACCOUNTS_MAX - 1);
                self.accounts.push_front((source.clone(), author, received_at));
                Event::Renew { source, author, received_at }
            }
            Event::Create(post)
                if self.accounts.iter().any(|(source, author, begun)| {
                    *author == post.author
                        && *source == post.source
                        && (0..FOLLOW_US).contains(&post.received_at.since(*begun))
                }) =>
            {
                Event::Edit(post)
            }
            other => other,
        }
    }
}
