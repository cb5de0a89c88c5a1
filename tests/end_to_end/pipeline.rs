//! Does the whole line hold? Live equals archive, and a kill costs nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::hook::{Hook, status};
use crate::support::{
    Dice, Killed, append, file, live, query, replay, repository, resonanz, run, stderr, stdout,
    wait_for, wait_for_answer,
};
use resonanz::connect::bundled_lines;
use resonanz::decode::{ArchiveLine, jetstream_frame};

const SECRET: &str = "whsec_cmVzb25hbnotdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OQ==";
/// Kills of one run.
const KILLS: usize = 50;
/// A process that has changed nothing for so long has nothing left to do.
const QUIET: Duration = Duration::from_millis(150);
/// Every row of each table. A live run stops inside a minute, so against an archive its last panes
/// are left out.
const EVERY_ROW: [&str; 4] = [
    "SELECT * FROM posts ORDER BY received_at, source, post_id",
    "SELECT * FROM mentions ORDER BY received_at, source, post_id, topic",
    "SELECT * FROM alerts ORDER BY at, alert_id, transition",
    "SELECT * FROM panes WHERE start < '2026-03-04T23:00:00Z' ORDER BY start, topic, source, lang",
];
const EVERY_PANE: &str = "SELECT * FROM panes ORDER BY start, topic, source, lang";

/// The bundled archive as Jetstream frames.
fn frames() -> Vec<String> {
    let mut frames = Vec::new();
    let mut lines = bundled_lines();
    while let Some(block) = lines.next_block().expect("the archive is whole") {
        for line in block.lines() {
            let line = ArchiveLine::parse(line).expect("the archive is well formed");
            frames.push(format!("{}\n", jetstream_frame(line).0));
        }
    }
    frames
}

/// A configuration in a folder of its own name, whose lake is `lake` beside it.
fn config(folder: &Path, url: &str, hook: &str) -> PathBuf {
    std::fs::create_dir_all(folder).expect("a folder");
    file(folder, "secret", SECRET);
    let demo = std::fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let demo = demo.replace("severity =", "receivers = [\"team\"]\nseverity =");
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\nupkeep_interval = \"1s\"\n\
         retain_text = \"never\"\nretain_mentions = \"never\"\nretain_panes = \"never\"\n[privacy]\nauthor_key_file = \"../author.key\"\n\
         [[source]]\nname = \"bluesky\"\ntype = \"websocket\"\nurl = \"{url}\"\n\
         [[receiver]]\nname = \"team\"\nurl = \"{hook}\"\ninternal = true\nsecret_file = \"secret\"\n{demo}"
    );
    file(folder, "resonanz.toml", text)
}

/// A receiver that checks signatures with the reference implementation.
fn receiver() -> Hook {
    Hook::answering(|request, _| {
        status(if request.is_signed_by(SECRET) { "204 No Content" } else { "401 Unauthorized" })
    })
}

/// The number of the last commit.
fn last_commit(lake: &Path) -> u64 {
    let entries = std::fs::read_dir(lake.join("_resonanz/commits")).into_iter().flatten().flatten();
    let numbers =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok());
    numbers.max().unwrap_or(0)
}

/// What a step of a commit changes: names among the last commit's files, and the times of the
/// folders that hold the tables' logs and days.
fn trace(lake: &Path) -> (Vec<OsString>, Vec<SystemTime>) {
    let entries = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries(lake.join("_resonanz/commits")).map(|entry| entry.file_name()).collect();
    let tables = ["posts", "mentions", "panes", "alerts"].map(|name| lake.join(name));
    let folders = tables.into_iter().flat_map(entries);
    let times = folders.filter_map(|folder| folder.metadata().ok()?.modified().ok()).collect();
    (names, times)
}

