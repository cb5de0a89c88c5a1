//! What was wrong with a query, where in it, and how is it mended?

use std::borrow::Cow;
use std::fmt;

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use serde::{Deserialize, Serialize};

use super::functions::MatchesError;
use super::growth::GrowthError;
use super::guard::{Limits, Refusal};
use super::hints;
use crate::lake::{Table, is_missing, quoted, refusal};
use crate::mention::pointer;

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SqlFault {
    /// The statement's.
    Statement,
    /// The statement asks for more time or memory than is allowed.
    Limit,
    /// A file of the lake is not what was written.
    Damage,
    /// Something else, such as a disk.
    Other,
}

/// A query that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlError {
    /// Whose fault it is.
    pub fault: SqlFault,
    /// What kind of fault, as a SQLSTATE of PostgreSQL.
    pub code: Cow<'static, str>,
    /// What is wrong, without the place.
    pub message: String,
    /// Where in the statement: line and column in characters, from 1.
    pub place: Option<(usize, usize)>,
    /// How to mend it; may be empty.
    pub hint: String,
    /// The line of the statement with a caret under the place, or empty.
    pub shown: Box<str>,
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{line}:{column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for SqlError {}

/// An answer that could not be written.
impl From<ArrowError> for SqlError {
    fn from(error: ArrowError) -> Self {
        Self::new(SqlFault::Other, BROKEN, error.to_string(), "")
    }
}

/// SQLSTATE of what no statement can help.
const BROKEN: &str = "XX000";

impl SqlError {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::new(SqlFault::Statement, refusal.code, refusal.message, refusal.hint)
    }

    pub(super) fn late(limits: Limits) -> Self {
        let message = format!("not done within {} s", limits.time.as_secs_f64());
        let hint = "narrow it with a condition on day, or allow more time";
        Self::new(SqlFault::Limit, "57014", message, hint)
    }

    /// A query that takes more memory than it may.
    pub(super) fn large(limits: Limits) -> Self {
        let message = format!("more than {} MiB of memory are needed", limits.memory_mib);
        Self::new(SqlFault::Limit, "53200", message, more_memory(limits))
    }

    /// A row, of which nothing smaller can be handed on.
    pub(super) fn long_row(bytes: usize, bytes_max: usize) -> Self {
        let mib = |bytes: usize| bytes.div_ceil(1024 * 1024);
        let (long, most) = (mib(bytes), mib(bytes_max));
        let message =
            format!("a row of the answer has {long} MiB; at most {most} MiB are sent at once");
        let hint = "ask for more and shorter rows, or allow more: sql_memory_mib in [serve], or --memory-mib";
        Self::new(SqlFault::Limit, "53200", message, hint)
    }

    /// A query for which no process could be started.
    pub(super) fn alone(what: &str) -> Self {
        let message =
            format!("a query that may take much memory needs a process of its own: {what}");
        let hint =
            "let this program start itself again, and see that the system has processes left";
        Self::new(SqlFault::Other, BROKEN, message, hint)
    }

    /// A query that broke down instead of failing.
    pub(crate) fn broken(what: &str) -> Self {
        let message = format!("the query failed: {what}");
        Self::new(SqlFault::Other, BROKEN, message, "write it in another way")
    }

    /// What is written in another way than it can be read.
    #[cfg(feature = "postgres")]
    pub(super) fn unsaid(message: &str) -> Self {
        Self::new(SqlFault::Statement, "0A000", message, "write it in another way")
    }

    /// An answer of more bytes than are sent.
    #[must_use]
    pub fn too_long(bytes_max: usize) -> Self {
        let message = format!("the answer has more than {bytes_max} bytes");
        Self::new(SqlFault::Limit, "54000", message, "ask for less, or on the command line")
    }

    fn new(
        fault: SqlFault,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (message, hint) = (message.into(), hint.into());
        let code = Cow::Borrowed(code);
        Self { fault, code, message, place: None, hint, shown: Box::default() }
    }

    /// Puts an error of DataFusion in our words.
    pub(super) fn of(error: &DataFusionError, sql: &str, limits: Limits) -> Self {
        if let Some(error) = found::<MatchesError>(error) {
            let at = sql.find(&quoted(&error.query)).map(|start| start + 1 + error.source.at);
            let (message, hint) = (error.to_string(), error.source.hint);
            return Self::new(SqlFault::Statement, "22023", message, hint).at(sql, at);
        }
        if let Some(growth) = found::<GrowthError>(error) {
            return Self::new(SqlFault::Limit, "53200", growth.to_string(), growth.hint());
        }
        if let Some(refused) = of_store(error) {
            return refused;
        }
        let message = plain(error);
        let (fault, hint) = judge(error, limits);
        let (message, hint) = match hints::reworded(&error.strip_backtrace()) {
            _ if fault == SqlFault::Limit => {
                (format!("more than {} MiB of memory are needed", limits.memory_mib), hint)
            }
            Some(better) => better,
            None => (hints::kinds(&message), hint),
        };
        let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
        let place = span.map(|span| (span.start.line, span.start.column)).or(parsed_place(error));
        let at = place.and_then(|(line, column)| offset(sql, line, column));
        Self::new(fault, sqlstate(error), message, hint).at(sql, at)
    }

    /// Points at a byte of the statement.
    fn at(self, sql: &str, at: Option<usize>) -> Self {
        let Some(at) = at else { return self };
        let before = sql.get(..at).unwrap_or(sql);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { place: Some((line, column)), shown: pointer(sql, at).into(), ..self }
    }
}

