//! Is a lake in a bucket the same lake? On an S3 server that is not ours, over kills and outages.
//!
//! Without that server these tests say so and pass: see `store`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::reprocess::{MENTIONS, archive};
use crate::sql_http::Served;
use crate::store::{Door, Store};
use crate::support::{Killed, file, line, query, run, stderr, stdout, wait_for};

const COUNT: &str = "SELECT count(*) FROM mentions";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn posts(range: std::ops::Range<usize>) -> String {
    let post = |id: usize| {
        let text = ["acme is horrible", "acme is great"][id % 2];
        line(&id.to_string(), &format!("2026-03-01T11:{:02}:00Z", id % 60), text)
    };
    range.map(post).collect()
}

#[test]
fn a_killed_run_into_a_bucket_ends_as_an_uninterrupted_one_into_a_folder() {
    let Some(store) = Store::new(&[]) else { return };
    let all = archive();
    for name in ["killed", "calm"] {
        file(store.root(), &format!("{name}.jsonl"), &all);
    }
    let config = store.bucket_config("killed", "");
    let states = [store.state("killed")];
    let kills = store.kill_until_done(&["run", "--config", text(&config)], &states);
    assert!(kills >= 5, "only {kills} kills");
    let calm = store.config("calm", "path = \"calm\"", "");
    let ended = run(&["run", "--config", text(&calm)]);
    assert!(ended.status.success(), "{}", stderr(&ended));
    store.same("killed", &store.root().join("calm"));
}

#[test]
fn reprocessing_into_a_bucket_fills_it_and_replaces_its_days() {
    let Some(store) = Store::new(&[]) else { return };
    let whole = file(store.root(), "whole.jsonl", archive());
    let (state, local) = (store.state("made"), store.root().join("local"));
    let config = store.config("made", "path = \"unused\"", "");
    let wide = fs::read_to_string(&config).expect("a file");
    let wide = file(store.root(), "wide.toml", wide.replace("'acme'", "'acme OR battery'"));
    for config in [&config, &wide] {
        let mut job = vec!["reprocess", text(&whole), "--config", text(config)];
        let worked = run(&[&job[..], &["--lake", text(&local)]].concat());
        assert!(worked.status.success(), "{}", stderr(&worked));
        job.extend(["--lake", "s3://lakes/made", "--state", text(&state)]);
        let kills =
            store.kill_until_done(&job, &[state.clone(), state.join("reprocess/_resonanz")]);
        assert!(kills >= 2, "only {kills} kills");
        store.same("made", &local);
    }
    // A lake in a folder is made of the bucket's posts, and the other way round.
    let (copy, back) = (store.root().join("copy"), store.state("back"));
    let from = ["--from-lake", "s3://lakes/made", "--from-state", text(&state)];
    let job = [&["reprocess", "--config", text(&wide), "--lake", text(&copy)], &from[..]].concat();
    store.does(&job);
    let from = ["--from-lake", text(&copy), "--state", text(&back)];
    let job = [&["reprocess", "--config", text(&wide), "--lake", "s3://lakes/back"], &from[..]];
    store.does(&job.concat());
    assert_eq!(store.query("back", MENTIONS), query(&copy, MENTIONS));
}

