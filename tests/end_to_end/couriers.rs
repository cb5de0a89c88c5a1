//! Do couriers keep their promises? Real couriers and outboxes against real HTTP servers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use resonanz::alert::Transition;
use resonanz::config::{Reach, ReceiverConfig, UrlPlace};
use resonanz::notify::{Courier, CourierStats, Manner, Message, Outbox, Receiver};
use resonanz::secret::SecretPlace;
use tokio::sync::Notify;

use crate::hook::{Hook, Reply, Request, message, status};
use crate::support::{file, wait_for};

const HOUR: Duration = Duration::from_secs(3_600);
/// Nothing is tried twice unless something else wakes it.
const ONCE: &[Duration] = &[HOUR, HOUR, HOUR];

/// Couriers on a runtime of their own, which ends with the test.
struct Office {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    outbox: Arc<Outbox>,
    stats: Arc<CourierStats>,
}

fn config(name: &str, url: &str) -> ReceiverConfig {
    ReceiverConfig {
        name: name.to_owned(),
        url: UrlPlace::Plain(url.to_owned()),
        reach: Reach::Internal,
        ..ReceiverConfig::default()
    }
}

fn once() -> Manner {
    Manner { schedule: ONCE, rest: Duration::ZERO, ..Manner::default() }
}

impl Office {
    fn new(messages: &[Message], receivers: &[ReceiverConfig], manner: &Manner) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let outbox = Outbox::open(&folder.path().join("outbox.redb")).expect("a new store");
        outbox.insert(messages).expect("the store writes");
        Self::open(folder, outbox, receivers, manner)
    }

    fn open(
        folder: tempfile::TempDir,
        outbox: Outbox,
        receivers: &[ReceiverConfig],
        manner: &Manner,
    ) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let names = receivers.iter().map(|receiver| receiver.name.clone());
        let stats = Arc::new(CourierStats::new(names));
        let (outbox, bell) = (Arc::new(outbox), Arc::new(Notify::new()));
        for receiver in receivers {
            let receiver = Receiver::fetch(receiver).expect("a receiver");
            let (outbox, bell) = (Arc::clone(&outbox), Arc::clone(&bell));
            let courier = Courier::new(receiver, outbox, bell, Arc::clone(&stats), manner.clone());
            let mut courier = courier.expect("a courier");
            runtime.spawn(async move { courier.run().await });
        }
        Self { folder, runtime, outbox, stats }
    }

    /// Stops, and opens the same store for these receivers.
    fn again(self, receivers: &[ReceiverConfig], manner: &Manner, enable: Option<&str>) -> Self {
        let Self { folder, runtime, outbox, .. } = self;
        runtime.shutdown_timeout(Duration::from_secs(5));
        let path: PathBuf = folder.path().join("outbox.redb");
        let outbox = Arc::try_unwrap(outbox).expect("nobody else holds it");
        drop(outbox);
        let outbox = Outbox::open(&path).expect("the same store");
        if let Some(name) = enable {
            assert!(outbox.enable(name).expect("the store writes"), "it was disabled");
        }
        Self::open(folder, outbox, receivers, manner)
    }

    fn wait_until_empty(&self) {
        wait_for("an empty outbox", || {
            (self.outbox.pending_len().expect("the store reads") == 0).then_some(())
        });
    }

    fn is_disabled(&self, receiver: &str) -> bool {
        let mut all = self.stats.receivers();
        all.any(|(name, stats)| name == receiver && stats.is_disabled())
    }
}

fn fired(receiver: &str, number: i64) -> Message {
    message(receiver, &format!("alt_{number}"), Transition::Fired, number)
}

fn ids(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.id().to_owned()).collect()
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let inner = Hook::new();
    let location = inner.url.clone();
    let hook = Hook::answering(move |_, number| match number {
        0 => Reply::Status(format!("307 Temporary Redirect\r\nlocation: {location}")),
        _ => status("200 OK"),
    });
    let manner = Manner { schedule: &[Duration::ZERO], rest: Duration::ZERO, ..Manner::default() };
    let office = Office::new(&[fired("a", 1)], &[config("a", &hook.url)], &manner);
    office.wait_until_empty();
    assert_eq!((hook.requests().len(), inner.requests().len()), (2, 0));
    wait_for("the delivery", || (office.stats.delivered() == 1).then_some(()));
    assert_eq!(office.stats.attempts_failed(), 1);
}

