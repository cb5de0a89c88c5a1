//! Is our key shown to the relays that the configuration names, and to no other?

use serde_json::json;

use crate::nostr::{Listening, wait_until_heard};
use crate::nostr_relay::{Account, Relay};
use crate::support::{file, run, stderr};

const TEXTS: &str = "SELECT text FROM mentions ORDER BY text";

/// The secret key of account 7, as people write it.
fn secret() -> String {
    "07".repeat(32)
}

fn listening(relays: &[&Relay], login: &[&Relay], key: &str) -> Listening {
    let login: Vec<&str> = login.iter().map(|relay| relay.url.as_str()).collect();
    let keys = format!("public = true\nlogin = {login:?}\nkey_file = \"nostr.key\"");
    let listening = Listening::to(relays, &keys);
    file(listening.place.folder.path(), "nostr.key", key);
    listening
}

#[test]
fn a_relay_for_members_is_heard_by_a_login_and_no_other_sees_the_key() {
    let (open, closed, ada) = (Relay::start(), Relay::start(), Account::new(1));
    let us = Account::new(7).key();
    closed.mood().members = Some(vec![us.clone()]);
    closed.take(&ada.says(120, 1, &json!([]), "acme for members, before"));
    let listening = listening(&[&open, &closed], &[&closed], &secret());
    let process = listening.run();
    wait_until_heard(&open);
    wait_until_heard(&closed);
    closed.take(&ada.says(1, 1, &json!([]), "acme for members, live"));
    open.take(&ada.says(1, 1, &json!([]), "acme for all"));
    let all = "acme for all\n\"acme for members, before\"\n\"acme for members, live\"";
    listening.wait_for(TEXTS, all);
    // What is lost is logged in to again.
    closed.cut();
    closed.take(&ada.says(0, 1, &json!([]), "acme later"));
    listening.wait_for("SELECT count(*) FROM mentions", "4");
    let source = listening.wait_for_source("it", |source| source["state"] == "up");
    assert_eq!(source["gaps"], 0, "{source}");
    assert_eq!(process.terminate(), Some(0));
    let logins = closed.mood().logins.clone();
    assert!(logins.len() >= 2 && logins.iter().all(|note| note["pubkey"] == *us), "{logins:?}");
    assert_eq!(open.mood().logins, Vec::<serde_json::Value>::new(), "it is not named");
}

#[test]
fn a_relay_that_does_not_admit_us_says_what_to_mend_and_costs_the_others_nothing() {
    let (open, closed, ada) = (Relay::start(), Relay::start(), Account::new(1));
    closed.mood().members = Some(vec![ada.key()]);
    let both = listening(&[&open, &closed], &[&closed], &secret());
    let process = both.run();
    wait_until_heard(&open);
    open.take(&ada.says(1, 1, &json!([]), "acme 1"));
    both.wait_for(TEXTS, "acme 1");
    let source = both.wait_for_source("the refusal", |source| !source["reason"].is_null());
    let reason = source["reason"].as_str().expect("a reason");
    assert!(reason.contains("does not let npub1") && reason.contains("not a member"), "{source}");
    assert!(reason.contains("ask who runs it"), "{source}");
    assert_eq!(process.terminate(), Some(0));

    let alone = listening(&[&closed], &[&closed], &secret());
    let config = alone.config.to_str().expect("UTF-8");
    let tested = run(&["sources", "test", "nostr", "--config", config, "--wait", "30s"]);
    assert_eq!(tested.status.code(), Some(2), "{}", stderr(&tested));
    let said = stderr(&tested);
    assert!(said.contains("not a member") && !said.contains(&secret()), "{said}");
}

#[test]
fn keys_and_relays_of_a_login_belong_together() {
    let relay = Relay::start();
    let url = &relay.url;
    let npub = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg";
    let rows = [
        (format!("login = [\"{url}\"]"), "check", "add key_file"),
        ("key_file = \"nostr.key\"".to_owned(), "check", "add: login"),
        (
            "login = [\"wss://other.example\"]\nkey_file = \"nostr.key\"".to_owned(),
            "check",
            "not among relays",
        ),
        (format!("login = [\"{url}\"]\nkey_file = \"none\""), "test", "No such file"),
        (format!("login = [\"{url}\"]\nkey_file = \"nostr.key\""), "test", "give the secret key"),
    ];
    for (keys, how, wanted) in rows {
        let listening = Listening::to(&[&relay], &format!("public = true\n{keys}"));
        file(listening.place.folder.path(), "nostr.key", npub);
        let config = listening.config.to_str().expect("UTF-8");
        let done = match how {
            "check" => run(&["check", "--config", config]),
            _ => run(&["sources", "test", "nostr", "--config", config]),
        };
        assert_eq!(done.status.code(), Some(2), "{keys}: {}", stderr(&done));
        assert!(stderr(&done).contains(wanted), "{keys}: {}", stderr(&done));
    }
}
