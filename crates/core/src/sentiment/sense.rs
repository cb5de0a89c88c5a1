//! What can be known of one word? Its weight, its role and its strength, in either language.

use super::lists::Lists;

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
    /// Turns praise after it in its clause, never blame: "used to be", "supposed to be".
    Unreal,
    /// Takes the edge off what stands in its own phrase: "despite".
    Despite,
    /// Takes the edge off a negation before it: "not only".
    Only,
    /// Joins two of a kind: "and". A negation rarely reaches a complaint behind it.
    Joint,
    /// Begins a clause of its own that no comma sets apart: "why", "that".
    Link,
    /// A subject that begins a new statement: "I", "we".
    Subject,
    /// Begins a clause that outweighs the one before.
    Contrast,
    /// Begins a clause.
    Splitter,
    /// Raises or lowers what follows.
    Degree,
    /// Sets two things against each other: "than".
    Than,
    /// Holds for what stands before it, against what stands behind: "beats".
    Beats,
    /// Sets what it names, up to the next comma, against the rest: "unlike".
    Unlike,
    /// Leaves one thing for another: "switched", "gewechselt".
    Leaves,
    /// Says that the words are not meant: "#sarcasm".
    Irony,
    /// Says that the writer looks for what the words describe: "looking for".
    Seeks,
}

/// The roles that the words of a text play.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Roles(u32);

impl Roles {
    /// Adds one.
    #[inline]
    pub(super) fn add(&mut self, role: Role) {
        self.0 |= 1 << role as u32;
    }

    /// Whether a word plays it.
    #[inline]
    pub(super) fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u32) != 0
    }
}

/// What a word means in one language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sense {
    /// Weight in hundredths.
    weight_cents: i16,
    /// What it adds to the next opinion's strength, in thousandths.
    pub(super) boost_millis: i16,
    /// What it does to others.
    pub(super) role: Role,
    /// The phrases that it may begin.
    pub(super) reach: Reach,
}

/// How far the phrases reach that a word may begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Words behind it among which the second word of a phrase may be.
    pub(super) words: u8,
    /// Whether one is the word alone.
    pub(super) alone: bool,
}

impl Reach {
    /// Whether it may begin any.
    pub(super) fn is_some(self) -> bool {
        self.words > 0 || self.alone
    }

    /// That of both together.
    pub(super) fn and(self, more: Self) -> Self {
        Self { words: self.words.max(more.words), alone: self.alone || more.alone }
    }
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

    /// Another weight, all else equal.
    pub(super) fn weigh(&mut self, weight: f64) {
        #[allow(clippy::cast_possible_truncation, reason = "weights are within -4 to 4")]
        let weight_cents = (weight.clamp(-4.0, 4.0) * 100.0).round() as i16;
        self.weight_cents = weight_cents;
    }

    /// A word that only does something to others.
    pub(super) fn playing(role: Role) -> Self {
        Self { role, ..Self::default() }
    }

    /// The same in another role.
    pub(super) fn with(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// A word that only weighs.
    pub(super) fn weighing(weight: f64) -> Self {
        let mut sense = Self::default();
        sense.weigh(weight);
        sense
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

/// What a word means in English and in German, and its place in the model.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    pub(super) english: Sense,
    pub(super) german: Sense,
    /// One more than its index among the words of the model; 0 for none.
    pub(super) gram: u32,
    /// The lists of the rules that it is on.
    pub(super) lists: Lists,
    /// One bit for every few words that may be the second of a phrase that it begins.
    pub(super) seconds: u64,
}

impl Entry {
    /// What it means in a language.
    pub(super) fn of(&self, tongue: Tongue) -> Sense {
        match tongue {
            Tongue::English => self.english,
            Tongue::German => self.german,
        }
    }

    /// Whether nothing is known of it.
    pub(super) fn is_blank(&self) -> bool {
        self.english == Sense::default()
            && self.german == Sense::default()
            && !self.lists.meet(Lists::FOREIGN)
    }

    /// The same, to change it.
    pub(super) fn of_mut(&mut self, tongue: Tongue) -> &mut Sense {
        match tongue {
            Tongue::English => &mut self.english,
            Tongue::German => &mut self.german,
        }
    }

    /// Means the same in both, as with emoji.
    pub(super) fn both(sense: Sense) -> Self {
        Self { english: sense, german: sense, ..Self::default() }
    }
}
