//! How does this program answer SQL that may take much memory? It starts itself again with this command,
//! and asks over standard input.

use std::path::PathBuf;

use super::{Ending, Failure, runtime};
use crate::sql::answer_alone;
use crate::state::Site;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Folder that only the writer of a lake in a bucket needs
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

pub(super) fn answer(args: &Args) -> Result<Ending, Failure> {
    let site = Site::new(&args.lake, args.state.as_deref());
    let runtime = runtime()?;
    let answered = runtime.block_on(answer_alone(&site));
    // What still computes after a limit is not waited for.
    runtime.shutdown_background();
    answered?;
    Ok(Ending::Done)
}
