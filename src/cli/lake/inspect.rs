//! What is in a lake, and is it whole?

use std::io::{self, Write};

use anyhow::Context;

use crate::cli::formats::ReportFormat;
use crate::cli::places::LakePlace;
use crate::cli::{Ending, Failure, runtime};
use crate::lake::{self, Folder, Site, TableStats, Verified};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    place: LakePlace,
    /// How the result is written
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
fn report(verified: &Verified, site: &Site, format: ReportFormat) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    match format {
        ReportFormat::Json => {
            serde_json::to_writer(&mut out, verified).context("standard output")?;
            writeln!(out)?;
        }
        ReportFormat::Table => {
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
    let error = anyhow::anyhow!("{site}: {} files are damaged", verified.problems.len());
    Err(Failure { error, code: 3, hint: Some(hint.to_owned()) })
}
