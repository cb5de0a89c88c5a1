//! Who listens to webhooks in the tests? A real HTTP server that records, and fails as it is told.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use resonanz::alert::Transition;
use resonanz::notify::Message;
use serde_json::Value;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    /// The message's id.
    pub(crate) fn id(&self) -> &str {
        self.headers.get("webhook-id").map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Whether the reference implementation accepts the signature under a secret.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let mut headers = http::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let Some(value) = self.headers.get(name) else { return false };
            headers.insert(name, value.parse().expect("a header value"));
        }
        let reference = standardwebhooks::Webhook::new(secret).expect("a secret");
        reference.verify(self.body.as_bytes(), &headers).is_ok()
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with this status line and these headers, as `"204 No Content"`.
    Status(String),
    /// Answers 200, and sends a body without end.
    Endless,
    /// Reads on and never answers.
    Hang,
    /// Closes the connection.
    Cut,
}

pub(crate) fn status(line: &str) -> Reply {
    Reply::Status(line.to_owned())
}

/// The server; what it accepted is what it answered with 2xx.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<(Request, bool)>>>,
}

impl Hook {
    /// A server that takes everything.
    pub(crate) fn new() -> Self {
        Self::answering(|_, _| status("204 No Content"))
    }

    /// A server that answers as it is told, request by request; the number counts from 0.
    pub(crate) fn answering(
        mut answer: impl FnMut(&Request, usize) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Some(request) = receive(&mut stream) else { continue };
                let number = record.lock().expect("not poisoned").len();
                let reply = answer(&request, number);
                let accepted = matches!(&reply, Reply::Endless)
                    || matches!(&reply, Reply::Status(line) if line.starts_with('2'));
                record.lock().expect("not poisoned").push((request, accepted));
                std::thread::spawn(move || send(stream, &reply));
            }
        });
        Self { url, seen }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Request, bool)>> {
        self.seen.lock().expect("not poisoned")
    }

    /// All requests, in order.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.lock().iter().map(|(request, _)| request.clone()).collect()
    }

    /// Those that were answered with 2xx.
    pub(crate) fn accepted(&self) -> Vec<Request> {
        self.lock().iter().filter(|(_, accepted)| *accepted).map(|(one, _)| one.clone()).collect()
    }
}

fn receive(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let length = stream.read(&mut chunk).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(chunk.get(..length)?);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers: HashMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        if body.len() >= headers.get("content-length")?.parse().ok()? {
            return Some(Request { body: body.to_owned(), headers });
        }
    }
}

fn send(mut stream: TcpStream, reply: &Reply) -> std::io::Result<()> {
    match reply {
        Reply::Status(line) => {
            write!(stream, "HTTP/1.1 {line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        }
        Reply::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 65_536])?;
            }
        }
        Reply::Hang => stream.read(&mut [0; 1]).map(|_| ()),
        Reply::Cut => Ok(()),
    }
}

/// A message about an alert, as its rule would send it.
pub(crate) fn message(receiver: &str, alert: &str, transition: Transition, at_us: i64) -> Message {
    let sample = Message::sample(receiver, transition);
    let mut subject = sample.subject.clone();
    if let Some(subject) = &mut subject {
        subject.alert_id = alert.to_owned();
    }
    let mut body: Value = serde_json::from_str(&sample.body).expect("JSON");
    body["data"]["alert_id"] = alert.into();
    let id = format!("{alert}.{}.{at_us}", transition.as_str());
    Message { id, at_us, subject, body: body.to_string(), ..sample }
}
