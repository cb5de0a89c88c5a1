//! Does one source take no other down, and is it said whose fault it is? Files that are away or
//! broken, and servers that refuse, complain, or send what cannot be read.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use crate::support::{
    Place, append, file, free_port, get, line, query, resonanz, wait_for, wait_for_answer,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const BASE_US: i64 = 1_772_366_400_000_000;

fn config(place: &Place, port: u16, sources: &[(&str, String)]) -> PathBuf {
    let mut text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        place.lake.display(),
    );
    for (name, keys) in sources {
        text.push_str(&format!("[[source]]\nname = \"{name}\"\n{keys}\n"));
    }
    file(place.folder.path(), "run.toml", text)
}

/// What `/api/v1/sources` says of a source.
fn source(port: u16, name: &str) -> Option<serde_json::Value> {
    let all: serde_json::Value = serde_json::from_str(&get(port, "/api/v1/sources")?).ok()?;
    all.as_array()?.iter().find(|source| source["name"] == name).cloned()
}

fn wait_for_state(port: u16, name: &str, state: &str) -> serde_json::Value {
    let mut last = None;
    let begun = Instant::now();
    wait_for(&format!("{name} to be {state}"), || {
        last = source(port, name);
        assert!(begun.elapsed().as_secs() < 40, "{name} is to be {state}: {last:?}");
        last.clone().filter(|source| source["state"] == state)
    })
}

/// A connection of a scripted server.
struct Connection {
    at: Instant,
    stream: TcpStream,
    key: String,
    cursor: Option<i64>,
}

impl Connection {
    fn answer(mut self, status: &str) {
        let _ = write!(self.stream, "HTTP/1.1 {status}\r\ncontent-length: 4\r\n\r\noops");
    }

    fn open(&mut self) {
        let accept = derive_accept_key(self.key.as_bytes());
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n";
        write!(self.stream, "{head}sec-websocket-accept: {accept}\r\n\r\n").expect("written");
    }

    fn send(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first, 127];
        frame.extend((payload.len() as u64).to_be_bytes());
        frame.extend(payload);
        // Who is given up has hung up.
        let _ = self.stream.write_all(&frame);
    }

    fn post(&mut self, number: i64) {
        let frame = serde_json::json!({
            "did": "did:plc:abc", "time_us": BASE_US + number * 1_000_000, "kind": "commit",
            "commit": {"rev": "1", "operation": "create", "collection": "app.bsky.feed.post",
                "rkey": format!("k{number}"), "record": {"$type": "app.bsky.feed.post",
                "text": "acme again", "createdAt": "2026-03-01T12:00:00Z", "langs": ["en"]}},
        });
        self.send(0x81, frame.to_string().as_bytes());
    }
}

/// Connections to a free port, each with its request read.
fn listen() -> (String, Receiver<Connection>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "type = \"websocket\"\nurl = \"ws://{}/subscribe\"",
        listener.local_addr().expect("bound")
    );
    let (sender, connections) = sync_channel(64);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let header = |name: &str| {
                let line = request.lines().find(|line| line.to_lowercase().starts_with(name))?;
                line.split_once(": ").map(|(_, value)| value.to_owned())
            };
            let cursor = request.split_once("cursor=").and_then(|(_, rest)| {
                rest.split([' ', '&']).next().and_then(|cursor| cursor.parse().ok())
            });
            let key = header("sec-websocket-key").unwrap_or_default();
            let connection = Connection { at: Instant::now(), stream, key, cursor };
            if sender.send(connection).is_err() {
                return;
            }
        }
    });
    (url, connections)
}

fn next(connections: &Receiver<Connection>) -> Connection {
    connections.recv_timeout(Duration::from_secs(300)).expect("a connection")
}

/// A run, and what it says on standard error.
fn run_with_errors(config: &Path) -> (crate::support::Killed, std::process::ChildStderr) {
    let mut command = resonanz();
    command.args(["run", "--config"]).arg(config);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut process = crate::support::Killed(command.spawn().expect("the process starts"));
    let errors = process.0.stderr.take().expect("a pipe");
    (process, errors)
}

