//! How do posts come from X? By the filtered stream, one connection a token, and by the search for
//! what was missed.
//!
//! X bills every post: what is read is counted, and reading stops before the month's ceiling.

mod answers;
mod ask;
mod catch_up;
mod ladder;
mod ledger;
mod lines;
mod probe;
mod rule;
mod settings;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use tokio::time::{Instant, sleep_until};

use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use super::transport::{Answer, Http};
use crate::decode::{AuthorHasher, Cursor, Decoder, Format, Parcel, x};
use crate::post::Event;
use crate::system::wall_clock;
use crate::time::EventTime;
use ask::{Api, Refusal, refusal};
use catch_up::{CatchUp, awaited};
use ladder::{Ladder, Loss};
use ledger::{Ledger, next_month};
use lines::StreamLines;
use rule::{Rule, rule};
pub use settings::XSettings;
pub(super) use settings::configure;

/// The latest posts, which are looked up for deletions.
const YOUNG_MAX: usize = 400;
/// Longest time for the answer that opens the stream.
const OPEN_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes kept of a line that is not understood; they end before anybody is named.
const KEPT_BYTES: usize = 64;

/// Where to go on, as a cursor keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The latest post up to which everything was taken.
    #[serde(default)]
    since_id: Option<String>,
    /// When listening began, as long as there is no post.
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    ledger: Ledger,
    /// The latest posts: as they are known here, and their newest version.
    #[serde(default)]
    young: Vec<(String, String)>,
}

/// The filtered stream of one app.
#[derive(Debug)]
pub struct X {
    settings: XSettings,
    authors: AuthorHasher,
    decoder: Decoder,
    rules: Vec<Rule>,
    place: Place,
    /// The latest post that came on the stream.
    newest: Option<String>,
    ladder: Ladder,
    parcel: Parcel,
    /// When young posts are looked up next.
    recheck_at: Instant,
}

