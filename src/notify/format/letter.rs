//! What does a person read? A message in their language, ready for any service's shape.
//!
//! Everything in it is clean, but nothing is escaped: each service has its own commands.

use serde_json::Value;

use super::bulletin;
use super::clean::{clean, shortened};
use super::fact::{Action, Fact};
use super::notice::{Call, Notice, said};
use super::sentence::sentence;
use super::voice::Voice;
use crate::config::Reader;
use crate::time::EventTime;

/// Posts shown, and most characters of each.
const POSTS_MAX: usize = 5;
const POST_CHARS: usize = 240;
/// Sources, languages and words named.
const NAMES_MAX: usize = 10;
/// Most characters of a value.
const VALUE_CHARS: usize = 200;
/// Lines of what is to be done.
const LINES_MAX: usize = 20;
/// Characters of an alert's id that are enough to name it.
const ID_CHARS: usize = 12;
/// The page of an alert, behind a receiver's `base_url`.
const STORY: &str = "/alerts/";

/// A message as a person reads it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    /// One sentence.
    pub(super) title: String,
    /// One line: how bad, which rule, what became of it and when.
    pub(super) summary: String,
    pub(super) facts: Vec<Fact>,
    pub(super) posts: Vec<Shown>,
    /// What the team has written down for such a case, if it has.
    pub(super) todo: Option<Todo>,
    /// What can be done, if there is something.
    pub(super) action: Option<Action>,
}

/// A post.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) text: String,
    /// Where it was posted, and how many others say nearly the same.
    pub(super) origin: String,
    pub(super) url: Option<String>,
    pub(super) score: Option<f64>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Todo {
    /// That it is, of which page, by whom and within what time.
    pub(super) title: String,
    /// The first section of the page, in lines; clean.
    pub(super) text: String,
}

impl Letter {
    pub(super) fn of(notice: &Notice, reader: &Reader) -> Self {
        let voice = Voice(reader);
        Self {
            title: title(notice, voice),
            summary: summary(notice, voice),
            facts: facts(notice, voice),
            posts: notice
                .quotes()
                .into_iter()
                .filter(|quote| !quote.text.is_empty())
                .take(POSTS_MAX)
                .map(|quote| Shown {
                    text: shortened(quote.text, POST_CHARS),
                    origin: origin(quote.source, quote.alike, voice),
                    url: quote.url.map(str::to_owned),
                    score: quote.score,
                })
                .collect(),
            todo: todo(notice, voice),
            action: action(notice, voice),
        }
    }
}

/// What happened; before it, if so, that nobody has taken care of it.
fn title(notice: &Notice, voice: Voice<'_>) -> String {
    let said = sentence(notice, voice);
    let Some(since) = notice.untaken().and_then(|since| EventTime::parse(since).ok()) else {
        return said;
    };
    let since = voice.date(since);
    voice.either(
        format!("Nobody has taken care since {since}: {said}"),
        format!("Seit {since} hat niemand übernommen: {said}"),
    )
}

fn todo(notice: &Notice, voice: Voice<'_>) -> Option<Todo> {
    let policy = notice.data.get("policy")?;
    let text = |name: &str| policy.get(name).and_then(Value::as_str).unwrap_or_default();
    let now: Vec<String> = text("now").lines().take(LINES_MAX).map(clean).collect();
    let now = now.join("\n");
    let [name, who, within] = ["title", "who", "within"].map(|name| clean(text(name)));
    if now.is_empty() && who.is_empty() && within.is_empty() {
        return None;
    }
    let mut title = format!("{}: {name}", voice.either("What to do now", "Was jetzt zu tun ist"));
    if !who.is_empty() {
        title += &format!(" · {who}");
    }
    if !within.is_empty() {
        title += &format!(" · {} {within}", voice.either("within", "binnen"));
    }
    Some(Todo { title, text: now })
}

