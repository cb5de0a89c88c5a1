//! How is a report written? Markdown, one HTML file that needs nothing else, or lines of CSV.

use super::compose::compose;
use super::document::Report;
use super::tongue::Tongue;
use super::writer::Block;
use crate::chart::escape;

/// What makes an HTML report readable, on paper and in the dark, too.
const STYLE: &str = ":root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--ground:#fff;\
--negative:#b3261e;--neutral:#8c959f;--positive:#1a7f37;--band:#ddf4ff}\
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--ground:#0d1117;\
--negative:#ff8182;--neutral:#9198a1;--positive:#3fb950;--band:#0c2d6b}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);max-width:60rem;margin:2rem auto;\
padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem;border-bottom:1px solid var(--line)}\
h3{font-size:1rem}figure{margin:1rem 0}div.table{overflow-x:auto}table{border-collapse:collapse;margin:1rem 0}\
th,td{text-align:right;padding:.2rem .7rem;border-bottom:1px solid var(--line);white-space:nowrap}\
th:first-child,td:first-child{text-align:left}blockquote{margin:.7rem 0;padding-left:.8rem;\
border-left:3px solid var(--line);overflow-wrap:anywhere}blockquote p{margin:0}.said{color:var(--soft);font-size:.85rem}\
a{color:inherit}svg text{fill:var(--soft);font-size:12px}svg .grid{stroke:var(--line)}svg .zero{stroke:var(--soft)}\
svg .negative{fill:var(--negative)}svg .neutral{fill:var(--neutral)}svg .positive{fill:var(--positive)}\
svg .band{fill:var(--band)}svg .missing{fill:var(--line);opacity:.5}svg .hit{fill:transparent}\
figcaption{color:var(--soft);font-size:.85rem}.key::before{content:\"\";display:inline-block;width:.7em;height:.7em;margin-right:.35em;\
background:var(--line);print-color-adjust:exact;-webkit-print-color-adjust:exact}.key{margin-right:1rem}\
.key.negative::before{background:var(--negative)}.key.neutral::before{background:var(--neutral)}\
.key.positive::before{background:var(--positive)}.key.band::before{background:var(--band)}\
@media print{:root{--ink:#000;--soft:#333;--line:#999;--ground:#fff;--negative:#b3261e;--neutral:#8c959f;\
--positive:#1a7f37;--band:#ddf4ff}h2,h3{break-after:avoid}figure,tr,blockquote{break-inside:avoid}body{font-size:11pt;max-width:none;margin:0;padding:0}\
div.table{overflow:visible}table{font-size:9pt}th{white-space:normal}details:not([open]){display:none}}\
@page{margin:16mm 14mm}";

impl Report {
    /// As Markdown of the common kind with tables. What posts say is escaped.
    #[must_use]
    pub fn to_markdown(&self, tongue: Tongue) -> String {
        let mut out = String::new();
        for block in compose(self, tongue) {
            match block {
                Block::Title(text) => out += &format!("# {}\n\n", plain(&text)),
                Block::Heading(text) => out += &format!("## {}\n\n", plain(&text)),
                Block::Subheading(text) => out += &format!("### {}\n\n", plain(&text)),
                Block::Paragraph(text) => out += &format!("{}\n\n", plain(&text)),
                Block::Table { head, rows } | Block::Course { head, rows, .. } => {
                    out += &markdown_row(&head);
                    let right = head.iter().skip(1).map(|_| "---:").collect::<Vec<_>>().join(" | ");
                    out += &format!("| --- | {right} |\n");
                    rows.iter().for_each(|row| out += &markdown_row(row));
                    out.push('\n');
                }
                // Its numbers stand in the table behind it.
                Block::Chart { .. } => {}
                Block::Post { said, text, url } => {
                    let link = url.map(|url| format!(" <{}>", link(&url))).unwrap_or_default();
                    out += &format!("> {}\n>\n> {}{link}\n\n", plain(&text), plain(&said));
                }
            }
        }
        out
    }

    /// As one HTML page that needs no other file.
    #[must_use]
    pub fn to_html(&self, tongue: Tongue) -> String {
        let blocks = compose(self, tongue);
        let title = blocks.iter().find_map(|block| match block {
            Block::Title(title) => Some(escape(title)),
            _ => None,
        });
        let mut out = format!(
            "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
            tongue.locale().tag,
            title.unwrap_or_default(),
        );
        blocks.into_iter().for_each(|block| html(block, &mut out));
        out += "</main>\n</body>\n</html>\n";
        out
    }
}

fn html(block: Block, out: &mut String) {
    match block {
        Block::Title(text) => *out += &format!("<h1>{}</h1>\n", escape(&text)),
        Block::Heading(text) => *out += &format!("<h2>{}</h2>\n", escape(&text)),
        Block::Subheading(text) => *out += &format!("<h3>{}</h3>\n", escape(&text)),
        Block::Paragraph(text) => *out += &format!("<p>{}</p>\n", escape(&text)),
        Block::Chart { svg, keys } => {
            let key = |(class, name): &(&str, &str)| {
                format!("<span class=\"key {class}\">{}</span>", escape(name))
            };
            let keys: String = keys.iter().map(key).collect();
            *out += &format!("<figure>{svg}<figcaption>{keys}</figcaption></figure>\n");
        }
        Block::Course { title, head, rows } => {
            *out += &format!("<details><summary>{}</summary>\n", escape(title));
            html(Block::Table { head, rows }, out);
            *out += "</details>\n";
        }
        Block::Table { head, rows } => {
            let line = |cells: &[String], tag: &str| {
                let cells = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
                format!("<tr>{}</tr>\n", cells.collect::<String>())
            };
            *out += "<div class=\"table\"><table>\n<thead>";
            *out += &line(&head, "th scope=\"col\"").replace("</th scope=\"col\">", "</th>");
            *out += "</thead>\n<tbody>\n";
            rows.iter().for_each(|row| *out += &line(row, "td"));
            *out += "</tbody>\n</table></div>\n";
        }
        Block::Post { said, text, url } => {
            let said = escape(&said);
            let said = match url {
                Some(url) => {
                    format!("<a href=\"{}\" rel=\"noreferrer\">{said}</a>", escape(&url))
                }
                None => said,
            };
            *out += &format!(
                "<blockquote><p dir=\"auto\">{}</p><p class=\"said\">{said}</p></blockquote>\n",
                escape(&text)
            );
        }
    }
}

fn markdown_row(cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(" | ");
    format!("| {cells} |\n")
}

/// A text that Markdown leaves as it is, on one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '!' | '&' => {
                out.push('\\');
                out.push(sign);
            }
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// An address that stays inside its brackets.
fn link(url: &str) -> String {
    url.chars()
        .filter(|sign| !sign.is_control() && !sign.is_whitespace())
        .map(|sign| match sign {
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            other => other.to_string(),
        })
        .collect()
}
