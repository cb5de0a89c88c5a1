//! How is a lake copied or moved on the command line?

use std::io::Write;
use std::path::PathBuf;

use indicatif::HumanBytes;

use crate::cli::noted::{Deed, note};
use crate::cli::output::people;
use crate::cli::places::LakePlace;
use crate::cli::{Ending, Failure, runtime};
use crate::lake::{LakeError, copy_lake};
use crate::state::Site;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy is of one commit, also while the lake is being written: it can be read, and run goes on from it. Where nobody writes, it \
holds everything that run knows: give its place to the configuration, and the lake has moved, between folders and buckets too. \
The key of the author hashes is not copied.")]
pub(in crate::cli) struct Args {
    /// Where to: a new or empty folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// Folder that the writer of the copy needs, if that is in a bucket
    #[arg(long, value_name = "DIR")]
    to_state: Option<PathBuf>,
    #[command(flatten)]
    place: LakePlace,
}

pub(super) fn copy(args: &Args) -> Result<Ending, Failure> {
    let from = args.place.site()?;
    let to = Site::new(&args.to, args.to_state.as_deref());
    if to.is_bucket() != args.to_state.is_some() {
        let hint =
            "a copy in a bucket needs --to-state DIR, and one in a folder has its state inside";
        return Err(Failure::usage(format!("{to}: where is its writer's state to be?"), hint));
    }
    let copied = runtime()?.block_on(async {
        let copied = copy_lake(&from, &to).await?;
        let place = to.to_string();
        let detail = Some(place.as_str());
        note(&from, Deed { action: "export", what: "lake.copy", topic: None, detail }).await?;
        Ok::<_, LakeError>(copied)
    })?;
    let mut out = people();
    writeln!(
        out,
        "commit {}: {} files, {}; lake: {to}",
        copied.sequence,
        copied.files,
        HumanBytes(copied.bytes)
    )?;
    if copied.is_live {
        writeln!(out, "the lake is being written: messages on their way are not in the copy")?;
    }
    let (key, place) = (from.own("author.key"), to.own("author.key"));
    if key.exists() {
        writeln!(
            out,
            "the key of the author hashes stays apart; run on the copy needs it: {} as {}",
            key.display(),
            place.display()
        )?;
    }
    Ok(Ending::Done)
}
