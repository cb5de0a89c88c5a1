//! How does it look while it runs? A live view on a terminal, elsewhere a line for each alert.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::output::{cut, one_line, people, size, width};
use crate::live::{AlertLine, Progress, TopicCount};
use crate::time::{EventTime, SECOND_US};

const REDRAW: Duration = Duration::from_millis(250);
const STATUS_EVERY: Duration = Duration::from_secs(5);
/// Most topics shown at once.
const TOPICS_MAX: usize = 12;
/// Rows of a terminal that are not for topics.
const OTHER_ROWS: usize = 7;
/// Columns of a topic's line beside its name and its bar.
const TOPIC_NUMBERS: usize = 20;

/// Who reads along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Somebody who looks on: status lines where there is no terminal for a live view.
    Audience,
    /// Somebody, or a log of a service: nothing but what happens.
    Log,
    /// A program: a JSON object a line.
    Program,
}

impl Reader {
    /// Writes a line for people, or what it says for programs.
    pub(super) fn say(self, line: &str, fields: &Value) -> io::Result<()> {
        match self {
            Self::Program => writeln!(io::stdout().lock(), "{fields}"),
            Self::Audience | Self::Log => writeln!(people(), "{line}"),
        }
    }
}

/// A view that goes on until it is ended.
#[derive(Debug)]
pub(super) struct View {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl View {
    /// Shows progress from now on.
    pub(super) fn start(progress: watch::Receiver<Progress>, reader: Reader) -> Self {
        let (end, ended) = oneshot::channel();
        Self { end, task: tokio::spawn(show(progress, reader, ended)) }
    }

    /// Shows what came last, and leaves the terminal as it was.
    pub(super) async fn end(self) {
        let _ = self.end.send(());
        let _ = self.task.await;
    }
}

async fn show(
    mut progress: watch::Receiver<Progress>,
    reader: Reader,
    mut ended: oneshot::Receiver<()>,
) {
    let mut screen = Screen::new(reader);
    let mut ticks = tokio::time::interval(REDRAW);
    loop {
        let last = tokio::select! {
            _ = ticks.tick() => false,
            _ = &mut ended => true,
        };
        let snapshot = progress.borrow_and_update().clone();
        // Whoever does not read any more stops nothing.
        if screen.show(&snapshot).is_err() || last {
            return;
        }
    }
}

struct Screen {
    reader: Reader,
    /// Lines of the live view that stand on the terminal; the cursor is below them, where what the
    /// terminal echoes breaks none of them.
    drawn: Option<usize>,
    /// Alerts already printed.
    printed: u64,
    /// Whether it is said that the lake cannot be written.
    in_trouble: bool,
    /// What happened to the process as a whole, as often as it was said.
    rounds: u64,
    said: Instant,
    rate: Rate,
}

impl Screen {
    fn new(reader: Reader) -> Self {
        let live = reader != Reader::Program && io::stdout().is_terminal();
        let drawn = live.then_some(0);
        Self {
            reader,
            drawn,
            printed: 0,
            in_trouble: false,
            rounds: 0,
            said: Instant::now(),
            rate: Rate::default(),
        }
    }

    fn show(&mut self, progress: &Progress) -> io::Result<()> {
        self.alerts(progress)?;
        self.trouble(progress)?;
        self.rounds(progress)?;
        let rate = self.rate.update(progress.posts());
        if let Some(drawn) = self.drawn {
            let (columns, rows) = size().unwrap_or((80, 24));
            let topics = rows.saturating_sub(OTHER_ROWS).clamp(1, TOPICS_MAX);
            let block = block(progress, rate, (columns - 1, topics));
            self.drawn = Some(block.lines().count());
            let mut out = io::stdout().lock();
            out.write_all(format!("{}{block}\n", erasing(drawn)).as_bytes())?;
            out.flush()?;
        } else if self.reader == Reader::Audience && self.said.elapsed() >= STATUS_EVERY {
            self.said = Instant::now();
            let line = status(progress, rate).join("  ");
            self.print(&line, &Value::Null)?;
        }
        Ok(())
    }

