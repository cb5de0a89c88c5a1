//! What did people find out about verdicts? One file, a review a line, beside the tables.
//!
//! ```text
//! LAKE/_resonanz/reviews.jsonl   reviews in the order in which they were made
//! LAKE/_resonanz/reviews.lock    held while somebody looks and writes
//! ```
//!
//! Whoever corrects something holds the lock, sees what was said before, and adds a line, which is on the
//! disk before they are answered. So nobody overwrites what they have not seen, beside a process that writes
//! the lake and without one. A line that a kill cut off was never answered: the next writer takes it away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::turn::take;
use super::whole::write_whole;
use crate::intent::Intent;
use crate::post::Polarity;
use crate::system::{fresh_id, private_file};
use crate::time::{DAY_US, EventTime, rfc3339};

/// Longest file: some 50,000 reviews, which every query over them reads.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What a person found out about a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its identity.
    pub id: String,
    /// When it was made, by the wall clock.
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    /// Topic of the mention.
    pub topic: String,
    /// Its source.
    pub source: String,
    /// Its post.
    pub post_id: String,
    /// Keyed hash of its author, by which an erasure finds it.
    pub author: String,
    /// The number of this review among those of the mention, from 1.
    pub revision: u64,
    /// How the post is meant: `negative`, `neutral` or `positive`.
    #[serde(with = "word")]
    pub polarity: Polarity,
    /// Whether it speaks of the topic at all.
    pub relevant: bool,
    /// The verdict before it, of the scorer or of an earlier review.
    #[serde(with = "word")]
    pub was: Polarity,
    /// Whether somebody judged the verdict, here or before; those who spoke of intents alone did not.
    #[serde(default = "yes")]
    pub judged: bool,
    /// What its writer wants, nothing too; `None` where nobody said.
    #[serde(default, with = "wants", skip_serializing_if = "Option::is_none")]
    pub intents: Option<Vec<Intent>>,
    /// Version of the scorer whose verdict the mention has.
    pub scorer: String,
    /// Why.
    pub note: Option<String>,
    /// Who says so.
    pub reviewed_by: String,
}

/// Reviews of versions that did not note it judged the verdict, too.
fn yes() -> bool {
    true
}

/// The verdict of this name.
#[must_use]
pub fn verdict(name: &str) -> Option<Polarity> {
    [Polarity::Negative, Polarity::Neutral, Polarity::Positive]
        .into_iter()
        .find(|polarity| polarity.as_str() == name)
}

mod word {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::post::Polarity;

    pub(super) fn serialize<S: Serializer>(polarity: &Polarity, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(polarity.as_str())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Polarity, D::Error> {
        let word = String::deserialize(from)?;
        super::verdict(&word)
            .ok_or_else(|| D::Error::custom(format!("\"{word}\" is not a verdict")))
    }
}

mod wants {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::intent::Intent;

    pub(super) fn serialize<S: Serializer>(
        intents: &Option<Vec<Intent>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let names = intents.iter().flatten().map(|intent| intent.as_str());
        to.collect_seq(names)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<Option<Vec<Intent>>, D::Error> {
        let intent = |name: &String| {
            Intent::parse(name)
                .ok_or_else(|| D::Error::custom(format!("\"{name}\" is not an intent")))
        };
        let names = Vec::<String>::deserialize(from)?;
        names.iter().map(intent).collect::<Result<_, _>>().map(Some)
    }
}

/// The reviews of a lake.
#[derive(Debug, Clone)]
pub struct Reviews {
    path: PathBuf,
    lock: PathBuf,
    /// The address of a bucket that was opened without its state folder: there are none then.
    stateless: Option<PathBuf>,
}

/// Nobody else looks and writes while it lives.
#[derive(Debug)]
pub struct ReviewsLock {
    _held: File,
}

impl Reviews {
    /// Those of a lake.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        let stateless = (!home.has_state()).then(|| home.root().to_owned());
        Self { path: home.own("reviews.jsonl"), lock: home.own("reviews.lock"), stateless }
    }

    /// A new identity of a review.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub fn fresh_id(&self) -> Result<String, StateError> {
        fresh_id("rev").map_err(io_error(&self.path))
    }

