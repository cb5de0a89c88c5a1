//! Does a corrected verdict last, count and teach? Two people, a kill, a scorer that learns.

use std::path::Path;
use std::process::Output;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use crate::sql_http::Served;
use crate::support::{Place, append, file, query, resonanz, stderr, stdout};

const JSON: &str = "content-type: application/json\r\n";

fn post(id: u32, text: &str) -> String {
    let at = format!("2026-03-01T12:{:02}:00Z", id % 60);
    format!(
        "{{\"id\":\"p{id}\",\"author\":\"a{id}\",\"posted_at\":\"{at}\",\"received_at\":\"{at}\",\"text\":\"{text}\"}}\n"
    )
}

/// A lake of these posts, served without its writer.
fn served(posts: &str) -> (Place, Served) {
    let place = Place::new();
    let archive = file(place.folder.path(), "posts.jsonl", posts);
    assert!(place.reprocess(&archive).status.success());
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    (place, served)
}

fn get(served: &Served, path: &str) -> Value {
    let (status, _, body) = served.ask(&format!("GET /api/v1/{path}"), "", "");
    let body = body.expect("the whole body");
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

fn correct(served: &Served, id: &str, body: &Value) -> (u16, Value) {
    let request = format!("POST /api/v1/mentions/{id}/correction");
    let (status, _, answer) = served.ask(&request, JSON, &body.to_string());
    (status, serde_json::from_slice(&answer.unwrap_or_default()).unwrap_or_default())
}

fn command(lake: &Path, arguments: &[&str]) -> Output {
    let mut command = resonanz();
    command.args(arguments).arg("--lake").arg(lake).output().expect("the binary runs")
}

/// The id of the mention of a post.
fn id(served: &Served, post: &str) -> String {
    let page = get(served, "mentions?limit=200");
    let mentions = page["mentions"].as_array().expect("mentions");
    let found = mentions.iter().find(|mention| mention["post_id"] == post).expect("the post");
    found["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_correction_is_kept_over_a_kill_and_two_people_do_not_overwrite_each_other() {
    let posts =
        [post(1, "acme is terrible"), post(2, "acme opens at nine"), post(3, "zeta and acme")];
    let (place, served) = served(&posts.concat());
    let first = id(&served, "p1");
    let (status, review) = correct(
        &served,
        &first,
        &json!({"polarity": "positive", "note": "irony, \"quoted\" <b>", "author": "Mara"}),
    );
    assert_eq!((status, &review["revision"], &review["was"]), (201, &json!(1), &json!("negative")));
    // Whoever did not see it changes nothing; whoever did, may.
    let other = json!({"polarity": "neutral", "author": "Kim"});
    let (status, problem) = correct(&served, &first, &other);
    assert_eq!((status, problem["kind"].as_str()), (409, Some("conflict")));
    assert!(
        problem["detail"].as_str().is_some_and(|detail| detail.starts_with("Mara reviewed it"))
    );
    let seen = json!({"polarity": "neutral", "author": "Kim", "revision": 1});
    assert_eq!(correct(&served, &first, &seen).0, 201);
    let late =
        command(&place.lake, &["reviews", "correct", &first, "--confirm", "--author", "Ada"]);
    assert_eq!(late.status.code(), Some(1));
    assert!(
        stderr(&late).contains("Kim reviewed it") && stderr(&late).contains("revision 2"),
        "{}",
        stderr(&late)
    );
    // What is not about the topic is told by the command.
    let third = id(&served, "p3");
    let told =
        command(&place.lake, &["reviews", "correct", &third, "--irrelevant", "--author", "Ada"]);
    assert!(
        stdout(&told).contains("not about the topic, says Ada"),
        "{}{}",
        stdout(&told),
        stderr(&told)
    );
    for (body, status) in [
        (json!({"polarity": "negative"}), 400),
        (json!({"author": "Kim"}), 400),
        (json!({"polarity": "bad", "author": "Kim"}), 400),
        (json!({"polarity": "negative", "author": " "}), 400),
        (json!({"polarity": "negative", "author": "x".repeat(300)}), 400),
        (json!({"polarity": "negative", "author": "Kim", "reviewer": 1}), 400),
    ] {
        assert_eq!(correct(&served, &first, &body).0, status, "{body}");
    }
    assert_eq!(correct(&served, "x", &seen).0, 404);
    let foreign = format!("{JSON}origin: http://evil.example\r\n");
    let request = format!("POST /api/v1/mentions/{first}/correction");
    assert_eq!(served.ask(&request, &foreign, &seen.to_string()).0, 403);

    // All of it counts at once, though no process writes the lake, and after a kill.
    let verdicts = "SELECT post_id, scored_polarity, polarity, relevant, reviewed FROM mentions_reviewed ORDER BY 1";
    let wanted = "p1,negative,neutral,1,1\np2,neutral,neutral,1,0\np3,neutral,neutral,0,1";
    let rows = "SELECT post_id, revision, was, polarity, reviewed_by FROM reviews ORDER BY 1, 2";
    let kept = "p1,1,negative,positive,Mara\np1,2,positive,neutral,Kim\np3,1,neutral,neutral,Ada";
    assert_eq!(
        (query(&place.lake, verdicts).as_str(), query(&place.lake, rows).as_str()),
        (wanted, kept)
    );
    drop(served);
    // What a kill cut off in the middle of a line was never answered.
    append(&place.lake.join("_resonanz/reviews.jsonl"), "{\"id\":\"rev_1\",\"at\":\"2026");
    assert_eq!(
        (query(&place.lake, verdicts).as_str(), query(&place.lake, rows).as_str()),
        (wanted, kept)
    );
}

#[test]
fn what_people_said_is_told_never_counted_by_person_and_goes_with_its_post() {
    let (place, served) = served(&[post(1, "acme is terrible"), post(3, "zeta and acme")].concat());
    let first = id(&served, "p1");
    let note = "irony, \"quoted\" <b>";
    for (who, body) in [
        (&first, json!({"polarity": "positive", "note": note, "author": "Mara"})),
        (&first, json!({"polarity": "neutral", "author": "Kim", "revision": 1})),
        (&id(&served, "p3"), json!({"relevant": false, "author": "Ada"})),
    ] {
        assert_eq!(correct(&served, who, &body).0, 201, "{body}");
    }
    let told = get(&served, &format!("mentions/{first}/reviews"));
    assert_eq!((&told[0]["reviewed_by"], &told[1]["note"]), (&json!("Kim"), &json!(note)));
    let agreed = get(&served, "reviews/agreement");
    assert_eq!(
        (&agreed["reviewed"], &agreed["agreed"], &agreed["irrelevant"]),
        (&json!(2), &json!(0), &json!(1))
    );
    assert_eq!(agreed["parts"], json!([]), "fewer than five are not broken down");
    assert!(!agreed.to_string().contains("Kim"));

    let rows = "SELECT post_id, revision, was, polarity, reviewed_by FROM reviews ORDER BY 1, 2";
    // An erased post takes what people said of it along.
    drop(served);
    let source = query(&place.lake, "SELECT source FROM mentions WHERE post_id = 'p1'");
    let erased =
        command(&place.lake, &["lake", "erase", "--post", &format!("{source}/p1"), "--yes"]);
    assert!(erased.status.success(), "{}{}", stdout(&erased), stderr(&erased));
    assert!(stdout(&erased).contains("\"reviews\": "), "{}", stdout(&erased));
    assert_eq!(query(&place.lake, rows), "p3,1,neutral,neutral,Ada");
}

#[test]
fn the_queue_begins_with_the_least_certain_and_a_page_of_ours_corrects() {
    let posts = [
        post(1, "acme is terrible, I hate it, worst thing ever"),
        post(2, "acme is not bad but not good either, well, hmm"),
        post(3, "acme is great, I love it so much, wonderful"),
        post(4, "acme is great, I love it so much, wonderful"),
    ];
    let (place, served) = served(&posts.concat());
    let queue = get(&served, "reviews/queue?topic=acme");
    let queue = queue.as_array().expect("mentions");
    assert_eq!(queue.len(), 3, "one of each wording: {queue:?}");
    let sure: Vec<f64> =
        queue.iter().map(|one| one["confidence"].as_f64().expect("known")).collect();
    assert!(sure.is_sorted(), "{sure:?}");
    let (status, head, html) = {
        let (status, head, body) = served.ask("GET /review?lang=de", "", "");
        (status, head, String::from_utf8(body.expect("whole")).expect("UTF-8"))
    };
    assert!(
        status == 200 && html.contains("Urteile prüfen") && html.contains("nicht zum Thema"),
        "{html}"
    );
    let proof =
        html.split("name=\"proof\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: resonanz_visitor="));
    let cookie = cookie.and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    let ours =
        format!("cookie: resonanz_visitor={cookie}\r\norigin: http://{}\r\n", served.address);
    let first = queue[0]["id"].as_str().expect("an id");
    let fields = format!(
        "proof={}&polarity=irrelevant&author=J%C3%B6rg+M.&revision=0&back=queue",
        proof.expect("a form")
    );
    let path = format!("POST /mentions/{first}/correction");
    assert_eq!(served.ask(&path, "", &fields).0, 403);
    let (status, head, _) = served.ask(&path, &ours, &fields);
    assert!(status == 303 && head.contains("location: /review"), "{head}");
    assert!(head.contains("set-cookie: resonanz_name=j%c3%b6rg%20m.;"), "{head}");
    let (_, _, body) = served.ask("GET /review", "cookie: resonanz_name=J%C3%B6rg%20M.\r\n", "");
    let html = String::from_utf8(body.expect("whole")).expect("UTF-8");
    assert!(html.contains("value=\"Jörg M.\""), "the name is remembered: {html}");
    assert_eq!(served.ask(&path, &ours, &fields).0, 409, "the same form again");
    assert_eq!(get(&served, "reviews/queue").as_array().map(Vec::len), Some(2));
    let (_, _, body) = served.ask(&format!("GET /mentions/{first}"), "", "");
    let html = String::from_utf8(body.expect("whole")).expect("UTF-8");
    assert!(html.contains("Jörg M.") && html.contains("not about the topic"), "{html}");
    let listed = command(&place.lake, &["reviews", "queue", "--limit", "5"]);
    assert_eq!(stdout(&listed).lines().count(), 2 * 3, "{}", stdout(&listed));
    let nothing = command(&place.lake, &["reviews", "queue", "--topic", "acmme"]);
    assert!(
        nothing.status.code() == Some(2) && stderr(&nothing).contains("did you mean \"acme\"?")
    );
}

#[test]
fn the_scorer_learns_what_people_corrected_and_the_gain_is_measured_on_what_it_did_not_see() {
    // A word that no lexicon knows, and that people call bad.
    let mut posts: String = (0..70)
        .map(|n| post(n, &format!("acme delivered the parcel number {n} to a blorptag again")))
        .collect();
    posts.extend(
        (70..140).map(|n| post(n, &format!("acme delivered the parcel number {n} to the door"))),
    );
    let (place, served) = served(&posts);
    let source = query(&place.lake, "SELECT source FROM mentions LIMIT 1");
    for n in 0..140 {
        // As the API makes ids: topic, source and post.
        let mention = BASE64.encode(format!("acme\u{1f}{source}\u{1f}p{n}"));
        let polarity = if n < 70 { "negative" } else { "neutral" };
        let body = json!({"polarity": polarity, "author": "Mara"});
        assert_eq!(correct(&served, &mention, &body).0, 201);
    }
    let model = place.folder.path().join("own.model");
    let model = model.to_str().expect("UTF-8");
    let fitted = command(&place.lake, &["fit", "--from-reviews", "--out", model]);
    assert!(fitted.status.success(), "{}{}", stdout(&fitted), stderr(&fitted));
    let told = stdout(&fitted);
    let line = told.lines().find(|line| line.contains("held-out reviews")).expect("the gain");
    let numbers: Vec<f64> = line.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    let [rows, before, after] = numbers[..] else { panic!("{line}") };
    assert!(rows >= 15.0 && before < 0.7 && after > 0.9, "{line}");
    let accuracy = |more: &[&str]| -> f64 {
        let measured =
            command(&place.lake, &[&["eval", "--from-reviews", "--format", "json"], more].concat());
        let measured: Value = serde_json::from_slice(&measured.stdout).expect("JSON");
        measured["datasets"][0]["target"]["accuracy"].as_f64().expect("a number")
    };
    assert!(
        (accuracy(&[]) - before).abs() < 1e-3
            && (accuracy(&["--model", model]) - after).abs() < 1e-3
    );
    let empty = Place::new();
    let archive = file(empty.folder.path(), "posts.jsonl", post(1, "acme is fine"));
    assert!(empty.reprocess(&archive).status.success());
    let nothing = command(&empty.lake, &["eval", "--from-reviews"]);
    assert_eq!(nothing.status.code(), Some(2), "{}", stderr(&nothing));
}

#[test]
fn what_a_writer_wants_is_corrected_and_the_inbox_goes_by_it() {
    let posts = [post(1, "acme is terrible"), post(2, "acme opens at nine")];
    let (place, served) = served(&posts.concat());
    let second = id(&served, "p2");
    let body = json!({"intents": ["question", "complaint"], "author": "Mara"});
    let (status, review) = correct(&served, &second, &body);
    assert_eq!((status, &review["intents"]), (201, &json!(["complaint", "question"])), "{review}");
    for (wrong, holds) in
        [(json!(["rage"]), "write churn, complaint"), (json!("complaint"), "expected a sequence")]
    {
        let body = json!({"intents": wrong, "author": "Mara", "revision": 1});
        let (status, problem) = correct(&served, &second, &body);
        assert!(status == 400 && problem.to_string().contains(holds), "{problem}");
    }
    // Nobody has judged the verdict: it is no surer than before, and nobody found it right.
    let agreed = get(&served, "reviews/agreement");
    assert_eq!(
        (&agreed["reviewed"], &agreed["share"], &agreed["intents_reviewed"]),
        (&json!(0), &Value::Null, &json!(1)),
        "{agreed}"
    );
    let sure = "SELECT count(*) FROM inbox WHERE confidence = 1.0";
    let judged = "SELECT reviewed, judged FROM mentions_reviewed WHERE post_id = 'p2'";
    assert_eq!((query(&place.lake, sure), query(&place.lake, judged)), ("0".into(), "1,0".into()));
    // A later review that says nothing of it lets it stand.
    let body = json!({"polarity": "negative", "author": "Kim", "revision": 1});
    assert_eq!(correct(&served, &second, &body).0, 201);
    let counted =
        "SELECT post_id, coalesce(intents, ''), intents_reviewed FROM mentions_reviewed ORDER BY 1";
    assert_eq!(query(&place.lake, counted), "p1,complaint,0\np2,complaint | question,1");
    let shown = get(&served, &format!("mentions/{second}"));
    assert_eq!(shown["mention"]["reviewed"]["intents"], json!(["complaint", "question"]));

    // On the command line by the short name that the inbox shows: the writer wants nothing.
    let handle = get(&served, "inbox?limit=1&topic=acme&order=priority");
    let entry = &handle["entries"][0];
    assert_eq!(entry["mention"]["post_id"], "p2", "a complaint by a person is surest: {handle}");
    let name = entry["handle"].as_str().expect("a handle");
    let told = command(
        &place.lake,
        &["reviews", "correct", name, "--intent", "none", "--revision", "2", "--author", "Ada"],
    );
    assert!(
        stdout(&told).contains("wants nothing, says Ada"),
        "{}{}",
        stdout(&told),
        stderr(&told)
    );
    let intents = "SELECT coalesce(intents, 'none'), intent_confidence IS NULL FROM inbox WHERE post_id = 'p2'";
    assert_eq!(query(&place.lake, intents), "none,true");
    let agreed = get(&served, "reviews/agreement");
    assert_eq!((&agreed["intents_reviewed"], &agreed["intents_agreed"]), (&json!(1), &json!(1)));
    assert_eq!((&agreed["reviewed"], &agreed["agreed"]), (&json!(1), &json!(0)), "{agreed}");

    for (arguments, holds) in [
        (&["reviews", "correct", "ffffffff", "--confirm"][..], "resonanz inbox list"),
        (&["reviews", "correct", name, "--intent", "none", "--intent", "churn"], "stands beside"),
        (&["reviews", "correct", name, "--intent", "rage"], "complaint"),
    ] {
        let told = command(&place.lake, arguments);
        assert!(
            told.status.code() == Some(2) && stderr(&told).contains(holds),
            "{}",
            stderr(&told)
        );
    }
}

#[test]
fn intents_that_people_corrected_are_learned_and_measured() {
    // Questions that no cue shows.
    let mut posts: String = (0..90)
        .map(|n| post(n, &format!("acme parcel {n} is wherever, tell me, would like to know")))
        .collect();
    posts.extend((90..180).map(|n| post(n, &format!("acme delivered the parcel number {n}!"))));
    let (place, served) = served(&posts);
    let source = query(&place.lake, "SELECT source FROM mentions LIMIT 1");
    for n in 0..180 {
        let mention = BASE64.encode(format!("acme\u{1f}{source}\u{1f}p{n}"));
        let intents = if n < 90 { json!([]) } else { json!(["complaint"]) };
        let body = json!({"intents": intents, "author": "Mara"});
        assert_eq!(correct(&served, &mention, &body).0, 201);
    }
    let model = place.folder.path().join("own.model");
    let model = model.to_str().expect("UTF-8");
    let fitted =
        command(&place.lake, &["fit", "--from-reviews", "--out", model, "--format", "json"]);
    assert!(fitted.status.success(), "{}{}", stdout(&fitted), stderr(&fitted));
    let told: Value = serde_json::from_slice(&fitted.stdout).expect("JSON");
    assert_eq!(told["held_out_reviews"], Value::Null, "no verdict was judged: {told}");
    let gain = &told["held_out_intents"];
    let right = |when: &str| gain["alike"][when].as_u64().expect("a count");
    assert!(right("after") > right("before"), "{gain}");
    let measured = |more: &[&str]| -> u64 {
        let asked = ["eval", "--intents", "--from-reviews", "--format", "json"];
        let measured = command(&place.lake, &[&asked[..], more].concat());
        let measured: Value = serde_json::from_slice(&measured.stdout).expect("JSON");
        measured["datasets"][0]["alike"].as_u64().expect("a count")
    };
    let both = (measured(&[]), measured(&["--model", model]));
    assert_eq!(both, (right("before"), right("after")));
}
