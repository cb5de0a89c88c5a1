//! Can people live with alerts? Silences, acknowledgements, parents and groups on a real process.

pub(crate) mod scene;

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::hook::{Hook, status};
use crate::support::{file, get, query, resonanz, run, stderr, stdout, wait_for};
use scene::{Desk, read_whole};

#[test]
fn a_silence_holds_an_alert_back_until_it_ends_even_over_a_kill() {
    let mut desk = Desk::new("");
    let said = desk.alerts(&["silence", "--topic", "ac*", "--for", "2h", "--comment", "launch"]);
    let id = said.split(' ').next().expect("an id").to_owned();
    desk.post(1, 3, "acme");
    let held = desk.listed("acme", |alert| alert["held"][0]["reason"] == "silenced");
    assert_eq!((&held["held"][0]["by"], &held["told"]), (&json!(id), &json!([])));
    desk.kill();
    assert_eq!(desk.heard(), Vec::<String>::new());
    // Asked while nobody runs.
    assert!(desk.alerts(&["silences"]).contains("launch"));
    desk.start();
    desk.post(70, 6, "acme");
    wait_for("an escalation", || {
        let told = query(&desk.folder.path().join("lake"), "SELECT count(*) FROM alerts");
        (told == "2").then_some(())
    });
    desk.alerts(&["unsilence", &id]);
    desk.hears(&["fired acme", "escalated acme"]);
    desk.kill();
    desk.start();
    desk.post(200, 3, "zeta");
    desk.hears(&["fired acme", "escalated acme", "resolved acme", "fired zeta"]);
    let story = desk.alerts(&["show", held["alert_id"].as_str().expect("an id")]);
    for wanted in ["resolved", "fired", "escalated", "sources", "delivered", "launch", "silenced"] {
        assert!(story.contains(wanted), "{wanted} not in {story}");
    }
}

#[test]
fn whoever_was_not_told_of_the_beginning_is_not_told_of_the_end() {
    let mut desk = Desk::new("");
    let label = ["silence", "--label", "team=c?re", "--label", "brand=Acme", "--for", "1h"];
    desk.alerts(&[&label[..], &["--comment", "known"]].concat());
    desk.post(1, 3, "acme");
    desk.post(100, 3, "zeta");
    // Time moves on beyond the window.
    desk.post(130, 0, "acme");
    desk.listed("acme", |alert| alert["state"] == "resolved");
    desk.hears(&["fired zeta"]);
    desk.post(200, 3, "zeta");
    // A rule is silent after it resolved until the next full minute.
    desk.post(230, 0, "zeta");
    desk.hears(&["fired zeta", "resolved zeta", "fired zeta"]);
}

#[test]
fn an_acknowledged_alert_is_told_again_only_when_it_is_over() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme");
    desk.hears(&["fired acme"]);
    let alert = desk.listed("acme", |alert| alert["told"] == json!(["team"]));
    let id = alert["alert_id"].as_str().expect("an id");
    desk.alerts(&["ack", id, "--author", "Kim", "--comment", "calling them"]);
    desk.post(20, 9, "acme");
    let held = desk.listed("acme", |alert| alert["held"][0]["reason"] == "acknowledged");
    assert_eq!((&held["ack"]["author"], &held["held"][0]["by"]), (&json!("Kim"), &json!("Kim")));
    assert!(desk.alerts(&["list"]).contains("acknowledged by Kim at 20"));
    desk.post(200, 1, "zeta");
    desk.hears(&["fired acme", "resolved acme"]);
    let wrong = resonanz().current_dir(desk.folder.path()).args(["alerts", "ack", id]).output();
    assert_eq!(wrong.expect("the binary runs").status.code(), Some(2), "it has resolved");
}

