//! How does `information_schema` look to a client of PostgreSQL? Its own words for types, and places
//! that count from one.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::{MemTable, TableType};
use datafusion::error::Result as QueryResult;
use datafusion::prelude::SessionContext;

use super::super::statement::{CATALOG, SCHEMA as PUBLIC};
use super::empty;
use super::functions::SETTINGS;

/// Under what name the tables are kept: DataFusion has an `information_schema` of its own.
pub(super) const SCHEMA: &str = "pg_information_schema";

/// The tables, over what stands in the schema of the lake.
pub(super) async fn schema(
    context: &SessionContext,
    user: &str,
) -> QueryResult<Arc<dyn SchemaProvider>> {
    let made = MemorySchemaProvider::new();
    let (mut tables, mut views, mut columns) = (Rows::default(), Rows::default(), Rows::default());
    let public = context.catalog(CATALOG).and_then(|catalog| catalog.schema(PUBLIC));
    let mut names = public.as_ref().map(|public| public.table_names()).unwrap_or_default();
    names.sort();
    for name in names {
        let Some(table) = (match &public {
            Some(public) => public.table(&name).await?,
            None => None,
        }) else {
            continue;
        };
        let kind = if table.table_type() == TableType::View { "VIEW" } else { "BASE TABLE" };
        tables.add([CATALOG, PUBLIC, &name, kind, "NO", "NO"]);
        if kind == "VIEW" {
            views.add([CATALOG, PUBLIC, &name, "", "NONE", "NO", "NO"]);
        }
        for (place, field) in (1..).zip(table.schema().fields()) {
            columns.add_column(&name, place, field);
        }
    }
    let listed = tables.table(&[
        "table_catalog",
        "table_schema",
        "table_name",
        "table_type",
        "is_insertable_into",
        "is_typed",
    ]);
    made.register_table("tables".to_owned(), listed?)?;
    let listed = views.table(&[
        "table_catalog",
        "table_schema",
        "table_name",
        "view_definition",
        "check_option",
        "is_updatable",
        "is_insertable_into",
    ]);
    made.register_table("views".to_owned(), listed?)?;
    made.register_table("columns".to_owned(), columns.table(&COLUMNS)?)?;
    let mut schemata = Rows::default();
    for name in [PUBLIC, "pg_catalog", "information_schema"] {
        schemata.add([CATALOG, name, CATALOG]);
    }
    let listed = schemata.table(&["catalog_name", "schema_name", "schema_owner"]);
    made.register_table("schemata".to_owned(), listed?)?;
    let named = Rows::of(["catalog_name"], [[CATALOG]]);
    made.register_table("information_schema_catalog_name".to_owned(), named?)?;
    let users = ["usename", "usesysid", "usecreatedb", "usesuper", "userepl", "usebypassrls"];
    let known = Rows::of(users, [[user, "10", "false", "false", "false", "false"]]);
    made.register_table("pg_user".to_owned(), known?)?;
    let settings = ["name", "setting", "context", "vartype", "source", "boot_val", "reset_val"];
    let known =
        SETTINGS.map(|(name, value)| [name, value, "internal", "string", "default", value, value]);
    made.register_table("pg_settings".to_owned(), Rows::of(settings, known)?)?;
    for (name, columns) in empty::CATALOG.into_iter().chain(empty::INFORMATION) {
        let columns: Vec<&str> = columns.split(' ').collect();
        made.register_table(name.to_owned(), Rows::default().table(&columns)?)?;
    }
    Ok(Arc::new(made))
}

const COLUMNS: [&str; 24] = [
    "table_catalog",
    "table_schema",
    "table_name",
    "column_name",
    "column_default",
    "is_nullable",
    "data_type",
    "udt_catalog",
    "udt_schema",
    "udt_name",
    "is_identity",
    "is_generated",
    "is_updatable",
    "is_self_referencing",
    "domain_name",
    "collation_name",
    "interval_type",
    "generation_expression",
    "ordinal_position",
    "character_maximum_length",
    "numeric_precision",
    "numeric_precision_radix",
    "numeric_scale",
    "datetime_precision",
];
/// Of those, and of others, the ones that are numbers.
const NUMBERS: [&str; 7] = [
    "ordinal_position",
    "character_maximum_length",
    "numeric_precision",
    "numeric_precision_radix",
    "numeric_scale",
    "datetime_precision",
    "position_in_unique_constraint",
];

