//! What do pages say in German? English is the key; what is missing here stays English.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::chart::{GERMAN, Locale};

/// What pages say.
static GERMAN_WORDS: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("german.tsv")));

/// Messages in German, by their English.
pub(super) struct Table {
    words: HashMap<&'static str, &'static str>,
    /// Those with a hole in them that no quotes mark, longest first: what stands around the holes, and
    /// the German of it.
    forms: Vec<(Vec<&'static str>, &'static str)>,
}

/// Short names of a day, an hour and a minute.
pub(super) type Units = [&'static str; 3];

/// Units of time in a reader's language.
pub(super) fn units(locale: &Locale) -> Units {
    if *locale == GERMAN { ["Tg.", "Std.", "Min."] } else { ["d", "h", "min"] }
}

/// A text in a reader's language.
pub(super) fn said<'t>(text: &'t str, locale: &Locale) -> &'t str {
    if *locale != GERMAN {
        return text;
    }
    GERMAN_WORDS.words.get(text).unwrap_or(&text)
}

/// Messages that stand in each other: a query, its column, what is wrong there, and what it names.
const LEVELS: usize = 4;
/// What stands for a part that differs.
const HOLE: char = '…';

/// A message without what it names between quotes.
fn masked(text: &str) -> String {
    let parts = text.split('"').enumerate();
    let parts: Vec<&str> = parts.map(|(at, part)| if at % 2 == 1 { "" } else { part }).collect();
    parts.join("\"")
}

/// A message in a reader's language: what it names stays as it is.
pub(super) fn told(text: &str, locale: &Locale) -> String {
    if *locale == GERMAN {
        GERMAN_WORDS.german(text).unwrap_or_else(|| text.to_owned())
    } else {
        text.to_owned()
    }
}

/// Whether a message is not in the reader's language: words of another program, or of the system.
pub(super) fn is_foreign(text: &str, locale: &Locale) -> bool {
    *locale == GERMAN && !text.is_empty() && GERMAN_WORDS.german(text).is_none()
}

impl Table {
    /// Reads English and German, a line each.
    pub(super) fn read(lines: &'static str) -> Self {
        let words: HashMap<_, _> = lines.lines().filter_map(|line| line.split_once('\t')).collect();
        let forms = words.iter().map(|(english, german)| (*english, *german));
        let mut forms: Vec<(&str, &str)> =
            forms.filter(|(english, _)| masked(english).contains(HOLE)).collect();
        // One that begins with a hole would take in what leads a message, such as its place.
        forms.sort_by_key(|(english, _)| {
            (english.starts_with(HOLE), std::cmp::Reverse(english.len()), *english)
        });
        let forms = forms.into_iter();
        let forms =
            forms.map(|(english, german)| (english.split(HOLE).collect(), german)).collect();
        Self { words, forms }
    }

    /// A message in German, if it is known.
    pub(super) fn german(&self, text: &str) -> Option<String> {
        self.german_within(text, LEVELS)
    }

    /// The same, with so many levels of messages in messages: what people type can hold any number.
    fn german_within(&self, text: &str, levels: usize) -> Option<String> {
        let parts: Vec<&str> = text.split('"').collect();
        let key: Vec<&str> = parts
            .iter()
            .enumerate()
            .map(|(at, part)| if at % 2 == 1 { "…" } else { part })
            .collect();
        if let Some(found) = self.words.get(&*key.join("\"")) {
            let names = parts.into_iter().skip(1).step_by(2);
            return Some(filled(found, names));
        }
        let below = levels.checked_sub(1)?;
        self.forms.iter().find_map(|(around, found)| {
            let held = held(text, around)?;
            // What fills a hole is a message of its own, or a name, such as that of a column.
            let part = |part: &str| {
                let said = (!is_name(part)).then(|| self.german_within(part, below)).flatten();
                said.unwrap_or_else(|| part.to_owned())
            };
            let held: Vec<String> = held.into_iter().map(part).collect();
            Some(filled(found, held.iter().map(String::as_str)))
        })
    }
}

