//! Is what somebody posts on several networks counted as one voice?

use serde_json::json;

use crate::support::{Place, file, query, stderr};

#[test]
fn one_text_on_several_networks_within_hours_is_one_post_and_its_copies() {
    let place = Place::new();
    let text = "acme has not answered my letters for three weeks now";
    let line = |source: &str, id: &str, time: &str, text: &str| {
        json!({"source": source, "id": id, "author": "kim", "text": text,
            "posted_at": format!("2026-03-01T{time}:00Z"), "received_at": format!("2026-03-01T{time}:01Z")})
        .to_string()
            + "\n"
    };
    let lines = line("x", "1", "12:00", text)
        + &line("fedi", "a", "12:40", &format!("{text} https://example.org/1"))
        + &line("bluesky", "k", "15:00", text)
        + &line("fedi", "b", "15:10", "acme sent me flowers for my birthday, what a surprise");
    let archive = file(place.folder.path(), "archive.jsonl", lines);
    let done = place.reprocess(&archive);
    assert!(done.status.success(), "{}", stderr(&done));
    let rows =
        "SELECT source, sum(mentions), sum(copies) FROM panes GROUP BY source ORDER BY source";
    assert_eq!(query(&place.lake, rows), "bluesky,1,1\nfedi,2,1\nx,1,0");
}
