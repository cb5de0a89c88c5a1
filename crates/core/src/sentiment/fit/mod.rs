//! Which weights suit a user's own posts? Fits a [`Model`] to labelled posts, and says how good it is.
//!
//! The shipped model comes from here as well. Every weight is tied to that of the model one starts
//! from, so that a hundred posts mend a bias and ten thousand make a model of their own. Whether
//! single words are weighed at all, and how strongly the ties hold, is tried out on held-out folds.

mod held_out;
mod words;
mod unlabelled;

use crate::post::{Lang, Polarity, Span};

use super::descent::{self, Rows, Task};
use super::evaluate::Report;
use super::judge::{Resonanz, Subject, Work};
use super::model::{CLASSES, Grams, Model, Part, View, Weights};
use super::reliability::Curve;
use super::{Engine, Profile, Scorer, features};
use held_out::{balance, held_out, reliability, report};
pub use unlabelled::{Change, Fate, Posts, Taught, ViewTaught, teach};
use words::with_words;

/// A post with the verdict a person gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// Its language; undetermined is detected.
    pub lang: Lang,
    /// The mentions of the target; none for the text as a whole.
    pub spans: Vec<Span>,
    /// What the person said.
    pub polarity: Polarity,
    /// How much it counts, 1 as a rule.
    pub weight: f64,
    /// Number of the source it comes from, from 0: classes are balanced in each by itself.
    pub source: usize,
}

/// How to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Parts into which the posts are divided to try each setting on what it has not seen.
    pub folds: usize,
    /// Posts a word must be in to be weighed.
    pub word_posts_min: usize,
    /// Whether words are weighed: `None` tries both.
    pub words: Option<bool>,
    /// Penalties of words to try; higher ties them closer to the start.
    pub word_penalties: Vec<f64>,
    /// Penalty of features.
    pub feature_penalty: f64,
    /// Words whose weights are all smaller are left out of the model.
    pub word_weight_min: f32,
    /// 1 weighs all classes alike however rare, 0 each post alike.
    pub balance: f64,
    /// Whether the folds are the sources: how good is it on one that it has not seen?
    pub by_source: bool,
    /// The only view to fit, as `en document`; all that have posts without one.
    pub view: Option<String>,
    /// Whether all posts count: those of the other language for features alone, since what a sum of
    /// opinions means is much the same everywhere. Needs a view.
    pub pool: bool,
    /// What is added to the sums of negative, neutral and positive after the fit, where posts to be
    /// judged are known to have other shares of each than those that were fitted.
    pub prior: [f64; 3],
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folds: 5,
            word_posts_min: 3,
            words: None,
            word_penalties: vec![3e-5, 1e-4, 3e-4, 1e-3],
            feature_penalty: 1e-4,
            word_weight_min: 0.02,
            balance: 0.5,
            by_source: false,
            view: None,
            pool: false,
            prior: [0.0; 3],
        }
    }
}

/// One setting tried on held-out folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Language and scope, as `en document`.
    pub view: &'static str,
    /// Whether words were weighed.
    pub words: bool,
    /// Penalty of words.
    pub word_penalty: f64,
    /// How good it was on posts it had not seen.
    pub report: Report,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The model, to be written with [`Model::to_text`].
    pub model: Model,
    /// How good the start was, per view.
    pub before: Vec<(&'static str, Report)>,
    /// The settings tried.
    pub trials: Vec<Trial>,
    /// For each view fitted, the index of the trial chosen.
    pub chosen: Vec<usize>,
}

/// Why nothing could be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// The `vader` profile has no weights to fit.
    #[error("the vader profile cannot be fitted; start from the resonanz profile")]
    Vader,
    /// There is no such view.
    #[error("\"{0}\" is not a view; write en or de, then document, mention or target")]
    View(String),
    /// No view has enough posts.
    #[error(
        "{found} labelled posts of {classes} classes are too few; fit at least {least} of each language, of two classes or more"
    )]
    TooFew {
        /// Posts of the largest group.
        found: usize,
        /// Classes among them.
        classes: usize,
        /// Posts needed.
        least: usize,
    },
    /// No view has enough posts without labels.
    #[error("{found} posts without labels are too few; give at least {least} of each language")]
    TooFewUnlabelled {
        /// Posts of the largest group.
        found: usize,
        /// Posts needed.
        least: usize,
    },
}

/// Posts a view needs.
const SAMPLES_MIN: usize = 30;

