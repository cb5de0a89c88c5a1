//! Does what stands around a literal make it a hit? Word boundaries, wildcards, endings, raw text.
//!
//! A pattern is walked from its literal outwards, with the set of all places reached so far, so
//! that any number of wildcards costs at most pattern times text.

use super::pattern::{Around, Element, Literal};
use crate::post::Span;
use crate::text::{Folded, Form, decoded, is_emoji, is_hangul, is_skin_tone, is_word_char};

/// Longest run of characters that one `*` stands for; longer "words" are data, not language.
const RUN_CHARS_MAX: usize = 128;

/// Buffers for looking around.
#[derive(Debug)]
pub(super) struct AroundScratch {
    from: Vec<usize>,
    to: Vec<usize>,
    /// The whole text, to compare letter by letter: its bytes stand where those of the text folded for
    /// searching do, since spreading an umlaut keeps the number of bytes. Folded when first asked for.
    letters: Folded,
    has_letters: bool,
}

impl Default for AroundScratch {
    fn default() -> Self {
        let letters = Folded::new(Form::Letters);
        Self { from: Vec::new(), to: Vec::new(), letters, has_letters: false }
    }
}

impl AroundScratch {
    /// Forgets the last text.
    pub(super) fn begin(&mut self) {
        self.has_letters = false;
    }
}

/// A text that is searched, in both forms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Searched<'t> {
    pub(super) text: &'t str,
    pub(super) folded: &'t Folded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Left,
    Right,
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

    /// Reports the hits that a literal at `start..end` belongs to, the longest for each beginning.
    pub(super) fn look_around(
        &self,
        around: &Around,
        (start, end): (usize, usize),
        scratch: &mut AroundScratch,
        mut report: impl FnMut(usize, usize),
    ) {
        if around.strict.as_ref().is_some_and(|strict| !self.is_strict(strict, start, scratch)) {
            return;
        }
        self.walk(&around.right, end, Way::Right, scratch);
        let open = matches!(around.right.last(), Some(Element::Run));
        let ends = scratch.from.iter().rev();
        let right = ends.filter_map(|&at| if open { Some(at) } else { self.right_end(at) }).max();
        let Some(right) = right else { return };
        self.walk(&around.left, start, Way::Left, scratch);
        let open = matches!(around.left.last(), Some(Element::Run));
        for &left in scratch.from.iter().filter(|&&at| open || self.may_begin(at)) {
            if around.raw.as_ref().is_none_or(|raw| is_raw(self.slice(left, right), raw)) {
                report(left, right);
            }
        }
    }

    /// Leaves in `scratch.from` every place that the elements reach from `at`.
    fn walk(&self, elements: &[Element], at: usize, way: Way, scratch: &mut AroundScratch) {
        scratch.from.clear();
        scratch.from.push(at);
        for (index, element) in elements.iter().enumerate() {
            let last = index + 1 == elements.len();
            let from = std::mem::take(&mut scratch.from);
            scratch.to.clear();
            for &at in &from {
                match element {
                    Element::Text(texts) => self.step_text(texts, at, way, scratch),
                    Element::One => {
                        self.step_char(at, way, &mut scratch.to);
                        self.step_unit(at, way, &mut scratch.to);
                    }
                    Element::Unit => self.step_unit(at, way, &mut scratch.to),
                    Element::Run => self.step_run(at, way, last, &mut scratch.to),
                }
            }
            scratch.from = std::mem::replace(&mut scratch.to, from);
            scratch.from.sort_unstable();
            scratch.from.dedup();
        }
    }

    fn step_text(&self, texts: &[Literal], at: usize, way: Way, scratch: &mut AroundScratch) {
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
            let strict = literal.strict.as_ref();
            if strict.is_none_or(|strict| self.is_strict(strict, start, scratch)) {
                scratch.to.push(if way == Way::Left { start } else { end });
            }
        }
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
        if near != at {
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

    fn step_run(&self, at: usize, way: Way, last: bool, to: &mut Vec<usize>) {
        let mut place = at;
        for _ in 0..RUN_CHARS_MAX {
            let next = self.beside(place, way).filter(|&(_, c)| is_word_char(c));
            let Some((next, _)) = next else { break };
            if !last {
                to.push(place);
            }
            place = next;
        }
        to.push(place);
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
    slice == raw
        || decoded(slice.trim_end_matches(['™', '℠'])).eq(decoded(raw))
        || decoded(slice).eq(decoded(raw))
}
