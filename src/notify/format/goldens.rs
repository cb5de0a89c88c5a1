//! Do messages read as they did? A few alerts in both languages, kept under `tests/golden`.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::alert::{
    Alert, Condition, Coordination, Evidence as Found, Measure, Rule, Term, Transition,
};
use crate::config::{Archive, Language};
use crate::lake::Labels;
use crate::mention::Topic;
use crate::notify::message::messages;
use crate::post::{Lang, Score, SourceId, TopicId};
use crate::privacy::AuthorHasher;
use crate::time::MINUTE_US;
use crate::window::{Counts, Exhibit, Mix, Sample};

/// 2026-03-04, 13:06:30 UTC, when it is 14:06 in Berlin.
const FIRED: EventTime = EventTime(1_772_629_590_000_000);
const TRANSITIONS: [Transition; 3] =
    [Transition::Fired, Transition::Escalated, Transition::Resolved];

fn reader(language: Language) -> Reader {
    let (name, base_url) = match language {
        Language::En => ("UTC", None),
        Language::De => ("Europe/Berlin", Some("https://resonanz.example.com".to_owned())),
    };
    Reader { language, zone: jiff::tz::TimeZone::get(name).expect("a zone"), base_url }
}

fn rule(name: &str, minutes: i64, condition: Condition) -> Rule {
    Rule {
        name: name.to_owned(),
        window_us: minutes * MINUTE_US,
        condition,
        labels: vec![("team".to_owned(), "care".to_owned())],
        receivers: vec!["team".to_owned()],
        ..Rule::default()
    }
}

fn post(text: &str, url: Option<&str>, alike: u32) -> Exhibit {
    let sample = Sample {
        score: Score::from_f64(-0.6),
        confidence: 80,
        reach: 10,
        source: SourceId::new("bluesky"),
        post_id: "1".into(),
        text: text.into(),
        url: url.map(Into::into),
        own: Box::default(),
    };
    Exhibit { sample: Arc::new(sample), cluster: 1, mentions: alike }
}

/// An alert whose counts are `observed` of `mentions`.
fn alert(transition: Transition, observed: u64, mentions: u64, expected: Option<f64>) -> Alert {
    let minutes = match transition {
        Transition::Fired => 0,
        Transition::Escalated => 2,
        Transition::Resolved => 28,
    };
    let at = FIRED.shift(minutes * MINUTE_US);
    let posts = vec![
        post("apex checkout is <!channel> *down*\u{202e} again & I was charged twice", None, 1),
        post("apex nimmt mein Geld\nund liefert nicht", Some("https://example.com/p/2"), 3),
    ];
    let term = |term: &str| Term { term: term.into(), count: 6, usual: 0, z: 3.1 };
    Alert {
        id: "alt_79199615f823882c721fe94a".to_owned(),
        rule: 0,
        topic: TopicId(0),
        transition,
        at,
        started_at: FIRED,
        observed,
        expected,
        p_value: Some(1e-9),
        novelty: Some(5.0),
        dispersion: expected.map(|_| 1.0),
        coordination: Coordination::None,
        counts: Counts { mentions, negative: observed, ..Counts::default() },
        authors: 9,
        evidence: Found {
            from: at.shift(-10 * MINUTE_US),
            late: 0,
            heard_until: None,
            mix: Mix {
                sources: vec![(SourceId::new("bluesky"), mentions)],
                langs: vec![(Lang::EN, mentions)],
            },
            terms: vec![term("checkout"), term("charged twice")],
            posts,
        },
    }
}

fn message(alert: &Alert, rule: Rule) -> Message {
    let apex = Topic { name: "apex".to_owned(), ..Topic::default() };
    let labels = Labels {
        topics: vec![apex],
        rules: vec![rule],
        scorers: vec!["resonanz".to_owned()],
        archive: Archive::None,
        shard: None,
        authors: AuthorHasher::of_keys(),
    };
    messages(alert, &labels).pop().expect("the rule has a receiver")
}

fn body(message: &Message, format: &Format, language: Language) -> String {
    let style = Style::new(format, Evidence::Full, &reader(language), None).expect("a style");
    style.body(message, FIRED).text
}

/// The kept text, written anew with `BLESS=1`.
fn kept(name: &str, found: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages");
    let path = folder.join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = File::create(&path);
        file.and_then(|mut file| file.write_all(found.as_bytes())).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, found, "{name} is of another day; look, and write it anew with BLESS=1");
}

const LANGUAGES: [(&str, Language); 2] = [("en", Language::En), ("de", Language::De)];

#[test]
fn a_spike_reads_as_kept_in_each_format_and_language() {
    let formats = [
        ("slack", Format::Slack),
        ("teams", Format::Teams),
        ("text", Format::Text(None)),
        ("alertmanager", Format::Alertmanager),
    ];
    for transition in TRANSITIONS {
        let (observed, mentions) = match transition {
            Transition::Fired => (10, 21),
            Transition::Escalated => (20, 34),
            Transition::Resolved => (0, 3),
        };
        let alert = alert(transition, observed, mentions, Some(0.3));
        let spike = rule("negative-spike", 10, Condition::spike(Measure::Negative));
        let message = message(&alert, spike);
        for ((format_name, format), (language_name, language)) in
            formats.iter().flat_map(|format| LANGUAGES.map(|language| (format, language)))
        {
            let mut text = body(&message, format, language);
            let is_json = serde_json::from_str::<Value>(&text);
            let ending = if is_json.is_ok() { "json" } else { "txt" };
            if let Ok(value) = is_json {
                text = format!("{value:#}\n");
            }
            let transition = transition.as_str();
            kept(&format!("spike-{transition}.{format_name}.{language_name}.{ending}"), &text);
        }
    }
}

