//! How do posts come from Bluesky's Jetstream? Over a WebSocket, asked to go on from a cursor.
//!
//! After a fault it is asked for what came a few seconds before the last frame, since servers drop
//! and reorder at the hand-over; the engine drops what it has seen. Both versions of the wire are
//! spoken, by the address.

mod address;
mod dictionary;
mod followed;
mod numbers;
mod place;
mod remark;
mod settings;
mod unpack;

use async_trait::async_trait;

use super::health::Gap;
use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use super::transport::{Incoming, MESSAGE_BYTES_MAX, WebSocket};
use crate::decode::{Cursor, Decoder, Parcel};
use crate::system::wall_clock;
use crate::time::{EventTime, MINUTE_US};
use address::{Asked, Wire, address};
use numbers::{Looking, Noting, numbers};
use place::{Kept, OLDEST_US, Place, Stuck, is_cut_off};
use remark::{Remark, remark};
pub use settings::{JetstreamSettings, NumbersSettings};
pub(super) use settings::{configure, configure_bluesky};
use unpack::{Unpacker, Unreadable, is_packed};

/// Bytes that a compressed frame may unpack to.
const PLAIN_BYTES_MAX: usize = 1 << 20;

/// One Jetstream server.
#[derive(Debug)]
pub struct Jetstream {
    url: String,
    wire: Wire,
    decoder: Decoder,
    /// The latest frame; `None` begins with what is sent from now on.
    place: Option<Place>,
    /// How far this connection came, and how often none came further.
    came_us: Option<i64>,
    stuck: Stuck,
    /// Whether the server refused the place as too old, so that its oldest is asked for.
    from_oldest: bool,
    parcel: Parcel,
    /// What the server said is wrong.
    remark: Option<String>,
    /// Whether frames are to be compressed.
    compress: bool,
    unpacker: Option<Unpacker>,
    /// The latest frame unpacked.
    plain: Vec<u8>,
    /// What picks mentions out whose numbers are looked up, if any are.
    noting: Option<Noting>,
    looking: Option<Looking>,
}

/// What a connection has yet to find out: whether it begins where it was asked to.
#[derive(Debug, Clone, Copy)]
struct Beginning {
    asked: Place,
    /// The server said that it begins elsewhere.
    is_elsewhere: bool,
}

impl Jetstream {
    /// The server of these settings, from a cursor on.
    #[must_use]
    pub fn new(settings: &JetstreamSettings, decoder: Decoder, spec: SourceSpec) -> Self {
        let kept = spec.cursor.as_ref().and_then(Cursor::read::<Kept>);
        let sealed = kept.as_ref().and_then(|kept| kept.followed.as_deref());
        let numbers = numbers(&settings.numbers, decoder.clone(), &spec, sealed);
        let (noting, looking) = numbers.unzip();
        let parcel = Parcel::new(decoder.source());
        Self {
            wire: Wire::of(&settings.url),
            url: settings.url.clone(),
            decoder,
            place: kept.map(|kept| kept.place),
            came_us: None,
            stuck: Stuck::default(),
            from_oldest: false,
            parcel,
            remark: None,
            compress: settings.compress,
            unpacker: None,
            plain: Vec::new(),
            noting,
            looking,
        }
    }

    /// A connection, and what is missed by where it begins.
    async fn dial(&mut self, outlet: &Outlet) -> Result<(WebSocket, Option<Gap>), Fault> {
        self.prepare(outlet).await?;
        let begin = self.place.map(|place| self.stuck.cursor(place, wall_clock().0));
        let (cursor, gap) = begin.unzip();
        let gap = gap.flatten().filter(|_| !self.from_oldest);
        let asked = Asked {
            cursor: if self.from_oldest { Some(OLDEST_US) } else { cursor },
            dictionary: self.unpacker.as_ref().filter(|_| self.compress).map(Unpacker::id),
        };
        let url = address(&self.url, self.wire, asked);
        let dialed = tokio::select! {
            dialed = WebSocket::dial_with(&url, self.wire.headers()) => dialed,
            () = outlet.closing() => return Err(Fault::Closed),
        };
        dialed.map(|socket| (socket, gap)).map_err(|refusal| {
            if refusal.reason.contains("UnknownZstdDictionary") && self.unpacker.take().is_some() {
                return Fault::external(refusal.reason);
            }
            // The second version of the server says what the first one passes over.
            if refusal.reason.contains("CursorTooOld") {
                if !std::mem::replace(&mut self.from_oldest, true) {
                    return Fault::external(refusal.reason);
                }
                if let Some(place) = self.place.take() {
                    self.from_oldest = false;
                    outlet.gap(place.gap_to(wall_clock()));
                    return Fault::external(refusal.reason);
                }
            }
            refusal.fault()
        })
    }

    /// Gets the dictionary that frames are to be compressed with.
    async fn prepare(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        if !self.compress || self.unpacker.is_some() {
            return Ok(());
        }
        let unpacker = match self.wire {
            Wire::Subscribe => Unpacker::of_subscribe(),
            Wire::Events => dictionary::fetch(&self.url, outlet).await?,
        };
        match unpacker {
            Ok(unpacker) => self.unpacker = Some(unpacker),
            Err(reason) => {
                outlet.remark(&format!("{reason}; frames come uncompressed"));
                self.compress = false;
            }
        }
        Ok(())
    }

