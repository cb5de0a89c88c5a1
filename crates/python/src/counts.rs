//! How many does a column say? Reach and engagement, of whatever kind of number.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use pyo3::prelude::*;

use crate::failure::kind;

/// A column of counts; what is less than none, or not a number, is not known.
#[derive(Debug)]
pub(crate) struct Counts(Vec<Option<u64>>);

impl Counts {
    /// Reads whole numbers of any width, floats, which pandas makes of them where one is missing, and
    /// decimals, which DuckDB makes of a sum.
    pub(crate) fn read(array: &ArrayRef, name: &str) -> PyResult<Self> {
        Ok(Self(match array.data_type() {
            DataType::Int8 => whole::<Int8Type>(array),
            DataType::Int16 => whole::<Int16Type>(array),
            DataType::Int32 => whole::<Int32Type>(array),
            DataType::Int64 => whole::<Int64Type>(array),
            DataType::UInt8 => whole::<UInt8Type>(array),
            DataType::UInt16 => whole::<UInt16Type>(array),
            DataType::UInt32 => whole::<UInt32Type>(array),
            DataType::UInt64 => whole::<UInt64Type>(array),
            DataType::Float32 => broken::<Float32Type>(array),
            DataType::Float64 => broken::<Float64Type>(array),
            DataType::Decimal128(_, scale) => decimal(array, *scale),
            DataType::Null => vec![None; array.len()],
            other => return Err(kind(format!("{name} is {other}, not a column of numbers"))),
        }))
    }

    /// What a row says.
    pub(crate) fn get(&self, row: usize) -> Option<u64> {
        self.0.get(row).copied().flatten()
    }
}

fn whole<T: ArrowPrimitiveType<Native: TryInto<u64>>>(array: &ArrayRef) -> Vec<Option<u64>> {
    array.as_primitive::<T>().iter().map(|number| number?.try_into().ok()).collect()
}

fn broken<T: ArrowPrimitiveType<Native: Into<f64>>>(array: &ArrayRef) -> Vec<Option<u64>> {
    let count = |number: T::Native| {
        let number: f64 = number.into();
        (0.0..u64::MAX as f64).contains(&number).then_some(number as u64)
    };
    array.as_primitive::<T>().iter().map(|number| number.and_then(count)).collect()
}

fn decimal(array: &ArrayRef, scale: i8) -> Vec<Option<u64>> {
    let ten = 10_i128.checked_pow(scale.unsigned_abs().into());
    let count = |number: i128| {
        let whole = if scale < 0 { number.checked_mul(ten?)? } else { number.checked_div(ten?)? };
        u64::try_from(whole).ok().filter(|_| number >= 0)
    };
    array.as_primitive::<Decimal128Type>().iter().map(|number| number.and_then(count)).collect()
}
