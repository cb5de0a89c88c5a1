//! How does Markdown become a page? A small part of CommonMark, of which nothing can run.
//!
//! Known are headings, paragraphs, lists, quotes, fenced code, rules, and in a line emphasis, code
//! and links to the web or to a mail address. Everything is escaped first; raw HTML, images and
//! other addresses are shown as they are written.

use super::plain::{heading, link};
use crate::chart::escape;

/// Deepest nesting of quotes.
const DEPTH_MAX: usize = 4;

/// A block that collects lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Paragraph,
    Bullets,
    Numbers,
}

/// The text as HTML. Its headings begin below those of the page around it.
pub(super) fn html(text: &str) -> String {
    blocks(text, 0)
}

fn blocks(text: &str, depth: usize) -> String {
    let mut out = String::new();
    let mut open = Open::Nothing;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_end();
        let inner = line.trim_start();
        if inner.starts_with("```") {
            close(&mut open, &mut out);
            let code = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```"));
            let code: Vec<String> = code.map(escape).collect();
            out.push_str(&format!("<pre><code>{}</code></pre>\n", code.join("\n")));
        } else if inner.is_empty() {
            let next = lines.peek().map_or("", |next| next.trim_start());
            let goes_on = match open {
                Open::Bullets => bullet(next).is_some(),
                Open::Numbers => number(next).is_some(),
                Open::Nothing | Open::Paragraph => false,
            };
            if !goes_on {
                close(&mut open, &mut out);
            }
        } else if let Some((level, title)) = heading(inner) {
            close(&mut open, &mut out);
            let level = (level + 1).clamp(3, 6);
            out.push_str(&format!("<h{level}>{}</h{level}>\n", inline(title)));
        } else if is_rule(inner) {
            close(&mut open, &mut out);
            out.push_str("<hr>\n");
        } else if inner.starts_with('>') && depth < DEPTH_MAX {
            close(&mut open, &mut out);
            let mut quoted = vec![unquoted(inner)];
            while let Some(more) = lines.next_if(|more| more.trim_start().starts_with('>')) {
                quoted.push(unquoted(more.trim_start()));
            }
            let quoted = blocks(&quoted.join("\n"), depth + 1);
            out.push_str(&format!("<blockquote>{quoted}</blockquote>\n"));
        } else if let Some(item) = bullet(inner) {
            begin(Open::Bullets, &mut open, &mut out);
            out.push_str(&format!("<li>{}", inline(item)));
        } else if let Some(item) = number(inner) {
            begin(Open::Numbers, &mut open, &mut out);
            out.push_str(&format!("<li>{}", inline(item)));
        } else if open == Open::Nothing {
            open = Open::Paragraph;
            out.push_str(&format!("<p>{}", inline(inner)));
        } else {
            out.push_str(&format!("\n{}", inline(inner)));
        }
    }
    close(&mut open, &mut out);
    out
}

/// Begins an item, in a list that is open or in a new one.
fn begin(wanted: Open, open: &mut Open, out: &mut String) {
    if *open == wanted {
        out.push_str("</li>\n");
        return;
    }
    close(open, out);
    out.push_str(if wanted == Open::Bullets { "<ul>\n" } else { "<ol>\n" });
    *open = wanted;
}

fn close(open: &mut Open, out: &mut String) {
    out.push_str(match std::mem::replace(open, Open::Nothing) {
        Open::Nothing => "",
        Open::Paragraph => "</p>\n",
        Open::Bullets => "</li>\n</ul>\n",
        Open::Numbers => "</li>\n</ol>\n",
    });
}

fn is_rule(line: &str) -> bool {
    let sign = line.chars().next().unwrap_or_default();
    matches!(sign, '-' | '*' | '_') && line.len() >= 3 && line.chars().all(|c| c == sign)
}

fn unquoted(line: &str) -> &str {
    let rest = line.strip_prefix('>').unwrap_or(line);
    rest.strip_prefix(' ').unwrap_or(rest)
}

fn bullet(line: &str) -> Option<&str> {
    line.strip_prefix(['-', '*', '+'])?.strip_prefix(' ').map(str::trim_start)
}

fn number(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - rest.len();
    let item = rest.strip_prefix(['.', ')'])?.strip_prefix(' ')?;
    (1..=9).contains(&digits).then(|| item.trim_start())
}

/// One line, escaped, with its marks as elements.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '`', '[', '\\']) {
        let (before, from) = rest.split_at(at);
        out.push_str(&escape(before));
        rest = if let Some((code, behind)) = between(from, "`") {
            out.push_str(&format!("<code>{}</code>", escape(code)));
            behind
        } else if let Some((strong, behind)) = between(from, "**") {
            out.push_str(&format!("<b>{}</b>", inline(strong)));
            behind
        } else if let Some((soft, behind)) = between(from, "*") {
            out.push_str(&format!("<em>{}</em>", inline(soft)));
            behind
        } else if let Some((label, url, behind)) = link(from).filter(|(_, url, _)| is_safe(url)) {
            let (url, label) = (escape(url), inline(label));
            out.push_str(&format!(
                "<a href=\"{url}\" rel=\"noopener noreferrer nofollow\">{label}</a>"
            ));
            behind
        } else {
            let mut chars = from.chars();
            let sign = chars.next().unwrap_or_default();
            let shown = if sign == '\\' { chars.next().unwrap_or(sign) } else { sign };
            out.push_str(&escape(&shown.to_string()));
            chars.as_str()
        };
    }
    out + &escape(rest)
}

/// What stands between two equal marks, and what behind them.
fn between<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let (inner, behind) = text.strip_prefix(mark)?.split_once(mark)?;
    let is_tight = !inner.is_empty() && !inner.starts_with(' ') && !inner.ends_with(' ');
    is_tight.then_some((inner, behind))
}

