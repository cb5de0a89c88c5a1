//! How is a lake asked on the command line?

use std::io::{self, BufWriter, Write};

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use super::args::{Query, QueryFormat};
use super::{Ending, Failure, runtime};
use crate::lake::{self, Folder, Session};

pub(super) fn query(args: &Query) -> Result<Ending, Failure> {
    let format = match args.format {
        QueryFormat::Table => lake::QueryFormat::Table,
        QueryFormat::Json => lake::QueryFormat::Json,
        QueryFormat::Csv => lake::QueryFormat::Csv,
        QueryFormat::Arrow => lake::QueryFormat::Arrow,
    };
    let folder = Folder::read(&args.lake)?;
    runtime()?.block_on(async {
        let session = Session::open(&folder).await?;
        let answer = session.query(&args.sql).await.map_err(|error| {
            Failure::usage(error.strip_backtrace(), "one SELECT over posts, mentions, panes and alerts; list columns with: DESCRIBE mentions")
        })?;
        let mut out = BufWriter::new(io::stdout().lock());
        answer.write(format, &mut out).await.map_err(unreadable)?;
        out.flush()?;
        Ok(Ending::Done)
    })
}

/// An error while reading rows: damage, if a Parquet file is not what was written.
fn unreadable(error: DataFusionError) -> Failure {
    let first: &(dyn std::error::Error + 'static) = &error;
    let damaged = std::iter::successors(Some(first), |error| error.source()).any(|error| {
        matches!(error.downcast_ref(), Some(DataFusionError::ParquetError(_)))
            || matches!(error.downcast_ref(), Some(ArrowError::ParquetError(_)))
    });
    let failure = Failure::from(error);
    if damaged {
        let hint =
            "restore the file from a backup; days without it stay readable: WHERE day <> ...";
        return Failure { code: 3, hint: Some(hint.to_owned()), ..failure };
    }
    failure
}
