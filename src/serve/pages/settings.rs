//! How does this resonanz run, and how does its reader read? Shown, and changed elsewhere.

use axum::response::Response;
use serde_json::{Value, json};

use super::viewer::Visit;

pub(super) async fn settings(visit: Visit) -> Response {
    let found = Ok(build(&visit));
    visit.page("settings.html", found)
}

fn build(visit: &Visit) -> Value {
    let api = &visit.api;
    let progress = api.progress.borrow().clone();
    let limits = api.sql.limits;
    let pair = |name: &str, value: String| json!({"name": name, "value": value});
    let mut pairs = vec![
        pair("version", env!("CARGO_PKG_VERSION").to_owned()),
        pair("lake", api.lake.to_string()),
        pair("topics", api.topics.len().to_string()),
        pair("sources", progress.sources.iter().count().to_string()),
        pair("longest query", format!("{} s", limits.time.as_secs())),
        pair("memory of a query", format!("{} MiB", limits.memory_mib)),
        pair("host names", api.hosts.join(", ")),
    ];
    let rounds = &progress.rounds;
    if rounds.reloads > 0 {
        pairs.push(pair("configuration read anew", format!("{}×", rounds.reloads)));
    }
    if let Some((at, why)) = &rounds.refusal {
        pairs.push(pair("configuration refused", format!("{at}: {why}")));
    }
    pairs.retain(|pair| pair["value"] != "");
    if let Some(mark) = progress.watermark {
        pairs.push(json!({"name": "complete up to", "at": mark.to_string()}));
    }
    let zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    json!({"pairs": pairs, "zones": zones})
}
