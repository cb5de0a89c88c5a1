//! What is learned from reviews besides verdicts, and what was gained on those that nothing learned from?

use std::io::{self, Write};

use serde_json::{Value, json};

use super::eval::report_json;
use crate::intent::Intent;
use crate::post::Polarity;
use crate::review::Labeled;
use crate::sentiment::evaluate::{Report, Tally};
use crate::sentiment::intents::evaluate::IntentTally;
use crate::sentiment::intents::{IntentModel, IntentSample, refit_intents};
use crate::sentiment::{Scorer, Scratch};

/// Weights of intents that suit the reviews; none where too few say what writers want.
pub(super) fn intents(scorer: &Scorer, reviewed: &[Labeled]) -> Option<IntentModel> {
    let learned = reviewed.iter().filter(|one| !one.held_out);
    let samples: Vec<IntentSample> = learned.filter_map(|one| one.clone().with_intents()).collect();
    refit_intents(scorer, &samples).ok()
}

/// How good the scorer was, and is, on reviews that it did not learn from.
pub(super) struct Gain {
    verdicts: Option<[Report; 2]>,
    /// Reviews, those with all intents right before and after.
    intents: Option<(u64, [u64; 2])>,
}

impl Gain {
    pub(super) fn of(scorers: [&Scorer; 2], reviewed: &[Labeled]) -> Self {
        let held_out = || reviewed.iter().filter(|one| one.held_out);
        let judged: Vec<(&Labeled, Polarity)> =
            held_out().filter_map(|one| Some((one, one.polarity?))).collect();
        let verdicts = (!judged.is_empty()).then(|| scorers.map(|scorer| told(scorer, &judged)));
        let wanted: Vec<(&Labeled, &[Intent])> =
            held_out().filter_map(|one| Some((one, one.intents.as_deref()?))).collect();
        let intents = (!wanted.is_empty())
            .then(|| (wanted.len() as u64, scorers.map(|scorer| alike(scorer, &wanted))));
        Self { verdicts, intents }
    }

    /// For people, a line of each.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if let Some([before, after]) = &self.verdicts {
            writeln!(
                out,
                "{} held-out reviews: accuracy {:.3} before, {:.3} after",
                after.rows, before.accuracy, after.accuracy
            )?;
        }
        if let Some((rows, [before, after])) = self.intents {
            writeln!(
                out,
                "{rows} held-out reviews of intents: all right in {before} before, in {after} after"
            )?;
        }
        Ok(())
    }

    /// For programs.
    pub(super) fn add_to(&self, told: &mut Value) {
        if let Some([before, after]) = &self.verdicts {
            told["held_out_reviews"] =
                json!({"before": report_json(before), "after": report_json(after)});
        }
        if let Some((rows, [before, after])) = self.intents {
            told["held_out_intents"] =
                json!({"rows": rows, "alike": {"before": before, "after": after}});
        }
    }
}

fn told(scorer: &Scorer, judged: &[(&Labeled, Polarity)]) -> Report {
    let (mut tally, mut scratch) = (Tally::default(), Scratch::default());
    for (one, polarity) in judged {
        let verdict = scorer.verdict(&one.text, one.lang, &one.spans, &mut scratch);
        tally.observe(*polarity, verdict.target.polarity());
    }
    tally.finalize()
}

fn alike(scorer: &Scorer, wanted: &[(&Labeled, &[Intent])]) -> u64 {
    let (mut tally, mut scratch) = (IntentTally::default(), Scratch::default());
    for (one, intents) in wanted {
        let verdict = scorer.verdict(&one.text, one.lang, &one.spans, &mut scratch);
        tally.observe(intents, &verdict.intents);
    }
    tally.rows().1
}
