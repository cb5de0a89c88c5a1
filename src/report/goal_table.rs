//! How does a report tell how goals stand?

use super::goal_state::{GoalState, TooLittle};
use super::goals::GoalStanding;
use super::writer::{Block, Writer};
use crate::chart::{GERMAN, Locale};

impl GoalState {
    /// In words.
    #[must_use]
    pub fn said(self, locale: &Locale) -> &'static str {
        let [english, german] = match self {
            Self::Ahead => ["ahead", "vor Plan"],
            Self::OnTrack => ["on track", "im Plan"],
            Self::Behind => ["behind", "hinter Plan"],
            Self::TooLittleData => ["too little data", "zu wenig Daten"],
        };
        if *locale == GERMAN { german } else { english }
    }
}

impl TooLittle {
    /// In words.
    #[must_use]
    pub fn said(self, locale: &Locale) -> &'static str {
        let [english, german] = match self {
            Self::FewMentions => {
                ["too few mentions or answers", "zu wenige Erwähnungen oder Antworten"]
            }
            Self::FewDays => ["too few days were heard", "zu wenige Tage gehört"],
            Self::WideInterval => ["the interval is too wide", "das Intervall ist zu breit"],
            Self::NoIntents => [
                "needs intents, which this lake has not",
                "braucht Absichten, die dieser Lake nicht hat",
            ],
            Self::NoAccounts => ["no account of ours is known", "kein eigenes Konto bekannt"],
        };
        if *locale == GERMAN { german } else { english }
    }
}

impl GoalStanding {
    /// The target, as "at least 40%".
    #[must_use]
    pub fn target_said(&self, locale: &Locale) -> String {
        format!("{} {}", self.side.said(locale), self.unit.written(self.target, locale))
    }
}

impl Writer<'_> {
    pub(super) fn goals(&mut self) {
        let (words, locale) = (self.words, self.locale);
        if self.report.goals.is_empty() {
            return;
        }
        self.push(Block::Heading(words.goals.to_owned()));
        let rows = self.report.goals.iter().map(|goal| {
            let written = |value: f64| goal.unit.written(value, locale);
            let measured = goal.value.map_or_else(|| words.unknown.to_owned(), written);
            let interval = goal.estimate.map_or(String::new(), |of| {
                format!("{} {} {}", written(of.low), words.to, written(of.high))
            });
            let why = goal.why.map_or(String::new(), |why| format!(" ({})", why.said(locale)));
            vec![
                goal.name.clone(),
                format!("{}, {}", goal.measure.said(locale), goal.over.said(locale)),
                goal.target_said(locale),
                measured,
                interval,
                format!("{}{why}", goal.state.said(locale)),
            ]
        });
        let rows = rows.collect();
        let head =
            [words.goal, words.measure, words.target, words.measured, words.interval, words.state];
        self.table(&head, rows);
        self.push(Block::Paragraph(words.goals_method.to_owned()));
    }
}
