//! How do posts come from Bluesky's Jetstream? Over a WebSocket, asked to go on from a cursor.
//!
//! After a fault it is asked for what came a few seconds before the last frame, since servers drop
//! and reorder at the hand-over; the engine drops what it has seen.

mod remark;
mod settings;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::health::Gap;
use super::source::{Fault, Outlet, Source};
use super::transport::{Incoming, MESSAGE_BYTES_MAX, WebSocket};
use crate::decode::Cursor;
use crate::decode::Decoder;
use crate::decode::{Parcel, Refused};
use crate::system::wall_clock;
use crate::time::{EventTime, MINUTE_US, SECOND_US};
use remark::remark;
pub use settings::JetstreamSettings;
pub(super) use settings::configure;

/// Frames per parcel.
const PARCEL_FRAMES_MAX: usize = 1_024;
/// How far before the last frame to go on after a reconnection.
const REWIND_US: i64 = 5 * SECOND_US;
/// For how long servers keep what they sent, at least.
const KEPT_US: i64 = 24 * 60 * MINUTE_US;
/// How begin frames that were compressed with zstd.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Where to go on, as a cursor keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Jetstream's `time_us` of the latest frame, in microseconds since the Unix epoch.
    time_us: i64,
}

/// One Jetstream server.
#[derive(Debug)]
pub struct Jetstream {
    url: String,
    decoder: Decoder,
    /// The latest frame; `None` begins with what is sent from now on.
    place: Option<Place>,
    parcel: Parcel,
    /// What the server said is wrong.
    remark: Option<String>,
}

impl Jetstream {
    /// The server at an address without a cursor.
    #[must_use]
    pub fn new(url: String, decoder: Decoder, cursor: Option<Cursor>) -> Self {
        let parcel = Parcel::new(decoder.source());
        let place = cursor.as_ref().and_then(Cursor::read);
        Self { url, decoder, place, parcel, remark: None }
    }

    async fn dial(&mut self, outlet: &Outlet) -> Result<WebSocket, Fault> {
        let url = with_query(&self.url, self.place);
        let dialed = tokio::select! {
            dialed = WebSocket::dial(&url) => dialed,
            () = outlet.closing() => return Err(Fault::Closed),
        };
        dialed.map_err(|refusal| {
            // The second version of the server says what the first one passes over.
            if refusal.reason.contains("CursorTooOld")
                && let Some(place) = self.place.take()
            {
                outlet.gap(too_old(place, EventTime(wall_clock().0)));
                return Fault::external(refusal.reason);
            }
            refusal.fault()
        })
    }

    async fn receive(&mut self, mut socket: WebSocket, outlet: &Outlet) -> Result<(), Fault> {
        let mut asked = self.place;
        loop {
            let filled = tokio::select! {
                filled = socket.fill() => filled,
                () = outlet.closing() => {
                    socket.close().await;
                    return Err(Fault::Closed);
                }
            };
            let ended = match filled {
                Ok(()) => self.take_all(&mut socket, outlet).await.err(),
                Err(reason) => Some(self.lost(&reason)),
            };
            if let (Some(before), Some(time_us)) = (asked, self.parcel.reached_us) {
                if is_cut_off(before.time_us, time_us, wall_clock().0) {
                    outlet.gap(too_old(before, EventTime(time_us)));
                }
                asked = None;
            }
            self.hand_over(outlet).await?;
            if let Some(fault) = ended {
                return Err(fault);
            }
        }
    }

    /// Takes all that is there, up to a parcel.
    async fn take_all(&mut self, socket: &mut WebSocket, outlet: &Outlet) -> Result<(), Fault> {
        loop {
            match socket.next() {
                Ok(Some(Incoming::Message(bytes))) => {
                    if bytes.starts_with(ZSTD) {
                        return Err(compressed());
                    }
                    self.decode(bytes, outlet);
                }
                Ok(Some(Incoming::TooLarge(length))) => self.parcel.refused.push(Refused {
                    reason: format!(
                        "a frame of {length} bytes; at most {MESSAGE_BYTES_MAX} are taken"
                    ),
                    raw: Vec::new(),
                }),
                Ok(Some(Incoming::Ping(payload))) => {
                    socket.pong(&payload).await.map_err(|reason| self.lost(&reason))?;
                }
                Ok(Some(Incoming::Pong)) => {}
                Ok(Some(Incoming::Close(why))) => {
                    return Err(self.lost(&format!("the server closed {why}")));
                }
                Ok(None) if self.parcel.events.len() >= PARCEL_FRAMES_MAX => return Ok(()),
                Ok(None) => match socket.fill_now() {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    Err(reason) => return Err(self.lost(&reason)),
                },
                Err(reason) => return Err(self.lost(&reason)),
            }
        }
    }