    /// All reviews, in the order in which they were made.
    ///
    /// # Errors
    /// When the file cannot be read, or a whole line of it is none of ours.
    pub fn all(&self) -> Result<Vec<Review>, StateError> {
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            bytes => bytes.map_err(io_error(&self.path))?,
        };
        let lines = bytes.get(..whole(&bytes)).unwrap_or_default().split(|byte| *byte == b'\n');
        let lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
        let read = |(number, line): (usize, &[u8])| {
            serde_json::from_slice(line).map_err(|error| StateError::Damaged {
                path: self.path.clone(),
                what: format!("line {number}: {error}"),
            })
        };
        lines.map(read).collect()
    }

    /// How long the file is.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// Waits until nobody else looks and writes. Blocks the thread, at most ten seconds.
    ///
    /// # Errors
    /// When the lock cannot be had.
    pub fn lock(&self) -> Result<ReviewsLock, StateError> {
        if let Some(path) = &self.stateless {
            return Err(StateError::NoState { path: path.clone() });
        }
        Ok(ReviewsLock { _held: take(&self.lock)? })
    }

    /// Notes a review, durably.
    ///
    /// # Errors
    /// When the file has 16 MiB already, or the disk refuses.
    pub fn add(&self, review: &Review, _lock: &ReviewsLock) -> Result<(), StateError> {
        let mut line = serde_json::to_vec(review)
            .map_err(|error| io_error(&self.path)(io::Error::other(error)))?;
        line.push(b'\n');
        let write = || {
            if !self.path.exists() {
                private_file(&self.path)?;
                // The file's name is as durable as what it holds.
                if let Some(folder) = self.path.parent() {
                    File::open(folder)?.sync_all()?;
                }
            }
            let bytes = fs::read(&self.path)?;
            if bytes.len() as u64 > FILE_BYTES_MAX {
                return Err(io::Error::other("it has reached 16 MiB"));
            }
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            file.set_len(whole(&bytes) as u64)?;
            file.write_all(&line)?;
            file.sync_all()
        };
        write().map_err(io_error(&self.path))
    }

    /// Keeps what `change` makes of each review: `None` takes it away. Says how many changed or went.
    ///
    /// # Errors
    /// When the lock cannot be had, or the file cannot be read or written.
    pub fn rewrite(&self, change: impl Fn(&Review) -> Option<Review>) -> Result<usize, StateError> {
        if self.stateless.is_some() || !self.path.exists() {
            return Ok(0);
        }
        let _lock = self.lock()?;
        let before = self.all()?;
        let after: Vec<Option<Review>> = before.iter().map(change).collect();
        let same = |(was, is): &(&Review, &Option<Review>)| is.as_ref() == Some(*was);
        let changed = before.iter().zip(&after).filter(|pair| !same(pair)).count();
        if changed == 0 {
            return Ok(0);
        }
        let mut bytes = Vec::new();
        for review in after.iter().flatten() {
            serde_json::to_writer(&mut bytes, review)
                .map_err(|error| io_error(&self.path)(io::Error::other(error)))?;
            bytes.push(b'\n');
        }
        write_whole(&self.path, &bytes)?;
        Ok(changed)
    }

    /// Ends the keeping of reviews and their notes after so many days.
    ///
    /// # Errors
    /// As [`Reviews::rewrite`].
    pub fn retain(
        &self,
        days: Option<i32>,
        note_days: Option<i32>,
        now: EventTime,
    ) -> Result<usize, StateError> {
        let over = |at: EventTime, days: Option<i32>| {
            days.is_some_and(|days| now.since(at) > i64::from(days).saturating_mul(DAY_US))
        };
        self.rewrite(|review| {
            let mut kept = review.clone();
            if over(review.at, note_days) {
                kept.note = None;
            }
            (!over(review.at, days)).then_some(kept)
        })
    }
}

/// How many bytes are whole lines.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the test damages the file")]
    fn a_line_that_a_kill_cut_off_is_nothing_and_gives_way_to_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, lock) =
            (folder.path().join("reviews.jsonl"), folder.path().join("reviews.lock"));
        let reviews = Reviews { path: path.clone(), lock, stateless: None };
        let review = |revision| Review {
            id: format!("rev_{revision}"),
            at: EventTime(1_772_366_400_000_000),
            topic: "acme".to_owned(),
            source: "s".to_owned(),
            post_id: "1".to_owned(),
            author: String::new(),
            revision,
            polarity: Polarity::Neutral,
            relevant: true,
            was: Polarity::Negative,
            judged: true,
            intents: None,
            scorer: "x".to_owned(),
            note: Some("line\nbreak".to_owned()),
            reviewed_by: "Mara".to_owned(),
        };
        let lock = reviews.lock().expect("free");
        reviews.add(&review(1), &lock).expect("written");
        let whole = fs::read(&path).expect("a file");
        for cut in 1..whole.len() {
            fs::write(&path, [&whole[..], &whole[..cut]].concat()).expect("written");
            assert_eq!(reviews.all().expect("readable"), [review(1)], "{cut}");
            reviews.add(&review(2), &lock).expect("written");
            assert_eq!(reviews.all().expect("readable"), [review(1), review(2)], "{cut}");
        }
        drop(lock);
        let now = EventTime(1_772_366_400_000_000 + 400 * DAY_US);
        assert_eq!(reviews.retain(None, Some(365), now).expect("written"), 2);
        assert!(reviews.all().expect("readable").iter().all(|review| review.note.is_none()));
        assert_eq!(reviews.retain(Some(399), None, now).expect("written"), 2);
        assert_eq!(reviews.all().expect("readable"), []);
    }
}
