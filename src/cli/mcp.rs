//! How does an assistant ask on this machine? By a process of its own, over standard input and output.

use std::sync::Arc;

use super::places::LakePlace;
use super::{Ending, Failure, runtime};
use crate::assist::{Assistant, serve_stdio};
use crate::lake::Folder;
use crate::sentiment::Profile;
use crate::tuning;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: LakePlace,
}

pub(super) fn mcp(args: &Args) -> Result<Ending, Failure> {
    let found = args.place.find()?;
    Folder::read(found.site.clone())?;
    let scorer = match &found.config {
        Some(config) => tuning::scorer(&config.sentiment)?,
        None => tuning::shipped(Profile::Resonanz),
    };
    let known = found.config.map(|config| (config.topics, config.services, config.charter));
    let (topics, services, charter) = known.unwrap_or_default();
    let assistant = Assistant {
        lake: found.site,
        topics: topics.into(),
        services,
        charter: Arc::new(charter),
        scorer,
    };
    let runtime = runtime()?;
    let served = runtime.block_on(serve_stdio(assistant));
    // A read of standard input cannot be called off.
    runtime.shutdown_background();
    served?;
    Ok(Ending::Done)
}
