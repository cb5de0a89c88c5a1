//! How often may somebody guess? A few times at once, then now and then, counted by address and by
//! name, in bounded memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Guesses at once from one address.
const OF_PEER: u32 = 10;
/// Guesses at once at one name, wherever they come from.
const OF_NAME: u32 = 30;
/// After how long one more is allowed.
const LEAK: Duration = Duration::from_secs(20);
/// Addresses and names that are counted.
const KEYS_MAX: usize = 8_192;

/// Whose guesses are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Guesser {
    /// An address; of the sixth version, the network of a house.
    Peer(IpAddr),
    /// The hash of a name.
    Name([u8; 16]),
}

impl Guesser {
    pub(super) fn peer(address: IpAddr) -> Self {
        Self::Peer(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            v4 => v4,
        })
    }

    pub(super) fn name(name: &str) -> Self {
        let hash = blake3::hash(name.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(hash.as_bytes().first_chunk::<16>().unwrap_or(&[0; 16]));
        Self::Name(first)
    }

    fn most(self) -> u32 {
        match self {
            Self::Peer(_) => OF_PEER,
            Self::Name(_) => OF_NAME,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    guesses: u32,
    /// Up to when they have been forgotten, one each [`LEAK`].
    at: Instant,
}

impl Count {
    fn leak(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs() / LEAK.as_secs();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.guesses = self.guesses.saturating_sub(passed);
        self.at = if self.guesses == 0 { now } else { self.at + LEAK * passed };
    }
}

/// Guesses of late.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Guesser, Count>>);

impl Throttle {
    /// Counts a guess made now before it is looked at, so that many at once are counted, too.
    ///
    /// # Errors
    /// After how many seconds one may be made, if none may now.
    pub(super) fn begin(&self, who: &[Guesser], now: Instant) -> Result<(), u64> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for guesser in who {
            if let Some(count) = counts.get_mut(guesser) {
                count.leak(now);
                if count.guesses >= guesser.most() {
                    let next = (count.at + LEAK).saturating_duration_since(now);
                    return Err(next.as_secs().max(1));
                }
            }
        }
        for guesser in who {
            if counts.len() >= KEYS_MAX && !counts.contains_key(guesser) {
                make_room(&mut counts, now);
            }
            counts.entry(*guesser).or_insert(Count { guesses: 0, at: now }).guesses += 1;
        }
        Ok(())
    }

    /// The guess was right: it and what was mistyped before it count no more.
    pub(super) fn forgive(&self, who: &[Guesser]) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for guesser in who {
            counts.remove(guesser);
        }
    }
}

/// Forgets who has been forgiven by time; else the one who guessed least.
fn make_room(counts: &mut HashMap<Guesser, Count>, now: Instant) {
    counts.retain(|_, count| {
        count.leak(now);
        count.guesses > 0
    });
    if counts.len() >= KEYS_MAX
        && let Some(least) =
            counts.iter().min_by_key(|(_, count)| (count.guesses, count.at)).map(|(key, _)| *key)
    {
        counts.remove(&least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_few_at_once_and_then_now_and_then() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let who = [Guesser::peer("10.0.0.1".parse().expect("an address"))];
        let allowed = |now| (0..50).filter(|_| throttle.begin(&who, now).is_ok()).count();
        assert_eq!(allowed(start), OF_PEER as usize);
        assert!(throttle.begin(&who, start).is_err_and(|wait_s| wait_s <= LEAK.as_secs()));
        assert_eq!(allowed(start + LEAK * 3), 3);
        throttle.forgive(&who);
        assert!(throttle.begin(&who, start + LEAK * 3).is_ok());
    }

    #[test]
    fn many_addresses_take_bounded_memory_and_do_not_free_the_worst() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let worst = [Guesser::peer("10.0.0.1".parse().expect("an address"))];
        while throttle.begin(&worst, now).is_ok() {}
        for number in 0..20_000_u32 {
            let other = Guesser::Peer(IpAddr::V4((0x0b00_0000 + number).into()));
            let _ = throttle.begin(&[other], now);
        }
        assert!(throttle.0.lock().expect("a lock").len() <= KEYS_MAX);
        assert!(throttle.begin(&worst, now).is_err());
    }
}
