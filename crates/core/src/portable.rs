//! How do findings get from the machines that made them to the one that counts them? One value for
//! each post, and a stamp that says what made them.
//!
//! Windows, baselines and alerts need posts in order; matching and scoring do not. Who spreads the
//! latter over machines brings back posts with a [`Carried`] each, under one [`stamp`].

use serde::{Deserialize, Serialize};

use crate::mention::Topic;
use crate::post::{Span, TopicId};
use crate::privacy::Names;
use crate::sentiment::Verdict;

/// Raised by one whenever [`Carried`] is written in another way.
const FORMAT: u32 = 1;

/// What one post says, as its analysis found it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// By topic, in order.
    pub findings: Vec<CarriedFinding>,
    /// The topics for which its author speaks, if it is an account of ours.
    pub ours: Vec<TopicId>,
    /// What the text was: its length in bytes, and the beginning of its BLAKE3 hash.
    text: (u32, u32),
}

/// What one post says of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedFinding {
    /// Which topic.
    pub topic: TopicId,
    /// How it speaks of it.
    pub verdict: Verdict,
    /// Whether one of the topic's own accounts wrote it.
    pub own: bool,
    /// Where the topic stands, in bytes of the text.
    pub spans: Vec<Span>,
    /// Of these what the first part of the query found; no personal data is taken out of it either.
    pub subject: Vec<Span>,
}

impl Carried {
    /// What was found in this text.
    #[must_use]
    pub fn of(text: &str, findings: Vec<CarriedFinding>, ours: Vec<TopicId>) -> Self {
        Self { findings, ours, text: print(text) }
    }

    /// Whether nothing was found, and it is no post of ours: it need not be kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.ours.is_empty()
    }

    /// The value as it travels.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads what [`Carried::to_bytes`] wrote; none for anything else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match postcard::take_from_bytes(bytes) {
            Ok((carried, [])) => Some(carried),
            _ => None,
        }
    }

    /// The same for another list of topics: `topics` says which of it each one is here, and what
    /// is not among them is left out. None where it speaks of a topic beyond the list.
    #[must_use]
    pub fn among(mut self, topics: &[Option<TopicId>]) -> Option<Self> {
        let here = |topic: TopicId| topics.get(topic.0 as usize).copied();
        let mut findings = Vec::with_capacity(self.findings.len());
        for finding in self.findings {
            if let Some(topic) = here(finding.topic)? {
                findings.push(CarriedFinding { topic, ..finding });
            }
        }
        let ours: Option<Vec<Option<TopicId>>> = self.ours.into_iter().map(here).collect();
        self.ours = ours?.into_iter().flatten().collect();
        self.findings = findings;
        Some(self)
    }

    /// Whether this is the text in which it was found, with all places inside of it.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let is_inside = |span: &Span| text.get(span.start as usize..span.end as usize).is_some();
        self.text == print(text)
            && self.findings.iter().flat_map(|of| of.spans.iter().chain(&of.subject)).all(is_inside)
    }
}

/// What tells a text from another.
fn print(text: &str) -> (u32, u32) {
    let hash = blake3::hash(text.as_bytes());
    let first = hash.as_bytes().first_chunk().map_or(0, |first| u32::from_le_bytes(*first));
    (u32::try_from(text.len()).unwrap_or(u32::MAX), first)
}

/// What findings were made with, as `1 resonanz-1a2b3c4d 5e6f7a8b9c0d1e2f`: equal stamps find alike.
///
/// The scorer with all words that count for single topics, the topics in their order with their
/// queries and accounts, and what becomes of names in addresses. `scorers` are the versions of the
/// scorer by topic.
#[must_use]
pub fn stamp<'t>(
    topics: &[Topic],
    scorer: &str,
    scorers: impl Iterator<Item = &'t str>,
    names: Names,
) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(text.as_bytes()).update(b"\0");
    };
    add(if names == Names::Keep { "keep" } else { "hash" });
    for (topic, scorer) in topics.iter().zip(scorers) {
        add(&topic.name);
        add(&topic.version());
        add(scorer);
        topic.accounts_among(topics).for_each(&mut add);
        add("");
    }
    let hash = hasher.finalize().to_hex();
    format!("{FORMAT} {scorer} {}", hash.get(..16).unwrap_or_default())
}

