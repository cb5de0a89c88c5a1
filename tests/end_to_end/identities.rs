//! Are our own accounts known on networks that call them otherwise than we do?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use resonanz::privacy::AuthorHasher;
use serde_json::{Value, json};

use crate::polled::{ago, config};
use crate::scripted::{Asked, Reply, count, serve};
use crate::support::{
    Place, file, live, query, replay, resonanz, run, stderr, stdout, wait_for, wait_for_answer,
};

/// The DID that a replay gives an author.
fn did(author: &str) -> String {
    let key = AuthorHasher::new([0; 32]).hash(author).to_string();
    format!("did:plc:{}", key.get(..24).expect("a key is longer"))
}

#[test]
fn a_handle_on_bluesky_is_looked_up_once_and_kept() {
    let place = Place::new();
    let line = |id: &str, author: &str, text: &str| {
        let at = format!("{}Z", ago(1));
        json!({"id": id, "author": author, "text": text, "posted_at": at, "received_at": at})
            .to_string()
            + "\n"
    };
    let lines = line("k1", "ann", "acme is late") + &line("k2", "us", "acme is sorry");
    let archive = file(place.folder.path(), "archive.jsonl", lines);
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let (api, log) = serve(move |asked| {
        if down.load(Ordering::Relaxed) {
            return Reply::Raw("503 Service Unavailable", String::new(), String::new());
        }
        match asked.parameter("handle").as_deref() {
            Some("acme.bsky.social") => Reply::Json(json!({"did": did("us")})),
            _ => {
                let refusal =
                    json!({"error": "InvalidRequest", "message": "Unable to resolve handle"});
                Reply::Raw("400 Bad Request", String::new(), refusal.to_string())
            }
        }
    });
    let (_server, url) = replay(&archive, &["--speed", "0"]);
    let text = |lake: &str, accounts: &str| {
        format!(
            "[lake]\npath = \"{lake}\"\ncommit_interval = \"50ms\"\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\naccounts = [{accounts}]\n\
             [[source]]\nname = \"sky\"\ntype = \"bluesky\"\nurl = \"{url}\"\napi = \"{api}\"\nages = []\n"
        )
    };
    let own = "SELECT post_id LIKE '%k2' FROM mentions WHERE own = 1";
    let handle = "\"@acme.bsky.social\", \"nobody.example\"";
    let path =
        file(place.folder.path(), "run.toml", text(&place.lake.display().to_string(), handle));
    let process = live(&path);
    wait_for_answer(&place.lake, own, "true");
    assert_eq!(process.terminate(), Some(0));

    // With the service down it is remembered: in a process that goes on, and in a rerun.
    is_down.store(true, Ordering::Relaxed);
    let asked = count(&log);
    let process = live(&path);
    wait_for("the one that is not known to be asked for again", || {
        (count(&log) > asked).then_some(())
    });
    assert_eq!(process.terminate(), Some(0));
    let log = log.lock().expect("a log").clone();
    let of = |asked: &&Asked| asked.path.ends_with("handle=acme.bsky.social");
    assert_eq!(log.iter().filter(of).count(), 1, "once for both processes");
    assert_eq!(query(&place.lake, "SELECT count(*) FROM mentions"), "2");

    let path = path.to_str().expect("UTF-8");
    is_down.store(false, Ordering::Relaxed);
    let tested = run(&["sources", "test", "sky", "--wait", "2s", "--config", path]);
    let said = stdout(&tested);
    assert!(said.contains(&format!("account acme.bsky.social: {}", did("us"))), "{said}");
    assert!(said.contains("account nobody.example: it cannot be looked up"), "{said}");
    let checked = run(&["check", "--config", path]);
    assert!(checked.status.success() && stderr(&checked).is_empty(), "{}", stderr(&checked));
    let plain = file(place.folder.path(), "plain.toml", text("other", "\"acme\""));
    let checked = run(&["check", "--config", plain.to_str().expect("UTF-8")]);
    assert!(stderr(&checked).contains("write the whole handle"), "{}", stderr(&checked));
}

