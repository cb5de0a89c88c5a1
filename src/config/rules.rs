//! Which rules does the file give? From a `[[rule]]` to a rule over topics and receivers.

use toml::Spanned;
use toml::de::DeValue;

use super::ReceiverConfig;
use super::section::{Problems, Section};
use crate::alert::{Condition, Measure, Rule};
use crate::mention::Topic;
use crate::post::TopicId;
use crate::time::{MINUTE_US, SECOND_US};

const DAY_US: i64 = 24 * 60 * MINUTE_US;
const MEASURES: [(&str, Measure); 3] = [
    ("negative", Measure::Negative),
    ("positive", Measure::Positive),
    ("mentions", Measure::Mentions),
];

pub(super) fn rule<'i>(
    value: &Spanned<DeValue<'i>>,
    topics: &[Topic],
    receivers: &[ReceiverConfig],
    problems: &mut Problems<'i>,
) -> Rule {
    let mut section = Section::open("[[rule]]", Some(value), problems);
    let name = section.required_text("name");
    let watched = section.texts("topics").map_or_else(
        || (0..topics.len()).collect(),
        |named| {
            resolve(
                &named,
                topics.iter().map(|topic| topic.name.as_str()),
                "topic",
                section.problems,
            )
        },
    );
    let told = section.texts("receivers").unwrap_or_default();
    resolve(
        &told,
        receivers.iter().map(|receiver| receiver.name.as_str()),
        "receiver",
        section.problems,
    );
    let rule = Rule {
        name,
        topics: watched.into_iter().filter_map(|id| u32::try_from(id).ok().map(TopicId)).collect(),
        window_us: section
            .span("window", MINUTE_US)
            .filter(|window_us| *window_us > 0)
            .unwrap_or(15 * MINUTE_US),
        condition: condition(&mut section),
        min_mentions: section.count("min_mentions").unwrap_or(0),
        min_authors: section.count("min_authors").unwrap_or(5),
        for_us: section.span("for", SECOND_US).unwrap_or(0),
        keep_firing_us: section.span("keep_firing_for", SECOND_US).unwrap_or(5 * MINUTE_US),
        cooldown_us: section.span("cooldown", SECOND_US).unwrap_or(30 * MINUTE_US),
        severity: section.text("severity").unwrap_or_else(|| "warning".to_owned()),
        receivers: told.into_iter().map(|(receiver, _)| receiver).collect(),
    };
    if rule.window_us > 7 * DAY_US {
        let at = section.place("window");
        section.problems.add(at, "window is longer than a week", "the longest window is \"7d\"");
    }
    section.finish();
    rule
}

fn condition(section: &mut Section<'_, '_>) -> Condition {
    #[derive(Clone, Copy)]
    enum Type {
        Threshold,
        Share,
        Change,
        Spike,
    }
    let types = [
        ("threshold", Type::Threshold),
        ("share", Type::Share),
        ("change", Type::Change),
        ("spike", Type::Spike),
    ];
    if !section.has("type") {
        let at = section.at();
        section.problems.add(
            at,
            "[[rule]] needs a \"type\"",
            "add: type = \"spike\", \"threshold\", \"share\" or \"change\"",
        );
    }
    let chosen = section.choice("type", &types);
    let measure = section.choice("measure", &MEASURES).unwrap_or(Measure::Negative);
    match chosen {
        Some(Type::Threshold) => {
            Condition::Threshold { measure, count: section.count("count").unwrap_or(20) }
        }
        Some(Type::Share) => {
            Condition::Share { measure, share: section.number("share", 0.0..1.0).unwrap_or(0.5) }
        }
        Some(Type::Change) => {
            Condition::Change { measure, factor: section.number("factor", 1.0..1e6).unwrap_or(3.0) }
        }
        Some(Type::Spike) | None => Condition::Spike {
            measure,
            count: section.count("count").unwrap_or(10),
            p_value: section.number("p_value", 0.0..0.5).unwrap_or(1e-6),
            novelty: section.number("novelty", 0.0..1e6).unwrap_or(1.5),
            history_us: section.span("history", MINUTE_US).unwrap_or(DAY_US),
        },
    }
}

/// The places of named things; reports names that nothing has.
fn resolve<'n>(
    named: &[(String, usize)],
    known: impl Iterator<Item = &'n str> + Clone,
    what: &str,
    problems: &mut Problems<'_>,
) -> Vec<usize> {
    let mut places = Vec::new();
    for (name, at) in named {
        match known.clone().position(|candidate| candidate == name) {
            Some(place) => places.push(place),
            None => {
                let list: Vec<&str> = known.clone().collect();
                let hint = if list.is_empty() {
                    format!("add a [[{what}]]")
                } else {
                    format!("the {what}s are {}", list.join(", "))
                };
                problems.add(*at, format!("no {what} is called \"{name}\""), hint);
            }
        }
    }
    places
}
