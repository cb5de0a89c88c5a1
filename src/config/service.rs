//! What is promised to people who wait for an answer? `[service]`, and what a topic has otherwise.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::rules::{parse_hours, zone};
use crate::alert::ActiveHours;
use crate::intent::{Intent, split};
use crate::mention::Topic;
use crate::post::Polarity;
use crate::promise::{Closed, Region, Service};
use crate::settings::{Problems, Section, distance};
use crate::time::{DAY_US, MINUTE_US};

/// Verdicts that can want an answer.
const POLARITIES: [(&str, Polarity); 3] = [
    ("negative", Polarity::Negative),
    ("neutral", Polarity::Neutral),
    ("positive", Polarity::Positive),
];
/// Longest promise and horizon.
const LONGEST_US: i64 = 365 * DAY_US;

/// What is promised for mentions of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceConfig {
    /// By when they are answered.
    pub service: Service,
    /// Verdicts that want an answer.
    pub wants: Vec<Polarity>,
    /// Intents that want one, whatever the verdict.
    pub intents: Vec<Intent>,
    /// How far back the inbox reaches, in microseconds.
    pub horizon_us: i64,
}

impl Default for ServiceConfig {
    /// Negative mentions of the last 90 days, each within a day.
    fn default() -> Self {
        let (service, wants) = (Service::default(), vec![Polarity::Negative]);
        Self { service, wants, intents: Vec::new(), horizon_us: 90 * DAY_US }
    }
}

impl ServiceConfig {
    /// Whether a mention of this verdict and these intents wants an answer.
    #[must_use]
    pub fn wants_answer(&self, polarity: Option<Polarity>, intents: &str) -> bool {
        polarity.is_some_and(|polarity| self.wants.contains(&polarity))
            || split(intents).any(|intent| self.intents.contains(&intent))
    }
}

/// What is promised, for all topics and for single ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    usual: ServiceConfig,
    topics: BTreeMap<String, ServiceConfig>,
}

impl Services {
    /// The same for all topics.
    #[must_use]
    pub fn alike(usual: ServiceConfig) -> Self {
        Self { usual, topics: BTreeMap::new() }
    }

    /// What some topics have of their own.
    #[must_use]
    pub fn with(usual: ServiceConfig, topics: BTreeMap<String, ServiceConfig>) -> Self {
        Self { usual, topics }
    }

    /// What is promised for mentions of a topic.
    #[must_use]
    pub fn of(&self, topic: &str) -> &ServiceConfig {
        self.topics.get(topic).unwrap_or(&self.usual)
    }

    /// Topics with a promise of their own.
    pub fn apart(&self) -> impl Iterator<Item = (&str, &ServiceConfig)> {
        self.topics.iter().map(|(name, service)| (name.as_str(), service))
    }

    /// What holds for all other topics.
    #[must_use]
    pub fn usual(&self) -> &ServiceConfig {
        &self.usual
    }
}

/// Reads `[service]` and the `service` of each topic.
pub(super) fn services<'i>(
    root: &DeTable<'i>,
    topics: &[Topic],
    problems: &mut Problems<'i>,
) -> Services {
    let mut section = Section::open("[service]", root.get("service"), problems);
    let usual = read(&mut section, &ServiceConfig::default());
    if root.contains_key("service") && topics.iter().all(|topic| topic.accounts.is_empty()) {
        let at = section.at();
        let hint =
            "add to your topics: accounts = [\"…\"], your own accounts as the sources name them";
        let message = "no topic has accounts of yours: answers can only be recorded by hand";
        section.problems.warn(at, message, hint);
    }
    section.finish();
    let list = root.get("topic").and_then(|value| value.get_ref().as_array());
    let mut own = BTreeMap::new();
    for (topic, value) in topics.iter().zip(list.into_iter().flat_map(|list| list.iter())) {
        let Some(value) = value.get_ref().as_table().and_then(|table| table.get("service")) else {
            continue;
        };
        let mut section = Section::open("[topic.service]", Some(value), problems);
        own.insert(topic.name.clone(), read(&mut section, &usual));
        section.finish();
    }
    Services { usual, topics: own }
}

