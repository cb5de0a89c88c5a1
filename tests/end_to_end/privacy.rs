//! Is a name of an author kept anywhere? Every byte of lakes, logs and messages, also unpacked.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, sync_channel};

use crate::support::{file, query, replay, resonanz, stderr, wait_for};

/// Names of authors in the input, in all their forms; none of them stands in a text.
const NAMES: [&str; 6] =
    ["did:plc:zweibein", "did:plc:dreibein", "zweibein", "zebrafink", "vierbein", "kauzig"];

/// Jetstream frames: a post, an answer to somebody else, and one that is cut off.
fn frames() -> String {
    let post = |did: &str, key: &str, second: u32, reply: &str| {
        format!(
            "{{\"did\":\"{did}\",\"time_us\":17723664{second:02}000000,\"kind\":\"commit\",\"commit\":{{\"rev\":\"1\",\"operation\":\"create\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"{key}\",\"record\":{{\"$type\":\"app.bsky.feed.post\",\"text\":\"@acme is terrible, says {key}\",\"createdAt\":\"2026-03-01T12:00:{second:02}Z\",\"langs\":[\"en\"]{reply}}}}}}}\n"
        )
    };
    let uri = "{\"uri\":\"at://did:plc:dreibein/app.bsky.feed.post/k0\",\"cid\":\"c\"}";
    let reply = format!(",\"reply\":{{\"root\":{uri},\"parent\":{uri}}}");
    let cut = "{\"did\":\"did:plc:zweibein\",\"time_us\":1772366402000000,\"kind\":\"comm\n";
    [&post("did:plc:zweibein", "k1", 1, &reply), cut, &post("did:plc:dreibein", "k2", 2, "")]
        .concat()
}

/// Archive lines whose ids and addresses hold their authors' names; one is refused, one no post.
fn lines() -> String {
    let line = |id: &str, author: &str, second: &str, url: &str| {
        format!(
            "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":\"2026-03-01T12:{second}Z\",\"received_at\":\"2026-03-01T12:02:00Z\",\"url\":\"{url}\",\"parent\":\"https://social.example/@kauzig/8\",\"text\":\"acme is awful and ugly\"}}\n"
        )
    };
    [
        line(
            "https://social.example/@Zebrafink/9",
            "@Zebrafink",
            "00:03",
            "https://social.example/@Zebrafink/9",
        ),
        line("n-vierbein-1", "vierbein", "00:04", "https://x.com/vierbein/status/1"),
        line("n-vierbein-2", "vierbein", "30:00", "https://vierbein.example/1"),
        "{\"id\":7,\"author\":\"vierbein\",\"text\":\"acme\"}\n".to_owned(),
        line("n3", "somebody", "00:05", "https://news.example/2026/acme"),
        line("n4", "somebody", "02:00", "https://news.example/2026/acme"),
    ]
    .concat()
}

/// An HTTP receiver; the bodies it is sent.
fn receiver() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hook = format!("http://{}/hook", listener.local_addr().expect("bound"));
    let (sender, bodies) = sync_channel(64);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut text, mut chunk) = (String::new(), [0; 4_096]);
            let body = loop {
                let length = stream.read(&mut chunk).unwrap_or(0);
                text.push_str(&String::from_utf8_lossy(&chunk[..length]));
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let head = head.to_ascii_lowercase();
                let (_, wanted) = head.split_once("content-length: ").expect("a length");
                let wanted = wanted.lines().next().and_then(|digits| digits.parse().ok());
                if length == 0 || Some(body.len()) >= wanted {
                    break body.to_owned();
                }
            };
            let answer =
                "HTTP/1.1 204 No Content\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
            let _ = sender.try_send(body);
        }
    });
    (hook, bodies)
}

fn clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    for name in NAMES {
        assert!(!text.contains(name), "{what} holds {name}");
    }
}

