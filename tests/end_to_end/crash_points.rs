//! Is anything lost or doubled between any two steps? A process breaks off at each named point, and
//! the next one goes on.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::hook::Hook;
use crate::support::{Killed, append, copy, file, query, resonanz, stderr, wait_for};
use crate::traces::Traces;

/// The signal by which a process ends at a crash point.
const ABORT: i32 = 6;
const ROWS: [&str; 4] = [
    "SELECT * FROM posts ORDER BY received_at, source, post_id",
    "SELECT * FROM mentions ORDER BY received_at, source, post_id, topic",
    "SELECT * FROM alerts ORDER BY at, alert_id, transition",
    "SELECT * FROM panes ORDER BY start, topic, source, lang",
];

/// Breaks off at a point.
fn broken_at(command: &mut Command, point: &str) -> Output {
    let output = command.env("RESONANZ_CRASH_AT", point).output().expect("the binary runs");
    let signal = output.status.signal();
    assert_eq!(signal, Some(ABORT), "{point}: {:?} {}", output.status, stderr(&output));
    output
}

/// A post about `acme`, posted in a second of an hour.
fn post(id: &str, author: &str, second: usize, text: &str) -> String {
    let (minute, second) = (second / 60, second % 60);
    let at = format!("2026-03-01T10:{minute:02}:{second:02}Z");
    format!(
        "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":\"{at}\",\"received_at\":\"{at}\",\"text\":\"acme {text}\"}}\n"
    )
}

/// Complaints that fire an alert, which resolves later.
fn posts() -> String {
    let said = ["is awful", "makes me sick", "was a disaster today", "is so bad, never again"];
    let mut lines = String::new();
    for number in 0..24 {
        let text = format!("{} {number}", said[number % said.len()]);
        lines += &post(&format!("p{number}"), &format!("a{number}"), 4 * number, &text);
    }
    for number in 0..12 {
        lines += &post(&format!("q{number}"), "calm", 700 + 60 * number, "opens on Monday");
    }
    lines
}

/// A folder with posts, a configuration and a lake.
struct Scene {
    folder: tempfile::TempDir,
    config: PathBuf,
    lake: PathBuf,
}

impl Scene {
    fn new(hook: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        file(folder.path(), "posts.jsonl", posts());
        file(folder.path(), "key", "5a".repeat(32));
        let text = format!(
            "[lake]\npath = \"lake\"\ncommit_interval = \"1ms\"\nupkeep_interval = \"never\"\n\
             [privacy]\nauthor_key_file = \"key\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\n\
             [[receiver]]\nname = \"team\"\nurl = \"{hook}\"\ninternal = true\n\
             [[rule]]\nname = \"r\"\ntype = \"threshold\"\ncount = 3\nmin_authors = 0\nwindow = \"5m\"\ncooldown = \"1m\"\nreceivers = [\"team\"]\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        );
        let config = file(folder.path(), "run.toml", text);
        let lake = folder.path().join("lake");
        Self { folder, config, lake }
    }

    fn run(&self) -> Command {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config).stdin(Stdio::null());
        command
    }

    fn rows(&self) -> [String; 4] {
        ROWS.map(|sql| query(&self.lake, sql))
    }
}

