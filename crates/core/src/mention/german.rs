//! Which forms has a German word? Endings by a list of suffixes, and the umlaut of the plural.
//!
//! Made for base forms as a dictionary lists them: `kunde` gives kunden, `haus` gives hauses and
//! häuser, `deutsche` gives deutschen. It gives some forms no one says; it has no lexicon, so
//! strong verbs, separable prefixes and foreign plurals other than -um/-en and -a/-en are not
//! covered.

/// A stem with the endings that may follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stem {
    pub(super) text: String,
    pub(super) endings: &'static [&'static str],
}

const AFTER_E: [&str; 6] = ["e", "en", "ens", "em", "er", "es"];
const AFTER_SYLLABLE: [&str; 8] = ["", "n", "s", "e", "en", "es", "em", "er"];
const AFTER_IN: [&str; 2] = ["", "nen"];
const AFTER_NIS: [&str; 4] = ["", "se", "ses", "sen"];
const AFTER_S: [&str; 10] = ["", "e", "en", "es", "er", "ern", "em", "se", "sen", "ses"];
const AFTER_VOWEL: [&str; 3] = ["", "s", "n"];
const ELSE: [&str; 10] = ["", "e", "en", "ens", "em", "er", "ern", "es", "s", "n"];
const PLURAL_N: [&str; 1] = ["en"];
const UMLAUT: [&str; 5] = ["e", "en", "er", "ern", "n"];
const UMLAUT_SYLLABLE: [&str; 2] = ["", "n"];

/// The stems of a word, its own first; none for a word that does not inflect: shorter than three
/// letters, or with anything but letters in it.
pub(super) fn stems(word: &str) -> Vec<Stem> {
    let letters = word.chars().count();
    if letters < 3 || !word.chars().all(char::is_alphabetic) {
        return Vec::new();
    }
    let mut stems = Vec::new();
    let mut add = |text: &str, endings| stems.push(Stem { text: text.to_owned(), endings });
    let syllable = ["el", "er", "en"].iter().any(|end| word.ends_with(end)) && letters > 3;
    if let Some(stem) = word.strip_suffix('e') {
        add(stem, &AFTER_E);
    } else if syllable {
        add(word, &AFTER_SYLLABLE);
    } else if word.ends_with("in") {
        add(word, &AFTER_IN);
    } else if word.ends_with("nis") {
        add(word, &AFTER_NIS);
    } else if word.ends_with(['s', 'ß', 'x', 'z']) {
        add(word, &AFTER_S);
    } else if word.ends_with(['a', 'i', 'o', 'u', 'y']) {
        add(word, &AFTER_VOWEL);
        if let Some(stem) = word.strip_suffix('a').filter(|_| letters > 3) {
            add(stem, &PLURAL_N);
        }
    } else {
        add(word, &ELSE);
        if let Some(stem) = word.strip_suffix("um").filter(|_| letters > 4) {
            add(stem, &PLURAL_N);
        }
    }
    if let Some(changed) = with_umlaut(word) {
        add(&changed, if syllable { &UMLAUT_SYLLABLE } else { &UMLAUT });
    }
    stems
}

/// The word with its last vowel changed as plurals do: a o u au to ä ö ü äu.
fn with_umlaut(word: &str) -> Option<String> {
    let tail = ["el", "er", "en"].iter().find(|end| word.ends_with(**end) && word.len() > 4);
    let trunk = tail.map_or(word, |end| word.strip_suffix(*end).unwrap_or(word));
    let at = trunk.rfind(['a', 'e', 'i', 'o', 'u', 'y', 'ä', 'ö', 'ü'])?;
    let (before, rest) = word.split_at(at);
    let ends_in_vowel = at + 1 == word.len();
    let diphthong_au = rest.starts_with('u') && before.ends_with('a');
    let diphthong_eu = rest.starts_with('u') && before.ends_with(['e', 'ä', 'q']);
    let doubled = rest.starts_with('a') && before.ends_with('a');
    if ends_in_vowel || diphthong_eu || doubled {
        return None;
    }
    if diphthong_au {
        return Some(format!("{}äu{}", before.strip_suffix('a')?, rest.strip_prefix('u')?));
    }
    let changes = [('a', "ä"), ('o', "ö"), ('u', "ü")];
    let (vowel, changed) = changes.iter().find(|(vowel, _)| rest.starts_with(*vowel))?;
    Some(format!("{before}{changed}{}", rest.strip_prefix(*vowel)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_forms_that_people_write() {
        let rows = [
            ("kunde", "kunden", true),
            ("kundin", "kundinnen", true),
            ("haus", "häuser", true),
            ("haus", "häusern", true),
            ("haus", "hauses", true),
            ("bus", "busse", true),
            ("bahn", "bahnen", true),
            ("zug", "züge", true),
            ("apfel", "äpfel", true),
            ("garten", "gärten", true),
            ("mutter", "müttern", true),
            ("fahrer", "fahrern", true),
            ("museum", "museen", true),
            ("firma", "firmen", true),
            ("ergebnis", "ergebnisse", true),
            ("deutsche", "deutschen", true),
            ("schnell", "schnelles", true),
            ("auto", "autos", true),
            ("bahn", "bahnhof", false),
            ("leute", "leüte", false),
            ("kunde", "kund", false),
            ("ab", "aben", false),
        ];
        for (word, form, want) in rows {
            let found = stems(word).iter().any(|stem| {
                stem.endings.iter().any(|ending| format!("{}{ending}", stem.text) == form)
            });
            assert_eq!(found, want, "{word} {form}");
        }
    }
}
