//! Does a lake stay small, and does tidying leave its rows as they are? Beside a running process too.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{file, line, live, query, run, stderr, stdout, wait_for};

const SUMS: &str = "SELECT count(*), count(DISTINCT post_id), round(sum(target_score), 3), sum(length(text)) FROM mentions";

/// A lake that grows by one commit with each run.
struct Growing {
    folder: tempfile::TempDir,
    lake: PathBuf,
    lines: usize,
}

impl Growing {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let lake = folder.path().join("lake");
        Self { folder, lake, lines: 0 }
    }

    fn config(&self, lake: &str, source: &str) -> PathBuf {
        let text = format!(
            "[lake]\npath = \"lake\"\n{lake}\n[[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\n{source}\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        );
        file(self.folder.path(), "c.toml", text)
    }

    fn write(&mut self, count: usize) {
        let path = self.folder.path().join("posts.jsonl");
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let mut posts = opened.expect("the file opens");
        for _ in 0..count {
            self.lines += 1;
            let (id, minute) = (self.lines.to_string(), self.lines % 60);
            let text = ["acme is horrible", "acme is great"][self.lines % 2];
            let line = line(&id, &format!("2026-03-01T11:{minute:02}:00Z"), text);
            posts.write_all(line.as_bytes()).expect("a line");
        }
    }

    /// Runs to the end of the file so many times, each with a few new posts.
    fn commits(&mut self, count: usize) {
        let config = self.config("", "");
        for _ in 0..count {
            self.write(3);
            let ended = run(&["run", "--config", config.to_str().expect("UTF-8")]);
            assert!(ended.status.success(), "{}", stderr(&ended));
        }
    }

    fn lake(&self, command: &str, options: &[&str]) -> Value {
        let lake = self.lake.to_str().expect("UTF-8");
        let mut arguments = vec!["lake", command, "--lake", lake, "--format", "json"];
        arguments.extend_from_slice(options);
        let ended = run(&arguments);
        assert!(ended.status.success(), "{command}: {}", stderr(&ended));
        serde_json::from_str(&stdout(&ended)).expect("JSON")
    }

    fn stats(&self, table: &str) -> Value {
        let stats = self.lake("stats", &[]);
        let mut tables = stats.as_array().expect("tables").iter();
        tables.find(|stats| stats["table"] == table).expect("the table").clone()
    }

    fn is_sound(&self) {
        let verified = self.lake("verify", &[]);
        assert_eq!(verified["problems"], Value::Array(Vec::new()), "{verified}");
    }
}

fn parquet_files(table: &Path) -> usize {
    let days = std::fs::read_dir(table).expect("a table").flatten();
    let days = days.filter(|day| day.file_name().to_string_lossy().starts_with("day="));
    days.map(|day| std::fs::read_dir(day.path()).expect("a day").count()).sum()
}

#[test]
fn what_was_replaced_under_a_clock_that_was_ahead_goes_all_the_same() {
    let mut growing = Growing::new();
    growing.commits(3);
    growing.lake("compact", &[]);
    let log = growing.lake.join("mentions/_delta_log");
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(log).expect("a log").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let last = entries.last().expect("an entry");
    let said = std::fs::read_to_string(last).expect("JSON");
    let ahead = |line: &str| {
        let mut action: Value = serde_json::from_str(line).expect("JSON");
        if let Some(left) = action.pointer_mut("/remove/deletionTimestamp") {
            *left = 2_900_000_000_000_i64.into();
        }
        format!("{action}\n")
    };
    let set: String = said.lines().map(ahead).collect();
    assert!(set.contains("2900000000000"), "{said}");
    file(
        last.parent().expect("a folder"),
        last.file_name().expect("a name").to_str().expect("UTF-8"),
        set,
    );
    growing.lake("vacuum", &["--older-than", "0s"]);
    assert_eq!(parquet_files(&growing.lake.join("mentions")), 1);
    growing.is_sound();
}

#[test]
fn small_files_become_one_and_rows_stay() {
    let mut growing = Growing::new();
    growing.commits(12);
    let before = query(&growing.lake, SUMS);
    assert_eq!(growing.stats("mentions")["files"], 12);

    let planned = growing.lake("compact", &["--dry-run"]);
    assert_eq!(planned["jobs"][0]["deed"], "merge");
    assert_eq!(growing.stats("mentions")["files"], 12, "a dry run changes nothing");

    growing.lake("compact", &[]);
    for table in ["mentions", "posts", "panes"] {
        assert_eq!(growing.stats(table)["files"], 1, "{table}");
    }
    assert_eq!(query(&growing.lake, SUMS), before);
    growing.is_sound();

    let kept = growing.lake("vacuum", &[]);
    assert_eq!(kept["files"], 0, "readers of older versions have a week");
    let removed = growing.lake("vacuum", &["--older-than", "0s"]);
    assert!(removed["files"].as_u64() >= Some(36), "{removed}");
    assert_eq!(parquet_files(&growing.lake.join("mentions")), 1);
    assert_eq!(query(&growing.lake, SUMS), before);
    growing.is_sound();

    growing.commits(1);
    assert_eq!(
        query(&growing.lake, "SELECT count(*), count(DISTINCT post_id) FROM mentions"),
        "39,39"
    );
    growing.is_sound();
}

