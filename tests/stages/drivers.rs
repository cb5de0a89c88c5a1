//! Do alerts say what drives them? Texts through the whole engine, and the terms of its alerts.

use std::sync::Arc;

use resonanz_core::alert::{Alert, Condition, Measure, Rule};
use resonanz_core::analyze::Analyzer;
use resonanz_core::engine::{Engine, EngineConfig, EngineState, Outcome};
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Lang, Post, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer};
use resonanz_core::time::MINUTE_US;

use crate::support::{self, batches};

const QUERY: &str = r#"acme OR globex* OR ("blue card" AND bank)"#;

fn engine(rule: Rule) -> Engine {
    let topic = Topic { name: "brand".to_owned(), query: QUERY.to_owned(), ..Topic::default() };
    let matcher = Matcher::compile(&[topic], &|_| Vec::new()).expect("a query");
    let analyzer = Analyzer::new(matcher, Scorer::new(Profile::Vader), Vec::new());
    let names = vec!["brand".to_owned()];
    let (config, state) = (EngineConfig::default(), EngineState::default());
    Engine::new(Arc::new(analyzer), vec![rule], names, config, state).expect("a fresh state")
}

fn negatives(count: u64) -> Rule {
    Rule {
        name: "many".to_owned(),
        topics: vec![TopicId(0)],
        condition: Condition::Threshold { measure: Measure::Negative, count },
        min_authors: 0,
        ..Rule::default()
    }
}

/// A text every ten seconds, each by somebody else.
fn posts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<Post> {
    let texts = (0i64..).zip(texts);
    let post = |(number, text): (i64, &str)| {
        let author = AuthorKey(i128::from(number + 1).to_le_bytes());
        let number = usize::try_from(number).expect("few");
        let at_ms = i64::try_from(number).expect("few") * 10_000;
        Post { author, lang: Lang::UND, ..support::post(number, at_ms, 500, text) }
    };
    texts.map(post).collect()
}

fn alerts(rule: Rule, posts: &[Post]) -> Vec<Alert> {
    let (mut engine, mut outcome, mut alerts) = (engine(rule), Outcome::default(), Vec::new());
    for mut batch in batches(posts, &[7]) {
        engine.step(&mut batch, &mut outcome);
        alerts.append(&mut outcome.alerts);
    }
    engine.finish(&mut outcome);
    alerts.append(&mut outcome.alerts);
    alerts
}

/// The terms of the first alert that five negative posts bring.
fn terms(texts: &[&str]) -> Vec<String> {
    let alerts = alerts(negatives(5), &posts(texts.iter().copied()));
    let first = alerts.first().unwrap_or_else(|| panic!("nothing negative in {texts:?}"));
    first.evidence.terms.iter().map(|term| term.term.to_string()).collect()
}

#[test]
fn five_negative_posts_always_have_terms() {
    let rows: [&[&str]; 4] = [
        &[
            "acme is terrible, my parcel is lost",
            "horrible app from acme, it crashes",
            "acme: awful hotline",
            "I hate the new acme prices",
            "worst checkout ever, acme",
        ],
        &["acme sucks"; 5],
        &["acme 😠", "acme 😠😠", "😠 acme", "acme!! 😠", "acme... 😠"],
        &[
            "Acme ist furchtbar 😠 der Zähler ist kaputt",
            "schrecklich 😠 Acme, schon wieder kaputt",
            "Acme ist schlecht und der Zähler kaputt 😠",
            "Katastrophe mit Acme 😠 Zähler kaputt",
            "Acme ist das schlimmste 😠 mein Zähler ist kaputt",
        ],
    ];
    for texts in rows {
        assert!(!terms(texts).is_empty(), "{texts:?}");
    }
}

#[test]
fn what_many_complain_about_leads() {
    let texts = [
        "acme charged twice for my order, terrible",
        "why was I charged twice, acme? awful",
        "@acme you charged twice and it is horrible",
        "charged twice by acme, the worst",
        "acme charged twice again, I hate it",
    ];
    assert_eq!(terms(&texts).first().map(String::as_str), Some("charged twice"));
}

