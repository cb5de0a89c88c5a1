//! Who is told, where, in which words? One `[[receiver]]`.

use std::path::Path;

use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::escalate::chain;
use super::mail::{MailConfig, check_login, mail};
use super::reach::Reach;
use super::rules::zone;
use crate::alert::EscalationStep;
use crate::secret::{SecretPlace, place};
use crate::settings::{Problems, Section, content_place};
use crate::time::{DAY_US, SECOND_US};

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverConfig {
    /// Unique name.
    pub name: String,
    /// Where to deliver; for mail, nowhere.
    pub url: UrlPlace,
    /// How its mail leaves, if it is told by mail.
    pub mail: Option<MailConfig>,
    /// How messages are written.
    pub format: Format,
    /// How much of the evidence leaves the house.
    pub evidence: Evidence,
    /// For whom its texts are written.
    pub reader: Reader,
    /// Where the signing secret is, if messages are signed; for PagerDuty the routing key, for mail
    /// the password.
    pub secret: Option<SecretPlace>,
    /// Whether the address may be private and plain HTTP.
    pub reach: Reach,
    /// Who is told instead once this receiver is disabled.
    pub fallback: Option<String>,
    /// After which time without a success it is disabled, in microseconds.
    pub disable_after_us: i64,
    /// What it is told of.
    pub about: About,
    /// Who is told further while nobody takes care of what it was told.
    pub escalate: Vec<EscalationStep>,
}

/// For whom the texts of messages are written, in formats that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// In which language.
    pub language: Language,
    /// In which zone times are given.
    pub zone: TimeZone,
    /// Where alerts can be opened: `/alerts/ID` is put behind it. Without it the command line is
    /// named.
    pub base_url: Option<String>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { language: Language::En, zone: TimeZone::UTC, base_url: None }
    }
}

/// A language that messages are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// What a receiver is told of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum About {
    /// Alerts, and how resonanz itself is.
    #[default]
    All,
    /// Alerts only.
    Alerts,
}

impl Default for ReceiverConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: UrlPlace::default(),
            mail: None,
            format: Format::default(),
            evidence: Evidence::default(),
            reader: Reader::default(),
            secret: None,
            reach: Reach::default(),
            fallback: None,
            disable_after_us: 3 * DAY_US,
            about: About::All,
            escalate: Vec::new(),
        }
    }
}

/// Where an address stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlPlace {
    /// In the configuration.
    Plain(String),
    /// Elsewhere, because whoever knows it may post there.
    Secret(SecretPlace),
}

impl Default for UrlPlace {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

/// How messages are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Format {
    /// resonanz's own JSON.
    #[default]
    Resonanz,
    /// Alerts as Prometheus posts them to Alertmanager's `/api/v2/alerts`.
    Alertmanager,
    /// A Slack incoming webhook.
    Slack,
    /// An Adaptive Card for a Teams workflow.
    Teams,
    /// PagerDuty Events, version 2.
    PagerDuty,
    /// CloudEvents 1.0, structured JSON.
    CloudEvents,
    /// Plain text by this template, or by the usual one.
    Text(Option<String>),
    /// Mail in plain text and HTML.
    Mail,
}

/// How much of the evidence leaves the house.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Evidence {
    /// Everything.
    #[default]
    Full,
    /// Identities and numbers: no texts, authors or addresses.
    Ids,
}

const FORMATS: [(&str, Format); 7] = [
    ("resonanz", Format::Resonanz),
    ("alertmanager", Format::Alertmanager),
    ("slack", Format::Slack),
    ("teams", Format::Teams),
    ("pagerduty", Format::PagerDuty),
    ("cloudevents", Format::CloudEvents),
    ("text", Format::Text(None)),
];
/// Longest `base_url`: it stands in messages, which are bounded.
const BASE_URL_BYTES_MAX: usize = 200;
/// Where PagerDuty takes events from everyone.
const PAGERDUTY_URL: &str = "https://events.pagerduty.com/v2/enqueue";

