//! How does a report say how well people were answered?

use super::interval::float;
use super::service::Answers;
use super::writer::{Block, Writer};

impl Writer<'_> {
    /// A table by topic, and what our own accounts did; nothing where nothing wanted an answer.
    pub(super) fn service(&mut self) {
        let (words, figures) = (self.words, &self.report.service);
        if figures.total.asked + figures.total.ignored == 0 {
            return;
        }
        self.push(Block::Heading(words.service.to_owned()));
        let mut rows = Vec::new();
        if figures.topics.len() > 1 {
            rows.push(self.answers(words.all, &figures.total));
        }
        rows.extend(figures.topics.iter().map(|one| self.answers(&one.name, &one.answers)));
        let head = [
            words.topic,
            words.wanted,
            words.answered,
            words.half,
            words.nine_of_ten,
            words.in_promise,
            words.waiting,
        ];
        self.table(&head, rows);
        if !figures.accounts_known {
            self.push(Block::Paragraph(words.no_accounts.to_owned()));
        } else if let Some(share) = figures.dialogue.share {
            let [replies, posts] = [figures.dialogue.replies, figures.dialogue.posts]
                .map(|count| self.locale.count(float(count)));
            let share = self.locale.share(share.value);
            self.push(Block::Paragraph(format!(
                "{}: {share} ({replies} / {posts})",
                words.dialogue
            )));
        }
    }

    fn answers(&self, name: &str, answers: &Answers) -> Vec<String> {
        let count = |count| self.locale.count(float(count));
        vec![
            name.to_owned(),
            count(answers.asked),
            self.share(answers.rate),
            self.lasting(answers.p50_s),
            self.lasting(answers.p90_s),
            self.share(answers.within_promise.share),
            count(answers.waiting),
        ]
    }

    /// A length of time in a unit that fits.
    fn lasting(&self, seconds: Option<f64>) -> String {
        let Some(seconds) = seconds else { return self.words.unknown.to_owned() };
        let [day, hour, minute] = self.words.units;
        match seconds {
            ..5_400.0 => format!("{} {minute}", self.locale.number(seconds / 60.0, 0)),
            ..172_800.0 => format!("{} {hour}", self.locale.number(seconds / 3_600.0, 1)),
            _ => format!("{} {day}", self.locale.number(seconds / 86_400.0, 1)),
        }
    }
}