/// Whether a text could be written in a statement or a file as it is.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What a text holds in the holes between given parts.
fn held<'t>(text: &'t str, around: &[&str]) -> Option<Vec<&'t str>> {
    let (first, rest) = around.split_first()?;
    let (last, middle) = rest.split_last()?;
    let mut left = text.strip_prefix(first)?.strip_suffix(last)?;
    let mut found = Vec::new();
    for part in middle {
        let (before, after) = left.split_once(part)?;
        found.push(before);
        left = after;
    }
    found.push(left);
    found.iter().all(|part| !part.is_empty()).then_some(found)
}

/// A form with its holes filled.
fn filled<'t>(form: &str, mut names: impl Iterator<Item = &'t str>) -> String {
    let mut parts = form.split(HOLE);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(names.next().unwrap_or("…"));
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ENGLISH;

    #[test]
    fn every_message_stands_once_in_its_file() {
        for lines in [include_str!("german.tsv"), include_str!("german-sources.tsv")] {
            let mut seen = std::collections::HashSet::new();
            for (english, _) in lines.lines().filter_map(|line| line.split_once('\t')) {
                assert!(seen.insert(english), "{english}");
            }
        }
    }

    #[test]
    fn a_message_keeps_the_names_that_it_holds() {
        let text = "topic \"a … b\" is unknown";
        assert_eq!(told(text, &ENGLISH), text);
        assert_eq!(told(text, &GERMAN), "Das Thema \"a … b\" ist unbekannt");
        assert_eq!(told("is \"it", &GERMAN), "is \"it");
    }

    /// Whether all that a person reads of an error is German.
    fn is_german(message: &str, hint: &str) -> bool {
        [message, hint].iter().all(|text| !is_foreign(text, &GERMAN))
    }

    #[test]
    fn parts_of_a_message_are_told_in_german_too() {
        for (english, wanted) in [
            (
                "query: column 3: this quote is never closed",
                "Suchausdruck: Spalte 3: Dieses Anführungszeichen wird nie geschlossen",
            ),
            ("known are \"a … b\", \"c\"", "bekannt sind \"a … b\", \"c\""),
            (
                "query: column 9: the query ends where a term is expected",
                "Suchausdruck: Spalte 9: Der Suchausdruck endet, wo ein Begriff erwartet wird",
            ),
            ("not done within 60 s", "nicht fertig binnen 60 s"),
            ("did you mean topic?", "Meinten Sie topic?"),
        ] {
            assert_eq!(told(english, &GERMAN), wanted);
        }
        // However many somebody types.
        let nested = "query: column 3: ".repeat(100_000);
        assert!(told(&nested, &GERMAN).ends_with("query: column 3: "));
        assert!(is_foreign("Permission denied (os error 13)", &GERMAN));
        assert!(!is_foreign("Permission denied (os error 13)", &ENGLISH));
    }

    #[test]
    fn errors_of_queries_are_known_in_german() {
        let long = format!("{}a{}", "(".repeat(70), ")".repeat(70));
        for query in [
            "",
            "acme AND",
            "AND acme",
            "(acme",
            "acme)",
            "\"acme",
            "NOT acme",
            "acme lang:",
            "lang:xx1 acme",
            "site:http://a acme",
            "kind:foo acme",
            "followers:many acme",
            "raw:inflect:acme",
            "\"\"",
            "* acme",
            "acme NEAR/900 b",
            "~3 acme",
            "from:me acme",
            "acme || OR",
            "inflect:acm*",
            "raw:lang:de acme",
            "country:de acme",
            "() acme",
            "acme | OR b",
            &long,
            "acme && && b",
            "acme lang:()",
            "acme lang:(en AND de)",
            "acme lang:((en))",
            "acme site:a*b",
            "acme site:*",
        ] {
            let (message, hint) = match crate::mention::read(query) {
                Err(error) => (error.to_string(), error.hint),
                Ok(_) => continue,
            };
            assert!(is_german(&message, hint), "{query}: {message} ({hint})");
        }
    }

    #[test]
    fn remarks_on_queries_are_known_in_german() {
        for query in [
            "acme, b",
            "a|b",
            "a & b",
            "!a b",
            "+a b",
            "a oder b",
            "a \u{201e}b\" c",
            "title:a",
            "acme~",
            "a b^2",
            "foo:bar",
            "a/5 b",
            "[a b]",
            "acme -- b",
            "a\"b\"",
            "acme/globex",
            "acme.*",
            "acme%20x",
            "'acme",
            "acme?",
            "raw:a*",
            "acme -acme",
            "acme lang:de lang:en",
            "acme site:spiegel",
            "acme\nglobex",
            "\"acme inc.\"",
        ] {
            let Ok(reading) = crate::mention::read(query) else { continue };
            for remark in reading.remarks {
                assert!(is_german(&remark.message, remark.hint), "{query}: {remark:?}");
            }
        }
    }

    #[test]
    fn errors_of_forms_and_filters_are_known_in_german() {
        use crate::desk::{Silence, SilenceError};
        use crate::inbox::InboxError;
        use crate::notify::OrderError;
        use crate::report::{Order, Turn, standing};
        use crate::review::ReviewError;

        let _: fn(&Silence, crate::time::EventTime) -> Result<(), SilenceError> = Silence::check;
        let orders = [
            OrderError::Unknown { what: "alert", name: "a".to_owned(), near: None },
            OrderError::Unknown { what: "topic", name: "a".to_owned(), near: Some("b".to_owned()) },
            OrderError::Unknown { what: "silence", name: "a".to_owned(), near: None },
            OrderError::Unknown { what: "rule", name: "a".to_owned(), near: Some("b".to_owned()) },
            OrderError::Ambiguous { prefix: "a".to_owned(), candidates: vec!["b".to_owned()] },
            OrderError::Resolved("a".to_owned()),
            OrderError::Nobody,
            OrderError::TooLong,
            OrderError::Silence(SilenceError::Unsigned),
            OrderError::Silence(SilenceError::Unbounded),
            OrderError::Silence(SilenceError::Ended),
            OrderError::Silence(SilenceError::TooLong),
        ];
        for error in orders {
            assert!(is_german(&error.to_string(), ""), "{error}");
        }
        for what in ["topic", "rule"] {
            let error = OrderError::Unknown { what, name: "a".to_owned(), near: None };
            assert!(is_german(&error.to_string(), &error.hint()), "{error}");
        }
        let inbox = [
            InboxError::Missing("the name of who changes it"),
            InboxError::Missing("the name of who takes care"),
            InboxError::Missing("the note"),
            InboxError::TooLong,
        ];
        for error in inbox {
            assert!(is_german(&error.to_string(), &error.hint()), "{error}");
        }
        for error in [ReviewError::Nothing, ReviewError::Nobody, ReviewError::TooLong] {
            assert!(is_german(&error.to_string(), &error.hint()), "{error}");
        }
        let filters = [
            Order::named("foo").map(drop),
            Turn::named("foo").map(drop),
            standing("foo").map(drop),
            crate::report::zone("foo").map(drop),
            crate::report::Step::parse("foo").map(drop),
        ];
        for error in filters.into_iter().filter_map(Result::err) {
            let text = error.to_string();
            // A step is asked of programs alone.
            assert!(text.starts_with("step") || is_german(&text, &error.hint()), "{text}");
        }
    }

    #[test]
    fn all_that_templates_say_is_known_in_german() {
        for (name, text) in super::super::paint::TEMPLATES {
            for part in text.split("_(\"").skip(1) {
                let end = part.find("\")").unwrap_or(part.len());
                let key = part.get(..end).unwrap_or_default().replace("\\\"", "\"");
                assert!(GERMAN_WORDS.words.contains_key(&*key), "{name}: {key}");
            }
        }
    }
}
