//! Is what Meta tells heard, and only what Meta tells? Challenge, signatures, texts that must be
//! asked for, a feed in pages, a Graph API that refuses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::support::{
    Killed, file, free_port, get, python_with, query, repository, resonanz, stderr, stdout,
    wait_for, wait_for_answer,
};

const SECRET: &str = "secret-of-the-app";
const TOKEN: &str = "token-of-the-page";

/// A Graph API of ours; what it was asked, and whether it refuses.
#[derive(Clone, Default)]
struct Graph {
    asked: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<u32>>,
}

impl Graph {
    fn start() -> (Self, u16) {
        let (graph, listener) =
            (Self::default(), TcpListener::bind("127.0.0.1:0").expect("a port"));
        let (port, own) = (listener.local_addr().expect("bound").port(), graph.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                own.answer(stream);
            }
        });
        (graph, port)
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines =
            BufReader::new(stream.try_clone().expect("a socket")).lines().map_while(Result::ok);
        let first = lines.next().unwrap_or_default();
        let bears = lines.take_while(|line| !line.is_empty()).any(|line| line.ends_with(TOKEN));
        let path = first.split(' ').nth(1).unwrap_or_default().replacen("/v26.0/", "/v/", 1);
        // When it ends is asked with the token in the address, as Facebook wants it.
        let is_client = path.contains("access_token=token-of-a-client");
        let is_about = path.starts_with(&format!("/v/debug_token?input_token={TOKEN}&"));
        let is_hidden = bears && (is_about || !path.contains(TOKEN));
        assert!(is_client || is_hidden, "the token is in a header: {path}");
        if is_about {
            let body = r#"{"data":{"is_valid":true,"type":"PAGE","expires_at":1900000000,"scopes":["pages_read_engagement"]}}"#;
            let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + body).as_bytes());
            return;
        }
        let mut refusals = self.refusals.lock().expect("unpoisoned");
        let (status, body) = if *refusals > 0 {
            *refusals -= 1;
            (500, r#"{"error":{"message":"try later","code":2}}"#.to_owned())
        } else {
            (200, self.body(&path))
        };
        drop(refusals);
        self.asked.lock().expect("unpoisoned").push(path);
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all((head + &body).as_bytes());
    }

    fn body(&self, path: &str) -> String {
        let post = |id: u32, more: &str| {
            format!(
                r#"{{"id":"5_{id}","message":"acme post {id}","created_time":"2026-03-01T12:00:{id:02}+0000","from":{{"id":"5"}}{more}}}"#
            )
        };
        if path.contains("mentioned_comment") {
            let number = path.split("comment_id").nth(1).unwrap_or_default();
            let number = number.trim_start_matches("%28").trim_start_matches('(');
            let id: String = number.chars().take_while(char::is_ascii_digit).collect();
            return format!(
                r#"{{"mentioned_comment":{{"id":"{id}","text":"@acme says acme","username":"kim","timestamp":"2026-03-01T12:00:00+0000"}},"id":"9"}}"#
            );
        }
        if path.starts_with("/v/5_1/comments") {
            return r#"{"data":[{"id":"1_3","message":"acme comment three","created_time":"2026-03-01T12:01:00+0000"}]}"#.to_owned();
        }
        if path.starts_with("/v/5/feed") && path.contains("after=two") {
            return format!(r#"{{"data":[{}]}}"#, post(2, ""));
        }
        if path.starts_with("/v/5/feed") {
            let comments = r#","comments":{"data":[{"id":"1_2","message":"acme comment two","created_time":"2026-03-01T12:01:00+0000"}],"paging":{"cursors":{"after":"c"},"next":"https://graph/v/5_1/comments?after=c"}}"#;
            let next =
                r#""paging":{"cursors":{"after":"two"},"next":"https://graph/v/5/feed?after=two"}"#;
            return format!(r#"{{"data":[{}],{next}}}"#, post(1, comments));
        }
        r#"{"data":[]}"#.to_owned()
    }
}

struct Scene {
    _folder: tempfile::TempDir,
    port: u16,
    config: PathBuf,
    lake: PathBuf,
}

impl Scene {
    fn new(more: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
        let text = format!(
            "[lake]\npath = \"lake\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
             [[source]]\nname = \"fb\"\ntype = \"meta\"\nsecret_env = \"SECRET\"\n\
             verify_token_env = \"VERIFY\"\n{more}\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        );
        let config = file(folder.path(), "resonanz.toml", text);
        let lake = folder.path().join("lake");
        Self { _folder: folder, port, config, lake }
    }

    fn run(&self) -> Killed {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config);
        command.env("SECRET", SECRET).env("VERIFY", "known").env("TOKEN", TOKEN);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = Killed(child.expect("the process starts"));
        wait_for("a door", || {
            get(self.port, &challenge("known")).filter(|said| said == "1158201444")
        });
        process
    }

    /// Sends a notification under this secret; the status.
    fn notify(&self, secret: &str, body: &str) -> u16 {
        self.send(secret, body).expect("an answer")
    }

    /// The same while the process may be gone.
    fn send(&self, secret: &str, body: &str) -> Option<u16> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(body.as_bytes());
        let signature: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let head = format!(
            "POST /ingest/fb HTTP/1.1\r\nhost: resonanz.example\r\nconnection: close\r\nx-hub-signature-256: sha256={signature}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + body).as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }
}

fn challenge(token: &str) -> String {
    format!("/ingest/fb?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}")
}

/// That somebody mentioned us, without the text.
fn mention(id: u32) -> String {
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"9","time":1772366460,"changes":[{{"field":"mentions","value":{{"media_id":"40","comment_id":"{id}"}}}}]}}]}}"#
    )
}

