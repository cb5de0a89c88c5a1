//! Is a number that of a telephone? By the forms in which people write one: with a country behind a
//! plus, with a zero and an area set apart, as a German mobile number, or as in North America.

use super::written::{Group, Written};

/// Fewest and most digits, with and without a country.
const ABROAD: std::ops::RangeInclusive<usize> = 8..=15;
/// Fewest where the country stands behind two zeros, as ids may begin, too.
const ABROAD_MIN_ZEROS: usize = 10;
const AT_HOME: std::ops::RangeInclusive<usize> = 8..=13;
/// Words before a number that say it is one to be called.
const CALLS: [&str; 16] = [
    "tel",
    "telefon",
    "telefonnummer",
    "fon",
    "phone",
    "mobil",
    "mobile",
    "handy",
    "handynummer",
    "ruf",
    "call",
    "whatsapp",
    "anrufen",
    "sms",
    "cell",
    "fax",
];
/// Words before a number that say it is one of a thing.
const THINGS: [&str; 24] = [
    "bestellnummer",
    "bestellung",
    "rechnung",
    "rechnungsnummer",
    "kundennummer",
    "auftrag",
    "auftragsnummer",
    "vorgang",
    "vorgangsnummer",
    "ticket",
    "sendung",
    "sendungsnummer",
    "artikel",
    "artikelnummer",
    "order",
    "invoice",
    "tracking",
    "reference",
    "isbn",
    "ean",
    "aktenzeichen",
    "steuernummer",
    "strnr",
    "az",
];
/// Words that say so of a number in one piece only: people write them before telephone numbers, too.
const NUMBERS: [&str; 5] = ["nr", "no", "id", "ref", "case"];
/// Areas whose numbers are free, or cost extra: those of companies.
const SERVICES: [&str; 9] =
    ["0800", "0180", "0900", "0137", "0700", "0190", "00800", "0810", "0820"];

/// Whether it is.
pub(super) fn is_phone(written: &Written<'_>) -> bool {
    !has_bare_gap(written)
        && !is_time_span(written)
        && (is_abroad(written) || is_at_home(written) || is_north_american(written))
}

/// Groups of a date.
pub(super) const DATE_GROUPS: usize = 3;

/// Whether it begins with a date.
pub(super) fn is_dated(written: &Written<'_>) -> bool {
    let lengths: Vec<usize> = written.groups.iter().take(DATE_GROUPS).map(Group::len).collect();
    let [first, second] = [0, 1].map(|place| written.between(place).trim());
    let parts = |sign: &str| matches!(sign, "." | "-" | "/");
    if lengths.len() < DATE_GROUPS || !parts(first) || !parts(second) {
        return false;
    }
    let value = |place: usize| written.group(place).parse::<u32>().unwrap_or(u32::MAX);
    let is_day = |value: u32| (1..=31).contains(&value);
    let is_year = |value: u32| (1900..=2199).contains(&value);
    let (a, b, c) = (value(0), value(1), value(2));
    match lengths.as_slice() {
        [1 | 2, 1 | 2, 4] => is_day(a) && is_day(b) && is_year(c),
        [1 | 2, 1 | 2, 2] => {
            let is_alone = first == "." || written.groups.len() == DATE_GROUPS;
            first == second && is_day(a) && is_day(b) && is_alone
        }
        [4, 1 | 2, 1 | 2] => is_year(a) && is_day(b) && is_day(c),
        _ => false,
    }
}

/// Whether two numbers that have nothing to do with each other stand side by side.
fn has_bare_gap(written: &Written<'_>) -> bool {
    let places = 0..written.groups.len().saturating_sub(1);
    places.map(|place| written.between(place)).any(|gap| matches!(gap, ". " | ") (" | " ." | ".."))
}

/// `+49 170 1234567`, `0049 30 123456`.
fn is_abroad(written: &Written<'_>) -> bool {
    let first = written.group(0);
    let plus = written
        .text
        .get(written.start..)
        .is_some_and(|text| text.starts_with('+') || text.starts_with("(+"));
    let digits = written.digits_len();
    if plus {
        return !first.starts_with('0')
            && ABROAD.contains(&digits)
            && !(digits < 10 && is_amount(written));
    }
    let is_near = ["0049", "0043", "0041"].iter().any(|country| first.starts_with(country));
    let in_one = written.groups.len() == 1;
    first.starts_with("00")
        && !first.starts_with("000")
        && !is_service(written)
        && (ABROAD_MIN_ZEROS..=*ABROAD.end()).contains(&digits.saturating_sub(2))
        && (!in_one || is_call(written) || (is_near && digits >= 12))
        && !is_thing(written)
        && !is_even_pairs(written)
}

