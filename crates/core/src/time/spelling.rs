//! How is a time spelled so that a parser knows it? Zones as offsets close behind it, halves of the day in
//! English, and no more digits than count.

/// Digits behind a second that are read.
const FRACTION_DIGITS: usize = 9;
/// How zones are written behind a time, and as its offset.
const ZONES: [(&str, &str); 8] = [
    (" UTC", "Z"),
    (" GMT", "Z"),
    (" Z", "Z"),
    (" MEZ", "+01:00"),
    (" CET", "+01:00"),
    (" MESZ", "+02:00"),
    (" CEST", "+02:00"),
    (" +", "+"),
];

/// The text with at most nine digits behind the second, and its zone close behind it.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut digits = None;
    for char in text.chars() {
        // Some programs write a narrow blank before the half of the day.
        let char = if matches!(char, '\u{a0}' | '\u{202f}') { ' ' } else { char };
        digits = match (char, digits) {
            ('.' | ',', None) if plain.ends_with(|last: char| last.is_ascii_digit()) => Some(0),
            ('0'..='9', Some(count)) => Some(count + 1),
            _ => None,
        };
        if digits.is_none_or(|count| count <= FRACTION_DIGITS) {
            plain.push(char);
        }
    }
    for (german, english) in [(" vorm.", " AM"), (" nachm.", " PM")] {
        if plain.contains(german) {
            plain = plain.replace(german, english);
        }
    }
    // As forms of Google write it.
    if let Some((stem, hours)) = plain.rsplit_once(" GMT")
        && let Ok(hours @ -12..=14) = hours.parse::<i8>()
    {
        return format!("{stem}{hours:+03}:00");
    }
    for (written, meant) in ZONES {
        if let Some(stem) = plain.strip_suffix(written) {
            return format!("{stem}{meant}");
        }
        if written == " +"
            && let Some((stem, offset)) = plain.rsplit_once(written)
            && offset.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
        {
            return format!("{stem}{meant}{offset}");
        }
    }
    match plain.rsplit_once(" -") {
        Some((stem, offset))
            if offset.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') =>
        {
            format!("{stem}-{offset}")
        }
        _ => plain,
    }
}
