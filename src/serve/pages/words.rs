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

#[cfg(test)]
mod tests {
    use super::*;

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
