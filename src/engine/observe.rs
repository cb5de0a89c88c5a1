//! What do windows see of a finding? Its numbers, a sample of the negative ones, and a fingerprint
//! of the words that tells copies.

use std::sync::Arc;

use crate::analyze::Finding;
use crate::post::{Polarity, Post, cut_text};
use crate::text::is_word_char;
use crate::window::{Observation, Originality, Sample};

/// Longest text of an evidence post in bytes.
const SAMPLE_BYTES_MAX: usize = 280;
/// Words from which on saying the same is no coincidence.
const WORDS_MIN: usize = 6;

pub(super) fn observation(post: &Post, finding: &Finding) -> Observation {
    let verdict = &finding.verdict;
    let reach = post.reach.unwrap_or(0);
    let sample = (verdict.polarity == Polarity::Negative).then(|| {
        Arc::new(Sample {
            score: verdict.target,
            reach,
            post_id: post.id.clone(),
            text: cut_text(&post.text, SAMPLE_BYTES_MAX).into(),
            url: post.url.clone(),
        })
    });
    Observation {
        posted_at: post.posted_at,
        topic: finding.topic,
        source: post.source.clone(),
        lang: verdict.language.lang,
        author: post.author,
        score: verdict.target,
        polarity: verdict.polarity,
        reach,
        engagement: post.engagement.unwrap_or(0),
        fingerprint: fingerprint(&post.text),
        originality: Originality::Original,
        sample,
    }
}

/// A hash of a text's words in order, the same in every process; `None` for short texts.
///
/// Handles, links, numbers, case and punctuation do not count, nor does a leading `RT`: so a copy
/// that greets somebody else or carries another tracking link is still a copy.
fn fingerprint(text: &str) -> Option<u64> {
    let mut hasher = blake3::Hasher::new();
    let mut words = 0;
    let mut lower = String::new();
    for token in text.split_whitespace().filter(|token| !is_address(token)) {
        for word in token.split(|c: char| !is_word_char(c)) {
            lower.clear();
            push_letters(word, &mut lower);
            if lower.is_empty() || (words == 0 && lower == "rt") {
                continue;
            }
            hasher.update(lower.as_bytes()).update(b" ");
            words += 1;
        }
    }
    let hash = hasher.finalize();
    let first = hash.as_bytes().first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    first.filter(|_| words >= WORDS_MIN)
}

fn push_letters(word: &str, lower: &mut String) {
    if word.is_ascii() {
        let letters = word.bytes().filter(u8::is_ascii_alphabetic);
        lower.extend(letters.map(|letter| char::from(letter.to_ascii_lowercase())));
    } else {
        lower.extend(word.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase));
    }
}

fn is_address(token: &str) -> bool {
    token.starts_with('@') || token.contains("://") || token.starts_with("www.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_differ_in_what_does_not_count() {
        let original = "Never buy from acme again, they lost my parcel!";
        let copies = [
            "RT @someone: Never buy from ACME again, they lost my parcel",
            "@friend never buy from acme again - they lost my parcel https://t.co/a1b2",
            "Never buy from acme again, they lost my parcel 2!",
        ];
        for copy in copies {
            assert_eq!(fingerprint(copy), fingerprint(original), "{copy}");
        }
        assert_ne!(
            fingerprint("Never buy from acme again, they found my parcel"),
            fingerprint(original)
        );
        assert_eq!(fingerprint("great phone, thanks a lot"), None, "too short to be a copy");
    }
}