#[test]
fn no_endpoint_can_hurry_a_message_to_its_end() {
    const STEP: Duration = Duration::from_millis(300);
    for asked in [
        "retry-after: 0",
        "retry-after: Sun, 06 Nov 1994 08:49:37 GMT",
        // By its own clock this is now.
        "date: Sun, 06 Nov 2094 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 2094 08:49:37 GMT",
        "retry-after: soon",
    ] {
        let answer = format!("429 Too Many Requests\r\n{asked}");
        let hook = Hook::answering(move |_, _| Reply::Status(answer.clone()));
        let manner =
            Manner { schedule: &[STEP, STEP, HOUR], rest: Duration::ZERO, ..Manner::default() };
        let began = Instant::now();
        let office = Office::new(&[fired("a", 1)], &[config("a", &hook.url)], &manner);
        wait_for("three attempts", || (office.stats.attempts_failed() == 3).then_some(()));
        assert!(began.elapsed() >= 2 * STEP, "{asked}: {:?}", began.elapsed());
        let waiting = (office.outbox.pending_for("a").ok(), office.outbox.failed_len().ok());
        assert_eq!(waiting, (Some(1), Some(0)), "{asked}");
    }
}

#[test]
fn an_endpoint_that_asks_for_more_time_gets_it() {
    for asked in [
        "retry-after: 1",
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:38 GMT",
    ] {
        let answer = format!("503 Service Unavailable\r\n{asked}");
        let hook = Hook::answering(move |_, number| match number {
            0 => Reply::Status(answer.clone()),
            _ => status("200 OK"),
        });
        let manner =
            Manner { schedule: &[Duration::ZERO], rest: Duration::ZERO, ..Manner::default() };
        let began = Instant::now();
        let office = Office::new(&[fired("a", 1)], &[config("a", &hook.url)], &manner);
        office.wait_until_empty();
        assert!(began.elapsed() >= Duration::from_secs(1), "{asked}: {:?}", began.elapsed());
        let seen = ids(&hook.requests());
        assert_eq!(seen, ["alt_1.fired.1", "alt_1.fired.1"], "the same id");
    }
}

#[test]
fn an_endpoint_that_comes_and_goes_uses_no_attempts_up() {
    let hook = Hook::answering(|request, _| match request.id() {
        "alt_1.fired.1" => status("429 Too Many Requests\r\nretry-after: 0"),
        _ => status("200 OK"),
    });
    let messages: Vec<Message> = (1..=20).map(|number| fired("a", number)).collect();
    // Each message that arrives wakes the first one, which fails again.
    let office = Office::new(&messages, &[config("a", &hook.url)], &once());
    wait_for("the others", || (office.stats.delivered() == 19).then_some(()));
    assert_eq!(
        (office.outbox.pending_for("a").ok(), office.outbox.failed_len().ok()),
        (Some(1), Some(0))
    );
}

#[test]
fn an_answer_without_end_is_not_read() {
    let hook = Hook::answering(|_, _| Reply::Endless);
    let office = Office::new(&[fired("a", 1), fired("a", 2)], &[config("a", &hook.url)], &once());
    wait_for("both delivered", || (office.stats.delivered() == 2).then_some(()));
    assert_eq!((hook.requests().len(), office.outbox.pending_len().ok()), (2, Some(0)));
}

#[test]
fn a_hanging_endpoint_delays_no_other_and_its_attempts_end() {
    let (hanging, live) = (Hook::answering(|_, _| Reply::Hang), Hook::new());
    let to = |receiver: &'static str| (0..20).map(move |number| fired(receiver, number));
    let messages: Vec<Message> = to("hanging").chain(to("live")).collect();
    let receivers = [config("hanging", &hanging.url), config("live", &live.url)];
    // The attempt at the hanging endpoint would last longer than the test.
    let office = Office::new(&messages, &receivers, &Manner { timeout: HOUR, ..once() });
    wait_for("the other receiver", || (live.accepted().len() == 20).then_some(()));
    assert_eq!(office.outbox.pending_for("hanging").ok(), Some(20));
    assert_eq!(office.stats.attempts_failed(), 0, "it still hangs");

    let short = Manner { timeout: Duration::from_millis(50), ..once() };
    let office = Office::new(&[fired("hanging", 1)], &receivers, &short);
    wait_for("the end of an attempt", || (office.stats.attempts_failed() == 1).then_some(()));
}

