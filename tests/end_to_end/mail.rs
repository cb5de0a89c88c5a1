//! Does mail arrive, once, encrypted, readable, and in one thread? From the real process to a real
//! SMTP server, which is Python's aiosmtpd.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use jiff::ToSpan;
use serde_json::{Value, json};

use crate::hook::Hook;
use crate::support::{
    Killed, Place, append, file, line, resonanz, skipped, stderr, stdout, wait_for, wait_for_answer,
};

const PASSWORD: &str = "geheim äß";

/// A mail server, and what it has said so far.
struct Server {
    _process: Killed,
    port: u64,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    /// Starts one in a folder, where its authority's certificate is then; nothing without aiosmtpd.
    fn start(folder: &Path, mode: &str) -> Option<Self> {
        let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
        let has = Command::new(&python).args(["-c", "import aiosmtpd, cryptography"]).output();
        if !has.is_ok_and(|has| has.status.success()) {
            skipped("RESONANZ_PYTHON names no Python with aiosmtpd and cryptography");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/smtp_server.py");
        let mut command = Command::new(&python);
        command.arg(script).arg(folder).arg(mode).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("python starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let said: Arc<Mutex<Vec<Value>>> = Arc::default();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let value = serde_json::from_str(&line).expect("JSON");
                heard.lock().expect("no panic").push(value);
            }
        });
        let port = || said.lock().expect("no panic").first()?["port"].as_u64();
        let port = wait_for("the mail server", port);
        Some(Self { _process: Killed(process), port, said })
    }

    /// The letters that it took.
    fn letters(&self) -> Vec<Value> {
        let said = self.said.lock().expect("no panic");
        said.iter().filter(|said| said["headers"].is_object()).cloned().collect()
    }

    fn has_said(&self, what: &str) -> bool {
        self.said.lock().expect("no panic").iter().any(|said| said[what].is_string())
    }

    /// The table of a receiver who is told by this server.
    fn receiver(&self, name: &str, to: &[&str], more: &str) -> String {
        format!(
            "[[receiver]]\nname = \"{name}\"\nkind = \"mail\"\nserver = \"localhost\"\nport = {}\n\
             internal = true\nca_file = \"ca.pem\"\nuser = \"alarm\"\nsecret_file = \"password\"\n\
             from = \"Lage Ä <alarm@example.com>\"\nto = {to:?}\n{more}\n",
            self.port
        )
    }
}

/// A process that follows a file of posts, with an alert from three mentions on.
fn config(place: &Place, receivers: &str, names: &[&str]) -> std::path::PathBuf {
    file(place.folder.path(), "password", PASSWORD);
    file(place.folder.path(), "posts.jsonl", "");
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[engine]\nlateness = \"1s\"\n\
         [[source]]\nname = \"s\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[rule]]\nname = \"many\"\ntype = \"threshold\"\nmeasure = \"mentions\"\ncount = 3\n\
         window = \"2m\"\nmin_authors = 0\nkeep_firing_for = \"0s\"\ncooldown = \"0s\"\n\
         receivers = {names:?}\n{receivers}"
    );
    file(place.folder.path(), "run.toml", text)
}

fn start(config: &Path) -> Killed {
    let mut command = resonanz();
    command.args(["run", "--config"]).arg(config).stdout(Stdio::null()).stderr(Stdio::null());
    Killed(command.spawn().expect("the process starts"))
}

/// Enough mentions for an alert, and a post that moves time on; then another that ends it.
fn crisis() -> String {
    let said = "acme <b>fails</b> & burns";
    let mut posts: String =
        (0..5).map(|id| line(&id.to_string(), "2026-03-01T11:50:00Z", said)).collect();
    posts.push_str(&line("a", "2026-03-01T11:50:30Z", "something else"));
    posts
}

fn say(place: &Place, posts: &str) {
    append(&place.folder.path().join("posts.jsonl"), posts);
}

