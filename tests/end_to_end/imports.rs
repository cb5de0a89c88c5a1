//! Do the archives that people have come in as they are? Files in, rows of the lake out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{Place, file, query, repository, resonanz, stderr, stdout};

/// A place that keeps all posts.
pub(crate) fn place() -> Place {
    let place = Place::new();
    let text = "[lake]\narchive = \"all\"\n[[topic]]\nname = \"lumenta\"\nquery = 'lumenta'\n";
    file(place.folder.path(), "topics.toml", text);
    place
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    repository("tests/fixtures/imports").join(name)
}

pub(crate) fn import(place: &Place, files: &[&Path], options: &[&str]) -> Output {
    let mut command = resonanz();
    command.arg("import").args(files).arg("--config").arg(&place.config);
    command.arg("--lake").arg(&place.lake).args(options).output().expect("the binary runs")
}

/// The rows that a file becomes: source, id, kind and what else is asked for.
pub(crate) fn rows(files: &[&Path], options: &[&str], columns: &str) -> Vec<String> {
    let place = place();
    let done = import(&place, files, options);
    assert!(done.status.success(), "{files:?}: {}{}", stdout(&done), stderr(&done));
    let sql =
        format!("SELECT source, post_id, kind, {columns} FROM posts ORDER BY posted_at, post_id");
    query(&place.lake, &sql).lines().map(str::to_owned).collect()
}

#[test]
fn the_archive_of_an_account_of_x_comes_in_with_its_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("twitter-2026-11-09");
    fs::create_dir(&data).expect("a folder");
    for name in ["tweets.js", "tweets-part1.js", "account.js"] {
        fs::copy(fixture(name), data.join(name)).expect("a copy");
    }
    let columns =
        "parent, lang, engagement, url, posted_at, author = (SELECT max(author) FROM posts), text";
    let found = rows(&[&data], &[], columns);
    let want = [
        "x,1801,original,,en,15,https://x.com/i/web/status/1801,2026-11-03T08:15:00Z,true,My new Lumenta lamp & its switch broke.",
        "x,1802,reply,1700,en,0,https://x.com/i/web/status/1802,2026-11-03T09:00:00Z,true,\"@jo_fremd Lumenta sent me a new one, great service!\"",
        "x,1803,repost,,en,5,https://x.com/i/web/status/1803,2026-11-03T10:00:00Z,true,RT @jo_fremd: Lumenta is fine",
        "x,1804,original,,en,1,https://x.com/i/web/status/1804,2026-11-04T10:00:00Z,true,Still happy with Lumenta.",
    ];
    assert_eq!(found, want);
    let refused = import(&place(), &[&fixture("account.js")], &[]);
    assert!(stderr(&refused).contains("data/tweets.js"), "{}", stderr(&refused));
}

