//! An instance of Mastodon as far as a reader of public posts meets it: timelines, look-ups, a
//! WebSocket with several streams, server-sent events; and everything that can go wrong with them.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Message;

/// The token that it takes.
pub(crate) const TOKEN: &str = "fedi-secret-token";

/// What an instance does.
pub(crate) struct Mood {
    /// Posts in order, as JSON.
    pub(crate) statuses: Vec<Value>,
    /// Whether streams give posts.
    pub(crate) is_mute: bool,
    /// The status that WebSockets are refused with.
    pub(crate) refuses_sockets: Option<u16>,
    /// Whether there are no streams at all.
    pub(crate) has_no_streams: bool,
    /// How many pages are refused from now on.
    pub(crate) refused_pages: u32,
    /// Posts on a page at most.
    pub(crate) page_max: usize,
    /// Requests that came, with their query.
    pub(crate) asked: Vec<String>,
    /// What is said of timelines in the answer about the instance.
    pub(crate) access: Value,
    /// Streams now open.
    pub(crate) open: usize,
}

/// What happens on streams: the hashtag, the event, its payload.
#[derive(Clone)]
enum Sent {
    Event(String, &'static str, String),
    Cut,
}

pub(crate) struct Fedi {
    pub(crate) port: u16,
    mood: Arc<Mutex<Mood>>,
    sent: broadcast::Sender<Sent>,
}

impl Fedi {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("bound").port();
        let mood = Arc::new(Mutex::new(Mood {
            statuses: Vec::new(),
            is_mute: false,
            refuses_sockets: None,
            has_no_streams: false,
            refused_pages: 0,
            page_max: 40,
            asked: Vec::new(),
            access: json!({}),
            open: 0,
        }));
        let sent = broadcast::channel(4_096).0;
        let (shared, events) = (Arc::clone(&mood), sent.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a socket");
                while let Ok((stream, _)) = listener.accept().await {
                    let (mood, events) = (Arc::clone(&shared), events.clone());
                    tokio::spawn(async move { serve(stream, port, mood, events).await });
                }
            });
        });
        Self { port, mood, sent }
    }

    pub(crate) fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().expect("whole")
    }

    /// Posts something with the hashtag acme an hour ago and some seconds.
    pub(crate) fn post(&self, number: u64, text: &str) -> String {
        self.post_as(number, text, "public")
    }

    pub(crate) fn post_as(&self, number: u64, text: &str, visibility: &str) -> String {
        let status = status(self.port, number, text, visibility);
        let id = status["id"].as_str().expect("an id").to_owned();
        let mut mood = self.mood();
        mood.statuses.push(status.clone());
        if !mood.is_mute {
            let _ = self.sent.send(Sent::Event("acme".to_owned(), "update", status.to_string()));
        }
        id
    }

    pub(crate) fn edit(&self, id: &str, text: &str) {
        let mut mood = self.mood();
        let status = mood.statuses.iter_mut().find(|status| status["id"] == *id).expect("posted");
        status["content"] = json!(format!("<p>{text}</p>"));
        status["edited_at"] = json!(time(now_ms()));
        let status = status.to_string();
        if !mood.is_mute {
            let _ = self.sent.send(Sent::Event("acme".to_owned(), "status.update", status));
        }
    }

    pub(crate) fn delete(&self, id: &str) {
        self.mood().statuses.retain(|status| status["id"] != *id);
        let _ = self.sent.send(Sent::Event("acme".to_owned(), "delete", id.to_owned()));
    }

    /// Cuts every stream.
    pub(crate) fn cut(&self) {
        let _ = self.sent.send(Sent::Cut);
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("in range")
}

fn time(ms: u64) -> String {
    let us = i64::try_from(ms).expect("in range") * 1_000;
    resonanz::time::EventTime(us).to_string()
}

fn status(port: u16, number: u64, text: &str, visibility: &str) -> Value {
    static BEGIN: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    let ms = BEGIN.get_or_init(|| now_ms() - 3_600_000) + number * 1_000;
    let id = (ms << 16 | number).to_string();
    let host = format!("127.0.0.1:{port}");
    json!({
        "id": id, "created_at": time(ms), "in_reply_to_id": null, "in_reply_to_account_id": null,
        "sensitive": false, "spoiler_text": "", "visibility": visibility, "language": "en",
        "uri": format!("http://{host}/users/ada/statuses/{id}"), "url": format!("http://{host}/@ada/{id}"),
        "replies_count": 1, "reblogs_count": 2, "favourites_count": 3, "edited_at": null,
        "content": format!("<p>{text}</p>"), "reblog": null,
        "account": {"id": "1", "username": "ada", "acct": "ada", "display_name": "Ada", "followers_count": 77,
            "created_at": "2026-01-01T00:00:00.000Z", "url": format!("http://{host}/@ada"), "bot": false},
        "media_attachments": [], "mentions": [], "tags": [{"name": "acme", "url": "x"}], "emojis": [],
        "quote": null, "card": null, "poll": null,
    })
}