#[test]
fn who_takes_care_stands_at_once_on_a_page_that_was_shown_before() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme");
    let alert = desk.listed("acme", |alert| alert["told"] == json!(["team"]));
    let id = alert["alert_id"].as_str().expect("an id");
    let port = desk.api.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let shown = || get(port, "/").expect("a page");
    wait_for("the alert", || shown().contains("nobody takes care yet").then_some(()));
    for (deed, wanted) in [("--author=Kim", "taken by"), ("--undo", "nobody takes care yet")] {
        shown();
        desk.alerts(&["ack", id, deed]);
        assert!(shown().contains(wanted), "{deed} is not seen");
    }
}

#[test]
fn a_message_is_sent_again_under_the_same_id_if_somebody_wants_it() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme");
    desk.hears(&["fired acme"]);
    let id = desk.hook.requests()[0].id().to_owned();
    let times = |wanted: usize| {
        let heard = || desk.hook.requests().iter().filter(|request| request.id() == id).count();
        wait_for("the message again", || (heard() == wanted).then_some(()));
    };
    wait_for("a published delivery", || {
        let alert = desk.listed("acme", |_| true);
        let story = desk.alerts(&["show", alert["alert_id"].as_str().expect("an id")]);
        story.contains("delivered").then_some(())
    });
    assert!(desk.alerts(&["resend", &id]).contains("team"));
    times(2);
    let path = format!("/api/v1/messages/{id}/resend");
    let json_type = "content-type: application/json\r\n";
    assert_eq!(desk.http("POST", &path, json_type, "{\"receiver\":\"team\"}").0, 200);
    times(3);
    assert_eq!(desk.http("POST", &path, json_type, "{\"receiver\":\"nobody\"}").0, 404);
    desk.hears(&["fired acme"]);
}

#[test]
fn a_list_tells_who_knows_from_who_waits_and_who_never_will() {
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let hook = Hook::answering(move |_, _| match up.load(Ordering::Relaxed) {
        true => status("204 No Content"),
        false => status("503 Service Unavailable\r\nretry-after: 0"),
    });
    let mut desk = Desk::telling(hook, "disable_after = \"1s\"", "");
    desk.post(1, 3, "acme");
    let waits = desk.listed("acme", |alert| alert["waiting"][0]["attempts"] == 1);
    assert_eq!((&waits["told"], &waits["given_up"]), (&json!([]), &json!([])));
    let list = desk.alerts(&["list"]);
    assert!(list.contains("team waiting (attempt 2 at 20"), "{list}");
    let gone = desk.listed("acme", |alert| alert["given_up"][0]["receiver"] == "team");
    assert_eq!((&gone["told"], &gone["waiting"]), (&json!([]), &json!([])));
    let list = desk.alerts(&["list"]);
    assert!(list.contains("team given up (nothing arrived for "), "{list}");

    is_up.store(true, Ordering::Relaxed);
    let id = desk.hook.requests()[0].id().to_owned();
    desk.kill();
    desk.start_with(&["--enable", "team"]);
    desk.alerts(&["replay", &id]);
    desk.listed("acme", |alert| alert["told"] == json!(["team"]));
    let list = desk.alerts(&["list"]);
    assert!(list.contains("team told") && !list.contains("given up"), "{list}");
}

