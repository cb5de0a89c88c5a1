//! What does the writer of a post want? The intents that a mention may have, and how sure each is.
//!
//! [`crate::sentiment`] finds them; [`crate::priority`] says who is to be answered first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a writer wants, or lets be known; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    /// Leaves, or says that he will: cancels, switches, never again.
    Churn,
    /// Something of the topic went wrong for the writer, and he says so.
    Complaint,
    /// Asks something that somebody could answer.
    Question,
    /// Wants to buy, or has just bought.
    Purchase,
    /// Advises others to take it.
    Recommendation,
    /// Says that it is good, or thanks.
    Praise,
}

/// How many intents there are.
pub const INTENTS: usize = 6;
/// What stands between names where several are joined.
const JOINT: &str = " | ";

impl Intent {
    /// All, the most urgent first.
    pub const ALL: [Self; INTENTS] = [
        Self::Churn,
        Self::Complaint,
        Self::Question,
        Self::Purchase,
        Self::Recommendation,
        Self::Praise,
    ];

    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Churn => "churn",
            Self::Complaint => "complaint",
            Self::Question => "question",
            Self::Purchase => "purchase",
            Self::Recommendation => "recommendation",
            Self::Praise => "praise",
        }
    }

    /// The intent of a name; none for other words.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|intent| intent.as_str() == name)
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The intents of one mention, each with how sure it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Intents {
    /// By intent, in percent; 0 where it has none.
    sure: [u8; INTENTS],
}

impl Intents {
    /// Adds an intent that is so sure, in percent: at least 1, at most 100.
    pub fn insert(&mut self, intent: Intent, percent: u8) {
        if let Some(sure) = self.sure.get_mut(intent as usize) {
            *sure = percent.clamp(1, 100);
        }
    }

    /// How sure an intent is, in percent; none where there is no sign of it.
    #[must_use]
    pub fn get(&self, intent: Intent) -> Option<u8> {
        self.sure.get(intent as usize).copied().filter(|&sure| sure > 0)
    }

    /// Those that there are with their certainty in percent, the most urgent first.
    pub fn iter(&self) -> impl Iterator<Item = (Intent, u8)> + '_ {
        Intent::ALL.into_iter().filter_map(|intent| Some((intent, self.get(intent)?)))
    }

    /// The most urgent with its certainty in percent.
    #[must_use]
    pub fn first(&self) -> Option<(Intent, u8)> {
        self.iter().next()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// The names, the most urgent first, joined by ` | `, as the lake keeps them.
    #[must_use]
    pub fn joined(&self) -> String {
        let names: Vec<&str> = self.iter().map(|(intent, _)| intent.as_str()).collect();
        names.join(JOINT)
    }
}

/// The intents that [`Intents::joined`] wrote; other words are passed over.
pub fn split(joined: &str) -> impl Iterator<Item = Intent> + '_ {
    joined.split(JOINT).filter_map(|name| Intent::parse(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_most_urgent_first_and_split_again() {
        let mut intents = Intents::default();
        assert_eq!((intents.joined().as_str(), intents.is_empty()), ("", true));
        intents.insert(Intent::Question, 61);
        intents.insert(Intent::Churn, 0);
        assert_eq!(intents.joined(), "churn | question");
        assert_eq!(intents.first(), Some((Intent::Churn, 1)));
        assert_eq!(intents.get(Intent::Praise), None);
        let again: Vec<Intent> = split("churn | question | outrage").collect();
        assert_eq!(again, [Intent::Churn, Intent::Question]);
        assert!(Intent::ALL.iter().all(|&each| Intent::parse(each.as_str()) == Some(each)));
    }
}
