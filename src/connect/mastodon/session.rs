//! What happens while an instance is connected? Streams are heard, and errands run beside them.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::Mastodon;
use super::errand::{Errand, LOOKUP_POSTS, PAGES_MAX, Page, Purpose, latest, linked, statuses};
use super::instance::{Instance, refused};
use super::live::Live;
use super::place::{Mark, is_later, time_of};
use crate::connect::backoff::Backoff;
use crate::connect::health::Gap;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Answer, Http};
use crate::decode::mastodon::{Statuses, id_of};
use crate::secret::Secret;
use crate::system::wall_clock;

/// Requests that are left alone before the window of an instance begins anew.
const RESERVE: u64 = 10;
/// Longest rest that a window may ask for.
const REST_MAX: Duration = Duration::from_secs(15 * 60);
/// Comparisons between two look-ups of the latest posts.
const COMPARISONS_A_LOOKUP: u32 = 12;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What a timeline's stream gave.
#[derive(Debug, Default, Clone)]
pub(super) struct Stream {
    /// Whether everything up to the connection was taken.
    pub(super) is_caught_up: bool,
    /// The latest post that came on the stream.
    pub(super) newest: Option<String>,
    /// Posts since the last comparison.
    pub(super) posts: u64,
    /// Deletions since the last comparison.
    pub(super) deletes: u64,
    /// Posts that a comparison found and the stream did not give.
    pub(super) kept_back: u64,
}

/// One connection.
pub(super) struct Session<'a> {
    pub(super) own: &'a mut Mastodon,
    http: Http,
    base: Url,
    token: Secret,
    instance: Instance,
    pub(super) read: Statuses,
    pub(super) streams: Vec<Stream>,
    agenda: VecDeque<Errand>,
    /// Nothing is asked before.
    rest: Instant,
    backoff: Backoff,
    next_comparison: Instant,
    comparisons: u32,
    has_no_streams: bool,
    /// What is shown of this source.
    said: Option<String>,
}

type Running = BoxFuture<'static, (Errand, Result<Answer, Fault>)>;

impl<'a> Session<'a> {
    pub(super) fn new(
        own: &'a mut Mastodon,
        http: Http,
        base: Url,
        token: Secret,
        instance: Instance,
        read: Statuses,
    ) -> Self {
        let now = Instant::now();
        let streams = vec![Stream::default(); own.settings.timelines.len()];
        let next_comparison = now + own.settings.compare_every;
        let backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut session = Self {
            own,
            http,
            base,
            token,
            instance,
            read,
            streams,
            agenda: VecDeque::new(),
            rest: now,
            backoff,
            next_comparison,
            comparisons: 0,
            has_no_streams: false,
            said: None,
        };
        for place in 0..session.streams.len() {
            let errand = session.page(place, Purpose::CatchUp);
            session.agenda.push_back(errand.unwrap_or(Errand::Latest(place)));
        }
        session.plan_lookups();
        session
    }

    /// Hears streams and runs errands until the connection ends; why it did.
    pub(super) async fn run(&mut self, live: &mut Live, outlet: &Outlet) -> Fault {
        match self.run_on(live, outlet).await {
            Ok(never) => never,
            Err(fault) => fault,
        }
    }

    async fn run_on(&mut self, live: &mut Live, outlet: &Outlet) -> Result<Fault, Fault> {
        self.say_what_is_off(outlet);
        if matches!(live, Live::None) {
            self.has_no_streams = true;
            let seconds = self.own.settings.compare_every.as_secs();
            let what =
                format!("the instance has no streams: its timelines are read every {seconds} s");
            self.say(what, outlet);
        }
        let (mut running, mut heard) = (None, Vec::new());
        loop {
            if running.is_none() {
                running = self.next(outlet);
            }
            let lost = tokio::select! {
                waited = live.wait(&mut heard) => match waited {
                    Ok(()) => live.take(&mut heard).await.err(),
                    Err(reason) => Some(reason),
                },
                (errand, answer) = awaited(&mut running) => {
                    running = None;
                    self.settle(errand, answer, outlet)?;
                    None
                }
                () = sleep_until(self.next_comparison) => {
                    self.compare(outlet);
                    None
                }
                () = outlet.closing() => return Err(Fault::Closed),
            };
            for thing in heard.drain(..) {
                self.take(thing, outlet)?;
            }
            self.own.hand_over(outlet).await?;
            if let Some(reason) = lost {
                return Err(Fault::external(reason));
            }
        }
    }

    pub(super) fn name(&self, place: usize) -> String {
        self.own.settings.timelines.get(place).map(|timeline| timeline.name()).unwrap_or_default()
    }

