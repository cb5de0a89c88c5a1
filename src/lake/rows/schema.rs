//! Which schema do the tables have? For Arrow and Delta, and for people.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde_json::{Value, json};

use super::catalog::{Column, Kind};
use super::tables::{DAY, Table};

/// The columns of a table.
#[must_use]
pub fn arrow_schema(table: Table) -> SchemaRef {
    static SCHEMAS: LazyLock<[SchemaRef; Table::KNOWN.len()]> =
        LazyLock::new(|| Table::KNOWN.map(build));
    Arc::clone(&SCHEMAS[table as usize])
}

fn build(table: Table) -> SchemaRef {
    let day = Field::new(DAY, DataType::Date32, false);
    let fields = table.columns().iter().map(field);
    Arc::new(Schema::new(std::iter::once(day).chain(fields).collect::<Vec<_>>()))
}

pub(crate) fn field(column: &Column) -> Field {
    let data_type = match column.kind {
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Int => DataType::Int64,
        Kind::Float => DataType::Float64,
        Kind::Text => DataType::Utf8,
    };
    Field::new(column.name, data_type, column.null.is_some())
}

impl Kind {
    /// The name used in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Int => "integer",
            Self::Float => "float",
            Self::Text => "text",
        }
    }
}

const RULES: &str = "\
# Tables of the lake

Made by `resonanz lake schema`; a test keeps it true.

Times are microseconds in UTC. Scores run from -1 to 1 in steps of 0.0001; a score of at most -0.05 is negative, of at
least 0.05 positive, else neutral. A column without a word under *null* has always a value. `day` (date) partitions
each table. New columns are added at the end of a table and are null in rows that an older version wrote.
";

/// The documentation of all tables in Markdown.
#[must_use]
pub fn schema_markdown() -> String {
    let table = |table: Table| {
        let (name, meaning, day_of) = (table.name(), table.meaning(), table.day_of());
        let head = format!(
            "\n## {name}\n\n{meaning} `day` is the UTC day of `{day_of}`.\n\n| column | type | meaning | null |\n|---|---|---|---|\n"
        );
        table.columns().iter().map(markdown_row).fold(head, |all, row| all + &row)
    };
    Table::KNOWN.map(table).into_iter().fold(RULES.to_owned(), |all, table| all + &table)
}

fn markdown_row(column: &Column) -> String {
    let Column { name, kind, null, meaning } = column;
    let [meaning, null] =
        [meaning, null.as_ref().unwrap_or(&"")].map(|text| text.replace('|', "\\|"));
    format!("| `{name}` | {} | {meaning} | {null} |\n", kind.as_str())
}

/// The same for programs: tables with their columns.
#[must_use]
pub fn schema_json() -> Value {
    let column = |column: &Column| json!({"name": column.name, "type": column.kind.as_str(), "null": column.null, "meaning": column.meaning});
    let table = |table: Table| {
        let columns: Vec<Value> = table.columns().iter().map(column).collect();
        json!({"name": table.name(), "meaning": table.meaning(), "day_of": table.day_of(), "columns": columns})
    };
    Table::KNOWN.map(table).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::schema_markdown;

    #[test]
    fn the_document_says_what_the_code_does() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lake/schema.md");
        let document = std::fs::read_to_string(path).expect("the document");
        assert_eq!(document, schema_markdown(), "resonanz lake schema > src/lake/schema.md");
    }
}
