//! What does a connector hand over? Events with the cursor that stands behind them.

use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use crate::post::{Event, SourceId};
use crate::time::EventTime;

/// Events of a full parcel.
const EVENTS_MAX: usize = 1_024;
/// Frames of one, likes and refusals included.
const FRAMES_MAX: usize = 8 * EVENTS_MAX;
/// Bytes of texts and refusals of one.
const BYTES_MAX: usize = 1 << 20;

/// Bytes that are no post; kept in the dead-letter file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why, in words that name what was found.
    pub reason: String,
    /// What was received, cut to 64 KiB.
    pub raw: Vec<u8>,
}

/// What somebody holds who waits until a parcel is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number, unique in the process.
    pub number: u64,
    /// A hash of the key under which the same may be asked again, if its sender gave one.
    pub key: Option<[u8; 16]>,
    /// A hash of what was sent, which tells another request under the same key.
    pub body: [u8; 8],
    /// When it came.
    pub at: EventTime,
    /// What became of the events.
    pub landed: Landed,
}

/// What became of the events of a parcel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// New posts, new versions and withdrawals.
    pub taken: u64,
    /// Posts that were there.
    pub duplicates: u64,
    /// Posts that were erased before, or whose authors were.
    pub erased: u64,
}

/// A run of events from one source.
#[derive(Debug)]
pub struct Parcel {
    /// From where.
    pub source: SourceId,
    /// What happened, in order of reception.
    pub events: Vec<Event>,
    /// What could not be understood.
    pub refused: Vec<Refused>,
    /// Frames of a kind that is never a post, such as likes.
    pub ignored: u64,
    /// Texts that were cut.
    pub cut: u64,
    /// Posts with a field that could not be read as it stands, and was left unknown or mended.
    pub mended: u64,
    /// The latest time that the wire itself tells, in microseconds since the Unix epoch.
    pub reached_us: Option<i64>,
    /// Where to go on once all this is durable.
    pub cursor: Option<Cursor>,
    /// Given back, filled in, once all this is durable, if somebody waits for it.
    pub ticket: Option<Ticket>,
    /// Frames that were understood or refused, and bytes of what is kept of them.
    frames: usize,
    bytes: usize,
}

impl Parcel {
    /// An empty parcel.
    #[must_use]
    pub fn new(source: &SourceId) -> Self {
        Self {
            source: source.clone(),
            events: Vec::new(),
            refused: Vec::new(),
            ignored: 0,
            cut: 0,
            mended: 0,
            reached_us: None,
            cursor: None,
            ticket: None,
            frames: 0,
            bytes: 0,
        }
    }

    /// Adds an event.
    pub fn tell(&mut self, event: Event) {
        self.frames += 1;
        self.bytes += event.text_bytes();
        self.events.push(event);
    }

    /// Adds what could not be understood.
    pub fn refuse(&mut self, reason: String, raw: Vec<u8>) {
        self.frames += 1;
        self.bytes += reason.len() + raw.len();
        self.refused.push(Refused { reason, raw });
    }

    /// Adds something that is no post by nature.
    pub fn ignore(&mut self) {
        self.frames += 1;
        self.ignored += 1;
    }

    /// Whether it is to be handed over before anything is added, whatever more there is: many of them
    /// wait for the engine.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.events.len() >= EVENTS_MAX || self.frames >= FRAMES_MAX || self.bytes >= BYTES_MAX
    }

    /// Notes lines that were skipped because of their length.
    pub fn refuse_long_lines(&mut self, skipped: u64) {
        for _ in 0..skipped {
            let reason = "a line longer than 16 MiB".to_owned();
            self.refuse(reason, Vec::new());
        }
    }

    /// Whether nothing came, not even something to ignore.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.refused.is_empty() && self.ignored == 0
    }

    /// The same in parcels of bounded length, of what was read at once; what is counted, and the cursor,
    /// come with the last.
    pub fn pieces(mut self) -> impl Iterator<Item = Self> {
        let source = self.source.clone();
        let mut events = std::mem::take(&mut self.events).into_iter();
        let mut refused = std::mem::take(&mut self.refused).into_iter();
        let mut whole = Some(self);
        std::iter::from_fn(move || {
            let mut piece = Self::new(&source);
            piece.events.extend(events.by_ref().take(FRAMES_MAX));
            piece.refused.extend(refused.by_ref().take(FRAMES_MAX));
            if events.len() + refused.len() > 0 {
                return Some(piece);
            }
            let Self { events, refused, .. } = piece;
            whole.take().map(|whole| Self { events, refused, ..whole })
        })
    }

    /// Takes what is there and leaves an empty parcel of the same source.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let fresh = Self::new(&self.source);
        std::mem::replace(self, fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_comes_in_pieces_and_the_place_behind_all_of_it() {
        let lengths = |refusals: usize| {
            let mut parcel = Parcel::new(&SourceId::new("s"));
            for number in 0..refusals {
                parcel.refuse(number.to_string(), Vec::new());
            }
            (parcel.ignored, parcel.cursor) = (7, Some(Cursor::of(&1)));
            let pieces: Vec<Parcel> = parcel.pieces().collect();
            let (last, before) = pieces.split_last().expect("at least one");
            assert!(before.iter().all(|piece| piece.cursor.is_none() && piece.ignored == 0));
            assert_eq!((last.ignored, last.cursor.is_some()), (7, true));
            let all = pieces.iter().flat_map(|piece| &piece.refused);
            assert!(all.enumerate().all(|(number, one)| one.reason == number.to_string()));
            pieces.iter().map(|piece| piece.refused.len()).collect::<Vec<_>>()
        };
        assert_eq!(lengths(0), [0]);
        assert_eq!(lengths(FRAMES_MAX), [FRAMES_MAX]);
        assert_eq!(lengths(2 * FRAMES_MAX + 1), [FRAMES_MAX, FRAMES_MAX, 1]);
    }
}
