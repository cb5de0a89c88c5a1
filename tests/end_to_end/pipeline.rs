//! Does the whole line hold? Live equals archive, and a kill costs nothing.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use crate::support::{Killed, query, replay, repository, resonanz, run, stderr, stdout, wait_for};
use resonanz::connect::bundled_lines;
use resonanz::connect::decode::{ArchiveLine, jetstream_frame};

const SECRET: &str = "whsec_cmVzb25hbnotdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OQ==";
const MENTIONS: &str = "SELECT received_at, posted_at, topic, source, post_id, author, score, target_score, polarity, terms, text FROM mentions ORDER BY received_at, post_id, topic";
const ALERTS: &str = "SELECT at, alert_id, topic, transition, observed, expected, p_value, novelty, mentions, authors, evidence FROM alerts ORDER BY at, alert_id";
/// A live run stops inside a minute, so its last panes stay open.
const PANES: &str =
    "SELECT * FROM panes WHERE start < '2026-03-04T23:00:00Z' ORDER BY start, topic, lang";

/// The bundled archive as Jetstream frames in a file.
fn frames(folder: &Path) -> PathBuf {
    let path = folder.join("frames.jsonl");
    let mut out = BufWriter::new(File::create(&path).expect("a file"));
    let mut lines = bundled_lines();
    while let Some(block) = lines.next_block().expect("the archive is whole") {
        for line in block.lines() {
            let (frame, _) =
                jetstream_frame(ArchiveLine::parse(line).expect("the archive is well formed"));
            writeln!(out, "{frame}").expect("written");
        }
    }
    out.flush().expect("written");
    path
}

fn config(folder: &Path, url: &str, hook: &str) -> PathBuf {
    let secret = folder.join("secret");
    File::create(&secret).and_then(|mut file| file.write_all(SECRET.as_bytes())).expect("a file");
    let demo = std::fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let demo = demo.replace("severity =", "receivers = [\"team\"]\nseverity =");
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[privacy]\nauthor_key_file = \"author.key\"\n\
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

#[test]
fn a_run_killed_many_times_ends_as_an_uninterrupted_one_and_as_reprocessing() {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = frames(folder.path());
    let (_server, url) = replay(&frames, &["--format", "jetstream", "--speed", "60000"]);
    let (hook, seen) = receiver();
    let config = config(folder.path(), &url, &hook);
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();

    let archive = folder.path().join("archive-lake");
    let worked = run(&[
        "reprocess",
        &text(&frames),
        "--format",
        "jetstream",
        "--source",
        "bluesky",
        "--config",
        &text(&config),
        "--lake",
        &text(&archive),
    ]);
    assert!(worked.status.success(), "{}", stderr(&worked));
    assert!(stdout(&worked).contains("23703 posts"), "{}", stdout(&worked));
    assert!(seen.lock().expect("not poisoned").is_empty(), "reprocessing pages nobody");
    let mentions = query(&archive, "SELECT count(*) FROM mentions");

    let lake = folder.path().join("lake");
    let mut kills = 0;
    for round in 0..12 {
        let before = last_commit(&lake);
        let process = start(&config);
        wait_for("a commit", || (last_commit(&lake) > before + round % 3).then_some(()));
        drop(process);
        kills += 1;
        if query(&lake, "SELECT count(*) FROM mentions") == mentions {
            break;
        }
    }
    assert!(kills >= 3, "the replay was over after {kills} kills");
    let process = start(&config);
    wait_for("all mentions", || {
        (query(&lake, "SELECT count(*) FROM mentions") == mentions).then_some(())
    });
    wait_for("both messages", || {
        let seen = seen.lock().expect("not poisoned");
        let has = |kind: &str| {
            seen.values().any(|(_, body)| body.contains(&format!("\"type\":\"alert.{kind}\"")))
        };
        (has("fired") && has("resolved")).then_some(())
    });
    assert_eq!(terminate(process), Some(0));

    for sql in [MENTIONS, ALERTS, PANES] {
        assert!(query(&lake, sql) == query(&archive, sql), "live and archive differ: {sql}");
    }
    let told = query(&lake, "SELECT count(*) FROM alerts").parse().ok();
    assert_eq!(Some(seen.lock().expect("not poisoned").len()), told, "one id for each transition");
}
