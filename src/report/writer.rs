//! How does a reader's language write what is counted? Blocks of a report, and the numbers in them.

use super::document::Report;
use super::heard::Coverage;
use super::interval::{Estimate, float};
use super::tongue::{Tongue, Words};
use crate::chart::{self, Locale};
use crate::time::EventTime;

/// A part of a report.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Title(String),
    Heading(String),
    Subheading(String),
    Paragraph(String),
    /// The first column is text, the others are numbers.
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// A long table that a page shows when somebody wants it.
    Course {
        title: &'static str,
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// SVG, with the classes and names of its series; a table says the same.
    Chart {
        svg: String,
        keys: Vec<(&'static str, &'static str)>,
    },
    Post {
        said: String,
        text: String,
        url: Option<String>,
    },
}

/// How a reader writes.
pub(super) struct Writer<'r> {
    pub(super) report: &'r Report,
    pub(super) words: &'static Words,
    pub(super) locale: &'static Locale,
    pub(super) blocks: Vec<Block>,
}

impl Report {
    /// What stands above everything: which report this is, what it is compared with, and what was not
    /// heard of it, if that is so.
    pub(super) fn opening(&self, tongue: Tongue) -> [String; 3] {
        let (words, locale) = (tongue.words(), tongue.locale());
        Writer { report: self, words, locale, blocks: Vec::new() }.lines()
    }
}

impl Writer<'_> {
    pub(super) fn lines(&self) -> [String; 3] {
        let (report, words) = (self.report, self.words);
        let span = self.stretch(report.span.from, report.span.to);
        let before = self.stretch(report.before.from, report.before.to);
        let zone = report.span.zone.iana_name().unwrap_or("UTC");
        let missing = match report.coverage {
            Coverage::Whole => "",
            Coverage::Part => words.part_heard,
            Coverage::Nothing => words.nothing_heard,
        };
        [
            format!("{}: {span}", words.report),
            format!("{} {before} ({zone})", words.compared),
            missing.to_owned(),
        ]
    }

    pub(super) fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    pub(super) fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        if !rows.is_empty() {
            let head = head.iter().map(|&name| name.to_owned()).collect();
            self.push(Block::Table { head, rows });
        }
    }

    /// From which day to which, as people say it: the last day is the last one inside.
    pub(super) fn stretch(&self, from: EventTime, to: EventTime) -> String {
        let zone = &self.report.span.zone;
        let (first, end) = (chart::zoned(from, zone), chart::zoned(to, zone));
        let whole =
            [&first, &end].iter().all(|at| at.start_of_day().is_ok_and(|start| start == **at));
        if !whole {
            let locale = self.locale;
            if first.date() == end.date() {
                let till = chart::clock(&end);
                return format!("{} {} {till}", locale.instant(&first), self.words.to);
            }
            let is_same = first.year() == end.year();
            let from = if is_same { locale.moment(&first) } else { locale.instant(&first) };
            return format!("{from} {} {}", self.words.to, locale.instant(&end));
        }
        let last = chart::zoned(to.shift(-1), zone);
        if first.date() == last.date() {
            return self.locale.date(&first);
        }
        format!("{} {} {}", self.locale.date(&first), self.words.to, self.locale.date(&last))
    }

    pub(super) fn net(&self, net: Option<Estimate>) -> [String; 2] {
        net.map_or([self.words.unknown.to_owned(), String::new()], |net| {
            let [value, low, high] =
                [net.value, net.low, net.high].map(|value| self.locale.signed(value));
            [value, format!("{low} {} {high}", self.words.to)]
        })
    }

    pub(super) fn share(&self, share: Option<Estimate>) -> String {
        share.map_or(self.words.unknown.to_owned(), |share| self.locale.share(share.value))
    }

    /// How much more or less, in percent.
    pub(super) fn change(&self, now: u64, then: Option<u64>) -> String {
        match then {
            Some(then) if then > 0 => {
                let change = float(now) / float(then) - 1.0;
                let sign = if change > 0.0 { "+" } else { "" };
                format!("{sign}{}", self.locale.share(change))
            }
            _ => self.words.unknown.to_owned(),
        }
    }
}
