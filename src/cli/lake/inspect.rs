//! What is in a lake, and is it whole?

use std::io::{self, Write};

use anyhow::Context;

use crate::cli::formats::ReportFormat;
use crate::cli::output::columns;
use crate::cli::places::LakePlace;
use crate::cli::table::{Frame, Table};
use crate::cli::{Ending, Failure, runtime};
use crate::lake::{self, Folder, TableStats, Verified};
use crate::state::Site;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    place: LakePlace,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

pub(super) fn stats(args: &Args) -> Result<Ending, Failure> {
    let folder = Folder::read(args.place.site()?)?;
    print_stats(&runtime()?.block_on(lake::stats(&folder))?, args.format)
}

pub(super) fn verify(args: &Args) -> Result<Ending, Failure> {
    let site = args.place.site()?;
    let verified = runtime()?.block_on(lake::verify(&Folder::read(&site)?))?;
    report(&verified, &site, args.format)
}

fn print_stats(tables: &[TableStats], format: ReportFormat) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    if format == ReportFormat::Json {
        serde_json::to_writer(&mut out, tables).context("standard output")?;
        writeln!(out)?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[
        "table",
        ">rows",
        ">files",
        ">small",
        ">bytes",
        ">bytes/row",
        ">days",
        ">version",
        "first day",
        "last day",
    ]);
    for stats in tables {
        let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "-".to_owned());
        table.push(vec![
            stats.table.to_string(),
            stats.rows.to_string(),
            stats.files.to_string(),
            stats.small_files.to_string(),
            stats.bytes.to_string(),
            stats.bytes.checked_div(stats.rows).unwrap_or(0).to_string(),
            stats.days.to_string(),
            stats.version.to_string(),
            day(&stats.first_day),
            day(&stats.last_day),
        ]);
    }
    table.write(Frame::None, columns(), &mut out)?;
    Ok(Ending::Done)
}

/// What a verification found; damage is told by the exit code.
fn report(verified: &Verified, site: &Site, format: ReportFormat) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    match format {
        ReportFormat::Json => {
            serde_json::to_writer(&mut out, verified).context("standard output")?;
            writeln!(out)?;
        }
        ReportFormat::Table => {
            let Verified { files, rows, unnamed, pending, problems } = verified;
            for problem in problems {
                writeln!(out, "{}: {}", problem.path, problem.what)?;
            }
            if let Some(commit) = pending {
                writeln!(
                    out,
                    "commit {commit} is complete, but not yet in every table: the next start of the lake's writer finishes it"
                )?;
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
    let error = anyhow::anyhow!("{site}: {} files are damaged", verified.problems.len());
    Err(Failure { error, code: 3, hint: Some(hint.to_owned()) })
}
