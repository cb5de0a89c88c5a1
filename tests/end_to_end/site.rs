//! What does a scripted web site answer? Each path its own reply, which a test may change; what it
//! was asked is kept.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a path answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status with its reason, further headers, and a body.
    Plain(&'static str, String, Vec<u8>),
    /// A body that promises more than comes.
    Cut(Vec<u8>),
    /// Nothing, for as long as the other side waits.
    Stall,
}

impl Reply {
    /// A body with its tag; whoever shows the tag again is told that nothing has changed.
    pub(crate) fn tagged(tag: &str, body: impl AsRef<[u8]>) -> Self {
        let headers = format!("content-type: application/rss+xml\r\netag: \"{tag}\"\r\n");
        Self::Plain("200 OK", headers, body.as_ref().to_vec())
    }

    /// A body without one.
    pub(crate) fn body(kind: &str, body: impl AsRef<[u8]>) -> Self {
        Self::Plain("200 OK", format!("content-type: {kind}\r\n"), body.as_ref().to_vec())
    }

    pub(crate) fn status(status: &'static str, headers: &str) -> Self {
        Self::Plain(status, headers.to_owned(), Vec::new())
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) head: String,
    /// Whether the answer was that nothing has changed.
    pub(crate) is_unchanged: bool,
}

#[derive(Debug, Default)]
struct Script {
    replies: HashMap<String, Reply>,
    asked: Vec<Asked>,
}

/// A web site on a free port.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl Site {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let site = Self { url, script: Arc::default() };
        let script = Arc::clone(&site.script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = Arc::clone(&script);
                std::thread::spawn(move || serve(stream, &script));
            }
        });
        site
    }

    /// Says what a path answers from now on; all others answer 404.
    pub(crate) fn put(&self, path: &str, reply: Reply) {
        self.script.lock().expect("a lock").replies.insert(path.to_owned(), reply);
    }

    /// What was asked of a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let script = self.script.lock().expect("a lock");
        let asked = script.asked.iter().filter(|asked| asked.path == path);
        asked.cloned().collect()
    }
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>) {
    loop {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let target = head.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let reply = {
            let mut script = script.lock().expect("a lock");
            let missing = Reply::status("404 Not Found", "");
            let mut reply = script.replies.get(&path).cloned().unwrap_or(missing);
            let tag = head.lines().find_map(|line| line.strip_prefix("if-none-match: "));
            let is_unchanged = match (&reply, tag) {
                (Reply::Plain(_, headers, _), Some(tag)) => {
                    headers.contains(&format!("etag: {tag}\r\n"))
                }
                _ => false,
            };
            if is_unchanged {
                reply = Reply::status("304 Not Modified", "");
            }
            script.asked.push(Asked { at: Instant::now(), path, head, is_unchanged });
            reply
        };
        let sent = match reply {
            Reply::Plain(status, headers, body) => {
                let head =
                    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body))
            }
            Reply::Cut(body) => {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() + 1_000);
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
                return;
            }
            Reply::Stall => {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
                let _ = stream.read(&mut byte);
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}
