//! Do new topics take the place of old ones as one, whoever reads, runs or kills meanwhile?

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::reprocess::{
    ALERTS, MENTIONS, PANES, archive, arguments, config, csv, parquet, reprocess, rows, rows_of,
};
use crate::support::{
    Killed, append, file, live, query, repository, resonanz, stderr, stdout, wait_for_answer,
};

/// Starts a job again and again, and kills it each time after one to three more commits, until it
/// ends by itself; how often it was killed.
fn kill_until_done(inputs: &[&str], config: &Path, lake: &Path, grows_in: &[PathBuf]) -> u32 {
    let commits = || -> u64 {
        let last = |lake: &PathBuf| -> u64 {
            let entries = fs::read_dir(lake.join("_resonanz/commits")).into_iter().flatten();
            let names = entries.flatten().filter_map(|entry| {
                entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok()
            });
            names.max().unwrap_or(0)
        };
        grows_in.iter().map(last).sum()
    };
    for kills in 0.. {
        let before = commits();
        let mut command = resonanz();
        command.arg("reprocess").args(inputs).args(arguments(config, lake));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut process = Killed(child.expect("the process starts"));
        // The number of looks after the last awaited commit makes the moment a different one.
        let mut looks = 1 + 7 * (kills % 11);
        loop {
            if let Some(status) = process.0.try_wait().expect("a child") {
                assert!(status.success(), "{status}");
                return kills;
            }
            if commits() > before + u64::from(kills % 3) {
                looks -= 1;
                if looks == 0 {
                    break;
                }
            }
            std::thread::yield_now();
        }
    }
    0
}

#[test]
fn a_new_lake_whose_job_was_killed_many_times_is_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let config = config(root, "");
    let posts = rows(&archive());
    let (first, rest) = posts.split_at(posts.len() / 3);
    let (second, third) = rest.split_at(rest.len() / 2);
    let lines: String = third.iter().map(|row| format!("{}\n", serde_json::json!(row))).collect();
    let map = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .expect("UTF-8")
            .replacen("uid", "id", 1)
            .replacen("body", "text", 1)
    };
    let inputs = [
        file(root, "1.csv", map(csv(first, b','))),
        file(root, "2.parquet", parquet(second)),
        file(root, "3.jsonl.gz", {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(lines.as_bytes()).expect("memory");
            encoder.finish().expect("memory")
        }),
    ];
    let inputs = inputs.map(|path| path.display().to_string());
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let (whole, broken) = (root.join("whole"), root.join("broken"));
    let worked = reprocess(&inputs, &config, &whole);
    assert!(worked.status.success(), "{}", stderr(&worked));
    let kills = kill_until_done(&inputs, &config, &broken, std::slice::from_ref(&broken));
    assert!(kills >= 3, "only {kills} kills");
    assert!(rows_of(&broken) == rows_of(&whole), "the rows differ after {kills} kills");
}

/// The demo's topics with another query for one of them.
fn wider(folder: &Path) -> PathBuf {
    let topics = fs::read_to_string(config(folder, "")).expect("a file");
    let demo = fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let old = demo.lines().find(|line| line.contains("query") && line.contains("nokia"));
    let old = old.expect("the demo listens for nokia");
    file(folder, "wider.toml", topics.replace(old, "query = 'nokia OR battery'"))
}

/// A lake under the demo's topics, and a fresh one of the same posts under wider topics.
struct Lakes {
    /// Removed when the test ends.
    folder: tempfile::TempDir,
    config: PathBuf,
    wider: PathBuf,
    all: Vec<u8>,
    whole: String,
    lake: PathBuf,
    fresh: PathBuf,
    old: [String; 3],
    new: [String; 3],
}

