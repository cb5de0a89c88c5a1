//! What were the findings of a Parquet file made with? Its column of stamps, each once.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use super::parquet::FINDINGS;
use super::{Input, Layout, Place};

/// The column that says what findings were made with.
const ANALYZED_BY: &str = "analyzed_by";
/// Stamps of a file that are told apart; a file has one.
const STAMPS_MAX: usize = 8;

/// The stamps under which a file has findings. Linear in its rows; reads that column alone.
///
/// # Errors
/// When the file cannot be read, is not Parquet, or has no findings.
pub fn stamps(input: &Input) -> io::Result<BTreeSet<String>> {
    match &input.place {
        Place::File(path) if Layout::of(&input.name) == Layout::Parquet => of(File::open(path)?),
        Place::Remote(remote) if Layout::of(&input.name) == Layout::Parquet => of(remote.clone()),
        _ => Err(io::Error::other("findings are read from Parquet files and nothing else")),
    }
}

fn of<R: ChunkReader + 'static>(file: R) -> io::Result<BTreeSet<String>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(io::Error::other)?;
    let schema = builder.schema();
    let place = |name: &str| {
        let place = schema.fields().iter().position(|field| field.name() == name);
        place.ok_or_else(|| io::Error::other(format!("there is no column \"{name}\"")))
    };
    place(FINDINGS)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [place(ANALYZED_BY)?]);
    let batches = builder.with_projection(mask).build().map_err(io::Error::other)?;
    let mut stamps = BTreeSet::new();
    for batch in batches {
        let batch = batch.map_err(io::Error::other)?;
        let Some(column) = batch.columns().first() else { continue };
        let texts = cast(column, &DataType::Utf8).map_err(io::Error::other)?;
        for stamp in texts.as_string::<i32>().iter().flatten() {
            if stamps.len() < STAMPS_MAX && !stamps.contains(stamp) {
                stamps.insert(stamp.to_owned());
            }
        }
    }
    Ok(stamps)
}
