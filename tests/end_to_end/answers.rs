//! Who waits for us, and which source is gone? Rules on replies and on whole sources.

use serde_json::Value;

use crate::support::{Place, file, query, run, stderr};

const RULES: &str = r#"
[lake]
archive = "all"
[[topic]]
name = "acme"
query = 'acme'
brand = "Acme"
accounts = ["@acme_help"]
[[topic]]
name = "acme phone"
query = '"acme phone"'
brand = "Acme"
[[topic]]
name = "globex"
query = 'globex'
[[rule]]
name = "care"
type = "unanswered"
within = "10m"
reach = 100
keep_firing_for = "1m"
cooldown = "0s"
[[rule]]
name = "quiet"
type = "silence"
source = "forum"
"#;

const MINUTE: i64 = 60;

/// A post so many seconds after noon, with further fields.
fn post(id: &str, author: &str, at_s: i64, text: &str, more: &str) -> String {
    let at = (1_772_366_400 + at_s) * 1_000_000;
    format!(
        "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":{at},\"received_at\":{at},\"text\":\"{text}\"{more}}}\n"
    )
}

fn reprocess(archive: &str, lines: &str) -> Place {
    let mut place = Place::new();
    place.config = file(place.folder.path(), "rules.toml", RULES);
    let posts = file(place.folder.path(), archive, lines);
    let output = place.reprocess(&posts);
    assert!(output.status.success(), "{}", stderr(&output));
    place
}

#[test]
fn a_negative_mention_waits_until_one_of_us_replies() {
    let at = |minute: i64| minute * MINUTE;
    let far = r#","reach":500"#;
    let lines = [
        post("m1", "ann", at(0), "acme is horrible", far),
        // It mentions no topic, and is ours all the same.
        post("r1", "acme_help", at(5), "we are sorry", r#","kind":"reply","parent":"m1""#),
        post("m2", "bob", at(20), "my acme phone is terrible", far),
        post("r2", "acme_help", at(25), "we care", r#","kind":"reply","parent":"x","thread":"m2""#),
        post("m3", "cid", at(30), "acme is awful", r#","reach":5"#),
        post("m4", "dan", at(60), "acme is bad", far),
        post("r4", "eve", at(61), "so true", r#","kind":"reply","parent":"m4""#),
        post("r5", "acme_help", at(75), "we are late", r#","kind":"reply","parent":"m4""#),
        post("o1", "acme_help", at(80), "acme was horrible today, sorry", far),
        post("g1", "fay", at(85), "globex is horrible", far),
        post("m5", "gus", at(90), "the acme phone is a disaster", r#","reach":900,"thread":"t""#),
        post("r6", "acme_help", at(95), "write to us", r#","kind":"comment","thread":"t""#),
        post("end", "hal", at(120), "nothing", ""),
    ];
    let place = reprocess("net.jsonl", &lines.concat());
    let told = "SELECT topic, transition, at, observed FROM alerts WHERE rule = 'care' ORDER BY at";
    let want = "acme,fired,2026-03-01T13:10:00Z,1\nacme,resolved,2026-03-01T13:16:00Z,0";
    assert_eq!(query(&place.lake, told), want);
    let evidence = "SELECT evidence FROM alerts WHERE rule = 'care' AND transition = 'fired'";
    let lake = place.lake.to_str().expect("UTF-8");
    let output = run(&["query", "--format", "json", "--lake", lake, evidence]);
    let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = rows[0]["evidence"].as_str().expect("a text");
    let evidence: Value = serde_json::from_str(text).expect("JSON");
    let shown = evidence["posts"].as_array().expect("a list");
    assert_eq!((shown.len(), &shown[0]["post_id"]), (1, &Value::from("m4")), "{evidence}");
}

#[test]
fn a_source_that_falls_silent_is_noticed_whatever_it_says() {
    let (gone, back, end) = (30 * 60, 31 * 60, 32 * 60);
    let mut lines = String::new();
    for minute in 0..end {
        let speaks = minute < gone || minute >= back;
        for (source, speaks) in [("forum", speaks), ("net", true)] {
            for second in if speaks { 0..2 } else { 0..0 } {
                let id = format!("{source}{minute}.{second}");
                let more = format!(",\"source\":\"{source}\"");
                let at = minute * MINUTE + second;
                lines.push_str(&post(&id, "ann", at, "nothing of interest", &more));
            }
        }
    }
    let place = reprocess("posts.jsonl", &lines);
    let told = "SELECT topic, transition, at, observed, mentions FROM alerts ORDER BY at";
    let want = ",fired,2026-03-02T18:10:00Z,0,0\n,resolved,2026-03-02T19:05:00Z,10,10";
    assert_eq!(query(&place.lake, told), want);
    let counted = "SELECT count(*) FROM posts WHERE source = 'forum' AND \
                   posted_at >= '2026-03-02T18:55:00Z' AND posted_at < '2026-03-02T19:05:00Z'";
    assert_eq!(query(&place.lake, counted), "10");
}

#[test]
fn rules_on_replies_and_sources_are_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[[topic]]\nname = \"a\"\nquery = 'a'\n[[topic]]\nname = \"b\"\nquery = 'b'\naccounts = [\"b\", \"@\"]\n\
                [[rule]]\nname = \"r\"\ntype = \"unanswered\"\ntopics = [\"a\", \"b\"]\nwithin = \"24h\"\nmeasure = \"positive\"\n\
                [[rule]]\nname = \"s\"\ntype = \"silence\"\nsource = \"x\"\nmeasure = \"negative\"\n";
    let path = file(folder.path(), "bad.toml", text);
    let errors = stderr(&run(&["check", "--config", path.to_str().expect("UTF-8")]));
    for wanted in [
        "bad.toml:7:18: an account without a name",
        "bad.toml:11:10: no accounts of ours could answer for a",
        "bad.toml:12:10: within is as long as the window",
        "bad.toml:13:11: an unanswered rule has no other measure",
        "bad.toml:18:11: a source as a whole has no sentiment",
        "5 problems",
    ] {
        assert!(errors.contains(wanted), "{wanted}\nnot in\n{errors}");
    }
}
