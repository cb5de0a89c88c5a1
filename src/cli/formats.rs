//! How are values of options read that several commands share?

use clap::ValueEnum;

use crate::post::Lang;

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    Table,
    /// One JSON value
    Json,
}

/// Reads the language of an option.
pub(super) fn language(code: &str) -> Result<Lang, String> {
    match Lang::parse(code) {
        Lang::UND if code != "und" => Err("write an ISO 639 code, such as de".to_owned()),
        lang => Ok(lang),
    }
}
