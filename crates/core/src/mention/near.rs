//! Which hits stand near enough to each other? Proximity and slop.
//!
//! Operands form a chain: each must stand near the next. A pass forwards and one backwards give
//! for each hit the least number of words between on the best chain through it. The best neighbor
//! of each hit is the least of a window that slides over the hits of the other operand, so cost is
//! linear in the hits, whatever the distance, but for sorting them.

use std::collections::VecDeque;
use std::ops::Range;

use super::expr::{Link, Order};
use super::hit::Hit;

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

/// Where a pass over the operands begins.
#[derive(Debug, Clone, Copy)]
enum Way {
    Forward,
    Backward,
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
        self.run(near, Way::Forward);
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
        self.run(near, Way::Forward);
        self.run(near, Way::Backward);
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

    /// Fills `forward` from the first operand on, or `backward` from the last.
    fn run(&mut self, near: &Near, way: Way) {
        let mut words = std::mem::take(match way {
            Way::Forward => &mut self.forward,
            Way::Backward => &mut self.backward,
        });
        words.clear();
        words.resize(self.places.len(), NEVER);
        let last = near.links.len();
        let operand = |step: usize| match way {
            Way::Forward => step,
            Way::Backward => last - step,
        };
        words.get_mut(self.operand(operand(0))).unwrap_or_default().fill(0);
        for step in 0..last {
            let (from, to) = (operand(step), operand(step + 1));
            let Some(link) = near.links.get(from.min(to)) else { continue };
            let first = match (link.order, way) {
                (Order::Forward, Way::Forward) => First::From,
                (Order::Forward, Way::Backward) => First::To,
                _ => First::Either,
            };
            self.window.relax(
                &Places { places: &self.places, by_end: &self.by_end },
                &mut words,
                (self.operand(from), self.operand(to)),
                link.words_max,
                first,
            );
        }
        match way {
            Way::Forward => self.forward = words,
            Way::Backward => self.backward = words,
        }
    }
}

/// A place as seen from the front or, with all signs turned, from the back.
#[derive(Debug, Clone, Copy)]
struct Sight {
    start: i64,
    end: i64,
    words_start: i64,
    words_end: i64,
}

impl Sight {
    fn from_front(Placed { hit, words_start, words_end }: &Placed) -> Self {
        let [start, end, words_start, words_end] =
            [hit.start, hit.end, *words_start, *words_end].map(i64::from);
        Self { start, end, words_start, words_end }
    }

    fn from_back(placed: &Placed) -> Self {
        let Self { start, end, words_start, words_end } = Self::from_front(placed);
        Self { start: -end, end: -start, words_start: -words_end, words_end: -words_start }
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
    kept: VecDeque<(i64, i64)>,
}

impl Window {
    fn push(&mut self, key: i64, words: i64) {
        while self.kept.back().is_some_and(|&(last, _)| last >= key) {
            self.kept.pop_back();
        }
        self.kept.push_back((key, words));
    }

    /// The least key among places that are near enough.
    fn best(&mut self, near: impl Fn(i64) -> bool) -> Option<i64> {
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
        let Places { places, by_end } = places;
        let of = |operand: &Range<usize>| {
            let ends = by_end.get(operand.clone()).unwrap_or_default();
            (operand.clone(), ends.iter().map(|&index| index as usize))
        };
        let ((from_starts, from_ends), (to_starts, to_ends)) = (of(&from), of(&to));
        let sight = |sees: fn(&Placed) -> Sight| move |index: usize| places.get(index).map(sees);
        if first != First::To {
            let ways = (from_ends, to_starts);
            self.relax_ahead(words, ways, words_max, sight(Sight::from_front));
        }
        if first != First::From {
            let ways = (from_starts.rev(), to_ends.rev());
            self.relax_ahead(words, ways, words_max, sight(Sight::from_back));
        }
    }

    /// By way of places that end before, as they are seen: sources by their ends, targets by their
    /// starts.
    fn relax_ahead(
        &mut self,
        words: &mut [u32],
        (sources, targets): (impl Iterator<Item = usize>, impl Iterator<Item = usize>),
        words_max: u32,
        sight: impl Fn(usize) -> Option<Sight>,
    ) {
        self.kept.clear();
        let mut sources = sources.peekable();
        for target in targets {
            let Some(own) = sight(target) else { continue };
            let ends = |&source: &usize| sight(source).is_some_and(|place| place.end <= own.start);
            while let Some(source) = sources.next_if(ends) {
                let (Some(place), Some(&so_far)) = (sight(source), words.get(source)) else {
                    continue;
                };
                if so_far != NEVER {
                    self.push(i64::from(so_far) - place.words_end, place.words_end);
                }
            }
            let near = |words_end| own.words_start - words_end <= i64::from(words_max);
            let best = self.best(near);
            offer(words, target, best.map(|key| key + own.words_start));
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
