//! How are an author and a post erased on the command line?

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::places::{Found, LakePlace};
use crate::cli::{Ending, Failure, runtime};
use crate::decode::AuthorHasher;
use crate::lake::{Folder, Lake, LakeError, erase_author, erase_post};
use crate::live::{Eraser, Following};
use crate::notify::Outbox;
use crate::post::AuthorKey;
use crate::privacy::Marker;
use crate::state::{Home, Receipt, Request, Requests, Site, StateError, What, Withdrawn};

/// How often a receipt is looked for.
const PACE: Duration = Duration::from_millis(100);
/// How long another process may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Whose posts, or which.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    place: LakePlace,
    #[command(flatten)]
    target: Target,
    /// Only what the author posted in this source
    #[arg(long, requires = "author")]
    source: Option<String>,
    /// The key of the author hashes, if it is not in the lake
    #[arg(long)]
    author_key_file: Option<PathBuf>,
    /// Say what would be erased, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it: there is no way back
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// Name as the source gives it (on Bluesky the DID), with or without @; or the key from the lake
    #[arg(long)]
    author: Option<String>,
    /// Source and id of a post, with a slash between them
    #[arg(long, value_name = "SOURCE/ID")]
    post: Option<String>,
    /// What sources deleted or edited, now instead of within the hour
    #[arg(long)]
    pending: bool,
}

pub(super) fn erase(args: &Args) -> Result<Ending, Failure> {
    if !args.yes && !args.dry_run {
        return Err(Failure::usage(
            "an erasure cannot be undone",
            "see what it would do with --dry-run, then add --yes",
        ));
    }
    let Found { site, config } = args.place.find()?;
    let folder = Folder::read(&site)?;
    let key = args.author_key_file.clone().or(config.and_then(|config| config.author_key_file));
    let authors = authors(&folder, key.as_deref())?;
    let request = request(args, &folder, &authors)?;
    let receipts = runtime()?.block_on(async {
        if args.dry_run {
            let pending = || {
                let noted = Withdrawn::of(&folder).all()?;
                Request::new(&folder, What::Withdrawn, noted)
            };
            let request = request.map_or_else(pending, Ok)?;
            return Ok(vec![try_out(&site, &authors, &request).await?]);
        }
        // What a reprocessing has gathered there would bring it back.
        let staging = Site::from(&folder.staging());
        if let Some(request) = request.as_ref().filter(|_| Folder::read(&staging).is_ok()) {
            carry_out(&staging, &authors, Some(request)).await?;
        }
        carry_out(&site, &authors, request.as_ref()).await
    });
    let mut out = io::stdout().lock();
    receipts?.iter().try_for_each(|receipt| writeln!(out, "{}", receipt.trim_end()))?;
    Ok(Ending::Done)
}

/// What is asked; `None` for what sources took back, which is erased in any case.
fn request(
    args: &Args,
    folder: &Folder,
    authors: &AuthorHasher,
) -> Result<Option<Request>, Failure> {
    let marker = Marker::new(authors);
    if let Some(handle) = &args.target.author {
        let author = known(authors, handle)?;
        let withdrawal = erase_author(&marker, args.source.as_deref(), author);
        let mut request = Request::new(folder, What::Author, vec![withdrawal])?;
        request.texts = texts_of(author, handle);
        return Ok(Some(request));
    }
    let Some(post) = &args.target.post else { return Ok(None) };
    let Some((source, id)) = post.split_once('/').filter(|(_, id)| !id.is_empty()) else {
        return Err(Failure::usage(
            format!("\"{post}\" is not a post"),
            "write its source and its id, as bluesky/at://KEY/app.bsky.feed.post/3k",
        ));
    };
    let mut request = Request::new(folder, What::Post, vec![erase_post(&marker, source, id)])?;
    request.texts = vec![format!("\"{}\"", authors.id(id.into(), ""))];
    Ok(Some(request))
}

