//! Does the whole line hold? Live equals archive, and a kill costs nothing.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::support::{
    Killed, file, query, replay, repository, resonanz, run, stderr, stdout, wait_for,
};
use resonanz::connect::bundled_lines;
use resonanz::connect::decode::{ArchiveLine, jetstream_frame};

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
    let secret = folder.join("secret");
    File::create(&secret).and_then(|mut file| file.write_all(SECRET.as_bytes())).expect("a file");
    let demo = std::fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let demo = demo.replace("severity =", "receivers = [\"team\"]\nseverity =");
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[privacy]\nauthor_key_file = \"../author.key\"\n\
         [[source]]\nname = \"bluesky\"\ntype = \"websocket\"\nurl = \"{url}\"\n\
         [[receiver]]\nname = \"team\"\nurl = \"{hook}\"\ninternal = true\nsecret_file = \"secret\"\n{demo}"
    );
    let path = folder.join("resonanz.toml");
    File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("a file");
    path
}

/// What a receiver saw: the id of each message, how often it came, and its first body.
type Seen = Arc<Mutex<HashMap<String, (u32, String)>>>;

/// An HTTP receiver that checks signatures with the reference implementation.
fn receiver() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hook = format!("http://{}/hook", listener.local_addr().expect("bound"));
    let seen = Seen::default();
    let record = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Some((id, body)) = receive(stream) {
                record.lock().expect("not poisoned").entry(id).or_insert((0, body)).0 += 1;
            }
        }
    });
    (hook, seen)
}

fn receive(mut stream: TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    let (headers, body) = loop {
        let length = stream.read(&mut chunk).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers: HashMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        if body.len() >= headers.get("content-length")?.parse().ok()? {
            break (headers, body.to_owned());
        }
    };
    let mut checked = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        checked.insert(name, headers.get(name)?.parse().ok()?);
    }
    let reference = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    let valid = reference.verify(body.as_bytes(), &checked).is_ok();
    let answer = if valid { "204 No Content" } else { "401 Unauthorized" };
    write!(stream, "HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").ok()?;
    valid.then(|| (headers["webhook-id"].clone(), body))
}

/// The number of the last commit.
fn last_commit(lake: &Path) -> u64 {
    let entries = std::fs::read_dir(lake.join("_resonanz/commits")).into_iter().flatten().flatten();
    let numbers =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok());
    numbers.max().unwrap_or(0)
}

fn start(config: &Path) -> Killed {
    let child = resonanz()
        .args(["run", "--config"])
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Killed(child.expect("the process starts"))
}

fn terminate(mut process: Killed) -> Option<i32> {
    let id = process.0.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs")
            .success()
    );
    process.0.wait().expect("the process ends").code()
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
fn uninterrupted(folder: &Path, url: &str, mentions: &str) -> (PathBuf, Seen) {
    let (hook, seen) = receiver();
    let config = config(folder, url, &hook);
    let lake = folder.join("lake");
    let process = start(&config);
    finish(process, &lake, mentions, &seen);
    (lake, seen)
}

/// Waits until all mentions are stored and all messages were sent, and ends the process.
fn finish(process: Killed, lake: &Path, mentions: &str, seen: &Seen) {
    let count = "SELECT count(*) FROM mentions";
    let ready = || lake.join("alerts/_delta_log").exists();
    wait_for("all mentions", || (ready() && query(lake, count) == mentions).then_some(()));
    wait_for("both messages", || {
        let seen = seen.lock().expect("not poisoned");
        let has = |kind: &str| {
            seen.values().any(|(_, body)| body.contains(&format!("\"type\":\"alert.{kind}\"")))
        };
        (has("fired") && has("resolved")).then_some(())
    });
    assert_eq!(terminate(process), Some(0));
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
    let (hook, paged) = receiver();
    let topics = config(&folder.path().join("reprocessed"), &url, &hook);
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
    assert!(paged.lock().expect("not poisoned").is_empty(), "reprocessing pages nobody");
    let mentions = query(&archive, "SELECT count(*) FROM mentions");
    let (calm, heard) = uninterrupted(&folder.path().join("calm"), &url, &mentions);

    // The archive grows by one part before each start, so that no run can reach its end.
    let growing = file(folder.path(), "growing.jsonl", "");
    let (_server, url) = replay(&growing, &["--format", "jetstream", "--speed", "0"]);
    let (hook, seen) = receiver();
    let config = config(&folder.path().join("killed"), &url, &hook);
    let lake = folder.path().join("killed/lake");
    let grow = |part: &[String]| {
        let opened = OpenOptions::new().append(true).open(&growing);
        opened.and_then(|mut file| file.write_all(part.concat().as_bytes())).expect("written");
    };
    let mut parts = frames.chunks(frames.len().div_ceil(KILLS + 1));
    let (mut dice, mut advanced) = (Dice(0x9e37_79b9_7f4a_7c15), 0);
    for part in parts.by_ref().take(KILLS) {
        grow(part);
        let before = last_commit(&lake);
        let mut process = start(&config);
        live_for(&mut process, &lake, dice.below(30), dice.below(2_000));
        drop(process);
        advanced += usize::from(last_commit(&lake) > before);
        if dice.below(5) == 0 {
            live_for(&mut compact(&lake), &lake, dice.below(20), dice.below(500));
        }
    }
    assert!(advanced > KILLS / 4, "only {advanced} of {KILLS} runs came to a commit");
    parts.for_each(grow);
    finish(start(&config), &lake, &mentions, &seen);

    for sql in EVERY_ROW {
        let killed = query(&lake, sql);
        assert!(killed == query(&calm, sql), "killed and calm differ: {sql}");
        assert!(killed == query(&archive, sql), "live and archive differ: {sql}");
    }
    assert!(query(&lake, EVERY_PANE) == query(&calm, EVERY_PANE), "the last panes differ");
    same_to_others(&lake, &calm);
    let ids = |seen: &Seen| -> BTreeSet<String> {
        seen.lock().expect("not poisoned").keys().cloned().collect()
    };
    assert_eq!(ids(&seen), ids(&heard), "the same messages, each under its own id");
    let told = query(&lake, "SELECT count(*) FROM alerts").parse().ok();
    assert_eq!(Some(ids(&seen).len()), told, "one id for each transition");
}

/// A sequence of numbers without pattern (xorshift), the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
