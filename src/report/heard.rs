//! Of which times can be said how much was said? Before the first post, behind the last, and in a
//! gap of a source, nothing is known: no count there is a zero.

use serde::Serialize;

use crate::time::{EventTime, rfc3339};

/// How much of a span was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    /// All of it: no mentions means that nobody spoke.
    Whole,
    /// Some of it, or not of all sources: there may be more mentions than counted.
    Part,
    /// Nothing: there is no count.
    Nothing,
}

/// A stretch that a source could not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Name of the source.
    pub source: String,
    /// Where it begins.
    #[serde(with = "rfc3339")]
    pub from: EventTime,
    /// Where it ends.
    #[serde(with = "rfc3339")]
    pub to: EventTime,
    /// Why.
    pub reason: String,
}

/// Which times were heard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// When the first post was written; null in an empty lake.
    #[serde(with = "maybe")]
    pub first: Option<EventTime>,
    /// Up to when posts were heard: when the last one was written, or where the running process is.
    #[serde(with = "maybe")]
    pub until: Option<EventTime>,
    /// What sources of the running process could not give, as far as they say when that was.
    pub gaps: Vec<Gap>,
    /// How many sources there are, of those that could have gaps.
    #[serde(skip)]
    pub sources: usize,
}

/// For serde: an instant or nothing.
pub(super) mod maybe {
    use serde::Serializer;

    use crate::time::EventTime;

    pub(in crate::report) fn serialize<S: Serializer>(
        time: &Option<EventTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.collect_str(time),
            None => to.serialize_none(),
        }
    }
}

impl Heard {
    /// How much of a span was heard.
    #[must_use]
    pub fn of(&self, from: EventTime, to: EventTime) -> Coverage {
        let (Some(first), Some(until)) = (self.first, self.until) else {
            return Coverage::Nothing;
        };
        if to <= first || from >= until {
            return Coverage::Nothing;
        }
        let overlapping = || self.gaps.iter().filter(|gap| gap.from < to && from < gap.to);
        let mut silent: Vec<&str> = overlapping()
            .filter(|gap| gap.from <= from && to <= gap.to)
            .map(|gap| gap.source.as_str())
            .collect();
        silent.sort_unstable();
        silent.dedup();
        if self.sources > 0 && silent.len() >= self.sources {
            return Coverage::Nothing;
        }
        let is_whole = first <= from && to <= until && overlapping().next().is_none();
        if is_whole { Coverage::Whole } else { Coverage::Part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_heard_is_missing_and_a_quiet_hour_is_not() {
        let gap = |source: &str, from, to| Gap {
            source: source.to_owned(),
            from: EventTime(from),
            to: EventTime(to),
            reason: String::new(),
        };
        let heard = Heard {
            first: Some(EventTime(100)),
            until: Some(EventTime(200)),
            gaps: vec![gap("a", 120, 140), gap("b", 125, 145)],
            sources: 2,
        };
        for (from, to, wanted) in [
            (0, 100, Coverage::Nothing),
            (90, 110, Coverage::Part),
            (100, 120, Coverage::Whole),
            (119, 121, Coverage::Part),
            (121, 124, Coverage::Part),
            (125, 140, Coverage::Nothing),
            (141, 143, Coverage::Part),
            (150, 200, Coverage::Whole),
            (190, 210, Coverage::Part),
            (200, 210, Coverage::Nothing),
        ] {
            assert_eq!(heard.of(EventTime(from), EventTime(to)), wanted, "{from} to {to}");
        }
        assert_eq!(Heard::default().of(EventTime(0), EventTime(1)), Coverage::Nothing);
    }
}
