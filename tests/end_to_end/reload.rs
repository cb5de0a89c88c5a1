//! Does a running process take a new configuration, and outlive its own engine, without losing or
//! doubling anything?

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::hook::Hook;
use crate::support::{
    Killed, append, file, free_port, get, line, query, resonanz, wait_for, wait_for_answer,
};

/// A process with a door and a file that it follows.
struct Scene {
    folder: tempfile::TempDir,
    port: u16,
    config: PathBuf,
    lake: PathBuf,
}

const ACME: &str = "[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
const GLOBEX: &str = "[[topic]]\nname = \"globex\"\nquery = 'globex'\n";

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        file(folder.path(), "posts.jsonl", "");
        let (config, lake) = (folder.path().join("run.toml"), folder.path().join("lake"));
        let scene = Self { folder, port: free_port(), config, lake };
        scene.configure(ACME);
        scene
    }

    fn configure(&self, topics_and_rules: &str) {
        let text = format!(
            "[engine]\nidle = \"1s\"\n[lake]\npath = \"lake\"\ncommit_interval = \"200ms\"\n\
             [serve]\nlisten = \"127.0.0.1:{}\"\n\
             [[source]]\nname = \"in\"\ntype = \"ingest\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n{topics_and_rules}",
            self.port
        );
        file(self.folder.path(), "run.toml", text);
    }

    fn command(&self) -> Command {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&self) -> Killed {
        let process = started(self.command());
        wait_for("health", || get(self.port, "/healthz"));
        process
    }

    /// Sends a request on a connection of its own; status and body.
    fn send(&self, path: &str, body: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        ask(&mut stream, path, "connection: close\r\n", body).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).ok()?))
    }

    fn reload(&self) -> (u16, Value) {
        self.send("/api/v1/reload", "").expect("an answer")
    }

    fn health(&self) -> Value {
        let body = wait_for("health", || get(self.port, "/healthz"));
        serde_json::from_str(&body).expect("JSON")
    }

    fn append(&self, lines: &str) {
        append(&self.folder.path().join("posts.jsonl"), lines);
    }
}

fn ask(stream: &mut TcpStream, path: &str, more: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{more}content-length: {length}\r\n\r\n{body}"
    )
}

/// One answer of a connection that stays open.
fn answer(stream: &mut TcpStream) -> String {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4_096]);
    loop {
        let length = stream.read(&mut chunk).expect("an answer");
        assert!(length > 0, "the connection was closed: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines().map(str::to_ascii_lowercase);
        let wanted = lines.find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= wanted.unwrap_or(0) {
            return text;
        }
    }
}

fn started(mut command: Command) -> Killed {
    Killed(command.spawn().expect("the process starts"))
}

fn hang_up(process: &Child) {
    let asked = Command::new("kill").args(["-HUP", &process.id().to_string()]).status();
    assert!(asked.expect("kill runs").success());
}

#[test]
fn what_comes_while_the_configuration_is_taken_anew_is_kept_once() {
    let scene = Scene::new();
    let process = scene.run();
    let (ended, reloads) = (AtomicBool::new(false), 6);
    let sent = std::thread::scope(|scope| {
        let (scene, ended) = (&scene, &ended);
        // One connection for all of it: the doors stay open.
        let sending = scope.spawn(move || {
            let stream = TcpStream::connect(("127.0.0.1", scene.port));
            let mut stream = stream.expect("it listens");
            stream.set_read_timeout(Some(Duration::from_secs(40))).expect("a socket");
            let (mut sent, begun) = (0, Instant::now());
            while !ended.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(60) {
                let body = format!("{{\"id\":\"d{sent}\",\"text\":\"acme is slow {sent}\"}}");
                ask(&mut stream, "/ingest/in", "", &body).expect("sent");
                let answer = answer(&mut stream);
                assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
                scene.append(&line(&format!("f{sent}"), "2026-03-01T12:00:00Z", "acme again"));
                sent += 1;
            }
            sent
        });
        for round in 1..=reloads {
            // New posts between any two of them.
            let before = scene.health()["events"].as_u64();
            wait_for("posts", || (scene.health()["events"].as_u64() > before).then_some(()));
            scene.configure(&[ACME, if round % 2 == 1 { GLOBEX } else { "" }].concat());
            hang_up(&process.0);
            wait_for("the reload", || (scene.health()["reloads"] == round).then_some(()));
        }
        ended.store(true, Ordering::Relaxed);
        sending.join().expect("all were answered")
    });
    let all = format!("{0},{0}", 2 * sent);
    wait_for_answer(&scene.lake, "SELECT count(*), count(DISTINCT post_id) FROM mentions", &all);
    assert_eq!(scene.health()["status"], "ok");
    assert_eq!(process.terminate(), Some(0));
    assert_eq!(query(&scene.lake, "SELECT count(*) FROM posts"), (2 * sent).to_string());
}

