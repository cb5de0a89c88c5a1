//! Which hits stand near enough to each other? Proximity and slop.
//!
//! Operands form a chain: each must stand near the next. A pass forwards and one backwards give
//! for each hit the least number of words between on the best chain through it. The best neighbor
//! of each hit is the least of a window that slides over the hits of the other operand, so cost is
//! linear in the hits, whatever the distance, but for sorting them.

use std::collections::VecDeque;
use std::ops::Range;

use super::expr::{Link, Order};
use super::scan::Hit;

/// No chain.
const NEVER: u32 = u32::MAX;

/// As many words in all as the links allow: an operator, not a phrase.
pub(super) const WORDS_ANY: u32 = u32::MAX - 1;

/// Operands near each other; also the words of a phrase with slop.
#[derive(Debug)]
pub(super) struct Near {
    /// The atoms of each operand, any of which counts.
    pub(super) operands: Box<[Box<[u32]>]>,
    pub(super) links: Box<[Link]>,
    /// How many words may stand between in all.
    pub(super) words_max: u32,
    /// How many places of each operand are looked at: its first ones.
    pub(super) places_max: u32,
}

impl Near {
    /// Whether these are the words of one phrase.
    pub(super) fn is_phrase(&self) -> bool {
        self.words_max != WORDS_ANY
    }
}

/// Buffers for chains.
#[derive(Debug, Default)]
pub(super) struct NearScratch {
    /// Where words begin in the folded text; counted when first asked for.
    pub(super) word_starts: Vec<u32>,
    pub(super) counted: bool,
    /// Hits of one operand.
    hits: Vec<Hit>,
    places: Vec<Placed>,
    /// The places of each operand by their ends.
    by_end: Vec<u32>,
    /// Where each operand's places begin; and the end of the last.
    bounds: Vec<usize>,
    forward: Vec<u32>,
    backward: Vec<u32>,
    window: Window,
}

/// A hit and how many words begin before its start and before its end.
#[derive(Debug, Clone, Copy)]
struct Placed {
    hit: Hit,
    words_start: u32,
    words_end: u32,
}

/// Which of two hits must come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Either,
    From,
    To,
}

impl NearScratch {
    /// Forgets the last text.
    pub(super) fn begin(&mut self) {
        self.counted = false;
        self.word_starts.clear();
    }

    /// Whether a chain exists among the hits of each operand; `hits_of` gives an atom's hits by
    /// start. Words must have been counted.
    pub(super) fn holds<'h>(&mut self, near: &Near, hits_of: impl Fn(u32) -> &'h [Hit]) -> bool {
        self.place(near, hits_of);
        self.run_forward(near);
        let last = self.operand(near.operands.len().saturating_sub(1));
        self.forward.get(last).unwrap_or_default().iter().any(|&words| words <= near.words_max)
    }

    /// Appends the hits that are part of a chain.
    pub(super) fn collect<'h>(
        &mut self,
        near: &Near,
        hits_of: impl Fn(u32) -> &'h [Hit],
        out: &mut Vec<Hit>,
    ) {
        self.place(near, hits_of);
        self.run_forward(near);
        self.run_backward(near);
        let words = self.forward.iter().zip(&self.backward);
        for (placed, (&before, &after)) in self.places.iter().zip(words) {
            if before != NEVER && after != NEVER && before.saturating_add(after) <= near.words_max {
                out.push(placed.hit);
            }
        }
    }

    /// How many places the last chain was looked for among.
    pub(super) fn places_len(&self) -> usize {
        self.places.len()
    }

    fn operand(&self, index: usize) -> Range<usize> {
        let bound = |index: usize| self.bounds.get(index).copied().unwrap_or(self.places.len());
        bound(index)..bound(index + 1)
    }

    fn place<'h>(&mut self, near: &Near, hits_of: impl Fn(u32) -> &'h [Hit]) {
        self.places.clear();
        self.bounds.clear();
        self.by_end.clear();
        let places_max = near.places_max as usize;
        for operand in &near.operands {
            self.hits.clear();
            for &atom in operand {
                let hits = hits_of(atom);
                self.hits.extend(hits.iter().take(places_max));
                if self.hits.len() > 2 * places_max {
                    break;
                }
            }
            self.hits.sort_unstable_by_key(|hit| (hit.start, hit.end));
            self.hits.truncate(places_max);
            let first = self.places.len();
            self.bounds.push(first);
            let mut words_start = 0;
            for &hit in &self.hits {
                words_start = words_before(&self.word_starts, words_start, hit.start);
                let words_end = words_before(&self.word_starts, words_start, hit.end);
                self.places.push(Placed {
                    hit,
                    words_start: count(words_start),
                    words_end: count(words_end),
                });
            }
            self.by_end.extend((first..self.places.len()).map(count));
            let places = &self.places;
            let end = |index: &u32| places.get(*index as usize).map(|placed| placed.hit.end);
            let own = self.by_end.get_mut(first..).unwrap_or_default();
            if !own.is_sorted_by_key(end) {
                own.sort_by_key(end);
            }
        }
        self.bounds.push(self.places.len());
    }

    fn run_forward(&mut self, near: &Near) {
        self.forward.clear();
        self.forward.resize(self.places.len(), NEVER);
        let first = self.operand(0);
        self.forward.get_mut(first).unwrap_or_default().fill(0);
        for (index, link) in near.links.iter().enumerate() {
            let first = if link.order == Order::Forward { First::From } else { First::Either };
            let (from, to) = (self.operand(index), self.operand(index + 1));
            self.window.relax(
                &Places { places: &self.places, by_end: &self.by_end },
                &mut self.forward,
                (from, to),
                link.words_max,
                first,
            );
        }
    }

    fn run_backward(&mut self, near: &Near) {
        self.backward.clear();
        self.backward.resize(self.places.len(), NEVER);
        let last = self.operand(near.links.len());
        self.backward.get_mut(last).unwrap_or_default().fill(0);
        for (index, link) in near.links.iter().enumerate().rev() {
            let first = if link.order == Order::Forward { First::To } else { First::Either };
            let (from, to) = (self.operand(index + 1), self.operand(index));
            self.window.relax(
                &Places { places: &self.places, by_end: &self.by_end },
                &mut self.backward,
                (from, to),
                link.words_max,
                first,
            );
        }
    }
}

