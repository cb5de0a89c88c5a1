//! What does the engine take that was analyzed here? The table of posts with two columns more.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::nullif::nullif;
use pyo3::prelude::*;
use resonanz_core::portable::Carried;

use crate::failure::value;

/// What the engine needs of each post besides its text.
const NEEDED: [&str; 3] = ["id", "source", "posted_at"];

/// Which texts go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Those of posts that mention a topic, or that an account of ours wrote.
    Matched,
    /// All, for a lake that keeps all posts.
    All,
}

impl Kept {
    /// By its name.
    pub(crate) fn read(name: &str) -> PyResult<Self> {
        match name {
            "matched" => Ok(Self::Matched),
            "all" => Ok(Self::All),
            other => Err(value(format!("texts \"{other}\"; write matched or all"))),
        }
    }
}

/// Whether a table has what the engine needs.
pub(crate) fn check(table: &RecordBatch) -> PyResult<()> {
    match NEEDED.into_iter().find(|name| table.column_by_name(name).is_none()) {
        Some(name) => Err(value(format!("posts has no column \"{name}\"; the engine needs it"))),
        None => Ok(()),
    }
}

/// The columns of a table with what was found in its rows.
pub(crate) fn columns(
    table: &RecordBatch,
    carried: &[Carried],
    kept: Kept,
    stamp: &str,
) -> Result<Vec<(String, ArrayRef)>, ArrowError> {
    let text = table.column_by_name("text");
    let has_text = |row: usize| text.is_some_and(|text| text.is_valid(row));
    let (mut findings, mut stamps) = (BinaryBuilder::new(), StringBuilder::new());
    let mut left_out = BooleanBuilder::new();
    for (row, carried) in carried.iter().enumerate() {
        // Without a text there is nothing to find: the engine refuses such a row.
        findings.append_option(has_text(row).then(|| carried.to_bytes()));
        stamps.append_option(has_text(row).then_some(stamp));
        left_out.append_value(kept == Kept::Matched && carried.is_empty());
    }
    let left_out = left_out.finish();
    let schema = table.schema();
    let named = schema.fields().iter().zip(table.columns());
    let mut columns = Vec::new();
    for (field, column) in named.filter(|(field, _)| !ADDED.contains(&field.name().as_str())) {
        let column =
            if field.name() == "text" { nullif(column, &left_out)? } else { column.clone() };
        columns.push((field.name().clone(), column));
    }
    let added: [ArrayRef; 2] = [Arc::new(findings.finish()), Arc::new(stamps.finish())];
    columns.extend(ADDED.iter().map(|name| (*name).to_owned()).zip(added));
    Ok(columns)
}

/// The columns that prepared posts have besides their own.
const ADDED: [&str; 2] = ["findings", "analyzed_by"];
