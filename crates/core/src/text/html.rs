//! What does a person read of a text that comes as HTML? Posts, comments and entries of feeds.

use html5gum::{StartTag, Token, Tokenizer};

/// Elements whose content nobody reads.
const HIDDEN: [&[u8]; 7] =
    [b"script", b"style", b"template", b"noscript", b"title", b"head", b"svg"];
/// Elements that stand on lines of their own.
const BLOCKS: [&[u8]; 29] = [
    b"address",
    b"article",
    b"aside",
    b"blockquote",
    b"br",
    b"dd",
    b"div",
    b"dl",
    b"dt",
    b"figcaption",
    b"figure",
    b"footer",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"header",
    b"hr",
    b"li",
    b"ol",
    b"p",
    b"pre",
    b"section",
    b"tr",
    b"table",
    b"td",
    b"ul",
];
/// The class of a line that repeats, for older clients, what a post quotes (Mastodon).
const QUOTE: &str = "quote-inline";
/// Classes of images that stand for a character (WordPress).
const EMOJI: [&str; 2] = ["emoji", "wp-smiley"];

/// The text of which a platform wrote `&`, `<` and `>` as entities, and nothing else.
#[must_use]
pub fn plain_of_entities(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The text of a piece of HTML as a browser shows it: entities are characters, blocks and line
/// breaks are line ends, runs of white space are one space, and what is not shown is left out.
///
/// Broken HTML is read as the WHATWG standard says; plain text stays as it is, but for its white
/// space. Linear in the input's length.
///
/// # Example
/// ```
/// use resonanz_core::text::plain_of_html;
/// assert_eq!(plain_of_html("<p>Fish &amp; chips</p><p>are<br>cold</p>"), "Fish & chips\nare\ncold");
/// ```
#[must_use]
pub fn plain_of_html(html: &str) -> String {
    let mut page = Page::default();
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => page.start(&tag),
            Token::EndTag(tag) => page.end(&tag.name),
            Token::String(text) => page.text(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    page.text
}

/// What was read so far.
#[derive(Default)]
struct Page {
    text: String,
    /// What stands before the next word.
    gap: Gap,
    /// The element that hides what it holds, and how many of its name are open.
    hidden: Option<(Vec<u8>, usize)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
}

impl Page {
    fn start(&mut self, tag: &StartTag<()>) {
        let name: &[u8] = &tag.name;
        if let Some((hiding, open)) = &mut self.hidden {
            *open += usize::from(hiding == name && !tag.self_closing);
            return;
        }
        if BLOCKS.contains(&name) {
            self.gap = Gap::Line;
        }
        let attribute = |name: &[u8]| {
            let value = tag.attributes.iter().find(|(key, _)| key.0 == name)?.1;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let class = attribute(b"class").unwrap_or_default();
        let mut classes = class.split_ascii_whitespace();
        if name == b"img" {
            if classes.any(|class| EMOJI.contains(&class)) {
                self.text(&attribute(b"alt").unwrap_or_default());
            }
        } else if !tag.self_closing && (HIDDEN.contains(&name) || classes.any(|one| one == QUOTE)) {
            self.hidden = Some((name.to_owned(), 1));
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some((hiding, open)) = &mut self.hidden {
            *open -= usize::from(hiding == name);
            if *open > 0 {
                return;
            }
            self.hidden = None;
        }
        if BLOCKS.contains(&name) {
            self.gap = Gap::Line;
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        for c in text.chars() {
            if c.is_whitespace() {
                self.gap = self.gap.max(Gap::Space);
                continue;
            }
            if !self.text.is_empty() {
                self.text.push_str(match self.gap {
                    Gap::None => "",
                    Gap::Space => " ",
                    Gap::Line => "\n",
                });
            }
            self.gap = Gap::None;
            self.text.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_person_reads_is_left() {
        let rows = [
            ("Die Hotline ist nie erreichbar", "Die Hotline ist nie erreichbar"),
            ("a &lt;b&gt; &auml; &#x1F620; &nbsp; c", "a <b> ä 😠 c"),
            ("<p>one\n  two</p>\n<p>three</p>", "one two\nthree"),
            ("<ul><li>a<li>b</ul>c<br/>d", "a\nb\nc\nd"),
            ("a<b>b</b>c <i>d</i>e", "abc de"),
            ("<style>p{}</style>x<script>if (a < b) {}</script>y", "xy"),
            ("x <img class=\"wp-smiley\" alt=\"🙂\"> <img alt=\"a cat\"> y", "x 🙂 y"),
            // Mastodon cuts what it shows of an address, and keeps the rest out of sight.
            (
                "<a href=\"https://example.org/shop/42\"><span class=\"invisible\">https://</span>\
                 <span class=\"ellipsis\">example.org/sh</span><span class=\"invisible\">op/42</span></a>",
                "https://example.org/shop/42",
            ),
            ("<p class=\"quote-inline\">RE: <a href=\"x\">y</a></p><p>mine</p>", "mine"),
            ("3 < 4 and <unclosed", "3 < 4 and"),
            ("</p></script>a", "a"),
            ("", ""),
        ];
        for (html, text) in rows {
            assert_eq!(plain_of_html(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(html in "(<(p|br|script|/p|/script|img|div class=\"quote-inline\")/?>|[a-z &;<>]|\\PC){0,60}") {
            let text = plain_of_html(&html);
            prop_assert_eq!(text.trim(), text.as_str());
        }
    }
}
