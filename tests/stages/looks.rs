//! Are people told at once, and of nothing that the watermark would not tell them, too? Looks at rules
//! ahead of it, live and replayed, over restarts.

use std::sync::Arc;

use proptest::prelude::*;

use resonanz_core::alert::{Alert, Condition, Measure, Rule, Transition};
use resonanz_core::analyze::Analyzer;
use resonanz_core::engine::{Behind, Engine, EngineConfig, EngineState, Outcome};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Event, Post, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer};
use resonanz_core::time::{MINUTE_US, SECOND_US};
use resonanz_core::window::ClosedPane;

use crate::support;

const BEAT_US: i64 = SECOND_US / 4;

fn rule(name: &str, condition: Condition) -> Rule {
    Rule {
        name: name.to_owned(),
        topics: vec![TopicId(0), TopicId(1)],
        window_us: 2 * MINUTE_US,
        condition,
        min_authors: 2,
        keep_firing_us: 30 * SECOND_US,
        cooldown_us: 60 * SECOND_US,
        ..Rule::default()
    }
}

fn many(count: u64) -> Rule {
    rule("many", Condition::Threshold { measure: Measure::Negative, count })
}

fn engine(rules: Vec<Rule>, beat_us: Option<i64>, state: EngineState) -> Engine {
    let topic =
        |name: &str| Topic { name: name.to_owned(), query: name.to_owned(), ..Topic::default() };
    let topics = [topic("acme"), topic("globex")];
    let matcher = Matcher::compile(&topics, &|_| Vec::new()).expect("two words");
    let analyzer = Arc::new(Analyzer::new(matcher, Scorer::new(Profile::Vader), Vec::new()));
    let names = topics.map(|topic| topic.name).to_vec();
    let config = EngineConfig { beat_us, ..EngineConfig::default() };
    Engine::new(analyzer, rules, names, config, state).expect("a sound state")
}

fn post(number: usize, at_ms: i64, delay_ms: i64, text: &str) -> Post {
    let author = u8::try_from(number % 7).expect("small");
    Post {
        source: SourceId::new(if number.is_multiple_of(3) { "a" } else { "b" }),
        author: AuthorKey([author; 16]),
        ..support::post(number, at_ms, delay_ms, text)
    }
}

fn event(post: Post) -> Event {
    Event::Create(Box::new(post))
}

/// What each step told, in order.
#[derive(Debug, Default, PartialEq)]
struct Told {
    closed: Vec<ClosedPane>,
    alerts: Vec<Alert>,
    late: u64,
}

impl Told {
    fn absorb(&mut self, outcome: &Outcome) {
        self.closed.extend(outcome.closed.iter().cloned());
        self.alerts.extend(outcome.alerts.iter().cloned());
        self.late += outcome.tally.late;
    }

    fn of(&self, transition: Transition) -> Vec<(TopicId, i64)> {
        let wanted = self.alerts.iter().filter(|alert| alert.transition == transition);
        let mut told: Vec<(TopicId, i64)> = wanted.map(|alert| (alert.topic, alert.at.0)).collect();
        told.sort_unstable();
        told
    }
}

#[test]
fn a_post_is_told_within_a_second_though_nothing_follows() {
    let mut engine = engine(vec![many(3)], Some(BEAT_US), EngineState::default());
    let mut outcome = Outcome::default();
    let posts = (0..3).map(|n| post(n, 10_000 * n as i64, 120, "acme is horrible"));
    let posts: Vec<Post> = posts.collect();
    let last = posts[2].posted_at;
    engine.step(&mut posts.into_iter().map(event).collect(), &mut outcome);
    assert!(outcome.alerts.is_empty(), "what else comes in this beat counts, too");
    engine.idle(BEAT_US, &mut outcome);
    let [alert] = outcome.alerts.as_slice() else { panic!("{:?}", outcome.alerts) };
    assert_eq!((alert.transition, alert.observed), (Transition::Fired, 3));
    assert!((1..=SECOND_US).contains(&alert.at.since(last)), "{} after {last}", alert.at);
    assert_eq!(alert.evidence.heard_until, Some(alert.at));
    assert_eq!(alert.counts.mentions, 3);
    // The ticks that the watermark passes later say nothing again.
    engine.finish(&mut outcome);
    assert!(outcome.alerts.iter().all(|alert| alert.transition == Transition::Resolved));
}