#[test]
fn a_bucket_is_tidied_and_erased_as_a_folder_is() {
    let Some(store) = Store::new(&[]) else { return };
    let config = store.bucket_config("kept", "");
    let place =
        ["--lake", "s3://lakes/kept", "--state", text(&store.state("kept"))].map(str::to_owned);
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    let lake = |command: &[&str]| store.does(&[&["lake"], command, &place[..]].concat());
    for commit in 1..=4 {
        file(store.root(), "kept.jsonl", posts(0..30 * commit));
        store.does(&["run", "--config", text(&config)]);
    }
    let sums =
        "SELECT count(*), count(DISTINCT post_id), round(sum(target_score), 3) FROM mentions";
    let before = store.query("kept", sums);
    assert!(before.starts_with("120,120,"), "{before}");
    assert!(lake(&["compact"]).contains("merge  mentions"));
    assert_eq!(store.query("kept", sums), before);
    let removed = lake(&["vacuum", "--older-than", "0s"]);
    assert!(!removed.starts_with("0 files"), "{removed}");
    let stats = lake(&["stats", "--format", "json"]);
    let stats: serde_json::Value = serde_json::from_str(&stats).expect("JSON");
    assert_eq!(stats[1]["files"], 1, "{stats}");

    let key = store.root().join("author.key");
    let erase = ["erase", "--post", "f/7", "--yes", "--author-key-file", text(&key)];
    let receipt: serde_json::Value = serde_json::from_str(&lake(&erase)).expect("JSON");
    assert_eq!(receipt["rows"]["mentions"], 1, "{receipt}");
    assert!(receipt["files_deleted"].as_u64() >= Some(2), "{receipt}");
    assert_eq!(store.query("kept", COUNT), "119");
    let verified = lake(&["verify"]);
    assert!(verified.contains(" 0 damaged; 0 files wait"), "{verified}");

    let retained = lake(&["retain"]);
    assert!(retained.contains("nothing to do") || retained.contains("strip"), "{retained}");
    assert_eq!(store.query("kept", COUNT), "119");
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let Some(store) = Store::new(&[]) else { return };
    let config = store.bucket_config("one", "");
    file(store.root(), "one.jsonl", posts(0..20));
    store.does(&["run", "--config", text(&config)]);
    file(store.root(), "one.jsonl", posts(0..40));
    store.does(&["run", "--config", text(&config)]);
    let said = fs::read_to_string(&config).expect("a file");
    let with = |from: &str, to: &str| {
        let path = file(store.root(), "other.toml", said.replace(from, to));
        store.fails(&["run", "--config", text(&path)])
    };
    let (code, told) = with("lakes/one", "lakes/two");
    assert!(code == 2 && told.contains("is the state folder of s3://lakes/one"), "{code} {told}");
    let (code, told) = with("lakes/one", "no-lakes/one");
    assert!(code == 2 && told.contains("is the state folder of"), "{code} {told}");
    let (code, told) = store.fails(&["query", "--lake", "s3://no-lakes/one", COUNT]);
    assert!(code == 1 && told.contains("NoSuchBucket"), "{code} {told}");
    let (code, told) = store.fails(&["query", "--lake", "s3://lakes/nothing", COUNT]);
    assert!(code == 2 && told.contains("s3://lakes/nothing is not a lake"), "{code} {told}");
    let (code, told) = store.fails(&["lake", "compact", "--lake", "s3://lakes/one"]);
    assert!(code == 2 && told.contains("--state DIR"), "{code} {told}");
    let (code, told) =
        store.fails(&["lake", "export", "--author", "x", "--lake", "s3://lakes/one"]);
    assert!(code == 2 && told.contains("--state DIR"), "{code} {told}");
    let silence =
        ["alerts", "silence", "--topic", "acme", "--for", "1h", "--lake", "s3://lakes/one"];
    let (code, told) = store.fails(&silence);
    assert!(code == 2, "{code} {told}");
    assert_eq!(store.query("one", COUNT), "40", "nobody changed anything");
}

#[test]
fn a_lost_object_is_damage_and_told() {
    let Some(store) = Store::new(&[]) else { return };
    let config = store.bucket_config("hurt", "");
    file(store.root(), "hurt.jsonl", posts(0..20));
    store.does(&["run", "--config", text(&config)]);
    let script = "import boto3; s3 = boto3.client('s3'); \
        found = s3.list_objects_v2(Bucket='lakes', Prefix='hurt/mentions/day=2026-03-01/part-'); \
        key = found['Contents'][0]['Key']; s3.delete_object(Bucket='lakes', Key=key); print(key)";
    let deleted = store.python().args(["-c", script]).output().expect("Python runs");
    assert!(deleted.status.success(), "{}", stderr(&deleted));
    let lost = stdout(&deleted).trim().to_owned();
    let asked = ["query", "--lake", "s3://lakes/hurt", "SELECT sum(length(text)) FROM mentions"];
    let (code, told) = store.fails(&asked);
    assert!(code == 3 && told.contains("NoSuchKey"), "{code} {told}");
    let verify = ["lake", "verify", "--lake", "s3://lakes/hurt"];
    let output = store.run(&verify);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stdout(&output).contains(&format!("s3://lakes/{lost}: ")), "{}", stdout(&output));
}

