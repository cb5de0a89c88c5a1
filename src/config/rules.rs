//! Which rules does the file give? From a `[[rule]]` to a rule over topics and receivers.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::DeValue;

use super::escalate::steps;
use super::heard::{reach_unheard, source_unheard};
use super::page::policy;
use super::{ReceiverConfig, SourceConfig};
use crate::settings::{Problems, Section};
use jiff::tz::TimeZone;

use crate::alert::{ActiveHours, Condition, Measure, Rule};
use crate::mention::Topic;
use crate::post::{SourceId, TopicId};
use crate::time::{DAY_US, MINUTE_US, SECOND_US};

/// Weekdays in English and German.
const WEEKDAYS: [[&str; 2]; 7] = [
    ["mon", "mo"],
    ["tue", "di"],
    ["wed", "mi"],
    ["thu", "do"],
    ["fri", "fr"],
    ["sat", "sa"],
    ["sun", "so"],
];
/// Confidences in percent that rules may demand: beyond 90 hardly any verdict is as sure.
const CONFIDENCES: RangeInclusive<u8> = 40..=90;
const MEASURES: [(&str, Measure); 4] = [
    ("copies", Measure::Copies),
    ("negative", Measure::Negative),
    ("positive", Measure::Positive),
    ("mentions", Measure::Mentions),
];

