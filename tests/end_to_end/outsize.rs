//! Does what is far too large stay small inside? Fields, notes, archives and bodies that only somebody
//! makes who means harm.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::memory::peak;
use crate::nostr_relay::{Account, Relay, Wrong};
use crate::support::{
    Place, file, free_port, get, line, live, query, stderr, stdout, wait_for, wait_for_answer,
};

const MIB: usize = 1024 * 1024;

#[test]
fn fields_of_any_length_are_kept_short_and_still_tell_posts_apart() {
    let place = Place::new();
    let long = |letter: &str| letter.repeat(MIB);
    let post = |id: &str, more: Value| {
        let mut post =
            json!({"id": id, "text": "acme is bad", "posted_at": "2026-03-01T12:00:00Z"});
        post.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
        format!("{post}\n")
    };
    let outsize = json!({
        "source": long("s"), "author": long("a"), "lang": long("l"), "kind": long("k"),
        "url": format!("https://h.example/{}", long("u")), "thread": long("t"),
    });
    let lines = [
        post(&long("1"), outsize.clone()),
        post(&long("1"), json!({"url": "https://h.example/again"})),
        post(&long("2"), outsize),
        post("3", json!({"parent": long("1"), "url": "https://h.example/3"})),
    ];
    let done = place.reprocess(&file(place.folder.path(), "outsize.jsonl", lines.concat()));
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let counts = "SELECT count(*), count(url), max(length(post_id)), max(length(thread)), max(length(source)) < 200 FROM mentions";
    assert_eq!(query(&place.lake, counts), "3,1,45,45,true");
    let answered = "SELECT count(*) FROM mentions a JOIN mentions b ON a.parent = b.post_id";
    assert_eq!(query(&place.lake, answered), "1", "an answer meets what it answers");
}

#[test]
fn a_relay_that_floods_is_heard_in_little_memory_and_few_words() {
    let (relay, ada, place, port) = (Relay::start(), Account::new(1), Place::new(), free_port());
    let many = vec![""; 200_000];
    for number in 0..150 {
        let tags = json!([["t", "acme"], many]);
        relay.take(&ada.says(60 + number, 1, &tags, &format!("acme {number}")));
    }
    relay.mood().faults.push(Wrong::Talks);
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"nostr\"\ntype = \"nostr\"\nrelays = [\"{}\"]\nhashtags = [\"acme\"]\n",
        place.lake.display(),
        relay.url
    );
    let process = live(&file(place.folder.path(), "run.toml", text));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "150");
    let said = wait_for("its words", || {
        let all: Value = serde_json::from_str(&get(port, "/api/v1/sources")?).ok()?;
        let reason = all[0]["reason"].as_str()?.to_owned();
        reason.contains("it says: ").then_some(reason)
    });
    assert!(said.len() < 400, "{} bytes", said.len());
    let held = peak(process.0.id());
    assert!(held < 500 * MIB, "{} MiB", held / MIB);
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn a_reason_never_quotes_more_than_a_line() {
    let place = Place::new();
    let mut lines = String::new();
    for name in ["posted_at", "text", "id"] {
        let mut post = json!({"id": "1", "text": "acme", "posted_at": "2026-03-01T12:00:00Z"});
        post[name] = json!({ "x".repeat(MIB): "y".repeat(MIB) });
        writeln!(lines, "{post}").expect("memory");
        post[name] = json!(["z".repeat(MIB)]);
        writeln!(lines, "{post}").expect("memory");
    }
    let done = place.reprocess(&file(place.folder.path(), "quoted.jsonl", lines));
    assert_eq!(done.status.code(), Some(1));
    assert!(stderr(&done).len() < 8_000, "{}", stderr(&done).len());
    let letters = std::fs::read_to_string(place.lake.join("_resonanz/dead-letter.jsonl"));
    for line in letters.expect("dead letters").lines() {
        let letter: Value = serde_json::from_str(line).expect("JSON");
        assert!(letter["reason"].as_str().is_some_and(|reason| reason.len() <= 1_024));
    }
}

#[test]
fn what_has_no_end_in_a_folder_is_left_alone() {
    let place = Place::new();
    let folder = place.folder.path().join("in");
    std::fs::create_dir_all(folder.join("deep")).expect("folders");
    file(&folder, "deep/posts.jsonl", line("1", "2026-03-01T12:00:00Z", "acme is bad"));
    let outside = tempfile::tempdir().expect("a folder");
    file(outside.path(), "more.jsonl", line("2", "2026-03-01T12:00:00Z", "acme is worse"));
    let other =
        file(place.folder.path(), "other", line("3", "2026-03-01T12:00:00Z", "acme is bad"));
    for (target, name) in [
        (folder.as_path(), "deep/again"),
        (folder.as_path(), "deep/once-more"),
        (Path::new("/dev/zero"), "zeros.jsonl"),
        (Path::new("/nowhere"), "gone.jsonl"),
        (outside.path(), "away"),
        (other.as_path(), "other.jsonl"),
    ] {
        symlink(target, folder.join(name)).expect("a link");
    }
    let pipe = Command::new("mkfifo").arg(folder.join("pipe.jsonl")).status();
    assert!(pipe.expect("mkfifo").success());
    let done = place.reprocess(&folder);
    let (said, told) = (stdout(&done), stderr(&done));
    assert_eq!(done.status.code(), Some(1), "{said}{told}");
    assert!(told.contains("gone.jsonl"), "{told}");
    assert!(said.contains("3 posts matched") && said.contains("0 duplicates"), "{said}");
    assert!(told.contains("lead out of it") && told.contains("away/more.jsonl"), "{told}");
    assert!(told.contains("files=2"), "{told}");
}
