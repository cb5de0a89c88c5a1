//! What follows from these events? The pure engine: events in, findings, panes and alerts out.
//!
//! One [`Engine::step`] analyzes a batch in parallel and then walks its events in order, moving
//! the watermark per post, so that the cut of batches leaves no trace. Time arrives with the
//! events: the same events give the same outcome, live or from an archive.

mod beat;
mod config;
mod observe;
mod punctual;
mod seen;
mod state;
mod tally;
mod outcome;
mod admit;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::alert::{Judge, Rule};
use crate::analyze::{Analyzer, Finding, Findings};
use crate::portable::Carried;
use crate::post::{Event, Passed, Post, PostKey, SourceId, TopicId};
use crate::privacy::Erased;
use crate::time::{DAY_US, EventTime, MINUTE_US};
use crate::window::{Likeness, Timeliness, Watermark, WindowConfig, Windows};
use beat::Beat;
pub use config::{EngineConfig, Remember};
use observe::{Traits, likenesses, observation, reply, wanting};
pub use outcome::Outcome;
use punctual::Punctual;
pub use punctual::{Delays, Placing};
use seen::Seen;
pub use state::{AHEAD_US_MAX, Behind, EngineState};
pub use tally::Tally;

/// Mentions that may wait for the watermark; beyond, the earliest tick is judged early.
const WAITING_MAX: usize = 1_000_000;
/// Longest gap without posts whose every tick is judged; of a longer one, the end. Rules have
/// nothing left to say after a month of silence, and a gap of years would be millions of ticks.
const GAP_US_MAX: i64 = 31 * DAY_US;

/// The pure engine.
#[derive(Debug)]
pub struct Engine {
    analyzer: Arc<Analyzer>,
    config: EngineConfig,
    watermark: Watermark,
    windows: Windows,
    /// Topics whose negative mentions want a reply.
    wanting: HashSet<TopicId>,
    judge: Judge,
    seen: Seen,
    /// Whether authors themselves withdraw posts, so that each post is to be looked for among these.
    withdrawn_by_authors: bool,
    erased: Erased,
    punctual: Punctual,
    /// The next look at rules ahead of the watermark.
    beat: Beat,
    /// Topics that the post in hand mentions in time; reused.
    heard: Vec<TopicId>,
    /// The posts of a step in order of arrival, reused.
    arrivals: Vec<Arrival>,
    /// What the first of the step's posts say, where that was found elsewhere; reused.
    known: Vec<Option<Carried>>,
}

/// A post that counts: the next of the step's posts, or one that passed.
#[derive(Debug)]
enum Arrival {
    Post(PostKey),
    /// The next of the step's posts, in a new version: it was counted before.
    Again,
    Passed(Passed),
}

impl Engine {
    /// An engine that goes on from `state`; `None` when a sketch in the state is damaged.
    ///
    /// `topics` are the topics' names by id.
    #[must_use]
    pub fn new(
        analyzer: Arc<Analyzer>,
        rules: Vec<Rule>,
        topics: Vec<String>,
        config: EngineConfig,
        state: EngineState,
    ) -> Option<Self> {
        let retain_us = Judge::reach_us(&rules).max(config.retain_us);
        let window_config = WindowConfig { tick_us: config.tick_us, retain_us };
        let mut windows = Windows::from_state(window_config, state.windows)?;
        windows.listen_to(rules.iter().filter_map(Rule::whole_source).cloned());
        windows.demand(rules.iter().filter_map(|rule| rule.min_confidence));
        Some(Self {
            analyzer,
            config,
            watermark: Watermark::new(config.lateness_us, config.idle_us, state.watermark),
            windows,
            wanting: wanting(&rules),
            judge: Judge::new(rules, topics, state.judge),
            seen: Seen::new(&state.remembered),
            withdrawn_by_authors: false,
            erased: Erased::default(),
            beat: if config.beat_us.is_some() { state.beat } else { Beat::default() },
            heard: Vec::new(),
            arrivals: Vec::new(),
            known: Vec::new(),
            punctual: Punctual::default(),
        })
    }

    /// The same engine, which does not take in what is among the erased.
    #[must_use]
    pub fn with_erased(self, erased: Erased) -> Self {
        Self { erased, ..self }
    }

    /// The same engine for input whose dates may be wrong: where no reception is known, a few posts
    /// that step ahead move no time, as [`Watermark::checking`] says.
    #[must_use]
    pub fn checking_dates(self) -> Self {
        Self { watermark: self.watermark.checking(), ..self }
    }

    /// What must not come back.
    #[must_use]
    pub fn erased(&self) -> &Erased {
        &self.erased
    }