#[test]
fn a_lost_source_lets_windows_wait_and_no_alert() {
    let mut engine = engine(vec![many(3)], Some(BEAT_US), EngineState::default());
    let mut outcome = Outcome::default();
    let mut posts =
        (0..3).map(|n| event(post(n, 100 * n as i64, 120, "acme is horrible"))).collect();
    engine.step(&mut posts, &mut outcome);
    let before = engine.watermark();
    engine.look(BEAT_US, &mut outcome);
    assert_eq!(outcome.alerts.len(), 1);
    assert_eq!(engine.watermark(), before);
}

#[test]
fn copies_and_one_persons_flood_are_no_crisis_ahead_either() {
    let text = "acme lost my parcel twice this week and nobody there answers the phone, terrible";
    let copies = (0..12).map(|n| post(n, 100 * n as i64, 50, text));
    let flood = (20..32).map(|n| Post {
        author: AuthorKey([1; 16]),
        ..post(n, 100 * n as i64, 50, "globex is horrible")
    });
    let mut engine = engine(vec![many(5)], Some(BEAT_US), EngineState::default());
    let mut outcome = Outcome::default();
    engine.step(&mut copies.chain(flood).map(event).collect(), &mut outcome);
    assert!(outcome.alerts.is_empty(), "{:?}", outcome.alerts);
    engine.idle(BEAT_US, &mut outcome);
    assert!(outcome.alerts.is_empty(), "{:?}", outcome.alerts);
}

#[test]
fn what_repeats_a_mention_before_the_window_is_a_copy_ahead_too() {
    let minute_ms = 60_000;
    let copied = "acme lost my parcel twice this week and nobody there answers the phone, terrible";
    let posts = [
        post(0, minute_ms - 2_000, 100, copied),
        post(1, minute_ms + 500, 100, copied),
        post(2, minute_ms + 1_000, 100, "acme is horrible and awful"),
    ];
    let rule = Rule { window_us: MINUTE_US, min_authors: 1, ..many(2) };
    for beat_us in [None, Some(BEAT_US)] {
        let mut engine = engine(vec![rule.clone()], beat_us, EngineState::default());
        let (mut outcome, mut told) = (Outcome::default(), Told::default());
        engine.step(&mut posts.iter().cloned().map(event).collect(), &mut outcome);
        told.absorb(&outcome);
        engine.finish(&mut outcome);
        told.absorb(&outcome);
        assert_eq!(told.alerts, [], "{beat_us:?}");
    }
}

#[test]
fn a_spike_is_told_at_the_beat_that_makes_it_one() {
    let spike = rule("spike", Condition::spike(Measure::Negative));
    let rules = vec![Rule { window_us: 10 * MINUTE_US, topics: vec![TopicId(0)], ..spike }];
    let mut engine = engine(rules, Some(BEAT_US), EngineState::default());
    let mut outcome = Outcome::default();
    let (minute_ms, mut number) = (60_000, 0);
    let mut told = Told::default();
    let mut say = |at_ms: i64, text: &str| {
        number += 1;
        engine.step(&mut vec![event(post(number, at_ms, 100, text))], &mut outcome);
        told.absorb(&outcome);
    };
    // Two days of a mention every five minutes, every fifth of them negative.
    for at in 0..576 {
        let text = if at % 5 == 0 { "acme is horrible" } else { "acme is a company" };
        say(at * 5 * minute_ms, text);
    }
    let storm = 576 * 5 * minute_ms + 20_000;
    for n in 0..30 {
        say(storm + n * 1_000, "acme is terrible");
    }
    let fired = told.of(Transition::Fired);
    let [(_, at)] = fired.as_slice() else { panic!("{fired:?}") };
    let began = post(0, storm, 0, "").posted_at.0;
    // Ten are what the rule asks for, and one was said in the ten minutes before.
    assert!((began + 8 * SECOND_US..=began + 9 * SECOND_US).contains(at), "{}", at - began);
}

#[test]
fn a_quick_storm_is_told_twice_in_its_first_minutes() {
    for beat_us in [None, Some(BEAT_US)] {
        let mut engine = engine(vec![many(3)], beat_us, EngineState::default());
        let (mut outcome, mut told) = (Outcome::default(), Told::default());
        // Two hundred within twenty seconds, which double six times.
        for n in 0..200 {
            let post = post(n, 100 * n as i64, 50, "acme is horrible");
            engine.step(&mut vec![event(post)], &mut outcome);
            told.absorb(&outcome);
        }
        for n in 200..320 {
            let post = post(n, 20_000 + 1_000 * (n as i64 - 200), 50, "nothing");
            engine.step(&mut vec![event(post)], &mut outcome);
            told.absorb(&outcome);
        }
        let [began, grown] = told.alerts.as_slice() else { panic!("{:?}", told.alerts) };
        assert_eq!(began.transition, Transition::Fired, "{beat_us:?}");
        assert_eq!((grown.transition, grown.observed), (Transition::Escalated, 200), "{beat_us:?}");
        assert!((MINUTE_US..=MINUTE_US + 5 * SECOND_US).contains(&grown.at.since(began.at)));
    }
}

