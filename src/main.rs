//! The command `resonanz`; everything it does is in the library.

use std::process::ExitCode;

/// Posts are many small strings, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Most memory here is short-lived: clearing 2 MiB where some pages are wanted costs time and
    // room. Where the kernel does not know this wish, nothing is lost.
    #[cfg(target_os = "linux")]
    let _ = capctl::prctl::set_thp_disable(true);
    resonanz::cli::run()
}
