//! How is a report told of that came by itself? By its figures, topic by topic.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::clean::clean;
use super::fact::{Action, Fact};
use super::notice::Notice;
use super::voice::Voice;
use crate::chart::{ENGLISH, GERMAN, zoned};
use crate::time::EventTime;

/// What such messages are called.
pub(super) const KIND: &str = "report.ready";

/// Which report, and of which days.
pub(super) fn title(notice: &Notice, voice: Voice<'_>) -> String {
    let name = clean(notice.text("report"));
    let days = days(notice).map(|[first, last]| {
        let locale = voice.either(&ENGLISH, &GERMAN);
        match [first, last].map(|day| locale.date(&day)) {
            [first, last] if first == last => format!(": {first}"),
            [first, last] => format!(": {first} {} {last}", voice.either("to", "bis")),
        }
    });
    let report = voice.either(format!("Report {name}"), format!("Bericht {name}"));
    format!("{report}{}", days.unwrap_or_default())
}

/// The first and the last day, on the clock of the report's zone.
fn days(notice: &Notice) -> Option<[jiff::Zoned; 2]> {
    let zone = TimeZone::get(notice.text("zone")).ok()?;
    let time = |name| EventTime::parse(notice.text(name)).ok();
    Some([zoned(time("from")?, &zone), zoned(time("to")?.shift(-1), &zone)])
}

/// One line for each topic, and what else there is to know.
pub(super) fn facts(notice: &Notice, voice: Voice<'_>) -> Vec<Fact> {
    let fact = |key: &str, name: String, value: String| Fact { key: key.to_owned(), name, value };
    let topics = notice.data.get("topics").and_then(Value::as_array);
    let mut facts: Vec<Fact> = topics
        .into_iter()
        .flatten()
        .map(|topic| {
            let name = topic.get("topic").and_then(Value::as_str).unwrap_or_default();
            fact("topic", clean(name), figures(topic, voice))
        })
        .collect();
    let count = |name: &str| notice.data.get(name).and_then(Value::as_u64).unwrap_or(0);
    let more = count("more_topics");
    if more > 0 {
        let name = voice.either("Further topics", "Weitere Themen").to_owned();
        facts.push(fact("more_topics", name, voice.count(more)));
    }
    let (alerts, firing) = (count("alerts"), count("alerts_firing"));
    let alerts = voice.count(alerts);
    let alerts = match firing {
        0 => alerts,
        _ => {
            let verb = if firing == 1 { "läuft" } else { "laufen" };
            let firing = voice.count(firing);
            let still = voice.either("still firing".to_owned(), format!("{verb} noch"));
            format!("{alerts} ({firing} {still})")
        }
    };
    facts.push(fact("alerts", voice.either("Alerts", "Alarme").to_owned(), alerts));
    let missing = match notice.text("heard") {
        "part" => voice.either(
            "not all of these days was heard: there may have been more",
            "nicht die ganze Zeit wurde gehört: Es kann mehr gewesen sein",
        ),
        "nothing" => voice.either(
            "nothing was heard: the numbers are missing, and not zero",
            "nichts wurde gehört: Die Zahlen fehlen, sie sind nicht null",
        ),
        _ => return facts,
    };
    facts.push(fact("heard", voice.either("Heard", "Gehört").to_owned(), missing.to_owned()));
    facts
}

/// Such as "12 mentions (before 8), 3 negative; net sentiment −0.25 (change +0.10)".
fn figures(topic: &Value, voice: Voice<'_>) -> String {
    let locale = voice.either(&ENGLISH, &GERMAN);
    let count = |name: &str| topic.get(name).and_then(Value::as_u64);
    let number = |name: &str| topic.get(name).and_then(Value::as_f64);
    let (mentions, negative) = (count("mentions").unwrap_or(0), count("negative").unwrap_or(0));
    let noun = match mentions {
        1 => voice.either("mention", "Erwähnung"),
        _ => voice.either("mentions", "Erwähnungen"),
    };
    let before = count("before").map(|before| {
        let before = voice.count(before);
        voice.either(format!(" (before {before})"), format!(" (davor {before})"))
    });
    let mut out = format!("{} {noun}{}", voice.count(mentions), before.unwrap_or_default());
    let negative = voice.count(negative);
    out += &voice.either(format!(", {negative} negative"), format!(", {negative} negativ"));
    if let Some(net) = number("net") {
        let name = voice.either("net sentiment", "Netto-Stimmung");
        out += &format!("; {name} {}", locale.signed(net));
    }
    if let Some(change) = number("net_change") {
        let telling = topic.get("telling").and_then(Value::as_bool).unwrap_or(false);
        let hardly = if telling { voice.either(", hardly chance", ", kaum Zufall") } else { "" };
        let name = voice.either("change", "Änderung");
        out += &format!(" ({name} {}{hardly})", locale.signed(change));
    }
    out
}

/// How to make the report again, and where to look further.
pub(super) fn action(notice: &Notice, voice: Voice<'_>) -> Option<Action> {
    let [first, last] = days(notice)?.map(|day| day.date());
    let zone = clean(notice.text("zone"));
    let link = voice.0.base_url.as_ref();
    Some(Action {
        name: voice.either("Make it again", "Noch einmal erstellen"),
        command: format!(
            "resonanz report --period {first}..{last} --zone {zone}{}",
            voice.either("", " --lang de")
        ),
        link: link.map(|base| (voice.either("Dashboard", "Übersicht"), format!("{base}/"))),
    })
}
