//! How does it look while it runs? A live view on a terminal, plain lines elsewhere.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use crate::live::{AlertLine, Progress};

const REDRAW: Duration = Duration::from_millis(250);
const PLAIN_LINE: Duration = Duration::from_secs(5);
/// Most topics shown at once.
const TOPICS_MAX: usize = 12;

/// Shows progress until the channel is closed.
pub(super) async fn view(mut progress: watch::Receiver<Progress>) {
    let terminal = io::stdout().is_terminal();
    let mut screen = Screen::new(terminal);
    let mut ticks = tokio::time::interval(REDRAW);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            changed = progress.changed() => if changed.is_err() { break },
        }
        ticks.tick().await;
        let snapshot = progress.borrow_and_update().clone();
        if screen.show(&snapshot).is_err() {
            return;
        }
    }
}

struct Screen {
    bar: Option<ProgressBar>,
    /// Alerts already printed.
    printed: u64,
    last_line: Instant,
    rate: Rate,
}

impl Screen {
    fn new(terminal: bool) -> Self {
        let style = ProgressStyle::with_template("{msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = terminal.then(|| ProgressBar::new_spinner().with_style(style));
        Self { bar, printed: 0, last_line: Instant::now(), rate: Rate::default() }
    }

    fn show(&mut self, progress: &Progress) -> io::Result<()> {
        let alerts: u64 = progress.transitions.iter().sum();
        let fresh = usize::try_from(alerts - self.printed).unwrap_or(0).min(progress.alerts.len());
        let first = progress.alerts.len() - fresh;
        for alert in progress.alerts.get(first..).unwrap_or_default() {
            self.print(&alert_line(alert))?;
        }
        self.printed = alerts;
        let rate = self.rate.update(progress.posts());
        if let Some(bar) = &self.bar {
            bar.set_message(block(progress, rate));
        } else if self.last_line.elapsed() >= PLAIN_LINE {
            self.last_line = Instant::now();
            self.print(&status_line(progress, rate))?;
        }
        Ok(())
    }

    fn print(&self, line: &str) -> io::Result<()> {
        match &self.bar {
            Some(bar) => {
                bar.println(line);
                Ok(())
            }
            None => writeln!(io::stdout().lock(), "{line}"),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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

fn status_line(progress: &Progress, rate: f64) -> String {
    let tally = &progress.tally;
    let clock = progress.watermark.map_or("-".to_owned(), |mark| mark.to_string());
    let [fired, escalated, resolved] = progress.transitions;
    let trouble = progress.trouble.as_ref();
    let trouble = trouble.map_or(String::new(), |trouble| {
        format!("CANNOT WRITE since {}: {}  ", trouble.since, trouble.why)
    });
    format!(
        "{trouble}event time {clock}  posts {}  {rate:.0}/s  mentions {}  negative {}  alerts {fired} fired, {escalated} escalated, {resolved} resolved",
        progress.posts(),
        tally.mentions,
        tally.negative
    )
}

/// The live view: a status line and a bar per topic.
fn block(progress: &Progress, rate: f64) -> String {
    let mut text = status_line(progress, rate);
    let mut topics: Vec<_> = progress.topics.iter().filter(|topic| topic.mentions > 0).collect();
    topics.sort_by_key(|topic| std::cmp::Reverse(topic.mentions));
    for topic in topics.into_iter().take(TOPICS_MAX) {
        let percent = 100 * topic.negative / topic.mentions;
        let filled = usize::try_from(percent / 5).unwrap_or(0);
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(20 - filled));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n  {:<16} {:>8} mentions  {bar} {percent:>3} % negative",
            topic.name, topic.mentions
        );
    }
    text
}

/// One alert for people.
pub(super) fn alert_line(alert: &AlertLine) -> String {
    let expected =
        alert.expected.map(|expected| format!(", expected {expected:.1}")).unwrap_or_default();
    format!(
        "{}  {:<9}  {} on {}: observed {}{expected}",
        alert.at,
        alert.transition.as_str(),
        alert.rule,
        alert.topic,
        alert.observed
    )
}
