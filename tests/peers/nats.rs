//! Is what a NATS server holds heard once, whatever is killed on the way?

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::brokers::{Broker, Client, Server, committed, configured, keys, started};
use crate::support::{
    Dice, file, free_port, get, line, query, resonanz, stderr, wait_for, wait_for_answer,
};

#[test]
fn posts_of_a_stream_are_heard_once_over_kills_of_both_sides() {
    let mut server = Server::new();
    server.make_stream("POSTS");
    let folder = tempfile::tempdir().expect("a folder");
    let config = configured(
        folder.path(),
        "nats.toml",
        &format!(
            "[lake]\ncommit_interval = \"20ms\"\n[[source]]\nname = \"desk\"\ntype = \"nats\"\nurl = \"{}\"\n\
         stream = \"POSTS\"\nsubject = \"POSTS.desk\"\nmap = {{ id = \"/no\", text = \"/body\" }}\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
            server.url()
        ),
    );
    let lake = folder.path().join("resonanz-lake");
    let mut dice = Dice::new();
    let mut sent = 0;
    for round in 0..8 {
        let running = started(&["run"], &config);
        let mut client = Client::new(server.port);
        for _ in 0..40 {
            sent += 1;
            let body = json!({ "no": sent, "body": format!("acme is horrible {sent}") });
            client.publish("POSTS.desk", &body.to_string());
            client.publish("POSTS.other", "not for us");
        }
        client.publish("POSTS.desk", &json!({ "no": sent, "op": "delete" }).to_string());
        if round % 3 == 2 {
            server.kill();
        }
        std::thread::park_timeout(Duration::from_millis(200 + dice.below(900)));
        drop(running);
    }
    Client::new(server.port).publish("POSTS.desk", "{\"no\":1}");
    let last = server.last_sequence("POSTS");
    let running = started(&["run"], &config);
    wait_for("all messages", || {
        (committed(&lake, "desk")?["sequence"].as_u64()? == last).then_some(())
    });
    assert_eq!(running.terminate(), Some(1), "one message was refused");
    let mut command = resonanz();
    command.args(["lake", "erase", "--pending", "--yes", "--lake"]).arg(&lake);
    let key = folder.path().join("author.key");
    let erased = command.arg("--author-key-file").arg(key).output().expect("the binary runs");
    assert!(erased.status.success(), "{}", stderr(&erased));
    let sql = "SELECT count(*), count(DISTINCT post_id) FROM mentions";
    assert_eq!(query(&lake, sql), format!("{0},{0}", sent - 8));
    let letters = fs::read_to_string(lake.join("_resonanz/dead-letter.jsonl")).expect("a letter");
    assert!(letters.contains("is missing"), "{letters}");
}

#[test]
fn what_a_stream_does_not_have_any_more_is_a_reported_gap() {
    let server = Server::new();
    server.make_stream("POSTS");
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    let config = configured(
        folder.path(),
        "nats.toml",
        &format!(
            "[serve]\nlisten = \"127.0.0.1:{port}\"\n[lake]\ncommit_interval = \"20ms\"\n\
         [[source]]\nname = \"desk\"\ntype = \"nats\"\nurl = \"{}\"\nstream = \"POSTS\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
            server.url()
        ),
    );
    let lake = folder.path().join("resonanz-lake");
    let publish = |from: usize| {
        let mut client = Client::new(server.port);
        for number in from..from + 10 {
            client.publish("POSTS.a", &json!({ "id": number, "text": "acme" }).to_string());
        }
    };
    let reach = |last: u64| {
        wait_for("the end", || {
            (committed(&lake, "desk")?["sequence"].as_u64()? == last).then_some(())
        })
    };
    let running = started(&["run"], &config);
    publish(0);
    reach(10);
    assert_eq!(running.terminate(), Some(0));
    publish(10);
    let purged = server.ask("$JS.API.STREAM.PURGE.POSTS", "{\"seq\":16}");
    assert_eq!(purged["success"], true, "{purged}");
    let running = started(&["run"], &config);
    reach(20);
    let sources = get(port, "/api/v1/sources").expect("an answer");
    assert!(sources.contains("message 11") && sources.contains("message 15"), "{sources}");
    assert!(sources.contains("does not keep messages that old"), "{sources}");
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(query(&lake, "SELECT count(*) FROM mentions"), "15");
}

#[test]
fn servers_that_ask_for_credentials_or_a_key_let_those_in_who_have_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = keys(&["nats", folder.path().to_str().expect("UTF-8")]).status();
    assert!(made.expect("Python runs").success());
    let post = line("1", "2026-03-01T12:00:00Z", "acme never answers");
    file(folder.path(), "posts.jsonl", post);
    for (server, shown) in
        [("jwt.conf", "creds_file = \"user.creds\""), ("nkey.conf", "nkey_file = \"user.nk\"")]
    {
        let running = Server::of(Some(folder.path().join(server)));
        let text = |shown: &str| {
            format!(
                "[lake]\npath = \"{server}.lake\"\ncommit_interval = \"20ms\"\n[stream]\ntype = \"nats\"\nurl = \"{}\"\n\
                 stream = \"POSTS\"\nstate = \"{server}.relay\"\n{shown}\n[[source]]\nname = \"desk\"\ntype = \"file\"\n\
                 path = \"posts.jsonl\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n",
                running.url()
            )
        };
        let config = configured(folder.path(), "stranger.toml", &text(""));
        let mut command = resonanz();
        let refused = command.arg("relay").arg("--config").arg(config).output();
        let refused = refused.expect("the binary runs");
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("creds"), "{}", stderr(&refused));
        let config = configured(folder.path(), "known.toml", &text(shown));
        let mut relay = started(&["relay"], &config);
        assert!(wait_for("the relay", || relay.0.try_wait().expect("a child")).success());
        let listening = started(&["run"], &config);
        let lake = folder.path().join(format!("{server}.lake"));
        wait_for_answer(&lake, "SELECT count(*) FROM mentions", "1");
        assert_eq!(listening.terminate(), Some(0));
    }
}
