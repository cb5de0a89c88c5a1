//! Can people live with alerts? Silences, acknowledgements, parents and groups on a real process.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{Killed, file, query, resonanz, stderr, stdout, wait_for};

/// What a receiver was told, in order: the message's id, what it says of which topic, how often.
type Heard = Arc<Mutex<Vec<(String, String, u32)>>>;

/// A configuration, a file that is followed, a receiver, and a process that runs.
struct Desk {
    folder: tempfile::TempDir,
    heard: Heard,
    api: String,
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

/// An HTTP receiver that takes everything.
fn receiver() -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hook = format!("http://{}/hook", listener.local_addr().expect("bound"));
    let heard = Heard::default();
    let record = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some((id, what)) = hear(stream) else { continue };
            let mut heard = record.lock().expect("not poisoned");
            // After a kill a message may come again, under the same id.
            match heard.iter_mut().find(|(known, ..)| *known == id) {
                Some((.., times)) => *times += 1,
                None => heard.push((id, what, 1)),
            }
        }
    });
    (hook, heard)
}

fn hear(mut stream: TcpStream) -> Option<(String, String)> {
    let (head, body) = read_whole(&mut stream)?;
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    };
    let id = header("webhook-id")?;
    let body: Value = serde_json::from_str(&body).ok()?;
    write!(stream, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").ok()?;
    let kind = body["type"].as_str()?.trim_start_matches("alert.").to_owned();
    let mut what = format!("{kind} {}", body["data"]["topic"].as_str()?);
    for member in body["data"]["members"].as_array().into_iter().flatten() {
        let _ = write!(what, " +{}", member.as_str()?);
    }
    Some((id, what))
}

