//! Which terms stand in a text? One Aho-Corasick automaton over the literals of all terms.
//!
//! The text is folded so that ASCII words begin with a capital, and so do the literals that must
//! begin a word: the automaton leaves its start state at beginnings of words only, and while it
//! rests there the scan runs ahead to the next byte that any literal begins with. Literals under
//! which no topic is indexed are noted, and looked at only if a topic is worth it.

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError, MatchKind, PatternID};

use super::around::{AroundScratch, Searched, Sought};
use super::hit::{Hit, place};
use super::pattern::Around;

// What was tried: ms for the 23,703 posts of the archive at 10, 1,000, 10,000 and 100,000 topics of
// `benches/mention.rs`, the least of 125 rounds in five turns, on two shared cores (AMD EPYC).
//
//   a  as it stands here                                      11.9   21.6   30.4    92
//   b  every literal looked at as soon as it is seen          11.9   23.2   33.3   100
//   c  b, full tables three states deep (2 is the default),
//      and a hash of four bytes asked before each word        10.7   20.8   32.5    76
//   d  c, the other literals in a second pass of their own    10.6   17.2   33.2    99
//   e  d without the hash                                     12.0   20.2   31.7   111
//   f  d with full tables two states deep                     10.7   17.5   32.3   105
//
// c to f gain a tenth where time is short anyway, for a table of 64 KiB or a second alphabet.
// An anchored walk from each beginning of a word, without failure links, was no faster (two runs)
// and not linear. A `DFA` for 10,000 topics takes 38 MB against 2.2 MB and scans no faster. So at
// 10,000 topics what is left is the walk through common words that queries name beside brands. To
// reopen: time variants in turns and take the least; single runs on a shared machine differ by 2.

/// Most literals that wait for a look at a time; more are looked at as the scan goes on.
const SIGHTINGS_MAX: usize = 1 << 18;

/// Which term a literal is for, and what must stand around it: a place in [`Scanner::arounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) literal: u32,
    pub(super) atom: u32,
    pub(super) around: Option<u32>,
}

/// A literal found in a text, not yet looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    literal: u32,
    end: u32,
}

/// All terms, ready to be found.
#[derive(Debug)]
pub(super) struct Scanner {
    automaton: NFA,
    /// Whether a byte leads out of the start state.
    begins: [bool; 256],
    /// Literals below this number lead to topics, the others only matter to topics so found.
    leading_len: usize,
    /// By literal.
    uses: Vec<Use>,
    /// Per literal, where its uses begin; and the end of the last.
    uses_start: Vec<u32>,
    arounds: Vec<Around>,
    /// By term, how much looking around it may do in a text.
    steps_max: Vec<u32>,
}

impl Scanner {
    /// Builds the automaton; the uses name literals by their place in `literals`. `leads` says
    /// whether topics are indexed under a term.
    pub(super) fn build(
        literals: &[Vec<u8>],
        mut uses: Vec<Use>,
        arounds: Vec<Around>,
        steps_max: Vec<u32>,
        leads: impl Fn(u32) -> bool,
    ) -> Result<Self, BuildError> {
        let mut leading = vec![false; literals.len()];
        for used in uses.iter().filter(|used| leads(used.atom)) {
            leading.iter_mut().skip(used.literal as usize).take(1).for_each(|lead| *lead = true);
        }
        let mut order: Vec<usize> = (0..literals.len()).collect();
        order.sort_by_key(|&literal| !leading[literal]);
        let mut number = vec![0; literals.len()];
        for (new, &old) in order.iter().enumerate() {
            number[old] = place(new);
        }
        uses.iter_mut().for_each(|used| used.literal = number[used.literal as usize]);
        uses.sort_by_key(|used| used.literal);
        let mut uses_start = Vec::with_capacity(literals.len() + 1);
        let mut next = 0usize;
        for literal in 0..=literals.len() {
            let before = |used: &&Use| (used.literal as usize) < literal;
            next += uses.get(next..).unwrap_or_default().iter().take_while(before).count();
            uses_start.push(place(next));
        }
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(order.iter().filter_map(|&literal| literals.get(literal)))?;
        let mut begins = [false; 256];
        for first in literals.iter().filter_map(|literal| literal.first()) {
            begins[usize::from(*first)] = true;
        }
        let leading_len = leading.iter().filter(|&&lead| lead).count();
        uses.shrink_to_fit();
        Ok(Self { automaton, begins, leading_len, uses, uses_start, arounds, steps_max })
    }

