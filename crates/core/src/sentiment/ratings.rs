//! Is there a rating in figures? "0/10", "2 out of 5", "1 star", "5 Sterne".

use super::clauses::{Layout, Sort};
use super::sense::{Entry, Sense};
use super::signs;
use super::table::key;

/// Full marks that ratings are given out of; other fractions are dates, shares or parts.
const FULL_MARKS: [u32; 2] = [5, 10];

impl Layout {
    /// Gives the numbers that rate something the weight of the rating.
    pub(super) fn rate(&mut self, text: &str) {
        if self.marks.numbers == 0 && !self.marks.stars {
            return;
        }
        for i in 0..self.words.len() {
            if self.words[i].sort != Sort::Number && !self.names(i + 1, &STARS) {
                continue;
            }
            let Some((weight, last)) = self.rating(text, i) else { continue };
            let sense = Sense::weighing(weight);
            for word in self.words.get_mut(i..=last).unwrap_or_default() {
                word.entry = Entry { lists: word.entry.lists, ..Entry::default() };
                word.spent = true;
                word.sort = Sort::Number;
            }
            let end = self.words.get(last).map_or(0, |word| word.end);
            if let Some(word) = self.words.get_mut(i) {
                word.entry = Entry { lists: word.entry.lists, ..Entry::both(sense) };
                (word.spent, word.sort, word.phrase_end) = (false, Sort::Sign, end);
            }
        }
    }

    /// The weight of the rating that begins at word `i`, and its last word.
    fn rating(&self, text: &str, i: usize) -> Option<(f64, usize)> {
        let number = self.number(text, i)?;
        if self.is_dated(i) {
            return None;
        }
        if self.names(i + 1, &STARS) {
            let kind = self.names(i + 2, &STAR_KINDS);
            return (number <= 5 && !kind).then(|| (signs::rating(number as usize), i + 1));
        }
        let slash = self.follows(text, i, "/") && !self.follows(text, i + 1, "/");
        let (of, last) = if slash {
            (self.number(text, i + 1)?, i + 1)
        } else if self.names(i + 1, &OUT) && self.names(i + 2, &OF) {
            (self.number(text, i + 3)?, i + 3)
        } else if self.names(i + 1, &[b"von"]) {
            (self.number(text, i + 2)?, i + 2)
        } else {
            return None;
        };
        // "7 von 10 Kunden" counts, it does not rate.
        let counted = !slash
            && self.follows(text, last, " ")
            && self.words.get(last + 1).is_some_and(|word| {
                word.sort == Sort::Word
                    && !self.names(last + 1, &STARS)
                    && !self.names(last + 1, &POINTS)
            });
        let fits = FULL_MARKS.contains(&of) && number <= of && !counted;
        let fifth = (f64::from(number) * 5.0 / f64::from(of)).round();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 5")]
        let weight = signs::rating(fifth as usize);
        let last = if self.names(last + 1, &STARS) || self.names(last + 1, &POINTS) {
            last + 1
        } else {
            last
        };
        fits.then_some((weight, last))
    }

    /// The number that a word spells in figures or, up to five, in letters.
    fn number(&self, text: &str, i: usize) -> Option<u32> {
        let word = self.words.get(i)?;
        let written = text.get(word.start as usize..word.end as usize)?;
        if word.sort == Sort::Number {
            return written.parse().ok();
        }
        let lower = written.to_lowercase();
        let place = NUMBERS.iter().position(|names| names.contains(&lower.as_str()))?;
        u32::try_from(place).ok()
    }

    fn names(&self, i: usize, words: &[&[u8]]) -> bool {
        self.words.get(i).is_some_and(|word| words.iter().any(|name| key(name) == word.key))
    }

    /// Whether `mark` alone parts a word from the next.
    fn follows(&self, text: &str, i: usize, mark: &str) -> bool {
        let (Some(word), Some(next)) = (self.words.get(i), self.words.get(i + 1)) else {
            return false;
        };
        text.get(word.end as usize..next.start as usize) == Some(mark)
    }

    /// Whether what stands before makes it a date, a page or a part.
    fn is_dated(&self, i: usize) -> bool {
        i.checked_sub(1).is_some_and(|before| self.names(before, &BEFORE_DATES))
    }
}

const NUMBERS: [&[&str]; 6] = [
    &["zero", "null"],
    &["one", "ein", "einen", "einem", "single"],
    &["two", "zwei"],
    &["three", "drei"],
    &["four", "vier"],
    &["five", "fünf", "fuenf"],
];
const STARS: [&[u8]; 5] = [b"star", b"stars", b"stern", b"sterne", b"sternen"];
const STAR_KINDS: [&[u8]; 7] =
    [b"hotel", b"hotels", b"general", b"resort", b"restaurant", b"chef", b"safety"];
const POINTS: [&[u8]; 5] = [b"points", b"point", b"punkten", b"punkte", b"punkt"];
const OUT: [&[u8]; 1] = [b"out"];
const OF: [&[u8]; 1] = [b"of"];
const BEFORE_DATES: [&[u8]; 20] = [
    b"on",
    b"until",
    b"since",
    b"by",
    b"am",
    b"bis",
    b"vom",
    b"seit",
    b"der",
    b"page",
    b"part",
    b"chapter",
    b"episode",
    b"seite",
    b"teil",
    b"folge",
    b"gleis",
    b"platform",
    b"vitamin",
    b"room",
];