    fn say_what_is_off(&mut self, outlet: &Outlet) {
        let off = self.own.settings.timelines.iter().find_map(|line| self.instance.silence(line));
        if let Some(off) = off {
            self.say(off, outlet);
        }
    }

    pub(super) fn say(&mut self, what: String, outlet: &Outlet) {
        if self.said.as_ref() != Some(&what) {
            outlet.remark(&what);
            self.said = Some(what);
        }
    }

    /// The next page of a timeline after what was taken of it.
    fn page(&self, place: usize, purpose: Purpose) -> Option<Errand> {
        let mark = self.own.marks.get(&self.name(place))?;
        Some(Errand::Page(Page { timeline: place, after: mark.rewound(), before: 0, purpose }))
    }

    fn plan_lookups(&mut self) {
        let young: Vec<String> = self.own.known.young().into_iter().map(|(id, _)| id).collect();
        let lookups = young.rchunks(LOOKUP_POSTS).map(|ids| Errand::Lookup(ids.to_vec()));
        self.agenda.extend(lookups);
    }

    fn next(&mut self, outlet: &Outlet) -> Option<Running> {
        loop {
            let errand = self.agenda.pop_front()?;
            let timelines = &self.own.settings.timelines;
            let request = errand.request(&self.http, &self.base, timelines, &self.token);
            let Some(request) = request else { continue };
            let (http, outlet, rest) = (self.http.clone(), outlet.clone(), self.rest);
            let run = async move {
                sleep_until(rest).await;
                let answer = http.send(request, &outlet).await;
                (errand, answer)
            };
            return Some(run.boxed());
        }
    }

