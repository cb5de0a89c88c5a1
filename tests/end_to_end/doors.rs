//! Do the doors keep out what would hurt? Half requests, foreign names, bodies that never end, over
//! plain sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::ask::lake;
use crate::sql_http::Served;
use crate::support::{Killed, Place, file, free_port, get, line, stderr, wait_for};

/// Our binary with so many file descriptors.
fn with_files(count: u32) -> Command {
    let mut command = Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_resonanz");
    command.args(["-c", &format!("ulimit -n {count}; exec {binary} \"$@\""), "resonanz"]);
    command
}

/// A connection that has begun to ask, and goes no further.
fn half(port: u16) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").ok()?;
    Some(stream)
}

fn open_files(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

#[test]
#[cfg(feature = "postgres")]
fn half_requests_neither_stay_nor_end_a_run() {
    let place = Place::new();
    let (port, clients) = (free_port(), free_port());
    let archive = file(place.folder.path(), "posts.jsonl", "");
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"1s\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         postgres = \"127.0.0.1:{clients}\"\npostgres_password_file = \"word\"\n\
         [[source]]\nname = \"s\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
    );
    file(place.folder.path(), "word", "correct horse battery");
    let config = file(place.folder.path(), "run.toml", text);
    let mut command = with_files(80);
    command.args(["run", "--config"]).arg(&config);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut running = Killed(child.expect("it starts"));
    wait_for("the API", || get(port, "/healthz"));

    let halves: Vec<_> = (0..600).filter_map(|_| half(port)).collect();
    let logins: Vec<_> =
        (0..100).filter_map(|_| TcpStream::connect(("127.0.0.1", clients)).ok()).collect();
    assert!(halves.len() > 300, "{}", halves.len());
    // Whoever asks in earnest is heard, and the lake goes on.
    wait_for("an answer among them", || get(port, "/healthz"));
    let posts: String =
        (0..20).map(|id| line(&id.to_string(), "2026-03-01T12:00:00Z", "acme is bad")).collect();
    crate::support::append(&archive, posts);
    wait_for("the commit", || {
        let health = get(port, "/healthz")?;
        let health: Value = serde_json::from_str(&health).ok()?;
        (health["commits"].as_u64()? > 0 && health["events"].as_u64()? == 20).then_some(())
    });
    assert!(open_files(running.0.id()) < 80);
    assert!(running.0.try_wait().expect("asked").is_none(), "it runs");
    let metrics = get(port, "/metrics").expect("metrics");
    let full = "resonanz_connections_turned_away_total{door=\"http\",reason=\"full\"} ";
    let count = metrics.lines().find_map(|line| line.strip_prefix(full));
    assert!(count.is_some_and(|count| count != "0"), "{metrics}");
    // They are dropped, though their clients hold on to them.
    for mut half in halves {
        half.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
        if let Err(error) = half.read_to_end(&mut Vec::new()) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "it stays");
        }
    }
    drop(logins);
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn what_is_not_http_as_it_should_be_is_answered_in_json() {
    let served = Served::new(&[]);
    let long = "x".repeat(1_100_000);
    for (request, headers, body, status, words) in [
        ("POST /api/v1/sql", "", long.as_bytes(), 413, "1 MiB"),
        ("POST /api/v1/sql", "", &b"SELECT '\xff'"[..], 400, "UTF-8"),
        (
            "POST /api/v1/sql",
            "content-type: application/json\r\n",
            &b"{\"sql\":\"\xff\"}"[..],
            400,
            "body",
        ),
    ] {
        let (found, head, answer) = served.send_bytes(request, headers, body);
        assert_eq!(found, status, "{head}");
        let error: Value = serde_json::from_slice(&answer).expect("JSON");
        assert!(error["detail"].as_str().is_some_and(|text| text.contains(words)), "{error}");
    }
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let served = Served::new(&[]);
    let mut stream = TcpStream::connect(&served.address).expect("it listens");
    stream
        .write_all(b"POST /api/v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nSEL")
        .expect("sent");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it ends");
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"kind\":\"slow\""), "{answer}");
}

#[test]
fn a_foreign_host_name_reads_nothing() {
    let served = Served::new(&["--host", "lake.example"]);
    let port = served.address.rsplit(':').next().expect("a port").to_owned();
    for (host, status) in [
        ("evil.example", 403),
        (&format!("evil.example:{port}"), 403),
        ("127.0.0.1.evil.example", 403),
        (&format!("127.0.0.1:{port}"), 200),
        (&format!("[::1]:{port}"), 200),
        ("localhost", 200),
        ("resonanz:8600", 200),
        ("lake.example", 200),
    ] {
        for path in ["/api/v1/sql?q=SELECT+1", "/api/v1/alerts", "/api/v1/trends", "/metrics"] {
            let mut stream = TcpStream::connect(&served.address).expect("it listens");
            let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("answered");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host} {path}: {answer}");
        }
    }
}

#[test]
fn an_address_beyond_this_machine_must_be_meant() {
    let output = crate::support::resonanz()
        .args(["serve", "--listen", "0.0.0.0:0", "--lake"])
        .arg(lake())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("without login"), "{}", stderr(&output));
    let place = Place::new();
    let topic =
        "[[source]]\nname = \"s\"\ntype = \"stdin\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
    let token = "[[serve.token]]\nname = \"t\"\nrole = \"read\"\ntoken_file = \"token\"\n";
    file(place.folder.path(), "token", "a token of some length");
    let exposed = "exposed = true\n";
    for (keys, code) in [
        (String::new(), 2),
        (exposed.to_owned(), 2),
        (token.to_owned(), 2),
        (format!("{exposed}{token}"), 0),
    ] {
        let text = format!("[serve]\nlisten = \"0.0.0.0:8600\"\n{keys}{topic}");
        let config = file(place.folder.path(), "run.toml", text);
        let checked = crate::support::resonanz().args(["check", "--config"]).arg(config).output();
        let checked = checked.expect("it runs");
        assert_eq!(checked.status.code(), Some(code), "{keys}: {}", stderr(&checked));
    }
}

#[test]
fn an_answer_that_nobody_takes_leaves_its_place_when_its_time_is_over() {
    let served = Served::new(&["--concurrent", "1", "--timeout", "2s"]);
    let sql = "SELECT a.text, b.text FROM mentions a, mentions b";
    // Asked, and never read.
    let idle = served.send("POST /api/v1/sql", "", sql);
    wait_for("the place to be free", || (served.sql("SELECT 1").0 == 200).then_some(()));
    drop(idle);
}
