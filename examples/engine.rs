//! What follows from these posts? Runs the engine over an iterator and prints its alerts.
//!
//! Time comes with the posts: a day passes in a few milliseconds.

#![allow(clippy::print_stdout, reason = "an example tells the person who runs it")]

use std::sync::Arc;

use resonanz_core::alert::{Condition, Measure, Rule};
use resonanz_core::analyze::Analyzer;
use resonanz_core::engine::{Engine, EngineConfig, EngineState, Outcome};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Event, Kind, Lang, Post, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer};
use resonanz_core::time::{EventTime, MINUTE_US};

/// One post every half hour, and twelve different complaints within twelve minutes at noon.
fn posts() -> impl Iterator<Item = Post> {
    let calm = (0..48).map(|n| (n * 30, format!("acme opens shop number {n}")));
    let words = ["awful", "terrible", "a joke", "useless", "the worst", "a scam"];
    let angry = (0..12).zip(words.iter().cycle());
    let angry = angry.map(|(n, word)| (12 * 60 + n, format!("order {n}: acme is {word}")));
    let mut all: Vec<(i64, String)> = calm.chain(angry).collect();
    all.sort();
    let start = EventTime::parse("2026-03-01T00:00:00Z").unwrap_or(EventTime(0));
    (0u8..).zip(all).map(move |(n, (minute, text))| Post {
        id: n.to_string().into(),
        source: SourceId::new("example"),
        author: AuthorKey([n; 16]),
        posted_at: start.shift(minute * MINUTE_US),
        received_at: start.shift(minute * MINUTE_US),
        kind: Kind::Original,
        parent: None,
        thread: None,
        lang: Lang::UND,
        text: text.into(),
        url: None,
        reach: None,
        engagement: None,
    })
}

fn main() -> Result<(), String> {
    let topics = [Topic { name: "acme".into(), query: "acme".into(), ..Topic::default() }];
    let matcher = Matcher::compile(&topics, &|_| Vec::new()).map_err(|e| format!("{e:?}"))?;
    let scorer = Scorer::new(Profile::Resonanz);
    let analyzer = Arc::new(Analyzer::new(matcher, scorer, Vec::new()));
    let rule = Rule {
        name: "many complaints".into(),
        topics: vec![TopicId(0)],
        window_us: 10 * MINUTE_US,
        condition: Condition::Threshold { measure: Measure::Negative, count: 8 },
        ..Rule::default()
    };
    let names = vec!["acme".to_owned()];
    let state = EngineState::default();
    let mut engine = Engine::new(analyzer, vec![rule], names, EngineConfig::default(), state)
        .ok_or("a state of other topics")?;

    // An outcome holds what the last call brought.
    let mut outcome = Outcome::default();
    let mut mentions = 0;
    for post in posts() {
        engine.step(&mut vec![Event::Create(Box::new(post))], &mut outcome);
        mentions += outcome.findings.list.len();
        tell(&outcome);
    }
    engine.finish(&mut outcome);
    tell(&outcome);
    println!("{mentions} mentions");
    Ok(())
}

fn tell(outcome: &Outcome) {
    for alert in &outcome.alerts {
        println!("{} {:?}: {} negative", alert.at, alert.transition, alert.observed);
    }
}
