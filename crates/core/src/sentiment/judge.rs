//! What does a text say about a target? From words over rules and scope to the model's decision.

use crate::post::{Lang, Span};

use super::clauses::{Layout, Sort};
use super::explain::{Influence, Rule, Scope};
use super::features::{self, Row, Scoped};
use super::language::{self, Language};
use super::lexicon;
use super::model::{CLASSES, Grams, Judgement, Model, View};
use super::mood;
use super::overlay::{Lexicon, Overlay};
use super::phrases::{ANY_SECOND, Phrases, REACH_MAX};
use super::rules;
use super::table::key;
use super::trace::{Hit, Shares, Trace, emphasis};
use super::vocabulary::Vocabulary;

/// Words up to which an English and a German text is one statement: what it says, it says of its target.
/// With more, English posts about several things (ACL-14, MAMS, news) are judged worse.
const SHORT_WORDS: [usize; 2] = [10, 14];
/// How much of the document goes into a target's features where the model knows no targets.
const DOCUMENT_SHARE: f64 = 0.25;

/// All that the `resonanz` profile knows.
#[derive(Debug, Clone)]
pub(super) struct Resonanz {
    pub(super) vocabulary: Vocabulary,
    pub(super) phrases: Phrases,
    pub(super) model: Model,
}

/// The working memory of one text.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) layout: Layout,
    pub(super) hits: Vec<Hit>,
    pub(super) grams: Grams,
}

/// A text and what is known of it beforehand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) text: &'a str,
    pub(super) lang: Lang,
    /// The mentions of the target.
    pub(super) spans: &'a [Span],
    /// What the topic knows better.
    pub(super) overlay: Option<&'a Overlay>,
}

/// The outcome for one text and target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// -1 to 1.
    pub(super) document: f64,
    /// -1 to 1.
    pub(super) target: f64,
    /// Percent.
    pub(super) confidence: u8,
    /// What decided on the target.
    pub(super) scope: Scope,
    /// Opinion words within that scope.
    pub(super) target_hits: usize,
    /// Positive, neutral, negative share of the document.
    pub(super) shares: Shares,
    /// What punctuation added.
    pub(super) emphasis: f64,
    /// In which language it was read.
    pub(super) language: Language,
}

impl Resonanz {
    /// Reads the lexicons, and the shipped model where no other is given.
    pub(super) fn new(lexicons: &[Lexicon], model: Option<Model>) -> Self {
        // What is compiled in is read by a test; no weights say neutral to all.
        let shipped = || Model::parse(lexicon::RESONANZ_MODEL).unwrap_or_default();
        let own = || lexicons.iter().rev().flat_map(Lexicon::phrases);
        // About as long each, and every command that scores waits for both.
        let (mut vocabulary, (phrases, model)) = rayon::join(
            || Vocabulary::new(lexicons),
            || (Phrases::built_in(own()), model.unwrap_or_else(shipped)),
        );
        phrases.mark(&mut vocabulary);
        let mut resonanz = Self { vocabulary, phrases, model };
        resonanz.enlist();
        resonanz
    }

    /// Writes the model's words into the vocabulary, so that one look-up finds all.
    pub(super) fn enlist(&mut self) {
        self.model.settle();
        for (at, gram) in (1..).zip(&self.model.grams) {
            if !gram.contains(' ') {
                self.vocabulary.entry(key(gram.as_bytes())).gram = at;
            }
        }
        self.vocabulary.hasten();
    }

    /// The language in which a text would be read.
    pub(super) fn language(&self, text: &str, declared: Lang, work: &mut Work) -> Language {
        work.layout.split(text, &self.vocabulary);
        language::decide(&work.layout, declared)
    }

    /// What the model made of the target, or of the document without one.
    pub(super) fn influences(
        &self,
        subject: &Subject<'_>,
        outcome: &Outcome,
        work: &mut Work,
    ) -> (Vec<Influence>, [f64; CLASSES]) {
        let scope = scope_of(subject, work, outcome.language);
        let view = View::of(outcome.language, !subject.spans.is_empty(), scope);
        let row = self.row(work, outcome.emphasis, scope, view);
        let turned = scope.is_some() && is_turned(work);
        self.model.collect(&work.layout, scope, turned, &mut work.grams);
        let sums = self.model.sums(view, &row, &work.grams);
        (self.model.influences(view, &row, &work.grams), sums)
    }

