//! Which alerts does this tick bring? Evaluates every rule on every topic with something to say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::due::Due;
use super::episode::Transition;
use super::evidence::Evidence;
use super::naming::{alert_id, history_name};
use super::rule::{Condition, Measure, Rule, WHOLE_SOURCE};
use super::watch::{Glance, Page, Watch};
use crate::post::{SourceId, TopicId};
use crate::time::{EventTime, MINUTE_US};
use crate::window::{Counts, Exhibit, Late, Overdue, Window, Windows};

/// Mentions from which on a window can be a storm at all.
const STORM_MENTIONS_MIN: u64 = 10;
/// Mentions per author from which on a window is one.
const STORM_PER_AUTHOR: u64 = 4;

/// Something people must be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The same for all transitions of an episode, over retries, restarts and reprocessing.
    pub id: String,
    /// Index of the rule.
    pub rule: usize,
    /// Which topic; [`WHOLE_SOURCE`] where the rule watches a source.
    pub topic: TopicId,
    /// What happened.
    pub transition: Transition,
    /// The tick at which it happened.
    pub at: EventTime,
    /// When the condition began to hold.
    pub started_at: EventTime,
    /// The measured count in the window.
    pub observed: u64,
    /// What history led to expect; spike, silence and change rules only.
    pub expected: Option<f64>,
    /// Probability of at least the observed count, for silence of at most it; spike and silence
    /// rules only.
    pub p_value: Option<f64>,
    /// Observed over the decayed record; spike rules only.
    pub novelty: Option<f64>,
    /// Variance over mean of the topic's blocks; spike and silence rules only.
    pub dispersion: Option<f64>,
    /// Whether the window looks like a campaign: see [`Coordination`].
    pub coordination: Coordination,
    /// All counts of the window.
    pub counts: Counts,
    /// Distinct authors in the window; a post of an unknown author counts as one of its own.
    pub authors: u64,
    /// What else the window holds.
    pub evidence: Evidence,
}

impl Alert {
    /// An alert of the first rule, about whose authors nothing is known.
    pub(super) fn new(
        id: String,
        topic: TopicId,
        page: Page,
        counts: Counts,
        evidence: Evidence,
    ) -> Self {
        let Page { at, transition, started_at, observed, expected, p_value, novelty, dispersion } =
            page;
        Self {
            id,
            rule: 0,
            topic,
            transition,
            at,
            started_at,
            observed,
            expected,
            p_value,
            novelty,
            dispersion,
            coordination: Coordination::None,
            counts,
            authors: 0,
            evidence,
        }
    }

    /// Whether mentions that came late are among the counts: once an alert has fired they correct
    /// it, but no alert fires for them.
    #[must_use]
    pub fn counts_late(&self) -> bool {
        self.transition != Transition::Fired
    }
}

/// Whether many people speak, or few people much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coordination {
    /// Nothing conspicuous.
    None,
    /// At least half of ten or more mentions repeat a text.
    Copies,
    /// Ten or more mentions, at least four of them per author.
    FewAuthors,
}

impl Coordination {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Copies => "copies",
            Self::FewAuthors => "fewauthors",
        }
    }

    /// Judges a window. Pacheco et al., "Uncovering Coordinated Networks on Social Media" (ICWSM
    /// 2021), name identical content and few accounts among the traces of campaigns.
    #[must_use]
    pub fn of(counts: &Counts, authors: u64) -> Self {
        if counts.mentions < STORM_MENTIONS_MIN {
            Self::None
        } else if counts.copies.saturating_mul(2) >= counts.mentions {
            Self::Copies
        } else if authors.saturating_mul(STORM_PER_AUTHOR) <= counts.mentions {
            Self::FewAuthors
        } else {
            Self::None
        }
    }
}

/// All rules, and where each stands on each topic.
///
/// Memory: about 50 bytes per rule and topic with mentions; for spike and silence rules about 200,
/// and 248 more for the rhythm, whatever the length of the history.
#[derive(Debug)]
pub struct Judge {
    pub(super) rules: Vec<Rule>,
    /// Names of the topics, by id: part of an alert's identity.
    pub(super) topics: Vec<String>,
    pub(super) state: JudgeState,
    pub(super) due: Due,
    /// Whether pairs of rule and topic that came with the configuration have got their birth.
    settled: bool,
}

/// What a [`Judge`] remembers, in a form that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JudgeState {
    /// Identities of the rules that the keys below number.
    rules: Vec<String>,
    /// By rule and topic.
    pub(super) watches: BTreeMap<(u32, TopicId), Watch>,
    /// When history begins for the pairs of rule and topic that have no watch yet, because nothing
    /// was mentioned: 12 bytes each.
    pub(super) births: BTreeMap<(u32, TopicId), EventTime>,
}

