//! Which configuration and which lake does a command use? The same rules for all.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Place, file, line, query, resonanz, stderr, stdout};

/// A folder with a configuration, and a lake that it names.
fn place() -> Place {
    let place = Place::new();
    let topic = "[lake]\npath = \"lake\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
    file(place.folder.path(), "resonanz.toml", topic);
    let post = line("1", "2026-03-01T11:59:59Z", "acme is great");
    file(place.folder.path(), "a.jsonl", post);
    place
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = resonanz();
    command.args(arguments).current_dir(folder);
    command.env_remove("RESONANZ_LAKE").env_remove("RESONANZ_CONFIG");
    command
}

fn done(command: &mut Command) -> Output {
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    output
}

const COUNT: &str = "SELECT count(*) FROM mentions";

#[test]
fn the_lake_is_the_one_that_the_configuration_names() {
    let place = place();
    let folder = place.folder.path();
    done(&mut in_folder(folder, &["reprocess", "a.jsonl"]));
    assert_eq!(query(&place.lake, COUNT), "1");
    for command in [
        &["query", COUNT][..],
        &["lake", "stats"],
        &["lake", "verify"],
        &["lake", "compact", "--dry-run"],
        &["lake", "retain", "--dry-run"],
        &["lake", "vacuum", "--dry-run"],
        &["lake", "export", "--author", "somebody"],
        &["lake", "erase", "--author", "somebody", "--dry-run"],
        &["alerts", "list"],
    ] {
        done(&mut in_folder(folder, command));
    }
    let elsewhere = tempfile::tempdir().expect("a folder");
    let config = folder.join("resonanz.toml");
    done(in_folder(elsewhere.path(), &["query", COUNT]).env("RESONANZ_CONFIG", &config));
    done(in_folder(elsewhere.path(), &["query", COUNT]).env("RESONANZ_LAKE", &place.lake));
    let nothing = in_folder(elsewhere.path(), &["query", COUNT]).output().expect("runs");
    assert_eq!(nothing.status.code(), Some(2));
    assert_eq!(
        stderr(&nothing),
        "resonanz: no lake is named, and there is no resonanz.toml here to name it\n\
         hint: add --lake DIR, or --config FILE\n"
    );
}

#[test]
fn an_option_counts_before_the_environment_and_that_before_the_configuration() {
    let place = place();
    let folder = place.folder.path();
    done(&mut in_folder(folder, &["reprocess", "a.jsonl", "--lake", "option"]));
    done(in_folder(folder, &["reprocess", "a.jsonl"]).env("RESONANZ_LAKE", "variable"));
    assert!(folder.join("option/mentions").exists() && folder.join("variable/mentions").exists());
    assert!(!place.lake.exists(), "the configuration's own lake is not touched");
    let mut both = in_folder(folder, &["query", COUNT, "--lake", "option"]);
    done(both.env("RESONANZ_LAKE", "nowhere"));
}

#[test]
fn a_configuration_of_another_lake_says_nothing_about_this_one() {
    let place = place();
    let folder = place.folder.path();
    done(&mut in_folder(folder, &["reprocess", "a.jsonl", "--lake", "other"]));
    let short = "[lake]\npath = \"lake\"\nretain_mentions = \"1d\"\nretain_from = \"posting\"\n";
    file(folder, "resonanz.toml", short);
    let retain = ["lake", "retain", "--dry-run", "--lake", "other"];
    let kept = stdout(&done(&mut in_folder(folder, &retain)));
    assert!(!kept.contains("mentions"), "{kept}");
    let named = [&retain[..], &["--config", "resonanz.toml"]].concat();
    let dropped = stdout(&done(&mut in_folder(folder, &named)));
    assert!(dropped.contains("mentions"), "{dropped}");
}

#[test]
fn older_names_of_options_are_still_understood() {
    let place = place();
    let folder = place.folder.path();
    file(folder, "t.jsonl", "{\"text\": \"good\"}\n");
    let mut scored = in_folder(folder, &["score", "--input", "jsonl", "--format", "jsonl"]);
    let input = std::fs::File::open(folder.join("t.jsonl")).expect("a file");
    assert!(stdout(&done(scored.stdin(input))).contains("\"text\": \"good\",\"compound\""));
    done(&mut in_folder(folder, &["topics", "test", "a.jsonl", "--lines", "jsonl"]));
    done(&mut in_folder(folder, &["reprocess", "a.jsonl", "--format", "archive"]));
    let frame = "{\"did\":\"did:plc:x\",\"time_us\":1772366399000000,\"kind\":\"commit\",\"commit\":{\
                 \"operation\":\"create\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"3k\",\"record\":{\
                 \"createdAt\":\"2026-03-01T11:59:59Z\",\"text\":\"acme\"}}}\n";
    file(folder, "frames.txt", frame);
    let frames = ["reprocess", "frames.txt", "--format", "jetstream", "--lake", "frames"];
    done(&mut in_folder(folder, &frames));
    assert_eq!(query(&folder.join("frames"), COUNT), "1");
}
