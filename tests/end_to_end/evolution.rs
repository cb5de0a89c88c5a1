//! Does a lake that an older version wrote still open, and grow?

use crate::support::{copy, file, query, repository, run, stderr, stdout};

/// The posts behind the kept lake, and one more.
fn posts(count: usize) -> String {
    let post = |number: usize| {
        let text = ["acme is a terrible disaster", "acme is great, thank you"][number % 2];
        format!(
            "{{\"id\":\"{number}\",\"text\":\"{text} {number}\",\"posted_at\":\"2026-03-01T12:0{number}:00Z\",\"author\":\"a{number}\",\"lang\":\"en\"}}\n"
        )
    };
    (1..=count).map(post).collect()
}

#[test]
fn a_lake_of_an_older_version_is_read_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = folder.path().join("lake");
    copy(&repository("tests/fixtures/lake-format-2"), &lake);
    let sums = "SELECT count(*), count(query), round(sum(target_score), 3) FROM mentions";
    assert_eq!(query(&lake, sums), "6,0,0.609");

    file(folder.path(), "posts.jsonl", posts(7));
    let config = "[lake]\npath = \"lake\"\n[[source]]\nname = \"forum\"\ntype = \"file\"\npath = \"posts.jsonl\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\nbrand = \"Acme\"\n";
    let config = file(folder.path(), "c.toml", config);
    let ended = run(&["run", "--config", config.to_str().expect("UTF-8")]);
    assert!(ended.status.success(), "{}", stderr(&ended));
    assert_eq!(query(&lake, "SELECT count(*), count(query) FROM mentions"), "7,1");
    assert_eq!(query(&lake, "SELECT count(*), count(DISTINCT post_id) FROM posts"), "7,7");
    let sums = "SELECT count(confidence), min(confidence) > 0.3 AND max(confidence) <= 1.0, sum(own) FROM mentions";
    assert_eq!(query(&lake, sums), "1,true,0");
    let old = "SELECT count(*) FROM mentions WHERE query IS NULL AND polarity = 'negative'";
    assert_eq!(query(&lake, old), "3");
    let wants = "SELECT count(intents), max(intents), count(intent_confidence) FROM mentions";
    assert_eq!(query(&lake, wants), "1,praise,1");
}

#[test]
fn the_schema_is_documented_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = folder.path().join("lake");
    copy(&repository("tests/fixtures/lake-format-2"), &lake);
    let schema = stdout(&run(&["lake", "schema", "--format", "json"]));
    let tables: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    for table in tables.as_array().expect("tables") {
        let name = table["name"].as_str().expect("a name");
        let columns = table["columns"].as_array().expect("columns").iter();
        let documented: Vec<String> = columns
            .map(|column| {
                let nulls = if column["null"].is_null() { "NO" } else { "YES" };
                format!("{},{nulls}", column["name"].as_str().expect("a name"))
            })
            .collect();
        let listed = format!(
            "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = '{name}' AND column_name <> 'day'"
        );
        assert_eq!(query(&lake, &listed), documented.join("\n"), "{name}");
    }
}