/// What dead letters about an author hold: the key, or where names are kept the name itself. A
/// short one would meet others.
pub(super) fn texts_of(author: AuthorKey, handle: &str) -> Vec<String> {
    let name = Some(handle.trim().trim_start_matches('@')).filter(|name| name.len() > 3);
    [Some(author.to_string()), name.map(str::to_owned)].into_iter().flatten().collect()
}

/// The hasher of a lake whose key is there already: another key would find nothing.
pub(super) fn authors(folder: &Folder, file: Option<&Path>) -> Result<AuthorHasher, Failure> {
    if (file.is_some() || folder.has_state()) && !folder.has_author_key(file) {
        return Err(Failure::usage(
            "the key of the author hashes is not there",
            "give the file that [privacy] author_key_file names: --author-key-file FILE",
        ));
    }
    Ok(AuthorHasher::new(folder.author_key(file)?))
}

pub(super) fn known(authors: &AuthorHasher, handle: &str) -> Result<AuthorKey, Failure> {
    let author = authors.author(handle);
    if author == AuthorKey::default() {
        let hint = "write it as its source does, with or without @";
        return Err(Failure::usage("the name of the author is empty", hint));
    }
    Ok(author)
}

/// What a request would do.
async fn try_out(
    site: &Site,
    authors: &AuthorHasher,
    request: &Request,
) -> Result<String, Failure> {
    let folder = Arc::new(Folder::write(site)?);
    let (lake, _) = Lake::open(Arc::clone(&folder)).await?;
    let erasing = eraser(folder, authors)?.try_out(&lake, request).await?;
    Ok(serde_json::to_string_pretty(&erasing)?)
}

fn eraser(folder: Arc<Folder>, authors: &AuthorHasher) -> Result<Eraser, Failure> {
    let outbox = Arc::new(Outbox::open(&folder.outbox())?);
    let following = Arc::new(Following::of(&folder));
    Ok(Eraser::new(folder, authors, outbox, following, None))
}

/// Notes what is asked and does it, or waits until the process has done it that writes the lake;
/// the receipts. What sources took back is erased in any case.
async fn carry_out(
    site: &Site,
    authors: &AuthorHasher,
    request: Option<&Request>,
) -> Result<Vec<String>, Failure> {
    let requests = Requests::of(&Home::read(site)?);
    let id = request.map(|request| requests.ask(request)).transpose()?;
    let begun = Instant::now();
    loop {
        let done = id.as_ref().and_then(|id| requests.receipt(id));
        if let Some(receipt) = done {
            return Ok(vec![receipt]);
        }
        match Folder::write(site) {
            Ok(folder) => {
                let receipts = alone(Arc::new(folder), authors).await?;
                // The other process may have ended just after it was done.
                let other = id.as_ref().filter(|id| !receipts.iter().any(|one| one.id == **id));
                let other = other.and_then(|id| requests.receipt(id));
                let own = receipts.iter().map(serde_json::to_string_pretty);
                return own.map(|text| Ok(text?)).chain(other.map(Ok)).collect();
            }
            Err(LakeError::State(StateError::Locked { .. })) if id.is_none() => {
                return Err(Failure::usage(
                    "the lake is being written by another process",
                    "it erases what sources took back by itself: [privacy] follow_deletes",
                ));
            }
            Err(LakeError::State(StateError::Locked { .. })) if begun.elapsed() > PATIENCE => {
                return Err(Failure::usage(
                    "the process that writes the lake has not done it yet",
                    "it is noted, and done at the latest when that process starts again",
                ));
            }
            Err(LakeError::State(StateError::Locked { .. })) => tokio::time::sleep(PACE).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Works on a lake that nobody else writes.
async fn alone(folder: Arc<Folder>, authors: &AuthorHasher) -> Result<Vec<Receipt>, Failure> {
    let (mut lake, recovered) = Lake::open(Arc::clone(&folder)).await?;
    Ok(eraser(folder, authors)?.finish(&mut lake, recovered).await?)
}
