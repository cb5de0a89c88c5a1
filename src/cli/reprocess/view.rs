//! How is the outcome of a reprocessing shown?

use std::io::{self, Write};

use crate::cli::formats::ReportFormat;
use crate::cli::output::{Script, one_line, programs};
use crate::config::{RetainFrom, Retention};
use crate::lake::{Replaced, Table};
use crate::reprocess::{Comparison, Report, Sample, TopicChange};
use crate::state::Receipt;
use crate::time::{DAY_US, EventTime};

/// Where posts went, and how fast.
pub(super) fn report(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let (tally, before) = (report.progress.tally, report.progress.tally_at_start);
    let seconds = report.elapsed.as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let (posts_s, mb_s) =
        ((tally.events - before.events) as f64 / seconds, report.bytes as f64 / 1e6 / seconds);
    writeln!(
        out,
        "{} posts in {seconds:.1} s: {posts_s:.0} posts/s, {mb_s:.0} MB/s",
        tally.events
    )?;
    if before.events > 0 {
        writeln!(out, "{} of them before it was interrupted", before.events)?;
    }
    writeln!(
        out,
        "{} posts matched, {} mentions, {} negative, {} late",
        tally.matched, tally.mentions, tally.negative, tally.late
    )?;
    writeln!(
        out,
        "{} duplicates, {} malformed, {} dated in the future",
        tally.duplicate, report.progress.malformed, tally.refused_future
    )?;
    if report.progress.mended > 0 {
        let mended = report.progress.mended;
        writeln!(out, "{mended} posts with an unreadable field, left unknown")?;
    }
    if let Some(share) = report.progress.late_share() {
        writeln!(
            out,
            "warning: {share} % of the mentions came too late for their minute, so panes and alerts \
             miss them: the input is not in order of time; into a new lake, --sort always puts it in order"
        )?;
    }
    if let Some(first) = report.left_out.first() {
        let files = report.left_out.len();
        writeln!(out, "skipped: {files} files that hold no posts, such as {first}")?;
    }
    for sheet in &report.sheets {
        writeln!(out, "read: {sheet}")?;
    }
    for damaged in &report.damaged {
        writeln!(out, "damaged: {damaged}; what could be read of it is kept")?;
    }
    for (_, reason) in &report.progress.refusals {
        writeln!(out, "refused: {reason}")?;
    }
    if report.progress.refusals.iter().any(|(_, reason)| reason.contains("is missing; there are")) {
        writeln!(
            out,
            "hint: map names to fields with --map, such as text=body,posted_at=created_utc; resonanz import --preview FILE suggests a mapping"
        )?;
    }
    Ok(())
}

/// What will become of days that are older than what is kept.
pub(super) fn retention(
    retention: &Retention,
    days: &[i32],
    today: i32,
    out: &mut impl Write,
) -> io::Result<()> {
    let kept = [
        ("retain_text", "texts", retention.text_days),
        ("retain_mentions", "mentions", retention.mentions_days),
        ("retain_panes", "panes and alerts", retention.panes_days),
    ];
    for (key, what, limit) in kept {
        let Some(limit) = limit else { continue };
        let old = days.iter().filter(|day| today.saturating_sub(**day) > limit).count();
        if old == 0 {
            continue;
        }
        let fate = match retention.from {
            RetainFrom::Import => {
                let end = EventTime(i64::from(today.saturating_add(limit)) * DAY_US).to_string();
                let end = end.split('T').next().unwrap_or_default().to_owned();
                format!(
                    "go on {end}, since they count from their import; retain_from = \"posting\" counts from the days themselves"
                )
            }
            RetainFrom::Posting => {
                "go at the next upkeep; retain_from = \"import\" keeps them as long again"
                    .to_owned()
            }
        };
        writeln!(
            out,
            "retention: {old} days are older than {key} = \"{limit}d\": their {what} {fate}; {key} = \"never\" in [lake] keeps them"
        )?;
    }
    Ok(())
}

/// What took the place of what.
pub(super) fn replaced(replaced: &Replaced, days: usize, out: &mut impl Write) -> io::Result<()> {
    let change = |table: Table| {
        let place = table as usize;
        let counts = (replaced.before.get(place), replaced.after.get(place));
        let (before, after) = (counts.0.unwrap_or(&0), counts.1.unwrap_or(&0));
        format!("{} {before} -> {after}", table.name())
    };
    let tables = [Table::Mentions, Table::Panes, Table::Posts].map(change);
    writeln!(out, "replaced on {days} days: {}", tables.join(", "))
}

/// What was erased because sources took it back.
pub(super) fn followed(receipts: &[Receipt], out: &mut impl Write) -> io::Result<()> {
    receipts.iter().try_for_each(|receipt| {
        let rows = |table: Table| receipt.done.erasing.rows.get(table.name()).unwrap_or(&0);
        let [posts, mentions] = [Table::Posts, Table::Mentions].map(rows);
        let asked = receipt.withdrawals;
        writeln!(out, "erased: {posts} posts, {mentions} mentions; {asked} deletions and edits")
    })
}

/// Old against new.
pub(super) fn comparison(
    comparison: &Comparison,
    format: ReportFormat,
    out: &mut impl Write,
) -> io::Result<()> {
    if format == ReportFormat::Json {
        let text = serde_json::to_string(comparison)?;
        return writeln!(programs(Script::Json), "{text}");
    }
    let [old, new] = comparison.mentions;
    let days = match comparison.days.as_slice() {
        [] => "no day".to_owned(),
        [day] => day.clone(),
        [first, .., last] => format!("{} days from {first} to {last}", comparison.days.len()),
    };
    writeln!(out, "\n{days}: {old} mentions before, {new} after")?;
    let names = comparison.topics.keys().map(|name| name.chars().count());
    let width = names.max().unwrap_or(0).max("topic".len());
    writeln!(
        out,
        "{:width$}  {:>9} {:>9} {:>9} {:>9}  mean score",
        "topic", "added", "removed", "kept", "changed"
    )?;
    for (name, topic) in &comparison.topics {
        let mean = topic
            .mean_score
            .map_or(String::new(), |[before, after]| format!("{before:+.3} -> {after:+.3}"));
        writeln!(
            out,
            "{name:width$}  {:>9} {:>9} {:>9} {:>9}  {mean}",
            topic.added,
            topic.removed,
            topic.kept,
            topic.changed()
        )?;
    }
    for (name, topic) in &comparison.topics {
        details(name, topic, out)?;
    }
    writeln!(out)
}

fn details(name: &str, topic: &TopicChange, out: &mut impl Write) -> io::Result<()> {
    if topic.reasons.is_empty() && topic.samples.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{name}")?;
    for reason in &topic.reasons {
        writeln!(out, "  {reason}")?;
    }
    for (change, mentions) in topic.changes() {
        writeln!(out, "  {mentions} from {change}")?;
    }
    for Sample { kind, post_id, before, after, text } in &topic.samples {
        let verdict = |verdict: &Option<(String, f64)>| {
            verdict
                .as_ref()
                .map_or("none".to_owned(), |(polarity, score)| format!("{polarity} {score:+.3}"))
        };
        let text = one_line(text);
        writeln!(out, "  {kind} {post_id}: {} -> {}: {text}", verdict(before), verdict(after))?;
    }
    Ok(())
}
