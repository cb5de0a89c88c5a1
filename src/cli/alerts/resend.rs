//! Which message is to be sent once more?

use std::io::Write;

use super::Asked;
use crate::cli::noted::{Deed, note};
use crate::cli::output::people;
use crate::cli::places::LakePlace;
use crate::cli::{Ending, Failure, runtime};
use crate::notify;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The message's id, as show prints it
    id: String,
    /// To this receiver only
    #[arg(long)]
    receiver: Option<String>,
    #[command(flatten)]
    place: LakePlace,
}

pub(super) fn resend(args: &Args) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.place)?;
    let resends = notify::resend(&asked.folder, &args.id, args.receiver.as_deref())?;
    runtime()?.block_on(note(asked.folder.site(), Deed::change("messages.resend", &args.id)))?;
    for resend in resends {
        let (id, receiver) = (resend.message_id, resend.receiver);
        writeln!(people(), "{id} will be sent to {receiver} again as soon as resonanz runs")?;
    }
    Ok(Ending::Done)
}
