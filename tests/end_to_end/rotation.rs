//! Does everything go on when the key of the author hashes is rotated, and is nothing left under the old
//! one? A lake that was rotated is one that was not, with other hashes in it.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use resonanz::privacy::{AuthorHasher, Keyring, Names, Rotation};

use crate::reprocess::archive;
use crate::store::Store;
use crate::support::{append, copy, file, query, repository, resonanz, stderr, stdout};
use crate::traces::Traces;

const ROWS: [&str; 4] = [
    "SELECT * FROM posts ORDER BY received_at, text",
    "SELECT * FROM mentions ORDER BY received_at, text, topic",
    "SELECT * FROM panes ORDER BY start, topic, source, lang",
    "SELECT * FROM alerts ORDER BY at, rule, transition",
];
/// A hash that is no author's: it is part of the ids of somebody's own posts.
const FOREIGN: &str = "9f86d081884c7d659a2feaa0c55ad015";

fn done(command: &mut Command) -> Output {
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    output
}

fn id(author: &str, number: usize) -> String {
    format!("at://did:plc:{author}/app.bsky.feed.post/{number}")
}

/// A post of a second of an hour; `more` are further fields. No two reach as many: which of posts that are
/// alike evidence shows depends on their ids.
fn post(author: &str, number: usize, second: usize, text: &str, more: &str) -> String {
    let at = format!("2026-03-01T10:{:02}:{:02}Z", second / 60, second % 60);
    let id = id(author, number);
    format!(
        "{{\"id\":\"{id}\",\"author\":\"did:plc:{author}\",\"posted_at\":\"{at}\",\"received_at\":\"{at}\",\"reach\":{number},\"text\":\"acme {text}\"{more}}}\n"
    )
}

/// What comes before the rotation: more speak in a minute than a pane remembers one by one.
fn first() -> String {
    let mut lines = String::new();
    for number in 0..30 {
        let author = format!("a{}", number % 7);
        lines += &post(&author, number, 3 * number, &format!("is awful, number {number}"), "");
    }
    let own = format!(
        "{{\"id\":\"{FOREIGN}\",\"author\":\"blog\",\"posted_at\":\"2026-03-01T10:02:00Z\",\"received_at\":\"2026-03-01T10:02:00Z\",\"text\":\"acme is bad\"}}\n"
    );
    lines + &post("victim", 90, 200, "is bad", "") + &own
}

/// What comes after it: the same people again, answers to what was said before, what is there already,
/// and somebody who was erased.
fn second() -> String {
    let mut lines = first();
    for number in 100..120 {
        let author = format!("a{}", number % 9);
        lines +=
            &post(&author, number, 300 + number - 100, &format!("is ugly, number {number}"), "");
    }
    let answers = |to: String| format!(",\"parent\":\"{to}\",\"thread\":\"{to}\"");
    lines += &post("us", 200, 330, "is sorry", &answers(id("a1", 1)));
    lines += &post("a2", 201, 340, "is what I mean", &answers(id("a3", 3)));
    lines += &post("victim", 91, 350, "is still bad", "");
    lines + &post("a1", 300, 1_500, "opens on Monday", "")
}

/// A folder with a configuration, posts and a lake.
struct Scene {
    folder: PathBuf,
}

impl Scene {
    fn new(folder: &Path) -> Self {
        let text = "[lake]\npath = \"lake\"\narchive = \"all\"\ncommit_interval = \"1ms\"\nupkeep_interval = \"never\"\n\
             [privacy]\nauthor_key_file = \"key\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\n\
             [[receiver]]\nname = \"team\"\nurl = \"http://127.0.0.1:1/hook\"\ninternal = true\n\
             [[rule]]\nname = \"many\"\ntype = \"threshold\"\ncount = 3\nwindow = \"5m\"\ncooldown = \"1m\"\nreceivers = [\"team\"]\n\
             [[rule]]\nname = \"open\"\ntype = \"unanswered\"\nwithin = \"5m\"\nreceivers = [\"team\"]\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\naccounts = [\"did:plc:us\"]\n";
        std::fs::create_dir_all(folder).expect("a folder");
        file(folder, "run.toml", text);
        file(folder, "posts.jsonl", first());
        file(folder, "key", "5a".repeat(32));
        Self { folder: folder.to_owned() }
    }

    /// The same as it is now, elsewhere.
    fn copied(&self, name: &str) -> Self {
        let folder = self.folder.with_file_name(name);
        copy(&self.folder, &folder);
        Self { folder }
    }

