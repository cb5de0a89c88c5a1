//! What does a word mean to the `resonanz` rules, in English and in German?
//!
//! One table answers for both languages, so that a word costs one look-up even while the language
//! of the text is still open. Later lists win over earlier ones, a listed word over a form made
//! by rule, and what the user says over all.

use super::emoji::Emoji;
use super::english;
use super::german::{self, Class};
use super::lexicon;
use super::lists::{self, Lists};
use super::overlay::Lexicon;
use super::sense::{Entry, Role, Sense, Tongue};
use super::table::{Table, key};
use super::words::{FOLDED_BYTES_MAX, Folding, folded, folded_key};

/// What a polarity of one of the Zurich lexicon weighs: less than an average opinion word of our own
/// lists, for it holds many words that are polar in few of their senses.
const ZURICH_SCALE: f64 = 1.2;
/// What a verb weighs that sets one thing above another.
const COMPARED: f64 = 1.5;
/// Shortest part of a tag that is looked for, and what it weighs at least.
const TAG_PART_BYTES: usize = 4;
const TAG_WEIGHT: f64 = 1.5;
/// About how many words of both languages, and how many of the German ones, there are.
const WORDS: usize = 90_000;
const GERMAN_WORDS: usize = 90_000;
/// Shortest folded word that may be a compound.
pub(super) const COMPOUND_BYTES_MIN: usize = 8;
/// Bytes at the end or beginning of a compound by which its parts are found.
const PART_KEY_BYTES: usize = 4;

/// All words of both languages.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    table: Table<Entry>,
    /// Parts of German compounds by their last four bytes, and by their first four.
    ends: Parts,
    starts: Parts,
}

/// Parts of compounds: place and number in the list by four bytes.
#[derive(Debug, Clone, Default)]
struct Parts {
    index: Table<(u32, u32)>,
    list: Vec<(Box<[u8]>, f64)>,
}

impl Vocabulary {
    /// Reads the lexicons and makes the inflected forms.
    pub(super) fn new(lexicons: &[Lexicon]) -> Self {
        let mut table = Table::with_room(WORDS);
        read_english(&mut table);
        read_german(&mut table);
        read_signs(&mut table);
        for word in english::FOREIGN.split_whitespace().filter_map(folded) {
            let entry: &mut Entry = table.entry(key(&word));
            if entry.english.role == Role::Plain && entry.german.role == Role::Plain {
                entry.lists = entry.lists.and(Lists::FOREIGN);
            }
        }
        for lexicon in lexicons {
            lexicon.apply(&mut table);
        }
        for (list, words) in lists::WORDS {
            for word in words.split_whitespace().filter_map(folded) {
                let entry: &mut Entry = table.entry(key(&word));
                entry.lists = entry.lists.and(list);
            }
        }
        Self { table, ends: compound_ends(), starts: compound_starts() }
    }

    /// What is known of a word.
    #[inline]
    pub(super) fn get(&self, key: u64) -> Option<Entry> {
        self.table.get(key)
    }

    /// The same, to change it.
    pub(super) fn entry(&mut self, key: u64) -> &mut Entry {
        self.table.entry(key)
    }

    /// Lets the words of the grammar, which make up half of any text, be found sooner.
    pub(super) fn hasten(&mut self) {
        let has_role =
            |entry: &Entry| entry.english.role != Role::Plain || entry.german.role != Role::Plain;
        self.table.hasten(has_role);
    }

    /// What a word that is not in the table may be: a stretched one ("sooo") or a compound.
    pub(super) fn guess(&self, folding: &Folding, own: u64) -> (u64, Entry) {
        if folding.is_stretched() {
            for kept in [2, 1] {
                let squeezed = folding.squeeze(kept);
                let found = squeezed.bytes().map(key);
                if let Some((key, entry)) = found.and_then(|key| Some((key, self.get(key)?))) {
                    return (key, entry);
                }
            }
        }
        let folded = folding.bytes().unwrap_or_default();
        if folded.len() < COMPOUND_BYTES_MIN {
            return (own, Entry::default());
        }
        let german = self.compound(folded).map(Sense::weighing).unwrap_or_default();
        (own, Entry { german, ..Entry::default() })
    }