fn done(command: &mut Command) -> Output {
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

fn told(hook: &Hook) -> Vec<String> {
    let mut ids: Vec<String> =
        hook.accepted().iter().map(|request| request.id().to_owned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

#[test]
fn a_run_that_breaks_off_at_any_step_of_a_commit_or_delivery_goes_on_as_if_it_had_not() {
    let calm_hook = Hook::new();
    let calm = Scene::new(&calm_hook.url);
    done(&mut calm.run());
    let (rows, messages) = (calm.rows(), told(&calm_hook));
    assert!(messages.len() >= 2, "it fires and resolves: {messages:?}");
    for point in [
        "commit.files",
        "commit.checkpoint",
        "commit.manifest",
        "commit.table",
        "commit.table:2",
        "commit.table:3",
        "commit.applied",
        "commit.told",
        "deliver.sent",
        "deliver.noted",
    ] {
        let hook = Hook::new();
        let scene = Scene::new(&hook.url);
        broken_at(&mut scene.run(), point);
        done(&mut scene.run());
        assert_eq!(scene.rows(), rows, "{point}");
        assert_eq!(told(&hook), messages, "{point}");
    }
}

#[test]
fn a_commit_that_is_decided_and_not_made_is_told_by_verify_and_no_damage() {
    let hook = Hook::new();
    let scene = Scene::new(&hook.url);
    broken_at(&mut scene.run(), "commit.table");
    let verify = || {
        let mut command = resonanz();
        command.args(["lake", "verify", "--format", "json", "--lake"]).arg(&scene.lake);
        let verified = serde_json::from_slice(&done(&mut command).stdout);
        verified.unwrap_or(serde_json::Value::Null)
    };
    let pending = verify();
    assert_eq!((&pending["pending"], &pending["unnamed"]), (&1.into(), &0.into()), "{pending}");
    done(&mut scene.run());
    let whole = verify();
    assert!(whole["pending"].is_null() && whole["rows"].as_u64() >= pending["rows"].as_u64());
}

#[test]
fn an_erasure_that_breaks_off_at_any_step_is_finished_and_counted() {
    let scene = Scene::new("http://127.0.0.1:1/hook");
    let lines: String = (0..6)
        .map(|number| post(&format!("v{number}"), "victim", number, "is awful zebraword"))
        .collect();
    let cut = "{\"id\":\"v9\",\"author\":\"victim\",\"text\":\"acme zebraword\n";
    append(&scene.folder.path().join("posts.jsonl"), [lines.as_str(), cut].concat());
    let ended = scene.run().output().expect("the binary runs");
    assert!(!ended.status.success(), "a line is refused, and nobody takes the messages");
    assert!(Traces::of(&scene.lake).find("zebraword").is_some());
    let erase = |lake: &Path| {
        let mut command = resonanz();
        command.args(["lake", "erase", "--yes", "--author", "victim", "--lake"]).arg(lake);
        command.current_dir(scene.folder.path());
        command
    };
    let calm = scene.folder.path().join("calm");
    copy(&scene.lake, &calm);
    let receipt = |output: &Output| {
        let receipt: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        ["rows", "dead_letters", "messages", "files_deleted"].map(|key| receipt[key].clone())
    };
    let wanted = receipt(&done(&mut erase(&calm)));
    assert_eq!(wanted[0]["mentions"], 6, "{wanted:?}");
    assert_eq!(wanted[1], 1, "{wanted:?}");
    for point in [
        "erase.found",
        "erase.prepared",
        "erase.noted",
        "erase.outbox",
        "erase.messages",
        "erase.letters",
        "commit.manifest",
        "commit.manifest:2",
        "commit.table:5",
        "erase.files",
        "erase.receipt",
    ] {
        let lake = scene.folder.path().join(point.replace(':', "-"));
        copy(&scene.lake, &lake);
        broken_at(&mut erase(&lake), point);
        if point == "erase.receipt" {
            let receipts = lake.join("_resonanz/receipts").read_dir().expect("a folder").count();
            assert_eq!(receipts, 1);
        } else {
            let counted = receipt(&done(&mut erase(&lake)));
            assert_eq!(counted[..3], wanted[..3], "{point}");
            // What was written for nothing goes, too.
            assert!(counted[3].as_u64() >= wanted[3].as_u64(), "{point}: {counted:?}");
        }
        assert_eq!(Traces::of(&lake).find("zebraword"), None, "{point}");
        for sql in ROWS {
            assert_eq!(query(&lake, sql), query(&calm, sql), "{point}: {sql}");
        }
    }
}

#[test]
fn days_whose_replacement_breaks_off_are_replaced_by_the_same_again() {
    let scene = Scene::new("http://127.0.0.1:1/hook");
    let reprocess = |lake: &Path| {
        let mut command = resonanz();
        command.arg("reprocess").arg(scene.folder.path().join("posts.jsonl"));
        command.arg("--config").arg(&scene.config).arg("--lake").arg(lake);
        command
    };
    let calm = scene.folder.path().join("calm");
    done(&mut reprocess(&calm));
    let topics = std::fs::read_to_string(&scene.config).expect("a file");
    file(scene.folder.path(), "run.toml", topics.replace("'acme'", "'acme OR monday'"));
    let old = scene.folder.path().join("old");
    copy(&calm, &old);
    done(&mut reprocess(&calm));
    for point in ["replace.brought", "commit.manifest:2", "replace.done"] {
        let lake = scene.folder.path().join(point.replace(':', "-"));
        copy(&old, &lake);
        broken_at(&mut reprocess(&lake), point);
        done(&mut reprocess(&lake));
        for sql in ROWS {
            assert_eq!(query(&lake, sql), query(&calm, sql), "{point}: {sql}");
        }
    }
}

#[test]
fn a_process_that_breaks_off_in_a_reload_loses_nothing() {
    for point in ["reload.ended", "reload.begun"] {
        let hook = Hook::new();
        let scene = Scene::new(&hook.url);
        let text = std::fs::read_to_string(&scene.config).expect("a file");
        let text = text.replace("posts.jsonl\"\n", "posts.jsonl\"\nfollow = true\n");
        file(scene.folder.path(), "run.toml", &text);
        let start = |point: &str| {
            let mut command = scene.run();
            command.env("RESONANZ_CRASH_AT", point).stdout(Stdio::null()).stderr(Stdio::null());
            Killed(command.spawn().expect("the process starts"))
        };
        let counted = |wanted: &str| {
            let sql = "SELECT count(*), count(DISTINCT post_id) FROM mentions";
            let is_made = || scene.lake.join("alerts/_delta_log").exists();
            wait_for(wanted, || (is_made() && query(&scene.lake, sql) == wanted).then_some(()));
        };
        let mut process = start(point);
        counted("36,36");
        let asked = Command::new("kill").args(["-HUP", &process.0.id().to_string()]).status();
        assert!(asked.expect("kill runs").success());
        append(&scene.folder.path().join("posts.jsonl"), post("late", "late", 1_500, "again"));
        let ended = process.0.wait().expect("it ends");
        assert_eq!(ended.signal(), Some(ABORT), "{point}");
        let process = start("");
        counted("37,37");
        process.terminate();
    }
}