#[test]
fn a_bucket_is_served_and_its_desk_only_with_the_state() {
    let Some(store) = Store::new(&[]) else { return };
    let config = store.bucket_config("open", "");
    file(store.root(), "open.jsonl", posts(0..20));
    store.does(&["run", "--config", text(&config)]);
    let state = store.state("open");
    for (options, expected) in [(&[][..], 501), (&["--state", text(&state)][..], 201)] {
        let mut command = store.command();
        command.args(["serve", "--lake", "s3://lakes/open"]);
        command.args(options);
        let served = Served::start(command);
        let (status, rows) = served.sql("SELECT count(*) AS n FROM mentions");
        assert_eq!((status, rows[0]["n"].as_i64()), (200, Some(20)));
        let body = r#"{"topic": "acme", "for": "1h", "author": "me", "comment": "known"}"#;
        let headers = "content-type: application/json\r\n";
        let (status, head, _) = served.ask("POST /api/v1/silences", headers, body);
        assert_eq!(status, expected, "{head}");
    }
}

#[test]
fn a_configuration_says_where_the_state_is() {
    let folder = tempfile::tempdir().expect("a folder");
    for (lake, told) in [
        ("path = \"s3://b/p\"", "a lake in a bucket needs a \"state\""),
        ("path = \"l\"\nstate = \"s\"", "state is for a lake in a bucket"),
    ] {
        let config = file(folder.path(), "c.toml", format!("[lake]\n{lake}\n"));
        let checked = run(&["check", "--config", text(&config)]);
        assert_eq!(checked.status.code(), Some(2));
        assert!(stderr(&checked).contains(told), "{}", stderr(&checked));
    }
    let shown = run(&["demo", "--lake", "s3://b/p"]);
    assert_eq!(shown.status.code(), Some(2), "{}", stderr(&shown));
}

#[test]
fn who_may_not_enter_is_told_so() {
    // Making the bucket is the one request that needs no key.
    let Some(store) = Store::new(&[("INITIAL_NO_AUTH_ACTION_COUNT", "1")]) else { return };
    file(store.root(), "shut.jsonl", posts(0..5));
    let config = store.bucket_config("shut", "");
    for arguments in
        [&["run", "--config", text(&config)][..], &["query", "--lake", "s3://lakes/shut", COUNT]]
    {
        let (code, told) = store.fails(arguments);
        assert!(code == 1 && told.contains("check AWS_ACCESS_KEY_ID"), "{code} {told}");
    }
}

#[test]
fn an_outage_costs_time_and_nothing_else() {
    let Some(store) = Store::new(&[]) else { return };
    let door = Door::before(&store.endpoint);
    let config = store.bucket_config("far", "follow = true");
    let start = || {
        let mut command = store.command();
        command.env("AWS_ENDPOINT_URL", format!("http://{}", door.address));
        command.args(["run", "--config", text(&config)]).stdout(Stdio::null());
        Killed(command.stderr(Stdio::null()).spawn().expect("the process starts"))
    };
    let grow = |range: std::ops::Range<usize>| {
        let path = store.root().join("far.jsonl");
        let opened = fs::OpenOptions::new().create(true).append(true).open(path);
        opened.and_then(|mut file| file.write_all(posts(range).as_bytes())).expect("written");
    };
    let there = |count: &str| {
        wait_for("all mentions", || {
            let output =
                store.run(&["query", "--format", "csv", "--lake", "s3://lakes/far", COUNT]);
            stdout(&output).trim_end().ends_with(&format!("\n{count}")).then_some(())
        });
    };
    grow(0..50);
    let mut process = start();
    there("50");
    door.shut();
    grow(50..100);
    door.wait_for_knocks();
    assert!(process.0.try_wait().expect("a child").is_none(), "it waits");
    door.open();
    there("100");

    // Killed in an outage, it goes on where it stood.
    door.shut();
    grow(100..150);
    door.wait_for_knocks();
    drop(process);
    grow(150..200);
    door.open();
    let process = start();
    there("200");
    drop(process);
    let distinct = "SELECT count(*), count(DISTINCT post_id) FROM mentions";
    assert_eq!(store.query("far", distinct), "200,200");
    let verified = store.does(&["lake", "verify", "--lake", "s3://lakes/far"]);
    assert!(verified.contains(" 0 damaged"), "{verified}");
}
