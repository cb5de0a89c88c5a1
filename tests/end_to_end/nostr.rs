//! Is Nostr heard over several relays, each note once, over everything that goes wrong with them?

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::nostr_relay::{Account, Relay, Wrong};
use crate::support::{
    Dice, Killed, Place, erase_what_was_replaced, everything, file, free_port, get, live, query,
    run, skipped, stderr, stdout, wait_for, wait_for_answer,
};

const TEXTS: &str = "SELECT text FROM mentions ORDER BY text";
const FOR_EVERYBODY: &str = "public = true";

pub(crate) struct Listening {
    pub(crate) place: Place,
    pub(crate) port: u16,
    pub(crate) config: PathBuf,
}

impl Listening {
    pub(crate) fn to(relays: &[&Relay], keys: &str) -> Self {
        let (place, port) = (Place::new(), free_port());
        let urls: Vec<&str> = relays.iter().map(|relay| relay.url.as_str()).collect();
        let text = format!(
            "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n\
             [[source]]\nname = \"nostr\"\ntype = \"nostr\"\nrelays = {urls:?}\n{keys}\n",
            place.lake.display(),
        );
        let config = file(place.folder.path(), "run.toml", text);
        Self { place, port, config }
    }

    pub(crate) fn run(&self) -> Killed {
        live(&self.config)
    }

    pub(crate) fn wait_for(&self, sql: &str, wanted: &str) {
        wait_for_answer(&self.place.lake, sql, wanted);
    }

    pub(crate) fn wait_for_source(&self, what: &str, ready: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || {
            let all: Value = serde_json::from_str(&get(self.port, "/api/v1/sources")?).ok()?;
            Some(all[0].clone()).filter(|source| ready(source))
        })
    }
}

pub(crate) fn wait_until_heard(relay: &Relay) {
    wait_for("a reader", || (relay.mood().open > 0).then_some(()));
}

fn numbered(from: u64, to: u64) -> String {
    let mut texts: Vec<String> = (from..=to).map(|number| format!("acme {number}")).collect();
    texts.sort();
    texts.join("\n")
}

#[test]
fn notes_of_several_relays_come_once_as_their_authors_signed_them() {
    let (one, two, ada, bob) = (Relay::start(), Relay::start(), Account::new(1), Account::new(2));
    let listening = Listening::to(&[&one, &two], "hashtags = [\"#Acme\"]");
    let process = listening.run();
    wait_until_heard(&one);
    wait_until_heard(&two);
    let tagged = json!([["t", "acme"]]);
    let first = ada.says(5, 1, &tagged, "acme is great \u{1}\"\\\n😀");
    one.take(&first);
    two.take(&first);
    let mut forged = bob.says(4, 1, &tagged, "acme is awful");
    forged["content"] = json!("acme is a fraud");
    one.take(&forged);
    let answer = json!([["t", "acme"], ["e", first["id"], "", "root", ada.key()]]);
    two.take(&bob.says(3, 1, &answer, "no, acme is slow"));
    one.take(&bob.says(2, 1, &json!([["t", "other"]]), "acme without the tag"));
    listening.wait_for("SELECT count(*) FROM mentions", "2");
    let rows = query(&listening.place.lake, "SELECT kind, parent, url FROM mentions ORDER BY kind");
    let id = first["id"].as_str().expect("an id");
    assert!(rows.contains(&format!("reply,{id},https://njump.me/note1")), "{rows}");
    let source = listening.wait_for_source("the forgery", |source| source["malformed"] == 1);
    assert_eq!(source["state"], "up", "{source}");
    assert_eq!(process.terminate(), Some(1), "one note was refused");
    for (name, bytes) in everything(&listening.place.lake) {
        let text = String::from_utf8_lossy(&bytes);
        for secret in [ada.key(), bob.key(), "npub1".to_owned(), "a fraud".to_owned()] {
            assert!(!text.contains(&secret), "{secret} stands in {name}");
        }
    }
}

#[test]
fn what_was_missed_is_read_back_page_by_page() {
    let (relay, ada) = (Relay::start(), Account::new(1));
    relay.mood().page_max = 7;
    let listening = Listening::to(&[&relay], FOR_EVERYBODY);
    let process = listening.run();
    wait_until_heard(&relay);
    relay.take(&ada.says(900, 1, &json!([]), "acme 1"));
    listening.wait_for(TEXTS, "acme 1");
    drop(process);
    // More of one second than a page holds would never end: five of each.
    (2..=60).for_each(|number| {
        relay.take(&ada.says(800 - number / 5, 1, &json!([]), &format!("acme {number}")));
    });
    let _process = listening.run();
    listening.wait_for(TEXTS, &numbered(1, 60));
    let source = listening.wait_for_source("it", |source| source["state"] == "up");
    assert_eq!(source["gaps"], 0, "{source}");
}

