//! What did a step bring? Its posts, what they say, and what follows from it.

use rayon::prelude::*;

use super::punctual::Placing;
use super::tally::Tally;
use crate::alert::Alert;
use crate::analyze::Findings;
use crate::post::Post;
use crate::privacy::Withdrawal;
use crate::window::ClosedPane;

/// What one step brought; buffers are reused by the caller.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The posts that were analyzed here, in order of arrival; not those that came as passed.
    pub posts: Vec<Post>,
    /// What they say, pointing into `posts`.
    pub findings: Findings,
    /// How each of the findings was counted, in the same order.
    pub placings: Vec<Placing>,
    /// Panes that became final.
    pub closed: Vec<ClosedPane>,
    /// What people must be told.
    pub alerts: Vec<Alert>,
    /// Posts refused because of their date.
    pub refused: Vec<Post>,
    /// What sources took back or said anew.
    pub withdrawn: Vec<Withdrawal>,
    /// Where each event went.
    pub tally: Tally,
}

impl Outcome {
    /// Empties it for the next step.
    pub(super) fn clear(&mut self) {
        // Freeing some ten million strings a second is work for more than one thread.
        self.posts.par_drain(..).for_each(drop);
        self.findings = Findings::default();
        self.placings.clear();
        self.closed.clear();
        self.alerts.clear();
        self.refused.clear();
        self.withdrawn.clear();
        self.tally = Tally::default();
    }
}
