//! Which words does a model weigh? Those that enough posts use, and that are no names; alone, in
//! pairs, and beside the mentions.

use std::collections::{HashMap, HashSet};

use super::{Options, Sample};
use crate::post::Lang;
use crate::sentiment::clauses::{Sort, Word};
use crate::sentiment::judge::{Resonanz, Work};
use crate::sentiment::model::{Side, TARGET, beside};
use crate::sentiment::words::folded;

/// Adds the words and pairs of the samples to what the model weighs, without weight.
///
/// English names are left out: whoever is named is not thereby praised or blamed.
pub(super) fn with_words(start: &Resonanz, samples: &[Sample], options: &Options) -> Resonanz {
    let mut resonanz = start.clone();
    if options.words == Some(false) {
        return resonanz;
    }
    let mut work = Work::default();
    let mut posts: HashMap<String, usize> = HashMap::new();
    let mut spellings: HashMap<String, Spelling> = HashMap::new();
    for sample in samples {
        let language = start.language(&sample.text, sample.lang, &mut work);
        work.layout.hold(&sample.spans);
        let mut found: Vec<String> = Vec::new();
        let mut last: Option<(String, u32)> = None;
        let spell = |word: &Word| {
            let text = sample.text.get(word.start as usize..word.end as usize).unwrap_or_default();
            folded(text).and_then(|word| String::from_utf8(word.into()).ok())
        };
        for word in &work.layout.words {
            let (Some(spelled), false) = (spell(word), word.masked || word.sort == Sort::Number)
            else {
                last = None;
                continue;
            };
            let common = word.small || word.sort == Sort::Sign || language.lang != Lang::EN;
            spellings.entry(spelled.clone()).or_default().observe(common);
            if let Some((before, clause)) = &last
                && *clause == word.clause
            {
                found.push(format!("{before} {spelled}"));
            }
            found.push(spelled.clone());
            last = Some((spelled, word.clause));
        }
        found.extend(beside(&work.layout).filter_map(|(word, side)| {
            let spelled = spell(word)?;
            Some(match side {
                Side::Before => format!("{spelled} {TARGET}"),
                Side::Behind => format!("{TARGET} {spelled}"),
            })
        }));
        found.sort_unstable();
        found.dedup();
        found.into_iter().for_each(|gram| *posts.entry(gram).or_default() += 1);
    }
    let is_common = |gram: &str| {
        gram.split(' ')
            .all(|word| word == TARGET || spellings.get(word).is_some_and(Spelling::is_common))
    };
    let mut grams: Vec<String> = posts
        .into_iter()
        .filter(|(gram, count)| *count >= options.word_posts_min && is_common(gram))
        .map(|(gram, _)| gram)
        .collect();
    grams.sort_unstable();
    let known: HashSet<Box<str>> =
        resonanz.model.grams.iter().map(|gram| gram.words.clone()).collect();
    for gram in grams.iter().filter(|gram| !known.contains(gram.as_str())) {
        resonanz.model.push_gram(gram);
    }
    resonanz.enlist();
    resonanz
}

/// How often a word was written, and how often not as a name is.
#[derive(Debug, Default, Clone, Copy)]
struct Spelling {
    all: u32,
    common: u32,
}

impl Spelling {
    fn observe(&mut self, common: bool) {
        self.all += 1;
        self.common += u32::from(common);
    }

    /// Not mostly written with a capital, even where a sentence begins.
    fn is_common(&self) -> bool {
        self.common * 4 >= self.all
    }
}