    /// Says once that the lake cannot be written, and once that it can again.
    fn trouble(&mut self, progress: &Progress) -> io::Result<()> {
        if self.in_trouble == progress.trouble.is_some() {
            return Ok(());
        }
        self.in_trouble = progress.trouble.is_some();
        let Some(trouble) = &progress.trouble else {
            return self.print("the lake can be written again", &json!({"event": "recovered"}));
        };
        let since = trouble.since.to_string();
        let line = format!("CANNOT WRITE since {since}: {}", trouble.why);
        self.print(&line, &json!({"event": "failing", "since": since, "why": trouble.why}))
    }

    /// Says once what happened to the process as a whole.
    fn rounds(&mut self, progress: &Progress) -> io::Result<()> {
        let count = progress.rounds.count();
        let said = progress.rounds.said.as_ref().filter(|_| count != self.rounds);
        self.rounds = count;
        let Some(said) = said else { return Ok(()) };
        self.print(&said.text, &json!({"event": said.kind, "said": said.text}))
    }

    /// Prints every alert that came since the last look.
    fn alerts(&mut self, progress: &Progress) -> io::Result<()> {
        let alerts: u64 = progress.transitions.iter().sum();
        let fresh = usize::try_from(alerts - self.printed).unwrap_or(usize::MAX);
        let kept = fresh.min(progress.alerts.len());
        if fresh > kept {
            let missed = fresh - kept;
            let line = format!("{missed} alerts in a burst: resonanz alerts list --all");
            self.print(&line, &json!({"event": "alerts", "not_listed": missed}))?;
        }
        let first = progress.alerts.len() - kept;
        for alert in progress.alerts.get(first..).unwrap_or_default() {
            self.print(&alert_line(alert), &alert_fields(alert))?;
        }
        self.printed = alerts;
        Ok(())
    }

