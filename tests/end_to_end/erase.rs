//! Is what was erased really gone, and does it stay away? From outside, byte by byte.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{everything, file, line, live, query, resonanz, stderr, stdout, wait_for};

/// A Jetstream frame about a post.
fn post(did: &str, key: &str, operation: &str, second: u32, text: &str) -> String {
    format!(
        "{{\"did\":\"did:plc:{did}\",\"time_us\":17723664{second:02}000000,\"kind\":\"commit\",\"commit\":{{\"rev\":\"1\",\"operation\":\"{operation}\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"{key}\",\"record\":{{\"$type\":\"app.bsky.feed.post\",\"text\":\"{text}\",\"createdAt\":\"2026-03-01T12:00:02Z\",\"langs\":[\"en\"]}}}}}}\n"
    )
}

fn account(did: &str, second: u32, status: &str) -> String {
    format!(
        "{{\"did\":\"did:plc:{did}\",\"time_us\":17723664{second:02}000000,\"kind\":\"account\",\"account\":{{\"active\":false,\"did\":\"did:plc:{did}\",\"status\":\"{status}\"}}}}\n"
    )
}

/// A folder with a lake made of frames; `acme` is listened for, and two negative posts are an alert.
struct Scene {
    folder: tempfile::TempDir,
    config: PathBuf,
    lake: PathBuf,
}

impl Scene {
    fn new(frames: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let rule = "[[rule]]\nname = \"r\"\ntype = \"threshold\"\ncount = 2\nmin_authors = 0\n";
        let topic = "[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
        let text = format!("[privacy]\nauthor_key_file = \"key\"\n{rule}{topic}");
        let config = file(folder.path(), "topics.toml", text);
        let lake = folder.path().join("lake");
        let scene = Self { folder, config, lake };
        let output = scene.reprocess("lake", frames);
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
        scene
    }

    fn reprocess(&self, lake: &str, frames: &[String]) -> Output {
        let frames = file(self.folder.path(), "frames.jsonl", frames.concat());
        let mut command = resonanz();
        command.args(["reprocess", "--format", "jetstream", "--source", "bluesky"]).arg(frames);
        command.arg("--config").arg(&self.config).arg("--lake");
        command.arg(self.folder.path().join(lake)).output().expect("the binary runs")
    }

    fn lake(&self, command: &str, options: &[&str]) -> Output {
        let mut run = resonanz();
        run.args(["lake", command, "--lake"]).arg(&self.lake);
        run.arg("--author-key-file").arg(self.folder.path().join("key"));
        run.args(options).output().expect("the binary runs")
    }
}

/// Where in a lake a text still stands.
fn holds(lake: &Path, text: &str) -> Option<String> {
    let holds = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(text);
    everything(lake).into_iter().find(|(_, bytes)| holds(bytes)).map(|(place, _)| place)
}

fn frames() -> Vec<String> {
    vec![
        post("one", "k1", "create", 1, "acme is awful, zebra one of many"),
        post("two", "k2", "create", 2, "acme is terrible, mango two"),
        "{\"did\":\"did:plc:one\",\"kind\":\"comm\n".to_owned(),
        post("one", "k3", "create", 3, "acme is ugly, zebra three of many"),
    ]
}

const COUNTS: &str = "SELECT sum(mentions), sum(negative), sum(authors) FROM panes";