#[test]
fn gone_disables_for_good_and_the_fallback_takes_over() {
    let (gone, other) = (Hook::answering(|_, _| status("410 Gone")), Hook::new());
    let receivers = |url: &str| {
        let fallback = Some("other".to_owned());
        [ReceiverConfig { fallback, ..config("gone", url) }, config("other", &other.url)]
    };
    let office = Office::new(&[fired("gone", 1)], &receivers(&gone.url), &once());
    office.wait_until_empty();
    wait_for("both messages", || (other.accepted().len() == 2).then_some(()));
    let told = other.accepted();
    let disabled = told[0].json();
    assert_eq!(disabled["type"], "receiver.disabled", "it is told first that it takes over");
    assert_eq!(disabled["data"]["receiver"], "gone");
    assert_eq!(told[1].id(), "alt_1.fired.1");

    let office = office.again(&receivers(&gone.url), &once(), None);
    wait_for("the memory of it", || office.is_disabled("gone").then_some(()));
    office.outbox.insert(&[fired("gone", 2)]).expect("the store writes");
    let office = office.again(&receivers(&gone.url), &once(), None);
    office.wait_until_empty();
    assert_eq!((gone.requests().len(), other.accepted().len()), (1, 3));

    // Another address is another endpoint.
    let moved = Hook::new();
    office.outbox.insert(&[fired("gone", 3)]).expect("the store writes");
    let office = office.again(&receivers(&moved.url), &once(), None);
    office.wait_until_empty();
    assert!(!office.is_disabled("gone"));
    assert_eq!(ids(&moved.accepted()), ["alt_3.fired.3"]);
}

#[test]
fn what_is_taken_over_waits_for_the_word_that_it_is() {
    let gone = Hook::answering(|_, _| status("410 Gone"));
    let other = Hook::answering(|_, number| match number {
        0 => status("503 Service Unavailable"),
        _ => status("200 OK"),
    });
    let receivers = [
        ReceiverConfig { fallback: Some("other".to_owned()), ..config("gone", &gone.url) },
        config("other", &other.url),
    ];
    let manner = Manner { rest: Duration::from_millis(50), ..once() };
    let office = Office::new(&[fired("gone", 1)], &receivers, &manner);
    office.wait_until_empty();
    let told: Vec<_> = other.accepted().iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(told, ["receiver.disabled", "alert.fired"]);
}

#[test]
fn an_endpoint_that_fails_for_long_is_disabled_until_somebody_enables_it() {
    let answers = Arc::new(AtomicUsize::new(500));
    let current = Arc::clone(&answers);
    let hook = Hook::answering(move |_, _| match current.load(Ordering::Relaxed) {
        500 => status("500 Internal Server Error"),
        _ => status("200 OK"),
    });
    let receivers = [ReceiverConfig { disable_after_us: 0, ..config("a", &hook.url) }];
    let office = Office::new(&[fired("a", 1)], &receivers, &once());
    office.wait_until_empty();
    assert!(office.is_disabled("a"));
    assert_eq!(office.outbox.failed_len().ok(), Some(1));
    // It counts once the store has it.
    wait_for("a count", || (office.stats.given_up() == 1).then_some(()));

    answers.store(200, Ordering::Relaxed);
    office.outbox.insert(&[fired("a", 2)]).expect("the store writes");
    let office = office.again(&receivers, &once(), Some("a"));
    office.wait_until_empty();
    assert_eq!(ids(&hook.accepted()), ["alt_2.fired.2"]);
}

#[test]
fn one_message_that_is_not_liked_holds_up_only_its_own_alert() {
    let hook = Hook::answering(|request, _| match request.id() {
        "alt_1.fired.1" => status("400 Bad Request"),
        _ => status("200 OK"),
    });
    let resolved = message("a", "alt_1", Transition::Resolved, 2);
    let office =
        Office::new(&[fired("a", 1), resolved, fired("a", 3)], &[config("a", &hook.url)], &once());
    wait_for("the other alert", || (ids(&hook.accepted()) == ["alt_3.fired.3"]).then_some(()));
    wait_for("the rest", || (office.outbox.pending_for("a").ok() == Some(2)).then_some(()));
    assert_eq!(ids(&hook.accepted()), ["alt_3.fired.3"], "fired comes before resolved");
}

