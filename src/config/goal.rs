//! What is to be reached? One `[goal.NAME]`.

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ReceiverConfig;
use super::escalate::steps;
use super::page::policy;
use super::rules::{resolve, zone};
use crate::alert::{EscalationStep, Rule};
use crate::mention::Topic;
use crate::settings::{Problems, Section};
use crate::time::{DAY_US, SECOND_US, format_span};

/// Longest span that moves along, in days.
const DAYS_MAX: i64 = 400;
/// Largest count that can be aimed at.
const COUNT_MAX: f64 = 1e15;

/// What is to be reached, and who hears when it slips.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// Unique name.
    pub name: String,
    /// What is measured.
    pub measure: GoalMeasure,
    /// Names of the topics.
    pub topics: Vec<String>,
    /// Brand and group of the topics, for [`GoalMeasure::ShareOfVoice`]: a topic without a brand is
    /// one of its own name.
    pub voice: Option<(String, Option<String>)>,
    /// What is to be reached, in the measure's unit.
    pub target: f64,
    /// On which side of the target is well.
    pub side: Side,
    /// Over which time.
    pub span: GoalSpan,
    /// Whose days, weeks and months are meant.
    pub zone: TimeZone,
    /// Hosts of our own pages, for [`GoalMeasure::OwnLinks`].
    pub sites: Vec<String>,
    /// A free label for receivers.
    pub severity: String,
    /// Free names and values for receivers, in order of name.
    pub labels: Vec<(String, String)>,
    /// Who hears when it slips.
    pub receivers: Vec<String>,
    /// Who is told further while nobody takes care.
    pub escalate: Vec<EscalationStep>,
    /// Name of the page that says what to do.
    pub policy: Option<String>,
}

/// On which side of a target is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The target or more.
    AtLeast,
    /// The target or less.
    AtMost,
}

/// Over which time a goal is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoalSpan {
    /// The last days, always as many.
    Days(i64),
    /// The week that runs, from Monday on.
    Week,
    /// The month that runs.
    Month,
    /// The quarter that runs.
    Quarter,
    /// The year that runs.
    Year,
}

impl std::fmt::Display for GoalSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Days(days) => f.write_str(&format_span(days * DAY_US)),
            Self::Week => f.write_str("week"),
            Self::Month => f.write_str("month"),
            Self::Quarter => f.write_str("quarter"),
            Self::Year => f.write_str("year"),
        }
    }
}

impl Serialize for GoalSpan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What can be aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "MEASURES says what each is")]
pub enum GoalMeasure {
    Mentions,
    Authors,
    Reach,
    ShareOfVoice,
    NetSentiment,
    NegativeShare,
    ReplyShare,
    ReplyTime,
    PurchaseIntents,
    RecommendationShare,
    ChurnShare,
    PurchaseShare,
    OwnLinks,
}

/// Name, measure, and the aim that it belongs to.
pub(super) const MEASURES: [(&str, GoalMeasure, &str); 13] = [
    ("mentions", GoalMeasure::Mentions, "awareness"),
    ("authors", GoalMeasure::Authors, "awareness"),
    ("reach", GoalMeasure::Reach, "awareness"),
    ("share_of_voice", GoalMeasure::ShareOfVoice, "awareness"),
    ("net_sentiment", GoalMeasure::NetSentiment, "image"),
    ("negative_share", GoalMeasure::NegativeShare, "image"),
    ("reply_share", GoalMeasure::ReplyShare, "dialogue"),
    ("reply_time", GoalMeasure::ReplyTime, "dialogue"),
    ("purchase_intents", GoalMeasure::PurchaseIntents, "acquisition"),
    ("recommendation_share", GoalMeasure::RecommendationShare, "loyalty"),
    ("churn_share", GoalMeasure::ChurnShare, "loyalty"),
    ("purchase_share", GoalMeasure::PurchaseShare, "revenue"),
    ("own_links", GoalMeasure::OwnLinks, "search"),
];

/// In what a measure is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GoalUnit {
    /// Whole things.
    Count,
    /// A part of all, from 0 to 1.
    Share,
    /// From -1 to 1.
    Net,
    /// Seconds.
    Seconds,
}

