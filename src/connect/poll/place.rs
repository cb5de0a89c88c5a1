//! Where does a source go on, and which posts does it still follow? What its cursor holds.

use serde::{Deserialize, Serialize};

use super::budget::Spent;
use crate::connect::transport::Validators;
use crate::post::Post;
use crate::time::{EventTime, SECOND_US};

/// Most posts that are followed for edits and deletes.
const KNOWN_MAX: usize = 500;
/// Longest id that is followed, in bytes.
const ID_BYTES_MAX: usize = 200;
/// How often a post must be absent from a whole answer before it counts as deleted.
pub(super) const ABSENT_MIN: u8 = 2;

/// What a cursor holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Which question it belongs to; another one begins anew.
    #[serde(default)]
    pub(super) question: u64,
    /// When the newest post was written, in microseconds.
    #[serde(default)]
    pub(super) newest_us: Option<i64>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) newest: Option<String>,
    /// What the platform calls the answer that came last.
    #[serde(flatten)]
    pub(super) validators: Validators,
    /// What was asked for today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) spent: Option<Spent>,
    /// The posts that are followed, in no order.
    #[serde(default)]
    pub(super) known: Vec<Known>,
}

/// A post that is followed; ids that name somebody never are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) posted_s: i64,
    /// Of its text.
    pub(super) print: u32,
    /// The mapping that read it.
    pub(super) of: usize,
    /// Rechecks that were done.
    pub(super) step: u8,
    /// Times that it was absent in a row.
    pub(super) absent: u8,
    pub(super) engagement: u64,
}

/// The same as the cursor writes it.
type Row = (String, i64, u32, usize, u8, u8, u64);

impl From<Row> for Known {
    fn from((id, posted_s, print, of, step, absent, engagement): Row) -> Self {
        Self { id, posted_s, print, of, step, absent, engagement }
    }
}

impl From<Known> for Row {
    fn from(known: Known) -> Self {
        let Known { id, posted_s, print, of, step, absent, engagement } = known;
        (id, posted_s, print, of, step, absent, engagement)
    }
}

/// What a post is to one that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Not seen before.
    New,
    /// Its text, or what people made of it, changed.
    Changed,
    /// As it was.
    Same,
}

impl Place {
    /// Takes note of a post; what is news about it.
    pub(super) fn note(&mut self, id: &str, of: usize, post: &Post, now: EventTime) -> News {
        let (print, engagement) = (print_of(&post.text), post.engagement.unwrap_or(0));
        // A date in the future would hide what is written before it comes.
        let posted = post.posted_at.min(now);
        let newest_us = self.newest_us.map_or(posted.0, |newest| newest.max(posted.0));
        if self.newest_us != Some(newest_us) {
            let is_plain = *post.id == *id && id.len() <= ID_BYTES_MAX;
            (self.newest_us, self.newest) = (Some(newest_us), is_plain.then(|| id.to_owned()));
        }
        if let Some(known) = self.known.iter_mut().find(|known| known.id == id) {
            known.absent = 0;
            let grown = engagement >= known.engagement.saturating_mul(2).max(5);
            if known.print == print && !grown {
                return News::Same;
            }
            (known.print, known.engagement) = (print, engagement);
            return News::Changed;
        }
        if *post.id != *id || id.len() > ID_BYTES_MAX {
            return News::New;
        }
        if self.known.len() >= KNOWN_MAX {
            let oldest = (0..self.known.len()).min_by_key(|&at| self.known[at].posted_s);
            oldest.map(|oldest| self.known.swap_remove(oldest));
        }
        let posted_s = posted.0.div_euclid(SECOND_US);
        let id = id.to_owned();
        self.known.push(Known { id, posted_s, print, of, step: 0, absent: 0, engagement });
        News::New
    }

    /// Stops following a post; whether it was followed.
    pub(super) fn forget(&mut self, id: &str) -> bool {
        let place = self.known.iter().position(|known| known.id == id);
        place.map(|place| self.known.swap_remove(place)).is_some()
    }

    /// Where a look begins.
    pub(super) fn since(&self, now: EventTime, back_us: i64, overlap_us: i64) -> EventTime {
        match self.newest_us {
            Some(newest_us) => EventTime(newest_us).shift(-overlap_us),
            None => now.shift(-back_us),
        }
    }
}

impl Known {
    /// Whether the next of its rechecks is due.
    pub(super) fn is_due(&self, ages_us: &[i64], now: EventTime) -> bool {
        let age_us = now.since(EventTime(self.posted_s.saturating_mul(SECOND_US)));
        self.absent > 0 || ages_us.get(usize::from(self.step)).is_some_and(|due| age_us >= *due)
    }

    /// Takes note that it was asked for: ages that passed meanwhile are not made up for.
    pub(super) fn rechecked(&mut self, ages_us: &[i64], now: EventTime) {
        let age_us = now.since(EventTime(self.posted_s.saturating_mul(SECOND_US)));
        let passed = ages_us.iter().filter(|due| age_us >= **due).count();
        self.step = u8::try_from(passed).unwrap_or(u8::MAX);
    }
}

fn print_of(text: &str) -> u32 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |first| u32::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{ArchiveLine, Cursor};
    use crate::post::SourceId;
    use crate::privacy::AuthorHasher;

    fn post(id: &str, text: &str) -> Post {
        let raw = format!(
            r#"{{"id":"{id}","author":"ann","text":"{text}","posted_at":"2026-03-01T12:00:00Z"}}"#
        );
        let line = ArchiveLine::parse(raw.as_bytes()).unwrap_or_else(|why| unreachable!("{why}"));
        line.into_post(SourceId::new("s"), &AuthorHasher::new([1; 32]))
    }

    #[test]
    fn posts_are_told_as_new_changed_or_the_same_and_their_number_is_bounded() {
        let now = EventTime::of_int(1_772_370_000).expect("a time");
        let mut place = Place::default();
        assert_eq!(place.note("1", 0, &post("1", "a"), now), News::New);
        assert_eq!(place.note("1", 0, &post("1", "a"), now), News::Same);
        assert_eq!(place.note("1", 0, &post("1", "b"), now), News::Changed);
        for id in 2..2_000 {
            place.note(&id.to_string(), 0, &post(&id.to_string(), "a"), now);
        }
        assert_eq!(place.known.len(), KNOWN_MAX);
        let read: Place = Cursor::of(&place).read().expect("a place");
        assert_eq!(read, place);
    }

    #[test]
    fn ids_that_name_their_author_are_not_kept() {
        let now = EventTime::of_int(1_772_370_000).expect("a time");
        let mut place = Place::default();
        let id = "https://h/@ann/1";
        assert_eq!(place.note(id, 0, &post(id, "a"), now), News::New);
        assert!(place.known.is_empty());
    }

    #[test]
    fn rechecks_come_at_their_ages_and_none_is_made_up_for() {
        let hour = 3_600 * SECOND_US;
        let ages = [hour, 6 * hour];
        let mut known = Known::from(("1".to_owned(), 0, 0, 0, 0, 0, 0));
        assert!(!known.is_due(&ages, EventTime(hour - 1)));
        assert!(known.is_due(&ages, EventTime(hour)));
        known.rechecked(&ages, EventTime(7 * hour));
        assert!(!known.is_due(&ages, EventTime(9 * hour)));
    }
}
