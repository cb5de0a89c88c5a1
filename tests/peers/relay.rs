//! Do shards behind a relay hold what one process holds? Over kills of relay, shards and broker, at
//! named points and at random.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::brokers::{
    Broker, Server, TABLES, committed, configured, demo_lines, demo_topics, started,
    started_to_break,
};
use crate::support::{Dice, Killed, append, file, free_port, get, query, run, stderr, wait_for};

const SHARDS: [&str; 3] = ["1/3", "2/3", "3/3"];
/// Where a relay breaks off, and how often it passes there before.
const RELAY: [&str; 5] =
    ["relay.taken:2", "relay.acknowledged", "relay.noted", "relay.taken", "relay.acknowledged:2"];
/// Where a shard breaks off.
const SHARD: [&str; 8] = [
    "engine.step:2",
    "commit.files",
    "commit.checkpoint:2",
    "commit.manifest",
    "commit.table:2",
    "commit.applied",
    "commit.told",
    "commit.manifest:3",
];
const ROUNDS: usize = 24;

/// Waits until a process has broken off at its point, but not for ever: a shard that gets no posts, or
/// a relay that has nothing to send, passes none.
fn broke_off(process: &mut Killed) -> bool {
    (0..1_500).any(|_| {
        std::thread::park_timeout(Duration::from_millis(2));
        process.0.try_wait().expect("a child").is_some()
    })
}

/// The archive in so many parts.
fn parts(lines: &[u8]) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
    lines.chunks(lines.len().div_ceil(ROUNDS)).map(|part| part.concat()).collect()
}

/// Waits until a lake has committed all up to the end of a stream.
fn reached(lake: &Path, end: &Value) {
    wait_for(&format!("{end} in {}", lake.display()), || {
        let place = committed(lake, "stream")?;
        end.as_object()?.iter().all(|(name, end)| place[name] == *end).then_some(())
    });
}

#[test]
fn shards_behind_a_relay_hold_what_one_process_holds_over_fifty_kills() {
    over_kills(&mut Server::new());
}

/// Kills relay, shards and broker until all posts are through.
pub(crate) fn over_kills(server: &mut dyn Broker) {
    let folder = tempfile::tempdir().expect("a folder");
    let stream = server.stream();
    let source = "[[source]]\nname = \"archive\"\ntype = \"file\"\npath = \"archive.jsonl\"\nfollow = true\n";
    let lake = "[lake]\narchive = \"all\"\ncommit_interval = \"50ms\"\n";
    let text = format!("{lake}{stream}{source}{}", demo_topics());
    let config = configured(folder.path(), "resonanz.toml", &text);
    let whole_config = configured(
        folder.path(),
        "whole.toml",
        &text.replace("[lake]", "[lake]\npath = \"whole\""),
    );
    let archive = file(folder.path(), "archive.jsonl", "");
    let mut listening: Vec<Option<Killed>> =
        SHARDS.iter().map(|shard| Some(started(&["run", "--shard", shard], &config))).collect();
    let whole = started(&["run"], &whole_config);
    let mut dice = Dice::new();
    let (mut named, mut random) = (0, 0);
    for (round, part) in parts(&demo_lines()).into_iter().enumerate() {
        append(&archive, part);
        // By turns the relay breaks off at a point and is killed at random; so does a shard.
        let (which, is_named) = (round % SHARDS.len(), round % 2 == 0);
        let shard = ["run", "--shard", SHARDS[which]];
        if is_named {
            let point = SHARD[round / 2 % SHARD.len()];
            // The one before must be gone: a lake has one writer.
            listening[which] = None;
            let mut breaking = started_to_break(&shard, &config, point);
            let mut relay = started_to_break(&["relay"], &config, RELAY[round / 2 % RELAY.len()]);
            assert!(broke_off(&mut relay), "a relay with posts to send passes each point");
            named += 1;
            // Who passed no point is killed all the same.
            let broke_off = usize::from(broke_off(&mut breaking));
            (named, random) = (named + broke_off, random + 1 - broke_off);
        } else {
            let relay = started(&["relay"], &config);
            std::thread::park_timeout(Duration::from_millis(50 + dice.below(600)));
            drop(relay);
            random += 2;
        }
        listening[which] = None;
        listening[which] = Some(started(&shard, &config));
        if round % 4 == 3 {
            server.kill();
            random += 1;
        }
    }
    assert!(named + random >= 50, "only {named} kills at points and {random} at random");
    assert!(named >= 20, "only {named} kills at points");

    let relay = started(&["relay"], &config);
    let (whole_lake, count) = (folder.path().join("whole"), "SELECT count(*) FROM posts");
    wait_for("the last post", || (query(&whole_lake, count) == "23703").then_some(()));
    assert_eq!(relay.terminate(), Some(0));
    let end = server.end();
    let united = folder.path().join("resonanz-lake");
    let lakes = (1..=3).map(|number| united.join(format!("shard-{number}-of-3")));
    lakes.chain([whole_lake.clone()]).for_each(|lake| reached(&lake, &end));
    for shard in listening.into_iter().flatten().chain([whole]) {
        assert_eq!(shard.terminate(), Some(0));
    }
    let distinct = "SELECT count(*), count(DISTINCT post_id) FROM posts";
    assert_eq!(query(&whole_lake, distinct), "23703,23703");
    assert_ne!(query(&whole_lake, "SELECT count(*) FROM alerts"), "0");
    for sql in TABLES {
        assert!(query(&whole_lake, sql) == query(&united, sql), "{sql}");
    }
}

