//! Does another machine go on where one has stopped, from the bucket alone? And does the first one, when it
//! comes back, lose?

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::hook::{Hook, status};
use crate::reprocess::archive;
use crate::store::Store;
use crate::support::{Killed, append, file, line, query, run, stderr, stdout, wait_for};

const COUNT: &str = "SELECT count(*), count(DISTINCT post_id) FROM mentions";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn posts(range: std::ops::Range<usize>) -> String {
    let post = |id: usize| {
        line(&id.to_string(), &format!("2026-03-01T11:{:02}:00Z", id % 60), "acme is horrible")
    };
    range.map(post).collect()
}

fn started(store: &Store, config: &Path, state: &Path) -> Killed {
    let mut command = store.command();
    command.args(["run", "--config", text(config), "--state", text(state)]);
    let log = fs::File::create(state.with_extension("log")).expect("a file");
    Killed(command.stdout(Stdio::null()).stderr(log).spawn().expect("it starts"))
}

fn signal(process: &Killed, name: &str) {
    let sent = Command::new("kill").args([name, &process.0.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

fn there(store: &Store, name: &str, count: &str) {
    wait_for(&format!("{count} mentions"), || {
        let lake = format!("s3://lakes/{name}");
        let output = store.run(&["query", "--format", "csv", "--lake", &lake, COUNT]);
        stdout(&output).trim_end().ends_with(&format!("\n{count}")).then_some(())
    });
}

#[test]
fn a_machine_with_an_empty_disk_goes_on_from_the_bucket_alone() {
    let Some(store) = Store::new(&[]) else { return };
    let all = archive();
    for name in ["moved", "calm"] {
        file(store.root(), &format!("{name}.jsonl"), &all);
    }
    let config = store.bucket_config("moved", "");
    // Each time on another machine; the last one is left alone.
    for machine in 0..5 {
        let state = store.root().join(format!("machine-{machine}"));
        let mut process = started(&store, &config, &state);
        let commits = state.join("commits");
        let begun = |entries: fs::ReadDir| entries.flatten().map(|entry| entry.file_name()).max();
        let first = wait_for("a commit", || fs::read_dir(&commits).ok().and_then(begun));
        wait_for("another commit", || {
            let now = fs::read_dir(&commits).ok().and_then(begun);
            let is_over = process.0.try_wait().expect("a child").is_some();
            (is_over || now.is_some_and(|now| now > first)).then_some(())
        });
    }
    let state = store.root().join("machine-last");
    store.does(&["run", "--config", text(&config), "--state", text(&state)]);
    let calm = store.config("calm", "path = \"calm\"", "");
    let ended = run(&["run", "--config", text(&calm)]);
    assert!(ended.status.success(), "{}", stderr(&ended));
    store.same("moved", &store.root().join("calm"));
    let script = "import boto3, sys; [print(o['Key']) for o in boto3.client('s3').list_objects_v2(Bucket='lakes', Prefix='moved/_resonanz/')['Contents']]";
    let listed = store.python().args(["-c", script]).output().expect("Python runs");
    let listed = stdout(&listed);
    assert!(listed.contains("/commits/") && !listed.contains("author.key"), "{listed}");
}

#[test]
fn who_was_thought_dead_and_comes_back_has_lost() {
    let Some(store) = Store::new(&[]) else { return };
    let config = store.bucket_config("fenced", "follow = true");
    let input = file(store.root(), "fenced.jsonl", posts(0..50));
    let [one, two] = ["one", "two"].map(|name| store.root().join(name));
    let mut zombie = started(&store, &config, &one);
    there(&store, "fenced", "50,50");
    signal(&zombie, "-STOP");
    append(&input, posts(50..100));
    let successor = started(&store, &config, &two);
    there(&store, "fenced", "100,100");
    // It wakes up with posts to commit under a number that is taken.
    signal(&zombie, "-CONT");
    append(&input, posts(100..150));
    let status = wait_for("the first one's end", || zombie.0.try_wait().expect("a child"));
    assert_eq!(status.code(), Some(2));
    let said = fs::read_to_string(one.with_extension("log")).expect("a log");
    assert!(said.contains("another process has made commit"), "{said}");
    there(&store, "fenced", "150,150");
    assert_eq!(successor.terminate(), Some(0));
    let verified = store.does(&["lake", "verify", "--lake", "s3://lakes/fenced"]);
    assert!(verified.contains(" 0 damaged"), "{verified}");
    // With its old folder it may come back: it goes on from the bucket, not from there.
    append(&input, posts(150..160));
    let again = started(&store, &config, &one);
    there(&store, "fenced", "160,160");
    drop(again);
}

#[test]
fn an_erasure_of_who_was_thought_dead_takes_no_file_of_the_other() {
    let Some(store) = Store::new(&[]) else { return };
    let config = store.bucket_config("erased", "follow = true");
    file(store.root(), "erased.jsonl", posts(0..50));
    file(store.root(), "more.jsonl", posts(0..100));
    let more = fs::read_to_string(&config).expect("a file").replace("erased.jsonl", "more.jsonl");
    let more = file(store.root(), "more.toml", more);
    let [one, two] = ["erases", "goes-on"].map(|name| store.root().join(name));
    let mut zombie = started(&store, &config, &one);
    there(&store, "erased", "50,50");
    signal(&zombie, "-STOP");
    let successor = started(&store, &more, &two);
    there(&store, "erased", "100,100");
    // It wakes up with nothing to commit, and is asked for an erasure that finds nothing.
    let mut command = store.command();
    command.args(["lake", "erase", "--yes", "--author", "nobody", "--config", text(&config)]);
    command.args(["--state", text(&one)]).stdout(Stdio::null()).stderr(Stdio::null());
    let asking = Killed(command.spawn().expect("it starts"));
    let asked = || fs::read_dir(one.join("erasures")).ok()?.flatten().next();
    wait_for("the request", asked);
    signal(&zombie, "-CONT");
    let status = wait_for("the first one's end", || zombie.0.try_wait().expect("a child"));
    drop(asking);
    assert_eq!(status.code(), Some(2));
    there(&store, "erased", "100,100");
    assert_eq!(successor.terminate(), Some(0));
    let verified = store.does(&["lake", "verify", "--lake", "s3://lakes/erased"]);
    assert!(verified.contains(" 0 damaged"), "{verified}");
}

#[test]
fn shards_that_were_thought_dead_and_come_back_have_lost() {
    let Some(store) = Store::new(&[]) else { return };
    let config = store.bucket_config("split", "follow = true");
    let input = file(store.root(), "split.jsonl", posts(0..50));
    let shards = |machine: &str| -> Vec<Killed> {
        let start = |shard: &str| {
            let (state, log) = (
                store.root().join(machine),
                format!("{machine}-{}.log", shard.replace('/', "-of-")),
            );
            let mut command = store.command();
            command.args(["run", "--shard", shard, "--config", text(&config), "--state"]);
            command.arg(state).stdout(Stdio::null());
            let log = fs::File::create(store.root().join(log)).expect("a file");
            Killed(command.stderr(log).spawn().expect("it starts"))
        };
        ["1/2", "2/2"].map(start).into()
    };
    let mut zombies = shards("first");
    there(&store, "split", "50,50");
    zombies.iter().for_each(|zombie| signal(zombie, "-STOP"));
    append(&input, posts(50..100));
    let successors = shards("second");
    there(&store, "split", "100,100");
    zombies.iter().for_each(|zombie| signal(zombie, "-CONT"));
    append(&input, posts(100..150));
    for (number, zombie) in (1..).zip(&mut zombies) {
        let status = wait_for("a first one's end", || zombie.0.try_wait().expect("a child"));
        let log = fs::read_to_string(store.root().join(format!("first-{number}-of-2.log")));
        let said = log.expect("a log");
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains("another process has made commit"), "{said}");
    }
    there(&store, "split", "150,150");
    for successor in successors {
        assert_eq!(successor.terminate(), Some(0));
    }
    for number in 1..=2 {
        let lake = format!("s3://lakes/split/shard-{number}-of-2");
        let verified = store.does(&["lake", "verify", "--lake", &lake]);
        assert!(verified.contains(" 0 damaged"), "{verified}");
    }
}

#[test]
fn messages_and_silences_move_with_the_commits() {
    let Some(store) = Store::new(&[]) else { return };
    let dead = Hook::answering(|_, _| status("503 Service Unavailable"));
    let rules = |url: &str| {
        format!(
            "follow = true\n[[rule]]\nname = \"many\"\ntype = \"threshold\"\ncount = 5\nwindow = \"1h\"\nmin_authors = 0\nreceivers = [\"hook\"]\n\
         [[receiver]]\nname = \"hook\"\nurl = \"{url}\"\ninternal = true\n"
        )
    };
    let input = file(store.root(), "told.jsonl", posts(0..50));
    let config = store.bucket_config("told", &rules(&dead.url));
    let [one, two] = ["told-one", "told-two"].map(|name| store.root().join(name));
    let first = started(&store, &config, &one);
    there(&store, "told", "50,50");
    let tried =
        wait_for("an attempt", || dead.requests().first().map(|request| request.id().to_owned()));
    let silence = [
        "alerts",
        "silence",
        "--topic",
        "acme",
        "--for",
        "1d",
        "--comment",
        "moved",
        "--lake",
        "s3://lakes/told",
    ];
    store.does(&[&silence[..], &["--state", text(&one)]].concat());
    append(&input, posts(50..60));
    there(&store, "told", "60,60");
    drop(first);
    // The first machine burns down; the receiver can be reached again.
    fs::remove_dir_all(&one).expect("removed");
    let alive = Hook::new();
    let config = store.bucket_config("told", &rules(&alive.url));
    let second = started(&store, &config, &two);
    wait_for("the message", || {
        alive.requests().iter().any(|request| request.id() == tried).then_some(())
    });
    drop(second);
    let silences =
        store.does(&["alerts", "silences", "--lake", "s3://lakes/told", "--state", text(&two)]);
    assert!(silences.contains("moved"), "{silences}");
}

#[test]
fn a_lake_moves_into_a_bucket_and_back_with_all_that_it_knows() {
    let Some(store) = Store::new(&[]) else { return };
    let dead = Hook::answering(|_, _| status("503 Service Unavailable"));
    let alive = Hook::new();
    let rules = |url: &str| {
        format!(
            "follow = true\n[[rule]]\nname = \"many\"\ntype = \"threshold\"\ncount = 5\nwindow = \"1h\"\nmin_authors = 0\nreceivers = [\"hook\"]\n\
             [[receiver]]\nname = \"hook\"\nurl = \"{url}\"\ninternal = true\n"
        )
    };
    let root = store.root();
    let input = file(root, "moving.jsonl", posts(0..50));
    let started = |lake: &str, url: &str| {
        let config = store.config("moving", lake, &rules(url));
        let mut command = store.command();
        command.args(["run", "--config", text(&config)]).stdout(Stdio::null());
        let log = fs::File::create(root.join("moving.log")).expect("a file");
        Killed(command.stderr(log).spawn().expect("it starts"))
    };
    let counted = |lake: &str, wanted: &str| {
        wait_for(wanted, || {
            let output = store.run(&["query", "--format", "csv", "--lake", lake, COUNT]);
            stdout(&output).trim_end().ends_with(&format!("\n{wanted}")).then_some(())
        });
    };
    let [home, back, state] = ["home", "back", "away"].map(|name| root.join(name));
    let first = started("path = \"home\"", &dead.url);
    counted(text(&home), "50,50");
    let tried =
        wait_for("an attempt", || dead.requests().first().map(|request| request.id().to_owned()));
    let silence = ["alerts", "silence", "--topic", "acme", "--for", "1d", "--comment", "moved"];
    store.does(&[&silence[..], &["--lake", text(&home)]].concat());
    drop(first);

    let away = "s3://lakes/moving";
    let copy = ["lake", "copy", "--lake", text(&home), away, "--to-state", text(&state)];
    let said = store.does(&copy);
    assert!(!said.contains("on their way"), "{said}");
    fs::remove_dir_all(&home).expect("removed");
    append(&input, posts(50..80));
    let second = started(&format!("path = \"{away}\"\nstate = \"away\""), &alive.url);
    counted(away, "80,80");
    wait_for("the message", || {
        alive.requests().iter().any(|request| request.id() == tried).then_some(())
    });
    let silences = |place: &[&str]| store.does(&[&["alerts", "silences"], place].concat());
    assert!(silences(&["--lake", away, "--state", text(&state)]).contains("moved"));
    // In order: a process that is killed before it could note a delivery tells it again.
    second.terminate();

    store.does(&["lake", "copy", "--lake", away, "--state", text(&state), text(&back)]);
    let alerts = "SELECT * FROM alerts ORDER BY at, alert_id, transition";
    assert_eq!(query(&back, alerts), store.query("moving", alerts));
    append(&input, posts(80..90));
    let third = started("path = \"back\"", &alive.url);
    counted(text(&back), "90,90");
    assert!(silences(&["--lake", text(&back)]).contains("moved"));
    drop(third);
    let mut told: Vec<String> =
        alive.requests().iter().map(|request| request.id().to_owned()).collect();
    told.sort();
    let count = told.len();
    told.dedup();
    assert_eq!(told.len(), count, "nothing is told twice: {told:?}");
    let verified = store.does(&["lake", "verify", "--lake", text(&back)]);
    assert!(verified.contains(" 0 damaged"), "{verified}");
}
