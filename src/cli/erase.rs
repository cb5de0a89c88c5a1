//! How are an author and a post erased, and what is kept of an author exported, on the command line?

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::args_lake::{Erase, Export, ExportFormat};
use super::{Ending, Failure, runtime};
use crate::connect::decode::AuthorHasher;
use crate::lake::{
    Folder, Lake, LakeError, QueryFormat, Request, Requests, Session, What, erase_author,
    erase_post,
};
use crate::live::{Eraser, Following};
use crate::notify::Outbox;
use crate::post::AuthorKey;
use crate::privacy::Marker;

/// How often a receipt is looked for.
const PACE: Duration = Duration::from_millis(100);
/// How long another process may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

pub(super) fn erase(args: &Erase) -> Result<Ending, Failure> {
    if !args.yes && !args.dry_run {
        return Err(Failure::usage(
            "an erasure cannot be undone",
            "see what it would do with --dry-run, then say --yes",
        ));
    }
    let folder = Folder::read(args.at.site())?;
    let authors = authors(&folder, args.author_key_file.as_deref())?;
    let request = request(args, &folder, &authors)?;
    let requests = Requests::of(&folder);
    let opened = match Folder::write(args.at.site()) {
        Err(LakeError::Locked { .. }) if !args.dry_run => None,
        opened => Some(Arc::new(opened?)),
    };
    if let (Some(request), false) = (&request, args.dry_run) {
        requests.put(request)?;
    }
    let receipts = runtime()?.block_on(async {
        match (opened, &request) {
            (Some(folder), _) => {
                alone(folder, &authors, request.as_ref().filter(|_| args.dry_run)).await
            }
            (None, Some(request)) => Ok(vec![receipt(&requests, &request.id).await?]),
            (None, None) => Err(Failure::usage(
                "the lake is being written by another process",
                "it erases what sources took back by itself: [privacy] follow_deletes",
            )),
        }
    })?;
    let mut out = io::stdout().lock();
    receipts.iter().try_for_each(|receipt| writeln!(out, "{}", receipt.trim_end()))?;
    Ok(Ending::Done)
}

/// What is asked; `None` for what sources took back, which is erased in any case.
fn request(
    args: &Erase,
    folder: &Folder,
    authors: &AuthorHasher,
) -> Result<Option<Request>, Failure> {
    let marker = Marker::new(authors);
    if let Some(handle) = &args.target.author {
        let author = known(authors, handle)?;
        let withdrawal = erase_author(&marker, args.source.as_deref(), author);
        let mut request = Request::new(folder, What::Author, vec![withdrawal])?;
        request.texts = vec![author.to_string()];
        // Where names are kept, letters hold the name itself; a short one would meet others.
        let name = handle.trim().trim_start_matches('@');
        request.texts.extend((name.len() > 3).then(|| name.to_owned()));
        return Ok(Some(request));
    }
    let Some(post) = &args.target.post else { return Ok(None) };
    let Some((source, id)) = post.split_once('/').filter(|(_, id)| !id.is_empty()) else {
        return Err(Failure::usage(
            format!("\"{post}\" is no post"),
            "write its source and its id, as bluesky/at://KEY/app.bsky.feed.post/3k",
        ));
    };
    let mut request = Request::new(folder, What::Post, vec![erase_post(&marker, source, id)])?;
    request.texts = vec![format!("\"{}\"", authors.id(id.into(), ""))];
    Ok(Some(request))
}

/// The hasher of a lake whose key is there already: another key would find nothing.
fn authors(folder: &Folder, file: Option<&Path>) -> Result<AuthorHasher, Failure> {
    if (file.is_some() || folder.has_state()) && !folder.has_author_key(file) {
        return Err(Failure::usage(
            "the key of the author hashes is not there",
            "give the file that [privacy] author_key_file names: --author-key-file FILE",
        ));
    }
    Ok(AuthorHasher::new(folder.author_key(file)?))
}

