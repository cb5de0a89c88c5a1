//! The command `resonanz`; everything it does is in the library.

use std::process::ExitCode;

/// Posts are many small strings, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    resonanz::cli::run()
}