pub(super) fn rule<'i>(
    value: &Spanned<DeValue<'i>>,
    topics: &[Topic],
    receivers: &[ReceiverConfig],
    sources: &[SourceConfig],
    problems: &mut Problems<'i>,
) -> Rule {
    let mut section = Section::open("[[rule]]", Some(value), problems);
    let name = section.required_text("name");
    let named = section.texts("topics");
    let all = named.is_none();
    let watched = named.map_or_else(
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
    let usual = Rule::default();
    let condition = condition(&mut section);
    let source = section.text("source").map(|name| SourceId::new(&name));
    let watched = narrowed(watched, all, &condition, source.is_some(), topics, &mut section);
    let rule = Rule {
        name,
        topics: watched.into_iter().filter_map(|id| u32::try_from(id).ok().map(TopicId)).collect(),
        window_us: section.span("window", MINUTE_US).filter(|window_us| *window_us > 0).unwrap_or(
            match condition {
                Condition::Unanswered { .. } => DAY_US,
                _ => usual.window_us,
            },
        ),
        source,
        condition,
        recovery: section.number("recovery", 0.0..1e12),
        min_confidence: min_confidence(&condition, &mut section),
        min_mentions: section.count("min_mentions").unwrap_or(usual.min_mentions),
        min_authors: section.count("min_authors").unwrap_or(match condition {
            // Nobody writes when a topic has gone quiet, and one who waits is enough.
            Condition::Silence { .. } | Condition::Unanswered { .. } => 0,
            _ => usual.min_authors,
        }),
        for_us: section.span("for", SECOND_US).unwrap_or(usual.for_us),
        keep_firing_us: section.span("keep_firing_for", SECOND_US).unwrap_or(usual.keep_firing_us),
        cooldown_us: section.span("cooldown", SECOND_US).unwrap_or(usual.cooldown_us),
        active: active(&mut section),
        zone: zone(&mut section),
        severity: section.text("severity").unwrap_or(usual.severity),
        labels: section.pairs("labels"),
        escalate: steps(&told, receivers, &mut section),
        policy: policy(&mut section),
        receivers: told.into_iter().map(|(receiver, _)| receiver).collect(),
    };
    check_spans(&rule, &mut section);
    warn(&rule, sources, &mut section);
    warn_of_authors(&rule, &mut section);
    section.finish();
    rule
}

/// Refuses spans that cannot hold together.
fn check_spans(rule: &Rule, section: &mut Section<'_, '_>) {
    if rule.window_us > 7 * DAY_US {
        let at = section.place("window");
        section.problems.add(at, "window is longer than a week", "the longest window is \"7d\"");
    }
    if let Condition::Unanswered { within_us, .. } = rule.condition
        && within_us + MINUTE_US > rule.window_us
    {
        let at = section.place("within");
        let hint = "a mention that leaves the window waits no longer: make window longer";
        section.problems.add(at, "within is as long as the window", hint);
    }
}

/// Says what of a rule can never be, with the sources that there are.
fn warn(rule: &Rule, sources: &[SourceConfig], section: &mut Section<'_, '_>) {
    let reach = match rule.condition {
        Condition::Unanswered { reach: 1.., .. } => reach_unheard(sources),
        _ => None,
    };
    let source = rule.source.as_ref().and_then(|name| source_unheard(name.as_str(), sources));
    for (key, unheard) in [("reach", reach), ("source", source)] {
        if let Some(unheard) = unheard {
            let at = section.place(key);
            section.problems.warn(at, unheard.message, unheard.hint);
        }
    }
}

/// Says where fewer people than `count` asks for are not enough.
fn warn_of_authors(rule: &Rule, section: &mut Section<'_, '_>) {
    let (Condition::Threshold { count, .. } | Condition::Spike { count, .. }) = rule.condition
    else {
        return;
    };
    let authors = rule.min_authors;
    if section.has("count") && !section.has("min_authors") && count < authors {
        let at = section.place("count");
        let message = format!(
            "count = {count} is not enough: the rule also needs {authors} different authors, so fewer than {authors} mentions never fire it"
        );
        let hint = format!("add min_authors = {count}, or min_authors = 0 to switch it off");
        section.problems.warn(at, message, hint);
    }
}

/// How sure negative mentions must be, in percent.
fn min_confidence(condition: &Condition, section: &mut Section<'_, '_>) -> Option<u8> {
    let least = section.hundredths("min_confidence", CONFIDENCES)?;
    if condition.measure() != Measure::Negative {
        let at = section.place("min_confidence");
        let hint = "leave it out, or count measure = \"negative\"";
        section.problems.add(at, "min_confidence needs negative mentions", hint);
    }
    Some(least)
}

/// The topics that a rule watches, of `watched` or of `all`: a silence of a source needs none, and
/// nobody can be waited for without accounts.
fn narrowed(
    watched: Vec<usize>,
    all: bool,
    condition: &Condition,
    has_source: bool,
    topics: &[Topic],
    section: &mut Section<'_, '_>,
) -> Vec<usize> {
    let answers = |&place: &usize| {
        let topic = topics.get(place);
        topic.is_some_and(|topic| topic.accounts_among(topics).next().is_some())
    };
    match condition {
        Condition::Silence { measure, .. } if all && has_source => {
            if *measure != Measure::Mentions {
                let at = section.place("measure");
                let hint = "name topics, or leave measure out: all posts of the source count";
                section.problems.add(at, "a source as a whole has no sentiment", hint);
            }
            Vec::new()
        }
        Condition::Unanswered { .. } => {
            let (some, none): (Vec<usize>, Vec<usize>) = watched.into_iter().partition(answers);
            if some.is_empty() || (!all && !none.is_empty()) {
                let at = section.place("topics");
                let without = none.first().and_then(|&place| topics.get(place));
                let who = without
                    .map_or("no topic has".to_owned(), |topic| format!("{} has no", topic.name));
                let hint = "add to the topic, or to one of its brand: accounts = [\"...\"]";
                section.problems.add(
                    at,
                    format!("{who} accounts of yours that could answer"),
                    hint,
                );
            }
            some
        }
        _ => watched,
    }
}

fn condition(section: &mut Section<'_, '_>) -> Condition {
    #[derive(Clone, Copy)]
    enum Type {
        Threshold,
        Share,
        Change,
        Spike,
        Silence,
        Unanswered,
    }
    let types = [
        ("threshold", Type::Threshold),
        ("share", Type::Share),
        ("change", Type::Change),
        ("spike", Type::Spike),
        ("silence", Type::Silence),
        ("unanswered", Type::Unanswered),
    ];
    let chosen = section.required_choice("type", &types);
    let measure = section.choice("measure", &MEASURES);
    if let Some(Type::Unanswered) = chosen {
        return unanswered(section, measure);
    }
    if let Some(Type::Silence) = chosen {
        return Condition::Silence {
            measure: measure.unwrap_or(Measure::Mentions),
            count: section.count("count").unwrap_or(0),
            p_value: section.number("p_value", 0.0..0.5).unwrap_or(1e-4),
            history_us: section.span("history", MINUTE_US).unwrap_or(7 * DAY_US),
        };
    }
    let measure = measure.unwrap_or(Measure::Negative);
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
        Some(Type::Spike | Type::Silence | Type::Unanswered) | None => Condition::Spike {
            measure,
            count: section.count("count").unwrap_or(10),
            p_value: section.number("p_value", 0.0..0.5).unwrap_or(measure.p_value()),
            novelty: section.number("novelty", 0.0..1e6).unwrap_or(1.2),
            history_us: section.span("history", MINUTE_US).unwrap_or(7 * DAY_US),
        },
    }
}