/// Head and body of a request or an answer.
fn read_whole(stream: &mut TcpStream) -> Option<(String, String)> {
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
    fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (hook, heard) = receiver();
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let api = free.local_addr().expect("bound").to_string();
        drop(free);
        file(folder.path(), "posts.jsonl", "");
        let text = format!(
            "{more}\n[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"{api}\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
             [[receiver]]\nname = \"team\"\nurl = \"{hook}\"\ninternal = true\n{TOPICS}"
        );
        file(folder.path(), "resonanz.toml", text);
        let mut desk = Self { folder, heard, api, process: None, posts: 0 };
        desk.start();
        desk
    }

    fn start(&mut self) {
        let mut command = resonanz();
        command.current_dir(self.folder.path()).arg("run");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(Killed(child.expect("the process starts")));
        wait_for("the API", || TcpStream::connect(&self.api).ok());
        let state = self.folder.path().join("lake/_resonanz/desk/state.json");
        wait_for("the desk", || state.exists().then_some(()));
    }

    fn kill(&mut self) {
        self.process = None;
    }

    /// Posts `count` texts at this second of the hour, then one that moves time on.
    fn post(&mut self, second: u32, count: u32, text: &str) {
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
        let path = self.folder.path().join("posts.jsonl");
        let opened = OpenOptions::new().append(true).open(path);
        opened.and_then(|mut file| file.write_all(lines.as_bytes())).expect("appended");
    }

    /// Runs `resonanz alerts ...`.
    fn alerts(&self, arguments: &[&str]) -> String {
        let mut command = resonanz();
        command.current_dir(self.folder.path()).arg("alerts").args(arguments);
        let output = command.output().expect("the binary runs");
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// The listed alert on a topic, once it is as wanted.
    fn listed(&self, topic: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait_for("an alert as wanted", || {
            let list: Value =
                serde_json::from_str(&self.alerts(&["list", "--format", "json"])).expect("JSON");
            let list = list.as_array().expect("a list").clone();
            list.into_iter().find(|alert| alert["topic"] == topic && wanted(alert))
        })
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("not poisoned").iter().map(|(_, what, _)| what.clone()).collect()
    }

    /// Waits until the receiver has heard exactly this.
    fn hears(&self, wanted: &[&str]) {
        wait_for(&format!("{wanted:?}"), || {
            let heard = self.heard();
            assert!(heard.len() <= wanted.len(), "{heard:?} is more than {wanted:?}");
            (heard == wanted).then_some(())
        });
    }

    /// One HTTP request; status and JSON body.
    fn http(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
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

#[test]
fn a_silence_holds_an_alert_back_until_it_ends_even_over_a_kill() {
    let mut desk = Desk::new("");
    let said = desk.alerts(&["silence", "--topic", "ac*", "--for", "2h", "--comment", "launch"]);
    let id = said.split(' ').next().expect("an id").to_owned();
    desk.post(1, 3, "acme");
    let held = desk.listed("acme", |alert| alert["held"][0]["reason"] == "silenced");
    assert_eq!((&held["held"][0]["by"], &held["told"]), (&json!(id), &json!([])));
    desk.kill();
    assert_eq!(desk.heard(), Vec::<String>::new());
    // Asked while nobody runs.
    assert!(desk.alerts(&["silences"]).contains("launch"));
    desk.start();
    desk.post(20, 6, "acme");
    wait_for("an escalation", || {
        let told = query(&desk.folder.path().join("lake"), "SELECT count(*) FROM alerts");
        (told == "2").then_some(())
    });
    desk.alerts(&["unsilence", &id]);
    desk.hears(&["fired acme", "escalated acme"]);
    desk.kill();
    desk.start();
    desk.post(200, 3, "zeta");
    desk.hears(&["fired acme", "escalated acme", "resolved acme", "fired zeta"]);
    let story = desk.alerts(&["show", held["alert_id"].as_str().expect("an id")]);
    for wanted in ["resolved", "fired", "escalated", "evidence", "delivered", "launch", "silenced"]
    {
        assert!(story.contains(wanted), "{wanted} not in {story}");
    }
}

#[test]
fn whoever_was_not_told_of_the_beginning_is_not_told_of_the_end() {
    let mut desk = Desk::new("");
    let label = ["silence", "--label", "team=c?re", "--label", "brand=Acme", "--for", "1h"];
    desk.alerts(&[&label[..], &["--comment", "known"]].concat());
    desk.post(1, 3, "acme");
    desk.post(100, 3, "zeta");
    desk.listed("acme", |alert| alert["state"] == "resolved");
    desk.hears(&["fired zeta"]);
    desk.post(200, 3, "zeta");
    desk.hears(&["fired zeta", "resolved zeta", "fired zeta"]);
}

#[test]
fn an_acknowledged_alert_is_told_again_only_when_it_is_over() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme");
    desk.hears(&["fired acme"]);
    let alert = desk.listed("acme", |alert| alert["told"] == json!(["team"]));
    let id = alert["alert_id"].as_str().expect("an id");
    desk.alerts(&["ack", id, "--author", "Kim", "--comment", "calling them"]);
    desk.post(20, 9, "acme");
    let held = desk.listed("acme", |alert| alert["held"][0]["reason"] == "acknowledged");
    assert_eq!((&held["ack"]["author"], &held["held"][0]["by"]), (&json!("Kim"), &json!("Kim")));
    assert!(desk.alerts(&["list"]).contains("acknowledged by Kim at 20"));
    desk.post(200, 1, "zeta");
    desk.hears(&["fired acme", "resolved acme"]);
    let wrong = resonanz().current_dir(desk.folder.path()).args(["alerts", "ack", id]).output();
    assert_eq!(wrong.expect("the binary runs").status.code(), Some(2), "it has resolved");
}

#[test]
fn a_message_is_sent_again_under_the_same_id_if_somebody_wants_it() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme");
    desk.hears(&["fired acme"]);
    let id = desk.heard.lock().expect("not poisoned")[0].0.clone();
    let times = |wanted: u32| {
        let heard = || desk.heard.lock().expect("not poisoned")[0].2;
        wait_for("the message again", || (heard() == wanted).then_some(()));
    };
    wait_for("a published delivery", || {
        let alert = desk.listed("acme", |_| true);
        let story = desk.alerts(&["show", alert["alert_id"].as_str().expect("an id")]);
        story.contains("delivered").then_some(())
    });
    assert!(desk.alerts(&["replay", &id]).contains("team"));
    times(2);
    let path = format!("/api/messages/{id}/replay");
    let json_type = "content-type: application/json\r\n";
    assert_eq!(desk.http("POST", &path, json_type, "{\"receiver\":\"team\"}").0, 200);
    times(3);
    assert_eq!(desk.http("POST", &path, json_type, "{\"receiver\":\"nobody\"}").0, 404);
    desk.hears(&["fired acme"]);
}