#[test]
fn the_end_is_told_only_to_those_who_heard_of_the_beginning() {
    let hook = Hook::answering(|request, _| match request.id() {
        "alt_1.fired.1" => status("422 Unprocessable Entity"),
        _ => status("200 OK"),
    });
    let resolved =
        |number: i64| message("a", &format!("alt_{number}"), Transition::Resolved, number + 10);
    let messages = [fired("a", 1), resolved(1), fired("a", 2), resolved(2)];
    let manner = Manner { schedule: &[], ..Manner::default() };
    let office = Office::new(&messages, &[config("a", &hook.url)], &manner);
    office.wait_until_empty();
    assert_eq!(ids(&hook.accepted()), ["alt_2.fired.2", "alt_2.resolved.12"]);
    assert_eq!(office.outbox.failed_len().ok(), Some(2));
}

#[test]
fn once_an_endpoint_is_back_all_that_waited_leaves() {
    let hook = Hook::answering(|_, number| match number {
        0 => Reply::Cut,
        _ => status("200 OK"),
    });
    // The first failure makes the endpoint rest for a moment, and its message wait for an hour.
    let manner = Manner { schedule: &[HOUR], rest: Duration::from_millis(1), ..Manner::default() };
    let messages: Vec<Message> = (0..5).map(|number| fired("a", number)).collect();
    let office = Office::new(&messages, &[config("a", &hook.url)], &manner);
    office.wait_until_empty();
    assert_eq!((hook.accepted().len(), office.stats.attempts_failed()), (5, 1));
}

#[test]
fn during_a_rotation_both_secrets_hold() {
    let secrets = [
        "whsec_cmVzb25hbnotb2xkLXNlY3JldC0wMTIzNDU2Nzg5",
        "whsec_cmVzb25hbnotbmV3LXNlY3JldC0wMTIzNDU2Nzg5",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "secret", secrets.join("\n"));
    let hook = Hook::new();
    let receiver =
        ReceiverConfig { secret: Some(SecretPlace::File(path)), ..config("a", &hook.url) };
    let office = Office::new(&[fired("a", 1)], &[receiver], &once());
    office.wait_until_empty();
    let request = hook.accepted().pop().expect("one request");
    assert!(secrets.iter().all(|secret| request.is_signed_by(secret)));
    assert!(!request.is_signed_by("whsec_cmVzb25hbnotbm8tc2VjcmV0LTAxMjM0NTY3ODk5"));
}

/// Answers like a rebinding name server: first a public address, then the one inside.
struct Rebinding {
    asked: Arc<AtomicUsize>,
    inside: SocketAddr,
}

impl Resolve for Rebinding {
    fn resolve(&self, _: Name) -> Resolving {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        // AS112 answers garbage for the whole internet, if it is reachable at all.
        let public = IpAddr::V4(Ipv4Addr::new(192, 175, 48, 254));
        let address =
            if asked == 0 { SocketAddr::new(public, self.inside.port()) } else { self.inside };
        Box::pin(async move { Ok(Box::new([address].into_iter()) as Addrs) })
    }
}

#[test]
fn a_name_that_changes_its_mind_leads_nowhere() {
    let inside = Hook::new();
    let address = inside.url.trim_start_matches("http://").trim_end_matches("/hook");
    let address: SocketAddr = address.parse().expect("an address");
    let asked = Arc::new(AtomicUsize::new(0));
    let resolver = Rebinding { asked: Arc::clone(&asked), inside: address };
    let manner = Manner {
        schedule: &[Duration::ZERO],
        rest: Duration::ZERO,
        timeout: Duration::from_millis(200),
        resolver: Arc::new(resolver),
        ..Manner::default()
    };
    let url = format!("https://hook.example:{}/hook", address.port());
    let receiver = ReceiverConfig { reach: Reach::Public, ..config("a", &url) };
    let office = Office::new(&[fired("a", 1)], &[receiver], &manner);
    office.wait_until_empty();
    // The count follows the outbox.
    wait_for("one to the checked address, one refused", || {
        (office.stats.attempts_failed() == 2).then_some(())
    });
    assert_eq!(asked.load(Ordering::Relaxed), 2, "each attempt asks once");
    assert_eq!(inside.requests().len(), 0);
    assert_eq!(office.outbox.failed_len().ok(), Some(1));
}
