//! By when is an answer due? Holidays against lists that others made, and hours worked out by hand.

use jiff::tz::TimeZone;
use resonanz_core::alert::ActiveHours;
use resonanz_core::promise::{Closed, Region, Service, easter, holidays};
use resonanz_core::time::{EventTime, MINUTE_US};

/// Region, year and days, written by the Python package `holidays` 0.109 (MIT), without what was
/// proclaimed for one year alone.
const LISTED: &str = include_str!("../golden/holidays.tsv");

#[test]
fn holidays_are_those_that_others_list() {
    let mut lists = 0;
    for line in LISTED.lines() {
        let [code, year, days] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let region = Region::parse(code).expect(code);
        let found = holidays(region, year.parse().expect("a year"));
        let found: Vec<String> =
            found.iter().map(|day| format!("{:02}-{:02}", day.month(), day.day())).collect();
        assert_eq!(found.join(" "), days, "{code} {year}");
        lists += 1;
    }
    assert_eq!(lists, 48 * 6);
}

#[test]
fn a_country_has_the_days_that_all_its_parts_share() {
    for country in ["CH", "DE", "GB"] {
        let shared = holidays(Region::parse(country).expect(country), 2026);
        let parts: Vec<Region> = Region::all()
            .filter(|region| region.to_string().starts_with(&format!("{country}-")))
            .collect();
        let everywhere = holidays(parts[0], 2026);
        let everywhere = everywhere
            .into_iter()
            .filter(|day| parts.iter().all(|part| holidays(*part, 2026).contains(day)));
        assert_eq!(shared, everywhere.collect::<Vec<_>>(), "{country}");
    }
    for (year, month, day) in
        [(1900, 4, 15), (1943, 4, 25), (2000, 4, 23), (2038, 4, 25), (2199, 4, 14)]
    {
        assert_eq!(easter(year), Some(jiff::civil::date(year, month, day)));
    }
    assert!(holidays(Region::parse("AT").expect("AT"), 2200).is_empty());
}

/// Weekdays from nine to six, in Munich.
fn munich(hours: i64) -> Service {
    let weekdays = [true, true, true, true, true, false, false];
    Service {
        promise_us: hours * 60 * MINUTE_US,
        hours: vec![ActiveHours { from_minute: 540, to_minute: 1_080, weekdays }],
        zone: TimeZone::get("Europe/Berlin").expect("compiled in"),
        holidays: Region::parse("DE-BY"),
        closed: vec![Closed::parse("12-24").expect("a day")],
    }
}

#[test]
fn a_promise_runs_in_hours_of_service_only() {
    for (hours, posted, due) in [
        // Within the day, over the night, over a weekend.
        (4, "2026-03-02T09:00:00+01:00", "2026-03-02T13:00:00+01:00"),
        (4, "2026-03-02T16:30:00+01:00", "2026-03-03T11:30:00+01:00"),
        (4, "2026-03-06T17:00:00+01:00", "2026-03-09T12:00:00+01:00"),
        (4, "2026-03-07T03:00:00+01:00", "2026-03-09T13:00:00+01:00"),
        // The whole of a day, to its last minute.
        (9, "2026-03-02T00:00:00+01:00", "2026-03-02T18:00:00+01:00"),
        // Clocks change on the 29th of March; Good Friday, Easter Monday.
        (4, "2026-03-27T17:00:00+01:00", "2026-03-30T12:00:00+02:00"),
        (4, "2026-04-02T16:00:00+02:00", "2026-04-07T11:00:00+02:00"),
        // Epiphany is one in Munich; Christmas Eve is closed by wish, 25 and 26 December are a
        // Friday and a Saturday, New Year's Day is a Friday.
        (2, "2026-01-05T17:00:00+01:00", "2026-01-07T10:00:00+01:00"),
        (2, "2026-12-23T17:30:00+01:00", "2026-12-28T10:30:00+01:00"),
        (36, "2026-12-28T09:00:00+01:00", "2026-12-31T18:00:00+01:00"),
        (37, "2026-12-28T09:00:00+01:00", "2027-01-04T10:00:00+01:00"),
    ] {
        let posted = EventTime::parse(posted).expect(posted);
        let wanted = EventTime::parse(due).expect(due);
        let service = munich(hours);
        assert_eq!(service.due(posted), Some(wanted), "{hours} h after {posted}");
        // Until then all of it has passed, and a minute before all but a minute.
        assert_eq!(service.passed(posted, wanted), service.promise_us);
        assert_eq!(
            service.passed(posted, wanted.shift(-MINUTE_US)),
            service.promise_us - MINUTE_US
        );
        assert_eq!(service.passed(wanted, posted), 0);
    }
}

#[test]
fn hours_that_span_midnight_and_overlap_count_once() {
    let every = [true; 7];
    let night = ActiveHours { from_minute: 1_320, to_minute: 360, weekdays: every };
    let early = ActiveHours { from_minute: 300, to_minute: 480, weekdays: every };
    let service = Service {
        promise_us: 11 * 60 * MINUTE_US,
        hours: vec![night, early],
        ..Service::default()
    };
    let at = |text: &str| EventTime::parse(text).expect(text);
    // 22:00 to 08:00 are ten hours.
    assert_eq!(service.due(at("2026-03-02T22:00:00Z")), Some(at("2026-03-03T23:00:00Z")));
    assert_eq!(service.due(at("2026-03-03T05:30:00Z")), Some(at("2026-03-04T06:30:00Z")));
    let never = ActiveHours { from_minute: 0, to_minute: 60, weekdays: [false; 7] };
    let service = Service { hours: vec![never], ..Service::default() };
    assert_eq!(service.due(at("2026-03-02T22:00:00Z")), None);
}