/// What the store of a bucket refused, if that is the cause.
fn of_store(error: &DataFusionError) -> Option<SqlError> {
    let is_reading = matches!(
        cause(error),
        DataFusionError::ObjectStore(_)
            | DataFusionError::ParquetError(_)
            | DataFusionError::ArrowError(..)
            | DataFusionError::External(_)
    );
    let text = error.to_string();
    let object = text.split_once("Object at location ");
    let object = object.and_then(|(_, rest)| rest.split_once(" not found"));
    let object = object.map_or("the lake", |(name, _)| name);
    let refusal = refusal(object, error).filter(|_| is_reading)?;
    let missing = (SqlFault::Damage, "XX001");
    let (fault, code) = if is_missing(error) { missing } else { (SqlFault::Other, "58030") };
    Some(SqlError::new(fault, code, refusal.to_string(), refusal.hint()))
}

/// An error of ours behind one of DataFusion.
fn found<E: std::error::Error + 'static>(error: &DataFusionError) -> Option<&E> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(DataFusionError::External(inner)) = error.downcast_ref::<DataFusionError>()
            && let Some(found) = inner.downcast_ref::<E>()
        {
            return Some(found);
        }
        source = error.source();
    }
    None
}

/// The first cause, without the wrapping.
fn plain(error: &DataFusionError) -> String {
    match cause(error) {
        DataFusionError::SQL(parser, _) => match &**parser {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => {
                text.split(" at Line:").next().unwrap_or_default().to_owned()
            }
            ParserError::RecursionLimitExceeded => "nested too deep".to_owned(),
        },
        DataFusionError::SchemaError(schema, _) => match &**schema {
            SchemaError::FieldNotFound { field, .. } => {
                format!("no column is called {}", field.flat_name())
            }
            other => other.to_string(),
        },
        DataFusionError::Plan(text) => {
            let text = text.replace("'resonanz.public.", "'");
            let text = text.split("Candidate functions:").next().unwrap_or_default();
            // Plans in Rust's own notation help nobody.
            text.split(", got ScalarFunction(").next().unwrap_or_default().trim().to_owned()
        }
        DataFusionError::ArrowError(arrow, _) => match &**arrow {
            ArrowError::ArithmeticOverflow(what) => {
                let what = what.trim_start_matches("Overflow happened on: ");
                format!("out of the range of its type: {what}")
            }
            other => other.to_string(),
        },
        other => {
            let text = other.strip_backtrace();
            // DataFusion takes a regular expression that does not compile for a fault of its own.
            let text =
                text.split("This issue was likely caused by a bug").next().unwrap_or_default();
            text.trim().trim_start_matches("Internal error: ").to_owned()
        }
    }
}

fn cause(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => cause(inner),
        DataFusionError::Collection(errors) => errors.first().map_or(error, cause),
        DataFusionError::Shared(inner) => cause(inner),
        other => other,
    }
}

/// Whether a Parquet file is not what was written.
fn is_damage(error: &DataFusionError) -> bool {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source()).any(|error| {
        matches!(error.downcast_ref(), Some(DataFusionError::ParquetError(_)))
            || matches!(error.downcast_ref(), Some(ArrowError::ParquetError(_)))
    })
}

