//! Do shards find what one engine finds? Each has some of the topics, and hears every event: rows and
//! alerts together are the same, over late posts, edits, deletions, replies and restarts.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use resonanz_core::alert::{Alert, Condition, Judge, Measure, Rule, WHOLE_SOURCE};
use resonanz_core::analyze::{Analyzer, Finding};
use resonanz_core::engine::{Delays, Engine, EngineConfig, EngineState, Outcome, Placing};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Event, Kind, Post, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer};
use resonanz_core::time::{MINUTE_US, SECOND_US};
use resonanz_core::window::ClosedPane;

use crate::support;

const NAMES: [&str; 6] = ["acme", "globex", "initech", "umbrella", "hooli", "wonka"];
/// An account of acme and initech.
const OURS: AuthorKey = AuthorKey([9; 16]);

fn topic(number: usize) -> TopicId {
    TopicId(u32::try_from(number).expect("few topics"))
}

/// A rule of each kind, on topics of its own: what one topic's rules look at must not matter to another.
fn rules() -> Vec<Rule> {
    let rule = |name: &str, topics: &[usize], minutes: i64, condition| Rule {
        name: name.to_owned(),
        topics: topics.iter().map(|&number| topic(number)).collect(),
        window_us: minutes * MINUTE_US,
        condition,
        min_authors: 1,
        keep_firing_us: 30 * SECOND_US,
        cooldown_us: 60 * SECOND_US,
        ..Rule::default()
    };
    let threshold = |measure, count| Condition::Threshold { measure, count };
    let change = Condition::Change { measure: Measure::Mentions, factor: 2.0 };
    let share = Condition::Share { measure: Measure::Negative, share: 0.6 };
    let silence = Condition::Silence {
        measure: Measure::Mentions,
        count: 0,
        p_value: 0.4,
        history_us: 30 * MINUTE_US,
    };
    let waits = Condition::Unanswered { count: 1, reach: 0, within_us: 2 * MINUTE_US };
    vec![
        rule("many", &[0, 1, 2], 2, threshold(Measure::Negative, 3)),
        Rule {
            for_us: 20 * SECOND_US,
            ..rule("loud", &[3, 1], 3, threshold(Measure::Mentions, 4))
        },
        Rule { min_mentions: 2, ..rule("share", &[0, 4], 4, share) },
        rule("more", &[2, 4], 1, change),
        rule("copies", &[0, 1, 2, 3, 4, 5], 5, threshold(Measure::Copies, 2)),
        Rule {
            min_confidence: Some(40),
            ..rule("sure", &[1, 5], 2, threshold(Measure::Negative, 2))
        },
        rule("waits", &[0, 2], 10, waits),
        rule("quiet", &[5], 1, silence),
        Rule { source: Some(SourceId::new("a")), ..rule("mute", &[], 1, silence) },
    ]
}

/// An engine, and what its numbers of topics and rules are called in the whole.
struct Part {
    engine: Engine,
    topics: Vec<usize>,
    rules: Vec<usize>,
}

/// An engine for the topics of one shard; the rule on the whole source belongs to the first.
fn part(owned: &dyn Fn(usize) -> bool, is_first: bool, state: EngineState) -> Part {
    let topics: Vec<usize> = (0..NAMES.len()).filter(|&number| owned(number)).collect();
    let places: HashMap<TopicId, TopicId> =
        topics.iter().enumerate().map(|(new, &old)| (topic(old), topic(new))).collect();
    let all = rules();
    let mut kept = Vec::new();
    for (number, rule) in all.iter().enumerate() {
        let own: Vec<TopicId> =
            rule.topics.iter().filter_map(|old| places.get(old).copied()).collect();
        let is_kept = if rule.topics.is_empty() { is_first } else { !own.is_empty() };
        if is_kept {
            kept.push((number, Rule { topics: own, ..rule.clone() }));
        }
    }
    let queries: Vec<Topic> = topics
        .iter()
        .map(|&number| {
            let name = NAMES[number].to_owned();
            Topic { query: name.clone(), name, ..Topic::default() }
        })
        .collect();
    let matcher = Matcher::compile(&queries, &|_| Vec::new()).expect("words");
    let ours = [0, 2].iter().filter_map(|&old| places.get(&topic(old)).copied()).collect();
    let analyzer = Analyzer::new(matcher, Scorer::new(Profile::Vader), Vec::new())
        .with_accounts(HashMap::from([(OURS, ours)]));
    let (retain_us, beat_us) = (Judge::reach_us(&all), Some(SECOND_US / 4));
    let config = EngineConfig { retain_us, beat_us, ..EngineConfig::default() };
    let (numbers, kept): (Vec<usize>, Vec<Rule>) = kept.into_iter().unzip();
    let names = queries.into_iter().map(|topic| topic.name).collect();
    let engine =
        Engine::new(Arc::new(analyzer), kept, names, config, state).expect("a sound state");
    let delays = Delays::from([(SourceId::new("c"), 5 * MINUTE_US)]);
    Part { engine: engine.with_delays(delays), topics, rules: numbers }
}

/// What came of it, in the numbers of the whole, in an order of its own.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    mentions: Vec<(String, i64, Finding, Placing)>,
    panes: Vec<ClosedPane>,
    alerts: Vec<Alert>,
}

