//! Which marks does a drawing have, and where?

use std::fmt::Write;

use super::axis::{Values, time_ticks};
use super::locale::{Locale, zoned};
use super::{Axis, Series, Shape, Trend, WIDTH, escape};
use crate::time::EventTime;

/// Pixels above a drawing for its highest label, and below it for times.
const TOP: f64 = 16.0;
const BOTTOM: f64 = 22.0;
/// Percent of the width that is left to labels, so that no bar covers that of zero.
const INSET: f64 = 3.5;
/// Share of a step that its bars take.
const BAR: f64 = 0.76;

/// A course over time, with axes, band and marks.
#[must_use]
pub fn trend(chart: &Trend<'_>) -> String {
    let known = chart.series.iter().any(|series| series.values.iter().any(Option::is_some));
    let end = chart.end;
    let Some(from) = chart.starts.first().copied().filter(|from| known && *from < end) else {
        return empty(chart.title, chart.height + TOP + BOTTOM);
    };
    let plot = Plot { chart, values: axis(chart), from };
    let mut out = String::with_capacity(8_192);
    let (id, height) = (escape(chart.id), chart.height + TOP + BOTTOM);
    let _ = write!(
        out,
        "<svg class=\"chart\" id=\"{id}\" width=\"100%\" height=\"{height}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escape(chart.title),
        escape(chart.description)
    );
    plot.grid(&mut out);
    let _ = write!(
        out,
        "<svg x=\"{INSET}%\" y=\"{TOP}\" width=\"{1}%\" height=\"{0}\" viewBox=\"0 0 {WIDTH} {0}\" preserveAspectRatio=\"none\">",
        chart.height,
        100.0 - INSET
    );
    plot.band(&mut out);
    plot.missing(&mut out);
    plot.series(&mut out);
    plot.hits(&mut out);
    out.push_str("</svg>");
    plot.labels(&mut out);
    plot.marks(&mut out);
    out.push_str("</svg>");
    out
}

/// The place of a drawing that has nothing to show, and says so.
#[must_use]
pub fn empty(message: &str, height: f64) -> String {
    format!(
        "<svg class=\"chart empty\" width=\"100%\" height=\"{height}\" role=\"img\" aria-label=\"{0}\">\
         <line class=\"zero\" x1=\"0\" x2=\"100%\" y1=\"{1}\" y2=\"{1}\"/>\
         <text class=\"none\" x=\"50%\" y=\"{2}\" text-anchor=\"middle\">{0}</text></svg>",
        escape(message),
        height - BOTTOM,
        height / 2.0
    )
}

/// An axis that holds every value, the tops of stacks and the band.
fn axis(chart: &Trend<'_>) -> Values {
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    let mut stacks = vec![0.0; chart.starts.len()];
    for series in chart.series {
        for (value, stack) in series.values.iter().zip(&mut stacks) {
            let Some(value) = value else { continue };
            if series.shape == Shape::Stack {
                *stack += value;
            }
            (low, high) = (low.min(*value), high.max(*value).max(*stack));
        }
    }
    let band = chart.band.iter().flat_map(|band| band.values.iter().flatten());
    for (least, most) in band {
        (low, high) = (low.min(*least), high.max(*most));
    }
    match chart.axis {
        Axis::Count => Values::count(high),
        Axis::Signed => Values::signed(low, high),
    }
}

/// Where a share of the time stands, in percent of the whole width.
fn percent(part: f64) -> f64 {
    INSET + part * (100.0 - INSET)
}

struct Plot<'c> {
    chart: &'c Trend<'c>,
    values: Values,
    from: EventTime,
}

