//! On which days is nobody at work? Public holidays of a region and year, by rule.
//!
//! The rules are those in force in 2026, with the year from which a young one holds; what was
//! proclaimed for a single year, and what holds in single municipalities, is not among them. Years
//! from 1900 to 2199 have holidays.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

use super::region::Region;

/// When a holiday is.
#[derive(Debug, Clone, Copy)]
enum Day {
    /// Month and day.
    Fixed(i8, i8),
    /// Days after Easter Sunday.
    Easter(i64),
    /// The so-manieth weekday of a month, from the end if negative.
    Nth(i8, Weekday, i8),
    /// The last weekday before a date.
    Before(Weekday, i8, i8),
    /// Days after the so-manieth weekday of a month.
    After(i64, i8, Weekday, i8),
    /// As fixed; one on a weekend is made up for on the next day that is neither.
    Moved(i8, i8),
    /// As fixed; one on a Saturday is observed on Friday, too, one on a Sunday on Monday.
    Observed(i8, i8),
    /// As fixed, unless it would be the middle of a bridge: the day before is a Monday or a Friday.
    NoBridge(i8, i8),
    /// As fixed, if the day before is a Sunday.
    AfterSunday(i8, i8),
    /// The first Thursday of April, a week later in Holy Week.
    Naefels,
}