/// Fits a model to labelled posts, starting from the model of `scorer`.
///
/// Each language has three views: posts without a target, posts that say one thing of theirs, and posts in
/// which other things are judged, too. The first two learn from each other's posts. A view with fewer than 30
/// posts or with one class only keeps its weights. The cost is that of some hundred passes over
/// the posts for each setting tried and fold; ten thousand posts take well under a minute.
///
/// # Errors
/// When the scorer has the `vader` profile, or no view has enough posts.
pub fn fit(scorer: &Scorer, samples: &[Sample], options: &Options) -> Result<Fit, FitError> {
    let Engine::Resonanz(start) = &scorer.engine else { return Err(FitError::Vader) };
    debug_assert_eq!(scorer.profile(), Profile::Resonanz);
    let resonanz = with_words(start, samples, options);
    let only = match &options.view {
        Some(name) => Some(
            View::ALL
                .into_iter()
                .find(|view| view.as_str() == name)
                .ok_or_else(|| FitError::View(name.clone()))?,
        ),
        None => None,
    };
    let into = only.filter(|_| options.pool).map_or(Teach::All, Teach::One);
    let gathered = gather(&resonanz, samples, into);
    let mut fit = Fit::of(resonanz.model.clone());
    for (view, (rows, folds)) in View::ALL.into_iter().zip(&gathered) {
        let wanted = only.is_none_or(|only| only == view);
        if wanted && rows.classes.len() >= SAMPLES_MIN && classes(rows) > 1 {
            fit.view(&resonanz.model, view, (rows, folds), options);
        }
    }
    if fit.chosen.is_empty() {
        let largest = gathered.iter().max_by_key(|(rows, _)| rows.classes.len());
        let (found, classes) =
            largest.map_or((0, 0), |(rows, _)| (rows.classes.len(), classes(rows)));
        return Err(FitError::TooFew { found, classes, least: SAMPLES_MIN });
    }
    fit.model.hash = Some(blake3::hash(fit.model.to_text().as_bytes()));
    Ok(fit)
}

fn classes(rows: &Rows) -> usize {
    (0..CLASSES).filter(|class| rows.classes.contains(class)).count()
}

/// The best setting so far.
struct Best {
    trial: usize,
    f1: f64,
    task: Task,
    words: bool,
    reliability: [Curve; CLASSES],
}

/// How many rows each number has.
fn classes_of(numbers: &[usize]) -> Vec<f64> {
    let mut counts = vec![0.0; numbers.iter().max().map_or(0, |last| last + 1)];
    numbers.iter().for_each(|&number| counts[number] += 1.0);
    counts
}

impl Fit {
    /// A model of which nothing was fitted.
    fn of(model: Model) -> Self {
        Self { model, before: Vec::new(), trials: Vec::new(), chosen: Vec::new() }
    }

    /// The model of a scorer as it stands, where only what writers want is to be learned.
    ///
    /// # Errors
    /// When the scorer has the `vader` profile.
    pub fn unchanged(scorer: &Scorer) -> Result<Self, FitError> {
        match &scorer.engine {
            Engine::Resonanz(start) => Ok(Self::of(start.model.clone())),
            _ => Err(FitError::Vader),
        }
    }

    /// Tries all settings on one view, and keeps the weights of the best.
    fn view(
        &mut self,
        start: &Model,
        view: View,
        (rows, folds): (&Rows, &[usize]),
        options: &Options,
    ) {
        let mut rows = rows.clone();
        balance(&mut rows, options.balance);
        let grams = start.grams.len();
        let anchor = anchor(start.part(view), grams);
        let all: Vec<usize> = (0..rows.classes.len()).collect();
        let sums: Vec<_> = all.iter().map(|&row| descent::sums(&rows, row, &anchor)).collect();
        self.before.push((view.as_str(), report(&rows, &sums)));
        let mut best: Option<Best> = None;
        for words in
            [false, true].into_iter().filter(|words| options.words.is_none_or(|w| w == *words))
        {
            let penalties = if words { options.word_penalties.as_slice() } else { &[1.0] };
            for &gram_penalty in penalties {
                let task = Task { feature_penalty: options.feature_penalty, gram_penalty };
                let tried =
                    if words { rows.clone() } else { without_new_words(&rows, start, view) };
                let sums = held_out(&task, &tried, folds, options, &anchor);
                let report = report(&rows, &sums);
                let f1 = report.macro_f1;
                self.trials.push(Trial {
                    view: view.as_str(),
                    words,
                    word_penalty: gram_penalty,
                    report,
                });
                if best.as_ref().is_none_or(|best| f1 > best.f1) {
                    let trial = self.trials.len() - 1;
                    let reliability = reliability(&rows, &sums);
                    best = Some(Best { trial, f1, task, words, reliability });
                }
            }
        }
        let Some(Best { trial, task, words, reliability, .. }) = best else { return };
        let tried = if words { rows } else { without_new_words(&rows, start, view) };
        let mut weights = task.solve(&tried, &all, &anchor);
        weights.iter_mut().zip(options.prior).for_each(|(bias, prior)| *bias += prior);
        let part = part(&weights, grams, options.word_weight_min);
        let part = Part { reliability, ..part };
        self.model.parts[view as usize] = part;
        self.chosen.push(trial);
    }
}

