//! How is an explanation told, to people and to programs?

use std::fmt::{self, Write};

use serde_json::{Value, json};

use super::explain::{Explanation, Influence, IntentReason, Reason, Scope, Step};
use super::intents::INTENT_PERCENT_MIN;
use crate::post::Span;

/// Influences of the model that people are told.
const INFLUENCES_TOLD: usize = 5;

impl Explanation {
    /// The explanation of a verdict on `text` as indented lines for people: words with weights and
    /// rules, what the model made of them, and which part of the text decided.
    #[must_use]
    pub fn to_lines(&self, text: &str) -> String {
        let mut out = String::new();
        // Writing to memory cannot fail.
        let _ = self.write_lines(text, &mut out);
        out
    }

    fn write_lines(&self, text: &str, out: &mut String) -> fmt::Result {
        if self.reasons.is_empty() {
            writeln!(out, "          no word in it carries opinion")?;
        }
        self.reasons.iter().try_for_each(|reason| write_reason(reason, text, out))?;
        if self.emphasis != 0.0 {
            writeln!(out, "          {:<24} {:>+6.2}", "punctuation", self.emphasis)?;
        }
        if let Some([negative, neutral, positive]) = self.sums {
            writeln!(
                out,
                "          weighed by the model: negative {negative:+.2}, neutral {neutral:+.2}, positive {positive:+.2}; most by"
            )?;
            for Influence { name, negative, neutral, positive, .. } in
                self.influences.iter().take(INFLUENCES_TOLD)
            {
                writeln!(
                    out,
                    "            {name:<22} {negative:>+6.2} {neutral:>+6.2} {positive:>+6.2}"
                )?;
            }
            writeln!(
                out,
                "          read as {} ({}), decided by the {}",
                self.verdict.language.lang,
                self.verdict.language.source.as_str(),
                self.scope.as_str()
            )?;
        }
        if self.scope != Scope::Document {
            for passage in &self.passages {
                let said = slice(text, *passage).unwrap_or_default().replace(['\n', '\r'], " ");
                writeln!(out, "            \"{said}\"")?;
            }
        }
        let confidence = self.verdict.confidence;
        writeln!(out, "          of 100 verdicts as sure as this one {confidence} are right")?;
        self.intents.iter().try_for_each(|reason| write_intent(reason, text, out))
    }

    /// The same for programs, complete.
    #[must_use]
    pub fn to_json(&self, text: &str) -> Value {
        let word = |span| slice(text, span);
        let step = |step: &Step| json!({"rule": step.rule.as_str(), "by": step.by.and_then(word), "before": step.before, "after": step.after});
        let reasons = self.reasons.iter().map(|reason| {
            json!({
                "word": reason.word,
                "start": reason.span.start,
                "end": reason.span.end,
                "lexicon": reason.lexicon,
                "weight": reason.weight,
                "counts_for_target": reason.counts_for_target,
                "rules": reason.steps.iter().map(step).collect::<Vec<_>>(),
            })
        });
        let influences = self.influences.iter().map(|influence| {
            json!({
                "name": influence.name,
                "value": influence.value,
                "negative": influence.negative,
                "neutral": influence.neutral,
                "positive": influence.positive,
            })
        });
        let verdict = &self.verdict;
        json!({
            "polarity": verdict.polarity.as_str(),
            "score": verdict.document.as_f64(),
            "target_score": verdict.target.as_f64(),
            "confidence": f64::from(verdict.confidence) / 100.0,
            "language": verdict.language.lang.as_str(),
            "language_source": verdict.language.source.as_str(),
            "scope": self.scope.as_str(),
            "passages": self.passages.iter().filter_map(|&span| word(span)).collect::<Vec<_>>(),
            "emphasis": self.emphasis,
            "words": reasons.collect::<Vec<_>>(),
            "model": influences.collect::<Vec<_>>(),
            "sums": self.sums,
            "intents": self.intents.iter().map(|reason| intent_json(reason, text)).collect::<Vec<_>>(),
        })
    }
}

fn write_intent(reason: &IntentReason, text: &str, out: &mut String) -> fmt::Result {
    let IntentReason { intent, percent, influences, cues } = reason;
    let held = if holds(reason) { "" } else { ", too little" };
    write!(out, "          {intent} {percent} %{held}")?;
    for cue in cues {
        write!(out, " \"{}\"", slice(text, *cue).unwrap_or_default().replace(['\n', '\r'], " "))?;
    }
    for (name, by) in influences.iter().take(INFLUENCES_TOLD) {
        write!(out, "  {name} {by:+.1}")?;
    }
    writeln!(out)
}

fn intent_json(reason: &IntentReason, text: &str) -> Value {
    let by = reason.influences.iter().map(|(name, by)| json!({"name": name, "by": by}));
    json!({
        "intent": reason.intent.as_str(),
        "holds": holds(reason),
        "certainty": f64::from(reason.percent) / 100.0,
        "words": reason.cues.iter().filter_map(|&cue| slice(text, cue)).collect::<Vec<_>>(),
        "model": by.collect::<Vec<_>>(),
    })
}

/// Whether an intent is one, not only nearly.
fn holds(reason: &IntentReason) -> bool {
    reason.percent >= INTENT_PERCENT_MIN
}

fn write_reason(reason: &Reason, text: &str, out: &mut String) -> fmt::Result {
    write!(out, "          {:<24} {:>+6.2}", reason.word, reason.lexicon)?;
    for step in &reason.steps {
        let by = step.by.and_then(|by| slice(text, by)).map(|by| format!(" \"{by}\""));
        write!(out, "  {}{} {:>+.2}", step.rule.as_str(), by.unwrap_or_default(), step.after)?;
    }
    let elsewhere = if reason.counts_for_target { "" } else { "  said of something else" };
    writeln!(out, "  = {:+.2}{elsewhere}", reason.weight)
}

fn slice(text: &str, span: Span) -> Option<&str> {
    text.get(span.start as usize..span.end as usize)
}
