//! What does a feed in XML say? RSS 0.90 to 2.0 and Atom 0.3 to 1.0 in one reader: their names of
//! the same things do not collide.

use super::dates::instant;
use super::entry::Marked;
use super::tree::{Node, Step, Tree};
use super::{Document, ENTRIES_MAX, Entry, NotAFeed};

/// Entries beyond the limit that are counted.
const COUNTED_MAX: usize = 10 * ENTRIES_MAX;

pub(super) fn parse(text: &str) -> Result<Document, NotAFeed> {
    let mut tree = Tree::new(text);
    let root = match tree.step()? {
        Step::Open(root) => root,
        Step::Close(_) | Step::End => return Err(NotAFeed::Other("XML without an element".into())),
    };
    let mut document = Document::default();
    let local = root.name.rsplit(':').next().unwrap_or_default();
    match local {
        "rss" | "RDF" => {}
        "feed" | "entry" => tree.set_atom(),
        "html" | "HTML" => return Err(NotAFeed::Page),
        other => return Err(NotAFeed::Other(format!("XML whose first element is <{other}>"))),
    }
    if let Some(language) = root.attribute("xml:lang") {
        language.clone_into(&mut document.language);
    }
    if local == "entry" {
        let mut entry = root;
        "entry".clone_into(&mut entry.name);
        let node = tree.rest(entry)?;
        document.entries.push(entry_of(&tree, &node));
        return Ok(document);
    }
    let is_atom = local == "feed";
    if let Err(broken) = read(&mut tree, is_atom, &mut document) {
        if document.entries.is_empty() {
            return Err(broken.into());
        }
        document.broken = Some(broken);
    }
    Ok(document)
}

fn read(tree: &mut Tree<'_>, is_atom: bool, document: &mut Document) -> Result<(), super::Broken> {
    let mut frequency = (None, 1);
    let mut closed = false;
    loop {
        let node = match tree.step()? {
            Step::Open(node) => node,
            Step::Close(name) => {
                closed |= ["rss", "feed", "rdf:RDF", "RDF"].contains(&name.as_str());
                continue;
            }
            Step::End => break,
        };
        match node.name.as_str() {
            // Its children are the feed's own.
            "channel" => continue,
            "item" | "entry" => {
                let node = tree.rest(node)?;
                if document.entries.len() < COUNTED_MAX {
                    document.entries.push(entry_of(tree, &node));
                }
                continue;
            }
            _ => {}
        }
        let node = tree.rest(node)?;
        let text = node.text.trim();
        match node.name.as_str() {
            "language" | "dc:language" => text.clone_into(&mut document.language),
            "ttl" => document.rest_s = text.parse::<u64>().ok().map(|minutes| minutes * 60),
            "sy:updatePeriod" => frequency.0 = period_s(text),
            "sy:updateFrequency" => frequency.1 = text.parse().unwrap_or(1).max(1),
            "author" if is_atom => document.author = person(&node),
            "link" | "atom:link" | "atom10:link" => document_link(&node, document),
            _ => {}
        }
    }
    if document.rest_s.is_none() {
        document.rest_s = frequency.0.map(|period| period / frequency.1);
    }
    if closed { Ok(()) } else { Err(tree.broken("the document ends too early")) }
}

/// What a feed links to: its hub, and itself.
fn document_link(node: &Node, document: &mut Document) {
    let place = match node.attribute("rel") {
        Some("hub") => &mut document.hub,
        Some("self") => &mut document.itself,
        _ => return,
    };
    if let Some(href) = node.attribute("href").filter(|_| place.is_empty()) {
        href.trim().clone_into(place);
    }
}

fn period_s(word: &str) -> Option<u64> {
    let hour = 3_600;
    Some(match word.to_ascii_lowercase().as_str() {
        "hourly" => hour,
        "daily" => 24 * hour,
        "weekly" => 7 * 24 * hour,
        "monthly" => 30 * 24 * hour,
        "yearly" => 365 * 24 * hour,
        _ => return None,
    })
}