impl GoalMeasure {
    /// Its name, as in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().map_or("", |(name, ..)| name)
    }

    /// What it serves: `awareness`, `image`, `dialogue`, `acquisition`, `loyalty`, `revenue` or
    /// `search`.
    #[must_use]
    pub fn aim(self) -> &'static str {
        self.entry().map_or("", |(.., aim)| aim)
    }

    fn entry(self) -> Option<(&'static str, Self, &'static str)> {
        MEASURES.into_iter().find(|(_, measure, _)| *measure == self)
    }

    /// In what it is counted.
    #[must_use]
    pub fn unit(self) -> GoalUnit {
        match self {
            Self::Mentions
            | Self::Authors
            | Self::Reach
            | Self::PurchaseIntents
            | Self::OwnLinks => GoalUnit::Count,
            Self::ShareOfVoice
            | Self::NegativeShare
            | Self::ReplyShare
            | Self::RecommendationShare
            | Self::ChurnShare
            | Self::PurchaseShare => GoalUnit::Share,
            Self::NetSentiment => GoalUnit::Net,
            Self::ReplyTime => GoalUnit::Seconds,
        }
    }

    fn side(self) -> Side {
        match self {
            Self::NegativeShare | Self::ReplyTime | Self::ChurnShare => Side::AtMost,
            _ => Side::AtLeast,
        }
    }
}

/// Reads each `[goal.NAME]`.
pub(super) fn goals<'i>(
    root: &DeTable<'i>,
    topics: &[Topic],
    rules: &[Rule],
    receivers: &[ReceiverConfig],
    problems: &mut Problems<'i>,
) -> Vec<Goal> {
    let Some(value) = root.get("goal") else { return Vec::new() };
    let Some(table) = value.get_ref().as_table() else {
        let hint = "write [goal.NAME], with a name of your own after the dot";
        problems.add(value.span().start, "goal must be a table of goals", hint);
        return Vec::new();
    };
    for (name, value) in table {
        if rules.iter().any(|rule| rule.name == *name.get_ref()) {
            let message = format!("a rule is called \"{}\" as well", name.get_ref());
            let hint = "alerts name the one or the other: give the goal another name";
            problems.add(value.span().start, message, hint);
        }
    }
    let mut goals: Vec<Goal> = table
        .iter()
        .map(|(name, value)| goal(name.get_ref(), value, topics, receivers, problems))
        .collect();
    goals.sort_by(|one, other| one.name.cmp(&other.name));
    goals
}

fn goal<'i>(
    name: &str,
    value: &Spanned<DeValue<'i>>,
    topics: &[Topic],
    receivers: &[ReceiverConfig],
    problems: &mut Problems<'i>,
) -> Goal {
    let mut section = Section::open("[goal.NAME]", Some(value), problems);
    let choices = MEASURES.map(|(name, measure, _)| (name, measure));
    let measure = section.required_choice("measure", &choices).unwrap_or(GoalMeasure::Mentions);
    let named = section.texts("topics");
    let watched: Vec<String> = match &named {
        None => topics.iter().map(|topic| topic.name.clone()).collect(),
        Some(named) => {
            let known = topics.iter().map(|topic| topic.name.as_str());
            let places = resolve(named, known, "topic", section.problems);
            places.into_iter().filter_map(|at| Some(topics.get(at)?.name.clone())).collect()
        }
    };
    let target = target(measure, &mut section);
    let sides = [("at_least", Side::AtLeast), ("at_most", Side::AtMost)];
    let side = section.choice("side", &sides).unwrap_or(measure.side());
    let span = span(&mut section);
    let sites = sites(measure, &mut section);
    let told = section.texts("receivers").unwrap_or_default();
    let known = receivers.iter().map(|receiver| receiver.name.as_str());
    resolve(&told, known, "receiver", section.problems);
    let goal = Goal {
        name: name.to_owned(),
        measure,
        voice: voice(measure, &watched, topics, &mut section),
        topics: watched,
        target,
        side,
        span,
        zone: zone(&mut section),
        sites,
        severity: section.text("severity").unwrap_or_else(|| "info".to_owned()),
        labels: section.pairs("labels"),
        escalate: steps(&told, receivers, &mut section),
        receivers: told.into_iter().map(|(receiver, _)| receiver).collect(),
        policy: policy(&mut section),
    };
    check(&goal, topics, &mut section);
    section.finish();
    goal
}

