//! Is somebody told of a post at once? A door, a webhook, and the settings that everybody has.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use resonanz::time::{EventTime, SECOND_US};

use crate::hook::Hook;
use crate::support::{Killed, file, free_port, query, resonanz, wait_for};

/// Sends a post; whether it was taken.
fn post(port: u16, author: &str, text: &str) -> Option<()> {
    let body = format!("{{\"text\":\"{text}\",\"author\":\"{author}\"}}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let length = body.len();
    let head = format!(
        "POST /ingest/in HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer a-token-that-only-ingests\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.starts_with("HTTP/1.1 202").then_some(())
}

#[test]
fn a_post_reaches_its_webhook_at_once_though_nothing_follows() {
    let (folder, port, hook) = (tempfile::tempdir().expect("a folder"), free_port(), Hook::new());
    let text = format!(
        "[lake]\npath = \"lake\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[source]]\nname = \"in\"\ntype = \"ingest\"\ntoken_env = \"INGEST_TOKEN\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n\
         [[rule]]\nname = \"many\"\ntype = \"threshold\"\ncount = 2\nmin_authors = 2\nreceivers = [\"team\"]\n",
        hook.url
    );
    let config = file(folder.path(), "resonanz.toml", text);
    let mut command = resonanz();
    command.args(["run", "--config"]).arg(&config).env("INGEST_TOKEN", "a-token-that-only-ingests");
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let _process = Killed(child.expect("the process starts"));
    wait_for("the first post", || post(port, "kim", "acme is horrible"));
    wait_for("the second post", || post(port, "lee", "acme is a disaster"));
    let told = wait_for("a message", || hook.requests().first().map(|request| request.json()));
    assert_eq!(told["type"], "alert.fired", "{told}");
    assert_eq!(told["data"]["negative"], 2, "{told}");
    // The test's clock does not count: by the time of events, nothing was waited for.
    let lake = folder.path().join("lake");
    let last = query(&lake, "SELECT max(received_at) FROM mentions");
    let last = EventTime::parse(&last).expect("a time");
    let at = EventTime::parse(told["timestamp"].as_str().unwrap_or_default()).expect("a time");
    assert!((0..=SECOND_US).contains(&at.since(last)), "{at} after {last}");
    let sql = told["data"]["evidence"]["query"].as_str().expect("a query");
    assert_eq!(query(&lake, sql), "2,2,0,0");
}
