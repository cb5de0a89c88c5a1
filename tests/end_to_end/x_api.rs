//! X's API as far as a reader of posts meets it: rules, the filtered stream for one connection, the
//! search for recent posts, look-ups by id; and what can go wrong with them.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

/// The token that it takes.
pub(crate) const TOKEN: &str = "x-secret-bearer";

/// What the API knows.
pub(crate) struct Mood {
    /// Posts in order, each with its user.
    pub(crate) posts: Vec<Value>,
    /// Rules as they are set.
    pub(crate) rules: Vec<Value>,
    /// Streams now open.
    pub(crate) open: usize,
    /// Streams that were opened.
    pub(crate) opened: usize,
    /// Posts that were given, each of which is billed.
    pub(crate) billed: usize,
    /// Requests that came.
    pub(crate) asked: Vec<String>,
    made: u64,
}

#[derive(Clone)]
enum Sent {
    Line(String),
    Cut,
}

pub(crate) struct XApi {
    pub(crate) port: u16,
    mood: Arc<Mutex<Mood>>,
    sent: broadcast::Sender<Sent>,
}

impl XApi {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("bound").port();
        let mood = Mood {
            posts: Vec::new(),
            rules: Vec::new(),
            open: 0,
            opened: 0,
            billed: 0,
            asked: Vec::new(),
            made: 0,
        };
        let (mood, sent) = (Arc::new(Mutex::new(mood)), broadcast::channel(4_096).0);
        let (shared, events) = (Arc::clone(&mood), sent.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a socket");
                while let Ok((stream, _)) = listener.accept().await {
                    let (mood, events) = (Arc::clone(&shared), events.clone());
                    tokio::spawn(async move { serve(stream, mood, events).await });
                }
            });
        });
        Self { port, mood, sent }
    }

    pub(crate) fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().expect("whole")
    }

    /// Somebody posts something; gives its id.
    pub(crate) fn post(&self, text: &str) -> String {
        self.version(text, Vec::new())
    }

    /// A new version of a post: a post of its own with the same history.
    pub(crate) fn edit(&self, id: &str, text: &str) -> String {
        let mut mood = self.mood();
        mood.posts.retain(|post| post["id"] != *id);
        drop(mood);
        self.version(text, vec![id.to_owned()])
    }

    fn version(&self, text: &str, mut history: Vec<String>) -> String {
        let mut mood = self.mood();
        mood.made += 1;
        let ms = now_ms() - 3_600_000 + mood.made * 1_000;
        let id = (((ms - 1_288_834_974_657) << 22) | mood.made).to_string();
        history.push(id.clone());
        let time = resonanz::time::EventTime(i64::try_from(ms * 1_000).expect("in range"));
        let post = json!({
            "id": id, "text": text, "author_id": "77", "lang": "en", "conversation_id": history[0],
            "created_at": time.to_string(), "edit_history_tweet_ids": history,
            "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 0},
        });
        mood.posts.push(post.clone());
        let line = json!({
            "data": post, "includes": users(), "matching_rules": [{"id": "1", "tag": "x"}],
        });
        let _ = self.sent.send(Sent::Line(line.to_string()));
        id
    }

    pub(crate) fn delete(&self, id: &str) {
        self.mood().posts.retain(|post| post["id"] != *id);
    }

    /// Sends a line of any kind over the stream.
    pub(crate) fn say(&self, line: &str) {
        let _ = self.sent.send(Sent::Line(line.to_owned()));
    }

    /// Cuts the stream in the midst of a line.
    pub(crate) fn cut(&self) {
        let _ = self.sent.send(Sent::Cut);
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("in range")
}

fn users() -> Value {
    json!({"users": [{"id": "77", "name": "Ada", "username": "ada_x", "protected": false,
        "public_metrics": {"followers_count": 55, "following_count": 1, "tweet_count": 9, "listed_count": 0}}]})
}

