//! How are labelled posts read? JSON lines, one row each, what is no row refused and counted.

use std::path::Path;

use anyhow::Context;

use super::Failure;
use crate::connect::open_lines;
use crate::post::Lang;
use crate::sentiment::evaluate::Row;

/// Calls `take` with each row of a file; `lang` stands in where rows declare none. Returns how many
/// lines were refused.
pub(super) fn each(path: &Path, lang: Lang, mut take: impl FnMut(Row)) -> Result<u64, Failure> {
    let opened = open_lines(path, 0);
    let mut lines = opened.map_err(|error| {
        Failure::usage(error.to_string(), "give a file of JSON lines with \"text\" and \"label\"")
    })?;
    let (mut number, mut refused) = (0u64, 0u64);
    while let Some(block) = lines.next_block().with_context(|| path.display().to_string())? {
        for line in block.lines() {
            number += 1;
            let row = std::str::from_utf8(line)
                .map_err(|_| "the bytes are not UTF-8".to_owned())
                .and_then(|line| Row::parse(line).map_err(|error| error.to_string()));
            match row {
                Ok(row) if row.lang == Lang::UND => take(Row { lang, ..row }),
                Ok(row) => take(row),
                Err(reason) => {
                    refused += 1;
                    tracing::error!(file = %path.display(), line = number, reason, "row refused");
                }
            }
        }
    }
    if number == refused {
        let message = format!("{}: no labelled post in it", path.display());
        return Err(Failure::usage(message, "a line is {\"text\": \"...\", \"label\": -1}"));
    }
    Ok(refused)
}
