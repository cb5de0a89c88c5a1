//! What was asked, and how far was it answered? Prepared statements, their parameters, and rows on
//! their way out.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use bytes::Bytes;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion_postgres::arrow_pg::datatypes::{
    arrow_schema_to_pg_fields, df::deserialize_parameters, encode_recordbatch, field_into_pg_type,
};
use datafusion_postgres::pgwire::api::Type;
use datafusion_postgres::pgwire::api::portal::{Format, Portal as WirePortal};
use datafusion_postgres::pgwire::api::results::FieldInfo;
use datafusion_postgres::pgwire::api::stmt::StoredStatement;
use datafusion_postgres::pgwire::error::PgWireResult;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::data::{DataRow, RowDescription};
use datafusion_postgres::pgwire::messages::extendedquery::Bind;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::failure::Failure;
use super::request::Request;
use super::wire::{Binding, Wire, WireError};
use crate::sql::{Answer, Prepared, SqlError};

/// Longest answer in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// A statement that was understood.
pub(super) struct Statement {
    pub(super) sql: String,
    /// As the client says, or else as the statement tells.
    pub(super) types: Vec<Type>,
    /// What is read for each parameter.
    pub(super) kinds: Vec<Option<DataType>>,
    /// Columns of the answer, if there are any.
    pub(super) columns: Option<SchemaRef>,
}

impl Statement {
    /// One that the connection itself answers.
    pub(super) fn of_connection(sql: String, request: &Request) -> Self {
        let columns = match request {
            Request::Show(name) => Some(show_columns(name)),
            _ => None,
        };
        Self::plain(sql, columns)
    }

    /// One without parameters.
    pub(super) fn plain(sql: String, columns: Option<SchemaRef>) -> Self {
        Self { sql, types: Vec::new(), kinds: Vec::new(), columns }
    }

    /// One that the lake answers; zero and unknown types are left to the statement.
    pub(super) fn of_lake(
        sql: String,
        prepared: &Prepared,
        given: &[u32],
    ) -> Result<Self, Failure> {
        let count = prepared.parameters.len().max(given.len());
        let types = (0..count).map(|place| {
            let given = given.get(place).and_then(|oid| Type::from_oid(*oid));
            if let Some(given) = given.filter(|given| *given != Type::UNKNOWN) {
                return Ok(given);
            }
            match prepared.parameters.get(place).and_then(Option::as_ref) {
                Some(field) => parameter_type(field),
                None => Ok(Type::TEXT),
            }
        });
        let types = types.collect::<Result<Vec<_>, Failure>>()?;
        let kinds = kinds(prepared);
        // What the columns are can depend on what the parameters are, if not on their values.
        let nulls = values(&types, &kinds, &[], &vec![None; types.len()])?;
        let columns = prepared.columns(nulls).map_err(|error| Failure::of(error, &sql))?;
        Ok(Self { sql, types, kinds, columns: Some(columns) })
    }
}

/// The one column of a `SHOW`.
pub(super) fn show_columns(name: &str) -> SchemaRef {
    let field = arrow::datatypes::Field::new(name, DataType::Utf8, false);
    Arc::new(arrow::datatypes::Schema::new(vec![field]))
}

fn kinds(prepared: &Prepared) -> Vec<Option<DataType>> {
    let kind = |field: &Option<FieldRef>| field.as_ref().map(|field| field.data_type().clone());
    prepared.parameters.iter().map(kind).collect()
}

/// What a client is told of a parameter.
fn parameter_type(field: &FieldRef) -> Result<Type, Failure> {
    let found = field_into_pg_type(field)?;
    // A parameter of which only null is known can be anything.
    Ok(if found == Type::UNKNOWN { Type::TEXT } else { found })
}

/// The columns of an answer as a client reads them, each in the form it asked for.
pub(super) fn described(columns: &SchemaRef, formats: &[i16]) -> Result<Vec<FieldInfo>, Failure> {
    let count = columns.fields().len();
    if formats.len() > 1 && formats.len() != count {
        let message = format!("{} formats are asked for {count} columns", formats.len());
        return Err(Failure::new("08P01", message));
    }
    let format = match formats {
        [] => Format::UnifiedText,
        [one] => Format::from(*one),
        each => Format::Individual(each.to_vec()),
    };
    Ok(arrow_schema_to_pg_fields(columns, &format, None)?)
}

/// The message that describes columns.
pub(super) fn description(fields: &[FieldInfo]) -> PgWireBackendMessage {
    let fields = fields.iter().map(Into::into).collect();
    PgWireBackendMessage::RowDescription(RowDescription::new(fields))
}

/// A statement with its parameters.
pub(super) struct Portal {
    pub(super) statement: Arc<Statement>,
    pub(super) binding: Binding,
    pub(super) state: State,
    /// Whether it outlives its transaction.
    pub(super) is_held: bool,
}

/// How far a portal got.
pub(super) enum State {
    Ready,
    Running(Box<Rows>),
    Done,
    /// It took longer than it may, while nobody asked for more.
    Late,
}

impl Portal {
    pub(super) fn new(statement: Arc<Statement>, binding: Binding) -> Result<Self, Failure> {
        let (formats, given) = (binding.parameter_formats.len(), binding.parameters.len());
        let wanted = statement.types.len();
        if given != wanted || (formats > 1 && formats != given) {
            let message = format!("the statement has {wanted} parameters, {given} are given");
            return Err(Failure::new("08P01", message));
        }
        Ok(Self { statement, binding, state: State::Ready, is_held: false })
    }

    /// The columns in the forms that were asked for.
    pub(super) fn described(&self) -> Result<Option<Vec<FieldInfo>>, Failure> {
        let formats = &self.binding.result_formats;
        self.statement.columns.as_ref().map(|columns| described(columns, formats)).transpose()
    }