    /// Weighs the opinions of a text and decides which count for the mentions.
    pub(super) fn judge(
        &self,
        subject: &Subject<'_>,
        work: &mut Work,
        trace: &mut Trace,
    ) -> Outcome {
        let language = self.read(subject, work, trace);
        let emphasis = emphasis(subject.text.as_bytes());
        let shares = Shares::sift(&work.hits, work.layout.words.len(), emphasis);
        let (mut scope, mut target_hits) = (Scope::Document, work.hits.len());
        let narrower = scope_of(subject, work, language);
        // A text that says one thing of what it mentions is judged once, as a post about it.
        let view = View::of(language, narrower.is_none() && !subject.spans.is_empty(), None);
        let document = self.decide(work, view, emphasis, None);
        let mut target = document;
        if let Some(found) = narrower {
            (scope, target_hits) = (found, count(work, found));
            target = self.decide(work, View::of(language, true, narrower), emphasis, narrower);
            if trace.is_on() {
                note_comparisons(work, trace);
            }
        }
        let (document, target, confidence) = (document.score, target.score, target.confidence);
        Outcome { document, target, confidence, scope, target_hits, shares, emphasis, language }
    }

    /// Splits a text, finds its language, its phrases and its opinion words.
    fn read(&self, subject: &Subject<'_>, work: &mut Work, trace: &mut Trace) -> Language {
        work.layout.split(subject.text, &self.vocabulary);
        work.hits.clear();
        let language = language::decide(&work.layout, subject.lang);
        let tongues = language.tongues();
        if let Some(overlay) = subject.overlay {
            for word in &mut work.layout.words {
                word.entry = overlay.get(word.key).unwrap_or(word.entry);
            }
        }
        work.layout.hold(subject.spans);
        rules::resolve(&mut work.layout, tongues);
        if work.layout.marks.compared == 1 && !subject.spans.is_empty() {
            work.layout.weigh_sign();
        }
        let own = subject.overlay.map(Overlay::phrases).filter(|phrases| !phrases.is_empty());
        for i in 0..work.layout.words.len() {
            let word = &work.layout.words[i];
            if word.masked || word.spent {
                continue;
            }
            let (reach, seconds) = (word.sense.reach, word.entry.seconds);
            let any = (REACH_MAX, ANY_SECOND);
            let found = own.is_some_and(|own| own.apply(&mut work.layout, i, any, tongues));
            if !found && reach.is_some() {
                self.phrases.apply(&mut work.layout, i, (reach, seconds), tongues);
            }
        }
        work.layout.elliptic = false;
        mood::find_insistence(&mut work.layout);
        if work.layout.marks.mocked > 0 && !subject.spans.is_empty() {
            mood::find_mocked(&mut work.layout);
        }
        rules::weigh(&mut work.layout, tongues, &mut work.hits, trace);
        work.layout.elliptic = !subject.spans.is_empty() && work.layout.is_elliptic(&work.hits);
        // A negated word does not mean what the model learned of it.
        for hit in work.hits.iter().filter(|hit| hit.negated) {
            if let Some(word) = work.layout.words.get_mut(hit.word as usize) {
                word.spent = true;
            }
        }
        language
    }

    /// What is said in the document, or of the target within a scope.
    fn decide(
        &self,
        work: &mut Work,
        view: View,
        emphasis: f64,
        scope: Option<Scope>,
    ) -> Judgement {
        let row = self.row(work, emphasis, scope, view);
        let turned = scope.is_some() && is_turned(work);
        self.model.collect(&work.layout, scope, turned, &mut work.grams);
        let judgement = self.model.judge(view, &row, &work.grams);
        // Who says nothing means nothing.
        let is_silent = work.layout.words.is_empty() && work.hits.is_empty();
        if is_silent { Judgement { score: 0.0, ..judgement } } else { judgement }
    }

