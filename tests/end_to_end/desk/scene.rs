//! What do the tests of the desk share? A process that follows a file of posts, and a receiver.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use crate::hook::{Hook, Request};
use crate::support::{Killed, append, file, free_port, resonanz, stderr, stdout, wait_for};

/// A configuration, a file that is followed, a receiver, and a process that runs.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) hook: Hook,
    pub(crate) api: String,
    process: Option<Killed>,
    posts: u32,
}

const TOPICS: &str = r#"
[engine]
lateness = "1s"
[[topic]]
name = "acme"
query = 'acme'
brand = "Acme"
[[topic]]
name = "phone"
query = 'phone'
brand = "Acme"
parent = "acme"
[[topic]]
name = "tablet"
query = 'tablet'
brand = "Acme"
[[topic]]
name = "zeta"
query = 'zeta'
[[rule]]
name = "many"
type = "threshold"
measure = "mentions"
count = 3
window = "2m"
min_authors = 0
keep_firing_for = "0s"
cooldown = "0s"
labels = { team = "care" }
receivers = ["team"]
"#;

/// What a message says of which topic, and of which others.
fn said(request: &Request) -> String {
    let body = request.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&body["type"]);
    let mut said =
        format!("{} {}", kind.trim_start_matches("alert."), text(&body["data"]["topic"]));
    for member in body["data"]["members"].as_array().into_iter().flatten() {
        let _ = write!(said, " +{}", text(member));
    }
    said
}

/// Head and body of a request or an answer.
pub(crate) fn read_whole(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(Some(0), |length| length.trim().parse().ok())? {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        let length = stream.read(&mut chunk).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&chunk[..length]);
    }
}

impl Desk {
    /// A running process; `more` is added to the configuration.
    pub(crate) fn new(more: &str) -> Self {
        Self::telling(Hook::new(), "", more)
    }

    /// The same with a receiver that answers as it is told, and has these further keys.
    pub(crate) fn telling(hook: Hook, keys: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let api = format!("127.0.0.1:{}", free_port());
        file(folder.path(), "posts.jsonl", "");
        let text = format!(
            "{more}\n[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"{api}\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
             [[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n{keys}\n{TOPICS}",
            hook.url
        );
        file(folder.path(), "resonanz.toml", text);
        let mut desk = Self { folder, hook, api, process: None, posts: 0 };
        desk.start();
        desk
    }

    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    pub(crate) fn start_with(&mut self, options: &[&str]) {
        let mut command = resonanz();
        command.current_dir(self.folder.path()).arg("run").args(options);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(Killed(child.expect("the process starts")));
        wait_for("the API", || TcpStream::connect(&self.api).ok());
        let state = self.folder.path().join("lake/_resonanz/desk/state.json");
        wait_for("the desk", || state.exists().then_some(()));
    }

    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Posts `count` texts at this second of the hour, then one that moves time on.
    pub(crate) fn post(&mut self, second: u32, count: u32, text: &str) {
        let mut lines = String::new();
        for place in 0..=count {
            let at = if place < count { second } else { second + 12 };
            let text = if place < count { text } else { "nothing" };
            let stamp = format!("2026-03-01T12:{:02}:{:02}Z", at / 60, at % 60);
            self.posts += 1;
            let id = self.posts;
            let _ = writeln!(
                lines,
                "{{\"id\":\"{id}\",\"posted_at\":\"{stamp}\",\"text\":\"{text} {id}\"}}"
            );
        }
        append(&self.folder.path().join("posts.jsonl"), lines);
    }

    /// Runs `resonanz alerts ...`.
    pub(crate) fn alerts(&self, arguments: &[&str]) -> String {
        let mut command = resonanz();
        command.current_dir(self.folder.path()).arg("alerts").args(arguments);
        let output = command.output().expect("the binary runs");
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// The listed alert on a topic, once it is as wanted.
    pub(crate) fn listed(&self, topic: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait_for("an alert as wanted", || {
            let list: Value =
                serde_json::from_str(&self.alerts(&["list", "--format", "json"])).expect("JSON");
            let list = list.as_array().expect("a list").clone();
            list.into_iter().find(|alert| alert["topic"] == topic && wanted(alert))
        })
    }

    /// What the receiver was told, in order; after a kill a message may come again, under the same
    /// id.
    pub(crate) fn heard(&self) -> Vec<String> {
        let mut known = HashSet::new();
        let requests = self.hook.accepted();
        let first = requests.iter().filter(|request| known.insert(request.id()));
        first.map(said).collect()
    }

    /// Waits until the receiver has heard exactly this.
    pub(crate) fn hears(&self, wanted: &[&str]) {
        wait_for(&format!("{wanted:?}"), || {
            let heard = self.heard();
            assert!(heard.len() <= wanted.len(), "{heard:?} is more than {wanted:?}");
            (heard == wanted).then_some(())
        });
    }

    /// One HTTP request; status and JSON body.
    pub(crate) fn http(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.api).expect("the API");
        let host = if headers.contains("host:") {
            String::new()
        } else {
            format!("host: {}\r\n", self.api)
        };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let (head, body) = read_whole(&mut stream).expect("an answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, serde_json::from_str(&body).unwrap_or_default())
    }
}
