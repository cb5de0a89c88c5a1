//! How is an archive worked through? The same engine, as fast as the machine goes, paging nobody.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{IntoIter, sync_channel};
use std::time::{Duration, Instant};

use anyhow::Context;
use rayon::prelude::*;
use tokio::sync::{Notify, mpsc, watch};

use crate::config::{Archive, Config};
use crate::connect::decode::{AuthorHasher, Decoder, Format, Sieve};
use crate::connect::{Block, Parcel, lines, open_lines};
use crate::desk::Grouping;
use crate::lake::{DeskFiles, Folder, Lake, LakeError};
use crate::live::{EngineLoop, Progress, Stop, Store, Upkeep, checkpointed_engine};
use crate::notify::{Desk, Outbox};
use crate::post::SourceId;

/// Bytes that one rayon task decodes.
const PIECE_BYTES: usize = 64 << 10;
/// About how long the shortest lines are.
const LINE_BYTES: usize = 128;
/// Decompressed blocks that may wait, and decoded ones as well.
const BLOCKS: usize = 2;

/// What to work through.
#[derive(Debug, Clone)]
pub struct Job {
    /// Files of lines, plain, `.gz` or `.zst`; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// Their format.
    pub format: Format,
    /// Topics, rules, scorer, and the lake to write to, which must hold no posts yet.
    pub config: Config,
    /// Name of the source where lines give none; by default the file's name.
    pub source: Option<String>,
}

/// What was worked through.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where posts went.
    pub progress: Progress,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Time from first byte to last commit.
    pub elapsed: Duration,
}

/// Works through archives in the order given. `on_bytes` hears how many decompressed bytes are done.
///
/// # Errors
/// When an input or the lake cannot be used, or the lake holds posts already.
pub async fn reprocess(
    job: Job,
    progress: Arc<watch::Sender<Progress>>,
    on_bytes: impl Fn(u64) + Send + 'static,
) -> anyhow::Result<Report> {
    let mut config = job.config;
    // Reprocessing pages nobody.
    config.rules.iter_mut().for_each(|rule| rule.receivers.clear());
    let folder = Arc::new(Folder::write(&config.lake.path)?);
    let authors = AuthorHasher::new(folder.author_key(config.author_key_file.as_deref())?)
        .with_names(config.names);
    let (lake, recovered) = Lake::open(Arc::clone(&folder)).await?;
    if recovered.checkpoint.is_some() {
        return Err(LakeError::NotNew { path: folder.root().to_owned() }.into());
    }
    let (engine, checkpoint) = checkpointed_engine(&config, &authors, None)?;
    let sieve =
        (config.lake.archive != Archive::All).then(|| Sieve::new(Arc::clone(engine.analyzer())));
    let outbox = Arc::new(Outbox::open(&folder.outbox())?);
    let desk = Arc::new(Desk::open(outbox, DeskFiles::of(&folder), Grouping::default(), |_| true)?);
    let (jobs, job_queue) = mpsc::channel(2);
    let upkeep = Upkeep::on_request(&folder, &config.lake);
    let store = Store {
        lake,
        desk,
        bell: Arc::new(Notify::new()),
        committed: Arc::clone(&progress),
        upkeep,
    };
    let store = tokio::spawn(store.run(job_queue));
    let mut engine =
        EngineLoop::new(&config, engine, checkpoint, &folder, jobs, Arc::clone(&progress))?;

    let started = Instant::now();
    let (inputs, format, source) = (job.inputs, job.format, job.source);
    let work = tokio::task::spawn_blocking(move || {
        let mut bytes = 0;
        for input in &inputs {
            let name = source.clone().unwrap_or_else(|| name_of(input));
            let mut decoder = Decoder::new(format, SourceId::new(&name), authors.clone());
            if let Some(sieve) = &sieve {
                decoder = decoder.with_sieve(sieve.clone());
            }
            for decoded in decoded(blocks(input.clone())?, decoder, SourceId::new(&name)) {
                let decoded = decoded.with_context(|| input.display().to_string())?;
                bytes += decoded.bytes;
                for parcel in decoded.parcels {
                    engine.take(parcel)?;
                }
                on_bytes(bytes);
            }
        }
        engine.close(Stop::Finish)?;
        anyhow::Ok(bytes)
    });
    let bytes = work.await.context("the engine thread")?;
    store.await.context("the store task")??;
    let progress = progress.borrow().clone();
    Ok(Report { progress, bytes: bytes?, elapsed: started.elapsed() })
}

/// Reads and decompresses on a thread of its own, a few blocks ahead.
fn blocks(path: PathBuf) -> anyhow::Result<IntoIter<std::io::Result<Block>>> {
    let mut lines = open_lines(&path, 0)?;
    let (sender, receiver) = sync_channel(BLOCKS);
    std::thread::spawn(move || {
        loop {
            let Some(block) = lines.next_block().transpose() else { return };
            let broken = block.is_err();
            if sender.send(block).is_err() || broken {
                return;
            }
        }
    });
    Ok(receiver.into_iter())
}

/// The parcels of one block.
struct Decoded {
    parcels: Vec<Parcel>,
    bytes: u64,
}

/// Decodes on a thread of its own, beside the engine's.
fn decoded(
    blocks: IntoIter<std::io::Result<Block>>,
    decoder: Decoder,
    source: SourceId,
) -> IntoIter<std::io::Result<Decoded>> {
    let (sender, receiver) = sync_channel(BLOCKS);
    std::thread::spawn(move || {
        for block in blocks {
            let decoded = block.map(|block| decode(&block, &decoder, &source));
            if sender.send(decoded).is_err() {
                return;
            }
        }
    });
    receiver.into_iter()
}

/// Decodes the lines of a block on rayon's threads; their order stays.
fn decode(block: &Block, decoder: &Decoder, source: &SourceId) -> Decoded {
    let mut parcels: Vec<Parcel> = block
        .pieces(PIECE_BYTES)
        .into_par_iter()
        .map_init(
            || decoder.clone(),
            |decoder, piece| {
                let mut parcel = Parcel::new(source);
                parcel.events.reserve(piece.len() / LINE_BYTES);
                lines(piece).for_each(|line| decoder.decode(line, &mut parcel));
                parcel
            },
        )
        .collect();
    if block.skipped > 0 {
        let mut parcel = Parcel::new(source);
        parcel.refuse_long_lines(block.skipped);
        parcels.push(parcel);
    }
    Decoded { parcels, bytes: u64::try_from(block.bytes.len()).unwrap_or(0) }
}

/// The file's name up to its first dot.
fn name_of(path: &std::path::Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.')
        .next()
        .filter(|stem| !stem.is_empty() && *stem != "-")
        .unwrap_or("archive")
        .to_owned()
}