#[test]
fn alerts_are_named_by_their_beginning_and_a_second_person_takes_over_aloud() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme is terrible");
    desk.post(70, 3, "zeta");
    let ids = ["acme", "zeta"]
        .map(|topic| desk.listed(topic, |_| true)["alert_id"].as_str().expect("an id").to_owned());
    let refused = |arguments: &[&str]| {
        let mut command = resonanz();
        command.current_dir(desk.folder.path()).arg("alerts").args(arguments);
        let output = command.env("USER", "Kim").output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        stderr(&output)
    };
    let both = refused(&["show", "alt_"]);
    assert!(
        ids.iter().all(|id| both.contains(id)) && both.contains("give more of the id"),
        "{both}"
    );
    let short: String = ids[0].chars().take(12).collect();
    let told = desk.alerts(&["show", &short, "--zone", "Europe/Berlin"]);
    assert!(told.starts_with(&format!("{}  firing\n", ids[0])), "{told}");
    assert!(told.contains("2026-03-01 13:00:05 CET  fired\n"), "{told}");
    assert!(
        told.contains("  3 mentions in 2m\n") && told.contains("  > acme is terrible "),
        "{told}"
    );
    assert!(!told.contains("SELECT"), "{told}");
    assert!(refused(&["show", "nothing"]).contains("no alert is called \"nothing\""));

    desk.alerts(&["ack", short.trim_start_matches("alt_"), "--author", "Lee"]);
    let taken = refused(&["ack", &short]);
    assert!(taken.contains("Lee acknowledged alert") && taken.contains("--replace"), "{taken}");
    let json_type = "content-type: application/json\r\n";
    let path = format!("/api/v1/alerts/{}/ack", ids[0]);
    assert_eq!(desk.http("POST", &path, json_type, "{\"author\":\"Kim\"}").0, 409);
    desk.alerts(&["ack", &short, "--author", "Kim", "--replace"]);
    desk.listed("acme", |alert| alert["ack"]["author"] == "Kim");
}

#[test]
fn a_topic_or_rule_that_nobody_knows_is_an_error_and_silences_have_a_head() {
    let desk = Desk::new("");
    for (arguments, what, name, near) in [
        (&["list", "--topic", "acmme"][..], "topic", "acmme", "acme"),
        (
            &["silence", "--topic", "acmme", "--for", "1h", "--comment", "launch"],
            "topic",
            "acmme",
            "acme",
        ),
        (
            &["silence", "--rule", "manny", "--for", "1h", "--comment", "launch"],
            "rule",
            "manny",
            "many",
        ),
    ] {
        let mut command = resonanz();
        command.current_dir(desk.folder.path()).arg("alerts").args(arguments);
        let output = command.output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = stderr(&output);
        assert!(
            said.contains(&format!("no {what} is called \"{name}\""))
                && said.contains(&format!("did you mean \"{near}\"?")),
            "{said}"
        );
    }
    let body = "{\"topic\":\"zet\",\"for\":\"2h\",\"author\":\"Kim\",\"comment\":\"launch\"}";
    let json_type = "content-type: application/json\r\n";
    let (status, error) = desk.http("POST", "/api/v1/silences", json_type, body);
    assert_eq!(status, 400, "{error}");
    assert!(error["hint"] == "did you mean \"zeta\"?" && error["kind"] == "wrong");
    let body = body.replace("\"topic\":\"zet\"", "\"rule\":\"ma?y-\"");
    let (status, error) = desk.http("POST", "/api/v1/silences", json_type, &body);
    assert!(status == 400 && error["detail"] == "no rule is called \"ma?y-\"", "{error}");
    // Patterns are as good as names.
    desk.alerts(&["silence", "--rule", "ma?y", "--for", "1h", "--comment", "launch"]);
    desk.alerts(&["silence", "--topic", "ac*", "--for", "1h", "--comment", "launch"]);
    let list = desk.alerts(&["silences", "--zone", "UTC"]);
    assert!(list.starts_with("silence ") && list.contains("topic ac*"), "{list}");
}

