//! Is what others send in the lake once they are told so, and only then? Shapes of bodies, tokens,
//! retries, kills.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Dice, Killed, file, free_port, query, resonanz, wait_for};

const TOKEN: &str = "a-token-that-only-ingests";

/// A process with a door.
struct Scene {
    folder: tempfile::TempDir,
    port: u16,
    config: PathBuf,
    lake: PathBuf,
}

/// What a door answered.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Scene {
    fn new(source: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
        let text = format!(
            "[lake]\npath = \"lake\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\ntoken_env = \"OPERATE\"\n\
             [[source]]\nname = \"in\"\ntype = \"ingest\"\n{source}\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        );
        let config = file(folder.path(), "resonanz.toml", text);
        let lake = folder.path().join("lake");
        Self { folder, port, config, lake }
    }

    fn run(&self) -> Killed {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config);
        command.env("INGEST_TOKEN", TOKEN).env("OPERATE", "another-token");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Killed(child.expect("the process starts"))
    }

    /// Sends a request; `None` without an answer.
    fn try_send(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(40))).ok()?;
        let mut head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
        // A refusal may come before the body is read.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = serde_json::from_str(body).ok()?;
        Some(Answer { status, head: head.to_ascii_lowercase(), body })
    }

    /// Sends a body with the token, and further headers; waits until there is an answer.
    fn send(&self, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        wait_for("an answer", || {
            let answer = self.try_send("/ingest/in", &all, body.as_ref());
            answer.filter(|answer| answer.body["error"] != "this source is starting or ending")
        })
    }

    fn query(&self, sql: &str) -> String {
        query(&self.lake, sql)
    }
}

#[test]
fn what_is_answered_with_202_is_in_the_lake_whatever_its_shape() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"");
    let _process = scene.run();
    let one = scene.send(&[], r#"{"text":"acme is slow","author":"kim"}"#);
    assert_eq!((one.status, &one.body["taken"]), (202, &1.into()), "{one:?}");
    // Nothing is waited for: the answer is the word for it.
    assert_eq!(scene.query("SELECT count(*) FROM mentions"), "1");
    let again = scene.send(&[], r#"{"text":"acme is slow","author":"kim"}"#);
    assert_eq!((&again.body["taken"], &again.body["duplicates"]), (&0.into(), &1.into()));

    let list = "[{\"id\":1,\"text\":\"acme one\"},\n {\"id\":2,\"txt\":\"acme\"},{\"id\":3,\"text\":\"none\"}]";
    let list = scene.send(&[], list);
    assert_eq!(
        (list.status, &list.body["taken"], &list.body["refused"]),
        (202, &2.into(), &1.into())
    );
    assert_eq!(list.body["refusals"][0]["entry"], 2);
    let why = list.body["refusals"][0]["reason"].as_str().unwrap_or_default();
    assert!(why.contains("\"text\" is missing; there are id, txt"), "{why}");

    let lines = "{\"id\":10,\"text\":\"acme ten\"}\r\n\r\n{\"id\":\n{\"id\":12,\"text\":\"acme twelve\"}\r\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(lines.as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    let lines = scene.send(&[("content-encoding", "gzip")], packed);
    assert_eq!((&lines.body["taken"], &lines.body["refused"]), (&2.into(), &1.into()), "{lines:?}");

    let edit = scene
        .send(&[], r#"[{"op":"edit","id":10,"text":"acme ten, mended"},{"op":"delete","id":12}]"#);
    assert_eq!((edit.status, &edit.body["taken"]), (202, &2.into()));
    let letters = scene.lake.join("_resonanz/dead-letter.jsonl");
    assert_eq!(std::fs::read_to_string(letters).expect("letters").lines().count(), 2);
    let ids = "SELECT count(DISTINCT post_id), count(*) FROM mentions WHERE post_id <> '10'";
    assert_eq!(scene.query(ids), "3,3");
}

#[test]
fn what_cannot_be_taken_is_answered_kindly() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"\nbody_mib = 1");
    let _process = scene.run();
    let rows = [
        ("", 400, "the body is empty"),
        ("text=hello", 400, "the body is not JSON"),
        ("{\n \"text\": \"acme\",\n", 400, "the body is not JSON"),
        ("{\"body\":\"acme\"}", 422, "no entry could be read as a post"),
        ("{\"text\":\"acme\",\"posted_at\":\"2150-01-01T00:00:00Z\"}", 422, "no entry"),
    ];
    for (body, status, error) in rows {
        let answer = scene.send(&[], body);
        let said = answer.body["error"].as_str().unwrap_or_default();
        assert!(answer.status == status && said.starts_with(error), "{body}: {answer:?}");
        assert!(!answer.body["hint"].as_str().unwrap_or_default().is_empty(), "{answer:?}");
    }
    let large = scene.send(&[], vec![b' '; (1 << 20) + 1]);
    assert_eq!((large.status, &large.body["error"]), (413, &"the body has more than 1 MiB".into()));
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20]).expect("memory");
    let bomb = scene.send(&[("content-encoding", "gzip")], bomb.finish().expect("memory"));
    assert_eq!(bomb.status, 413);
    assert_eq!(scene.send(&[("content-encoding", "br")], "x").status, 415);
    assert_eq!(scene.query("SELECT count(*) FROM posts"), "0");
}