#[test]
fn a_handle_on_youtube_is_looked_up_as_the_channel_that_comments() {
    let (site, log) = serve(|asked| {
        if asked.path.starts_with("/youtube/v3/channels") {
            let items: Vec<Value> = match asked.parameter("forHandle").as_deref() {
                Some("acme") => vec![json!({"kind": "youtube#channel", "id": "UCours"})],
                _ => Vec::new(),
            };
            return Reply::Json(json!({"kind": "youtube#channelListResponse", "items": items}));
        }
        let comment = |id: &str, channel: &str| {
            json!({"id": id, "snippet": {"videoId": "v", "totalReplyCount": 0, "topLevelComment": {"id": id, "snippet": {
                "textDisplay": format!("acme {id}"), "publishedAt": format!("{}Z", ago(1)), "likeCount": 0,
                "authorDisplayName": "@somebody", "authorChannelId": {"value": channel}}}}})
        };
        Reply::Json(json!({"items": [comment("c1", "UCours"), comment("c2", "UCann")]}))
    });
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "key", "sesame");
    let keys = format!(
        "preset = \"youtube-comments\"\ntoken_file = \"key\"\nset = {{ api = \"{site}\", channel = \"UCours\" }}"
    );
    let path = config(folder.path(), &keys, "");
    let text = std::fs::read_to_string(&path).expect("a file");
    let accounts =
        "query = 'acme'\naccounts = [\"@acme\", \"acme_de\", \"@acme@social.example\"]\n";
    file(folder.path(), "resonanz.toml", text.replace("query = 'acme'\n", accounts));
    let process = live(&path);
    let own = "SELECT text FROM mentions WHERE own = 1";
    wait_for_answer(&folder.path().join("lake"), own, "acme c1");
    assert_eq!(process.terminate(), Some(0));
    let asked: Vec<String> = log
        .lock()
        .expect("a log")
        .iter()
        .filter_map(|asked| asked.parameter("forHandle"))
        .collect();
    let asked: std::collections::BTreeSet<String> = asked.into_iter().collect();
    let wanted = ["acme", "acme_de"].map(str::to_owned);
    assert_eq!(
        asked,
        std::collections::BTreeSet::from(wanted),
        "names of servers are not asked for"
    );
    let mut test = resonanz();
    let tested = test.args(["sources", "test", "s", "--config"]).arg(&path).output();
    let said = stdout(&tested.expect("the binary runs"));
    assert!(said.contains("account acme: UCours"), "{said}");
}

#[test]
fn a_channel_of_youtube_may_be_named_by_its_handle() {
    let (site, log) = serve(|asked| {
        let id = (asked.parameter("forHandle").as_deref() == Some("acme")).then_some("UCours");
        if asked.path.starts_with("/youtube/v3/channels") {
            let items: Vec<Value> = id.iter().map(|id| json!({"id": id})).collect();
            return Reply::Json(json!({ "items": items }));
        }
        Reply::Json(json!({"items": []}))
    });
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "key", "sesame");
    let test = |channel: &str| {
        let keys = format!(
            "preset = \"youtube-comments\"\ntoken_file = \"key\"\nset = {{ api = \"{site}\", channel = \"{channel}\" }}"
        );
        let path = config(folder.path(), &keys, "");
        let path = path.to_str().expect("UTF-8");
        run(&["sources", "test", "s", "--wait", "3s", "--config", path])
    };
    let tested = test("https://www.youtube.com/@acme/videos");
    assert!(tested.status.success(), "{}", stderr(&tested));
    let asked = log.lock().expect("a log").clone();
    let channels: Vec<String> =
        asked.iter().filter_map(|asked| asked.parameter("allThreadsRelatedToChannelId")).collect();
    assert!(!channels.is_empty() && channels.iter().all(|id| id == "UCours"), "{channels:?}");
    let tested = test("@nobody");
    assert_eq!(tested.status.code(), Some(2));
    assert!(stderr(&tested).contains("nobody there is called @nobody"), "{}", stderr(&tested));
}