fn unanswered(section: &mut Section<'_, '_>, measure: Option<Measure>) -> Condition {
    if measure.is_some_and(|measure| measure != Measure::Negative) {
        let at = section.place("measure");
        let hint = "leave it out: it always counts negative mentions that wait for a reply";
        section.problems.add(at, "an unanswered rule takes no other measure", hint);
    }
    Condition::Unanswered {
        count: section.count("count").unwrap_or(1),
        reach: section.count("reach").unwrap_or(0),
        within_us: section.span("within", SECOND_US).unwrap_or(60 * MINUTE_US),
    }
}

/// When the rule may call people, as `"mon-fri 08:00-18:00"` or `"22:00-06:00"`.
fn active(section: &mut Section<'_, '_>) -> Option<ActiveHours> {
    let text = section.text("active")?;
    let hours = parse_hours(&text);
    if hours.is_none() {
        let at = section.place("active");
        section.problems.add(
            at,
            format!("\"{text}\" are not hours"),
            "write \"08:00-18:00\", \"mon-fri 08:00-18:00\" or \"mon,wed 09:00-12:00\"",
        );
    }
    hours
}

/// Weekdays and a stretch of the day, as `mon-fri 08:00-18:00` or `Mo-Fr 08:00-18:00`.
pub(super) fn parse_hours(text: &str) -> Option<ActiveHours> {
    let (days, hours) = text.trim().rsplit_once(' ').unwrap_or(("mon-sun", text.trim()));
    let mut weekdays = [false; 7];
    for part in days.split(',') {
        let (first, last) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        let place = |name: &str| {
            WEEKDAYS.iter().position(|day| day.contains(&name.to_lowercase().as_str()))
        };
        let (first, last) = (place(first)?, place(last)?);
        // A stretch such as sat-mon runs over the end of the week.
        (0..=(last + 7 - first) % 7).for_each(|step| weekdays[(first + step) % 7] = true);
    }
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour * 60 + minute <= 1_440).then_some(hour * 60 + minute)
    };
    let (from, to) = hours.split_once('-')?;
    let (from_minute, to_minute) = (minute(from)?, minute(to)?);
    (from_minute < 1_440 && from_minute != to_minute).then_some(ActiveHours {
        from_minute,
        to_minute,
        weekdays,
    })
}

/// A time zone under `zone`: of a rule's hours and its topics' rhythm, or of who reads messages.
pub(super) fn zone(section: &mut Section<'_, '_>) -> TimeZone {
    let Some(name) = section.text("zone") else { return TimeZone::UTC };
    TimeZone::get(&name).unwrap_or_else(|_| {
        let at = section.place("zone");
        section.problems.add(
            at,
            format!("\"{name}\" is not a time zone"),
            "write its IANA name, as \"Europe/Berlin\"",
        );
        TimeZone::UTC
    })
}

/// The places of named things; reports names that nothing has.
pub(super) fn resolve<'n>(
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