/// Parts (`*` is all), day, and the first year.
type Rule = (&'static str, Day, i16);

const AUSTRIA: &[Rule] = &[
    ("*", Day::Fixed(1, 1), 0),
    ("*", Day::Fixed(1, 6), 0),
    ("*", Day::Easter(1), 0),
    ("*", Day::Fixed(5, 1), 0),
    ("*", Day::Easter(39), 0),
    ("*", Day::Easter(50), 0),
    ("*", Day::Easter(60), 0),
    ("*", Day::Fixed(8, 15), 0),
    ("*", Day::Fixed(10, 26), 0),
    ("*", Day::Fixed(11, 1), 0),
    ("*", Day::Fixed(12, 8), 0),
    ("*", Day::Fixed(12, 25), 0),
    ("*", Day::Fixed(12, 26), 0),
];

const GERMANY: &[Rule] = &[
    ("*", Day::Fixed(1, 1), 0),
    ("BW BY ST", Day::Fixed(1, 6), 0),
    ("BE", Day::Fixed(3, 8), 2019),
    ("MV", Day::Fixed(3, 8), 2023),
    ("*", Day::Easter(-2), 0),
    ("BB", Day::Easter(0), 0),
    ("*", Day::Easter(1), 0),
    ("*", Day::Fixed(5, 1), 0),
    ("*", Day::Easter(39), 0),
    ("BB", Day::Easter(49), 0),
    ("*", Day::Easter(50), 0),
    ("BW BY HE NW RP SL", Day::Easter(60), 0),
    ("SL", Day::Fixed(8, 15), 0),
    ("TH", Day::Fixed(9, 20), 2019),
    ("*", Day::Fixed(10, 3), 1990),
    ("BB MV SN ST TH", Day::Fixed(10, 31), 1990),
    ("HB HH NI SH", Day::Fixed(10, 31), 2018),
    ("BW BY NW RP SL", Day::Fixed(11, 1), 0),
    ("SN", Day::Before(Weekday::Wednesday, 11, 23), 0),
    ("*", Day::Fixed(12, 25), 0),
    ("*", Day::Fixed(12, 26), 0),
];

const SWITZERLAND: &[Rule] = &[
    ("*", Day::Fixed(1, 1), 0),
    ("AG BE JU LU TG VD", Day::Fixed(1, 2), 0),
    ("NE", Day::AfterSunday(1, 2), 0),
    ("SZ TI UR", Day::Fixed(1, 6), 0),
    ("NE", Day::Fixed(3, 1), 0),
    ("NW SZ TI UR VS", Day::Fixed(3, 19), 0),
    ("GL", Day::Naefels, 0),
    ("AG AI AR BE BL BS FR GE GL JU LU NE NW OW SG SH SO SZ TG UR VD ZG ZH", Day::Easter(-2), 0),
    ("AG AI AR BE BL BS GE GL GR JU LU SG SH SZ TG TI UR VD ZH", Day::Easter(1), 0),
    ("AG BL BS JU NE SH TG TI ZH", Day::Fixed(5, 1), 0),
    ("*", Day::Easter(39), 0),
    ("AG AI AR BE BL BS GE GL GR JU LU SG SH SZ TG TI UR VD ZH", Day::Easter(50), 0),
    ("AG AI JU LU NE NW OW SZ TI UR VS ZG", Day::Easter(60), 0),
    ("JU", Day::Fixed(6, 23), 0),
    ("TI", Day::Fixed(6, 29), 0),
    ("*", Day::Fixed(8, 1), 0),
    ("AG AI JU LU NW OW SZ TI UR VS ZG", Day::Fixed(8, 15), 0),
    ("GE", Day::After(4, 9, Weekday::Sunday, 1), 0),
    ("VD", Day::After(1, 9, Weekday::Sunday, 3), 0),
    ("OW", Day::Fixed(9, 25), 0),
    ("AG AI GL JU LU NW OW SG SZ TI UR VS ZG", Day::Fixed(11, 1), 0),
    ("AG AI LU NW OW SZ TI UR VS ZG", Day::Fixed(12, 8), 0),
    ("*", Day::Fixed(12, 25), 0),
    ("AG BE BL BS GL GR LU SG SH SZ TG TI ZH", Day::Fixed(12, 26), 0),
    ("AI AR UR", Day::NoBridge(12, 26), 0),
    ("NE", Day::AfterSunday(12, 26), 0),
    ("GE", Day::Fixed(12, 31), 0),
];

const KINGDOM: &[Rule] = &[
    ("*", Day::Moved(1, 1), 0),
    ("SCT", Day::Moved(1, 2), 0),
    ("NIR", Day::Moved(3, 17), 0),
    ("*", Day::Easter(-2), 0),
    ("ENG NIR WLS", Day::Easter(1), 0),
    ("*", Day::Nth(5, Weekday::Monday, 1), 1978),
    ("*", Day::Nth(5, Weekday::Monday, -1), 0),
    ("NIR", Day::Moved(7, 12), 0),
    ("SCT", Day::Nth(8, Weekday::Monday, 1), 0),
    ("ENG NIR WLS", Day::Nth(8, Weekday::Monday, -1), 0),
    ("SCT", Day::Moved(11, 30), 2007),
    ("*", Day::Moved(12, 25), 0),
    ("*", Day::Moved(12, 26), 0),
];

const STATES: &[Rule] = &[
    ("*", Day::Observed(1, 1), 0),
    ("*", Day::Nth(1, Weekday::Monday, 3), 1986),
    ("*", Day::Nth(2, Weekday::Monday, 3), 0),
    ("*", Day::Nth(5, Weekday::Monday, -1), 0),
    ("*", Day::Observed(6, 19), 2021),
    ("*", Day::Observed(7, 4), 0),
    ("*", Day::Nth(9, Weekday::Monday, 1), 0),
    ("*", Day::Nth(10, Weekday::Monday, 2), 0),
    ("*", Day::Observed(11, 11), 0),
    ("*", Day::Nth(11, Weekday::Thursday, 4), 0),
    ("*", Day::Observed(12, 25), 0),
];

/// The public holidays of a year, in order. Of a country without a part, those that all its parts
/// share; none outside the years 1900 to 2199.
#[must_use]
pub fn holidays(region: Region, year: i16) -> Vec<Date> {
    if !(1900..=2199).contains(&year) {
        return Vec::new();
    }
    let rules = match region.country {
        "AT" => AUSTRIA,
        "CH" => SWITZERLAND,
        "DE" => GERMANY,
        "GB" => KINGDOM,
        _ => STATES,
    };
    let holds = |rule: &&Rule| {
        let own = |part| rule.0.split(' ').any(|known| known == part);
        year >= rule.2 && (rule.0 == "*" || region.part.is_some_and(own))
    };
    let mut found = BTreeSet::new();
    for (_, day, _) in rules.iter().filter(holds) {
        found.extend(dates(*day, year));
    }
    make_up(rules.iter().filter(holds), year, &mut found);
    // New Year's Day on a Saturday is observed in the year before.
    if region.country == "US" {
        found.extend(dates(Day::Observed(1, 1), year + 1));
    }
    found.into_iter().filter(|date| date.year() == year).collect()
}

/// Adds the days on which weekends are made up for.
fn make_up<'r>(rules: impl Iterator<Item = &'r Rule>, year: i16, found: &mut BTreeSet<Date>) {
    for (_, day, _) in rules {
        let Day::Moved(month, of_month) = *day else { continue };
        let Ok(date) = Date::new(year, month, of_month) else { continue };
        if is_weekend(date) {
            let free = (1..8).filter_map(|days| date.checked_add(days.days()).ok());
            found.extend(free.into_iter().find(|day| !is_weekend(*day) && !found.contains(day)));
        }
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The dates of a rule in a year, but for what is made up for.
fn dates(day: Day, year: i16) -> Vec<Date> {
    let shifted = |date: Option<Date>, days: i64| date?.checked_add(Span::new().days(days)).ok();
    let fixed = |month, of_month| Date::new(year, month, of_month).ok();
    let nth = |month, weekday, nth| fixed(month, 1)?.nth_weekday_of_month(nth, weekday).ok();
    let eve = |month, of_month| shifted(fixed(month, of_month), -1).map(Date::weekday);
    let found = match day {
        Day::Fixed(month, of_month) | Day::Moved(month, of_month) => fixed(month, of_month),
        Day::Easter(days) => shifted(easter(year), days),
        Day::Nth(month, weekday, place) => nth(month, weekday, place),
        Day::After(days, month, weekday, place) => shifted(nth(month, weekday, place), days),
        Day::Before(weekday, month, of_month) => {
            fixed(month, of_month).and_then(|date| date.nth_weekday(-1, weekday).ok())
        }
        Day::NoBridge(month, of_month) => fixed(month, of_month)
            .filter(|_| !matches!(eve(month, of_month), Some(Weekday::Monday | Weekday::Friday))),
        Day::AfterSunday(month, of_month) => {
            fixed(month, of_month).filter(|_| eve(month, of_month) == Some(Weekday::Sunday))
        }
        Day::Naefels => {
            let first = nth(4, Weekday::Thursday, 1);
            let holy = shifted(easter(year), -3);
            if first == holy { shifted(first, 7) } else { first }
        }
        Day::Observed(month, of_month) => {
            let date = fixed(month, of_month);
            let also = match date.map(Date::weekday) {
                Some(Weekday::Saturday) => shifted(date, -1),
                Some(Weekday::Sunday) => shifted(date, 1),
                _ => None,
            };
            return date.into_iter().chain(also).collect();
        }
    };
    found.into_iter().collect()
}

/// Easter Sunday of the Gregorian calendar, by the computation that Meeus gives after an anonymous
/// writer to *Nature* (1876).
///
/// # Example
/// ```
/// use resonanz_core::promise::easter;
/// assert_eq!(easter(2026), Some(jiff::civil::date(2026, 4, 5)));
/// ```
#[must_use]
pub fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(sum / 31).ok()?, i8::try_from(sum % 31 + 1).ok()?).ok()
}