#[test]
fn a_zip_is_read_as_it_is_and_what_holds_no_posts_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = folder.path().join("archive.zip");
    let members: Vec<(String, Vec<u8>)> = ["tweets.js", "account.js", "your_posts_1.json"]
        .iter()
        .map(|name| (format!("data/{name}"), fs::read(fixture(name)).expect("a fixture")))
        .chain([("data/friends.json".to_owned(), br#"{"friends_v2":[{"name":"Jo"}]}"#.to_vec())])
        .chain([("data/photos/1.jpg".to_owned(), vec![7; 100])])
        .collect();
    file(folder.path(), "archive.zip", zipped(&members));
    let place = place();
    let done = import(&place, &[&zip], &[]);
    let said = stdout(&done);
    assert!(done.status.success(), "{said}{}", stderr(&done));
    assert!(said.contains("skipped: 1 files that hold no posts"), "{said}");
    let counts = "SELECT source, count(*) FROM posts GROUP BY 1 ORDER BY 1";
    assert_eq!(query(&place.lake, counts), "facebook,1\nx,3");

    let mut bytes = fs::read(&zip).expect("a file");
    bytes.truncate(bytes.len() - 30);
    file(folder.path(), "archive.zip", bytes);
    let cut = import(&place, &[&zip], &[]);
    assert_eq!(cut.status.code(), Some(2));
    assert!(stderr(&cut).contains("it was cut"), "{}", stderr(&cut));
}

#[test]
fn files_of_a_zip_that_lie_over_each_other_are_not_unpacked() {
    let folder = tempfile::tempdir().expect("a folder");
    let tweets = fs::read(fixture("tweets.js")).expect("a fixture");
    let members: Vec<(String, Vec<u8>)> =
        (0..9).map(|number| (format!("data/tweets{number}.js"), tweets.clone())).collect();
    let whole = zipped(&members);
    // One file, and a directory that names it nine times.
    let names = whole.windows(4).position(|four| four == b"PK\x01\x02").expect("a directory");
    let one = whole.windows(4).skip(1).position(|four| four == b"PK\x03\x04").expect("two") + 1;
    let mut bomb = whole[..one].to_vec();
    let begin = u32::try_from(bomb.len()).expect("small");
    let mut directory = whole[names..].to_vec();
    let end = directory.len() - 6;
    directory[end..end + 4].copy_from_slice(&begin.to_le_bytes());
    let mut at = 0;
    while directory[at..].starts_with(b"PK\x01\x02") {
        directory[at + 42..at + 46].fill(0);
        at += 46 + usize::from(directory[at + 28]);
    }
    bomb.extend(directory);
    let path = file(folder.path(), "bomb.zip", bomb);
    let refused = import(&place(), &[&path], &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("lie over each other"), "{}", stderr(&refused));
}

/// A zip of these files, deflated.
fn zipped(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let mut packer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).expect("memory");
        let packed = packer.finish().expect("memory");
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let offset = u32::try_from(out.len()).expect("small");
        let mut sizes = Vec::new();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("small");
        for number in [crc.sum(), length(&packed), length(bytes)] {
            sizes.extend(number.to_le_bytes());
        }
        sizes.extend(u16::try_from(name.len()).expect("small").to_le_bytes());
        sizes.extend([0, 0]);
        out.extend(b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0");
        out.extend(&sizes);
        out.extend(name.as_bytes());
        out.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0");
        directory.extend(&sizes);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let begin = u32::try_from(out.len()).expect("small");
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(members.len()).expect("small");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend(u32::try_from(directory.len()).expect("small").to_le_bytes());
    out.extend(begin.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[test]
fn pages_of_the_x_api_say_who_wrote_and_how_many_listen() {
    for name in ["x-pages.jsonl", "x-page.json"] {
        let found = rows(&[&fixture(name)], &[], "parent, reach, engagement, thread, text");
        let first = if name == "x-page.json" { 3 } else { 1 };
        assert_eq!(
            found[0],
            format!("x,19{first}1,original,,1200,10,19{first}1,Lumenta lamps are terrible")
        );
        let last = found.iter().find(|row| row.contains(&format!("19{first}2,"))).expect("a row");
        assert!(last.contains(&format!(",reply,19{first}1,40,1,")), "{last}");
        assert_eq!(found.len(), if first == 3 { 2 } else { 4 });
    }
}

#[test]
fn dumps_of_reddit_are_read_through_their_long_windows() {
    let folder = tempfile::tempdir().expect("a folder");
    let packed = |name: &str| {
        let mut packer = zstd::Encoder::new(Vec::new(), 3).expect("memory");
        packer.window_log(31).expect("a long window");
        packer.write_all(&fs::read(fixture(name)).expect("a fixture")).expect("memory");
        let path = PathBuf::from(name.replace("jsonl", "zst"));
        file(folder.path(), path.to_str().expect("UTF-8"), packer.finish().expect("memory"))
    };
    let files = [packed("RC_2026-11.jsonl"), packed("RS_2026-11.jsonl")];
    let columns = "parent, thread, reach, engagement, author LIKE '0000%', text";
    let found = rows(&[&files[0], &files[1]], &[], columns);
    let want = [
        "reddit,t3_q1,original,,,5000,20,false,\"Which dimmer for Lumenta?",
        "",
        "Mine is broken.\"",
        "reddit,t3_q2,original,,,,3,false,Lumenta recall announced",
        "reddit,t1_k1,reply,t3_q1,t3_q1,,14,false,The Lumenta dimmer hums > 50 dB. Awful.",
        "reddit,t1_k3,reply,t1_k1,t3_q1,,,true,Mine from Lumenta works well",
    ];
    assert_eq!(found, want);
}

#[test]
fn an_outbox_of_mastodon_says_what_was_public() {
    let found = rows(&[&fixture("outbox.json")], &[], "lang, author LIKE '0000%', text");
    let text = found.join("\n");
    assert_eq!(text.matches("mastodon,").count(), 2, "{text}");
    assert!(
        text.contains("original,de,false,\"Die Lampe von Lumenta ist kaputt.\nSchade & teuer\"")
    );
    assert!(text.contains("reply,de,false,\"Lampen\n\nLumenta hat geholfen, super!\""), "{text}");
    assert!(!text.contains("geheim") && !text.contains("maja"), "{text}");
    assert!(text.contains("mastodon,1,original"), "as its instance calls it: {text}");
}

#[test]
fn downloads_from_meta_are_read_through_their_garbled_letters() {
    let files = ["your_posts_1.json", "comments.json", "graph-posts.json"].map(fixture);
    let found = rows(&[&files[0], &files[1], &files[2]], &[], "author LIKE '0000%', text");
    let said: Vec<&str> = found.iter().filter_map(|row| row.splitn(3, ',').nth(2)).collect();
    let want = [
        "original,true,Lumenta lamps on sale",
        "original,true,Größte Enttäuschung: Lumenta 😡",
        "comment,false,\"Lumenta hört zu, schön\"",
    ];
    assert_eq!(said, want);
    let folder = tempfile::tempdir().expect("a folder");
    let german = r#"[{"media_list_data":[{"uri":""}],"string_map_data":{"Kommentar":{"value":"Lumenta h\u00c3\u00a4lt"},"Medieninhaber":{"value":"lumenta.de"},"Zeit":{"timestamp":1794139400}}}]"#;
    let german = file(folder.path(), "post_comments_1.json", german);
    let found = rows(&[&german], &["--author", "maja"], "text");
    let end = "comment,Lumenta hält";
    assert!(
        found.len() == 1 && found[0].starts_with("instagram,") && found[0].ends_with(end),
        "{found:?}"
    );
    let files = ["posts_1.json", "post_comments_1.json"].map(fixture);
    let found = rows(&[&files[0], &files[1]], &["--author", "maja"], "author LIKE '0000%', text");
    let ends = [
        "original,false,Neue Lumenta für die Küche ❤️",
        "original,false,\"Two more Lumenta lamps, love them\"",
        "comment,false,Schön! @lumenta",
    ];
    assert!(
        found
            .iter()
            .zip(ends)
            .all(|(row, end)| row.starts_with("instagram,") && row.ends_with(end)),
        "{found:?}"
    );
}

#[test]
fn comments_of_youtube_come_from_its_api_and_from_takeout() {
    let columns = "parent, thread, engagement, url, text";
    let found = rows(&[&fixture("comment-threads.json")], &[], columns);
    let want = [
        "youtube,Ug1,comment,,vid1,4,https://www.youtube.com/watch?v=vid1&lc=Ug1,Lumenta & I: a sad story",
        "youtube,Ug1.r1,reply,Ug1,vid1,0,https://www.youtube.com/watch?v=vid1&lc=Ug1.r1,Lumenta is great though",
    ];
    assert_eq!(found, want);
    let found = rows(&[&fixture("takeout-comments.csv")], &[], "parent, thread, posted_at, text");
    let want = [
        "youtube,Ugz1,comment,,vid2,2026-11-08T10:00:00.123456Z,\"My Lumenta lamp, broken again\"",
        "youtube,Ugz1.r,reply,Ugz1,vid2,2026-11-08T10:05:00Z,Lumenta replied. Thanks!",
    ];
    assert_eq!(found, want);
}

#[test]
fn google_plus_and_gdelt_give_what_has_words() {
    let found =
        rows(&[&fixture("20181005 - Lamps.json")], &[], "posted_at, engagement, text").join("\n");
    assert!(
        found.contains("original,2018-10-05T20:05:46Z,1,\"The Lumenta lamp is great\nReally\""),
        "{found}"
    );
    assert!(found.contains("comment,2018-10-05T21:00:00Z,,Mine from Lumenta broke"), "{found}");
    let files = ["20261109120000.gkg.csv", "gdelt-articles.json"].map(fixture);
    let found = rows(&[&files[0], &files[1]], &[], "posted_at, url, text");
    let want = [
        "gdelt,20261109120000-17,article,2026-11-09T12:00:00Z,https://news.example.org/lumenta,\"Lumenta recalls \"\"dangerous\"\" lamps\"",
        "gdelt,https://zeitung.example.org/l,article,2026-11-09T13:00:00Z,https://zeitung.example.org/l,Lumenta: Lampen brennen",
    ];
    assert_eq!(found, want);
    let folder = tempfile::tempdir().expect("a folder");
    let mut columns = vec!["1234567890", "20261109"];
    columns.resize(61, "x");
    let events = file(folder.path(), "20261109120000.export.CSV", columns.join("\t") + "\n");
    let refused = import(&place(), &[&events], &[]);
    assert!(stdout(&refused).contains(".gkg.csv"), "{}", stdout(&refused));
}

#[test]
fn captured_payloads_are_told_and_decoded() {
    let Ok(folder) = std::env::var("RESONANZ_FIXTURES") else {
        let _ = writeln!(std::io::stderr(), "skipped: RESONANZ_FIXTURES names no folder");
        return;
    };
    let rows = [
        ("x_twitter/twitter_api_response.json", "x"),
        ("x_twitter/twitter_api_compact_response.json", "x"),
        ("x_twitter/twitter.json", "x"),
        ("x_twitter/twitter_timeline.json", "x"),
        ("youtube/apidata/comment_threads/comment_threads_multi.json", "youtube"),
        ("youtube/apidata/comment_threads/comment_threads_by_video_paged_1.json", "youtube"),
        ("youtube/apidata/comments/comments_multi.json", "youtube"),
        ("youtube/apidata/comments/comments_by_parent_paged_1.json", "youtube"),
        ("facebook_instagram/facebook/apidata/posts/feed_fields_p1.json", "facebook"),
        ("facebook_instagram/instagram/apidata/medias/comments_p1.json", "instagram"),
    ];
    for (name, source) in rows {
        let place = place();
        let done = import(&place, &[&Path::new(&folder).join(name)], &[]);
        let said = stdout(&done);
        assert!(done.status.success(), "{name}: {said}{}", stderr(&done));
        let posts = query(&place.lake, "SELECT source, count(*) > 0 FROM posts GROUP BY 1");
        assert_eq!(posts, format!("{source},true"), "{name}: {said}");
    }
    // Recordings of HTTP hold their answers as bodies.
    let bodies = [
        ("mastodon/test_public_tl.json", "mastodon"),
        ("x_twitter/v2/test_client_search_recent_tweets.json", "created_at"),
        ("reddit/TestSubredditStreams.test_submissions.json", "reddit"),
    ];
    for (name, wanted) in bodies {
        let text = fs::read_to_string(Path::new(&folder).join(name)).expect("a recording");
        let recorded: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let answers = recorded.as_array().or_else(|| recorded["interactions"].as_array());
        let body = |one: &serde_json::Value| match one["response"]["body"]["string"].as_str() {
            Some(body) => body.to_owned(),
            None => one["body"].to_string(),
        };
        let bodies = answers.expect("a list").iter().map(body);
        let bodies = bodies.filter(|body| body.starts_with('{') && !body.contains("access_token"));
        let lines: String = bodies.map(|body| body.replace('\n', " ") + "\n").collect();
        let place = place();
        let path = file(place.folder.path(), "bodies.jsonl", lines);
        let done = import(&place, &[&path], &[]);
        let said = stdout(&done);
        let sources = query(&place.lake, "SELECT DISTINCT source FROM posts");
        assert!(
            sources == wanted || said.contains(wanted),
            "{name}: {sources} {said}{}",
            stderr(&done)
        );
    }
}
