//! What can posts teach that nobody labelled? Words that stand beside what the scorer is sure of.
//!
//! Self-training: of the verdicts of each class the surest half are taken for labels, and weights are
//! fitted to them, tied to those one starts from. Shares of classes and mean leads stay what they were,
//! so that it neither drifts nor grows surer of itself. Whether that makes verdicts better or worse
//! cannot be known without labels: a view is left as it was where labelled posts say worse.

use std::collections::{BTreeMap, HashSet};

use super::held_out::{polarity, report};
use super::words::with_words;
use super::{FitError, Options, SAMPLES_MIN, Sample, Teach, anchor, gather, part};
use crate::post::{Polarity, Span, TEXT_BYTES_MAX};
use crate::sentiment::descent::{self, Rows, Task};
use crate::sentiment::evaluate::{Report, Unlabelled};
use crate::sentiment::judge::{Resonanz, Subject, Work};
use crate::sentiment::model::{CLASSES, Model, Part, View, lead};
use crate::sentiment::table::key;
use crate::sentiment::{Engine, Scorer};

/// Posts that are learned from at most, and bytes of their texts.
const POSTS_MAX: usize = 30_000;
const BYTES_MAX: usize = 8 << 20;
/// Posts a view needs.
const POSTS_MIN: usize = 200;
/// Of the verdicts of each class so many are sure.
const SURE_SHARE: f64 = 0.5;
/// Changes that are shown.
const EXAMPLES: usize = 10;
/// How strongly weights are tied to the start: features hardly move, words may.
const TASK: Task = Task { feature_penalty: 1e-1, gram_penalty: 1e-3 };
/// Rounds in which the shares of classes are brought back to what they were.
const ROUNDS: usize = 40;

/// Posts without labels, each text once: of more than fit, a sample that does not depend on their order.
#[derive(Debug, Clone, Default)]
pub struct Posts {
    kept: BTreeMap<u64, Unlabelled>,
    bytes: usize,
    /// The first place of a text that did not fit: nothing from there on is kept.
    end: Option<u64>,
    /// Texts that did not fit.
    left_out: u64,
}

impl Posts {
    /// Adds a post; the same text about the same target counts once.
    pub fn push(&mut self, post: Unlabelled) {
        let bytes = post.text.len();
        let hash = key(post.text.as_bytes()) ^ mentions(&post.spans);
        if bytes > TEXT_BYTES_MAX || self.end.is_some_and(|end| hash >= end) {
            self.left_out += 1;
            return;
        }
        if self.kept.insert(hash, post).is_none() {
            self.bytes += bytes;
        }
        while self.kept.len() > POSTS_MAX || self.bytes > BYTES_MAX {
            let Some((hash, last)) = self.kept.pop_last() else { return };
            self.end = Some(hash);
            self.bytes -= last.text.len();
            self.left_out += 1;
        }
    }

