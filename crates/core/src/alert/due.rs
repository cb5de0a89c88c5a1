//! Which rules look at which topics at this tick? An index, so that a tick costs what has something to
//! say, and not all rules times all topics.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::rule::{Condition, Rule, WHOLE_SOURCE};
use crate::post::TopicId;
use crate::time::{EventTime, MINUTE_US};
use crate::window::Windows;

/// A rule by its number, and the topic that it looks at.
pub(super) type Pair = (u32, TopicId);

/// Memory: 4 bytes for each topic of a rule, and about 16 for each pair that is in an alert or waits
/// for silence.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// The rules that watch a topic.
    rules_of: HashMap<TopicId, Vec<u32>, RandomState>,
    /// The rules that watch a source as a whole.
    sources: Vec<u32>,
    /// In an alert, or about to be.
    live: BTreeSet<Pair>,
    /// Waiting for a topic to go quiet.
    silences: BTreeSet<Pair>,
    /// The longest window of all rules.
    window_us_max: i64,
}

impl Due {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut due = Self::default();
        for (number, rule) in (0..).zip(rules) {
            due.window_us_max = due.window_us_max.max(rule.window_us);
            if rule.whole_source().is_some() {
                due.sources.push(number);
            }
            for &topic in &rule.topics {
                due.rules_of.entry(topic).or_default().push(number);
            }
        }
        due
    }

    /// Takes note of how a pair stands.
    pub(super) fn note(&mut self, pair: Pair, rule: &Rule, is_live: bool) {
        if is_live {
            self.live.insert(pair);
        } else {
            self.live.remove(&pair);
        }
        if matches!(rule.condition, Condition::Silence { .. }) && pair.1 != WHOLE_SOURCE {
            self.silences.insert(pair);
        }
    }

    /// Whether no alert is pending or firing.
    pub(super) fn is_quiet(&self) -> bool {
        self.live.is_empty()
    }

    /// Whether some rule waits for a topic or a source to go quiet.
    pub(super) fn listens_for_silence(&self) -> bool {
        !self.sources.is_empty() || !self.silences.is_empty()
    }

    /// What can be looked at of these topics before their tick is over, in order of rule and topic:
    /// what is in no alert.
    pub(super) fn ahead(&self, topics: &BTreeSet<TopicId>, rules: &[Rule]) -> Vec<Pair> {
        let looks = |&(number, _): &Pair| rules.get(number as usize).is_some_and(Rule::looks_ahead);
        let pairs = topics.iter().flat_map(|&topic| self.rules_of(topic).map(move |n| (n, topic)));
        let mut pairs: Vec<Pair> =
            pairs.filter(looks).filter(|pair| !self.live.contains(pair)).collect();
        pairs.sort_unstable();
        pairs
    }

    /// What is to be judged at the end of a tick, in order of rule and topic.
    ///
    /// Between full minutes only a new mention changes anything; so what a topic is told does not
    /// depend on whether another one fires, and has every tick judged. At full minutes a minute leaves
    /// each window, so all are judged that hold a mention: an empty one is learned when the next
    /// mention comes. A source as a whole waits for full minutes, as a minute's posts are known only
    /// then.
    pub(super) fn at(&self, at: EventTime, rules: &[Rule], windows: &Windows) -> Vec<Pair> {
        let is_full_minute = at == at.floor(MINUTE_US);
        let is_source = |number: u32| {
            rules.get(number as usize).is_some_and(|rule| rule.whole_source().is_some())
        };
        let live = self.live.iter().copied();
        let mut due: Vec<Pair> = live.filter(|&(number, _)| !is_source(number)).collect();
        for topic in windows.fresh().filter(|&topic| windows.is_active(topic)) {
            due.extend(self.rules_of(topic).map(|number| (number, topic)));
        }
        if is_full_minute {
            due.extend(self.sources.iter().map(|&number| (number, WHOLE_SOURCE)));
            due.extend(&self.silences);
            for (latest, topic) in windows.spoken_of_since(at.shift(-self.window_us_max)) {
                let window_of = |number: u32| rules.get(number as usize).map(|rule| rule.window_us);
                let holds =
                    |&number: &u32| window_of(number).is_some_and(|us| latest >= at.shift(-us));
                due.extend(self.rules_of(topic).filter(holds).map(|number| (number, topic)));
            }
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    fn rules_of(&self, topic: TopicId) -> impl Iterator<Item = u32> {
        self.rules_of.get(&topic).into_iter().flatten().copied()
    }
}
