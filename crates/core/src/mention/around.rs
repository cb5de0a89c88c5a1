//! Does what stands around a literal make it a hit? Word boundaries, wildcards, endings, raw text.
//!
//! A term with wildcards that keeps to one word is tried once a word, from the word's start, and not
//! once for each literal in it. Other patterns are walked from their literal outwards. Both go with
//! the set of all places reached so far, which a `*` widens to the end of the word in one go: cost
//! is at most the parts of the pattern times the bytes of the words it touches.

use super::effort::{Effort, WORD_BYTES_MAX};
use super::hit::{Hit, place};
use super::pattern::{Around, Element, Literal};
use crate::post::Span;
use crate::text::{Folded, Form, decoded, is_emoji, is_hangul, is_skin_tone, is_word_char};

/// Bytes that are compared in the time of a step.
const STEP_BYTES: usize = 8;

/// Buffers for looking around.
#[derive(Debug)]
pub(super) struct AroundScratch {
    pub(super) effort: Effort,
    from: Vec<usize>,
    to: Vec<usize>,
    /// The run of word characters that was looked at last.
    run: Run,
    /// The whole text, to compare letter by letter: its bytes stand where those of the text folded for
    /// searching do, since spreading an umlaut keeps the number of bytes. Folded when first asked for.
    letters: Folded,
    has_letters: bool,
}

impl Default for AroundScratch {
    fn default() -> Self {
        Self {
            effort: Effort::default(),
            from: Vec::new(),
            to: Vec::new(),
            run: Run::default(),
            letters: Folded::new(Form::Letters),
            has_letters: false,
        }
    }
}

/// A run of word characters.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    start: usize,
    end: usize,
    /// Whether it is longer than wildcards look into; then only a part of it is known.
    is_long: bool,
    /// Whether a hit may begin at its start only, as in most scripts.
    is_one: bool,
}

/// A text that is searched, in both forms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Searched<'t> {
    pub(super) text: &'t str,
    pub(super) folded: &'t Folded,
}

/// Which term is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought {
    pub(super) atom: u32,
    /// The number of its surroundings.
    pub(super) around: u32,
    pub(super) steps_max: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Left,
    Right,
}

impl AroundScratch {
    /// Forgets the last text; the number of this one.
    pub(super) fn begin(&mut self) -> u32 {
        self.has_letters = false;
        self.run = Run::default();
        self.effort.begin()
    }

    /// Appends a hit, if it is among the first of its term.
    pub(super) fn report(&mut self, atom: u32, start: usize, end: usize, hits: &mut Vec<Hit>) {
        if self.effort.hit(atom, hits.len()) {
            hits.push(Hit { atom, start: place(start), end: place(end) });
        }
    }
}

