//! How is a text folded, character by character, with the way back kept?
//!
//! Runs of plain ASCII are folded byte by byte, in code that the compiler turns into vectors; from
//! the first other character on, clusters of a letter and its marks are folded by `fold.rs`.

use super::boundary::{
    JOINER, continues_word, is_emoji, is_flag_letter, is_flag_tag, is_word_char,
};
use super::entity::entity;
use super::fold::{
    Sign, fold_cluster, fold_simple, is_joint, is_trade_mark, plain_sign, sign_of, spread_of,
    take_cluster, without_accent,
};
use super::folded::{Folded, Form, place};
use super::letters::Letters;

/// What stands between two characters that would go on as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    Nothing,
    /// The left one is raised, as ².
    Raised,
    /// A sign that ends the word: ™ behind it, or ① as its last.
    Parted,
}

/// What is written where a sign without a place of its own parts two words.
const PARTED: char = '·';

impl Folded {
    /// Folds `text` into this buffer, replacing what was there. Linear in the text.
    pub fn fold(&mut self, text: &str) {
        if self.fold_all(text) {
            self.part_edges();
        }
    }

    /// Folds a part of a pattern, which other parts may stand beside: its edges are none of words.
    pub(crate) fn fold_piece(&mut self, text: &str) {
        self.fold_all(text);
    }

    /// Folds a text but for the edges of its words; whether it may hold underscores.
    fn fold_all(&mut self, text: &str) -> bool {
        self.bytes.clear();
        self.starts.clear();
        self.seams.clear();
        self.flag_runs.clear();
        self.source_bytes = place(text.len());
        let (plain, odd) = plain_bytes(text.as_bytes());
        fold_plain(text.as_bytes().get(..plain).unwrap_or_default(), self.form, &mut self.bytes);
        if plain < text.len() {
            self.starts.extend(0..place(plain));
            self.last =
                self.bytes.last().map_or(' ', |&byte| char::from(byte.to_ascii_lowercase()));
            self.joint = Joint::Nothing;
            self.fold_rest(text, plain);
        }
        odd || plain < text.len()
    }

    /// Makes hyphens of underscores that stand at an edge of a word, as in `_Acme_`.
    fn part_edges(&mut self) {
        let mut at = 0;
        while let Some(ahead) = memchr::memchr(b'_', self.bytes.get(at..).unwrap_or_default()) {
            let start = at + ahead;
            let run = self.bytes.get(start..).unwrap_or_default().iter();
            let end = start + run.take_while(|&&byte| byte == b'_').count();
            let left = self.char_before(start).is_some_and(is_word_char);
            if !left || !self.char_at(end).is_some_and(is_word_char) {
                self.bytes.get_mut(start..end).unwrap_or_default().fill(b'-');
                if self.form == Form::Search {
                    let next = self.bytes.get_mut(end..).unwrap_or_default();
                    next.iter_mut().take(1).for_each(|byte| byte.make_ascii_uppercase());
                }
            }
            at = end;
        }
    }

    fn fold_rest(&mut self, text: &str, from: usize) {
        let mut from = from;
        loop {
            from = self.fold_ascii(text.as_bytes(), from);
            let mut letters = Letters::new(text, from);
            let Some((offset, c)) = letters.next() else { return };
            let start = place(offset);
            self.fold_one(c, start, &mut letters);
            from = letters.at();
        }
    }

    /// Folds ASCII up to what may be an entity or bear a mark; where it stopped.
    fn fold_ascii(&mut self, text: &[u8], from: usize) -> usize {
        let plain = |byte: Option<&u8>| byte.is_none_or(|&byte| byte.is_ascii() && byte != b'&');
        let mut at = from;
        while let Some(&byte) = text.get(at)
            && plain(Some(&byte))
            && plain(text.get(at + 1))
        {
            self.push(plain_sign(char::from(byte.to_ascii_lowercase())), place(at));
            at += 1;
        }
        at
    }

    /// Folds the cluster that `c` begins.
    fn fold_one(&mut self, c: char, start: u32, letters: &mut Letters<'_>) {
        if is_trade_mark(c) {
            // Before any word there is nothing that it could belong to.
            return;
        }
        self.cluster.clear();
        self.cluster.push(c);
        let tail = take_cluster(c, letters, &mut self.cluster);
        if is_joint(c) {
            let joins = letters.peek().is_some_and(is_emoji);
            self.push_joint(c, joins, start);
            self.cluster.remove(0);
        }
        if !is_joint(c)
            && !tail.marks
            && let Some(folded) = simple(c)
        {
            self.push(folded, start);
        } else {
            self.push_cluster(c, start);
        }
        if tail.sealed {
            self.joint = Joint::Parted;
        }
    }

    /// Folds the cluster that `first` begins by the tables.
    fn push_cluster(&mut self, first: char, start: u32) {
        let (sign, before, len) = (sign_of(first), self.joint, self.bytes.len());
        match sign {
            // A word ends before what is raised, or goes on with it: Acme², CO₂.
            Some(Sign::Raised) if before == Joint::Nothing && is_word_char(self.last) => {
                self.seams.push(place(len));
            }
            // Signs of one sort may spell a word: Ⓐⓒⓜⓔ.
            Some(Sign::Whole) => {
                let first = before == Joint::Nothing && is_word_char(self.last);
                self.joint = if first { Joint::Parted } else { Joint::Nothing };
            }
            _ => {}
        }
        let cluster = std::mem::take(&mut self.cluster);
        fold_cluster(&cluster, |c| self.push(c, start));
        self.cluster = cluster;
        match sign {
            Some(Sign::Raised) if self.bytes.len() > len => self.joint = Joint::Raised,
            Some(Sign::Whole) if self.bytes.len() > len => self.joint = Joint::Parted,
            _ => {}
        }
    }

