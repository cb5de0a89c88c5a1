//! How does a course of numbers look? SVG, drawn from values alone.
//!
//! A drawing stretches to the width of its place while its letters keep their size: what stretches
//! lies in an inner drawing of [`WIDTH`] units, what does not stands beside it by percent. Colors
//! and letters are a stylesheet's, by class. Zero stands on every axis, and what is missing is left
//! out and never drawn as zero.

mod locale;
mod axis;
mod draw;
mod small;

pub use draw::{empty, trend};
pub use locale::{ENGLISH, GERMAN, Locale, clock, zoned};
pub use small::{interval, share, spark};

use jiff::tz::TimeZone;

use crate::time::EventTime;

/// Units of the inner drawing from left to right.
pub const WIDTH: f64 = 1_000.0;

/// What happened over time.
#[derive(Debug, Clone)]
pub struct Trend<'a> {
    /// Its name in the page; unique there.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// The same in a sentence, for who cannot see it.
    pub description: &'a str,
    /// What is counted, as "mentions an hour".
    pub unit: &'a str,
    /// Where each step begins, rising.
    pub starts: &'a [EventTime],
    /// Where the last step ends.
    pub end: EventTime,
    /// What is drawn, from the bottom of a stack upwards.
    pub series: &'a [Series<'a>],
    /// What would be usual.
    pub band: Option<Band<'a>>,
    /// What happened at one moment.
    pub marks: &'a [Mark<'a>],
    /// What the values are.
    pub axis: Axis,
    /// Height in pixels without the times below.
    pub height: f64,
    /// Where its reader lives.
    pub zone: &'a TimeZone,
    /// How they write.
    pub locale: &'a Locale,
}

/// One course of values.
#[derive(Debug, Clone)]
pub struct Series<'a> {
    /// What it is.
    pub name: &'a str,
    /// Its class in the stylesheet, such as `negative`.
    pub class: &'a str,
    /// How it is drawn.
    pub shape: Shape,
    /// A value for each step; none where nothing is known.
    pub values: &'a [Option<f64>],
}

/// How a course is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line from middle to middle.
    Line,
    /// A line, and what is between it and zero.
    Area,
    /// Bars, each on those of the series before.
    Stack,
    /// Bars beside those of the other series.
    Group,
}

/// What would be usual.
#[derive(Debug, Clone)]
pub struct Band<'a> {
    /// What it is.
    pub name: &'a str,
    /// Least and most for each step; none where no past leads to expect anything.
    pub values: &'a [Option<(f64, f64)>],
}

/// Something that happened at one moment.
#[derive(Debug, Clone)]
pub struct Mark<'a> {
    /// When.
    pub at: EventTime,
    /// What.
    pub label: &'a str,
    /// Its class in the stylesheet.
    pub class: &'a str,
}

/// What the values of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Counts, from zero.
    Count,
    /// From -1 to 1, with zero in the middle.
    Signed,
}

