//! Does every message arrive, from the real process to real services, and nothing else with it?

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use resonanz::alert::Transition;
use resonanz::config::{Format, Reach, ReceiverConfig, UrlPlace};
use resonanz::notify::{Courier, CourierStats, Manner, Message, Outbox, Receiver};

use crate::hook::{Hook, Reply, message, status};
use crate::support::{
    Killed, Place, append, every_file, file, free_port, get, line, resonanz, run, stderr, wait_for,
};

const SECRET: &str = "whsec_cmVzb25hbnotdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OQ==";

/// A process that follows a file of posts and tells `receivers`, which are tables of the file.
struct Live {
    place: Place,
    config: std::path::PathBuf,
}

impl Live {
    fn new(receivers: &str, names: &[&str]) -> Self {
        let place = Place::new();
        file(place.folder.path(), "secret", SECRET);
        file(place.folder.path(), "posts.jsonl", "");
        let text = format!(
            "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[engine]\nlateness = \"1s\"\n\
             [[source]]\nname = \"s\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n\
             [[rule]]\nname = \"many\"\ntype = \"threshold\"\nmeasure = \"mentions\"\ncount = 3\n\
             window = \"2m\"\nmin_authors = 0\nkeep_firing_for = \"0s\"\ncooldown = \"0s\"\n\
             receivers = {names:?}\n{receivers}"
        );
        let config = file(place.folder.path(), "run.toml", text);
        Self { place, config }
    }