#[test]
fn a_source_that_fails_takes_no_other_down() {
    let (place, port) = (Place::new(), free_port());
    let folder = place.folder.path();
    let post = |number: u32| {
        line(&number.to_string(), "2026-03-01T11:59:59Z", &format!("acme is great {number}"))
    };
    let lines: String = (0..3_000).map(post).collect();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(lines.as_bytes()).expect("memory");
    let gz = gz.finish().expect("memory");
    file(folder, "good.jsonl", post(0));
    file(folder, "cut.jsonl.gz", &gz[..gz.len() / 2]);
    file(folder, "padded.jsonl.gz", [gz, vec![0; 10_000]].concat());
    file(folder, "empty.jsonl.gz", "");
    let path = |name: &str| format!("type = \"file\"\npath = \"{}\"", folder.join(name).display());
    let (refusing, refused) = listen();
    let sources = [
        ("good", format!("{}\nfollow = true", path("good.jsonl"))),
        ("later", format!("{}\nfollow = true", path("later.jsonl"))),
        ("missing", path("missing.jsonl")),
        ("cut", path("cut.jsonl.gz")),
        ("padded", path("padded.jsonl.gz")),
        ("empty", path("empty.jsonl.gz")),
        ("folder", format!("{}\nfollow = true", path("."))),
        ("refused", refusing),
    ];
    let config = config(&place, port, &sources);
    let (process, mut errors) = run_with_errors(&config);
    next(&refused).answer("403 Forbidden");
    for (name, state, reason) in [
        ("good", "up", ""),
        ("later", "waiting", "no such file"),
        ("missing", "failed", "no such file"),
        ("cut", "failed", "ends too early"),
        ("padded", "ended", ""),
        ("empty", "ended", ""),
        ("folder", "failed", "it is a folder"),
        ("refused", "failed", "403 Forbidden: oops"),
    ] {
        let said = wait_for_state(port, name, state);
        let told = said["reason"].as_str().unwrap_or_default();
        assert!(told.contains(reason), "{said}");
        assert_eq!(state == "failed", said["hint"].as_str().is_some(), "{said}");
    }
    let health = get(port, "/healthz").expect("an answer");
    let health: serde_json::Value = serde_json::from_str(&health).expect("JSON");
    let (status, cut) = (&health["status"], &health["sources"]["cut"]);
    assert_eq!((status, cut), (&"degraded".into(), &"failed".into()));
    append(&folder.join("good.jsonl"), post(1));
    file(folder, "later.jsonl", post(2));
    let counts =
        "SELECT source, count(*) FROM mentions WHERE source <> 'cut' GROUP BY 1 ORDER BY 1";
    wait_for_answer(&place.lake, counts, "good,2\nlater,1\npadded,3000");
    let kept = query(&place.lake, "SELECT count(*) > 0 FROM mentions WHERE source = 'cut'");
    assert_eq!(kept, "true", "what could be read of the cut archive is kept");
    let metrics = get(port, "/metrics").expect("metrics");
    for (metric, source, value) in
        [("connected", "good", 1), ("connected", "refused", 0), ("events_total", "padded", 3_000)]
    {
        let line = format!("resonanz_source_{metric}{{source=\"{source}\"}} {value}");
        assert!(metrics.contains(&line), "{metrics}");
    }
    assert_eq!(process.terminate(), Some(1), "a source was given up");
    let mut said = String::new();
    errors.read_to_string(&mut said).expect("UTF-8");
    for name in ["missing", "cut", "folder", "refused"] {
        assert!(said.contains(&format!("resonanz: source \"{name}\": ")), "{said}");
    }
    assert!(refused.try_recv().is_err(), "what is refused is not dialed again");
}

