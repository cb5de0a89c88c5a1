//! Who may ask what was refused? Dead letters are a table of those sessions that are given them.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use super::error::SqlError;
use super::query::Session;
use crate::state::Letter;

impl Session {
    /// Makes dead letters known as a table `dead_letters`, with `source` and `raw`.
    ///
    /// # Errors
    /// When they are known already.
    pub fn add_letters(&self, letters: &[Letter]) -> Result<(), SqlError> {
        let added = letter_rows(letters).map_err(DataFusionError::from);
        let added = added.and_then(|rows| self.context.register_batch("dead_letters", rows));
        added.map(drop).map_err(|error| SqlError::broken(&error.to_string()))
    }
}

fn letter_rows(letters: &[Letter]) -> Result<RecordBatch, ArrowError> {
    let texts = |of: fn(&Letter) -> &String| -> ArrayRef {
        Arc::new(letters.iter().map(|letter| Some(of(letter))).collect::<StringArray>())
    };
    let columns =
        [("source", texts(|letter| &letter.source)), ("raw", texts(|letter| &letter.raw))];
    RecordBatch::try_from_iter(columns)
}
