//! Does the lake say what changed? One span of a topic's posts against another, by SQL and over HTTP.

use std::process::Command;

use serde_json::Value;

use crate::sql_http::Served;
use crate::support::{Place, file, query, resonanz, run, stderr};

/// Two days of one topic: late parcels on both, and on the second a card that is charged twice.
fn place() -> Place {
    let place = Place::new();
    let post = |day: u32, minute: usize, text: &str| {
        let at = format!("2026-03-{day:02}T12:{minute:02}:00Z");
        let id = format!("{day}-{minute}");
        format!(
            "{{\"id\":\"{id}\",\"author\":\"{id}\",\"posted_at\":\"{at}\",\"text\":\"{text}\"}}\n"
        )
    };
    let calm = (0..30).map(|n| post(2, n, &format!("{n} acme parcel late, terrible")));
    // Of fewer than six words, so that none is a copy.
    let storm = (0..20).map(|n| match n % 2 {
        0 => post(3, n, &format!("@kim{n} acme: card charged twice, horrible")),
        _ => post(3, n, &format!("horrible, charged twice by acme, {n}")),
    });
    let more = (20..40).map(|n| post(3, n, &format!("{n} acme parcel late, terrible")));
    let joy = (40..50).map(|n| post(3, n, &format!("{n} acme has a wonderful new shop, love it")));
    let lines: String = calm.chain(storm).chain(more).chain(joy).collect();
    let archive = file(place.folder.path(), "a.jsonl", lines);
    assert!(place.reprocess(&archive).status.success());
    place
}

#[test]
fn one_span_is_told_from_another() {
    let place = place();
    let first = |arguments: &str| {
        let sql = format!("SELECT term FROM drivers({arguments}) WHERE z > 1.96 LIMIT 1");
        query(&place.lake, &sql)
    };
    let days = "'acme', '2026-03-03', '2026-03-04'";
    assert_eq!(first(days), "charged twice", "against the day before");
    assert_eq!(first(&format!("{days}, '2026-03-02', '2026-03-03T00:00:00Z'")), "charged twice");
    assert_eq!(
        first("'acme', '2026-03-02', '2026-03-03', '2026-03-03', '2026-03-04'"),
        "parcel late"
    );
    let spans = "TIMESTAMP '2026-03-03', DATE '2026-03-03' + INTERVAL '1 day'";
    assert_eq!(first(&format!("'acme', {spans}")), "charged twice");
    let joyful = format!("{days}, '2026-03-02', '2026-03-03', 'positive'");
    let all = query(&place.lake, &format!("SELECT term FROM drivers({joyful})"));
    assert!(all.contains("wonderful") && !all.contains("charged"), "{all}");
    let banned = format!(
        "SELECT count(*) FROM drivers({days}) WHERE term LIKE '%acme%' OR term LIKE '%kim%'"
    );
    assert_eq!(query(&place.lake, &banned), "0");
    assert_eq!(
        query(&place.lake, "SELECT count(*) FROM drivers('nobody', '2026-03-03', now())"),
        "0"
    );
    let usual = format!("SELECT posts, usual FROM drivers({days}) WHERE term = 'charged twice'");
    assert_eq!(query(&place.lake, &usual), "20,0");
}

#[test]
fn a_wrong_question_is_refused() {
    let place = place();
    let lake = place.lake.to_str().expect("UTF-8");
    for (arguments, why) in [
        ("", "takes a topic"),
        ("'acme', 'yesterday', '2026-03-03'", "yesterday"),
        ("'acme', '2026-03-03', '2026-03-03'", "end after they begin"),
        ("'acme', '2026-03-03', '2026-03-04', '2026-03-01', '2026-03-02', 'angry'", "polarities"),
        ("1, '2026-03-03', '2026-03-04'", "texts"),
    ] {
        let sql = format!("SELECT * FROM drivers({arguments})");
        let output = run(&["query", "--lake", lake, &sql]);
        assert_eq!(output.status.code(), Some(2), "{sql}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{sql}: {}", stderr(&output));
    }
}

#[test]
fn it_is_answered_over_http() {
    let place = place();
    let mut command: Command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    let ask = |query: &str| {
        let (status, _, body) = served.ask(&format!("GET /api/v1/drivers?{query}"), "", "");
        let body = body.expect("the whole body");
        (status, serde_json::from_slice::<Value>(&body).expect("JSON"))
    };
    let days = "from=2026-03-03T00:00:00Z&to=2026-03-04T00:00:00Z";
    let against = "against_from=2026-03-02T00:00:00Z&against_to=2026-03-03T00:00:00Z";
    for query in [format!("topic=acme&{days}"), format!("topic=acme&{days}&{against}")] {
        let (status, body) = ask(&query);
        assert_eq!((status, &body[0]["term"]), (200, &Value::from("charged twice")), "{body}");
        assert_eq!(body[0]["posts"], 20);
    }
    let (status, body) = ask(&format!("topic=x%27y&{days}&polarity=all"));
    assert_eq!((status, &body["kind"]), (404, &Value::from("unknown")));
    for wrong in [
        days.to_owned(),
        format!("topic=acme&{days}&against_from=2026-03-02T00:00:00Z"),
        "topic=acme&from=noon&to=2026-03-04T00:00:00Z".to_owned(),
        "topic=acme&from=2026-03-04T00:00:00Z&to=2026-03-04T00:00:00Z".to_owned(),
        format!("topic=acme&{days}&polarity=angry"),
    ] {
        let (status, body) = ask(&wrong);
        assert_eq!(status, 400, "{wrong}: {body}");
        assert!(body["detail"].is_string());
    }
}
