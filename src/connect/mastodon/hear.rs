//! What came over the streams of an instance, and what is new about it?

use super::errand::Purpose;
use super::known::News;
use super::live::Heard;
use super::place::is_later;
use super::session::Session;
use crate::connect::source::{Fault, Outlet};
use crate::decode::mastodon::{Frame, Happening, Said, frame, happening, id_of, showable};
use crate::post::{Event, Post};
use crate::system::wall_clock;
use crate::time::MINUTE_US;

/// Bytes kept of what is not understood.
const KEPT_BYTES: usize = 64;

/// How a status came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As a new one on a stream.
    Stream,
    /// As an edited one on a stream.
    Edit,
    /// On a page or by a look-up.
    Asked,
}

impl Session<'_> {
    /// Takes what came over a stream.
    ///
    /// # Errors
    /// When the instance refuses a stream for good.
    pub(super) fn take(&mut self, heard: Heard, outlet: &Outlet) -> Result<(), Fault> {
        match heard {
            Heard::TooLarge(length) => {
                let reason = format!("a message of {length} bytes, which is too large");
                self.own.parcel.refuse(reason, Vec::new());
            }
            Heard::Event(place, event) => match happening(&event.name, event.data.into()) {
                Ok(what) => self.happened(Some(place), what),
                Err(reason) => self.refuse(reason, b""),
            },
            Heard::Frame(bytes) => match frame(&bytes) {
                Ok(Frame::Happened { stream, happening }) => {
                    let timelines = &self.own.settings.timelines;
                    let named = timelines.iter().position(|line| line.is_named(&stream));
                    let only = (timelines.len() == 1 && stream.is_empty()).then_some(0);
                    self.happened(named.or(only), happening);
                }
                Ok(Frame::Error { said, status }) => {
                    let reason = format!("the instance refuses a stream: {said}");
                    if status.is_some_and(|status| (400..500).contains(&status) && status != 429) {
                        return Err(Fault::user(
                            reason,
                            "give the token the scopes read:statuses, read:lists and \
                             read:notifications, and check hashtags and lists of this source",
                        ));
                    }
                    self.say(reason, outlet);
                }
                Err(reason) => self.refuse(reason, &bytes),
            },
        }
        Ok(())
    }

    /// Notes bytes that are not understood; what is kept of them ends before anybody is named.
    fn refuse(&mut self, reason: String, raw: &[u8]) {
        let raw = raw.get(..KEPT_BYTES).unwrap_or(raw);
        self.own.decoder.admit(Err(reason), raw, &mut self.own.parcel);
    }

    fn happened(&mut self, place: Option<usize>, what: Happening<'_>) {
        match what {
            Happening::New(json) => {
                self.status(place.map(|p| (p, Purpose::CatchUp)), &json, Way::Stream)
            }
            Happening::Edited(json) => self.status(None, &json, Way::Edit),
            Happening::Deleted(id) => {
                if let Some(stream) = place.and_then(|place| self.streams.get_mut(place)) {
                    stream.deletes += 1;
                }
                self.delete(&id);
            }
            Happening::Other => self.own.parcel.ignored += 1,
        }
    }

    /// Takes the deletion of a post.
    pub(super) fn delete(&mut self, id: &str) {
        self.own.known.forget(id);
        let id = self.own.authors.id(id.into(), "").into_owned().into_boxed_str();
        let source = self.own.decoder.source().clone();
        let event = Event::Delete { source, id, by: None, received_at: wall_clock() };
        self.own.decoder.admit(Ok(Some(event)), b"", &mut self.own.parcel);
    }

    /// Takes a status that was asked for, on a page of a timeline or alone.
    pub(super) fn asked(&mut self, place: Option<(usize, Purpose)>, json: &str) {
        self.status(place, json, Way::Asked);
    }

    /// Takes a status that came on a timeline, or outside of any.
    fn status(&mut self, place: Option<(usize, Purpose)>, json: &str, way: Way) {
        if let (Some((place, _)), Way::Stream) = (place, way) {
            self.came(place, json);
        }
        let now = wall_clock();
        let status = match self.read.read(json, now) {
            Ok(Said::Status(status)) => *status,
            Ok(Said::Private) => {
                self.own.parcel.ignored += 1;
                return;
            }
            Err(reason) => {
                let raw = showable(json);
                return self.own.decoder.admit(Err(reason), raw.as_bytes(), &mut self.own.parcel);
            }
        };
        let news = self.own.known.meet(&status);
        if let (Some((place, Purpose::Compare)), News::New) = (place, news)
            && now.since(status.post.posted_at) > MINUTE_US
            && let Some(stream) = self.streams.get_mut(place)
        {
            stream.kept_back += 1;
        }
        let event: fn(Box<Post>) -> Event = match (news, way) {
            (News::Nothing, _) => return,
            (News::New, Way::Stream | Way::Asked) => Event::Create,
            (News::New, Way::Edit) | (News::Edited, _) => Event::Edit,
        };
        let event = event(Box::new(status.post));
        self.own.decoder.admit(Ok(Some(event)), b"", &mut self.own.parcel);
    }

    /// Notes that a stream gave a post.
    fn came(&mut self, place: usize, json: &str) {
        let name = self.name(place);
        let (Some(stream), Some(id)) = (self.streams.get_mut(place), id_of(json)) else { return };
        stream.posts += 1;
        if stream.newest.as_ref().is_none_or(|newest| is_later(&id, newest)) {
            stream.newest = Some(id.clone());
        }
        if stream.is_caught_up
            && let Some(mark) = self.own.marks.get_mut(&name)
        {
            mark.reach(&id);
        }
    }
}
