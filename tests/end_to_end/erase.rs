//! Is what was erased really gone, and does it stay away? From outside, byte by byte.

use std::path::PathBuf;
use std::process::Output;

use crate::support::{Killed, file, line, live, query, replay, resonanz, stderr, stdout, wait_for};
use crate::traces::holds;

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

    /// Starts a process that follows a file with this line.
    fn follow(&self, line: String) -> Killed {
        let input = file(self.folder.path(), "live.jsonl", line);
        self.run(&format!("type = \"file\"\npath = \"{}\"\nfollow = true", input.display()))
    }

    fn run(&self, source: &str) -> Killed {
        let text = std::fs::read_to_string(&self.config).expect("a file");
        let text = format!(
            "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[[source]]\nname = \"bluesky\"\n{source}\n{text}"
        );
        let config = file(self.folder.path(), "run.toml", text);
        live(&config)
    }

    fn lake(&self, command: &str, options: &[&str]) -> Output {
        let mut run = resonanz();
        run.args(["lake", command, "--lake"]).arg(&self.lake);
        run.arg("--author-key-file").arg(self.folder.path().join("key"));
        run.args(options).output().expect("the binary runs")
    }
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
    let refused = "\"in_table\":\"dead_letters\"";
    assert_eq!(exported.matches(refused).count(), 1, "what was refused, too: {exported}");

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
    for text in ["zebra one", "zebra back", "bad, papaya", "deletion, kiwi", "mango two"] {
        assert_eq!(holds(&scene.lake, text), None, "{text}");
    }
    let texts = "SELECT text FROM mentions ORDER BY text";
    assert_eq!(query(&scene.lake, texts), "\"acme hurts, lemon\"\n\"acme is lovely, mango new\"");
    assert_eq!(query(&scene.lake, "SELECT sum(mentions), sum(positive) FROM panes"), "2,1");
    assert!(stdout(&scene.lake("erase", &["--pending", "--yes"])).is_empty(), "all is done");
}

#[test]
fn deletions_in_an_archive_take_rows_out_of_the_lake_that_it_replaces() {
    let scene = Scene::new(&frames());
    let mut frames = frames();
    frames.extend([post("two", "k2", "delete", 12, ""), account("one", 15, "deleted")]);
    frames.push(post("two", "k9", "create", 20, "acme is bad, papaya"));
    let replaced = scene.reprocess("lake", &frames);
    let said = stdout(&replaced);
    assert!(said.contains("erased: 3 posts, 3 mentions; 2 deletions and edits"), "{said}");
    assert_eq!(query(&scene.lake, "SELECT text FROM mentions"), "\"acme is bad, papaya\"");
    assert_eq!(query(&scene.lake, COUNTS), "1,1,1");
    for text in ["zebra one", "mango two"] {
        assert_eq!(holds(&scene.lake, text), None, "{text}");
    }
}