#[test]
fn texts_and_rows_are_kept_as_long_as_configured() {
    let mut growing = Growing::new();
    growing.commits(2);
    let retain = |lake: &str| {
        let config = growing.config(lake, "");
        growing.lake("retain", &["--config", config.to_str().expect("UTF-8")])
    };
    let panes = query(&growing.lake, "SELECT sum(mentions), sum(score_sum) FROM panes");
    let scores = query(&growing.lake, "SELECT count(*), round(sum(target_score), 3) FROM mentions");
    assert_eq!(retain("retain_text = \"never\"")["jobs"], Value::Array(Vec::new()));

    retain("retain_text = \"30d\"");
    assert_eq!(query(&growing.lake, "SELECT count(*) FROM posts"), "0");
    assert_eq!(
        query(&growing.lake, "SELECT count(*) FROM mentions WHERE text <> '' OR terms <> ''"),
        "0"
    );
    assert_eq!(
        query(&growing.lake, "SELECT count(*), round(sum(target_score), 3) FROM mentions"),
        scores
    );
    assert_eq!(retain("retain_text = \"30d\"")["jobs"], Value::Array(Vec::new()), "once is enough");
    growing.is_sound();

    retain("retain_text = \"30d\"\nretain_mentions = \"60d\"");
    assert_eq!(query(&growing.lake, "SELECT count(*) FROM mentions"), "0");
    assert_eq!(query(&growing.lake, "SELECT sum(mentions), sum(score_sum) FROM panes"), panes);
    growing.is_sound();
}

#[test]
fn a_running_process_tidies_on_request_and_by_itself() {
    let mut growing = Growing::new();
    growing.commits(4);
    let quiet = "commit_interval = \"10ms\"\nupkeep_interval = \"never\"";
    let config = growing.config(quiet, "follow = true");
    let writer = live(&config);
    growing.write(3);
    let arrived = |count: &str| {
        (query(&growing.lake, "SELECT count(DISTINCT post_id) FROM mentions") == count)
            .then_some(())
    };
    wait_for("the new posts", || arrived("15"));
    let done = growing.lake("compact", &[]);
    assert!(!done["jobs"].as_array().expect("jobs").is_empty(), "{done}");
    assert_eq!(growing.stats("mentions")["files"], 1);
    drop(writer);

    let tidy = "commit_interval = \"10ms\"\nupkeep_interval = \"1s\"\nvacuum_after = \"1s\"";
    let config = growing.config(tidy, "follow = true");
    let writer = live(&config);
    for round in 0..10 {
        growing.write(1);
        let count = (16 + round).to_string();
        let lake = growing.lake.clone();
        wait_for("a post", || {
            let found = query(&lake, "SELECT count(DISTINCT post_id) FROM mentions");
            (found == count).then_some(())
        });
    }
    wait_for("the files to become few", || {
        (growing.stats("mentions")["files"].as_u64()? == 1).then_some(())
    });
    wait_for("replaced files to go", || {
        (parquet_files(&growing.lake.join("mentions")) == 1).then_some(())
    });
    assert_eq!(query(&growing.lake, "SELECT count(*) FROM mentions"), "25");
    drop(writer);
    growing.is_sound();
}

#[test]
fn damage_is_found_and_named() {
    let mut growing = Growing::new();
    growing.commits(2);
    let day = growing.lake.join("mentions").join("day=2026-03-01");
    let first = std::fs::read_dir(&day).expect("a day").flatten().next().expect("a file").path();
    let mut bytes = std::fs::read(&first).expect("the file");
    bytes[100] ^= 0xff;
    let name = first.file_name().expect("a name").to_string_lossy().into_owned();
    file(&day, &name, bytes);
    let lake = growing.lake.to_str().expect("UTF-8");
    let found = run(&["lake", "verify", "--lake", lake]);
    assert_eq!(found.status.code(), Some(3), "{}", stdout(&found));
    assert!(stdout(&found).contains(&name), "{}", stdout(&found));
    assert_eq!(run(&["lake", "compact", "--lake", lake]).status.code(), Some(3));
    assert_eq!(run(&["lake", "verify", "--lake", "/nowhere"]).status.code(), Some(2));
}

#[test]
fn dead_letters_are_kept_as_long_as_configured() {
    let mut growing = Growing::new();
    growing.commits(1);
    let path = growing.lake.join("_resonanz/dead-letter.jsonl");
    let letter = |at: &str| {
        format!("{{\"at\":\"{at}\",\"source\":\"f\",\"reason\":\"no JSON\",\"raw\":\"{at}\"}}\n")
    };
    let letters = [letter("2026-01-01T00:00:00Z"), letter("2999-01-01T00:00:00Z")].concat();
    file(&growing.lake.join("_resonanz"), "dead-letter.jsonl", letters);
    let never = growing.config("retain_dead_letters = \"never\"", "");
    let kept = growing.lake("retain", &["--config", never.to_str().expect("UTF-8")]);
    assert_eq!(kept["dead_letters"], 0);
    assert_eq!(growing.lake("retain", &["--dry-run"])["dead_letters"], 1);
    assert_eq!(growing.lake("retain", &[])["dead_letters"], 1, "a month by default");
    let left = std::fs::read_to_string(path).expect("a file");
    assert_eq!(left, letter("2999-01-01T00:00:00Z"));
}