pub(super) fn receiver<'i>(
    value: &Spanned<DeValue<'i>>,
    base: &Path,
    problems: &mut Problems<'i>,
) -> ReceiverConfig {
    let mut section = Section::open("[[receiver]]", Some(value), problems);
    let name = section.required_text("name");
    let reach = if section.flag("internal") { Reach::Internal } else { Reach::Public };
    let kinds = [("webhook", Kind::Webhook), ("mail", Kind::Mail)];
    let kind = section.choice("kind", &kinds).unwrap_or_default();
    let (format, url, mail) = match kind {
        Kind::Webhook => {
            let format = format(&mut section);
            let url = url(&mut section, base, reach, &format);
            (format, url, None)
        }
        Kind::Mail => (Format::Mail, UrlPlace::default(), mail(&mut section, base, reach)),
    };
    let secret = place(&mut section, base, ["secret_env", "secret_file"]);
    check_login(&mut section, mail.as_ref(), secret.as_ref());
    if format == Format::PagerDuty && secret.is_none() {
        let at = section.at();
        section.problems.add(
            at,
            format!("receiver \"{name}\" needs PagerDuty's routing key"),
            "add: secret_env = \"NAME\", an environment variable with the integration key",
        );
    }
    let evidence = [("full", Evidence::Full), ("ids", Evidence::Ids)];
    let evidence = section.choice("evidence", &evidence).unwrap_or_default();
    let reader = reader(&mut section, reach);
    let fallback = section.text("fallback");
    let disable_after_us = section.span("disable_after", SECOND_US).unwrap_or(3 * DAY_US);
    let about = [("all", About::All), ("alerts", About::Alerts)];
    let about = section.choice("about", &about).unwrap_or_default();
    let escalate = chain(&mut section).unwrap_or_default();
    section.finish();
    ReceiverConfig {
        name,
        url,
        mail,
        format,
        evidence,
        reader,
        secret,
        reach,
        fallback,
        disable_after_us,
        about,
        escalate,
    }
}

/// By which road a receiver is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Webhook,
    Mail,
}

/// For whom texts are written.
fn reader(section: &mut Section<'_, '_>, reach: Reach) -> Reader {
    let languages = [("en", Language::En), ("de", Language::De)];
    let language = section.choice("language", &languages).unwrap_or_default();
    let zone = zone(section);
    let base_url = section.text("base_url").map(|url| url.trim_end_matches('/').to_owned());
    if let Some(url) = &base_url {
        let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '|');
        let odd = url.contains(odd) || url.len() > BASE_URL_BYTES_MAX;
        let odd = odd.then_some("write it as \"https://resonanz.example.com\"");
        if let Some(hint) = odd.or_else(|| reach.refusal(url)) {
            let at = section.place("base_url");
            section.problems.add(at, format!("\"{url}\" is not an HTTPS address"), hint);
        }
    }
    Reader { language, zone, base_url }
}

fn format(section: &mut Section<'_, '_>) -> Format {
    let places: Vec<(&str, usize)> =
        FORMATS.iter().zip(0..).map(|((name, _), place)| (*name, place)).collect();
    let chosen = section.choice("format", &places).and_then(|place| FORMATS.get(place));
    let chosen = chosen.map_or(Format::default(), |(_, format)| format.clone());
    let template = section.text("template");
    let at = section.place("template");
    match (&chosen, template) {
        (Format::Text(_), Some(template)) => {
            if let Err(error) = minijinja::Environment::new().template_from_str(&template) {
                let offset = error.range().map_or(0, |range| range.start);
                let line = error.line().unwrap_or(1);
                let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                let at = content_place(section.problems.text(), at, line, offset);
                section.problems.add(
                    at,
                    format!("template: {why}"),
                    "it is a Jinja template, as \"{{ title }}: {{ summary }}\"",
                );
            }
            Format::Text(Some(template))
        }
        (_, Some(_)) => {
            let hint = "add: format = \"text\"";
            section.problems.add(at, "a template is for plain text only", hint);
            chosen
        }
        (_, None) => chosen,
    }
}

