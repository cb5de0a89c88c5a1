//! A server over HTTP that answers as a test says, whole or broken, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;

/// What a scripted server answers.
pub(crate) enum Reply {
    Json(Value),
    /// Status line, further header lines, body.
    Raw(&'static str, String, String),
    /// Promises more bytes than come.
    Cut(Value),
}

/// A request that came: path with query, headers in lower case, and when.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Asked {
    /// A parameter of its query, its percent signs read.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&format!("http://h{}", self.path)).expect("a path");
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A field of a form that was posted.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let fields = url::form_urlencoded::parse(self.body.as_bytes());
        fields.into_owned().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn number(&self, name: &str) -> usize {
        self.parameter(name).and_then(|text| text.parse().ok()).expect("a number")
    }
}

pub(crate) type Log = Arc<Mutex<Vec<Asked>>>;

/// Serves what `answer` says to each request; gives the address and what was asked.
pub(crate) fn serve(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let (log, answer) = (Log::default(), Arc::new(answer));
    let asked = Arc::clone(&log);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
            std::thread::spawn(move || talk(stream, &asked, &*answer));
        }
    });
    (address, log)
}

fn talk(stream: TcpStream, log: &Log, answer: &dyn Fn(&Asked) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut out = stream;
    loop {
        let (mut first, mut head) = (String::new(), String::new());
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                break;
            }
            head += &line.to_lowercase();
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.and_then(|text| text.trim().parse().ok()).unwrap_or(0)];
        let _ = reader.read_exact(&mut body);
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&body).into_owned();
        let asked = Asked { path, head, body, at: Instant::now() };
        log.lock().expect("a log").push(asked.clone());
        let (status, more, body, missing) = match answer(&asked) {
            Reply::Json(json) => ("200 OK", String::new(), json.to_string(), 0),
            Reply::Raw(status, more, body) => (status, more, body, 0),
            Reply::Cut(json) => ("200 OK", String::new(), json.to_string(), 100),
        };
        let length = body.len() + missing;
        let written =
            write!(out, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{more}\r\n{body}");
        if written.is_err() || missing > 0 {
            return;
        }
    }
}

pub(crate) fn count(log: &Log) -> usize {
    log.lock().expect("a log").len()
}