#[test]
fn alerts_come_by_mail_encrypted_in_the_readers_language_and_as_one_thread() {
    let place = Place::new();
    let Some(server) = Server::start(place.folder.path(), "implicit") else { return };
    let german = "tls = \"implicit\"\nlanguage = \"de\"\nzone = \"Europe/Berlin\"\nbase_url = \"https://lage.example.com\"";
    let to = ["Anna Ä <anna@example.com>", "never@example.com"];
    let receivers = server.receiver("lead", &to, german)
        + &server.receiver("slow", &["later@example.com"], "tls = \"implicit\"")
        + &server.receiver("nobody", &["never@example.com"], "tls = \"implicit\"");
    let config = config(&place, &receivers, &["lead", "slow", "nobody"]);
    let running = start(&config);
    say(&place, &crisis());
    let to = |who: &str| -> Vec<Value> {
        server.letters().into_iter().filter(|letter| letter["to"][0] == who).collect()
    };
    wait_for("the first letter", || (to("anna@example.com").len() == 1).then_some(()));
    wait_for("the greylisted letter", || (to("later@example.com").len() == 1).then_some(()));
    assert!(server.has_said("delayed") && server.has_said("refused"));
    say(&place, &line("b", "2026-03-01T11:59:00Z", "something else"));
    wait_for("the end of the alert", || (to("anna@example.com").len() == 2).then_some(()));
    wait_for("the end of the other", || (to("later@example.com").len() == 2).then_some(()));
    assert_eq!(running.terminate(), Some(1), "what nobody takes is said at the end");

    let [fired, resolved] = &to("anna@example.com")[..] else { panic!("two letters") };
    assert_eq!((&fired["encrypted"], &fired["user"]), (&json!(true), &json!("alarm")));
    assert_eq!(
        fired["to"],
        json!(["anna@example.com"]),
        "who is refused keeps nobody else from it"
    );
    let header = |letter: &Value, name: &str| letter["headers"][name].as_str().map(str::to_owned);
    assert_eq!(header(fired, "subject").as_deref(), Some("acme: many (Warnung)"));
    assert_eq!(header(resolved, "subject").as_deref(), Some("Re: acme: many (Warnung)"));
    assert_eq!(header(fired, "references"), header(resolved, "references"));
    assert_eq!(header(fired, "auto-submitted").as_deref(), Some("auto-generated"));
    assert!(header(fired, "from").is_some_and(|from| from == "Lage Ä <alarm@example.com>"));
    let ids: BTreeSet<_> =
        server.letters().iter().filter_map(|letter| header(letter, "message-id")).collect();
    assert_eq!(ids.len(), 4, "one for each message and receiver");
    let (plain, html) = (fired["plain"].as_str(), fired["html"].as_str());
    let (plain, html) = (plain.expect("plain text"), html.expect("HTML"));
    for words in ["5 Beiträge", "acme <b>fails</b> & burns", "MEZ", "resonanz alerts ack"] {
        assert!(plain.contains(words), "{words}: {plain}");
    }
    for words in [
        "lang=\"de\"",
        "&lt;b&gt;fails&lt;/b&gt; &amp; burns",
        "https://lage.example.com/alerts/alt_",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("<b>fails"), "{html}");
    let id = header(fired, "x-resonanz-id").expect("an id");
    let id = id.split('.').next().expect("the alert's id");
    let mut command = resonanz();
    command.args(["alerts", "show", id, "--format", "json", "--config"]).arg(&config);
    let told = stdout(&command.output().expect("the binary runs"));
    assert!(told.contains("permanent error (550): 5.1.1 no such person"), "{told}");
}

