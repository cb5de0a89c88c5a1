//! Which events are posts to analyze, and what becomes of the others? One arm, one counter.

use rayon::prelude::*;

use super::{Arrival, Engine, Outcome};
use crate::portable::Carried;
use crate::post::{Event, Post, PostKey};

impl Engine {
    /// Sorts events into posts to analyze and everything else.
    pub(super) fn admit(&mut self, events: &mut Vec<Event>, outcome: &mut Outcome) {
        let authors = self.erased.authors();
        let key = |event: &Event| match event {
            Event::Create(post) => authors.post_key(&post.source, &post.id),
            Event::Found(found) => authors.post_key(&found.post.source, &found.post.id),
            Event::Pass(post) => post.key,
            Event::Edit(post) => authors.version_key(post),
            Event::Delete { source, id, .. } => authors.post_key(source, id),
            Event::Purge { .. } | Event::Renew { .. } => PostKey(0),
        };
        let keys: Vec<(PostKey, bool)> =
            events.par_iter().map(|event| (key(event), self.holds(event))).collect();
        // Whether what may come changed within these events.
        let mut narrowed = false;
        for (event, (key, was_erased)) in events.drain(..).zip(keys) {
            let is_erased = was_erased || (narrowed && self.holds(&event));
            outcome.tally.events += 1;
            match event {
                Event::Delete { source, id, by, received_at } => {
                    outcome.tally.deletes += 1;
                    let by_author = by.map(|author| PostKey::withdrawn(&source, &id, author));
                    // A post that comes after its own deletion is not taken in.
                    self.seen.insert(by_author.unwrap_or(key));
                    self.withdrawn_by_authors |= by_author.is_some();
                    narrowed |= by_author.is_some();
                    outcome.withdrawn.push(self.erased.post_gone(&source, &id, by, received_at));
                }
                Event::Purge { source, author, received_at } => {
                    outcome.tally.purges += 1;
                    narrowed = true;
                    outcome.withdrawn.push(self.erased.author_gone(&source, author, received_at));
                }
                Event::Renew { source, author, received_at } => {
                    outcome.tally.renewals += 1;
                    outcome.withdrawn.push(self.erased.author_renewed(
                        &source,
                        author,
                        received_at,
                    ));
                }
                _ if is_erased => outcome.tally.erased += 1,
                Event::Create(post) | Event::Edit(post) if post.is_ahead() => {
                    outcome.tally.refused_future += 1;
                    outcome.refused.push(*post);
                }
                Event::Create(_) | Event::Edit(_) | Event::Pass(_) | Event::Found(_)
                    if !self.seen.insert(key) =>
                {
                    outcome.tally.duplicate += 1;
                }
                Event::Edit(post) => {
                    outcome.tally.edits += 1;
                    self.seen.insert(self.erased.authors().post_key(&post.source, &post.id));
                    self.seen.remember(key);
                    outcome.withdrawn.push(self.erased.post_replaced(&post));
                    outcome.posts.push(*post);
                    self.arrivals.push(Arrival::Again);
                }
                Event::Create(post) => self.take_in(*post, None, key, outcome),
                Event::Found(found) => {
                    // What cannot be read is found here once more.
                    let known = Carried::read(&found.carried);
                    self.take_in(found.post, known, key, outcome);
                }
                Event::Pass(post) => {
                    outcome.tally.analyzed += 1;
                    self.arrivals.push(Arrival::Passed(post));
                }
            }
        }
    }

    /// Takes in a post that counts, with what is known of it already.
    fn take_in(&mut self, post: Post, known: Option<Carried>, key: PostKey, outcome: &mut Outcome) {
        outcome.tally.analyzed += 1;
        if known.is_some() {
            self.known.resize(outcome.posts.len(), None);
            self.known.push(known);
        }
        outcome.posts.push(post);
        self.arrivals.push(Arrival::Post(key));
    }

    /// Whether a post was erased, or withdrawn by its author before it came.
    fn is_gone(&self, post: &Post) -> bool {
        let withdrawn = || PostKey::withdrawn(&post.source, &post.id, post.author);
        self.erased.holds(post) || (self.withdrawn_by_authors && self.seen.holds(withdrawn()))
    }

    /// Whether an event brings a post back that was erased or withdrawn.
    fn holds(&self, event: &Event) -> bool {
        match event {
            Event::Create(post) | Event::Edit(post) => self.is_gone(post),
            Event::Found(found) => self.is_gone(&found.post),
            Event::Pass(_) | Event::Delete { .. } | Event::Purge { .. } | Event::Renew { .. } => {
                false
            }
        }
    }
}
