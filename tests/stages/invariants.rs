//! Does the engine keep its promises for any input? Batches and arrival order leave no trace.

use std::sync::Arc;

use proptest::prelude::*;

use resonanz_core::alert::{Alert, Condition, Measure, Rule};
use resonanz_core::analyze::Analyzer;
use resonanz_core::engine::{Engine, EngineConfig, EngineState, Outcome};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Kind, Post, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer};
use resonanz_core::time::{MINUTE_US, SECOND_US};
use resonanz_core::window::ClosedPane;

use crate::support::{self, batches};

fn engine(beat_us: Option<i64>) -> Engine {
    let topic =
        |name: &str| Topic { name: name.to_owned(), query: name.to_owned(), ..Topic::default() };
    let topics = [topic("acme"), topic("globex")];
    let rule = Rule {
        name: "many".to_owned(),
        topics: vec![TopicId(0), TopicId(1)],
        window_us: 2 * MINUTE_US,
        condition: Condition::Threshold { measure: Measure::Negative, count: 4 },
        min_mentions: 0,
        min_authors: 2,
        for_us: 0,
        keep_firing_us: 30 * SECOND_US,
        cooldown_us: 60 * SECOND_US,
        ..Rule::default()
    };
    let matcher = Matcher::compile(&topics, &|_| Vec::new()).expect("two words");
    let analyzer = Arc::new(Analyzer::new(matcher, Scorer::new(Profile::Vader), Vec::new()));
    let names = topics.map(|topic| topic.name).to_vec();
    let config = EngineConfig { beat_us, ..EngineConfig::default() };
    Engine::new(analyzer, vec![rule], names, config, EngineState::default()).expect("a fresh state")
}

/// A post so many milliseconds after the start, received `delay_ms` later.
fn post(number: usize, at_ms: i64, delay_ms: i64, words: usize, author: u8) -> Post {
    let texts = [
        "acme is horrible",
        "globex is terrible",
        "acme and globex are a disaster",
        "acme is great",
        "nothing",
        "acme lost my parcel again and nobody answers",
        "RT @you: acme lost my parcel twice this week and nobody there answers the phone, terrible",
        "acme lost my order twice this week and nobody there answers the phone, terrible https://x.yz",
    ];
    Post {
        source: SourceId::new(if author.is_multiple_of(2) { "a" } else { "b" }),
        author: AuthorKey([author; 16]),
        kind: if author == 5 { Kind::Repost } else { Kind::Original },
        parent: (author == 5).then(|| (number / 2).to_string().into()),
        reach: Some(u64::from(author)),
        ..support::post(number, at_ms, delay_ms, texts[words])
    }
}

fn posts() -> impl Strategy<Value = Vec<Post>> {
    let one = (0i64..900_000, 0i64..4_000, 0usize..8, 0u8..6);
    prop::collection::vec(one, 1..120).prop_map(|rows| {
        let numbered = rows.into_iter().enumerate();
        numbered
            .map(|(number, (at, delay, words, author))| post(number, at, delay, words, author))
            .collect()
    })
}

/// Runs posts in batches of these sizes, again and again; counts late mentions.
fn run(
    posts: &[Post],
    sizes: &[usize],
    beat_us: Option<i64>,
) -> (Vec<ClosedPane>, Vec<Alert>, u64) {
    let (mut engine, mut outcome) = (engine(beat_us), Outcome::default());
    let (mut closed, mut alerts, mut late) = (Vec::new(), Vec::new(), 0);
    let mut absorb = |outcome: &Outcome| {
        closed.extend(outcome.closed.iter().cloned());
        alerts.extend(outcome.alerts.iter().cloned());
        late += outcome.tally.late;
    };
    for mut events in batches(posts, sizes) {
        engine.step(&mut events, &mut outcome);
        absorb(&outcome);
    }
    engine.finish(&mut outcome);
    absorb(&outcome);
    (closed, alerts, late)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_cut_of_batches_leaves_no_trace(mut posts in posts(), sizes in prop::collection::vec(1usize..40, 1..6)) {
        posts.sort_by_key(|post| post.received_at);
        let beat_us = Some(SECOND_US / 4);
        prop_assert_eq!(run(&posts, &[1], beat_us), run(&posts, &sizes, beat_us));
    }

    #[test]
    fn arrival_order_inside_the_lateness_leaves_no_trace(posts in posts()) {
        let (mut posted, mut received) = (posts.clone(), posts);
        posted.sort_by_key(|post| post.posted_at);
        received.sort_by_key(|post| post.received_at);
        // What is told ahead of the watermark is what was heard by then.
        let (in_order, as_received) = (run(&posted, &[16], None), run(&received, &[16], None));
        prop_assert_eq!(as_received.2, 0, "delays are below the lateness");
        prop_assert_eq!(in_order, as_received);
    }
}
