//! Are both versions of Jetstream's wire read, compressed or not, and does nothing get lost or come
//! twice when the server stalls, cuts, complains, forgets or changes its dictionary?

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use crate::support::{Place, file, free_port, get, live, query, wait_for, wait_for_answer};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub(crate) const BASE_US: i64 = 1_772_366_400_000_000;
pub(crate) const EVENTS: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";
const POST: &str = "app.bsky.feed.post";

/// A request to the fake server, with its connection.
pub(crate) struct Asked {
    target: String,
    head: String,
    pub(crate) stream: TcpStream,
}

impl Asked {
    fn header(&self, name: &str) -> Option<String> {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(name))?;
        line.split_once(": ").map(|(_, value)| value.to_owned())
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    pub(crate) fn cursor(&self) -> Option<i64> {
        self.parameter("cursor")?.parse().ok()
    }

    pub(crate) fn answer(mut self, status: &str, body: &[u8]) {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        let _ = self.stream.write_all(head.as_bytes());
        let _ = self.stream.write_all(body);
    }

    pub(crate) fn open(&mut self) {
        let accept =
            derive_accept_key(self.header("sec-websocket-key").unwrap_or_default().as_bytes());
        let protocol = self.header("sec-websocket-protocol");
        let protocol = protocol.map(|name| format!("sec-websocket-protocol: {name}\r\n"));
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             {}sec-websocket-accept: {accept}\r\n\r\n",
            protocol.unwrap_or_default()
        );
        let _ = self.stream.write_all(head.as_bytes());
    }

    /// Sends a frame; who has hung up does not hear it.
    pub(crate) fn send(&mut self, payload: &[u8]) {
        let first = if payload.starts_with(b"{") { 0x81 } else { 0x82 };
        let _ = self.stream.write_all(&frame(first, payload));
    }

    pub(crate) fn say(&mut self, message: &Value) {
        self.send(message.to_string().as_bytes());
    }
}

pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend(payload);
    frame
}

/// A server that hands over each request.
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) asked: Receiver<Asked>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("bound").to_string();
        let (sender, asked) = sync_channel(64);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                if sender.send(Asked { target, head, stream }).is_err() {
                    return;
                }
            }
        });
        Self { host, asked }
    }

    fn next(&self) -> Asked {
        self.asked.recv_timeout(Duration::from_secs(300)).expect("a request")
    }
}

fn config(place: &Place, port: u16, keys: &str) -> PathBuf {
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n[[source]]\nname = \"sky\"\n{keys}\n",
        place.lake.display(),
    );
    file(place.folder.path(), "run.toml", text)
}

/// What `/api/v1/sources` says.
fn source(port: u16) -> Option<Value> {
    let all: Value = serde_json::from_str(&get(port, "/api/v1/sources")?).ok()?;
    all.as_array()?.first().cloned()
}

fn record(text: &str) -> Value {
    json!({"$type": POST, "text": text, "createdAt": "2026-03-01T12:00:00Z", "langs": ["en"]})
}

pub(crate) fn time(number: i64) -> String {
    resonanz::time::EventTime(BASE_US + number * 1_000_000).to_string()
}

/// A post on the first wire.
fn frame_of(number: i64) -> Value {
    json!({"did": "did:plc:abc", "time_us": BASE_US + number * 1_000_000, "kind": "commit",
        "commit": {"rev": "1", "operation": "create", "collection": POST,
            "rkey": format!("k{number}"), "record": record(&format!("acme again {number}"))}})
}

/// A message of the second wire.
fn event(kind: &str, number: i64, did: &str, more: Value) -> Value {
    let mut payload = json!({"$type": format!("network.bsky.jetstream.subscribeEvents#{kind}"),
        "seq": 7_000 + number, "did": did, "time": time(number), "witnessedAt": time(number)});
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more);
    }
    json!({"$type": "message", "payload": payload})
}

/// A post on the second wire.
pub(crate) fn post(number: i64, did: &str, key: &str) -> Value {
    let text = format!("acme again {key}");
    let commit = json!({"rev": "3l3qo2vutsw2b", "operation": "create", "collection": POST,
        "rkey": key, "cid": "bafy", "record": record(&text)});
    event("commit", number, did, commit)
}

fn packer(dictionary: &[u8]) -> impl FnMut(&Value) -> Vec<u8> + use<> {
    let mut packer = zstd::bulk::Compressor::with_dictionary(3, dictionary).expect("zstd");
    move |message| packer.compress(message.to_string().as_bytes()).expect("memory")
}

fn subscribe_dictionary() -> Vec<u8> {
    let path = crate::support::repository("src/connect/jetstream/subscribe.zdict");
    std::fs::read(path).expect("the dictionary")
}

/// The same dictionary under another id.
fn renumbered(id: u32) -> Vec<u8> {
    let mut dictionary = subscribe_dictionary();
    dictionary[4..8].copy_from_slice(&id.to_le_bytes());
    dictionary
}

