//! Does an erasure survive kills? Whoever does it, and at whatever instant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::support::{Dice, Killed, append, file, live, query, resonanz, stderr, wait_for};
use crate::traces::Traces;

/// Authors that are erased, one in each round of kills.
const ROUNDS: usize = 24;
/// A lake in which nothing has changed for so long has nothing left to do.
const QUIET: Duration = Duration::from_millis(300);
/// Minutes that were closed before the first erasure.
const CLOSED: &str =
    "SELECT * FROM panes WHERE start < '2026-03-01T12:00:00Z' ORDER BY start, topic, source, lang";
const ROWS: [&str; 3] = [
    "SELECT * FROM posts ORDER BY received_at, source, post_id",
    "SELECT * FROM mentions ORDER BY received_at, source, post_id, topic",
    CLOSED,
];

/// An archive line about `acme`, posted in a minute of an hour.
fn line(author: &str, id: &str, hour: usize, minute: usize, text: &str) -> String {
    let at = format!("2026-03-01T{hour:02}:{minute:02}");
    format!(
        "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":\"{at}:01Z\",\"received_at\":\"{at}:02Z\",\"text\":\"acme is awful {text}\"}}\n"
    )
}

/// What an author writes in an hour, and something that is no post.
fn victim(round: usize, hour: usize) -> String {
    let author = format!("victim{round:02}");
    let of = |part: &str, minute| {
        let (id, word) =
            (format!("xpost{round:02}{part}{hour}"), format!("zebraword{round:02}{part}"));
        line(&author, &id, hour, minute, &word)
    };
    let cut = format!("{{\"id\":\"xpost{round:02}c{hour}\",\"author\":\"{author}\",\"text\n");
    [of("a", round), of("b", round), cut].concat()
}

/// What somebody else writes in the same minute.
fn other(round: usize, hour: usize) -> String {
    line("somebody", &format!("other{round:02}{hour}"), hour, round, &format!("mango{round:02}"))
}

struct Scene {
    folder: tempfile::TempDir,
    lake: PathBuf,
}

impl Scene {
    fn new(lines: &str, hour: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        file(folder.path(), "posts.jsonl", lines);
        file(folder.path(), "key", "5a".repeat(32));
        let lake = folder.path().join("lake");
        let scene = Self { folder, lake };
        scene.read_all(hour, lines.matches("awful").count());
        scene
    }

    /// A receiver that never answers keeps messages, and with them evidence, in the outbox.
    fn config(&self) -> PathBuf {
        let text = String::from(
            "[engine]\nidle = \"1h\"\n[privacy]\nauthor_key_file = \"key\"\n[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
             [[receiver]]\nname = \"team\"\nurl = \"http://127.0.0.1:1/hook\"\ninternal = true\n\
             [[rule]]\nname = \"r\"\ntype = \"threshold\"\ncount = 3\nmin_authors = 0\nwindow = \"5m\"\ncooldown = \"1m\"\nreceivers = [\"team\"]\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        );
        file(self.folder.path(), "run.toml", text)
    }

    fn append(&self, lines: &str) {
        append(&self.folder.path().join("posts.jsonl"), lines);
    }

    fn start(&self) -> Killed {
        live(&self.config())
    }

    /// Lets all lines be read: so many mentions, the last of them in this hour.
    fn read_all(&self, hour: usize, mentions: usize) {
        let sql = "SELECT count(*), CAST(date_part('hour', max(posted_at)) AS INT) FROM mentions";
        let wanted = format!("{mentions},{hour}");
        let _process = self.start();
        let made = || self.lake.join("alerts/_delta_log").exists();
        wait_for("all lines", || (made() && query(&self.lake, sql) == wanted).then_some(()));
    }

    fn erase(&self, round: usize) -> std::process::Command {
        let mut command = resonanz();
        command.args(["lake", "erase", "--yes", "--lake"]).arg(&self.lake);
        command.args(["--author", &format!("victim{round:02}")]);
        command.arg("--author-key-file").arg(self.folder.path().join("key"));
        command
    }

    fn own(&self, folder: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.lake.join("_resonanz").join(folder));
        let mut paths: Vec<PathBuf> =
            entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    }

    /// What is asked for and not done.
    fn open(&self) -> Vec<PathBuf> {
        let is_whole = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
        self.own("erasures").into_iter().filter(is_whole).collect()
    }

    /// What is asked for and what was done.
    fn asked(&self) -> Vec<PathBuf> {
        [self.open(), self.own("receipts")].concat()
    }

