//! On which threads is work done? On a pool of this process.
//!
//! A process that was forked (as `multiprocessing` does, and Spark's workers) has none of its
//! parent's threads, only the memory that says so: it gets a pool of its own.

use std::mem;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::failure::value;

static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Runs `work` on the pool, without the interpreter's lock.
pub(crate) fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let pool = pool()?;
    Ok(py.detach(|| pool.install(work)))
}

fn pool() -> PyResult<Arc<ThreadPool>> {
    let mut slot = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*slot {
        Some((owner, pool)) if *owner == process::id() => return Ok(Arc::clone(pool)),
        _ => {}
    }
    let pool = ThreadPoolBuilder::new().thread_name(|index| format!("resonanz-{index}")).build();
    let pool = Arc::new(pool.map_err(|error| value(format!("no threads: {error}")))?);
    // Its threads are the parent's; to join them would wait for ever.
    mem::forget(slot.replace((process::id(), Arc::clone(&pool))));
    Ok(pool)
}
