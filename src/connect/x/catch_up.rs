//! What is asked of X beside its stream, one thing after the other? What was missed, by the search
//! for each rule, and what became of posts.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use super::Place;
use super::ask::{Api, PAGE_POSTS, PAGE_POSTS_MIN};
use super::rule::Rule;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Answer;

/// Pages of one rule before the rest is given up as a gap.
pub(super) const PAGES_MAX: u32 = 10;

/// One request.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    /// A page of what was missed.
    Page(Page),
    /// What became of these posts?
    Lookup(Vec<String>),
}

/// A page of the search for a rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    pub(super) rule: usize,
    /// Names a page after the first one.
    pub(super) token: Option<String>,
    /// Pages fetched before.
    pub(super) before: u32,
}

/// An errand with its answer.
pub(super) type Running = BoxFuture<'static, (Errand, Result<Answer, Fault>)>;

/// The errands of one connection.
#[derive(Debug)]
pub(super) struct CatchUp {
    agenda: VecDeque<Errand>,
    /// Rules whose search is not at its end.
    unfinished: usize,
    /// What was missed began there: the parameter and its value.
    since: (&'static str, String),
    /// Nothing is asked before.
    rest: Instant,
}

impl CatchUp {
    /// What is to be asked after a connection opened.
    pub(super) fn new(rules: usize, place: &Place) -> Self {
        let since_id = place.since_id.clone().map(|id| ("since_id", id));
        let since = since_id.or_else(|| place.since.clone().map(|time| ("start_time", time)));
        let unfinished = if since.is_some() { rules } else { 0 };
        let page = |rule| Errand::Page(Page { rule, ..Page::default() });
        Self {
            agenda: (0..unfinished).map(page).collect(),
            unfinished,
            since: since.unwrap_or_default(),
            rest: Instant::now(),
        }
    }

    /// Whether nothing that was missed is still to come.
    pub(super) fn is_over(&self) -> bool {
        self.unfinished == 0
    }

    /// Where what was missed begins.
    pub(super) fn since(&self) -> &str {
        &self.since.1
    }

    /// A rule has nothing more; whether that was the last one.
    pub(super) fn finish(&mut self) -> bool {
        self.unfinished = self.unfinished.saturating_sub(1);
        self.unfinished == 0
    }

    /// Plans an errand before all others, not before a wait has passed.
    pub(super) fn first(&mut self, errand: Errand, wait: Duration) {
        self.rest = Instant::now() + wait;
        self.agenda.push_front(errand);
    }

    /// Plans to look posts up.
    pub(super) fn look_up(&mut self, young: &[(String, String)]) {
        let ids: Vec<String> = young.iter().map(|(_, latest)| latest.clone()).collect();
        self.agenda.extend(ids.chunks(PAGE_POSTS).map(|ids| Errand::Lookup(ids.to_vec())));
    }

    /// The next request, as long as enough posts may be read.
    pub(super) fn next(
        &mut self,
        api: &Api,
        rules: &[Rule],
        left: u64,
        outlet: &Outlet,
    ) -> Option<Running> {
        if left < PAGE_POSTS_MIN {
            return None;
        }
        let errand = self.agenda.pop_front()?;
        let most = left.min(PAGE_POSTS as u64);
        let request = match &errand {
            Errand::Page(page) => {
                let (most, since) = (most.to_string(), (self.since.0, &*self.since.1));
                let query = rules.get(page.rule).map_or("", |rule| &rule.value);
                let mut asked = vec![("query", query), since, ("max_results", &most)];
                asked.extend(page.token.as_deref().map(|token| ("next_token", token)));
                api.recent(&asked)
            }
            Errand::Lookup(ids) => {
                let most = usize::try_from(most).unwrap_or(PAGE_POSTS);
                api.posts(ids.get(..most).unwrap_or(ids))
            }
        };
        let (http, outlet, rest) = (api.http.clone(), outlet.clone(), self.rest);
        let run = async move {
            sleep_until(rest).await;
            let answer = http.send(request, &outlet).await;
            (errand, answer)
        };
        Some(run.boxed())
    }
}

/// The answer to what is asked, if something is.
pub(super) async fn awaited(running: &mut Option<Running>) -> (Errand, Result<Answer, Fault>) {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}
