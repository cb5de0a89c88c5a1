//! Would an alert arrive? A sample sent to one receiver, as a courier would send it.

use std::io::{self, Write};

use super::args_desk::AlertsTest;
use super::{Ending, Failure, runtime};
use crate::alert::Transition;
use crate::notify::{Message, Probe, Receiver, probe};

pub(super) fn test(args: &AlertsTest) -> Result<Ending, Failure> {
    let config = args.config.load()?;
    let found = config.receivers.iter().find(|receiver| receiver.name == args.receiver);
    let receiver = found.ok_or_else(|| {
        let known = config.receivers.iter().map(|known| known.name.as_str());
        Failure::unknown("receiver", &args.receiver, known)
    })?;
    let receiver = Receiver::fetch(receiver)?;
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let run = u64::from_le_bytes(bytes);
    let runtime = runtime()?;
    // The second closes what the first opened, such as an incident.
    for transition in [Transition::Fired, Transition::Resolved] {
        let sample = Message::sample(&receiver.name, transition);
        let message = Message { id: format!("test_{run:016x}.{}", transition.as_str()), ..sample };
        let answer = runtime.block_on(probe(&receiver, &message));
        write_answer(transition, &answer)?;
        if !answer.arrived() {
            return Ok(Ending::Incomplete);
        }
    }
    Ok(Ending::Done)
}

fn write_answer(transition: Transition, probe: &Probe) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let status = probe.status.map(|status| status.to_string());
    let outcome = status.or_else(|| probe.why.clone()).unwrap_or_default();
    let (name, elapsed_ms) = (transition.as_str(), probe.elapsed.as_millis());
    writeln!(out, "{name:<9} {outcome}  in {elapsed_ms} ms")?;
    if !probe.answer.is_empty() {
        writeln!(out, "          {}", probe.answer)?;
    }
    Ok(())
}
