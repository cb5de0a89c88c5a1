//! Is an opinion meant as one? Questions that seek, and what only might be.

use super::clauses::{Layout, Sort, Word};
use super::explain::Rule;
use super::lists::Lists;
use super::sense::Role;
use super::trace::{Hit, Trace};
use super::vader::NEGATED;
use super::view::View;

/// How many words what is wished or past reaches ahead.
const UNREAL_REACH: usize = 8;
/// How many words a "despite" reaches ahead.
const DESPITE_REACH: usize = 4;
/// How much of an opinion behind a "despite" is left.
const DESPITE: f64 = 0.3;
/// How many words praise has at most that opens a complaint, or names beside thanks that only mock,
/// and what the complaint weighs at least.
const MOCKING_WORDS: usize = 2;
const MOCKING_MAX: f64 = -1.4;
/// The same where thanks come last.
const CLOSING_MAX: f64 = -0.8;

/// How many words a sentence has at most that only repeats, and how much that complains.
const INSISTING_WORDS: usize = 3;
const INSISTING: f64 = -1.5;
/// How many sentences of one word insist on the fact before them ("Every. Single. Day."), how many
/// bytes such a word has at least, since shorter ones are abbreviations, and how many words the fact.
const HAMMERING: usize = 3;
const HAMMERING_BYTES_MIN: u32 = 3;
const FACT_WORDS_MIN: usize = 4;

/// How many words a text has at most that complains by words in quotes, and how much it does.
const MOCKED_TEXT_WORDS: usize = 25;
const MOCKED: f64 = -1.4;

/// Finds sentences that say again, or word by word, what no opinion came with: "Six weeks for a new
/// card. Six.", "gone at 8:01. every. single. day." Who insists on a fact complains; tags and names
/// are not facts.
pub(super) fn find_insistence(layout: &mut Layout) {
    if layout.sentences.len() < 2
        || layout.marks.exclamations > 0
        || layout.words.iter().any(|word| word.sense.weight() > 0.0)
    {
        return;
    }
    let speaks = |word: &&Word| !word.masked && !matches!(word.sort, Sort::Sign | Sort::Hashtag);
    let (mut run, mut fact) = (0, false);
    for at in 0..layout.sentences.len() {
        let own = layout.words_of(at);
        let words = layout.words.get(own.clone()).unwrap_or_default();
        let count = words.iter().filter(speaks).count();
        let long = |word: &Word| word.end.saturating_sub(word.start) >= HAMMERING_BYTES_MIN;
        let single = count == 1 && words.iter().filter(speaks).all(long);
        if !single {
            (run, fact) = (0, count >= FACT_WORDS_MIN);
        }
        run += usize::from(single);
        let alone = |at: usize| {
            let words = layout.words.get(layout.words_of(at)).unwrap_or_default();
            words.iter().filter(speaks).count() == 1
        };
        let hammers = run == HAMMERING && fact && !alone(at + 1);
        let before = at.checked_sub(1).map(|at| layout.words_of(at)).unwrap_or_default();
        let earlier = layout.words.get(before).unwrap_or_default();
        let asks = layout.sentences.get(at).is_some_and(|sentence| sentence.asks);
        let again = !asks
            && (1..=INSISTING_WORDS).contains(&count)
            && earlier.iter().filter(speaks).count() > count + 1
            && repeats(words.iter().filter(speaks), earlier);
        if !(again || hammers) || words.iter().any(|word| word.sense.is_polar()) {
            continue;
        }
        let mut own = layout.words.get_mut(own).unwrap_or_default().iter_mut();
        if let Some(word) = own.find(|word| speaks(&&**word)) {
            word.sense.weigh(INSISTING);
        }
    }
}

/// Whether a sentence only says words of the one before again, and not just a name.
fn repeats<'w>(mut words: impl Iterator<Item = &'w Word>, earlier: &[Word]) -> bool {
    let mut is_fact = false;
    let all = words.all(|word| {
        let mut said = earlier.iter().enumerate().filter(|(_, one)| one.key == word.key);
        let Some((place, one)) = said.next() else { return false };
        let is_name = !one.small && place > 0 && one.sort != Sort::Number;
        is_fact |= !is_name && one.sense.role != Role::Function;
        true
    });
    all && is_fact
}

/// Takes few words in quotes for a complaint where nothing else is said of the target: "a delivery that
/// is "in progress" since May". Who asks, tells news or quotes at length means the words.
pub(super) fn find_mocked(layout: &mut Layout) {
    let marks = layout.marks;
    let Some(at) = marks.mocked.checked_sub(1) else { return };
    let tells = marks.links + marks.questions > 0 || layout.words.len() > MOCKED_TEXT_WORDS;
    if tells || layout.words.iter().any(|word| word.sense.is_polar() && !word.masked) {
        return;
    }
    if let Some(word) = layout.words.get_mut(at as usize).filter(|word| !word.masked) {
        word.sense.weigh(MOCKED);
    }
}

/// Finds the sentences that ask for what their words describe.
pub(super) fn find_seeking(layout: &mut Layout) {
    let Layout { sentences, words: list, clauses, .. } = layout;
    for (i, word) in list.iter().enumerate() {
        let clause = clauses.get(word.clause as usize);
        let Some(sentence) = clause.and_then(|clause| sentences.get_mut(clause.sentence as usize))
        else {
            continue;
        };
        if word.sense.role == Role::Seeks {
            sentence.seeks = true;
        }
        // Few sentences ask: only their words are looked up.
        if !sentence.asks || sentence.seeks || !word.entry.lists.meet(Lists::ASKERS) {
            continue;
        }
        let next = list.get(i + 1).is_some_and(|next| next.entry.lists.meet(Lists::EXCLAIMED));
        let before = list.get(sentence.first as usize..i).unwrap_or_default();
        sentence.seeks = !next && before.iter().all(|word| word.masked);
    }
}