/// What a table says; what it leaves out is as usual.
fn read(section: &mut Section<'_, '_>, usual: &ServiceConfig) -> ServiceConfig {
    let hours = hours(section);
    let has_zone = section.has("zone");
    let named = zone(section);
    let zone = if has_zone { named } else { usual.service.zone.clone() };
    if hours.is_some() && zone == jiff::tz::TimeZone::UTC && !has_zone {
        let at = section.place("hours");
        let message = "the hours have no zone: they are read in UTC";
        section.problems.warn(at, message, "add: zone = \"Europe/Berlin\"");
    }
    let service = Service {
        promise_us: span(section, "promise", MINUTE_US).unwrap_or(usual.service.promise_us),
        hours: hours.unwrap_or_else(|| usual.service.hours.clone()),
        zone,
        holidays: region(section).or(usual.service.holidays),
        closed: closed(section).unwrap_or_else(|| usual.service.closed.clone()),
    };
    let usually = || (usual.wants.clone(), usual.intents.clone());
    let (wants, intents) = wants(section).unwrap_or_else(usually);
    let horizon_us = span(section, "horizon", DAY_US).unwrap_or(usual.horizon_us);
    ServiceConfig { service, wants, intents, horizon_us }
}

/// A span from one unit to a year.
fn span(section: &mut Section<'_, '_>, key: &'static str, unit_us: i64) -> Option<i64> {
    let span_us = section.span(key, unit_us)?;
    if !(unit_us..=LONGEST_US).contains(&span_us) {
        let at = section.place(key);
        let hint = "write a span of at most 365d, as \"4h\" or \"30d\"";
        section.problems.add(at, format!("{key} is too short or too long"), hint);
    }
    Some(span_us)
}

fn hours(section: &mut Section<'_, '_>) -> Option<Vec<ActiveHours>> {
    let mut found = Vec::new();
    for (text, at) in section.text_or_texts("hours")? {
        match parse_hours(&text) {
            Some(hours) => found.push(hours),
            None => {
                let hint = "write \"Mo-Fr 09:00-18:00\", or a list of such; without a day they hold on every day";
                section.problems.add(at, format!("\"{text}\" are not hours"), hint);
            }
        }
    }
    Some(found)
}

fn region(section: &mut Section<'_, '_>) -> Option<Region> {
    let code = section.text("holidays")?;
    let found = Region::parse(&code);
    if found.is_none() {
        let known: Vec<String> = Region::all().map(|region| region.to_string()).collect();
        let wanted = code.to_uppercase();
        let near = known.iter().min_by_key(|known| distance(known, &wanted));
        let hint = format!(
            "did you mean \"{}\"? Known are AT, CH and its cantons as CH-ZH, DE and its Länder as DE-BY, GB-ENG, GB-NIR, GB-SCT, GB-WLS, and US",
            near.map_or("", String::as_str)
        );
        let at = section.place("holidays");
        section.problems.add(at, format!("no holidays are known for \"{code}\""), hint);
    }
    found
}

fn closed(section: &mut Section<'_, '_>) -> Option<Vec<Closed>> {
    let mut found = Vec::new();
    for (text, at) in section.text_or_texts("closed")? {
        match Closed::parse(&text) {
            Some(day) => found.push(day),
            None => {
                let hint = "write \"2026-12-24\", or \"12-24\" for each year";
                section.problems.add(at, format!("\"{text}\" is not a day"), hint);
            }
        }
    }
    Some(found)
}

/// Verdicts and intents, as they stand in one list.
fn wants(section: &mut Section<'_, '_>) -> Option<(Vec<Polarity>, Vec<Intent>)> {
    let (mut wants, mut intents) = (Vec::new(), Vec::new());
    for (text, at) in section.text_or_texts("wants")? {
        let verdict = POLARITIES.iter().find(|(name, _)| *name == text);
        match (verdict, Intent::parse(&text)) {
            (Some((_, polarity)), _) => wants.push(*polarity),
            (None, Some(intent)) => intents.push(intent),
            (None, None) => {
                let hint = "write a list of \"negative\", \"neutral\", \"positive\", \"complaint\", \"question\", \"purchase\", \"recommendation\", \"churn\" and \"praise\"";
                let message = format!("\"{text}\" is neither a verdict nor an intent");
                section.problems.add(at, message, hint);
            }
        }
    }
    Some((wants, intents))
}
