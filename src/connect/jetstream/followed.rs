//! Which mentions are looked up, and when next? A cursor holds the latest of them over restarts, sealed:
//! their addresses name accounts, which nobody is to read without the key of the author hashes.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::decode::AuthorHasher;
use crate::time::{EventTime, SECOND_US};

/// Posts that are followed; beyond, the one that can wait longest leaves.
const FOLLOWED_MAX: usize = 10_000;
/// Those that a cursor holds, which each commit writes.
const KEPT_MAX: usize = 2_000;
/// Bytes that they may unpack to.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// By when a post is due, and its address.
pub(super) type Due = (EventTime, Box<str>);

/// What is known of a post that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Followed {
    /// When the server saw it.
    pub(super) since: EventTime,
    /// Looks that were taken.
    pub(super) looks: usize,
    /// What was handed over last.
    pub(super) engagement: u64,
}

/// The same as a cursor keeps it: when it was seen, in seconds, looks, engagement, address.
type Row = (i64, u8, u64, String);

/// The posts that are followed.
pub(super) struct Schedule {
    /// At which ages posts are looked up, the youngest first.
    ages_us: Vec<i64>,
    followed: BTreeMap<Due, Followed>,
    /// `None` where there is no key to seal under, and a cursor holds nothing.
    seal: Option<RandomizedNonceKey>,
    /// As a cursor holds it; `None` after a change.
    sealed: Option<String>,
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").field("followed", &self.followed.len()).finish_non_exhaustive()
    }
}

impl Schedule {
    /// One without posts.
    pub(super) fn new(ages_us: Vec<i64>, authors: &AuthorHasher) -> Self {
        let key = authors.sealing_key();
        let seal = key.and_then(|key| RandomizedNonceKey::new(&AES_256_GCM, &key).ok());
        Self { ages_us, followed: BTreeMap::new(), seal, sealed: None }
    }

    /// Follows a post from its next age on.
    pub(super) fn follow(&mut self, uri: Box<str>, followed: Followed) {
        let Some(age_us) = self.ages_us.get(followed.looks) else { return };
        self.sealed = None;
        self.followed.insert((followed.since.shift(*age_us), uri), followed);
        if self.followed.len() > FOLLOWED_MAX {
            self.followed.pop_last();
        }
    }

    /// Goes on to the next age of a post, past those that went by meanwhile.
    pub(super) fn looked(&mut self, due: Due, followed: Followed, now: EventTime) {
        self.sealed = None;
        self.followed.remove(&due);
        let age_us = now.since(followed.since);
        let passed = self.ages_us.iter().filter(|age| **age <= age_us).count();
        self.follow(due.1, Followed { looks: passed.max(followed.looks + 1), ..followed });
    }

    /// When the next post is due.
    pub(super) fn next(&self) -> Option<EventTime> {
        self.followed.first_key_value().map(|((due, _), _)| *due)
    }

    /// The posts that are due, `most` of them.
    pub(super) fn due(&self, now: EventTime, most: usize) -> Vec<(Due, Followed)> {
        let due = self.followed.iter().take_while(|((due, _), _)| *due <= now).take(most);
        due.map(|(due, followed)| (due.clone(), *followed)).collect()
    }

    /// What a cursor is to hold; `None` for nothing.
    pub(super) fn sealed(&mut self) -> Option<&str> {
        if self.followed.is_empty() {
            return None;
        }
        if self.sealed.is_none() {
            self.sealed = self.seal.as_ref().and_then(|seal| closed(&self.followed, seal));
        }
        self.sealed.as_deref()
    }

    /// Follows again what a cursor holds. What was sealed under another key says nothing.
    pub(super) fn unseal(&mut self, sealed: &str) {
        let rows = self.seal.as_ref().and_then(|seal| opened(sealed, seal));
        for (since_s, looks, engagement, uri) in rows.unwrap_or_default() {
            let since = EventTime(since_s.saturating_mul(SECOND_US));
            self.follow(uri.into(), Followed { since, looks: looks.into(), engagement });
        }
    }
}

