//! Does a process that cannot write say so, and lose nothing? A full disk, a lost folder, another's
//! lake in its place, all while nothing comes in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::hook::Hook;
use crate::support::{
    Killed, append, copy, file, free_port, get, query, resonanz, run, stderr, wait_for,
};

/// A running process with a receiver, that follows a file in which nothing stands yet.
struct Scene {
    folder: tempfile::TempDir,
    hook: Hook,
    port: u16,
    config: PathBuf,
    lake: PathBuf,
}

impl Scene {
    /// A configuration for a lake in this place, inside the scene's folder.
    fn new(lake: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (hook, port) = (Hook::new(), free_port());
        let posts = file(folder.path(), "posts.jsonl", "");
        let lake = folder.path().join(lake);
        let text = format!(
            "[lake]\npath = \"{}\"\narchive = \"all\"\ncommit_interval = \"50ms\"\n\
             [serve]\nlisten = \"127.0.0.1:{port}\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"{}\"\nfollow = true\n\
             [[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
             [[rule]]\nname = \"many\"\ntype = \"threshold\"\nmeasure = \"mentions\"\ncount = 3\n\
             window = \"2m\"\nmin_authors = 0\nreceivers = [\"team\"]\n",
            lake.display(),
            posts.display(),
            hook.url,
        );
        let config = file(folder.path(), "resonanz.toml", text);
        Self { folder, hook, port, config, lake }
    }

    fn run(&self) -> Killed {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config);
        let screen = std::fs::File::create(self.screen()).expect("a file");
        let child = command.stdout(screen).stderr(Stdio::null()).spawn();
        Killed(child.expect("the process starts"))
    }

    fn screen(&self) -> PathBuf {
        self.folder.path().join("screen.txt")
    }

    fn post(&self, numbers: std::ops::Range<u32>) {
        let post = |number: u32| {
            format!(
                "{{\"id\":\"{number}\",\"posted_at\":\"2026-03-01T12:00:{:02}Z\",\"text\":\"acme {number}\"}}\n",
                number % 60
            )
        };
        append(&self.folder.path().join("posts.jsonl"), numbers.map(post).collect::<String>());
    }

    /// Waits until the process says how it is; what it says.
    fn health(&self, status: &str) -> Value {
        wait_for(&format!("health {status}"), || {
            let health: Value = serde_json::from_str(&get(self.port, "/healthz")?).ok()?;
            (health["status"] == status).then_some(health)
        })
    }

    /// Waits until the lake holds so many posts, as the process itself answers.
    fn holds(&self, posts: usize) {
        let path = "/api/v1/sql?q=SELECT%20count(DISTINCT%20post_id)%20AS%20n,count(*)%20AS%20m%20FROM%20posts";
        let wanted = format!("\"n\":{posts},\"m\":{posts}");
        wait_for(&wanted, || get(self.port, path)?.contains(&wanted).then_some(()));
    }

    /// Waits until the receiver was told of this; the message.
    fn told(&self, kind: &str) -> Value {
        wait_for(kind, || {
            self.hook.accepted().iter().map(|one| one.json()).find(|body| body["type"] == kind)
        })
    }

    fn says_on_its_screen(&self, wanted: &str) {
        wait_for(wanted, || {
            let screen = std::fs::read_to_string(self.screen()).unwrap_or_default();
            screen.contains(wanted).then_some(())
        });
    }
}

#[test]
fn a_lost_folder_is_told_of_and_nothing_is_lost_once_it_is_back() {
    let scene = Scene::new("lake");
    let process = scene.run();
    scene.post(0..1);
    scene.health("ok");
    scene.holds(1);
    let away = scene.folder.path().join("away");
    std::fs::rename(&scene.lake, &away).expect("moved");
    // Nothing comes in.
    let health = scene.health("failing");
    // By the system's words, or by those of the table format's library.
    let gone = |why: &str| why.contains("No such file") || why.contains("File not found");
    assert!(health["reason"].as_str().is_some_and(gone), "{health}");
    scene.post(1..6);
    scene.says_on_its_screen("CANNOT WRITE since ");
    let failing = scene.told("operations.failing");
    assert_eq!(failing["data"]["severity"], "critical");
    assert!(failing["data"]["why"].as_str().is_some_and(|why| why.contains("lake")), "{failing}");
    let metrics = get(scene.port, "/metrics").expect("metrics");
    assert!(metrics.contains("resonanz_lake_failing 1\n"), "{metrics}");
    assert!(!scene.lake.exists(), "no second lake is begun");
    assert!(scene.hook.accepted().iter().all(|one| one.json()["type"] != "alert.fired"));

    std::fs::rename(&away, &scene.lake).expect("moved back");
    scene.health("ok");
    scene.holds(6);
    let recovered = scene.told("operations.recovered");
    assert_eq!(recovered["data"]["incident"], failing["data"]["incident"]);
    scene.told("alert.fired");
    assert_eq!(process.terminate(), Some(0));
    let checked = run(&["lake", "verify", "--lake", scene.lake.to_str().expect("UTF-8")]);
    assert!(checked.status.success(), "{}", stderr(&checked));
}

