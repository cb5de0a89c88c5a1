//! Mention matching and sentiment scoring for Python: Arrow in, Arrow out.
//!
//! Every call takes what has an Arrow C interface (`__arrow_c_array__` or `__arrow_c_stream__`: of
//! pyarrow, Polars, pandas, DuckDB) or a list, lets go of the interpreter while it works, and gives
//! an array or record batch of `arro3.core`, which all of them read without a copy. Results are
//! those of the engine: it is the same code.

mod columns;
mod counts;
mod failure;
mod learn;
mod analyzer;
mod found;
mod prepare;
mod pool;
mod posts;
mod scorer;
mod topics;
mod within;

use pyo3::prelude::*;

use analyzer::{Analyzer, Matcher};
use failure::{LexiconError, ModelError, QueryError};
use learn::Fit;
use scorer::Scorer;

#[pymodule]
fn _resonanz(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("QueryError", py.get_type::<QueryError>())?;
    module.add("LexiconError", py.get_type::<LexiconError>())?;
    module.add("ModelError", py.get_type::<ModelError>())?;
    module.add_class::<Scorer>()?;
    module.add_class::<Matcher>()?;
    module.add_class::<Analyzer>()?;
    module.add_class::<Fit>()?;
    module.add_function(wrap_pyfunction!(learn::evaluate, module)?)?;
    module.add_function(wrap_pyfunction!(learn::fit, module)?)
}
