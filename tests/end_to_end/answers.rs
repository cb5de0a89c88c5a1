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
    assert!(shown[0]["confidence"].as_f64().is_some_and(|sure| sure > 0.3), "{evidence}");
}

#[test]
fn what_our_accounts_say_is_no_complaint_live_and_reprocessed() {
    // Too short to be copies of each other.
    let said = "acme terrible, globex horrible";
    let mut lines: Vec<String> =
        (0..6).map(|n| post(&format!("o{n}"), "Acme_Help", n, said, "")).collect();
    lines.push(post("m", "ann", 7, said, ""));
    let rules = "[[rule]]\nname = \"loud\"\ntype = \"threshold\"\ncount = 3\nmin_authors = 0\n\
                 [[rule]]\nname = \"sure\"\ntype = \"threshold\"\ncount = 3\nmin_authors = 0\nmin_confidence = 0.4\n";
    let place = Place::new();
    let posts = file(place.folder.path(), "net.jsonl", lines.concat());
    let mut config = RULES.split("[[rule]]").next().unwrap_or_default().to_owned() + rules;
    let path = file(place.folder.path(), "reprocess.toml", &config);
    let lakes = [place.folder.path().join("again"), place.folder.path().join("live")];
    let [again, live] = lakes.each_ref().map(|lake| lake.to_str().expect("UTF-8"));
    let (posts, path) = (posts.to_str().expect("UTF-8"), path.to_str().expect("UTF-8"));
    let done = run(&["reprocess", posts, "--config", path, "--lake", again]);
    assert!(done.status.success(), "{}", stderr(&done));
    config += &format!("[[source]]\nname = \"net\"\ntype = \"file\"\npath = \"{posts}\"\n");
    let config = config.replace("[lake]", &format!("[lake]\npath = \"{live}\""));
    let path = file(place.folder.path(), "live.toml", config);
    let done = run(&["run", "--config", path.to_str().expect("UTF-8")]);
    assert!(done.status.success(), "{}", stderr(&done));
    for lake in &lakes {
        let rows = "SELECT topic, own, polarity, count(*), count(*) FILTER (WHERE target_score < 0) FROM mentions GROUP BY 1, 2, 3 ORDER BY 1, 2";
        let want = "acme,0,negative,1,1\nacme,1,neutral,6,6\nglobex,0,negative,7,7";
        assert_eq!(query(lake, rows), want);
        let panes = "SELECT topic, sum(negative), sum(neutral) FROM panes GROUP BY 1 ORDER BY 1";
        assert_eq!(query(lake, panes), "acme,1,6\nglobex,7,0");
        let told = "SELECT DISTINCT rule, topic FROM alerts ORDER BY 1";
        assert_eq!(query(lake, told), "loud,globex\nsure,globex");
        let counts = "SELECT evidence LIKE '%AND confidence >= 0.4) AS sure%' FROM alerts WHERE rule = 'sure' LIMIT 1";
        assert_eq!(query(lake, counts), "true");
    }
}

#[test]
fn a_confidence_out_of_reach_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let rule = |name: &str, more: &str| {
        format!("[[rule]]\nname = \"{name}\"\ntype = \"threshold\"\n{more}\n")
    };
    let rules = [
        rule("a", "min_confidence = 0.95"),
        rule("b", "min_confidence = 0.705"),
        rule("c", "min_confidence = \"high\""),
        rule("d", "min_confidence = 0.7\nmeasure = \"mentions\""),
        rule("e", "min_confidence = 0.7"),
        rule("f", "min_confidence = 0.58\nmeasure = \"negative\""),
    ];
    let text = format!("[[topic]]\nname = \"a\"\nquery = 'a'\n{}", rules.concat());
    let path = file(folder.path(), "bad.toml", text);
    let errors = stderr(&run(&["check", "--config", path.to_str().expect("UTF-8")]));
    for wanted in [
        "bad.toml:7:18: min_confidence is 0.95",
        "bad.toml:11:18: min_confidence is 0.705",
        "hint: it must be a number from 0.4 to 0.9 in steps of 0.01, as 0.65",
        "bad.toml:15:18: min_confidence is \"high\"",
        "bad.toml:19:18: min_confidence needs negative mentions",
        "4 problems",
    ] {
        assert!(errors.contains(wanted), "{wanted}\nnot in\n{errors}");
    }
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
        "bad.toml:11:10: a has no accounts of yours that could answer",
        "bad.toml:12:10: within is as long as the window",
        "bad.toml:13:11: an unanswered rule takes no other measure",
        "bad.toml:18:11: a source as a whole has no sentiment",
        "5 problems",
    ] {
        assert!(errors.contains(wanted), "{wanted}\nnot in\n{errors}");
    }
}
