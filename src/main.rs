//! The command `resonanz`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    resonanz::cli::run()
}
