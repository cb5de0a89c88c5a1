//! Does every preset bring each post exactly once, whatever goes wrong? All of them in one process, against a
//! server that answers as each platform does, grows while it is read, and fails in every way.

use std::collections::HashMap;
use std::fmt::Write;
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;

use crate::preset_wires::{POSTS, WIRES, asked_of, logged_in, now};
use crate::scripted::{Reply, count, serve};
use crate::support::{
    Dice, file, live, python_with, query, repository, run, stderr, stdout, wait_for,
    wait_for_answer,
};

/// Requests to a platform that may go wrong.
const WRONG: usize = 16;

/// What goes wrong with an answer.
fn wrong(dice: &mut Dice, whole: Value) -> Reply {
    let raw = |status: &'static str, head: &str, body: &str| {
        Reply::Raw(status, head.to_owned(), body.to_owned())
    };
    match dice.below(7) {
        0 => raw("500 Internal Server Error", "", "oops"),
        1 => raw("503 Service Unavailable", "retry-after: 1\r\n", ""),
        2 => raw("429 Too Many Requests", "retry-after: 1\r\n", "{}"),
        3 => raw("200 OK", "content-type: text/html\r\n", "<html>We will be right back</html>"),
        4 => {
            let text = whole.to_string();
            raw("200 OK", "", text.get(..text.len() / 2).unwrap_or_default())
        }
        5 => raw("502 Bad Gateway", "", "<html>nginx</html>"),
        _ => Reply::Cut(whole),
    }
}

#[test]
fn each_post_of_each_preset_is_there_once_over_every_trouble_and_kills() {
    let begun = now();
    let seed = std::env::var("RESONANZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let dice = Mutex::new(Dice::of(seed));
    let requests: Mutex<HashMap<&str, usize>> = Mutex::new(HashMap::new());
    let (site, log) = serve(move |asked| {
        let Some(wire) = asked_of(asked) else { return logged_in() };
        let number = {
            let mut requests = requests.lock().expect("counts");
            let number = requests.entry(wire.preset).or_default();
            *number += 1;
            *number
        };
        // Posts come while pages are read, so that these shift.
        let there = POSTS.min(100 + 3 * number);
        let whole = wire.answer(asked, begun, there);
        let mut dice = dice.lock().expect("dice");
        if number <= WRONG && dice.below(4) == 0 {
            wrong(&mut dice, whole)
        } else {
            Reply::Json(whole)
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "token", "sesame\n");
    let mut text = "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n".to_owned();
    for wire in WIRES {
        text += &wire.source(&site);
    }
    let path = file(folder.path(), "resonanz.toml", text);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    for _ in 0..3 {
        let process = live(&path);
        let before = count(&log);
        wait_for("some pages to be asked for", || (count(&log) >= before + 40).then_some(()));
        drop(process);
    }
    let process = live(&path);
    let lake = folder.path().join("lake");
    let sql = "SELECT source, count(*), count(DISTINCT post_id) FROM mentions GROUP BY source ORDER BY source";
    let mut names: Vec<&str> = WIRES.iter().map(|wire| wire.preset).collect();
    names.sort_unstable();
    let wanted = names.iter().fold(String::new(), |mut wanted, name| {
        writeln!(wanted, "{name},{POSTS},{POSTS}").expect("a text");
        wanted
    });
    wait_for_answer(&lake, sql, wanted.trim_end());
    assert_eq!(process.terminate(), Some(0), "nothing was refused");
    assert_eq!(query(&lake, "SELECT count(*) FROM mentions WHERE text NOT LIKE 'acme%'"), "0");
    let listed = run(&["sources", "list"]);
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    let presets = listed.split("presets of type").nth(1).expect("a list");
    let shipped = presets.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let shipped: Vec<&str> = shipped.map(str::trim).collect();
    assert_eq!(shipped, WIRES.iter().map(|wire| wire.preset).collect::<Vec<_>>(), "each is here");
}

/// The client that Google maintains reads the same answers to the end, and finds them to be of its schemas.
#[test]
fn the_reference_client_of_google_reads_its_fakes_to_their_end() {
    let Some(python) = python_with(&["googleapiclient"]) else { return };
    let begun = now();
    let (site, _log) = serve(move |asked| match asked_of(asked) {
        Some(wire) => Reply::Json(wire.answer(asked, begun, POSTS)),
        None => logged_in(),
    });
    let mut client = Command::new(python);
    client.arg(repository("tests/end_to_end/preset_clients.py")).arg(&site);
    let read = client.output().expect("python runs");
    let wanted = ["youtube-comments", "youtube-search", "googleplay-reviews"];
    let wanted = wanted.map(|preset| format!("{preset} {POSTS}")).join("\n");
    assert_eq!(stdout(&read).trim(), wanted, "{}", stderr(&read));
}

/// PRAW, the client that most programs for Reddit are built on, reads the same answers to the end.
#[test]
fn the_reference_client_of_reddit_reads_its_fakes_to_their_end() {
    let Some(python) = python_with(&["praw"]) else { return };
    let begun = now();
    let (site, _log) = serve(move |asked| {
        // Reddit's own addresses, which no site of the client's settings comes before.
        let preset = match asked.path.split('?').next().unwrap_or_default().trim_end_matches('/') {
            "/r/all/search" => "reddit-search",
            "/r/x/new" => "reddit-posts",
            "/r/x/comments" => "reddit-comments",
            _ => return logged_in(),
        };
        let wire = WIRES.iter().find(|wire| wire.preset == preset).expect("a platform");
        Reply::Json(wire.answer(asked, begun, POSTS))
    });
    let mut client = Command::new(python);
    client.arg(repository("tests/end_to_end/reddit_client.py")).arg(&site);
    let read = client.output().expect("python runs");
    let wanted = ["reddit-search", "reddit-posts", "reddit-comments"];
    let wanted = wanted.map(|preset| format!("{preset} {POSTS}")).join("\n");
    assert_eq!(stdout(&read).trim(), wanted, "{}", stderr(&read));
}