    /// The analyzer.
    #[must_use]
    pub fn analyzer(&self) -> &Arc<Analyzer> {
        &self.analyzer
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        self.judge.rules()
    }

    /// The watermark; `None` before the first post.
    #[must_use]
    pub fn watermark(&self) -> Option<EventTime> {
        self.watermark.mark()
    }

    /// The same engine, with what sources delay by their nature.
    #[must_use]
    pub fn with_delays(self, delays: Delays) -> Self {
        Self { punctual: Punctual(delays), ..self }
    }

    /// Forgets the texts of posts, and takes in no post that is among the erased from now on. What
    /// was counted stays counted: rules were judged by it.
    pub fn forget(&mut self, erased: Erased, is_gone: impl Fn(&str) -> bool) {
        self.erased = erased;
        self.windows.forget(is_gone);
    }

    /// Ids of the alerts that fire.
    #[must_use]
    pub fn firing(&self) -> BTreeSet<String> {
        self.judge.firing()
    }

    /// A person said whether a mention is done with, or wants a reply after all: rules on replies go
    /// by it, until one of our accounts replies. Linear in the mentions of the topic that may wait.
    pub fn decide(&mut self, topic: TopicId, post: PostKey, is_done: bool) {
        self.windows.decide(topic, post, is_done);
    }

    /// Everything that must survive a restart. Linear in the retained panes.
    #[must_use]
    pub fn state(&self) -> EngineState {
        EngineState {
            watermark: self.watermark.state().clone(),
            windows: self.windows.to_state(),
            judge: self.judge.state().clone(),
            remembered: self.seen.remembered(),
            beat: self.beat.clone(),
        }
    }

    /// Takes in a batch and says what follows from it; `events` is left empty.
    pub fn step(&mut self, events: &mut Vec<Event>, outcome: &mut Outcome) {
        outcome.clear();
        self.admit(events, outcome);
        outcome.findings = self.analyzer.analyze_rest(&mut outcome.posts, &self.known);
        self.known.clear();
        let posts = std::mem::take(&mut outcome.posts);
        let findings = std::mem::take(&mut outcome.findings);
        let mut arrivals = std::mem::take(&mut self.arrivals);
        let mut rest = findings.list.as_slice();
        let mut likenesses = likenesses(&posts, rest).into_iter();
        let mut analyzed = (0u32..).zip(&posts);
        for arrival in arrivals.drain(..) {
            match arrival {
                Arrival::Passed(post) => {
                    self.look_before(post.posted_at, post.received_at, outcome);
                    let at = self.pass(&post.source, post.posted_at, post.received_at);
                    self.windows.hear(&post.source, at);
                }
                Arrival::Post(_) | Arrival::Again => {
                    let Some((index, post)) = analyzed.next() else { continue };
                    self.look_before(post.posted_at, post.received_at, outcome);
                    let length = rest.iter().take_while(|finding| finding.post == index).count();
                    let (own, others) = rest.split_at(length);
                    rest = others;
                    let likeness = if own.is_empty() { None } else { likenesses.next().flatten() };
                    match arrival {
                        Arrival::Post(key) => {
                            let own = (own, &findings);
                            let traits = Traits::of(post, key, likeness, self.erased.authors());
                            self.count(post, traits, own, outcome);
                            let (at, _) = self.counted_at(post);
                            self.windows.hear(&post.source, at);
                        }
                        _ => again(likeness, own, outcome),
                    }
                    self.pass(&post.source, post.posted_at, post.received_at);
                }
            }
            self.hear(outcome);
            self.catch_up(outcome);
        }
        self.arrivals = arrivals;
        outcome.posts = posts;
        outcome.findings = findings;
    }

    /// Lets `passed_us` of silence pass, so that windows move on without posts; it adds up over
    /// calls.
    pub fn idle(&mut self, passed_us: i64, outcome: &mut Outcome) {
        outcome.clear();
        self.watermark.rest();
        if let Some(clock) = self.watermark.clock() {
            let now = clock.shift(passed_us);
            self.look_by(Some(now), outcome);
            self.watermark.tick(now);
            self.catch_up(outcome);
        }
    }

    /// Judges everything that waits, as at the end of an archive.
    pub fn finish(&mut self, outcome: &mut Outcome) {
        outcome.clear();
        self.look_at_last(outcome);
        while let Some(tick_end) = self.windows.earliest_waiting() {
            self.advance(tick_end, outcome);
        }
        if let Some(frontier) = self.windows.frontier() {
            self.advance_through(frontier.shift(MINUTE_US), outcome);
        }
    }

