//! Which German words are forms of one another? Endings, and the closed lists of the grammar.
//!
//! Forms are made once, from lemmas, when the vocabulary is built; a post costs one look-up per
//! word. Stem changes (Buch, Bücher; fahren, fuhr) are not known.

/// Words that turn the opinion after them around, and before them in the same clause.
pub(super) const NEGATIONS: &str = "
    nicht nie niemals nimmer nimma nix nichts garnicht ned net nich nöd nüt nid";

/// Words that turn only the opinion shortly after them around.
pub(super) const NEAR_NEGATIONS: &str = "
    kein keine keinen keinem keiner keines keinerlei kei keni koa koan ohne
    weder noch kaum wenig niemand niemandem niemanden nirgends";

/// Words after which the other side of the argument begins.
pub(super) const CONTRASTS: &str = "aber jedoch sondern allerdings dennoch trotzdem";

/// Words that begin a clause without taking sides.
pub(super) const SPLITTERS: &str = "obwohl während waehrend weil wohingegen";

/// Degree words that raise.
pub(super) const BOOSTERS: &str = "
    sehr total echt mega super richtig extrem voll absolut besonders wirklich unglaublich äußerst
    höchst so zutiefst überaus ungemein verdammt krass völlig komplett wahnsinnig unfassbar
    unheimlich furchtbar ultra richtige richtiger richtigen dermaßen viel ganz";

/// Degree words that lower.
pub(super) const DAMPENERS: &str = "
    etwas bisschen bissl wenig ziemlich relativ halbwegs einigermaßen fast teilweise leicht eher";

/// Subjects that begin a new statement. "sie" and "es" are as often objects.
pub(super) const SUBJECTS: &str = "ich er wir man";

/// Words that begin a clause, with a comma or, as people type, without.
pub(super) const LINKS: &str = "dass daß warum wieso weshalb";

/// Words that join two of a kind.
pub(super) const JOINTS: &str = "und oder sowie";

/// Common words that tell German from other languages; none carries an opinion.
pub(super) const FUNCTIONS: &str = "
    der die das den dem des ein eine einen einem einer eines und oder ist sind war waren bin bist
    wird werden wurde wurden hat haben habe hatte hatten ich du er sie es wir ihr mich dich sich
    uns euch mir dir ihm ihn ihnen mein meine meinen meiner dein deine sein seine seinen seiner
    unser unsere euer zu zum zur von vom mit bei beim für auf aus nach über unter vor an am im ins
    als wie wenn dass daß auch schon noch nur mal man was wer wo wann warum da dann doch ja nein
    jetzt heute hier immer wieder mehr um bis gegen durch seit diese dieser dieses diesen kann
    können könnte muss müssen soll sollen will wollen machen macht gemacht geht gibt denn weil
    halt eben alle alles weg statt kam kommt jeden jede jedes sofort liegt kein keine keinen ohne
    wurde gefunden dauernd";

/// Ends of compounds that carry the opinion whatever stands before, besides the nouns of the lexicon.
pub(super) const COMPOUND_ENDS: [(&str, f64); 13] = [
    ("versagen", -2.0),
    ("chaos", -2.2),
    ("wahnsinn", -1.2),
    ("probleme", -1.4),
    ("stress", -1.4),
    ("terror", -2.0),
    ("aerger", -1.9),
    ("frust", -2.0),
    ("pleite", -2.0),
    ("hoelle", -2.2),
    ("verarsche", -2.4),
    ("freude", 1.8),
    ("genuss", 1.9),
];

/// Beginnings of compounds that carry the opinion whatever stands behind.
pub(super) const COMPOUND_STARTS: [(&str, f64); 9] = [
    ("abzocke", -2.2),
    ("scheiss", -2.8),
    ("drecks", -2.6),
    ("schrott", -2.2),
    ("saumaessig", -2.4),
    ("grotten", -2.6),
    ("stink", -1.6),
    ("sterbens", -1.6),
    ("lieblings", 1.7),
];

/// What stands before these and ends in a compound's opinion is another word: "Optimist".
pub(super) const COMPOUND_SPARED: &str = "
    staubecken staubeckens schadenfreude missgenuss
    schrottplatz schrotthaendler schrottpresse schrottwichteln schrottabholung
    schrottpreis stinktier stinktiere stinkefinger stinkerkaese grottenolm grottenolme";

