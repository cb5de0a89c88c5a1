//! Is X heard to the last post, within its ceiling, with rules that follow the topics?

use std::path::PathBuf;
use std::process::Stdio;

use crate::support::{
    Dice, Killed, Place, file, free_port, get, python_with, query, resonanz, run, skipped, stderr,
    wait_for, wait_for_answer,
};
use crate::x_api::{TOKEN, XApi};
use serde_json::{Value, json};

const TEXTS: &str = "SELECT text FROM mentions ORDER BY text";

struct Listening {
    place: Place,
    port: u16,
    config: PathBuf,
}

impl Listening {
    fn to(api: &XApi, keys: &str, topics: &str) -> Self {
        let (place, port) = (Place::new(), free_port());
        let listening = Self { config: place.folder.path().join("run.toml"), place, port };
        listening.write(api, keys, topics);
        listening
    }

    fn write(&self, api: &XApi, keys: &str, topics: &str) {
        let text = format!(
            "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{}\"\n\
             [[source]]\nname = \"x\"\ntype = \"x\"\nurl = \"http://127.0.0.1:{}\"\n\
             token_env = \"X_TOKEN\"\n{keys}\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n{topics}\n",
            self.place.lake.display(),
            self.port,
            api.port,
        );
        file(self.place.folder.path(), "run.toml", text);
    }

    fn run(&self) -> Killed {
        self.run_with(TOKEN)
    }

    fn run_with(&self, token: &str) -> Killed {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config).env("X_TOKEN", token);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Killed(command.spawn().expect("the process starts"))
    }

    fn wait_for_source(&self, what: &str, mut ready: impl FnMut(&Value) -> bool) -> Value {
        let mut last = None;
        let begun = std::time::Instant::now();
        wait_for(what, || {
            let all: Value = serde_json::from_str(&get(self.port, "/api/v1/sources")?).ok()?;
            last = all.as_array()?.iter().find(|source| source["name"] == "x").cloned();
            assert!(begun.elapsed().as_secs() < 50, "{what}: {last:?}");
            last.clone().filter(|source| ready(source))
        })
    }

    fn wait_for(&self, sql: &str, wanted: &str) {
        wait_for_answer(&self.place.lake, sql, wanted);
    }
}

fn wait_for_stream(api: &XApi) {
    wait_for("the stream to be open", || (api.mood().open > 0).then_some(()));
}

fn numbered(from: u64, to: u64) -> String {
    let mut texts: Vec<String> = (from..=to).map(|number| format!("acme {number}")).collect();
    texts.sort();
    texts.join("\n")
}

const CEILING: &str = "posts_a_month = 10000";

#[test]
fn rules_follow_the_topics_and_those_of_others_stay() {
    let api = XApi::start();
    let other = json!({"id": "other", "value": "banana", "tag": "somebody"});
    api.mood().rules.push(other.clone());
    let topics = "[[topic]]\nname = \"apex\"\nquery = '(apex OR apx) lang:de -kind:repost'\n\
                  [[topic]]\nname = \"wild\"\nquery = 'acm*'\n";
    let listening = Listening::to(&api, CEILING, topics);
    let mut check = resonanz();
    check.args(["check", "--config"]).arg(&listening.config).env("X_TOKEN", TOKEN);
    let checked = stderr(&check.output().expect("the binary runs"));
    assert!(checked.contains("X cannot be asked for topic \"wild\""), "{checked}");
    let values = |api: &XApi| {
        let mood = api.mood();
        let mut values: Vec<String> = mood
            .rules
            .iter()
            .map(|rule| format!("{}={}", rule["tag"], rule["value"]).replace('"', ""))
            .collect();
        values.sort();
        values
    };
    let process = listening.run();
    wait_for_stream(&api);
    let apex = "resonanz/x/apex=(apex OR apx) lang:de -is:retweet";
    assert_eq!(values(&api), ["resonanz/x/acme=acme", apex, "somebody=banana"]);
    assert_eq!(process.terminate(), Some(0));
    // The connection was closed, so that the next one is let in at once.
    wait_for("the stream to be closed", || (api.mood().open == 0).then_some(()));
    listening.write(&api, CEILING, "[[topic]]\nname = \"apex\"\nquery = 'apex'\n");
    let _process = listening.run();
    wait_for_stream(&api);
    assert_eq!(values(&api), ["resonanz/x/acme=acme", "resonanz/x/apex=apex", "somebody=banana"]);
}

