//! How does mail show it? A subject that is the same for all letters of an alert, plain text, and
//! HTML whose looks stand in the elements themselves, as mail programs want it.

use super::clean::shortened;
use super::fact::Action;
use super::letter::{Letter, Shown};
use super::notice::Notice;
use super::voice::Voice;
use crate::chart::escape;

/// Most characters of a subject.
const SUBJECT_CHARS: usize = 120;
const SOFT: &str = "color:#59636e;font-size:13px";

/// A letter's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// One line.
    pub subject: String,
    /// In plain text.
    pub plain: String,
    /// The same in HTML.
    pub html: String,
}

/// The subject: mail programs that put letters together look at it, so an alert's never changes.
pub(super) fn subject(notice: &Notice, letter: &Letter, voice: Voice<'_>) -> String {
    let [topic, rule, severity] = ["topic", "rule", "severity"].map(|name| notice.text(name));
    let subject = match (topic, rule) {
        ("", _) | (_, "") => letter.title.clone(),
        _ if severity.is_empty() => format!("{topic}: {rule}"),
        _ => format!("{topic}: {rule} ({})", voice.severity(severity)),
    };
    shortened(&subject, SUBJECT_CHARS)
}

/// The letter in HTML.
pub(super) fn html(letter: &Letter, language: &str) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"></head>\
         <body style=\"font:15px/1.5 -apple-system,Segoe UI,Helvetica,Arial,sans-serif;max-width:40em\">\
         <p style=\"font-size:18px;margin:0 0 4px\"><strong>{}</strong></p>\
         <p style=\"{SOFT};margin:0 0 16px\">{}</p>",
        escape(&letter.title),
        escape(&letter.summary),
    );
    if let Some(todo) = &letter.todo {
        out += &format!(
            "<p style=\"margin:0\"><strong>{}</strong></p>\
             <p style=\"margin:0 0 16px\">{}</p>",
            escape(&todo.title),
            todo.text.lines().map(escape).collect::<Vec<_>>().join("<br>")
        );
    }
    letter.posts.iter().for_each(|shown| post(shown, &mut out));
    if !letter.facts.is_empty() {
        out += "<table style=\"border-collapse:collapse;margin:16px 0\">";
        for fact in &letter.facts {
            out += &format!(
                "<tr><td style=\"{SOFT};padding:2px 16px 2px 0;vertical-align:top\">{}</td>\
                 <td style=\"padding:2px 0\">{}</td></tr>",
                escape(&fact.name),
                escape(&fact.value)
            );
        }
        out += "</table>";
    }
    if let Some(action) = &letter.action {
        act(action, &mut out);
    }
    out += "</body></html>\n";
    out
}

fn post(shown: &Shown, out: &mut String) {
    let origin = escape(&shown.origin);
    let origin = match &shown.url {
        Some(url) if origin.is_empty() => format!("<a href=\"{0}\">{0}</a>", escape(url)),
        Some(url) => format!("<a href=\"{}\">{origin}</a>", escape(url)),
        None => origin,
    };
    *out += &format!(
        "<blockquote style=\"margin:0 0 12px;padding:0 0 0 10px;border-left:3px solid #d1d9e0\">\
         <div dir=\"auto\">{}</div><div style=\"{SOFT}\">{origin}</div></blockquote>",
        escape(&shown.text),
    );
}

fn act(action: &Action, out: &mut String) {
    if let Some((name, url)) = &action.link {
        *out += &format!(
            "<p><a href=\"{}\" style=\"display:inline-block;padding:8px 14px;border-radius:6px;\
             background:#0969da;color:#fff;text-decoration:none\">{}</a></p>",
            escape(url),
            escape(name)
        );
    }
    *out += &format!(
        "<p style=\"{SOFT}\">{}: <code>{}</code></p>",
        escape(action.name),
        escape(&action.command)
    );
}
