//! Do people and queries meet names where notes name accounts by their keys?

use resonanz::decode::nostr::{account, npub};
use serde_json::{Value, json};

use crate::nostr::{Listening, wait_until_heard};
use crate::nostr_relay::{Account, Relay};
use crate::scripted::{Reply, serve};
use crate::support::{file, query, run, stderr, stdout, wait_for};

const TEXTS: &str = "SELECT text FROM mentions ORDER BY text";

fn public_key(who: Account) -> String {
    npub(&account(&who.key()).expect("a key"))
}

fn profile(who: Account, ago_s: i64, name: &str) -> Value {
    who.says(ago_s, 0, &json!([]), &json!({ "name": name }).to_string())
}

/// With the accounts of the topic.
fn own(listening: &Listening, accounts: &str) {
    let text = std::fs::read_to_string(&listening.config).expect("a file");
    let with = format!("query = 'acme'\naccounts = [{accounts}]\n");
    file(listening.place.folder.path(), "run.toml", text.replace("query = 'acme'\n", &with));
}

#[test]
fn accounts_that_notes_name_by_their_keys_are_read_by_their_names() {
    let (one, two) = (Relay::start(), Relay::start());
    let [us, ada, bob, eve] = [9, 1, 2, 3].map(Account::new);
    one.take(&profile(us, 9_000, "acme"));
    one.take(&profile(bob, 9_000, "old bob"));
    // The latest of all relays counts, and one that nobody signed does not.
    two.take(&profile(bob, 8_000, "bob"));
    let mut forged = profile(bob, 10, "mallory");
    forged["content"] = json!("{\"name\":\"somebody else\"}");
    two.take(&forged);
    let listening = Listening::to(&[&one, &two], "public = true\nages = []");
    own(&listening, &format!("\"{}\"", public_key(us)));
    let process = listening.run();
    wait_until_heard(&one);
    wait_until_heard(&two);
    let [us, bob, eve] = [us, bob, eve].map(public_key);
    // It names us by our key alone, which no query finds.
    one.take(&ada.says(60, 1, &json!([]), &format!("nostr:{us} is slow")));
    one.take(&ada.says(50, 1, &json!([]), &format!("thanks nostr:{bob}, acme it is")));
    // Nobody knows that one.
    one.take(&ada.says(40, 1, &json!([]), &format!("acme, says nostr:{eve}")));
    let unknown = format!("acme, says nostr:{eve}");
    listening
        .wait_for(TEXTS, &format!("@acme is slow\n\"{unknown}\"\n\"thanks @bob, acme it is\""));
    assert_eq!(process.terminate(), Some(1), "one profile was refused");
    let asked = [&one, &two].map(|relay| {
        let asked = relay.mood().asked.clone();
        asked.iter().filter(|request| request[2]["kinds"] == json!([0])).count()
    });
    assert!(asked.iter().all(|asked| (2..=3).contains(asked)), "ours, then bob and eve: {asked:?}");
}

#[test]
fn mentions_that_wait_for_a_name_are_read_again_after_a_kill() {
    let (relay, ada, bob) = (Relay::start(), Account::new(1), Account::new(2));
    let listening = Listening::to(&[&relay], "public = true\nages = []");
    let process = listening.run();
    wait_until_heard(&relay);
    let bob = public_key(bob);
    for number in 0..20 {
        let text = format!("acme {number:02} nostr:{bob}");
        relay.take(&ada.says(60 - number, 1, &json!([]), &text));
    }
    // They wait for what the relay says of an account.
    wait_for("the question", || {
        let asked = relay.mood().asked.clone();
        asked.iter().any(|request| request[2]["kinds"] == json!([0])).then_some(())
    });
    drop(process);
    let _process = listening.run();
    listening.wait_for("SELECT count(*) FROM mentions", "20");
    assert_eq!(query(&listening.place.lake, "SELECT count(DISTINCT text) FROM mentions"), "20");
}

#[test]
fn our_account_may_be_named_as_its_site_names_it() {
    let (relay, us) = (Relay::start(), Account::new(9));
    let key = us.key();
    let (site, _log) = serve(move |asked| match asked.parameter("name").as_deref() {
        Some("acme") => Reply::Json(json!({"names": {"acme": key}})),
        _ => Reply::Raw("404 Not Found", String::new(), String::new()),
    });
    let site = site.trim_start_matches("http://").to_owned();
    let listening = Listening::to(&[&relay], "public = true");
    own(&listening, &format!("\"@Acme@{site}\", \"nobody@{site}\""));
    let config = listening.config.to_str().expect("UTF-8").to_owned();
    let checked = run(&["check", "--config", &config]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    let process = listening.run();
    wait_until_heard(&relay);
    relay.take(&us.says(60, 1, &json!([]), "acme is sorry"));
    relay.take(&Account::new(1).says(50, 1, &json!([]), "acme is late"));
    listening.wait_for("SELECT text FROM mentions WHERE own = 1", "acme is sorry");
    assert_eq!(process.terminate(), Some(0));
    let tested = run(&["sources", "test", "nostr", "--config", &config, "--wait", "10s"]);
    let said = stdout(&tested);
    assert!(said.contains(&format!("account Acme@{site}: {}", public_key(us))), "{said}");
}

#[test]
fn a_source_hears_accounts_that_are_named_as_their_sites_do() {
    let (relay, us) = (Relay::start(), Account::new(9));
    let key = us.key();
    let (site, _log) = serve(move |asked| match asked.parameter("name").as_deref() {
        Some("acme") => Reply::Json(json!({"names": {"acme": key}})),
        _ => Reply::Raw("404 Not Found", String::new(), String::new()),
    });
    let site = site.trim_start_matches("http://").to_owned();
    let listening = Listening::to(&[&relay], &format!("accounts = [\"Acme@{site}\"]"));
    let process = listening.run();
    wait_until_heard(&relay);
    relay.take(&us.says(60, 1, &json!([]), "acme is sorry"));
    relay.take(&Account::new(1).says(50, 1, &json!([]), "acme is not asked for"));
    let us = us.key();
    relay.take(&Account::new(2).says(40, 1, &json!([["p", us]]), "acme is late"));
    listening.wait_for(TEXTS, "acme is late\nacme is sorry");
    assert_eq!(process.terminate(), Some(0));
    let nobody = Listening::to(&[&relay], &format!("accounts = [\"nobody@{site}\"]"));
    let config = nobody.config.to_str().expect("UTF-8");
    let tested = run(&["sources", "test", "nostr", "--config", config, "--wait", "10s"]);
    let said = stderr(&tested);
    assert!(said.contains(&format!("knows no account nobody@{site}")), "{said}");
    assert!(said.contains("npub1"), "how to mend it: {said}");
}
