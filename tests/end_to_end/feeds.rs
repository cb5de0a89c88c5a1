//! Are posts of feeds heard once each? Sites that move, break, limit, stall and repeat themselves,
//! and a process that is killed between looks.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::site::{Reply, Site};
use crate::support::{
    Place, erase_what_was_replaced, every_file, file, free_port, get, live, query, resonanz, run,
    stderr, wait_for, wait_for_answer,
};

/// A feed of entries, each a guid, a link and a text.
pub(crate) fn rss(entries: &[(&str, &str, &str)]) -> String {
    let items: String = entries
        .iter()
        .map(|(guid, link, text)| {
            format!(
                "<item><guid isPermaLink=\"false\">{guid}</guid><link>{link}</link><title>{text}</title>\
                 <pubDate>Sun, 01 Mar 2026 12:00:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>"
    )
}

fn one(number: u32) -> String {
    let (guid, link) = (format!("g{number}"), format!("https://h.example/{number}"));
    rss(&[(guid.as_str(), link.as_str(), &format!("acme post {number}"))])
}

/// A configuration of one source of feeds that are asked each second.
pub(crate) fn config(place: &Place, port: u16, keys: &str) -> PathBuf {
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"f\"\ntype = \"feed\"\ninterval = \"1s\"\nsince = \"3650d\"\n{keys}\n",
        place.lake.display(),
    );
    file(place.folder.path(), "run.toml", text)
}

fn urls(urls: &[String]) -> String {
    format!("urls = {urls:?}")
}

fn source(port: u16) -> Option<serde_json::Value> {
    let all: serde_json::Value = serde_json::from_str(&get(port, "/api/v1/sources")?).ok()?;
    all.as_array()?.first().cloned()
}

/// Waits until the source says this of itself.
fn wait_for_word(port: u16, word: &str) -> serde_json::Value {
    let mut last = None;
    let begun = std::time::Instant::now();
    wait_for(word, || {
        last = source(port);
        assert!(begun.elapsed().as_secs() < 40, "it is to say {word}: {last:?}");
        last.clone().filter(|said| said["reason"].as_str().is_some_and(|said| said.contains(word)))
    })
}

const COUNT: &str = "SELECT count(*) FROM mentions";

#[test]
fn each_post_is_heard_once_over_kills_and_unchanged_feeds_are_not_sent_again() {
    let (place, site) = (Place::new(), Site::new());
    let config = config(&place, free_port(), &format!("url = \"{}/feed\"", site.url));
    for round in 1..=4u32 {
        let entries: Vec<[String; 3]> = (1..=round)
            .map(|number| {
                let link = format!("https://h.example/{number}");
                [format!("g{number}"), link, format!("acme post {number}")]
            })
            .collect();
        let entries: Vec<(&str, &str, &str)> =
            entries.iter().map(|[guid, link, text]| (&**guid, &**link, &**text)).collect();
        site.put("/feed", Reply::tagged(&round.to_string(), rss(&entries)));
        let process = live(&config);
        wait_for_answer(&place.lake, COUNT, &round.to_string());
        wait_for("an answer that nothing has changed", || {
            site.asked("/feed").last()?.is_unchanged.then_some(())
        });
        // Killed without a word.
        drop(process);
    }
    let rows = query(&place.lake, "SELECT count(*), count(distinct post_id) FROM mentions");
    assert_eq!(rows, "4,4");
    let sql = "SELECT kind, url, posted_at FROM mentions ORDER BY url LIMIT 1";
    let row = query(&place.lake, sql);
    assert!(row.starts_with("article,https://h.example/1,2026-03-01T12:00:00"), "{row}");
    let first_after_kill = site.asked("/feed").iter().filter(|asked| asked.is_unchanged).count();
    assert!(first_after_kill >= 4);
}

#[test]
fn an_edit_within_the_second_of_the_last_publication_is_heard() {
    let (place, site) = (Place::new(), Site::new());
    let answer = |date: &str, text: &str| {
        // As WordPress does, the tag stands for the second of the last change, and for nothing else.
        let headers = format!(
            "date: Sun, 01 Mar 2026 {date} GMT\r\nlast-modified: Sun, 01 Mar 2026 12:00:00 GMT\r\n\
             etag: \"12:00:00\"\r\n"
        );
        let body = rss(&[("g1", "https://h.example/1", text)]).into_bytes();
        site.put("/feed", Reply::Plain("200 OK", headers, body));
    };
    answer("12:00:00", "acme is early");
    let config = config(&place, free_port(), &format!("url = \"{}/feed\"", site.url));
    let _process = live(&config);
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions WHERE text = 'acme is early'", "1");
    answer("12:00:10", "acme is late");
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions WHERE text = 'acme is late'", "1");
    wait_for("an answer that nothing has changed", || {
        site.asked("/feed").last()?.is_unchanged.then_some(())
    });
}

#[test]
fn a_feed_in_trouble_costs_the_others_nothing_and_says_what_and_where() {
    let (place, site, port) = (Place::new(), Site::new(), free_port());
    let reply = |status| Reply::status(status, "");
    site.put("/gone", reply("410 Gone"));
    site.put("/stall", Reply::Stall);
    site.put("/cut", Reply::Cut(one(90).into_bytes()));
    site.put("/busy", Reply::status("429 Too Many Requests", "retry-after: 3\r\n"));
    site.put("/ill", reply("503 Service Unavailable"));
    site.put(
        "/broken",
        Reply::body("text/xml", "<rss><channel>\n<item><title>acme kept</title></item><item><tit"),
    );
    site.put("/picture", Reply::body("image/png", b"\x89PNG\r\n"));
    site.put("/well", Reply::body("text/xml", one(1)));
    let paths = ["gone", "stall", "cut", "busy", "ill", "missing", "broken", "picture", "well"];
    let addresses: Vec<String> = paths.iter().map(|path| format!("{}/{path}", site.url)).collect();
    let process = live(&config(&place, port, &urls(&addresses)));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions WHERE text = 'acme post 1'", "1");
    let said = wait_for_word(port, "of 9 feeds have trouble");
    assert_eq!(said["state"], "up", "{said}");
    wait_for("all of them to be asked", || {
        paths.iter().all(|path| !site.asked(&format!("/{path}")).is_empty()).then_some(())
    });
    // What passes is asked again, what is gone is not.
    site.put("/busy", Reply::body("text/xml", one(2)));
    site.put("/ill", Reply::body("text/xml", one(3)));
    site.put("/cut", Reply::body("text/xml", one(4)));
    wait_for_answer(
        &place.lake,
        "SELECT count(distinct post_id) FROM mentions WHERE text LIKE '%post%'",
        "4",
    );
    let busy = site.asked("/busy");
    assert!(busy[1].at - busy[0].at >= Duration::from_secs(3), "Retry-After");
    assert_eq!(site.asked("/gone").len(), 1);
    let well = site.asked("/well").len();
    wait_for("the others to go on", || (site.asked("/well").len() > well + 1).then_some(()));
    drop(process);
}

#[test]
fn a_source_whose_only_feed_is_gone_or_never_was_fails_with_a_hint() {
    for (reply, reason, hint) in [
        (Reply::status("410 Gone", ""), "gone for good (410)", "remove it"),
        (Reply::status("404 Not Found", ""), "404", "check the address"),
        (Reply::status("401 Unauthorized", ""), "401", "token"),
        (
            Reply::body("text/html", "<!doctype html><html><head></head><body>hi</body></html>"),
            "names no feed",
            "/feed",
        ),
        (Reply::body("application/json", "{\"a\":1}"), "no version of JSON Feed", "browser"),
    ] {
        let (place, site, port) = (Place::new(), Site::new(), free_port());
        site.put("/feed", reply);
        // Another source, so that the process goes on.
        file(place.folder.path(), "quiet.jsonl", "");
        let quiet =
            "[[source]]\nname = \"q\"\ntype = \"file\"\npath = \"quiet.jsonl\"\nfollow = true";
        let keys = format!("url = \"{}/feed\"\n{quiet}", site.url);
        let _process = live(&config(&place, port, &keys));
        let said = wait_for_word(port, reason);
        assert_eq!(said["state"], "failed", "{said}");
        assert!(said["hint"].as_str().is_some_and(|said| said.contains(hint)), "{said}");
    }
}

#[test]
fn a_feed_that_moves_is_followed_and_asked_there_after_a_restart() {
    let (place, site, port) = (Place::new(), Site::new(), free_port());
    site.put("/old", Reply::status("301 Moved Permanently", "location: /middle\r\n"));
    site.put("/middle", Reply::status("308 Permanent Redirect", "location: /new\r\n"));
    site.put("/new", Reply::tagged("1", one(1)));
    site.put("/for-now", Reply::status("302 Found", "location: /other\r\n"));
    site.put("/other", Reply::body("text/xml", one(2)));
    let addresses = ["old", "for-now"].map(|path| format!("{}/{path}", site.url));
    let config = config(&place, port, &urls(&addresses));
    let process = live(&config);
    wait_for_answer(&place.lake, COUNT, "2");
    let said = wait_for_word(port, "has moved to");
    assert!(said["reason"].as_str().is_some_and(|said| said.ends_with("/new")), "{said}");
    wait_for("the new address to be asked", || site.asked("/new").get(2).map(|_| ()));
    drop(process);
    let (old, moved) = (site.asked("/old").len(), site.asked("/new").len());
    assert_eq!(old, 1);
    let _process = live(&config);
    wait_for("the new address after a restart", || site.asked("/new").get(moved + 1).map(|_| ()));
    assert_eq!(site.asked("/old").len(), old);
    assert!(site.asked("/for-now").len() > 2, "what moved for a while is asked where it was");
    // Where it moved to is lost: the address that was given says where it is.
    site.put("/old", Reply::body("text/xml", one(3)));
    site.put("/new", Reply::status("404 Not Found", ""));
    wait_for_answer(&place.lake, COUNT, "3");
}

#[test]
fn a_pages_address_an_opml_file_odd_bytes_and_packed_bodies_are_all_right() {
    let (place, site, port) = (Place::new(), Site::new(), free_port());
    let page = "<!DOCTYPE html><html><head><link rel='alternate' type='application/rss+xml' href='/comments/feed'>\
                <link rel=alternate type=application/atom+xml href=\"feed?x=1&amp;y=2\"></head><body>blog</body></html>";
    site.put("/blog/", Reply::body("text/html; charset=utf-8", page));
    let atom = "\u{feff}  \n<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>urn:1</id><title type='html'>acme &amp;amp; co</title>\
                <updated>2026-03-01T12:00:00Z</updated></entry></feed>";
    site.put("/blog/feed", Reply::body("application/atom+xml", atom));
    let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><rss><channel><item><title>acme Z\xfcrich</title>\
                  <pubDate>Sun, 01 Mar 2026 12:00:00 GMT</pubDate></item></channel></rss>";
    site.put("/latin", Reply::body("text/xml; charset=utf-8", latin));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(one(7).as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    site.put("/packed", Reply::Plain("200 OK", "content-encoding: gzip\r\n".to_owned(), packed));
    let outlines: String = ["latin", "packed"]
        .iter()
        .map(|path| format!("<outline xmlUrl=\"{}/{path}\"/>", site.url))
        .collect();
    file(
        place.folder.path(),
        "mine.opml",
        format!("<opml><body><outline>{outlines}</outline></body></opml>"),
    );
    let keys = format!("url = \"{}/blog/\"\nopml = \"mine.opml\"", site.url);
    let config = config(&place, port, &keys);
    let checked = run(&["check", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    let _process = live(&config);
    wait_for_answer(&place.lake, COUNT, "3");
    let texts = query(&place.lake, "SELECT text FROM mentions ORDER BY text");
    assert_eq!(texts, "acme & co\nacme Zürich\nacme post 7");
    wait_for("the feed itself", || site.asked("/blog/feed").get(2).map(|_| ()));
    assert_eq!(site.asked("/blog/").len(), 1, "the page is asked once");
}

#[test]
fn an_edit_replaces_a_post_and_other_ids_make_no_new_one() {
    let (place, site) = (Place::new(), Site::new());
    let long = "acme said on Monday that the new crane will not be ready before the summer";
    site.put(
        "/feed",
        Reply::body("text/xml", rss(&[("http://h.example/?p=1", "http://h.example/1", long)])),
    );
    site.put(
        "/same",
        Reply::body(
            "text/xml",
            rss(&[
                ("x", "https://h.example/a", "acme one"),
                ("x", "https://h.example/b", "acme two"),
            ]),
        ),
    );
    let addresses = ["feed", "same"].map(|path| format!("{}/{path}", site.url));
    let process = live(&config(&place, free_port(), &urls(&addresses)));
    wait_for_answer(&place.lake, COUNT, "3");
    let looks = |path: &str| {
        let before = site.asked(path).len();
        wait_for("two more looks", || site.asked(path).get(before + 1).map(|_| ()));
    };
    // The site goes over to https, then gives every entry another id.
    for guid in ["https://h.example/?p=1", "urn:uuid:1"] {
        site.put("/feed", Reply::body("text/xml", rss(&[(guid, "https://h.example/1", long)])));
        looks("/feed");
        assert_eq!(query(&place.lake, COUNT), "3", "{guid}");
    }
    let edited = long.replace("Monday", "Tuesday");
    site.put(
        "/feed",
        Reply::body("text/xml", rss(&[("urn:uuid:1", "https://h.example/1", &edited)])),
    );
    let tuesday = "SELECT count(*) FROM mentions WHERE text LIKE '%Tuesday%'";
    wait_for_answer(&place.lake, tuesday, "1");
    looks("/same");
    assert_eq!(process.terminate(), Some(0));
    erase_what_was_replaced(&place.lake);
    assert_eq!(query(&place.lake, tuesday), "1");
    assert_eq!(query(&place.lake, COUNT), "3");
}

#[test]
fn a_secret_goes_to_its_server_and_is_written_nowhere() {
    let (place, site, port) = (Place::new(), Site::new(), free_port());
    let secret = "0123456789abcdef0123456789abcdef";
    let body = rss(&[(
        "https://r.example/user/kim_roe/comments/1",
        "https://r.example/user/kim_roe/comments/1?feed=0123456789abcdef0123456789abcdef",
        "acme post",
    )]);
    site.put("/r/a/.rss", Reply::body("text/xml", body));
    site.put(
        "/bad/.rss",
        Reply::status(
            "302 Found",
            "location: http://169.254.169.254/x?feed=0123456789abcdef0123456789abcdef\r\n",
        ),
    );
    let addresses = ["r/a/.rss", "bad/.rss"].map(|path| format!("{}/{path}", site.url));
    let keys = format!("{}\ntoken_env = \"FEED_TOKEN\"", urls(&addresses));
    let config = config(&place, port, &keys);
    let mut command = resonanz();
    command
        .args(["run", "--config"])
        .arg(&config)
        .env("FEED_TOKEN", format!("feed={secret}&user=kim_roe"));
    let log = std::fs::File::create(place.folder.path().join("log")).expect("a file");
    command.stdout(log.try_clone().expect("a file")).stderr(log).env("RUST_LOG", "debug");
    let process = crate::support::Killed(command.spawn().expect("the process starts"));
    wait_for_answer(&place.lake, COUNT, "1");
    let said = wait_for_word(port, "not a public name");
    assert!(!said.to_string().contains(secret), "{said}");
    let asked = site.asked("/r/a/.rss");
    assert!(asked[0].head.contains(&format!("/r/a/.rss?feed={secret}&user=kim_roe ")), "{asked:?}");
    drop(process);
    for (name, bytes) in every_file(place.folder.path()) {
        for word in [secret, "kim_roe"] {
            let holds = memchr::memmem::find(&bytes, word.as_bytes()).is_some();
            assert!(!holds, "{name} holds {word}");
        }
    }
    assert!(!query(&place.lake, "SELECT * FROM mentions").contains(secret));
    for (keys, word) in [
        (format!("url = \"https://r.example/.rss?feed={secret}&user=kim\""), "holds a secret"),
        ("url = \"https://kim:word@r.example/feed\"".to_owned(), "a name or a password"),
        ("url = \"nothing\"".to_owned(), "is not an address"),
        (String::new(), "needs a \\\"url\\\""),
        ("url = \"https://h.example\"\ninterval = \"2d\"".to_owned(), "from 1s to 1d"),
        (
            "url = \"https://h.example\"\ntoken_env = \"NOT_SET_ANYWHERE\"".to_owned(),
            "NOT_SET_ANYWHERE is not set",
        ),
        ("opml = \"nowhere.opml\"".to_owned(), "nowhere.opml"),
    ] {
        let path = self::config(&place, port, &keys);
        let text = std::fs::read_to_string(&path).expect("a file");
        let text = if keys.contains("interval") {
            text.replacen("interval = \"1s\"\n", "", 1)
        } else {
            text
        };
        let path = file(place.folder.path(), "odd.toml", text);
        let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
        let said = stderr(&checked) + &crate::support::stdout(&checked);
        assert!(said.contains(&word.replace('\\', "")), "{keys}: {said}");
    }
}
