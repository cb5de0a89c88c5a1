//! Do mentions on Bluesky get their likes and followers, though the stream tells none, and nothing
//! else is asked for?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::scripted::{Reply, count, serve};
use crate::support::{
    Place, erase_what_was_replaced, file, free_port, get, live, query, replay, resonanz, run,
    stderr, stdout, wait_for, wait_for_answer,
};

fn values(path: &str, name: &str) -> Vec<String> {
    let url = url::Url::parse(&format!("http://h{path}")).expect("a path");
    let pairs = url.query_pairs().filter(|(key, _)| key == name);
    pairs.map(|(_, value)| value.into_owned()).collect()
}

#[test]
fn mentions_get_likes_and_followers_while_they_are_young_and_nothing_else_is_asked_for() {
    let (place, port) = (Place::new(), free_port());
    let now = jiff::Timestamp::now().as_second();
    let now = jiff::Timestamp::from_second(now).expect("a time").to_string();
    let line = |id: &str, text: &str| {
        json!({"id": id, "author": "ann", "text": text, "posted_at": now, "received_at": now})
            .to_string()
            + "\n"
    };
    let lines = line("k1", "acme is late") + &line("k2", "acme again") + &line("k3", "hello");
    let archive = file(place.folder.path(), "archive.jsonl", lines);
    let likes = Arc::new(AtomicU64::new(7));
    let counted = Arc::clone(&likes);
    let asked = AtomicU64::new(0);
    let (api, log) = serve(move |request| {
        // It is down at first.
        if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            let again = "retry-after: 1\r\n".to_owned();
            return Reply::Raw("503 Service Unavailable", again, String::new());
        }
        let known =
            |actor: &String| json!({"did": actor, "handle": "ann.example", "followersCount": 120});
        let view = |uri: &String| {
            let text = if uri.ends_with("k1") { "acme is late" } else { "acme again" };
            json!({"uri": uri, "author": {"handle": "ann.example"}, "likeCount": counted.load(Ordering::Relaxed),
                "repostCount": 1, "record": {"text": text, "createdAt": now}})
        };
        let posts: Vec<Value> = values(&request.path, "uris").iter().map(view).collect();
        let profiles: Vec<Value> = values(&request.path, "actors").iter().map(known).collect();
        Reply::Json(json!({"posts": posts, "profiles": profiles}))
    });
    let (_server, url) = replay(&archive, &["--speed", "0"]);
    let ages: Vec<String> = (1..=120).map(|age| format!("{age}s")).collect();
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"sky\"\ntype = \"bluesky\"\nurl = \"{url}\"\napi = \"{api}/\"\nages = {ages:?}\n",
        place.lake.display(),
    );
    let config = file(place.folder.path(), "run.toml", text);
    let process = live(&config);
    let numbers = |engagement: u64| {
        let sql = "SELECT count(*) FROM mentions WHERE reach = 120 AND engagement";
        wait_for_answer(&place.lake, &format!("{sql} = {engagement}"), "2");
    };
    numbers(8);
    // Half as many again are no news, twice as many are.
    likes.store(11, Ordering::Relaxed);
    let before = count(&log);
    wait_for("another look", || (count(&log) >= before + 4).then_some(()));
    likes.store(40, Ordering::Relaxed);
    numbers(41);
    assert_eq!(query(&place.lake, "SELECT count(*) FROM mentions WHERE engagement = 12"), "0");
    let said: Value =
        serde_json::from_str(&get(port, "/api/v1/sources").expect("an answer")).expect("JSON");
    assert_eq!((&said[0]["state"], &said[0]["reason"]), (&json!("up"), &Value::Null), "{said}");
    assert_eq!(process.terminate(), Some(0));
    erase_what_was_replaced(&place.lake);
    let rows = "SELECT text, reach, engagement FROM mentions ORDER BY text";
    assert_eq!(query(&place.lake, rows), "acme again,120,41\nacme is late,120,41");
    let log = log.lock().expect("a log");
    let uris: Vec<String> = log.iter().flat_map(|asked| values(&asked.path, "uris")).collect();
    assert!(
        uris.iter().all(|uri| uri.starts_with("at://did:plc:") && !uri.ends_with("k3")),
        "{uris:?}"
    );
}

#[test]
fn mentions_are_looked_up_at_their_ages_after_a_kill_as_well() {
    let place = Place::new();
    let line = |id: &str, text: &str, seconds: i64| {
        let at = jiff::Timestamp::now().as_second() - seconds;
        let at = jiff::Timestamp::from_second(at).expect("a time").to_string();
        json!({"id": id, "author": "ann", "text": text, "posted_at": at, "received_at": at})
            .to_string()
            + "\n"
    };
    // After the restart the last five seconds come again, and the mention is older.
    let lines = line("k1", "acme is late", 60) + &line("k2", "hello", 1);
    let archive = file(place.folder.path(), "archive.jsonl", lines);
    let (api, log) = serve(|asked| {
        let view = |uri: &String| {
            let record = json!({"text": "acme is late", "createdAt": "2026-03-01T12:00:00Z"});
            json!({"uri": uri, "author": {"handle": "ann.example"}, "likeCount": 1, "record": record})
        };
        let posts: Vec<Value> = values(&asked.path, "uris").iter().map(view).collect();
        Reply::Json(json!({"posts": posts, "profiles": []}))
    });
    let (_server, url) = replay(&archive, &["--speed", "0"]);
    let ages: Vec<String> = (60..=1_200).map(|age| format!("{age}s")).collect();
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"sky\"\ntype = \"bluesky\"\nurl = \"{url}\"\napi = \"{api}\"\nages = {ages:?}\n",
        place.lake.display(),
    );
    let config = file(place.folder.path(), "run.toml", text);
    let looks = || {
        let log = log.lock().expect("a log");
        log.iter().filter(|asked| !values(&asked.path, "uris").is_empty()).count()
    };
    let process = live(&config);
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions WHERE engagement = 1", "1");
    drop(process);
    let before = looks();
    let process = live(&config);
    wait_for("further looks", || (looks() >= before + 2).then_some(()));
    drop(process);
    // What a cursor holds of it names nobody.
    for (name, bytes) in crate::support::every_file(&place.lake) {
        let holds = bytes.windows(7).any(|window| window == b"did:plc");
        assert!(!holds, "{name} names an account");
    }
}

#[test]
fn ages_and_services_that_cannot_be_are_named() {
    let place = Place::new();
    let source = "[[source]]\nname = \"sky\"\ntype = \"bluesky\"\n";
    let text = format!(
        "{source}api = \"public.api\"\nages = [\"15m\", \"often\"]\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n"
    );
    let config = file(place.folder.path(), "wrong.toml", text);
    let checked = run(&["check", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    let said = stderr(&checked) + &stdout(&checked);
    for words in [
        "wrong.toml:4",
        "\"public.api\" is not the address",
        "wrong.toml:5",
        "\"often\" is not an age",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let never = format!("{source}ages = []\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n");
    let config = file(place.folder.path(), "never.toml", never);
    let checked = resonanz().arg("check").arg("--config").arg(config).output().expect("it runs");
    assert!(checked.status.success(), "{}", stderr(&checked));
}
