//! How is an archive worked through on the command line?

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use super::args::Reprocess;
use super::{Ending, Failure, config_file, runtime};
use crate::live::Progress;
use crate::reprocess::{Job, reprocess as work};

pub(super) fn reprocess(args: &Reprocess) -> Result<Ending, Failure> {
    let mut config = config_file::load(&args.config)?;
    config.lake.path.clone_from(&args.lake);
    let missing = args.inputs.iter().find(|input| input.as_os_str() != "-" && !input.is_file());
    if let Some(missing) = missing {
        let message = format!("{}: no such file", missing.display());
        return Err(Failure::usage(
            message,
            "give files of lines, plain, .gz or .zst, or - for standard input",
        ));
    }
    let job = Job {
        inputs: args.inputs.clone(),
        format: args.format.into(),
        config,
        source: args.source.clone(),
    };
    let bar = bar();
    let seen = bar.clone();
    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let report = runtime()?.block_on(work(job, progress, move |bytes| seen.set_position(bytes)))?;
    bar.finish_and_clear();

    let (tally, malformed) = (report.progress.tally, report.progress.malformed);
    let seconds = report.elapsed.as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let (posts_s, mb_s) = (tally.events as f64 / seconds, report.bytes as f64 / 1e6 / seconds);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} posts in {seconds:.1} s: {posts_s:.0} posts/s, {mb_s:.0} MB/s",
        tally.events
    )?;
    writeln!(
        out,
        "{} posts matched, {} mentions, {} negative, {} late",
        tally.matched, tally.mentions, tally.negative, tally.late
    )?;
    writeln!(
        out,
        "{} duplicates, {malformed} malformed, {} dated in the future",
        tally.duplicate, tally.refused_future
    )?;
    writeln!(out, "lake: {}", args.lake.display())?;
    let refused = malformed + tally.refused_future;
    if refused > 0 {
        writeln!(
            out,
            "what was refused, and why: {}",
            args.lake.join("_resonanz/dead-letter.jsonl").display()
        )?;
    }
    Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
}

/// Bytes done, on a terminal.
fn bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {bytes} at {bytes_per_sec}, {elapsed}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
