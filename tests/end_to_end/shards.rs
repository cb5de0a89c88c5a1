//! Are shards together one lake? The same rows and the same alerts as of one process, however many
//! there are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::reprocess::{ALERTS, MENTIONS, PANES, archive};
use crate::support::{Killed, file, query, repository, resonanz, run, stderr, stdout};

const POSTS: &str = "SELECT * FROM posts ORDER BY received_at, source, post_id";

/// A folder with a configuration that has topics enough for five shards, and an archive.
struct House {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl House {
    fn new(archive: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let demo = fs::read_to_string(repository("data/demo.toml")).expect("a file");
        let text = format!(
            "[lake]\narchive = \"{archive}\"\n[privacy]\nauthor_key_file = \"author.key\"\n{demo}\n\
             [[topic]]\nname = \"cameras\"\nquery = 'camera*'\n\
             [[topic]]\nname = \"lenses\"\nquery = 'lens OR zoom'\nparent = \"cameras\"\n\
             [[rule]]\nname = \"crisis\"\ntype = \"spike\"\n\
             [[rule]]\nname = \"many\"\ntype = \"threshold\"\nmeasure = \"mentions\"\ncount = 5\nwindow = \"10m\"\n\
             [[rule]]\nname = \"long\"\ntype = \"threshold\"\ncount = 20\nwindow = \"6h\"\ntopics = [\"cameras\"]\n\
             [[rule]]\nname = \"quiet\"\ntype = \"silence\"\nwindow = \"1h\"\ntopics = [\"lenses\"]\n"
        );
        let config = file(folder.path(), "resonanz.toml", text);
        Self { folder, config }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What works an archive through into a lake, or into that of one shard below it.
    fn command(&self, input: &[&str], lake: &str, shard: Option<&str>) -> Vec<String> {
        let mut command: Vec<String> = ["reprocess", "--config"].map(str::to_owned).to_vec();
        command.push(self.config.display().to_string());
        command.extend(input.iter().map(ToString::to_string));
        command.extend(["--lake".to_owned(), self.path(lake).display().to_string()]);
        command
            .extend(shard.into_iter().flat_map(|shard| ["--shard".to_owned(), shard.to_owned()]));
        command
    }

    fn reprocess(&self, input: &[&str], lake: &str, shard: Option<&str>) {
        let command = self.command(input, lake, shard);
        let output = resonanz().args(&command).output().expect("the binary runs");
        assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    }

    fn reprocess_shards(&self, input: &[&str], lake: &str, of: u32) {
        for number in 1..=of {
            self.reprocess(input, lake, Some(&format!("{number}/{of}")));
        }
    }
}

fn same(whole: &Path, united: &Path) {
    for table in [MENTIONS, PANES, ALERTS, POSTS] {
        assert!(query(whole, table) == query(united, table), "{table} of {}", united.display());
    }
}

fn fails(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(output), stderr(output));
    stderr(output)
}

#[test]
fn shards_together_hold_what_one_process_holds() {
    let house = House::new("matched");
    let archive = file(house.folder.path(), "archive.jsonl", archive());
    let input = [archive.to_str().expect("UTF-8")];
    house.reprocess(&input, "whole", None);
    let whole = house.path("whole");
    assert!(
        query(&whole, "SELECT count(DISTINCT topic) FROM alerts")
            .parse::<u32>()
            .is_ok_and(|n| n >= 4)
    );
    for of in [1, 2, 3, 5] {
        let lake = format!("of-{of}");
        house.reprocess_shards(&input, &lake, of);
        same(&whole, &house.path(&lake));
    }
    // Several topics of one post lie in several shards: the post is there once, with all of them.
    let united = house.path("of-5");
    let several = "SELECT count(*) FROM posts WHERE topics > 1";
    assert_eq!(query(&united, several), query(&whole, several));
    for sql in [
        "SELECT * FROM share_of_voice ORDER BY 1, 2, 3",
        "SELECT count(*) FROM posts JOIN mentions USING (source, post_id)",
    ] {
        assert_eq!(query(&united, sql), query(&whole, sql), "{sql}");
    }
    // One lake is made of them again.
    let from = united.display().to_string();
    house.reprocess(&["--from-lake", &from], "again", None);
    assert_eq!(query(&whole, MENTIONS), query(&house.path("again"), MENTIONS));
}

#[test]
fn a_post_of_no_topic_is_kept_by_one_shard_over_kills() {
    let house = House::new("all");
    let archive = file(house.folder.path(), "archive.jsonl", archive());
    let input = [archive.to_str().expect("UTF-8")];
    house.reprocess(&input, "whole", None);
    for number in 1..=3 {
        let command = house.command(&input, "united", Some(&format!("{number}/3")));
        for looks in [40, 400, 900] {
            let mut process = Killed(resonanz().args(&command).spawn().expect("it starts"));
            for _ in 0..looks {
                std::thread::park_timeout(std::time::Duration::from_millis(1));
                if process.0.try_wait().expect("a child").is_some() {
                    break;
                }
            }
        }
        house.reprocess(&input, "united", Some(&format!("{number}/3")));
    }
    same(&house.path("whole"), &house.path("united"));
}

/// A frame of Jetstream; `number` tells who wrote it.
fn frame(number: usize, at_s: usize, operation: &str, text: &str) -> String {
    let time = format!("2026-03-01T12:{:02}:{:02}.000Z", at_s / 60, at_s % 60);
    let time_us = 1_772_366_400_000_000 + at_s * 1_000_000 + 400_000;
    let record = format!(
        ",\"record\":{{\"$type\":\"app.bsky.feed.post\",\"createdAt\":\"{time}\",\"langs\":[\"en\"],\"text\":\"{text}\"}}"
    );
    let record = if operation == "delete" { "" } else { record.as_str() };
    format!(
        "{{\"did\":\"did:plc:a{number}\",\"time_us\":{time_us},\"kind\":\"commit\",\"commit\":{{\"rev\":\"r{at_s}\",\"operation\":\"{operation}\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"k{number}\",\"cid\":\"c\"{record}}}}}\n"
    )
}

#[test]
fn deletions_and_edits_reach_every_shard() {
    let house = House::new("matched");
    let words =
        ["canon zoom is horrible", "nikon is great", "my nokia camera broke", "apex dvd and ipod"];
    let mut frames = String::new();
    for number in 0..400 {
        frames += &frame(number, number, "create", words[number % words.len()]);
        if number % 7 == 6 {
            frames += &frame(number - 5, number, "delete", "");
        }
        if number % 11 == 10 {
            frames += &frame(number - 3, number, "update", words[(number + 1) % words.len()]);
        }
    }
    let frames = file(house.folder.path(), "frames.jsonl", frames);
    let frames = frames.display().to_string();
    let input = ["--format", "jetstream", "--source", "sky", frames.as_str()];
    house.reprocess(&input, "whole", None);
    house.reprocess_shards(&input, "united", 3);
    let (whole, united) = (house.path("whole"), house.path("united"));
    let shards = (1..=3).map(|number| united.join(format!("shard-{number}-of-3")));
    for lake in shards.chain([whole.clone()]) {
        let key = house.path("author.key");
        let mut command = resonanz();
        command.args(["lake", "erase", "--pending", "--yes", "--author-key-file"]).arg(key);
        let erased = command.arg("--lake").arg(lake).output().expect("the binary runs");
        assert!(erased.status.success(), "{}", stderr(&erased));
    }
    assert_eq!(query(&whole, "SELECT count(*) > 300 AND count(*) < 400 FROM posts"), "true");
    same(&whole, &united);
}

#[test]
fn what_is_not_whole_is_not_taken_for_it() {
    let house = House::new("matched");
    let archive = file(house.folder.path(), "archive.jsonl", archive());
    let input = [archive.to_str().expect("UTF-8")];
    for shard in ["1/3", "2/3"] {
        house.reprocess(&input, "united", Some(shard));
    }
    let united = house.path("united").display().to_string();
    let ask = || run(&["query", "--lake", &united, "SELECT 1"]);
    let said = fails(&ask());
    assert!(said.contains("shard-3-of-3 is not there") && said.contains("hint: "), "{said}");
    house.reprocess(&input, "united", Some("3/3"));
    assert!(ask().status.success());
    for command in [
        &["lake", "compact"][..],
        &["lake", "verify"],
        &["lake", "erase", "--post", "f/1", "--yes"],
        &["alerts", "silence", "--topic", "canon", "--for", "1h", "--comment", "no"],
    ] {
        let said = fails(&run(&[command, &["--lake", &united]].concat()));
        assert!(said.contains("it holds shards"), "{said}");
    }
    house.reprocess(&input, "united", Some("1/2"));
    assert!(fails(&ask()).contains("shards of"), "two numbers of shards");

    let keyless = fs::read_to_string(&house.config)
        .expect("a file")
        .replace("author_key_file = \"author.key\"", "");
    let keyless = file(house.folder.path(), "keyless.toml", keyless);
    let said = run(&[
        "reprocess",
        input[0],
        "--config",
        keyless.to_str().expect("UTF-8"),
        "--shard",
        "1/2",
    ]);
    assert!(fails(&said).contains("author_key_file"));
    house.reprocess(&input, "single", None);
    let said = resonanz().args(house.command(&input, "single", Some("1/2"))).output();
    assert!(fails(&said.expect("the binary runs")).contains("is a lake itself"));
    let said = run(&["run", "--shard", "3/2"]);
    assert!(fails(&said).contains("write 2/3 for the second of three"));
}