    /// What a tag of words in small letters says by its beginning or end: "#boycottacme".
    pub(super) fn tag(&self, folded: &[u8]) -> Entry {
        let strong = |part: &[u8]| {
            let entry = self.get(key(part))?;
            let weight = entry.english.weight();
            (weight.abs() >= TAG_WEIGHT).then(|| Entry {
                english: Sense::weighing(weight),
                german: Sense::weighing(weight),
                ..Entry::default()
            })
        };
        let lengths = (TAG_PART_BYTES..folded.len().saturating_sub(2)).rev();
        let parts =
            lengths.flat_map(|length| [folded.get(..length), folded.get(folded.len() - length..)]);
        parts.flatten().find_map(strong).unwrap_or_default()
    }

    /// What a German compound weighs by its first or last part.
    fn compound(&self, folded: &[u8]) -> Option<f64> {
        let last = folded.last_chunk::<PART_KEY_BYTES>()?;
        let first = folded.first_chunk::<PART_KEY_BYTES>()?;
        let end = self
            .ends
            .of(last)
            .iter()
            .find(|(part, _)| folded.len() >= part.len() + 3 && folded.ends_with(part));
        let found = end.or_else(|| {
            let starts = self.starts.of(first).iter();
            starts
                .clone()
                .find(|(part, _)| folded.len() >= part.len() + 3 && folded.starts_with(part))
        });
        found.map(|&(_, weight)| weight)
    }
}

impl Parts {
    fn new(mut list: Vec<(Box<[u8]>, f64)>, four: impl Fn(&[u8]) -> [u8; PART_KEY_BYTES]) -> Self {
        // The longest part decides.
        list.sort_by(|(a, _), (b, _)| (four(a), b.len(), a).cmp(&(four(b), a.len(), b)));
        let mut index: Table<(u32, u32)> = Table::default();
        for (place, (part, _)) in (0..).zip(&list) {
            let range = index.entry(key(&four(part)));
            if range.1 == 0 {
                range.0 = place;
            }
            range.1 += 1;
        }
        Self { index, list }
    }

    fn of(&self, four: &[u8]) -> &[(Box<[u8]>, f64)] {
        let (place, count) = self.index.get(key(four)).unwrap_or_default();
        self.list.get(place as usize..(place + count) as usize).unwrap_or_default()
    }
}

/// Nouns of our German list that are opinions of weight, in all forms, and the parts listed.
fn compound_ends() -> Parts {
    let mut list: Vec<(Box<[u8]>, f64)> = Vec::new();
    for (word, weight, mark) in lexicon::marked(lexicon::RESONANZ_DE) {
        let (Some(word), true) = (folded(word), mark == Some("n")) else { continue };
        if word.len() < 5 || weight.abs() < 1.0 {
            continue;
        }
        let lemma = String::from_utf8_lossy(&word).into_owned();
        german::forms(&lemma, Class::Noun, |form| list.push((form.as_bytes().into(), weight)));
        list.push((word, weight));
    }
    let listed = german::COMPOUND_ENDS.iter();
    list.extend(listed.map(|&(end, weight)| (end.as_bytes().into(), weight)));
    Parts::new(list, |part| part.last_chunk().copied().unwrap_or_default())
}

fn compound_starts() -> Parts {
    let listed = german::COMPOUND_STARTS.iter();
    let list = listed.map(|&(start, weight)| (start.as_bytes().into(), weight)).collect();
    Parts::new(list, |part| part.first_chunk().copied().unwrap_or_default())
}

/// Gives every word of a list the same sense, kept apart from the weight it may have.
fn list(table: &mut Table<Entry>, tongue: Tongue, words: &str, role: Role, boost_millis: i16) {
    for word in words.split_whitespace().filter_map(folded) {
        let sense = table.entry(key(&word)).of_mut(tongue);
        (sense.role, sense.boost_millis) = (role, boost_millis);
    }
}

