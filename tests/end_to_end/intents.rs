//! Does whoever looks after customers see what their writers want, and whom to answer first? By the
//! command line, SQL and HTTP.

use serde_json::{Value, json};

use crate::sql_http::Served;
use crate::support::{Place, file, query, repository, resonanz, run, stderr, stdout};

/// Five posts of one day: a loud complaint, one who leaves, a question, an account of the brand's own,
/// and news.
const POSTS: [(&str, &str, u32); 5] = [
    ("1", "acme lost my parcel AGAIN and nobody answers!!", 40_000),
    ("2", "so, mein acme abo ist gekündigt, nie wieder acme", 10),
    ("3", "where can I buy the acme kettle in leeds", 10),
    ("4", "We at acme are sorry for the delay. Where can we call you?", 90_000),
    ("5", "acme opens its 100th store", 900_000),
];

fn place() -> Place {
    let mut place = Place::new();
    let topic = "[[topic]]\nname = \"acme\"\nquery = 'acme'\naccounts = [\"desk\"]\n";
    place.config = file(place.folder.path(), "own.toml", topic);
    let post = |(id, text, reach): (&str, &str, u32)| {
        let author = if id == "4" { "desk" } else { id };
        format!(
            "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":\"2026-03-01T12:00:00Z\",\"text\":\"{text}\",\"reach\":{reach}}}\n"
        )
    };
    let archive = file(place.folder.path(), "posts.jsonl", POSTS.map(post).concat());
    let ended = place.reprocess(&archive);
    assert!(ended.status.success(), "{}", stderr(&ended));
    place
}

#[test]
fn the_lake_knows_what_writers_want_and_whom_to_answer_first() {
    let place = place();
    let wants = "SELECT post_id, intents FROM mentions ORDER BY post_id";
    let found = query(&place.lake, wants);
    let found: Vec<&str> = found.lines().collect();
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!((found[0], found[3], found[4]), ("1,complaint", "4,", "5,"));
    assert!(found[1].starts_with("2,churn"), "{found:?}");
    assert_eq!(found[2], "3,question | purchase");
    let sure = "SELECT count(*) FROM mentions WHERE (intents = '') = (intent_confidence IS NULL) \
                AND coalesce(intent_confidence, 1) BETWEEN 0.5 AND 1";
    assert_eq!(query(&place.lake, sure), "5");

    let columns = "intents, intent_confidence, polarity, confidence, reach, posted_at";
    let noon = "'2026-03-02T00:00:00Z'";
    let ranked = query(
        &place.lake,
        &format!(
            "SELECT post_id, priority({columns}, {noon}) AS points FROM mentions ORDER BY points DESC, post_id"
        ),
    );
    let ids: Vec<&str> = ranked.lines().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5"], "{ranked}");
    assert!(ranked.ends_with("4,0\n5,0"), "{ranked}");
    let parts = "SELECT p ->> 'wants', p ->> 'reach', p ->> 'wait' FROM \
                 (SELECT priority_parts(INTENTS) AS p FROM mentions WHERE post_id = '1')";
    let parts = parts.replace("INTENTS", &format!("{columns}, {noon}"));
    assert_eq!(query(&place.lake, &parts), "90,23,10");
    let empty = "SELECT priority(NULL, NULL, 'negative', 0.5, NULL, now(), now()), \
                 priority('', NULL, NULL, NULL, NULL, now(), now()) IS NULL, \
                 intents('Was kostet das Abo?', 'de'), intents(NULL) IS NULL";
    assert_eq!(query(&place.lake, empty), "15,true,question | purchase,true");
}

#[test]
fn posts_are_found_by_what_their_writers_want() {
    let place = place();
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    let get = |path: &str| -> (u16, Value) {
        let (status, _, body) = served.ask(&format!("GET /api/v1/{path}"), "", "");
        (status, serde_json::from_slice(&body.expect("a body")).expect("JSON"))
    };
    let (status, page) = get("mentions?intent=churn,purchase&order=oldest");
    assert_eq!((status, &page["total"]), (200, &json!(2)), "{page}");
    let (_, page) = get("mentions?intent=complaint&limit=1");
    let first = &page["mentions"][0];
    assert_eq!(first["intents"][0], "complaint", "{page}");
    assert!(first["intent_confidence"].as_f64().is_some_and(|sure| sure >= 0.5), "{first}");
    let (_, why) = get(&format!("mentions/{}", first["id"].as_str().expect("an id")));
    let reason = &why["intents"][0];
    assert_eq!((&reason["intent"], &reason["holds"]), (&json!("complaint"), &json!(true)), "{why}");
    let (status, problem) = get("mentions?intent=anger");
    assert_eq!(status, 400, "{problem}");
    assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("churn")), "{problem}");
}

#[test]
fn the_command_line_says_what_writers_want_and_how_well_it_knows() {
    let asked = ["score", "--intents", "--lang", "de", "Kündige jetzt bei Acme"];
    let table = stdout(&run(&asked));
    assert!(table.contains("[churn "), "{table}");
    let lines = stdout(&run(&["score", "--intents", "--format", "jsonl", "how much is it"]));
    let line: Value = serde_json::from_str(&lines).expect("JSON");
    assert_eq!(line["intents"][0]["intent"], "question", "{line}");
    let csv = stdout(&run(&["score", "--intents", "--format", "csv", "how much is it"]));
    assert!(csv.starts_with("compound,pos,neu,neg,polarity,intents,text\n"), "{csv}");
    assert!(csv.contains(",question | purchase,\"how much is it\""), "{csv}");
    assert!(!stdout(&run(&["score", "how much is it"])).contains("question"));

    let rows = repository("models/intents/de-held-out.jsonl");
    let told = run(&["eval", "--intents", "--errors", "1", rows.to_str().expect("UTF-8")]);
    let told = stdout(&told);
    assert!(told.contains("macro-F1 0.8") && told.contains("\nlabelled "), "{told}");
    let folder = tempfile::tempdir().expect("a folder");
    let odd = "{\"text\": \"a\", \"intents\": [\"anger\"]}\n{\"text\": \"a\", \"intents\": []}\n";
    let odd = file(folder.path(), "odd.jsonl", odd);
    let told = run(&["eval", "--intents", "--format", "json", odd.to_str().expect("UTF-8")]);
    assert_eq!(told.status.code(), Some(1), "one line was refused");
    assert!(stderr(&told).contains("is not an intent; write churn"), "{}", stderr(&told));
    let report: Value = serde_json::from_str(&stdout(&told)).expect("JSON");
    assert_eq!(report["datasets"][0]["rows"], 1, "{report}");
    let none = file(folder.path(), "none.jsonl", "");
    let told = run(&["eval", "--intents", none.to_str().expect("UTF-8")]);
    assert!(stderr(&told).contains("\"intents\": [\"complaint\"]"), "{}", stderr(&told));
}
