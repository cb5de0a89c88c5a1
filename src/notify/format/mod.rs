//! What does a receiver read? A message in the words of the service that it goes to.
//!
//! Messages wait in the outbox in resonanz's own JSON, and are put into a receiver's format when
//! they leave: so a changed format holds for what waits, a message can go to a fallback of another
//! format, and a routing key is nowhere but in the request.

mod alertmanager;
mod bulletin;
mod clean;
mod fact;
mod cloud_events;
mod goal;
mod letter;
mod mail;
mod notice;
mod pagerduty;
mod sentence;
mod slack;
mod teams;
mod template;
mod voice;

use std::fmt;

use serde_json::json;

pub use mail::MailText;
pub use template::TemplateError;

use super::message::Message;
use crate::config::{Evidence, Format, Language, Reader};
use crate::time::EventTime;
use letter::Letter;
use notice::{Notice, SQUEEZES};
use template::Template;
use voice::Voice;

/// Longest body in bytes, whatever the evidence. Teams takes 28 kB, Slack's blocks 3,000 characters
/// each, PagerDuty 512 kB.
pub const BODY_BYTES_MAX: usize = 20_000;

const JSON: &str = "application/json";

/// A body, ready to be signed and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its media type.
    pub content_type: &'static str,
    /// At most [`BODY_BYTES_MAX`] bytes.
    pub text: String,
}

/// How one receiver's messages are written.
#[derive(Clone)]
pub struct Style {
    words: Words,
    evidence: Evidence,
    reader: Reader,
}

#[derive(Clone)]
enum Words {
    Resonanz,
    Alertmanager,
    Slack,
    Teams,
    PagerDuty {
        routing_key: String,
    },
    CloudEvents,
    Text(Template),
    /// The plain part of a letter.
    Mail(Template),
}

impl Style {
    /// The style of a format, in the words of `reader` where people read it; `secret` is PagerDuty's routing key, and of no use to the others.
    ///
    /// # Errors
    /// When a template cannot be read, or names what no message has.
    pub fn new(
        format: &Format,
        evidence: Evidence,
        reader: &Reader,
        secret: Option<&str>,
    ) -> Result<Self, TemplateError> {
        let words = match format {
            Format::Resonanz => Words::Resonanz,
            Format::Alertmanager => Words::Alertmanager,
            Format::Slack => Words::Slack,
            Format::Teams => Words::Teams,
            Format::PagerDuty => {
                Words::PagerDuty { routing_key: secret.unwrap_or_default().trim().to_owned() }
            }
            Format::CloudEvents => Words::CloudEvents,
            Format::Text(template) => Words::Text(Template::new(template.as_deref())?),
            Format::Mail => Words::Mail(Template::new(None)?),
        };
        Ok(Self { words, evidence, reader: reader.clone() })
    }

    /// The body of a message that leaves at `now`. The same message at the same instant always
    /// gives the same body; only Alertmanager's depends on the instant.
    ///
    /// Cost: a few microseconds per kilobyte, up to six times that for an overlong message.
    #[must_use]
    pub fn body(&self, message: &Message, now: EventTime) -> Body {
        let (_, mut text) = self.fitting(message, now);
        // Only a template can still be longer.
        text.truncate(text.floor_char_boundary(BODY_BYTES_MAX));
        let content_type = match self.words {
            Words::CloudEvents => "application/cloudevents+json",
            Words::Text(_) | Words::Mail(_) => "text/plain; charset=utf-8",
            _ => JSON,
        };
        Body { content_type, text }
    }

    /// A message as a letter.
    #[must_use]
    pub fn mail(&self, message: &Message, now: EventTime) -> MailText {
        let (notice, plain) = self.fitting(message, now);
        let letter = Letter::of(&notice, &self.reader);
        let language = match self.reader.language {
            Language::En => "en",
            Language::De => "de",
        };
        let subject = mail::subject(&notice, &letter, Voice(&self.reader));
        let html = mail::html(&letter, language);
        MailText { subject, plain, html }
    }

    /// In which language people read it.
    #[must_use]
    pub fn language(&self) -> Language {
        self.reader.language
    }

    /// A message taken apart and squeezed so far that its text fits, with that text.
    fn fitting(&self, message: &Message, now: EventTime) -> (Notice, String) {
        let mut notice = Notice::of(message);
        if self.evidence == Evidence::Ids {
            notice.keep_ids();
        }
        let mut text = self.write(&notice, now);
        for squeeze in SQUEEZES {
            if text.len() <= BODY_BYTES_MAX {
                break;
            }
            notice.squeeze(squeeze);
            text = self.write(&notice, now);
        }
        (notice, text)
    }

    /// Whether an alert must be told again and again while it fires.
    #[must_use]
    pub fn repeats(&self) -> bool {
        matches!(self.words, Words::Alertmanager)
    }

    fn write(&self, notice: &Notice, now: EventTime) -> String {
        let letter = || Letter::of(notice, &self.reader);
        match &self.words {
            Words::Resonanz => notice.envelope().to_string(),
            Words::Alertmanager => json!([alertmanager::alert(notice, &letter(), now)]).to_string(),
            Words::Slack => slack::message(&letter(), notice.call()).to_string(),
            Words::Teams => {
                teams::message(&letter(), notice.call(), notice.text("severity")).to_string()
            }
            Words::PagerDuty { routing_key } => {
                pagerduty::event(notice, &letter(), routing_key).to_string()
            }
            Words::CloudEvents => cloud_events::event(notice).to_string(),
            Words::Text(template) | Words::Mail(template) => template.write(notice, &letter()),
        }
    }
}

impl fmt::Debug for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match &self.words {
            Words::Resonanz => "resonanz",
            Words::Alertmanager => "alertmanager",
            Words::Slack => "slack",
            Words::Teams => "teams",
            Words::PagerDuty { .. } => "pagerduty",
            Words::CloudEvents => "cloudevents",
            Words::Text(_) => "text",
            Words::Mail(_) => "mail",
        };
        f.debug_struct("Style").field("words", &words).field("evidence", &self.evidence).finish()
    }
}

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod tests;