/// What a lemma is, as far as its endings go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Declined and compared.
    Adjective,
    /// Declined.
    Noun,
    /// Conjugated, with regular participles.
    Verb,
}

impl Class {
    /// Reads the mark of either lexicon.
    pub(super) fn parse(mark: &str) -> Option<Self> {
        match mark {
            "a" | "JJ" => Some(Self::Adjective),
            "n" | "NN" => Some(Self::Noun),
            "v" | "VB" => Some(Self::Verb),
            _ => None,
        }
    }

    /// The mark, as our own lexicons write it.
    pub(super) fn mark(self) -> char {
        match self {
            Self::Adjective => 'a',
            Self::Noun => 'n',
            Self::Verb => 'v',
        }
    }
}

const ADJECTIVE_ENDS: [&str; 10] =
    ["e", "en", "er", "es", "em", "ere", "eren", "erer", "eres", "erem"];
const SUPERLATIVE_ENDS: [&str; 4] = ["ste", "sten", "ster", "stes"];
const NOUN_ENDS: [&str; 6] = ["s", "es", "e", "en", "n", "er"];
/// Nouns with these ends have one plural, and no other form.
const EN_NOUNS: [&str; 6] = ["ung", "heit", "keit", "schaft", "ion", "taet"];
const VERB_ENDS: [&str; 9] = ["e", "st", "t", "te", "ten", "end", "ende", "en", "n"];
/// Where the stem ends in t or d.
const DENTAL_ENDS: [&str; 9] = ["e", "est", "et", "ete", "eten", "end", "ende", "en", "n"];
const PARTICIPLE_ENDS: [&str; 6] = ["", "e", "en", "er", "es", "em"];

/// Calls `each` with every form of a folded lemma but the lemma itself.
pub(super) fn forms(lemma: &str, class: Class, mut each: impl FnMut(&str)) {
    let mut form = String::with_capacity(lemma.len() + 16);
    let mut spell = |parts: [&str; 3]| {
        form.clear();
        parts.into_iter().for_each(|part| form.push_str(part));
        each(&form);
    };
    match class {
        Class::Adjective => {
            let stem = lemma.strip_suffix('e').unwrap_or(lemma);
            ADJECTIVE_ENDS.iter().for_each(|end| spell([stem, end, ""]));
            let middle = if stem.ends_with(['t', 'd', 's', 'z', 'x']) { "e" } else { "" };
            SUPERLATIVE_ENDS.iter().for_each(|end| spell([stem, middle, end]));
        }
        Class::Noun if EN_NOUNS.iter().any(|end| lemma.ends_with(end)) => spell([lemma, "en", ""]),
        Class::Noun => NOUN_ENDS.iter().for_each(|end| spell([lemma, end, ""])),
        Class::Verb => {
            let Some(stem) = lemma.strip_suffix("en").or_else(|| lemma.strip_suffix('n')) else {
                return;
            };
            let dental = stem.ends_with(['t', 'd']);
            let ends = if dental { DENTAL_ENDS } else { VERB_ENDS };
            ends.iter().for_each(|end| spell([stem, end, ""]));
            let bare = ["be", "ver", "ent", "er", "zer", "ge", "miss"];
            let prefix = if bare.iter().any(|bare| stem.starts_with(bare)) { "" } else { "ge" };
            let participle = [prefix, stem, if dental { "et" } else { "t" }].concat();
            PARTICIPLE_ENDS.iter().for_each(|end| spell([&participle, end, ""]));
            if lemma.starts_with("ge") && lemma.ends_with("en") {
                PARTICIPLE_ENDS.iter().for_each(|end| spell([lemma, end, ""]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_follow_the_class() {
        let rows = [
            ("nerven", Class::Verb, "nervt"),
            ("nerven", Class::Verb, "genervten"),
            ("enttaeuschen", Class::Verb, "enttaeuschte"),
            ("gut", Class::Adjective, "gutes"),
            ("stoerung", Class::Noun, "stoerungen"),
        ];
        for (lemma, class, want) in rows {
            let mut found = false;
            forms(lemma, class, |form| found |= form == want);
            assert!(found, "{lemma} {want}");
        }
    }
}
