//! What does a page say? Who acts, within what time, and what is done first.
//!
//! ```text
//! ---
//! who: Head of communications
//! within: 30 minutes
//! ---
//! # Crisis
//!
//! ## What to do now
//!
//! 1. Read the five posts on the alert's page.
//! ```

use serde::Serialize;

use super::html::html;
use super::plain::{heading, plain};

/// Most characters of what is done first, as messages carry it.
const NOW_CHARS: usize = 900;
/// Most characters of a name or a time.
const WORD_CHARS: usize = 120;

/// A page, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guide {
    /// Its name, as rules give it.
    pub name: String,
    /// Its first heading, else its name.
    pub title: String,
    /// Who acts, as the page says it.
    pub who: Option<String>,
    /// Within what time, as the page says it.
    pub within: Option<String>,
    /// Its first section as plain text, at most 900 characters: what is done first.
    pub now: String,
    /// The page without its head, in Markdown.
    #[serde(skip)]
    pub(super) text: String,
}

/// What is wrong with the head of a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// It begins and does not end.
    #[error("line 1 begins a head with ---, and no further line of --- ends it")]
    Open,
    /// A line is not a key with a value, or the key is not known.
    #[error("line {line}: \"{text}\" is not a line of a head; it knows who: and within:")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What stands there, cut.
        text: String,
    },
    /// Nothing is left to do.
    #[error("it has no text")]
    Empty,
}

impl Guide {
    /// Reads a page. What is wrong with its head comes beside the page, which is shown all the same.
    #[must_use]
    pub fn read(name: &str, text: &str) -> (Self, Vec<PageFault>) {
        let text = text.trim_start_matches('\u{feff}');
        let mut faults = Vec::new();
        let (head, body) = parted(text, &mut faults);
        let (mut who, mut within) = (None, None);
        for (line, said) in (2..).zip(head.lines()) {
            let pair = said.split_once(':');
            let pair = pair.map(|(key, value)| (key.trim().to_lowercase(), value.trim()));
            let value = |value: &str| Some(cut(value.trim_matches(['"', '\'']), WORD_CHARS));
            match pair.as_ref().map(|(key, said)| (key.as_str(), *said)) {
                Some(("who" | "wer" | "zuständig", said)) if !said.is_empty() => who = value(said),
                Some(("within" | "binnen" | "innerhalb" | "frist", said)) if !said.is_empty() => {
                    within = value(said);
                }
                _ if said.trim().is_empty() || said.trim_start().starts_with('#') => {}
                _ => faults.push(PageFault::Line { line, text: cut(said.trim(), 60) }),
            }
        }
        let Opening { title, section, .. } = Opening::of(body);
        if body.trim().is_empty() {
            faults.push(PageFault::Empty);
        }
        let title = title.map_or_else(|| name.to_owned(), |title| cut(&plain(title), WORD_CHARS));
        let now = cut(plain(&section).trim(), NOW_CHARS);
        let guide = Self { name: name.to_owned(), title, who, within, now, text: body.to_owned() };
        (guide, faults)
    }

    /// What is done first and the rest of the page, without its title, as HTML of a fixed set of
    /// elements: whatever looks like HTML in it is shown as text.
    #[must_use]
    pub fn html(&self) -> [String; 2] {
        let Opening { first, rest, .. } = Opening::of(&self.text);
        [html(&first), html(&rest)]
    }
}

/// The head and the rest.
fn parted<'t>(text: &'t str, faults: &mut Vec<PageFault>) -> (&'t str, &'t str) {
    let Some((first, rest)) = text.split_once('\n').filter(|(first, _)| first.trim_end() == "---")
    else {
        return ("", text);
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let head = rest.get(..at).unwrap_or_default();
            return (head, rest.get(at + line.len()..).unwrap_or_default());
        }
        at += line.len();
    }
    faults.push(PageFault::Open);
    ("", text.get(first.len() + 1..).unwrap_or_default())
}

/// A page in its parts.
#[derive(Default)]
struct Opening<'t> {
    title: Option<&'t str>,
    /// The first section that says something, with its heading.
    first: String,
    /// The same without.
    section: String,
    rest: String,
}

impl<'t> Opening<'t> {
    fn of(body: &'t str) -> Self {
        let mut parts = Self::default();
        let mut is_over = false;
        for line in body.lines() {
            let is_begun = !parts.section.trim().is_empty();
            let heading = heading(line);
            is_over |= is_begun && heading.is_some();
            match heading {
                _ if is_over => push(&mut parts.rest, line),
                Some((1, text)) if parts.title.is_none() => parts.title = Some(text),
                Some(_) => push(&mut parts.first, line),
                None => {
                    push(&mut parts.first, line);
                    push(&mut parts.section, line);
                }
            }
        }
        parts
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn cut(text: &str, chars: usize) -> String {
    let short: String = text.chars().take(chars).collect();
    if short.len() < text.len() { format!("{}…", short.trim_end()) } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_who_acts_when_and_what_comes_first() {
        let text = "---\nwho: Kim, or Lee\nwithin: \"30 minutes\"\n---\n# A *crisis*\n\n## Now\n\n1. Read **all** posts.\n\
                    2. Call [legal](https://legal.example/x).\n\n## Later\n\nWrite it down.\n";
        let (guide, faults) = Guide::read("crisis", text);
        assert_eq!(faults, []);
        assert_eq!((guide.title.as_str(), guide.who.as_deref()), ("A crisis", Some("Kim, or Lee")));
        assert_eq!(guide.within.as_deref(), Some("30 minutes"));
        assert_eq!(guide.now, "1. Read all posts.\n2. Call legal (https://legal.example/x).");
        let [first, rest] = guide.html();
        assert!(first.starts_with("<h3>Now</h3>\n<ol>") && rest.starts_with("<h3>Later</h3>"));
    }

    #[test]
    fn what_is_wrong_with_a_head_is_said_and_hides_nothing() {
        let (guide, faults) = Guide::read("x", "---\nwhom: Kim\nwho: Lee\n---\nCall.");
        assert_eq!(faults, [PageFault::Line { line: 2, text: "whom: Kim".to_owned() }]);
        assert_eq!((guide.who.as_deref(), guide.now.as_str()), (Some("Lee"), "Call."));
        let (guide, faults) = Guide::read("x", "---\nwho: Lee\nCall.");
        assert_eq!((faults, guide.title.as_str()), (vec![PageFault::Open], "x"));
        assert!(guide.now.contains("Call."));
        assert_eq!(Guide::read("x", "\u{feff} \n").1, [PageFault::Empty]);
        let long = "wörter ".repeat(1_000);
        assert!(Guide::read("x", &long).0.now.chars().count() <= NOW_CHARS + 1);
    }
}
