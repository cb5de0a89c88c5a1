//! Whose public holidays count? Countries and their parts, by the codes of ISO 3166-2.

use std::fmt;

/// A country whose days are known, with the codes of its parts.
const COUNTRIES: [(&str, &[&str]); 5] = [
    ("AT", &[]),
    (
        "CH",
        &[
            "AG", "AI", "AR", "BE", "BL", "BS", "FR", "GE", "GL", "GR", "JU", "LU", "NE", "NW",
            "OW", "SG", "SH", "SO", "SZ", "TG", "TI", "UR", "VD", "VS", "ZG", "ZH",
        ],
    ),
    (
        "DE",
        &[
            "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN",
            "ST", "TH",
        ],
    ),
    ("GB", &["ENG", "NIR", "SCT", "WLS"]),
    ("US", &[]),
];

/// A country, or a part of it that has holidays of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub(super) country: &'static str,
    pub(super) part: Option<&'static str>,
}

impl Region {
    /// Reads a code such as `DE-BY`, in any case; a country alone means the days that all of its
    /// parts share. `None` where nothing is known.
    ///
    /// # Example
    /// ```
    /// use resonanz_core::promise::Region;
    /// assert_eq!(Region::parse("de-by").map(|region| region.to_string()), Some("DE-BY".to_owned()));
    /// assert_eq!(Region::parse("DE-XX"), None);
    /// ```
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let (country, part) = match code.trim().split_once('-') {
            Some((country, part)) => (country, Some(part)),
            None => (code.trim(), None),
        };
        let &(country, parts) =
            COUNTRIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(country))?;
        let part = match part {
            Some(part) => Some(*parts.iter().find(|known| known.eq_ignore_ascii_case(part))?),
            None => None,
        };
        Some(Self { country, part })
    }

    /// All regions, countries before their parts.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTRIES.iter().flat_map(|&(country, parts)| {
            let parts = parts.iter().map(|&part| Some(part));
            std::iter::once(None).chain(parts).map(move |part| Self { country, part })
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Some(part) => write!(f, "{}-{part}", self.country),
            None => f.write_str(self.country),
        }
    }
}
