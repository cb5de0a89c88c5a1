//! Is an instance of Mastodon heard to the last post, over everything that goes wrong?

use std::path::PathBuf;
use std::process::Stdio;

use crate::fedi::{Fedi, TOKEN};
use crate::support::{
    Dice, Killed, Place, everything, file, free_port, get, python_with, query, resonanz, run,
    skipped, stderr, stdout, wait_for, wait_for_answer,
};
use serde_json::{Value, json};

const TEXTS: &str = "SELECT text FROM mentions ORDER BY text";

struct Listening {
    place: Place,
    port: u16,
    config: PathBuf,
}

impl Listening {
    fn to(fedi: &Fedi, keys: &str) -> Self {
        Self::with(fedi, keys, "")
    }

    fn with(fedi: &Fedi, keys: &str, more: &str) -> Self {
        let (place, port) = (Place::new(), free_port());
        let text = format!(
            "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n\
             [[source]]\nname = \"fedi\"\ntype = \"mastodon\"\nurl = \"http://127.0.0.1:{}\"\n\
             token_env = \"FEDI_TOKEN\"\nhashtags = [\"#Acme\"]\n{keys}\n{more}\n",
            place.lake.display(),
            fedi.port,
        );
        let config = file(place.folder.path(), "run.toml", text);
        Self { place, port, config }
    }

    fn run(&self) -> Killed {
        self.run_with(TOKEN)
    }

    fn run_with(&self, token: &str) -> Killed {
        let mut command = resonanz();
        command.args(["run", "--config"]).arg(&self.config).env("FEDI_TOKEN", token);
        let path = self.place.folder.path().join("log");
        let log = std::fs::File::options().create(true).append(true).open(path).expect("a file");
        Killed(command.stdout(Stdio::null()).stderr(log).spawn().expect("the process starts"))
    }

    fn source(&self) -> Option<Value> {
        let all: Value = serde_json::from_str(&get(self.port, "/api/v1/sources")?).ok()?;
        all.as_array()?.iter().find(|source| source["name"] == "fedi").cloned()
    }

    fn wait_for_source(&self, what: &str, mut ready: impl FnMut(&Value) -> bool) -> Value {
        let mut last = None;
        let begun = std::time::Instant::now();
        wait_for(what, || {
            last = self.source();
            assert!(begun.elapsed().as_secs() < 50, "{what}: {last:?}");
            last.clone().filter(|source| ready(source))
        })
    }

    /// Ends the process once so many events came, and erases what was taken back.
    fn settle(&self, process: Killed, events: u64) {
        self.wait_for_source("the events", |source| source["events"] == events);
        assert_eq!(process.terminate(), Some(0));
        let lake = self.place.lake.to_str().expect("UTF-8");
        let erased = run(&["lake", "erase", "--pending", "--yes", "--lake", lake]);
        assert!(erased.status.success(), "{}", stderr(&erased));
    }

    fn wait_for(&self, sql: &str, wanted: &str) {
        wait_for_answer(&self.place.lake, sql, wanted);
    }
}

/// Waits until the instance is heard, and was asked where to go on.
fn wait_until_heard(fedi: &Fedi) {
    wait_for("the stream to be open", || {
        let mood = fedi.mood();
        let begun = mood.asked.iter().any(|path| path.starts_with("/api/v1/timelines/tag/acme"));
        (mood.open > 0 && begun).then_some(())
    });
}

fn numbered(from: u64, to: u64) -> String {
    let mut texts: Vec<String> = (from..=to).map(|number| format!("acme {number}")).collect();
    texts.sort();
    texts.join("\n")
}

