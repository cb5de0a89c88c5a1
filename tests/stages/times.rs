//! Does any date stop the engine, or make others late for good?

use std::sync::Arc;

use resonanz_core::alert::{Condition, Measure, Rule};
use resonanz_core::analyze::Analyzer;
use resonanz_core::engine::{Engine, EngineConfig, EngineState, Outcome};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Event, Kind, Lang, Post, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer};
use resonanz_core::time::{DAY_US, EventTime, MINUTE_US, SECOND_US};

const NOON: EventTime = EventTime(1_772_366_400 * SECOND_US);

/// An engine with rules that look at stretches before and behind a post.
fn engine(state: EngineState) -> Engine {
    let topic = Topic { name: "acme".to_owned(), query: "acme".to_owned(), ..Topic::default() };
    let matcher = Matcher::compile(std::slice::from_ref(&topic), &|_| Vec::new()).expect("a word");
    let analyzer = Analyzer::new(matcher, Scorer::new(Profile::Vader), Vec::new());
    let rule = |name: &str, condition| Rule {
        name: name.to_owned(),
        topics: vec![TopicId(0)],
        condition,
        window_us: 10 * MINUTE_US,
        min_authors: 0,
        ..Rule::default()
    };
    let silence = Condition::Silence {
        measure: Measure::Mentions,
        count: 1,
        p_value: 0.4,
        history_us: 60 * MINUTE_US,
    };
    let unanswered = Condition::Unanswered { count: 1, reach: 0, within_us: 3 * MINUTE_US };
    let whole =
        Rule { topics: Vec::new(), source: Some(SourceId::new("s")), ..rule("whole", silence) };
    let rules = vec![rule("quiet", silence), rule("care", unanswered), whole];
    let (names, config) = (vec![topic.name], EngineConfig::default());
    let engine = Engine::new(Arc::new(analyzer), rules, names, config, state);
    engine.expect("a sound state").checking_dates()
}

fn post(id: usize, posted_at: EventTime, received_at: EventTime) -> Event {
    Event::Create(Box::new(Post {
        id: id.to_string().into(),
        source: SourceId::new("s"),
        author: AuthorKey([1; 16]),
        posted_at,
        received_at,
        kind: Kind::Original,
        parent: None,
        thread: None,
        lang: Lang::EN,
        text: "acme is terrible".into(),
        url: None,
        reach: None,
        engagement: None,
    }))
}

#[test]
fn no_date_of_64_bits_stops_the_engine() {
    let ends = [i64::MIN, i64::MIN + 1, -NOON.0, 0, NOON.0, i64::MAX - 1, i64::MAX];
    let (mut engine, mut outcome) = (engine(EngineState::default()), Outcome::default());
    let (mut taken, mut number) = (0, 0);
    for posted in ends {
        for received in ends {
            number += 1;
            let mut events = vec![post(number, EventTime(posted), EventTime(received))];
            engine.step(&mut events, &mut outcome);
            taken += outcome.tally.analyzed;
            assert_eq!(outcome.tally.analyzed + outcome.tally.refused_future, 1);
            engine.idle(SECOND_US, &mut outcome);
        }
    }
    assert!(taken > 0, "what lies in the supported years is taken");
    engine.finish(&mut outcome);
}

#[test]
fn a_gap_of_lifetimes_is_passed_over() {
    let (mut engine, mut outcome) = (engine(EngineState::default()), Outcome::default());
    let early = EventTime(-2_000_000_000 * SECOND_US);
    let mut mentions = 0;
    for (number, at) in [early, NOON, EventTime(7_000_000_000 * SECOND_US)].into_iter().enumerate()
    {
        let posts = (0..10).map(|post| at.shift(post * SECOND_US));
        let mut events: Vec<Event> = (0..)
            .zip(posts)
            .map(|(post_number, at)| post(100 * number + post_number, at, at))
            .collect();
        engine.step(&mut events, &mut outcome);
        mentions += outcome.closed.iter().map(|pane| pane.totals.counts.mentions).sum::<u64>();
        assert_eq!(outcome.tally.late, 0);
    }
    engine.finish(&mut outcome);
    mentions += outcome.closed.iter().map(|pane| pane.totals.counts.mentions).sum::<u64>();
    assert_eq!(mentions, 30, "each mention is in a pane");
}

#[test]
fn a_state_that_was_moved_into_the_future_begins_anew() {
    let (mut moved, mut outcome) = (engine(EngineState::default()), Outcome::default());
    let wrong = NOON.shift(36 * 365 * DAY_US);
    let mut events = (0..10).map(|number| post(number, wrong, wrong)).collect();
    moved.step(&mut events, &mut outcome);
    let mut state = moved.state();
    assert_eq!(state.clone().heal(wrong), None, "a clock that agrees believes it");
    assert!(state.heal(NOON).is_some_and(|believed| believed >= wrong.shift(-DAY_US)));
    assert_eq!(state.heal(NOON), None);
    let mut healed = engine(state);
    let mut events: Vec<Event> =
        (0..10).map(|number| post(20 + number, NOON.shift(1), NOON.shift(1))).collect();
    events.push(post(3, NOON, NOON));
    healed.step(&mut events, &mut outcome);
    assert_eq!((outcome.tally.late, outcome.tally.analyzed), (0, 10));
    assert_eq!(outcome.tally.duplicate, 1, "which posts were seen is kept");
}
