//! At which ages is a mention looked up again? As key `ages` says.

use crate::settings::Section;
use crate::time::{DAY_US, MINUTE_US, SECOND_US, parse_span};

/// When mentions are looked up if nothing is said.
const AGES_US: [i64; 4] = [15 * MINUTE_US, 120 * MINUTE_US, DAY_US / 2, 2 * DAY_US];
const AGE_US_MAX: i64 = 30 * DAY_US;

/// The ages in microseconds, the youngest first; none if the user wants none.
pub(super) fn ages(section: &mut Section<'_, '_>) -> Vec<i64> {
    let Some(ages) = section.texts("ages") else { return AGES_US.to_vec() };
    let mut ages_us = Vec::new();
    for (text, at) in ages {
        match parse_span(&text) {
            Ok(age_us) if (SECOND_US..=AGE_US_MAX).contains(&age_us) => ages_us.push(age_us),
            _ => section.problems.add(
                at,
                format!("\"{text}\" is not an age at which posts can be looked up"),
                "it must be from 1s to 30d, as \"15m\"",
            ),
        }
    }
    ages_us.sort_unstable();
    ages_us.dedup();
    ages_us
}
