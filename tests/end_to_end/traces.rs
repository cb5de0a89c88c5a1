//! Is a text left anywhere in a lake? In any byte of any file, also unpacked.

use std::path::Path;

use arrow::util::display::array_value_to_string;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::every_file;

/// The files of a lake as they lie there; Parquet files and checkpoints once more as what they
/// say, whether or not a table names them.
pub(crate) struct Traces(Vec<(String, String)>);

impl Traces {
    pub(crate) fn of(lake: &Path) -> Self {
        let mut texts = Vec::new();
        for (name, bytes) in every_file(lake) {
            if name.ends_with(".parquet") {
                texts.push((name.clone(), rows(Path::new(&name))));
            }
            texts.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
        Self(texts)
    }

    /// The first file that holds a text.
    pub(crate) fn find(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|(_, bytes)| bytes.contains(text)).map(|(name, _)| name.as_str())
    }
}

/// Where a lake holds a text.
pub(crate) fn holds(lake: &Path, text: &str) -> Option<String> {
    Traces::of(lake).find(text).map(str::to_owned)
}

/// All values of a Parquet file.
fn rows(path: &Path) -> String {
    let file = std::fs::File::open(path).expect("a file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|file| file.build());
    let mut text = String::new();
    for rows in reader.expect("Parquet") {
        let rows = rows.expect("rows");
        for column in rows.columns() {
            for row in 0..rows.num_rows() {
                text.push_str(&array_value_to_string(column, row).expect("a value"));
                text.push('\n');
            }
        }
    }
    text
}