#[test]
fn a_post_is_erased_and_the_others_of_its_author_stay() {
    let mut frames = frames();
    frames.push(post("one", "k1", "create", 1, "cut").replace("}\n", "\n"));
    let scene = Scene::new(&frames);
    let id = "bluesky/at://did:plc:one/app.bsky.feed.post/k1";
    let dry = scene.lake("erase", &["--post", id, "--dry-run"]);
    assert!(stdout(&dry).contains("\"mentions\": 1"), "{}{}", stdout(&dry), stderr(&dry));
    let done = scene.lake("erase", &["--post", id, "--yes"]);
    for part in ["\"posts\": 1", "\"mentions\": 1", "\"what\": \"post\""] {
        assert!(stdout(&done).contains(part), "{part} in {}{}", stdout(&done), stderr(&done));
    }
    assert_eq!(holds(&scene.lake, "zebra one"), None);
    assert!(holds(&scene.lake, "zebra three").is_some(), "another post");
    assert_eq!(query(&scene.lake, COUNTS), "2,2,2");

    let again = scene.reprocess("lake", &frames);
    assert!(again.status.code().is_some_and(|code| code < 2), "{}", stderr(&again));
    assert_eq!(holds(&scene.lake, "zebra one"), None, "the archive holds it");
    assert_eq!(query(&scene.lake, COUNTS), "2,2,2");
    let wrong = scene.lake("erase", &["--post", "k1", "--yes"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
}

#[test]
fn an_export_is_the_same_rows_as_json_and_as_csv() {
    let scene = Scene::new(&frames());
    let author = ["--author", "did:plc:one", "--format"];
    let export = |format| scene.lake("export", &[&author[..], &[format]].concat());
    let (json, csv) = (stdout(&export("json")), stdout(&export("csv")));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).expect("JSON");
    let (header, lines) = csv.split_once('\n').expect("a header");
    let tables = |name: &str| rows.iter().filter(|row| row["in_table"] == name).count();
    assert_eq!(["posts", "mentions", "dead_letters"].map(tables), [2, 2, 1], "{json}");
    assert_eq!(rows.len(), lines.lines().count(), "{csv}");
    assert!(header.starts_with("in_table,source,post_id,author,posted_at,"), "{header}");
    for row in &rows {
        let id = row["post_id"].as_str().unwrap_or("comm");
        assert!(lines.contains(id), "{id} in {csv}");
        for name in row.as_object().expect("an object").keys() {
            assert!(header.split(',').any(|column| column == name), "{name} in {header}");
        }
    }
    assert!(lines.contains("\"acme is awful, zebra one of many\""), "quoted: {csv}");
    let nobody = scene.lake("export", &["--author", "did:plc:nobody", "--format", "csv"]);
    assert_eq!(stdout(&nobody).lines().count(), 1, "the header alone");
    let elsewhere = scene.lake("export", &["--author", "did:plc:one", "--source", "x"]);
    // Nobody shall take a slip of the pen for an empty answer.
    assert_eq!(elsewhere.status.code(), Some(2));
    assert!(stderr(&elsewhere).contains("no source is called \"x\""), "{}", stderr(&elsewhere));
    let here = scene.lake("export", &["--author", "DID:plc:one ", "--source", "Bluesky"]);
    assert!(stdout(&here).contains("post_id"), "{}", stderr(&here));
}

#[test]
fn a_dry_run_of_what_is_pending_changes_nothing() {
    let scene = Scene::new(&frames());
    let input = file(scene.folder.path(), "live.jsonl", post("two", "k2", "delete", 12, ""));
    let (_server, url) = replay(&input, &["--format", "jetstream", "--speed", "0"]);
    let process = scene.run(&format!("type = \"websocket\"\nurl = \"{url}\""));
    let noted = || std::fs::read(scene.lake.join("_resonanz/withdrawn.log")).ok();
    wait_for("the deletion", || noted().filter(|log| log.len() > 10));
    drop(process);
    let before = noted();
    let dry = scene.lake("erase", &["--pending", "--dry-run"]);
    assert!(stdout(&dry).contains("\"mentions\": 1"), "{}{}", stdout(&dry), stderr(&dry));
    assert!(noted() == before && holds(&scene.lake, "mango two").is_some());
    let done = scene.lake("erase", &["--pending", "--yes"]);
    assert!(stdout(&done).contains("\"mentions\": 1"), "{}{}", stdout(&done), stderr(&done));
    assert_eq!(holds(&scene.lake, "mango two"), None);
}

#[test]
fn a_half_done_reprocessing_brings_nothing_back() {
    let scene = Scene::new(&frames());
    let process = scene.follow(line("1", "2026-03-01T12:00:05Z", "acme is fine"));
    let mentions = || query(&scene.lake, "SELECT count(*) FROM mentions");
    wait_for("the post that it reads", || (mentions() == "4").then_some(()));
    let refused = scene.reprocess("lake", &frames());
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    let staged = scene.lake.join("_resonanz/reprocess");
    assert!(holds(&staged, "zebra one").is_some(), "all is read");
    let dry = scene.lake("erase", &["--author", "did:plc:one", "--dry-run"]);
    assert!(stdout(&dry).contains("\"mentions\": 2"), "beside it: {}", stderr(&dry));
    assert!(holds(&scene.lake, "zebra one").is_some(), "it only counts");
    let done = scene.lake("erase", &["--author", "did:plc:one", "--yes"]);
    assert!(stdout(&done).contains("\"mentions\": 2"), "{}{}", stdout(&done), stderr(&done));
    assert_eq!(holds(&scene.lake, "zebra one"), None);

    drop(process);
    let again = scene.reprocess("lake", &frames());
    assert!(stdout(&again).contains("replaced on 1 days"), "{}{}", stdout(&again), stderr(&again));
    assert_eq!(holds(&scene.lake, "zebra one"), None);
    assert_eq!(query(&scene.lake, "SELECT sum(mentions) FROM panes"), "1");
}

#[test]
fn a_running_process_erases_when_asked() {
    let scene = Scene::new(&frames());
    let _process = scene.follow(line("1", "2026-03-01T12:00:05Z", "acme is fine"));
    let mentions = || query(&scene.lake, "SELECT count(*) FROM mentions");
    wait_for("the post that it reads", || (mentions() == "4").then_some(()));
    let done = scene.lake("erase", &["--author", "did:plc:one", "--yes"]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(stdout(&done).contains("\"mentions\": 2"), "{}", stdout(&done));
    assert_eq!(holds(&scene.lake, "zebra one"), None);
    assert_eq!(query(&scene.lake, COUNTS), "1,1,1");
}

#[test]
fn another_key_is_refused_instead_of_finding_nobody() {
    let scene = Scene::new(&frames());
    let key = scene.folder.path().join("key");
    let right = std::fs::read_to_string(&key).expect("a key");
    file(scene.folder.path(), "key", "7f".repeat(32));
    for ended in [
        scene.lake("erase", &["--author", "did:plc:one", "--yes"]),
        scene.lake("export", &["--author", "did:plc:one"]),
        scene.reprocess("lake", &frames()),
    ] {
        assert_eq!(ended.status.code(), Some(2), "{}{}", stdout(&ended), stderr(&ended));
        assert!(stderr(&ended).contains("is not the key under which"), "{}", stderr(&ended));
    }
    file(scene.folder.path(), "key", right);
    let done = scene.lake("erase", &["--author", "did:plc:one", "--yes"]);
    assert!(stdout(&done).contains("\"mentions\": 2"), "{}{}", stdout(&done), stderr(&done));
}
