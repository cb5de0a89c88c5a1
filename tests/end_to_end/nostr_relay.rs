//! A relay of Nostr as far as a reader meets it, and what can go wrong with one: it stalls, cuts, repeats,
//! forges, refuses, and gives little at a time.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use secp256k1::{Keypair, XOnlyPublicKey, schnorr};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Notes that come before something goes wrong.
const BEFORE: usize = 7;

/// Somebody who signs what they say.
#[derive(Clone, Copy)]
pub(crate) struct Account(Keypair);

impl Account {
    pub(crate) fn new(number: u8) -> Self {
        Self(format!("{number:02x}").repeat(32).parse().expect("a key"))
    }

    pub(crate) fn key(self) -> String {
        format!("{:x}", self.0.x_only_public_key().0)
    }

    /// A note of some seconds before now.
    pub(crate) fn says(self, ago_s: i64, kind: u32, tags: &Value, content: &str) -> Value {
        let (key, at) = (self.key(), now_s() - ago_s);
        let id = id(&json!([0, key, at, kind, tags, content]));
        let seal = schnorr::sign_no_aux_rand(&id, &self.0);
        json!({"id": hex(&id), "pubkey": key, "created_at": at, "kind": kind, "tags": tags,
            "content": content, "sig": hex(&seal.to_byte_array())})
    }
}

fn id(signed: &Value) -> [u8; 32] {
    Sha256::digest(signed.to_string().as_bytes()).into()
}

/// Whether an answer to a challenge is one that its author signed for this relay just now.
fn is_login(note: &Value, challenge: &str, relay: &str) -> bool {
    let parts = ["pubkey", "created_at", "kind", "tags", "content"].map(|name| &note[name]);
    let [key, at, kind, tags, content] = parts;
    let id = id(&json!([0, key, at, kind, tags, content]));
    let tag = |name: &str, value: &str| {
        tags.as_array().is_some_and(|tags| tags.contains(&json!([name, value])))
    };
    let author = key.as_str().and_then(|key| key.parse::<XOnlyPublicKey>().ok());
    let seal = note["sig"].as_str().and_then(|seal| seal.parse::<schnorr::Signature>().ok());
    let is_signed =
        author.zip(seal).is_some_and(|(key, seal)| schnorr::verify(&seal, &id, &key).is_ok());
    is_signed
        && note["id"] == hex(&id)
        && *kind == 22_242
        && tag("challenge", challenge)
        && tag("relay", relay)
        && at.as_i64().is_some_and(|at| (at - now_s()).abs() < 600)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("in range")
}

/// What goes wrong with a connection, after a few notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It breaks off in the middle of a frame.
    Cut,
    /// Bytes that mean nothing come between notes.
    Garbage,
    /// Everything comes twice.
    Again,
    /// Each note comes first as nobody signed it.
    Forged,
    /// The server is ill.
    Ill,
    /// The reader is too busy.
    Limited,
    /// It ends its subscriptions.
    Ends,
    /// Nothing comes, and then the end.
    Mute,
    /// It has much to say to people between notes.
    Talks,
}

/// How the relay is.
#[derive(Default)]
pub(crate) struct Mood {
    pub(crate) notes: Vec<Value>,
    /// Notes of an answer at most.
    pub(crate) page_max: usize,
    /// Why every subscription is refused.
    pub(crate) refuses: Option<String>,
    /// Whom it gives notes to, if not to all; their keys.
    pub(crate) members: Option<Vec<String>>,
    /// What came in answer to its challenges.
    pub(crate) logins: Vec<Value>,
    /// What it says of itself.
    pub(crate) about: Value,
    /// Whether new notes are kept back.
    pub(crate) is_deaf: bool,
    /// What goes wrong with the next connections.
    pub(crate) faults: Vec<Wrong>,
    /// Requests, as they came.
    pub(crate) asked: Vec<Value>,
    /// Readers now connected who were given what is stored.
    pub(crate) open: usize,
    url: String,
}

#[derive(Clone)]
enum Sent {
    Note(Value),
    Cut,
}

pub(crate) struct Relay {
    pub(crate) url: String,
    mood: Arc<Mutex<Mood>>,
    sent: broadcast::Sender<Sent>,
}