    fn settle(
        &mut self,
        errand: Errand,
        answer: Result<Answer, Fault>,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => return self.postpone(errand, fault, outlet),
        };
        let rate = answer.rate();
        if let (Some(..=RESERVE), Some(reset)) = (rate.remaining, rate.reset) {
            self.rest = Instant::now() + reset.min(REST_MAX);
        }
        let status = answer.status.as_u16();
        match errand {
            Errand::Lookup(ids) if matches!(status, 400 | 404 | 405 | 422 | 501) => {
                // Not every server knows a look-up of several posts: one by one, then.
                self.agenda.retain(|errand| !matches!(errand, Errand::Lookup(_)));
                self.agenda.extend(ids.into_iter().map(Errand::Confirm));
            }
            Errand::Confirm(id) if matches!(status, 404 | 410) => self.delete(&id),
            errand if !answer.status.is_success() => {
                let what = errand.timeline().map_or("posts".to_owned(), |place| self.name(place));
                return self.postpone(errand, refused(&answer, &what), outlet);
            }
            Errand::Confirm(_) => {
                self.asked(None, &String::from_utf8_lossy(&answer.body));
            }
            errand => match statuses(&answer.body) {
                Ok(found) => {
                    self.backoff.reset();
                    match errand {
                        Errand::Latest(place) => self.begin(place, latest(&found)),
                        Errand::Page(page) => self.turn(page, &found, linked(&answer), outlet),
                        Errand::Lookup(ids) => self.looked_up(ids, &found),
                        Errand::Confirm(_) => {}
                    }
                }
                Err(reason) => return self.postpone(errand, Fault::external(reason), outlet),
            },
        }
        Ok(())
    }

    /// Tries an errand again later, if that can help.
    fn postpone(&mut self, errand: Errand, fault: Fault, outlet: &Outlet) -> Result<(), Fault> {
        match (fault, errand.timeline()) {
            (Fault::External { reason, wait }, _) => {
                let wait = wait.unwrap_or_default().min(REST_MAX) + self.backoff.next_wait();
                self.rest = Instant::now() + wait;
                self.agenda.push_front(errand);
                self.say(format!("the streams are open, but asking fails: {reason}"), outlet);
                Ok(())
            }
            // A look-up that is refused costs no post.
            (Fault::User { reason, .. }, None) => {
                self.say(format!("posts cannot be looked up: {reason}"), outlet);
                Ok(())
            }
            (fault, _) => Err(fault),
        }
    }

    /// Goes on from the latest post of a timeline.
    fn begin(&mut self, place: usize, latest: Option<String>) {
        let name = self.name(place);
        let latest = latest.unwrap_or_else(|| "0".to_owned());
        let mark = self.own.marks.entry(name).or_insert_with(|| Mark::at(latest.clone()));
        mark.reach(&latest);
        self.caught_up(place);
    }

    fn caught_up(&mut self, place: usize) {
        let name = self.name(place);
        let Some(stream) = self.streams.get_mut(place) else { return };
        stream.is_caught_up = true;
        if let (Some(mark), Some(newest)) = (self.own.marks.get_mut(&name), &stream.newest) {
            mark.reach(newest);
        }
        self.own.moved = true;
    }

    /// Takes a page and asks for the next one.
    fn turn(
        &mut self,
        page: Page,
        found: &[&serde_json::value::RawValue],
        linked: Option<String>,
        outlet: &Outlet,
    ) {
        let place = page.timeline;
        for status in found.iter().rev() {
            self.asked(Some((place, page.purpose)), status.get());
        }
        let reached = latest(found).into_iter().chain(linked);
        let next = reached.reduce(|a, b| if is_later(&a, &b) { a } else { b });
        let Some(next) = next.filter(|next| !found.is_empty() && is_later(next, &page.after))
        else {
            self.caught_up(place);
            self.judge(place, page.purpose, outlet);
            return;
        };
        let name = self.name(place);
        if let Some(mark) = self.own.marks.get_mut(&name) {
            mark.reach(&next);
            self.own.moved = true;
        }
        if page.before + 1 < PAGES_MAX {
            let page = Page { after: next, before: page.before + 1, ..page };
            self.agenda.push_front(Errand::Page(page));
            return;
        }
        outlet.gap(Gap {
            from: time_of(&next).map_or(next, |time| time.to_string()),
            to: wall_clock().to_string(),
            reason: format!("more than {PAGES_MAX} pages of {name} were missed"),
        });
        self.agenda.push_front(Errand::Latest(place));
    }

    /// Says whether a stream keeps something back.
    fn judge(&mut self, place: usize, purpose: Purpose, outlet: &Outlet) {
        let name = self.name(place);
        let Some(stream) = self.streams.get_mut(place) else { return };
        let kept_back = std::mem::take(&mut stream.kept_back);
        if purpose == Purpose::CatchUp || kept_back == 0 || self.has_no_streams {
            if self.agenda.iter().all(|errand| errand.timeline().is_none()) && kept_back == 0 {
                self.all_is_well(outlet);
            }
            return;
        }
        let gives = if stream.deletes > 0 { "only deletions" } else { "nothing" };
        let line = self.own.settings.timelines.get(place);
        let why = line.and_then(|line| self.instance.silence(line));
        let why = why.map(|why| format!("; {why}")).unwrap_or_default();
        self.say(
            format!(
                "the stream of {name} gives {gives}: its posts are fetched from the timeline{why}"
            ),
            outlet,
        );
    }

    /// Takes back what was said of errands that failed.
    fn all_is_well(&mut self, outlet: &Outlet) {
        let is_over = |said: &String| said.starts_with("the streams are open, but");
        if self.said.as_ref().is_some_and(is_over) {
            self.said = None;
            outlet.up();
            self.say_what_is_off(outlet);
        }
    }

    fn looked_up(&mut self, ids: Vec<String>, found: &[&serde_json::value::RawValue]) {
        let there: Vec<String> = found.iter().filter_map(|status| id_of(status.get())).collect();
        for status in found {
            self.asked(None, status.get());
        }
        // A look-up leaves out what this account may not see now; only a plain 404 is a deletion.
        let missing = ids.into_iter().filter(|id| !there.contains(id));
        self.agenda.extend(missing.map(Errand::Confirm));
    }

    /// Compares streams that gave nothing with their timelines, and looks up the latest posts.
    fn compare(&mut self, outlet: &Outlet) {
        self.next_comparison = Instant::now() + self.own.settings.compare_every;
        self.comparisons += 1;
        for place in 0..self.streams.len() {
            let busy = self.agenda.iter().any(|errand| errand.timeline() == Some(place));
            let Some(stream) = self.streams.get_mut(place) else { continue };
            let gave = std::mem::take(&mut stream.posts) > 0;
            if gave {
                stream.deletes = 0;
                let muted = format!("the stream of {} gives", self.name(place));
                if self.said.as_ref().is_some_and(|said| said.starts_with(&muted)) {
                    self.said = None;
                    outlet.up();
                }
            } else if !busy && let Some(errand) = self.page(place, Purpose::Compare) {
                self.agenda.push_back(errand);
            }
        }
        if self.comparisons.is_multiple_of(COMPARISONS_A_LOOKUP) && self.agenda.len() < 100 {
            self.plan_lookups();
        }
    }
}

/// The answer to what is asked, if something is.
async fn awaited(running: &mut Option<Running>) -> (Errand, Result<Answer, Fault>) {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}
