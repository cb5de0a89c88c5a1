//! Do rules count only what is sure enough, and our own accounts never? Whatever the batches,
//! order and restarts.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use resonanz_core::alert::{Alert, Condition, Measure, Rule, Transition};
use resonanz_core::analyze::Analyzer;
use resonanz_core::engine::{Engine, EngineConfig, EngineState, Outcome};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Lang, Polarity, Post, TopicId};
use resonanz_core::sentiment::{Profile, Scorer, Scratch};
use resonanz_core::time::MINUTE_US;

use crate::support::{self, batches};

const US: AuthorKey = AuthorKey([200; 16]);
const ACME: TopicId = TopicId(0);
const GLOBEX: TopicId = TopicId(1);
/// A mild complaint, and one that nobody could take for anything else.
/// Both are too short to be copies of themselves.
const MILD: &str = "acme is boring";
const SURE: &str = "acme is a horrible disaster";

fn confidence(text: &str) -> u8 {
    let scorer = Scorer::new(Profile::Vader);
    let verdict = scorer.verdict(text, Lang::EN, &[], &mut Scratch::default());
    assert_eq!(verdict.polarity, Polarity::Negative, "{text}");
    verdict.confidence
}

fn rule(name: &str, condition: Condition) -> Rule {
    let name = name.to_owned();
    Rule { name, topics: vec![ACME, GLOBEX], condition, min_authors: 0, ..Rule::default() }
}

fn negatives(count: u64) -> Condition {
    Condition::Threshold { measure: Measure::Negative, count }
}

fn engine(rules: &[Rule], state: EngineState) -> Engine {
    let topic =
        |name: &str| Topic { name: name.to_owned(), query: name.to_owned(), ..Topic::default() };
    let topics = [topic("acme"), topic("globex")];
    let matcher = Matcher::compile(&topics, &|_| Vec::new()).expect("two words");
    let analyzer = Analyzer::new(matcher, Scorer::new(Profile::Vader), Vec::new());
    let analyzer = Arc::new(analyzer.with_accounts(HashMap::from([(US, vec![ACME])])));
    let names = topics.map(|topic| topic.name).to_vec();
    // Looks ahead depend on the order in which posts come; `looks` is about them.
    let config = EngineConfig { beat_us: None, ..EngineConfig::default() };
    Engine::new(analyzer, rules.to_vec(), names, config, state).expect("a sound state")
}

/// The alerts of posts in batches of these sizes, again and again; with a restart after each.
fn run(rules: &[Rule], posts: &[Post], sizes: &[usize], restart: bool) -> Vec<Alert> {
    let (mut now, mut outcome) = (engine(rules, EngineState::default()), Outcome::default());
    let mut alerts = Vec::new();
    for mut events in batches(posts, sizes) {
        now.step(&mut events, &mut outcome);
        alerts.append(&mut outcome.alerts);
        if restart {
            let bytes = postcard::to_allocvec(&now.state()).expect("plain values");
            now = engine(rules, postcard::from_bytes(&bytes).expect("its own bytes"));
        }
    }
    now.finish(&mut outcome);
    alerts.append(&mut outcome.alerts);
    alerts
}

/// A post a second, each by an author of its own unless one is named.
fn posts(texts: &[(&str, Option<AuthorKey>)]) -> Vec<Post> {
    let numbered = (1u8..).zip(texts);
    numbered
        .map(|(number, &(text, author))| Post {
            author: author.unwrap_or(AuthorKey([number; 16])),
            ..support::post(usize::from(number), i64::from(number) * 1_000, 0, text)
        })
        .collect()
}

/// Name of each rule that fired, and what it observed.
fn fired(rules: &[Rule], posts: &[Post]) -> Vec<(String, u64)> {
    let alerts = run(rules, posts, &[1], false).into_iter();
    let fired = alerts.filter(|alert| alert.transition == Transition::Fired);
    fired.map(|alert| (rules[alert.rule].name.clone(), alert.observed)).collect()
}

#[test]
fn a_rule_counts_what_is_as_sure_as_it_demands() {
    let (mild, sure) = (confidence(MILD), confidence(SURE));
    assert!(mild < sure, "{mild} {sure}");
    let texts: Vec<_> =
        (0..12).map(|n| (if n % 3 == 0 { SURE } else { MILD }, Some(AuthorKey([n; 16])))).collect();
    let posts = posts(&texts);
    let demanding =
        |name, count, least| Rule { min_confidence: Some(least), ..rule(name, negatives(count)) };
    let rules = [
        rule("all", negatives(12)),
        demanding("all that are mild", 12, mild),
        demanding("sure", 4, sure),
        demanding("more than are sure", 5, sure),
        demanding("surer than any", 1, sure + 1),
        Rule {
            min_confidence: Some(sure),
            min_mentions: 12,
            ..rule("half", Condition::Share { measure: Measure::Negative, share: 0.5 })
        },
    ];
    let found = fired(&rules, &posts);
    let want = [("all", 12), ("all that are mild", 12), ("sure", 4)];
    assert_eq!(found, want.map(|(name, count)| (name.to_owned(), count)));
    let alerts = run(&rules[2..3], &posts, &[1], false);
    assert_eq!((alerts[0].observed, alerts[0].counts.negative), (4, 12), "all are shown");
    assert!(alerts[0].evidence.posts.iter().any(|shown| shown.sample.confidence == sure));
}

