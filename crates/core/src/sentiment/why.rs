//! How is an answer to "why this score?" put together? From what the scorers noted on the way.

use crate::post::{Lang, Score, Span};

use super::explain::{Explanation, Reason, Scope, Step};
use super::intents::Intentions;
use super::judge::{self, Resonanz, Subject};
use super::reliability;
use super::trace::{self, Trace};
use super::vader::Vader;
use super::{Engine, Overlay, Scorer, Scratch, Verdict, narrow, polar, vader_language, verdict};

impl Scorer {
    /// Gives the [`super::Verdict`] with the words, rules and weights behind it; allocates, unlike
    /// the rest.
    #[must_use]
    pub fn explain(&self, text: &str, lang: Lang, spans: &[Span]) -> Explanation {
        self.explain_over(text, lang, spans, None)
    }

    /// The same with the words of a topic, as [`Scorer::overlay`] prepared them.
    #[must_use]
    pub fn explain_over(
        &self,
        text: &str,
        lang: Lang,
        spans: &[Span],
        overlay: Option<&Overlay>,
    ) -> Explanation {
        let scratch = Scratch { trace: Trace::On(Vec::new()), ..Scratch::default() };
        match &self.engine {
            Engine::Vader(vader) => explain_vader(vader, text, lang, scratch),
            Engine::Resonanz(resonanz) => {
                let subject = Subject { text, lang, spans, overlay };
                explain_resonanz(resonanz, &self.intentions, &subject, scratch)
            }
        }
    }
}

fn explain_vader(vader: &Vader, text: &str, lang: Lang, scratch: Scratch) -> Explanation {
    let Scratch { vader: mut work, mut trace, .. } = scratch;
    let outcome = vader.score(text, &mut work, &mut trace);
    let score = Score::from_f64(outcome.compound);
    let place = |i: u32| {
        let token = work.tokens.get(i as usize);
        token.map_or((0, 0), |token| (token.start, token.end))
    };
    let spelled = if work.spelled.is_used() { &work.spelled.text } else { text };
    let original = |i| work.spelled.original(place(i).0, place(i).1);
    let reason = |hit: &trace::Hit| {
        let word = slice(spelled, place(hit.word)).to_owned();
        reason(hit, word, &trace, original, (true, hit.weight))
    };
    Explanation {
        verdict: verdict(
            [score, score],
            reliability::of_compound(outcome.compound),
            polar(&work.hits),
            vader_language(lang),
        ),
        scope: Scope::Document,
        passages: vec![whole(text)],
        emphasis: outcome.emphasis,
        reasons: work.hits.iter().map(reason).collect(),
        influences: Vec::new(),
        sums: None,
        intents: Vec::new(),
    }
}

fn explain_resonanz(
    resonanz: &Resonanz,
    intentions: &Intentions,
    subject: &Subject<'_>,
    scratch: Scratch,
) -> Explanation {
    let Scratch { rules: mut work, mut trace, .. } = scratch;
    let outcome = resonanz.judge(subject, &mut work, &mut trace);
    let (influences, sums) = resonanz.influences(subject, &outcome, &mut work);
    let place = |i: u32| {
        let word = work.layout.words.get(i as usize);
        word.map_or(Span { start: 0, end: 0 }, |word| Span {
            start: word.start,
            end: word.end.max(word.phrase_end),
        })
    };
    let reason = |hit: &trace::Hit| {
        let Span { start, end } = place(hit.word);
        let word = slice(subject.text, (start, end)).to_owned();
        let counts = judge::counts(&work.layout, hit, outcome.scope);
        let side = if subject.spans.is_empty() { 1.0 } else { work.layout.side(hit) };
        reason(hit, word, &trace, place, (counts, hit.weight * side))
    };
    let [document, target] = [outcome.document, outcome.target].map(Score::from_f64);
    let hits = narrow(outcome.target_hits);
    let found = verdict([document, target], outcome.confidence, hits, outcome.language);
    Explanation {
        verdict: Verdict { intents: intentions.judge(&outcome, &work), ..found },
        scope: outcome.scope,
        passages: match outcome.scope {
            Scope::Document => vec![whole(subject.text)],
            Scope::Clause | Scope::Sentence => work.layout.passages(outcome.scope, subject.text),
        },
        emphasis: outcome.emphasis,
        reasons: work.hits.iter().map(reason).collect(),
        influences,
        sums: Some(sums),
        intents: intentions.explain(&outcome, &work),
    }
}

fn reason(
    hit: &trace::Hit,
    word: String,
    trace: &Trace,
    place: impl Fn(u32) -> Span,
    (counts_for_target, weight): (bool, f64),
) -> Reason {
    let own = trace.changes().iter().filter(|change| change.word == hit.word);
    let steps = own.map(|change| Step {
        rule: change.rule,
        by: change.by.map(&place),
        before: change.before,
        after: change.after,
    });
    Reason {
        span: place(hit.word),
        word,
        lexicon: hit.lexicon,
        weight,
        steps: steps.collect(),
        counts_for_target,
    }
}

fn whole(text: &str) -> Span {
    Span { start: 0, end: trace::index(text.len()) }
}

fn slice(text: &str, (start, end): (u32, u32)) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}
