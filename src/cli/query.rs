//! How is a lake asked on the command line?

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use super::args::{Query, QueryFormat};
use super::{Ending, Failure, runtime};
use crate::lake::Folder;
use crate::sql::{self, Limits, Session, SqlError, SqlFault, View};

pub(super) fn query(args: &Query) -> Result<Ending, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    if args.views {
        View::all().try_for_each(|view| writeln!(out, "{view}"))?;
        out.flush()?;
        return Ok(Ending::Done);
    }
    let (Some(path), Some(sql)) = (&args.lake, &args.sql) else {
        return Err(Failure::usage("no lake or no SQL is given", "resonanz query --lake DIR SQL"));
    };
    let folder = Folder::read(path)?;
    let limits = Limits { time: args.timeout, memory_mib: args.memory_mib };
    let runtime = runtime()?;
    let asked = runtime.block_on(async {
        let session = Session::open_within(&folder, limits).await?;
        let answer = session.query(sql).await.map_err(failure)?;
        answer.write(format(args.format), &mut out).await.map_err(failure)
    });
    // What still computes after a limit is not waited for.
    runtime.shutdown_background();
    // Rows that came before an error are shown.
    out.flush()?;
    asked.map(|()| Ending::Done)
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

/// A span such as `30s` or `5m`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let span = crate::time::parse_span(text).map_err(|error| error.to_string())?;
    Ok(Duration::from_micros(u64::try_from(span).unwrap_or_default()))
}
