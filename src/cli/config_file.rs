//! Which configuration is meant, and what is wrong with it?

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::config::{Config, ConfigError};

/// A configuration with problems.
#[derive(Debug, thiserror::Error)]
#[error("{}: {} problem{}", path.display(), problems.len(), if problems.len() == 1 { "" } else { "s" })]
pub(super) struct Wrong {
    path: PathBuf,
    pub(super) problems: Vec<ConfigError>,
}

/// The text of a configuration file.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::NotFound => "write one with: resonanz init",
            ErrorKind::IsADirectory => "name the file in it: --config FOLDER/resonanz.toml",
            ErrorKind::InvalidData => "a configuration is TOML in UTF-8",
            _ => "give a file that this user can read",
        };
        Failure::file(path, &error, hint)
    })
}

/// Reads a configuration file; prints every problem to standard error.
pub(super) fn load(path: &Path) -> Result<Config, Failure> {
    let text = read(path)?;
    let base = path.parent().unwrap_or(Path::new(""));
    Config::parse(&text, base).map_err(|problems| {
        print_all(path, &text, "", &problems);
        let hint = format!("fix them and run: resonanz check --config {}", path.display());
        let error = Wrong { path: path.to_owned(), problems }.into();
        Failure { error, code: 2, hint: Some(hint) }
    })
}

/// A configuration that may be there and whole; says nothing if not.
pub(super) fn glance(path: &Path) -> Option<Config> {
    let text = std::fs::read_to_string(path).ok()?;
    Config::parse(&text, path.parent().unwrap_or(Path::new(""))).ok()
}

/// Prints what may not do what was meant to standard error.
pub(super) fn print_warnings(path: &Path, config: &Config) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    print_all(path, &text, "warning: ", &config.warnings);
}

/// Each problem with its place, the line, a caret, and a hint.
fn print_all(path: &Path, text: &str, sort: &str, errors: &[ConfigError]) {
    let mut out = std::io::stderr().lock();
    for error in errors {
        let line = text.lines().nth(error.line - 1).unwrap_or_default();
        let caret = " ".repeat(error.column - 1);
        let hint =
            if error.hint.is_empty() { String::new() } else { format!("  hint: {}\n", error.hint) };
        let ConfigError { line: number, column, message, .. } = error;
        let place = format!("{}:{number}:{column}", path.display());
        let _ = write!(out, "{place}: {sort}{message}\n  {line}\n  {caret}^\n{hint}");
    }
}
