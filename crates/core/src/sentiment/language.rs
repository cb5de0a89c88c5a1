//! Which language is a text in? What is declared counts, unless the words speak against it.
//!
//! The evidence is a by-product of splitting the text: common words of either language, of others,
//! and letters. It tells English, German and neither apart, no more.

use serde::{Deserialize, Serialize};

use crate::post::Lang;

use super::clauses::{Layout, Sort};
use super::lists::Lists;
use super::sense::{Role, Tongue};

/// How a language became known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LanguageSource {
    /// The post declares it, and its words do not speak against it.
    Declared,
    /// Its words show it.
    Detected,
    /// Neither; the words of both lexicons count.
    #[default]
    Unknown,
}

impl LanguageSource {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Detected => "detected",
            Self::Unknown => "unknown",
        }
    }
}

/// The language a text was scored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Language {
    /// English, German, what the post declares, or undetermined.
    pub lang: Lang,
    /// How that is known.
    pub source: LanguageSource,
}

impl Default for Language {
    fn default() -> Self {
        Self { lang: Lang::UND, source: LanguageSource::Unknown }
    }
}

impl Language {
    /// The languages whose lexicons count.
    pub(super) fn tongues(self) -> &'static [Tongue] {
        match (self.lang, self.source) {
            (Lang::EN, _) => &[Tongue::English],
            (Lang::DE, _) => &[Tongue::German],
            (_, LanguageSource::Unknown) => &[Tongue::English, Tongue::German],
            _ => &[],
        }
    }
}

/// What speaks for which language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Evidence {
    english: u32,
    german: u32,
    foreign: u32,
    /// Opinion words of one language only.
    opinions: [u32; 2],
    /// Opinion words of both.
    shared: u32,
}

/// Decides on the language of a text.
pub(super) fn decide(layout: &Layout, declared: Lang) -> Language {
    let found = gather(layout);
    let Evidence { english, german, foreign, opinions, shared } = found;
    let declared_as = |lang| Language { lang, source: LanguageSource::Declared };
    let detected = |lang| Language { lang, source: LanguageSource::Detected };
    match declared {
        Lang::EN if speaks(german, english, opinions, 1) => detected(Lang::DE),
        Lang::DE if speaks(english, german, opinions, 0) => detected(Lang::EN),
        Lang::EN | Lang::DE => declared_as(declared),
        Lang::UND => {
            let best = english.max(german);
            if foreign > best + 1 || layout.marks.strange > 2 * best + 1 {
                detected(Lang::UND)
            } else if (german, opinions[1]) > (english, opinions[0]) {
                detected(Lang::DE)
            } else if (german, opinions[1]) < (english, opinions[0]) {
                detected(Lang::EN)
            } else {
                Language::default()
            }
        }
        // Some streams declare the interface's language: believe the words when they are clear.
        _ if layout.marks.strange > 0 => declared_as(declared),
        _ if english > 2 * (german + foreign) => detected(Lang::EN),
        _ if german > 2 * (english + foreign) => detected(Lang::DE),
        _ if english + german + foreign == 0 && opinions[0] > opinions[1] => detected(Lang::EN),
        _ if english + german + foreign == 0 && opinions[1] > opinions[0] => detected(Lang::DE),
        // "Terrible service": nothing but words that both know, and none of a third language.
        _ if english + german + foreign == 0 && shared > 0 => Language::default(),
        _ => declared_as(declared),
    }
}

/// Whether the words speak another language than the one declared: clearly, or alone.
fn speaks(other: u32, declared: u32, opinions: [u32; 2], of_other: usize) -> bool {
    let alone = declared == 0 && (other > 0 || opinions[of_other] > opinions[1 - of_other]);
    alone || other >= 3 && other > 3 * declared
}

fn gather(layout: &Layout) -> Evidence {
    let mut found = Evidence { german: 2 * layout.marks.umlauts, ..Evidence::default() };
    for word in layout.words.iter().filter(|word| word.sort == Sort::Word) {
        let (english, german) = (&word.entry.english, &word.entry.german);
        found.english += u32::from(english.role != Role::Plain);
        found.german += u32::from(german.role != Role::Plain);
        found.foreign += u32::from(word.entry.lists.meet(Lists::FOREIGN));
        match (english.is_polar(), german.is_polar()) {
            (true, false) => found.opinions[0] += 1,
            (false, true) => found.opinions[1] += 1,
            (true, true) => found.shared += 1,
            (false, false) => {}
        }
    }
    found
}
