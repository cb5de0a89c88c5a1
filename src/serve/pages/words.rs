//! What do pages say in German? English is the key; what is missing here stays English.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::chart::{GERMAN, Locale};

/// English and German, a line each.
static GERMAN_WORDS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    include_str!("german.tsv").lines().filter_map(|line| line.split_once('\t')).collect()
});

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
    GERMAN_WORDS.get(text).unwrap_or(&text)
}

/// A message in a reader's language: what it names between quotes stays as it is.
pub(super) fn told(text: &str, locale: &Locale) -> String {
    let parts: Vec<&str> = text.split('"').collect();
    let key: Vec<&str> =
        parts.iter().enumerate().map(|(at, part)| if at % 2 == 1 { "…" } else { part }).collect();
    let key = key.join("\"");
    let names = parts.iter().skip(1).step_by(2);
    names.fold(said(&key, locale).to_owned(), |text, name| text.replacen('…', name, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ENGLISH;

    #[test]
    fn a_message_keeps_the_names_that_it_holds() {
        let text = "topic \"a … b\" is unknown";
        assert_eq!(told(text, &ENGLISH), text);
        assert_eq!(told(text, &GERMAN), "Das Thema \"a … b\" ist unbekannt");
        assert_eq!(told("is \"it", &GERMAN), "is \"it");
    }

    #[test]
    fn all_that_templates_say_is_known_in_german() {
        for (name, text) in super::super::paint::TEMPLATES {
            for part in text.split("_(\"").skip(1) {
                let end = part.find("\")").unwrap_or(part.len());
                let key = part.get(..end).unwrap_or_default().replace("\\\"", "\"");
                assert!(GERMAN_WORDS.contains_key(&*key), "{name}: {key}");
            }
        }
    }
}
