//! What does X answer to errands beside the stream, and what follows from it?

use std::time::Duration;

use super::ask::refusal;
use super::catch_up::{CatchUp, Errand, PAGES_MAX, Page};
use super::{X, later};
use crate::connect::health::Gap;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Answer;
use crate::decode::x;
use crate::system::wall_clock;

/// Shortest wait before an errand that failed is tried again.
const ASKED_AGAIN: Duration = Duration::from_secs(2);

impl X {
    /// Takes the answer to an errand.
    ///
    /// # Errors
    /// [`Fault::Closed`] when the process ends.
    pub(super) fn settle(
        &mut self,
        catch_up: &mut CatchUp,
        errand: Errand,
        answer: Result<Answer, Fault>,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        let answer = match answer {
            Ok(answer) if answer.status.is_success() => answer,
            Ok(answer) => {
                let refused = self.lost(refusal(&answer));
                self.refused(catch_up, errand, refused, outlet);
                return Ok(());
            }
            Err(Fault::Closed) => return Err(Fault::Closed),
            Err(fault) => {
                self.refused(catch_up, errand, fault, outlet);
                return Ok(());
            }
        };
        let posts = match x::Posts::read(&answer.body) {
            Ok(posts) => posts,
            Err(reason) => {
                self.refused(catch_up, errand, Fault::external(reason), outlet);
                return Ok(());
            }
        };
        match errand {
            Errand::Page(page) => self.turn(catch_up, page, &posts, outlet),
            Errand::Lookup(_) => self.looked_up(&posts),
        }
        Ok(())
    }

    /// What passes is asked again; what X refuses for good is a gap, if posts are missing by it.
    fn refused(&mut self, catch_up: &mut CatchUp, errand: Errand, fault: Fault, outlet: &Outlet) {
        match (fault, errand) {
            (Fault::External { wait, .. }, errand) => {
                catch_up.first(errand, wait.unwrap_or(ASKED_AGAIN).max(ASKED_AGAIN));
            }
            (fault, Errand::Page(_)) => {
                let reason = format!("X does not give what was missed: {fault}");
                self.gap(catch_up, reason, outlet);
            }
            (fault, Errand::Lookup(_)) => {
                outlet.remark(&format!("posts cannot be looked up: {fault}"));
            }
        }
    }

    fn gap(&mut self, catch_up: &mut CatchUp, reason: String, outlet: &Outlet) {
        let from = catch_up.since();
        let from = x::time_of(from).map_or(from.to_owned(), |time| time.to_string());
        outlet.gap(Gap { from, to: wall_clock().to_string(), reason });
        self.finish(catch_up);
    }

    fn finish(&mut self, catch_up: &mut CatchUp) {
        if catch_up.finish()
            && let Some(newest) = &self.newest
        {
            self.place.since_id = later(self.place.since_id.take(), newest);
        }
    }

    /// Takes a page of what was missed.
    fn turn(&mut self, catch_up: &mut CatchUp, page: Page, posts: &x::Posts<'_>, outlet: &Outlet) {
        self.take(posts);
        if let Some(latest) = posts.latest() {
            self.newest = later(self.newest.take(), latest);
        }
        let Some(token) = &posts.meta.next_token else { return self.finish(catch_up) };
        if page.before + 1 >= PAGES_MAX {
            let reason = format!("more than {PAGES_MAX} pages of a rule were missed");
            return self.gap(catch_up, reason, outlet);
        }
        let (token, before) = (Some(token.clone().into_owned()), page.before + 1);
        catch_up.first(Errand::Page(Page { token, before, ..page }), Duration::ZERO);
    }

    /// Takes what became of posts.
    fn looked_up(&mut self, posts: &x::Posts<'_>) {
        let now = wall_clock();
        self.place.ledger.count(posts.len(), now);
        for problem in posts.errors.iter().filter(|problem| problem.is_gone()) {
            let named = problem.resource_id.as_deref().unwrap_or_default();
            let known = self.place.young.iter().find(|(_, latest)| latest == named);
            if let Some(id) = known.map(|(id, _)| id.clone()) {
                self.delete(&id);
            }
        }
    }
}