fn read_english(table: &mut Table<Entry>) {
    let set = |table: &mut Table<Entry>, word: &str, weight| {
        if let Some(word) = folded(word) {
            table.entry(key(&word)).english.weigh(weight);
        }
    };
    // A number is no opinion, though the list's chat codes ("143", "86") take some for one.
    let words = lexicon::weights(lexicon::VADER_EN);
    let words = words.filter(|(word, _)| !word.bytes().all(|byte| byte.is_ascii_digit()));
    words.for_each(|(word, weight)| set(table, word, weight));
    let own = || lexicon::marked(lexicon::RESONANZ_EN);
    for (lemma, weight, mark) in own() {
        if let Some(class) = mark.and_then(|mark| mark.chars().next()) {
            english::forms(lemma, class, |form| set(table, form, weight));
        }
    }
    own().for_each(|(word, weight, _)| set(table, word, weight));
    let mut list = |words, role, boost| list(table, Tongue::English, words, role, boost);
    list(english::FUNCTIONS, Role::Function, 0);
    list(english::BOOSTERS, Role::Degree, 293);
    list(english::DAMPENERS, Role::Degree, -293);
    list(english::MORE_BOOSTERS, Role::Degree, 293);
    list(english::NEGATIONS, Role::Negation, 0);
    list(english::MORE_NEGATIONS, Role::Negation, 0);
    list(english::NEAR_NEGATIONS, Role::NearNegation, 0);
    list(english::SUBJECTS, Role::Subject, 0);
    list(english::LINKS, Role::Link, 0);
    list(english::JOINTS, Role::Joint, 0);
    list("despite notwithstanding", Role::Despite, 0);
    list("unlike", Role::Unlike, 0);
    list("only", Role::Only, 0);
    list("but however yet nevertheless", Role::Contrast, 0);
    list("while although though whereas because", Role::Splitter, 0);
    list("than", Role::Than, 0);
    list("beats outperforms outclasses trumps destroys smokes", Role::Beats, 0);
    list("prefer prefers preferred", Role::Leaves, 0);
    list("sarcasm sarcastic irony ironic sarcasmtag notreally", Role::Irony, 0);
    for word in ["beats", "outperforms", "outclasses", "trumps", "prefer", "prefers", "preferred"] {
        set(table, word, COMPARED);
    }
}

/// German words and the keys of those that are listed: our own win over the other list's, and words as
/// they stand over forms.
fn german_words() -> (Table<Option<Sense>>, Vec<u64>) {
    let mut german: Table<Option<Sense>> = Table::with_room(GERMAN_WORDS);
    let add = |table: &mut Table<Option<Sense>>, word: &str, weight| {
        let key = folded_key(word)?;
        table.entry(key).get_or_insert(Sense::weighing(weight));
        Some(key)
    };
    let mut words: Vec<u64> = Vec::with_capacity(GERMAN_WORDS);
    let spared = german::COMPOUND_SPARED.split_whitespace();
    for word in spared.chain(german::FUNCTIONS.split_whitespace()) {
        add(&mut german, word, 0.0);
    }
    words.extend(german::COMPOUND_SPARED.split_whitespace().filter_map(folded_key));
    let own: Vec<_> = lexicon::marked(lexicon::RESONANZ_DE).collect();
    let lemmas = lexicon::lemmas();
    let lemmas: Vec<_> =
        lemmas.map(|(lemma, mark, polarity)| (lemma, polarity * ZURICH_SCALE, mark)).collect();
    for &(word, weight, _) in &own {
        add(&mut german, word, weight);
    }
    // Our own forms win over lemmas of the other list, which win over their own forms.
    let inflect =
        |table: &mut Table<Option<Sense>>, lemma: &str, weight, mark, words: &mut Vec<_>| {
            let (Some(class), Some(lemma)) = (Class::parse(mark), folded(lemma)) else { return };
            let lemma = std::str::from_utf8(&lemma).unwrap_or_default();
            german::forms(lemma, class, |form| {
                // A form of what is folded is folded, too.
                if form.len() <= FOLDED_BYTES_MAX {
                    let key = key(form.as_bytes());
                    table.entry(key).get_or_insert(Sense::weighing(weight));
                    words.push(key);
                }
            });
        };
    for &(lemma, weight, mark) in &own {
        if let Some(mark) = mark {
            inflect(&mut german, lemma, weight, mark, &mut words);
        }
    }
    for &(lemma, weight, _) in &lemmas {
        add(&mut german, lemma, weight);
    }
    for &(lemma, weight, mark) in &lemmas {
        inflect(&mut german, lemma, weight, mark, &mut words);
    }
    words.extend(own.iter().filter_map(|(word, ..)| folded_key(word)));
    words.extend(lemmas.iter().filter_map(|(word, ..)| folded_key(word)));
    (german, words)
}

