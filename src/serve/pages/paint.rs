//! How does an answer become a page? Templates, with numbers, times and words as their reader
//! writes them. What a post says is escaped wherever it stands.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, State};

use super::viewer::encode;
use super::{assets, reasons, words};
use crate::chart::{self, ENGLISH, GERMAN, Locale, zoned};
use crate::config::GoalMeasure;
use crate::time::EventTime;

pub(super) const TEMPLATES: [(&str, &str); 19] = [
    ("base.html", include_str!("templates/base.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("overview.html", include_str!("templates/overview.html")),
    ("topic.html", include_str!("templates/topic.html")),
    ("topics.html", include_str!("templates/topics.html")),
    ("mentions.html", include_str!("templates/mentions.html")),
    ("mention.html", include_str!("templates/mention.html")),
    ("inbox.html", include_str!("templates/inbox.html")),
    ("waiting.html", include_str!("templates/waiting.html")),
    ("service.html", include_str!("templates/service.html")),
    ("review.html", include_str!("templates/review.html")),
    ("alerts.html", include_str!("templates/alerts.html")),
    ("alert.html", include_str!("templates/alert.html")),
    ("goals.html", include_str!("templates/goals.html")),
    ("sources.html", include_str!("templates/sources.html")),
    ("sql.html", include_str!("templates/sql.html")),
    ("settings.html", include_str!("templates/settings.html")),
    ("login.html", include_str!("templates/login.html")),
    ("error.html", include_str!("templates/error.html")),
];

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    for (name, text) in TEMPLATES {
        if let Err(error) = pages.add_template(name, text) {
            tracing::error!(%error, name, "a template cannot be read");
        }
    }
    pages
        .add_function("_", |state: &State, text: &str| words::said(text, locale(state)).to_owned());
    pages.add_function("told", |state: &State, text: &str| words::told(text, locale(state)));
    pages.add_function("foreign", |state: &State, text: &str| {
        words::is_foreign(text, locale(state))
    });
    pages.add_function("reason", |state: &State, text: &str| {
        reasons::reason(text, locale(state), &zone(state))
    });
    pages.add_function("asset", |name: &str| safe(assets::address(name)));
    pages.add_function("spark", |values: Vec<Option<f64>>| safe(chart::spark(&values, "accent")));
    pages.add_function("bar", |part: f64| safe(chart::share(&[("accent", part)])));
    pages.add_function("interval", |found: Value| {
        let end = |name| number_of(&found.get_attr(name).unwrap_or_default()).unwrap_or_default();
        safe(chart::interval(end("low"), end("value"), end("high")))
    });
    pages.add_function("measure", |state: &State, name: &str| {
        let goal = GoalMeasure::named(name).map(|measure| measure.said(locale(state)));
        goal.map_or_else(|| words::said(name, locale(state)).to_owned(), str::to_owned)
    });
    pages.add_function("meant", meant);
    pages.add_function("stretch", stretch);
    pages.add_filter("count", |state: &State, value: Value| number(state, &value, 0));
    pages.add_filter("number", |state: &State, value: Value, places: usize| {
        number(state, &value, places)
    });
    pages.add_filter("signed", |state: &State, value: Value| {
        written(&value, |value| locale(state).signed(value))
    });
    pages.add_filter("share", |state: &State, value: Value| {
        written(&value, |value| locale(state).share(value))
    });
    pages.add_filter("change", change);
    pages.add_filter("moment", moment);
    pages.add_filter("span", span);
    pages.add_filter("lasting", |state: &State, seconds: Value| {
        let [day, hour, minute] = words::units(locale(state));
        written(&seconds, |seconds| match seconds {
            ..5_400.0 => format!("{} {minute}", locale(state).number(seconds / 60.0, 0)),
            ..172_800.0 => format!("{} {hour}", locale(state).number(seconds / 3_600.0, 1)),
            _ => format!("{} {day}", locale(state).number(seconds / 86_400.0, 1)),
        })
    });
    pages.add_filter("url", |text: &str| encode(text));
    pages.add_filter("web", |url: Option<&str>| url.is_some_and(is_web));
    pages
});

