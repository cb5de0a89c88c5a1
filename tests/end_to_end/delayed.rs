//! Do posts of a source that is asked now and then count for windows and rules, beside a stream?

use crate::support::{Place, file, line, query, stderr};

fn at(minute: u32) -> String {
    format!("2026-03-01T{:02}:{:02}:00Z", 10 + minute / 60, minute % 60)
}

/// A post of the blog, and when it was read.
fn read_at(id: &str, posted_at: &str, received_at: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"source\":\"blog\",\"posted_at\":\"{posted_at}\",\
         \"received_at\":\"{received_at}\",\"text\":\"acme is awful\"}}\n"
    )
}

/// A stream that speaks every minute, and a blog that is asked every quarter of an hour.
fn archive() -> String {
    let mut posts = String::new();
    for minute in 0..90 {
        posts += &line(&format!("s{minute}"), &at(minute), "nothing much");
        if minute % 15 == 14 {
            for back in 1..15 {
                let id = format!("b{minute}-{back}");
                posts += &read_at(&id, &at(minute - back), &at(minute));
            }
        }
    }
    // A look at the past is not news.
    posts += &read_at("old", "2026-03-01T06:00:00Z", &at(89));
    posts
}

#[test]
fn what_a_source_shows_late_by_nature_counts_when_it_came() {
    let place = Place::new();
    let archive = file(place.folder.path(), "a.jsonl", archive());
    let topic = "[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
    let asked =
        "[[source]]\nname = \"blog\"\ntype = \"feed\"\nurl = \"https://example.org/feed\"\n";
    let count = |config: &str, sql: &str| {
        file(place.folder.path(), "topics.toml", config);
        let worked = place.reprocess(&archive);
        assert!(worked.status.success(), "{}", stderr(&worked));
        let found = query(&place.lake, sql);
        std::fs::remove_dir_all(&place.lake).expect("removed");
        found
    };
    let sql = "SELECT count(*), count(late_at), count(counted_at), \
               count(*) FILTER (WHERE counted_at = received_at) FROM mentions";
    assert_eq!(count(topic, sql).split(',').next_back(), Some("0"), "nobody said that it is asked");
    let with_source = format!("{topic}{asked}");
    assert_eq!(count(&with_source, sql), "85,1,84,84");
    let panes = "SELECT sum(mentions), count(DISTINCT start) FROM panes WHERE topic = 'acme'";
    assert_eq!(count(&with_source, panes), "84,6");
}