fn read_german(table: &mut Table<Entry>) {
    let (german, words) = german_words();
    for key in words {
        // A word of weight 0 is known, too: it is no compound with an opinion in it.
        if let Some(Some(sense)) = german.get(key) {
            table.entry(key).german = sense;
        }
    }
    let mut list = |words, role, boost| list(table, Tongue::German, words, role, boost);
    list(german::FUNCTIONS, Role::Function, 0);
    list(german::BOOSTERS, Role::Degree, 293);
    list(german::DAMPENERS, Role::Degree, -293);
    list(german::NEGATIONS, Role::Negation, 0);
    list(german::NEAR_NEGATIONS, Role::NearNegation, 0);
    list(german::SUBJECTS, Role::Subject, 0);
    list(german::LINKS, Role::Link, 0);
    list(german::JOINTS, Role::Joint, 0);
    list("trotz ungeachtet", Role::Despite, 0);
    list("nur bloß", Role::Only, 0);
    list(german::CONTRASTS, Role::Contrast, 0);
    list(german::SPLITTERS, Role::Splitter, 0);
    list("als", Role::Than, 0);
    list("schlägt übertrifft toppt", Role::Beats, 0);
    list("ironie sarkasmus ironieoff ironieaus", Role::Irony, 0);
    for word in ["schlägt", "übertrifft", "toppt"].into_iter().filter_map(folded) {
        table.entry(key(&word)).german.weigh(COMPARED);
    }
}

/// Emoticons and emoji mean the same in both languages.
fn read_signs(table: &mut Table<Entry>) {
    let emoticons = |word: &str| !word.contains(' ') && !word.chars().all(char::is_alphanumeric);
    for (word, weight) in lexicon::weights(lexicon::VADER_EN).filter(|row| emoticons(row.0)) {
        if !word.contains("n't")
            && let Some(word) = folded(word)
        {
            *table.entry(key(&word)) = Entry::both(Sense::weighing(weight));
        }
    }
    for (sign, name) in Emoji::new().iter() {
        let words = name.split_whitespace().filter_map(folded);
        let weight: f64 = words
            .filter_map(|word| table.get(key(&word)))
            .map(|entry| entry.english.weight())
            .sum();
        let sense = Sense::weighing(weight.clamp(-3.0, 3.0));
        if sense.is_polar() && !sign.is_ascii() {
            *table.entry(key(sign.to_string().as_bytes())) = Entry::both(sense);
        }
    }
    let eyes = table.entry(key("🙄".as_bytes()));
    (eyes.english.role, eyes.german.role) = (Role::Irony, Role::Irony);
    for (sign, weight) in lexicon::weights(lexicon::RESONANZ_EMOJI) {
        if let Some(sign) = folded(sign) {
            let entry = table.entry(key(&sign));
            entry.english.weigh(weight);
            entry.german.weigh(weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_folded_form() {
        let vocabulary = Vocabulary::new(&[]);
        let rows = [
            ("Schöne", Tongue::German, 1.0),
            ("schoene", Tongue::German, 1.0),
            ("Scho\u{308}ne", Tongue::German, 1.0),
            ("nervten", Tongue::German, -1.0),
            ("SUPERRRR", Tongue::German, 1.0),
            ("Verspätungschaos", Tongue::German, -1.0),
            ("Scheißladen", Tongue::German, -1.0),
            ("Servicewüste", Tongue::German, -1.0),
            ("die", Tongue::German, 0.0),
            ("Optimist", Tongue::German, 0.0),
            ("great", Tongue::English, 1.0),
            ("💔", Tongue::German, -1.0),
            ("United", Tongue::English, 0.0),
        ];
        for (word, tongue, sign) in rows {
            let mut folding = Folding::default();
            word.chars().for_each(|c| folding.push_char(c));
            let own = key(folding.bytes().unwrap_or_default());
            let entry = vocabulary.get(own).unwrap_or_else(|| vocabulary.guess(&folding, own).1);
            let sense = if tongue == Tongue::German { entry.german } else { entry.english };
            let weight = sense.weight();
            assert!(weight * sign > 0.0 || weight == 0.0 && sign == 0.0, "{word} {weight}");
        }
    }
}