/// Posts in the order of their reception.
fn posts() -> impl Strategy<Value = Vec<Post>> {
    let texts = ["acme is horrible", "globex is terrible", "acme is great", "nothing"];
    let one = (0i64..12, 0i64..60_000, 0i64..4_000, 0usize..4);
    prop::collection::vec(one, 1..160).prop_map(move |rows| {
        let numbered = rows.into_iter().enumerate();
        let post = |(number, (minute, at, delay, words)): (usize, (i64, i64, i64, usize))| {
            // Words of its own, so that few are copies.
            let text = format!("{} {number}", texts[words]);
            post(number, minute * 60_000 + at, delay, &text)
        };
        let mut posts: Vec<Post> = numbered.map(post).collect();
        posts.sort_by_key(|post| post.received_at);
        posts
    })
}

fn rules() -> Vec<Rule> {
    let change = Condition::Change { measure: Measure::Negative, factor: 3.0 };
    let spike = Condition::Spike {
        measure: Measure::Negative,
        count: 3,
        p_value: 1e-2,
        novelty: 1.0,
        history_us: 10 * MINUTE_US,
    };
    vec![many(4), rule("more", change), rule("spike", spike)]
}

/// Plays posts; silence passes in steps of so many microseconds, of which the last may be missing;
/// before every `restart`-th post all is stored and read again.
fn play(posts: &[Post], beat_us: Option<i64>, silence_us: Option<i64>, restart: usize) -> Told {
    let mut now = engine(rules(), beat_us, EngineState::default());
    let (mut outcome, mut told) = (Outcome::default(), Told::default());
    let mut before = None;
    for (number, post) in posts.iter().enumerate() {
        let gap = before.map_or(0, |before| post.received_at.since(before));
        for _ in 0..silence_us.map_or(0, |step_us| gap / step_us) {
            now.idle(silence_us.unwrap_or(0), &mut outcome);
            told.absorb(&outcome);
        }
        before = Some(post.received_at);
        if restart > 0 && number % restart == 0 {
            let state = now.state();
            let bytes = postcard::to_allocvec(&(&state, state.behind())).expect("plain values");
            let (state, behind): (EngineState, Behind) =
                postcard::from_bytes(&bytes).expect("its own bytes");
            now = engine(rules(), beat_us, state.with_behind(behind));
        }
        now.step(&mut vec![event(post.clone())], &mut outcome);
        told.absorb(&outcome);
    }
    now.finish(&mut outcome);
    told.absorb(&outcome);
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_tells_what_a_live_run_told(posts in posts(), step_ms in 250i64..3_000) {
        let replayed = play(&posts, Some(BEAT_US), None, 0);
        prop_assert_eq!(&replayed, &play(&posts, Some(BEAT_US), Some(step_ms * 1_000), 0));
    }

    #[test]
    fn restarts_leave_no_trace(posts in posts(), restart in 1usize..9) {
        let whole = play(&posts, Some(BEAT_US), None, 0);
        prop_assert_eq!(&whole, &play(&posts, Some(BEAT_US), None, restart));
    }

    #[test]
    fn a_count_is_told_of_nothing_that_the_watermark_would_not_tell(posts in posts()) {
        let told = |beat_us| play(&posts, beat_us, None, 0);
        let (ahead, waited) = (told(Some(BEAT_US)), told(None));
        prop_assert_eq!(&ahead.closed, &waited.closed);
        prop_assert_eq!(ahead.late, waited.late);
        for topic in [TopicId(0), TopicId(1)] {
            let first = |told: &Told| {
                let own = |alert: &&Alert| alert.rule == 0 && alert.topic == topic;
                told.alerts.iter().find(own).map(|alert| alert.at.0)
            };
            let (at, tick) = (first(&ahead), first(&waited));
            prop_assert_eq!(at.is_some(), tick.is_some());
            // The tick that follows a look tells the same at the latest.
            let apart = at.zip(tick).map_or(0, |(at, tick)| tick - at);
            prop_assert!(apart <= 5 * SECOND_US, "{:?} {:?}", at, tick);
        }
    }
}