/// The places of all operands, by start and by end.
struct Places<'s> {
    places: &'s [Placed],
    by_end: &'s [u32],
}

/// The places that stand near enough, the best of them first: each is better than all before it
/// that are gone, and worse than none behind it.
#[derive(Debug, Default)]
struct Window {
    /// Words so far, plus or less the words before the place; and those words.
    kept: VecDeque<(i64, u32)>,
}

impl Window {
    fn push(&mut self, key: i64, words: u32) {
        while self.kept.back().is_some_and(|&(last, _)| last >= key) {
            self.kept.pop_back();
        }
        self.kept.push_back((key, words));
    }

    /// The least key among places that are near enough.
    fn best(&mut self, near: impl Fn(u32) -> bool) -> Option<i64> {
        while self.kept.front().is_some_and(|&(_, words)| !near(words)) {
            self.kept.pop_front();
        }
        self.kept.front().map(|&(key, _)| key)
    }

    /// Gives each place of `to` the least words by way of a place of `from` within `words_max`.
    fn relax(
        &mut self,
        places: &Places<'_>,
        words: &mut [u32],
        (from, to): (Range<usize>, Range<usize>),
        words_max: u32,
        first: First,
    ) {
        if first != First::To {
            self.relax_behind(places, words, &from, &to, words_max);
        }
        if first != First::From {
            self.relax_before(places, words, &from, &to, words_max);
        }
    }

    /// By way of places that end before.
    fn relax_behind(
        &mut self,
        Places { places, by_end }: &Places<'_>,
        words: &mut [u32],
        from: &Range<usize>,
        to: &Range<usize>,
        words_max: u32,
    ) {
        self.kept.clear();
        let mut sources = by_end.get(from.clone()).unwrap_or_default().iter().peekable();
        for index in to.clone() {
            let Some(own) = places.get(index) else { continue };
            let ends = |source: &&u32| {
                places.get(**source as usize).is_some_and(|place| place.hit.end <= own.hit.start)
            };
            while let Some(&source) = sources.next_if(ends) {
                let (Some(place), Some(&so_far)) =
                    (places.get(source as usize), words.get(source as usize))
                else {
                    continue;
                };
                if so_far != NEVER {
                    self.push(i64::from(so_far) - i64::from(place.words_end), place.words_end);
                }
            }
            let best = self.best(|words_end| own.words_start - words_end <= words_max);
            offer(words, index, best.map(|key| key + i64::from(own.words_start)));
        }
    }

    /// By way of places that begin behind.
    fn relax_before(
        &mut self,
        Places { places, by_end }: &Places<'_>,
        words: &mut [u32],
        from: &Range<usize>,
        to: &Range<usize>,
        words_max: u32,
    ) {
        self.kept.clear();
        let mut sources = from.clone().rev().peekable();
        for &index in by_end.get(to.clone()).unwrap_or_default().iter().rev() {
            let Some(own) = places.get(index as usize) else { continue };
            let begins = |source: &usize| {
                places.get(*source).is_some_and(|place| place.hit.start >= own.hit.end)
            };
            while let Some(source) = sources.next_if(begins) {
                let (Some(place), Some(&so_far)) = (places.get(source), words.get(source)) else {
                    continue;
                };
                if so_far != NEVER {
                    self.push(i64::from(so_far) + i64::from(place.words_start), place.words_start);
                }
            }
            let best = self.best(|words_start| words_start - own.words_end <= words_max);
            offer(words, index as usize, best.map(|key| key - i64::from(own.words_end)));
        }
    }
}

/// Lowers the words of a place to what was found, if that is less.
fn offer(words: &mut [u32], index: usize, found: Option<i64>) {
    let found = found.and_then(|words| u32::try_from(words).ok()).unwrap_or(NEVER);
    if let Some(slot) = words.get_mut(index) {
        *slot = (*slot).min(found);
    }
}

/// How many words begin before a place, of which at least `least` do.
fn words_before(starts: &[u32], least: usize, at: u32) -> usize {
    let rest = starts.get(least..).unwrap_or_default();
    // Most hits are a word long.
    let near = rest.iter().take(4).take_while(|&&start| start < at).count();
    if near < 4 { least + near } else { least + rest.partition_point(|&start| start < at) }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
