//! Do receivers hear that a source is heard no more, and that a token ends?

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::hook::Hook;
use crate::scripted::{Reply, serve};
use crate::support::{Place, file, free_port, get, live, wait_for};

#[test]
fn receivers_hear_of_a_source_that_was_given_up_and_of_a_token_that_ends() {
    let (place, port, hook) = (Place::new(), free_port(), Hook::new());
    let (site, _log) = serve(|asked| {
        if asked.head.contains("bearer old") {
            let left = "x-ratelimit-limit: 100\r\nx-ratelimit-remaining: 99\r\n".to_owned();
            return Reply::Raw("200 OK", left, json!({"posts": []}).to_string());
        }
        Reply::Raw("401 Unauthorized", String::new(), String::new())
    });
    let preset = "about = \"a test\"\ninterval = \"1s\"\nneeds.site = \"the server\"\n\
                  [token]\nabout = \"a key\"\nlives = \"60d\"\n\
                  [list]\nurl = \"{site}/list\"\nitems = \"/posts\"\norder = \"newest\"\n\
                  headers = { Authorization = \"Bearer {token}\" }\n\
                  [[post]]\nname = \"post\"\nkind = \"original\"\n\
                  [post.fields]\nid = \"/id\"\ntext = \"/text\"\nposted_at = \"/at\"\n";
    file(place.folder.path(), "own.toml", preset);
    let old = file(place.folder.path(), "old", "old");
    let written = SystemTime::now() - Duration::from_secs(55 * 86_400);
    let opened = std::fs::File::options().write(true).open(&old).expect("a file");
    opened.set_modified(written).expect("a time");
    file(place.folder.path(), "wrong", "wrong");
    let source = |name: &str| {
        format!(
            "[[source]]\nname = \"of {name}\"\ntype = \"poll\"\npreset = \"own.toml\"\ntoken_file = \"{name}\"\n\
             set = {{ site = \"{site}\" }}\n"
        )
    };
    let text = format!(
        "[lake]\npath = \"{}\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n{}{}",
        place.lake.display(),
        hook.url,
        source("old"),
        source("wrong"),
    );
    let _process = live(&file(place.folder.path(), "run.toml", text));
    let told = |kind: &str| -> Value {
        wait_for(kind, || {
            hook.accepted().iter().map(|one| one.json()).find(|body| body["type"] == kind)
        })
    };
    let lost = told("source.lost");
    assert_eq!(
        (&lost["data"]["source"], &lost["data"]["severity"]),
        (&json!("of wrong"), &json!("error"))
    );
    assert!(lost["data"]["why"].as_str().is_some_and(|why| why.contains("401")), "{lost}");
    assert!(lost["data"]["hint"].as_str().is_some_and(|hint| hint.contains("token")), "{lost}");
    let ends = told("token.ends");
    assert_eq!(
        (&ends["data"]["source"], &ends["data"]["severity"]),
        (&json!("of old"), &json!("warning"))
    );

    let sources: Value =
        serde_json::from_str(&get(port, "/api/v1/sources").expect("an answer")).expect("JSON");
    assert_eq!(sources[0]["token_expires"], ends["data"]["since"], "{sources}");
    assert_eq!(sources[0]["limits"], "99 of 100 requests left", "{sources}");
    let metrics = get(port, "/metrics").expect("metrics");
    assert!(
        metrics.contains("resonanz_source_token_expires_unix_seconds{source=\"of old\"}"),
        "{metrics}"
    );
    let page = get(port, "/sources").expect("a page");
    assert!(page.contains("99 of 100 requests left") && page.contains("the token ends"), "{page}");
    // Each is told once.
    let kinds: Vec<Value> = hook.accepted().iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
}
