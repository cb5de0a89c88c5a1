//! With which pages can a team begin? Five situations, in English and German.

/// Name and text of each page, in English.
pub const STARTER_EN: [(&str, &str); 5] = [
    ("negative-feedback", include_str!("pages/en/negative-feedback.md")),
    ("employee-posts", include_str!("pages/en/employee-posts.md")),
    ("crisis", include_str!("pages/en/crisis.md")),
    ("legal-threat", include_str!("pages/en/legal-threat.md")),
    ("press", include_str!("pages/en/press.md")),
];

/// The same in German.
pub const STARTER_DE: [(&str, &str); 5] = [
    ("negative-feedback", include_str!("pages/de/negative-feedback.md")),
    ("employee-posts", include_str!("pages/de/employee-posts.md")),
    ("crisis", include_str!("pages/de/crisis.md")),
    ("legal-threat", include_str!("pages/de/legal-threat.md")),
    ("press", include_str!("pages/de/press.md")),
];

#[cfg(test)]
mod tests {
    use super::{STARTER_DE, STARTER_EN};
    use crate::policy::Guide;

    #[test]
    fn every_page_says_who_acts_when_and_what_to_do_first() {
        for (name, text) in STARTER_EN.into_iter().chain(STARTER_DE) {
            let (guide, faults) = Guide::read(name, text);
            assert_eq!(faults, [], "{name}");
            assert!(guide.who.is_some() && guide.within.is_some(), "{name}");
            assert!(
                guide.now.starts_with("1. ") && !guide.now.ends_with('…'),
                "{name}: {}",
                guide.now
            );
        }
    }
}