    /// A joiner counts between two emoji, a tag after a black flag.
    fn push_joint(&mut self, c: char, joins: bool, start: u32) {
        let counts = if c == JOINER {
            joins && is_emoji(self.last)
        } else {
            self.last == '🏴' || is_flag_tag(self.last)
        };
        if counts {
            self.push(c, start);
        }
    }

    fn push(&mut self, c: char, start: u32) {
        if let Ok(byte) = u8::try_from(c)
            && byte.is_ascii()
        {
            return self.push_ascii(byte, start);
        }
        if self.form != Form::Term
            && let bare = without_accent(c)
            && let Ok(byte) = u8::try_from(bare)
            && byte.is_ascii()
        {
            return self.push_ascii(byte, start);
        }
        if self.form == Form::Search
            && let Some(pair) = spread_of(c)
        {
            pair.bytes().for_each(|byte| self.push_ascii(byte, start));
            return;
        }
        self.part(c, start);
        if c.is_whitespace() {
            return self.push_ascii(b' ', start);
        }
        if is_flag_letter(c) && !is_flag_letter(self.last) {
            self.flag_runs.push(place(self.bytes.len()));
        }
        self.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.last = c;
        self.starts.resize(self.bytes.len(), start);
    }

    fn push_ascii(&mut self, byte: u8, start: u32) {
        self.part(char::from(byte), start);
        let begins = if is_space(byte) {
            if self.last == ' ' {
                return;
            }
            self.bytes.push(b' ');
            self.last = ' ';
            self.starts.push(start);
            return;
        } else if let Ok(last) = u8::try_from(self.last)
            && last.is_ascii()
        {
            !(is_word_byte(last) && is_word_byte(byte))
        } else {
            !continues_word(self.last, char::from(byte))
        };
        let begins = begins && self.form == Form::Search;
        self.bytes.push(if begins { byte.to_ascii_uppercase() } else { byte });
        self.last = char::from(byte);
        self.starts.push(start);
    }

    /// Parts what comes from the sign before it, if one word would go on there.
    fn part(&mut self, next: char, start: u32) {
        let joint = std::mem::replace(&mut self.joint, Joint::Nothing);
        if joint == Joint::Parted && continues_word(self.last, next) {
            self.push(PARTED, start);
        }
    }
}

fn simple(c: char) -> Option<char> {
    if c.is_ascii() { Some(plain_sign(c.to_ascii_lowercase())) } else { fold_simple(c) }
}

/// How many bytes at the start fold one to one: ASCII without runs of spaces, entities and grave
/// accents; and whether underscores are among them. An ASCII character before anything else is
/// left out, since a mark may follow it.
fn plain_bytes(text: &[u8]) -> (usize, bool) {
    let ascii = if text.is_ascii() {
        text.len()
    } else {
        text.iter().take_while(|byte| byte.is_ascii()).count().saturating_sub(1)
    };
    let plain = text.get(..ascii).unwrap_or_default();
    let runs = |pair: &[u8]| is_space(pair[0]) & is_space(pair[1]);
    // First over all pairs without a branch, which the compiler turns into vector code.
    let any_runs = plain.windows(2).fold(false, |any, pair| any | runs(pair));
    let any_odd = memchr::memchr3(b'&', b'`', b'_', plain).is_some();
    if plain.first().is_some_and(|&byte| is_space(byte)) {
        return (0, true);
    }
    let mut end = ascii;
    if any_runs {
        // The first space of a run is folded.
        end = plain.windows(2).position(runs).map_or(end, |at| at + 1);
    }
    if any_odd {
        let stops = |at: &usize| {
            let rest = text.get(*at..).unwrap_or_default();
            rest.first() == Some(&b'`') || entity(rest).is_some()
        };
        // Before an entity may stand what a mark belongs to.
        let stop = memchr::memchr2_iter(b'&', b'`', plain).find(stops);
        end = stop.map_or(end, |at| end.min(at.saturating_sub(1)));
    }
    (end, any_odd)
}

/// Folds plain bytes; each depends on itself and its left neighbor only.
fn fold_plain(text: &[u8], form: Form, folded: &mut Vec<u8>) {
    let small = |byte: u8| if is_space(byte) { b' ' } else { byte.to_ascii_lowercase() };
    match form {
        Form::Letters | Form::Term => folded.extend(text.iter().map(|&byte| small(byte))),
        Form::Search => {
            let Some(&first) = text.first() else { return };
            folded.push(first.to_ascii_uppercase());
            folded.extend(text.windows(2).map(|pair| {
                let byte = small(pair[1]);
                let begins = byte.is_ascii_lowercase() & !is_word_byte(pair[0]);
                byte ^ (u8::from(begins) << 5)
            }));
        }
    }
}

/// White space; control characters part words as well.
fn is_space(byte: u8) -> bool {
    byte <= b' '
}

pub(super) fn is_word_byte(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26 || byte.wrapping_sub(b'0') < 10 || byte == b'_'
}