async fn serve(mut stream: TcpStream, mood: Arc<Mutex<Mood>>, sent: broadcast::Sender<Sent>) {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => bytes.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let lower = head.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    mood.lock().expect("whole").asked.push(path.clone());
    let is_known = lower.contains(&format!("authorization: bearer {TOKEN}"));
    let is_stream = path.split('?').next() == Some("/2/tweets/search/stream");
    let is_taken = mood.lock().expect("whole").open > 0;
    if is_known && is_stream && !is_taken {
        return lines(stream, mood, sent).await;
    }
    let (status, body) = match (is_known, is_stream) {
        (false, _) => (401, json!({"title": "Unauthorized", "type": "about:blank", "status": 401})),
        (true, true) => (
            429,
            json!({"title": "ConnectionException", "connection_issue": "TooManyConnections",
                "detail": "This stream is currently at the maximum allowed connection limit."}),
        ),
        _ => answer(&head, &path, &body, &mut mood.lock().expect("whole")),
    };
    let body = body.to_string();
    let answer = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn answer(head: &str, path: &str, body: &[u8], mood: &mut Mood) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let asked = |name: &str| {
        let pairs = url_pairs(query);
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    };
    match path {
        "/2/tweets/search/stream/rules" if head.starts_with("POST") => {
            set_rules(&serde_json::from_slice(body).expect("JSON"), mood)
        }
        "/2/tweets/search/stream/rules" => {
            (200, json!({"data": mood.rules, "meta": {"result_count": mood.rules.len()}}))
        }
        "/2/usage/tweets" => {
            let usage =
                json!({"cap_reset_day": 19, "project_cap": "10000", "project_usage": "120"});
            (200, json!({"data": usage}))
        }
        "/2/tweets/search/recent" => recent(&asked, mood),
        "/2/tweets" => {
            let (mut found, mut errors) = (Vec::new(), Vec::new());
            for id in asked("ids").unwrap_or_default().split(',') {
                match mood.posts.iter().find(|post| post["id"] == *id) {
                    Some(post) => found.push(post.clone()),
                    None => errors.push(json!({
                        "value": id, "detail": "Could not find tweet", "title": "Not Found Error",
                        "resource_type": "tweet", "parameter": "ids", "resource_id": id,
                        "type": "https://api.twitter.com/2/problems/resource-not-found",
                    })),
                }
            }
            mood.billed += found.len();
            (200, json!({"data": found, "includes": users(), "errors": errors}))
        }
        _ => (404, json!({"title": "Not Found"})),
    }
}

fn url_pairs(query: &str) -> Vec<(String, String)> {
    let base = reqwest::Url::parse(&format!("http://x/?{query}")).expect("an address");
    base.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

fn set_rules(body: &Value, mood: &mut Mood) -> (u16, Value) {
    if let Some(gone) = body["delete"]["ids"].as_array() {
        mood.rules.retain(|rule| !gone.contains(&rule["id"]));
        return (200, json!({"meta": {"summary": {"deleted": gone.len()}}}));
    }
    let mut added = Vec::new();
    for rule in body["add"].as_array().expect("rules") {
        mood.made += 1;
        let mut rule = rule.clone();
        rule["id"] = json!(mood.made.to_string());
        mood.rules.push(rule.clone());
        added.push(rule);
    }
    (201, json!({"data": added, "meta": {"summary": {"created": added.len()}}}))
}

/// The newest posts first, a page at a time.
fn recent(asked: &dyn Fn(&str) -> Option<String>, mood: &mut Mood) -> (u16, Value) {
    let id = |post: &Value| post["id"].as_str().and_then(|id| id.parse::<u64>().ok());
    let since = asked("since_id").and_then(|id| id.parse::<u64>().ok());
    let begin = asked("next_token").and_then(|token| token.parse().ok()).unwrap_or(0);
    let most: usize = asked("max_results").and_then(|most| most.parse().ok()).unwrap_or(10);
    let all: Vec<&Value> = mood.posts.iter().rev().filter(|post| id(post) > since).collect();
    let page: Vec<Value> = all.iter().skip(begin).take(most).map(|post| (*post).clone()).collect();
    let mut meta = json!({"result_count": page.len()});
    if begin + page.len() < all.len() {
        meta["next_token"] = json!((begin + page.len()).to_string());
    }
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        meta["newest_id"] = newest["id"].clone();
        meta["oldest_id"] = oldest["id"].clone();
    }
    mood.billed += page.len();
    (200, json!({"data": page, "includes": users(), "meta": meta}))
}

/// The stream: chunks that are cut anywhere, and signs of life.
async fn lines(mut stream: TcpStream, mood: Arc<Mutex<Mood>>, sent: broadcast::Sender<Sent>) {
    let mut sent = sent.subscribe();
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let _ = stream.write_all(head.as_bytes()).await;
    {
        let mut mood = mood.lock().expect("whole");
        (mood.open, mood.opened) = (mood.open + 1, mood.opened + 1);
    }
    let mut byte = [0];
    loop {
        let text = tokio::select! {
            // The client says nothing more: this is its goodbye.
            _ = stream.read(&mut byte) => break,
            sent = tokio::time::timeout(Duration::from_millis(100), sent.recv()) => match sent {
                Ok(Ok(Sent::Line(line))) => {
                    mood.lock().expect("whole").billed += usize::from(line.contains("\"data\""));
                    format!("{line}\r\n")
                }
                Err(_) => "\r\n".to_owned(),
                Ok(Ok(Sent::Cut) | Err(_)) => {
                    let _ = stream.write_all(b"10\r\n{\"data\":{\"id\":\"1\r\n").await;
                    break;
                }
            },
        };
        let mut is_lost = false;
        for piece in text.as_bytes().chunks(101) {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
            is_lost |= stream.write_all(&chunk).await.is_err();
        }
        if is_lost {
            break;
        }
    }
    mood.lock().expect("whole").open -= 1;
}