#[test]
fn a_parents_alert_speaks_for_its_products_as_long_as_it_lasts() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme");
    desk.hears(&["fired acme"]);
    desk.post(70, 3, "phone");
    let held = desk.listed("phone", |alert| alert["held"][0]["reason"] == "muted");
    let parent = desk.listed("acme", |_| true);
    assert_eq!(held["held"][0]["by"], parent["alert_id"]);
    // The window leaves the parent's posts behind, not yet the product's.
    desk.post(130, 1, "nothing");
    let mut told = vec!["fired acme", "fired phone", "resolved acme"];
    desk.hears(&told);
    desk.post(300, 3, "acme phone");
    told.extend(["resolved phone", "fired acme +phone"]);
    desk.hears(&told);
    desk.post(500, 3, "zeta");
    told.extend(["resolved acme", "fired zeta"]);
    desk.hears(&told);
}

#[test]
fn alerts_of_one_brand_are_one_matter_if_that_is_wished() {
    let mut desk = Desk::new("[notify]\ngroup_by = [\"brand\"]\ngroup_span = \"5m\"");
    desk.post(1, 3, "tablet acme");
    desk.post(70, 3, "tablet zeta");
    desk.hears(&["fired acme +tablet", "fired zeta"]);
    desk.listed("tablet", |alert| alert["held"][0]["reason"] == "grouped");
    desk.post(130, 1, "nothing");
    let now = ["fired tablet", "escalated tablet", "resolved acme"];
    desk.hears(&[&["fired acme +tablet", "fired zeta"], &now[..]].concat());
}

#[test]
fn changes_over_http_are_for_people_and_not_for_foreign_pages() {
    let mut desk = Desk::new("");
    let body = "{\"topic\":\"acme\",\"for\":\"2h\",\"author\":\"Kim\",\"comment\":\"launch\"}";
    let json_type = "content-type: application/json\r\n";
    let post = |headers: &str, body: &str| desk.http("POST", "/api/silences", headers, body);
    assert_eq!(post("", body).0, 415);
    assert_eq!(post("content-type: text/plain\r\n", body).0, 415);
    assert_eq!(post(&format!("{json_type}origin: https://evil.example\r\n"), body).0, 403);
    let rebound = format!("{json_type}host: evil.example\r\norigin: http://evil.example\r\n");
    assert_eq!(post(&rebound, body).0, 403);
    assert_eq!(post(json_type, "{\"for\":\"2h\",\"author\":\"\",\"comment\":\"\"}").0, 400);
    let (status, silence) = post(&format!("{json_type}origin: http://{}\r\n", desk.api), body);
    assert_eq!((status, &silence["author"]), (201, &json!("Kim")));
    let list = desk.http("GET", "/api/silences", "", "").1;
    assert_eq!(list, json!([silence]));

    desk.post(1, 3, "acme");
    let alert = wait_for("a held alert", || {
        let (_, alerts) = desk.http("GET", "/api/alerts?state=firing&topic=acme", "", "");
        Some(alerts[0].clone()).filter(|alert| alert["held"][0]["by"] == silence["id"])
    });
    let path = format!("/api/silences/{}", silence["id"].as_str().expect("an id"));
    assert_eq!(desk.http("DELETE", &path, "origin: https://evil.example\r\n", "").0, 403);
    assert_eq!(desk.http("DELETE", &path, "", "").0, 200);
    desk.hears(&["fired acme"]);
    let path = format!("/api/alerts/{}", alert["alert_id"].as_str().expect("an id"));
    let acked = desk.http("POST", &format!("{path}/ack"), json_type, "{\"author\":\"Kim\"}");
    assert_eq!((acked.0, &acked.1["author"]), (200, &json!("Kim")));
    let story = desk.http("GET", &path, "", "").1;
    assert_eq!((&story["ack"]["author"], &story["state"]), (&json!("Kim"), &json!("firing")));
    assert_eq!(story["transitions"][0]["transition"], "fired");
    assert_eq!(desk.http("DELETE", &format!("{path}/ack"), "", "").0, 200);
    assert_eq!(desk.http("DELETE", &format!("{path}/ack"), "", "").0, 404);

    for (method, path, status) in [
        ("GET", "/api/trends?foo=1", 400),
        ("GET", "/api/silences?foo=1", 400),
        ("GET", "/api/alerts?state=open", 400),
        ("GET", "/api/alerts/none", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/api/alerts", 405),
        ("DELETE", "/api/silences/..%2Fack-x", 404),
    ] {
        let (found, body) = desk.http(method, path, "", "");
        assert_eq!(found, status, "{method} {path}");
        assert!(body["error"].is_string(), "{method} {path}: {body}");
    }
}