#[test]
fn neither_the_query_nor_names_nor_stop_words_are_terms() {
    let texts = [
        "@annalena globexphone is terrible, that is what I have to say about the heating",
        "@annalena and again: acme is awful because of the heating https://annalena.example.com/1",
        ".@annalena the blue card of that bank is horrible for heating, mail me@annalena.de",
        "terrible, @annalena's globexphone and its heating, annalena.bsky.social",
        "@annalena I hate it when acme and the blue card of my bank meet the heating in 2024",
    ];
    let terms = terms(&texts);
    assert_eq!(terms.first().map(String::as_str), Some("heating"), "{terms:?}");
    let banned = ["acme", "globexphone", "blue", "card", "bank", "annalena", "the", "and", "2024"];
    for word in terms.iter().flat_map(|term| term.split(' ')) {
        assert!(!banned.contains(&word), "{word} in {terms:?}");
    }
}

#[test]
fn a_storm_of_copies_and_a_quiet_source_have_terms_too() {
    let copy = "acme lost my parcel twice this week and nobody there answers the phone, terrible";
    let storm = posts(std::iter::repeat_n(copy, 12));
    let copies = Condition::Threshold { measure: Measure::Copies, count: 8 };
    let told = alerts(Rule { condition: copies, ..negatives(0) }, &storm);
    assert!(!told[0].evidence.terms.is_empty(), "copies");

    // One post in ten is the forum's; the other source's posts push its own out of the latest ones.
    let numbered: Vec<String> = (0..120)
        .map(|n| match n % 10 {
            0 => format!("awful acme elevator, case {n}"),
            _ => format!("terrible acme checkout, case {n}"),
        })
        .collect();
    let mut mixed = posts(numbered.iter().map(String::as_str));
    for (number, post) in mixed.iter_mut().enumerate() {
        post.source = SourceId::new(if number % 10 == 0 { "forum" } else { "net" });
    }
    let quiet =
        Rule { source: Some(SourceId::new("forum")), window_us: 30 * MINUTE_US, ..negatives(8) };
    let told = alerts(quiet, &mixed);
    let words: Vec<&str> = told[0].evidence.terms.iter().map(|term| term.term.as_ref()).collect();
    assert!(words.iter().any(|term| term.contains("elevator")), "{words:?}");
    assert!(words.iter().all(|term| !term.contains("checkout")), "{words:?}");
}

#[test]
fn a_restart_leaves_no_trace_in_terms() {
    let numbered: Vec<String> =
        (0..40).map(|n| format!("acme oven {n} burned the cake, terrible")).collect();
    let posts = posts(numbered.iter().map(String::as_str));
    let whole = alerts(negatives(20), &posts);
    let mut engine = engine(negatives(20));
    let (mut outcome, mut told) = (Outcome::default(), Vec::new());
    for mut batch in batches(&posts, &[3]) {
        engine.step(&mut batch, &mut outcome);
        told.append(&mut outcome.alerts);
        let stored = postcard::to_allocvec(&engine.state()).expect("plain values");
        let state = postcard::from_bytes(&stored).expect("its own bytes");
        let (rules, names) = (vec![negatives(20)], vec!["brand".to_owned()]);
        let analyzer = Arc::clone(engine.analyzer());
        engine = Engine::new(analyzer, rules, names, EngineConfig::default(), state)
            .expect("its own state");
    }
    engine.finish(&mut outcome);
    told.append(&mut outcome.alerts);
    assert_eq!(told, whole);
}

#[test]
fn a_text_is_a_copy_for_a_day_and_a_half() {
    let copy = "acme lost my parcel twice this week and nobody there answers the phone, terrible";
    let hour = 60 * MINUTE_US;
    for (hours, again) in [(1, 1), (24, 1), (35, 1), (37, 2), (72, 2), (24 * 7, 2)] {
        let mut pair = posts([copy, copy]);
        let later = pair[1].posted_at.shift(hours * hour);
        (pair[1].posted_at, pair[1].received_at) = (later, later.shift(500_000));
        let mut all = Vec::new();
        let (mut engine, mut outcome) = (engine(negatives(1)), Outcome::default());
        for mut batch in batches(&pair, &[1]) {
            engine.step(&mut batch, &mut outcome);
            all.append(&mut outcome.closed);
        }
        engine.finish(&mut outcome);
        all.append(&mut outcome.closed);
        let counts = all.iter().map(|pane| pane.totals.counts);
        let original: u64 = counts.map(|counts| counts.mentions - counts.copies).sum();
        assert_eq!(original, again, "after {hours} hours");
    }
}
