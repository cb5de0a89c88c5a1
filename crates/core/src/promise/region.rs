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

/// Regions by their names in German and English, in small letters; cantons by their codes alone.
const NAMES: [(&str, &str); 42] = [
    ("österreich", "AT"),
    ("austria", "AT"),
    ("schweiz", "CH"),
    ("switzerland", "CH"),
    ("deutschland", "DE"),
    ("germany", "DE"),
    ("usa", "US"),
    ("united states", "US"),
    ("england", "GB-ENG"),
    ("nordirland", "GB-NIR"),
    ("northern ireland", "GB-NIR"),
    ("schottland", "GB-SCT"),
    ("scotland", "GB-SCT"),
    ("wales", "GB-WLS"),
    ("brandenburg", "DE-BB"),
    ("berlin", "DE-BE"),
    ("baden-württemberg", "DE-BW"),
    ("bayern", "DE-BY"),
    ("bavaria", "DE-BY"),
    ("bremen", "DE-HB"),
    ("hessen", "DE-HE"),
    ("hesse", "DE-HE"),
    ("hamburg", "DE-HH"),
    ("mecklenburg-vorpommern", "DE-MV"),
    ("mecklenburg-western pomerania", "DE-MV"),
    ("niedersachsen", "DE-NI"),
    ("lower saxony", "DE-NI"),
    ("nordrhein-westfalen", "DE-NW"),
    ("nrw", "DE-NW"),
    ("north rhine-westphalia", "DE-NW"),
    ("rheinland-pfalz", "DE-RP"),
    ("rhineland-palatinate", "DE-RP"),
    ("schleswig-holstein", "DE-SH"),
    ("saarland", "DE-SL"),
    ("sachsen", "DE-SN"),
    ("saxony", "DE-SN"),
    ("sachsen-anhalt", "DE-ST"),
    ("saxony-anhalt", "DE-ST"),
    ("thüringen", "DE-TH"),
    ("thuringia", "DE-TH"),
    ("baden-wuerttemberg", "DE-BW"),
    ("thueringen", "DE-TH"),
];

/// A country, or a part of it that has holidays of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub(super) country: &'static str,
    pub(super) part: Option<&'static str>,
}

impl Region {
    /// Reads a code such as `DE-BY`, or a name such as `Bayern`, in any case; a country alone means the
    /// days that all of its parts share. `None` where nothing is known.
    ///
    /// # Example
    /// ```
    /// use resonanz_core::promise::Region;
    /// assert_eq!(Region::parse("de-by").map(|region| region.to_string()), Some("DE-BY".to_owned()));
    /// assert_eq!(Region::parse("Bayern"), Region::parse("DE-BY"));
    /// assert_eq!(Region::parse("DE-XX"), None);
    /// ```
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let name = code.trim().to_lowercase();
        let named = NAMES.iter().find(|(known, _)| *known == name);
        let code = named.map_or(code.trim(), |(_, code)| *code);
        let (country, part) = match code.split_once('-') {
            Some((country, part)) => (country, Some(part)),
            None => (code, None),
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
