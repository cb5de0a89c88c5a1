//! How do posts come from Nostr? From several relays at once, each asked to go on from where it was
//! left; what more than one has counts once.
//!
//! Nothing is taken on a relay's word: the id and the signature of each note are checked.

mod address;
mod answers;
mod filter;
mod following;
mod hear;
mod hearing;
mod listening;
mod login;
mod manners;
mod names;
mod named;
mod pile;
mod place;
mod refusal;
mod relay;
mod seal;
mod session;
mod settings;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use crate::decode::nostr::{Notes, account, hex};
use crate::decode::{Cursor, Decoder, Format, Parcel};
use crate::system::wall_clock;
use crate::time::SECOND_US;
use filter::filters;
use following::Following;
use listening::Listening;
use names::Names;
use place::{Articles, Known, Mark, Place};
pub use settings::NostrSettings;
pub(super) use settings::configure;
use told::{News, Relay};

/// Things told by relays that wait to be taken.
const NEWS_MAX: usize = 16;
/// Accounts whose names are asked for at once.
const ACCOUNTS_MAX: usize = 500;
/// How long relays may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Relays of Nostr, heard as one source.
#[derive(Debug)]
pub struct Nostr {
    settings: NostrSettings,
    read: Notes,
    decoder: Decoder,
    /// How far each relay was taken, by its address.
    marks: BTreeMap<String, Mark>,
    known: Known,
    articles: Articles,
    following: Option<Following>,
    /// `None` where the topics cannot be listened for.
    listening: Option<Listening>,
    names: Names,
    /// Accounts of ours, and those that are heard, whose names are asked for at once.
    accounts: Arc<[String]>,
    /// The keys of accounts that are named as their sites do.
    sites: BTreeMap<String, String>,
    parcel: Parcel,
    /// Whether something moved that no parcel has told.
    moved: bool,
}

/// What is known of a relay.
#[derive(Debug)]
struct Heard {
    url: String,
    state: State,
    /// What it said, or lacks.
    said: Option<String>,
    limits: Option<String>,
    /// Where its task reads from when on to ask.
    since: Arc<AtomicI64>,
    wanted: mpsc::Sender<Vec<String>>,
    /// Where it reads whose names to ask for.
    named: mpsc::Sender<Vec<String>>,
    /// The latest time that a note of it claims, in seconds.
    newest: i64,
    /// Whether everything up to the connection was taken.
    is_caught_up: bool,
}

/// How a relay is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Starting,
    Up,
    Lost(String),
    Refuses(String, String),
}

impl Nostr {
    /// The relays of these settings.
    #[must_use]
    pub fn new(settings: NostrSettings, spec: &SourceSpec) -> Self {
        let decoder = spec.decoder(Format::default());
        let place: Place = spec.cursor.as_ref().and_then(Cursor::read).unwrap_or_default();
        let begun = wall_clock().0 / SECOND_US - settings.since_s;
        let mark = |url: &String| {
            let mark = place.relays.get(url).copied();
            (url.clone(), mark.unwrap_or_else(|| Mark::at(begun)))
        };
        let accounts: Arc<[String]> = accounts(&settings, spec).into();
        Self {
            marks: settings.relays.iter().map(mark).collect(),
            articles: Articles::of(place.articles),
            following: Following::new(&settings.ages_us),
            listening: Listening::new(spec),
            names: Names::of(&accounts),
            accounts,
            sites: place.named,
            read: Notes { source: spec.name.clone(), authors: spec.authors.clone() },
            parcel: Parcel::new(decoder.source()),
            decoder,
            settings,
            known: Known::default(),
            moved: true,
        }
    }

    /// Begins to hear each relay in a task of its own.
    fn begin(
        &self,
        tasks: &mut JoinSet<()>,
        outlet: &Outlet,
    ) -> (Vec<Heard>, mpsc::Receiver<News>) {
        let (news, told) = mpsc::channel(NEWS_MAX);
        let filters: Arc<[_]> = filters(&self.settings).into();
        let mut relays = Vec::new();
        for (place, url) in self.settings.relays.iter().enumerate() {
            let mark = self.marks.get(url).copied().unwrap_or_else(|| Mark::at(0));
            let since = Arc::new(AtomicI64::new(mark.since()));
            let (wanted, asked) = mpsc::channel(1);
            let (named, names) = mpsc::channel(1);
            let relay = Relay {
                place,
                url: url.clone(),
                filters: Arc::clone(&filters),
                since: Arc::clone(&since),
                news: news.clone(),
                wanted: asked,
                named: names,
                accounts: Arc::clone(&self.accounts),
                key: self.settings.login.key_for(url),
                compare_every: self.settings.compare_every,
            };
            tasks.spawn(relay.run(outlet.clone()));
            relays.push(Heard {
                url: url.clone(),
                state: State::Starting,
                said: None,
                limits: None,
                since,
                wanted,
                named,
                newest: mark.filled,
                is_caught_up: false,
            });
        }
        (relays, told)
    }

    /// Moves on to the latest note of a relay from which everything before was taken.
    fn reach(&mut self, relay: &Heard) {
        if let Some(mark) = self.marks.get_mut(&relay.url)
            && relay.is_caught_up
            && self.names.is_idle()
        {
            mark.filled = mark.filled.max(relay.newest);
            relay.since.store(mark.since(), Ordering::Relaxed);
        }
    }

    async fn hand_over(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        if self.parcel.is_empty() && !self.moved {
            return Ok(());
        }
        self.moved = false;
        let place = Place {
            relays: self.marks.clone(),
            articles: self.articles.kept(),
            named: self.sites.clone(),
        };
        self.parcel.cursor = Some(Cursor::of(&place));
        outlet.send(self.parcel.take()).await
    }

    /// When something is to be asked about posts that are followed, or for names.
    fn next_question(&self) -> Option<Instant> {
        let counted = self.following.as_ref().and_then(|following| following.next(wall_clock()));
        counted.into_iter().chain(self.names.next()).min()
    }

    async fn hear(
        &mut self,
        relays: &mut [Heard],
        told: &mut mpsc::Receiver<News>,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        loop {
            let question = self.next_question();
            tokio::select! {
                news = told.recv() => match news {
                    Some(news) => self.take(news, relays, outlet)?,
                    None => return Err(Fault::Closed),
                },
                () = sleep_until(question.unwrap_or_else(Instant::now)), if question.is_some() => {
                    self.ask(relays);
                    self.ask_names(relays);
                }
                () = outlet.closing() => return Err(Fault::Closed),
            }
            while !self.parcel.is_full()
                && let Ok(news) = told.try_recv()
            {
                self.take(news, relays, outlet)?;
            }
            self.hand_over(outlet).await?;
        }
    }
}

#[async_trait]
impl Source for Nostr {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        self.learn_named(outlet).await?;
        let mut tasks = JoinSet::new();
        let (mut relays, mut told) = self.begin(&mut tasks, outlet);
        let heard = self.hear(&mut relays, &mut told, outlet).await;
        drop(told);
        if outlet.is_closing() {
            let goodbye = async { while tasks.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
        heard
    }
}

/// Keys of accounts of ours, and of those that are heard.
fn accounts(settings: &NostrSettings, spec: &SourceSpec) -> Vec<String> {
    let own = spec.topics.iter().flat_map(|topic| &topic.accounts);
    let own = own.filter_map(|handle| account(handle)).map(|key| hex(&key));
    let all: BTreeSet<String> = own.chain(settings.accounts.iter().cloned()).collect();
    all.into_iter().take(ACCOUNTS_MAX).collect()
}
