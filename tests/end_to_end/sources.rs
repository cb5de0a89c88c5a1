//! Is a source survived that is hostile, or silent? Garbage, giant frames, cut connections; and how
//! fast time passes while nothing comes.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::{file, free_port, get, line, live, wait_for, wait_for_answer};
use futures_util::SinkExt;
use resonanz::time::EventTime;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

fn post(key: u32, time_us: i64) -> Message {
    let frame = serde_json::json!({
        "did": "did:plc:abc", "time_us": time_us, "kind": "commit",
        "commit": {"rev": "1", "operation": "create", "collection": "app.bsky.feed.post", "rkey": format!("k{key}"),
            "record": {"$type": "app.bsky.feed.post", "text": "acme again", "createdAt": "2026-03-01T12:00:00Z", "langs": ["en"]}},
    });
    Message::text(frame.to_string())
}

/// Serves three connections, each worse than the one before; reports the cursors it was asked for.
fn serve(listener: TcpListener, asked: std::sync::mpsc::SyncSender<Option<i64>>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        for connection in 0u32.. {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut cursor = None;
            #[allow(clippy::result_large_err, reason = "the signature is the handshake's")]
            let note = |request: &Request, response: Response| {
                let query = request.uri().query().unwrap_or_default();
                cursor = query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("cursor="))
                    .and_then(|text| text.parse().ok());
                Ok(response)
            };
            let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, note).await else {
                continue;
            };
            let _ = asked.try_send(cursor);
            let base = 1_772_366_400_000_000;
            let _ = socket.send(post(connection, base + i64::from(connection) * 1_000_000)).await;
            let _ = socket.send(Message::text("{\"did\":\"did:plc:abc\",\"time_us\":1")).await;
            let _ = socket.send(Message::binary(vec![0xff; 100])).await;
            let _ = socket
                .send(Message::text("{\"did\":\"d\",\"time_us\":5,\"kind\":\"identity\"}"))
                .await;
            if connection == 1 {
                let _ = socket.send(Message::text("x".repeat(100 << 20))).await;
            }
            if connection >= 2 {
                // Alive, so that the process has something to read until it is stopped.
                std::future::pending::<()>().await;
            }
        }
    });
}

#[test]
fn a_hostile_server_is_survived_and_asked_to_go_on() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("ws://{}/subscribe", listener.local_addr().expect("bound"));
    let (asked, cursors) = std::sync::mpsc::sync_channel(16);
    std::thread::spawn(move || serve(listener, asked));
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[[source]]\nname = \"s\"\ntype = \"websocket\"\nurl = \"{url}\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n"
    );
    let path = file(folder.path(), "resonanz.toml", text);
    let process = live(&path);
    let lake = folder.path().join("lake");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions", "3");
    drop(process);
    let cursors: Vec<Option<i64>> = cursors.try_iter().collect();
    assert_eq!(cursors.first(), Some(&None), "the first connection is the live tail");
    assert!(
        cursors.iter().skip(1).all(|cursor| cursor.is_some_and(|us| us >= 1_772_366_395_000_000)),
        "{cursors:?}"
    );
    let letters =
        std::fs::read_to_string(lake.join("_resonanz/dead-letter.jsonl")).expect("a file");
    assert!(
        letters.contains("ends too early")
            && letters.contains("not UTF-8")
            && letters.contains("a frame of"),
        "{letters}"
    );
}

#[test]
fn silence_moves_event_time_no_faster_than_the_clock_on_the_wall() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    file(folder.path(), "posts.jsonl", line("1", "2026-03-01T12:00:00Z", "acme"));
    let text = format!(
        "[lake]\npath = \"lake\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n[engine]\nlateness = \"0s\"\nidle = \"1s\"\n\
         [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
    );
    let begin = Instant::now();
    let _process = live(&file(folder.path(), "resonanz.toml", text));
    let posted_at = EventTime::parse("2026-03-01T12:00:00Z").expect("a time");
    let moved = wait_for("event time to move on", || {
        let health: serde_json::Value = serde_json::from_str(&get(port, "/healthz")?).ok()?;
        let mark = EventTime::parse(health["watermark"].as_str()?).expect("a time");
        u64::try_from(mark.since(posted_at)).ok().filter(|us| *us >= 4_000_000)
    });
    assert!(Duration::from_micros(moved) <= begin.elapsed(), "{moved} us passed");
}