    /// How many are learned from.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many did not fit.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

fn mentions(spans: &[Span]) -> u64 {
    spans.iter().fold(0, |hash: u64, span| {
        let place = (u64::from(span.start) << 32) | u64::from(span.end);
        (hash.rotate_left(7) ^ place).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

/// What became of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Labelled posts say that it is no worse: it is learned.
    Proven,
    /// Labelled posts say that it is worse: it stays as it was.
    Worse,
    /// It is worse, and learned all the same, as was asked for.
    Forced,
    /// It is learned, and nobody can tell whether that is better: too few labelled posts.
    Untold,
}

/// What one view learned.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewTaught {
    /// Language and scope, as `en document`.
    pub view: &'static str,
    /// Its posts.
    pub posts: usize,
    /// Those whose verdicts were taken for labels.
    pub sure: usize,
    /// What became of it.
    pub fate: Fate,
    /// How good it was on labelled posts, and is.
    pub labelled: Option<[Report; 2]>,
    /// Labelled posts that it judges right now and did not before, and the other way round.
    pub turned: [u64; 2],
}

/// A post whose verdict is another one now.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it says.
    pub text: String,
    /// What the start made of it.
    pub before: Polarity,
    /// What it is now.
    pub after: Polarity,
    /// How sure both verdicts are together.
    lead: f64,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Taught {
    /// The model, to be written with [`Model::to_text`]; the start's where nothing was learned.
    pub model: Model,
    /// Each view that had posts enough.
    pub views: Vec<ViewTaught>,
    /// Posts whose verdicts were compared.
    pub compared: usize,
    /// Those whose verdict changed.
    pub changed: usize,
    /// Some of them, those with the clearest verdicts first.
    pub examples: Vec<Change>,
}

impl Taught {
    /// Whether any view learned.
    #[must_use]
    pub fn has_learned(&self) -> bool {
        self.views.iter().any(|view| view.fate != Fate::Worse)
    }
}

/// Learns from posts that nobody labelled, starting from the model of `scorer`; `labelled` posts judge
/// each view that has 30 of them, and are not learned from.
///
/// # Errors
/// When the scorer has the `vader` profile, or no view has posts enough.
pub fn teach(
    scorer: &Scorer,
    posts: &Posts,
    labelled: &[Sample],
    even_if_worse: bool,
) -> Result<Taught, FitError> {
    let Engine::Resonanz(start) = &scorer.engine else { return Err(FitError::Vader) };
    let judged: HashSet<u64> = labelled.iter().map(|sample| key(sample.text.as_bytes())).collect();
    let unseen = posts.kept.values().filter(|post| !judged.contains(&key(post.text.as_bytes())));
    // What is neither English nor German would move the weights of English.
    let mut work = Work::default();
    let mut is_read =
        |post: &&Unlabelled| !start.language(&post.text, post.lang, &mut work).tongues().is_empty();
    let samples: Vec<Sample> = unseen.filter(|post| is_read(post)).map(sample).collect();
    let options = Options { word_posts_min: 5, words: Some(true), ..Options::default() };
    let resonanz = with_words(start, &samples, &options);
    let [gathered, judges] =
        [&samples[..], labelled].map(|some| gather(&resonanz, some, Teach::Judge));
    let views = views(&resonanz, &samples);
    let mut taught = Taught {
        model: resonanz.model.clone(),
        views: Vec::new(),
        compared: 0,
        changed: 0,
        examples: Vec::new(),
    };
    let most = gathered.iter().map(|(rows, _)| rows.classes.len()).max().unwrap_or_default();
    let gathered = gathered.into_iter().zip(judges);
    for (view, ((rows, _), (judges, _))) in View::ALL.into_iter().zip(gathered) {
        if rows.classes.len() < POSTS_MIN {
            continue;
        }
        let learned = Learned::of(&resonanz.model, view, rows, options.word_weight_min);
        let told = learned.judge(view, &judges, even_if_worse);
        if told.fate != Fate::Worse {
            let own = samples.iter().zip(&views).filter(|(_, own)| **own == view);
            learned.compare(own.map(|(sample, _)| sample), &mut taught);
            taught.model.parts[view as usize] = learned.part;
        }
        taught.views.push(told);
    }
    if taught.views.is_empty() {
        return Err(FitError::TooFewUnlabelled { found: most, least: POSTS_MIN });
    }
    if taught.has_learned() {
        taught.model.hash = Some(blake3::hash(taught.model.to_text().as_bytes()));
    } else {
        taught.model = start.model.clone();
    }
    taught.examples.sort_by(|a, b| b.lead.total_cmp(&a.lead).then_with(|| a.text.cmp(&b.text)));
    taught.examples.truncate(EXAMPLES);
    Ok(taught)
}

fn sample(post: &Unlabelled) -> Sample {
    let Unlabelled { text, lang, spans } = post.clone();
    // What it is taken for is decided later.
    Sample { text, lang, spans, polarity: Polarity::Neutral, weight: 1.0, source: 0 }
}

/// By which view each sample is judged.
fn views(resonanz: &Resonanz, samples: &[Sample]) -> Vec<View> {
    let mut work = Work::default();
    let view = |sample: &Sample| {
        let Sample { text, lang, spans, .. } = sample;
        let subject = Subject { text, lang: *lang, spans, overlay: None };
        resonanz.features(&subject, &mut work).0
    };
    samples.iter().map(view).collect()
}

/// The weights that a view learned, beside those of the start.
struct Learned {
    rows: Rows,
    sure: usize,
    part: Part,
    /// Weights of the start and those learned, in one row each.
    weights: [Vec<f64>; 2],
}

impl Learned {
    fn of(start: &Model, view: View, mut rows: Rows, least: f32) -> Self {
        let (from, grams) = (start.part(view), start.grams.len());
        let start = anchor(from, grams);
        let all = (0..rows.classes.len()).map(|row| descent::sums(&rows, row, &start));
        let leads: Vec<(usize, f64)> = all.map(lead).collect();
        rows.classes = leads.iter().map(|&(class, _)| class).collect();
        let sure = surest(&leads);
        let mut weights = TASK.solve(&rows, &sure, &start);
        hold(&rows, &leads, &mut weights);
        let part = Part { reliability: from.reliability, ..part(&weights, grams, least) };
        // As they will be read from the file.
        let learned = anchor(&part, grams);
        Self { rows, sure: sure.len(), part, weights: [start, learned] }
    }

    /// What labelled posts say of the view.
    fn judge(&self, view: View, judges: &Rows, even_if_worse: bool) -> ViewTaught {
        let sums = self.weights.each_ref().map(|weights| {
            let rows = 0..judges.classes.len();
            rows.map(|row| descent::sums(judges, row, weights)).collect::<Vec<_>>()
        });
        let labelled = (judges.classes.len() >= SAMPLES_MIN)
            .then(|| sums.each_ref().map(|sums| report(judges, sums)));
        let mut turned = [0, 0];
        for ((gold, before), after) in judges.classes.iter().zip(&sums[0]).zip(&sums[1]) {
            let right = [before, after].map(|sums| lead(*sums).0 == *gold);
            turned[0] += u64::from(right == [false, true]);
            turned[1] += u64::from(right == [true, false]);
        }
        let fate = match &labelled {
            None => Fate::Untold,
            Some([before, after]) if after.macro_f1 >= before.macro_f1 => Fate::Proven,
            Some(_) if even_if_worse => Fate::Forced,
            Some(_) => Fate::Worse,
        };
        let (posts, sure) = (self.rows.classes.len(), self.sure);
        ViewTaught { view: view.as_str(), posts, sure, fate, labelled, turned }
    }

    /// Counts the posts whose verdict is another one, and shows some.
    fn compare<'a>(&self, posts: impl Iterator<Item = &'a Sample>, taught: &mut Taught) {
        for (row, post) in posts.enumerate() {
            let [before, after] = self
                .weights
                .each_ref()
                .map(|weights| lead(descent::sums(&self.rows, row, weights)));
            taught.compared += 1;
            if before.0 == after.0 {
                continue;
            }
            taught.changed += 1;
            taught.examples.push(Change {
                text: post.text.clone(),
                before: polarity(before.0),
                after: polarity(after.0),
                lead: before.1 + after.1,
            });
        }
    }
}

/// Of each class the rows that lead most, the earlier one of two alike.
fn surest(leads: &[(usize, f64)]) -> Vec<usize> {
    let mut sure = Vec::new();
    for class in 0..CLASSES {
        let mut own: Vec<usize> = (0..leads.len()).filter(|&row| leads[row].0 == class).collect();
        own.sort_by(|&a, &b| leads[b].1.total_cmp(&leads[a].1).then(a.cmp(&b)));
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some thousands"
        )]
        own.truncate((own.len() as f64 * SURE_SHARE).ceil() as usize);
        sure.extend(own);
    }
    sure.sort_unstable();
    sure
}