#[test]
fn deletions_are_followed_and_nobody_deletes_what_others_said() {
    let (relay, ada, bob) = (Relay::start(), Account::new(1), Account::new(2));
    let listening = Listening::to(&[&relay], FOR_EVERYBODY);
    let process = listening.run();
    wait_until_heard(&relay);
    let none = json!([]);
    let notes: Vec<Value> =
        (1..=3).map(|number| ada.says(60, 1, &none, &format!("acme {number}"))).collect();
    notes.iter().for_each(|note| relay.take(note));
    relay.take(&Account::new(3).says(50, 1, &none, "acme of one who goes"));
    let article = json!([["d", "why"], ["title", "Why acme"]]);
    relay.take(&ada.says(40, 30_023, &article, "version 1"));
    relay.take(&ada.says(30, 30_023, &article, "version 2"));
    listening.wait_for("SELECT count(*) FROM mentions", "6");
    relay.take(&ada.says(20, 5, &json!([["e", notes[0]["id"]]]), ""));
    relay.take(&bob.says(20, 5, &json!([["e", notes[1]["id"]]]), ""));
    relay.take(&Account::new(3).says(10, 62, &json!([["relay", "ALL_RELAYS"]]), ""));
    // A note that comes after its own deletion, and one that somebody else wanted gone before it came.
    let (late, kept) = (ada.says(5, 1, &none, "acme late"), ada.says(5, 1, &none, "acme kept"));
    relay.take(&ada.says(4, 5, &json!([["e", late["id"]]]), ""));
    relay.take(&bob.says(4, 5, &json!([["e", kept["id"]]]), ""));
    relay.take(&late);
    relay.take(&kept);
    relay.take(&Account::new(3).says(1, 1, &none, "acme again by one who went"));
    relay.take(&ada.says(1, 1, &none, "acme last"));
    listening.wait_for("SELECT count(*) FROM mentions WHERE text = 'acme last'", "1");
    assert_eq!(process.terminate(), Some(0));
    erase_what_was_replaced(&listening.place.lake);
    let texts = query(&listening.place.lake, TEXTS);
    assert_eq!(texts, "\"Why acme\nversion 2\"\nacme 2\nacme 3\nacme kept\nacme last");
}

#[test]
fn what_people_made_of_a_mention_is_counted_while_it_is_young() {
    let (one, two) = (Relay::start(), Relay::start());
    let listening = Listening::to(&[&one, &two], "public = true\nages = [\"1s\", \"2s\"]");
    let _process = listening.run();
    wait_until_heard(&one);
    wait_until_heard(&two);
    let note = Account::new(1).says(0, 1, &json!([]), "acme is great");
    let about = json!([["e", note["id"]]]);
    let reactions: Vec<Value> = (2..=4).map(|n| Account::new(n).says(0, 7, &about, "+")).collect();
    one.take(&reactions[0]);
    one.take(&reactions[1]);
    two.take(&reactions[1]);
    two.take(&reactions[2]);
    one.take(&note);
    let sql = "SELECT engagement FROM mentions ORDER BY received_at DESC LIMIT 1";
    listening.wait_for(sql, "3");
}

#[test]
fn a_relay_that_refuses_costs_the_others_nothing_and_is_said() {
    let (open, closed) = (Relay::start(), Relay::start());
    closed.mood().refuses = Some("auth-required: members only".to_owned());
    let listening = Listening::to(&[&open, &closed], FOR_EVERYBODY);
    let process = listening.run();
    wait_until_heard(&open);
    open.take(&Account::new(1).says(1, 1, &json!([]), "acme 1"));
    listening.wait_for(TEXTS, "acme 1");
    let source = listening.wait_for_source("the refusal", |source| !source["reason"].is_null());
    let reason = source["reason"].as_str().expect("a reason");
    assert!(source["state"] == "up" && reason.contains("auth-required"), "{source}");
    assert!(reason.contains(&closed.url), "{source}");
    assert_eq!(process.terminate(), Some(0));
    let alone = Listening::to(&[&closed], FOR_EVERYBODY);
    let config = alone.config.to_str().expect("UTF-8");
    let tested = run(&["sources", "test", "nostr", "--config", config, "--wait", "30s"]);
    assert_eq!(tested.status.code(), Some(2), "{}", stderr(&tested));
    let said = stderr(&tested);
    assert!(said.contains("NIP-42") && said.contains("key_file"), "{said}");
}

