//! Which options do the commands have that people live with alerts by: list, show, ack, silence?

use super::formats::ReportFormat;
use super::places::{ConfigAt, LakePlace};
use crate::time::{EventTime, parse_span};

/// Of which lake, and how it is written.
#[derive(Debug, clap::Args)]
pub(super) struct Listing {
    /// How it is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(super) format: ReportFormat,
    #[command(flatten)]
    pub(super) place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsList {
    /// All that the lake knows, up to 10,000; otherwise those that fire and the last 20 others
    #[arg(long)]
    pub(super) all: bool,
    /// Of this topic only
    #[arg(long)]
    pub(super) topic: Option<String>,
    #[command(flatten)]
    pub(super) listing: Listing,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsShow {
    /// The alert's id, as list prints it
    pub(super) id: String,
    #[command(flatten)]
    pub(super) listing: Listing,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsAck {
    /// The alert's id, as list prints it
    pub(super) id: String,
    /// Take the acknowledgement back
    #[arg(long)]
    pub(super) undo: bool,
    /// What else there is to say
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(super) comment: String,
    /// Who takes care [default: $USER]
    #[arg(long, default_value_t = user(), hide_default_value = true)]
    pub(super) author: String,
    #[command(flatten)]
    pub(super) place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsSilence {
    /// Pattern of topics: * stands for any characters, ? for one
    #[arg(long)]
    pub(super) topic: Option<String>,
    /// Pattern of rules
    #[arg(long)]
    pub(super) rule: Option<String>,
    /// Pattern of a label: of the rule, or severity, rule_type, brand, group; may be repeated
    #[arg(long = "label", value_name = "NAME=PATTERN", value_parser = label)]
    pub(super) labels: Vec<(String, String)>,
    /// How long
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
    pub(super) for_us: i64,
    /// From when on, in RFC 3339; by default from now on
    #[arg(long, value_parser = EventTime::parse)]
    pub(super) starts: Option<EventTime>,
    /// Why
    #[arg(long)]
    pub(super) comment: String,
    /// Who wants it [default: $USER]
    #[arg(long, default_value_t = user(), hide_default_value = true)]
    pub(super) author: String,
    #[command(flatten)]
    pub(super) place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsSilences {
    /// Those that ended within the last week too
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) listing: Listing,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsUnsilence {
    /// The silence's id
    pub(super) id: String,
    #[command(flatten)]
    pub(super) place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsReplay {
    /// The message's id, as show prints it
    pub(super) id: String,
    /// To this receiver only
    #[arg(long)]
    pub(super) receiver: Option<String>,
    #[command(flatten)]
    pub(super) place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(super) struct AlertsTest {
    /// Name of the receiver
    pub(super) receiver: String,
    #[command(flatten)]
    pub(super) config: ConfigAt,
}

fn label(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, pattern) = pair.ok_or("write NAME=PATTERN, as team=care")?;
    Ok((name.to_owned(), pattern.to_owned()))
}

/// Whoever is logged in.
fn user() -> String {
    std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned())
}
