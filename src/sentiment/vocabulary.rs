//! What does a word mean to the `resonanz` rules, in English and in German?
//!
//! One table answers for both languages, so that a word costs one look-up even while the language
//! of the text is still open. Words are folded first: lower case, ä ö ü ß as ae oe ue ss.

use super::emoji::Emoji;
use super::english;
use super::german::{self, Class};
use super::lexicon::{self, Table};

/// Longest folded word that is looked up; longer ones are compounds or noise.
pub(super) const FOLDED_BYTES_MAX: usize = 64;

/// What a word does to others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    #[default]
    Plain,
    /// Nothing, but it tells the language.
    Function,
    /// Turns around what follows in its clause and, in German, what precedes.
    Negation,
    /// Turns around what follows closely.
    NearNegation,
    /// Takes the edge off a negation before it: "not only".
    Only,
    /// Begins a clause that outweighs the one before.
    Contrast,
    /// Begins a clause.
    Splitter,
    /// Raises or lowers what follows.
    Degree,
}

/// What a word means in one language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sense {
    /// Weight in hundredths.
    weight_cents: i16,
    /// What it adds to the next opinion's strength, in thousandths.
    boost_millis: i16,
    /// What it does to others.
    pub(super) role: Role,
}

impl Sense {
    /// The weight, -4 to 4.
    pub(super) fn weight(self) -> f64 {
        f64::from(self.weight_cents) / 100.0
    }

    /// What it adds to the strength of the next opinion; negative lowers.
    pub(super) fn boost(self) -> f64 {
        f64::from(self.boost_millis) / 1_000.0
    }

    /// Whether it carries an opinion.
    pub(super) fn is_polar(self) -> bool {
        self.weight_cents != 0
    }

    fn weighing(weight: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "weights are within -4 to 4")]
        let weight_cents = (weight * 100.0).round() as i16;
        Self { weight_cents, ..Self::default() }
    }
}

/// A language with rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    /// English.
    English,
    /// German.
    German,
}

/// What a word means in English and in German.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Senses {
    english: Sense,
    german: Sense,
}

impl Senses {
    /// What it means in one of them.
    pub(super) fn of(&self, tongue: Tongue) -> Sense {
        match tongue {
            Tongue::English => self.english,
            Tongue::German => self.german,
        }
    }

    /// The same in both, as with emoji.
    fn both(sense: Sense) -> Self {
        Self { english: sense, german: sense }
    }
}

/// All words of both languages.
#[derive(Debug)]
pub(super) struct Vocabulary(Table<Senses>);

impl Vocabulary {
    /// Reads the lexicons and makes the inflected forms.
    pub(super) fn new() -> Self {
        let (mut english, mut german) = (Table::default(), Table::default());
        read_english(&mut english);
        read_german(&mut german);
        let mut table: Table<Senses> = Table::default();
        for (word, sense) in english {
            table.entry(word).or_default().english = sense;
        }
        for (word, sense) in german {
            table.entry(word).or_default().german = sense;
        }
        read_signs(&mut table);
        Self(table)
    }

    /// Looks a folded word up; a lengthened one ("sooo") also without the repetition.
    pub(super) fn find(&self, folded: &[u8]) -> Option<Senses> {
        if let Some(&senses) = self.0.get(folded) {
            return Some(senses);
        }
        if !folded.windows(3).any(|run| run[0] == run[1] && run[1] == run[2]) {
            return None;
        }
        [2, 1].into_iter().find_map(|kept| {
            let mut buffer = [0; FOLDED_BYTES_MAX];
            self.0.get(squeeze(folded, kept, &mut buffer)).copied()
        })
    }

    /// What a German compound means by its first or last part.
    pub(super) fn compound(&self, folded: &[u8]) -> Option<Senses> {
        let ends = german::COMPOUND_ENDS.iter().find(|(end, _)| folded.ends_with(end.as_bytes()));
        let found = ends.or_else(|| {
            german::COMPOUND_STARTS.iter().find(|(start, _)| folded.starts_with(start.as_bytes()))
        });
        let sense = Sense::weighing(found?.1);
        Some(Senses { english: Sense::default(), german: sense })
    }
}

/// Folds a word into `into`; none when it does not fit.
pub(super) fn fold<'a>(word: &str, into: &'a mut [u8; FOLDED_BYTES_MAX]) -> Option<&'a [u8]> {
    let mut length = 0;
    for c in word.chars() {
        let mut utf8 = [0; 4];
        let spelled: &[u8] = match c {
            '\0'..='\x7f' => {
                utf8[0] = (c as u8).to_ascii_lowercase();
                utf8.get(..1)?
            }
            'ä' | 'Ä' => b"ae",
            'ö' | 'Ö' => b"oe",
            'ü' | 'Ü' => b"ue",
            'ß' | 'ẞ' => b"ss",
            '\u{308}' => b"e",
            '’' => b"'",
            _ => c.encode_utf8(&mut utf8).as_bytes(),
        };
        into.get_mut(length..length + spelled.len())?.copy_from_slice(spelled);
        length += spelled.len();
    }
    into.get(..length)
}

/// Shortens runs of three and more of the same byte to `kept`.
fn squeeze<'a>(word: &[u8], kept: usize, into: &'a mut [u8; FOLDED_BYTES_MAX]) -> &'a [u8] {
    let mut length = 0;
    for run in word.chunk_by(|a, b| a == b) {
        let take = if run.len() > 2 { kept } else { run.len() };
        for (to, from) in into.iter_mut().skip(length).zip(run.iter().take(take)) {
            *to = *from;
        }
        length += take;
    }
    into.get(..length).unwrap_or_default()
}