/// Turns praise that only opens or closes a complaint, and is no part of it: "Great, my parcel is
/// lost", "My parcel is lost. Thanks Acme".
pub(super) fn find_mockery(layout: &Layout, hits: &mut [Hit], trace: &mut Trace) {
    let worst = hits.iter().fold(0.0, |worst: f64, hit| worst.min(hit.weight));
    let last = hits.len().wrapping_sub(1);
    let mut praise = hits.iter_mut().enumerate().filter(|(_, hit)| hit.weight >= 0.0);
    let (Some((at, hit)), None) = (praise.next(), praise.next()) else { return };
    if hit.weight <= 0.0 {
        return;
    }
    let complains = worst <= MOCKING_MAX;
    let opens = at == 0 && complains && opens_alone(layout, hit);
    let closes = at == last && (worst <= CLOSING_MAX || denies_before(layout, hit.word));
    if !opens && !((complains || closes) && is_thanks_alone(layout, hit)) {
        return;
    }
    let before = hit.weight;
    hit.weight *= NEGATED;
    trace.note(hit.word as usize, Rule::Irony, None, [before, hit.weight]);
}

/// Whether a sentence before that of a word says that something is not there or not done.
fn denies_before(layout: &Layout, word: u32) -> bool {
    let sentence = layout.sentence_of(word as usize);
    let words = layout.words.iter().take(word as usize).enumerate();
    let mut before = words.filter(|&(i, _)| layout.sentence_of(i) != sentence);
    before.any(|(_, word)| matches!(word.sense.role, Role::Negation | Role::NearNegation))
}

/// Whether praise is all that is said before the first comma: "Great", "oh brilliant", "great, Acme"; in
/// "great service" it is not the last word.
fn opens_alone(layout: &Layout, praise: &Hit) -> bool {
    let clause = layout.clause_of(praise.word);
    let speaks = |word: &Word| word.sort != Sort::Handle && !word.spent;
    let begin = layout.words.iter().position(speaks).unwrap_or(0);
    let own = layout.words.iter().skip(begin).take_while(|word| Some(word.clause) == clause);
    let own = own.filter(|word| speaks(word)).count();
    let at = praise.word as usize;
    let opening = layout.words.get(at).is_some_and(|word| word.entry.lists.meet(Lists::OPENING));
    let behind = layout.words.iter().skip(at + 1);
    let behind = behind.take_while(|word| Some(word.clause) == clause && opening && word.held);
    let names = behind.filter(|word| speaks(word)).count();
    let answered = clause.and_then(|at| layout.clauses.get(at as usize + 1));
    let opposed = answered.is_none_or(|next| next.outweighs);
    begin + own == at + 1 + names && own <= MOCKING_WORDS + names && !opposed
}

/// Whether thanks or applause stand with a name at most, and no "but" before or behind: what they
/// are for is the complaint.
fn is_thanks_alone(layout: &Layout, praise: &Hit) -> bool {
    let at = praise.word as usize;
    let Some(word) = layout.words.get(at) else { return false };
    let next = layout.words.get(at + 1).filter(|next| next.clause == word.clause);
    let of_deeds = next.is_some_and(|next| next.entry.lists.meet(Lists::DEEDS));
    if !of_deeds && !word.entry.lists.meet(Lists::THANKS) {
        return false;
    }
    let clause = word.clause as usize;
    let around = layout.clauses.get(clause..layout.clauses.len().min(clause + 2));
    if around.unwrap_or_default().iter().any(|clause| clause.outweighs) {
        return false;
    }
    let first = layout.words.partition_point(|other| other.clause < word.clause);
    let own = layout.words.iter().enumerate().skip(first);
    let own = own.take_while(|(_, other)| other.clause == word.clause);
    let mut names = 0;
    for (_, other) in own.filter(|&(i, other)| i != at && !other.spent) {
        let is_name = other.masked || (other.entry.is_blank() && other.entry.gram == 0);
        if !is_name && !other.entry.lists.meet(Lists::DEEDS) {
            return false;
        }
        names += usize::from(is_name);
    }
    names <= MOCKING_WORDS
}

impl View<'_> {
    /// Whether the sentence of `i` asks for what its words describe.
    pub(super) fn seeks(&self, i: usize) -> bool {
        let at = self.layout.sentence_of(i).map(|at| at as usize);
        at.and_then(|at| self.layout.sentences.get(at)).is_some_and(|sentence| sentence.seeks)
    }

    /// The word that says that praise is past, promised or wished for.
    pub(super) fn unreal(&self, i: usize) -> Option<usize> {
        if !self.roles.has(Role::Unreal) {
            return None;
        }
        let sentence = self.layout.sentence_of(i);
        (0..i)
            .rev()
            .take(UNREAL_REACH)
            .take_while(|&j| self.layout.sentence_of(j) == sentence)
            .find(|&j| self.sense(j).role == Role::Unreal)
    }

    /// How much of an opinion counts: little in the phrase behind a "despite".
    pub(super) fn despite(&self, i: usize) -> Option<(usize, f64)> {
        if !self.roles.has(Role::Despite) {
            return None;
        }
        let found = self.before(i, DESPITE_REACH).find(|&j| self.sense(j).role == Role::Despite)?;
        let parted = (found + 2..i).any(|k| {
            matches!(self.sense(k).role, Role::Subject | Role::Link) || self.is(k, Lists::STARTERS)
        });
        (!parted).then_some((found, DESPITE))
    }
}
