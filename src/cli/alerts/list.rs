//! Which alerts are there? Those that fire, and the latest that resolved.

use std::io::Write;

use super::receivers::receivers;
use super::{Asked, Listing};
use crate::cli::formats::ReportFormat;
use crate::cli::output::{Script, people, programs};
use crate::cli::table::{Frame, Table};
use crate::cli::{Ending, Failure, output, runtime};
use crate::notify::{AlertState, AlertSummary, OrderError, Wanted, known_topic, stories};
use crate::sql::Session;

/// Most alerts of a list.
const ALERTS_MAX: usize = 10_000;
/// Resolved alerts of a list that is not asked for all.
const RECENT: usize = 20;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// List all alerts in the lake, up to 10,000, instead of those that are firing and the last 20 others
    #[arg(long)]
    all: bool,
    /// Of this topic only
    #[arg(long)]
    topic: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

pub(super) fn list(args: &Args) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.listing.place)?;
    let wanted = |state, limit| Wanted { topic: args.topic.clone(), state: Some(state), limit };
    let recent = if args.all { ALERTS_MAX } else { RECENT };
    let alerts = runtime()?.block_on(async {
        let session = Session::open(&asked.folder).await?;
        let listed = async |wanted| stories(&session, &asked.folder, &wanted).await;
        if let Some(topic) = &args.topic {
            known_topic(&session, &asked.topics(), topic).await?;
        }
        let mut alerts = listed(wanted(AlertState::Firing, ALERTS_MAX)).await?;
        alerts.extend(listed(wanted(AlertState::Resolved, recent)).await?);
        Ok::<Vec<AlertSummary>, OrderError>(alerts)
    })?;
    if args.listing.format == ReportFormat::Json {
        writeln!(programs(Script::Json), "{}", serde_json::to_string(&alerts)?)?;
        return Ok(Ending::Done);
    }
    let mut out = people();
    if alerts.is_empty() {
        writeln!(out, "no alerts")?;
        return Ok(Ending::Done);
    }
    let mut table = Table::new(&[
        "state",
        "fired",
        "alert",
        ">observed",
        ">expected",
        "topic",
        "rule",
        "receivers",
    ]);
    for alert in alerts {
        let said = receivers(&alert.known, &args.listing.zone);
        table.push(vec![
            alert.state.as_str().to_owned(),
            args.listing.zone.time(alert.fired_at),
            alert.alert_id,
            alert.observed.to_string(),
            alert.expected.map_or("-".to_owned(), |mean| format!("{mean:.1}")),
            alert.topic,
            alert.rule,
            if said.is_empty() { "-".to_owned() } else { said.join(", ") },
        ]);
    }
    table.write(Frame::None, output::columns(), &mut out)?;
    Ok(Ending::Done)
}