/// A rule, what it observes of how many mentions at each transition, and what it expects.
type Case = (Rule, [(u64, u64); 3], Option<f64>);

/// Every kind of rule.
fn rules() -> Vec<Case> {
    let (negative, mentions) = (Measure::Negative, Measure::Mentions);
    let unanswered = Condition::Unanswered { count: 1, reach: 0, within_us: 60 * MINUTE_US };
    let quiet = |measure| Condition::Silence {
        measure,
        count: 2,
        p_value: 1e-4,
        history_us: 7 * 24 * 60 * MINUTE_US,
    };
    let source = Some(SourceId::new("forum"));
    let many = Condition::Threshold { measure: mentions, count: 5 };
    vec![
        (rule("spike", 10, Condition::spike(negative)), [(10, 21), (20, 20), (1, 1)], Some(0.3)),
        (
            rule("praise", 60, Condition::spike(Measure::Positive)),
            [(12, 20), (30, 40), (0, 1)],
            Some(4.0),
        ),
        (
            rule("volume", 60, Condition::spike(mentions)),
            [(1_240, 1_240), (2_600, 2_600), (1, 1)],
            Some(310.4),
        ),
        (
            rule("copies", 10, Condition::Threshold { measure: Measure::Copies, count: 5 }),
            [(8, 12), (16, 18), (1, 9)],
            None,
        ),
        (rule("many", 15, many), [(5, 5), (11, 11), (0, 0)], None),
        (
            Rule { source: source.clone(), ..rule("forum", 15, many) },
            [(5, 5), (11, 11), (0, 0)],
            None,
        ),
        (
            rule("share", 1_440, Condition::Share { measure: negative, share: 0.5 }),
            [(14, 21), (30, 40), (3, 9)],
            None,
        ),
        (
            rule("change", 10, Condition::Change { measure: negative, factor: 3.0 }),
            [(12, 30), (25, 40), (2, 9)],
            Some(4.0),
        ),
        (
            rule("doubled", 60, Condition::Change { measure: mentions, factor: 2.0 }),
            [(12, 12), (25, 25), (2, 2)],
            Some(1.0),
        ),
        (rule("quiet", 120, quiet(mentions)), [(0, 0), (2, 2), (9, 9)], Some(10.0)),
        (rule("no-complaints", 120, quiet(negative)), [(0, 9), (1, 9), (7, 9)], Some(10.0)),
        (
            Rule { source, topics: Vec::new(), ..rule("source", 10, quiet(mentions)) },
            [(0, 0), (1, 1), (31, 31)],
            Some(340.0),
        ),
        (rule("replies", 1_440, unanswered), [(1, 9), (3, 9), (0, 9)], None),
    ]
}

#[test]
fn every_rule_and_transition_has_a_true_sentence() {
    for (name, language) in LANGUAGES {
        let mut sentences = String::new();
        for (rule, counts, expected) in rules() {
            for (transition, (observed, mentions)) in TRANSITIONS.into_iter().zip(counts) {
                // Quiet cannot grow.
                let is_silence = matches!(rule.condition, Condition::Silence { .. });
                if is_silence && transition == Transition::Escalated {
                    continue;
                }
                let mut alert = alert(transition, observed, mentions, expected);
                if rule.name == "source" {
                    alert.topic = crate::alert::WHOLE_SOURCE;
                }
                let message = message(&alert, rule.clone());
                let text = body(&message, &Format::Text(None), language);
                let first = text.lines().next().unwrap_or_default();
                sentences.push_str(&format!("{} {}: {first}\n", rule.name, transition.as_str()));
            }
        }
        kept(&format!("sentences.{name}.txt"), &sentences);
    }
}

#[test]
fn how_resonanz_is_and_the_day_before_are_said_too() {
    for (name, language) in LANGUAGES {
        let mut told = String::new();
        for kind in [
            "operations.failing",
            "operations.recovered",
            "operations.stopped",
            "receiver.disabled",
            "source.lost",
            "source.back",
            "token.ends",
        ] {
            let body_json = json!({
                "type": kind,
                "timestamp": "2026-03-04T13:06:30Z",
                "data": {"incident": "ops_1", "severity": "critical", "receiver": "pager", "source": "fedi",
                         "why": "no space left on device", "hint": "free some space"},
            });
            let message =
                Message { body: body_json.to_string(), ..Message::sample("r", Transition::Fired) };
            told.push_str(&body(&message, &Format::Text(None), language));
            told.push('\n');
        }
        let mut long = alert(Transition::Escalated, 10, 21, Some(0.3));
        long.started_at = FIRED.shift(-24 * 60 * MINUTE_US);
        let spike = rule("negative-spike", 10, Condition::spike(Measure::Negative));
        told.push_str(&body(&message(&long, spike), &Format::Text(None), language));
        kept(&format!("others.{name}.txt"), &told);
    }
}
