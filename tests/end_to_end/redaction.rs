//! Is what is personal in texts kept anywhere? Every byte of a lake, its messages and letters.

use std::path::Path;
use std::process::{Output, Stdio};

use crate::hook::Hook;
use crate::support::{
    Killed, file, free_port, get, query, resonanz, run, stderr, wait_for, wait_for_answer,
};
use crate::traces::Traces;

/// What stands in the input and must be nowhere.
const PERSONAL: [&str; 7] =
    ["gmx.example", "erika", "1234567", "DE89 3704", "4111 1111", "neugierig", "0532 0130"];

/// Complaints with all that is personal in them, and a line that is no post.
fn lines() -> String {
    let said = [
        "acme ist schrecklich, schreibt an erika@gmx.example",
        "acme is awful, call me 0170 1234567",
        "Nie wieder acme! Geld zurück auf DE89 3704 0044 0532 0130 00",
        "acme charged 4111 1111 1111 1111 twice, a disaster",
        "@neugierig hat recht, acme ist furchtbar, 1.299,00 € weg",
        "@acme_hilft antwortet nicht, eine Frechheit",
    ];
    let mut lines = String::new();
    for (second, text) in said.into_iter().enumerate() {
        let at = format!("2026-03-01T12:00:{second:02}Z");
        lines += &format!(
            "{{\"id\":\"p{second}\",\"author\":\"a{second}\",\"posted_at\":\"{at}\",\"received_at\":\"{at}\",\"text\":\"{text}\"}}\n"
        );
    }
    let late = "2026-03-01T12:02:00Z";
    lines += &format!(
        "{{\"id\":\"n\",\"author\":\"b\",\"posted_at\":\"{late}\",\"received_at\":\"{late}\",\"text\":\"later\"}}\n"
    );
    lines += "{\"id\":\"x\",\"text\":\"acme, erika\\u0040gmx.example, 0170/1234567\",\"posted_at\":\"soon\"}\n";
    lines
}

const RULE: &str = "[[rule]]\nname = \"r\"\ntype = \"threshold\"\ncount = 3\nmin_authors = 0\nwindow = \"5m\"\nreceivers = [\"team\"]\n";

fn clean(what: &str, text: &str) {
    for part in PERSONAL {
        assert!(!text.contains(part), "{what} holds {part}");
    }
}

fn clean_lake(lake: &Path) {
    let traces = Traces::of(lake);
    for part in PERSONAL {
        assert_eq!(traces.find(part), None, "{part}");
    }
}

const TEXTS: &str = "SELECT text FROM mentions ORDER BY posted_at";
/// What is left of them.
const LEFT: &str = "\"acme ist schrecklich, schreibt an •@•\"
\"acme is awful, call me •☎•\"
Nie wieder acme! Geld zurück auf •€•
\"acme charged •#• twice, a disaster\"
\"@• hat recht, acme ist furchtbar, 1.299,00 € weg\"
\"@acme_hilft antwortet nicht, eine Frechheit\"";

#[test]
fn what_is_redacted_is_kept_nowhere_and_changes_no_mention_or_alert() {
    let (folder, hook) = (tempfile::tempdir().expect("a folder"), Hook::new());
    let posts = file(folder.path(), "posts.jsonl", lines());
    let config = |redact: &str| {
        format!(
            "[lake]\npath = \"lake\"\narchive = \"all\"\ncommit_interval = \"50ms\"\n[engine]\nidle = \"1s\"\n[privacy]\n{redact}\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
             [[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n{RULE}\
             [[topic]]\nname = \"acme\"\nquery = 'acme*'\n",
            hook.url
        )
    };
    let all = "redact = [\"email\", \"phone\", \"iban\", \"card\", \"handle\"]";
    let path = file(folder.path(), "run.toml", config(all));
    let lake = folder.path().join("lake");
    let mut command = resonanz();
    command.args(["-v", "run", "--config"]).arg(&path).stdin(Stdio::null()).stdout(Stdio::null());
    let log = folder.path().join("log");
    command.stderr(std::fs::File::create(&log).expect("a file"));
    let process = Killed(command.spawn().expect("the process starts"));
    wait_for_answer(&lake, "SELECT count(*) FROM posts", "7");
    let message = wait_for("a message", || Some(hook.accepted().first()?.body.clone()));
    process.terminate();
    assert_eq!(query(&lake, TEXTS), LEFT);
    assert!(message.contains("Frechheit") || message.contains("awful"), "{message}");
    clean("a message", &message);
    clean("the log", &std::fs::read_to_string(log).expect("a log"));
    let letters = std::fs::read_to_string(lake.join("_resonanz/dead-letter.jsonl"));
    assert!(letters.expect("letters").contains("•☎•"));
    clean_lake(&lake);

    // Scores and alerts are those of the whole texts; an archive gives the same.
    let scores = "SELECT post_id, topic, score, target_score, polarity FROM mentions ORDER BY 1, 2";
    let reprocess = |redact: &str, name: &str| {
        let config = file(folder.path(), "again.toml", config(redact));
        let lake = folder.path().join(name);
        let mut command = resonanz();
        command.arg("reprocess").arg(&posts).arg("--config").arg(config).arg("--lake").arg(&lake);
        let output: Output = command.output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(1), "a line is refused: {}", stderr(&output));
        lake
    };
    let (plain, again) = (reprocess("", "plain"), reprocess(all, "again"));
    assert_eq!(query(&lake, scores), query(&plain, scores));
    assert_eq!(query(&again, TEXTS), LEFT);
    assert!(Traces::of(&plain).find("erika").is_some());
    clean_lake(&again);
}

#[test]
fn what_nobody_can_find_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = file(
        folder.path(),
        "run.toml",
        "[privacy]\nredact = [\"email\", \"phones\"]\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n",
    );
    let checked = run(&["check", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    let said = stderr(&checked);
    assert!(
        said.contains("run.toml:2:20: nothing called \"phones\"") && said.contains("iban"),
        "{said}"
    );
}

#[test]
fn a_reload_begins_to_redact() {
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    file(folder.path(), "posts.jsonl", "");
    let config = |redact: &str| {
        let text = format!(
            "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n{redact}\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        );
        file(folder.path(), "run.toml", text)
    };
    let path = config("");
    let process = crate::support::live(&path);
    wait_for("health", || get(port, "/healthz"));
    let post = |id: &str| {
        let text = format!("acme, erika{id}@gmx.example");
        let line = crate::support::line(id, "2026-03-01T12:00:00Z", &text);
        crate::support::append(&folder.path().join("posts.jsonl"), line);
    };
    let lake = folder.path().join("lake");
    post("1");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions", "1");
    config("[privacy]\nredact = [\"email\"]\n");
    let id = process.0.id().to_string();
    let asked = std::process::Command::new("kill").args(["-HUP", &id]).status();
    assert!(asked.expect("kill runs").success());
    wait_for("the reload", || get(port, "/healthz")?.contains("\"reloads\":1").then_some(()));
    post("2");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions", "2");
    process.terminate();
    let texts = query(&lake, "SELECT text FROM mentions ORDER BY post_id");
    assert_eq!(texts, "\"acme, erika1@gmx.example\"\n\"acme, •@•\"");
}
