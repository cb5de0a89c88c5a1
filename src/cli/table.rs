//! How do rows fit a terminal? Columns are cut to its width, or each row takes lines of its own.

use std::io::{self, Write};

use super::output::{cut, one_line, width, wrap};

/// Fewest columns of the terminal that a column may be cut to.
const NARROWEST: usize = 6;

/// Rows for people.
#[derive(Debug, Default)]
pub(super) struct Table {
    head: Vec<String>,
    /// Whether a column is aligned to the right, as numbers are.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns by name; a name that begins with `>` is of numbers.
    pub(super) fn new(head: &[&str]) -> Self {
        let right = head.iter().map(|name| name.starts_with('>')).collect();
        let head = head.iter().map(|name| name.trim_start_matches('>').to_owned()).collect();
        Self { head, right, rows: Vec::new() }
    }

    /// Adds a row; what steers a screen is shown as signs.
    pub(super) fn push(&mut self, row: Vec<String>) {
        let mut row: Vec<String> = row.iter().map(|cell| one_line(cell).into_owned()).collect();
        row.resize(self.head.len(), String::new());
        self.rows.push(row);
    }

    /// Writes all rows, in a frame or without, in at most so many columns of the screen.
    pub(super) fn write(
        &self,
        frame: Frame,
        columns: Option<usize>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let natural = self.widths();
        let Some(columns) = columns else { return self.lines(frame, &natural, out) };
        match fit(&natural, columns.saturating_sub(frame.width(natural.len()))) {
            Some(widths) => self.lines(frame, &widths, out),
            None => self.records(columns, out),
        }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|name| width(name)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        widths
    }

    fn lines(&self, frame: Frame, widths: &[usize], out: &mut impl Write) -> io::Result<()> {
        let rule = widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("+");
        let line = |cells: &[String], out: &mut dyn Write| {
            let cells = cells.iter().zip(widths).zip(&self.right);
            let cells = cells.map(|((cell, width), right)| padded(cell, *width, *right));
            let cells: Vec<String> = cells.collect();
            match frame {
                Frame::Lines => writeln!(out, "| {} |", cells.join(" | ")),
                Frame::None => writeln!(out, "{}", cells.join("  ").trim_end()),
            }
        };
        let ruled = |out: &mut dyn Write| match frame {
            Frame::Lines => writeln!(out, "+{rule}+"),
            Frame::None => Ok(()),
        };
        ruled(out)?;
        line(&self.head, out)?;
        ruled(out)?;
        self.rows.iter().try_for_each(|row| line(row, out))?;
        ruled(out)
    }

    /// A line for each value, where there are too many columns for the width.
    fn records(&self, columns: usize, out: &mut impl Write) -> io::Result<()> {
        let names = self.head.iter().map(|name| width(name)).max().unwrap_or(0);
        let room = columns.saturating_sub(names + 2).max(NARROWEST);
        for (number, row) in (1..).zip(&self.rows) {
            let title = format!("- row {number} ");
            writeln!(out, "{title}{}", "-".repeat(columns.saturating_sub(title.len())))?;
            for (name, cell) in self.head.iter().zip(row) {
                let mut name = name.as_str();
                for line in wrap(cell, room) {
                    writeln!(
                        out,
                        "{}",
                        format!("{}  {line}", padded(name, names, false)).trim_end()
                    )?;
                    name = "";
                }
            }
        }
        if self.rows.is_empty() {
            writeln!(out, "no rows")?;
        }
        Ok(())
    }
}

/// What stands around cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// Lines, as SQL clients draw them.
    Lines,
    /// Two spaces between columns.
    None,
}

impl Frame {
    /// Columns that stand around so many cells.
    fn width(self, cells: usize) -> usize {
        match self {
            Self::Lines => 3 * cells + 1,
            Self::None => 2 * cells.saturating_sub(1),
        }
    }
}

fn padded(cell: &str, columns: usize, right: bool) -> String {
    let cell = cut(cell, columns);
    let gap = " ".repeat(columns.saturating_sub(width(&cell)));
    if right { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
}

/// Widths that fit, the widest columns cut first; `None` where that leaves too little of each.
fn fit(natural: &[usize], room: usize) -> Option<Vec<usize>> {
    let least: usize = natural.iter().map(|width| (*width).min(NARROWEST)).sum();
    if least > room {
        return None;
    }
    let fits =
        |limit: usize| natural.iter().map(|width| (*width).min(limit)).sum::<usize>() <= room;
    let widest = natural.iter().max().copied().unwrap_or(0);
    let limit = (NARROWEST..=widest.max(NARROWEST)).rev().find(|limit| fits(*limit))?;
    let mut widths: Vec<usize> = natural.iter().map(|width| (*width).min(limit)).collect();
    // What is left goes to those that were cut, one column each.
    let mut spare = room - widths.iter().sum::<usize>();
    for (width, natural) in widths.iter_mut().zip(natural) {
        if spare > 0 && *width < *natural {
            *width += 1;
            spare -= 1;
        }
    }
    Some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(columns: Option<usize>) -> String {
        let mut table = Table::new(&["topic", ">mentions", "text"]);
        table.push(vec!["acme".into(), "7".into(), "a \x1blong text about acme".into()]);
        table.push(vec!["süß".into(), "1234".into(), "日本語".into()]);
        let mut out = Vec::new();
        table.write(Frame::Lines, columns, &mut out).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_table_is_cut_to_the_width_and_stands_upright_where_it_does_not_fit() {
        let whole = shown(None);
        assert!(whole.contains("| süß   |     1234 | 日本語                  |"), "{whole}");
        assert!(whole.contains("| acme  |        7 | a ␛long text about acme |"), "{whole}");
        let narrow = shown(Some(40));
        assert!(narrow.lines().all(|line| width(line) <= 40), "{narrow}");
        assert!(narrow.contains("| a ␛long text abo… |"), "{narrow}");
        let upright = shown(Some(20));
        assert!(
            upright.contains("mentions  7\ntext      a ␛long\n          text about\n"),
            "{upright}"
        );
    }
}
