//! Which numbers does a workbook hold of what was promised? Goals, and how mentions were answered.

use super::document::Report;
use super::interval::Estimate;
use super::service::{Answers, Kept};
use super::tables::{Cell, Table, text, wide};
use super::tongue::Words;
use crate::chart::Locale;
use crate::config::GoalUnit;

/// Goals as they stood; `None` without any.
pub(super) fn goals(report: &Report, words: &'static Words, locale: &Locale) -> Option<Table> {
    let rows = report.goals.iter().map(|goal| {
        let of = |value: f64| match goal.unit {
            GoalUnit::Count => Cell::Number(value),
            GoalUnit::Share => Cell::Share(value),
            GoalUnit::Net => Cell::Signed(value),
            // In minutes, as all times of a workbook.
            GoalUnit::Seconds => Cell::Number(value / 60.0),
        };
        let known = |value: Option<f64>| value.map_or(Cell::Unknown, of);
        vec![
            text(&goal.name),
            text(&format!("{}, {}", goal.measure.said(locale), goal.over)),
            text(goal.side.said(locale)),
            of(goal.target),
            known(goal.value),
            known(goal.estimate.map(|found| found.low)),
            known(goal.estimate.map(|found| found.high)),
            text(goal.state.said(locale)),
            goal.why.map_or(Cell::Unknown, |why| text(why.said(locale))),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let head = vec![
        wide(words.goal, 24.0),
        wide(words.measure, 36.0),
        wide("", 14.0),
        (words.target, None),
        (words.measured, None),
        (words.lower, None),
        (words.upper, None),
        (words.state, None),
        wide("", 40.0),
    ];
    (!rows.is_empty()).then_some(Table { name: words.goals, head, rows })
}

/// How mentions were answered, as a whole and by topic and source; `None` if none wanted an answer.
pub(super) fn service(report: &Report, words: &'static Words) -> Option<Table> {
    let service = &report.service;
    let mut rows = vec![answers("", "", &service.total)];
    rows.extend(service.topics.iter().map(|one| answers(words.topic, &one.name, &one.answers)));
    rows.extend(service.sources.iter().map(|one| answers(words.source, &one.name, &one.answers)));
    let mut head = vec![wide(words.kind, 14.0), wide(words.name, 26.0)];
    let names = [
        words.asked,
        words.answered_by_us,
        words.share,
        words.lower,
        words.upper,
        words.median_minutes,
        words.slow_minutes,
        "≤ 1 h",
        "≤ 24 h",
        words.promise_kept,
        words.waiting_now,
        words.overdue_now,
    ];
    head.extend(names.map(|name| (name, None)));
    (service.total.asked > 0).then_some(Table { name: words.service_sheet, head, rows })
}

fn answers(kind: &str, name: &str, of: &Answers) -> Vec<Cell> {
    let minutes = |seconds: Option<f64>| {
        seconds.map_or(Cell::Unknown, |seconds| Cell::Number(seconds / 60.0))
    };
    let share = |kept: Kept| kept.share.map_or(Cell::Unknown, |share| Cell::Share(share.value));
    let [value, low, high] = of.rate.map_or([const { Cell::Unknown }; 3], |rate: Estimate| {
        [rate.value, rate.low, rate.high].map(Cell::Share)
    });
    vec![
        text(kind),
        text(name),
        Cell::Count(of.asked),
        Cell::Count(of.answered),
        value,
        low,
        high,
        minutes(of.p50_s),
        minutes(of.p90_s),
        share(of.within_1h),
        share(of.within_24h),
        share(of.within_promise),
        Cell::Count(of.waiting),
        Cell::Count(of.overdue),
    ]
}
