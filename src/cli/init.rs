//! How does a user get a first configuration, and first pages of policy?

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{Ending, Failure};
use crate::config::Config;
use crate::policy::{STARTER_DE, STARTER_EN};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it; an existing file is never overwritten
    #[arg(value_name = "FILE", default_value = "resonanz.toml")]
    path: PathBuf,
    /// Write response policies into this folder instead: negative feedback, posts by employees,
    /// crisis, legal threat, press [default: policy]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "policy")]
    policy: Option<PathBuf>,
    /// Language of what is written for people
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// English
    En,
    /// German
    De,
}

pub(super) fn init(args: &Args) -> Result<Ending, Failure> {
    if let Some(folder) = &args.policy {
        return pages(folder, args.lang);
    }
    let file = OpenOptions::new().write(true).create_new(true).open(&args.path);
    let hint = "give another name: resonanz init other.toml";
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = "it already exists, and is not overwritten";
            Failure::usage(format!("{}: {message}", args.path.display()), hint)
        }
        _ => Failure::file(&args.path, &error, hint),
    })?;
    let text = match args.lang {
        Lang::En => Config::STARTER,
        Lang::De => Config::STARTER_DE,
    };
    file.write_all(text.as_bytes())?;
    writeln!(
        io::stdout().lock(),
        "wrote {0}; next: resonanz check --config {0}",
        args.path.display()
    )?;
    Ok(Ending::Done)
}

/// Writes each page that is not there yet.
fn pages(folder: &Path, lang: Lang) -> Result<Ending, Failure> {
    let hint = "name a folder that this user can write: resonanz init --policy FOLDER";
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error, hint))?;
    let mut out = io::stdout().lock();
    let pages = match lang {
        Lang::En => STARTER_EN,
        Lang::De => STARTER_DE,
    };
    for (name, text) in pages {
        let path = folder.join(format!("{name}.md"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                writeln!(out, "wrote {}", path.display())?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                writeln!(out, "kept  {}, which already exists", path.display())?;
            }
            Err(error) => return Err(Failure::file(&path, &error, hint)),
        }
    }
    writeln!(
        out,
        "next: fill in who acts in your team, and name a page in a rule: policy = \"crisis\"\n\
         and in the configuration: [policy] folder = \"{}\"",
        folder.display()
    )?;
    Ok(Ending::Done)
}