    fn lake(&self) -> PathBuf {
        self.folder.join("lake")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = resonanz();
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs to the end of the posts; the receiver is not there.
    fn run(&self) {
        let ended = self.command(&["run", "--config", "run.toml"]).output();
        let ended = ended.expect("the binary runs");
        assert!(ended.status.code().is_some_and(|code| code < 2), "{}", stderr(&ended));
    }

    fn rotate(&self) -> Command {
        self.command(&["privacy", "rotate-key", "--yes", "--config", "run.toml"])
    }

    fn erase(&self, author: &str) -> Output {
        done(
            &mut self
                .command(&["lake", "erase", "--yes", "--config", "run.toml", "--author", author]),
        )
    }

    fn go_on(&self) {
        append(&self.folder.join("posts.jsonl"), second());
        self.run();
    }

    fn ring(&self) -> Keyring {
        let text = std::fs::read_to_string(self.folder.join("key")).expect("a key");
        Keyring::parse(&text).expect("keys")
    }

    fn rows(&self) -> Vec<String> {
        ROWS.iter().map(|sql| query(&self.lake(), sql)).collect()
    }

    /// These rows, which stand under the first key, as they are under ours.
    fn turned(&self, rows: &[String]) -> Vec<String> {
        let ring = self.ring();
        let rotation = Rotation::new(&ring.clone().at(0), &ring, Names::Hash);
        let turned = |rows: &String| {
            let rows = rows.replace(FOREIGN, "<foreign>");
            rotation.id(rows.as_str().into()).replace("<foreign>", FOREIGN)
        };
        rows.iter().map(turned).collect()
    }
}

fn same(left: &[String], right: &[String], what: &str) {
    for (left, right) in left.iter().zip(right) {
        for (left, right) in left.lines().zip(right.lines()) {
            assert_eq!(left, right, "{what}");
        }
        assert_eq!(left.lines().count(), right.lines().count(), "{what}");
    }
}

/// The hashes of all who spoke before the rotation, under the first key.
fn hashes() -> Vec<String> {
    let authors = AuthorHasher::new([0x5a; 32]);
    let names = (0..7).map(|number| format!("did:plc:a{number}")).chain(["blog".to_owned()]);
    names.map(|name| authors.hash(&name).to_string()).collect()
}

#[test]
fn a_lake_whose_key_was_rotated_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().expect("a folder");
    let calm = Scene::new(&folder.path().join("calm"));
    calm.run();
    calm.erase("did:plc:victim");
    let scene = calm.copied("rotated");
    let backup = calm.copied("backup");
    let old_hashes = Traces::of(&scene.lake());
    for hash in hashes() {
        assert!(old_hashes.find(&hash).is_some(), "it was there");
    }

    let refused = scene.command(&["privacy", "rotate-key", "--config", "run.toml"]).output();
    assert_eq!(refused.expect("the binary runs").status.code(), Some(2), "not without --yes");
    let said = stdout(&done(&mut scene.rotate()));
    assert!(said.contains("rotated, with") && said.contains("rows of mentions"), "{said}");
    assert_eq!(scene.ring().rotations(), 1);
    let traces = Traces::of(&scene.lake());
    for hash in hashes() {
        assert_eq!(traces.find(&hash), None, "{hash} is left");
    }
    same(&scene.rows(), &scene.turned(&calm.rows()), "right after it");
    done(&mut scene.rotate());
    assert_eq!(scene.ring().rotations(), 2, "again, whenever it is wanted");

    calm.go_on();
    scene.go_on();
    assert_eq!(
        query(&scene.lake(), "SELECT count(*) FROM mentions WHERE text LIKE '%still bad%'"),
        "0"
    );
    assert_ne!(query(&calm.lake(), "SELECT count(*) FROM alerts WHERE rule = 'open'"), "0");
    same(&scene.rows(), &scene.turned(&calm.rows()), "after the second half");

    for lake in [&calm, &scene] {
        let receipt = stdout(&lake.erase("@did:plc:A2"));
        assert!(receipt.contains("\"mentions\": 8"), "found by name: {receipt}");
    }
    same(&scene.rows(), &scene.turned(&calm.rows()), "after an erasure");

    // The old key alone finds nobody; a copy from before is still read under the file of today.
    std::fs::copy(scene.folder.join("key"), backup.folder.join("key")).expect("a copy");
    let export = ["lake", "export", "--config", "run.toml", "--author", "did:plc:a1"];
    assert!(stdout(&done(&mut backup.command(&export))).contains("number 1"));
    file(&scene.folder, "key", "5a".repeat(32));
    let refused = scene.command(&export).output().expect("the binary runs");
    assert_eq!(refused.status.code(), Some(2), "{}", stdout(&refused));
    assert!(stderr(&refused).contains("is not the key under which"), "{}", stderr(&refused));
}