impl Relay {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("ws://{}", listener.local_addr().expect("bound"));
        let mood = Mood {
            page_max: 500,
            about: json!({"supported_nips": [1, 11]}),
            url: url.clone(),
            ..Mood::default()
        };
        let mood = Arc::new(Mutex::new(mood));
        let sent = broadcast::channel(4_096).0;
        let (shared, events) = (Arc::clone(&mood), sent.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a socket");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&shared), events.clone()));
                }
            });
        });
        Self { url, mood, sent }
    }

    pub(crate) fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().expect("whole")
    }

    /// Takes a note in, as relays do: what its author takes back with it is gone.
    pub(crate) fn take(&self, note: &Value) {
        let mut mood = self.mood();
        if note["kind"] == 5 {
            let gone = |old: &Value| {
                let named = note["tags"].as_array().expect("tags").iter();
                old["pubkey"] == note["pubkey"] && named.clone().any(|tag| tag[1] == old["id"])
            };
            mood.notes.retain(|old| !gone(old));
        }
        mood.notes.push(note.clone());
        if !mood.is_deaf {
            let _ = self.sent.send(Sent::Note(note.clone()));
        }
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        let _ = self.sent.send(Sent::Cut);
    }
}

async fn serve(mut stream: TcpStream, mood: Arc<Mutex<Mood>>, sent: broadcast::Sender<Sent>) {
    let mut head = vec![0; 16 << 10];
    let length = loop {
        let Ok(length) = stream.peek(&mut head).await else { return };
        if length == 0 || head[..length].windows(4).any(|end| end == b"\r\n\r\n") {
            break length;
        }
        tokio::task::yield_now().await;
    };
    let text = String::from_utf8_lossy(&head[..length]).to_lowercase();
    if !text.contains("upgrade: websocket") {
        let body = mood.lock().expect("whole").about.to_string();
        let _ = stream.read(&mut head[..length]).await;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    let wrong = mood.lock().expect("whole").faults.pop();
    if wrong == Some(Wrong::Ill) {
        let _ = stream.read(&mut head[..length]).await;
        let _ = stream.write_all(b"HTTP/1.1 503 Ill\r\ncontent-length: 0\r\n\r\n").await;
        return;
    }
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let mut talk =
        Talk { socket, mood, open: Vec::new(), wrong, given: 0, is_counted: false, is_in: false };
    let _ = talk.run(sent.subscribe()).await;
    if talk.is_counted {
        talk.mood.lock().expect("whole").open -= 1;
    }
}

/// A connection.
struct Talk {
    socket: WebSocketStream<TcpStream>,
    mood: Arc<Mutex<Mood>>,
    /// Subscriptions with their filters.
    open: Vec<(String, Value)>,
    wrong: Option<Wrong>,
    given: usize,
    is_counted: bool,
    is_in: bool,
}

/// What each connection is to sign.
const CHALLENGE: &str = "sign this";

type Ended = Result<(), ()>;

impl Talk {
    async fn run(&mut self, mut sent: broadcast::Receiver<Sent>) -> Ended {
        self.say(&json!(["AUTH", CHALLENGE])).await?;
        loop {
            tokio::select! {
                said = self.socket.next() => {
                    let Some(Ok(said)) = said else { return Err(()) };
                    if let Message::Text(text) = said {
                        let request: Value = serde_json::from_str(&text).map_err(drop)?;
                        self.asked(&request).await?;
                    }
                }
                happened = sent.recv() => match happened {
                    Ok(Sent::Note(note)) => {
                        let fits = self.open.iter().filter(|(_, filter)| matches(filter, &note));
                        let names: Vec<String> = fits.map(|(name, _)| name.clone()).collect();
                        for name in names {
                            self.give(&name, &note).await?;
                        }
                    }
                    Ok(Sent::Cut) | Err(_) => return Err(()),
                },
            }
        }
    }

    async fn asked(&mut self, request: &Value) -> Ended {
        if request[0] == "AUTH" {
            return self.let_in(&request[1]).await;
        }
        let name = request[1].as_str().unwrap_or_default().to_owned();
        self.open.retain(|(open, _)| *open != name);
        if request[0] != "REQ" {
            return Ok(());
        }
        let (refuses, found) = {
            let mut mood = self.mood.lock().expect("whole");
            mood.asked.push(request.clone());
            let mut found: Vec<Value> =
                mood.notes.iter().filter(|note| matches(&request[2], note)).cloned().collect();
            found.sort_by_key(|note| std::cmp::Reverse(note["created_at"].as_i64()));
            found.truncate(mood.page_max);
            let is_closed = mood.members.is_some() && !self.is_in;
            let login = is_closed.then(|| "auth-required: for members".to_owned());
            (mood.refuses.clone().or(login), found)
        };
        if let Some(why) = refuses {
            return self.say(&json!(["CLOSED", name, why])).await;
        }
        self.open.push((name.clone(), request[2].clone()));
        for note in found {
            self.give(&name, &note).await?;
        }
        if self.wrong == Some(Wrong::Mute) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            return Err(());
        }
        self.say(&json!(["EOSE", name])).await?;
        if !std::mem::replace(&mut self.is_counted, true) {
            self.mood.lock().expect("whole").open += 1;
        }
        Ok(())
    }

    async fn let_in(&mut self, note: &Value) -> Ended {
        let verdict = {
            let mut mood = self.mood.lock().expect("whole");
            mood.logins.push(note.clone());
            let members = mood.members.clone().unwrap_or_default();
            let is_right = is_login(note, CHALLENGE, &mood.url);
            is_right && members.iter().any(|member| note["pubkey"] == **member)
        };
        self.is_in |= verdict;
        let why = if verdict { "" } else { "restricted: not a member" };
        self.say(&json!(["OK", note["id"], verdict, why])).await
    }

    async fn give(&mut self, name: &str, note: &Value) -> Ended {
        self.given += 1;
        let is_due = self.given > BEFORE;
        match self.wrong {
            Some(Wrong::Mute) => return Ok(()),
            Some(Wrong::Cut) if is_due => {
                let whole = json!(["EVENT", name, note]).to_string();
                let mut raw = vec![0x81, 126];
                raw.extend(u16::try_from(whole.len()).expect("short").to_be_bytes());
                raw.extend(&whole.as_bytes()[..whole.len() / 2]);
                let _ = self.socket.get_mut().write_all(&raw).await;
                return Err(());
            }
            Some(Wrong::Limited) if is_due => {
                let _ = self.say(&json!(["CLOSED", name, "rate-limited: slow down"])).await;
                return Err(());
            }
            Some(Wrong::Ends) if is_due => {
                return self.say(&json!(["CLOSED", name, "error: shutting down"])).await;
            }
            Some(Wrong::Garbage) => {
                let _ = self.socket.send(Message::binary(vec![0xff; 40])).await;
                self.say(&json!(["EVENT", name, {"id": "x"}])).await?;
            }
            Some(Wrong::Talks) => {
                let words = format!("{}{}", self.given, "x".repeat(500_000));
                self.say(&json!(["NOTICE", words])).await?;
            }
            Some(Wrong::Again) => self.say(&json!(["EVENT", name, note])).await?,
            Some(Wrong::Forged) => {
                let mut forged = note.clone();
                forged["content"] = json!("acme is forged");
                self.say(&json!(["EVENT", name, forged])).await?;
            }
            _ => {}
        }
        self.say(&json!(["EVENT", name, note])).await
    }

    async fn say(&mut self, message: &Value) -> Ended {
        self.socket.send(Message::text(message.to_string())).await.map_err(drop)
    }
}

/// Whether a filter wants a note.
fn matches(filter: &Value, note: &Value) -> bool {
    filter.as_object().expect("a filter").iter().all(|(name, wanted)| {
        let among = |value: &Value| wanted.as_array().is_some_and(|all| all.contains(value));
        match name.as_str() {
            "kinds" => among(&note["kind"]),
            "authors" => among(&note["pubkey"]),
            "since" => note["created_at"].as_i64() >= wanted.as_i64(),
            "until" => note["created_at"].as_i64() <= wanted.as_i64(),
            "search" => {
                let text = note["content"].as_str().unwrap_or_default();
                text.contains(wanted.as_str().unwrap_or_default())
            }
            tag => {
                let tags = note["tags"].as_array().expect("tags").iter();
                tags.clone().any(|own| {
                    Some(own[0].as_str().unwrap_or_default()) == tag.strip_prefix('#')
                        && among(&own[1])
                })
            }
        }
    })
}