/// Fills four lakes from those of three shards, as docs/scaling.md has it.
fn fill(config: &str, from: &str, to: &str) {
    for number in 1..=4 {
        let shard = format!("{number}/4");
        let place = ["--from-lake", from, "--lake", to, "--shard", &shard, "--config", config];
        let filled = run(&[&["reprocess"], &place[..]].concat());
        assert!(filled.status.success(), "{}", stderr(&filled));
    }
}

#[test]
fn another_number_of_shards_goes_on_where_the_old_ones_ended() {
    let server = Server::new();
    let folder = tempfile::tempdir().expect("a folder");
    let source = "[[source]]\nname = \"archive\"\ntype = \"file\"\npath = \"archive.jsonl\"\nfollow = true\n";
    let text = |lake: &str| {
        let lake =
            format!("[lake]\npath = \"{lake}\"\narchive = \"all\"\ncommit_interval = \"50ms\"\n");
        format!("{lake}{}{source}{}", server.stream(), demo_topics())
    };
    let [three, four, whole] = ["three", "four", "whole"]
        .map(|name| configured(folder.path(), &format!("{name}.toml"), &text(name)));
    let archive = file(folder.path(), "archive.jsonl", "");
    let lines = demo_lines();
    let lines: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
    let mut parts = lines.chunks(lines.len().div_ceil(4)).map(|part| part.concat());
    let mut grow = || append(&archive, parts.next().expect("a part"));
    let at = |name: &str| folder.path().join(name);
    let shards = |name: &str, of: usize| -> Vec<_> {
        (1..=of).map(|number| at(name).join(format!("shard-{number}-of-{of}"))).collect()
    };
    let start = |config: &Path, of: usize| -> Vec<Killed> {
        (1..=of).map(|i| started(&["run", "--shard", &format!("{i}/{of}")], config)).collect()
    };
    let stop = |processes: Vec<Killed>| {
        processes.into_iter().for_each(|process| assert_eq!(process.terminate(), Some(0)));
    };
    let relay = started(&["relay"], &three);
    let one = started(&["run"], &whole);
    let old = start(&three, 3);
    // What the whole has read lies in the stream, and its end is where the shards will stand.
    let sent = |posts: usize| {
        let (lake, count) = (at("whole"), "SELECT count(*) FROM posts");
        let counted = || lake.join("alerts/_delta_log").exists().then(|| query(&lake, count));
        wait_for("posts", || counted().filter(|count| *count == posts.to_string()));
        server.end()
    };
    grow();
    let quarter = lines.len().div_ceil(4);
    let end = sent(quarter);
    shards("three", 3).iter().for_each(|lake| reached(lake, &end));
    stop(old);
    grow();
    sent(2 * quarter);
    let config = four.to_str().expect("UTF-8");
    let [from, to] = ["three", "four"].map(|name| at(name).display().to_string());
    fill(config, &from, &to);
    // They stand where the one of the old ones stood that had read least, and not at the beginning.
    let place = |lake: &std::path::PathBuf| committed(lake, "stream")?["sequence"].as_u64();
    let stood = shards("three", 3).iter().filter_map(place).min().expect("old places");
    for lake in shards("four", 4) {
        let place = place(&lake).unwrap_or_default();
        assert!(place > 0 && place <= stood, "{place}, {stood} in {}", lake.display());
    }
    grow();
    sent(3 * quarter);
    let new = start(&four, 4);
    grow();
    sent(lines.len());
    assert_eq!(relay.terminate(), Some(0));
    let end = server.end();
    shards("four", 4).iter().chain([&at("whole")]).for_each(|lake| reached(lake, &end));
    stop(new);
    stop(vec![one]);
    assert_ne!(query(&at("whole"), "SELECT count(*) FROM alerts"), "0");
    // None is lost, and none is there twice. Where the fill ended, minutes were closed: what came in them from
    // the stream is late.
    let mentions = "SELECT received_at, source, post_id, topic, target_score FROM mentions ORDER BY 1, 2, 3, 4";
    for sql in [TABLES[0], mentions] {
        assert!(query(&at("whole"), sql) == query(&at("four"), sql), "{sql}");
    }
}