/// Whether findings under one stamp may be counted where another is wanted.
///
/// # Errors
/// Says what differs, in words.
pub fn agree(found: &str, wanted: &str) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    let parts =
        |stamp: &'_ str| -> Vec<String> { stamp.splitn(3, ' ').map(str::to_owned).collect() };
    Err(match (parts(found).as_slice(), parts(wanted).as_slice()) {
        ([format, ..], [own, ..]) if format != own => {
            format!("its findings are of format \"{format}\", and this version reads {own}")
        }
        ([_, scorer, ..], [_, own, ..]) if scorer != own => {
            format!(
                "its findings were made by the scorer {scorer}, and the configuration has {own}"
            )
        }
        _ => "its findings were made for other topics, accounts, lexicons of topics, or treatment \
              of names than the configuration has"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::{Polarity, Score};
    use crate::sentiment::Language;

    fn carried(text: &str, topics: &[u32]) -> Carried {
        let verdict = Verdict {
            document: Score(1),
            target: Score(-2),
            polarity: Polarity::Negative,
            confidence: 70,
            hits: 3,
            language: Language::default(),
            intents: crate::intent::Intents::default(),
        };
        let finding = |&topic| {
            let spans = vec![Span { start: 0, end: 3 }];
            CarriedFinding {
                topic: TopicId(topic),
                verdict,
                own: false,
                spans,
                subject: Vec::new(),
            }
        };
        Carried::of(text, topics.iter().map(finding).collect(), vec![TopicId(0)])
    }

    #[test]
    fn what_travels_comes_back_and_damage_does_not() {
        let sent = carried("für Acme", &[0, 2]);
        let bytes = sent.to_bytes();
        assert_eq!(Carried::read(&bytes), Some(sent.clone()));
        assert_eq!(Carried::read(&[bytes.as_slice(), b"x"].concat()), None, "something behind it");
        assert!((0..bytes.len()).all(|end| Carried::read(&bytes[..end]).is_none()), "cut");
        assert!(sent.fits("für Acme"));
        assert!(!sent.fits("für Acne"), "another text");
        assert!(!carried("faü", &[0]).fits("faü"), "a span ends inside of a letter");
    }

    #[test]
    fn a_shard_takes_its_own_topics_alone() {
        let shard = [None, None, Some(TopicId(0))];
        let own = carried("abc", &[0, 2]).among(&shard).expect("known topics");
        assert_eq!(own.findings.iter().map(|of| of.topic).collect::<Vec<_>>(), [TopicId(0)]);
        assert!(own.ours.is_empty() && own.fits("abc"));
        assert_eq!(carried("abc", &[3]).among(&shard), None, "a topic beyond the list");
    }

    #[test]
    fn stamps_tell_what_differs() {
        let topics = |query: &str| {
            [Topic { name: "acme".to_owned(), query: query.to_owned(), ..Topic::default() }]
        };
        let of = |query, scorer, names| stamp(&topics(query), scorer, ["s"].into_iter(), names);
        let own = of("acme", "r-1", Names::Hash);
        assert_eq!(agree(&own, &own), Ok(()));
        for (other, words) in [
            (of("acme OR acne", "r-1", Names::Hash), "topics"),
            (of("acme", "r-1", Names::Keep), "names"),
            (of("acme", "r-2", Names::Hash), "scorer r-2"),
            (own.replacen('1', "7", 1), "format \"7\""),
            (String::new(), "format"),
        ] {
            let error = agree(&other, &own).expect_err("another stamp");
            assert!(error.contains(words), "{error}");
        }
    }
}
