//! Where do an axis' ticks stand, and what do they say? Round numbers, and round times in a zone.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::locale::{Locale, clock, zoned};
use crate::time::EventTime;

/// Most ticks of a time axis: more would touch on a narrow screen.
const TIME_TICKS_MAX: usize = 6;
/// Lines of a value axis beside zero.
const VALUE_TICKS: f64 = 3.0;

/// A value axis: from which to which value, and its ticks, rising.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
    /// Places after the point that tell the ticks apart.
    pub(super) places: usize,
}

impl Values {
    /// An axis of counts: from zero, in whole steps.
    pub(super) fn count(most: f64) -> Self {
        Self::over(0.0, most.max(1.0), 1.0)
    }

    /// An axis for values of either sign: zero stands on it, and both ends are labeled.
    pub(super) fn signed(low: f64, high: f64) -> Self {
        let size = low.abs().max(high.abs()).max(0.1);
        Self::over(-size, size, 0.0)
    }

    fn over(low: f64, high: f64, step_min: f64) -> Self {
        let step = round_step((high - low) / VALUE_TICKS).max(step_min);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let places = if step >= 1.0 { 0 } else { (-step.log10()).ceil().clamp(0.0, 6.0) as usize };
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= last && ticks.len() < 12 {
            ticks.push(at * step);
            at += 1.0;
        }
        Self { low: first * step, high: last * step, ticks, places }
    }

    /// How far below the top a value stands, on an axis of this height.
    pub(super) fn place(&self, value: f64, height: f64) -> f64 {
        (self.high - value.clamp(self.low, self.high)) / (self.high - self.low) * height
    }
}

/// The least of 1, 2, 5, 10, 20, ... that is not smaller.
fn round_step(step: f64) -> f64 {
    let size = 10_f64.powf(step.max(1e-9).log10().floor());
    let digits = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * size >= step * 0.999_999);
    digits.unwrap_or(10.0) * size
}

/// A step of a time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Minutes(i16),
    Days(i16),
    Months(i16),
}

const STEPS: [Step; 17] = [
    Step::Minutes(1),
    Step::Minutes(5),
    Step::Minutes(15),
    Step::Minutes(30),
    Step::Minutes(60),
    Step::Minutes(120),
    Step::Minutes(180),
    Step::Minutes(360),
    Step::Minutes(720),
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
];

impl Step {
    fn minutes(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes.into(),
            Self::Days(days) => i64::from(days) * 1_440,
            Self::Months(months) => i64::from(months) * 43_830,
        }
    }
}

/// Round times of the zone between two, each with what it says.
pub(super) fn time_ticks(
    from: EventTime,
    to: EventTime,
    zone: &TimeZone,
    locale: &Locale,
) -> Vec<(EventTime, String)> {
    let minutes = to.since(from).max(0) / crate::time::MINUTE_US;
    let most = i64::try_from(TIME_TICKS_MAX).unwrap_or(i64::MAX);
    let fits = STEPS.into_iter().find(|step| minutes / step.minutes() < most);
    let years = i16::try_from(minutes / 525_960 / most + 1).unwrap_or(100).saturating_mul(12);
    let step = fits.unwrap_or(Step::Months(years));
    let begin = zoned(from, zone);
    let mut at = match step {
        Step::Minutes(_) | Step::Days(_) => begin.date().to_datetime(jiff::civil::Time::midnight()),
        Step::Months(many) => {
            let month =
                if many >= 12 { 1 } else { (begin.month() - 1) / many as i8 * many as i8 + 1 };
            jiff::civil::date(begin.year(), month, 1).to_datetime(jiff::civil::Time::midnight())
        }
    };
    if step == Step::Days(7) || step == Step::Days(14) {
        let back = i64::from(begin.weekday().to_monday_zero_offset());
        at = at.checked_sub(back.days()).unwrap_or(at);
    }
    let mut ticks: Vec<(EventTime, String)> = Vec::new();
    // A day has at most as many steps as minutes; the first tick is at most two weeks or a year away.
    for _ in 0..3_000 {
        let Ok(there) = at.to_zoned(zone.clone()) else { break };
        let time = EventTime(there.timestamp().as_microsecond());
        if time >= to {
            break;
        }
        // Clocks that are put forward leave times out: two ticks fall together.
        if time >= from && ticks.last().is_none_or(|(last, _)| *last < time) {
            ticks.push((time, label(step, &there, locale)));
        }
        let next = match step {
            Step::Minutes(minutes) => at.checked_add(minutes.minutes()),
            Step::Days(days) => at.checked_add(days.days()),
            Step::Months(months) => at.checked_add(months.months()),
        };
        match next {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    ticks
}

fn label(step: Step, at: &jiff::Zoned, locale: &Locale) -> String {
    match step {
        Step::Minutes(_) if at.hour() == 0 && at.minute() == 0 => locale.day(at),
        Step::Minutes(_) => clock(at),
        Step::Days(_) => locale.day(at),
        Step::Months(many) if many >= 12 => at.year().to_string(),
        Step::Months(_) => locale.month(at),
    }
}

#[cfg(test)]
mod tests {
    use super::super::locale::{ENGLISH, GERMAN};
    use super::*;

    #[test]
    fn value_axes_are_round_and_never_cut() {
        for most in [0.0, 1.0, 3.0, 7.0, 9.9, 11.0, 99.0, 101.0, 12_345.0, 1e9] {
            let axis = Values::count(most);
            assert_eq!(axis.low, 0.0);
            assert!(axis.high >= most && axis.ticks.len() <= 6, "{axis:?}");
            assert!(axis.ticks.iter().all(|tick| tick.fract() == 0.0), "{axis:?}");
            assert_eq!(axis.ticks.last(), Some(&axis.high));
        }
        for (low, high) in [(-0.2, 0.4), (0.1, 0.9), (-1.0, 0.0), (0.0, 0.0)] {
            let axis = Values::signed(low, high);
            assert!(axis.low <= low && axis.high >= high && axis.low < 0.0, "{axis:?}");
            assert!(axis.ticks.iter().any(|tick| tick.abs() < 1e-9), "{axis:?}");
        }
    }

    #[test]
    fn times_are_round_in_the_zone_also_where_clocks_change() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let time = |text: &str| EventTime::parse(text).expect("a time");
        let said = |from, to, locale| {
            let ticks = time_ticks(time(from), time(to), &berlin, locale);
            ticks.into_iter().map(|(at, label)| format!("{at} {label}")).collect::<Vec<_>>()
        };
        // On 29 March 2026 the clocks go from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
        assert_eq!(
            said("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", &ENGLISH),
            [
                "2026-03-28T23:00:00Z 29 Mar",
                "2026-03-29T04:00:00Z 06:00",
                "2026-03-29T10:00:00Z 12:00",
                "2026-03-29T16:00:00Z 18:00"
            ]
        );
        assert_eq!(
            said("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", &GERMAN),
            [
                "2026-10-24T22:00:00Z 25. Okt.",
                "2026-10-25T05:00:00Z 06:00",
                "2026-10-25T11:00:00Z 12:00",
                "2026-10-25T17:00:00Z 18:00"
            ]
        );
        for (from, to) in [
            ("2026-03-04T14:05:00Z", "2026-03-04T14:08:00Z"),
            ("2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z"),
            ("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
            ("1990-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ] {
            let ticks = said(from, to, &ENGLISH);
            assert!((2..=7).contains(&ticks.len()), "{from} {ticks:?}");
        }
    }
}