    /// The features of the document, or of the target within a scope.
    ///
    /// A model that was never shown targets asks the whole text a little, too.
    fn row(&self, work: &Work, emphasis: f64, scope: Option<Scope>, view: View) -> Row {
        let mut found = row(work, emphasis, scope);
        if scope.is_some_and(|scope| scope != Scope::Document) && !self.model.knows(view) {
            let document = row(work, emphasis, None);
            for (own, whole) in found.iter_mut().zip(document) {
                *own = DOCUMENT_SHARE.mul_add(whole - *own, *own);
            }
        }
        found
    }

    /// The features of a text for training: dense row and words of the model.
    pub(super) fn features<'w>(
        &self,
        subject: &Subject<'_>,
        work: &'w mut Work,
    ) -> (View, Row, &'w Grams) {
        let language = self.read(subject, work, &mut Trace::Off);
        let scope = scope_of(subject, work, language);
        let row = row(work, emphasis(subject.text.as_bytes()), scope);
        let turned = scope.is_some() && is_turned(work);
        self.model.collect(&work.layout, scope, turned, &mut work.grams);
        (View::of(language, !subject.spans.is_empty(), scope), row, &work.grams)
    }
}

/// The features of the document, or of the target within a scope.
pub(super) fn row(work: &Work, emphasis: f64, scope: Option<Scope>) -> Row {
    let layout = &work.layout;
    let within = |hit: &Hit| match scope {
        None => Some(hit.weight),
        Some(scope) => counts(layout, hit, scope).then(|| hit.weight * layout.side(hit)),
    };
    features::fill(layout, &work.hits, emphasis, &Scoped { weight_of: &within, scope })
}

/// How much of the text decides on the target; none where the text as a whole does: without a
/// target, where it is spoken to, and where all opinions are in its clause anyway.
fn scope_of(subject: &Subject<'_>, work: &Work, language: Language) -> Option<Scope> {
    if subject.spans.is_empty() || is_addressed(&work.layout) {
        return None;
    }
    if work.layout.elliptic {
        return Some(Scope::Document);
    }
    let scopes = [Scope::Clause, Scope::Sentence, Scope::Document];
    let scope = scopes.into_iter().find(|&scope| count(work, scope) > 0).unwrap_or(Scope::Document);
    let short = SHORT_WORDS[usize::from(language.lang == Lang::DE)];
    if scope != Scope::Clause && !work.hits.is_empty() && work.layout.words.len() > short {
        return Some(scope);
    }
    (is_turned(work) || count(work, scope) < work.hits.len()).then_some(scope)
}

/// Whether what is said of another is turned round for the target, as in "A is worse than B".
fn is_turned(work: &Work) -> bool {
    work.hits.iter().any(|hit| work.layout.side(hit) < 0.0)
}

/// Opinions within a scope.
fn count(work: &Work, scope: Scope) -> usize {
    work.hits.iter().filter(|hit| counts(&work.layout, hit, scope)).count()
}

/// Whether the text begins with the target's handle: then the document is what is said to it.
fn is_addressed(layout: &Layout) -> bool {
    let mut leading = layout.words.iter().take_while(|word| word.sort == Sort::Handle);
    leading.any(|word| word.held)
}

/// Whether an opinion lies within the scope around the mentions.
pub(super) fn counts(layout: &Layout, hit: &Hit, scope: Scope) -> bool {
    let Some(word) = layout.words.get(hit.word as usize) else { return false };
    let Some(clause) = layout.clauses.get(word.clause as usize) else { return false };
    match scope {
        Scope::Document => true,
        _ if hit.aside => false,
        Scope::Clause => clause.held,
        Scope::Sentence => {
            layout.sentences.get(clause.sentence as usize).is_some_and(|sentence| sentence.held)
        }
    }
}

/// Notes which weights count the other way round for the target.
fn note_comparisons(work: &Work, trace: &mut Trace) {
    for hit in &work.hits {
        let side = work.layout.side(hit);
        let by = hit.pivot.map(|pivot| pivot as usize);
        trace.note(hit.word as usize, Rule::Comparison, by, [hit.weight, hit.weight * side]);
    }
}