impl Plot<'_> {
    /// A share of the whole time.
    fn part(&self, at: EventTime) -> f64 {
        let whole = us(self.chart.end.since(self.from)).max(1.0);
        us(at.since(self.from)) / whole
    }

    /// Where a step begins and ends, in units.
    fn step(&self, index: usize) -> (f64, f64) {
        let starts = self.chart.starts;
        let begin = starts.get(index).copied().unwrap_or(self.chart.end);
        let end = starts.get(index + 1).copied().unwrap_or(self.chart.end);
        (self.part(begin) * WIDTH, self.part(end) * WIDTH)
    }

    fn middle(&self, index: usize) -> f64 {
        let (begin, end) = self.step(index);
        f64::midpoint(begin, end)
    }

    fn y(&self, value: f64) -> f64 {
        self.values.place(value, self.chart.height)
    }

    fn grid(&self, out: &mut String) {
        for tick in &self.values.ticks {
            let (y, class) = (TOP + self.y(*tick), if tick.abs() < 1e-9 { "zero" } else { "grid" });
            let _ = write!(
                out,
                "<line class=\"{class}\" x1=\"0\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            );
        }
    }

    /// What the axes say, above what is drawn.
    fn labels(&self, out: &mut String) {
        let locale = self.chart.locale;
        let top = self.values.ticks.len().saturating_sub(1);
        for (place, tick) in self.values.ticks.iter().enumerate() {
            let unit =
                if place == top { format!(" {}", escape(self.chart.unit)) } else { String::new() };
            let y = TOP + self.y(*tick) - 4.0;
            let _ = write!(
                out,
                "<text class=\"value\" x=\"0\" y=\"{y:.1}\">{}{unit}</text>",
                locale.number(*tick, self.values.places)
            );
        }
        let y = TOP + self.chart.height + 16.0;
        for (at, label) in time_ticks(self.from, self.chart.end, self.chart.zone, locale) {
            let part = self.part(at);
            let anchor = match part {
                part if part < 0.04 => "start",
                part if part > 0.94 => "end",
                _ => "middle",
            };
            let _ = write!(
                out,
                "<text class=\"time\" x=\"{:.2}%\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
                percent(part),
                escape(&label)
            );
        }
    }

    fn band(&self, out: &mut String) {
        let Some(band) = &self.chart.band else { return };
        for run in runs(band.values) {
            let mut over = String::new();
            let mut under = Vec::new();
            for index in run {
                let Some(Some((least, most))) = band.values.get(index) else { continue };
                let (begin, end) = self.step(index);
                let _ = write!(over, "{begin:.1},{0:.1} {end:.1},{0:.1} ", self.y(*most));
                under.push(format!("{end:.1},{0:.1} {begin:.1},{0:.1}", self.y(*least)));
            }
            under.reverse();
            let _ = write!(out, "<polygon class=\"band\" points=\"{over}{}\"/>", under.join(" "));
        }
    }

    /// Steps of which nothing is known are marked as such.
    fn missing(&self, out: &mut String) {
        let none = |index: &usize| {
            self.chart
                .series
                .iter()
                .all(|series| series.values.get(*index).is_none_or(Option::is_none))
        };
        for index in (0..self.chart.starts.len()).filter(none) {
            let (begin, end) = self.step(index);
            let _ = write!(
                out,
                "<rect class=\"missing\" x=\"{begin:.1}\" width=\"{:.1}\" height=\"{}\"/>",
                end - begin,
                self.chart.height
            );
        }
    }

    fn series(&self, out: &mut String) {
        let mut stacks = vec![0.0; self.chart.starts.len()];
        let groups: Vec<_> = self.chart.series.iter().filter(|s| s.shape == Shape::Group).collect();
        for series in self.chart.series {
            match series.shape {
                Shape::Line | Shape::Area => {
                    let place = |index, value| (self.middle(index), self.y(value));
                    course(series.values, series.class, series.shape, self.y(0.0), place, out);
                }
                Shape::Stack => self.bars(series, &mut stacks, (0, 1), out),
                Shape::Group => {
                    let place = groups.iter().position(|one| std::ptr::eq(*one, series));
                    let mut none = vec![0.0; self.chart.starts.len()];
                    self.bars(series, &mut none, (place.unwrap_or(0), groups.len()), out);
                }
            }
        }
    }

    /// Bars on what is stacked already; `lane` is which of how many beside each other.
    fn bars(
        &self,
        series: &Series<'_>,
        stacks: &mut [f64],
        lane: (usize, usize),
        out: &mut String,
    ) {
        let _ = write!(out, "<path class=\"bar {}\" d=\"", escape(series.class));
        for (index, (value, stack)) in series.values.iter().zip(stacks).enumerate() {
            let Some(value) = value.filter(|value| *value != 0.0) else { continue };
            let (begin, end) = self.step(index);
            let width = (end - begin) * BAR / to_f64(lane.1.max(1));
            let x = begin + (end - begin) * (1.0 - BAR) / 2.0 + width * to_f64(lane.0);
            let (low, high) = (self.y(*stack), self.y(*stack + value));
            *stack += value;
            let _ = write!(out, "M{x:.1} {low:.1}V{high:.1}h{width:.1}V{low:.1}z");
        }
        out.push_str("\"/>");
    }

    /// What each step says to who points at it.
    fn hits(&self, out: &mut String) {
        let locale = self.chart.locale;
        for (index, start) in self.chart.starts.iter().enumerate() {
            let (begin, end) = self.step(index);
            let _ = write!(
                out,
                "<rect class=\"hit\" x=\"{begin:.1}\" width=\"{:.1}\" height=\"{}\"><title>{}",
                end - begin,
                self.chart.height,
                escape(&locale.moment(&zoned(*start, self.chart.zone)))
            );
            for series in self.chart.series {
                let value = series.values.get(index).copied().flatten();
                let _ = write!(
                    out,
                    "\n{}: {}",
                    escape(series.name),
                    written(value, self.chart.axis, locale)
                );
            }
            if let Some(band) = &self.chart.band
                && let Some(Some((least, most))) = band.values.get(index)
            {
                let (least, most) = (locale.count(least.floor()), locale.count(most.ceil()));
                let _ = write!(out, "\n{}: {least}–{most}", escape(band.name));
            }
            out.push_str("</title></rect>");
        }
    }

    fn marks(&self, out: &mut String) {
        let bottom = TOP + self.chart.height;
        for mark in self.chart.marks {
            let part = self.part(mark.at);
            if !(0.0..=1.0).contains(&part) {
                continue;
            }
            let part = percent(part);
            let _ = write!(
                out,
                "<g class=\"mark {}\"><title>{}</title><line x1=\"{part:.2}%\" x2=\"{part:.2}%\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <circle cx=\"{part:.2}%\" cy=\"{TOP}\" r=\"5\"/></g>",
                escape(mark.class),
                escape(mark.label)
            );
        }
    }
}

