//! Which zone is meant by a name or an offset?

use std::str::FromStr;

use jiff::tz::TimeZone;

/// The furthest that clocks on Earth are from UTC: 14 hours, in Kiribati.
const OFFSET_S_MAX: i32 = 14 * 3_600;

/// A zone as people name it: `Europe/Berlin`, `UTC`, or an offset such as `+05:30`.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(pub TimeZone);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let offset = || {
            let stamp = format!("2000-01-01T00:00:00{text}[{text}]").parse::<jiff::Zoned>().ok()?;
            let seconds = stamp.offset().seconds().abs();
            (seconds <= OFFSET_S_MAX).then(|| stamp.time_zone().clone())
        };
        let named = TimeZone::get(text).ok().or_else(offset);
        named.map(Self).ok_or_else(|| {
            format!("\"{text}\" is not a zone; write one as Europe/Berlin, UTC or +02:00")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_or_offsets_that_clocks_have() {
        for text in ["Europe/Berlin", "UTC", "+02:00", "-01:00", "+14:00"] {
            assert!(text.parse::<Zone>().is_ok(), "{text}");
        }
        for text in ["+14:01", "-23:00", "Berlin", "", "+2"] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }
}
