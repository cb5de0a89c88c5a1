//! Do rules on replies and sources depend on event time alone? Batches, order and restarts leave no
//! trace.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use resonanz_core::alert::{Alert, Condition, Measure, Rule};
use resonanz_core::analyze::Analyzer;
use resonanz_core::engine::{Engine, EngineConfig, EngineState, Outcome};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Post, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer};
use resonanz_core::time::MINUTE_US;

use crate::support::{self, batches};

const US: AuthorKey = AuthorKey([200; 16]);

fn engine(state: EngineState) -> Engine {
    let topic = Topic { name: "acme".to_owned(), query: "acme".to_owned(), ..Topic::default() };
    let matcher = Matcher::compile(std::slice::from_ref(&topic), &|_| Vec::new()).expect("a word");
    let accounts = HashMap::from([(US, vec![TopicId(0)])]);
    let analyzer = Analyzer::new(matcher, Scorer::new(Profile::Vader), Vec::new());
    let unanswered = Rule {
        name: "care".to_owned(),
        topics: vec![TopicId(0)],
        condition: Condition::Unanswered { count: 1, reach: 2, within_us: 3 * MINUTE_US },
        window_us: 10 * MINUTE_US,
        min_authors: 0,
        keep_firing_us: 0,
        cooldown_us: 0,
        ..Rule::default()
    };
    let silence = Condition::Silence {
        measure: Measure::Mentions,
        count: 1,
        p_value: 0.4,
        history_us: 60 * MINUTE_US,
    };
    let quiet = Rule {
        name: "quiet".to_owned(),
        topics: Vec::new(),
        source: Some(SourceId::new("a")),
        condition: silence,
        ..unanswered.clone()
    };
    let analyzer = Arc::new(analyzer.with_accounts(accounts));
    let rules = vec![unanswered, quiet];
    let names = vec![topic.name];
    Engine::new(analyzer, rules, names, EngineConfig::default(), state).expect("a sound state")
}

/// A mention, or a reply of ours to the post of this number.
fn post(number: usize, at_ms: i64, delay_ms: i64, reply: Option<(usize, u8)>, reach: u64) -> Post {
    let to = reply.map(|(to, _)| to.to_string().into_boxed_str());
    let (by_parent, by_thread) = match reply {
        Some((_, way)) => (way != 1, way != 0),
        None => (false, false),
    };
    let said = if reply.is_some() { "thanks" } else { "acme is horrible" };
    let plain = support::post(number, at_ms, delay_ms, said);
    Post {
        author: if reply.is_some() { US } else { plain.author },
        parent: to.clone().filter(|_| by_parent),
        thread: to.filter(|_| by_thread),
        reach: Some(reach),
        ..plain
    }
}

fn posts() -> impl Strategy<Value = Vec<Post>> {
    let reply = prop::option::of((0usize..80, 0u8..3));
    let one = (0i64..7_200_000, 0i64..4_000, reply, 0u64..5);
    prop::collection::vec(one, 1..80).prop_map(|rows| {
        let numbered = rows.into_iter().enumerate();
        numbered
            .map(|(number, (at, delay, reply, reach))| post(number, at, delay, reply, reach))
            .collect()
    })
}

/// The alerts of posts in batches of these sizes, again and again; with a restart after each.
fn run(posts: &[Post], sizes: &[usize], restart: bool) -> Vec<Alert> {
    let (mut engine_now, mut outcome) = (engine(EngineState::default()), Outcome::default());
    let mut alerts = Vec::new();
    for mut events in batches(posts, sizes) {
        engine_now.step(&mut events, &mut outcome);
        alerts.append(&mut outcome.alerts);
        if restart {
            let bytes = postcard::to_allocvec(&engine_now.state()).expect("plain values");
            engine_now = engine(postcard::from_bytes(&bytes).expect("its own bytes"));
        }
    }
    engine_now.finish(&mut outcome);
    alerts.append(&mut outcome.alerts);
    alerts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn batches_order_and_restarts_leave_no_trace(posts in posts(), sizes in prop::collection::vec(1usize..20, 1..6)) {
        let (mut posted, mut received) = (posts.clone(), posts);
        posted.sort_by_key(|post| post.posted_at);
        received.sort_by_key(|post| post.received_at);
        let want = run(&posted, &[1], false);
        prop_assert_eq!(&want, &run(&received, &[16], false), "order");
        prop_assert_eq!(&want, &run(&posted, &sizes, false), "batches");
        prop_assert_eq!(&want, &run(&posted, &sizes, true), "restarts");
    }
}
