//! What may reach a terminal or a log? Text of posts, but nothing in it that steers a screen.
//!
//! Escapes, control characters and marks that turn the direction of writing are shown as signs,
//! wherever people read. What programs read stays exact: on its way to a file or a pipe nothing is
//! changed, and JSON on a terminal only says the same with `\u` escapes.

use std::borrow::Cow;
use std::io::{self, IsTerminal, StdoutLock, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Fewest columns that a layout is made for.
const COLUMNS_MIN: usize = 40;

/// How what steers a screen is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// As signs for people.
    Signs,
    /// As `\u` escapes.
    Json,
}

/// Standard output for people, whether it is a terminal or not.
pub(super) fn people() -> Screened<StdoutLock<'static>> {
    Screened::new(io::stdout().lock(), Some(Script::Signs))
}

/// Standard output for programs: exact, unless it is a terminal.
pub(super) fn programs(script: Script) -> Screened<StdoutLock<'static>> {
    let out = io::stdout();
    let script = out.is_terminal().then_some(script);
    Screened::new(out.lock(), script)
}

/// Columns of the terminal that standard output is; `None` for a file or a pipe.
pub(super) fn columns() -> Option<usize> {
    size().map(|(columns, _)| columns)
}

/// Columns and rows of the terminal that standard output is; `None` for a file or a pipe.
pub(super) fn size() -> Option<(usize, usize)> {
    let (rows, columns) = console::Term::stdout().size_checked()?;
    // Some terminals do not know their size.
    let known = |size: u16, else_: usize| if size == 0 { else_ } else { usize::from(size) };
    Some((known(columns, 80).max(COLUMNS_MIN), known(rows, 24)))
}

/// The sign for a character that steers a screen, or nothing for any other.
fn sign(c: char) -> Option<&'static str> {
    const PICTURES: [&str; 32] = [
        "␀", "␁", "␂", "␃", "␄", "␅", "␆", "␇", "␈", "␉", "␊", "␋", "␌", "␍", "␎", "␏", "␐", "␑",
        "␒", "␓", "␔", "␕", "␖", "␗", "␘", "␙", "␚", "␛", "␜", "␝", "␞", "␟",
    ];
    match c {
        '\0'..='\x1f' => PICTURES.get(c as usize).copied(),
        '\x7f' => Some("␡"),
        // C1 controls, and what embeds, overrides or isolates a direction of writing.
        '\u{80}'..='\u{9f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{206a}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' => Some("\u{fffd}"),
        '\u{2028}' | '\u{2029}' => Some(" "),
        // Marks of direction and of byte order are not seen.
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}' => Some(""),
        _ => None,
    }
}

/// A text as one line that steers no screen.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| sign(c).is_some()) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match sign(c) {
            _ if matches!(c, '\n' | '\r' | '\t') => shown.push(' '),
            Some(sign) => shown.push_str(sign),
            None => shown.push(c),
        }
    }
    shown.into()
}

/// How many columns a line takes.
pub(super) fn width(line: &str) -> usize {
    line.width()
}

/// A line cut to so many columns, with an ellipsis where something is missing.
pub(super) fn cut(line: &str, columns: usize) -> Cow<'_, str> {
    if width(line) <= columns {
        return line.into();
    }
    let mut room = columns.saturating_sub(1);
    let mut end = 0;
    for (at, c) in line.char_indices() {
        let wide = c.width().unwrap_or(0);
        if wide > room {
            break;
        }
        room -= wide;
        end = at + c.len_utf8();
    }
    format!("{}…", line.get(..end).unwrap_or_default()).into()
}