    /// Appends the hits of all terms that lead to topics, in no particular order, some of them
    /// twice; and to `sightings` the literals that wait for [`Scanner::look`]. A text in which
    /// literals overlap by the million is left where they become too many.
    pub(super) fn scan(
        &self,
        searched: Searched<'_>,
        scratch: &mut AroundScratch,
        hits: &mut Vec<Hit>,
        sightings: &mut Vec<Sighting>,
    ) {
        let Ok(start) = self.automaton.start_state(Anchored::No) else { return };
        let bytes = searched.folded.as_bytes();
        let mut state = start;
        let mut at = 0;
        scratch.effort.scan(bytes.len());
        loop {
            if state == start {
                let rest = bytes.get(at..).unwrap_or_default();
                let ahead = rest.iter().position(|&byte| self.begins[usize::from(byte)]);
                let Some(ahead) = ahead else { return };
                at += ahead;
            }
            let Some(&byte) = bytes.get(at) else { return };
            state = self.automaton.next_state(Anchored::No, state, byte);
            at += 1;
            if self.automaton.is_special(state) && self.automaton.is_match(state) {
                for index in 0..self.automaton.match_len(state) {
                    let literal = self.automaton.match_pattern(state, index).as_usize();
                    if literal < self.leading_len {
                        if !self.check(literal, at, searched, scratch, hits) {
                            return;
                        }
                    } else {
                        sightings.push(Sighting { literal: place(literal), end: place(at) });
                        if sightings.len() >= SIGHTINGS_MAX {
                            self.look(sightings, searched, scratch, hits);
                            sightings.clear();
                        }
                    }
                }
            }
        }
    }

    /// Appends the hits among literals that were left for later.
    pub(super) fn look(
        &self,
        sightings: &[Sighting],
        searched: Searched<'_>,
        scratch: &mut AroundScratch,
        hits: &mut Vec<Hit>,
    ) {
        for seen in sightings {
            let (literal, end) = (seen.literal as usize, seen.end as usize);
            if !self.check(literal, end, searched, scratch, hits) {
                return;
            }
        }
    }

    /// Looks whether a literal that was found is a hit of the terms that use it; not if the text has
    /// too many, which is the answer.
    fn check(
        &self,
        literal: usize,
        end: usize,
        searched: Searched<'_>,
        scratch: &mut AroundScratch,
        hits: &mut Vec<Hit>,
    ) -> bool {
        let start = end - self.automaton.pattern_len(PatternID::new_unchecked(literal));
        let bound = |index: usize| self.uses_start.get(index).map_or(0, |&at| at as usize);
        let uses = self.uses.get(bound(literal)..bound(literal + 1)).unwrap_or_default();
        if !scratch.effort.see(uses.len()) {
            return false;
        }
        for used in uses {
            let atom = used.atom;
            if let Some(number) = used.around
                && let Some(around) = self.arounds.get(number as usize)
            {
                let steps_max = self.steps_max.get(atom as usize).copied().unwrap_or(0);
                let sought = Sought { atom, around: number, steps_max };
                searched.look_around(around, sought, (start, end), scratch, hits);
            } else if !scratch.effort.is_full(atom)
                && searched.may_begin(start)
                && let Some(end) = searched.right_end(end)
            {
                scratch.report(atom, start, end, hits);
            }
        }
        true
    }

    /// Bytes on the heap, roughly.
    pub(super) fn heap_bytes(&self) -> usize {
        self.automaton.memory_usage()
            + self.uses.capacity() * size_of::<Use>()
            + self.uses_start.capacity() * 4
            + self.arounds.capacity() * size_of::<Around>()
            + self.steps_max.capacity() * 4
    }
}
