//! Of what is nobody told for a while? Silences: make, list, end.

use std::io::Write;

use super::{Asked, Listing, author};
use crate::cli::formats::ReportFormat;
use crate::cli::noted::{Deed, note};
use crate::cli::output::{Script, people, programs};
use crate::cli::places::LakePlace;
use crate::cli::table::{Frame, Table};
use crate::cli::{Ending, Failure, output, runtime};
use crate::desk::Silence;
use crate::notify::{self, Configured};
use crate::state::DeskFiles;
use crate::system::wall_clock;
use crate::time::{EventTime, parse_span};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Pattern of topics: * stands for any characters, ? for one
    #[arg(long)]
    topic: Option<String>,
    /// Pattern of rules
    #[arg(long)]
    rule: Option<String>,
    /// Pattern of a label: of the rule, or severity, rule_type, brand, group; may be repeated
    #[arg(long = "label", value_name = "NAME=PATTERN", value_parser = label)]
    labels: Vec<(String, String)>,
    /// How long
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
    for_us: i64,
    /// When it begins, in RFC 3339 [default: now]
    #[arg(long, value_parser = EventTime::parse)]
    starts: Option<EventTime>,
    /// Why
    #[arg(long)]
    comment: String,
    /// Who wants it [default: $USER]
    #[arg(long, alias = "by")]
    author: Option<String>,
    #[command(flatten)]
    place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArgs {
    /// Include those that ended within the last week
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    listing: Listing,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EndArgs {
    /// The silence's id
    id: String,
    #[command(flatten)]
    place: LakePlace,
}

pub(super) fn silence(args: &Args) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.place)?;
    let starts = args.starts.unwrap_or_else(wall_clock);
    let silence = Silence {
        id: String::new(),
        topic: args.topic.clone(),
        rule: args.rule.clone(),
        labels: args.labels.iter().cloned().collect(),
        starts,
        ends: starts.shift(args.for_us),
        author: author(args.author.as_ref()),
        comment: args.comment.clone(),
    };
    let rules = asked.charter.rules.iter().map(String::as_str).collect();
    let configured = Configured { topics: asked.topics(), rules };
    let silence = runtime()?.block_on(async {
        let silence = notify::silence(&asked.folder, None, &configured, silence).await?;
        note(asked.folder.site(), Deed::change("silences", &silence.id)).await?;
        Ok::<_, Failure>(silence)
    })?;
    writeln!(people(), "{}", line(&silence))?;
    Ok(Ending::Done)
}

pub(super) fn silences(args: &ListArgs) -> Result<Ending, Failure> {
    let now = wall_clock();
    let asked = Asked::open(&args.listing.place)?;
    let mut silences = DeskFiles::of(&asked.folder).silences()?;
    silences.retain(|silence| args.all || now < silence.ends);
    if args.listing.format == ReportFormat::Json {
        writeln!(programs(Script::Json), "{}", serde_json::to_string(&silences)?)?;
        return Ok(Ending::Done);
    }
    let mut out = people();
    if silences.is_empty() {
        writeln!(out, "no silences")?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&["silence", "from", "to", "of", "by", "comment"]);
    for silence in silences {
        let (of, zone) = (matchers(&silence), &args.listing.zone);
        let Silence { id, starts, ends, author, comment, .. } = silence;
        table.push(vec![id, zone.time(starts), zone.time(ends), of, author, comment]);
    }
    table.write(Frame::None, output::columns(), &mut out)?;
    Ok(Ending::Done)
}

pub(super) fn unsilence(args: &EndArgs) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.place)?;
    let ended = notify::unsilence(&asked.folder, &args.id)?;
    runtime()?.block_on(note(asked.folder.site(), Deed::change("silences.end", &ended.id)))?;
    writeln!(people(), "{}", line(&ended))?;
    Ok(Ending::Done)
}

/// One silence as a line; its times are those of the file.
fn line(silence: &Silence) -> String {
    let Silence { id, starts, ends, author, comment, .. } = silence;
    format!("{id}  from {starts} to {ends}  {}  by {author}: {comment}", matchers(silence))
}

/// What a silence is about.
pub(super) fn matchers(silence: &Silence) -> String {
    let wanted = |name: &str, pattern: &Option<String>| {
        pattern.as_ref().map(|pattern| format!("{name} {pattern}"))
    };
    let labels = silence.labels.iter().map(|(name, pattern)| format!("{name}={pattern}"));
    let matchers = wanted("topic", &silence.topic).into_iter().chain(wanted("rule", &silence.rule));
    matchers.chain(labels).collect::<Vec<_>>().join(", ")
}

fn label(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, pattern) = pair.ok_or("write NAME=PATTERN, such as team=care")?;
    Ok((name.to_owned(), pattern.to_owned()))
}
