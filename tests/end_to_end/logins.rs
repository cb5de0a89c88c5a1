//! How long does a login count? Over restarts, and until the configuration says otherwise.

use crate::access::{Browser, House, PASSWORD, bearer, between};
use crate::sql_http::Served;
use crate::support::{every_file, file, line, query, resonanz, stderr, stdout};

/// Fields of a silence with the proof of the page that asks for it.
fn silence(proof: &str) -> [(&str, &str); 4] {
    [("topic", "acme"), ("for", "1h"), ("comment", "over a restart"), ("proof", proof)]
}

/// A browser that comes to another process with its cookies.
fn with<'s>(served: &'s Served, cookies: &[(String, String)]) -> Browser<'s> {
    let mut browser = Browser::new(served);
    browser.cookies = cookies.to_vec();
    browser
}

#[test]
fn a_login_and_its_open_forms_outlive_a_restart_and_end_with_the_logout() {
    let house = House::new("").user("kim", "operate");
    let served = house.serve();
    let mut kim = Browser::new(&served);
    assert_eq!(kim.enter("kim", PASSWORD).0, 303);
    let (_, _, page) = kim.get("/alerts");
    let proof = between(&page, "name=\"proof\" value=\"", "\"").to_owned();
    let cookies = kim.cookies.clone();

    // Two processes over one lake know the same logins, the second begun later.
    let beside = house.serve();
    let mut kim = with(&beside, &cookies);
    assert_eq!(kim.send("/silences", &silence(&proof)).0, 303);
    drop(served);
    drop(beside);
    let again = house.serve();
    let mut kim = with(&again, &cookies);
    let (status, _, page) = kim.get("/alerts");
    assert!(status == 200 && page.contains("kim: over a restart"), "{status} {page}");
    // Who reads the lake's folder finds nothing to show to the door.
    for (name, bytes) in every_file(&house.place.lake) {
        for (_, value) in &cookies {
            let holds = bytes.windows(value.len()).any(|part| part == value.as_bytes());
            assert!(!holds && !name.contains(value), "{name} holds a cookie");
        }
    }
    assert_eq!(kim.send("/logout", &[("proof", &proof)]).0, 303);
    drop(again);
    assert_eq!(with(&house.serve(), &cookies).get("/alerts").0, 303);
}

#[test]
fn users_roles_and_tokens_change_while_the_process_runs() {
    let house = House::new("").user("kim", "operate").user("ada", "operate");
    let admin = bearer(&house.token("root", "admin"));
    let served = house.serve();
    let mut kim = Browser::new(&served);
    assert_eq!(kim.enter("kim", PASSWORD).0, 303);
    let (_, _, page) = kim.get("/alerts");
    let proof = between(&page, "name=\"proof\" value=\"", "\"").to_owned();
    let text = || std::fs::read_to_string(house.config()).expect("the configuration");
    let write = |text: String| file(house.place.folder.path(), "house.toml", text);
    let reload = || served.ask("POST /api/v1/reload", &admin, "").0;

    let late = bearer(&house.token("late", "read"));
    assert_eq!(served.ask("GET /api/v1/topics", &late, "").0, 401);
    write(text().replacen("role = \"operate\"", "role = \"read\"", 1));
    assert_eq!(kim.send("/silences", &silence(&proof)).0, 303, "nothing is in force yet");
    assert_eq!(reload(), 200);
    assert_eq!(served.ask("GET /api/v1/topics", &late, "").0, 200);
    assert_eq!(kim.get("/alerts").0, 200);
    assert_eq!(kim.send("/silences", &silence(&proof)).0, 403, "kim only reads now");

    // A configuration with a fault changes nothing.
    let good = text();
    write(format!("{good}[[serve.user]]\nname = \"x\"\n"));
    assert_eq!((reload(), kim.get("/alerts").0), (409, 200));
    // A new password ends the login with the old one; who is gone is out.
    let (before, rest) = good.split_once("password_hash").expect("a hash");
    let (_, after) = rest.split_once('\n').expect("its end");
    write(format!("{before}{after}"));
    assert_eq!(reload(), 409, "a user without a password");
    write(good.replacen("name = \"kim\"", "name = \"kit\"", 1));
    assert_eq!((reload(), kim.get("/alerts").0), (200, 303));
    assert_eq!(Browser::new(&served).enter("kim", PASSWORD).0, 401);
    assert_eq!(Browser::new(&served).enter("kit", PASSWORD).0, 303);
}

#[test]
fn what_a_command_changes_is_noted_under_the_user_of_the_system() {
    let house = House::new("");
    let admin = bearer(&house.token("root", "admin"));
    let served = house.serve();
    assert_eq!(served.ask("GET /api/v1/topics", &admin, "").0, 200);
    served.terminate();
    let mut command = resonanz();
    command.args([
        "alerts",
        "silence",
        "--topic",
        "acme",
        "--for",
        "1h",
        "--comment",
        "x",
        "--lake",
    ]);
    command.arg(&house.place.lake).env("USER", "mallory").env("SUDO_USER", "mallory");
    assert!(command.output().expect("it runs").status.success());
    let noted = "SELECT who, action, what FROM audit WHERE door = 'cli'";
    let noted = query(&house.place.lake, noted);
    assert!(noted.ends_with(",change,silences") && !noted.contains("mallory"), "{noted}");
}

#[test]
fn what_commands_change_in_a_lake_stands_in_its_audit_log() {
    let house = House::new("");
    let admin = bearer(&house.token("root", "admin"));
    let served = house.serve();
    assert_eq!(served.ask("GET /api/v1/topics", &admin, "").0, 200);
    served.terminate();
    let lake = house.place.lake.to_str().expect("UTF-8").to_owned();
    let folder = house.place.folder.path();
    let posts = file(folder, "more.jsonl", line("9", "2026-03-01T11:00:00Z", "acme is late"));
    let (posts, copy) = (posts.to_str().expect("UTF-8"), folder.join("copy"));
    let copy = copy.to_str().expect("UTF-8");
    let config = house.place.config.to_str().expect("UTF-8");
    let run = |arguments: &[&str]| {
        let done = resonanz().args(arguments).args(["--lake", &lake]).output().expect("it runs");
        let said = stdout(&done) + &stderr(&done);
        assert!(done.status.success(), "{arguments:?}: {said}");
    };
    run(&["reprocess", posts, "--config", config, "--dry-run"]);
    run(&["reprocess", posts, "--config", config]);
    run(&["lake", "compact", "--dry-run"]);
    run(&["lake", "compact"]);
    run(&["lake", "copy", copy]);
    let noted =
        "SELECT action, what, coalesce(detail, '') FROM audit WHERE door = 'cli' ORDER BY at";
    let wanted =
        format!("change,lake.reprocess,2026-03-01\nchange,lake.compact,\nexport,lake.copy,{copy}");
    assert_eq!(query(&house.place.lake, noted), wanted);
}
