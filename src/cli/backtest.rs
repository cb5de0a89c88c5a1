//! Whom would the rules have called? Runs a configuration's rules over posts, and tells nobody.
//!
//! The work is that of `reprocess`, into a temporary lake: so what is listed is what it would store.

use std::io::{self, BufWriter, Write};

use super::args_study::{Backtest as Args, PageFormat};
use super::reprocess::{files, from_lake, watched};
use super::{Ending, Failure, config_file, runtime};
use crate::config::Archive;
use crate::lake::Site;
use crate::reprocess::{Job, Sorting, Stage, reprocess};
use crate::sql::{QueryFormat, Session};

const PAGES: &str = "SELECT at, transition, rule, rule_type, topic, severity, started_at, observed, \
     expected, p_value, novelty, dispersion, coordination, mentions, negative, authors, alert_id \
     FROM alerts ORDER BY at, rule, topic, transition";

/// Columns of `PAGES` with more digits than people read, and the same with fewer.
const NUMBERS: &str = "expected, p_value, novelty, dispersion";
const ROUNDED: &str = "round(expected, 2) AS expected, arrow_cast(p_value, 'Float32') AS p_value, \
     round(novelty, 2) AS novelty, round(dispersion, 2) AS dispersion";

pub(super) fn over_posts(args: &Args) -> Result<Ending, Failure> {
    let mut config = config_file::load(&args.config)?;
    config.lake.archive = Archive::None;
    runtime()?.block_on(async {
        let lake = args.lake.as_deref().map(|lake| Site::new(lake, args.state.as_deref()));
        let origin = match &lake {
            Some(lake) => from_lake(lake).await?,
            None => files(&args.inputs).await?,
        };
        let job = Job {
            origin,
            layout: None,
            encoding: args.reading.encoding(),
            reading: args.reading.reading(),
            format: args.wire.into(),
            config,
            source: args.source.clone(),
            sorting: Sorting::Auto,
        };
        let job = job.prepared();
        let mut stage = Stage::open(&job, lake.as_ref(), true)?;
        let total = job.origin.bytes();
        let work = |progress, read| reprocess(job, &mut stage, progress, read);
        let report = watched(total, work).await?;
        let session = Session::open(stage.folder()).await?;
        let (format, pages) = match args.format {
            PageFormat::Table => (QueryFormat::Table, PAGES.replace(NUMBERS, ROUNDED)),
            PageFormat::Csv => (QueryFormat::Csv, PAGES.to_owned()),
            PageFormat::Json => (QueryFormat::Json, PAGES.to_owned()),
        };
        let answer = session.query(&pages).await?;
        let mut out = BufWriter::new(io::stdout().lock());
        answer.write(format, &mut out).await?;
        out.flush()?;
        let refused = report.progress.malformed + report.progress.tally.refused_future;
        if refused > 0 {
            writeln!(io::stderr(), "{refused} posts were refused")?;
        }
        Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
    })
}
