//! When was an entry published? Dates as feeds write them, mended where only one reading is left.

use crate::time::{EventTime, TimeStyle};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Zones by name that mail does not know, where they mean one offset only.
const ZONES: [(&str, &str); 12] = [
    ("UTC", "+0000"),
    ("Z", "+0000"),
    ("WET", "+0000"),
    ("CET", "+0100"),
    ("MEZ", "+0100"),
    ("CEST", "+0200"),
    ("MESZ", "+0200"),
    ("EET", "+0200"),
    ("EEST", "+0300"),
    ("JST", "+0900"),
    ("AEST", "+1000"),
    ("AEDT", "+1100"),
];

/// The instant that a text means, UTC where it names no zone; nothing for what is not a date.
pub(super) fn instant(text: &str) -> Option<EventTime> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let style = TimeStyle::utc();
    style.read(text).ok().or_else(|| style.read(&mended(text)?).ok())
}

/// The date as mail writes it: no weekday, a short month behind the day, a zone as an offset.
fn mended(text: &str) -> Option<String> {
    let rest = text.split_once(',').filter(|(day, _)| day.chars().all(char::is_alphabetic));
    let rest = rest.map_or(text, |(_, rest)| rest);
    let mut words: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
    if words.first().is_some_and(|word| is_weekday(word)) {
        words.remove(0);
    }
    let at = words.iter().position(|word| month(word).is_some())?;
    let name = month(words.get(at)?)?;
    name.clone_into(words.get_mut(at)?);
    if at == 0 && words.len() > 2 {
        words.swap(0, 1);
    }
    for word in &mut words {
        if let Some((_, offset)) = ZONES.iter().find(|(zone, _)| word.eq_ignore_ascii_case(zone)) {
            (*offset).clone_into(word);
        }
        if word.as_bytes().get(1) == Some(&b':') {
            word.insert(0, '0');
        }
        if word.starts_with("24:") {
            word.replace_range(..2, "00");
        }
    }
    if let Some(day) = words.first_mut() {
        *day = day.trim_end_matches([',', '.']).to_owned();
    }
    if !words.iter().any(|word| word.contains(':')) {
        words.push("00:00:00".to_owned());
    }
    let is_zone =
        |word: &String| word.starts_with(['+', '-']) || word.chars().all(char::is_alphabetic);
    if !words.last().is_some_and(is_zone) {
        words.push("+0000".to_owned());
    }
    Some(words.join(" "))
}

fn is_weekday(word: &str) -> bool {
    let word = word.trim_end_matches([',', '.']).to_ascii_lowercase();
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| word.starts_with(day))
        && word.len() < 10
}

/// The short name of a month in English or German.
fn month(word: &str) -> Option<&'static str> {
    let word = word.trim_end_matches(['.', ',']).to_lowercase();
    let word = match word.as_str() {
        "mär" | "märz" | "maerz" => "mar",
        "mai" => "may",
        "okt" | "oktober" => "oct",
        "dez" | "dezember" => "dec",
        other => other,
    };
    let fits = |name: &&&str| word.starts_with(&name.to_lowercase());
    let alphabetic = word.len() >= 3 && word.chars().all(char::is_alphabetic);
    MONTHS.iter().find(fits).filter(|_| alphabetic).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_feeds_are_read() {
        let noon = "2026-03-01T12:00:00Z";
        let rows = [
            ("Sun, 01 Mar 2026 12:00:00 GMT", noon),
            ("Sun, 01 Mar 2026 12:00:00 +0000", noon),
            ("Wed, 01 Mar 2026 12:00:00 GMT", noon),
            ("Sunday, 1 March 2026 12:00:00 UTC", noon),
            ("Sun, 1 Mar 2026 7:00:00 EST", noon),
            ("So, 01 Mär 2026 13:00:00 MEZ", noon),
            ("Mar 1, 2026 12:00", noon),
            ("2026-03-01T13:00:00+01:00", noon),
            ("2026-03-01T13:00:00+0100", noon),
            ("2026-03-01T12:00:00", noon),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("1 Mar 2026", "2026-03-01T00:00:00Z"),
            ("Sun, 01 Mar 2026 24:00:00 GMT", "2026-03-01T00:00:00Z"),
        ];
        for (text, want) in rows {
            assert_eq!(instant(text).map(|time| time.to_string()).as_deref(), Some(want), "{text}");
        }
        for text in ["", "yesterday", "3", "Mar", "0000-00-00 00:00:00"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