    /// When a post counts, and whether that is its reception.
    fn counted_at(&self, post: &Post) -> (EventTime, bool) {
        self.punctual.at(&post.source, post.posted_at, post.received_at)
    }

    /// Lets time pass with a post; when it counts.
    fn pass(
        &mut self,
        source: &SourceId,
        posted_at: EventTime,
        received_at: EventTime,
    ) -> EventTime {
        let (at, is_delayed) = self.punctual.at(source, posted_at, received_at);
        if is_delayed {
            self.watermark.observe_reception(source, received_at);
        } else {
            self.watermark.observe(source, posted_at, received_at);
        }
        at
    }

    fn count(
        &mut self,
        post: &Post,
        traits: Traits,
        (findings, all): (&[Finding], &Findings),
        outcome: &mut Outcome,
    ) {
        let ours = self.analyzer.topics_of(post.author);
        let is_kept = !findings.is_empty() || !ours.is_empty();
        if is_kept || self.config.remember == Remember::All {
            self.seen.remember(traits.post);
        }
        let (at, is_delayed) = self.counted_at(post);
        let counted_at = is_delayed.then_some(at);
        if let Some(reply) = reply(post, at, ours, self.erased.authors()) {
            self.windows.reply(reply);
        }
        if findings.is_empty() {
            return;
        }
        outcome.tally.matched += 1;
        for finding in findings {
            outcome.tally.mention(&finding.verdict);
            let wants = self.wanting.contains(&finding.topic).then(|| self.erased.authors());
            let found = (finding, all.spans_of(finding));
            let mention = observation(post, at, found, &traits, wants);
            let late_at = match self.windows.observe(mention) {
                Timeliness::InTime => None,
                Timeliness::Late { judged } => Some(judged),
            };
            outcome.tally.late += u64::from(late_at.is_some());
            self.heard.extend(late_at.is_none().then_some(finding.topic));
            outcome.placings.push(Placing { similarity: traits.similarity(), late_at, counted_at });
        }
        while self.windows.waiting_len() > WAITING_MAX
            && let Some(tick_end) = self.windows.earliest_waiting()
        {
            self.advance(tick_end, outcome);
        }
    }

    /// Judges every tick that the watermark has passed.
    fn catch_up(&mut self, outcome: &mut Outcome) {
        if let Some(mark) = self.watermark.mark() {
            let last = mark.floor(self.config.tick_us);
            self.advance_through(last, outcome);
            // What is late depends on time alone, not on which ticks had to be judged.
            self.windows.pass(last);
        }
    }

    fn advance_through(&mut self, last: EventTime, outcome: &mut Outcome) {
        // Where a source is watched, time begins with a full minute, mentions or not.
        let first = if self.judge.listens_for_silence() { last.floor(MINUTE_US) } else { last };
        let frontier = self.windows.frontier();
        let mut next = frontier.map_or(first, |frontier| frontier.shift(self.config.tick_us));
        while next <= last {
            if last.since(next) > GAP_US_MAX {
                let begin = last.shift(-GAP_US_MAX).floor(MINUTE_US);
                let waiting = self.windows.earliest_waiting();
                next = waiting.map_or(begin, |tick_end| tick_end.min(begin)).max(next);
            }
            // While nothing fires, a rule can become true only by a new mention or as a minute
            // leaves its window; while nothing is retained either, only by a new mention, or by
            // time alone where a rule listens for silence.
            if self.judge.is_quiet() {
                let minute = next.shift(MINUTE_US - 1).floor(MINUTE_US);
                let idle = self.windows.is_quiet() && !self.judge.listens_for_silence();
                let change = if idle { last } else { minute };
                next = self
                    .windows
                    .earliest_waiting()
                    .map_or(change, |tick_end| tick_end.clamp(next, change));
                if next > last {
                    return;
                }
            }
            self.advance(next, outcome);
            next = next.shift(self.config.tick_us);
        }
    }

    fn advance(&mut self, tick_end: EventTime, outcome: &mut Outcome) {
        self.windows.release(tick_end);
        self.judge.judge(tick_end, &self.windows, &mut outcome.alerts);
        self.windows.drain_closed(&mut outcome.closed);
    }
}

/// A new version of a post that was counted: its rows take the place of the old ones.
fn again(likeness: Option<Arc<Likeness>>, own: &[Finding], outcome: &mut Outcome) {
    let similarity = likeness.map(|likeness| likeness.similarity());
    outcome.placings.extend(own.iter().map(|_| Placing { similarity, ..Placing::default() }));
}