impl Judge {
    /// Rules that go on from a state, for topics with these names; what the state knows of rules
    /// that are no more is forgotten. A rule with another kind, measure, source, window or confidence
    /// than before begins anew, as its history was counted differently.
    #[must_use]
    pub fn new(rules: Vec<Rule>, topics: Vec<String>, state: JudgeState) -> Self {
        let names: Vec<String> = rules.iter().map(history_name).collect();
        let places: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
        let renumber = |old: u32| places.get(state.rules.get(old as usize)?.as_str()).copied();
        let watches = state.watches.into_iter();
        let watches: BTreeMap<(u32, TopicId), Watch> = watches
            .filter_map(|((rule, topic), watch)| Some(((renumber(rule)?, topic), watch)))
            .collect();
        let births = state.births.into_iter();
        let births =
            births.filter_map(|((rule, topic), at)| Some(((renumber(rule)?, topic), at))).collect();
        let mut due = Due::of(&rules);
        for (&pair, watch) in &watches {
            if let Some(rule) = rules.get(pair.0 as usize) {
                due.note(pair, rule, watch.episode.is_live());
            }
        }
        let state = JudgeState { watches, births, rules: names };
        Self { rules, topics, state, due, settled: false }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is remembered, for a checkpoint.
    #[must_use]
    pub fn state(&self) -> &JudgeState {
        &self.state
    }

    /// The longest span before now that any rule looks at in panes, in microseconds. History needs
    /// none: it is kept as moments.
    #[must_use]
    pub fn reach_us(rules: &[Rule]) -> i64 {
        let reach = |rule: &Rule| match rule.condition {
            Condition::Change { .. } => 2 * rule.window_us,
            Condition::Threshold { .. }
            | Condition::Share { .. }
            | Condition::Spike { .. }
            | Condition::Silence { .. }
            | Condition::Unanswered { .. } => rule.window_us,
        };
        rules.iter().map(reach).max().unwrap_or(0) + MINUTE_US
    }

    /// Ids of the alerts that fire.
    #[must_use]
    pub fn firing(&self) -> BTreeSet<String> {
        let watches = self.state.watches.iter();
        let id = |(&(rule, topic), watch): (&(u32, TopicId), &Watch)| {
            let started_at = watch.episode.started()?;
            let rule = self.rules.get(rule as usize)?;
            let topic = self.topics.get(topic.0 as usize).map_or("", String::as_str);
            let name = rule.whole_source().map_or(topic, SourceId::as_str);
            Some(alert_id(&rule.name, name, started_at))
        };
        watches.filter_map(id).collect()
    }

    /// Whether no alert is pending or firing.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.due.is_quiet()
    }

    /// Whether full minutes must be judged even when no topic has a mention in any window: some
    /// rule waits for a topic to go quiet.
    #[must_use]
    pub fn listens_for_silence(&self) -> bool {
        self.due.listens_for_silence()
    }

    /// Judges the windows as they are at `at`, the end of a tick; appends to `alerts` in order of
    /// rule and topic. Costs what was said of late, whatever the number of topics.
    pub fn judge(&mut self, at: EventTime, windows: &Windows, alerts: &mut Vec<Alert>) {
        self.settle(at);
        for pair in self.due.at(at, &self.rules, windows) {
            let (number, topic) = (pair.0 as usize, pair.1);
            let Some(rule) = self.rules.get(number) else { continue };
            let since = self.state.births.remove(&pair).unwrap_or(EventTime::MIN);
            let watch = self.state.watches.entry(pair).or_default();
            let alert = if let Some(source) = rule.whole_source() {
                judge_source(watch, rule, source, at, since, windows)
            } else {
                let name = self.topics.get(topic.0 as usize).map_or("", String::as_str);
                judge_one(watch, rule, (topic, name), at, since, windows)
            };
            self.due.note(pair, rule, watch.episode.is_live());
            alerts.extend(alert.map(|alert| Alert { rule: number, ..alert }));
        }
    }

    /// Lets history begin now for pairs of rule and topic that are new.
    fn settle(&mut self, at: EventTime) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        for (number, rule) in (0u32..).zip(&self.rules) {
            if rule.condition.history_us().is_none() {
                continue;
            }
            let whole = rule.whole_source().map(|_| WHOLE_SOURCE);
            for topic in rule.topics.iter().copied().chain(whole) {
                if !self.state.watches.contains_key(&(number, topic)) {
                    self.state.births.entry((number, topic)).or_insert(at);
                }
            }
        }
    }
}