/// Lets a process live until it has changed a number of things and some turns of a loop more, or
/// until it has nothing left to do.
fn live_for(process: &mut Killed, lake: &Path, changes: u64, turns: u64) {
    let (mut known, mut seen, mut since) = (trace(lake), 0, None::<Instant>);
    while seen < changes && since.is_none_or(|since| since.elapsed() < QUIET) {
        let now = trace(lake);
        if now != known {
            (known, seen, since) = (now, seen + 1, Some(Instant::now()));
        } else if process.0.try_wait().expect("a child").is_some() {
            return;
        } else {
            // Leaves the cores to the process.
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
    (0..turns).for_each(|_| std::thread::yield_now());
}

/// Merges the files of a lake that nobody writes.
fn compact(lake: &Path) -> Killed {
    let mut command = resonanz();
    command.args(["lake", "compact", "--lake"]).arg(lake);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Killed(child.expect("the process starts"))
}

/// A run over all frames that nobody kills.
fn uninterrupted(folder: &Path, url: &str, mentions: &str) -> (PathBuf, Hook) {
    let hook = receiver();
    let config = config(folder, url, &hook.url);
    let lake = folder.join("lake");
    finish(live(&config), &lake, mentions, &hook);
    (lake, hook)
}

/// Waits until all mentions are stored and all messages were sent, and ends the process.
fn finish(process: Killed, lake: &Path, mentions: &str, hook: &Hook) {
    wait_for_answer(lake, "SELECT count(*) FROM mentions", mentions);
    wait_for("both messages", || {
        let seen = hook.accepted();
        let has = |kind: &str| seen.iter().any(|request| request.json()["type"] == kind);
        (has("alert.fired") && has("alert.resolved")).then_some(())
    });
    assert_eq!(process.terminate(), Some(0));
}

/// Compares two lakes by a reader that is not ours, if `RESONANZ_PYTHON` names one that has it.
fn same_to_others(lake: &Path, other: &Path) {
    let Some(python) = std::env::var_os("RESONANZ_PYTHON") else { return };
    let script = repository(".ci/same_lake.py");
    let compared = Command::new(python).arg(script).args([lake, other]).output();
    let compared = compared.expect("Python runs");
    assert!(compared.status.success(), "{}{}", stdout(&compared), stderr(&compared));
}

#[test]
fn a_run_killed_fifty_times_ends_as_an_uninterrupted_one_and_as_reprocessing() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let frames = frames();
    let whole = file(folder.path(), "whole.jsonl", frames.concat());
    let (_server, url) = replay(&whole, &["--format", "jetstream", "--speed", "0"]);

    let archive = folder.path().join("archive");
    let hook = receiver();
    let topics = config(&folder.path().join("reprocessed"), &url, &hook.url);
    let worked = run(&[
        "reprocess",
        &text(&whole),
        "--format",
        "jetstream",
        "--source",
        "bluesky",
        "--config",
        &text(&topics),
        "--lake",
        &text(&archive),
    ]);
    assert!(worked.status.success(), "{}", stderr(&worked));
    assert!(stdout(&worked).contains("23703 posts"), "{}", stdout(&worked));
    assert!(hook.requests().is_empty(), "reprocessing pages nobody");
    let mentions = query(&archive, "SELECT count(*) FROM mentions");
    let (calm, heard) = uninterrupted(&folder.path().join("calm"), &url, &mentions);

    // The archive grows by one part before each start, so that no run can reach its end.
    let growing = file(folder.path(), "growing.jsonl", "");
    let (_server, url) = replay(&growing, &["--format", "jetstream", "--speed", "0"]);
    let hook = receiver();
    let config = config(&folder.path().join("killed"), &url, &hook.url);
    let lake = folder.path().join("killed/lake");
    let grow = |part: &[String]| append(&growing, part.concat());
    let mut parts = frames.chunks(frames.len().div_ceil(KILLS + 1));
    let (mut dice, mut advanced) = (Dice::new(), 0);
    for part in parts.by_ref().take(KILLS) {
        grow(part);
        let before = last_commit(&lake);
        let mut process = live(&config);
        live_for(&mut process, &lake, dice.below(30), dice.below(2_000));
        drop(process);
        advanced += usize::from(last_commit(&lake) > before);
        if dice.below(5) == 0 {
            live_for(&mut compact(&lake), &lake, dice.below(20), dice.below(500));
        }
    }
    assert!(advanced > KILLS / 4, "only {advanced} of {KILLS} runs came to a commit");
    parts.for_each(grow);
    finish(live(&config), &lake, &mentions, &hook);

    for sql in EVERY_ROW {
        let killed = query(&lake, sql);
        assert!(killed == query(&calm, sql), "killed and calm differ: {sql}");
        assert!(killed == query(&archive, sql), "live and archive differ: {sql}");
    }
    assert!(query(&lake, EVERY_PANE) == query(&calm, EVERY_PANE), "the last panes differ");
    same_to_others(&lake, &calm);
    let ids = |hook: &Hook| -> BTreeSet<String> {
        hook.accepted().iter().map(|request| request.id().to_owned()).collect()
    };
    assert_eq!(ids(&hook), ids(&heard), "the same messages, each under its own id");
    let told = query(&lake, "SELECT count(*) FROM alerts").parse().ok();
    assert_eq!(Some(ids(&hook).len()), told, "one id for each transition");
}