#[test]
fn a_receiver_can_be_tried_without_an_alert() {
    let desk = Desk::new("");
    let tried = desk.alerts(&["test", "team"]);
    assert!(
        tried.contains("fired     204 No Content") && tried.contains("resolved  204"),
        "{tried}"
    );
    desk.hears(&["fired sample topic", "resolved sample topic"]);

    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = closed.local_addr().expect("bound");
    drop(closed);
    let refusing = TcpListener::bind("127.0.0.1:0").expect("a port");
    let refuses = refusing.local_addr().expect("bound");
    std::thread::spawn(move || {
        for mut stream in refusing.incoming().flatten() {
            let _ = read_whole(&mut stream);
            let (body, length) = ("no \u{1b}[31msuch channel ".repeat(1_000), 24_000);
            let _ = write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
    let receiver = |name: &str, address| {
        format!("[[receiver]]\nname = \"{name}\"\nurl = \"http://{address}/\"\ninternal = true\n")
    };
    let text = receiver("gone", nobody) + &receiver("wrong", refuses);
    file(desk.folder.path(), "other.toml", text);
    let test = |name: &str| {
        let mut command = resonanz();
        command.current_dir(desk.folder.path()).args(["alerts", "test", name, "--config"]);
        command.arg("other.toml").output().expect("the binary runs")
    };
    assert_eq!(test("gone").status.code(), Some(1));
    let wrong = test("wrong");
    assert_eq!(wrong.status.code(), Some(1));
    let said = stdout(&wrong);
    assert!(said.contains("404 Not Found") && said.contains("such channel"), "{said}");
    assert!(said.len() < 3_000 && !said.contains('\u{1b}'), "{said}");
    let unknown = test("team");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("the receivers are gone, wrong"), "{}", stderr(&unknown));
}

#[test]
fn a_parents_alert_speaks_for_its_products_as_long_as_it_lasts() {
    let mut desk = Desk::new("");
    desk.post(1, 3, "acme");
    desk.hears(&["fired acme"]);
    desk.post(70, 3, "phone");
    let held = desk.listed("phone", |alert| alert["held"][0]["reason"] == "muted");
    let parent = desk.listed("acme", |_| true);
    assert_eq!(held["held"][0]["by"], parent["alert_id"]);
    // The window leaves the parent's posts behind, not yet the product's.
    desk.post(130, 1, "nothing");
    let mut told = vec!["fired acme", "fired phone", "resolved acme"];
    desk.hears(&told);
    desk.post(300, 3, "acme phone");
    told.extend(["resolved phone", "fired acme +phone"]);
    desk.hears(&told);
    desk.post(500, 3, "zeta");
    told.extend(["resolved acme", "fired zeta"]);
    desk.hears(&told);
}

#[test]
fn parents_and_groups_that_cannot_be_are_shown_with_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let topic = |name: &str, parent: &str| {
        format!("[[topic]]\nname = \"{name}\"\nquery = 'x'\nparent = \"{parent}\"\n")
    };
    let topics = [topic("a", "b"), topic("b", "a"), topic("c", "a"), topic("d", "e")].concat();
    let path =
        file(folder.path(), "x.toml", topics + "[notify]\ngroup_by = [\"brand\", \"brnd\"]\n");
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    for wanted in [
        "x.toml:4:10: topic \"a\" is its own parent",
        "x.toml:8:10: topic \"b\" is its own parent",
        "x.toml:16:10: no topic is called \"e\"",
        "x.toml:18:22: no alert has a label \"brnd\"",
        "4 problems",
    ] {
        assert!(stderr(&checked).contains(wanted), "{wanted}\nnot in\n{}", stderr(&checked));
    }
}

#[test]
fn alerts_of_one_brand_are_one_matter_if_that_is_wished() {
    let mut desk = Desk::new("[notify]\ngroup_by = [\"brand\"]\ngroup_span = \"5m\"");
    desk.post(1, 3, "acme");
    desk.hears(&["fired acme"]);
    desk.post(14, 3, "tablet");
    desk.post(70, 3, "tablet zeta");
    desk.hears(&["fired acme", "fired zeta"]);
    desk.listed("tablet", |alert| alert["held"][0]["reason"] == "grouped");
    desk.post(130, 1, "nothing");
    let now = ["fired tablet", "escalated tablet", "resolved acme"];
    desk.hears(&[&["fired acme", "fired zeta"], &now[..]].concat());
}

#[test]
fn changes_over_http_are_for_people_and_not_for_foreign_pages() {
    let mut desk = Desk::new("");
    let body = "{\"topic\":\"acme\",\"for\":\"2h\",\"author\":\"Kim\",\"comment\":\"launch\"}";
    let json_type = "content-type: application/json\r\n";
    let post = |headers: &str, body: &str| desk.http("POST", "/api/v1/silences", headers, body);
    assert_eq!(post("", body).0, 415);
    assert_eq!(post("content-type: text/plain\r\n", body).0, 415);
    assert_eq!(post(&format!("{json_type}origin: https://evil.example\r\n"), body).0, 403);
    let rebound = format!("{json_type}host: evil.example\r\norigin: http://evil.example\r\n");
    assert_eq!(post(&rebound, body).0, 403);
    assert_eq!(post(json_type, "{\"for\":\"2h\",\"author\":\"\",\"comment\":\"\"}").0, 400);
    for unsigned in [body.replace("Kim", " "), body.replace("launch", "")] {
        let (status, problem) = post(json_type, &unsigned);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(status == 400 && detail.contains("needs the name of who wants it"), "{problem}");
    }
    let (status, silence) = post(&format!("{json_type}origin: http://{}\r\n", desk.api), body);
    assert_eq!((status, &silence["author"]), (201, &json!("Kim")));
    let list = desk.http("GET", "/api/v1/silences", "", "").1;
    assert_eq!(list, json!([silence]));

    desk.post(1, 3, "acme");
    let alert = wait_for("a held alert", || {
        let (_, alerts) = desk.http("GET", "/api/v1/alerts?state=firing&topic=acme", "", "");
        Some(alerts[0].clone()).filter(|alert| alert["held"][0]["by"] == silence["id"])
    });
    let path = format!("/api/v1/silences/{}", silence["id"].as_str().expect("an id"));
    assert_eq!(desk.http("DELETE", &path, "origin: https://evil.example\r\n", "").0, 403);
    assert_eq!(desk.http("DELETE", &path, "", "").0, 200);
    desk.hears(&["fired acme"]);
    let path = format!("/api/v1/alerts/{}", alert["alert_id"].as_str().expect("an id"));
    let ack = format!("{path}/ack");
    assert_eq!(desk.http("POST", &ack, json_type, "{\"author\":\"\"}").0, 400);
    let acked = desk.http("POST", &ack, json_type, "{\"author\":\"Kim\"}");
    assert_eq!((acked.0, &acked.1["author"]), (200, &json!("Kim")));
    let story = desk.http("GET", &path, "", "").1;
    assert_eq!((&story["ack"]["author"], &story["state"]), (&json!("Kim"), &json!("firing")));
    assert_eq!(story["transitions"][0]["transition"], "fired");
    assert_eq!(desk.http("DELETE", &format!("{path}/ack"), "", "").0, 200);
    assert_eq!(desk.http("DELETE", &format!("{path}/ack"), "", "").0, 404);

    for (method, path, status) in [
        ("GET", "/api/v1/trends?foo=1", 400),
        ("GET", "/api/v1/silences?foo=1", 400),
        ("GET", "/api/v1/sources?foo=1", 400),
        ("GET", "/api/v1/alerts/none?foo=1", 400),
        ("GET", "/api/v1/topics/acme?foo=1", 400),
        ("DELETE", "/api/v1/silences/sil_x?foo=1", 400),
        ("GET", "/api/v1/alerts?state=open", 400),
        ("GET", "/api/v1/alerts/none", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/api/v1/alerts", 405),
        ("DELETE", "/api/v1/silences/..%2Fack-x", 404),
    ] {
        let (found, body) = desk.http(method, path, "", "");
        assert_eq!(found, status, "{method} {path}");
        assert!(body["detail"].is_string() && body["status"] == status, "{method} {path}: {body}");
        let named = !path.contains("?foo")
            || body["detail"].as_str().is_some_and(|why| why.starts_with("foo: "));
        assert!(named, "{method} {path}: {body}");
    }
}