fn lakes() -> Lakes {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let (config, wider) = (config(root, ""), wider(root));
    let all = archive();
    let whole = file(root, "a.jsonl", &all).display().to_string();
    let (lake, fresh) = (root.join("lake"), root.join("fresh"));
    for (config, lake) in [(&config, &lake), (&wider, &fresh)] {
        let worked = reprocess(&[&whole], config, lake);
        assert!(worked.status.success(), "{}", stderr(&worked));
    }
    let (old, new) = (rows_of(&lake), rows_of(&fresh));
    assert!(old[0] != new[0] && old[1] != new[1], "the query makes a difference");
    Lakes { folder, config, wider, all, whole, lake, fresh, old, new }
}

#[test]
fn only_the_days_that_the_input_covers_are_replaced() {
    let Lakes { folder, config, wider, all, whole, lake, fresh, old, .. } = lakes();
    let root = folder.path();
    let dry = reprocess(&[&whole, "--dry-run", "--compare=json"], &wider, &lake);
    let said: serde_json::Value = serde_json::from_str(&stdout(&dry)).expect("JSON alone");
    let (nokia, zen) = (&said["topics"]["nokia"], &said["topics"]["zen"]);
    assert!(
        nokia["added"].as_u64() > Some(100) && nokia["samples"][0]["kind"] == "added",
        "{said}"
    );
    assert!(nokia["reasons"][0].as_str().is_some_and(|why| why.contains("query")), "{said}");
    assert!(zen["added"] == 0 && zen["removed"] == 0 && zen["kept"] == 188, "{said}");
    assert!(rows_of(&lake) == old, "a dry run changes nothing");

    // One of three days, and half a day.
    let lines = |from: &str, to: &str| -> String {
        let received = |line: &&str| {
            let at = line.split("\"received_at\":\"").nth(1).unwrap_or_default();
            at.get(..13).is_some_and(|hour| from <= hour && hour < to)
        };
        let text = std::str::from_utf8(&all).expect("UTF-8");
        text.lines().filter(received).map(|line| format!("{line}\n")).collect()
    };
    let half =
        file(root, "half.jsonl", lines("2026-03-03T00", "2026-03-03T12")).display().to_string();
    let refused = reprocess(&[&half], &wider, &lake);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("--partial-days"), "{}", stderr(&refused));
    assert!(rows_of(&lake) == old, "what is refused changes nothing");
    let day =
        file(root, "day.jsonl", lines("2026-03-03T00", "2026-03-04T00")).display().to_string();
    let worked = reprocess(&[&day], &wider, &lake);
    assert!(worked.status.success(), "{}", stderr(&worked));
    let on = |lake: &Path, days: &str| {
        query(
            lake,
            &format!(
                "SELECT * FROM mentions WHERE day {days} ORDER BY received_at, source, post_id, topic"
            ),
        )
    };
    assert!(on(&lake, "= '2026-03-03'") == on(&fresh, "= '2026-03-03'"), "the day is new");
    assert!(query(&lake, ALERTS) == old[2], "alerts stay");
    let others = "<> '2026-03-03'";
    let untouched = root.join("untouched");
    assert!(reprocess(&[&whole], &config, &untouched).status.success());
    assert!(on(&lake, others) == on(&untouched, others), "other days are old");
}