    /// Nothing is left to do, and one receipt says of each author what went.
    fn has_receipts(&self) {
        assert_eq!(self.own("erasures"), Vec::<PathBuf>::new());
        let mut mentions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for path in self.own("receipts") {
            let text = std::fs::read(&path).expect("a file");
            let receipt: Value = serde_json::from_slice(&text).expect("JSON");
            let count = receipt["rows"]["mentions"].as_u64().expect("a count");
            let author = receipt["tombstones"][0].as_str().expect("a tombstone");
            let counts = mentions.entry(author.to_owned()).or_default();
            counts.extend((count > 0).then_some(count));
        }
        assert_eq!(mentions.len(), ROUNDS);
        for counts in mentions.values() {
            assert!(matches!(counts[..], [2..=4]), "two of the first hour: {mentions:?}");
        }
    }
}

fn spawn(command: &mut std::process::Command) -> Killed {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Killed(child.expect("the process starts"))
}

/// When each folder of a lake last changed.
fn trace(lake: &Path) -> Vec<SystemTime> {
    let (mut folders, mut times) = (vec![lake.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        times.extend(folder.metadata().and_then(|metadata| metadata.modified()));
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    times
}

/// Waits until a lake has changed a number of times and some turns of a loop more, or until
/// nothing changes any more.
fn changes(lake: &Path, count: u64, turns: u64) {
    let (mut known, mut seen, mut since) = (trace(lake), 0, Instant::now());
    while seen < count && since.elapsed() < QUIET {
        let now = trace(lake);
        if now == known {
            // Leaves the cores to the process.
            std::thread::park_timeout(Duration::from_millis(1));
        } else {
            (known, seen, since) = (now, seen + 1, Instant::now());
        }
    }
    (0..turns).for_each(|_| std::thread::yield_now());
}

#[test]
fn erasures_that_are_killed_leave_nothing_and_take_nothing_else() {
    let (mut early, mut others) = (String::new(), String::new());
    for round in 0..ROUNDS {
        early += &(victim(round, 10) + &other(round, 10));
        others += &other(round, 10);
    }
    // Closes the panes of the hour before.
    let last = other(0, 11);
    let scene = Scene::new(&(early + &last), 11);
    others += &last;
    let before = Traces::of(&scene.lake);
    assert!(before.find("zebraword00a").is_some_and(|path| path.contains("_resonanz")));
    let key = |round: usize| {
        let sql =
            format!("SELECT DISTINCT author FROM mentions WHERE text LIKE '%word{round:02}a'");
        query(&scene.lake, &sql)
    };
    let keys: Vec<String> = (0..ROUNDS).map(key).collect();

    let (mut dice, mut cut) = (Dice::new(), 0);
    for round in 0..ROUNDS {
        scene.append(&(other(round, 12) + &victim(round, 12)));
        others += &other(round, 12);
        let writer = (dice.below(3) > 0).then(|| scene.start());
        changes(&scene.lake, dice.below(12), 0);
        let known = scene.asked();
        let asking = Some(spawn(&mut scene.erase(round)));
        if round % 2 == 0 {
            // As early as possible.
            wait_for("the request", || (scene.asked() != known).then_some(()));
        } else {
            changes(&scene.lake, dice.below(24), dice.below(2_000));
        }
        let (first, second) = if dice.below(2) == 0 { (asking, writer) } else { (writer, asking) };
        drop(first);
        if round % 2 == 1 {
            changes(&scene.lake, dice.below(24), dice.below(2_000));
        }
        drop(second);
        cut += usize::from(!scene.open().is_empty());
    }

    for round in 0..ROUNDS {
        let output = scene.erase(round).output().expect("the binary runs");
        assert!(output.status.success(), "{}", stderr(&output));
        scene.append(&victim(round, 13));
    }
    scene.append(&other(0, 13));
    others += &other(0, 13);
    scene.read_all(13, others.lines().count());
    assert!(cut > ROUNDS / 4, "only {cut} of {ROUNDS} rounds left something to do");
    scene.has_receipts();
    let traces = Traces::of(&scene.lake);
    for (round, key) in keys.iter().enumerate() {
        for text in [format!("xpost{round:02}"), format!("zebraword{round:02}"), key.clone()] {
            assert_eq!(traces.find(&text), None, "{text}");
        }
    }
    let calm = Scene::new(&others, 13);
    for sql in ROWS {
        assert_eq!(query(&scene.lake, sql), query(&calm.lake, sql), "{sql}");
    }
}