fn judge(error: &DataFusionError, limits: Limits) -> (SqlFault, String) {
    if is_damage(error) {
        let hint =
            "restore the file from a backup; days without it stay readable: WHERE day <> ...";
        return (SqlFault::Damage, hint.to_owned());
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => {
            return (SqlFault::Limit, more_memory(limits));
        }
        DataFusionError::Internal(text) if text.contains("Regular expression") => {
            return (
                SqlFault::Statement,
                "write a smaller or a correct regular expression".to_owned(),
            );
        }
        DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::Internal(_) => {
            return (SqlFault::Other, String::new());
        }
        DataFusionError::ArrowError(arrow, _) => {
            let hint = match **arrow {
                ArrowError::DivideByZero => "write a / nullif(b, 0)",
                ArrowError::ArithmeticOverflow(_) => {
                    "calculate with CAST(x AS DOUBLE), or CAST(x AS DECIMAL(38, 0))"
                }
                _ => "see which value it is with a condition",
            };
            return (SqlFault::Statement, hint.to_owned());
        }
        _ => {}
    }
    let hint = match cause(error) {
        DataFusionError::SchemaError(schema, _) => match &**schema {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let known: Vec<&str> =
                    valid_fields.iter().map(datafusion::common::Column::name).collect();
                near(field.name(), &known)
            }
            _ => String::new(),
        },
        DataFusionError::Plan(text) if text.contains(" not found") && text.starts_with("table") => {
            let name = text.split('\'').nth(1).and_then(|name| name.rsplit('.').next());
            let views: Vec<_> = super::views::View::all().map(|view| view.name).collect();
            let tables = Table::ALL.map(Table::name);
            near(name.unwrap_or_default(), &[&tables[..], &views].concat())
        }
        DataFusionError::Plan(text) if text.starts_with("drivers ") => {
            "as drivers('acme', '2026-03-04', '2026-03-05')".to_owned()
        }
        _ => String::new(),
    };
    let general = "list tables and columns with SHOW TABLES and DESCRIBE mentions, views with: resonanz query --views";
    (SqlFault::Statement, if hint.is_empty() { general.to_owned() } else { hint })
}

fn more_memory(limits: Limits) -> String {
    let mib = limits.memory_mib;
    format!(
        "narrow it with a condition on day, take less of long texts, as left(text, 200), or allow more than {mib} MiB"
    )
}

/// What kind of fault an error of DataFusion is.
fn sqlstate(error: &DataFusionError) -> &'static str {
    if is_damage(error) {
        return "XX001";
    }
    if error.to_string().contains("No function matches the given name") {
        return "42883";
    }
    match cause(error) {
        DataFusionError::SQL(..) => "42601",
        DataFusionError::SchemaError(schema, _) => match &**schema {
            SchemaError::FieldNotFound { .. } => "42703",
            SchemaError::AmbiguousReference { .. } => "42702",
            _ => "42701",
        },
        DataFusionError::Plan(text) if text.starts_with("table ") => "42P01",
        DataFusionError::Plan(text) if text.starts_with("Invalid function") => "42883",
        DataFusionError::NotImplemented(_) => "0A000",
        _ => match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => "53200",
            DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) => "58030",
            DataFusionError::Internal(_) => BROKEN,
            DataFusionError::ArrowError(arrow, _) => match &**arrow {
                ArrowError::DivideByZero => "22012",
                ArrowError::ArithmeticOverflow(_) => "22003",
                ArrowError::CastError(_) | ArrowError::ParseError(_) => "22P02",
                _ => "22000",
            },
            _ => "42000",
        },
    }
}

/// The known name that was meant, or all of them.
fn near(name: &str, known: &[&str]) -> String {
    let distance = |other: &&&str| crate::settings::distance(other, name);
    match known.iter().min_by_key(distance) {
        Some(best) if crate::settings::distance(best, name) <= 1 + name.len() / 3 => {
            format!("did you mean {best}?")
        }
        Some(_) => format!("known are {}", known.join(", ")),
        None => String::new(),
    }
}

/// The place that the parser writes behind its message.
fn parsed_place(error: &DataFusionError) -> Option<(u64, u64)> {
    let DataFusionError::SQL(parser, _) = cause(error) else { return None };
    let text = parser.to_string();
    let (line, column) = text.rsplit_once(" at Line: ")?.1.split_once(", Column: ")?;
    Some((line.parse().ok()?, column.trim().parse().ok()?))
}

/// The byte at a line and column, both from 1.
fn offset(sql: &str, line: u64, column: u64) -> Option<usize> {
    let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
    let start: usize = sql.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = sql.get(start..)?;
    let inside = rest.char_indices().nth(column.checked_sub(1)?).map_or(rest.len(), |(at, _)| at);
    Some(start + inside)
}
