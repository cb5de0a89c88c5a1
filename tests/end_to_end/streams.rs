//! Is a line handled when it comes? Standard input and FIFOs, which end only when their writer does.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Killed, Place, file, line, live, query, resonanz, wait_for_answer};

const COUNT: &str = "SELECT count(*) FROM mentions";

fn post(number: u32) -> String {
    line(&number.to_string(), "2026-03-01T11:59:59Z", &format!("acme is great {number}"))
}

fn config(place: &Place, source: &str) -> std::path::PathBuf {
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[[source]]\nname = \"s\"\n{source}\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        place.lake.display(),
    );
    file(place.folder.path(), "run.toml", text)
}

#[test]
fn a_line_on_standard_input_is_handled_when_it_comes_and_a_signal_ends_at_once() {
    let place = Place::new();
    let (process, mut input) = reading(&place);
    for number in 0..3 {
        input.write_all(post(number).as_bytes()).expect("written");
        wait_for_answer(&place.lake, COUNT, &(number + 1).to_string());
    }
    // What was written before the signal is not lost with it.
    let last: String = (3..2_000).map(post).collect();
    input.write_all(last.as_bytes()).expect("written");
    let asked = Instant::now();
    assert_eq!(process.terminate(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let count: u32 = query(&place.lake, COUNT).parse().expect("a number");
    assert!(count > 3, "{count}");
    drop(input);
}

#[test]
fn a_fifo_is_read_as_its_writers_come_and_go() {
    let place = Place::new();
    let fifo = place.folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs").success());
    let source = format!("type = \"file\"\nfollow = true\npath = \"{}\"", fifo.display());
    let process = live(&config(&place, &source));
    for number in 0..2 {
        let mut writer = std::fs::OpenOptions::new().write(true).open(&fifo).expect("a fifo");
        writer.write_all(post(2 * number).as_bytes()).expect("written");
        wait_for_answer(&place.lake, COUNT, &(2 * number + 1).to_string());
        writer.write_all(post(2 * number + 1).as_bytes()).expect("written");
        wait_for_answer(&place.lake, COUNT, &(2 * number + 2).to_string());
    }
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn scores_come_line_by_line() {
    let mut command = resonanz();
    command.args(["score", "--format", "jsonl"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = Killed(command.spawn().expect("the process starts"));
    let mut input = process.0.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(process.0.stdout.take().expect("a pipe"));
    for text in ["good", "bad", "so so"] {
        writeln!(input, "{text}").expect("written");
        let mut answer = String::new();
        answers.read_line(&mut answer).expect("an answer");
        assert!(answer.contains(&format!("\"text\":\"{text}\"")), "{answer}");
    }
}

/// A run that reads standard input, which stays open.
fn reading(place: &Place) -> (Killed, std::process::ChildStdin) {
    let mut command = resonanz();
    command.args(["run", "--config"]).arg(config(place, "type = \"stdin\""));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = Killed(command.spawn().expect("the process starts"));
    let input = process.0.stdin.take().expect("a pipe");
    (process, input)
}

fn signal(process: &Killed, signals: &[&str]) {
    let id = process.0.id().to_string();
    for signal in signals {
        let sent = Command::new("kill").args([signal, id.as_str()]).status();
        assert!(sent.expect("kill runs").success());
    }
}

#[test]
fn signals_that_come_together_are_one_request_and_a_hangup_ends_nothing() {
    let place = Place::new();
    let (process, mut input) = reading(&place);
    input.write_all(post(0).as_bytes()).expect("written");
    wait_for_answer(&place.lake, COUNT, "1");
    signal(&process, &["-HUP"]);
    input.write_all(post(1).as_bytes()).expect("written");
    wait_for_answer(&place.lake, COUNT, "2");
    input.write_all(post(2).as_bytes()).expect("written");
    signal(&process, &["-TERM", "-INT", "-TERM"]);
    let mut process = process;
    let ended = process.0.wait().expect("the process ends");
    assert_eq!(ended.code(), Some(0));
    drop(input);
}
