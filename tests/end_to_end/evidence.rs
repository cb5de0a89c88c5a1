//! Does an alert say why, and can it be checked? Evidence of alerts in the lake.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{Place, file, query, resonanz, run, stderr, stdout};

const RULES: &str = r#"
[engine]
lateness = "5s"
[[topic]]
name = "acme's"
query = 'acme'
[[topic]]
name = "other"
query = 'globex'
[[rule]]
name = "many"
type = "threshold"
count = 6
window = "10m"
min_authors = 3
keep_firing_for = "1m"
[[rule]]
name = "forum"
type = "threshold"
topics = ["acme's"]
source = "forum"
count = 3
window = "10m"
min_authors = 1
"#;

/// A post so many seconds after noon, and after how many it was received.
fn post(id: usize, at_s: i64, received_s: i64, source: &str, text: &str) -> String {
    let noon = 1_772_366_400;
    let at = |second: i64| (noon + second) * 1_000_000;
    format!(
        "{{\"id\":\"{id}\",\"author\":\"a{id}\",\"source\":\"{source}\",\"posted_at\":{},\"received_at\":{},\"text\":\"{text}\",\"reach\":{id}}}\n",
        at(at_s),
        at(received_s)
    )
}

/// Ordinary days, then a storm with copies, near-copies and posts that come too late.
fn archive() -> String {
    let mut lines = String::new();
    let mut id = 0;
    let mut add = |at_s: i64, delay_s: i64, source: &str, text: &str| {
        id += 1;
        lines.push_str(&post(id, at_s, at_s + delay_s, source, text));
    };
    for minute in 0..300 {
        let usual = ["slow delivery", "bad colour", "poor sound"][minute % 3];
        add(60 * minute as i64, 1, "net", &format!("acme has {usual}, terrible"));
    }
    let storm = 60 * 300;
    for n in 0..12 {
        let source = if n % 3 == 0 { "forum" } else { "net" };
        add(storm + 5 * n, 1, source, &format!("acme battery fire, horrible {n}"));
        let copy =
            "acme is horrible, terrible and awful: they lost my parcel twice, nobody answers";
        add(storm + 5 * n + 1, 1, "net", &format!("@you{n} {copy} https://x.yz/{n}"));
        add(storm + 5 * n + 2, 1, "net", "acme is a great company");
        add(storm + 5 * n + 3, 1, "net", "globex is horrible");
    }
    // Two minutes late: the storm goes on meanwhile.
    for n in 0..8 {
        add(storm + 70 + n, 1, "net", "acme is awful today");
        add(storm + 20 + n, 120, "net", &format!("acme fire in my kitchen, horrible {n}"));
    }
    add(storm + 200, 1, "net", "acme is a company");
    add(storm + 30, 1_270, "net", "acme was terrible");
    add(storm + 1_400, 1, "net", "acme is a company");
    lines
}

fn rows(lake: &Path, sql: &str) -> Vec<Value> {
    let lake = lake.to_str().expect("UTF-8");
    let output = run(&["query", "--format", "json", "--lake", lake, sql]);
    assert!(output.status.success(), "{sql}: {}", stderr(&output));
    let parsed: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    parsed.as_array().expect("rows").clone()
}

fn evidence(alert: &Value) -> Value {
    serde_json::from_str(alert["evidence"].as_str().expect("a text")).expect("JSON")
}

fn list(evidence: &Value, name: &str) -> Vec<Value> {
    evidence[name].as_array().expect("a list").clone()
}

fn reprocess(place: &Place, lines: &str) {
    let archive = file(place.folder.path(), "posts.jsonl", lines);
    let rules = file(place.folder.path(), "rules.toml", RULES);
    let mut command = resonanz();
    command
        .arg("reprocess")
        .arg(&archive)
        .arg("--config")
        .arg(&rules)
        .arg("--lake")
        .arg(&place.lake);
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn an_alert_says_why_and_its_query_counts_the_same() {
    let place = Place::new();
    // Late posts are in the archive where they arrived.
    let mut lines: Vec<String> = archive().lines().map(|line| format!("{line}\n")).collect();
    let received = |line: &String| {
        let value: Value = serde_json::from_str(line).expect("JSON");
        value["received_at"].as_i64()
    };
    lines.sort_by_key(received);
    reprocess(&place, &lines.concat());

    let alerts = rows(&place.lake, "SELECT * FROM alerts ORDER BY at, rule, topic");
    let told: Vec<&str> = alerts.iter().filter_map(|alert| alert["transition"].as_str()).collect();
    for kind in ["fired", "escalated", "resolved"] {
        assert!(told.contains(&kind), "{told:?}");
    }
    for alert in &alerts {
        let evidence = evidence(alert);
        let sql = evidence["query"].as_str().expect("a query");
        let counted = rows(&place.lake, sql);
        for count in ["mentions", "negative", "neutral", "positive"] {
            assert_eq!(counted[0][count], alert[count], "{count} of {alert}: {sql}");
        }
        let shares = list(&evidence, "sources").into_iter();
        let mentions: u64 = shares.filter_map(|share| share["mentions"].as_u64()).sum();
        assert_eq!(Some(mentions), alert["mentions"].as_u64(), "{evidence}");
    }
    let late = query(&place.lake, "SELECT count(*) FROM mentions WHERE late_at IS NOT NULL");
    assert_eq!(late, "9");

    let of = |rule: &str, transition: &str| {
        let wanted = |alert: &&Value| {
            alert["rule"] == rule && alert["transition"] == transition && alert["topic"] == "acme's"
        };
        evidence(alerts.iter().rfind(wanted).expect("it was told"))
    };
    let escalated = of("many", "escalated");
    let posts = list(&escalated, "posts");
    let clusters: BTreeSet<String> = posts.iter().map(|post| post["cluster"].to_string()).collect();
    assert_eq!(clusters.len(), posts.len(), "one post a cluster: {escalated}");
    assert!(posts.iter().any(|post| post["cluster_mentions"].as_u64() > Some(3)), "{escalated}");
    let terms = list(&escalated, "terms");
    let has = |word: &str| terms.iter().any(|term| term["term"] == word);
    assert!(has("battery fire") && !has("acme"), "{escalated}");
    let forum = of("forum", "fired");
    let posts = list(&forum, "posts");
    assert!(!posts.is_empty() && posts.iter().all(|post| post["source"] == "forum"), "{forum}");
    assert!(of("many", "resolved")["versions"]["rule"].is_string());
}

#[test]
fn late_posts_correct_an_alert_that_fires_and_open_none() {
    let place = Place::new();
    let storm = |n: i64| post(n as usize, 5 * n, 5 * n + 1, "net", "acme is horrible");
    let mut lines: String = (0..7).map(storm).collect();
    lines.push_str(&post(20, 100, 101, "net", "nothing"));
    for n in 0..9usize {
        lines.push_str(&post(30 + n, 40 + n as i64, 110, "net", "acme is awful"));
        lines.push_str(&post(50 + n, 40 + n as i64, 110, "net", "globex is awful"));
    }
    lines.push_str(&post(80, 300, 301, "net", "nothing"));
    reprocess(&place, &lines);
    let alerts =
        rows(&place.lake, "SELECT DISTINCT alert_id, topic FROM alerts WHERE rule = 'many'");
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0]["topic"], "acme's");
    let told = "SELECT transition, observed, negative FROM alerts WHERE rule = 'many' ORDER BY at";
    assert_eq!(query(&place.lake, told), "fired,6,6\nescalated,16,16");
}
