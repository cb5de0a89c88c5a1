//! Which mentions wait for an answer?

use std::io::Write;

use super::{Asked, failure};
use crate::cli::alerts::Zone;
use crate::cli::formats::ReportFormat;
use crate::cli::output::{Script, one_line, people, programs};
use crate::cli::places::LakePlace;
use crate::cli::table::{Frame, Table};
use crate::cli::{Ending, Failure, output, runtime};
use crate::report::{Inbox, InboxSearch, Turn, Waiting};
use crate::sql::Session;
use crate::state::Standing;

/// Characters of a text in the list.
const TEXT_CHARS: usize = 60;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The first column names a mention and its state: give it to assign, answer, ignore, reopen and note."
)]
pub(in crate::cli) struct Args {
    /// Of this topic only; may be repeated
    #[arg(long)]
    topic: Vec<String>,
    /// From this source only; may be repeated
    #[arg(long)]
    source: Vec<String>,
    /// In this state: open, assigned, answered or ignored; may be repeated [default: open and assigned]
    #[arg(long, value_name = "STATE", value_parser = standing)]
    in_state: Vec<Standing>,
    /// Only those assigned to this person
    #[arg(long)]
    owner: Option<String>,
    /// Only those past their deadline
    #[arg(long)]
    overdue: bool,
    /// Which come first of those that wait
    #[arg(long, value_enum, default_value_t = OrderName::Priority)]
    order: OrderName,
    /// Maximum number of mentions, at most 200
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    #[command(flatten)]
    zone: Zone,
    #[command(flatten)]
    place: LakePlace,
}

/// Which mentions come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OrderName {
    /// The most urgent: what is wanted, how surely, how many may have read it, how long it waits
    Priority,
    /// Those whose promise ends first
    Due,
}

fn standing(name: &str) -> Result<Standing, String> {
    Standing::named(name).ok_or_else(|| "write open, assigned, answered or ignored".to_owned())
}

pub(super) fn list(args: &Args) -> Result<Ending, Failure> {
    // Elsewhere --state is a folder, and people mean the state of a mention.
    let folder = args.place.state.as_deref().filter(|folder| !folder.exists());
    if let Some(name) =
        folder.and_then(|name| name.to_str()).filter(|name| Standing::named(name).is_some())
    {
        let message = format!("there is no folder \"{name}\" for --state");
        return Err(Failure::usage(message, format!("the state of a mention: --in-state {name}")));
    }
    let asked = Asked::open(&args.place)?;
    let search = InboxSearch {
        topics: args.topic.clone(),
        sources: args.source.clone(),
        states: args.in_state.clone(),
        owner: args.owner.clone(),
        overdue: args.overdue,
        turn: match args.order {
            OrderName::Priority => Turn::Priority,
            OrderName::Due => Turn::Due,
        },
        limit: Some(args.limit),
        after: None,
    };
    let inbox = runtime()?.block_on(async {
        let session = Session::open(&asked.folder).await?;
        let answered = async {
            let ask = asked.ask(&session).await?;
            for topic in &args.topic {
                ask.known_topic(topic).await?;
            }
            ask.inbox(&search).await
        };
        answered.await.map_err(failure)
    })?;
    if args.format == ReportFormat::Json {
        writeln!(programs(Script::Json), "{}", serde_json::to_string(&inbox)?)?;
        return Ok(Ending::Done);
    }
    write_list(&inbox, &args.zone)?;
    Ok(Ending::Done)
}

fn write_list(inbox: &Inbox, zone: &Zone) -> std::io::Result<()> {
    let mut out = people();
    let counts = inbox.counts;
    if inbox.entries.is_empty() {
        writeln!(out, "nothing here")?;
    } else {
        let mut table = Table::new(&[
            "mention", "state", ">prio", "due", "owner", "topic", "source", ">reach", "text",
        ]);
        for entry in &inbox.entries {
            let Waiting { mention, .. } = entry;
            let text: String = one_line(&mention.text).chars().take(TEXT_CHARS).collect();
            table.push(vec![
                format!("{}@{}", entry.handle, entry.revision),
                entry.state.as_str().to_owned(),
                entry.priority.points.to_string(),
                due(entry, zone),
                entry.owner.clone().unwrap_or_else(|| "-".to_owned()),
                mention.topic.clone(),
                mention.source.clone(),
                mention.reach.map_or("-".to_owned(), |reach| reach.to_string()),
                text,
            ]);
        }
        table.write(Frame::None, output::columns(), &mut out)?;
    }
    let more = inbox.total.saturating_sub(inbox.entries.len() as u64);
    if more > 0 {
        writeln!(out, "and {more} more")?;
    }
    writeln!(
        out,
        "{} open, {} assigned, {} overdue; {} answered, {} ignored",
        counts.open, counts.assigned, counts.overdue, counts.answered, counts.ignored
    )
}

/// When the promise ends, or that it is over.
pub(super) fn due(entry: &Waiting, zone: &Zone) -> String {
    match (entry.due_at, entry.left_s) {
        (Some(due), Some(left)) if left < 0 => format!("overdue since {}", zone.time(due)),
        (Some(due), Some(_)) => zone.time(due),
        _ => "-".to_owned(),
    }
}
