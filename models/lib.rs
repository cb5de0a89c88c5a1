//! Which weights does the scorer ship with? The files beside this one, as text.
//!
//! README.md says where each comes from, under which licence, and how it is written.

/// English words and emoticons of VADER: word, mean of ten ratings from -4 to 4.
pub const VADER_EN: &str = include_str!("vader-en.tsv");
/// Emoji of VADER with their names in words.
pub const VADER_EMOJI: &str = include_str!("vader-emoji.tsv");
/// German lemmas with part of speech and polarity from -1 to 1.
pub const ZURICH_DE: &str = include_str!("zurich-de.tsv");
/// Our own German words, -4 to 4.
pub const RESONANZ_DE: &str = include_str!("resonanz-de.tsv");
/// Our own corrections of English words, -4 to 4.
pub const RESONANZ_EN: &str = include_str!("resonanz-en.tsv");
/// Our own weights of emoji, -4 to 4.
pub const RESONANZ_EMOJI: &str = include_str!("resonanz-emoji.tsv");
/// English words that mean something only together: language, weight or role, pattern.
pub const PHRASES_EN: &str = include_str!("phrases-en.tsv");
/// German words that mean something only together.
pub const PHRASES_DE: &str = include_str!("phrases-de.tsv");
/// What service that fails sounds like in English: language, weight or role, pattern.
pub const SERVICE_FAILURE_EN: &str = include_str!("service-failure-en.tsv");
/// What service that fails sounds like in German.
pub const SERVICE_FAILURE_DE: &str = include_str!("service-failure-de.tsv");
/// The fitted weights of features and words.
pub const RESONANZ_MODEL: &str = include_str!("resonanz-model.tsv");
/// What shows what a writer wants, in English: language, cue, weight, pattern.
pub const INTENTS_EN: &str = include_str!("intents-en.tsv");
/// What shows what a writer wants, in German.
pub const INTENTS_DE: &str = include_str!("intents-de.tsv");
/// The fitted weights of intents.
pub const INTENTS_MODEL: &str = include_str!("intents-model.tsv");