#[test]
fn rows_are_replaced_as_one_while_others_read() {
    let Lakes { folder: _folder, wider, whole, lake, fresh, old, new, .. } = lakes();
    let ids = "SELECT DISTINCT post_id FROM posts";
    let old_ids = query(&lake, ids);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = Vec::new();
            while !done.load(Ordering::Relaxed) {
                seen.push(query(&lake, MENTIONS));
            }
            seen
        });
        let worked = reprocess(&[&whole, "--compare"], &wider, &lake);
        done.store(true, Ordering::Relaxed);
        assert!(worked.status.success(), "{}", stderr(&worked));
        assert!(stdout(&worked).contains("replaced on 3 days"), "{}", stdout(&worked));
        let seen = reader.join().expect("the reader reads");
        assert!(seen.iter().all(|seen| *seen == old[0] || *seen == new[0]), "a mix was seen");
    });
    let found = rows_of(&lake);
    assert!(found[0] == new[0] && found[1] == new[1] && found[2] == old[2], "new, but for alerts");
    let posts = "SELECT count(*), count(DISTINCT post_id) FROM posts";
    let together = old_ids
        .lines()
        .chain(query(&fresh, ids).lines())
        .map(str::to_owned)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    assert_eq!(query(&lake, posts), format!("{together},{together}"), "no post is lost or doubled");

    let worked = reprocess(&[&whole, "--replace-alerts"], &wider, &lake);
    assert!(worked.status.success() && rows_of(&lake) == new, "{}", stderr(&worked));
    assert!(!lake.join("_resonanz/reprocess").exists(), "nothing is left over");
}

#[test]
fn a_replacement_that_was_killed_many_times_is_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let (config, wider) = (config(root, ""), wider(root));
    let whole = file(root, "a.jsonl", archive()).display().to_string();
    let (lake, fresh) = (root.join("lake"), root.join("fresh"));
    for (config, lake) in [(&config, &lake), (&wider, &fresh)] {
        assert!(reprocess(&[&whole], config, lake).status.success());
    }
    let grows_in = [lake.join("_resonanz/reprocess"), lake.clone()];
    let kills = kill_until_done(&[&whole], &wider, &lake, &grows_in);
    assert!(kills >= 3, "only {kills} kills");
    let (found, new) = (rows_of(&lake), rows_of(&fresh));
    assert!(found[0] == new[0] && found[1] == new[1], "the rows differ after {kills} kills");
}

#[test]
fn a_live_run_goes_on_from_where_it_stood() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let topics = config(root, "");
    let all = archive();
    let middle = all.len() / 2
        + all[all.len() / 2..].iter().position(|&byte| byte == b'\n').expect("lines")
        + 1;
    let log = file(root, "log.jsonl", &all[..middle]);
    let (lake, fresh) = (root.join("lake"), root.join("fresh"));
    let text = fs::read_to_string(&topics).expect("a file");
    let text = text.replace("path = \"unused\"", "path = \"lake\"\narchive = \"all\"");
    let source = format!(
        "[[source]]\nname = \"f\"\ntype = \"file\"\npath = \"{}\"\nfollow = true\n",
        log.display()
    );
    let running =
        file(root, "live.toml", text.replacen("[[topic]]", &format!("{source}[[topic]]"), 1));
    let holds = |posts: usize| {
        wait_for_answer(&lake, "SELECT count(*) FROM posts", &posts.to_string());
    };
    let first = rows(&all[..middle]).len();
    let run = live(&running);
    holds(first);
    let lake_arg = lake.display().to_string();
    let job = ["--from-lake", &lake_arg];
    let locked = reprocess(&job, &topics, &lake);
    assert_eq!(locked.status.code(), Some(2), "{}", stderr(&locked));
    assert!(stderr(&locked).contains("everything is read"), "{}", stderr(&locked));
    drop(run);
    let worked = reprocess(&job, &topics, &lake);
    assert!(worked.status.success(), "{}", stderr(&worked));
    append(&log, &all[middle..]);
    let run = live(&running);
    holds(23_703);
    drop(run);
    let input = log.display().to_string();
    assert!(reprocess(&[&input], &topics, &fresh).status.success());
    assert!(query(&lake, MENTIONS) == query(&fresh, MENTIONS), "mentions differ");
    // A live run stops inside a minute, so its last panes stay open.
    let until = |order: &str| {
        PANES.replace(" ORDER", &format!(" WHERE start < '2026-03-04T23:00:00Z' ORDER{order}"))
    };
    assert!(query(&lake, &until("")) == query(&fresh, &until("")), "panes differ");
    assert!(query(&lake, ALERTS) == query(&fresh, ALERTS), "alerts differ");
}
