//! How are the rows of a query written? For people as wide as their terminal, for programs exactly.

use std::io::{self, BufWriter, IsTerminal, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};

use super::output::{Script, columns, people, programs};
use super::spreadsheet::CsvArgs;
use super::table::{Frame, Table};
use super::{Ending, Failure};
use crate::sql::{Answer, AnswerWriter, QueryFormat, Sheet, SqlError};

/// Most bytes of rows in a table for people.
const TABLE_BYTES_MAX: usize = 256 << 20;

/// Writes all rows to standard output.
pub(super) async fn write(
    mut answer: Answer,
    format: QueryFormat,
    csv: &CsvArgs,
) -> Result<Ending, Failed> {
    match (format, columns()) {
        (QueryFormat::Table, Some(columns)) => {
            let (mut table, mut bytes) = (table(&answer), 0);
            while let Some(batch) = next(&mut answer, &mut bytes).await? {
                push(&batch, &mut table)?;
            }
            let mut out = people();
            table.write(Frame::Lines, Some(columns), &mut out)?;
        }
        (QueryFormat::Table, None) => {
            let (mut writer, mut bytes) =
                (AnswerWriter::new(format, people(), &answer.schema())?, 0);
            while let Some(batch) = next(&mut answer, &mut bytes).await? {
                writer.write(&batch)?;
            }
            writer.finish()?;
        }
        (QueryFormat::Csv, _) if !csv.is_plain() => sheet(&mut answer, csv.sheet()).await?,
        (QueryFormat::Arrow, _) if io::stdout().is_terminal() => return Err(Failed::Binary),
        _ => {
            let script = if format == QueryFormat::Json { Script::Json } else { Script::Signs };
            // Rows that came before an error are shown.
            let mut out = BufWriter::new(programs(script));
            let written = answer.write(format, &mut out).await;
            out.flush()?;
            written?;
        }
    }
    Ok(Ending::Done)
}

/// The next rows of a table, which is held as a whole for the width of its columns.
async fn next(answer: &mut Answer, bytes: &mut usize) -> Result<Option<RecordBatch>, Failed> {
    let batch = answer.next().await?;
    *bytes += batch.as_ref().map_or(0, RecordBatch::get_array_memory_size);
    if *bytes > TABLE_BYTES_MAX { Err(Failed::Large) } else { Ok(batch) }
}

/// Why rows did not come, or could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Rows(#[from] ArrowError),
    #[error("standard output: {0}")]
    Out(#[from] io::Error),
    #[error("an Arrow stream cannot be shown in a terminal")]
    Binary,
    #[error("a table of more than {} MiB is not drawn", TABLE_BYTES_MAX >> 20)]
    Large,
}

impl Failed {
    /// The statement's fault is told by `sql`.
    pub(super) fn told(self, sql: impl Fn(SqlError) -> Failure) -> Failure {
        match self {
            Self::Sql(error) => sql(error),
            Self::Binary => {
                Failure::usage(self.to_string(), "send it to a file or a program: > FILE")
            }
            Self::Large => {
                let hint = "ask for less, or have rows written as they come: --format csv";
                Failure::usage(self.to_string(), hint)
            }
            Self::Rows(error) => error.into(),
            Self::Out(error) => error.into(),
        }
    }
}

fn table(answer: &Answer) -> Table {
    let schema = answer.schema();
    let names = schema.fields().iter().map(|field| {
        let right = if field.data_type().is_numeric() { ">" } else { "" };
        format!("{right}{}", field.name())
    });
    let names: Vec<String> = names.collect();
    Table::new(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn options() -> FormatOptions<'static> {
    FormatOptions::new().with_display_error(true).with_duration_format(DurationFormat::Pretty)
}

fn push(batch: &RecordBatch, table: &mut Table) -> Result<(), ArrowError> {
    let options = options();
    let columns = batch.columns().iter().map(|column| {
        let floats = matches!(column.data_type(), DataType::Float64 | DataType::Float32);
        Ok((ArrayFormatter::try_new(column.as_ref(), &options)?, floats))
    });
    let columns: Vec<(ArrayFormatter<'_>, bool)> = columns.collect::<Result<_, ArrowError>>()?;
    for row in 0..batch.num_rows() {
        let cells = columns.iter().map(|(column, floats)| {
            let text = column.value(row).to_string();
            if *floats { sensible(&text) } else { text }
        });
        table.push(cells.collect());
    }
    Ok(())
}

/// A number with as many digits as people read: four behind the point, or four in all.
fn sensible(text: &str) -> String {
    let Ok(number) = text.parse::<f64>() else { return text.to_owned() };
    let size = number.abs();
    if !number.is_finite() || size == 0.0 {
        return text.to_owned();
    }
    if !(1e-3..1e9).contains(&size) {
        return format!("{number:.3e}");
    }
    let short = format!("{number:.4}");
    short.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// CSV for spreadsheets.
async fn sheet(answer: &mut Answer, sheet: Sheet) -> Result<(), Failed> {
    let mut out = BufWriter::new(programs(Script::Signs));
    out.write_all(sheet.prefix().as_bytes())?;
    sheet.head(&answer.schema(), &mut out)?;
    let written = async {
        while let Some(batch) = answer.next().await? {
            sheet.rows(&batch, &mut out)?;
        }
        Ok(())
    };
    let written = written.await;
    out.flush()?;
    written
}

#[cfg(test)]
mod tests {
    use super::sensible;

    #[test]
    fn people_read_four_digits() {
        for (exact, shown) in [
            ("0.24481999999999998", "0.2448"),
            ("-0.5", "-0.5"),
            ("2.0", "2"),
            ("0.0", "0.0"),
            ("0.00000029", "2.900e-7"),
            ("1234567.891", "1234567.891"),
            ("NaN", "NaN"),
            ("", ""),
        ] {
            assert_eq!(sensible(exact), shown, "{exact}");
        }
    }
}