#[test]
fn every_post_comes_exactly_once_over_kills_and_cuts() {
    let api = XApi::start();
    let listening = Listening::to(&api, CEILING, "");
    let mut process = Some(listening.run());
    wait_for_stream(&api);
    api.post("acme 1");
    listening.wait_for(TEXTS, "acme 1");
    let numbers = "SELECT DISTINCT reach, engagement, kind, lang, source FROM mentions";
    assert_eq!(query(&listening.place.lake, numbers), "55,6,original,en,x");
    for number in 2..=150u64 {
        api.post(&format!("acme {number}"));
        if number % 50 == 0 {
            // SIGKILL, in the midst of it.
            drop(process.take());
            process = Some(listening.run());
        } else if number % 20 == 0 {
            api.cut();
        }
    }
    listening.wait_for(TEXTS, &numbered(1, 150));
}

#[test]
fn edits_and_deletions_are_followed() {
    let api = XApi::start();
    let listening = Listening::to(&api, "posts_a_month = 10000\nrecheck = \"1s\"", "");
    let process = listening.run();
    wait_for_stream(&api);
    let edited = api.post("acme is dull");
    let deleted = api.post("acme is awful");
    listening.wait_for(TEXTS, "acme is awful\nacme is dull");
    api.edit(&edited, "acme is bright");
    api.delete(&deleted);
    listening.wait_for_source("an edit and a deletion", |source| source["events"] == 4);
    assert_eq!(process.terminate(), Some(0));
    let lake = listening.place.lake.to_str().expect("UTF-8");
    let erased = run(&["lake", "erase", "--pending", "--yes", "--lake", lake]);
    assert!(erased.status.success(), "{}", stderr(&erased));
    assert_eq!(query(&listening.place.lake, TEXTS), "acme is bright");
}

#[test]
fn reading_stops_before_the_ceiling_of_the_month_also_over_kills() {
    let api = XApi::start();
    let listening = Listening::to(&api, "posts_a_month = 20", "");
    let process = listening.run();
    wait_for_stream(&api);
    (1..=12).for_each(|number| drop(api.post(&format!("acme {number}"))));
    listening.wait_for("SELECT count(*) FROM mentions", "12");
    drop(process);
    let _process = listening.run();
    wait_for("the stream to be open again", || (api.mood().opened == 2).then_some(()));
    for number in 13..=40 {
        if api.mood().open == 0 {
            break;
        }
        api.post(&format!("acme {number}"));
        listening.wait_for("SELECT count(*) FROM mentions", &number.min(19).to_string());
    }
    let source = listening.wait_for_source("the ceiling", |source| source["state"] == "waiting");
    let said = source["reason"].as_str().expect("a reason");
    assert!(said.contains("19 of 20 posts a month are read"), "{said}");
    assert!(api.mood().billed <= 20, "{}", api.mood().billed);
}

#[test]
fn what_x_says_as_it_ends_a_stream_is_shown_and_the_stream_opens_anew() {
    let api = XApi::start();
    let listening = Listening::to(&api, CEILING, "");
    let process = listening.run();
    wait_for_stream(&api);
    api.post("acme 1");
    api.say("{\"half\":");
    api.say(
        r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream for operational reasons.","type":"https://api.twitter.com/2/problems/operational-disconnect"}]}"#,
    );
    wait_for("a second stream", || (api.mood().opened >= 2).then_some(()));
    let source = listening.wait_for_source("to be up again", |source| source["state"] == "up");
    assert!(source["reconnects"].as_u64() >= Some(1), "{source}");
    api.post("acme 2");
    listening.wait_for(TEXTS, "acme 1\nacme 2");
    drop(process);
}

#[test]
fn a_token_that_is_not_taken_ends_this_source_with_a_hint() {
    let api = XApi::start();
    let more =
        "[[source]]\nname = \"lines\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n";
    let listening = Listening::to(&api, CEILING, more);
    let _process = listening.run_with("another");
    let source = listening.wait_for_source("a refusal", |source| source["state"] == "failed");
    assert!(source["hint"].as_str().is_some_and(|said| said.contains("bearer")), "{source}");
}

