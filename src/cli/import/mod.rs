//! How do posts of the past get into a lake? Files of any layout, and archives that platforms hand
//! out; the work itself is that of `reprocess`.

mod preview;

use super::inputs::InputArgs;
use super::places::LakePlace;
use super::reprocess::{self, Sort};
use super::{Ending, Failure};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files: workbooks of Excel (.xlsx), CSV as spreadsheets write it, JSON in lines, lists or objects that wrap a list, Parquet; .gz, .zst and .zip as they \
are. Recognized by their content: archives of X (tweets.js, the whole .zip), pages of the X API, dumps of Reddit, outbox.json of \
Mastodon, downloads from Facebook and Instagram, comments of YouTube, Google+ from Takeout, GDELT (.gkg.csv), repo.car of \
Bluesky. For other columns: --map, which --preview guesses.

It works as reprocess does, which has more options, such as comparing old results with new ones. After a kill, the same command resumes from its last commit; a lake that holds posts keeps them, and mentions of the days that the files cover are \
replaced. Topics are those of the configuration; nobody is notified.

Begin with: resonanz import --preview FILE")]
pub(super) struct Args {
    /// Files, folders, zips, patterns, URLs; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Show how the files would be read: their layout, their first posts, and the complete command; neither a
    /// configuration nor a lake is needed
    #[arg(long)]
    preview: bool,
    #[command(flatten)]
    place: LakePlace,
    #[command(flatten)]
    input: InputArgs,
    /// Whether to sort posts by reception time first; by default if a sample of the files is out of order
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Sort::Auto)]
    sort: Sort,
    /// Say what would change, and change nothing; the rows go to a temporary folder
    #[arg(long)]
    dry_run: bool,
    /// Replace days even where the files lack hours, and lose the mentions of those hours
    #[arg(long)]
    partial_days: bool,
}

pub(super) fn import(args: &Args) -> Result<Ending, Failure> {
    if args.preview {
        return preview::preview(args);
    }
    reprocess::reprocess(&reprocess::Args::of_files(
        args.files.clone(),
        args.place.clone(),
        args.input.clone(),
        args.sort,
        reprocess::Changes { dry_run: args.dry_run, partial_days: args.partial_days },
    ))
}
