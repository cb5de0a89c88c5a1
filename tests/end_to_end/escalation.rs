//! Is the next one told when nobody takes care, over a kill, and with what is to be done?

use serde_json::Value;

use crate::desk::scene::Desk;
use crate::hook::{Hook, Request};
use crate::support::{file, resonanz, run, stderr, stdout, wait_for};

/// A second receiver, and a page for the rule.
fn lead(hook: &Hook, more: &str) -> String {
    format!(
        "[[receiver]]\nname = \"lead\"\nurl = \"{}\"\ninternal = true\n{more}\n[policy]\nfolder = \"pages\"\n",
        hook.url
    )
}

fn said(hook: &Hook) -> Vec<Request> {
    let mut known = std::collections::HashSet::new();
    let requests = hook.accepted().into_iter();
    requests.filter(|request| known.insert(request.id().to_owned())).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn the_next_one_is_told_over_a_kill_and_only_of_what_nobody_took() {
    let higher = Hook::new();
    let steps = "escalate = [{ after = \"15s\", to = \"lead\" }]";
    let mut desk = Desk::telling(Hook::new(), steps, &lead(&higher, ""));
    // So many posts show what time it is, and nothing waits for it.
    desk.post(0, 6, "nothing");
    desk.post(14, 3, "acme");
    desk.hears(&["fired acme"]);
    let taken = desk.listed("acme", |alert| alert["told"] == serde_json::json!(["team"]));
    desk.alerts(&["ack", text(&taken["alert_id"]), "--author", "Kim"]);
    desk.post(70, 3, "zeta");
    desk.hears(&["fired acme", "fired zeta"]);
    let open = desk.listed("zeta", |alert| alert["held"][0]["reason"] == "escalation");
    assert_eq!(
        (&open["held"][0]["receiver"], &open["held"][0]["by"]),
        (&serde_json::json!("lead"), &serde_json::json!("1"))
    );
    desk.kill();
    desk.start();
    let told = wait_for("the lead to be told", || said(&higher).into_iter().next());
    let body = told.json();
    assert_eq!((text(&body["type"]), text(&body["data"]["topic"])), ("alert.fired", "zeta"));
    assert_eq!(body["data"]["alert_id"], open["alert_id"]);
    assert!(told.id().ends_with(".step1"), "{}", told.id());
    assert_eq!(body["data"]["escalation"]["step"], 1);
    assert!(text(&body["data"]["escalation"]["since"]).starts_with("20"), "{body}");
    // Whoever was told hears of the end, and of nothing that somebody took.
    desk.post(300, 3, "tablet");
    let ended = || said(&higher).iter().any(|one| one.json()["type"] == "alert.resolved");
    wait_for("the end", || ended().then_some(()));
    assert!(said(&higher).iter().all(|one| one.json()["data"]["topic"] != "acme"));
}

#[test]
fn a_message_and_a_page_say_what_is_to_be_done_and_a_missing_page_stops_nothing() {
    let german = Hook::new();
    let reader = "format = \"text\"\nlanguage = \"de\"\nzone = \"Europe/Berlin\"";
    let rule = "[[rule]]\nname = \"some\"\ntype = \"threshold\"\nmeasure = \"mentions\"\ncount = 3\nwindow = \"2m\"\n\
                min_authors = 0\npolicy = \"crisis\"\nreceivers = [\"team\"]\nescalate = [{ after = \"1s\", to = \"lead\" }]\n";
    let more = lead(&german, &format!("{reader}\n{rule}"));
    let mut desk = Desk::telling(Hook::new(), "", &more);
    let folder = desk.folder.path().to_owned();
    // No page yet.
    desk.post(0, 6, "nothing");
    desk.post(14, 3, "acme");
    let of_rule = |hook: &Hook, rule: &str| -> Option<Value> {
        let bodies = said(hook).into_iter().map(|one| one.json());
        bodies.into_iter().find(|body| body["data"]["rule"] == rule)
    };
    let bare = wait_for("an alert without its page", || of_rule(&desk.hook, "some"));
    assert_eq!(bare["data"]["policy"], serde_json::json!({"name": "crisis"}));
    let check = || resonanz().current_dir(&folder).arg("check").output().expect("the binary runs");
    let checked = check();
    assert_eq!(checked.status.code(), Some(2));
    for wanted in ["policy \"crisis\": there is no pages/crisis.md", "resonanz init --policy"] {
        assert!(stderr(&checked).contains(wanted), "{}", stderr(&checked));
    }
    let page = |args: &[&str]| {
        let mut command = resonanz();
        let made = command.current_dir(&folder).args(["init", "--policy", "pages"]).args(args);
        stdout(&made.output().expect("the binary runs"))
    };
    assert!(page(&["--lang", "de"]).contains("wrote pages/crisis.md"));
    assert!(page(&[]).contains("kept  pages/crisis.md"));
    let hostile = "\n<script>alert(1)</script> [x](javascript:alert(2))\n";
    let path = folder.join("pages/crisis.md");
    let text = std::fs::read_to_string(&path).expect("the page") + hostile;
    file(&folder, "pages/crisis.md", text);
    assert!(check().status.success(), "{}", stderr(&check()));

    desk.post(200, 3, "zeta");
    let told = wait_for("an alert with its page", || {
        let bodies = said(&desk.hook).into_iter().map(|one| one.json());
        bodies.into_iter().find(|body| body["data"]["policy"]["title"] == "Krise")
    });
    assert!(told["data"]["policy"]["now"].as_str().expect("text").starts_with("1. Übernehmen"));
    let id = told["data"]["alert_id"].as_str().expect("an id").to_owned();
    let letter = wait_for("the lead's message", || {
        said(&german).into_iter().find(|one| one.body.contains("Was jetzt zu tun ist: Krise"))
    });
    assert!(letter.body.starts_with("Seit "), "{}", letter.body);
    for wanted in ["hat niemand übernommen: ", "binnen 30 Minuten", "2. Rufen Sie den Krisenstab"]
    {
        assert!(letter.body.contains(wanted), "{wanted}\n{}", letter.body);
    }

    let port = desk.api.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let html = crate::support::get(port, &format!("/alerts/{id}?lang=de")).expect("a page");
    for wanted in
        ["Was jetzt zu tun ist", "Krise</span>", "Leitung Kommunikation", "&lt;script&gt;"]
    {
        assert!(html.contains(wanted), "{wanted}\n{html}");
    }
    assert!(!html.contains("<script>alert") && !html.contains("href=\"javascript:"), "{html}");
    let (_, story) = desk.http("GET", &format!("/api/v1/alerts/{id}"), "", "");
    assert_eq!(story["policy"]["within"], "30 Minuten, zu jeder Zeit");
    let shown = desk.alerts(&["show", &id]);
    assert!(shown.contains("what to do now: Krise"), "{shown}");
}

#[test]
fn chains_and_pages_that_cannot_be_are_shown_with_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[[topic]]\nname = \"a\"\nquery = 'x'\n\
        [[receiver]]\nname = \"team\"\nurl = \"https://h/\"\nescalate = [{ after = \"1m\", to = \"team\" }]\n\
        [[receiver]]\nname = \"lead\"\nurl = \"https://h/\"\n\
        [[rule]]\nname = \"r\"\ntype = \"spike\"\npolicy = \"../x\"\nreceivers = [\"team\"]\n\
        escalate = [{ after = \"2m\", to = \"lead\" }, { after = \"1m\", to = \"boss\" }, { to = \"lead\", bcc = 1 }]\n\
        [[rule]]\nname = \"s\"\ntype = \"spike\"\nescalate = [{ after = \"1m\", to = \"lead\" }]\n\
        [[rule]]\nname = \"t\"\ntype = \"spike\"\nreceivers = [\"lead\"]\nescalate = [{ after = \"1m\", to = \"lead\" }]\n";
    let path = file(folder.path(), "x.toml", text);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    for wanted in [
        "x.toml:7:12: receiver \"team\" escalates to itself",
        "x.toml:14:10: \"../x\" is not the name of a page",
        "a step of escalate is not later than the one before",
        "no receiver is called \"boss\"",
        "a step of escalate needs an \"after\"",
        "unknown key \"bcc\" in escalate",
        "escalate names \"lead\" twice",
        "escalate has nobody to start from",
        "escalate names \"lead\", who is already notified first",
    ] {
        assert!(stderr(&checked).contains(wanted), "{wanted}\nnot in\n{}", stderr(&checked));
    }
}
