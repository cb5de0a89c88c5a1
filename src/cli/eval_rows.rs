//! How are labeled posts read? JSON lines, one row each, what is not a row refused and counted.

use std::path::Path;

use anyhow::Context;

use super::Failure;
use crate::connect::open_lines;
use crate::post::Lang;
use crate::sentiment::evaluate::{Row, RowError, Unlabelled};
use crate::sentiment::intents::IntentSample;

/// Calls `take` with each row of a file; `lang` stands in where rows declare none. Returns how many
/// lines were refused.
pub(super) fn each(path: &Path, lang: Lang, mut take: impl FnMut(Row)) -> Result<u64, Failure> {
    let format = ("labeled post", "{\"text\": \"...\", \"label\": -1}");
    each_as(path, format, Row::parse, |row| {
        let lang = if row.lang == Lang::UND { lang } else { row.lang };
        take(Row { lang, ..row });
    })
}

/// The same for rows with intents.
pub(super) fn each_with_intents(
    path: &Path,
    lang: Lang,
    mut take: impl FnMut(IntentSample),
) -> Result<u64, Failure> {
    let format = ("labeled post", "{\"text\": \"...\", \"intents\": [\"complaint\"]}");
    each_as(path, format, IntentSample::parse, |row| {
        let lang = if row.lang == Lang::UND { lang } else { row.lang };
        take(IntentSample { lang, ..row });
    })
}

/// The same for rows that nobody labelled.
pub(super) fn each_unlabelled(
    path: &Path,
    lang: Lang,
    mut take: impl FnMut(Unlabelled),
) -> Result<u64, Failure> {
    each_as(
        path,
        ("post", "{\"text\": \"...\"}, or the folder of a lake"),
        Unlabelled::parse,
        |row| {
            let lang = if row.lang == Lang::UND { lang } else { row.lang };
            take(Unlabelled { lang, ..row });
        },
    )
}

fn each_as<R>(
    path: &Path,
    (kind, example): (&str, &str),
    parse: impl Fn(&str) -> Result<R, RowError>,
    mut take: impl FnMut(R),
) -> Result<u64, Failure> {
    let opened = open_lines(path, 0);
    let mut lines = opened.map_err(|error| {
        Failure::usage(error.to_string(), format!("give a file with lines as {example}"))
    })?;
    let (mut before, mut empty, mut refused) = (0, true, 0u64);
    while let Some(block) = lines.next_block().with_context(|| path.display().to_string())? {
        before += block.skipped;
        refused += block.skipped;
        for (number, line) in block.numbered_lines() {
            let row = std::str::from_utf8(line)
                .map_err(|_| "the bytes are not UTF-8".to_owned())
                .and_then(|line| parse(line).map_err(|error| error.to_string()));
            match row {
                Ok(row) => {
                    empty = false;
                    take(row);
                }
                Err(reason) => {
                    refused += 1;
                    tracing::error!(file = %path.display(), line = before + number + 1, reason, "row refused");
                }
            }
        }
        before += block.lines_len();
    }
    if empty {
        let message = format!("{}: no {kind} in it", path.display());
        return Err(Failure::usage(message, format!("a line is {example}")));
    }
    Ok(refused)
}