impl Rows {
    fn absorb(&mut self, part: &Part, outcome: &Outcome) {
        let whole = |own: TopicId| topic(part.topics[own.0 as usize]);
        for (finding, placing) in outcome.findings.list.iter().zip(&outcome.placings) {
            let post = &outcome.posts[finding.post as usize];
            let finding = Finding {
                post: 0,
                spans_start: 0,
                spans_end: 0,
                topic: whole(finding.topic),
                ..*finding
            };
            self.mentions.push((post.id.to_string(), post.received_at.0, finding, *placing));
        }
        for pane in &outcome.closed {
            let mut pane = pane.clone();
            pane.key.topic = whole(pane.key.topic);
            self.panes.push(pane);
        }
        for alert in &outcome.alerts {
            let own = alert.topic;
            let topic = if own == WHOLE_SOURCE { own } else { whole(own) };
            self.alerts.push(Alert { topic, rule: part.rules[alert.rule], ..alert.clone() });
        }
    }

    fn sorted(mut self) -> Self {
        self.mentions.sort_by(|one, other| {
            let key = |row: &(String, i64, Finding, Placing)| (row.0.clone(), row.1, row.2.topic);
            key(one).cmp(&key(other))
        });
        self.panes.sort_by(|one, other| one.key.cmp(&other.key));
        self.alerts.sort_by_key(|alert| (alert.at, alert.rule, alert.topic));
        self
    }
}

/// Runs the events through a part, with restarts at these places.
fn run(
    events: &[Event],
    owned: &dyn Fn(usize) -> bool,
    is_first: bool,
    (batch, restarts): (usize, &[usize]),
    rows: &mut Rows,
) {
    let (mut part_now, mut outcome) =
        (part(owned, is_first, EngineState::default()), Outcome::default());
    for (number, events) in events.chunks(batch).enumerate() {
        if restarts.contains(&number) {
            let (state, erased) = (part_now.engine.state(), part_now.engine.erased().clone());
            part_now = part(owned, is_first, state);
            part_now.engine = part_now.engine.with_erased(erased);
        }
        part_now.engine.step(&mut events.to_vec(), &mut outcome);
        rows.absorb(&part_now, &outcome);
    }
    part_now.engine.idle(90 * SECOND_US, &mut outcome);
    rows.absorb(&part_now, &outcome);
    part_now.engine.finish(&mut outcome);
    rows.absorb(&part_now, &outcome);
}

/// One event: when it was posted, how late it came, what it says, of whom, and which kind it is.
type Row = (i64, i64, (usize, usize), u8, u8);

fn event(number: usize, &(at_ms, delay_ms, (first, second), author, kind): &Row) -> Event {
    let texts =
        ["is horrible", "is great", "lost my parcel again and nobody there ever answers me", ""];
    let text = match kind {
        0 => "nothing at all".to_owned(),
        1 => format!("{} and {} are a disaster", NAMES[first], NAMES[second]),
        _ => format!("{} {}", NAMES[first], texts[second % texts.len()]),
    };
    let earlier = (number / 2).to_string();
    let post = Post {
        source: SourceId::new(["a", "b", "c"][author as usize % 3]),
        author: if author == 5 { OURS } else { AuthorKey([author; 16]) },
        parent: (kind == 3 || author == 5).then(|| earlier.clone().into()),
        kind: if kind == 3 { Kind::Repost } else { Kind::Original },
        ..support::post(number, at_ms, delay_ms, &text)
    };
    match kind {
        4 => Event::Delete {
            source: post.source,
            id: earlier.into(),
            by: None,
            received_at: post.received_at,
        },
        5 => Event::Edit(Box::new(Post { id: earlier.into(), ..post })),
        _ => Event::Create(Box::new(post)),
    }
}

fn received(event: &Event) -> i64 {
    match event {
        Event::Create(post) | Event::Edit(post) => post.received_at.0,
        Event::Pass(post) => post.received_at.0,
        Event::Found(found) => found.post.received_at.0,
        Event::Delete { received_at, .. }
        | Event::Purge { received_at, .. }
        | Event::Renew { received_at, .. } => received_at.0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn shards_together_find_what_one_engine_finds(
        rows in prop::collection::vec(
            (0i64..1_500_000, prop_oneof![4 => 0i64..4_000, 1 => 4_000i64..200_000], (0usize..6, 0usize..6), 0u8..7, 0u8..8),
            1..160,
        ),
        batch in 1usize..40,
        restarts in prop::collection::vec(0usize..30, 0..4),
        salt in 0usize..5,
    ) {
        let again = |number: usize| {
            // What a source gives twice, of what leaves something behind.
            let earlier = &rows[number / 2];
            let is_mention = matches!(earlier.4, 1..=3 | 7);
            if rows[number].4 == 6 && is_mention { number / 2 } else { number }
        };
        let mut events: Vec<Event> =
            (0..rows.len()).map(again).map(|number| event(number, &rows[number])).collect();
        // Nothing is taken back before it was said.
        for number in 0..events.len() {
            let earlier = received(&events[number / 2]) + 1;
            match &mut events[number] {
                Event::Delete { received_at, .. } => received_at.0 = received_at.0.max(earlier),
                Event::Edit(post) => post.received_at.0 = post.received_at.0.max(earlier),
                _ => {}
            }
        }
        events.sort_by_key(received);
        let mut whole = Rows::default();
        run(&events, &|_| true, true, (batch, &[]), &mut whole);
        let whole = whole.sorted();
        for shards in [1, 2, 3, 5] {
            let mut union = Rows::default();
            for shard in 0..shards {
                let owned = move |number: usize| (number * 7 + salt) % shards == shard;
                // Shards are stopped and started at times of their own.
                let restarts: Vec<usize> = restarts.iter().map(|at| at + shard).collect();
                run(&events, &owned, shard == 0, (batch + shard, &restarts), &mut union);
            }
            prop_assert_eq!(&whole, &union.sorted(), "{} shards", shards);
        }
    }
}
