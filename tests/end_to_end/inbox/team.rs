//! What do the tests of the inbox share? A lake with a promise, a process beside it, and what people do.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::desk::scene::read_whole;
use crate::support::{Killed, Place, append, file, free_port, resonanz, stderr, stdout, wait_for};

const TOPICS: &str = r#"
[service]
promise = "2h"
hours = "Mo-Fr 09:00-18:00"
zone = "Europe/Berlin"
holidays = "DE-BY"
[[topic]]
name = "acme"
query = 'acme'
accounts = ["@acme_help"]
"#;

/// A post at this second after noon of Monday, the 2nd of March 2026, with further fields.
pub(super) fn post(id: &str, author: &str, at_s: i64, text: &str, more: &str) -> String {
    let at = (1_772_452_800 + at_s) * 1_000_000;
    format!(
        "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":{at},\"received_at\":{at},\"text\":\"{text}\"{more}}}\n"
    )
}

pub(super) fn reply(id: &str, at_s: i64, to: &str) -> String {
    let more = format!(",\"kind\":\"reply\",\"parent\":\"{to}\"");
    post(id, "acme_help", at_s, "we are sorry", &more)
}

/// Seconds from Monday noon to this hour and minute of a day, in UTC.
pub(super) fn at(day: i64, hour: i64, minute: i64) -> i64 {
    day * 86_400 + (hour - 12) * 3_600 + minute * 60
}

/// A folder with a lake, and what people do there.
pub(super) struct Team {
    pub(super) place: Place,
    pub(super) config: PathBuf,
    pub(super) address: String,
    process: Option<Killed>,
}

impl Team {
    /// A team whose lake is made of an archive.
    pub(super) fn of(lines: &str) -> Self {
        let mut place = Place::new();
        place.config = file(place.folder.path(), "topics.toml", TOPICS);
        let archive = file(place.folder.path(), "net.jsonl", lines);
        let done = place.reprocess(&archive);
        assert!(done.status.success(), "{}", stderr(&done));
        let config = place.config.clone();
        Self { place, config, address: String::new(), process: None }
    }

    /// A team beside a process that follows a file.
    pub(super) fn live() -> Self {
        Self::live_with("")
    }

    /// The same with rules.
    pub(super) fn live_with(rules: &str) -> Self {
        let place = Place::new();
        let address = format!("127.0.0.1:{}", free_port());
        file(place.folder.path(), "net.jsonl", "");
        let text = format!(
            "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"{address}\"\n\
             [[source]]\nname = \"net\"\ntype = \"file\"\npath = \"net.jsonl\"\nfollow = true\n{TOPICS}{rules}"
        );
        let config = file(place.folder.path(), "live.toml", text);
        let mut team = Self { place, config, address, process: None };
        team.start();
        team
    }

    pub(super) fn start(&mut self) {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(Killed(child.expect("the process starts")));
        wait_for("the API", || TcpStream::connect(&self.address).ok());
    }

    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    pub(super) fn say(&self, lines: &str) {
        append(&self.place.folder.path().join("net.jsonl"), lines);
    }

    /// Runs `resonanz inbox ...`; exit code, output and errors.
    pub(super) fn inbox(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = resonanz();
        command.arg("inbox").args(arguments).arg("--config").arg(&self.config);
        command.arg("--lake").arg(&self.place.lake);
        let output = command.output().expect("the binary runs");
        (output.status.code(), stdout(&output), stderr(&output))
    }

    pub(super) fn list(&self, arguments: &[&str]) -> Value {
        let (code, out, err) = self.inbox(&[&["list", "--format", "json"], arguments].concat());
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str(&out).expect("JSON")
    }

    /// The entry of a post, in any state, once it is as wanted.
    pub(super) fn entry(&self, post: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait_for(post, || {
            let path = "/api/v1/inbox?state=open,assigned,answered,ignored";
            let (_, list) = self.http("GET", path, "");
            let entries = list["entries"].as_array()?.clone();
            entries.into_iter().find(|one| one["mention"]["post_id"] == post && wanted(one))
        })
    }

    /// One request; status and JSON.
    pub(super) fn http(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, _, body) = self.ask(method, path, "content-type: application/json\r\n", body);
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    pub(super) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the API");
        let (host, length) = (&self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let (head, body) = read_whole(&mut stream).expect("an answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, head, body)
    }

    pub(super) fn change(
        &self,
        handle: &str,
        revision: u64,
        by: &str,
        state: &str,
    ) -> (u16, Value) {
        let body = json!({"revision": revision, "state": state, "changed_by": by});
        self.http("POST", &format!("/api/v1/inbox/{handle}"), &body.to_string())
    }
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}