fn entry_of(tree: &Tree<'_>, node: &Node) -> Entry {
    let mut entry = Entry::default();
    let (mut published, mut updated, mut summary, mut described) = (None, None, None, None);
    if let Some(language) = node.attribute("xml:lang") {
        language.clone_into(&mut entry.language);
    }
    for child in &node.children {
        let text = child.text.trim();
        match child.name.as_str() {
            "title" => entry.title = marked(tree, child),
            "guid" | "id" => text.clone_into(&mut entry.guid),
            "link" => link(child, &mut entry),
            "atom:link" if entry.link.is_empty() => link(child, &mut entry),
            "content:encoded" | "content" => {
                let content = marked(tree, child);
                if !content.text.trim().is_empty() {
                    entry.body = content;
                }
            }
            "description" | "summary" => summary = Some(marked(tree, child)),
            "media:description" => described = Some(marked(tree, child)),
            "pubDate" | "published" | "dc:date" | "issued" | "dcterms:created" => {
                published = published.or_else(|| instant(text));
            }
            "updated" | "atom:updated" | "modified" | "dcterms:modified" => {
                updated = updated.or_else(|| instant(text));
            }
            "author" | "dc:creator" | "atom:author" if entry.author.is_empty() => {
                entry.author = person(child);
            }
            "dc:language" => text.clone_into(&mut entry.language),
            _ => {}
        }
    }
    for media in node.children.iter().filter(|child| child.name.starts_with("media:")) {
        count(media, &mut entry);
        if described.is_none() {
            described = media.child("media:description").map(|child| marked(tree, child));
        }
    }
    if entry.guid.is_empty()
        && let Some(about) = node.attribute("rdf:about")
    {
        about.clone_into(&mut entry.guid);
    }
    if entry.link.is_empty() {
        let is_permalink = |guid: &&Node| guid.attribute("isPermaLink") != Some("false");
        if let Some(guid) = node.child("guid").filter(is_permalink)
            && guid.text.trim().starts_with("http")
        {
            guid.text.trim().clone_into(&mut entry.link);
        }
    }
    if entry.body.text.is_empty() {
        entry.body = summary.or(described).unwrap_or_default();
    }
    entry.posted_at = published.or(updated);
    entry
}

/// Atom's link to the entry itself, or the text of RSS's.
fn link(node: &Node, entry: &mut Entry) {
    let text = node.text.trim();
    match (node.attribute("href"), node.attribute("rel")) {
        (Some(href), None | Some("alternate")) if entry.link.is_empty() => {
            href.clone_into(&mut entry.link);
        }
        (None, _) if !text.is_empty() => text.clone_into(&mut entry.link),
        _ => {}
    }
}

/// The name of a person: Atom's `name`, or RSS's `mail@host (Name)`.
fn person(node: &Node) -> String {
    for name in ["name", "atom:name", "email", "atom:email"] {
        let named = node.child_text(name);
        if !named.is_empty() {
            return named.to_owned();
        }
    }
    let text = node.text.trim();
    match text.split_once('(') {
        Some((mail, name)) if mail.contains('@') => {
            name.split(')').next().unwrap_or_default().trim().to_owned()
        }
        _ => text.to_owned(),
    }
}

/// Views and ratings, as YouTube's feeds have them.
fn count(media: &Node, entry: &mut Entry) {
    let community = media.child("media:community").unwrap_or(media);
    let number =
        |child: &str, name: &str| community.child(child)?.attribute(name)?.parse::<u64>().ok();
    entry.views = entry.views.or_else(|| number("media:statistics", "views"));
    entry.likes = entry.likes.or_else(|| number("media:starRating", "count"));
}

/// A text with its markup: elements of XHTML as they stand, all else as it was escaped.
fn marked(tree: &Tree<'_>, node: &Node) -> Marked {
    let kind = node.attribute("type").unwrap_or_default();
    if !node.children.is_empty() {
        return Marked { text: tree.slice(&node.inside).to_owned(), is_html: true };
    }
    let is_html = match kind {
        "" => !(tree.is_atom() && node.attribute("mode") != Some("escaped")),
        kind => kind.contains("html") || kind.contains("xml"),
    };
    Marked { text: node.text.clone(), is_html }
}