/// Brings the shares of the classes and the mean lead back to what they were.
fn hold(rows: &Rows, leads: &[(usize, f64)], weights: &mut [f64]) {
    let sums: Vec<_> = (0..leads.len()).map(|row| descent::sums(rows, row, weights)).collect();
    let wanted = shares(leads.iter().map(|&(class, _)| class));
    let mut shift = [0.0; CLASSES];
    let shifted = |sums: &[f64; CLASSES], shift: &[f64; CLASSES]| {
        lead([0, 1, 2].map(|class| sums[class] + shift[class]))
    };
    for _ in 0..ROUNDS {
        let found = shares(sums.iter().map(|sums| shifted(sums, &shift).0));
        for class in 0..CLASSES {
            shift[class] += 0.5 * (wanted[class] / found[class]).ln();
        }
    }
    weights.iter_mut().zip(shift).for_each(|(bias, shift)| *bias += shift);
    let before: f64 = leads.iter().map(|&(_, lead)| lead).sum();
    let after: f64 = sums.iter().map(|sums| shifted(sums, &shift).1).sum();
    if after > 0.0 {
        weights.iter_mut().for_each(|weight| *weight *= before / after);
    }
}

/// Counts of classes, never none.
fn shares(classes: impl Iterator<Item = usize>) -> [f64; CLASSES] {
    let mut shares = [1.0; CLASSES];
    classes.for_each(|class| shares[class] += 1.0);
    shares
}
