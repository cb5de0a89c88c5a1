//! How are an author and a post erased on the command line?

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::util::display::array_value_to_string;

use super::posts::{Posts, listed};
use crate::cli::noted::{Deed, note};
use crate::cli::places::{Found, LakePlace};
use crate::cli::{Ending, Failure, runtime};
use crate::decode::AuthorHasher;
use crate::lake::{Folder, Lake, LakeError, erase_author, erase_post};
use crate::live::{Eraser, Following};
use crate::notify::Outbox;
use crate::post::AuthorKey;
use crate::privacy::{Marker, spellings};
use crate::sql::Session;
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
    /// Only what the author posted in this source; the source of posts that a file names by their ids
    #[arg(long, conflicts_with_all = ["post", "pending"])]
    source: Option<String>,
    /// The key of the author hashes, if it is not in the lake
    #[arg(long)]
    author_key_file: Option<PathBuf>,
    /// Say what would be erased, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it: this cannot be undone
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// Name as the source gives it (on Bluesky the DID), in any spelling, or the address of a
    /// profile; or the key from the lake
    #[arg(long)]
    author: Option<String>,
    /// Source and id of a post, with a slash between them
    #[arg(long, value_name = "SOURCE/ID")]
    post: Option<String>,
    /// File with posts, SOURCE/ID on each line, or ids with --source; or the result of a compliance job of X
    #[arg(long, value_name = "FILE")]
    posts: Option<PathBuf>,
    /// What sources deleted or edited, now instead of within the hour
    #[arg(long)]
    pending: bool,
}

pub(super) fn erase(args: &Args) -> Result<Ending, Failure> {
    if !args.yes && !args.dry_run {
        return Err(Failure::usage(
            "an erasure cannot be undone",
            "check with --dry-run what it would do, then add --yes",
        ));
    }
    let Found { site, config } = args.place.find()?;
    let folder = Folder::read(&site)?;
    folder.need_one()?;
    let key = args.author_key_file.clone().or(config.and_then(|config| config.author_key_file));
    let authors = authors(&folder, key.as_deref())?;
    let of_post = args.target.post.as_ref().and_then(|post| Some(post.trim().split_once('/')?.0));
    let receipts = runtime()?.block_on(async {
        let source = match args.source.as_deref().or(of_post) {
            Some(name) => Some(source_named(&folder, name).await?),
            None => None,
        };
        let request = request(args, source.as_deref(), &folder, &authors).await?;
        if args.dry_run {
            let pending = || {
                let noted = Withdrawn::of(&folder).all()?;
                Request::new(&folder, What::Withdrawn, noted)
            };
            let request = request.map_or_else(pending, Ok)?;
            let erasing = Eraser::try_out(&folder, &authors, &request).await?;
            return Ok(vec![serde_json::to_string_pretty(&erasing)?]);
        }
        // What a reprocessing has gathered there would bring it back.
        let staging = Site::from(&folder.staging());
        if let Some(request) = request.as_ref().filter(|_| Folder::read(&staging).is_ok()) {
            carry_out(&staging, &authors, Some(request)).await?;
        }
        let receipts = carry_out(&site, &authors, request.as_ref()).await?;
        note(&site, Deed { action: "erase", what: "lake.erase", topic: None, detail: None })
            .await?;
        Ok::<_, Failure>(receipts)
    });
    let mut out = io::stdout().lock();
    receipts?.iter().try_for_each(|receipt| writeln!(out, "{}", receipt.trim_end()))?;
    Ok(Ending::Done)
}

/// What is asked; `None` for what sources took back, which is erased in any case.
async fn request(
    args: &Args,
    source: Option<&str>,
    folder: &Folder,
    authors: &AuthorHasher,
) -> Result<Option<Request>, Failure> {
    let marker = Marker::new(authors);
    if let Some(handle) = &args.target.author {
        let names = known(authors, handle)?;
        let erase = |(author, _): &(AuthorKey, String)| erase_author(&marker, source, *author);
        let mut request = Request::new(folder, What::Author, names.iter().map(erase).collect())?;
        request.texts = texts_of(&names);
        return Ok(Some(request));
    }
    let posts = match (&args.target.post, &args.target.posts) {
        (Some(post), _) => vec![one(post, source)?],
        (None, Some(file)) => of_known(folder, listed(file, source)?).await?,
        (None, None) => return Ok(None),
    };
    let erase = |(source, id): &(String, String)| erase_post(&marker, source, id);
    let mut request = Request::new(folder, What::Post, posts.iter().map(erase).collect())?;
    let quoted = |(_, id): &(String, String)| format!("\"{}\"", authors.id(id.into(), ""));
    request.texts = posts.iter().map(quoted).collect();
    Ok(Some(request))
}

