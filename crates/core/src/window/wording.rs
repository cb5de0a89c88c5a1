//! Which words does a topic bring up? Its latest negative texts, and what was usual before them.
//!
//! Fed in order of posting time as ticks are released, so that arrival leaves no trace. Words are
//! those that [`keywords`] finds, and their pairs; the query's own are left out.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::sample::{Sample, Shown};
use crate::post::SourceId;
use crate::privacy::Rotation;
use crate::text::{for_each_keyword, for_each_plain_word, is_word_char, keywords};
use crate::time::EventTime;

/// Latest negative texts kept of a topic, each as its words.
const TEXTS_MAX: usize = 32;
/// Counters of a topic's usual words; words that fall into one are counted together.
const COUNTERS: usize = 1_024;
/// Words after which all counts are halved, so that what is usual follows the language.
const WORDS_MAX: u32 = 16_384;
/// Words of a query that are remembered: more than most queries name.
const OWN_MAX: usize = 256;

/// The words of one topic's negative posts: at most 20 kB, of which 3 kB stay when it is quiet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Words {
    latest: VecDeque<Said>,
    own: OwnWords,
    usual: Usual,
    /// What left the latest texts while it could still stand in a window: it becomes usual once
    /// that can no longer be, so that a storm is not compared with its own beginning.
    young: Usual,
    /// When the first of the young texts was posted.
    young_since: Option<EventTime>,
}

/// Words that a query matched: what everyone who is counted says. Kept as hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnWords(BTreeSet<u32>);

/// Counts of words, each in the counter that its hash names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Usual {
    counters: Vec<u16>,
    words: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Said {
    at: EventTime,
    source: SourceId,
    post_id: Box<str>,
    /// As [`keywords`] writes them.
    words: Box<str>,
}

/// How often words and pairs stand in some negative posts, and how often they do in others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wording {
    /// By word: how many of the posts hold it, and at most how many of the others do.
    pub words: BTreeMap<Box<str>, (u32, u32)>,
    /// All words of the posts, each counted once a post.
    pub window_words: u32,
    /// All words of the others.
    pub usual_words: u32,
}

impl OwnWords {
    /// Takes note of the words of pieces of text that a query matched.
    pub fn learn<'p>(&mut self, pieces: impl IntoIterator<Item = &'p str>) {
        for piece in pieces {
            for_each_plain_word(piece, |word| self.add(cut(hash(word))));
        }
    }

    /// The hashes.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// Whether a keyword is or holds one of them.
    fn stand_in(&self, keyword: &str) -> bool {
        keyword.split(' ').any(|word| self.0.contains(&cut(hash(word))))
    }

    fn add(&mut self, hash: u32) {
        if self.0.len() < OWN_MAX {
            self.0.insert(hash);
        }
    }
}

impl Wording {
    /// Counts one of the posts.
    pub fn observe(&mut self, text: &str) {
        self.observe_words(&keywords(text));
    }

    /// Counts one of the others; the posts themselves must have been counted before.
    pub fn compare(&mut self, text: &str) {
        self.compare_words(&keywords(text));
    }

    /// The same without a query's own words.
    #[must_use]
    pub fn without(mut self, own: &OwnWords) -> Self {
        self.words.retain(|keyword, _| !own.stand_in(keyword));
        self
    }

    fn observe_words(&mut self, words: &str) {
        for keyword in distinct(words) {
            self.window_words += 1;
            self.words.entry(keyword).or_default().0 += 1;
        }
    }

    fn compare_words(&mut self, words: &str) {
        for keyword in distinct(words) {
            self.usual_words += 1;
            if let Some((_, usual)) = self.words.get_mut(keyword.as_ref()) {
                *usual += 1;
            }
        }
    }
}

impl Words {
    /// Takes in the negative post that follows the others in time.
    pub(super) fn observe(&mut self, at: EventTime, sample: &Sample) {
        let words = keywords(&sample.text).into();
        let (source, post_id) = (sample.source.clone(), sample.post_id.clone());
        sample.own.iter().for_each(|&hash| self.own.add(hash));
        self.latest.push_back(Said { at, source, post_id, words });
        if self.latest.len() > TEXTS_MAX
            && let Some(said) = self.latest.pop_front()
        {
            self.young_since.get_or_insert(said.at);
            self.young.learn(&said);
        }
    }

    /// Forgets the words of posts, by their ids; counters of single words stay.
    /// Goes on after the key of the author hashes was rotated.
    pub(super) fn rotate(&mut self, rotation: &Rotation) {
        for said in &mut self.latest {
            let turned = rotation.id(Cow::Borrowed(&said.post_id)).into_owned();
            said.post_id = turned.into();
        }
    }

