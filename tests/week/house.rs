//! How does one process live through a part of the week? Opened from what is on the disk, as `run` does it,
//! until the world ends, its patience does, or something goes wrong.

use std::path::Path;
use std::sync::Arc;

use resonanz::config::Config;
use resonanz::decode::{AuthorHasher, Cursor, Parcel};
use resonanz::lake::{Folder, Lake};
use resonanz::live::{
    EngineLoop, Eraser, Following, NewReviews, Patience, Progress, Stop, Store, Upkeep,
    checkpointed_engine,
};
use resonanz::notify::{Desk, Message, Outbox};
use resonanz::post::Event;
use resonanz::state::{Answered, DeskFiles, Reviews, Withdrawn};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc, watch};

use crate::world::World;

const CONFIG: &str = r#"
[lake]
path = "lake"
archive = "all"
upkeep_interval = "never"
[[source]]
name = "none"
type = "stdin"
[[topic]]
name = "acme"
query = 'acme'
accounts = ["us"]
[[topic]]
name = "globex"
query = 'globex'
[[topic]]
name = "bahn"
query = 'Bahn'
[[receiver]]
name = "team"
url = "https://example.org/hook"
[[rule]]
name = "many"
type = "threshold"
count = 3
min_authors = 1
window = "5m"
cooldown = "5m"
receivers = ["team"]
[[rule]]
name = "spike"
type = "spike"
window = "10m"
receivers = ["team"]
[[rule]]
name = "quiet"
type = "silence"
window = "1h"
receivers = ["team"]
[[rule]]
name = "waits"
type = "unanswered"
within = "30m"
window = "2h"
topics = ["acme"]
count = 3
receivers = ["team"]
"#;
/// Posts that a source sends once more behind a restart.
const AGAIN: u64 = 5;

/// How a process ended by itself.
pub(crate) enum End {
    /// All was said.
    OfWorld,
    /// It was stopped at a commit.
    OfPatience,
}

/// Why a process broke off.
pub(crate) struct Broken {
    /// Whether it was a kill.
    pub(crate) killed: bool,
    pub(crate) error: anyhow::Error,
}

/// A process.
pub(crate) struct House<'w> {
    pub(crate) world: &'w World,
    pub(crate) lake: &'w Path,
    /// Events between two commits.
    pub(crate) batch: usize,
    /// Commits until it is stopped.
    pub(crate) commits: Option<usize>,
}

impl House<'_> {
    pub(crate) fn live(&self) -> Result<End, Broken> {
        let runtime = Runtime::new().expect("a runtime");
        let _within = runtime.enter();
        let broken = |error: anyhow::Error| Broken { killed: false, error };
        let (engine, jobs, store) = self.begin(&runtime).map_err(broken)?;
        let store = runtime.spawn(store.run(jobs));
        let lived = self.work(engine);
        // What the lake's task says comes first: the engine only sees that it is gone.
        match runtime.block_on(store) {
            Err(error) => Err(Broken { killed: true, error: error.into() }),
            Ok(Err(error)) => Err(broken(error)),
            Ok(Ok(())) => lived.map_err(broken),
        }
    }

    #[allow(clippy::type_complexity, reason = "what a process consists of")]
    fn begin(
        &self,
        runtime: &Runtime,
    ) -> anyhow::Result<(
        (EngineLoop, Vec<(String, u64)>),
        mpsc::Receiver<resonanz::live::StoreJob>,
        Store,
    )> {
        let config = Config::parse(CONFIG, self.lake).expect("a configuration");
        let folder = Arc::new(Folder::write(self.lake)?);
        let authors = AuthorHasher::new(folder.author_key(None)?);
        let (lake, recovered) = runtime.block_on(Lake::open(Arc::clone(&folder)))?;
        let erased = Eraser::erased(&folder, &authors)?;
        let outbox = Arc::new(Outbox::open(&folder.outbox())?);
        let messages = recovered.messages.into_iter().map(serde_json::from_value);
        let messages: Vec<Message> = messages.collect::<Result<_, _>>()?;
        let (engine, checkpoint) =
            checkpointed_engine(&config, &authors, erased, recovered.checkpoint)?;
        let places = checkpoint.cursors.iter();
        let places = places.filter_map(|(name, place)| Some((name.clone(), place.read()?)));
        let places: Vec<(String, u64)> = places.collect();
        let progress = Arc::new(watch::Sender::new(Progress::default()));
        let following = Arc::new(Following::of(&folder));
        let files = DeskFiles::of(&folder);
        let desk = Arc::new(Desk::open(Arc::clone(&outbox), files, Default::default(), |_| true)?);
        desk.take(&messages)?;
        let shared = Arc::clone(&following);
        let store = Store {
            lake,
            desk,
            bell: Arc::new(Notify::new()),
            committed: Arc::clone(&progress),
            answered: Answered::open(&folder)?,
            decisions: Arc::default(),
            reviews: NewReviews::of(Reviews::of(&folder))?,
            upkeep: Upkeep::on_request(&folder, &config.lake),
            eraser: Eraser::new(Arc::clone(&folder), &authors, outbox, shared, None),
            patience: Patience::none(&progress),
        };
        let (jobs, queue) = mpsc::channel(2);
        let patience = Patience::none(&progress);
        let engine =
            EngineLoop::new(&config, engine, checkpoint, folder, following, jobs, patience);
        Ok(((engine, places), queue, store))
    }

    /// Takes in what is said, and commits after each batch.
    fn work(&self, (mut engine, places): (EngineLoop, Vec<(String, u64)>)) -> anyhow::Result<End> {
        let place = |name: &str| {
            let known = places.iter().find(|(known, _)| known == name);
            known.map_or(0, |(_, place)| *place)
        };
        let (mut taken, mut commits) = (0, 0);
        let begin =
            |source: &resonanz::post::SourceId| place(source.as_str()).saturating_sub(AGAIN);
        for word in self.world.behind(begin) {
            let is_known = word.place <= place(word.source.as_str());
            // Streams send posts again, and what became of them once.
            if is_known && !matches!(word.event, Event::Create(_)) {
                continue;
            }
            let mut parcel = Parcel::new(&word.source);
            parcel.events.push(word.event.clone());
            parcel.cursor = (!is_known).then(|| Cursor::of(&word.place));
            engine.take(parcel)?;
            taken += 1;
            if taken % self.batch == 0 {
                engine.close(Stop::Interrupt)?;
                commits += 1;
                if self.commits == Some(commits) {
                    return Ok(End::OfPatience);
                }
            }
        }
        engine.close(Stop::Finish)?;
        Ok(End::OfWorld)
    }
}

/// Messages that wait for their receiver, and what sources took back, each once.
pub(crate) fn left(lake: &Path) -> (u64, Vec<String>) {
    let folder = Folder::read(lake).expect("a lake");
    let outbox = Outbox::open(&folder.outbox()).expect("an outbox");
    let waiting = outbox.pending_for("team").expect("a count");
    let all = Withdrawn::of(&folder).all().expect("a file");
    let mut withdrawn: Vec<String> =
        all.iter().map(|one| format!("{:?} {:?}", one.before, one.lasting)).collect();
    withdrawn.sort();
    withdrawn.dedup();
    (waiting, withdrawn)
}
