//! What stands in an element of XML? A tree of one element, read from the events of the parser.
//!
//! Ends that close nothing are stepped over, and an end closes all that was left open inside it, as
//! browsers do: feeds are full of HTML that is not XML.

use std::collections::HashMap;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::Broken;

/// Elements within elements, at most; of deeper ones only the text is kept.
const DEPTH_MAX: usize = 64;

/// What namespaces are called here, whatever a document calls them.
const NAMESPACES: [(&str, &str); 11] = [
    ("http://www.w3.org/2005/Atom", "atom"),
    ("http://purl.org/atom/ns#", "atom"),
    ("http://purl.org/rss/1.0/", "rss"),
    ("http://my.netscape.com/rdf/simple/0.9/", "rss"),
    ("http://channel.netscape.com/rdf/simple/0.9/", "rss"),
    ("http://purl.org/rss/1.0/modules/content/", "content"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://purl.org/dc/terms/", "dcterms"),
    ("http://purl.org/rss/1.0/modules/syndication/", "sy"),
    ("http://search.yahoo.com/mrss/", "media"),
    ("http://search.yahoo.com/mrss", "media"),
];

/// An element with all that is in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// Its name, with a prefix by [`NAMESPACES`]; those of RSS have none.
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    /// The text directly in it.
    pub(super) text: String,
    pub(super) children: Vec<Node>,
    /// Where its inside stands in the document.
    pub(super) inside: Range<usize>,
}

impl Node {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(own, _)| own == name)?;
        Some(found.1.trim())
    }

    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of a child; empty without it.
    pub(super) fn child_text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }
}

/// What comes next in a document.
pub(super) enum Step {
    Open(Node),
    Close(String),
    End,
}

/// Reads the elements of a document one after another.
pub(super) struct Tree<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    prefixes: HashMap<String, &'static str>,
    /// Whether names without a prefix are Atom's.
    is_atom: bool,
}

impl<'t> Tree<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        config.expand_empty_elements = true;
        Self { text, reader, prefixes: HashMap::new(), is_atom: false }
    }

    /// Says that the document's own names are Atom's.
    pub(super) fn set_atom(&mut self) {
        self.is_atom = true;
    }

    /// The next start or end of an element.
    pub(super) fn step(&mut self) -> Result<Step, Broken> {
        loop {
            match self.event()? {
                Event::Start(start) => return Ok(Step::Open(self.opened(&start))),
                Event::End(end) => {
                    let name = String::from_utf8_lossy(end.name().as_ref()).into_owned();
                    return Ok(Step::Close(self.named(&name, None)));
                }
                Event::Eof => return Ok(Step::End),
                _ => {}
            }
        }
    }

    /// Reads the rest of an element that was opened.
    pub(super) fn rest(&mut self, root: Node) -> Result<Node, Broken> {
        let mut open = vec![root];
        loop {
            let before = self.position();
            match self.event()? {
                Event::Start(start) if open.len() < DEPTH_MAX => {
                    let node = self.opened(&start);
                    open.push(node);
                }
                Event::Start(_) => {}
                Event::End(end) => {
                    let name = String::from_utf8_lossy(end.name().as_ref()).into_owned();
                    let name = self.named(&name, None);
                    let Some(place) = open.iter().rposition(|node| same(&node.name, &name)) else {
                        continue;
                    };
                    while open.len() > place {
                        let Some(mut node) = open.pop() else { break };
                        node.inside.end = before;
                        match open.last_mut() {
                            Some(parent) => parent.children.push(node),
                            None => return Ok(node),
                        }
                    }
                }
                Event::Eof => return Err(self.broken("the document ends too early")),
                other => {
                    if let Some(node) = open.last_mut() {
                        add_text(&other, &mut node.text);
                    }
                }
            }
        }
    }

    /// A piece of the document.
    pub(super) fn slice(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    pub(super) fn is_atom(&self) -> bool {
        self.is_atom
    }

    pub(super) fn broken(&self, what: &str) -> Broken {
        Broken::at(self.text, self.position(), what)
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn event(&mut self) -> Result<Event<'t>, Broken> {
        self.reader.read_event().map_err(|error| {
            let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
            let what = error.to_string();
            let what = what.split_once(": ").map_or(what.as_str(), |(_, what)| what);
            Broken::at(self.text, at, what)
        })
    }

    fn opened(&mut self, start: &BytesStart<'_>) -> Node {
        let mut own = None;
        let mut attributes = Vec::new();
        for attribute in start.html_attributes().with_checks(false).flatten() {
            let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let raw = String::from_utf8_lossy(&attribute.value).into_owned();
            let value = unescape(&raw).map_or_else(|_| raw.clone(), |value| value.into_owned());
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                if let Some(known) = known(&value) {
                    self.prefixes.insert(prefix.to_owned(), known);
                }
            } else if name == "xmlns" {
                own = known(&value);
            }
            attributes.push((name, value));
        }
        let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
        let at = self.position();
        let name = self.named(&name, own);
        Node { name, attributes, inside: at..at, ..Node::default() }
    }

    fn named(&self, name: &str, own: Option<&'static str>) -> String {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (self.prefixes.get(prefix).copied().unwrap_or(prefix), local),
            None => (own.unwrap_or_default(), name),
        };
        match prefix {
            "" | "rss" => local.to_owned(),
            "atom" if self.is_atom => local.to_owned(),
            _ => format!("{prefix}:{local}"),
        }
    }
}

fn known(uri: &str) -> Option<&'static str> {
    NAMESPACES.iter().find(|(known, _)| *known == uri.trim()).map(|(_, name)| *name)
}

/// Whether an end closes an element: an element's own namespace does not stand at its end.
fn same(open: &str, end: &str) -> bool {
    open == end || open.rsplit(':').next() == Some(end)
}

fn add_text(event: &Event<'_>, text: &mut String) {
    match event {
        Event::Text(said) => text.push_str(&String::from_utf8_lossy(said)),
        Event::CData(said) => text.push_str(&String::from_utf8_lossy(said)),
        Event::GeneralRef(reference) => {
            if let Ok(Some(c)) = reference.resolve_char_ref() {
                text.push(c);
                return;
            }
            let name = String::from_utf8_lossy(reference);
            match resolve_predefined_entity(&name) {
                Some(resolved) => text.push_str(resolved),
                // Most likely one of HTML's, which is undone where the text is made plain.
                None => text.push_str(&format!("&{name};")),
            }
        }
        _ => {}
    }
}