#[test]
fn authors_of_unsure_complaints_do_not_count_for_a_demanding_rule() {
    let one = AuthorKey([99; 16]);
    let texts: Vec<_> = (0..5).flat_map(|_| [(SURE, Some(one)), (MILD, None)]).collect();
    let demanding =
        Rule { min_confidence: Some(confidence(SURE)), ..rule("demanding", negatives(5)) };
    let rules = [
        demanding.clone(),
        Rule { name: "and of many".to_owned(), min_authors: 2, ..demanding },
        Rule { min_authors: 2, ..rule("of many", negatives(5)) },
    ];
    let names: Vec<String> =
        fired(&rules, &posts(&texts)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["demanding", "of many"]);
}

#[test]
fn only_a_sure_complaint_waits_for_a_reply() {
    let care = |least| Rule {
        min_confidence: least,
        ..rule("care", Condition::Unanswered { count: 1, reach: 0, within_us: 2 * MINUTE_US })
    };
    let mut posts = posts(&[(MILD, None), ("nothing to see", None)]);
    posts[1].posted_at = posts[1].posted_at.shift(5 * MINUTE_US);
    posts[1].received_at = posts[1].posted_at;
    assert_eq!(fired(&[care(None)], &posts).len(), 1);
    assert_eq!(fired(&[care(Some(confidence(MILD)))], &posts).len(), 1);
    assert_eq!(fired(&[care(Some(confidence(SURE)))], &posts).len(), 0);
}

#[test]
fn what_our_own_accounts_say_is_no_complaint() {
    let ours = |text| (text, Some(US));
    let bad = "acme had a horrible outage, globex was terrible";
    let texts = [ours(bad), ours(bad), ours("acme is great again"), (bad, None)];
    let posts = posts(&texts);
    let (mut engine, mut outcome) = (engine(&[], EngineState::default()), Outcome::default());
    let mut seen = Vec::new();
    for mut events in batches(&posts, &[4]) {
        engine.step(&mut events, &mut outcome);
        let of = |finding: &resonanz_core::analyze::Finding| {
            (finding.topic, finding.own, finding.verdict.polarity)
        };
        seen.extend(outcome.findings.list.iter().map(of));
        assert!(outcome.findings.list[0].verdict.target.0 < 0, "the score says what the text does");
        assert_eq!(outcome.tally.negative, 4);
    }
    let negative = (false, Polarity::Negative);
    let want = [
        (ACME, true, Polarity::Neutral),
        (GLOBEX, negative.0, negative.1),
        (ACME, true, Polarity::Neutral),
        (GLOBEX, negative.0, negative.1),
        (ACME, true, Polarity::Positive),
        (ACME, negative.0, negative.1),
        (GLOBEX, negative.0, negative.1),
    ];
    assert_eq!(seen, want);
    engine.finish(&mut outcome);
    let of = |topic| {
        let panes = outcome.closed.iter().filter(move |pane| pane.key.topic == topic);
        panes.map(|pane| (pane.totals.counts.mentions, pane.totals.counts.negative)).next()
    };
    assert_eq!((of(ACME), of(GLOBEX)), (Some((4, 1)), Some((3, 3))));
}

fn any_posts() -> impl Strategy<Value = Vec<Post>> {
    let texts = [MILD, SURE, "acme is great", "globex is bad", "acme is awful, globex is fine"];
    let one = (0i64..900_000, 0i64..4_000, 0..texts.len(), 0u8..6);
    prop::collection::vec(one, 1..100).prop_map(move |rows| {
        let post = |(number, (at, delay, text, author)): (usize, (i64, i64, usize, u8))| Post {
            author: if author == 5 { US } else { AuthorKey([author; 16]) },
            ..support::post(number, at, delay, texts[text])
        };
        rows.into_iter().enumerate().map(post).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn batches_order_and_restarts_leave_no_trace(posts in any_posts(), sizes in prop::collection::vec(1usize..20, 1..6)) {
        let few = Rule { window_us: 2 * MINUTE_US, keep_firing_us: 0, cooldown_us: 0, ..rule("few", negatives(3)) };
        let rules = [
            Rule { min_confidence: Some(confidence(SURE)), min_authors: 2, ..few.clone() },
            Rule { name: "two".to_owned(), min_confidence: Some(confidence(MILD)), ..few.clone() },
            Rule { name: "all".to_owned(), ..few },
        ];
        let (mut posted, mut received) = (posts.clone(), posts);
        posted.sort_by_key(|post| post.posted_at);
        received.sort_by_key(|post| post.received_at);
        let want = run(&rules, &posted, &[1], false);
        prop_assert_eq!(&want, &run(&rules, &received, &[16], false), "order");
        prop_assert_eq!(&want, &run(&rules, &received, &sizes, true), "batches and restarts");
        prop_assert!(run(&rules[2..], &posted, &[1], false).len() == want.iter().filter(|alert| alert.rule == 2).count());
    }
}
