//! Which hits stand near enough to each other? Proximity and slop.
//!
//! Operands form a chain: each must stand near the next. A pass forwards and one backwards give
//! for each hit the least number of words between on the best chain through it. Only hits within
//! reach are compared, so cost is hits times distance.

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
    places: Vec<Placed>,
    /// Where each operand's places begin; and the end of the last.
    bounds: Vec<usize>,
    forward: Vec<u32>,
    backward: Vec<u32>,
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

    /// Whether a chain exists among the hits of each operand; `hits_of` appends an atom's hits.
    /// Words must have been counted.
    pub(super) fn holds(&mut self, near: &Near, hits_of: impl Fn(u32, &mut Vec<Hit>)) -> bool {
        self.place(near, hits_of);
        self.run_forward(near);
        let last = self.operand(near.operands.len().saturating_sub(1));
        self.forward.get(last).unwrap_or_default().iter().any(|&words| words <= near.words_max)
    }

    /// Appends the hits that are part of a chain.
    pub(super) fn collect(
        &mut self,
        near: &Near,
        hits_of: impl Fn(u32, &mut Vec<Hit>),
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

    fn operand(&self, index: usize) -> std::ops::Range<usize> {
        let bound = |index: usize| self.bounds.get(index).copied().unwrap_or(self.places.len());
        bound(index)..bound(index + 1)
    }

    fn place(&mut self, near: &Near, hits_of: impl Fn(u32, &mut Vec<Hit>)) {
        self.places.clear();
        self.bounds.clear();
        let mut hits = Vec::new();
        for operand in &near.operands {
            hits.clear();
            operand.iter().for_each(|&atom| hits_of(atom, &mut hits));
            hits.sort_unstable_by_key(|hit| (hit.start, hit.end));
            self.bounds.push(self.places.len());
            let starts = &self.word_starts;
            let before = |at: u32| {
                u32::try_from(starts.partition_point(|&start| start < at)).unwrap_or(u32::MAX)
            };
            self.places.extend(hits.iter().map(|&hit| Placed {
                hit,
                words_start: before(hit.start),
                words_end: before(hit.end),
            }));
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
            relax(&self.places, &mut self.forward, from, to, link.words_max, first);
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
            relax(&self.places, &mut self.backward, from, to, link.words_max, first);
        }
    }
}

/// Gives each place of `to` the least words by way of a place of `from` within `words_max`.
fn relax(
    places: &[Placed],
    words: &mut [u32],
    from: std::ops::Range<usize>,
    to: std::ops::Range<usize>,
    words_max: u32,
    first: First,
) {
    let sources = places.get(from.clone()).unwrap_or_default();
    let longest = sources.iter().map(|place| place.words_end - place.words_start).max();
    let longest = longest.unwrap_or(0);
    for index in to {
        let Some(&own) = places.get(index) else { continue };
        let mut best = NEVER;
        let mut offer = |source: usize, between: u32| {
            let so_far = words.get(from.start + source).copied().unwrap_or(NEVER);
            if so_far != NEVER && between <= words_max {
                best = best.min(so_far.saturating_add(between));
            }
        };
        if first != First::To {
            let reach = own.words_start.saturating_sub(words_max + longest);
            let begin = sources.partition_point(|place| place.words_start < reach);
            let before = sources.iter().enumerate().skip(begin);
            for (source, place) in before.take_while(|(_, place)| place.hit.start < own.hit.start) {
                if place.hit.end <= own.hit.start {
                    offer(source, own.words_start - place.words_end);
                }
            }
        }
        if first != First::From {
            let begin = sources.partition_point(|place| place.hit.start < own.hit.end);
            for (source, place) in sources.iter().enumerate().skip(begin) {
                let between = place.words_start - own.words_end;
                if between > words_max {
                    break;
                }
                offer(source, between);
            }
        }
        if let Some(slot) = words.get_mut(index) {
            *slot = best;
        }
    }
}
