//! What does a report say, in which order? Blocks of text, tables and charts, for any format.

use super::changes::OTHER;
use super::document::{Report, TopicReport};
use super::heard::Coverage;
use super::interval::float;
use super::mentions::Mention;
use super::step::Step;
use super::tongue::Tongue;
use super::trend::Trend;
use super::writer::{Block, Writer};
use crate::chart::{self, Axis, Band, Series, Shape};
use crate::notify::AlertState;
use crate::post::cut_text;
use crate::time::EventTime;

/// Longest text of a post, in bytes.
const TEXT_BYTES_MAX: usize = 400;
/// Most rows of a table of buckets.
const ROWS_MAX: usize = 100;

/// A report, block by block.
pub(super) fn compose(report: &Report, tongue: Tongue) -> Vec<Block> {
    let (words, locale) = (tongue.words(), tongue.locale());
    let mut writer = Writer { report, words, locale, blocks: Vec::new() };
    writer.opening();
    writer.gist(tongue);
    writer.glance();
    writer.goals();
    writer.voices();
    for (place, topic) in report.topics.iter().enumerate() {
        writer.topic(place, topic);
    }
    writer.service();
    writer.alerts();
    writer.closing();
    writer.blocks
}

impl Writer<'_> {
    fn opening(&mut self) {
        let [title, lines @ ..] = self.lines();
        self.push(Block::Title(title));
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            self.push(Block::Paragraph(line));
        }
    }

    fn glance(&mut self) {
        let words = self.words;
        self.push(Block::Heading(words.glance.to_owned()));
        let rows = self.report.topics.iter().map(|topic| {
            let changes = &topic.changes;
            let now = &changes.now;
            let then = changes.then.map(|then| then.volume.mentions);
            let [net, interval] = self.net(now.net);
            let moved = changes.net_change.map_or(words.unknown.to_owned(), |change| {
                let mark = if change.is_telling() { " *" } else { "" };
                format!("{}{mark}", self.locale.signed(change.value))
            });
            vec![
                topic.topic.clone(),
                self.locale.count(float(now.volume.mentions)),
                self.change(now.volume.mentions, then),
                net,
                interval,
                moved,
                self.share(now.negative_share),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        let head = [
            words.topic,
            words.mentions,
            words.change,
            words.net,
            words.interval,
            words.change,
            words.negative,
        ];
        self.table(&head, rows);
        if self
            .report
            .topics
            .iter()
            .any(|topic| topic.changes.net_change.is_some_and(|change| change.is_telling()))
        {
            self.push(Block::Paragraph(format!("* {}", words.not_by_chance)));
        }
    }

    fn voices(&mut self) {
        let words = self.words;
        let voices = self.report.voices.iter().filter(|voice| voice.shares.len() > 1);
        for voice in voices {
            let group = voice.group.as_ref().map(|group| format!(": {group}")).unwrap_or_default();
            self.push(Block::Heading(format!("{}{group}", words.share_of_voice)));
            let rows = voice.shares.iter().map(|share| {
                let interval = share.share.map_or(String::new(), |of| {
                    let [low, high] = [of.low, of.high].map(|end| self.locale.share(end));
                    format!("{low} {} {high}", words.to)
                });
                vec![
                    share.brand.clone(),
                    self.locale.count(float(share.sentiment.volume.mentions)),
                    self.share(share.share),
                    interval,
                    self.share(share.before),
                ]
            });
            let rows = rows.collect();
            let head = [words.brand, words.mentions, words.share, words.interval, words.before];
            self.table(&head, rows);
        }
    }

    fn topic(&mut self, place: usize, topic: &TopicReport) {
        let (words, changes) = (self.words, &topic.changes);
        self.push(Block::Heading(topic.topic.clone()));
        if topic.trend.buckets.iter().any(|bucket| bucket.said.is_some()) {
            let svg = self.drawn(place, topic);
            let mut keys = vec![
                ("negative", words.negative),
                ("neutral", words.neutral),
                ("positive", words.positive),
            ];
            let has_band = topic.trend.buckets.iter().any(|bucket| bucket.usual.is_some());
            keys.extend(has_band.then_some(("band", words.usual)));
            self.push(Block::Chart { svg, keys });
        }
        self.buckets(&topic.trend);
        if let Some(change) = changes.net_change {
            let telling = if change.is_telling() { words.not_by_chance } else { words.by_chance };
            let moved = self.locale.signed(change.value);
            self.push(Block::Paragraph(format!("{}: {moved}. {telling}", words.net_change)));
        }
        for (title, terms) in [
            (words.negative_words, &changes.negative_terms),
            (words.positive_words, &changes.positive_terms),
        ] {
            let terms: Vec<String> = terms
                .iter()
                .map(|term| format!("{} ({} {})", term.term, term.posts, words.posts))
                .collect();
            if !terms.is_empty() {
                self.push(Block::Paragraph(format!("{title}: {}", terms.join(", "))));
            }
        }
        for part in &changes.parts {
            let title = if part.by == "lang" { words.language } else { words.source };
            let rows = part.values.iter().map(|value| {
                let is_other = value.name == OTHER;
                vec![
                    if is_other { words.other.to_owned() } else { value.name.clone() },
                    self.locale.count(float(value.now.mentions)),
                    self.locale.count(float(value.then.mentions)),
                    self.locale.count(float(value.now.negative)),
                ]
            });
            let rows = rows.collect();
            self.table(&[title, words.mentions, words.before, words.negative], rows);
        }
        if topic.waits.accounts_known {
            let waits = &topic.waits;
            let (answered, all) = (float(waits.answered), float(waits.negative));
            let half = waits.median_s.map_or(String::new(), |median| {
                let minutes = self.locale.number(median / 60.0, 1);
                format!(", {} {minutes} {}", words.median_wait, words.minutes)
            });
            let [answered, all] = [answered, all].map(|count| self.locale.count(count));
            self.push(Block::Paragraph(format!("{}: {answered} / {all}{half}", words.answers)));
        }
        self.posts(words.worst, &changes.worst);
        self.posts(words.farthest, &changes.farthest);
    }

    fn drawn(&self, place: usize, topic: &TopicReport) -> String {
        let trend = &topic.trend;
        let starts: Vec<EventTime> = trend.buckets.iter().map(|bucket| bucket.from).collect();
        let values = |of: fn(&super::counts::Volume) -> u64| -> Vec<Option<f64>> {
            let said = trend.buckets.iter().map(|bucket| bucket.said.as_ref());
            said.map(|said| said.map(|said| float(of(&said.volume)))).collect()
        };
        let (negative, neutral, positive) =
            (values(|v| v.negative), values(|v| v.neutral), values(|v| v.positive));
        let one = |name, class, values| Series { name, class, shape: Shape::Stack, values };
        let usual: Vec<Option<(f64, f64)>> = trend
            .buckets
            .iter()
            .map(|bucket| bucket.usual.map(|usual| (usual.low, usual.high)))
            .collect();
        let id = format!("topic-{place}");
        chart::trend(&chart::Trend {
            id: &id,
            title: &topic.topic,
            description: &format!("{}: {}", self.words.mentions, topic.topic),
            unit: self.words.mentions,
            starts: &starts,
            end: trend.span.to,
            series: &[
                one(self.words.negative, "negative", &negative),
                one(self.words.neutral, "neutral", &neutral),
                one(self.words.positive, "positive", &positive),
            ],
            band: usual
                .iter()
                .any(Option::is_some)
                .then_some(Band { name: self.words.usual, values: &usual }),
            marks: &[],
            axis: Axis::Count,
            height: 160.0,
            zone: &trend.span.zone,
            locale: self.locale,
        })
    }

    fn buckets(&mut self, trend: &Trend) {
        let words = self.words;
        let unknown = || words.unknown.to_owned();
        let rows = trend.buckets.iter().take(ROWS_MAX).map(|bucket| {
            let at = chart::zoned(bucket.from, &trend.span.zone);
            let from = match trend.step {
                Step::Minutes(_) => self.locale.moment(&at),
                Step::Month => self.locale.month(&at),
                Step::Day | Step::Week => self.locale.date(&at),
            };
            let usual = bucket.usual.map_or_else(unknown, |usual| {
                let [low, high] = [usual.low, usual.high].map(|end| self.locale.number(end, 0));
                if low == high { low } else { format!("{low} {} {high}", words.to) }
            });
            let mut row = vec![from];
            match &bucket.said {
                Some(said) => {
                    let part = if bucket.coverage == Coverage::Part { " ≥" } else { "" };
                    let count = |count| self.locale.count(float(count));
                    row.push(format!("{}{part}", count(said.volume.mentions)));
                    row.extend([count(said.volume.negative), count(said.volume.positive)]);
                    row.extend(self.net(said.net));
                }
                None => row.extend([unknown(), unknown(), unknown(), unknown(), String::new()]),
            }
            row.push(usual);
            row
        });
        let rows: Vec<Vec<String>> = rows.collect();
        if rows.is_empty() {
            return;
        }
        let head = [
            words.from,
            words.mentions,
            words.negative,
            words.positive,
            words.net,
            words.interval,
            words.usual,
        ];
        let head = head.map(str::to_owned).to_vec();
        self.push(Block::Course { title: words.course, head, rows });
    }

    fn posts(&mut self, title: &str, posts: &[Mention]) {
        if posts.is_empty() {
            return;
        }
        self.push(Block::Subheading(title.to_owned()));
        for post in posts {
            let at = EventTime::parse(&post.posted_at).unwrap_or_default();
            let at = self.locale.moment(&chart::zoned(at, &self.report.span.zone));
            let reach = post.reach.filter(|reach| *reach > 0).map_or(String::new(), |reach| {
                format!(", {} {}", self.words.reach, self.locale.count(float(reach)))
            });
            let score = self.locale.signed(post.target_score);
            let short = cut_text(&post.text, TEXT_BYTES_MAX);
            let dots = if short.len() < post.text.len() { " …" } else { "" };
            self.push(Block::Post {
                said: format!("{at}, {}, {score}{reach}", post.source),
                text: format!("{}{dots}", short.split_whitespace().collect::<Vec<_>>().join(" ")),
                url: post
                    .url
                    .clone()
                    .filter(|url| url.starts_with("https://") || url.starts_with("http://")),
            });
        }
    }

    fn alerts(&mut self) {
        let (words, zone) = (self.words, &self.report.span.zone);
        self.push(Block::Heading(words.alerts.to_owned()));
        if self.report.alerts.is_empty() {
            self.push(Block::Paragraph(words.no_alerts.to_owned()));
        }
        let rows = self.report.alerts.iter().map(|alert| {
            let usual = alert
                .usual
                .or(alert.expected)
                .map_or(words.unknown.to_owned(), |mean| self.locale.number(mean, 1));
            let state = match alert.state {
                AlertState::Firing => words.firing,
                AlertState::Resolved => words.resolved,
            };
            vec![
                self.locale.moment(&chart::zoned(alert.fired_at, zone)),
                alert.topic.clone(),
                alert.rule.clone(),
                self.locale.count(float(alert.peak.max(alert.observed))),
                usual,
                state.to_owned(),
                alert.known.ack.as_ref().map_or(String::new(), |ack| ack.author.clone()),
            ]
        });
        let rows = rows.collect();
        let head = [
            words.fired,
            words.topic,
            words.rule,
            words.observed,
            words.usual,
            words.state,
            words.taken_by,
        ];
        self.table(&head, rows);
    }

    fn closing(&mut self) {
        let words = self.words;
        self.push(Block::Heading(words.method.to_owned()));
        self.push(Block::Paragraph(words.method_text.to_owned()));
        let scorers = match self.report.scorers.join(", ") {
            // Of no mention there is no scorer.
            none if none.is_empty() => none,
            scorers => format!("{}: {scorers}; ", words.scorers),
        };
        let version = self.report.version;
        self.push(Block::Paragraph(format!("{scorers}resonanz {version}")));
    }
}
