//! What happened with an alert? Its whole story, for people or as JSON.

use std::io::{self, Write};

use serde_json::Value;

use super::receivers::{because, progress, receivers};
use super::silence::matchers;
use super::zone::Zone;
use super::{Asked, Listing};
use crate::cli::formats::ReportFormat;
use crate::cli::output::{Script, one_line, people, programs};
use crate::cli::{Ending, Failure, runtime};
use crate::lake::AlertRow;
use crate::notify::{AlertStory, told};
use crate::policy::Guide;
use crate::sql::Session;
use crate::time::{SECOND_US, format_span};

/// Longest text of a post that is shown, in characters.
const TEXT_CHARS: usize = 160;
/// Posts shown of each transition.
const POSTS: usize = 5;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The alert's id, or its beginning, such as alt_61
    id: String,
    #[command(flatten)]
    listing: Listing,
}

pub(super) fn show(args: &Args) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.listing.place)?;
    let story = runtime()?.block_on(async {
        let session = Session::open(&asked.folder).await?;
        told(&session, &asked.folder, &args.id).await
    })?;
    if args.listing.format == ReportFormat::Json {
        writeln!(programs(Script::Json), "{}", serde_json::to_string(&story)?)?;
        return Ok(Ending::Done);
    }
    let mut out = people();
    write_story(&story, &args.listing.zone, &mut out)?;
    if let Some(guide) = asked.guide(&story.rule) {
        write_guide(&guide, &mut out)?;
    }
    Ok(Ending::Done)
}

fn write_story(story: &AlertStory, zone: &Zone, out: &mut impl Write) -> io::Result<()> {
    let AlertStory { alert_id, rule, rule_type, severity, topic, .. } = story;
    let on = if topic.is_empty() { String::new() } else { format!(" on {topic}") };
    writeln!(out, "{alert_id}  {}", story.state.as_str())?;
    writeln!(out, "{rule} ({rule_type}, {severity}){on}, since {}", zone.time(story.started_at))?;
    let said = receivers(&story.known, zone);
    let said = if said.is_empty() { "-".to_owned() } else { said.join(", ") };
    writeln!(out, "receivers   {said}")?;
    story.transitions.iter().try_for_each(|row| write_transition(row, zone, out))?;
    section(out, "deliveries", story.deliveries.iter().flatten(), |one| {
        format!("{}  {}  {}", one.message_id, one.receiver, progress(one, zone))
    })?;
    let seats = story.receivers.iter();
    let reasons = seats.flat_map(|seat| seat.reasons.iter().map(move |why| (&seat.receiver, why)));
    section(out, "held back", reasons, |(receiver, why)| format!("{receiver}  {}", because(why)))?;
    section(out, "silences", story.silences.iter(), |silence| {
        let (from, to) = (zone.time(silence.starts), zone.time(silence.ends));
        let of = matchers(silence);
        format!("{}  {from} to {to}  {of}  by {}: {}", silence.id, silence.author, silence.comment)
    })
}

/// What the team has written down for such a case.
fn write_guide(guide: &Guide, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nwhat to do now: {}", one_line(&guide.title))?;
    for (name, value) in [("who", &guide.who), ("within", &guide.within)] {
        if let Some(value) = value {
            writeln!(out, "  {name:<11} {}", one_line(value))?;
        }
    }
    guide.now.lines().try_for_each(|line| writeln!(out, "  {}", one_line(line)))
}

fn section<T>(
    out: &mut impl Write,
    title: &str,
    rows: impl Iterator<Item = T>,
    line: impl Fn(T) -> String,
) -> io::Result<()> {
    for (place, row) in rows.enumerate() {
        if place == 0 {
            writeln!(out, "\n{title}")?;
        }
        writeln!(out, "  {}", one_line(&line(row)))?;
    }
    Ok(())
}

fn write_transition(row: &AlertRow, zone: &Zone, out: &mut impl Write) -> io::Result<()> {
    let window_s = i64::try_from(row.window_s).unwrap_or(i64::MAX);
    let window = format_span(window_s.saturating_mul(SECOND_US));
    let expected = row.expected.map_or(String::new(), |mean| format!(", {mean:.1} expected"));
    writeln!(out, "\n{}  {}", zone.time(row.at), row.transition.as_str())?;
    writeln!(out, "  {} {} in {window}{expected}", row.observed, row.measure)?;
    writeln!(
        out,
        "  {} mentions by {} authors: {} negative, {} neutral, {} positive; {} copies; mean score {:.2}",
        row.mentions,
        row.authors,
        row.negative,
        row.neutral,
        row.positive,
        row.copies,
        row.mean_score
    )?;
    let odds = [("p-value", row.p_value), ("novelty", row.novelty), ("dispersion", row.dispersion)];
    let odds =
        odds.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", short(value?))));
    let none = (row.coordination != "none").then(|| format!("coordination {}", row.coordination));
    let odds: Vec<String> = odds.chain(none).collect();
    if !odds.is_empty() {
        writeln!(out, "  {}", odds.join(", "))?;
    }
    let evidence = &row.evidence;
    let shares = |list: &str, name: &str| {
        let rows = evidence[list].as_array().into_iter().flatten();
        let said = rows.map(|one| format!("{} {}", text(one, name), one["mentions"]));
        said.collect::<Vec<_>>().join(", ")
    };
    let terms = evidence["terms"].as_array().into_iter().flatten();
    let terms: Vec<String> =
        terms.map(|one| format!("{} ({})", text(one, "term"), one["count"])).collect();
    let labels = row.labels.as_object().into_iter().flatten();
    let labels: Vec<String> =
        labels.map(|(name, value)| format!("{name}={}", said(value))).collect();
    for (name, value) in [
        ("labels", labels.join(", ")),
        ("sources", shares("sources", "source")),
        ("languages", shares("languages", "lang")),
        ("drivers", terms.join(", ")),
    ] {
        if !value.is_empty() {
            writeln!(out, "  {name:<11} {}", one_line(&value))?;
        }
    }
    write_posts(evidence, out)
}

fn write_posts(evidence: &Value, out: &mut impl Write) -> io::Result<()> {
    for post in evidence["posts"].as_array().into_iter().flatten().take(POSTS) {
        let whole = text(post, "text");
        let shown: String = whole.chars().take(TEXT_CHARS).collect();
        let more = if shown.len() < whole.len() { "…" } else { "" };
        let score = post["score"].as_f64().unwrap_or_default();
        writeln!(out, "  > {}{more}", one_line(&shown))?;
        let place = [text(post, "source"), text(post, "url")].map(one_line);
        let alike = post["cluster_mentions"].as_u64().filter(|alike| *alike > 1);
        let alike = alike.map_or(String::new(), |alike| format!(", {alike} alike"));
        writeln!(out, "    {} score {score:.2}{alike} {}", place[0], place[1])?;
    }
    Ok(())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A number with few digits.
fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:.1e}") } else { format!("{value:.2}") }
}
