//! Are feeds of every dialect read? Documents of our own wording, damaged ones, and what is not a
//! feed.

use crate::damage::damaged;
use proptest::prelude::*;
use resonanz_core::decode::feed::{Document, Memory, NotAFeed, alternates, feeds_of_opml, text_of};

fn read(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Guid, link, author, text and time of each entry.
fn said(document: &Document) -> Vec<[String; 5]> {
    let row = |entry: &resonanz_core::decode::feed::Entry| {
        let time = entry.posted_at.map(|time| time.to_string()).unwrap_or_default();
        [entry.guid.clone(), entry.link.clone(), entry.author.clone(), entry.plain(), time]
    };
    document.entries.iter().map(row).collect()
}

/// How many entries are new.
fn look(memory: &mut Memory, document: &Document) -> usize {
    memory.look(document, "f", None, &|id, _| id.to_owned()).len()
}

fn row(row: [&str; 5]) -> [String; 5] {
    row.map(str::to_owned)
}

const RSS2: &str = r#"
  <?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Harbour news</title><atom:link href="https://h.example/feed" rel="self"/><link>https://h.example</link>
<language>en-GB</language><sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
<image><title>logo</title><url>https://h.example/l.png</url><link>https://h.example</link></image>
<item><title>Cranes &amp;amp; ropes&nbsp;fail</title><link>https://h.example/1</link><guid isPermaLink="false">https://h.example/?p=1</guid>
<dc:creator><![CDATA[Kim Roe]]></dc:creator><pubDate>Sun, 01 Mar 2026 12:00:00 +0000</pubDate>
<description><![CDATA[short]]></description><content:encoded><![CDATA[<p>Two <b>ropes</b> broke.</p><script>x()</script><p>Nobody was hurt &#8211; luckily.</p>]]></content:encoded>
<category>cranes</category><enclosure url="https://h.example/a.mp3" length="1" type="audio/mpeg"/></item>
<item><guid>https://h.example/2</guid><author>kim@h.example (Kim Roe)</author><description>AT&amp;amp;T &lt;i&gt;moves&lt;/i&gt; & stays</description></item>
</channel></rss>"#;

#[test]
fn rss_of_all_ages_is_read() {
    let document = read(RSS2);
    assert_eq!((document.language.as_str(), document.rest_s), ("en-GB", Some(1_800)));
    assert_eq!(
        said(&document),
        [
            row([
                "https://h.example/?p=1",
                "https://h.example/1",
                "Kim Roe",
                "Cranes & ropes fail\nTwo ropes broke.\nNobody was hurt – luckily.",
                "2026-03-01T12:00:00Z"
            ]),
            row([
                "https://h.example/2",
                "https://h.example/2",
                "Kim Roe",
                "AT&T moves & stays",
                ""
            ]),
        ]
    );
    for version in [" version=\"0.91\"", " version='0.92'", " version=\"2.0.1\"", ""] {
        let old = format!(
            "<!DOCTYPE rss PUBLIC \"-//N//DTD 0.91//EN\" \"x.dtd\"><rss{version}><channel><title>t</title><ttl>60</ttl>\
             <item><title>a</title><link>https://h.example/a</link></item></channel></rss>"
        );
        let document = read(&old);
        assert_eq!(said(&document), [row(["", "https://h.example/a", "", "a", ""])], "{version}");
        assert_eq!(document.rest_s, Some(3_600));
    }
    for (prefix, space) in [
        ("", "http://purl.org/rss/1.0/"),
        ("", "http://my.netscape.com/rdf/simple/0.9/"),
        ("r:", "http://purl.org/rss/1.0/"),
    ] {
        let named = if prefix.is_empty() { "xmlns".to_owned() } else { "xmlns:r".to_owned() };
        let rdf = format!(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:d=\"http://purl.org/dc/elements/1.1/\" {named}=\"{space}\">\
             <{prefix}channel rdf:about=\"https://h.example\"><{prefix}title>t</{prefix}title></{prefix}channel>\
             <{prefix}item rdf:about=\"https://h.example/a\"><{prefix}title>a</{prefix}title><{prefix}link>https://h.example/a</{prefix}link>\
             <d:creator>Kim</d:creator><d:date>2026-03-01T12:00:00+00:00</d:date></{prefix}item></rdf:RDF>"
        );
        let want =
            row(["https://h.example/a", "https://h.example/a", "Kim", "a", "2026-03-01T12:00:00Z"]);
        assert_eq!(said(&read(&rdf)), [want], "{space}");
    }
}

const OPML: &str = "<opml version='2.0'><head><title>mine</title></head><body><outline text='a'>\
    <outline type='rss' text='b' xmlUrl='https://h.example/feed?a=1&amp;b=2'/></outline></body></opml>";

const ATOM: &str = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de' xmlns:media='http://search.yahoo.com/mrss/'>\
        <title>t</title><author><name>The desk</name></author><id>urn:f</id>\
        <entry><id>tag:h,2026:1</id><title type='html'>a &amp;lt; b &amp;amp; c</title><link rel='edit' href='https://h/e'/>\
        <link href='https://h/1'/><updated>2026-03-01T13:00:00Z</updated><published>2026-03-01T13:00:00+01:00</published>\
        <author><name>Kim</name><uri>https://h/kim</uri></author><source><title>other</title><id>urn:x</id></source>\
        <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>one <b>two</b><br/>three &amp; four</div></content></entry>\
        <entry><id>yt:video:1</id><title>Use Vec&lt;T&gt; now</title><link rel='alternate' href='https://h/2'/>\
        <media:group><media:title>x</media:title><media:description>line one\nline two</media:description>\
        <media:community><media:starRating count='12' average='5'/><media:statistics views='340'/></media:community></media:group></entry></feed>";

#[test]
fn atom_and_json_feed_are_read() {
    let document = read(ATOM);
    assert_eq!((document.language.as_str(), document.author.as_str()), ("de", "The desk"));
    let rows = said(&document);
    assert_eq!(
        rows[0],
        row([
            "tag:h,2026:1",
            "https://h/1",
            "Kim",
            "a < b & c\none two\nthree & four",
            "2026-03-01T12:00:00Z"
        ])
    );
    assert_eq!(rows[1][3], "Use Vec<T> now\nline one\nline two");
    assert_eq!((document.entries[1].views, document.entries[1].likes), (Some(340), Some(12)));
    let old = "<a:feed version='0.3' xmlns:a='http://purl.org/atom/ns#'><a:entry><a:title>old</a:title>\
        <a:id>x</a:id><a:issued>2004-03-01T12:00:00Z</a:issued></a:entry></a:feed>";
    assert_eq!(said(&read(old)), [row(["x", "", "", "old", "2004-03-01T12:00:00Z"])]);
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"t","language":"en","authors":[{"name":"The desk"}],
        "items":[{"id":7,"url":"https://h/7","title":"Vec<T>","content_html":"<p>a &amp; b</p>","date_published":"2026-03-01T12:00:00Z","authors":[{"name":"Kim"}]},
                 {"id":"8","external_url":"https://h/8","content_text":"a < b"},{"nonsense":true}]}"#;
    let rows = said(&read(json));
    assert_eq!(rows[0], row(["7", "https://h/7", "Kim", "Vec<T>\na & b", "2026-03-01T12:00:00Z"]));
    assert_eq!(rows[1], row(["8", "https://h/8", "", "a < b", ""]));
}

#[test]
fn names_that_sites_write_into_titles_and_feet_are_no_part_of_a_text() {
    let entry = |guid: &str, title: &str, body: &str| {
        let feed = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>{guid}</id><title>{title}</title>\
             <content type='html'>{body}</content></entry></feed>"
        );
        read(&feed).entries[0].plain()
    };
    let foot = "&amp;#32; submitted by &amp;#32; &lt;a href='https://r/user/kim'&gt; /u/kim &lt;/a&gt; &lt;span&gt;[link]&lt;/span&gt;";
    let post = format!("&lt;p&gt;It broke.&lt;/p&gt; {foot}");
    assert_eq!(entry("t3_1", "Acme", &post), "Acme\nIt broke.");
    assert_eq!(entry("t3_1", "Acme", foot), "Acme");
    assert_eq!(entry("t1_1", "/u/kim on Acme", "&lt;p&gt;It broke.&lt;/p&gt;"), "It broke.");
    assert_eq!(
        entry("https://h/?p=1#comment-2", "Comment on Acme by kim", "It broke."),
        "It broke."
    );
}

#[test]
fn what_breaks_off_is_read_up_to_there_and_its_place_is_named() {
    let cut = RSS2.trim_start();
    let (cut, _) = cut.split_once("kim@h.example").expect("the second entry");
    let document = read(cut);
    assert_eq!(document.entries.len(), 1);
    let broken = document.broken.expect("broken").to_string();
    assert!(broken.contains("line 11") && broken.contains("ends too early"), "{broken}");
    let garbled = "<rss><channel><item><title>a</title></item>\n<item><title>b <</title></item></channel></rss>";
    let document = Document::parse(garbled).expect("a feed");
    assert!(document.entries.first().is_some_and(|entry| entry.title.text == "a"));
    let open = "<rss><channel><item><title>a</title><description><p>one<br>two</description></item>\
        <item><title>b</title></item></channel></rss>";
    let rows = said(&read(open));
    assert_eq!((rows[0][3].as_str(), rows[1][3].as_str()), ("a\none\ntwo", "b"));
    for (text, want) in [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("<!doctype html><html><head></head></html>", "it is a web page, not a feed"),
        ("<svg/>", "first element is <svg>"),
        ("{\"a\":1}", "no version of JSON Feed"),
        ("{\"a\":", "line 1"),
        ("not found", "text that begins with \"not found\""),
        ("<rss><channel>", "ends too early"),
    ] {
        let error = Document::parse(text).expect_err(text).to_string();
        assert!(error.contains(want), "{text}: {error}");
    }
    assert_eq!(Document::parse("<HTML><p>"), Err(NotAFeed::Page));
}

#[test]
fn no_document_can_grow_or_overflow() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><rss><channel><item><title>&b;</title></item></channel></rss>";
    assert_eq!(read(bomb).entries[0].plain(), "&b;");
    let deep = format!(
        "<rss><channel><item><title>{}x</title></item></channel></rss>",
        "<a>".repeat(100_000)
    );
    assert!(Document::parse(&deep).is_ok_and(|document| document.entries.len() == 1));
    let many =
        format!("<rss><channel>{}</channel></rss>", "<item><title>a</title></item>".repeat(700));
    let document = read(&many);
    assert_eq!((document.entries.len(), document.beyond), (500, 200));
    let odd = "<rss><channel><item><author>（a@b.example）</author><title>é</title></item></channel></rss>";
    assert_eq!(read(odd).entries.len(), 1);
}

proptest! {
    #[test]
    fn damaged_feeds_pages_and_lists_stop_nothing(bytes in prop_oneof![damaged(RSS2), damaged(ATOM), damaged(OPML)]) {
        let text = text_of(&bytes, Some("iso-8859-1"));
        let _ = alternates(&text);
        let _ = feeds_of_opml(&text);
        if let Ok(document) = Document::parse(&text) {
            let mut memory = Memory::default();
            let told = look(&mut memory, &document);
            prop_assert!(told <= document.entries.len());
            prop_assert!(look(&mut memory, &document) == 0, "nothing is new twice");
        }
    }
}
