//! Does a backtest list what would have been told? Its pages against the alerts of `reprocess`.

use serde_json::Value;

use crate::support::{Place, file, query, run, stderr, stdout};

const RULES: &str = r#"
[lake]
archive = "all"
[[topic]]
name = "acme"
query = 'acme'
[[topic]]
name = "globex"
query = 'globex'
[[rule]]
name = "many"
type = "threshold"
count = 30
keep_firing_for = "1m"
cooldown = "0s"
receivers = ["team"]
[[rule]]
name = "surge"
type = "change"
measure = "mentions"
factor = 2.0
min_mentions = 5
min_authors = 0
[[receiver]]
name = "team"
url = "http://127.0.0.1:9"
internal = true
secret_env = "RESONANZ_NOBODY"
"#;

const PAGES: &str = "SELECT at, transition, rule, rule_type, topic, severity, started_at, observed, expected, \
     p_value, novelty, dispersion, coordination, mentions, negative, authors, alert_id FROM alerts \
     ORDER BY at, rule, topic, transition";

/// Three hours with a few storms.
fn archive() -> String {
    let mut lines = String::new();
    for n in 0..1_200_i64 {
        let at = (1_772_366_400 + 9 * n) * 1_000_000;
        let storm = (200..260).contains(&n) || (700..720).contains(&n);
        let text = match (storm, n % 5) {
            (true, _) => "acme is horrible",
            (false, 0) => "globex is fine",
            (false, 1) => "acme is bad",
            (false, _) => "nothing",
        };
        lines.push_str(&format!(
            "{{\"id\":\"{n}\",\"author\":\"a{}\",\"posted_at\":{at},\"received_at\":{at},\"text\":\"{text}\"}}\n",
            n % 40
        ));
    }
    lines
}

#[test]
fn a_backtest_lists_the_alerts_that_reprocessing_stores() {
    let mut place = Place::new();
    place.config = file(place.folder.path(), "rules.toml", RULES);
    let posts = file(place.folder.path(), "posts.jsonl", archive());
    let worked = place.reprocess(&posts);
    assert!(worked.status.success(), "{}", stderr(&worked));
    let stored = query(&place.lake, PAGES);
    for transition in ["fired", "resolved"] {
        assert!(stored.contains(transition), "{stored}");
    }
    let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    let (config, lake, posts) = (text(&place.config), text(&place.lake), text(&posts));
    let backtest = |from: &[&str], format: &str| {
        let options = ["alerts", "backtest", "--config", &config, "--format", format];
        let output = run(&[&options[..], from].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    for from in [&[posts.as_str()][..], &["--lake", &lake]] {
        let listed = backtest(from, "csv");
        let (_, rows) = listed.split_once('\n').expect("a header");
        assert_eq!(rows.trim_end(), stored, "{from:?}");
    }
    let pages: Value = serde_json::from_str(&backtest(&[&posts], "json")).expect("JSON");
    assert_eq!(pages.as_array().map(Vec::len), Some(stored.lines().count()));
    assert!(backtest(&[&posts], "table").contains("many"));
    let both = run(&["alerts", "backtest", "--lake", &lake, "--counts", "x.csv"]);
    assert_eq!(both.status.code(), Some(2), "{}", stderr(&both));
}