#[test]
fn compressed_frames_of_the_first_wire_are_read_and_a_foreign_dictionary_loses_nothing() {
    let (place, port, server) = (Place::new(), free_port(), Server::new());
    let keys =
        format!("type = \"bluesky\"\nurl = \"ws://{}/subscribe\"\ncompress = true", server.host);
    let _process = live(&config(&place, port, &keys));
    let mut first = server.next();
    assert_eq!(first.parameter("compress"), Some("true"));
    assert_eq!(first.parameter("wantedCollections"), Some(POST), "nothing else is asked for");
    first.open();
    let (mut pack, mut foreign) = (packer(&subscribe_dictionary()), packer(&renumbered(9)));
    for number in 0..5 {
        first.send(&pack(&frame_of(number)));
    }
    first.send(&pack(&frame_of(4))[..40]);
    first.send(&foreign(&frame_of(5)));
    let mut second = server.next();
    assert_eq!(second.parameter("compress"), None, "what cannot be unpacked is asked for plain");
    assert_eq!(second.cursor(), Some(BASE_US - 1_000_000));
    second.open();
    (0..8).for_each(|number| second.say(&frame_of(number)));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "8");
    let said = source(port).expect("an answer");
    assert_eq!((&said["malformed"], &said["reconnects"]), (&1.into(), &1.into()), "{said}");
}

#[test]
fn the_second_wire_is_read_with_its_deletions_and_accounts_told_anew() {
    let (place, port, server) = (Place::new(), free_port(), Server::new());
    let keys = format!("type = \"bluesky\"\nurl = \"ws://{}{EVENTS}\"", server.host);
    let process = live(&config(&place, port, &keys));
    let mut first = server.next();
    assert!(first.target.starts_with(EVENTS), "{}", first.target);
    assert_eq!(first.parameter("collections"), Some(POST));
    assert_eq!(first.parameter("wantedCollections"), None);
    assert_eq!(first.header("sec-websocket-protocol").as_deref(), Some("xrpc.v1.json"));
    first.open();
    let [ann, ben, cy] = ["did:plc:ann", "did:plc:ben", "did:plc:cy"];
    for (number, (did, key)) in
        [(ann, "a1"), (ann, "a2"), (ben, "b1"), (cy, "c1"), (cy, "c2")].iter().enumerate()
    {
        first.say(&post(number as i64, did, key));
    }
    first.say(&event(
        "identity",
        5,
        ann,
        json!({"identity": {"handle": "ann.example", "did": ann}}),
    ));
    let gone = json!({"operation": "delete", "collection": POST, "rkey": "c1", "rev": "2"});
    first.say(&event("commit", 6, cy, gone));
    let deleted = json!({"account": {"active": false, "status": "deleted", "did": ben}});
    first.say(&event("account", 7, ben, deleted));
    // Of the first account's two posts one is left, and is told again.
    first.say(&event("sync", 8, ann, json!({"sync": {"did": ann, "rev": "3"}})));
    first.say(&post(9, ann, "a2"));
    first.send(b"{\"$type\":\"message\",\"payload\":{\"$type\":\"x#surprise\",\"did\":\"d\"}}");
    first.say(&post(10, cy, "c3"));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions WHERE text LIKE '%c3'", "1");
    let said = source(port).expect("an answer");
    assert_eq!(said["malformed"], 1, "{said}");
    assert_eq!(process.terminate(), Some(1), "a frame was refused");
    let lake = place.lake.to_str().expect("UTF-8");
    let followed = crate::support::run(&["lake", "erase", "--pending", "--yes", "--lake", lake]);
    assert!(followed.status.success(), "{}", crate::support::stderr(&followed));
    let left = ["a2", "c2", "c3"].map(|key| format!("acme again {key}")).join("\n");
    assert_eq!(query(&place.lake, "SELECT text FROM mentions ORDER BY text"), left);
    let handle = crate::support::everything(&place.lake)
        .into_iter()
        .any(|(_, bytes)| bytes.windows(11).any(|window| window == b"ann.example"));
    assert!(!handle, "handles are names");
}

#[test]
fn a_dictionary_is_fetched_and_fetched_again_when_it_is_replaced() {
    let (place, port, server) = (Place::new(), free_port(), Server::new());
    let keys =
        format!("type = \"bluesky\"\nurl = \"ws://{}{EVENTS}\"\ncompress = true", server.host);
    let _process = live(&config(&place, port, &keys));
    let [old, new] = [renumbered(20_260_101), renumbered(20_260_811)];
    let asked = server.next();
    assert!(asked.target.ends_with("getZstdDictionary"), "{}", asked.target);
    asked.answer("200 OK", &old);
    let asked = server.next();
    assert_eq!(asked.parameter("zstdDictionary"), Some("20260101"));
    asked.answer("400 Bad Request", br#"{"error":"UnknownZstdDictionary","message":"20260811"}"#);
    server.next().answer("200 OK", &new);
    let mut first = server.next();
    assert_eq!(first.parameter("zstdDictionary"), Some("20260811"));
    first.open();
    let (mut pack, mut other) = (packer(&new), packer(&old));
    (0..3)
        .for_each(|number| first.send(&pack(&post(number, "did:plc:abc", &format!("k{number}")))));
    first.send(&other(&post(3, "did:plc:abc", "k3")));
    server.next().answer("404 Not Found", b"");
    let mut plain = server.next();
    assert_eq!(plain.parameter("zstdDictionary"), None, "without a dictionary it goes on plain");
    assert_eq!(plain.cursor(), Some(BASE_US - 3_000_000));
    plain.open();
    (0..5).for_each(|number| plain.say(&post(number, "did:plc:abc", &format!("k{number}"))));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "5");
}

