//! How is the key of the author hashes replaced on the command line?

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use crate::cli::noted::{Deed, note};
use crate::cli::places::{LakePlace, ShardArg};
use crate::cli::{Ending, Failure, runtime};
use crate::config::Config;
use crate::lake::Folder;
use crate::live::rekey;
use crate::post::AuthorKey;
use crate::privacy::{Keyring, Rotation};
use crate::state::Site;
use crate::system::crash_point;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing else may write the lake meanwhile. A key that was added to the file by hand is taken instead of a fresh one, and a lake whose key was rotated for another one is brought up to it: all shards of a folder are."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    place: LakePlace,
    #[command(flatten)]
    shard: ShardArg,
    /// Do it: what is under the old key is deleted, older versions of the tables too
    #[arg(long)]
    yes: bool,
}

pub(super) fn rotate_key(args: &Args) -> Result<Ending, Failure> {
    if !args.yes {
        return Err(Failure::usage(
            "a rotation deletes what is under the old key, and older versions of the tables",
            "stop the process that writes the lake, then add --yes",
        ));
    }
    let whole = args.place.configured()?;
    let config = match Folder::read(Site::from(&whole.lake)) {
        // A lake, or all shards of a folder.
        Ok(_) => whole,
        Err(_) => args.shard.of(whole)?,
    };
    let folders = folders(&config)?;
    let file = config.author_key_file.as_deref();
    let before = begin(&folders, file)?;
    let (mut out, runtime) = (io::stdout().lock(), runtime()?);
    let mut after = before.clone();
    for folder in folders {
        let site = folder.site().clone();
        after = folder.known_keys(file)?.1;
        let keys = |folder: &Folder| anyhow::Ok(folder.known_keys(file)?);
        let rotated = runtime.block_on(async {
            let rotated = rekey(folder, keys, config.names).await?;
            let what = "privacy.rotate_key";
            note(&site, Deed { action: "change", what, topic: None, detail: None }).await?;
            Ok::<_, Failure>(rotated)
        })?;
        let Some(rotated) = rotated else {
            writeln!(out, "{site}: it stands under the last key already")?;
            continue;
        };
        let rows = rotated.rows.iter().map(|(table, rows)| format!("{rows} rows of {table}"));
        let rows = rows.collect::<Vec<_>>().join(", ");
        let rows = if rows.is_empty() { "what was left" } else { rows.as_str() };
        writeln!(out, "{site}: rotated, with {rows}")?;
    }
    writeln!(out, "keep a copy of the file of the key, apart from copies of the lake")?;
    asked_for(&config, &Rotation::new(&before, &after, config.names), &mut out)?;
    Ok(Ending::Done)
}

/// The lakes, locked: that of the configuration, or those of all shards in its folder.
fn folders(config: &Config) -> Result<Vec<Arc<Folder>>, Failure> {
    let site = Site::from(&config.lake);
    let read = Folder::read(&site)?;
    let sites = match read.shards() {
        [] => vec![site],
        shards => shards.iter().map(|shard| shard.site().clone()).collect(),
    };
    let mut folders = Vec::with_capacity(sites.len());
    for site in sites {
        refuse_stranger(&site)?;
        let folder = Folder::resume(&site)?;
        if folder.own("reprocess.json").exists() {
            let message = format!("a reprocessing of {site} is under way");
            return Err(Failure::usage(message, "end it first: give the same command again"));
        }
        folders.push(Arc::new(folder));
    }
    Ok(folders)
}

/// Refuses to leave files behind that the process cannot read which writes the lake.
fn refuse_stranger(site: &Site) -> Result<(), Failure> {
    let owner = |path: &Path| fs::metadata(path).ok().map(|known| known.uid());
    match (owner(&site.own("lake.json")), owner(Path::new("/proc/self"))) {
        (Some(owner), Some(own)) if owner != own => Err(Failure::usage(
            format!("{site} belongs to user {owner}, and this runs as {own}"),
            "run it as the user of the process that writes the lake, such as by sudo -u",
        )),
        _ => Ok(()),
    }
}

/// Adds a key, unless one of the lakes does not stand under the last yet; the keys under which the first of
/// the lakes stands.
fn begin(folders: &[Arc<Folder>], file: Option<&Path>) -> Result<Keyring, Failure> {
    let mut before = None;
    let mut is_done = true;
    for folder in folders {
        let (own, all) = folder.known_keys(file)?;
        is_done &= own.used() == all.used() && !folder.rekeying().is_begun();
        before.get_or_insert(own);
    }
    if let Some(folder) = folders.first().filter(|_| is_done) {
        folder.add_key(file)?;
        crash_point("rotate.key");
    }
    before.ok_or_else(|| Failure::usage("there is no lake", "give what `resonanz run` wrote"))
}

/// Says what to write in queries that ask for hashes.
fn asked_for(config: &Config, rotation: &Rotation, out: &mut impl Write) -> Result<(), Failure> {
    for topic in &config.topics {
        let texts = std::iter::once(&topic.query).chain(&topic.accounts);
        let words = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
        for key in words.filter_map(AuthorKey::parse) {
            let turned = rotation.author(key);
            writeln!(out, "topic \"{}\": write {turned} instead of {key}", topic.name)?;
        }
    }
    Ok(())
}
