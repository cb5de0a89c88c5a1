//! How did an exercise go? What happened, what was done, and what to talk about, in Markdown.

use std::time::Duration;

use super::office::Office;
use super::words::Words;
use crate::chart::zoned;
use crate::cli::alerts::local_zone;
use crate::desk::Ack;
use crate::notify::AlertStory;
use crate::state::Standing;
use crate::time::EventTime;

/// Words named of an alert.
const TERMS_MAX: usize = 6;
/// Characters of a post that are quoted.
const TEXT_CHARS: usize = 120;

/// What is known at the end.
pub(super) struct Debriefing<'e> {
    pub(super) words: &'static Words,
    pub(super) story: Option<&'e AlertStory>,
    pub(super) ack: Option<&'e Ack>,
    /// The inbox at the end.
    pub(super) office: &'e Office,
    /// When the alert showed, by the time of day.
    pub(super) shown_at: Option<EventTime>,
    /// After which time the next one was called.
    pub(super) patience: Duration,
}

impl Debriefing<'_> {
    pub(super) fn markdown(&self) -> String {
        let words = self.words;
        let mut text = format!("# {}\n\n## {}\n\n", words.title, words.happened);
        let terms = self.terms();
        match self.story {
            Some(story) => {
                let began = zoned(story.started_at, &local_zone());
                let most = story.transitions.iter().map(|row| row.observed).max().unwrap_or(0);
                text += &format!(
                    "- {} {} {}; {}: {most}\n",
                    words.began,
                    words.locale.moment(&began),
                    words.locale.zone(&began),
                    words.most
                );
                if !terms.is_empty() {
                    text += &format!("- {}: {}\n", words.about, terms.join(", "));
                }
            }
            None => text += &format!("{}\n", words.none_fired),
        }
        text += &format!("\n## {}\n\n", words.did);
        text += &self.deeds(&terms);
        text += &self.inbox();
        text += &format!("\n## {}\n\n", words.talk);
        for (number, question) in (1..).zip(words.questions) {
            text += &format!("{number}. {question}\n");
        }
        text
    }

    fn deeds(&self, terms: &[String]) -> String {
        let words = self.words;
        let Some(ack) = self.ack else { return format!("{}\n", words.nobody) };
        let waited = self.shown_at.map_or(0, |shown| ack.at.since(shown).max(0));
        let waited = Duration::from_micros(waited.unsigned_abs());
        let when = if waited <= self.patience { words.in_time } else { words.too_late };
        let author = line(&ack.author);
        let mut text =
            format!("- {} {author}, {} {}, {when}\n", words.taken, words.after, minutes(waited));
        let comment = line(&ack.comment);
        if comment.is_empty() {
            return text + &format!("- {}\n", words.nothing);
        }
        text += &format!("- {}: \"{comment}\"\n", words.said);
        let lower = comment.to_lowercase();
        let named: Vec<&str> =
            terms.iter().map(String::as_str).filter(|term| lower.contains(*term)).collect();
        text + &match named.as_slice() {
            [] if terms.is_empty() => String::new(),
            [] => format!("- {}: {}\n", words.compare, terms.join(", ")),
            named => format!("- {}: {}\n", words.named, named.join(", ")),
        }
    }

    /// What became of the mentions that wanted an answer.
    fn inbox(&self) -> String {
        let (words, counts) = (self.words, self.office.counts);
        let mut text = format!("\n## {}\n\n", words.inbox);
        let urgent = &self.office.urgent;
        if urgent.is_empty() {
            return text + &format!("{}\n", words.none_came);
        }
        let parts = [
            (words.answered, counts.answered),
            (words.assigned, counts.assigned),
            (words.ignored, counts.ignored),
            (words.open, counts.open),
            (words.overdue, counts.overdue),
        ];
        let parts: Vec<String> =
            parts.iter().map(|(name, count)| format!("{name}: {count}")).collect();
        text += &format!("- {}\n", parts.join(", "));
        text += &format!("- {}: {} / {}\n", words.urgent_taken, self.office.taken(), urgent.len());
        if let Some(first) = urgent.iter().find(|entry| entry.state == Standing::Open) {
            let whole = line(&first.mention.text);
            let said: String = whole.chars().take(TEXT_CHARS).collect();
            let said = if said.len() < whole.len() { format!("{said} …") } else { said };
            let points = first.priority.points;
            text += &format!("- {} ({} {points}): \"{said}\"\n", words.still_open, words.priority);
        }
        text
    }

    /// The words that stand out in the alert's last evidence.
    fn terms(&self) -> Vec<String> {
        let rows = self.story.into_iter().flat_map(|story| story.transitions.iter().rev());
        let lists = rows.filter_map(|row| row.evidence["terms"].as_array());
        let list = lists.into_iter().find(|list| !list.is_empty()).into_iter().flatten();
        let terms = list.filter_map(|term| term["term"].as_str());
        terms.take(TERMS_MAX).map(line).collect()
    }
}

/// A text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Minutes and seconds, as 2:05.
pub(super) fn minutes(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
