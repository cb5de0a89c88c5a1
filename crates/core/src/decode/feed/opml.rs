//! Which feeds does an OPML file list? As feed readers export their subscriptions.

use super::NotAFeed;
use super::tree::{Node, Step, Tree};

/// The addresses of all feeds of an OPML document, in its order, each once.
///
/// # Errors
/// Says what the text is instead, and where it cannot be read.
pub fn feeds_of_opml(text: &str) -> Result<Vec<String>, NotAFeed> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut tree = Tree::new(text);
    let root = match tree.step()? {
        Step::Open(root) if root.name.eq_ignore_ascii_case("opml") => root,
        Step::Open(other) => {
            return Err(NotAFeed::Other(format!("XML whose first element is <{}>", other.name)));
        }
        Step::Close(_) | Step::End => return Err(NotAFeed::Other("without an element".into())),
    };
    let root = tree.rest(root)?;
    let (mut found, mut open) = (Vec::new(), vec![&root]);
    while let Some(node) = open.pop() {
        if let Some(url) = address(node)
            && !found.contains(&url)
        {
            found.push(url);
        }
        open.extend(node.children.iter().rev());
    }
    Ok(found)
}

fn address(node: &Node) -> Option<String> {
    let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("xmlUrl");
    let (_, url) = node.attributes.iter().find(named)?;
    Some(url.trim().to_owned()).filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_read_from_folders_too() {
        let text = "<?xml version=\"1.0\"?><opml version=\"2.0\"><head><title>mine</title></head>\
            <body><outline text=\"news\"><outline type=\"rss\" text=\"A\" xmlUrl=\"https://a/feed?x=1&amp;y=2\"/>\
            <outline text=\"A again\" xmlUrl=\"https://a/feed?x=1&amp;y=2\"/></outline>\
            <outline text=\"B\" xmlurl=\"https://b/feed\"/><outline text=\"no feed\"/></body></opml>";
        assert_eq!(
            feeds_of_opml(text),
            Ok(vec!["https://a/feed?x=1&y=2".into(), "https://b/feed".into()])
        );
        assert!(feeds_of_opml("<rss/>").is_err());
        let broken = feeds_of_opml("<opml>\n<body>").expect_err("cut").to_string();
        assert!(broken.contains("line 2"), "{broken}");
    }
}