#[test]
fn an_older_lake_in_the_place_of_ours_ends_the_process_aloud() {
    let scene = Scene::new("lake");
    let mut process = scene.run();
    scene.post(0..1);
    scene.health("ok");
    scene.holds(1);
    let (older, away) = (scene.folder.path().join("older"), scene.folder.path().join("away"));
    copy(&scene.lake, &older);
    scene.post(1..2);
    scene.holds(2);
    std::fs::rename(&scene.lake, &away).expect("moved");
    scene.post(2..3);
    scene.says_on_its_screen("CANNOT WRITE since ");
    std::fs::rename(&older, &scene.lake).expect("moved");
    let stopped = scene.told("operations.stopped");
    assert!(
        stopped["data"]["why"].as_str().is_some_and(|why| why.contains("this process has written")),
        "{stopped}"
    );
    // The source is quiet, and would go on for ever.
    assert_eq!(process.0.wait().expect("it ends").code(), Some(2));
    assert_eq!(query(&scene.lake, "SELECT count(*) FROM posts"), "1", "it was left as it was");
}

/// A disk of its own needs a mount namespace; without the right to one there is nothing to see.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_is_told_of_while_all_is_quiet_and_nothing_is_lost() {
    let scene = Scene::new("disk/lake");
    let disk = scene.folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let script = r#"
        mount -t tmpfs -o size=16m none "$1/disk" || { touch "$1/skipped"; exit 77; }
        touch "$1/mounted"
        "$2" run --config "$1/resonanz.toml" > "$1/screen.txt" &
        until [ -e "$1/fill" ] || [ ! -e "$1/mounted" ]; do sleep 0.1; done
        cat /dev/zero > "$1/disk/ballast"
        until [ -e "$1/free" ] || [ ! -e "$1/mounted" ]; do sleep 0.1; done
        rm "$1/disk/ballast"
        until [ -e "$1/end" ] || [ ! -e "$1/mounted" ]; do sleep 0.1; done
        kill $!; wait $!; echo "ended: $?" > "$1/code.txt"
        "$2" lake verify --lake "$1/disk/lake" || echo "damaged" >> "$1/code.txt"
    "#;
    let child = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .args([scene.folder.path(), Path::new(env!("CARGO_BIN_EXE_resonanz"))])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let mut child = child.expect("util-linux is there");
    let there = |name: &str| scene.folder.path().join(name).exists();
    let skipped = wait_for("a disk", || {
        let ended = child.try_wait().expect("a child").is_some();
        (ended || there("mounted") || there("skipped")).then(|| ended || there("skipped"))
    });
    if skipped {
        return;
    }
    scene.post(0..1);
    scene.health("ok");
    scene.holds(1);
    file(scene.folder.path(), "fill", "");
    let health = scene.health("failing");
    assert!(health["reason"].as_str().is_some_and(|why| why.contains("No space left")), "{health}");
    assert!(health["hint"].as_str().is_some_and(|hint| hint.contains("free some space")));
    scene.says_on_its_screen("CANNOT WRITE since ");
    scene.told("operations.failing");
    scene.post(1..6);
    append(&scene.folder.path().join("posts.jsonl"), "not a post\n");
    scene.post(6..8);
    file(scene.folder.path(), "free", "");
    scene.told("operations.recovered");
    scene.holds(8);
    scene.told("alert.fired");
    file(scene.folder.path(), "end", "");
    child.wait().expect("the script ends");
    let code = std::fs::read_to_string(scene.folder.path().join("code.txt")).expect("a file");
    assert_eq!(code, "ended: 1\n", "one line was refused");
}
