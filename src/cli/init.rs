//! How does a user get a first configuration?

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use super::{Ending, Failure};
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it; an existing file is never overwritten
    #[arg(value_name = "FILE", default_value = "resonanz.toml")]
    path: PathBuf,
}

pub(super) fn init(args: &Args) -> Result<Ending, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(&args.path);
    let hint = "give another name: resonanz init other.toml";
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = "it already exists, and is not overwritten";
            Failure::usage(format!("{}: {message}", args.path.display()), hint)
        }
        _ => Failure::file(&args.path, &error, hint),
    })?;
    file.write_all(Config::STARTER.as_bytes())?;
    writeln!(
        io::stdout().lock(),
        "wrote {0}; next: resonanz check --config {0}",
        args.path.display()
    )?;
    Ok(Ending::Done)
}