/// Which views posts go to.
#[derive(Debug, Clone, Copy)]
enum Teach {
    /// To the one that judges them.
    Judge,
    /// To all that learn from it.
    All,
    /// All to one, those of the other language without their words.
    One(View),
}

/// The rows of each view, and the fold of each row.
fn gather(
    resonanz: &Resonanz,
    samples: &[Sample],
    into: Teach,
) -> [(Rows, Vec<usize>); View::COUNT] {
    let mut gathered: [(Rows, Vec<usize>); View::COUNT] = Default::default();
    let mut work = Work::default();
    for sample in samples {
        let subject =
            Subject { text: &sample.text, lang: sample.lang, spans: &sample.spans, overlay: None };
        let (view, row, Grams(grams)) = resonanz.features(&subject, &mut work);
        // The same text always falls into the same fold.
        let hash = super::table::key(sample.text.as_bytes());
        let class = match sample.polarity {
            Polarity::Negative => 0,
            Polarity::Neutral => 1,
            Polarity::Positive => 2,
        };
        let (views, same) = match into {
            Teach::Judge => (vec![view], true),
            Teach::All => (view.taught().collect(), true),
            Teach::One(one) => (vec![one], one.fallback() == view.fallback()),
        };
        for view in views {
            let (rows, folds) = &mut gathered[view as usize];
            rows.dense.push(row);
            rows.grams.push(if same { grams.clone() } else { Vec::new() });
            rows.classes.push(class);
            rows.weights.push(sample.weight);
            rows.sources.push(sample.source);
            folds.push(usize::try_from(hash >> 33).unwrap_or_default());
        }
    }
    gathered
}

/// Rows in which only words count that the start weighs.
fn without_new_words(rows: &Rows, start: &Model, view: View) -> Rows {
    let grams = &start.part(view).grams;
    let mut rows = rows.clone();
    for row in &mut rows.grams {
        row.retain(|(gram, _)| grams.get(*gram as usize).is_some_and(|w| *w != [0.0; CLASSES]));
    }
    rows
}

/// A view's weights in one row: bias, features, words.
fn anchor(part: &Part, grams: usize) -> Vec<f64> {
    let none: Weights = [0.0; CLASSES];
    let words = (0..grams).map(|gram| part.grams.get(gram).unwrap_or(&none));
    let all = std::iter::once(&part.bias).chain(&part.features).chain(words);
    all.flat_map(|weights| weights.map(f64::from)).collect()
}

fn part(weights: &[f64], grams: usize, least: f32) -> Part {
    #[allow(clippy::cast_possible_truncation, reason = "weights are written with three decimals")]
    let read = |at: usize| -> Weights {
        let mut found = [0.0; CLASSES];
        let from = weights.get(at * CLASSES..).unwrap_or_default();
        // The same rounding as in the file, so that a written model scores alike.
        let round = |weight: f64| (weight * 1_000.0).round() as f32 / 1_000.0;
        found.iter_mut().zip(from).for_each(|(to, from)| *to = round(*from));
        found
    };
    let mut part = Part { given: true, bias: read(0), ..Part::default() };
    for (at, weights) in part.features.iter_mut().enumerate() {
        *weights = read(1 + at);
    }
    let gram = |gram: usize| {
        let weights = read(1 + features::COUNT + gram);
        if weights.iter().any(|weight| weight.abs() >= least) { weights } else { [0.0; CLASSES] }
    };
    part.grams = (0..grams).map(gram).collect();
    part
}
