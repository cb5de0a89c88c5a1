//! What happened to one mention of the inbox?

use std::io::{self, Write};

use serde_json::json;

use super::list::due;
use super::{Asked, failure};
use crate::cli::alerts::Zone;
use crate::cli::formats::ReportFormat;
use crate::cli::output::{Script, one_line, people, programs};
use crate::cli::places::LakePlace;
use crate::cli::{Ending, Failure, runtime};
use crate::report::{HistoryStep, Points, Waiting};
use crate::sql::Session;
use crate::time::EventTime;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The mention: its first column in the list, or the beginning of that
    mention: String,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    #[command(flatten)]
    zone: Zone,
    #[command(flatten)]
    place: LakePlace,
}

pub(super) fn show(args: &Args) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.place)?;
    let name = args.mention.split('@').next().unwrap_or_default();
    let (entry, history) = runtime()?.block_on(async {
        let session = Session::open(&asked.folder).await?;
        let answered = async {
            let ask = asked.ask(&session).await?;
            let entry = ask.waiting(name).await?;
            let history = ask.history(&entry.mention.id).await?;
            Ok((entry, history))
        };
        answered.await.map_err(failure)
    })?;
    if args.format == ReportFormat::Json {
        let told = json!({"entry": entry, "history": history});
        writeln!(programs(Script::Json), "{told}")?;
        return Ok(Ending::Done);
    }
    write_entry(&entry, &history, &args.zone, &mut people())?;
    Ok(Ending::Done)
}

fn write_entry(
    entry: &Waiting,
    history: &[HistoryStep],
    zone: &Zone,
    out: &mut impl Write,
) -> io::Result<()> {
    let mention = &entry.mention;
    let time = |at: &str| EventTime::parse(at).map_or_else(|_| at.to_owned(), |at| zone.time(at));
    writeln!(out, "{}@{}  {}", entry.handle, entry.revision, entry.state.as_str())?;
    writeln!(out, "{} on {}, {}", mention.topic, mention.source, time(&mention.posted_at))?;
    let Points { points, wants, certainty, reach, wait } = entry.priority;
    let parts = format!(
        "{wants} (wanted) x {certainty} % (certain) x (50 + {reach} (reach) + {wait} (waiting)) %"
    );
    writeln!(out, "priority    {points} = {parts}")?;
    if !mention.intents.is_empty() {
        writeln!(out, "intents     {}", mention.intents.join(", "))?;
    }
    if let Some(reviewed) = &mention.reviewed {
        let about = if reviewed.relevant { "" } else { ", not about the topic" };
        writeln!(out, "reviewed    {}{about}", reviewed.polarity)?;
    }
    writeln!(out, "due         {}", due(entry, zone))?;
    writeln!(out, "owner       {}", entry.owner.as_deref().unwrap_or("-"))?;
    if let Some(url) = &mention.url {
        writeln!(out, "post        {}", one_line(url))?;
    }
    writeln!(out, "\n{}", mention.text)?;
    for (place, step) in history.iter().enumerate() {
        if place == 0 {
            writeln!(out)?;
        }
        let who = step.changed_by.as_deref().unwrap_or("one of our accounts");
        let to = step.owner.as_deref().filter(|_| step.what == "assigned");
        let to = to.map(|owner| format!(" to {owner}")).unwrap_or_default();
        let said = step.text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
        let line = format!("{}  {}{to} by {who}{said}", time(&step.at), step.what);
        writeln!(out, "  {}", one_line(&line))?;
    }
    Ok(())
}