#[test]
fn a_source_without_a_ceiling_is_refused() {
    let api = XApi::start();
    let listening = Listening::to(&api, "", "");
    let checked = run(&["check", "--config", listening.config.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stderr(&checked).contains("posts_a_month"), "{}", stderr(&checked));
}

#[test]
fn captured_posts_are_read() {
    let Some(folder) = std::env::var_os("RESONANZ_FIXTURES") else {
        skipped("RESONANZ_FIXTURES is not set");
        return;
    };
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(PathBuf::from(folder).join("x_twitter/v2")).expect("a folder") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        collect(&serde_json::from_slice(&bytes).expect("JSON"), &mut texts);
    }
    let mut read = 0;
    for text in texts {
        let Ok(posts) = resonanz::decode::x::Posts::read(text.as_bytes()) else { continue };
        let source = resonanz::post::SourceId::new("x");
        let authors = resonanz::decode::AuthorHasher::new([0; 32]);
        let now = resonanz::time::EventTime(1_800_000_000_000_000);
        let events = posts.events(&source, &authors, now, &|_, _| false);
        assert_eq!(events.len(), posts.len());
        read += events.len();
    }
    assert!(read > 50, "{read}");
}

/// Everything in a recording that has the shape of an answer with posts, as JSON.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let list = fields.get("data").and_then(Value::as_array);
            if list.is_some_and(|list| list.iter().any(|post| post["text"].is_string())) {
                found.push(value.to_string());
            }
            fields.values().for_each(|value| collect(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        Value::String(text) if text.starts_with('{') => {
            if let Ok(inner) = serde_json::from_str(text) {
                collect(&inner, found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_reference_client_reads_the_fake_to_its_end() {
    let Some(python) = python_with(&["tweepy"]) else { return };
    let api = XApi::start();
    let ids: Vec<String> = (1..=25).map(|number| api.post(&format!("acme {number}"))).collect();
    let mut client = std::process::Command::new(python);
    client.arg(crate::support::repository("tests/end_to_end/x_client.py"));
    client.args([&api.port.to_string(), TOKEN, &ids[24]]).stdout(Stdio::piped());
    let client = client.spawn().expect("python runs");
    wait_for_stream(&api);
    api.post("acme by stream");
    api.say(r#"{"errors":[{"title":"operational-disconnect","detail":"over"}]}"#);
    let output = client.wait_with_output().expect("the client ends");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(said, "acme by stream; operational-disconnect\n");
}

#[test]
fn a_test_of_x_reads_no_post_and_leaves_the_stream_and_its_rules_alone() {
    let api = XApi::start();
    let listening = Listening::to(&api, "posts_a_month = 1000", "");
    let _process = listening.run();
    wait_for("a stream", || (api.mood().open == 1).then_some(()));
    api.post("acme is late");
    wait_for_answer(&listening.place.lake, TEXTS, "acme is late");
    let state = || {
        let mood = api.mood();
        (mood.opened, mood.billed, mood.rules.clone())
    };
    let before = state();
    let test = |token: &str| {
        let mut command = resonanz();
        command.args(["sources", "test", "x", "--config"]).arg(&listening.config);
        command.env("X_TOKEN", token).output().expect("it runs")
    };
    let tested = test(TOKEN);
    assert!(tested.status.success(), "{}", stderr(&tested));
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    for words in [
        "x: it can be reached; no post was read",
        "1 rules are set at X",
        "120 of 10000 posts",
        "anew on day 19",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(state(), before);
    let refused = test("wrong");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("make a new bearer token"), "{}", stderr(&refused));
}

/// Posts, with something going wrong after each sixth.
fn run_schedule(seed: u64) {
    let (api, mut dice) = (XApi::start(), Dice::of(seed));
    let listening = Listening::to(&api, CEILING, "");
    let mut process = Some(listening.run());
    wait_for_stream(&api);
    api.post("acme 1");
    listening.wait_for(TEXTS, "acme 1");
    for number in 2..=80u64 {
        api.post(&format!("acme {number}"));
        match (number % 6, dice.below(5)) {
            (1.., _) => {}
            // SIGKILL, in the midst of it.
            (_, 0) => {
                drop(process.take());
                process = Some(listening.run());
            }
            (_, 1) => api.cut(),
            (_, 2) => api.say("{\"data\": "),
            (_, 3) => api.say("{\"data\": {\"id\": 7}}"),
            _ => api.say(
                r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream for operational reasons.","type":"https://api.twitter.com/2/problems/operational-disconnect"}]}"#,
            ),
        }
    }
    let wanted = numbered(1, 80);
    let begun = std::time::Instant::now();
    wait_for("every post, once", || {
        let found = query(&listening.place.lake, TEXTS);
        assert!(begun.elapsed().as_secs() < 200, "seed {seed}: {found}");
        (found == wanted).then_some(())
    });
}

#[test]
fn each_post_is_there_once_after_any_schedule_of_faults() {
    std::thread::scope(|scope| {
        for seeds in [41..43, 43..45] {
            scope.spawn(move || seeds.for_each(run_schedule));
        }
    });
}
