//! How does the board look? Lines of text that fit 60 columns.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::board::{AlarmLine, Board, SourceLine, TopicLine};
use crate::chart::ENGLISH;
use crate::cli::output::one_line;

/// Signs of a small course: nothing heard, then from none to most.
const UNHEARD: char = '·';
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns of what stands behind a topic's name and its course.
const NUMBERS: usize = 23;

/// Draws the board.
pub(super) fn paint(frame: &mut Frame<'_>, board: &Board) {
    let area = frame.area();
    let width = usize::from(area.width);
    let alarms = u16::try_from(board.alerts.len().max(1) + 1).unwrap_or(u16::MAX);
    let sources = u16::try_from(board.sources.len().max(1) + 1).unwrap_or(u16::MAX);
    let rooms = Layout::vertical([
        Constraint::Length(3),
        Constraint::Min(3),
        Constraint::Length(alarms.min(area.height / 4)),
        Constraint::Length(sources.min(area.height / 3)),
        Constraint::Length(1),
    ]);
    let [head, topics, alerts, source_room, foot] = rooms.areas(area);
    frame.render_widget(Paragraph::new(head_lines(board)), head);
    frame.render_widget(Paragraph::new(topic_lines(board, width, topics.height)), topics);
    frame.render_widget(Paragraph::new(alarm_lines(board, width)), alerts);
    frame.render_widget(Paragraph::new(source_lines(board, width)), source_room);
    frame.render_widget(Paragraph::new(Line::styled("q quits", soft())), foot);
}

fn soft() -> Style {
    Style::new().fg(Color::DarkGray)
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn red() -> Style {
    Style::new().fg(Color::Red)
}

fn head_lines(board: &Board) -> Vec<Line<'static>> {
    let status = match board.status.as_str() {
        "ok" => Span::styled("ok", Style::new().fg(Color::Green)),
        other => Span::styled(one_line(other).into_owned(), red()),
    };
    let first =
        vec![Span::styled("resonanz  ", bold()), status, Span::raw(format!("  {}", board.url))];
    let behind = board.behind_s.map_or("-".to_owned(), age);
    let second =
        format!("behind {behind}   answers in {} ms   counts {}", board.answer_ms, board.period);
    let third = match (&board.silent, board.reason.as_str()) {
        (Some(why), _) => Line::styled(format!("no answer: {}", one_line(why)), red()),
        (None, "") => Line::default(),
        (None, reason) => Line::styled(one_line(reason).into_owned(), red()),
    };
    vec![Line::from(first), Line::styled(second, soft()), third]
}

fn topic_lines(board: &Board, width: usize, height: u16) -> Vec<Line<'static>> {
    let room = width.saturating_sub(NUMBERS);
    let (name, course) = (room / 2, room - room / 2 - 1);
    let head =
        format!("{:<name$} {:<course$}{:>9}{:>7}{:>7}", "TOPIC", "", "MENTIONS", "NEG", "NET");
    let mut lines = vec![Line::styled(head, bold())];
    if board.topics.is_empty() {
        lines.push(Line::styled("no topic has been mentioned", soft()));
    }
    let fit = usize::from(height).saturating_sub(2);
    let line = |topic: &TopicLine| {
        let net = topic.net.map_or("-".to_owned(), |net| ENGLISH.signed(net));
        let net_style = match topic.net {
            Some(net) if net < 0.0 => red(),
            _ => Style::new(),
        };
        Line::from(vec![
            Span::raw(fitted(&topic.name, name)),
            Span::raw(" "),
            Span::styled(spark(&topic.line, course), Style::new().fg(Color::Cyan)),
            Span::raw(format!("{:>9}{:>7}", short(topic.mentions), short(topic.negative))),
            Span::styled(format!("{net:>7}"), net_style),
        ])
    };
    lines.extend(board.topics.iter().take(fit).map(line));
    let more = board.topics.len().saturating_sub(fit);
    if more > 0 {
        lines.push(Line::styled(format!("and {more} more"), soft()));
    }
    lines
}

