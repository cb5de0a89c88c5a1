//! Is what a relay of others holds heard once, over a kill, with what its accounts take back?

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::brokers::{peer, started};
use crate::support::{
    erase_what_was_replaced, file, query, repository, run, stderr, wait_for_answer,
};

/// A relay, and accounts that say something on it.
struct Relay {
    url: String,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Relay {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(peer("python"));
        command.arg(repository("tests/peers/nostr_relay.py")).args(arguments);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().expect("Python starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut relay = Self { url: String::new(), child, lines };
        relay.url = relay.answer("relay ");
        relay
    }

    fn answer(&mut self, word: &str) -> String {
        let line = self.lines.next().and_then(Result::ok).expect("pip install nostr-sdk");
        line.strip_prefix(word).expect("an answer").to_owned()
    }

    /// The public key of an account.
    fn key(&mut self, who: u8) -> String {
        let input = self.child.stdin.as_mut().expect("a pipe");
        writeln!(input, "{}", json!({"who": who, "kind": null})).expect("it lives");
        self.answer("key ")
    }

    /// Says something, so many seconds ago; its id.
    fn say(&mut self, who: u8, ago: u64, kind: u32, tags: &Value, content: &str) -> String {
        let said = json!({"who": who, "ago": ago, "kind": kind, "tags": tags, "content": content});
        let input = self.child.stdin.as_mut().expect("a pipe");
        writeln!(input, "{said}").expect("it lives");
        self.answer("note ")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn notes_of_a_relay_are_heard_once_over_a_kill_and_deletions_are_followed() {
    let mut relay = Relay::start(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "[lake]\ncommit_interval = \"20ms\"\n[[source]]\nname = \"nostr\"\ntype = \"nostr\"\nrelays = [\"{}\"]\n\
         hashtags = [\"acme\"]\nages = [\"3s\"]\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        relay.url
    );
    let config = file(folder.path(), "nostr.toml", text);
    let lake = folder.path().join("resonanz-lake");
    let tagged = json!([["t", "acme"]]);
    let first = relay.say(1, 600, 1, &tagged, "acme is great");
    relay.say(1, 600, 1, &json!([["t", "other"]]), "acme without its tag");
    let running = started(&["run"], &config);
    wait_for_answer(&lake, "SELECT text FROM mentions", "acme is great");
    drop(running);
    // More than the twenty that this relay gives at once.
    for number in 0..70 {
        relay.say(2, 500 - number, 1, &tagged, &format!("acme {number}"));
    }
    let running = started(&["run"], &config);
    wait_for_answer(&lake, "SELECT count(*), count(DISTINCT text) FROM mentions", "71,71");
    let young = relay.say(2, 0, 1, &tagged, "acme now");
    relay.say(3, 0, 7, &json!([["e", young]]), "+");
    let numbers = "SELECT max(engagement) FROM mentions WHERE text = 'acme now'";
    wait_for_answer(&lake, numbers, "1");
    relay.say(1, 0, 5, &json!([["e", first]]), "");
    relay.say(1, 0, 1, &tagged, "acme last");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions WHERE text = 'acme last'", "1");
    assert_eq!(running.terminate(), Some(0));
    erase_what_was_replaced(&lake);
    let left = query(&lake, "SELECT count(*), count(DISTINCT text) FROM mentions");
    assert_eq!(left, "72,72", "all but the one that was taken back");
}

#[test]
fn a_relay_that_wants_a_login_is_heard_with_one_and_names_take_the_place_of_keys() {
    let mut relay = Relay::start(&["members"]);
    let us = relay.key(1);
    relay.say(1, 900, 0, &json!([]), r#"{"name":"acme"}"#);
    relay.say(2, 600, 1, &json!([]), &format!("nostr:{us} is slow"));
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "nostr.key", "07".repeat(32));
    let source = |login: &str| {
        let text = format!(
            "[lake]\ncommit_interval = \"20ms\"\n[[source]]\nname = \"nostr\"\ntype = \"nostr\"\nrelays = [\"{}\"]\n\
             public = true\n{login}\n[[topic]]\nname = \"acme\"\nquery = 'acme'\naccounts = [\"{us}\"]\n",
            relay.url
        );
        file(folder.path(), "nostr.toml", text)
    };
    let closed = source("");
    let closed = closed.to_str().expect("UTF-8");
    let refused = run(&["sources", "test", "nostr", "--wait", "30s", "--config", closed]);
    assert!(stderr(&refused).contains("NIP-42"), "{}", stderr(&refused));
    let config = source(&format!("login = [\"{}\"]\nkey_file = \"nostr.key\"", relay.url));
    let running = started(&["run"], &config);
    let lake = folder.path().join("resonanz-lake");
    wait_for_answer(&lake, "SELECT text FROM mentions", "@acme is slow");
    relay.say(2, 0, 1, &json!([]), "acme now");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions WHERE text = 'acme now'", "1");
    assert_eq!(running.terminate(), Some(0));
}