    fn decode(&mut self, bytes: &[u8], outlet: &Outlet) {
        let before = (self.parcel.refused.len(), self.parcel.ignored);
        self.decoder.set_now(wall_clock());
        self.decoder.decode(bytes, &mut self.parcel);
        if before == (self.parcel.refused.len(), self.parcel.ignored) {
            return;
        }
        if let Some(said) = remark(bytes) {
            outlet.remark(&said);
            if let Some(refused) = self.parcel.refused.get_mut(before.0) {
                refused.reason = format!("the server says: {said}");
            }
            self.remark = Some(said);
        }
    }

    /// A connection that ended, with what the server said before.
    fn lost(&mut self, reason: &str) -> Fault {
        match self.remark.take() {
            Some(said) => Fault::external(format!("{reason}, having said: {said}")),
            None => Fault::external(reason),
        }
    }

    async fn hand_over(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        if let Some(reached_us) = self.parcel.reached_us
            && reached_us <= wall_clock().0 + MINUTE_US
        {
            // Servers send frames out of order: a cursor that went back would make them send
            // everything again, one of next year would make them send nothing.
            let before = self.place.map_or(i64::MIN, |place| place.time_us);
            let latest = Place { time_us: reached_us.max(before) };
            self.place = Some(latest);
            self.parcel.cursor = Some(Cursor::of(&latest));
        }
        if self.parcel.is_empty() { Ok(()) } else { outlet.send(self.parcel.take()).await }
    }
}

#[async_trait]
impl Source for Jetstream {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let socket = self.dial(outlet).await?;
        outlet.up();
        self.receive(socket, outlet).await
    }
}

fn compressed() -> Fault {
    Fault::user(
        "the server sends compressed frames, which cannot be read",
        "remove compress=true from the url of this source",
    )
}

/// Whether a server began later than it was asked to, since it does not keep as much.
///
/// A server that is played back from an archive says times of long ago and is not meant.
fn is_cut_off(asked_us: i64, first_us: i64, now_us: i64) -> bool {
    now_us - asked_us > KEPT_US
        && first_us - asked_us > MINUTE_US
        && now_us - first_us < 2 * KEPT_US
}

fn too_old(place: Place, to: EventTime) -> Gap {
    Gap {
        from: EventTime(place.time_us).to_string(),
        to: to.to_string(),
        reason: "the server does not keep what it sent before".to_owned(),
    }
}

/// Adds the cursor, and the largest frame that we take.
fn with_query(url: &str, place: Option<Place>) -> String {
    let mut url = url.to_owned();
    let mut add = |name: &str, value: String| {
        if !url.contains(&format!("{name}=")) {
            let join = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{join}{name}={value}");
        }
    };
    add("maxMessageSizeBytes", MESSAGE_BYTES_MAX.to_string());
    if let Some(Place { time_us }) = place {
        add("cursor", time_us.saturating_sub(REWIND_US).max(0).to_string());
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_rewound_and_the_users_query_kept() {
        let place = Some(Place { time_us: 10_000_000 });
        let rows = [
            ("ws://h/subscribe", None, "ws://h/subscribe?maxMessageSizeBytes=1048576"),
            ("ws://h/s?a=b", place, "ws://h/s?a=b&maxMessageSizeBytes=1048576&cursor=5000000"),
            (
                "ws://h/s?cursor=7&maxMessageSizeBytes=0",
                place,
                "ws://h/s?cursor=7&maxMessageSizeBytes=0",
            ),
        ];
        for (url, place, want) in rows {
            assert_eq!(with_query(url, place), want);
        }
    }

    #[test]
    fn a_server_that_keeps_less_than_was_missed_leaves_a_gap() {
        let hour = 60 * MINUTE_US;
        let now = 1_772_366_400_000_000;
        let rows = [
            (now - 60 * hour, now - 36 * hour, true),
            (now - 60 * hour, now - 60 * hour, false),
            (now - 2 * hour, now - hour, false),
            (now - 9_000 * hour, now - 8_000 * hour, false),
        ];
        for (asked, first, gap) in rows {
            assert_eq!(is_cut_off(asked, first, now), gap);
        }
    }
}