fn alarm_lines(board: &Board, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(format!("ALERTS {}", board.alerts.len()), bold())];
    if board.alerts.is_empty() {
        lines.push(Line::styled("none fires", soft()));
    }
    let line = |alert: &AlarmLine| {
        let since = alert.fired_at.map(|at| age(board.at.since(at) / crate::time::SECOND_US));
        let taken = alert
            .taken_by
            .as_ref()
            .map(|who| format!(", acknowledged by {who}"))
            .unwrap_or_default();
        let text = format!(
            "{}: {}, {} observed, for {}{taken}",
            alert.topic,
            alert.rule,
            alert.observed,
            since.unwrap_or_default()
        );
        Line::styled(fitted(&text, width), red())
    };
    lines.extend(board.alerts.iter().map(line));
    lines
}

fn source_lines(board: &Board, width: usize) -> Vec<Line<'static>> {
    let name = width.saturating_sub(36);
    let head =
        format!("{:<name$}{:>10}{:>9}{:>9}{:>8}", "SOURCE", "STATE", "EVENTS", "A SECOND", "QUIET");
    let mut lines = vec![Line::styled(head, bold())];
    if board.sources.is_empty() {
        lines.push(Line::styled("none: this process only serves a lake", soft()));
    }
    let line = |source: &SourceLine| {
        let rate = source.rate.map_or("-".to_owned(), |rate| ENGLISH.number(rate, 1));
        let quiet = source.quiet_s.map_or("-".to_owned(), age);
        let name = match source.reason.as_str() {
            "" => fitted(&source.name, name),
            reason => fitted(&format!("{}: {reason}", source.name), name),
        };
        let text =
            format!("{name}{:>10}{:>9}{rate:>9}{quiet:>8}", source.state, short(source.events));
        let well = matches!(source.state.as_str(), "up" | "ended" | "starting");
        Line::styled(text, if well { Style::new() } else { red() })
    };
    lines.extend(board.sources.iter().map(line));
    lines
}

/// A text in exactly so many columns.
fn fitted(text: &str, columns: usize) -> String {
    let text = one_line(text);
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if out.width() > columns {
            out.pop();
            while out.width() >= columns && out.pop().is_some() {}
            out.push('…');
            break;
        }
    }
    let missing = columns.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// The latest buckets that fit, as a row of bars.
fn spark(line: &[Option<u64>], columns: usize) -> String {
    let shown = line.get(line.len().saturating_sub(columns)..).unwrap_or_default();
    let most = shown.iter().flatten().copied().max().unwrap_or(0).max(1);
    let bar = |count: &Option<u64>| {
        let Some(count) = count else { return UNHEARD };
        let steps = u64::try_from(BARS.len() - 1).unwrap_or(1);
        let height = count.saturating_mul(steps).div_ceil(most);
        usize::try_from(height).ok().and_then(|height| BARS.get(height)).copied().unwrap_or('█')
    };
    let bars: String = shown.iter().map(bar).collect();
    format!("{bars:>columns$}")
}

/// A count in at most six columns.
fn short(count: u64) -> String {
    match count {
        0..100_000 => count.to_string(),
        100_000..10_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// How long ago, in its largest unit.
fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s @ ..120 => format!("{s} s"),
        s @ ..7_200 => format!("{} min", s / 60),
        s @ ..172_800 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_courses_take_exactly_their_columns() {
        assert_eq!(fitted("acme", 6), "acme  ");
        assert_eq!(fitted("acme phones", 6), "acme …");
        assert_eq!(fitted("日本語の話題", 7), "日本語…");
        assert_eq!(fitted("\u{1b}[2J", 6).width(), 6);
        assert_eq!(spark(&[None, Some(0), Some(1), Some(7)], 6), "  ·▁▂█");
        assert_eq!(spark(&[Some(9), Some(0), Some(0)], 2), "▁▁");
    }
}