#[test]
fn shards_of_one_machine_say_each_at_its_port_how_far_behind_they_are() {
    let server = Server::new();
    let folder = tempfile::tempdir().expect("a folder");
    let ports: [u16; 3] = std::array::from_fn(|_| free_port());
    let source = "[[source]]\nname = \"archive\"\ntype = \"file\"\npath = \"archive.jsonl\"\n";
    let serve = format!("[serve]\nlisten = \"127.0.0.1:{}\"\n", ports[0]);
    let lake = "[lake]\ncommit_interval = \"50ms\"\n";
    let text = format!("{lake}{serve}{}{source}{}", server.stream(), demo_topics());
    let config = configured(folder.path(), "resonanz.toml", &text);
    file(folder.path(), "archive.jsonl", demo_lines());
    let mut relay = started(&["relay"], &config);
    let sent = wait_for("the relay", || relay.0.try_wait().expect("a child"));
    assert!(sent.success(), "{sent}");
    let end = server.end();
    let messages = end["sequence"].as_u64().expect("a number");
    let unread = |port: u16| -> Option<u64> {
        let metrics = get(port, "/metrics")?;
        let name = "resonanz_source_unread_messages{source=\"stream\"} ";
        metrics.lines().find_map(|line| line.strip_prefix(name))?.parse().ok()
    };
    let mut shards = Vec::new();
    for number in 1..=2 {
        let (shard, port) = (format!("{number}/2"), ports[number]);
        shards.push(started(&["run", "--shard", &shard, "--port", &port.to_string()], &config));
        let most = wait_for("what is unread", || unread(port).filter(|unread| *unread > 0));
        assert!(most <= messages, "{most} of {messages}");
        wait_for("the end", || (unread(port)? == 0).then_some(()));
        reached(&folder.path().join(format!("resonanz-lake/shard-{number}-of-2")), &end);
    }
    for shard in shards {
        assert_eq!(shard.terminate(), Some(0));
    }
}
