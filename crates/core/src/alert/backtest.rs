//! Whom would this rule have called, and when? A rule run over a series of counts.
//!
//! Runs the same watch as the live engine, so a page here is a page there. A file of counts knows
//! no authors, so their minimum is waived.

use std::collections::VecDeque;

use super::rule::{Measure, Rule};
use super::watch::{Glance, Page, Watch};
use crate::time::EventTime;
use crate::window::Counts;

/// One rule on one topic, fed bin by bin.
///
/// # Example
/// ```
/// use resonanz_core::alert::{Backtest, Condition, Measure, Rule};
/// use resonanz_core::time::{EventTime, MINUTE_US};
///
/// let rule = Rule { condition: Condition::spike(Measure::Mentions), ..Rule::default() };
/// let mut backtest = Backtest::new(rule, 5 * MINUTE_US);
/// let pages = (0..600).filter_map(|bin| {
///     let count = if bin == 500 { 90 } else { 3 };
///     backtest.count(EventTime(bin * 5 * MINUTE_US), count)
/// });
/// let pages: Vec<_> = pages.collect();
/// assert_eq!(pages[0].at, EventTime(501 * 5 * MINUTE_US));
/// ```
#[derive(Debug)]
pub struct Backtest {
    rule: Rule,
    bin_us: i64,
    watch: Watch,
    since: Option<EventTime>,
    /// Bins of the last two windows, by their end.
    bins: VecDeque<(EventTime, Counts)>,
    window: Counts,
}

impl Backtest {
    /// A run of `rule` over bins of this width in microseconds, which must divide the window.
    #[must_use]
    pub fn new(rule: Rule, bin_us: i64) -> Self {
        let (bins, window) = (VecDeque::new(), Counts::default());
        Self { rule, bin_us, watch: Watch::default(), since: None, bins, window }
    }

    /// Takes in the bin that holds `at`, as a number of the measured mentions alone.
    ///
    /// A share cannot be known from it: rules on negative or positive mentions should be tested
    /// with [`Backtest::observe`], or as rules on [`Measure::Mentions`].
    pub fn count(&mut self, at: EventTime, count: u64) -> Option<Page> {
        let mut counts = Counts { mentions: count, ..Counts::default() };
        match self.rule.condition.measure() {
            Measure::Negative => counts.negative = count,
            Measure::Positive => counts.positive = count,
            Measure::Copies => counts.copies = count,
            Measure::Mentions => {}
        }
        self.observe(at, &counts)
    }

    /// Takes in the bin that holds `at`. Bins must come in order of time; missing ones are empty.
    pub fn observe(&mut self, at: EventTime, counts: &Counts) -> Option<Page> {
        let at = at.floor(self.bin_us).shift(self.bin_us);
        let since = *self.since.get_or_insert(at);
        self.bins.push_back((at, *counts));
        self.window.merge(counts);
        let (oldest, start) = (at.shift(-2 * self.rule.window_us), at.shift(-self.rule.window_us));
        while self.bins.front().is_some_and(|&(end, _)| end <= oldest) {
            self.bins.pop_front();
        }
        self.window = sum(&self.bins, start, at);
        let before = || self.rule.condition.measure().of(&sum(&self.bins, oldest, start));
        let glance = Glance {
            at,
            since,
            counts: &self.window,
            before: &before,
            overdue: &|| 0,
            authors: &|| u64::MAX,
        };
        self.watch.judge(&self.rule, &glance)
    }

    /// Looks at the bin that holds `at` before it is over, when so much of it was heard: as the
    /// engine does ahead of the watermark. The bin itself is to be observed afterwards.
    pub fn look(&mut self, at: EventTime, so_far: &Counts) -> Option<Page> {
        let settled = at.floor(self.bin_us);
        let start = settled.shift(self.bin_us - self.rule.window_us);
        let mut counts = sum(&self.bins, start, settled);
        counts.merge(so_far);
        let before = || {
            let oldest = start.shift(-self.rule.window_us);
            self.rule.condition.measure().of(&sum(&self.bins, oldest, start))
        };
        let glance = Glance {
            at,
            since: self.since?,
            counts: &counts,
            before: &before,
            overdue: &|| 0,
            authors: &|| u64::MAX,
        };
        let may_begin = self.watch.may_begin(&self.rule, &glance, settled);
        if may_begin { self.watch.begin(&self.rule, &glance) } else { None }
    }
}

/// The bins that end after `from`, up to `to`.
fn sum(bins: &VecDeque<(EventTime, Counts)>, from: EventTime, to: EventTime) -> Counts {
    let mut sum = Counts::default();
    let inside = |end: EventTime| end > from && end <= to;
    bins.iter().filter(|(end, _)| inside(*end)).for_each(|(_, bin)| sum.merge(bin));
    sum
}
