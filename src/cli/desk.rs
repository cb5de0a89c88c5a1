//! How do people live with alerts on the command line: list, show, ack, silence?
//!
//! Works beside a running process, which sees what is asked here within a second, and without one.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::args_desk::{
    AlertsAck, AlertsList, AlertsReplay, AlertsShow, AlertsSilence, AlertsSilences, AlertsUnsilence,
};
use super::formats::ReportFormat;
use super::places::LakePlace;
use super::{Ending, Failure, runtime};
use crate::desk::{Ack, Silence};
use crate::lake::{DeskFiles, Folder};
use crate::notify::{AlertState, DeskState, Wanted, stories, story, wall_clock};
use crate::time::EventTime;

/// Most alerts of a list.
const ALERTS_MAX: usize = 10_000;
/// Resolved alerts of a list that is not asked for all.
const RECENT: usize = 20;
/// What the head of a story says of all its transitions, and what comes behind their numbers.
const STORY_HEAD: [&str; 8] =
    ["at", "transition", "evidence", "alert_id", "rule", "rule_type", "topic", "day"];

pub(super) fn list(args: &AlertsList) -> Result<Ending, Failure> {
    let folder = open(&args.listing.place)?;
    let wanted = |state, limit| Wanted { topic: args.topic.clone(), state: Some(state), limit };
    let recent = if args.all { ALERTS_MAX } else { RECENT };
    let (firing, resolved) = runtime()?.block_on(async {
        let firing = stories(&folder, &wanted(AlertState::Firing, ALERTS_MAX)).await?;
        let resolved = stories(&folder, &wanted(AlertState::Resolved, recent)).await?;
        anyhow::Ok((firing, resolved))
    })?;
    let alerts: Vec<Value> = firing.into_iter().chain(resolved).collect();
    let mut out = io::stdout().lock();
    match args.listing.format {
        ReportFormat::Json => writeln!(out, "{}", Value::Array(alerts))?,
        ReportFormat::Table if alerts.is_empty() => writeln!(out, "no alerts")?,
        ReportFormat::Table => {
            writeln!(
                out,
                "{:<8} {:<20} {:<28} {:>8} {:>8}  {:<20} {:<16} receivers",
                "state", "fired", "alert", "observed", "expected", "topic", "rule"
            )?;
            for alert in &alerts {
                write_line(alert, &mut out)?;
            }
        }
    }
    Ok(Ending::Done)
}

fn write_line(alert: &Value, out: &mut impl Write) -> io::Result<()> {
    let expected = alert["expected"].as_f64().map_or("-".to_owned(), |mean| format!("{mean:.1}"));
    writeln!(
        out,
        "{:<8} {:<20} {:<28} {:>8} {expected:>8}  {:<20} {:<16} {}",
        text(alert, "state"),
        second(text(alert, "fired_at")),
        text(alert, "alert_id"),
        alert["observed"].to_string(),
        text(alert, "topic"),
        text(alert, "rule"),
        receivers(alert),
    )
}

/// Who was told, who waits for a message or will not get one, for whom something is held back, and
/// who takes care.
fn receivers(alert: &Value) -> String {
    let (waiting, given_up) = (rows(alert, "waiting"), rows(alert, "given_up"));
    let is_in = |name: &Value, list: &[Value]| list.iter().any(|one| one["receiver"] == *name);
    let told = rows(alert, "told").iter();
    let told = told.filter(|name| !is_in(name, waiting) && !is_in(name, given_up));
    let mut said: Vec<String> =
        told.map(|name| format!("{} told", name.as_str().unwrap_or_default())).collect();
    for one in waiting {
        said.push(format!("{} waiting ({})", text(one, "receiver"), next_attempt(one)));
    }
    for one in given_up {
        said.push(format!("{} given up ({})", text(one, "receiver"), text(one, "why")));
    }
    for held in rows(alert, "held") {
        said.push(format!("{} held ({})", text(held, "receiver"), because(held)));
    }
    if let Some(author) = alert.pointer("/ack/author").and_then(Value::as_str) {
        said.push(format!("acknowledged by {author} at {}", second(text(&alert["ack"], "at"))));
    }
    if said.is_empty() { "-".to_owned() } else { said.join(", ") }
}