/// Why a connection ended.
enum End {
    /// It is lost.
    Fault(Fault),
    /// No more may be read this month.
    Ceiling,
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl X {
    /// The stream of these settings.
    #[must_use]
    pub fn new(settings: XSettings, spec: &SourceSpec) -> Self {
        let decoder = spec.decoder(Format::default());
        let source = decoder.source().as_str().to_owned();
        let rules = spec.topics.iter().filter_map(|topic| rule(topic, &source).ok()).collect();
        let recheck = settings.recheck.unwrap_or_default();
        Self {
            settings,
            authors: spec.authors.clone(),
            rules,
            place: spec.cursor.as_ref().and_then(Cursor::read).unwrap_or_default(),
            newest: None,
            ladder: Ladder::default(),
            parcel: Parcel::new(decoder.source()),
            decoder,
            recheck_at: Instant::now() + recheck,
        }
    }

    /// How many posts may still be read this month.
    fn left(&self) -> u64 {
        self.place.ledger.left(self.settings.posts_a_month, wall_clock())
    }

    /// Waits for the next month.
    async fn rest(&self, outlet: &Outlet) -> Result<(), Fault> {
        let next = next_month(wall_clock());
        outlet.waiting(&format!(
            "{} of {} posts a month are read; X is read again on {next}",
            self.place.ledger.read(wall_clock()),
            self.settings.posts_a_month
        ));
        while !outlet.is_closing() && self.left() == 0 {
            outlet.pause(Duration::from_secs(60)).await;
        }
        if outlet.is_closing() { Err(Fault::Closed) } else { Ok(()) }
    }

    /// A refusal as a fault that waits as X asks.
    fn lost(&mut self, refused: Refusal) -> Fault {
        match refused.fault {
            Fault::External { reason, wait } => {
                let own = self.ladder.wait(refused.loss);
                let wait = wait.unwrap_or_default().max(own);
                Fault::External { reason, wait: Some(wait) }
            }
            other => other,
        }
    }

    async fn open(&self, api: &Api, outlet: &Outlet) -> Result<StreamLines, Refusal> {
        let asked = tokio::time::timeout(OPEN_TIMEOUT, api.stream().send());
        let response = tokio::select! {
            answered = asked => answered,
            () = outlet.closing() => return Err(Fault::Closed.into()),
        };
        let response =
            response
                .map_err(|_| Fault::external("the stream does not open in time"))?
                .map_err(|error| Fault::external(format!("the stream does not open: {error}")))?;
        if response.status().is_success() {
            return Ok(StreamLines::new(response));
        }
        Err(refusal(&Answer::of(response).await?))
    }

    async fn listen(&mut self, api: &Api, outlet: &Outlet) -> Result<(), End> {
        let source = self.decoder.source().as_str().to_owned();
        let set = api.set_rules(&source, &self.rules, outlet).await;
        set.map_err(|refused| self.lost(refused))?;
        let opened = self.open(api, outlet).await;
        let mut stream = opened.map_err(|refused| self.lost(refused))?;
        outlet.up();
        let mut catch_up = CatchUp::new(self.rules.len(), &self.place);
        self.place.since.get_or_insert_with(|| seconds(wall_clock()));
        let (mut lines, mut running) = (Vec::new(), None);
        loop {
            if running.is_none() {
                running = catch_up.next(api, &self.rules, self.left(), outlet);
            }
            let lost = tokio::select! {
                filled = stream.fill(&mut lines) => {
                    if filled.is_ok() {
                        self.ladder.begin_anew();
                    }
                    filled.err()
                }
                (errand, answer) = awaited(&mut running) => {
                    running = None;
                    self.settle(&mut catch_up, errand, answer, outlet)?;
                    None
                }
                () = sleep_until(self.recheck_at), if self.settings.recheck.is_some() => {
                    self.recheck_at = Instant::now() + self.settings.recheck.unwrap_or_default();
                    catch_up.look_up(&self.place.young);
                    None
                }
                () = outlet.closing() => return Err(Fault::Closed.into()),
            };
            let said = lines.drain(..).fold(None, |said: Option<String>, line| {
                let own = self.line(&line, catch_up.is_over());
                said.or(own)
            });
            self.hand_over(outlet).await?;
            if let Some(said) = &said {
                outlet.remark(said);
            }
            if let Some(reason) = said.or(lost) {
                let fault = Fault::external(reason);
                return Err(self.lost(Refusal { fault, loss: Loss::Broken }).into());
            }
            if self.left() == 0 {
                return Err(End::Ceiling);
            }
        }
    }

    /// Takes a line of the stream; what X says is wrong, if it ends the stream with it.
    fn line(&mut self, line: &[u8], is_caught_up: bool) -> Option<String> {
        let posts = match x::Posts::read(line) {
            Ok(posts) => posts,
            Err(reason) => {
                let kept = line.get(..KEPT_BYTES).unwrap_or(line);
                self.decoder.admit(Err(reason), kept, &mut self.parcel);
                return None;
            }
        };
        if let (true, Some(problem)) = (posts.is_empty(), posts.errors.first()) {
            let detail = problem.detail.as_deref().unwrap_or_default();
            let kind = problem.disconnect_type.as_deref().unwrap_or_default();
            return Some(format!("X ends the stream: {} {kind} {detail}", problem.title));
        }
        self.take(&posts);
        if let Some(latest) = posts.latest() {
            self.newest = later(self.newest.take(), latest);
            if is_caught_up {
                self.place.since_id = later(self.place.since_id.take(), latest);
            }
        }
        None
    }

    /// Takes posts, counted.
    fn take(&mut self, posts: &x::Posts<'_>) {
        let now = wall_clock();
        self.place.ledger.count(posts.len(), now);
        let young = &self.place.young;
        let is_known = |first: &str, version: &str| {
            let is_same = |(known, seen): &(String, String)| {
                known == first && (seen.len(), seen.as_str()) >= (version.len(), version)
            };
            young.iter().any(is_same)
        };
        let events = posts.events(self.decoder.source(), &self.authors, now, &is_known);
        for (id, version) in posts.ids() {
            self.place.young.retain(|(known, _)| known != id);
            self.place.young.push((id.to_owned(), version.to_owned()));
        }
        let over = self.place.young.len().saturating_sub(YOUNG_MAX);
        self.place.young.drain(..over);
        for event in events {
            self.decoder.admit(Ok(Some(event)), b"", &mut self.parcel);
        }
    }

    /// Takes the deletion of a post.
    fn delete(&mut self, id: &str) {
        self.place.young.retain(|(known, _)| known != id);
        let id = self.authors.id(id.into(), "").into_owned().into_boxed_str();
        let source = self.decoder.source().clone();
        let event = Event::Delete { source, id, by: None, received_at: wall_clock() };
        self.decoder.admit(Ok(Some(event)), b"", &mut self.parcel);
    }

    async fn hand_over(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let cursor = Cursor::of(&self.place);
        if self.parcel.is_empty() && self.parcel.cursor.as_ref() == Some(&cursor) {
            return Ok(());
        }
        self.parcel.cursor = Some(cursor.clone());
        outlet.send(self.parcel.take()).await?;
        // Remembered, so that nothing is sent twice while nothing moves.
        self.parcel.cursor = Some(cursor);
        Ok(())
    }
}

/// A time in whole seconds, as X reads it.
fn seconds(time: EventTime) -> String {
    let text = time.to_string();
    format!("{}Z", text.get(..19).unwrap_or(&text))
}

/// The later of two ids.
fn later(before: Option<String>, id: &str) -> Option<String> {
    let is_later =
        before.as_ref().is_none_or(|before| (id.len(), id) > (before.len(), before.as_str()));
    if is_later { Some(id.to_owned()) } else { before }
}

#[async_trait]
impl Source for X {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let token = self.settings.token.fetch();
        let token = token.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        if self.rules.is_empty() {
            return Err(Fault::user(
                "X cannot be asked for any topic",
                "see what check says of topics: they need whole words or phrases",
            ));
        }
        let api = Api { http: Http::new()?, url: self.settings.url.clone(), token };
        loop {
            if self.left() == 0 {
                self.rest(outlet).await?;
            }
            match self.listen(&api, outlet).await {
                Ok(()) | Err(End::Ceiling) => self.hand_over(outlet).await?,
                Err(End::Fault(fault)) => return Err(fault),
            }
        }
    }
}