async fn serve(
    mut stream: TcpStream,
    port: u16,
    mood: Arc<Mutex<Mood>>,
    sent: broadcast::Sender<Sent>,
) {
    let mut head = vec![0; 16 << 10];
    let length = loop {
        let Ok(length) = stream.peek(&mut head).await else { return };
        if length == 0 || head[..length].windows(4).any(|end| end == b"\r\n\r\n") {
            break length;
        }
        tokio::task::yield_now().await;
    };
    let text = String::from_utf8_lossy(&head[..length]).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let lower = text.to_lowercase();
    mood.lock().expect("whole").asked.push(path.clone());
    let known = lower.contains(&format!("authorization: bearer {TOKEN}"));
    let refused = mood.lock().expect("whole").refuses_sockets;
    let has_none = mood.lock().expect("whole").has_no_streams;
    let is_socket = lower.contains("upgrade: websocket");
    if is_socket && known && refused.is_none() && !has_none {
        return socket(stream, mood, sent).await;
    }
    let _ = stream.read(&mut head[..length]).await;
    let answer = if !known {
        error(401, "The access token is invalid")
    } else if is_socket {
        error(refused.unwrap_or(404), "no socket here")
    } else if has_none && path.starts_with("/api/v1/streaming") {
        error(404, "Not found")
    } else if path.starts_with("/api/v1/streaming") {
        return events(stream, mood, sent).await;
    } else {
        answer(&path, port, &mut mood.lock().expect("whole"))
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn error(status: u16, said: &str) -> String {
    plain(status, &json!({"error": said}), "")
}

fn plain(status: u16, body: &Value, headers: &str) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

/// Answers about the instance, its timelines and posts.
fn answer(path: &str, port: u16, mood: &mut Mood) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let asked = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
    };
    if path.trim_end_matches('/') == "/api/v2/instance" {
        let urls = json!({"streaming": format!("ws://127.0.0.1:{port}")});
        let configuration = json!({"urls": urls, "timelines_access": mood.access});
        let body =
            json!({"domain": "social.example", "version": "4.6.4", "configuration": configuration});
        return plain(200, &body, "");
    }
    if path == "/api/v1/apps/verify_credentials" {
        return plain(200, &json!({"name": "resonanz", "scopes": ["read:statuses"]}), "");
    }
    if path == "/api/v1/timelines/tag/acme" {
        if mood.refused_pages > 0 {
            mood.refused_pages -= 1;
            let reset = format!(
                "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {}\r\n",
                time(now_ms() + 300)
            );
            return plain(429, &json!({"error": "Too many requests"}), &reset);
        }
        let id = |status: &Value| status["id"].as_str().and_then(|id| id.parse::<u64>().ok());
        let min = asked("min_id").first().and_then(|id| id.parse::<u64>().ok());
        let limit = asked("limit").first().and_then(|limit| limit.parse().ok()).unwrap_or(20);
        let limit = mood.page_max.min(limit);
        let mut all: Vec<&Value> =
            mood.statuses.iter().filter(|status| status["visibility"] == "public").collect();
        all.sort_by_key(|status| id(status));
        let mut page: Vec<&Value> = match min {
            Some(min) => {
                all.into_iter().filter(|status| id(status) > Some(min)).take(limit).collect()
            }
            None => all.into_iter().rev().take(limit).rev().collect(),
        };
        page.reverse();
        let newest = page.first().and_then(|status| status["id"].as_str());
        let link = newest.map(|id| format!("link: <http://127.0.0.1:{port}/x?max_id=1>; rel=\"next\", <http://127.0.0.1:{port}/x?min_id={id}>; rel=\"prev\"\r\n"));
        return plain(200, &json!(page), &link.unwrap_or_default());
    }
    if path == "/api/v1/statuses" {
        let ids = asked("id[]").into_iter().chain(asked("id%5B%5D")).collect::<Vec<_>>();
        let found = mood.statuses.iter().filter(|status| ids.iter().any(|id| status["id"] == **id));
        return plain(200, &json!(found.collect::<Vec<_>>()), "");
    }
    let one = path.strip_prefix("/api/v1/statuses/");
    match mood.statuses.iter().find(|status| one.is_some_and(|id| status["id"] == *id)) {
        Some(status) => plain(200, status, ""),
        None => error(404, "Record not found"),
    }
}

async fn socket(stream: TcpStream, mood: Arc<Mutex<Mood>>, sent: broadcast::Sender<Sent>) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let mut sent = sent.subscribe();
    let mut tags = Vec::new();
    loop {
        let happened = tokio::select! {
            said = socket.next() => {
                let Some(Ok(said)) = said else { break };
                let Ok(message) = serde_json::from_slice::<Value>(&said.into_data()) else { continue };
                tags.extend(message["tag"].as_str().map(str::to_owned));
                mood.lock().expect("whole").open += usize::from(tags.len() == 1);
                continue;
            }
            happened = sent.recv() => happened,
        };
        let frame = match happened {
            Ok(Sent::Event(tag, event, payload)) if tags.contains(&tag) => {
                json!({"stream": ["hashtag", tag], "event": event, "payload": payload})
            }
            Ok(Sent::Event(..)) => continue,
            Ok(Sent::Cut) | Err(_) => break,
        };
        if socket.send(Message::text(frame.to_string())).await.is_err() {
            break;
        }
    }
    mood.lock().expect("whole").open -= 1;
}

/// Sends events in small pieces, with heartbeats between.
async fn events(mut stream: TcpStream, mood: Arc<Mutex<Mood>>, sent: broadcast::Sender<Sent>) {
    let mut sent = sent.subscribe();
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n:)\n";
    let _ = stream.write_all(head.as_bytes()).await;
    mood.lock().expect("whole").open += 1;
    loop {
        let text = match tokio::time::timeout(Duration::from_millis(50), sent.recv()).await {
            Ok(Ok(Sent::Event(_, event, payload))) => {
                format!("event: {event}\ndata: {payload}\n\n")
            }
            Err(_) => ":thump\n".to_owned(),
            Ok(Ok(Sent::Cut) | Err(_)) => {
                let _ = stream.write_all(b"event: update\ndata: {\"id\":\"1").await;
                break;
            }
        };
        let mut is_lost = false;
        for piece in text.as_bytes().chunks(97) {
            is_lost |= stream.write_all(piece).await.is_err() || stream.flush().await.is_err();
            tokio::task::yield_now().await;
        }
        if is_lost {
            break;
        }
    }
    mood.lock().expect("whole").open -= 1;
}