/// When a message on its way is tried next.
fn next_attempt(delivery: &Value) -> String {
    let failed = delivery["attempts"].as_u64().unwrap_or(0);
    let due_ms = delivery["due_unix_ms"].as_i64().filter(|due_ms| *due_ms > 0);
    let due = due_ms.map(|due_ms| EventTime(due_ms.saturating_mul(1_000)).to_string());
    match (failed, due) {
        (0, _) => "not tried yet".to_owned(),
        (_, None) => format!("attempt {} now", failed + 1),
        (_, Some(due)) => format!("attempt {} at {}", failed + 1, second(&due)),
    }
}

pub(super) fn show(args: &AlertsShow) -> Result<Ending, Failure> {
    let folder = open(&args.listing.place)?;
    let story = runtime()?.block_on(story(&folder, &args.id))?.ok_or_else(|| unknown(&args.id))?;
    let mut out = io::stdout().lock();
    if args.listing.format == ReportFormat::Json {
        writeln!(out, "{story}")?;
        return Ok(Ending::Done);
    }
    write_story(&story, &mut out)?;
    Ok(Ending::Done)
}

fn write_story(story: &Value, out: &mut impl Write) -> io::Result<()> {
    let (id, state, severity) =
        (text(story, "alert_id"), text(story, "state"), text(story, "severity"));
    let (rule, kind, topic) = (text(story, "rule"), text(story, "rule_type"), text(story, "topic"));
    writeln!(out, "{id}  {state}\n{rule} ({kind}, {severity}) on {topic}")?;
    writeln!(out, "receivers   {}", receivers(story))?;
    for row in rows(story, "transitions") {
        writeln!(out, "\n{}  {}", text(row, "at"), text(row, "transition"))?;
        for (name, value) in row.as_object().into_iter().flatten() {
            let told = STORY_HEAD.contains(&name.as_str());
            if !told && !value.is_null() {
                writeln!(out, "  {name:<14} {}", short(value))?;
            }
        }
        let evidence = serde_json::to_string_pretty(&row["evidence"]).unwrap_or_default();
        writeln!(out, "  evidence       {evidence}")?;
    }
    let reasons = rows(story, "receivers").iter().flat_map(|seat| {
        let why = |reason| format!("{}  {}", text(seat, "receiver"), because(reason));
        rows(seat, "reasons").iter().map(why)
    });
    let all = |name| rows(story, name).iter().map(fields).collect::<Vec<_>>();
    for (title, lines) in [
        ("deliveries", all("deliveries")),
        ("held back", reasons.collect()),
        ("silences", all("silences")),
    ] {
        if !lines.is_empty() {
            writeln!(out, "\n{title}")?;
        }
        lines.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    Ok(())
}

/// Why something is held back.
fn because(reason: &Value) -> String {
    format!("{} by {}", text(reason, "reason"), text(reason, "by"))
}

fn rows<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// A value as people read it: texts without quotes, numbers with at most four digits behind the
/// point.
fn short(value: &Value) -> String {
    match (value.as_str(), value.as_f64()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(number)) if value.is_f64() && number.abs() < 1e-3 => format!("{number:.1e}"),
        (None, Some(number)) if value.is_f64() => format!("{number:.4}"),
        _ => value.to_string(),
    }
}

/// A row of the story as `name value`, without what is null or empty.
fn fields(row: &Value) -> String {
    let fields = row.as_object().into_iter().flatten();
    let said = fields.filter_map(|(name, value)| match value {
        Value::Null => None,
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Array(list) if list.is_empty() => None,
        other => Some(format!("{name} {other}")),
    });
    said.collect::<Vec<_>>().join("  ")
}

pub(super) fn ack(args: &AlertsAck) -> Result<Ending, Failure> {
    let folder = open(&args.place)?;
    let files = DeskFiles::of(&folder);
    let mut out = io::stdout().lock();
    if args.undo {
        if !files.remove_ack(&args.id)? {
            let message = format!("nobody has acknowledged \"{}\"", args.id);
            return Err(Failure::usage(
                message,
                "see who takes care of what: resonanz alerts list",
            ));
        }
        writeln!(out, "{} is no longer acknowledged", args.id)?;
        return Ok(Ending::Done);
    }
    let story = runtime()?.block_on(story(&folder, &args.id))?.ok_or_else(|| unknown(&args.id))?;
    if story["state"] == "resolved" {
        let message = format!("alert \"{}\" has resolved", args.id);
        return Err(Failure::usage(message, "those that fire: resonanz alerts list"));
    }
    let (author, comment) = (args.author.clone(), args.comment.clone());
    let ack = Ack { alert_id: args.id.clone(), at: wall_clock(), author, comment };
    if !ack.fits() {
        let hint = "an author has at most 256 bytes, a comment 2048";
        return Err(Failure::usage("the acknowledgement is too long", hint));
    }
    files.put_ack(&ack)?;
    writeln!(
        out,
        "{} is acknowledged by {}: no more messages until it resolves",
        ack.alert_id, ack.author
    )?;
    Ok(Ending::Done)
}