/// What a goal needs that its keys alone do not say.
fn check(goal: &Goal, topics: &[Topic], section: &mut Section<'_, '_>) {
    let at = section.place("topics");
    let of = topics.iter().filter(|topic| goal.topics.contains(&topic.name));
    let of: Vec<&Topic> = of.collect();
    let is_dialogue = matches!(goal.measure, GoalMeasure::ReplyShare | GoalMeasure::ReplyTime);
    let has_accounts = of.iter().any(|topic| topic.accounts_among(topics).next().is_some());
    if is_dialogue && !of.is_empty() && !has_accounts {
        let hint = "add to the topic, or to one of its brand: accounts = [\"...\"]";
        let message =
            format!("goal \"{}\": it has no accounts of yours that could answer", goal.name);
        section.problems.warn(at, message, hint);
    }
}

/// The brand whose share is meant, and its group.
fn voice(
    measure: GoalMeasure,
    watched: &[String],
    topics: &[Topic],
    section: &mut Section<'_, '_>,
) -> Option<(String, Option<String>)> {
    if measure != GoalMeasure::ShareOfVoice {
        return None;
    }
    let of = topics.iter().filter(|topic| watched.contains(&topic.name));
    let brand = |topic: &Topic| topic.brand.clone().unwrap_or_else(|| topic.name.clone());
    let mut brands = of.map(|topic| (brand(topic), topic.group.clone()));
    let first = brands.next();
    if brands.any(|other| Some(&other) != first.as_ref()) {
        let at = section.place("topics");
        let hint = "name topics of one brand and one group: topics = [\"...\"]";
        section.problems.add(at, "a share of voice is that of one brand", hint);
    }
    first
}

fn target(measure: GoalMeasure, section: &mut Section<'_, '_>) -> f64 {
    let is_there = section.has("target");
    let (target, example) = match measure.unit() {
        GoalUnit::Count => (section.number("target", 0.0..COUNT_MAX), "500"),
        GoalUnit::Share => (section.number("target", 0.0..1.0), "0.4"),
        GoalUnit::Net => (section.number("target", -1.0..1.0), "0.2"),
        GoalUnit::Seconds => {
            let seconds = section.span("target", SECOND_US).map(|us| us / SECOND_US);
            #[allow(clippy::cast_precision_loss, reason = "spans are far below 2^53 seconds")]
            let seconds = seconds.map(|seconds| seconds as f64);
            (seconds, "\"1h\"")
        }
    };
    if !is_there {
        let (at, hint) = (section.at(), format!("add: target = {example}"));
        section.problems.add(at, "[goal.NAME] needs a \"target\"", hint);
    }
    target.unwrap_or(0.0)
}

fn span(section: &mut Section<'_, '_>) -> GoalSpan {
    let Some(text) = section.text("span") else { return GoalSpan::Days(28) };
    let named = match text.as_str() {
        "week" => Some(GoalSpan::Week),
        "month" => Some(GoalSpan::Month),
        "quarter" => Some(GoalSpan::Quarter),
        "year" => Some(GoalSpan::Year),
        text => {
            let days = crate::time::parse_span(text).ok().filter(|us| us % DAY_US == 0);
            let days = days.map(|us| us / DAY_US).filter(|days| (3..=DAYS_MAX).contains(days));
            days.map(GoalSpan::Days)
        }
    };
    named.unwrap_or_else(|| {
        let at = section.place("span");
        let hint = "write \"7d\" to \"400d\", whole days of 3 at least, or week, month, quarter, year: the running one";
        section.problems.add(at, format!("\"{text}\" is not the span of a goal"), hint);
        GoalSpan::Days(28)
    })
}

/// Hosts of our own pages.
fn sites(measure: GoalMeasure, section: &mut Section<'_, '_>) -> Vec<String> {
    let named = section.texts("sites").unwrap_or_default();
    let mut sites = Vec::new();
    for (site, at) in named {
        let host = site.trim().to_lowercase();
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '/' | '_');
        if host.contains('.') && host.chars().all(allowed) && !host.contains("//") {
            sites.push(host);
        } else {
            let hint = "write a host, perhaps with the beginning of a path: \"example.com\"";
            section.problems.add(at, format!("\"{site}\" is not a site"), hint);
        }
    }
    if measure == GoalMeasure::OwnLinks && sites.is_empty() {
        let at = section.at();
        let hint = "add: sites = [\"example.com\"]";
        section.problems.add(at, "own_links needs your sites", hint);
    }
    sites
}