fn closed(followed: &BTreeMap<Due, Followed>, seal: &RandomizedNonceKey) -> Option<String> {
    let row = |((_, uri), followed): (&Due, &Followed)| -> Row {
        let since_s = followed.since.0.div_euclid(SECOND_US);
        let looks = u8::try_from(followed.looks).unwrap_or(u8::MAX);
        (since_s, looks, followed.engagement, uri.to_string())
    };
    let rows: Vec<Row> = followed.iter().take(KEPT_MAX).map(row).collect();
    let mut bytes = zstd::bulk::compress(&postcard::to_stdvec(&rows).ok()?, 1).ok()?;
    let nonce = seal.seal_in_place_append_tag(Aad::empty(), &mut bytes).ok()?;
    bytes.extend_from_slice(nonce.as_ref());
    Some(STANDARD_NO_PAD.encode(bytes))
}

fn opened(sealed: &str, seal: &RandomizedNonceKey) -> Option<Vec<Row>> {
    let mut bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
    let nonce: [u8; NONCE_LEN] = *bytes.last_chunk()?;
    bytes.truncate(bytes.len() - NONCE_LEN);
    let packed = seal.open_in_place(Nonce::from(&nonce), Aad::empty(), &mut bytes).ok()?;
    postcard::from_bytes(&zstd::bulk::decompress(packed, KEPT_BYTES_MAX).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * SECOND_US;

    fn new(key: u8) -> Schedule {
        Schedule::new(vec![MINUTE, 10 * MINUTE], &AuthorHasher::new([key; 32]))
    }

    fn followed(since: i64, looks: usize) -> Followed {
        Followed { since: EventTime(since), looks, engagement: 7 }
    }

    #[test]
    fn what_a_cursor_holds_is_followed_again_and_says_nothing_to_others() {
        let mut before = new(1);
        assert_eq!(before.sealed(), None);
        before.follow("at://did:plc:ada/app.bsky.feed.post/1".into(), followed(0, 0));
        before.follow("at://did:plc:bob/app.bsky.feed.post/2".into(), followed(MINUTE, 1));
        let sealed = before.sealed().expect("a text").to_owned();
        assert!(!sealed.contains("plc"));
        let mut after = new(1);
        after.unseal(&sealed);
        assert_eq!(after.followed, before.followed);
        for other in ["", "garbage", sealed.get(1..).unwrap_or_default()] {
            let mut after = new(1);
            after.unseal(other);
            assert_eq!(after.next(), None, "{other}");
        }
        let mut stranger = new(2);
        stranger.unseal(&sealed);
        assert_eq!(stranger.next(), None);
    }

    #[test]
    fn each_age_comes_once_and_what_passed_meanwhile_is_not_made_up_for() {
        let mut schedule = new(1);
        schedule.follow("a".into(), followed(0, 0));
        assert_eq!(schedule.due(EventTime(MINUTE - 1), 9), []);
        let due = schedule.due(EventTime(MINUTE), 9);
        assert_eq!(due.len(), 1);
        for (due, followed) in due {
            schedule.looked(due, followed, EventTime(2 * MINUTE));
        }
        assert_eq!(schedule.next(), Some(EventTime(10 * MINUTE)));
        for (due, followed) in schedule.due(EventTime(60 * MINUTE), 9) {
            schedule.looked(due, followed, EventTime(60 * MINUTE));
        }
        assert_eq!(schedule.next(), None);
        let mut late = new(1);
        late.follow("a".into(), followed(0, 0));
        for (due, followed) in late.due(EventTime(60 * MINUTE), 9) {
            late.looked(due, followed, EventTime(60 * MINUTE));
        }
        assert_eq!(late.next(), None, "one look for both ages");
    }

    #[test]
    fn the_number_is_bounded_and_those_due_first_stay() {
        let mut schedule = new(1);
        for at in 0..FOLLOWED_MAX + 9 {
            let since = i64::try_from(at).expect("small") * SECOND_US;
            schedule.follow(format!("at://did:plc:{at:024}/p/1").into(), followed(since, 0));
        }
        assert_eq!(schedule.followed.len(), FOLLOWED_MAX);
        assert_eq!(schedule.next(), Some(EventTime(MINUTE)));
        let mut after = new(1);
        let sealed = schedule.sealed().expect("a text").to_owned();
        after.unseal(&sealed);
        assert_eq!((after.followed.len(), after.next()), (KEPT_MAX, schedule.next()));
    }
}