impl Searched<'_> {
    /// The bytes of the original that gave the folded bytes `start..end`.
    pub(super) fn original(&self, start: usize, end: usize) -> Span {
        self.folded.original(self.text, start, end)
    }

    /// Where a hit that ends at `end` really ends, if it may end there: an emoji takes its skin
    /// tone with it.
    pub(super) fn right_end(&self, end: usize) -> Option<usize> {
        let mut end = end;
        if self.folded.as_bytes().get(end) == Some(&0xF0)
            && let Some(tone) = self.folded.char_at(end).filter(|&c| is_skin_tone(c))
            && self.folded.char_before(end).is_some_and(|c| is_emoji(c) && !is_skin_tone(c))
        {
            end += tone.len_utf8();
        }
        let ends = !self.folded.is_inside_word(end)
            // Korean particles follow a word without a space.
            || self.folded.char_at(end).is_some_and(is_hangul);
        ends.then_some(end)
    }

    /// Whether a hit may begin at `start`; a capital says so at once.
    pub(super) fn may_begin(&self, start: usize) -> bool {
        self.folded.as_bytes().get(start).is_some_and(u8::is_ascii_uppercase)
            || !self.folded.is_inside_word(start)
    }

    /// Appends the hits that a literal at `start..end` belongs to, the longest for each beginning.
    pub(super) fn look_around(
        &self,
        around: &Around,
        sought: Sought,
        (start, end): (usize, usize),
        scratch: &mut AroundScratch,
        hits: &mut Vec<Hit>,
    ) {
        if !scratch.effort.may_look(sought.atom, sought.steps_max) {
            return;
        }
        if around.is_word {
            return self.look_into_word(around, sought, start, scratch, hits);
        }
        let strict = around.strict.as_deref();
        if !scratch.effort.spend(sought.atom, 1 + (end - start) / STEP_BYTES, sought.steps_max)
            || strict.is_some_and(|strict| !self.is_strict(strict, start, scratch))
        {
            return;
        }
        self.walk(&around.right, end, Way::Right, sought, scratch);
        let open = matches!(around.right.last(), Some(Element::Run));
        let ends = scratch.from.iter().rev();
        let right = ends.filter_map(|&at| if open { Some(at) } else { self.right_end(at) }).max();
        let Some(right) = right else { return };
        self.walk(&around.left, start, Way::Left, sought, scratch);
        let open = matches!(around.left.last(), Some(Element::Run));
        let lefts = std::mem::take(&mut scratch.from);
        for &left in lefts.iter().filter(|&&at| open || self.may_begin(at)) {
            if around.raw.as_ref().is_none_or(|raw| is_raw(self.slice(left, right), raw)) {
                scratch.report(sought.atom, left, right, hits);
            }
        }
        scratch.from = lefts;
    }

    /// Looks for a term that keeps to one word in the word at `at`, unless that was done.
    fn look_into_word(
        &self,
        around: &Around,
        sought: Sought,
        at: usize,
        scratch: &mut AroundScratch,
        hits: &mut Vec<Hit>,
    ) {
        let Some((first, last)) = self.run_at(at, scratch) else { return };
        if !scratch.effort.is_new(sought.around, first) {
            return;
        }
        let whole = &around.right;
        let from_start = matches!(whole.first(), Some(Element::Run));
        let open = matches!(whole.last(), Some(Element::Run));
        let only_first = from_start || scratch.run.is_one;
        let last = if only_first { first + 1 } else { last };
        for start in first..last {
            if start > first && !(self.is_char_start(start) && self.may_begin(start)) {
                continue;
            }
            self.walk(whole, start, Way::Right, sought, scratch);
            let ends = scratch.from.iter().rev();
            let end = ends.filter_map(|&at| if open { Some(at) } else { self.right_end(at) }).max();
            if let Some(end) = end {
                scratch.report(sought.atom, start, end, hits);
            }
        }
    }

    /// The run of word characters around the one at `at`; `None` if there is none there, or if the
    /// run is longer than wildcards look into.
    fn run_at(&self, at: usize, scratch: &mut AroundScratch) -> Option<(usize, usize)> {
        if !(scratch.run.start..scratch.run.end).contains(&at) {
            let (start, is_long_left) = self.run_end(at, Way::Left);
            let (end, is_long_right) = self.run_end(at, Way::Right);
            scratch.effort.count(end - start);
            let is_long = is_long_left || is_long_right || end - start > WORD_BYTES_MAX;
            let mut inner = (start + 1..end).filter(|&at| self.is_char_start(at));
            let is_one = is_long || !inner.any(|at| self.may_begin(at));
            scratch.run = Run { start, end, is_long, is_one };
        }
        let run = scratch.run;
        (run.end > at && !run.is_long).then_some((run.start, run.end))
    }

    fn is_char_start(&self, at: usize) -> bool {
        self.folded.as_bytes().get(at).is_some_and(|byte| byte & 0xC0 != 0x80)
    }

    /// Where word characters end from `at` on, and whether they go on beyond the longest word.
    fn run_end(&self, at: usize, way: Way) -> (usize, bool) {
        let mut end = at;
        while let Some((next, c)) = self.beside(end, way) {
            if !is_word_char(c) {
                return (end, false);
            }
            if end.abs_diff(at) > WORD_BYTES_MAX {
                return (end, true);
            }
            end = next;
        }
        (end, false)
    }

    /// Leaves in `scratch.from` every place that the elements reach from `at`, in order.
    fn walk(
        &self,
        elements: &[Element],
        at: usize,
        way: Way,
        sought: Sought,
        scratch: &mut AroundScratch,
    ) {
        scratch.from.clear();
        scratch.from.push(at);
        for (index, element) in elements.iter().enumerate() {
            let last = index + 1 == elements.len();
            let from = std::mem::take(&mut scratch.from);
            scratch.to.clear();
            let mut steps = from.len();
            match element {
                Element::Text(texts) => {
                    for &at in &from {
                        steps += self.step_text(texts, at, way, scratch);
                    }
                }
                Element::One | Element::Unit => {
                    for &at in &from {
                        if *element == Element::One {
                            self.step_char(at, way, &mut scratch.to);
                        }
                        self.step_unit(at, way, &mut scratch.to);
                    }
                }
                Element::Run => steps += self.step_run(&from, way, last, scratch),
            }
            steps += scratch.to.len();
            scratch.from = std::mem::replace(&mut scratch.to, from);
            scratch.from.sort_unstable();
            scratch.from.dedup();
            if !scratch.effort.spend(sought.atom, steps, sought.steps_max) {
                scratch.from.clear();
            }
            if scratch.from.is_empty() {
                return;
            }
        }
    }

    /// Any of the texts; how many steps it took to compare them.
    fn step_text(
        &self,
        texts: &[Literal],
        at: usize,
        way: Way,
        scratch: &mut AroundScratch,
    ) -> usize {
        let mut steps = texts.len();
        for literal in texts {
            let bytes = literal.loose.len();
            let range = match way {
                Way::Left => at.checked_sub(bytes).map(|start| (start, at)),
                Way::Right => Some((at, at + bytes)),
            };
            let Some((start, end)) = range else { continue };
            let found = self.folded.as_bytes().get(start..end);
            if !found.is_some_and(|found| found.eq_ignore_ascii_case(literal.loose.as_bytes())) {
                continue;
            }
            steps += bytes / STEP_BYTES;
            let strict = literal.strict.as_ref();
            if strict.is_none_or(|strict| self.is_strict(strict, start, scratch)) {
                scratch.to.push(if way == Way::Left { start } else { end });
            }
        }
        steps
    }

    /// One word character as folded.
    fn step_char(&self, at: usize, way: Way, to: &mut Vec<usize>) {
        to.extend(self.beside(at, way).filter(|&(_, c)| is_word_char(c)).map(|(next, _)| next));
    }

    /// All that one character of the original was folded to, if word characters.
    fn step_unit(&self, at: usize, way: Way, to: &mut Vec<usize>) {
        let Some((next, _)) = self.beside(at, way) else { return };
        let (start, end) = self.folded.unit(at.min(next));
        let (near, far) = if way == Way::Left { (end, start) } else { (start, end) };
        if near != at || end - start > WORD_BYTES_MAX {
            return;
        }
        let mut place = at;
        while place != far {
            match self.beside(place, way) {
                Some((next, c)) if is_word_char(c) => place = next,
                _ => return,
            }
        }
        to.push(far);
    }

    /// From each place to the end of its word, and if this is the `last` element only the ends; how
    /// many steps it took to find them.
    fn step_run(&self, from: &[usize], way: Way, last: bool, scratch: &mut AroundScratch) -> usize {
        let mut reached = None;
        let mut steps = 0;
        let mut step = |at: usize| {
            // What an earlier place went through leads nowhere new.
            let covered = reached.is_some_and(|end| match way {
                Way::Left => at >= end,
                Way::Right => at <= end,
            });
            if covered {
                return;
            }
            let inside = match self.beside(at, way) {
                Some((next, c)) if is_word_char(c) => at.min(next),
                _ => {
                    scratch.to.push(at);
                    reached = Some(at);
                    return;
                }
            };
            let Some((start, end)) = self.run_at(inside, scratch) else { return };
            let far = if way == Way::Left { start } else { end };
            if !last {
                let through = if way == Way::Left { start + 1..at + 1 } else { at..end };
                steps += through.len() / STEP_BYTES;
                scratch.to.extend(through.filter(|&at| self.is_char_start(at)));
            }
            scratch.to.push(far);
            reached = Some(far);
        };
        match way {
            Way::Left => from.iter().rev().for_each(|&at| step(at)),
            Way::Right => from.iter().for_each(|&at| step(at)),
        }
        steps
    }

    /// The character beside a place, and the place behind it.
    fn beside(&self, at: usize, way: Way) -> Option<(usize, char)> {
        match way {
            Way::Left => self.folded.char_before(at).map(|c| (at - c.len_utf8(), c)),
            Way::Right => self.folded.char_at(at).map(|c| (at + c.len_utf8(), c)),
        }
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        let span = self.original(start, end);
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Whether the original has the very umlauts of `strict`.
    fn is_strict(&self, strict: &str, start: usize, scratch: &mut AroundScratch) -> bool {
        if !scratch.has_letters {
            scratch.letters.fold(self.text);
            scratch.has_letters = true;
        }
        let letters = scratch.letters.as_bytes().get(start..);
        letters.is_some_and(|letters| letters.starts_with(strict.as_bytes()))
    }
}

/// Whether a slice of a text is a raw term, but for entities and a trade mark sign at its end.
fn is_raw(slice: &str, raw: &str) -> bool {
    let bare = slice.trim_end_matches(['™', '℠']);
    slice == raw || decoded(slice).eq(decoded(raw)) || decoded(bare).eq(decoded(raw))
}
