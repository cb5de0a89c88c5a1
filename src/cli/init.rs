//! How does a user get a first configuration, and first pages of policy?

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{Ending, Failure};
use crate::config::Config;
use crate::policy::{STARTER_DE, STARTER_EN};

/// What is written where nothing is named.
const CONFIG: &str = "resonanz.toml";
const POLICY: &str = "policy";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it; an existing file is never overwritten [default: resonanz.toml]
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// Write response policies into this folder: negative feedback, posts by employees, crisis, legal
    /// threat, press [default: policy]; the configuration only if FILE.toml is named, too
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = POLICY)]
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
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
    match (&args.policy, &args.path) {
        (None, path) => configuration(path.as_deref().unwrap_or(Path::new(CONFIG)), args.lang),
        (Some(folder), None) => pages(folder, args.lang),
        (Some(folder), Some(path)) if is_toml(path) => {
            configuration(path, args.lang)?;
            pages(folder, args.lang)
        }
        // The folder stands before the option instead of behind it.
        (Some(folder), Some(path)) if *folder == Path::new(POLICY) => pages(path, args.lang),
        (Some(_), Some(path)) => {
            let message = format!("{} is not the name of a configuration", path.display());
            let hint = "name one folder: resonanz init --policy FOLDER";
            Err(Failure::usage(message, hint))
        }
    }
}

/// Writes the starter, unless there is something.
fn configuration(path: &Path, lang: Lang) -> Result<Ending, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let hint = "give another name: resonanz init other.toml";
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = "it already exists, and is not overwritten";
            Failure::usage(format!("{}: {message}", path.display()), hint)
        }
        _ => Failure::file(path, &error, hint),
    })?;
    let text = match lang {
        Lang::En => Config::STARTER,
        Lang::De => Config::STARTER_DE,
    };
    file.write_all(text.as_bytes())?;
    writeln!(io::stdout().lock(), "wrote {0}; next: resonanz check --config {0}", path.display())?;
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