fn comment(verb: &str, id: u32, text: &str) -> String {
    format!(
        r#"{{"object":"page","entry":[{{"id":"5","time":1772366460,"changes":[{{"field":"feed","value":{{"from":{{"id":"77","name":"Kim"}},"item":"comment","verb":"{verb}","comment_id":"1_{id}","post_id":"5_1","parent_id":"5_1","created_time":1772366400,"message":"{text}"}}}}]}}]}}"#
    )
}

#[test]
fn only_what_meta_signed_is_taken_and_is_in_the_lake_when_it_is_answered() {
    let scene = Scene::new("");
    let _process = scene.run();
    let wrong = get(scene.port, &challenge("guessed")).expect("an answer");
    assert!(wrong.contains("the verify token is not the one of this source"), "{wrong}");
    let said = comment("add", 2, "acme is slow");
    assert_eq!(scene.notify("another secret", &said), 403);
    assert_eq!(query(&scene.lake, "SELECT count(*) FROM posts"), "0");
    assert_eq!(scene.notify(SECRET, &said), 200);
    let rows = "SELECT post_id, kind, thread FROM mentions";
    assert_eq!(query(&scene.lake, rows), "1_2,comment,5_1");
    assert_eq!(scene.notify(SECRET, &said), 200, "Meta repeats itself");
    assert_eq!(query(&scene.lake, "SELECT count(*) FROM mentions"), "1");
    let reaction = r#"{"object":"page","entry":[{"id":"5","time":1,"changes":[{"field":"feed","value":{"item":"reaction","verb":"add"}}]}]}"#;
    assert_eq!(scene.notify(SECRET, reaction), 200);
    assert_eq!(scene.notify(SECRET, &comment("remove", 2, "")), 200);
    let counted = [
        "resonanz_source_ignored_total{source=\"fb\"} 1\n",
        "resonanz_dropped_total{reason=\"delete\"} 1\n",
    ];
    wait_for("both are counted", || {
        let metrics = get(scene.port, "/metrics")?;
        counted.iter().all(|line| metrics.contains(line)).then_some(())
    });
    let letters = std::fs::read_to_string(scene.lake.join("_resonanz/dead-letter.jsonl"));
    assert!(letters.is_err(), "nothing was refused");
}

#[test]
fn what_is_named_without_its_text_is_asked_for_and_repeated_until_it_was_had() {
    let (graph, port) = Graph::start();
    let scene =
        Scene::new(&format!("token_env = \"TOKEN\"\ngraph = \"http://127.0.0.1:{port}/v\""));
    let _process = scene.run();
    let mention = &mention(41);
    *graph.refusals.lock().expect("unpoisoned") = 1;
    assert_eq!(scene.notify(SECRET, mention), 503, "Meta sends it again");
    assert_eq!(scene.notify(SECRET, mention), 200);
    assert_eq!(query(&scene.lake, "SELECT post_id, thread FROM mentions"), "41,40");
    let asked = graph.asked.lock().expect("unpoisoned").clone();
    assert!(
        asked.iter().all(|path| path.starts_with("/v/9?") && path.contains("appsecret_proof="))
    );
}