#[test]
fn windows_alerts_and_messages_go_on_over_a_reload() {
    let scene = Scene::new();
    let hook = Hook::new();
    let rule = format!(
        "[[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n\
         [[rule]]\nname = \"many\"\ntype = \"threshold\"\ncount = 4\nmin_authors = 0\nwindow = \"5m\"\nreceivers = [\"team\"]\n",
        hook.url
    );
    scene.configure(&[ACME, &rule].concat());
    let process = scene.run();
    let post = |id: &str, at: &str, text: &str| {
        format!(
            "{{\"id\":\"{id}\",\"author\":\"a{id}\",\"posted_at\":\"2026-03-01T12:{at}Z\",\"received_at\":\"2026-03-01T12:{at}Z\",\"text\":\"{text}\"}}\n"
        )
    };
    scene.append(
        &[post("1", "00:01", "acme is awful"), post("2", "00:02", "I hate acme so much")].concat(),
    );
    wait_for_answer(&scene.lake, "SELECT count(*) FROM mentions", "2");
    // A topic in front of it gives the old one another number.
    scene.configure(&[GLOBEX, ACME, &rule.replace("\"5m\"", "\"6m\"")].concat());
    let (status, taken) = scene.reload();
    assert_eq!((status, &taken["topics"]), (200, &2.into()), "{taken}");
    scene.append(
        &[
            post("3", "03:03", "acme broke again, horrible"),
            post("4", "03:04", "what a terrible disaster, acme"),
            post("5", "04:30", "globex"),
        ]
        .concat(),
    );
    let told = wait_for("the message", || hook.accepted().first().cloned());
    let told = told.json();
    assert_eq!((&told["type"], &told["data"]["topic"]), (&"alert.fired".into(), &"acme".into()));
    assert_eq!(told["data"]["observed"], 4, "two from before the reload: {told}");
    let metrics = get(scene.port, "/metrics").expect("metrics");
    for line in ["resonanz_reloads_total 1", "resonanz_alerts_total{transition=\"fired\"} 1"] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    wait_for_answer(&scene.lake, "SELECT count(*) FROM mentions WHERE topic = 'globex'", "1");
    let topics = get(scene.port, "/api/v1/topics").expect("topics");
    assert!(topics.contains("globex"), "{topics}");
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn a_configuration_with_a_problem_is_refused_and_the_old_one_goes_on() {
    let scene = Scene::new();
    let process = scene.run();
    let refused = |place: &str| {
        let (status, problem) = scene.reload();
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(status == 409 && detail.contains(place), "{problem}");
    };
    scene.configure(&format!("{ACME}querry = 'x'\n"));
    refused("unknown key \"querry\"");
    let secret = "[[receiver]]\nname = \"team\"\nurl_env = \"NOWHERE_SET\"\n";
    scene.configure(&[ACME, secret].concat());
    refused("NOWHERE_SET");
    scene.configure(&format!("{ACME}lexicons = [\"missing.txt\"]\n"));
    refused("missing.txt");
    let health = scene.health();
    assert_eq!((&health["status"], &health["reloads"]), (&"degraded".into(), &0.into()));
    assert!(
        health["reload_refused"]["why"].as_str().is_some_and(|why| why.contains("missing.txt"))
    );
    let metrics = get(scene.port, "/metrics").expect("metrics");
    assert!(metrics.contains("resonanz_reloads_refused_total 3"), "{metrics}");
    scene.append(&line("1", "2026-03-01T12:00:00Z", "acme and globex"));
    wait_for_answer(&scene.lake, "SELECT topic FROM mentions", "acme");
    // Sources come and go, too.
    file(scene.folder.path(), "more.jsonl", line("2", "2026-03-01T12:00:00Z", "globex"));
    let more = "[[source]]\nname = \"g\"\ntype = \"file\"\npath = \"more.jsonl\"\nfollow = true\n";
    scene.configure(&[ACME, GLOBEX, more].concat());
    assert_eq!(scene.reload().0, 200);
    wait_for_answer(
        &scene.lake,
        "SELECT source, topic FROM mentions WHERE post_id = '2'",
        "g,globex",
    );
    let health = scene.health();
    assert_eq!((&health["status"], &health["sources"]["g"]), (&"ok".into(), &"up".into()));
    scene.configure(ACME);
    assert_eq!(scene.reload().1["sources"], 2);
    assert!(scene.health()["sources"]["g"].is_null());
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn what_waits_for_the_next_start_is_said_at_each_reload() {
    let scene = Scene::new();
    let process = scene.run();
    let warned = || scene.reload().1["warnings"].to_string();
    assert!(!warned().contains("next start"));
    let text = std::fs::read_to_string(&scene.config).expect("a file");
    let slower = text.replace("[serve]\n", "[serve]\nsql_timeout = \"7s\"\n");
    file(scene.folder.path(), "run.toml", slower);
    for round in 0..2 {
        let said = warned();
        assert!(said.contains("[serve] sql_* takes effect at the next start"), "{round}: {said}");
    }
    file(scene.folder.path(), "run.toml", text);
    assert!(!warned().contains("next start"), "it is what this process has");
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn standard_input_is_read_on_over_a_reload_in_the_middle_of_a_line() {
    let scene = Scene::new();
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"100ms\"\n[serve]\nlisten = \"127.0.0.1:{}\"\n\
         [[source]]\nname = \"s\"\ntype = \"stdin\"\n{ACME}",
        scene.port
    );
    file(scene.folder.path(), "run.toml", &text);
    let mut command = scene.command();
    command.stdin(Stdio::piped());
    let mut process = started(command);
    let mut input = process.0.stdin.take().expect("a pipe");
    let lines: Vec<String> =
        (0..40).map(|id| line(&format!("{id}"), "2026-03-01T12:00:00Z", "acme")).collect();
    for (number, one) in lines.iter().enumerate() {
        let (head, tail) = one.split_at(one.len() / 2);
        input.write_all(head.as_bytes()).expect("written");
        if number % 10 == 5 {
            wait_for("health", || get(scene.port, "/healthz"));
            assert_eq!(scene.reload().0, 200);
        }
        input.write_all(tail.as_bytes()).expect("written");
    }
    drop(input);
    assert_eq!(process.0.wait().expect("it ends with its input").code(), Some(0));
    assert_eq!(query(&scene.lake, "SELECT count(*), count(DISTINCT post_id) FROM posts"), "40,40");
}

#[test]
fn an_engine_that_dies_is_begun_anew_once_and_loses_nothing() {
    let scene = Scene::new();
    let mut command = scene.command();
    command.env("RESONANZ_CRASH_AT", "engine.step:3:panic");
    let process = started(command);
    wait_for("health", || get(scene.port, "/healthz"));
    for id in 0..8 {
        scene.append(&line(&format!("f{id}"), "2026-03-01T12:00:00Z", "acme"));
        let sent = format!("{{\"id\":\"d{id}\",\"text\":\"acme\"}}");
        wait_for("an answer of success", || {
            (scene.send("/ingest/in", &sent)?.0 == 202).then_some(())
        });
    }
    let counted = "SELECT count(*), count(DISTINCT post_id) FROM mentions";
    wait_for_answer(&scene.lake, counted, "16,16");
    assert_eq!(scene.health()["engine_restarts"], 1);
    assert_eq!(process.terminate(), Some(0));

    let mut command = scene.command();
    let log = scene.folder.path().join("log");
    command.stderr(std::fs::File::create(&log).expect("a file"));
    command.env("RESONANZ_CRASH_AT", "engine.step:1:panics");
    let mut process = started(command);
    scene.append(&line("last", "2026-03-01T12:00:01Z", "acme"));
    let code = process.0.wait().expect("it ends by itself").code();
    let log = std::fs::read_to_string(log).expect("a log");
    assert_eq!(code, Some(1), "{log}");
    assert!(
        log.contains("restarted from the last commit") && log.contains("the engine thread"),
        "{log}"
    );
    let process = scene.run();
    wait_for_answer(&scene.lake, counted, "17,17");
    assert_eq!(process.terminate(), Some(0));
}