/// Reads all templates.
pub(super) fn ready() {
    LazyLock::force(&PAGES);
}

/// Fills a template.
///
/// # Errors
/// When it asks for something that is not there.
pub(super) fn paint(name: &str, answer: serde_json::Value) -> Result<String, Error> {
    PAGES.get_template(name)?.render(Serde(answer))
}

fn safe(svg: String) -> Value {
    Value::from_safe_string(svg)
}

/// Whether an address leads to the web, and to nothing that a browser would run.
fn is_web(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn reader(state: &State, name: &str) -> Option<Value> {
    state.lookup("reader")?.get_attr(name).ok()
}

fn locale(state: &State) -> &'static Locale {
    let is_german = reader(state, "lang").is_some_and(|lang| lang.as_str() == Some("de"));
    if is_german { &GERMAN } else { &ENGLISH }
}

fn zone(state: &State) -> TimeZone {
    let zone = reader(state, "zone").and_then(|name| TimeZone::get(name.as_str()?).ok());
    zone.unwrap_or(TimeZone::UTC)
}

fn number_of(value: &Value) -> Option<f64> {
    f64::try_from(value.clone()).ok()
}

/// A number in words; a dash where none is known.
fn written(value: &Value, write: impl Fn(f64) -> String) -> String {
    number_of(value).map_or_else(|| "–".to_owned(), write)
}

fn number(state: &State, value: &Value, places: usize) -> String {
    written(value, |value| locale(state).number(value, places))
}

/// How far a count is from an earlier one, in percent.
fn change(state: &State, now: Value, then: Value) -> String {
    match (number_of(&now), number_of(&then)) {
        (Some(now), Some(then)) if then > 0.0 => {
            let share = (now - then) / then;
            let sign = if share > 0.0 { "+" } else { "" };
            format!("{sign}{}", locale(state).share(share))
        }
        (Some(now), Some(_)) if now > 0.0 => words::said("new", locale(state)).to_owned(),
        _ => "–".to_owned(),
    }
}

/// A time in the reader's zone: with its year if it is not this one's neighbor.
fn moment(state: &State, at: &str) -> String {
    let Ok(at) = EventTime::parse(at) else { return at.to_owned() };
    locale(state).instant(&zoned(at, &zone(state)))
}

/// From when to when: as days where both ends are midnights.
fn stretch(state: &State, from: &str, to: &str) -> String {
    let (Ok(begin), Ok(end)) = (EventTime::parse(from), EventTime::parse(to)) else {
        return format!("{from} – {to}");
    };
    let (zone, locale) = (zone(state), locale(state));
    let (begin, end) = (zoned(begin, &zone), zoned(end, &zone));
    let is_day = [&begin, &end].into_iter().all(|at| at.start_of_day().is_ok_and(|day| day == *at));
    let last = end.yesterday().ok().filter(|last| is_day && begin <= *last);
    match last {
        Some(last) if last.date() == begin.date() => locale.date(&begin),
        Some(last) => format!("{} – {}", locale.date(&begin), locale.date(&last)),
        None => format!("{} – {}", moment(state, from), moment(state, to)),
    }
}

/// Seconds in their largest unit.
fn span(state: &State, seconds: u64) -> String {
    let units = [(86_400, "days", "day"), (3_600, "hours", "hour"), (60, "minutes", "minute")];
    let found =
        units.into_iter().find(|(unit, ..)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, many, one) = found.unwrap_or((1, "seconds", "second"));
    let name = if seconds == unit { one } else { many };
    format!("{} {}", seconds / unit, words::said(name, locale(state)))
}

/// Negative, neutral and positive mentions as one bar.
fn meant(said: Value) -> Value {
    let count = |name| number_of(&said.get_attr(name).unwrap_or_default()).unwrap_or_default();
    let all = count("mentions").max(1.0);
    let parts = ["negative", "neutral", "positive"].map(|name| (name, count(name) / all));
    safe(chart::share(&parts))
}
