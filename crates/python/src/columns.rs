//! What do Python's columns hold? Texts of whatever library, read where they lie.

use std::sync::Arc;

use arrow_array::builder::LargeStringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::types::{ArrowPrimitiveType, Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray, StructArray};
use arrow_schema::{DataType, Field, Fields};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList, PyString, PyTuple};
use pyo3_arrow::input::AnyArray;
use resonanz_core::post::Lang;

use crate::failure::{kind, value};

/// One run of texts.
#[derive(Debug)]
enum Run {
    Short(StringArray),
    Long(LargeStringArray),
    View(StringViewArray),
    /// Places in a run of different texts.
    Coded(Box<Run>, Vec<Option<usize>>),
    /// So many rows without a text.
    Nulls(usize),
}

impl Run {
    fn read(array: &ArrayRef, name: &str) -> PyResult<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Short(array.as_string().clone()),
            DataType::LargeUtf8 => Self::Long(array.as_string().clone()),
            DataType::Utf8View => Self::View(array.as_string_view().clone()),
            DataType::Dictionary(_, values) if values.is_string() => {
                let dictionary = array.as_any_dictionary();
                let values = Self::read(dictionary.values(), name)?;
                if values.len() == 0 {
                    return Ok(Self::Nulls(array.len()));
                }
                let places = dictionary.normalized_keys().into_iter().enumerate();
                let places = places.map(|(row, place)| array.is_valid(row).then_some(place));
                Self::Coded(Box::new(values), places.collect())
            }
            DataType::Null => Self::Nulls(array.len()),
            DataType::Struct(_) => {
                return Err(kind(format!("{name} is a table; give one column of it")));
            }
            other => {
                return Err(kind(format!("{name} is {other}, not text; cast it to strings first")));
            }
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Short(array) => array.len(),
            Self::Long(array) => array.len(),
            Self::View(array) => array.len(),
            Self::Coded(_, places) => places.len(),
            Self::Nulls(rows) => *rows,
        }
    }

    fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Short(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Long(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Coded(values, places) => values.get((*places.get(row)?)?),
            Self::Nulls(_) => None,
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
            return Self::listed(from, name);
        }
        let array: AnyArray = match from.extract() {
            Ok(array) => array,
            // What speaks no Arrow, such as numpy, or holds what Arrow has no word for: pandas' objects.
            Err(_) if from.hasattr("tolist")? => {
                let values = from.call_method0("tolist")?;
                // An array of no dimension holds one value, whose letters are no texts.
                if !values.is_instance_of::<PyList>() {
                    return Err(kind(format!(
                        "{name} is a single value; give a list, as [{name}]"
                    )));
                }
                return Self::listed(&values, name);
            }
            Err(_) => {
                let sort = sort_of(from);
                return Err(kind(format!(
                    "{name} is a {sort}; give a list of strings, or a column of pyarrow, Polars, pandas or DuckDB"
                )));
            }
        };
        let runs: Result<Vec<ArrayRef>, _> = array.into_reader()?.collect();
        Self::of(&runs.map_err(|error| value(format!("{name}: {error}")))?, name)
    }

    /// Reads values one by one, and says of which it is that it cannot be read.
    fn listed(from: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        let mut texts = LargeStringBuilder::new();
        for (row, value) in from.try_iter()?.enumerate() {
            let value = value?;
            match value.cast::<PyString>() {
                // Half a character, as broken JSON brings it, stops nothing.
                Ok(text) => texts.append_value(text.to_string_lossy()),
                Err(_) if is_missing(&value) => texts.append_null(),
                Err(_) => {
                    let sort = sort_of(&value);
                    return Err(kind(format!(
                        "{name}[{row}] is a {sort}; give strings, and None where there is no text"
                    )));
                }
            }
        }
        Self::of(&[Arc::new(texts.finish()) as ArrayRef], name)
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

/// Whether a value stands for none: `None`, and what pandas writes for it.
fn is_missing(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.extract::<f64>().is_ok_and(f64::is_nan)
        || ["NAType", "NaTType"].contains(&sort_of(value).as_str())
}

/// What Python calls things of this kind.
fn sort_of(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}

/// A column of names or ids, which may be whole numbers.
pub(crate) fn names(array: &ArrayRef) -> ArrayRef {
    fn written<T: ArrowPrimitiveType<Native: ToString>>(array: &ArrayRef) -> ArrayRef {
        let numbers = array.as_primitive::<T>().iter();
        Arc::new(numbers.map(|number| Some(number?.to_string())).collect::<StringArray>())
    }
    match array.data_type() {
        DataType::Int32 => written::<Int32Type>(array),
        DataType::Int64 => written::<Int64Type>(array),
        DataType::UInt32 => written::<UInt32Type>(array),
        DataType::UInt64 => written::<UInt64Type>(array),
        _ => Arc::clone(array),
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
    handed(py, "Array", &Field::new("", array.data_type().clone(), true), &array)
}

/// A record batch of named columns, as Python gets it.
pub(crate) fn batch<'py>(
    py: Python<'py>,
    columns: Vec<(&str, ArrayRef)>,
    rows: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let field =
        |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let fields: Fields = columns.iter().map(field).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = StructArray::try_new_with_length(fields, arrays, None, rows)
        .map_err(|error| value(error.to_string()))?;
    handed(py, "RecordBatch", &Field::new("", batch.data_type().clone(), false), &batch)
}

/// Passes an array on to arro3. pyo3-arrow does the same, but can cast on the way: a third of its code.
fn handed<'py>(
    py: Python<'py>,
    class: &str,
    field: &Field,
    array: &dyn Array,
) -> PyResult<Bound<'py, PyAny>> {
    let schema = FFI_ArrowSchema::try_from(field).map_err(|error| value(error.to_string()))?;
    let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
    let array = FFI_ArrowArray::new(&array.to_data());
    let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
    let class = py.import("arro3.core")?.getattr(class)?;
    class.call_method1("from_arrow_pycapsule", (schema, array))
}