#[test]
fn frames_that_cannot_be_read_cost_one_frame_each() {
    let (place, port) = (Place::new(), free_port());
    let (url, connections) = listen();
    let config = config(&place, port, &[("s", url)]);
    let _process = crate::support::live(&config);
    let mut connection = next(&connections);
    connection.open();
    for number in 0..10 {
        connection.post(number);
        match number {
            3 => connection.send(0x81, b"{\"did\":\"\xff\"}"),
            5 => connection.send(0x81, &vec![b'x'; 30 << 20]),
            7 => connection.send(
                0x81,
                br#"{"kind":"error","error":"ConsumerTooSlow","message":"read faster"}"#,
            ),
            _ => {}
        }
    }
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "10");
    let said = source(port, "s").expect("an answer");
    assert_eq!(
        (&said["state"], &said["malformed"], &said["reconnects"]),
        (&"up".into(), &3.into(), &0.into()),
        "{said}"
    );
    assert!(said["reason"].as_str().is_some_and(|reason| reason.contains("read faster")), "{said}");
    let letters =
        std::fs::read_to_string(place.lake.join("_resonanz/dead-letter.jsonl")).expect("a file");
    for reason in ["not UTF-8", "a frame of 31457280 bytes", "the server says: ConsumerTooSlow"] {
        assert!(letters.contains(reason), "{letters}");
    }
    connection.send(0x88, b"\x03\xf0policy");
    let again = next(&connections);
    assert_eq!(again.cursor, Some(BASE_US + 4_000_000), "five seconds before the last frame");
    let metrics = get(port, "/metrics").expect("metrics");
    assert!(metrics.contains("resonanz_source_reconnects_total{source=\"s\"} 1"), "{metrics}");
    let said = source(port, "s").expect("an answer")["reason"].to_string();
    assert!(said.contains("closed with 1008: policy, having said: ConsumerTooSlow"), "{said}");
}

#[test]
fn a_server_is_dialed_again_when_it_says_so_and_frames_that_stay_packed_cost_one_each() {
    let (place, port) = (Place::new(), free_port());
    let (busy, dialed) = listen();
    let (packed, opened) = listen();
    let config = config(&place, port, &[("busy", busy), ("packed", packed)]);
    let _process = crate::support::live(&config);
    let first = next(&dialed);
    let at = first.at;
    first.answer("503 Service Unavailable\r\nretry-after: 2");
    let mut compressing = next(&opened);
    compressing.open();
    (0..5).for_each(|_| compressing.send(0x82, b"\x28\xb5\x2f\xfd and so on"));
    let refused = || source(port, "packed").filter(|said| said["malformed"] == 5);
    let said = wait_for("five refusals", refused);
    assert_eq!((&said["state"], &said["reconnects"]), (&"up".into(), &0.into()), "{said}");
    let said = source(port, "busy").expect("an answer");
    assert!(said["reason"].as_str().is_some_and(|reason| reason.contains("503")), "{said}");
    let mut second = next(&dialed);
    assert!(second.at - at >= Duration::from_secs(2), "{:?}", second.at - at);
    second.open();
    second.post(1);
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "1");
}

#[test]
fn what_the_lake_holds_shows_at_once_after_a_restart_and_a_post_counts_once() {
    let (place, port) = (Place::new(), free_port());
    let (url, connections) = listen();
    let config = config(&place, port, &[("s", url)]);
    let said = |body: &str| {
        let metrics = get(port, "/metrics")?;
        metrics.lines().any(|line| line == body).then_some(())
    };
    let process = crate::support::live(&config);
    let mut connection = next(&connections);
    connection.open();
    (0..5).for_each(|number| connection.post(number));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "5");
    assert_eq!(process.terminate(), Some(0));

    let mut command = resonanz();
    command.args(["run", "--config"]).arg(&config).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::null());
    let mut process = crate::support::Killed(command.spawn().expect("the process starts"));
    // Nobody answers the dial yet.
    let mut connection = next(&connections);
    wait_for("the lake's totals", || said("resonanz_mentions_total 5"));
    wait_for("a source that is not there", || said("resonanz_source_connected{source=\"s\"} 0"));
    connection.open();
    (2..7).for_each(|number| connection.post(number));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "7");
    let mut output = process.0.stdout.take().expect("a pipe");
    assert_eq!(process.terminate(), Some(0));
    let mut summary = String::new();
    output.read_to_string(&mut summary).expect("UTF-8");
    assert!(summary.contains("7 posts, 7 mentions"), "{summary}");
}