#[test]
fn what_a_server_keeps_no_more_is_a_gap_and_its_oldest_is_read() {
    let (place, port, server) = (Place::new(), free_port(), Server::new());
    let keys = format!("type = \"websocket\"\nurl = \"ws://{}{EVENTS}\"", server.host);
    let _process = live(&config(&place, port, &keys));
    let gaps = |count: usize| {
        wait_for(&format!("{count} gaps"), || {
            let said = source(port)?;
            let gaps = said["latest_gaps"].as_array()?.clone();
            (gaps.len() == count).then_some(gaps)
        })
    };
    let mut first = server.next();
    first.open();
    first.say(&post(0, "did:plc:abc", "k0"));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "1");
    drop(first);
    let asked = server.next();
    assert_eq!(asked.cursor(), Some(BASE_US - 5_000_000));
    asked.answer("400 Bad Request", br#"{"error":"CursorTooOld","message":"the floor is 9000"}"#);
    let mut oldest = server.next();
    assert_eq!(oldest.cursor(), Some(1_000_000_000_000_000), "the oldest that there is");
    oldest.open();
    oldest.say(&post(600, "did:plc:abc", "k600"));
    let gap = gaps(1).remove(0);
    assert_eq!([&gap["from"], &gap["to"]], [&json!(time(0)), &json!(time(600))], "{gap}");
    oldest.say(&json!({"$type": "error", "error": "ConsumerTooSlow", "message": "read faster"}));
    drop(oldest);
    let mut clamped = server.next();
    assert_eq!(clamped.cursor(), Some(BASE_US + 595_000_000));
    clamped.open();
    let info = json!({"$type": "network.bsky.jetstream.subscribeEvents#info",
        "name": "OutdatedCursor", "message": "resumed from seq 9000"});
    clamped.say(&json!({"$type": "message", "payload": info}));
    clamped.say(&post(900, "did:plc:abc", "k900"));
    let gap = gaps(2).remove(1);
    assert_eq!([&gap["from"], &gap["to"]], [&json!(time(600)), &json!(time(900))], "{gap}");
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "3");
}

/// Serves posts of a second wire from the cursor on, and ends each connection in another bad way.
fn serve_badly(server: Server, posts: i64) {
    std::thread::spawn(move || {
        let mut connection = 0;
        while let Ok(mut asked) = server.asked.recv() {
            let cursor = asked.cursor().unwrap_or(BASE_US);
            let from = (cursor - BASE_US).max(0) / 1_000_000;
            connection += 1;
            // Time for a commit between the end of one connection and the next.
            match connection % 6 {
                0 => {
                    asked.answer("503 Service Unavailable", b"");
                    continue;
                }
                _ => asked.open(),
            }
            let end = (from + 5 + 12).min(posts);
            (from..end).for_each(|at| asked.say(&post(at, "did:plc:abc", &format!("k{at}"))));
            match connection % 6 {
                1 => {
                    let whole = frame(0x81, post(end, "did:plc:abc", "cut").to_string().as_bytes());
                    let _ = asked.stream.write_all(&whole[..whole.len() / 2]);
                }
                2 => asked.send(&[0xff; 300]),
                3 => asked.say(&json!({"$type": "error", "error": "ConsumerTooSlow"})),
                4 => {
                    // Again, in another order.
                    (from..end).rev().for_each(|at| {
                        asked.say(&post(at, "did:plc:abc", &format!("k{at}")));
                    });
                }
                _ => {
                    let _ = asked.stream.write_all(&frame(0x88, b"\x03\xf0bye"));
                }
            }
        }
    });
}

#[test]
fn each_post_is_there_once_over_cut_connections_and_kills() {
    const POSTS: i64 = 150;
    let (place, port, server) = (Place::new(), free_port(), Server::new());
    let keys = format!("type = \"bluesky\"\nurl = \"ws://{}{EVENTS}\"", server.host);
    let config = config(&place, port, &keys);
    serve_badly(server, POSTS);
    let count = || {
        let there = place.lake.join("alerts/_delta_log").exists();
        let count = there.then(|| query(&place.lake, "SELECT count(*) FROM mentions"))?;
        count.parse::<i64>().ok()
    };
    for threshold in [1, 30, 60, 90] {
        let process = live(&config);
        wait_for(&format!("{threshold} posts"), || count().filter(|count| *count >= threshold));
        drop(process);
    }
    let _process = live(&config);
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", &POSTS.to_string());
    let ids = "SELECT count(DISTINCT post_id), count(DISTINCT text) FROM mentions";
    assert_eq!(query(&place.lake, ids), format!("{POSTS},{POSTS}"));
}