    async fn receive(&mut self, mut socket: WebSocket, outlet: &Outlet) -> Result<(), Fault> {
        let is_elsewhere = std::mem::take(&mut self.from_oldest);
        let mut beginning = self.place.map(|asked| Beginning { asked, is_elsewhere });
        loop {
            let filled = tokio::select! {
                filled = socket.fill() => filled,
                () = outlet.closing() => {
                    socket.close().await;
                    return Err(Fault::Closed);
                }
            };
            let ended = match filled {
                Ok(()) => self.take_all(&mut socket, &mut beginning, outlet).await.err(),
                Err(reason) => Some(self.lost(&reason)),
            };
            if let (Some(begun), Some(time_us)) = (beginning, self.parcel.reached_us) {
                let asked = begun.asked;
                let is_later = begun.is_elsewhere && time_us > asked.time_us;
                if is_later || is_cut_off(asked.time_us, time_us, wall_clock().0) {
                    outlet.gap(asked.gap_to(EventTime(time_us)));
                }
                beginning = None;
            }
            self.hand_over(outlet).await?;
            if let Some(fault) = ended {
                return Err(fault);
            }
        }
    }

    /// Takes all that is there, up to a parcel.
    async fn take_all(
        &mut self,
        socket: &mut WebSocket,
        beginning: &mut Option<Beginning>,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        loop {
            match socket.next() {
                Ok(Some(Incoming::Message(bytes))) => {
                    if let Some(Remark::Elsewhere(_)) = self.take(bytes, outlet)?
                        && let Some(beginning) = beginning
                    {
                        beginning.is_elsewhere = true;
                    }
                }
                Ok(Some(Incoming::TooLarge(length))) => self.refuse(format!(
                    "a frame of {length} bytes; at most {MESSAGE_BYTES_MAX} are accepted"
                )),
                Ok(Some(Incoming::Ping(payload))) => {
                    socket.pong(&payload).await.map_err(|reason| self.lost(&reason))?;
                }
                Ok(Some(Incoming::Pong)) => {}
                Ok(Some(Incoming::Close(why))) => {
                    return Err(self.lost(&format!("the server closed {why}")));
                }
                Ok(None) if self.parcel.is_full() => return Ok(()),
                Ok(None) => match socket.fill_now() {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    Err(reason) => return Err(self.lost(&reason)),
                },
                Err(reason) => return Err(self.lost(&reason)),
            }
        }
    }

    /// Takes a message, plain or compressed; what the server remarks in it.
    fn take(&mut self, bytes: &[u8], outlet: &Outlet) -> Result<Option<Remark>, Fault> {
        if !is_packed(bytes) {
            return Ok(self.decode(bytes, outlet));
        }
        if self.unpacker.is_none() && self.wire == Wire::Subscribe {
            self.unpacker = Unpacker::of_subscribe().ok();
        }
        let Some(unpacker) = &mut self.unpacker else {
            self.refuse("a compressed frame that was not asked for".to_owned());
            return Ok(None);
        };
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        plain.reserve(PLAIN_BYTES_MAX);
        let unpacked = unpacker.unpack(bytes, &mut plain);
        let said = match unpacked {
            Ok(()) => Ok(self.decode(&plain, outlet)),
            Err(Unreadable::OtherDictionary(id)) if self.compress => {
                // Nothing is lost: what was not read is asked for again.
                self.unpacker = None;
                self.compress = self.wire == Wire::Events;
                Err(self.lost(&format!("frames are compressed with the unknown dictionary {id}")))
            }
            Err(Unreadable::OtherDictionary(id)) => {
                self.refuse(format!("a frame compressed with the unknown dictionary {id}"));
                Ok(None)
            }
            Err(Unreadable::Damaged(why)) => {
                self.refuse(format!("a compressed frame that is damaged: {why}"));
                Ok(None)
            }
        };
        self.plain = plain;
        said
    }

    fn refuse(&mut self, reason: String) {
        self.parcel.refuse(reason, Vec::new());
    }

    fn decode(&mut self, bytes: &[u8], outlet: &Outlet) -> Option<Remark> {
        let before = (self.parcel.refused.len(), self.parcel.ignored);
        self.decoder.set_now(wall_clock());
        let told = self.parcel.events.len();
        self.decoder.decode(bytes, &mut self.parcel);
        if let (Some(noting), Some(event)) = (&mut self.noting, self.parcel.events.get(told)) {
            noting.note(event, bytes);
        }
        if before == (self.parcel.refused.len(), self.parcel.ignored) {
            return None;
        }
        let remark = remark(bytes)?;
        outlet.remark(remark.said());
        if let Some(refused) = self.parcel.refused.get_mut(before.0) {
            refused.reason = format!("the server says: {}", remark.said());
        }
        if let Remark::Error(said) = &remark {
            self.remark = Some(said.clone());
        }
        Some(remark)
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
            self.came_us = self.came_us.max(Some(reached_us));
            let before = self.place.map_or(i64::MIN, |place| place.time_us);
            let latest = Place { time_us: reached_us.max(before) };
            self.place = Some(latest);
            let followed = self.noting.as_ref().and_then(Noting::sealed);
            self.parcel.cursor = Some(Cursor::of(&Kept { place: latest, followed }));
        }
        if self.parcel.is_empty() { Ok(()) } else { outlet.send(self.parcel.take()).await }
    }
}

#[async_trait]
impl Source for Jetstream {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let (socket, stepped) = self.dial(outlet).await?;
        outlet.up();
        stepped.into_iter().for_each(|gap| outlet.gap(gap));
        let before = self.place;
        self.came_us = None;
        let ended = match self.looking.take() {
            None => self.receive(socket, outlet).await,
            Some(mut looking) => {
                let ended = tokio::select! {
                    ended = self.receive(socket, outlet) => ended,
                    () = looking.run(outlet) => Err(Fault::Closed),
                };
                self.looking = Some(looking);
                ended
            }
        };
        self.stuck.note(before, self.came_us);
        ended.map_err(|fault| match fault {
            Fault::External { reason, wait: None } => {
                Fault::External { reason, wait: self.stuck.wait() }
            }
            other => other,
        })
    }
}
