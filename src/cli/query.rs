//! How is a lake asked on the command line?

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use clap::ValueEnum;

use super::places::{Found, LakePlace};
use super::spreadsheet::CsvArgs;
use super::{Ending, Failure, rows, runtime};
use crate::lake::Folder;
use crate::sql::{self, Limits, Promises, Session, SqlError, SqlFault, View};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One SELECT over the tables posts, mentions, panes, alerts, triage and audit, or over views
    #[arg(required_unless_present = "views")]
    sql: Option<String>,
    #[command(flatten)]
    place: LakePlace,
    /// List the views, with columns and an example of each
    #[arg(long)]
    views: bool,
    #[command(flatten)]
    limits: LimitArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
    format: QueryFormat,
    #[command(flatten)]
    csv: CsvArgs,
}

/// What a query may use.
#[derive(Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// Maximum time of a query until its last row
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = span)]
    timeout: Duration,
    /// Maximum memory of a query for joins, sorts and groups, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory_mib: usize,
}

impl From<&LimitArgs> for Limits {
    fn from(args: &LimitArgs) -> Self {
        Self { time: args.timeout, memory_mib: args.memory_mib }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QueryFormat {
    /// For people
    Table,
    /// One JSON array of objects
    Json,
    /// With a header line
    Csv,
    /// Arrow IPC stream
    Arrow,
}

pub(super) fn query(args: &Args) -> Result<Ending, Failure> {
    if args.views {
        let mut out = BufWriter::new(io::stdout().lock());
        View::all().try_for_each(|view| writeln!(out, "{view}"))?;
        out.flush()?;
        return Ok(Ending::Done);
    }
    args.csv.check(args.format == QueryFormat::Csv)?;
    let Some(sql) = &args.sql else {
        return Err(Failure::usage("no SQL is given", "resonanz query \"SELECT ...\""));
    };
    let Found { site, config } = args.place.find()?;
    let folder = Folder::read(site)?;
    let promises = config.map(|config| Promises::of(&config.services)).unwrap_or_default();
    let limits = Limits::from(&args.limits);
    let runtime = runtime()?;
    let asked = runtime.block_on(async {
        let session = Session::open_for(&folder, limits, &promises, sql).await?;
        let mut session = session.aside(folder.site(), None);
        session.add_audit(&folder, sql).await?;
        let answer = session.query(sql).await.map_err(failure)?;
        let written = rows::write(answer, format(args.format), &args.csv).await;
        written.map_err(|failed| failed.told(failure))
    });
    // What still computes after a limit is not waited for.
    runtime.shutdown_background();
    asked
}

fn format(format: QueryFormat) -> sql::QueryFormat {
    match format {
        QueryFormat::Table => sql::QueryFormat::Table,
        QueryFormat::Json => sql::QueryFormat::Json,
        QueryFormat::Csv => sql::QueryFormat::Csv,
        QueryFormat::Arrow => sql::QueryFormat::Arrow,
    }
}

fn failure(error: SqlError) -> Failure {
    let code = match error.fault {
        SqlFault::Statement => 2,
        SqlFault::Damage => 3,
        SqlFault::Limit | SqlFault::Other => 1,
    };
    let shown = if error.shown.is_empty() { String::new() } else { format!("\n{}", error.shown) };
    let hint = Some(error.hint.clone()).filter(|hint| !hint.is_empty());
    Failure { error: anyhow::anyhow!("{error}{shown}"), code, hint }
}

/// A duration that an option gives, such as `30s` or `5m`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let span = crate::time::parse_span(text).map_err(|error| error.to_string())?;
    Ok(Duration::from_micros(u64::try_from(span).unwrap_or_default()))
}
