//! Is a name of an author kept anywhere? Every byte of lakes, logs and messages, also unpacked.

use std::process::Stdio;

use crate::hook::Hook;
use crate::support::{
    Killed, everything, file, query, replay, resonanz, stderr, wait_for, wait_for_answer,
};

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

fn clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    for name in NAMES {
        assert!(!text.contains(name), "{what} holds {name}");
    }
}

#[test]
fn no_name_of_an_author_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = file(folder.path(), "lines.jsonl", lines());
    let frames = file(folder.path(), "frames.jsonl", frames());
    let (_server, url) = replay(&frames, &["--format", "jetstream", "--speed", "0"]);
    let hook = Hook::new();
    let text = format!(
        "[engine]\nidle = \"1s\"\n[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\narchive = \"all\"\n\
         [[source]]\nname = \"bluesky\"\ntype = \"websocket\"\nurl = \"{url}\"\n\
         [[source]]\nname = \"file\"\ntype = \"file\"\npath = \"lines.jsonl\"\n\
         [[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n\
         [[rule]]\nname = \"r\"\ntype = \"threshold\"\ncount = 3\nmin_authors = 2\nreceivers = [\"team\"]\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme NOT in-reply-to:at://did:plc:dreibein/app.bsky.feed.post/k0'\n",
        hook.url
    );
    let config = file(folder.path(), "resonanz.toml", text);
    let lake = folder.path().join("lake");
    let log = std::fs::File::create(folder.path().join("log")).expect("a file");
    let mut command = resonanz();
    command.args(["-vv", "run", "--config"]).arg(&config).stdout(Stdio::null()).stderr(log);
    let process = Killed(command.spawn().expect("the process starts"));
    let body = wait_for("a message", || Some(hook.requests().first()?.body.clone()));
    clean("a message", body.as_bytes());
    assert!(body.contains("awful"), "the message has evidence: {body}");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions", "5");
    process.terminate();
    clean("the log", &std::fs::read(folder.path().join("log")).expect("a file"));
    for (what, bytes) in everything(&lake) {
        clean(&what, &bytes);
        let may_be_empty = what.contains('/') || what == "triage";
        assert!(may_be_empty || !bytes.is_empty(), "{what} has rows");
    }
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
