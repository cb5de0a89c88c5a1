//! Which numbers of a workbook are days and times? Those that a style shows so.

use std::collections::HashMap;
use std::io;

use jiff::ToSpan;
use jiff::civil::{DateTime, date};

use super::part::{Part, Step};

const DAY_S: f64 = 86_400.0;
/// Most styles, and most formats of numbers: Excel has fewer.
const FORMS_MAX: usize = 65_536;

/// What a style makes of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Number,
    Day,
    /// A time of day, alone or behind its day.
    Clock,
}

impl Form {
    /// A number as it is shown, if it is a day or a time.
    pub(super) fn read(self, number: &str, is_from_1904: bool) -> Option<String> {
        let days = number.parse::<f64>().ok().filter(|days| (0.0..3e6).contains(days))?;
        if self == Self::Number {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, reason = "below 3e6 days, as just seen")]
        let seconds = (days * DAY_S).round() as i64;
        let first = if is_from_1904 { date(1904, 1, 1) } else { date(1899, 12, 30) };
        let time: DateTime = first.at(0, 0, 0, 0).checked_add(seconds.seconds()).ok()?;
        Some(match (self, days < 1.0, seconds % 86_400) {
            (Self::Clock, true, _) => time.strftime("%H:%M:%S").to_string(),
            (Self::Day, _, 0) => time.strftime("%Y-%m-%d").to_string(),
            _ => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        })
    }

    /// What a format says, such as `dd.mm.yyyy hh:mm`.
    fn of(format: &str) -> Self {
        let (mut is_day, mut is_clock) = (false, false);
        let mut chars = format.chars();
        while let Some(char) = chars.next() {
            match char {
                '"' => {
                    let _ = chars.by_ref().find(|char| *char == '"');
                }
                '\\' | '_' | '*' => {
                    let _ = chars.next();
                }
                // Colors and conditions; hours beyond a day stand there, too.
                '[' => {
                    let inside: String = chars.by_ref().take_while(|char| *char != ']').collect();
                    is_clock |= matches!(inside.as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss");
                }
                'y' | 'Y' | 'd' | 'D' => is_day = true,
                'h' | 'H' | 's' | 'S' => is_clock = true,
                ';' => break,
                _ => {}
            }
        }
        match (is_clock, is_day) {
            (true, _) => Self::Clock,
            (false, true) => Self::Day,
            _ => Self::Number,
        }
    }

    /// What the formats with a fixed number say (ECMA-376, 18.8.30).
    fn built_in(number: u32) -> Self {
        match number {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Day,
            18..=22 | 32..=35 | 45..=47 | 55 | 56 => Self::Clock,
            _ => Self::Number,
        }
    }
}

/// What each style of cells makes of numbers.
pub(super) fn forms(mut styles: Part) -> io::Result<Vec<Form>> {
    let (mut own, mut forms, mut is_of_cells) = (HashMap::new(), Vec::new(), false);
    loop {
        match styles.step()? {
            Step::Open(element) => {
                let number = element.value("numFmtId").and_then(|id| id.parse::<u32>().ok());
                match (element.name.as_str(), number) {
                    ("numFmt", Some(number)) => {
                        own.insert(
                            number,
                            Form::of(element.value("formatCode").unwrap_or_default()),
                        );
                    }
                    ("cellXfs", _) => is_of_cells = true,
                    ("xf", number) if is_of_cells => {
                        let number = number.unwrap_or(0);
                        let form = own.get(&number).copied();
                        forms.push(form.unwrap_or_else(|| Form::built_in(number)));
                    }
                    _ => {}
                }
                if own.len().max(forms.len()) > FORMS_MAX {
                    let what = "it has more than 65,536 styles; save it as CSV UTF-8";
                    return Err(io::Error::other(what));
                }
            }
            Step::Close(name) if name == "cellXfs" => return Ok(forms),
            Step::End => return Ok(forms),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_told_by_how_they_are_shown() {
        let rows = [
            ("dd.mm.yyyy hh:mm", "46354.586805555555", Some("2026-11-28 14:05:00")),
            ("[$-407]d. mmmm yyyy;@", "46354", Some("2026-11-28")),
            ("dd.mm.yyyy", "46354.25", Some("2026-11-28 06:00:00")),
            ("h:mm AM/PM", "0.586805555555556", Some("14:05:00")),
            ("General", "46354", None),
            ("0.00", "46354", None),
            ("[Red]0", "46354", None),
            ("0 \"days\"", "46354", None),
            ("#,##0.00 \\d", "46354", None),
            ("dd.mm.yyyy", "soon", None),
            ("dd.mm.yyyy", "-1", None),
        ];
        for (format, number, shown) in rows {
            assert_eq!(Form::of(format).read(number, false).as_deref(), shown, "{format} {number}");
        }
        assert_eq!(Form::Day.read("44892", true).as_deref(), Some("2026-11-28"));
        assert_eq!(Form::built_in(22), Form::Clock);
    }
}
