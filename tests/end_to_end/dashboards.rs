//! Does every query of the dashboards for Grafana run, filled in as Grafana fills it in, and is every
//! metric there that they and the rules for Prometheus ask for?

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ask::lake;
use crate::postgres::Served;
use crate::support::{Place, file, free_port, get, line, live, repository, wait_for_answer};

fn dashboard(name: &str) -> Value {
    let text = std::fs::read_to_string(repository(&format!("docs/grafana/{name}.json")));
    serde_json::from_str(&text.expect("the dashboard")).expect("JSON")
}

/// Every text of this name, however deep.
fn texts(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| texts(item, name, found)),
        Value::Object(parts) => {
            found.extend(parts.get(name).and_then(Value::as_str).map(str::to_owned));
            parts.values().for_each(|part| texts(part, name, found));
        }
        _ => {}
    }
}

/// SQL with the macros of Grafana's PostgreSQL source and the variable `topic` filled in.
fn filled(sql: &str) -> String {
    let mut sql = sql.replace("$topic", "'apex','nokia'");
    while let Some((before, rest)) = sql.split_once("$__timeFilter(") {
        // A column, or a cast of one.
        let (ending, closed) = if rest.starts_with("CAST") { ("))", ")") } else { (")", "") };
        let (column, after) = rest.split_once(ending).expect("an end");
        let span = "BETWEEN '2026-03-01T00:00:00Z' AND '2026-03-08T00:00:00Z'";
        sql = format!("{before}{column}{closed} {span}{after}");
    }
    let sql =
        sql.replace("$__timeGroup(start, '1h')", "floor(extract(epoch from start)/3600)*3600");
    assert!(!sql.contains('$'), "{sql}");
    sql
}

#[test]
fn every_query_over_the_lake_gives_rows_to_a_postgresql_client() {
    let served = Served::new(lake(), &["--concurrent", "4"]);
    let dashboard = dashboard("lake");
    let mut queries = Vec::new();
    texts(&dashboard, "rawSql", &mut queries);
    assert_eq!(queries.len(), 14);
    for sql in queries {
        let Some(rows) = served.rows(&filled(&sql)) else { return };
        // All of the archive's alerts have resolved.
        let is_empty = rows.is_empty();
        assert_eq!(is_empty, sql.starts_with("SELECT started_at, topic"), "{sql}: {rows}");
    }
    let topics = dashboard["templating"]["list"][1]["query"].as_str().expect("a query");
    assert!(served.rows(topics).is_some_and(|topics| topics.contains("apex")));
}

#[test]
fn every_metric_of_dashboard_and_rules_is_there_with_its_labels() {
    let place = Place::new();
    let folder = place.folder.path();
    let port = free_port();
    file(folder, "posts.jsonl", line("1", "2026-03-01T11:59:59Z", "acme is fine"));
    let config = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[source]]\nname = \"s\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[receiver]]\nname = \"r\"\nurl = \"http://127.0.0.1:1/\"\ninternal = true\n"
    );
    let _running = live(&file(folder, "run.toml", config));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "1");
    let metrics = get(port, "/metrics").expect("metrics");
    let mut expressions = Vec::new();
    texts(&dashboard("process"), "expr", &mut expressions);
    assert_eq!(expressions.len(), 21);
    for expression in expressions {
        let names = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let names: Vec<&str> = names.filter(|name| name.starts_with("resonanz_")).collect();
        let [name] = names[..] else { panic!("one metric: {expression}") };
        let has = |line: &&str| {
            line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} "))
        };
        let found = metrics.lines().find(has);
        let found = found.unwrap_or_else(|| panic!("no {name}: {metrics}"));
        if let Some((_, label)) = expression.split_once("by (") {
            let label = label.split(')').next().expect("a label");
            assert!(found.contains(&format!("{label}=")), "{expression}: {found}");
        }
    }
    let rules = std::fs::read_to_string(repository("docs/prometheus/rules.yml")).expect("rules");
    let words = rules.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let mut names: BTreeSet<&str> = words.filter(|word| word.starts_with("resonanz_")).collect();
    assert_eq!(names.len(), 16, "{names:?}");
    // Brokers alone tell it: shards of tests/peers are asked for it.
    assert!(names.remove("resonanz_source_unread_messages"), "{names:?}");
    for name in names {
        let is_there = metrics.lines().any(|line| line.starts_with(name));
        assert!(is_there, "no {name}: {metrics}");
    }
}