impl JudgeState {
    /// Renumbers topics after a change of configuration; those without a new id are forgotten.
    #[must_use]
    pub fn renumbered(mut self, topic: impl Fn(TopicId) -> Option<TopicId>) -> Self {
        let topic = |old| if old == WHOLE_SOURCE { Some(old) } else { topic(old) };
        let watches = std::mem::take(&mut self.watches).into_iter();
        self.watches =
            watches.filter_map(|((rule, old), watch)| Some(((rule, topic(old)?), watch))).collect();
        let births = std::mem::take(&mut self.births).into_iter();
        self.births =
            births.filter_map(|((rule, old), at)| Some(((rule, topic(old)?), at))).collect();
        self
    }
}

fn judge_one(
    watch: &mut Watch,
    rule: &Rule,
    (topic, name): (TopicId, &str),
    at: EventTime,
    since: EventTime,
    windows: &Windows,
) -> Option<Alert> {
    let is_firing = watch.episode.is_firing() && !watch.episode.is_ahead_of(at);
    let late = if is_firing { Late::Counted } else { Late::LeftOut };
    let window = Window {
        topic,
        source: rule.source.as_ref(),
        from: window_start(at, rule.window_us),
        to: at,
        late,
        ahead: None,
    };
    let counted = windows.sure_counts(&window, rule.min_confidence);
    let before = || counted_before(rule, windows, &window);
    let authors = || counted_authors(rule, windows, &window);
    let late_for_reply = || overdue(rule, windows, &window);
    let overdue = || late_for_reply().map_or(0, |posts| posts.len() as u64);
    let glance = Glance {
        at,
        since,
        counts: &counted,
        before: &before,
        overdue: &overdue,
        authors: &authors,
    };
    let page = watch.judge(rule, &glance)?;
    Some(alert(rule, name, page, windows, &window, late_for_reply()))
}

/// Counted mentions of the window before.
pub(super) fn counted_before(rule: &Rule, windows: &Windows, window: &Window<'_>) -> u64 {
    let from = window.to.shift(-2 * rule.window_us).floor(MINUTE_US);
    let to = window.to.shift(-rule.window_us).floor(MINUTE_US);
    let before = windows.sure_counts(&Window { from, to, ..*window }, rule.min_confidence);
    rule.condition.measure().of(&before)
}

/// Distinct authors of the counted mentions.
pub(super) fn counted_authors(rule: &Rule, windows: &Windows, window: &Window<'_>) -> u64 {
    match (rule.condition.measure(), rule.min_confidence) {
        (Measure::Negative, Some(least)) => windows.sure_authors(window, least),
        (Measure::Negative, None) => windows.totals(window).negative_authors(),
        (Measure::Positive | Measure::Mentions | Measure::Copies, _) => {
            windows.totals(window).authors()
        }
    }
}

/// The alert that tells a page, with what its window holds.
pub(super) fn alert(
    rule: &Rule,
    name: &str,
    page: Page,
    windows: &Windows,
    window: &Window<'_>,
    overdue: Option<Vec<Exhibit>>,
) -> Alert {
    let totals = windows.totals(window);
    let (counts, authors) = (totals.counts, totals.authors());
    let evidence = Evidence::of(windows, window, &counts, overdue);
    let id = alert_id(&rule.name, name, page.started_at);
    let coordination = Coordination::of(&counts, authors);
    Alert { coordination, authors, ..Alert::new(id, window.topic, page, counts, evidence) }
}

/// The posts of a window that wait too long for a reply of ours, for rules on those.
fn overdue(rule: &Rule, windows: &Windows, window: &Window<'_>) -> Option<Vec<Exhibit>> {
    let Condition::Unanswered { reach, within_us, .. } = rule.condition else { return None };
    let Window { topic, source, from, to: at, .. } = *window;
    let confidence = rule.min_confidence.unwrap_or(0);
    Some(windows.overdue(&Overdue { topic, source, from, at, within_us, reach, confidence }))
}

/// Judges a source as a whole, from the number of its posts.
fn judge_source(
    watch: &mut Watch,
    rule: &Rule,
    source: &SourceId,
    at: EventTime,
    since: EventTime,
    windows: &Windows,
) -> Option<Alert> {
    let from = window_start(at, rule.window_us);
    let counts = Counts { mentions: windows.heard(source, from, at), ..Counts::default() };
    let none = || 0;
    let glance =
        Glance { at, since, counts: &counts, before: &none, overdue: &none, authors: &none };
    let page = watch.judge(rule, &glance)?;
    let id = alert_id(&rule.name, source.as_str(), page.started_at);
    Some(Alert::new(id, WHOLE_SOURCE, page, counts, Evidence::of_source(from)))
}

/// The first pane of a window: between two full minutes it is up to a minute shorter.
pub(super) fn window_start(at: EventTime, window_us: i64) -> EventTime {
    let from = at.shift(-window_us);
    if at == at.floor(MINUTE_US) { from } else { from.floor(MINUTE_US).shift(MINUTE_US) }
}