#[test]
fn a_feed_is_read_page_by_page_and_meets_what_the_webhook_told() {
    let (graph, port) = Graph::start();
    let scene = Scene::new(&format!(
        "token_env = \"TOKEN\"\npage = \"5\"\npoll = \"1s\"\ngraph = \"http://127.0.0.1:{port}/v\""
    ));
    *graph.refusals.lock().expect("unpoisoned") = 1;
    let process = scene.run();
    assert_eq!(scene.notify(SECRET, &comment("add", 2, "acme comment two")), 200);
    let all = "SELECT count(*), count(DISTINCT post_id) FROM mentions";
    wait_for_answer(&scene.lake, all, "4,4");
    let ends = "\"token_expires\":\"2030-03-17T17:46:40Z\"";
    wait_for("the end of the token", || {
        get(scene.port, "/api/v1/sources").filter(|said| said.contains(ends))
    });
    drop(process);
    let _process = scene.run();
    let before = graph.asked.lock().expect("unpoisoned").len();
    wait_for("another round", || {
        (graph.asked.lock().expect("unpoisoned").len() > before + 6).then_some(())
    });
    assert_eq!(query(&scene.lake, all), "4,4", "over a kill");
}

#[test]
fn what_meta_repeats_until_it_is_answered_is_there_once_over_kills_and_refusals() {
    let (graph, port) = Graph::start();
    let scene =
        Scene::new(&format!("token_env = \"TOKEN\"\ngraph = \"http://127.0.0.1:{port}/v\""));
    *graph.refusals.lock().expect("unpoisoned") = 15;
    let taken = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for first in [100, 200, 300, 400] {
            let (scene, taken) = (&scene, &taken);
            scope.spawn(move || {
                for id in first..first + 30 {
                    let body = match id % 3 {
                        0 => mention(id),
                        _ => comment("add", id, "acme is slow"),
                    };
                    wait_for("an answer", || {
                        // Now and then the answer is lost, and Meta repeats what was taken.
                        let is_taken = scene.send(SECRET, &body) == Some(200);
                        (is_taken && (id % 7 > 0 || scene.send(SECRET, &body) == Some(200)))
                            .then_some(())
                    });
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 1..=5 {
            let process = scene.run();
            wait_for("some to be taken", || {
                (taken.load(Ordering::Relaxed) >= round * 15).then_some(())
            });
            drop(process);
        }
        let process = scene.run();
        wait_for("all to be taken", || (taken.load(Ordering::Relaxed) == 120).then_some(()));
        assert_eq!(process.terminate(), Some(0));
    });
    let all = "SELECT count(*), count(DISTINCT post_id) FROM mentions";
    assert_eq!(query(&scene.lake, all), "120,120");
}

/// The client that Meta maintains reads the same answers.
#[test]
fn the_reference_client_of_meta_reads_its_fake_to_the_end() {
    let Some(python) = python_with(&["facebook_business"]) else { return };
    let (_graph, port) = Graph::start();
    let mut client = std::process::Command::new(python);
    client.arg(repository("tests/end_to_end/meta_client.py"));
    let read = client.arg(format!("http://127.0.0.1:{port}")).output().expect("python runs");
    assert_eq!(stdout(&read).trim(), "5_1 5_2\n1_2 1_3", "{}", stderr(&read));
}

#[test]
fn a_look_says_what_the_token_may_do_and_what_it_lacks() {
    let (_graph, port) = Graph::start();
    let scene = Scene::new(&format!(
        "token_env = \"TOKEN\"\npage = \"5\"\ngraph = \"http://127.0.0.1:{port}/v\""
    ));
    let mut command = resonanz();
    command.args(["sources", "test", "fb", "--config"]).arg(&scene.config);
    command.env("SECRET", SECRET).env("VERIFY", "known").env("TOKEN", TOKEN);
    let tested = command.output().expect("it runs");
    let said = stdout(&tested);
    let rights = "rights: pages_read_engagement; it lacks pages_read_user_content\n";
    assert!(said.contains(rights), "{said}{}", stderr(&tested));
    assert!(said.contains("acme post 1"), "{said}");
}