/// Looks at every file as it lies there, at checkpoints unpacked, and at all rows of all tables.
fn clean_lake(lake: &Path) {
    let mut folders = vec![lake.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            clean(&path.display().to_string(), &bytes);
            if path.extension().is_some_and(|ending| ending == "checkpoint") {
                let plain = zstd::bulk::decompress(&bytes[16..], 1 << 24).expect("zstd");
                clean("the checkpoint", &plain);
            }
        }
    }
    for table in ["posts", "mentions", "panes", "alerts"] {
        let rows = query(lake, &format!("SELECT * FROM {table}"));
        assert!(!rows.is_empty(), "{table} has rows");
        clean(table, rows.as_bytes());
    }
}

#[test]
fn no_name_of_an_author_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = file(folder.path(), "lines.jsonl", lines());
    let frames = file(folder.path(), "frames.jsonl", frames());
    let (_server, url) = replay(&frames, &["--format", "jetstream", "--speed", "0"]);
    let (hook, bodies) = receiver();
    let text = format!(
        "[engine]\nidle = \"1s\"\n[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\narchive = \"all\"\n\
         [[source]]\nname = \"bluesky\"\ntype = \"websocket\"\nurl = \"{url}\"\n\
         [[source]]\nname = \"file\"\ntype = \"file\"\npath = \"lines.jsonl\"\n\
         [[receiver]]\nname = \"team\"\nurl = \"{hook}\"\ninternal = true\n\
         [[rule]]\nname = \"r\"\ntype = \"threshold\"\ncount = 3\nmin_authors = 2\nreceivers = [\"team\"]\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme NOT in-reply-to:at://did:plc:dreibein/app.bsky.feed.post/k0'\n"
    );
    let config = file(folder.path(), "resonanz.toml", text);
    let lake = folder.path().join("lake");
    let log = std::fs::File::create(folder.path().join("log")).expect("a file");
    let mut process = resonanz()
        .args(["-vv", "run", "--config"])
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the process starts");
    let body = wait_for("a message", || bodies.try_iter().next());
    clean("a message", body.as_bytes());
    assert!(body.contains("awful"), "the message has evidence: {body}");
    let count = || {
        lake.join("alerts/_delta_log")
            .exists()
            .then(|| query(&lake, "SELECT count(*) FROM mentions"))
    };
    wait_for("all mentions", || count().filter(|count| count == "5"));
    let id = process.id().to_string();
    let signaled = std::process::Command::new("kill").args(["-TERM", &id]).status();
    assert!(signaled.is_ok_and(|status| status.success()));
    process.wait().expect("the process ends");
    clean("the log", &std::fs::read(folder.path().join("log")).expect("a file"));
    clean_lake(&lake);
    let answers =
        "SELECT count(*) FROM mentions answer JOIN mentions said ON answer.parent = said.post_id";
    assert_eq!(query(&lake, answers), "0");
    let urls = "SELECT DISTINCT url FROM mentions WHERE url IS NOT NULL ORDER BY url";
    assert_eq!(
        query(&lake, urls),
        "https://bsky.app\nhttps://news.example/2026/acme\nhttps://social.example\nhttps://x.com"
    );

    for (input, format) in [(&archive, "archive"), (&frames, "jetstream")] {
        let lake = folder.path().join(format);
        let mut command = resonanz();
        command.args(["-vv", "reprocess", "--format", format]).arg(input);
        let output = command.arg("--config").arg(&config).arg("--lake").arg(&lake).output();
        let output = output.expect("the binary runs");
        assert_eq!(output.status.code(), Some(1), "one line is refused: {}", stderr(&output));
        clean("the log of reprocess", &output.stderr);
        let letters = std::fs::read_to_string(lake.join("_resonanz/dead-letter.jsonl"));
        clean("dead letters", letters.expect("a file").as_bytes());
        for table in ["posts", "mentions", "panes"] {
            clean(table, query(&lake, &format!("SELECT * FROM {table}")).as_bytes());
        }
    }
}
