//! Who looks? Their language, time zone and light or dark, and what they ask for.
//!
//! A choice in the address is kept in a cookie; without either, the browser's language counts, and its
//! zone, which its script tells at the first visit; without one times stand in UTC.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::chart::{ENGLISH, GERMAN, Locale};
use crate::serve::Api;
use crate::serve::access::{self, Viewer, Way};

/// The choices that a cookie keeps: their names in addresses.
const KEPT: [&str; 3] = ["lang", "zone", "theme"];
/// What an address says of a page's period.
pub(super) const PERIOD: [&str; 3] = ["period", "from", "to"];
/// What an address tells of one look alone.
const PASSING: [&str; 3] = ["after", "changed", "then"];
/// Seconds of a year.
const COOKIE_AGE_S: u32 = 31_536_000;

/// One request for a page.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) api: Api,
    pub(super) path: String,
    /// What the address asks, each name once.
    pub(super) asked: BTreeMap<String, String>,
    pub(super) headers: HeaderMap,
    pub(super) locale: &'static Locale,
    pub(super) zone: TimeZone,
    /// Whether somebody chose it, or the browser told it.
    knows_zone: bool,
    /// Who looks, if they are known.
    pub(super) viewer: Option<Viewer>,
    theme: &'static str,
}

impl FromRequestParts<Api> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        let asked = Query::<Vec<(String, String)>>::from_request_parts(parts, api).await;
        let asked: BTreeMap<String, String> =
            asked.map(|Query(pairs)| pairs.into_iter().collect()).unwrap_or_default();
        let headers = parts.headers.clone();
        let chosen = |name: &str| {
            let given = asked.get(name).cloned();
            given.or_else(|| cookie(&headers, &format!("resonanz_{name}")))
        };
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let locale = chosen("lang")
            .and_then(|tag| of_tag(&tag))
            .or_else(|| accepted.unwrap_or_default().split(',').find_map(of_tag));
        let zone = chosen("zone").and_then(|name| TimeZone::get(&name).ok());
        let theme = chosen("theme")
            .and_then(|name| ["light", "dark"].into_iter().find(|theme| *theme == name));
        Ok(Self {
            api: api.clone(),
            path: parts.uri.path().to_owned(),
            locale: locale.unwrap_or(&ENGLISH),
            knows_zone: zone.is_some(),
            zone: zone.unwrap_or(TimeZone::UTC),
            theme: theme.unwrap_or("auto"),
            asked,
            headers,
            viewer: parts.extensions.get().cloned(),
        })
    }
}

fn of_tag(tag: &str) -> Option<&'static Locale> {
    match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
        "de" => Some(&GERMAN),
        "en" => Some(&ENGLISH),
        _ => None,
    }
}

/// The value of a cookie.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    access::cookie(headers, name).map(decoded)
}

/// A value of ours in a cookie: only `%2F` is written otherwise.
fn decoded(value: &str) -> String {
    value.replace("%2F", "/")
}

impl Visit {
    /// What the address asks under a name, if it is not empty.
    pub(super) fn ask(&self, name: &str) -> Option<&str> {
        self.asked.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The name of the person who is logged in.
    pub(super) fn person(&self) -> Option<&str> {
        let known = self.viewer.as_ref();
        known.filter(|viewer| viewer.way != Way::Open).map(|viewer| &*viewer.name)
    }

    /// The name that the address gives for a zone, if there is none of it.
    pub(super) fn strange_zone(&self) -> Option<&str> {
        self.ask("zone").filter(|name| TimeZone::get(name).is_err())
    }

    /// Name of the zone.
    pub(super) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The same reader, who sees another page.
    pub(super) fn moved(self, path: &str, asked: BTreeMap<String, String>) -> Self {
        Self { path: path.to_owned(), asked, ..self }
    }

    /// The address of this page with something asked otherwise.
    pub(super) fn here(&self, name: &str, value: &str) -> String {
        let kept = self.asked.iter().filter(|(own, _)| {
            let own = own.as_str();
            let is_other = name == PERIOD[0] && PERIOD.contains(&own);
            own != name && !is_other && !PASSING.contains(&own)
        });
        let kept = kept.map(|(own, value)| (own.as_str(), value.as_str()));
        let pairs = kept.chain([(name, value)]).filter(|(_, value)| !value.is_empty());
        let query: Vec<String> =
            pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        format!("{}?{}", self.path, query.join("&"))
    }

    /// The address of a list as a file, with what this page filters by; a form is still to be named.
    pub(super) fn file(&self, path: &str, filters: &[(&str, Option<&str>)]) -> String {
        let given = filters.iter().filter_map(|(name, value)| Some((name, (*value)?)));
        let pairs: String =
            given.map(|(name, value)| format!("{name}={}&", encode(value))).collect();
        format!("{path}?{pairs}")
    }

    /// Cookies for the choices of this address.
    pub(super) fn cookies(&self) -> Vec<String> {
        let value = |name: &str| match name {
            "lang" => self.locale.tag.to_owned(),
            "zone" => self.zone_name().replace('/', "%2F"),
            _ => self.theme.to_owned(),
        };
        let is_kept = |name: &&str| *name != "zone" || self.strange_zone().is_none();
        let chosen = KEPT.into_iter().filter(|name| self.asked.contains_key(*name)).filter(is_kept);
        let written = chosen.map(|name| {
            let value = value(name);
            format!(
                "resonanz_{name}={value}; Path=/; Max-Age={COOKIE_AGE_S}; SameSite=Lax; HttpOnly"
            )
        });
        written.collect()
    }

    /// What every page knows of its reader.
    pub(super) fn reader(&self) -> Value {
        let langs = [("en", "English"), ("de", "Deutsch")].map(|(name, label)| {
            json!({"name": name, "label": label, "href": self.here("lang", name), "current": name == self.locale.tag})
        });
        let themes = [("auto", "System"), ("light", "Light"), ("dark", "Dark")].map(|(name, label)| {
            json!({"name": name, "label": label, "href": self.here("theme", name), "current": name == self.theme})
        });
        json!({
            "lang": self.locale.tag,
            "zone": self.zone_name(),
            "knows_zone": self.knows_zone,
            "theme": self.theme,
            "langs": langs,
            "themes": themes,
        })
    }
}

/// A text as a part of an address.
pub(in crate::serve) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte.into())
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