#[test]
fn only_who_knows_the_token_sends_and_the_token_does_nothing_else() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"");
    let _process = scene.run();
    let body = br#"{"text":"acme"}"#;
    scene.send(&[], "[]");
    let send = |path: &str, headers: &[(&str, &str)]| {
        scene.try_send(path, headers, body).expect("an answer").status
    };
    let own = format!("Bearer {TOKEN}");
    assert_eq!(send("/ingest/in", &[]), 401);
    assert_eq!(send("/ingest/in", &[("authorization", "Bearer another-token")]), 403);
    assert_eq!(send("/ingest/in", &[("x-hub-signature-256", "sha256=00")]), 403);
    assert_eq!(send("/ingest/other", &[("authorization", &own)]), 404);
    let silence = r#"{"for":"2h","author":"kim","comment":"none"}"#;
    let headers = [("authorization", own.as_str()), ("content-type", "application/json")];
    let operate = scene.try_send("/api/v1/silences", &headers, silence.as_bytes());
    assert_eq!(operate.expect("an answer").status, 401, "it may only ingest");
    assert_eq!(scene.query("SELECT count(*) FROM posts"), "0");
    // Under any host name, since whoever sends knows the token; also the only source's bare path.
    let foreign = [("authorization", own.as_str()), ("origin", "https://elsewhere.example")];
    assert_eq!(send("/ingest", &foreign), 202);
    let basic = ("authorization", "Basic eDphLXRva2VuLXRoYXQtb25seS1pbmdlc3Rz");
    assert_eq!(send("/ingest/in", &[basic]), 202);
}

#[test]
fn without_a_token_only_programs_on_this_machine_send() {
    let scene = Scene::new("");
    let _process = scene.run();
    wait_for("an answer", || scene.try_send("/ingest/in", &[], b"[]").filter(|a| a.status == 202));
    let page = [("origin", "http://localhost")];
    let page = scene.try_send("/ingest/in", &page, b"{\"text\":\"acme\"}").expect("an answer");
    assert_eq!(page.status, 403, "a web page in somebody's browser does not: {page:?}");
}

#[test]
fn a_retry_under_the_same_key_gets_the_same_answer_over_restarts() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"");
    let process = scene.run();
    let body = r#"[{"id":1,"text":"acme"},{"id":1,"text":"acme"},{"text":7.5},{"txt":1}]"#;
    let key = [("idempotency-key", "one")];
    let first = scene.send(&key, body);
    assert_eq!((first.status, &first.body["duplicates"]), (202, &1.into()), "{first:?}");
    let again = scene.send(&key, body);
    assert_eq!((&again.body, again.status), (&first.body, 202));
    let other = scene.send(&key, r#"{"text":"acme again"}"#);
    assert_eq!(other.status, 422, "{other:?}");
    drop(process);
    let _process = scene.run();
    let again = scene.send(&key, body);
    assert_eq!((&again.body, again.status), (&first.body, 202), "over kill -9");
    let letters = scene.lake.join("_resonanz/dead-letter.jsonl");
    assert_eq!(std::fs::read_to_string(letters).expect("letters").lines().count(), 1);
}