/// `0170/1234567`, `030 123 456`, `(030) 123456`, `01701234567`.
fn is_at_home(written: &Written<'_>) -> bool {
    let area = written.group(0);
    let has_bracket = written.text.as_bytes().get(written.start) == Some(&b'(');
    let starts = area.starts_with('0') && !area.starts_with("00");
    let has_inner = (0..written.groups.len()).any(|place| written.between(place).contains('('));
    if !starts || has_inner || !AT_HOME.contains(&written.digits_len()) || is_service(written) {
        return false;
    }
    if written.groups.len() == 1 {
        let is_mobile = ["015", "016", "017"].iter().any(|known| area.starts_with(known));
        return is_call(written) || (is_mobile && area.len() >= 11 && !is_thing(written));
    }
    let is_area = (2..=6).contains(&area.len());
    if !is_area || is_even_pairs(written) {
        return is_call(written) && is_area;
    }
    // Behind an area come at least three digits together, as they do in no list of numbers.
    let longest = written.groups.iter().skip(1).map(|group| group.len()).max().unwrap_or(0);
    (has_bracket || longest >= 3 || area.len() >= 4) && !is_thing(written)
}

/// `(555) 123-4567`, `555-123-4567`, `1-555-123-4567`.
fn is_north_american(written: &Written<'_>) -> bool {
    let lengths: Vec<usize> = written.groups.iter().map(Group::len).collect();
    let first = match lengths.as_slice() {
        [3, 3, 4] => 0,
        [1, 3, 3, 4] if written.group(0) == "1" => 1,
        _ => return false,
    };
    let area = written.group(first);
    let is_free = matches!(area, "800" | "833" | "844" | "855" | "866" | "877" | "888" | "900");
    let starts = |text: &str| text.starts_with(|c: char| matches!(c, '2'..='9'));
    let has_bracket = written.text.as_bytes().get(written.start) == Some(&b'(');
    let sign = written.between(first + 1);
    let parted =
        has_bracket || is_call(written) || (written.is_even() && matches!(sign, "-" | "."));
    starts(area) && !is_free && parted && !is_thing(written)
}

fn is_service(written: &Written<'_>) -> bool {
    let digits: String = written.digits().take(5).map(|digit| char::from(b'0' + digit)).collect();
    SERVICES.iter().any(|area| digits.starts_with(area))
}

/// Groups of three behind the first, as in an amount.
fn is_amount(written: &Written<'_>) -> bool {
    written.groups.len() > 1
        && written.groups.iter().skip(1).all(|group| group.len() == 3)
        && written.is_even()
        && matches!(written.between(0), "." | " " | "\u{a0}" | "\u{202f}")
        && written.group(0).len() <= 3
}

/// `0730 - 1600`.
fn is_time_span(written: &Written<'_>) -> bool {
    let is_time =
        |place: usize| written.group(place).parse::<u32>().is_ok_and(|time| time <= 2_400);
    let lengths = written.groups.iter().map(Group::len);
    lengths.eq([4, 4]) && is_time(0) && is_time(1)
}

/// Nothing but pairs, as in a list of drawn numbers.
fn is_even_pairs(written: &Written<'_>) -> bool {
    written.groups.len() > 2 && written.groups.iter().all(|group| group.len() <= 2)
}

fn is_call(written: &Written<'_>) -> bool {
    last_words(written.before()).any(|word| CALLS.contains(&word.as_str()))
}

fn is_thing(written: &Written<'_>) -> bool {
    let (before, in_one) = (written.before(), written.groups.len() == 1);
    let is_said = |word: &String| {
        THINGS.contains(&word.as_str()) || (in_one && NUMBERS.contains(&word.as_str()))
    };
    let is_marked = before.trim_end().ends_with('#');
    !is_call(written) && (is_marked || last_words(before).any(|word| is_said(&word)))
}

/// The last two words of a text, in small letters.
fn last_words(text: &str) -> impl Iterator<Item = String> {
    let words = text.rsplit(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(2).map(str::to_lowercase)
}