/// A line as several of at most so many columns, broken at spaces where there are some.
pub(super) fn wrap(line: &str, columns: usize) -> Vec<&str> {
    let (mut lines, mut rest) = (Vec::new(), line);
    while width(rest) > columns {
        let (mut used, mut end, mut space) = (0, 0, None);
        for (at, c) in rest.char_indices() {
            used += c.width().unwrap_or(0);
            if used > columns && end > 0 {
                space = if c == ' ' { Some(at) } else { space };
                break;
            }
            end = at + c.len_utf8();
            if c == ' ' {
                space = Some(at);
            }
        }
        let end = space.filter(|at| *at > 0).unwrap_or(end);
        let (head, tail) = rest.split_at(end);
        lines.push(head);
        rest = tail.trim_start_matches(' ');
    }
    lines.push(rest);
    lines
}

/// A writer that lets nothing through that steers a screen; line feeds are kept.
#[derive(Debug)]
pub(super) struct Screened<W: Write> {
    out: W,
    /// `None` lets everything through.
    script: Option<Script>,
    /// The beginning of a character whose end has not been written.
    part: Vec<u8>,
}

impl<W: Write> Screened<W> {
    pub(super) fn new(out: W, script: Option<Script>) -> Self {
        Self { out, script, part: Vec::new() }
    }

    fn text(&mut self, text: &str, script: Script) -> io::Result<()> {
        let mut from = 0;
        for (at, c) in text.char_indices() {
            if c == '\n' {
                continue;
            }
            let Some(sign) = sign(c) else { continue };
            self.out.write_all(text.get(from..at).unwrap_or_default().as_bytes())?;
            match script {
                Script::Signs if c == '\t' => self.out.write_all(b"    ")?,
                Script::Signs => self.out.write_all(sign.as_bytes())?,
                Script::Json => write!(self.out, "\\u{:04x}", c as u32)?,
            }
            from = at + c.len_utf8();
        }
        self.out.write_all(text.get(from..).unwrap_or_default().as_bytes())
    }
}

impl<W: Write> Write for Screened<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(script) = self.script else { return self.out.write(bytes) };
        let mut all = std::mem::take(&mut self.part);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text(text, script)?;
                    break;
                }
                Err(error) => {
                    let (whole, others) = rest.split_at(error.valid_up_to());
                    self.text(&String::from_utf8_lossy(whole), script)?;
                    let Some(wrong) = error.error_len() else {
                        self.part = others.to_vec();
                        break;
                    };
                    self.out.write_all("\u{fffd}".as_bytes())?;
                    rest = others.get(wrong..).unwrap_or_default();
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_screen_gets_through() {
        let text = "a\x1b[31mb\u{9b}2J\u{202e}c\u{2066}d\u{200f}e\tf\u{1f468}\u{200d}\u{1f469}\nü";
        for size in 1..5 {
            let mut screened = Screened::new(Vec::new(), Some(Script::Signs));
            text.as_bytes()
                .chunks(size)
                .for_each(|piece| screened.write_all(piece).expect("memory"));
            let shown = String::from_utf8(screened.out).expect("UTF-8");
            assert_eq!(
                shown,
                "a␛[31mb\u{fffd}2J\u{fffd}c\u{fffd}de    f\u{1f468}\u{200d}\u{1f469}\nü"
            );
        }
        assert_eq!(one_line("a\r\n\x07b"), "a  ␇b");
        let mut screened = Screened::new(Vec::new(), Some(Script::Json));
        write!(screened, "\"\u{202e}\u{9b}ä\"").expect("memory");
        assert_eq!(screened.out, b"\"\\u202e\\u009b\xc3\xa4\"");
        let mut screened = Screened::new(Vec::new(), Some(Script::Signs));
        screened.write_all(b"\xff\x1bx").expect("memory");
        assert_eq!(screened.out, "\u{fffd}␛x".as_bytes());
    }

    #[test]
    fn lines_are_cut_and_wrapped_by_columns_not_by_bytes() {
        assert_eq!(cut("grüße", 5), "grüße");
        assert_eq!(cut("grüße aus", 5), "grüß…");
        assert_eq!(cut("日本語です", 6), "日本…");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("日本語", 3), ["日", "本", "語"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