fn summary(notice: &Notice, voice: Voice<'_>) -> String {
    let transition = match notice.text("transition") {
        "fired" => voice.either("fired", "ausgelöst"),
        "escalated" => voice.either("escalated", "verschärft"),
        "resolved" => voice.either("resolved", "beendet"),
        other => other,
    };
    let at = EventTime::parse(&notice.timestamp).map(|at| voice.date(at));
    let at = at.unwrap_or_else(|_| clean(&notice.timestamp));
    let severity = voice.severity(notice.text("severity"));
    let parts = [severity, notice.text("rule"), transition, &at].map(clean);
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

fn origin(source: Option<&str>, alike: u64, voice: Voice<'_>) -> String {
    let source = clean(source.unwrap_or_default());
    let others = alike.saturating_sub(1);
    let alike = match others {
        0 => String::new(),
        1 => voice.either("1 more like it", "1 ähnlicher").to_owned(),
        _ => {
            let others = voice.count(others);
            voice.either(format!("{others} more like it"), format!("{others} ähnliche"))
        }
    };
    let parts: Vec<String> = [source, alike].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

fn action(notice: &Notice, voice: Voice<'_>) -> Option<Action> {
    if notice.kind == bulletin::KIND {
        return bulletin::action(notice, voice);
    }
    let id = notice.text("alert_id");
    let is_plain = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if id.is_empty() || !is_plain {
        return None;
    }
    let short = id.get(..ID_CHARS).unwrap_or(id);
    let link = voice.0.base_url.as_ref();
    let link =
        link.map(|base| (voice.either("Details", "Einzelheiten"), format!("{base}{STORY}{id}")));
    let (name, command) = match notice.call() {
        Call::Trigger => (voice.either("Acknowledge", "Übernehmen"), "ack"),
        Call::Resolve => (voice.either("History", "Verlauf"), "show"),
    };
    Some(Action { name, command: format!("resonanz alerts {command} {short}"), link })
}

/// What else there is to know, in a fixed order.
fn facts(notice: &Notice, voice: Voice<'_>) -> Vec<Fact> {
    if notice.kind == bulletin::KIND {
        return bulletin::facts(notice, voice);
    }
    let evidence = |name: &str| notice.data.get("evidence").and_then(|found| found.get(name));
    let number = |value: Option<&Value>| {
        let number = value.and_then(Value::as_u64).filter(|&number| number > 0);
        number.map(|number| voice.count(number)).unwrap_or_default()
    };
    let data = |name: &str| notice.data.get(name);
    let known = [
        ("terms", ["Keywords", "Stichwörter"], names(evidence("terms"), "term", voice)),
        ("authors", ["Authors", "Autoren"], number(data("authors"))),
        ("copies", ["Copies", "Kopien"], number(data("copies"))),
        ("coordination", ["Conspicuous", "Auffällig"], coordination(notice, voice).to_owned()),
        ("late", ["Came late", "Nachträglich eingegangen"], number(evidence("late"))),
        ("sources", ["Sources", "Quellen"], names(evidence("sources"), "source", voice)),
        ("languages", ["Languages", "Sprachen"], names(evidence("languages"), "lang", voice)),
        (
            "escalation",
            ["Escalation step", "Stufe der Eskalation"],
            notice.step().map(|step| step.to_string()).unwrap_or_default(),
        ),
        ("brand", ["Brand", "Marke"], clean(notice.text("brand"))),
        (
            "members",
            ["Also speaks for", "Gilt auch für"],
            data("members").map(said).unwrap_or_default(),
        ),
        ("hint", ["What helps", "Was hilft"], clean(notice.text("hint"))),
    ];
    let known = known.map(|(key, [english, german], value)| {
        (key.to_owned(), voice.either(english, german).to_owned(), value)
    });
    let labels = data("labels").and_then(Value::as_object).into_iter().flatten();
    let labels = labels.map(|(name, value)| (name.clone(), clean(name), said(value)));
    let all = known.into_iter().chain(labels);
    let all =
        all.map(|(key, name, value)| Fact { key, name, value: shortened(&value, VALUE_CHARS) });
    all.filter(|fact| !fact.value.is_empty()).collect()
}

fn coordination(notice: &Notice, voice: Voice<'_>) -> &'static str {
    match notice.text("coordination") {
        "copies" => voice.either(
            "at least half of the posts are copies",
            "mindestens die Hälfte der Beiträge sind Kopien",
        ),
        "fewauthors" => voice.either(
            "few authors write much, four or more posts each on average",
            "wenige Autoren schreiben viel, im Schnitt mindestens vier Beiträge",
        ),
        _ => "",
    }
}

/// Names in a list of the evidence, with how many mentions each has, if that is known.
fn names(list: Option<&Value>, name: &str, voice: Voice<'_>) -> String {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let named = list.filter_map(|entry| {
        let named = clean(entry.get(name)?.as_str()?);
        let mentions = entry.get("mentions").and_then(Value::as_u64);
        Some(match mentions {
            Some(mentions) => format!("{named} {}", voice.count(mentions)),
            None => named,
        })
    });
    named.take(NAMES_MAX).collect::<Vec<_>>().join(", ")
}
