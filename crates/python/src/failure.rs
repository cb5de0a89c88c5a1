//! Which errors does Python see? Subclasses of `ValueError`, with the place in their words.

use pyo3::create_exception;
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;

create_exception!(
    resonanz,
    QueryError,
    PyValueError,
    "A query that cannot be understood; a caret shows where."
);
create_exception!(
    resonanz,
    LexiconError,
    PyValueError,
    "A line of a lexicon that says nothing usable."
);
create_exception!(resonanz, ModelError, PyValueError, "A model that `fit` did not write.");

/// A value that cannot be used.
pub(crate) fn value(message: impl Into<String>) -> PyErr {
    PyValueError::new_err(message.into())
}

/// Something of a kind that is not read.
pub(crate) fn kind(message: impl Into<String>) -> PyErr {
    PyTypeError::new_err(message.into())
}

/// A file that cannot be read.
pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> PyErr {
    let message = format!("{}: {error}", path.display());
    match error.kind() {
        std::io::ErrorKind::NotFound => PyFileNotFoundError::new_err(message),
        _ => PyOSError::new_err(message),
    }
}