/// The same posts, sorted by source, with their sources as the lake calls them.
async fn of_known(folder: &Folder, mut posts: Posts) -> Result<Posts, Failure> {
    let mut meant: Option<(String, String)> = None;
    for (source, _) in &mut posts {
        if meant.as_ref().is_none_or(|(written, _)| written != source) {
            meant = Some((source.clone(), source_named(folder, source).await?));
        }
        if let Some((_, known)) = &meant {
            source.clone_from(known);
        }
    }
    Ok(posts)
}

/// The post that a text names, of a source that is known.
fn one(post: &str, source: Option<&str>) -> Result<(String, String), Failure> {
    let id = post.trim().split_once('/').map(|(_, id)| id).filter(|id| !id.is_empty());
    match id {
        Some(id) => Ok((source.unwrap_or_default().to_owned(), id.to_owned())),
        None => Err(Failure::usage(
            format!("\"{post}\" is not a post"),
            "write its source and its id, such as bluesky/at://KEY/app.bsky.feed.post/3k",
        )),
    }
}

/// What dead letters about an author hold: the key, or where names are kept the name itself. A
/// short one would meet others.
pub(super) fn texts_of(names: &[(AuthorKey, String)]) -> Vec<String> {
    let texts = names.iter().flat_map(|(author, name)| {
        let name = Some(name).filter(|name| name.len() > 3 && AuthorKey::parse(name).is_none());
        [Some(author.to_string()), name.cloned()]
    });
    texts.flatten().collect()
}

/// The hasher of a lake whose key is there already: another key would find nothing.
pub(super) fn authors(folder: &Folder, file: Option<&Path>) -> Result<AuthorHasher, Failure> {
    if (file.is_some() || folder.has_state()) && !folder.has_author_key(file) {
        let mut failure = Failure::from(folder.no_key(file));
        if file.is_none() {
            let hint = failure.hint.unwrap_or_default();
            failure.hint = Some(format!("{hint}; or say where it is: --author-key-file FILE"));
        }
        return Err(failure);
    }
    Ok(AuthorHasher::new(folder.author_key(file)?))
}

/// The keys that a handle, however it is written, or a key from the lake means; the likeliest first.
pub(super) fn known(
    authors: &AuthorHasher,
    handle: &str,
) -> Result<Vec<(AuthorKey, String)>, Failure> {
    let key = handle.trim();
    if let Some(author) = AuthorKey::parse(key) {
        return Ok(vec![(author, key.to_owned())]);
    }
    let names = spellings(handle);
    if names.is_empty() {
        let hint =
            "write it as its source does, with or without @, or as the address of the profile";
        return Err(Failure::usage("the name of the author is empty", hint));
    }
    Ok(names.into_iter().map(|name| (authors.hash(&name), name)).collect())
}

/// The source that is meant by a name, in whatever letters, among those of which the lake has rows.
pub(super) async fn source_named(folder: &Folder, name: &str) -> Result<String, Failure> {
    let session = Session::open(folder).await?;
    let sql =
        "SELECT DISTINCT source FROM mentions UNION SELECT DISTINCT source FROM posts ORDER BY 1";
    let rows = session.query(sql).await?.collect().await?;
    let names = rows.iter().flat_map(|rows| {
        let name = move |row| array_value_to_string(rows.column(0), row).ok();
        (0..rows.num_rows()).filter_map(name)
    });
    let known: Vec<String> = names.collect();
    let plain = |name: &str| name.trim().to_lowercase();
    let exact = known.iter().find(|own| own.as_str() == name);
    let same: Vec<&String> = known.iter().filter(|own| plain(own) == plain(name)).collect();
    match (exact, same.as_slice()) {
        (Some(own), _) => Ok(own.clone()),
        (None, [own]) => Ok((*own).clone()),
        _ if known.is_empty() => Ok(name.trim().to_owned()),
        _ => Err(Failure::unknown("source", name, known.iter().map(String::as_str))),
    }
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
                    "another process is writing the lake",
                    "it erases what sources deleted by itself: [privacy] follow_deletes",
                ));
            }
            Err(LakeError::State(StateError::Locked { .. })) if begun.elapsed() > PATIENCE => {
                return Err(Failure::usage(
                    "the process that writes the lake has not done it yet",
                    "it is queued, and will be done at the latest when that process starts again",
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
