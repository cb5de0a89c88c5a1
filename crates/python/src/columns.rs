//! What do Python's columns hold? Texts of whatever library, read where they lie.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, StringArray, StringViewArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use pyo3_arrow::input::AnyArray;
use pyo3_arrow::{PyArray, PyRecordBatch};
use resonanz_core::post::Lang;

use crate::failure::{kind, value};

/// One run of texts.
#[derive(Debug)]
enum Run {
    Short(StringArray),
    Long(LargeStringArray),
    View(StringViewArray),
}

impl Run {
    fn read(array: &ArrayRef, name: &str) -> PyResult<Self> {
        let refused = |error: &dyn std::fmt::Display| {
            kind(format!(
                "{name} is {}, not text ({error}); cast it to strings first",
                array.data_type()
            ))
        };
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Short(array.as_string().clone()),
            DataType::LargeUtf8 => Self::Long(array.as_string().clone()),
            DataType::Utf8View => Self::View(array.as_string_view().clone()),
            DataType::Dictionary(_, values) if values.is_string() => {
                let plain = cast(array, &DataType::LargeUtf8).map_err(|error| refused(&error))?;
                Self::Long(plain.as_string().clone())
            }
            DataType::Null => {
                let plain = cast(array, &DataType::Utf8).map_err(|error| refused(&error))?;
                Self::Short(plain.as_string().clone())
            }
            _ => return Err(refused(&"give strings")),
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Short(array) => array.len(),
            Self::Long(array) => array.len(),
            Self::View(array) => array.len(),
        }
    }

    fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Short(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Long(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

/// A column of texts, in as many runs as it came.
#[derive(Debug)]
pub(crate) struct Texts {
    runs: Vec<Run>,
    /// Rows before each run.
    starts: Vec<usize>,
    len: usize,
}

impl Texts {
    /// Reads whatever speaks Arrow, or a list or tuple of strings and None.
    pub(crate) fn read(from: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        if from.is_instance_of::<PyString>() {
            return Err(kind(format!("{name} is one string; give a list, as [{name}]")));
        }
        if from.is_instance_of::<PyList>() || from.is_instance_of::<PyTuple>() {
            let values: Vec<Option<String>> = from.extract().map_err(|_| {
                kind(format!("{name} holds something that is neither a string nor None"))
            })?;
            return Self::of(&[Arc::new(LargeStringArray::from(values)) as ArrayRef], name);
        }
        let array: AnyArray = from.extract().map_err(|_| {
            kind(format!(
                "{name} is a {}; give a list of strings, or a column of pyarrow, Polars, pandas or DuckDB",
                from.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
            ))
        })?;
        let runs: Result<Vec<ArrayRef>, _> = array.into_reader()?.collect();
        Self::of(&runs.map_err(|error| value(format!("{name}: {error}")))?, name)
    }

    /// Reads columns that follow one another.
    pub(crate) fn of(arrays: &[ArrayRef], name: &str) -> PyResult<Self> {
        let runs: Vec<Run> =
            arrays.iter().map(|array| Run::read(array, name)).collect::<PyResult<_>>()?;
        let mut len = 0;
        let mut starts = Vec::with_capacity(runs.len());
        for run in &runs {
            starts.push(len);
            len += run.len();
        }
        Ok(Self { runs, starts, len })
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The text of a row; none for null and beyond the end.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        if row >= self.len {
            return None;
        }
        let at = self.starts.partition_point(|&start| start <= row).checked_sub(1)?;
        self.runs.get(at)?.get(row - self.starts.get(at)?)
    }
}

/// The languages of a column of texts.
#[derive(Debug)]
pub(crate) enum Langs {
    /// The same for all.
    One(Lang),
    /// One for each row.
    Each(Texts),
}

impl Langs {
    /// Reads a code, a column of codes, or nothing for texts that declare none.
    pub(crate) fn read(from: Option<&Bound<'_, PyAny>>, rows: usize) -> PyResult<Self> {
        let Some(from) = from else { return Ok(Self::One(Lang::UND)) };
        if let Ok(code) = from.extract::<String>() {
            let lang = Lang::parse(&code);
            if lang == Lang::UND && !code.eq_ignore_ascii_case("und") {
                return Err(value(format!(
                    "lang \"{code}\" is not a language; write an ISO 639 code, such as de or en"
                )));
            }
            return Ok(Self::One(lang));
        }
        let codes = Texts::read(from, "lang")?;
        if codes.len() != rows {
            return Err(value(format!(
                "lang has {} rows and texts has {rows}; give one for each text",
                codes.len()
            )));
        }
        Ok(Self::Each(codes))
    }

    /// The language that a row declares.
    pub(crate) fn get(&self, row: usize) -> Lang {
        match self {
            Self::One(lang) => *lang,
            Self::Each(codes) => codes.get(row).map_or(Lang::UND, Lang::parse),
        }
    }
}

/// An array, as Python gets it.
pub(crate) fn array(py: Python<'_>, array: ArrayRef) -> PyResult<Bound<'_, PyAny>> {
    PyArray::from_array_ref(array).into_arro3(py)
}

/// A record batch of named columns, as Python gets it.
pub(crate) fn batch<'py>(
    py: Python<'py>,
    columns: Vec<(&str, ArrayRef)>,
    rows: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let field =
        |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema, arrays, &options)
        .map_err(|error| value(error.to_string()))?;
    PyRecordBatch::new(batch).into_arro3(py)
}