    fn command(&self) -> Command {
        let mut command = resonanz();
        command.args(["-vv", "run", "--config"]).arg(&self.config);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn say(&self, posts: &str) {
        append(&self.place.folder.path().join("posts.jsonl"), posts);
    }
}

fn start(command: &mut Command) -> Killed {
    Killed(command.spawn().expect("the process starts"))
}

/// Enough mentions for an alert, and a post that moves time on.
fn crisis() -> String {
    let mut posts: String =
        (0..5).map(|id| line(&id.to_string(), "2026-03-01T11:50:00Z", "acme fails")).collect();
    posts.push_str(&line("a", "2026-03-01T11:50:30Z", "something else"));
    posts
}

fn calm() -> String {
    line("b", "2026-03-01T11:59:00Z", "something else")
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// A receiver that fails at random, each message three times at most, until it is calm, and says
/// when to kill the process: before it answers, or while it does. Until then nothing more arrives,
/// however long the kill takes.
fn rough(kill: SyncSender<()>, dying: Arc<AtomicBool>, calm: Arc<AtomicBool>) -> Hook {
    let mut failures: BTreeMap<String, u32> = BTreeMap::new();
    Hook::answering(move |request, _| {
        if calm.load(Ordering::Relaxed) {
            return status("204 No Content");
        }
        if dying.load(Ordering::Relaxed) {
            return Reply::Hang;
        }
        let failed = failures.entry(request.id().to_owned()).or_default();
        let dice = if *failed < 3 { random(12) } else { 6 + random(6) };
        *failed += u32::from(dice < 5);
        if matches!(dice, 0..=2 | 6 | 7) {
            dying.store(true, Ordering::Relaxed);
            let _ = kill.try_send(());
        }
        match dice {
            0 => Reply::Hang,
            1 => Reply::Cut,
            2 => status("500 Internal Server Error"),
            3 => status("503 Service Unavailable\r\nretry-after: 0"),
            // A second one would wait for minutes.
            4 if *failed == 1 => status("400 Bad Request"),
            _ => status("204 No Content"),
        }
    })
}

/// Beginnings and ends of alerts, in order.
fn alerts(count: i64) -> Vec<Message> {
    let both = |alert: i64| {
        [(Transition::Fired, 2 * alert), (Transition::Resolved, 2 * alert + 1)]
            .map(|(transition, at_us)| message("team", &format!("alt_{alert}"), transition, at_us))
    };
    (0..count).flat_map(both).collect()
}

#[test]
fn a_process_killed_fifty_times_while_it_delivers_loses_nothing() {
    const KILLS: usize = 52;
    let (kill, kills) = sync_channel(1);
    let [dying, calm] = [false; 2].map(|flag| Arc::new(AtomicBool::new(flag)));
    let hook = rough(kill, Arc::clone(&dying), Arc::clone(&calm));
    let receiver = format!(
        "[[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\nsecret_file = \"secret\"\n",
        hook.url
    );
    let live = Live::new(&receiver, &["team"]);
    let empty = file(live.place.folder.path(), "empty.jsonl", "");
    assert!(live.place.reprocess(&empty).status.success());
    let outbox = live.place.lake.join("_resonanz/outbox.redb");
    let messages = alerts(150);
    Outbox::open(&outbox).and_then(|outbox| outbox.insert(&messages)).expect("the store writes");

    let wanted: BTreeSet<&str> = messages.iter().map(|message| message.id.as_str()).collect();
    let arrived = || -> BTreeSet<String> {
        hook.accepted().iter().map(|request| request.id().to_owned()).collect()
    };
    for round in 0..KILLS {
        let process = start(&mut live.command());
        // Some are killed as they start.
        if round % 8 != 7 {
            kills.recv_timeout(Duration::from_secs(300)).expect("a message comes");
        }
        drop(process);
        dying.store(false, Ordering::Relaxed);
    }
    let before = arrived().len();
    assert!(before < wanted.len(), "it was over before the last kill");
    calm.store(true, Ordering::Relaxed);
    let process = start(&mut live.command());
    wait_for("all messages", || (arrived().len() == wanted.len()).then_some(()));
    drop(process);

    let requests = hook.requests();
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    for request in &requests {
        assert!(request.is_signed_by(SECRET));
        let first = bodies.entry(request.id()).or_insert(&request.body);
        assert_eq!(*first, request.body, "an id stands for one body");
    }
    assert_eq!(bodies.keys().copied().collect::<BTreeSet<_>>(), wanted);
    let distinct: BTreeSet<&str> = bodies.values().copied().collect();
    assert_eq!(distinct.len(), wanted.len(), "a body comes under one id");
    let accepted = hook.accepted();
    let place = |id: &str| accepted.iter().position(|request| request.id() == id);
    for alert in messages.chunks(2) {
        assert!(place(&alert[0].id) < place(&alert[1].id), "{} after its end", alert[0].id);
    }
}

#[test]
fn secrets_stay_where_they_are() {
    let hook = Hook::answering(|_, _| status("500 Internal Server Error"));
    let (api, nobody) = (free_port(), free_port());
    let receivers = format!(
        "[serve]\nlisten = \"127.0.0.1:{api}\"\n\
         [[receiver]]\nname = \"signed\"\nurl_env = \"HOOK_A\"\ninternal = true\nsecret_env = \"SIGNS\"\n\
         [[receiver]]\nname = \"refused\"\nurl_env = \"HOOK_B\"\ninternal = true\nformat = \"slack\"\n\
         [[receiver]]\nname = \"unknown\"\nurl_env = \"HOOK_C\"\nformat = \"teams\"\n\
         [[receiver]]\nname = \"private\"\nurl_env = \"HOOK_D\"\n\
         [[receiver]]\nname = \"pager\"\nurl_env = \"HOOK_A\"\ninternal = true\nformat = \"pagerduty\"\nsecret_env = \"ROUTES\"\n"
    );
    let names = ["signed", "refused", "unknown", "private", "pager"];
    let live = Live::new(&receivers, &names);
    let log = live.place.folder.path().join("log");
    let mut command = live.command();
    command
        .env("HOOK_A", format!("{}/T0PSECRET", hook.url))
        .env("HOOK_B", format!("http://user:T0PSECRET@127.0.0.1:{nobody}/T0PSECRET?key=T0PSECRET"))
        .env("HOOK_C", "https://nowhere.invalid/T0PSECRET")
        .env("HOOK_D", "https://127.0.0.1/T0PSECRET")
        .env("SIGNS", SECRET)
        .env("ROUTES", "T0PSECRET-routing-key")
        .stderr(std::fs::File::create(&log).expect("a file"));
    let process = start(&mut command);
    live.say(&crisis());
    let metrics = wait_for("a failure of each receiver", || {
        let metrics = get(api, "/metrics")?;
        let failed = |name: &&str| {
            let line = format!("resonanz_delivery_attempts_failed_total{{receiver=\"{name}\"}} ");
            let count = metrics.split_once(&line).and_then(|(_, rest)| rest.lines().next());
            count.is_some_and(|count| count != "0")
        };
        names.iter().all(failed).then(|| metrics.clone())
    });
    assert!(metrics.contains("resonanz_receiver_pending{receiver=\"signed\"} 1"), "{metrics}");
    assert!(metrics.contains("resonanz_receiver_disabled{receiver=\"signed\"} 0"), "{metrics}");
    drop(process);
    let received = hook.requests();
    assert!(received.iter().any(|request| request.body.contains("T0PSECRET-routing-key")));

    let log = std::fs::read_to_string(log).expect("a file");
    assert!(log.contains("answered 500") && log.contains("which is not public"), "{log}");
    let mut all =
        vec![("log".to_owned(), log.into_bytes()), ("metrics".to_owned(), metrics.into_bytes())];
    all.extend(every_file(&live.place.lake));
    assert!(all.iter().any(|(path, _)| path.ends_with("outbox.redb")), "the lake was read");
    for secret in ["T0PSECRET", "cmVzb25hbnotdGVzdC1zZWNyZXQ", "resonanz-test-secret"] {
        for (path, bytes) in &all {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {path}");
        }
    }
}

#[test]
fn a_receiver_that_cannot_be_called_is_found_by_check() {
    let check = |receiver: &str| {
        let live = Live::new(&format!("[[receiver]]\nname = \"team\"\n{receiver}"), &["team"]);
        let path = live.config.to_str().expect("UTF-8").to_owned();
        let checked = run(&["check", "--config", &path]);
        (checked.status.code(), stderr(&checked))
    };
    for (receiver, wanted) in [
        (
            "url = \"https://h\"\nsecret_env = \"NO_SUCH_SECRET\"",
            "environment variable NO_SUCH_SECRET is not set\nhint: export NO_SUCH_SECRET=",
        ),
        ("url = \"https://h\"\nsecret_file = \"nowhere\"", "nowhere: No such file"),
        ("url_env = \"NO_SUCH_ADDRESS\"", "environment variable NO_SUCH_ADDRESS is not set"),
        ("url_file = \"secret\"", "its address cannot be used: use https://"),
        ("url = \"https://h\"\nformat = \"text\"\ntemplate = '{{ titel }}'", "template line 1: "),
        ("url = \"https://h\"\nformat = \"text\"\ntemplate = '{% if %}'", ":19: template: "),
    ] {
        let (code, errors) = check(receiver);
        assert!(code == Some(2) && errors.contains(wanted), "{wanted}\nnot in\n{errors}");
    }
    assert_eq!(check("url = \"https://h\"\nsecret_file = \"secret\"").0, Some(0));
}

/// A real Alertmanager that passes on to `hook`; `None` where none is installed.
fn alertmanager(folder: &Path, hook: &str, port: u16) -> Option<Killed> {
    let config = format!(
        "route:\n  receiver: test\n  group_wait: 0s\n  group_interval: 1s\n\
         receivers:\n- name: test\n  webhook_configs:\n  - url: {hook}\n"
    );
    let config = file(folder, "alertmanager.yml", config);
    let child = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", folder.join(format!("data-{port}")).display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if child.is_err() {
        let note = "skipped: prometheus-alertmanager is not installed\n";
        std::io::stderr().write_all(note.as_bytes()).expect("written");
    }
    let process = Killed(child.ok()?);
    wait_for("Alertmanager", || get(port, "/-/ready").filter(|body| body.contains("OK")));
    Some(process)
}

/// The alerts of a status that Alertmanager has passed on.
fn passed_on(hook: &Hook, status: &str) -> Vec<serde_json::Value> {
    let requests = hook.requests();
    let alerts = requests
        .iter()
        .flat_map(|request| request.json()["alerts"].as_array().cloned().unwrap_or_default());
    alerts.filter(|alert| alert["status"] == status).collect()
}

#[test]
fn a_real_alertmanager_takes_an_alert_and_its_end() {
    let (folder, hook, port) = (tempfile::tempdir().expect("a folder"), Hook::new(), free_port());
    let Some(_alertmanager) = alertmanager(folder.path(), &hook.url, port) else { return };
    let receiver = format!(
        "labels = {{ team = \"care\" }}\n[[receiver]]\nname = \"am\"\nformat = \"alertmanager\"\n\
         url = \"http://127.0.0.1:{port}/api/v2/alerts\"\ninternal = true\n"
    );
    let live = Live::new(&receiver, &["am"]);
    let _process = start(&mut live.command());
    live.say(&crisis());
    let fired = wait_for("the alert", || passed_on(&hook, "firing").pop());
    let labels = &fired["labels"];
    assert_eq!(
        (&labels["alertname"], &labels["topic"], &labels["severity"], &labels["team"]),
        (&"many".into(), &"acme".into(), &"warning".into(), &"care".into())
    );
    let summary = fired["annotations"]["summary"].as_str().unwrap_or_default();
    assert!(summary.starts_with("5 posts on acme in 2 minutes (since 11:5"), "{fired}");
    assert!(passed_on(&hook, "resolved").is_empty());
    live.say(&calm());
    let resolved = wait_for("its end", || passed_on(&hook, "resolved").pop());
    assert_eq!((&resolved["labels"], &resolved["startsAt"]), (labels, &fired["startsAt"]));
}

#[test]
fn an_alertmanager_that_forgot_everything_is_told_again() {
    let (folder, hook, port) = (tempfile::tempdir().expect("a folder"), Hook::new(), free_port());
    let Some(first) = alertmanager(folder.path(), &hook.url, port) else { return };
    let config = ReceiverConfig {
        name: "am".to_owned(),
        url: UrlPlace::Plain(format!("http://127.0.0.1:{port}/api/v2/alerts")),
        format: Format::Alertmanager,
        reach: Reach::Internal,
        ..ReceiverConfig::default()
    };
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outbox = Outbox::open(&folder.path().join("outbox.redb")).expect("a new store");
    outbox.insert(&[message("am", "alt_1", Transition::Fired, 1)]).expect("the store writes");
    let (outbox, bell) = (Arc::new(outbox), Arc::default());
    let stats = Arc::new(CourierStats::new(["am".to_owned()]));
    let manner = Manner { repeat: Duration::from_millis(100), ..Manner::default() };
    let receiver = Receiver::fetch(&config).expect("a receiver");
    let courier = Courier::new(receiver, Arc::clone(&outbox), Arc::clone(&bell), stats, manner);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut courier = courier.expect("a courier");
    runtime.spawn(async move { courier.run().await });
    wait_for("the alert", || passed_on(&hook, "firing").pop());
    drop(first);
    std::fs::remove_dir_all(folder.path().join(format!("data-{port}"))).expect("a folder");

    let told = hook.requests().len();
    let _second = alertmanager(folder.path(), &hook.url, port).expect("it was there before");
    wait_for("the alert again", || (hook.requests().len() > told).then_some(()));
    outbox.insert(&[message("am", "alt_1", Transition::Resolved, 2)]).expect("the store writes");
    bell.notify_waiters();
    wait_for("its end", || passed_on(&hook, "resolved").pop());
}
