//! How are goals told to people? Names of measures and their values, in English and German.

use super::goal::{GoalMeasure, GoalSpan, GoalUnit, Side};
use crate::chart::{GERMAN, Locale};

impl GoalMeasure {
    /// The measure with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        super::goal::MEASURES.into_iter().find(|(own, ..)| *own == name).map(|(_, found, _)| found)
    }

    /// What it is called, as within a sentence.
    #[must_use]
    pub fn said(self, locale: &Locale) -> &'static str {
        let [english, german] = match self {
            Self::Mentions => ["mentions", "Erwähnungen"],
            Self::Authors => ["authors", "Verfasser"],
            Self::Reach => ["reach", "Reichweite"],
            Self::ShareOfVoice => ["share of voice", "Share of Voice"],
            Self::NetSentiment => ["net sentiment", "Netto-Stimmung"],
            Self::NegativeShare => ["share of negative mentions", "Anteil negativer Erwähnungen"],
            Self::ReplyShare => ["share of mentions answered", "Anteil beantworteter Erwähnungen"],
            Self::ReplyTime => ["median time to reply", "mittlere Antwortzeit (Median)"],
            Self::PurchaseIntents => ["mentions with intent to buy", "Erwähnungen mit Kaufabsicht"],
            Self::RecommendationShare => ["share of recommendations", "Anteil der Empfehlungen"],
            Self::ChurnShare => ["share that wants to leave", "Anteil mit Wechselabsicht"],
            Self::PurchaseShare => ["share with intent to buy", "Anteil mit Kaufabsicht"],
            Self::OwnLinks => ["mentions that link to our pages", "Erwähnungen mit Link zu uns"],
        };
        if *locale == GERMAN { german } else { english }
    }
}

impl GoalSpan {
    /// In words, as "28 days" or "month".
    #[must_use]
    pub fn said(self, locale: &Locale) -> String {
        let [english, german] = match self {
            Self::Days(days) => [format!("{days} days"), format!("{days} Tage")],
            Self::Week => ["week", "Woche"].map(str::to_owned),
            Self::Month => ["month", "Monat"].map(str::to_owned),
            Self::Quarter => ["quarter", "Quartal"].map(str::to_owned),
            Self::Year => ["year", "Jahr"].map(str::to_owned),
        };
        if *locale == GERMAN { german } else { english }
    }
}

impl GoalUnit {
    /// A value as people write it.
    #[must_use]
    pub fn written(self, value: f64, locale: &Locale) -> String {
        let is_german = *locale == GERMAN;
        match self {
            Self::Count => locale.number(value, 0),
            Self::Share => locale.share(value),
            Self::Net => locale.signed(value),
            Self::Seconds if value < 120.0 => format!("{} s", locale.number(value, 0)),
            Self::Seconds if value < 7_200.0 => {
                let minutes = if is_german { "Min." } else { "min" };
                format!("{} {minutes}", locale.number(value / 60.0, 0))
            }
            Self::Seconds => {
                let hours = if is_german { "Std." } else { "h" };
                format!("{} {hours}", locale.number(value / 3_600.0, 1))
            }
        }
    }
}

impl Side {
    /// Before a target: "at least".
    #[must_use]
    pub fn said(self, locale: &Locale) -> &'static str {
        match (self, *locale == GERMAN) {
            (Self::AtLeast, false) => "at least",
            (Self::AtMost, false) => "at most",
            (Self::AtLeast, true) => "mindestens",
            (Self::AtMost, true) => "höchstens",
        }
    }
}
