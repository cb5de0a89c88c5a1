//! Which alerts does somebody not want to hear of for a while, and which are in hand?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::subject::Subject;
use crate::time::{EventTime, rfc3339};

/// Longest pattern, name or author, in bytes.
const WORD_BYTES_MAX: usize = 256;
/// Longest comment, in bytes.
const COMMENT_BYTES_MAX: usize = 2_048;
/// Most labels that one silence asks for.
const LABELS_MAX: usize = 16;

/// While it is in force, alerts that it matches are told to nobody.
///
/// Patterns must match the whole of a name; `*` stands for any characters, `?` for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Unique.
    pub id: String,
    /// Pattern of the topic; `None` matches all.
    pub topic: Option<String>,
    /// Pattern of the rule; `None` matches all.
    pub rule: Option<String>,
    /// Patterns of labels, by name; an alert without the label does not match.
    pub labels: BTreeMap<String, String>,
    /// From when on it is in force.
    #[serde(with = "rfc3339")]
    pub starts: EventTime,
    /// From when on no more.
    #[serde(with = "rfc3339")]
    pub ends: EventTime,
    /// Who wants it.
    pub author: String,
    /// Why.
    pub comment: String,
}

/// Why a silence is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SilenceError {
    /// It would match everything by mistake.
    #[error("a silence needs a topic, a rule or a label; topic \"*\" matches every alert")]
    Unbounded,
    /// It is never in force.
    #[error("a silence must end after it starts, and later than now")]
    Ended,
    /// Nobody wants it, or nobody knows why.
    #[error("a silence needs the name of who wants it, and why")]
    Unsigned,
    /// A text is too long.
    #[error(
        "a pattern or author has at most 256 bytes, a comment 2048, and a silence 16 labels at most"
    )]
    TooLong,
}

impl Silence {
    /// Whether it may be put in force at `now`.
    ///
    /// # Errors
    /// When it matches everything by mistake, is over already, is too long, or nobody says why.
    pub fn check(&self, now: EventTime) -> Result<(), SilenceError> {
        let labels = self.labels.iter().flat_map(|(name, pattern)| [name, pattern]);
        let mut words = self.topic.iter().chain(&self.rule).chain([&self.author]).chain(labels);
        if self.topic.is_none() && self.rule.is_none() && self.labels.is_empty() {
            Err(SilenceError::Unbounded)
        } else if self.ends <= self.starts || self.ends <= now {
            Err(SilenceError::Ended)
        } else if words.any(|word| word.len() > WORD_BYTES_MAX)
            || self.comment.len() > COMMENT_BYTES_MAX
            || self.labels.len() > LABELS_MAX
        {
            Err(SilenceError::TooLong)
        } else if self.author.trim().is_empty() || self.comment.trim().is_empty() {
            Err(SilenceError::Unsigned)
        } else {
            Ok(())
        }
    }

    /// Whether it holds at `now`.
    #[must_use]
    pub fn is_in_force(&self, now: EventTime) -> bool {
        self.starts <= now && now < self.ends
    }

    /// Whether it is meant for this alert.
    #[must_use]
    pub fn matches(&self, subject: &Subject) -> bool {
        let wanted = |pattern: &Option<String>, name: &str| {
            pattern.as_ref().is_none_or(|pattern| is_match(pattern, name))
        };
        wanted(&self.topic, &subject.topic)
            && wanted(&self.rule, &subject.rule)
            && self.labels.iter().all(|(name, pattern)| {
                subject.labels.get(name).is_some_and(|value| is_match(pattern, value))
            })
    }
}

/// Somebody takes care of an alert: it is told to nobody any more, until it resolves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Which alert.
    pub alert_id: String,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    /// Who.
    pub author: String,
    /// What else there is to say.
    pub comment: String,
}

impl Ack {
    /// Whether its texts are of a length to be kept.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.author.len() <= WORD_BYTES_MAX && self.comment.len() <= COMMENT_BYTES_MAX
    }
}

/// Whether a pattern matches the whole name: `*` stands for any characters, `?` for one. Time at
/// most the product of both lengths.
#[must_use]
pub fn is_match(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and the first character it does not cover yet.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&letter) = name.get(n) {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, n));
                p += 1;
            }
            (Some(&wanted), _) if wanted == '?' || wanted == letter => (p, n) = (p + 1, n + 1),
            (_, Some((at, covered))) => {
                star = Some((at, covered + 1));
                (p, n) = (at + 1, covered + 1);
            }
            (_, None) => return false,
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|&letter| letter == '*'))
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in [
            ("acme", "acme"),
            ("*", ""),
            ("acme*", "acme phones"),
            ("*?r a*", "für alle"),
            ("a*b*c", "abxbc"),
        ] {
            assert!(is_match(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("acme", "acme phones"), ("?", ""), ("a*b", "abc"), ("", "a"), ("A", "a")]
        {
            assert!(!is_match(pattern, name), "{pattern} {name}");
        }
    }
}
