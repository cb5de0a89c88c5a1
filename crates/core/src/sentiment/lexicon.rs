//! Where do the weights of words come from? The files in `models/`, compiled into the binary.
//!
//! Every line is read once, when a scorer is built. A line that is not what the build script
//! writes would be our own fault: it is left out here and found by the tests, which count.

/// English words and emoticons with the mean of ten ratings from -4 to 4.
pub(super) const VADER_EN: &str = resonanz_models::VADER_EN;
/// Emoji with their names in words.
pub(super) const VADER_EMOJI: &str = resonanz_models::VADER_EMOJI;
/// German lemmas with part of speech and polarity from -1 to 1.
pub(super) const ZURICH_DE: &str = resonanz_models::ZURICH_DE;
/// Our own German words, -4 to 4.
pub(super) const RESONANZ_DE: &str = resonanz_models::RESONANZ_DE;
/// Our own corrections of English words, -4 to 4.
pub(super) const RESONANZ_EN: &str = resonanz_models::RESONANZ_EN;
/// Our own weights of emoji, -4 to 4.
pub(super) const RESONANZ_EMOJI: &str = resonanz_models::RESONANZ_EMOJI;

/// Words that mean something only together, and what service that fails sounds like: language, weight
/// or role, pattern.
pub(super) const PHRASES: [&str; 4] = [
    resonanz_models::PHRASES_EN,
    resonanz_models::PHRASES_DE,
    resonanz_models::SERVICE_FAILURE_EN,
    resonanz_models::SERVICE_FAILURE_DE,
];
/// What shows what a writer wants: language, cue, weight, pattern.
pub(super) const INTENTS: [&str; 2] = [resonanz_models::INTENTS_EN, resonanz_models::INTENTS_DE];
/// The fitted weights of intents.
pub(super) const INTENTS_MODEL: &str = resonanz_models::INTENTS_MODEL;
/// The fitted weights.
pub(super) const RESONANZ_MODEL: &str = resonanz_models::RESONANZ_MODEL;

/// The parts of a text between such bytes of ASCII. `str::split` looks for a character, which takes
/// longer than to read the short fields of our files.
pub(super) fn parts(text: &str, between: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = memchr::memchr(between, text.as_bytes()) else { return rest.take() };
        rest = text.get(at + 1..);
        text.get(..at)
    })
}

/// The lines of a file.
pub(super) fn lines(file: &str) -> impl Iterator<Item = &str> {
    parts(file, b'\n')
}

/// The fields of a line.
pub(super) fn fields(line: &str) -> impl Iterator<Item = &str> {
    parts(line, b'\t')
}

/// The lines of a file as first field and second field; comments and other lines are left out.
pub(super) fn pairs(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    lines(file).filter(|line| !line.starts_with("# ")).filter_map(|line| {
        let mut fields = fields(line);
        Some((fields.next()?, fields.next()?))
    })
}

/// The lines of a file as word and weight.
pub(super) fn weights(file: &'static str) -> impl Iterator<Item = (&'static str, f64)> {
    pairs(file).filter_map(|(word, weight)| Some((word, weight.parse().ok()?)))
}

/// The lines of a file as word, weight and inflection class, where one is given.
pub(super) fn marked(
    file: &'static str,
) -> impl Iterator<Item = (&'static str, f64, Option<&'static str>)> {
    lines(file).filter(|line| !line.starts_with("# ")).filter_map(|line| {
        let mut fields = fields(line);
        Some((fields.next()?, fields.next()?.parse().ok()?, fields.next()))
    })
}

/// The lines of the German lemma list as lemma, part of speech and polarity.
pub(super) fn lemmas() -> impl Iterator<Item = (&'static str, &'static str, f64)> {
    lines(ZURICH_DE).filter_map(|line| {
        let mut fields = fields(line);
        Some((fields.next()?, fields.next()?, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::sentiment::words::folded_key;

    #[test]
    fn nothing_stands_twice() {
        for (name, file) in [
            ("resonanz-de", RESONANZ_DE),
            ("resonanz-en", RESONANZ_EN),
            ("resonanz-emoji", RESONANZ_EMOJI),
        ] {
            let mut seen = HashSet::new();
            let twice = |word: &&str| folded_key(word).is_some_and(|key| !seen.insert(key));
            let twice: Vec<&str> = weights(file).map(|(word, _)| word).filter(twice).collect();
            assert!(twice.is_empty(), "{name}: {twice:?}");
        }
        // A pattern of intents may stand once for each of them.
        for (files, key) in [(&PHRASES[..], 0), (&INTENTS[..], 1)] {
            let lines = files.iter().flat_map(|file| file.lines());
            let patterns = lines.filter(|line| !line.starts_with('#')).filter_map(|line| {
                let mut fields = line.split('\t');
                let tongue = fields.next().filter(|tongue| *tongue != "class")?;
                let cue = if key == 1 { fields.next()? } else { "" };
                Some((tongue, cue, fields.nth(1)?.to_lowercase()))
            });
            let mut seen = HashSet::new();
            let twice: Vec<_> = patterns.filter(|pattern| !seen.insert(pattern.clone())).collect();
            assert!(twice.is_empty(), "{twice:?}");
        }
    }

    #[test]
    fn every_line_is_read() {
        let count = |file: &'static str| {
            let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
            (weights(file).count(), lines.count())
        };
        for (name, file) in [
            ("vader-en", VADER_EN),
            ("resonanz-de", RESONANZ_DE),
            ("resonanz-en", RESONANZ_EN),
            ("resonanz-emoji", RESONANZ_EMOJI),
        ] {
            let (read, lines) = count(file);
            assert_eq!(read, lines, "{name}");
            assert!(weights(file).all(|(_, weight)| (-4.0..=4.0).contains(&weight)), "{name}");
        }
        assert_eq!(weights(VADER_EN).count(), 7_506);
        assert_eq!(pairs(VADER_EMOJI).count(), 3_570);
        assert_eq!(lemmas().count(), 7_964);
    }
}