fn folded(word: &str) -> Option<Box<[u8]>> {
    fold(word, &mut [0; FOLDED_BYTES_MAX]).map(Into::into)
}

/// Gives every word of a list the same sense, kept apart from the weight it may have.
fn list(table: &mut Table<Sense>, words: &str, role: Role, boost_millis: i16) {
    for word in words.split_whitespace().filter_map(folded) {
        let sense = table.entry(word).or_default();
        (sense.role, sense.boost_millis) = (role, boost_millis);
    }
}

fn read_english(table: &mut Table<Sense>) {
    let files = [lexicon::VADER_EN, lexicon::RESONANZ_EN];
    for (word, weight) in files.into_iter().flat_map(lexicon::weights) {
        if let Some(word) = folded(word) {
            table.insert(word, Sense::weighing(weight));
        }
    }
    list(table, ENGLISH_FUNCTIONS, Role::Function, 0);
    list(table, english::BOOSTERS, Role::Degree, 293);
    list(table, english::DAMPENERS, Role::Degree, -293);
    list(table, "pretty damn fkn way", Role::Degree, 293);
    list(table, english::NEGATIONS, Role::Negation, 0);
    list(table, "nobody noone hardly barely scarcely ain't", Role::Negation, 0);
    list(table, "no without lack lacks", Role::NearNegation, 0);
    list(table, "only", Role::Only, 0);
    list(table, "but however yet nevertheless", Role::Contrast, 0);
    list(table, "while although though whereas because", Role::Splitter, 0);
}

fn read_german(table: &mut Table<Sense>) {
    let add = |table: &mut Table<Sense>, word: &str, weight| {
        if let Some(word) = folded(word) {
            table.entry(word).or_insert(Sense::weighing(weight));
        }
    };
    list(table, german::FUNCTIONS, Role::Function, 0);
    let own = || lexicon::weights(lexicon::RESONANZ_DE);
    own().for_each(|(word, weight)| add(table, word, weight));
    // A polarity of one stands for an average opinion word of VADER's.
    let lemmas = || lexicon::lemmas().map(|(lemma, mark, polarity)| (lemma, mark, polarity * 2.0));
    lemmas().for_each(|(lemma, _, weight)| add(table, lemma, weight));
    let marks = lexicon::RESONANZ_DE.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let (word, weight) = (fields.next()?, fields.next()?.parse::<f64>().ok()?);
        Some((word, fields.next()?, weight))
    });
    for (lemma, mark, weight) in marks.chain(lemmas()) {
        let (Some(class), Some(lemma)) = (Class::parse(mark), folded(lemma)) else { continue };
        let lemma = std::str::from_utf8(&lemma).unwrap_or_default();
        german::forms(lemma, class, |form| add(table, form, weight));
    }
    list(table, german::BOOSTERS, Role::Degree, 293);
    list(table, german::DAMPENERS, Role::Degree, -293);
    list(table, german::NEGATIONS, Role::Negation, 0);
    list(table, german::NEAR_NEGATIONS, Role::NearNegation, 0);
    list(table, "nur bloß", Role::Only, 0);
    list(table, german::CONTRASTS, Role::Contrast, 0);
    list(table, german::SPLITTERS, Role::Splitter, 0);
}

/// Emoticons and emoji mean the same in both languages.
fn read_signs(table: &mut Table<Senses>) {
    let emoticons = |word: &str| !word.contains(' ') && !word.chars().all(char::is_alphanumeric);
    for (word, weight) in lexicon::weights(lexicon::VADER_EN).filter(|row| emoticons(row.0)) {
        if !word.contains("n't")
            && let Some(word) = folded(word)
        {
            table.insert(word, Senses::both(Sense::weighing(weight)));
        }
    }
    for (sign, name) in Emoji::new().iter() {
        let words = name.split_whitespace().filter_map(folded);
        let weight: f64 =
            words.filter_map(|word| table.get(&word)).map(|senses| senses.english.weight()).sum();
        let sense = Sense::weighing(weight.clamp(-3.0, 3.0));
        if sense.is_polar() && !sign.is_ascii() {
            table.insert(sign.to_string().into_bytes().into(), Senses::both(sense));
        }
    }
    for (sign, weight) in lexicon::weights(lexicon::RESONANZ_EMOJI) {
        table.insert(sign.as_bytes().into(), Senses::both(Sense::weighing(weight)));
    }
}

/// Common words that tell English from other languages.
const ENGLISH_FUNCTIONS: &str = "
    the a an and or is are was were be been am i you he she it we they me him her us them my your
    his its our their this that these those to of in on at for with from by about as if than then
    there here what who which when where why how do does did have has had will would can could
    should just your i'm it's you're he's she's that's i've";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_folded_form() {
        let vocabulary = Vocabulary::new();
        let rows = [
            ("Schöne", Tongue::German, 1.0),
            ("schoene", Tongue::German, 1.0),
            ("Scho\u{308}ne", Tongue::German, 1.0),
            ("nervten", Tongue::German, -1.0),
            ("SUPERRRR", Tongue::German, 1.0),
            ("die", Tongue::German, 0.0),
            ("great", Tongue::English, 1.0),
            ("💔", Tongue::German, -1.0),
            ("United", Tongue::English, 0.0),
        ];
        for (word, tongue, sign) in rows {
            let mut buffer = [0; FOLDED_BYTES_MAX];
            let found = fold(word, &mut buffer).and_then(|folded| vocabulary.find(folded));
            let weight = found.unwrap_or_default().of(tongue).weight();
            assert!(weight * sign > 0.0 || weight == 0.0 && sign == 0.0, "{word} {weight}");
        }
    }
}
