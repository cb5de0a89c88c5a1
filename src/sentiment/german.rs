//! Which German words are forms of one another? Endings, and the closed lists of the grammar.
//!
//! Forms are made once, from lemmas, when the vocabulary is built; a post costs one look-up per
//! word. Stem changes (Buch, Bücher; fahren, fuhr) are not known.

/// Words that turn the opinion after them around, and before them in the same clause.
pub(super) const NEGATIONS: &str = "nicht nie niemals nimmer nix nichts garnicht ned net nich";

/// Words that turn only the opinion shortly after them around.
pub(super) const NEAR_NEGATIONS: &str = "
    kein keine keinen keinem keiner keines keinerlei ohne weder noch kaum wenig niemand niemandem
    niemanden nirgends";

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

/// Common words that tell German from other languages; none carries an opinion.
pub(super) const FUNCTIONS: &str = "
    der die das den dem des ein eine einen einem einer eines und oder ist sind war waren bin bist
    wird werden wurde wurden hat haben habe hatte hatten ich du er sie es wir ihr mich dich sich
    uns euch mir dir ihm ihn ihnen mein meine meinen meiner dein deine sein seine seinen seiner
    unser unsere euer zu zum zur von vom mit bei beim für auf aus nach über unter vor an am im ins
    als wie wenn dass daß auch schon noch nur mal man was wer wo wann warum da dann doch ja nein
    jetzt heute hier immer wieder mehr um bis gegen durch seit diese dieser dieses diesen kann
    können könnte muss müssen soll sollen will wollen machen macht gemacht geht gibt denn weil
    halt eben alle alles";

/// Ends of compounds that carry the opinion whatever stands before.
pub(super) const COMPOUND_ENDS: [(&str, f64); 14] = [
    ("chaos", -2.2),
    ("katastrophe", -2.8),
    ("desaster", -2.7),
    ("skandal", -2.6),
    ("wahnsinn", -1.2),
    ("problem", -1.3),
    ("probleme", -1.4),
    ("panne", -1.8),
    ("verbot", -0.8),
    ("wueste", -1.8),
    ("abzocke", -2.8),
    ("betrug", -2.8),
    ("ausfall", -1.5),
    ("verspaetung", -1.6),
];

/// Beginnings of compounds that carry the opinion whatever stands behind.
pub(super) const COMPOUND_STARTS: [(&str, f64); 7] = [
    ("scheiss", -2.8),
    ("drecks", -2.6),
    ("schrott", -2.2),
    ("saumaessig", -2.4),
    ("lieblings", 1.7),
    ("traum", 1.7),
    ("hammer", 1.6),
];

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
}

const ADJECTIVE_ENDS: [&str; 19] = [
    "e", "en", "er", "es", "em", "ere", "eren", "erer", "eres", "erem", "ste", "sten", "ster",
    "stes", "este", "esten", "ester", "estes", "sten",
];
const NOUN_ENDS: [&str; 6] = ["s", "es", "e", "en", "n", "er"];
const VERB_ENDS: [&str; 18] = [
    "e", "st", "t", "est", "et", "te", "test", "ten", "tet", "ete", "eten", "end", "ende", "enden",
    "ender", "endes", "en", "n",
];
const PARTICIPLE_ENDS: [&str; 6] = ["", "e", "en", "er", "es", "em"];

/// Calls `each` with every form of a folded lemma but the lemma itself.
pub(super) fn forms(lemma: &str, class: Class, mut each: impl FnMut(&str)) {
    let mut form = String::with_capacity(lemma.len() + 8);
    let mut spell = |parts: [&str; 3]| {
        form.clear();
        form.extend(parts);
        each(&form);
    };
    match class {
        Class::Adjective => {
            let stem = lemma.strip_suffix('e').unwrap_or(lemma);
            ADJECTIVE_ENDS.iter().for_each(|end| spell([stem, end, ""]));
        }
        Class::Noun => NOUN_ENDS.iter().for_each(|end| spell([lemma, end, ""])),
        Class::Verb => {
            let Some(stem) = lemma.strip_suffix("en").or_else(|| lemma.strip_suffix('n')) else {
                return;
            };
            VERB_ENDS.iter().for_each(|end| spell([stem, end, ""]));
            let bare = ["be", "ver", "ent", "er", "zer", "ge", "miss"];
            let prefix = if bare.iter().any(|bare| stem.starts_with(bare)) { "" } else { "ge" };
            let middle = if stem.ends_with(['t', 'd']) { "et" } else { "t" };
            let participle = [prefix, stem, middle].concat();
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
