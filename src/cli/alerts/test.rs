//! Would an alert arrive? A sample sent to one receiver, as a courier would send it.

use std::io::{self, Write};

use crate::alert::Transition;
use crate::cli::output::one_line;
use crate::cli::places::ConfigAt;
use crate::cli::{Ending, Failure, runtime};
use crate::notify::{Message, Probe, Receiver, probe};
use crate::system::fresh_id;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Name of the receiver
    receiver: String,
    #[command(flatten)]
    config: ConfigAt,
}

pub(super) fn test(args: &Args) -> Result<Ending, Failure> {
    let config = args.config.load()?;
    let found = config.receivers.iter().find(|receiver| receiver.name == args.receiver);
    let receiver = found.ok_or_else(|| {
        let known = config.receivers.iter().map(|known| known.name.as_str());
        Failure::unknown("receiver", &args.receiver, known)
    })?;
    let receiver = Receiver::fetch(receiver)?;
    let run = fresh_id("test")?;
    let runtime = runtime()?;
    // The second closes what the first opened, such as an incident.
    for transition in [Transition::Fired, Transition::Resolved] {
        let sample = Message::sample(&receiver.name, transition);
        let message = Message { id: format!("{run}.{}", transition.as_str()), ..sample };
        let answer = runtime.block_on(probe(&receiver, &message, None));
        write_answer(transition.as_str(), &answer)?;
        if !answer.arrived {
            return Ok(Ending::Incomplete);
        }
    }
    Ok(Ending::Done)
}

/// How one attempt went, in a line or two.
pub(in crate::cli) fn write_answer(name: &str, probe: &Probe) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let (outcome, name) = (one_line(&probe.outcome), one_line(name));
    let elapsed_ms = probe.elapsed.as_millis();
    writeln!(out, "{name:<9} {outcome}  in {elapsed_ms} ms")?;
    if !probe.answer.is_empty() {
        writeln!(out, "          {}", probe.answer)?;
    }
    Ok(())
}