#[test]
fn posts_come_with_their_numbers_and_edits_and_deletions_are_followed() {
    let fedi = Fedi::start();
    let listening = Listening::to(&fedi, "");
    let process = listening.run();
    wait_until_heard(&fedi);
    fedi.post(1, "acme is <b>great</b> &amp; cheap");
    let edited = fedi.post(2, "acme is dull");
    let deleted = fedi.post(3, "acme is awful");
    fedi.post_as(4, "acme in a whisper", "private");
    listening.wait_for(TEXTS, "acme is awful\nacme is dull\nacme is great & cheap");
    let numbers = "SELECT DISTINCT reach, engagement, kind, lang, source FROM mentions";
    assert_eq!(query(&listening.place.lake, numbers), "77,6,original,en,fedi");
    fedi.edit(&edited, "acme is bright");
    fedi.delete(&deleted);
    listening.settle(process, 5);
    let texts = query(&listening.place.lake, TEXTS);
    assert_eq!(texts, "acme is bright\nacme is great & cheap");
    for (name, bytes) in everything(&listening.place.lake) {
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["whisper", TOKEN, "Ada"] {
            assert!(!text.contains(secret), "{secret} stands in {name}");
        }
    }
    let log = std::fs::read_to_string(listening.place.folder.path().join("log")).expect("a log");
    assert!(!log.contains(TOKEN), "{log}");
}

#[test]
fn what_was_missed_is_fetched_to_its_end_and_young_posts_are_looked_up() {
    let fedi = Fedi::start();
    let listening = Listening::to(&fedi, "");
    let process = listening.run();
    wait_until_heard(&fedi);
    let edited = fedi.post(1, "acme 1");
    let deleted = fedi.post(2, "acme 2");
    fedi.post(3, "acme 3");
    listening.wait_for("SELECT count(*) FROM mentions", "3");
    drop(process);
    fedi.edit(&edited, "acme 0");
    fedi.delete(&deleted);
    fedi.mood().refused_pages = 2;
    (4..=130).for_each(|number| drop(fedi.post(number, &format!("acme {number}"))));
    let process = listening.run();
    let events = 127 + 2;
    let source = listening.wait_for_source("all", |source| source["events"] == events);
    assert_eq!(source["gaps"], 0, "{source}");
    listening.settle(process, events);
    let wanted = format!("acme 0\n{}", numbered(3, 130));
    assert_eq!(query(&listening.place.lake, TEXTS), wanted);
}

#[test]
fn every_post_comes_exactly_once_over_kills_and_cuts() {
    let fedi = Fedi::start();
    let listening = Listening::to(&fedi, "");
    let mut process = Some(listening.run());
    wait_until_heard(&fedi);
    fedi.post(1, "acme 1");
    listening.wait_for(TEXTS, "acme 1");
    for number in 2..=120u64 {
        fedi.post(number, &format!("acme {number}"));
        if number % 40 == 0 {
            // SIGKILL, in the midst of it.
            drop(process.take());
            process = Some(listening.run());
        } else if number % 15 == 0 {
            fedi.cut();
        }
    }
    listening.wait_for(TEXTS, &numbered(1, 120));
}

#[test]
fn a_stream_that_gives_only_deletions_is_said_and_its_posts_are_fetched() {
    let fedi = Fedi::start();
    fedi.mood().is_mute = true;
    let listening = Listening::to(&fedi, "compare_every = \"1s\"");
    let _process = listening.run();
    wait_until_heard(&fedi);
    let gone = fedi.post(1, "acme 1");
    fedi.delete(&gone);
    fedi.post(2, "acme 2");
    listening.wait_for(TEXTS, "acme 2");
    listening.wait_for_source("the silence to be said", |source| {
        let reason = source["reason"].as_str().unwrap_or_default();
        source["state"] == "up" && reason.contains("the stream of #acme gives only deletions")
    });
    fedi.mood().is_mute = false;
    fedi.post(3, "acme 3");
    listening.wait_for_source("the silence to be over", |source| source["reason"].is_null());
    listening.wait_for(TEXTS, "acme 2\nacme 3");
}

#[test]
fn what_an_instance_has_switched_off_is_said_at_once() {
    let fedi = Fedi::start();
    let off = json!({"local": "disabled", "remote": "disabled"});
    fedi.mood().access = json!({"hashtag_feeds": off, "live_feeds": off});
    let listening = Listening::to(&fedi, "");
    let _process = listening.run();
    listening.wait_for_source("the reason", |source| {
        source["reason"].as_str().is_some_and(|reason| reason.contains("switched hashtags off"))
    });
}