fn known(authors: &AuthorHasher, handle: &str) -> Result<AuthorKey, Failure> {
    let author = authors.author(handle);
    if author == AuthorKey::default() {
        let hint = "write it as its source does, with or without @";
        return Err(Failure::usage("the name of the author is empty", hint));
    }
    Ok(author)
}

/// Works on a lake that nobody else writes; a dry run only counts for `trial`.
async fn alone(
    folder: Arc<Folder>,
    authors: &AuthorHasher,
    trial: Option<&Request>,
) -> Result<Vec<String>, Failure> {
    let (mut lake, recovered) = Lake::open(Arc::clone(&folder)).await?;
    let outbox = Arc::new(Outbox::open(&folder.outbox())?);
    let following = Arc::new(Following::of(&folder));
    let mut eraser = Eraser::new(folder, authors, outbox, following, Duration::MAX);
    if let Some(request) = trial {
        let erasing = eraser.try_out(&mut lake, request).await?;
        return Ok(vec![serde_json::to_string_pretty(&erasing)?]);
    }
    let receipts = eraser.finish(&mut lake, recovered).await?;
    Ok(receipts.iter().map(serde_json::to_string_pretty).collect::<Result<_, _>>()?)
}

/// Waits until the process that writes the lake has done it.
async fn receipt(requests: &Requests, id: &str) -> Result<String, Failure> {
    let found = async {
        loop {
            if let Some(receipt) = requests.receipt(id) {
                return receipt;
            }
            tokio::time::sleep(PACE).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.map_err(|_| {
        let hint = "it is noted, and done at the latest when that process starts again";
        Failure::usage("the process that writes the lake has not done it yet", hint)
    })
}

pub(super) fn export(args: &Export) -> Result<Ending, Failure> {
    let folder = Folder::read(args.at.site())?;
    let authors = authors(&folder, args.author_key_file.as_deref())?;
    let author = known(&authors, &args.author)?;
    let format = match args.format {
        ExportFormat::Json => QueryFormat::Json,
        ExportFormat::Csv => QueryFormat::Csv,
    };
    runtime()?.block_on(async {
        let session = Session::open(&folder).await?;
        let answer = session.query(&all_of(author, args.source.as_deref())).await?;
        let mut out = BufWriter::new(io::stdout().lock());
        answer.write(format, &mut out).await?;
        out.flush()?;
        Ok(Ending::Done)
    })
}

/// SQL for all rows of an author: posts, mentions, and the alerts whose evidence shows a post.
fn all_of(author: AuthorKey, source: Option<&str>) -> String {
    let source = source.map(|name| format!(" AND source = '{}'", name.replace('\'', "''")));
    let own = format!("author = '{author}'{}", source.unwrap_or_default());
    let shared = "source, post_id, author, posted_at, received_at, kind, lang, parent, thread, url, reach, engagement";
    format!(
        "SELECT 'posts' AS in_table, {shared}, NULL AS topic, NULL AS score, NULL AS target_score, \
         NULL AS polarity, NULL AS terms, NULL AS alert_id, text FROM posts WHERE {own} \
         UNION ALL SELECT 'mentions', {shared}, topic, score, target_score, polarity, terms, NULL, text \
         FROM mentions WHERE {own} \
         UNION ALL SELECT DISTINCT 'alerts', shown.source, shown.post_id, shown.author, NULL, alerts.at, NULL, \
         NULL, NULL, NULL, NULL, NULL, NULL, alerts.topic, NULL, NULL, NULL, NULL, alerts.alert_id, NULL \
         FROM alerts, (SELECT DISTINCT source, post_id, author FROM mentions WHERE {own}) AS shown \
         WHERE strpos(alerts.evidence, concat('\"post_id\":\"', shown.post_id, '\"')) > 0 \
         ORDER BY 1 DESC, 5, 3"
    )
}