/// Rows of texts; what is null is `None`.
#[derive(Default)]
struct Rows(Vec<Vec<Option<String>>>);

impl Rows {
    fn of<'t, const N: usize>(
        columns: [&str; N],
        rows: impl IntoIterator<Item = [&'t str; N]>,
    ) -> QueryResult<Arc<MemTable>> {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.add(row));
        all.table(&columns)
    }

    fn add<const N: usize>(&mut self, row: [&str; N]) {
        self.0.push(row.iter().map(|text| Some((*text).to_owned())).collect());
    }

    fn add_column(&mut self, table: &str, place: usize, field: &Field) {
        let (kind, name, precision) = named(field.data_type());
        let some = |text: &str| Some(text.to_owned());
        let is_time = kind.starts_with("timestamp") || kind == "date";
        let number = precision.filter(|_| !is_time);
        let radix = number.map(|_| "2".to_owned());
        let scale = number.filter(|_| kind != "double precision").map(|_| "0".to_owned());
        self.0.push(vec![
            some(CATALOG),
            some(PUBLIC),
            some(table),
            some(field.name()),
            None,
            some(if field.is_nullable() { "YES" } else { "NO" }),
            some(kind),
            some(CATALOG),
            some("pg_catalog"),
            some(name),
            some("NO"),
            some("NEVER"),
            some("NO"),
            some("NO"),
            None,
            None,
            None,
            None,
            Some(place.to_string()),
            None,
            number.map(str::to_owned),
            radix,
            scale,
            precision.filter(|_| is_time).map(str::to_owned),
        ]);
    }

    fn table(&self, columns: &[&str]) -> QueryResult<Arc<MemTable>> {
        let column = |place: usize| self.0.iter().map(move |row| row.get(place)?.as_deref());
        let arrays = columns.iter().enumerate().map(|(place, name)| -> ArrayRef {
            if NUMBERS.contains(name) {
                let numbers = column(place).map(|text| text.and_then(|text| text.parse().ok()));
                return Arc::new(numbers.collect::<Int32Array>());
            }
            Arc::new(column(place).collect::<StringArray>())
        });
        let arrays: Vec<ArrayRef> = arrays.collect();
        let fields = columns.iter().zip(&arrays);
        let fields: Vec<_> = fields
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let rows = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
        Ok(Arc::new(MemTable::try_new(schema, vec![vec![rows]])?))
    }
}

/// PostgreSQL's words for a type: the long one, the short one, and its precision.
fn named(kind: &DataType) -> (&'static str, &'static str, Option<&'static str>) {
    match kind {
        DataType::Boolean => ("boolean", "bool", None),
        DataType::Int8 | DataType::Int16 => ("smallint", "int2", Some("16")),
        DataType::Int32 | DataType::UInt16 => ("integer", "int4", Some("32")),
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => ("bigint", "int8", Some("64")),
        DataType::Float32 => ("real", "float4", Some("24")),
        DataType::Float64 => ("double precision", "float8", Some("53")),
        DataType::Date32 | DataType::Date64 => ("date", "date", Some("0")),
        DataType::Timestamp(_, Some(_)) => ("timestamp with time zone", "timestamptz", Some("6")),
        DataType::Timestamp(_, None) => ("timestamp without time zone", "timestamp", Some("6")),
        DataType::List(_) | DataType::LargeList(_) => ("ARRAY", "_text", None),
        DataType::Interval(_) | DataType::Duration(_) => ("interval", "interval", None),
        DataType::Binary | DataType::BinaryView => ("bytea", "bytea", None),
        _ => ("text", "text", None),
    }
}