/// A text as it may stand in HTML and SVG, between tags or in quotes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HOUR_US: i64 = 60 * crate::time::MINUTE_US;

    fn starts(from: &str, steps: i64) -> Vec<EventTime> {
        let from = EventTime::parse(from).expect("a time");
        (0..steps).map(|step| from.shift(step * HOUR_US)).collect()
    }

    /// Draws some hours in Berlin with an unknown one, a band, a mark and signs that HTML knows.
    fn drawn(axis: Axis, series: &[Series<'_>]) -> String {
        let starts = starts("2026-03-28T22:00:00Z", 6);
        let band = [None, None, Some((1.0, 4.0)), Some((1.0, 4.0)), None, Some((0.5, 21.0))];
        let marks =
            [Mark { at: starts[4].shift(HOUR_US / 2), label: "a <b> & \"c\"", class: "critical" }];
        trend(&Trend {
            id: "c",
            title: "mentions <script>",
            description: "six hours",
            unit: "mentions an hour",
            end: starts[5].shift(HOUR_US),
            starts: &starts,
            series,
            band: (axis == Axis::Count).then_some(Band { name: "usual", values: &band }),
            marks: &marks,
            axis,
            height: 120.0,
            zone: &TimeZone::get("Europe/Berlin").expect("a zone"),
            locale: &GERMAN,
        })
    }

    const VALUES: [Option<f64>; 6] = [Some(2.0), Some(3.0), None, Some(0.0), None, Some(12.0)];
    const FEW: [Option<f64>; 6] = [Some(1.0), Some(0.0), None, Some(0.0), None, Some(7.0)];
    const NET: [Option<f64>; 6] = [Some(-0.2), Some(0.1), None, None, Some(0.3), Some(0.25)];

    fn two(shape: Shape) -> [Series<'static>; 2] {
        [
            Series { name: "negative", class: "negative", shape, values: &FEW },
            Series { name: "rest", class: "neutral", shape, values: &VALUES },
        ]
    }

    #[test]
    fn drawings_are_as_they_were_last_looked_at() {
        let net = [Series { name: "net", class: "accent", shape: Shape::Line, values: &NET }];
        for (name, svg) in [
            ("area", drawn(Axis::Count, &two(Shape::Area))),
            ("stack", drawn(Axis::Count, &two(Shape::Stack))),
            ("group", drawn(Axis::Count, &two(Shape::Group))),
            ("signed", drawn(Axis::Signed, &net)),
            ("empty", empty("nothing was said <here>", 80.0)),
            ("spark", spark(&VALUES, "accent")),
            ("share", share(&[("negative", 0.25), ("positive", 0.5)])),
            ("interval", interval(-0.3, -0.2, -0.1)),
        ] {
            let path = format!("{}/tests/golden/charts/{name}.svg", env!("CARGO_MANIFEST_DIR"));
            let svg = svg.replace("><", ">\n<") + "\n";
            if std::env::var_os("BLESS").is_some() {
                std::fs::File::create(&path)
                    .and_then(|mut file| file.write_all(svg.as_bytes()))
                    .expect("it can be written");
            }
            let golden = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(svg, golden, "{path}; BLESS=1 writes it anew");
        }
    }

    #[test]
    fn what_is_missing_is_not_zero() {
        let series = [Series { name: "n", class: "n", shape: Shape::Line, values: &VALUES }];
        let svg = drawn(Axis::Count, &series);
        // Three lines: two hours, one point, one point; and two hours marked as unknown.
        assert_eq!(svg.matches("<path class=\"line n\"").count(), 3);
        assert_eq!(svg.matches("class=\"missing\"").count(), 2);
        assert!(svg.contains("\nn: –") && svg.contains("\nn: 0\n"));
        let bars = drawn(Axis::Count, &two(Shape::Stack));
        let drawn =
            bars.split('M').skip(1).filter(|bar| bar.starts_with(|c: char| c.is_ascii_digit()));
        assert_eq!(drawn.count(), 5, "a bar for each value that is not zero");
    }

    #[test]
    fn no_text_gets_out_of_its_place_and_no_axis_is_cut() {
        let svg = drawn(Axis::Count, &two(Shape::Stack));
        assert!(!svg.contains("<script>") && !svg.contains("<b>"));
        assert!(svg.contains("a &lt;b&gt; &amp; &quot;c&quot;"));
        assert!(svg.contains("class=\"zero\"") && svg.contains(">0</text>"));
        for part in svg.split("points=\"").skip(1) {
            let points = part.split('"').next().unwrap_or_default();
            let heights = points.split([' ', ',']).skip(1).step_by(2);
            assert!(heights.flat_map(str::parse::<f64>).all(|y| (0.0..=120.0).contains(&y)));
        }
        assert!(escape("a\u{1b}[1m\0").chars().all(|letter| !letter.is_control()));
    }

    #[test]
    fn nothing_to_draw_says_so() {
        let none = [Series { name: "n", class: "n", shape: Shape::Area, values: &[None; 6] }];
        assert!(drawn(Axis::Count, &none).contains("class=\"chart empty\""));
    }
}