#[test]
fn without_a_websocket_events_are_heard_however_they_are_cut() {
    let fedi = Fedi::start();
    fedi.mood().refuses_sockets = Some(404);
    let listening = Listening::to(&fedi, "");
    let _process = listening.run();
    wait_until_heard(&fedi);
    // From the first that was heard on, none is lost.
    fedi.post(1, "acme 1");
    listening.wait_for(TEXTS, "acme 1");
    for number in 2..=20u64 {
        fedi.post(number, &format!("acme {number}"));
        if number == 10 {
            fedi.cut();
        }
    }
    listening.wait_for(TEXTS, &numbered(1, 20));
    let asked = fedi.mood().asked.clone();
    assert!(asked.iter().any(|path| path == "/api/v1/streaming/hashtag?tag=acme"), "{asked:?}");
}

#[test]
fn an_instance_without_streams_is_read_by_its_timelines() {
    let fedi = Fedi::start();
    fedi.mood().has_no_streams = true;
    let listening = Listening::to(&fedi, "compare_every = \"1s\"");
    let _process = listening.run();
    listening.wait_for_source("it to be said", |source| {
        let reason = source["reason"].as_str().unwrap_or_default();
        source["state"] == "up" && reason.contains("has no streams")
    });
    wait_for("its latest post to be asked for", || {
        let mood = fedi.mood();
        mood.asked.iter().any(|path| path.starts_with("/api/v1/timelines/tag/acme")).then_some(())
    });
    fedi.post(1, "acme 1");
    listening.wait_for(TEXTS, "acme 1");
    fedi.post(2, "acme 2");
    listening.wait_for(TEXTS, "acme 1\nacme 2");
}

#[test]
fn a_token_that_is_not_taken_ends_this_source_alone_with_a_hint() {
    let fedi = Fedi::start();
    let more =
        "[[source]]\nname = \"lines\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n";
    let listening = Listening::with(&fedi, "", more);
    file(
        listening.place.folder.path(),
        "posts.jsonl",
        crate::support::line("1", "2026-03-01T12:00:00Z", "acme from a file"),
    );
    let _process = listening.run_with("another");
    let source = listening.wait_for_source("a refusal", |source| source["state"] == "failed");
    assert!(source["reason"].as_str().is_some_and(|said| said.contains("401")), "{source}");
    assert!(source["hint"].as_str().is_some_and(|said| said.contains("Development")), "{source}");
    listening.wait_for(TEXTS, "acme from a file");
}

#[test]
fn what_is_too_much_to_fetch_is_a_gap() {
    let fedi = Fedi::start();
    fedi.mood().page_max = 2;
    let listening = Listening::to(&fedi, "");
    let process = listening.run();
    wait_until_heard(&fedi);
    fedi.post(1, "acme 1");
    listening.wait_for(TEXTS, "acme 1");
    drop(process);
    (2..=130).for_each(|number| drop(fedi.post(number, &format!("acme {number}"))));
    let _process = listening.run();
    let source = listening.wait_for_source("a gap", |source| source["gaps"] == 1);
    let gap = &source["latest_gaps"][0];
    assert!(gap["reason"].as_str().is_some_and(|said| said.contains("#acme")), "{gap}");
    wait_until_heard(&fedi);
    fedi.post(131, "acme 131");
    listening.wait_for("SELECT count(*) FROM mentions WHERE text = 'acme 131'", "1");
}