fn url(section: &mut Section<'_, '_>, base: &Path, reach: Reach, format: &Format) -> UrlPlace {
    let place = place(section, base, ["url_env", "url_file"]);
    match place {
        Some(_) if section.has("url") => {
            let at = section.place("url");
            section.text("url");
            section.problems.add(at, "two addresses are given", "keep one of them");
            UrlPlace::default()
        }
        Some(place) => UrlPlace::Secret(place),
        None if *format == Format::PagerDuty && !section.has("url") => {
            section.text("url");
            UrlPlace::Plain(PAGERDUTY_URL.to_owned())
        }
        None => {
            let url = section.required_text("url");
            if !url.is_empty()
                && let Some(hint) = reach.refusal(&url)
            {
                let at = section.place("url");
                section.problems.add(at, format!("\"{url}\" is not an HTTPS address"), hint);
            }
            UrlPlace::Plain(url)
        }
    }
}

/// Reports fallbacks that are not receivers, or lead back to where they began.
pub(super) fn check_fallbacks<'i>(
    root: &DeTable<'i>,
    receivers: &[ReceiverConfig],
    problems: &mut Problems<'i>,
) {
    let named = |name: &str| receivers.iter().find(|receiver| receiver.name == name);
    let written = root.get("receiver").and_then(|value| value.get_ref().as_array());
    for (receiver, value) in receivers.iter().zip(written.into_iter().flatten()) {
        let Some(fallback) = &receiver.fallback else { continue };
        let at = value.get_ref().as_table().and_then(|table| table.get("fallback"));
        let at = at.map_or(value.span().start, |value| value.span().start);
        let after = |name: &&str| named(name)?.fallback.as_deref();
        let mut chain = std::iter::successors(Some(fallback.as_str()), after).take(receivers.len());
        if named(fallback).is_none() {
            let names: Vec<&str> =
                receivers.iter().map(|receiver| receiver.name.as_str()).collect();
            let hint = format!("the receivers are {}", names.join(", "));
            problems.add(at, format!("no receiver is called \"{fallback}\""), hint);
        } else if chain.any(|name| name == receiver.name) {
            let message = format!("receiver \"{}\" falls back on itself", receiver.name);
            problems.add(at, message, "end the chain at a receiver without a fallback");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn errors(receiver: &str) -> Vec<String> {
        let text = format!("[[receiver]]\nname = \"a\"\nurl = \"https://h/\"\n{receiver}");
        let errors = Config::parse(&text, "".as_ref()).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn problems_of_receivers_have_their_place() {
        let bad_template =
            "format = \"text\"\ntemplate = '''\nfine {{ title }}\nnot {{ % }}\n'''\n";
        for (receiver, wanted) in [
            (bad_template, "7:8: template: "),
            ("template = \"x\"", "4:12: a template is for plain text only"),
            ("format = \"pagerduty\"", "1:1: receiver \"a\" needs PagerDuty's routing key"),
            ("fallback = \"b\"", "4:12: no receiver is called \"b\""),
            ("fallback = \"a\"", "4:12: receiver \"a\" falls back on itself"),
            ("url_env = \"X\"", "3:7: two addresses are given"),
            ("secret_env = \"X\"\nsecret_file = \"y\"", "5:15: both secret_env and secret_file"),
            ("zone = \"Berlin\"", "4:8: \"Berlin\" is not a time zone"),
            ("language = \"fr\"", "4:12: language is \"fr\""),
            ("base_url = \"http://h\"", "4:12: \"http://h\" is not an HTTPS address"),
            ("format = \"fax\"", "4:10: format is \"fax\""),
            ("server = \"h\"", "4:1: unknown key \"server\" in [[receiver]]"),
        ] {
            let found = errors(receiver);
            assert!(found.len() == 1 && found[0].starts_with(wanted), "{receiver}: {found:?}");
        }
        for good in [
            "format = \"text\"\ntemplate = '{{ title }}'",
            "language = \"de\"\nzone = \"Europe/Berlin\"\nbase_url = \"https://h/\"",
            "format = \"pagerduty\"\nsecret_env = \"X\"\nevidence = \"ids\"",
        ] {
            assert!(errors(good).is_empty(), "{:?}", errors(good));
        }
    }
}
