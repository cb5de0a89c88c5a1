//! How does a number look beside its words? Small drawings for lines of text and cells of tables.

use std::fmt::Write;

use super::axis::Values;
use super::draw::{course, to_f64};
use super::{Shape, WIDTH, escape};

/// A small course beside a number; its values stand there in words.
#[must_use]
pub fn spark(values: &[Option<f64>], class: &str) -> String {
    const HEIGHT: f64 = 28.0;
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let axis = Values { low: 0.0, high: most.max(1.0), ticks: Vec::new(), places: 0 };
    let step = WIDTH / to_f64(values.len().max(1));
    let mut out = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">"
    );
    let place = |index: usize, value: f64| {
        ((to_f64(index) + 0.5) * step, 1.5 + axis.place(value, HEIGHT - 3.0))
    };
    course(values, class, Shape::Area, HEIGHT - 1.5, place, &mut out);
    out.push_str("</svg>");
    out
}

/// Parts of a whole as one bar; its numbers stand beside it in words. Parts are shares of 1.
#[must_use]
pub fn share(parts: &[(&str, f64)]) -> String {
    let mut out = format!(
        "<svg class=\"share\" viewBox=\"0 0 {WIDTH} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">\
         <rect class=\"rest\" width=\"{WIDTH}\" height=\"10\"/>"
    );
    let mut x = 0.0;
    for (class, part) in parts {
        let width = part.clamp(0.0, 1.0) * WIDTH;
        let _ = write!(
            out,
            "<rect class=\"{}\" x=\"{x:.1}\" width=\"{width:.1}\" height=\"10\"/>",
            escape(class)
        );
        x += width;
    }
    out.push_str("</svg>");
    out
}

/// A value between -1 and 1 with its interval; the numbers stand beside it in words.
#[must_use]
pub fn interval(low: f64, value: f64, high: f64) -> String {
    let place = |value: f64| (value.clamp(-1.0, 1.0) + 1.0) * 50.0;
    let class = match (low, high) {
        (low, _) if low > 0.0 => "positive",
        (_, high) if high < 0.0 => "negative",
        _ => "neutral",
    };
    format!(
        "<svg class=\"interval {class}\" width=\"100%\" height=\"16\" aria-hidden=\"true\" focusable=\"false\">\
         <line class=\"zero\" x1=\"50%\" x2=\"50%\" y1=\"0\" y2=\"16\"/>\
         <line class=\"reach\" x1=\"{:.1}%\" x2=\"{:.1}%\" y1=\"8\" y2=\"8\"/><circle cx=\"{:.1}%\" cy=\"8\" r=\"4\"/></svg>",
        place(low),
        place(high),
        place(value)
    )
}