#[test]
fn captured_statuses_are_read() {
    let Some(folder) = std::env::var_os("RESONANZ_FIXTURES") else {
        skipped("RESONANZ_FIXTURES is not set");
        return;
    };
    let statuses = resonanz::decode::mastodon::Statuses {
        source: resonanz::post::SourceId::new("fedi"),
        authors: resonanz::decode::AuthorHasher::new([0; 32]),
        domain: "social.example".to_owned(),
    };
    let (mut open, mut private) = (0, 0);
    let mut take = |status: &Value| {
        // What the author is sent back for editing has "text" instead.
        if status["content"].is_null() || status["visibility"].is_null() {
            return;
        }
        let now = resonanz::time::EventTime(1_800_000_000_000_000);
        match statuses.read(&status.to_string(), now).expect("a status") {
            resonanz::decode::mastodon::Said::Status(status) => {
                assert!(!status.post.text.contains('<'), "{status:?}");
                open += 1;
            }
            resonanz::decode::mastodon::Said::Private => private += 1,
        }
    };
    for entry in std::fs::read_dir(PathBuf::from(folder).join("mastodon")).expect("a folder") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        let exchanges: Vec<Value> = serde_json::from_slice(&bytes).expect("JSON");
        for body in exchanges.iter().map(|exchange| &exchange["body"]) {
            match body {
                Value::Array(all) => all.iter().for_each(&mut take),
                one => take(one),
            }
        }
    }
    assert!(open > 100 && private > 5, "{open} {private}");
}

#[test]
fn the_reference_client_reads_the_fake_to_its_end() {
    let Some(python) = python_with(&["mastodon"]) else { return };
    let fedi = Fedi::start();
    let ids: Vec<String> = (1..=5).map(|number| fedi.post(number, "acme here")).collect();
    let mut client = std::process::Command::new(python);
    client.arg(crate::support::repository("tests/end_to_end/mastodon_client.py"));
    client.args([&fedi.port.to_string(), TOKEN, &ids[4]]).stdout(Stdio::piped());
    let client = client.spawn().expect("python runs");
    wait_for("the client to listen", || (fedi.mood().open > 0).then_some(()));
    let id = fedi.post(6, "acme new");
    fedi.edit(&id, "acme edited");
    fedi.delete(&id);
    let output = client.wait_with_output().expect("the client ends");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let wanted = "listening\nupdate <p>acme new</p>; edit <p>acme edited</p>; delete\n";
    assert_eq!(said, wanted);
}

#[test]
fn a_look_says_what_the_token_may_do() {
    let fedi = Fedi::start();
    let listening = Listening::to(&fedi, "");
    let mut command = resonanz();
    command.args(["sources", "test", "fedi", "--wait", "3s", "--config"]).arg(&listening.config);
    let tested = command.env("FEDI_TOKEN", TOKEN).output().expect("it runs");
    let said = stdout(&tested);
    assert!(said.contains("rights: read:statuses\n"), "{said}{}", stderr(&tested));
}

/// Posts, with something going wrong after each sixth.
fn run_schedule(seed: u64) {
    let (fedi, mut dice) = (Fedi::start(), Dice::of(seed));
    let listening = Listening::to(&fedi, "compare_every = \"1s\"");
    let mut process = Some(listening.run());
    wait_until_heard(&fedi);
    fedi.post(1, "acme 1");
    listening.wait_for(TEXTS, "acme 1");
    for number in 2..=80u64 {
        fedi.post(number, &format!("acme {number}"));
        match (number % 6, dice.below(6)) {
            (1.., _) => {}
            // SIGKILL, in the midst of it.
            (_, 0) => {
                drop(process.take());
                process = Some(listening.run());
            }
            (_, 1) => fedi.cut(),
            (_, 2) => fedi.mood().refused_pages = 3,
            (_, 3) => {
                fedi.mood().refuses_sockets = Some(503);
                fedi.cut();
            }
            (_, 4) => fedi.mood().is_mute = true,
            _ => calm(&fedi),
        }
    }
    calm(&fedi);
    let wanted = numbered(1, 80);
    let begun = std::time::Instant::now();
    wait_for("every post, once", || {
        let found = query(&listening.place.lake, TEXTS);
        let is_late = begun.elapsed().as_secs() > 120;
        assert!(!is_late, "seed {seed}: {:?}, {found}", listening.source());
        (found == wanted).then_some(())
    });
}

fn calm(fedi: &Fedi) {
    let mut mood = fedi.mood();
    (mood.is_mute, mood.refuses_sockets, mood.refused_pages) = (false, None, 0);
}

#[test]
fn each_post_is_there_once_after_any_schedule_of_faults() {
    std::thread::scope(|scope| {
        for seeds in [31..33, 33..35] {
            scope.spawn(move || seeds.for_each(run_schedule));
        }
    });
}
