//! Which words and pairs of a text could tell what it is about? For lists of what drives a topic.
//!
//! Handles, links, addresses, numbers and stop words are none. A pair is two neighbors without
//! punctuation or a stop word between them; a negation counts only within one: `not charging`.
//! Emoji are words.

use super::boundary::{is_emoji, is_skin_tone, is_word_char};
use super::stop_words::{is_negation, is_stop_word, negates_behind};

/// Longest word in bytes; longer ones are no words.
const WORD_BYTES_MAX: usize = 48;
/// What follows the apostrophe of a word that is told without it.
const CLITICS: [&str; 6] = ["s", "m", "re", "ve", "ll", "d"];
/// Negations as they are written in haste.
const HASTY: [&str; 16] = [
    "aint", "arent", "cant", "couldnt", "didnt", "doesnt", "dont", "hadnt", "hasnt", "havent",
    "isnt", "shouldnt", "wasnt", "werent", "wont", "wouldnt",
];

/// The words of a text that say something, in lowercase: a line for each stretch of neighbors.
/// Linear in the text.
#[must_use]
pub fn keywords(text: &str) -> String {
    let mut found = Found::default();
    for chunk in text.split_whitespace() {
        if is_address(chunk) {
            found.end_stretch();
        } else {
            chunk_words(chunk, &mut found);
        }
    }
    found.lines
}

/// Visits the words and pairs of what [`keywords`] returned.
pub fn for_each_keyword(keywords: &str, mut visit: impl FnMut(&str)) {
    for line in keywords.lines() {
        let mut before: Option<(usize, &str)> = None;
        let mut at = 0;
        for word in line.split(' ') {
            if let Some((start, left)) = before
                && is_pair(left, word)
            {
                visit(line.get(start..at + word.len()).unwrap_or_default());
            }
            if !is_negation(word) {
                visit(word);
            }
            before = Some((at, word));
            at += word.len() + 1;
        }
    }
}

/// Visits the words that stand in a piece of text, as [`keywords`] writes them, stop words too.
pub fn for_each_plain_word(piece: &str, mut visit: impl FnMut(&str)) {
    let mut plain = String::new();
    for word in piece.split(|c: char| !is_inner(c)).filter(|word| !word.is_empty()) {
        plain.clear();
        fold(word, &mut plain);
        visit(plain.as_str());
    }
}

fn is_pair(left: &str, right: &str) -> bool {
    let pictures = |word: &str| word.chars().next().is_some_and(is_emoji);
    if pictures(left) || pictures(right) || left == right {
        return false;
    }
    match (is_negation(left), is_negation(right)) {
        (false, false) | (true, false) => true,
        (false, true) => negates_behind(right),
        (true, true) => false,
    }
}

/// Lines in the making.
#[derive(Debug, Default)]
struct Found {
    lines: String,
    /// Whether the next word has its neighbor in the last line.
    joined: bool,
}

impl Found {
    fn end_stretch(&mut self) {
        self.joined = false;
    }

    fn push(&mut self, word: &str) {
        if !self.lines.is_empty() {
            self.lines.push(if self.joined { ' ' } else { '\n' });
        }
        self.lines.push_str(word);
        self.joined = true;
    }
}

fn chunk_words(chunk: &str, found: &mut Found) {
    let (mut rest, mut plain) = (chunk, String::new());
    while let Some(first) = rest.chars().next() {
        let inner = rest.find(|c| !is_inner(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(inner);
        if word.is_empty() {
            if is_emoji(first) && !is_skin_tone(first) {
                found.end_stretch();
                found.push(first.encode_utf8(&mut [0; 4]));
            }
            found.end_stretch();
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        rest = behind;
        plain.clear();
        fold(word, &mut plain);
        if plain.is_empty() {
            continue;
        }
        if says_something(&plain) { found.push(&plain) } else { found.end_stretch() }
    }
}

/// A character that does not end a word; hyphens and apostrophes at its edges are cut off.
fn is_inner(c: char) -> bool {
    is_word_char(c) || is_apostrophe(c) || matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02BC}' | '\u{00B4}' | '`')
}

/// Appends a word in lowercase, one apostrophe for all, contractions as what they mean.
fn fold(word: &str, plain: &mut String) {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    for c in word.chars() {
        if c.is_ascii_alphanumeric() {
            plain.push(c.to_ascii_lowercase());
        } else if is_apostrophe(c) {
            plain.push('\'');
        } else if !is_word_char(c) {
            plain.push('-');
        } else {
            plain.extend(c.to_lowercase());
        }
    }
    if plain.ends_with("n't") || HASTY.contains(&plain.as_str()) || plain == "cannot" {
        plain.clear();
        plain.push_str("not");
    } else if let Some((stem, clitic)) = plain.rsplit_once('\'')
        && CLITICS.contains(&clitic)
    {
        plain.truncate(stem.len());
    }
}

fn says_something(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).take(2).count();
    let long = letters > 1 || !word.is_ascii() || (letters == 1 && word.len() > 1);
    letters > 0 && long && word.len() <= WORD_BYTES_MAX && !is_stop_word(word)
}

/// Whether a chunk is a handle, a link or another address.
fn is_address(chunk: &str) -> bool {
    let chunk = chunk.trim_matches(|c: char| !is_word_char(c) && c != '@' && c != '/');
    if chunk.contains('@') || chunk.contains("://") || chunk.starts_with("www.") {
        return true;
    }
    let host = chunk.split(['/', '?', ':']).next().unwrap_or_default();
    let labels = || host.split('.');
    let dots = labels().count() - 1;
    let whole = labels().all(|label| !label.is_empty() && label.chars().all(is_host_char));
    let known = |end: &str| {
        ["com", "org", "net", "de", "io", "co", "uk", "eu", "social", "app", "info", "at", "ch"]
            .contains(&end)
    };
    dots > 0
        && whole
        && (dots > 1 || host.len() < chunk.len() || labels().next_back().is_some_and(known))
        && labels().next_back().is_some_and(|end| end.chars().all(char::is_alphabetic))
}

fn is_host_char(c: char) -> bool {
    c.is_alphanumeric() || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> String {
        let mut all = Vec::new();
        for_each_keyword(&keywords(text), |keyword| all.push(keyword.to_owned()));
        all.join(", ")
    }

    #[test]
    fn words_and_pairs_say_something() {
        let rows = [
            (
                "The battery drains overnight.",
                "battery, battery drains, drains, drains overnight, overnight",
            ),
            ("It doesn't charge, it won’t charge!", "not charge, charge, not charge, charge"),
            (
                "Der Akku geht nicht, keine Hilfe",
                "akku, akku geht, geht, geht nicht, keine hilfe, hilfe",
            ),
            ("@jo .@ann's see jo.bsky.social https://x.yz/a b@c.de www.d.e shop.com/x", ""),
            ("RT 12 of 99 5g Wi-Fi 2024", "5g, 5g wi-fi, wi-fi"),
            ("ugh 😡😡 refund", "ugh, 😡, 😡, refund"),
            ("Acme's app... crashes", "acme, acme app, app, crashes"),
            ("I am not with you", ""),
        ];
        for (text, want) in rows {
            assert_eq!(listed(text), want, "{text}");
        }
    }
}