    fn print(&mut self, line: &str, fields: &Value) -> io::Result<()> {
        let Some(drawn) = self.drawn.as_mut() else { return self.reader.say(line, fields) };
        let erased = erasing(std::mem::take(drawn));
        io::stdout().lock().write_all(format!("{erased}{}\n", one_line(line)).as_bytes())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let erased = self.drawn.map(erasing).unwrap_or_default();
        let mut out = io::stdout().lock();
        let _ = out.write_all(erased.as_bytes()).and_then(|()| out.flush());
    }
}

/// What takes so many lines above the cursor off a terminal, and all that stands below.
fn erasing(lines: usize) -> String {
    match lines {
        0 => "\r\u{1b}[J".to_owned(),
        lines => format!("\r\u{1b}[{lines}A\u{1b}[J"),
    }
}

/// Events per second since the last look, smoothed.
#[derive(Default)]
struct Rate {
    last: Option<(Instant, u64)>,
    per_s: f64,
}

impl Rate {
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    fn update(&mut self, events: u64) -> f64 {
        let now = Instant::now();
        if let Some((then, before)) = self.last {
            let elapsed_s = now.duration_since(then).as_secs_f64().max(1e-3);
            let current = events.saturating_sub(before) as f64 / elapsed_s;
            self.per_s = if self.per_s == 0.0 { current } else { 0.7 * self.per_s + 0.3 * current };
        }
        self.last = Some((now, events));
        self.per_s
    }
}

/// How it is going, in parts that stay together.
fn status(progress: &Progress, rate: f64) -> Vec<String> {
    let tally = &progress.tally;
    // Nobody reads fractions of a second here.
    let second = |mark: EventTime| mark.floor(SECOND_US).to_string();
    let clock = progress.watermark.map_or("-".to_owned(), second);
    let [fired, escalated, resolved] = progress.transitions;
    let trouble = progress.trouble.as_ref().map(|trouble| {
        one_line(&format!("CANNOT WRITE since {}: {}", trouble.since, trouble.why)).into_owned()
    });
    let parts = [
        format!("event time {clock}"),
        format!("posts {} ({rate:.0}/s)", progress.posts()),
        format!("mentions {}", tally.mentions),
        format!("negative {}", tally.negative),
        format!("alerts {fired} fired, {escalated} escalated, {resolved} resolved"),
    ];
    trouble.into_iter().chain(parts).collect()
}

/// The live view in so many columns: how it is going, and a bar for each of so many topics.
fn block(progress: &Progress, rate: f64, (columns, rows): (usize, usize)) -> String {
    let mut lines = pack(&status(progress, rate), columns);
    let mut topics: Vec<&TopicCount> = progress.topics.iter().collect();
    topics.sort_by_key(|topic| std::cmp::Reverse(topic.mentions));
    let heard = topics.iter().filter(|topic| topic.mentions > 0).count();
    let shown = topics.get(..heard.min(rows)).unwrap_or_default();
    let longest = shown.iter().map(|topic| width(&one_line(&topic.name))).max().unwrap_or(0);
    let name = longest.clamp("topic".len(), (columns / 3).max(16));
    let bar = columns.saturating_sub(name + TOPIC_NUMBERS).clamp(4, 24);
    if !shown.is_empty() {
        lines.push(format!("  {}  mentions  negative", padded("topic", name)));
    }
    for topic in shown {
        let percent = 100 * topic.negative / topic.mentions.max(1);
        let filled = usize::try_from(percent).unwrap_or(0) * bar / 100;
        let drawn = format!("{}{}", "█".repeat(filled), "░".repeat(bar - filled));
        let topic_name = padded(&one_line(&topic.name), name);
        lines.push(format!("  {topic_name}  {:>8}  {drawn} {percent:>3} %", topic.mentions));
    }
    match (heard - shown.len(), topics.len() - heard) {
        (0, 0) => {}
        (0, quiet) => lines.push(format!("  {quiet} more topics without mentions yet")),
        (more, 0) => lines.push(format!("  {more} more topics")),
        (more, quiet) => {
            lines.push(format!("  {} more topics, {quiet} without mentions yet", more + quiet));
        }
    }
    lines.iter().map(|line| cut(line, columns)).collect::<Vec<_>>().join("\n")
}

fn padded(name: &str, columns: usize) -> String {
    let name = cut(name, columns);
    format!("{name}{}", " ".repeat(columns - width(&name).min(columns)))
}

/// Parts as lines, as many on each as fit.
fn pack(parts: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if width(line) + 2 + width(part) <= columns => {
                line.push_str("  ");
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// One alert for people.
pub(super) fn alert_line(alert: &AlertLine) -> String {
    let expected =
        alert.expected.map(|expected| format!(", expected {expected:.1}")).unwrap_or_default();
    let observed = format!("observed {}{expected}", alert.observed);
    let said = alert.goal.as_ref().unwrap_or(&observed);
    // What is said of a whole source, or of several topics, names none.
    let topic = if alert.topic.is_empty() { "" } else { " on " };
    format!(
        "{}  {:<9}  {}{topic}{}: {said}",
        alert.at,
        alert.transition.as_str(),
        alert.rule,
        alert.topic,
    )
}

/// One alert for programs.
fn alert_fields(alert: &AlertLine) -> Value {
    json!({
        "event": "alert",
        "at": alert.at.to_string(),
        "transition": alert.transition.as_str(),
        "rule": alert.rule,
        "topic": alert.topic,
        "observed": alert.observed,
        "expected": alert.expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_fits_and_says_what_it_hides() {
        let topic = |place: u64| TopicCount {
            name: format!("a topic of rather long a name 日本語 {place}").into(),
            mentions: 1_000_000 * (place % 30),
            negative: 400_000 * (place % 30),
        };
        let topics = (0..34).map(topic).collect();
        let progress = Progress { topics, transitions: [1000, 200, 900], ..Progress::default() };
        for columns in [57, 77, 117] {
            let block = block(&progress, 123_456.0, (columns, TOPICS_MAX));
            assert!(block.lines().all(|line| width(line) <= columns), "{columns}:\n{block}");
            assert!(block.ends_with("  22 more topics, 2 without mentions yet"), "{block}");
            assert!(block.contains("900 resolved") && block.contains(" 40 %"), "{block}");
        }
        assert_eq!(block(&Progress::default(), 0.0, (117, 1)).lines().count(), 1);
    }

    #[test]
    fn a_burst_of_alerts_is_counted_where_it_cannot_be_listed() {
        let alert = || AlertLine {
            at: EventTime(0),
            transition: crate::alert::Transition::Fired,
            rule: "r".to_owned(),
            topic: "t".to_owned(),
            observed: 1,
            goal: None,
            expected: None,
        };
        let mut progress = Progress::default();
        (0..5_000).for_each(|_| progress.push_alert(alert()));
        assert_eq!(progress.alerts.len(), 4_096);
        assert_eq!(progress.transitions[0], 5_000);
        assert_eq!(std::sync::Arc::strong_count(&progress.alerts[0]), 1);
    }
}