/// Whether an address leads to the web or to a mailbox.
fn is_safe(url: &str) -> bool {
    let parsed = url::Url::parse(url);
    parsed.is_ok_and(|url| match url.scheme() {
        "http" | "https" => url.has_host(),
        "mailto" => true,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn what_people_write_is_shown_and_nothing_of_it_runs() {
        for (text, wanted) in [
            ("a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>\n"),
            ("# T\n#### U", "<h3>T</h3>\n<h5>U</h5>\n"),
            (
                "1. one\n2. **two**\n\n3) three",
                "<ol>\n<li>one</li>\n<li><b>two</b></li>\n<li>three</li>\n</ol>\n",
            ),
            (
                "- a\n  more\n- *b*\n\ntext",
                "<ul>\n<li>a\nmore</li>\n<li><em>b</em></li>\n</ul>\n<p>text</p>\n",
            ),
            ("> q\n> - x", "<blockquote><p>q</p>\n<ul>\n<li>x</li>\n</ul>\n</blockquote>\n"),
            ("```\n<b>\n```", "<pre><code>&lt;b&gt;</code></pre>\n"),
            ("---", "<hr>\n"),
            ("2 * 3 * 4 `a*b` \\*x\\*", "<p>2 * 3 * 4 <code>a*b</code> *x*</p>\n"),
            (
                "[x](https://h.example/?a=1&b=\"2)",
                "<p><a href=\"https://h.example/?a=1&amp;b=&quot;2\" rel=\"noopener noreferrer nofollow\">x</a></p>\n",
            ),
        ] {
            assert_eq!(html(text), wanted, "{text}");
        }
        for hostile in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>)",
            "![x](https://h.example/pixel.png)<img src=x onerror=y>",
            "`</code><script>`",
            "[<img src=x>](https://h.example/)",
            "# <iframe src=x>",
        ] {
            let page = html(hostile);
            for bad in ["<script", "<img", "<iframe", "href=\"javascript", "href=\"data"] {
                assert!(!page.contains(bad), "{hostile}: {page}");
            }
        }
        assert!(html(&"> ".repeat(10_000)).len() < 100_000);
    }
}