#[test]
fn while_the_lake_cannot_be_written_senders_are_told_to_come_back() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"");
    let _process = scene.run();
    assert_eq!(scene.send(&[], r#"{"id":1,"text":"acme one"}"#).status, 202);
    let away = scene.folder.path().join("away");
    std::fs::rename(&scene.lake, &away).expect("moved");
    let key = [("idempotency-key", "two")];
    let body = r#"{"id":2,"text":"acme two"}"#;
    let refused = scene.send(&key, body);
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.head.contains("retry-after: "), "{refused:?}");
    std::fs::rename(&away, &scene.lake).expect("moved back");
    wait_for("202", || (scene.send(&key, body).status == 202).then_some(()));
    assert_eq!(scene.query("SELECT count(*) FROM mentions"), "2");
}

#[test]
fn over_kills_at_any_moment_everything_answered_is_there_once() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"");
    let (mut dice, mut kills, mut sent) = (Dice::new(), 0, 0u32);
    let mut process = Some(scene.run());
    let mut until = Instant::now() + Duration::from_millis(800);
    let bearer = format!("Bearer {TOKEN}");
    while kills < 24 {
        sent += 1;
        let body = format!(
            "{{\"id\":\"{sent}a\",\"text\":\"acme {sent}\"}}\n{{\"text\":\"acme without an id {sent}\"}}\n"
        );
        let key = format!("key-{sent}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        // Every third request has no key.
        let headers = if sent % 3 == 0 { &headers[..1] } else { &headers[..] };
        loop {
            let asked = std::thread::scope(|scope| {
                let (tell, told) = std::sync::mpsc::sync_channel(1);
                let (scene, body) = (&scene, body.as_bytes());
                scope.spawn(move || tell.send(scene.try_send("/ingest/in", headers, body)));
                let left = until.saturating_duration_since(Instant::now());
                if let Ok(answer) = told.recv_timeout(left) {
                    return answer;
                }
                drop(process.take());
                kills += 1;
                process = Some(scene.run());
                until = Instant::now() + Duration::from_millis(300 + dice.below(1_200));
                told.recv().ok().flatten()
            });
            match asked {
                Some(answer) if answer.status == 202 => {
                    let sum = |name: &str| answer.body[name].as_u64().unwrap_or(0);
                    assert_eq!(sum("taken") + sum("duplicates"), 2, "{answer:?}");
                    break;
                }
                Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                // Nobody listens yet.
                None => std::thread::yield_now(),
            }
        }
    }
    drop(process);
    let counted = scene.query("SELECT count(*), count(DISTINCT post_id) FROM mentions");
    assert_eq!(counted, format!("{0},{0}", 2 * sent), "{kills} kills");
}

#[test]
fn more_than_can_be_taken_in_is_told_when_to_come_again() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"\nbody_mib = 64");
    let _process = scene.run();
    let post = r#"{"id":"1","text":"acme is slow"}"#;
    assert_eq!(scene.send(&[], post).status, 202);
    let head = format!(
        "POST /ingest/in HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n",
        64 << 20
    );
    // Two of these take all the room; one that met a small body there was refused itself.
    let mut slow = Vec::new();
    let full = wait_for("a refusal", || {
        let mut stream = TcpStream::connect(("127.0.0.1", scene.port)).expect("a connection");
        stream.write_all(head.as_bytes()).expect("written");
        slow.push(stream);
        Some(scene.send(&[], post)).filter(|answer| answer.status != 202)
    });
    assert_eq!(full.status, 429, "{full:?}");
    assert!(full.head.contains("retry-after: 5"), "{full:?}");
    assert!(full.body["hint"].as_str().is_some_and(|hint| hint.contains("again")), "{full:?}");
    drop(slow);
    let after = wait_for("room again", || {
        Some(scene.send(&[], post)).filter(|answer| answer.status == 202)
    });
    assert_eq!(after.body["duplicates"], 1, "{after:?}");
    assert_eq!(scene.query("SELECT count(*) FROM mentions"), "1");
}

#[test]
fn a_body_of_nothings_is_refused_in_little_memory() {
    let scene = Scene::new("token_env = \"INGEST_TOKEN\"");
    let process = scene.run();
    let mut list = "[".to_owned() + &"1,".repeat(2_000_000);
    list.replace_range(list.len() - 1.., "]");
    for _ in 0..5 {
        let answer = scene.send(&[], &list);
        assert_eq!(answer.status, 413, "{answer:?}");
        assert!(answer.body["error"].as_str().is_some_and(|said| said.contains("entries")));
    }
    let held = crate::memory::peak(process.0.id());
    assert!(held < 400 << 20, "{held}");
}
