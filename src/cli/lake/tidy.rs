//! How is a lake tidied on the command line, also beside the process that writes it?

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::formats::ReportFormat;
use crate::cli::noted::{Deed, note};
use crate::cli::places::{Found, LakePlace};
use crate::cli::{Ending, Failure, runtime};
use crate::config::Retention;
use crate::lake::{Folder, Lake, LakeError};
use crate::state::{Errand, Errands, Home, Site, StateError};
use crate::system::wall_clock;
use crate::time::parse_span;

/// How long a running process may take to answer.
const PATIENCE: Duration = Duration::from_secs(600);
const GLANCE: Duration = Duration::from_millis(50);
/// What is noted of an errand, but for its name.
const DONE: Deed<'static> = Deed { action: "change", what: "", topic: None, detail: None };

#[derive(Debug, clap::Args)]
#[command(
    after_help = "It can be used while a process runs on the lake: that process then does the work."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    place: LakePlace,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct VacuumArgs {
    #[command(flatten)]
    tidy: Args,
    /// How long replaced files are kept for readers of older versions
    #[arg(long = "older-than", value_name = "DURATION", default_value = "7d", value_parser = parse_span)]
    older_than_us: i64,
}

pub(super) fn compact(args: &Args) -> Result<Ending, Failure> {
    let errand = Errand::Compact { dry: args.dry_run };
    send(args, &args.place.site()?, errand, Deed { what: "lake.compact", ..DONE })
}

/// Without a configuration for this lake the built-in retention counts.
pub(super) fn retain(args: &Args) -> Result<Ending, Failure> {
    let Found { site, config } = args.place.find()?;
    let retention = config.map_or_else(Retention::default, |config| config.lake.retention);
    let errand = Errand::Retain { retention, dry: args.dry_run };
    send(args, &site, errand, Deed { action: "erase", what: "lake.retain", ..DONE })
}

pub(super) fn vacuum(args: &VacuumArgs) -> Result<Ending, Failure> {
    let VacuumArgs { tidy, older_than_us } = args;
    let errand = Errand::Vacuum { older_than_us: *older_than_us, dry: tidy.dry_run };
    send(tidy, &tidy.place.site()?, errand, Deed { what: "lake.vacuum", ..DONE })
}

/// Does an errand, or has the process do it that writes the lake.
fn send(args: &Args, site: &Site, errand: Errand, deed: Deed<'_>) -> Result<Ending, Failure> {
    Folder::read(site)?.need_one()?;
    let runtime = runtime()?;
    let outcome = match Folder::write(site) {
        Ok(folder) => runtime.block_on(here(folder, errand))?,
        Err(LakeError::State(StateError::Locked { .. })) => {
            runtime.block_on(there(site, errand))?
        }
        Err(error) => return Err(error.into()),
    };
    if !args.dry_run {
        runtime.block_on(note(site, deed))?;
    }
    print_outcome(&outcome, args)
}

async fn here(folder: Folder, errand: Errand) -> Result<Value, LakeError> {
    let (mut lake, _) = Lake::open(Arc::new(folder)).await?;
    lake.run_errand(errand, wall_clock()).await
}

async fn there(site: &Site, errand: Errand) -> Result<Value, Failure> {
    let errands = Errands::of(&Home::read(site)?);
    let id = errands.leave(&errand)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = errands.fetch(&id)? {
            return answered(answer);
        }
        match Folder::write(site) {
            Ok(folder) => {
                errands.withdraw(&id);
                return Ok(here(folder, errand).await?);
            }
            Err(LakeError::State(StateError::Locked { .. })) => {}
            Err(error) => return Err(error.into()),
        }
        if Instant::now() > deadline {
            errands.withdraw(&id);
            let message = format!("the process that writes {site} does not answer");
            return Err(Failure::usage(message, "stop it, or try again later"));
        }
        tokio::time::sleep(GLANCE).await;
    }
}

fn answered(answer: Value) -> Result<Value, Failure> {
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    match (answer.get("done"), text("error")) {
        (Some(done), _) => Ok(done.clone()),
        (None, error) => {
            let error = error.unwrap_or_else(|| "an answer without content".to_owned());
            Err(Failure { error: anyhow::anyhow!(error), code: 1, hint: text("hint") })
        }
    }
}

fn print_outcome(outcome: &Value, args: &Args) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    if args.format == ReportFormat::Json {
        writeln!(out, "{outcome}")?;
        return Ok(Ending::Done);
    }
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64).unwrap_or(0);
    let word = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let Some(jobs) = outcome.get("jobs").and_then(Value::as_array) else {
        let verb = if args.dry_run { "would be removed" } else { "removed" };
        writeln!(
            out,
            "{} files ({} bytes) and {} log entries {verb}",
            number(outcome, "files"),
            number(outcome, "bytes"),
            number(outcome, "log_entries"),
        )?;
        return Ok(Ending::Done);
    };
    for job in jobs {
        let (deed, table, day) = (word(job, "deed"), word(job, "table"), word(job, "day"));
        let (files, rows, bytes) =
            (number(job, "files"), number(job, "rows"), number(job, "bytes"));
        writeln!(
            out,
            "{deed:<6} {table:<9} {day}  {files:>4} files  {rows:>10} rows  {bytes:>12} bytes"
        )?;
    }
    let letters = number(outcome, "dead_letters");
    if letters > 0 {
        writeln!(out, "drop   {letters} dead letters")?;
    }
    if jobs.is_empty() && letters == 0 {
        writeln!(out, "nothing to do")?;
    }
    Ok(Ending::Done)
}
