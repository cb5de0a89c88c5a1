//! Are topics tried, made and changed over HTTP, so that the file stays one that people keep?

use serde_json::{Value, json};

use crate::access::{Browser, House, bearer, between};
use crate::sql_http::Served;

const JSON: &str = "content-type: application/json\r\n";

/// Status, ETag and body.
fn ask(served: &Served, request: &str, headers: &str, body: &Value) -> (u16, String, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, head, answer) = served.ask(request, &format!("{JSON}{headers}"), &body);
    let tag =
        head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap_or_default().to_owned();
    let answer = serde_json::from_slice(&answer.expect("whole")).unwrap_or_default();
    (status, tag, answer)
}

fn text_of(house: &House) -> String {
    std::fs::read_to_string(house.config()).expect("a configuration")
}

#[test]
fn a_query_is_tried_on_the_past_with_its_words_and_its_cost() {
    let house = House::new("");
    let served = house.serve();
    let request = "POST /api/v1/topics/test";
    let (status, _, found) =
        ask(&served, request, "", &json!({"query": "good OR fine", "zone": "Europe/Berlin"}));
    assert_eq!(status, 200, "{found}");
    assert_eq!((found["read"].as_u64(), found["found"].as_u64()), (Some(3), Some(2)));
    assert_eq!(found["days"], json!([{"day": "2026-03-01", "read": 3, "found": 2}]));
    assert_eq!((&found["complete"], &found["cost"]["mentions_a_day"]), (&json!(true), &json!(2.0)));
    let words: Vec<&str> = found["posts"]
        .as_array()
        .expect("posts")
        .iter()
        .filter_map(|post| post["words"][0].as_str())
        .collect();
    assert!(words.contains(&"good") && words.contains(&"fine"), "{found}");
    let (status, _, wrong) = ask(&served, request, "", &json!({"query": "good AND\n(fine"}));
    assert_eq!((status, wrong["line"].as_u64()), (400, Some(2)), "{wrong}");
    assert!(wrong["shown"].as_str().is_some_and(|shown| shown.contains('^')), "{wrong}");
    let (status, _, _) = ask(&served, request, "", &json!({"query": "good", "zone": "Mars/Base"}));
    assert_eq!(status, 400);
}

#[test]
fn a_topic_is_changed_only_as_it_was_seen_and_comments_stay() {
    let house = House::new("# who may come in\n");
    let (admin, worker) = (house.token("root", "admin"), house.token("bot", "operate"));
    let served = house.serve();
    let root = bearer(&admin);
    let (status, tag, topic) = ask(&served, "GET /api/v1/topics/acme", &root, &Value::Null);
    assert_eq!((status, topic["query"].as_str()), (200, Some("acme")));

    let change = json!({"query": "acme AND \"don't\"", "brand": "Acme"});
    let put = |headers: &str, body: &Value| {
        ask(&served, "PUT /api/v1/topics/acme", &format!("{root}{headers}"), body)
    };
    assert_eq!(put("", &change).0, 428);
    assert_eq!(put("if-match: \"0123456789abcdef\"\r\n", &change).0, 412);
    let refused = ask(
        &served,
        "PUT /api/v1/topics/acme",
        &format!("{}if-match: {tag}\r\n", bearer(&worker)),
        &change,
    );
    assert_eq!(refused.0, 403);
    let before = text_of(&house);
    let (status, _, wrong) = put(&format!("if-match: {tag}\r\n"), &json!({"query": "acme AND"}));
    assert_eq!((status, text_of(&house) == before), (400, true), "{wrong}");

    let (status, fresh, changed) = put(&format!("if-match: {tag}\r\n"), &change);
    assert_eq!(
        (status, changed["takes_effect"].as_str()),
        (200, Some("at the next reload")),
        "{changed}"
    );
    assert_ne!(fresh, tag);
    let after = text_of(&house);
    assert!(after.contains("# who may come in") && after.contains("[[serve.token]]"), "{after}");
    assert!(after.contains("brand = 'Acme'"), "{after}");
    // Whoever saw the old one is told.
    assert_eq!(put(&format!("if-match: {tag}\r\n"), &json!({"query": "acme"})).0, 412);

    // What was there is kept.
    let kept = house.place.lake.join("_resonanz/configurations");
    let kept: Vec<String> = std::fs::read_dir(kept)
        .expect("a folder")
        .flatten()
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a text"))
        .collect();
    assert!(kept.contains(&before), "{kept:?}");
}

#[test]
fn a_new_topic_stands_in_the_file_under_any_name() {
    let house = House::new("");
    let root = bearer(&house.token("root", "admin"));
    let served = house.serve();
    let (status, _, made) = ask(
        &served,
        "POST /api/v1/topics",
        &root,
        &json!({"name": "straße 7/b", "query": "straße"}),
    );
    assert_eq!(status, 201, "{made}");
    let again = ask(&served, "POST /api/v1/topics", &root, &json!({"name": "acme", "query": "x"}));
    assert_eq!(again.0, 409);
    let (status, _, found) =
        ask(&served, "GET /api/v1/topics/stra%C3%9Fe%207%2Fb", &root, &Value::Null);
    assert_eq!(
        (status, found["query"].as_str(), found["listening"].as_bool()),
        (200, Some("straße"), Some(false))
    );
    let mut checked = crate::support::resonanz();
    assert!(
        checked
            .args(["topics", "explain", "straße 7/b", "--config"])
            .arg(house.config())
            .output()
            .expect("it runs")
            .status
            .success()
    );
}

#[test]
fn an_admin_makes_a_topic_on_the_page_after_seeing_what_it_finds() {
    let house = House::new("").user("ada", "admin").user("kim", "operate");
    let served = house.serve();
    let mut kim = Browser::new(&served);
    assert_eq!(kim.enter("kim", crate::access::PASSWORD).0, 303);
    let (_, _, page) = kim.get("/topics?q=good");
    assert!(
        page.contains("<mark class=\"topic\">good</mark>") && !page.contains("Keep as a topic"),
        "{page}"
    );

    let mut ada = Browser::new(&served);
    assert_eq!(ada.enter("ada", crate::access::PASSWORD).0, 303);
    let (_, _, page) = ada.get("/topics?q=good&inflect=on");
    let form = between(&page, "aria-label=\"Keep as a topic\"", "</form>");
    let proof = between(form, "name=\"proof\" value=\"", "\"").to_owned();
    let fields =
        [("proof", proof.as_str()), ("name", "praise"), ("query", "good"), ("inflect", "on")];
    assert_eq!(kim.send("/topics", &fields).0, 403);
    let (status, head, page) = ada.send("/topics", &fields);
    assert_eq!(status, 303, "{page}");
    assert!(head.contains("location: /topics?saved=praise"), "{head}");
    assert!(text_of(&house).contains("name = 'praise'\nquery = 'good'\ninflect = true\n"));
    let (_, _, page) = ada.get("/topics?edit=praise");
    let version = between(&page, "name=\"version\" value=\"", "\"").to_owned();
    let proof = between(&page, "name=\"proof\" value=\"", "\"").to_owned();
    let change = |version: &str| {
        [("proof", proof.as_str()), ("name", "praise"), ("query", "great"), ("version", version)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let sent = |pairs: &[(String, String)], ada: &mut Browser<'_>| {
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        ada.send("/topics", &pairs).0
    };
    assert_eq!(sent(&change(&version), &mut ada), 303);
    assert_eq!(sent(&change(&version), &mut ada), 412, "somebody changed it since");
    assert!(text_of(&house).contains("name = 'praise'\nquery = 'great'\n"), "{}", text_of(&house));
}