#[test]
fn a_rotation_that_breaks_off_anywhere_was_not_begun_or_is_finished() {
    let folder = tempfile::tempdir().expect("a folder");
    let begun = Scene::new(&folder.path().join("begun"));
    begun.run();
    begun.erase("did:plc:victim");
    let calm = begun.copied("calm");
    calm.go_on();
    for (point, is_planned) in [
        ("rotate.key", false),
        ("rotate.files", false),
        ("rotate.beside", false),
        ("rotate.planned", true),
        ("commit.manifest", true),
        ("commit.table:6", true),
        ("commit.table:8", true),
        ("commit.applied", true),
        ("rotate.done", true),
        ("rotate.moved", true),
        ("rotate.moved:2", true),
    ] {
        let scene = begun.copied(&point.replace(':', "-"));
        let broken = scene.rotate().env("RESONANZ_CRASH_AT", point).output().expect("it runs");
        assert_eq!(broken.status.signal(), Some(6), "{point}: {}", stderr(&broken));
        if is_planned {
            let refused = scene.command(&["run", "--config", "run.toml"]).output();
            let refused = refused.expect("the binary runs");
            assert_eq!(refused.status.code(), Some(2), "{point}");
            assert!(stderr(&refused).contains("rotate-key"), "{}", stderr(&refused));
        } else {
            // It was not begun: a copy goes on under the key of before.
            let other = scene.copied("other");
            other.go_on();
            same(&other.rows(), &calm.rows(), point);
            std::fs::remove_dir_all(other.folder).expect("removed");
        }
        done(&mut scene.rotate());
        assert_eq!(scene.ring().rotations(), 1, "{point}: no further key");
        let traces = Traces::of(&scene.lake());
        for hash in hashes() {
            assert_eq!(traces.find(&hash), None, "{point}");
        }
        scene.go_on();
        same(&scene.rows(), &scene.turned(&calm.rows()), point);
    }
}

#[test]
fn shards_are_rotated_together_and_catch_up_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = std::fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let text = format!(
        "[lake]\npath = \"lake\"\narchive = \"all\"\n[privacy]\nauthor_key_file = \"key\"\n{demo}"
    );
    file(folder.path(), "run.toml", text);
    file(folder.path(), "key", "5a".repeat(32));
    file(folder.path(), "archive.jsonl", archive());
    for shard in ["1/2", "2/2"] {
        let mut command = resonanz();
        command.args(["reprocess", "archive.jsonl", "--config", "run.toml", "--shard", shard]);
        done(command.current_dir(folder.path()));
    }
    let rows = || {
        let rows = |sql: &&str| query(&folder.path().join("lake"), sql);
        ROWS.iter().map(rows).collect::<Vec<_>>()
    };
    let before = rows();
    let rotate = || {
        let mut command = resonanz();
        command.args(["privacy", "rotate-key", "--yes", "--config", "run.toml"]);
        command.current_dir(folder.path());
        command
    };
    // The first of them is done, the second not begun.
    let broken = rotate().env("RESONANZ_CRASH_AT", "rotate.files:2").output().expect("it runs");
    assert_eq!(broken.status.signal(), Some(6), "{}", stderr(&broken));
    let said = stdout(&done(&mut rotate()));
    assert!(
        said.contains("under the last key already") && said.contains("rotated, with"),
        "{said}"
    );
    let scene = Scene { folder: folder.path().to_owned() };
    assert_eq!(scene.ring().rotations(), 1);
    same(&rows(), &scene.turned(&before), "both shards");
    assert_ne!(before[1], rows()[1]);

    let mut again = resonanz();
    again.args(["reprocess", "archive.jsonl", "--config", "run.toml", "--lake", "again"]);
    done(again.current_dir(folder.path()));
    let again = folder.path().join("again");
    same(&ROWS.map(|sql| query(&again, sql)), &rows(), "what is worked through under the new key");
}

#[test]
fn a_lake_in_a_bucket_is_rotated_and_another_machine_goes_on() {
    let Some(store) = Store::new(&[]) else { return };
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let source = |name: &str, posts: &str| file(store.root(), &format!("{name}.jsonl"), posts);
    source("far", &first());
    file(store.root(), "author.key", "5a".repeat(32));
    let config = text(&store.bucket_config("far", ""));
    let near = store.root().join("near");
    store.does(&["run", "--config", &config, "--state", &text(&near)]);
    for point in ["rotate.planned", "commit.manifest", "rotate.moved"] {
        let mut command = store.command();
        command.args(["privacy", "rotate-key", "--yes", "--config", &config, "--state"]).arg(&near);
        let broken = command.env("RESONANZ_CRASH_AT", point).output().expect("it runs");
        assert_eq!(broken.status.signal(), Some(6), "{point}: {}", stderr(&broken));
        store.does(&[
            "privacy",
            "rotate-key",
            "--yes",
            "--config",
            &config,
            "--state",
            &text(&near),
        ]);
    }
    let ring = std::fs::read_to_string(store.root().join("author.key")).expect("a key");
    assert_eq!(Keyring::parse(&ring).expect("keys").rotations(), 3);
    source("far", &second());
    store.does(&["run", "--config", &config, "--state", &text(&store.root().join("other"))]);

    file(store.root(), "author.key", "5a".repeat(32));
    source("calm", &second());
    let calm = text(&store.config("calm", "path = \"calm\"", ""));
    store.does(&["run", "--config", &calm]);
    let ring = Keyring::parse(&ring).expect("keys");
    let rotation = Rotation::new(&ring.clone().at(0), &ring, Names::Hash);
    for sql in ROWS {
        let wanted = query(&store.root().join("calm"), sql).replace(FOREIGN, "<foreign>");
        let wanted = rotation.id(wanted.as_str().into()).replace("<foreign>", FOREIGN);
        same(&[store.query("far", sql)], &[wanted], sql);
    }
}