pub(super) fn silence(args: &AlertsSilence) -> Result<Ending, Failure> {
    let files = DeskFiles::of(&open(&args.place)?);
    let now = wall_clock();
    let starts = args.starts.unwrap_or(now);
    let silence = Silence {
        id: files.fresh_id("sil")?,
        topic: args.topic.clone(),
        rule: args.rule.clone(),
        labels: args.labels.iter().cloned().collect(),
        starts,
        ends: starts.shift(args.for_us),
        author: args.author.clone(),
        comment: args.comment.clone(),
    };
    silence.check(now).map_err(|error| {
        Failure::usage(
            error.to_string(),
            "as --topic 'acme*' --for 2h --comment \"product launch\"",
        )
    })?;
    files.put_silence(&silence)?;
    writeln!(io::stdout().lock(), "{}", line(&silence))?;
    Ok(Ending::Done)
}

pub(super) fn silences(args: &AlertsSilences) -> Result<Ending, Failure> {
    let now = wall_clock();
    let mut silences = DeskFiles::of(&open(&args.listing.place)?).silences()?;
    silences.retain(|silence| args.all || now < silence.ends);
    let mut out = io::stdout().lock();
    match args.listing.format {
        ReportFormat::Json => writeln!(out, "{}", json!(silences))?,
        ReportFormat::Table if silences.is_empty() => writeln!(out, "no silences")?,
        ReportFormat::Table => {
            silences.iter().try_for_each(|silence| writeln!(out, "{}", line(silence)))?
        }
    }
    Ok(Ending::Done)
}

pub(super) fn unsilence(args: &AlertsUnsilence) -> Result<Ending, Failure> {
    let files = DeskFiles::of(&open(&args.place)?);
    let ended = files.end_silence(&args.id, wall_clock())?.ok_or_else(|| {
        let message = format!("no silence is called \"{}\"", args.id);
        Failure::usage(message, "list them with: resonanz alerts silences")
    })?;
    writeln!(io::stdout().lock(), "{}", line(&ended))?;
    Ok(Ending::Done)
}

pub(super) fn replay(args: &AlertsReplay) -> Result<Ending, Failure> {
    let files = DeskFiles::of(&open(&args.place)?);
    let state: DeskState = files.published()?.unwrap_or_default();
    let replays = state.replays(&args.id, args.receiver.as_deref());
    if replays.is_empty() {
        let message = format!("no message \"{}\" was told", args.id);
        return Err(Failure::usage(message, "see an alert's messages: resonanz alerts show ALERT"));
    }
    for replay in replays {
        files.put_replay(&replay)?;
        let (id, receiver) = (&replay.message_id, &replay.receiver);
        writeln!(io::stdout().lock(), "{id} is sent to {receiver} again as soon as resonanz runs")?;
    }
    Ok(Ending::Done)
}

/// One silence as a line.
fn line(silence: &Silence) -> String {
    let wanted = |name: &str, pattern: &Option<String>| {
        pattern.as_ref().map(|pattern| format!("{name} {pattern}"))
    };
    let labels = silence.labels.iter().map(|(name, pattern)| format!("{name}={pattern}"));
    let matchers = wanted("topic", &silence.topic).into_iter().chain(wanted("rule", &silence.rule));
    let matchers: Vec<String> = matchers.chain(labels).collect();
    let (starts, ends) = (silence.starts.to_string(), silence.ends.to_string());
    let (starts, ends) = (second(&starts), second(&ends));
    let Silence { id, author, comment, .. } = silence;
    format!("{id}  from {starts} to {ends}  {}  by {author}: {comment}", matchers.join(", "))
}

fn open(place: &LakePlace) -> Result<Folder, Failure> {
    Ok(Folder::read(place.site()?)?)
}

fn unknown(id: &str) -> Failure {
    Failure::usage(format!("no alert is called \"{id}\""), "list them with: resonanz alerts list")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A timestamp without the digits after the second.
fn second(stamp: &str) -> String {
    let whole = stamp.split('.').next().unwrap_or_default().trim_end_matches('Z');
    format!("{whole}Z")
}
