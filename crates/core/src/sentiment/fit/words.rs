//! Which words does a model weigh? Those that enough posts use, and that are no names; alone, in pairs, with
//! one word between, and beside numbers, ends and mentions.

use std::collections::{HashMap, HashSet};

use super::{Options, Sample};
use crate::post::Lang;
use crate::sentiment::clauses::{Sort, Word};
use crate::sentiment::grams::{self, beside, is_sign};
use crate::sentiment::judge::{Resonanz, Work};
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
        let words = &work.layout.words;
        let spell = |at: usize| {
            let word = words.get(at)?;
            let text = sample.text.get(word.start as usize..word.end as usize)?;
            folded(text).and_then(|word| String::from_utf8(word.into()).ok())
        };
        let is_read = |word: &&Word| !word.masked && word.sort != Sort::Number;
        for (at, word) in words.iter().enumerate().filter(|(_, word)| is_read(word)) {
            let common = word.small || word.sort == Sort::Sign || language.lang != Lang::EN;
            if let Some(spelled) = spell(at) {
                spellings.entry(spelled).or_default().observe(common);
            }
        }
        let mut found: Vec<String> = Vec::new();
        grams::each(&work.layout, |gram, _| found.extend(gram.spelled(spell)));
        found.extend(beside(&work.layout).filter_map(|gram| gram.spelled(spell)));
        found.sort_unstable();
        found.dedup();
        found.into_iter().for_each(|gram| *posts.entry(gram).or_default() += 1);
    }
    let is_common = |gram: &str| {
        gram.split(' ')
            .all(|word| is_sign(word) || spellings.get(word).is_some_and(Spelling::is_common))
    };
    let mut grams: Vec<String> = posts
        .into_iter()
        .filter(|(gram, count)| *count >= options.word_posts_min && is_common(gram))
        .map(|(gram, _)| gram)
        .collect();
    grams.sort_unstable();
    let known: HashSet<Box<str>> = resonanz.model.grams.iter().cloned().collect();
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