#[test]
fn relays_are_searched_that_search_and_others_say_that_they_do_not() {
    let (one, two) = (Relay::start(), Relay::start());
    one.mood().about = json!({"supported_nips": [1, 50], "limitation": {"max_limit": 500}});
    let ada = Account::new(1);
    one.take(&ada.says(60, 1, &json!([]), "the acme shop"));
    two.take(&ada.says(60, 1, &json!([["t", "other"]]), "acme unheard"));
    let listening = Listening::to(&[&one, &two], "search = [\"acme\"]\nhashtags = [\"acmeshop\"]");
    let config = listening.config.to_str().expect("UTF-8");
    let tested = run(&["sources", "test", "nostr", "--config", config]);
    let said = stdout(&tested);
    assert!(said.contains("the acme shop") && said.contains("500 notes of a page"), "{said}");
    assert!(!said.contains("unheard"), "{said}");
    let _process = listening.run();
    listening.wait_for(TEXTS, "the acme shop");
    listening.wait_for_source("what is missing", |source| {
        source["reason"].as_str().is_some_and(|said| said.contains("it does not search"))
    });
}

#[test]
fn a_relay_that_keeps_new_notes_back_is_asked_for_them() {
    let (relay, ada) = (Relay::start(), Account::new(1));
    relay.mood().is_deaf = true;
    let listening = Listening::to(&[&relay], "public = true\ncompare_every = \"1s\"");
    let _process = listening.run();
    wait_until_heard(&relay);
    relay.take(&ada.says(1, 1, &json!([]), "acme 1"));
    listening.wait_for(TEXTS, "acme 1");
    relay.take(&ada.says(0, 1, &json!([]), "acme 2"));
    listening.wait_for(TEXTS, "acme 1\nacme 2");
}

fn run_schedule(seed: u64) {
    const NOTES: u64 = 60;
    const ALL: [Wrong; 8] = [
        Wrong::Cut,
        Wrong::Garbage,
        Wrong::Again,
        Wrong::Forged,
        Wrong::Ill,
        Wrong::Limited,
        Wrong::Ends,
        Wrong::Mute,
    ];
    let mut dice = Dice::of(seed);
    let (relays, ada) = ([Relay::start(), Relay::start()], Account::new(1));
    for relay in &relays {
        // One that limits us is left alone for half a minute: at most one does.
        let faults = (0..4).map(|_| ALL[dice.below(ALL.len() as u64) as usize]);
        relay.mood().faults = faults.filter(|wrong| *wrong != Wrong::Limited).collect();
        relay.mood().page_max = 5 + dice.below(10) as usize;
    }
    let about = format!("seed {seed}: {:?} {:?}", relays[0].mood().faults, relays[1].mood().faults);
    let say = |number: u64, relay: &Relay| {
        let ago_s = i64::try_from(600 - number).expect("small");
        relay.take(&ada.says(ago_s, 1, &json!([]), &format!("acme {number}")));
    };
    let listening = Listening::to(&[&relays[0], &relays[1]], FOR_EVERYBODY);
    let mut process = listening.run();
    for number in 1..=NOTES {
        match dice.below(3) {
            0 => say(number, &relays[0]),
            1 => say(number, &relays[1]),
            _ => relays.iter().for_each(|relay| say(number, relay)),
        }
        if number == NOTES / 2 {
            drop(process);
            process = listening.run();
        }
        if number % 17 == 0 {
            relays[(number % 2) as usize].cut();
        }
    }
    wait_for(&about, || {
        listening.place.lake.join("alerts/_delta_log").exists().then_some(())?;
        let texts = query(&listening.place.lake, TEXTS);
        assert!(!texts.contains("forged"), "{about}");
        (texts == numbered(1, NOTES)).then_some(())
    });
    drop(process);
}

#[test]
fn each_note_is_there_once_after_any_schedule_of_faults() {
    std::thread::scope(|scope| {
        for seeds in [1..4, 4..7] {
            scope.spawn(move || seeds.for_each(run_schedule));
        }
    });
}

#[test]
fn captured_notes_are_read() {
    let Some(folder) = std::env::var_os("RESONANZ_FIXTURES") else {
        skipped("RESONANZ_FIXTURES is not set");
        return;
    };
    let notes = resonanz::decode::nostr::Notes {
        source: resonanz::post::SourceId::new("nostr"),
        authors: resonanz::decode::AuthorHasher::new([0; 32]),
    };
    let (mut posts, mut others) = (0, 0);
    for name in ["test_counts.json", "reactions.json", "search.json", "random.json"] {
        let path = PathBuf::from(&folder).join("nostr").join(name);
        for line in std::fs::read_to_string(path).expect("a file").lines() {
            let message: Vec<Value> = serde_json::from_str(line).expect("JSON");
            let json = message.last().expect("a note").to_string();
            let note = resonanz::decode::nostr::Note::read(&json).expect("a note");
            let now = resonanz::time::EventTime(1_800_000_000_000_000);
            let inner = note.passed_on();
            match notes.read(&note, inner.as_ref(), "", now).expect("a time") {
                resonanz::decode::nostr::Said::Nothing => others += 1,
                _ => posts += 1,
            }
        }
    }
    assert!(posts > 100 && others > 90, "{posts} {others}");
}
