//! How do posts come from an instance of Mastodon? By its streams, and by its timelines for what the
//! streams did not give.
//!
//! Streams replay nothing. After each connection every timeline is read forward from the latest
//! post that was taken, and the latest posts are looked up for what was edited or deleted meanwhile.

mod errand;
mod hear;
mod instance;
mod known;
mod live;
mod place;
mod session;
mod settings;
mod timeline;

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use super::transport::{EventReader, Http};
use crate::decode::mastodon::Statuses;
use crate::decode::{AuthorHasher, Cursor, Decoder, Format, Parcel};
use instance::{Instance, tell_rights};
use known::Known;
use live::Opening;
use place::{Mark, Place};
use session::Session;
pub(super) use settings::configure;
pub use settings::{MastodonSettings, Transport};
pub use timeline::Timeline;

/// One instance.
#[derive(Debug)]
pub struct Mastodon {
    settings: MastodonSettings,
    authors: AuthorHasher,
    decoder: Decoder,
    /// How far each timeline was taken, by its name.
    marks: BTreeMap<String, Mark>,
    known: Known,
    /// Of streams of server-sent events.
    readers: Vec<EventReader>,
    parcel: Parcel,
    /// Whether something moved that no parcel has told.
    moved: bool,
    /// Whether somebody looks who wants to know what the token may do.
    is_tried: bool,
}

impl Mastodon {
    /// The instance of these settings.
    #[must_use]
    pub fn new(settings: MastodonSettings, spec: &SourceSpec) -> Self {
        let decoder = spec.decoder(Format::default());
        let place: Place = spec.cursor.as_ref().and_then(Cursor::read).unwrap_or_default();
        Self {
            settings,
            authors: spec.authors.clone(),
            parcel: Parcel::new(decoder.source()),
            decoder,
            marks: place.marks,
            known: Known::of(place.young),
            readers: Vec::new(),
            moved: false,
            is_tried: false,
        }
    }

    /// The same, which says what the token may do.
    pub(super) fn tried(self) -> Self {
        Self { is_tried: true, ..self }
    }

    async fn hand_over(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        if self.parcel.is_empty() && !self.moved {
            return Ok(());
        }
        self.moved = false;
        let place = Place { marks: self.marks.clone(), young: self.known.young() };
        self.parcel.cursor = Some(Cursor::of(&place));
        outlet.send(self.parcel.take()).await
    }
}

#[async_trait]
impl Source for Mastodon {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let token = self.settings.token.fetch();
        let token = token.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        let Some(base) = self.settings.url.clone() else {
            return Err(Fault::user("no address", "give a url: key url of this source"));
        };
        let http = Http::new()?;
        let instance = Instance::ask(&http, &base, &token, outlet).await?;
        if self.is_tried {
            tell_rights(&http, &base, &token, outlet).await;
        }
        let timelines = self.settings.timelines.clone();
        let opening = Opening {
            http: &http,
            streaming: &instance.streaming,
            token: &token,
            timelines: &timelines,
        };
        let mut live = opening.open(self.settings.transport, &mut self.readers, outlet).await?;
        outlet.up();
        let statuses = Statuses {
            source: self.decoder.source().clone(),
            authors: self.authors.clone(),
            domain: instance.domain.clone(),
        };
        let mut session = Session::new(self, http, base, token, instance, statuses);
        let fault = session.run(&mut live, outlet).await;
        if fault == Fault::Closed {
            live.close().await;
            return Err(fault);
        }
        self.readers = live.into_readers();
        let asked = self.readers.iter().filter_map(EventReader::retry).max();
        Err(match fault {
            Fault::External { reason, wait } => Fault::External { reason, wait: wait.or(asked) },
            other => other,
        })
    }
}