    pub(super) fn formats(&self) -> &[i16] {
        &self.binding.result_formats
    }

    /// When its answer must be done, if it is being answered.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Running(rows) => Some(rows.end),
            _ => None,
        }
    }

    /// Its place among the queries at once.
    pub(super) fn permit(&self) -> Option<Arc<OwnedSemaphorePermit>> {
        match &self.state {
            State::Running(rows) => Some(Arc::clone(&rows.permit)),
            _ => None,
        }
    }

    /// Gives up an answer whose time is over.
    pub(super) fn expire(&mut self) {
        if self.due().is_some_and(|due| due <= Instant::now()) {
            self.state = State::Late;
        }
    }

    /// Whether columns are what the client was told when it prepared the statement.
    pub(super) fn check(&self, fields: &[FieldInfo]) -> Result<(), Failure> {
        let told = self.described()?.unwrap_or_default();
        let kinds = |fields: &[FieldInfo]| -> Vec<Type> {
            fields.iter().map(|field| field.datatype().clone()).collect()
        };
        if kinds(&told) == kinds(fields) {
            return Ok(());
        }
        let changed = Failure::new("0A000", "the columns are not what the parameters promised");
        Err(changed.hint("write the type of the parameter, as $1::bigint"))
    }

    /// The values of the parameters.
    pub(super) fn values(&self) -> Result<Vec<ScalarValue>, Failure> {
        let Binding { parameter_formats, parameters, .. } = &self.binding;
        values(&self.statement.types, &self.statement.kinds, parameter_formats, parameters)
    }
}

/// Reads values from the wire: what their types say, made what the statement needs.
fn values(
    types: &[Type],
    kinds: &[Option<DataType>],
    formats: &[i16],
    parameters: &[Option<Bytes>],
) -> Result<Vec<ScalarValue>, Failure> {
    let types = types.iter().cloned().map(Some).collect();
    let bind = Bind::new(None, None, formats.to_vec(), parameters.to_vec(), Vec::new());
    let stored = Arc::new(StoredStatement::new(String::new(), (), types));
    let portal = WirePortal::try_new(&bind, stored)?;
    let kinds: Vec<Option<&DataType>> = kinds.iter().map(Option::as_ref).collect();
    match deserialize_parameters(&portal, &kinds)? {
        ParamValues::List(values) => Ok(values.into_iter().map(|value| value.value).collect()),
        ParamValues::Map(_) => Err(Failure::new("0A000", "parameters have no names")),
    }
}

type EncodedRows = Box<dyn Iterator<Item = PgWireResult<DataRow>> + Send>;

/// The rows of an answer that are still to come.
pub(super) struct Rows {
    answer: Answer,
    fields: Arc<Vec<FieldInfo>>,
    batch: Option<EncodedRows>,
    sent_bytes: usize,
    pub(super) end: Instant,
    pub(super) permit: Arc<OwnedSemaphorePermit>,
}

/// Why rows stop.
pub(super) enum Stop {
    Failed(Failure),
    Gone(WireError),
}

impl Stop {
    /// The same in a text that has so many characters before the statement.
    pub(super) fn behind(self, characters: usize) -> Self {
        match self {
            Self::Failed(failure) => Self::Failed(failure.behind(characters)),
            gone @ Self::Gone(_) => gone,
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<WireError> for Stop {
    fn from(error: WireError) -> Self {
        Self::Gone(error)
    }
}

impl Rows {
    pub(super) fn new(
        answer: Answer,
        fields: Vec<FieldInfo>,
        end: Instant,
        permit: Arc<OwnedSemaphorePermit>,
    ) -> Self {
        let fields = Arc::new(fields);
        Self { answer, fields, batch: None, sent_bytes: 0, end, permit }
    }

    pub(super) fn fields(&self) -> &[FieldInfo] {
        &self.fields
    }

    /// Changes the form of the rows that are not read yet.
    pub(super) fn describe(&mut self, fields: Vec<FieldInfo>) {
        self.fields = Arc::new(fields);
    }

    /// Leaves out so many rows; says how many, and whether those were the last.
    pub(super) async fn skip(
        &mut self,
        sql: &str,
        rows_max: usize,
    ) -> Result<(usize, bool), Failure> {
        for count in 0..rows_max {
            if self.next(sql).await?.is_none() {
                return Ok((count, true));
            }
        }
        Ok((rows_max, false))
    }

    /// The next row, if there is one.
    pub(super) async fn next(&mut self, sql: &str) -> Result<Option<DataRow>, Failure> {
        loop {
            if let Some(row) = self.batch.as_mut().and_then(Iterator::next) {
                return Ok(Some(row?));
            }
            let batch = self.answer.next().await.map_err(|error| Failure::of(error, sql))?;
            let Some(batch) = batch else { return Ok(None) };
            self.batch = Some(encode_recordbatch(Arc::clone(&self.fields), batch));
        }
    }

    /// Puts a row on its way.
    pub(super) async fn send(
        &mut self,
        wire: &mut Wire,
        row: &PgWireBackendMessage,
    ) -> Result<(), Stop> {
        self.sent_bytes += wire.put(row)?;
        if self.sent_bytes > ANSWER_BYTES_MAX {
            return Err(Failure::of(SqlError::too_long(ANSWER_BYTES_MAX), "").into());
        }
        if wire.is_full() {
            wire.flush(self.end).await?;
        }
        Ok(())
    }
}

/// One row with one text.
pub(super) fn text_row(text: &str) -> DataRow {
    let length = i32::try_from(text.len()).unwrap_or(i32::MAX).to_be_bytes();
    DataRow::new([&length[..], text.as_bytes()].concat().as_slice().into(), 1)
}
