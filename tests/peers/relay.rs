//! Do shards behind a relay hold what one process holds? Over kills of relay, shards and broker.

use std::time::{Duration, Instant};

use crate::brokers::{Server, TABLES, committed, configured, demo_lines, demo_topics, started};
use crate::support::{Dice, Killed, file, query, wait_for};

#[test]
fn shards_behind_a_relay_hold_what_one_process_holds_over_kills() {
    let mut server = Server::new();
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "archive.jsonl", demo_lines());
    let stream =
        format!("[stream]\ntype = \"nats\"\nurl = \"{}\"\nstream = \"RELAYED\"\n", server.url());
    let source = "[[source]]\nname = \"archive\"\ntype = \"file\"\npath = \"archive.jsonl\"\n";
    let lake = "[lake]\narchive = \"all\"\ncommit_interval = \"50ms\"\n";
    let text = format!("{lake}{stream}{source}{}", demo_topics());
    let config = configured(folder.path(), "resonanz.toml", &text);
    let whole_config = configured(
        folder.path(),
        "whole.toml",
        &text.replace("[lake]", "[lake]\npath = \"whole\""),
    );
    let shards = ["1/3", "2/3", "3/3"];
    let mut listening: Vec<Option<Killed>> =
        shards.iter().map(|shard| Some(started(&["run", "--shard", shard], &config))).collect();
    let whole = started(&["run"], &whole_config);
    let mut dice = Dice::new();
    let mut kills = 0;
    // The relay is killed again and again; now and then a shard is, or the broker.
    for round in 0.. {
        let mut relay = started(&["relay"], &config);
        let deadline = Instant::now() + Duration::from_millis(50 + dice.below(250) + 30 * round);
        let ended = loop {
            if let Some(status) = relay.0.try_wait().expect("a child") {
                break Some(status);
            }
            if Instant::now() > deadline && round < 25 {
                break None;
            }
            std::thread::park_timeout(Duration::from_millis(2));
        };
        if let Some(status) = ended {
            assert!(status.success(), "{status}");
            break;
        }
        drop(relay);
        kills += 1;
        if round % 2 == 0 {
            let which = usize::try_from(dice.below(3)).expect("a shard");
            listening[which] = None;
            listening[which] = Some(started(&["run", "--shard", shards[which]], &config));
        }
        if round % 4 == 3 {
            server.kill();
        }
    }
    assert!(kills >= 3, "only {kills} kills");
    let last = server.last_sequence("RELAYED");
    let united = folder.path().join("resonanz-lake");
    let lakes = (1..=3).map(|number| united.join(format!("shard-{number}-of-3")));
    for lake in lakes.chain([folder.path().join("whole")]) {
        wait_for(&format!("message {last} in {}", lake.display()), || {
            let sequence = committed(&lake, "stream")?["sequence"].as_u64()?;
            (sequence == last).then_some(())
        });
    }
    for shard in listening.into_iter().flatten().chain([whole]) {
        assert_eq!(shard.terminate(), Some(0));
    }
    let whole = folder.path().join("whole");
    assert_eq!(query(&whole, "SELECT count(*), count(DISTINCT post_id) FROM posts"), "23703,23703");
    assert_ne!(query(&whole, "SELECT count(*) FROM alerts"), "0");
    for sql in TABLES {
        assert!(query(&whole, sql) == query(&united, sql), "{sql}");
    }
}