    pub(super) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.latest.retain(|said| !is_gone(&said.post_id));
    }

    /// What was said before this instant, which no window reaches any more, becomes usual.
    pub(super) fn settle_before(&mut self, at: EventTime) {
        if self.young_since.is_some_and(|since| since < at) {
            self.usual.merge(&std::mem::take(&mut self.young));
            self.young_since = None;
        }
        while let Some(said) = self.latest.pop_front_if(|said| said.at < at) {
            self.usual.learn(&said);
        }
    }

    /// Words of the latest posts in `from..to`, of one source only when one is given, and of the
    /// window's samples: a source that others drown out, and copies, are only among those.
    pub(super) fn wording(
        &self,
        source: Option<&SourceId>,
        (from, to): (EventTime, EventTime),
        samples: &[Shown],
    ) -> Wording {
        let mut wording = Wording::default();
        let inside = |said: &&Said| {
            (from..to).contains(&said.at) && source.is_none_or(|source| said.source == *source)
        };
        for said in self.latest.iter().filter(inside) {
            wording.observe_words(&said.words);
        }
        let known =
            |shown: &&Shown| self.latest.iter().any(|said| said.post_id == shown.sample.post_id);
        for shown in samples.iter().filter(|shown| !known(shown)) {
            wording.observe(&shown.sample.text);
        }
        wording.usual_words = self.usual.words;
        for (keyword, (_, usual)) in &mut wording.words {
            *usual = self.usual.of(keyword);
        }
        for said in self.latest.iter().filter(|said| !inside(said)) {
            wording.compare_words(&said.words);
        }
        wording.without(&self.own)
    }
}

/// The words and pairs of a text, each once.
fn distinct(words: &str) -> BTreeSet<Box<str>> {
    let mut distinct = BTreeSet::new();
    for_each_keyword(words, |keyword| {
        if !distinct.contains(keyword) {
            distinct.insert(Box::<str>::from(keyword));
        }
    });
    distinct
}

impl Usual {
    fn of(&self, word: &str) -> u32 {
        self.counters.get(place(word)).copied().map_or(0, u32::from)
    }

    fn learn(&mut self, said: &Said) {
        self.counters.resize(COUNTERS, 0);
        for word in distinct(&said.words) {
            if let Some(count) = self.counters.get_mut(place(&word)) {
                *count = count.saturating_add(1);
            }
            self.words += 1;
        }
        self.fade();
    }

    fn merge(&mut self, other: &Self) {
        self.counters.resize(COUNTERS, 0);
        for (count, more) in self.counters.iter_mut().zip(&other.counters) {
            *count = count.saturating_add(*more);
        }
        self.words += other.words;
        self.fade();
    }

    fn fade(&mut self) {
        while self.words >= WORDS_MAX {
            self.counters.iter_mut().for_each(|count| *count /= 2);
            self.words /= 2;
        }
    }
}

fn cut(hash: u64) -> u32 {
    u32::try_from(mix(hash) >> 32).unwrap_or(u32::MAX)
}

/// The counter of a word.
fn place(word: &str) -> usize {
    usize::try_from(mix(hash(word)) % COUNTERS as u64).unwrap_or(0)
}

/// Visits the words of a text in lowercase, their letters only; handles and links are none.
pub(super) fn for_each_word(text: &str, mut visit: impl FnMut(&str)) {
    let mut lower = String::new();
    for token in text.split_whitespace().filter(|token| !is_address(token)) {
        if token.is_ascii() {
            for_each_ascii_word(token, &mut lower, &mut visit);
            continue;
        }
        for word in token.split(|c: char| !is_word_char(c)) {
            lower.clear();
            lower.extend(word.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase));
            if !lower.is_empty() {
                visit(&lower);
            }
        }
    }
}

/// The same for a token of ASCII, byte by byte.
fn for_each_ascii_word(token: &str, lower: &mut String, visit: &mut impl FnMut(&str)) {
    lower.clear();
    for &byte in token.as_bytes() {
        if byte.is_ascii_alphabetic() {
            lower.push(char::from(byte.to_ascii_lowercase()));
        } else if !(byte.is_ascii_digit() || byte == b'_' || lower.is_empty()) {
            visit(lower);
            lower.clear();
        }
    }
    if !lower.is_empty() {
        visit(lower);
    }
}

fn is_address(token: &str) -> bool {
    token.starts_with('@')
        || token.starts_with("www.")
        // Few tokens hold a colon at all.
        || token.as_bytes().contains(&b':') && token.contains("://")
}

/// FNV-1a, the same in every process.
pub(super) fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Spreads a hash over all bits: the finalizer of `SplitMix64` (Steele, Lea & Flood 2014).
pub(super) fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