#[test]
fn an_erased_author_is_gone_from_every_byte_and_stays_away() {
    let scene = Scene::new(&frames());
    assert!(holds(&scene.lake, "zebra one").is_some(), "it was there");
    assert_eq!(query(&scene.lake, COUNTS), "3,3,2");
    let exported = stdout(&scene.lake("export", &["--author", "@DID:plc:one"]));
    assert_eq!(exported.matches("\"in_table\":\"mentions\"").count(), 2, "{exported}");
    assert!(exported.contains("zebra") && exported.contains("\"in_table\":\"alerts\""));
    assert!(!exported.contains("mango"), "others are not his to know: {exported}");

    let refused = scene.lake("erase", &["--author", "did:plc:one"]);
    assert_eq!(refused.status.code(), Some(2), "not without --yes");
    let dry = scene.lake("erase", &["--author", "did:plc:one", "--dry-run"]);
    assert!(stdout(&dry).contains("\"mentions\": 2"), "{}{}", stdout(&dry), stderr(&dry));
    assert!(holds(&scene.lake, "zebra one").is_some(), "a dry run changes nothing");

    let done = scene.lake("erase", &["--author", "did:plc:one", "--yes"]);
    let receipt = stdout(&done);
    assert!(done.status.success(), "{}", stderr(&done));
    for part in ["\"posts\": 2", "\"mentions\": 2", "\"dead_letters\": 1", "\"what\": \"author\""] {
        assert!(receipt.contains(part), "{part} in {receipt}");
    }
    assert!(!receipt.contains("did:plc"), "a receipt names nobody");
    let receipts = std::fs::read_dir(scene.lake.join("_resonanz/receipts")).expect("a folder");
    assert_eq!(receipts.count(), 1);
    assert_eq!(holds(&scene.lake, "zebra one"), None);
    assert_eq!(query(&scene.lake, COUNTS), "1,1,1", "totals are recounted");
    assert_eq!(query(&scene.lake, "SELECT text FROM mentions"), "\"acme is terrible, mango two\"");

    let again = scene.lake("erase", &["--author", "did:plc:one", "--yes"]);
    assert!(stdout(&again).contains("\"mentions\": 0"), "{}", stdout(&again));
    std::fs::create_dir_all(scene.folder.path().join("new/_resonanz")).expect("a folder");
    let stones = "_resonanz/tombstones";
    std::fs::copy(scene.lake.join(stones), scene.folder.path().join("new").join(stones))
        .expect("a copy");
    let _ = scene.reprocess("new", &frames());
    assert_eq!(query(&scene.folder.path().join("new"), COUNTS), "1,1,1");
}

#[test]
fn deletions_edits_and_deleted_accounts_are_followed() {
    let mut frames = frames();
    frames.extend([
        post("two", "k2", "update", 10, "acme is lovely, mango new"),
        post("two", "k4", "create", 11, "acme is bad, papaya"),
        post("two", "k4", "delete", 12, ""),
        post("three", "k6", "delete", 13, ""),
        post("three", "k6", "create", 13, "acme came after its deletion, kiwi"),
        post("four", "k7", "create", 14, "acme hurts, lemon"),
        account("one", 15, "deleted"),
        account("four", 16, "deactivated"),
        post("one", "k8", "create", 17, "acme again, zebra back"),
    ]);
    let scene = Scene::new(&frames);
    let pending = scene.lake("erase", &["--pending", "--yes"]);
    assert!(pending.status.success(), "{}", stderr(&pending));
    for text in ["zebra one", "zebra back", "bad, papaya", "deletion, kiwi", "mango two"] {
        assert_eq!(holds(&scene.lake, text), None, "{text}");
    }
    let texts = "SELECT text FROM mentions ORDER BY text";
    assert_eq!(
        query(&scene.lake, texts),
        "\"acme hurts, lemon\"\n\"acme is lovely, mango new\"",
        "{}",
        stdout(&pending)
    );
    assert_eq!(query(&scene.lake, "SELECT sum(mentions), sum(positive) FROM panes"), "2,1");
}

#[test]
fn a_running_process_erases_when_asked() {
    let scene = Scene::new(&frames());
    let line = line("1", "2026-03-01T12:00:05Z", "acme is fine");
    let input = file(scene.folder.path(), "live.jsonl", line);
    let text = std::fs::read_to_string(&scene.config).expect("a file");
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[[source]]\nname = \"bluesky\"\ntype = \"file\"\npath = \"{}\"\nfollow = true\n{text}",
        input.display()
    );
    let config = file(scene.folder.path(), "run.toml", text);
    let _process = live(&config);
    let mentions = || query(&scene.lake, "SELECT count(*) FROM mentions");
    wait_for("the post that it reads", || (mentions() == "4").then_some(()));
    let done = scene.lake("erase", &["--author", "did:plc:one", "--yes"]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(stdout(&done).contains("\"mentions\": 2"), "{}", stdout(&done));
    assert_eq!(holds(&scene.lake, "zebra one"), None);
    assert_eq!(query(&scene.lake, COUNTS), "1,1,1");
}
