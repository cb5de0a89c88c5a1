//! How is a lake looked after on the command line?

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;

use super::args_lake::{LakeCommand, LakeFormat, SchemaFormat, Tidy, Which};
use super::config_file::load;
use super::{Ending, Failure, runtime};
use crate::config::Retention;
use crate::lake::{
    Errand, Errands, Folder, Lake, LakeError, TableStats, Verified, schema_json, schema_markdown,
    stats, verify,
};
use crate::notify::wall_clock;

/// How long a running process may take to answer.
const PATIENCE: Duration = Duration::from_secs(600);
const GLANCE: Duration = Duration::from_millis(50);

pub(super) fn lake(command: &LakeCommand) -> Result<Ending, Failure> {
    match command {
        LakeCommand::Erase(args) => super::erase::erase(args),
        LakeCommand::Export(args) => super::erase::export(args),
        LakeCommand::Schema { format } => {
            let text = match format {
                SchemaFormat::Markdown => schema_markdown(),
                SchemaFormat::Json => format!("{}\n", schema_json()),
            };
            io::stdout().lock().write_all(text.as_bytes())?;
            Ok(Ending::Done)
        }
        LakeCommand::Stats(which) => {
            let folder = Folder::read(which.at.site())?;
            print_stats(&runtime()?.block_on(stats(&folder))?, which.format)
        }
        LakeCommand::Verify(which) => {
            let folder = Folder::read(which.at.site())?;
            report(&runtime()?.block_on(verify(&folder))?, which)
        }
        LakeCommand::Compact(tidy) => send(tidy, Errand::Compact { dry: tidy.dry_run }),
        LakeCommand::Retain { tidy, config } => {
            let config = config.as_deref().map(load).transpose()?;
            let retention = config.map_or_else(Retention::default, |config| config.lake.retention);
            send(tidy, Errand::Retain { retention, dry: tidy.dry_run })
        }
        LakeCommand::Vacuum { tidy, older_than_us } => {
            send(tidy, Errand::Vacuum { older_than_us: *older_than_us, dry: tidy.dry_run })
        }
    }
}

/// Does an errand, or has the process do it that writes the lake.
fn send(tidy: &Tidy, errand: Errand) -> Result<Ending, Failure> {
    let site = tidy.which.at.site();
    Folder::read(&site)?;
    let runtime = runtime()?;
    let outcome = match Folder::write(&site) {
        Ok(folder) => runtime.block_on(here(folder, errand))?,
        Err(LakeError::Locked { .. }) => runtime.block_on(there(tidy, errand))?,
        Err(error) => return Err(error.into()),
    };
    print_outcome(&outcome, &tidy.which, tidy.dry_run)
}

async fn here(folder: Folder, errand: Errand) -> Result<Value, LakeError> {
    let (mut lake, _) = Lake::open(Arc::new(folder)).await?;
    lake.run_errand(errand, wall_clock()).await
}

async fn there(tidy: &Tidy, errand: Errand) -> Result<Value, Failure> {
    let site = tidy.which.at.site();
    let errands = Errands::of(&Folder::read(&site)?);
    let id = errands.leave(&errand)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = errands.fetch(&id)? {
            return answered(answer);
        }
        match Folder::write(&site) {
            Ok(folder) => {
                errands.withdraw(&id);
                return Ok(here(folder, errand).await?);
            }
            Err(LakeError::Locked { .. }) => {}
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

fn print_outcome(outcome: &Value, which: &Which, dry: bool) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    if which.format == LakeFormat::Json {
        writeln!(out, "{outcome}")?;
        return Ok(Ending::Done);
    }
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64).unwrap_or(0);
    let word = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let Some(jobs) = outcome.get("jobs").and_then(Value::as_array) else {
        let verb = if dry { "would be removed" } else { "removed" };
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

fn print_stats(tables: &[TableStats], format: LakeFormat) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    if format == LakeFormat::Json {
        serde_json::to_writer(&mut out, tables).context("standard output")?;
        writeln!(out)?;
        return Ok(Ending::Done);
    }
    writeln!(
        out,
        "{:<9} {:>12} {:>7} {:>6} {:>14} {:>10} {:>6} {:>8}  first day   last day",
        "table", "rows", "files", "small", "bytes", "bytes/row", "days", "version"
    )?;
    for table in tables {
        let each = table.bytes.checked_div(table.rows).unwrap_or(0);
        let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "-".to_owned());
        writeln!(
            out,
            "{:<9} {:>12} {:>7} {:>6} {:>14} {each:>10} {:>6} {:>8}  {:<10}  {}",
            table.table,
            table.rows,
            table.files,
            table.small_files,
            table.bytes,
            table.days,
            table.version,
            day(&table.first_day),
            day(&table.last_day),
        )?;
    }
    Ok(Ending::Done)
}

/// What a verification found; damage is told by the exit code.
fn report(verified: &Verified, which: &Which) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    match which.format {
        LakeFormat::Json => {
            serde_json::to_writer(&mut out, verified).context("standard output")?;
            writeln!(out)?;
        }
        LakeFormat::Table => {
            let Verified { files, rows, unnamed, problems } = verified;
            for problem in problems {
                writeln!(out, "{}: {}", problem.path, problem.what)?;
            }
            writeln!(
                out,
                "{files} files with {rows} rows read, {} damaged; {unnamed} files wait for a vacuum",
                problems.len()
            )?;
        }
    }
    if verified.problems.is_empty() {
        return Ok(Ending::Done);
    }
    let hint = "restore the files from a backup, or reprocess their days";
    let error =
        anyhow::anyhow!("{}: {} files are damaged", which.at.site(), verified.problems.len());
    Err(Failure { error, code: 3, hint: Some(hint.to_owned()) })
}
