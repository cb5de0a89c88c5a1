//! How do the rows of an answer come? One batch after the other, in pieces, until its time is over.

use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout_at};

use super::error::SqlError;
use super::format::{AnswerWriter, QueryFormat};
use super::guard::Limits;
use super::pieces::Pieces;

/// Batches that wait between a query and its reader.
pub(super) const BATCHES_AHEAD: usize = 1;

/// The rows of an answer, as they come. Dropping it ends the query.
#[derive(Debug)]
pub struct Answer {
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<RecordBatch, SqlError>>,
    /// Of the batch that came last.
    pieces: Pieces,
    work: JoinHandle<()>,
    end: Instant,
    limits: Limits,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Answer {
    /// The rows that come through a channel from work that ends with the answer.
    pub(super) fn new(
        schema: SchemaRef,
        batches: mpsc::Receiver<Result<RecordBatch, SqlError>>,
        work: JoinHandle<()>,
        end: Instant,
        limits: Limits,
    ) -> Self {
        Self { schema, batches, pieces: Pieces::default(), work, end, limits }
    }

    /// The columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// When it must be done.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.end
    }

    /// The next rows, at most about 1 MiB; `None` at the end.
    ///
    /// # Errors
    /// When a file cannot be read, or a limit is reached.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        loop {
            if let Some(piece) = self.pieces.next() {
                return Ok(Some(piece));
            }
            match timeout_at(self.end, self.batches.recv()).await {
                Err(_) => return Err(SqlError::late(self.limits)),
                Ok(Some(Ok(batch))) => self.pieces = Pieces::of(batch),
                Ok(Some(Err(error))) => return Err(error),
                // The work ends by itself, or by a panic that must not pass for the end of the rows.
                Ok(None) => {
                    let ended = (&mut self.work).await;
                    return ended.map(|()| None).map_err(|error| SqlError::broken(&told(error)));
                }
            }
        }
    }

    /// All rows at once.
    ///
    /// # Errors
    /// When a file cannot be read, or a limit is reached.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, SqlError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// Writes the rows; all formats but the table stream, in flat memory.
    ///
    /// # Errors
    /// When a file cannot be read, a limit is reached, or writing fails.
    pub async fn write(mut self, format: QueryFormat, out: impl Write) -> Result<(), SqlError> {
        let mut writer = AnswerWriter::new(format, out, &self.schema())?;
        while let Some(batch) = self.next().await? {
            writer.write(&batch)?;
        }
        writer.finish()?;
        Ok(())
    }
}

/// What a task that broke down says.
fn told(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "it was interrupted".to_owned() };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it has no words for it").to_owned()
}