/// A value in words; a dash where none is known.
fn written(value: Option<f64>, axis: Axis, locale: &Locale) -> String {
    match (value, axis) {
        (None, _) => "–".to_owned(),
        (Some(value), Axis::Count) => locale.number(value, 1),
        (Some(value), Axis::Signed) => locale.signed(value),
    }
}

/// Lines through what is known, broken where nothing is; what stands alone is a point.
pub(super) fn course(
    values: &[Option<f64>],
    class: &str,
    shape: Shape,
    zero: f64,
    place: impl Fn(usize, f64) -> (f64, f64),
    out: &mut String,
) {
    let class = escape(class);
    for run in runs(values) {
        let at =
            |index: usize| values.get(index).copied().flatten().map(|value| place(index, value));
        let points: Vec<String> =
            run.clone().filter_map(at).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let line = points.join("L");
        let ends = (at(run.start), at(run.end.saturating_sub(1)));
        if shape == Shape::Area
            && let (Some((first, _)), Some((last, _))) = ends
        {
            let _ = write!(
                out,
                "<path class=\"area {class}\" d=\"M{first:.1} {zero:.1}L{line}L{last:.1} {zero:.1}z\"/>"
            );
        }
        // A line of no length with round ends is a point.
        let dot = if points.len() == 1 { "h0" } else { "" };
        let _ = write!(out, "<path class=\"line {class}\" d=\"M{line}{dot}\"/>");
    }
}

/// Stretches of values that are known.
fn runs<T>(values: &[Option<T>]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, _) in values.iter().enumerate().filter(|(_, value)| value.is_some()) {
        match found.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => found.push(index..index + 1),
        }
    }
    found
}

#[allow(clippy::cast_precision_loss, reason = "numbers of steps, and spans in microseconds")]
fn us(span: i64) -> f64 {
    span as f64
}

#[allow(clippy::cast_precision_loss, reason = "numbers of steps")]
pub(super) fn to_f64(number: usize) -> f64 {
    number as f64
}
