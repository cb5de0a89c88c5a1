//! How are the rows of an answer written?

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::json::writer::JsonArray;

use super::sheet::Sheet;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryFormat {
    /// For people.
    Table,
    /// One JSON array of objects, each with all columns: what is null says so.
    Json,
    /// With a header line.
    Csv,
    /// The same as a spreadsheet opens it.
    Sheet(Sheet),
    /// Arrow IPC stream.
    Arrow,
}

/// Writes rows in one format; all but the table stream, in flat memory.
pub struct AnswerWriter<W: Write> {
    schema: SchemaRef,
    form: Form<W>,
}

impl<W: Write> std::fmt::Debug for AnswerWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerWriter").field("schema", &self.schema).finish_non_exhaustive()
    }
}

enum Form<W: Write> {
    Table(W, Vec<RecordBatch>),
    Json(arrow::json::Writer<W, JsonArray>),
    Csv(Box<arrow::csv::Writer<W>>),
    Sheet(W, Sheet),
    Arrow(Box<arrow::ipc::writer::StreamWriter<W>>),
}

impl<W: Write> AnswerWriter<W> {
    /// Begins an answer with these columns.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(format: QueryFormat, mut out: W, schema: &SchemaRef) -> Result<Self, ArrowError> {
        let form = match format {
            QueryFormat::Table => Form::Table(out, Vec::new()),
            QueryFormat::Json => {
                let builder = arrow::json::WriterBuilder::new().with_explicit_nulls(true);
                Form::Json(builder.build(out))
            }
            QueryFormat::Csv => {
                let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(out);
                writer.write(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
                Form::Csv(Box::new(writer))
            }
            QueryFormat::Sheet(sheet) => {
                out.write_all(sheet.prefix().as_bytes())?;
                sheet.head(schema, &mut out)?;
                Form::Sheet(out, sheet)
            }
            QueryFormat::Arrow => {
                Form::Arrow(Box::new(arrow::ipc::writer::StreamWriter::try_new(out, schema)?))
            }
        };
        Ok(Self { schema: SchemaRef::clone(schema), form })
    }

    /// Writes the next rows.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match &mut self.form {
            Form::Table(_, batches) => batches.push(batch.clone()),
            Form::Json(writer) => writer.write(batch)?,
            Form::Csv(writer) => writer.write(batch)?,
            Form::Sheet(out, sheet) => sheet.rows(batch, out)?,
            Form::Arrow(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    /// Ends the answer; gives back what was written to.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> Result<W, ArrowError> {
        match self.form {
            Form::Table(mut out, batches) => {
                let table =
                    arrow::util::pretty::pretty_format_batches_with_schema(self.schema, &batches)?;
                writeln!(out, "{table}")?;
                Ok(out)
            }
            Form::Json(mut writer) => {
                writer.finish()?;
                let mut out = writer.into_inner();
                writeln!(out)?;
                Ok(out)
            }
            Form::Csv(writer) => Ok(writer.into_inner()),
            Form::Sheet(out, _) => Ok(out),
            Form::Arrow(writer) => writer.into_inner(),
        }
    }
}