#[test]
fn a_test_of_a_mail_receiver_says_what_is_wrong_with_the_way() {
    let place = Place::new();
    let folder = place.folder.path();
    let Some(server) = Server::start(folder, "starttls") else { return };
    let test = |receiver: &str| -> Output {
        let config = config(&place, receiver, &["lead"]);
        let mut command = resonanz();
        command.args(["alerts", "test", "lead", "--config"]).arg(config);
        command.output().expect("the binary runs")
    };
    let good = server.receiver("lead", &["anna@example.com"], "tls = \"starttls\"");
    let sent = test(&good);
    assert!(sent.status.success(), "{}{}", stdout(&sent), stderr(&sent));
    assert!(stdout(&sent).contains("taken by the server"), "{}", stdout(&sent));
    assert!(stdout(&sent).contains("queued as 4711"), "{}", stdout(&sent));
    assert!(server.letters().iter().all(|letter| letter["encrypted"] == true));
    assert_eq!(server.letters().len(), 2);
    for (change, with, wanted) in [
        ("ca_file = \"ca.pem\"\n", "", "TLS: invalid peer certificate"),
        ("user = \"alarm\"", "user = \"alert\"", "login: permanent error (535)"),
        ("internal = true\n", "", "leads to 127.0.0.1, which is not public"),
        ("tls = \"starttls\"", "tls = \"implicit\"", "TLS: "),
        ("anna@", "never@", "recipient: permanent error (550)"),
    ] {
        let refused = test(&good.replace(change, with));
        let said = stdout(&refused) + &stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{change}: {said}");
        assert!(said.contains(wanted), "{change}: {said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
    assert_eq!(server.letters().len(), 2, "nothing else left");
    let missing = test(&good.replace("ca.pem", "none.pem"));
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("none.pem"), "{}", stderr(&missing));

    // A server that encrypts nothing gets no letter unless that is wanted.
    let Some(open) = Server::start(folder, "plain") else { return };
    let receiver = open.receiver("lead", &["anna@example.com"], "tls = \"starttls\"");
    let receiver = receiver.replace("user = \"alarm\"\nsecret_file = \"password\"\n", "");
    assert!(stdout(&test(&receiver)).contains("offers no STARTTLS"));
    let sent = test(&receiver.replace("starttls", "none"));
    assert!(sent.status.success(), "{}", stdout(&sent));
    assert_eq!((open.letters().len(), &open.letters()[0]["encrypted"]), (2, &json!(false)));
}

/// The last Monday at seven by the clock of Berlin.
fn due() -> jiff::Zoned {
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let now = jiff::Zoned::now().with_time_zone(berlin.clone());
    let days = i64::from(now.weekday().to_monday_zero_offset());
    let monday = now.date().checked_sub(days.days()).expect("a day").at(7, 0, 0, 0);
    let due = monday.to_zoned(berlin.clone()).expect("a time");
    if due <= now {
        return due;
    }
    monday.checked_sub(7.days()).expect("a day").to_zoned(berlin).expect("a time")
}

/// Whether a letter is the report of two bad mentions, with its file.
fn check_report(letter: &Value) {
    let subject = letter["headers"]["subject"].as_str().expect("a subject");
    assert!(subject.starts_with("Bericht weekly: Mo, "), "{subject}");
    let plain = letter["plain"].as_str().expect("plain text");
    assert!(plain.contains("acme: 2 Erwähnungen, 2 negativ; Netto-Stimmung −1,00"), "{plain}");
    let sent = &letter["files"][0];
    let name = sent["name"].as_str().expect("a name");
    assert!(name.starts_with("resonanz-weekly-20") && name.ends_with(".xlsx"), "{name}");
    assert!(sent["bytes"].as_str().is_some_and(|bytes| bytes.starts_with("UEsDB")), "a zip");
}

/// Sends a report of the configuration by hand.
fn send_now(config: &Path, name: &str) -> Output {
    let mut command = resonanz();
    command.args(["report", "--now", name, "--config"]).arg(config);
    command.output().expect("the binary runs")
}

#[test]
fn a_missed_report_comes_once_by_mail_with_its_file_and_by_webhook_with_its_figures() {
    let place = Place::new();
    let Some(server) = Server::start(place.folder.path(), "implicit") else { return };
    let hook = Hook::new();
    let receivers = server.receiver(
        "lead",
        &["anna@example.com"],
        "language = \"de\"\ntls = \"implicit\"",
    ) + &format!(
        "[[receiver]]\nname = \"hook\"\nurl = \"{}\"\ninternal = true\n",
        hook.url
    ) + "[report.weekly]\nat = \"Mo 07:00\"\nzone = \"Europe/Berlin\"\nto = [\"lead\", \"hook\"]\nformat = \"xlsx\"\n";
    let config = config(&place, &receivers, &[]);
    // Wednesday of the week that is reported.
    let due = due();
    let wednesday = due.checked_sub(5.days()).expect("a day").timestamp();
    let post = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"author\":\"a\",\"posted_at\":\"{wednesday}\",\"received_at\":\"{wednesday}\",\"text\":\"acme is terrible\"}}\n"
        )
    };
    say(&place, &[post("1"), post("2")].concat());

    // Nobody wanted what was due before the first start.
    let running = start(&config);
    let noted = place.lake.join("_resonanz/reports.json");
    wait_for("the note", || noted.exists().then_some(()));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "2");
    drop(running);
    assert!(server.letters().is_empty());

    // The process was down for a long time.
    file(&place.lake.join("_resonanz"), "reports.json", "{\"weekly\": \"2026-01-05T06:00:00Z\"}");
    let running = start(&config);
    wait_for("the report", || (server.letters().len() == 1).then_some(()));
    wait_for("the note of it", || {
        let noted = std::fs::read_to_string(&noted).ok()?;
        noted.contains(&due.timestamp().to_string()).then_some(())
    });
    assert_eq!(running.terminate(), Some(0));
    check_report(&server.letters()[0]);
    let told = wait_for("the webhook", || hook.accepted().first().cloned()).json();
    assert_eq!(
        (&told["type"], &told["data"]["topics"][0]["mentions"]),
        (&json!("report.ready"), &json!(2))
    );
    assert!(!told.to_string().contains("terrible"), "figures only: {told}");

    // Sent by hand to see how it looks, it comes once more, whatever came by itself.
    let sent = send_now(&config, "weekly");
    assert!(sent.status.success() && stdout(&sent).contains("lead"), "{}", stderr(&sent));
    assert!(stderr(&send_now(&config, "weakly")).contains("weekly"));
    assert_eq!(server.letters().len(), 2);

    // Started again, it has nothing more to say, though it works.
    let running = start(&config);
    say(&place, &post("3"));
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "3");
    drop(running);
    assert_eq!(server.letters().len(), 2);
}
