//! What happens on stage? Mentions through windows and a judge, as the engine drives them.

use proptest::prelude::*;

use resonanz_core::alert::{Alert, Judge, JudgeState, Rule};
use resonanz_core::post::{AuthorKey, Lang, Polarity, Score, SourceId, TopicId};
use resonanz_core::time::{EventTime, MINUTE_US, SECOND_US};
use resonanz_core::window::{Observation, Originality, WindowConfig, Windows};

const TICK_US: i64 = 5 * SECOND_US;

/// Mentions in any order, and when the run ends.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) mentions: Vec<Observation>,
    pub(super) end: EventTime,
}

/// Which ticks are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    EveryTick,
    /// As the engine does: where something can change.
    WhenDue,
}

pub(super) fn mention(at_us: i64, topic: u32, polarity: Polarity, author: u8) -> Observation {
    Observation {
        posted_at: EventTime(at_us),
        topic: TopicId(topic),
        source: SourceId::new(if author.is_multiple_of(2) { "a" } else { "b" }),
        lang: Lang::EN,
        author: AuthorKey([author; 16]),
        score: Score(if polarity == Polarity::Negative { -5_000 } else { 5_000 }),
        polarity,
        confidence: 50 + 10 * (author % 5),
        reach: 0,
        engagement: 0,
        post: 0,
        identity: identity(at_us, topic, author),
        thread: None,
        likeness: None,
        originality: Originality::Original,
        cluster: 0,
        sample: None,
    }
}

/// Two mentions are the same post only if one author speaks twice at once.
fn identity(at_us: i64, topic: u32, author: u8) -> u64 {
    at_us.unsigned_abs() << 16 | u64::from(topic) << 8 | u64::from(author)
}

pub(super) fn scenes() -> impl Strategy<Value = Scene> {
    let polarities = prop_oneof![Just(Polarity::Negative), Just(Polarity::Positive)];
    let one = (0i64..36 * 60, 0i64..60, 0u32..2, polarities, 0u8..5);
    // Clusters of mentions, so that conditions hold now and then.
    let cluster = (one, 1usize..9).prop_map(|((minute, second, topic, polarity, author), size)| {
        (0i64..).take(size).map(move |n| {
            let at_us = minute * MINUTE_US + (second + 7 * n) * SECOND_US;
            mention(at_us, topic, polarity, author.wrapping_add(u8::try_from(n).unwrap_or(0)))
        })
    });
    prop::collection::vec(cluster, 1..60).prop_map(|clusters| Scene {
        mentions: clusters.into_iter().flatten().collect(),
        end: EventTime(37 * 60 * MINUTE_US),
    })
}

impl Scene {
    /// The alerts under these rules; at the `cut`-th judged tick everything is stored and restored.
    pub(super) fn run(&self, rules: Vec<Rule>, pace: Pace, cut: Option<usize>) -> Vec<Alert> {
        self.play(rules, JudgeState::default(), pace, cut).1
    }

    /// The same mentions, observed the other way round.
    pub(super) fn reversed(&self) -> Self {
        Self { mentions: self.mentions.iter().rev().cloned().collect(), end: self.end }
    }

    pub(super) fn state(&self, rules: Vec<Rule>) -> JudgeState {
        self.play(rules, JudgeState::default(), Pace::WhenDue, None).0.state().clone()
    }

    /// Goes on from a judge's state.
    pub(super) fn resume(&self, rules: Vec<Rule>, state: JudgeState) -> Vec<Alert> {
        self.play(rules, state, Pace::WhenDue, None).1
    }

    fn play(
        &self,
        rules: Vec<Rule>,
        state: JudgeState,
        pace: Pace,
        cut: Option<usize>,
    ) -> (Judge, Vec<Alert>) {
        let config = WindowConfig { tick_us: TICK_US, retain_us: Judge::reach_us(&rules) };
        let topics = || vec!["zero".to_owned(), "one".to_owned()];
        let demands = || rules.iter().filter_map(|rule| rule.min_confidence);
        let mut windows = Windows::new(config);
        windows.demand(demands());
        let mut judge = Judge::new(rules.clone(), topics(), state);
        self.mentions.iter().cloned().for_each(|mention| {
            windows.observe(mention);
        });
        let (mut alerts, mut closed, mut judged) = (Vec::new(), Vec::new(), 0);
        let mut next = windows.earliest_waiting().unwrap_or(self.end);
        while next <= self.end {
            if pace == Pace::WhenDue && judge.is_quiet() {
                let minute = next.shift(MINUTE_US - 1).floor(MINUTE_US);
                let idle = windows.is_quiet() && !judge.listens_for_silence();
                let change = if idle { self.end } else { minute };
                next = windows.earliest_waiting().map_or(change, |end| end.clamp(next, change));
            }
            windows.release(next);
            judge.judge(next, &windows, &mut alerts);
            windows.drain_closed(&mut closed);
            judged += 1;
            if cut == Some(judged) {
                let bytes = postcard::to_allocvec(judge.state()).expect("plain values");
                let state = postcard::from_bytes(&bytes).expect("its own bytes");
                judge = Judge::new(rules.clone(), topics(), state);
                windows = Windows::from_state(config, windows.to_state()).expect("its own state");
                windows.demand(demands());
            }
            next = next.shift(TICK_US);
        }
        (judge, alerts)
    }
}
