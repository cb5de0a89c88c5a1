//! What is the gist of a report? A few sentences for who reads nothing else.

use super::document::TopicReport;
use super::interval::float;
use super::tongue::Tongue;
use super::writer::{Block, Writer};
use crate::notify::AlertState;

/// Most topics that are named, and most words of each.
const TOPICS_MAX: usize = 3;
const TERMS_MAX: usize = 4;

impl Writer<'_> {
    /// How much was said, what is different beyond chance, and what fired.
    pub(super) fn gist(&mut self, tongue: Tongue) {
        if self.report.topics.is_empty() {
            return;
        }
        let moved: Vec<&TopicReport> =
            self.report.topics.iter().filter(|of| is_moved(of)).collect();
        let mut lines = vec![self.said(tongue)];
        lines.extend(moved.iter().take(TOPICS_MAX).map(|topic| self.moved(topic, tongue)));
        if moved.is_empty() {
            lines.push(match tongue {
                Tongue::En => "No topic's net sentiment changed beyond chance.".to_owned(),
                Tongue::De => {
                    "Keines Themas Netto-Stimmung änderte sich über den Zufall hinaus.".to_owned()
                }
            });
        }
        lines.extend(self.fired(tongue));
        lines.into_iter().for_each(|line| self.push(Block::Paragraph(line)));
    }

    fn said(&self, tongue: Tongue) -> String {
        let now = self.report.topics.iter().map(|topic| topic.changes.now.volume.mentions).sum();
        let negative: u64 =
            self.report.topics.iter().map(|topic| topic.changes.now.volume.negative).sum();
        let then: u64 = self
            .report
            .topics
            .iter()
            .filter_map(|topic| Some(topic.changes.then?.volume.mentions))
            .sum();
        let change = self.change(now, Some(then));
        let part = self.locale.share(if now == 0 { 0.0 } else { float(negative) / float(now) });
        let [count, topics] =
            [now, self.report.topics.len() as u64].map(|count| self.locale.count(float(count)));
        let one = self.report.topics.len() == 1;
        match tongue {
            Tongue::En => {
                let topics = if one { "one topic".to_owned() } else { format!("{topics} topics") };
                format!(
                    "{count} mentions of {topics} ({change} against the span before), {part} of them negative."
                )
            }
            Tongue::De => {
                let topics =
                    if one { "einem Thema".to_owned() } else { format!("{topics} Themen") };
                format!(
                    "{count} Erwähnungen zu {topics} ({change} gegenüber davor), {part} davon negativ."
                )
            }
        }
    }

    fn moved(&self, of: &TopicReport, tongue: Tongue) -> String {
        let changes = &of.changes;
        let moved = changes.net_change.map_or(0.0, |change| change.value);
        let then = changes.then.map(|then| then.volume.mentions);
        let count = self.locale.count(float(changes.now.volume.mentions));
        let more = self.change(changes.now.volume.mentions, then);
        let [net, _] = self.net(changes.now.net);
        let by = self.locale.signed(moved);
        let is_worse = moved < 0.0;
        let terms = if is_worse { &changes.negative_terms } else { &changes.positive_terms };
        let terms: Vec<&str> =
            terms.iter().take(TERMS_MAX).map(|term| term.term.as_str()).collect();
        let (topic, terms) = (&of.topic, terms.join(", "));
        let [mut line, named] = match tongue {
            Tongue::En => [
                format!(
                    "{topic} is seen {}: net sentiment {net} ({by}), {count} mentions ({more})",
                    if is_worse { "worse" } else { "better" }
                ),
                format!("; what stands out: {terms}"),
            ],
            Tongue::De => [
                format!(
                    "{topic} steht {} da: Netto-Stimmung {net} ({by}), {count} Erwähnungen ({more})",
                    if is_worse { "schlechter" } else { "besser" }
                ),
                format!("; es fällt auf: {terms}"),
            ],
        };
        if !terms.is_empty() {
            line += &named;
        }
        line + "."
    }

    fn fired(&self, tongue: Tongue) -> Option<String> {
        let all = self.report.alerts.len();
        let open =
            self.report.alerts.iter().filter(|alert| alert.state == AlertState::Firing).count();
        if all == 0 {
            return None;
        }
        Some(match (tongue, all) {
            (Tongue::En, 1) => {
                format!("One alert{}.", if open == 1 { ", still open" } else { ", over by now" })
            }
            (Tongue::En, _) => format!("{all} alerts, {open} still open."),
            (Tongue::De, 1) => format!(
                "Ein Alarm{}.",
                if open == 1 { ", noch offen" } else { ", inzwischen vorbei" }
            ),
            (Tongue::De, _) => format!("{all} Alarme, davon {open} noch offen."),
        })
    }
}

/// Whether the net sentiment of a topic changed beyond chance.
fn is_moved(of: &TopicReport) -> bool {
    of.changes.net_change.is_some_and(|change| change.is_telling())
}
