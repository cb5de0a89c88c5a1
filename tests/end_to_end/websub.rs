//! Do hubs tell of feeds? A hub of ours that asks back, signs, forges and forgets.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::polled::{comment, wordpress};
use crate::scripted::serve;
use crate::site::{Reply, Site};
use crate::support::{Place, file, free_port, live, stderr, wait_for, wait_for_answer};

/// What a hub was asked for, field by field.
type Form = Vec<(String, String)>;

/// A hub that takes every subscription; what it was asked.
#[derive(Clone)]
struct Hub {
    url: String,
    asked: Arc<Mutex<Vec<Form>>>,
    slow: Arc<(Mutex<Turns>, Condvar)>,
}

/// How many requests a hub still answers, if not all, and how many wait.
#[derive(Default)]
struct Turns {
    left: Option<usize>,
    waiting: usize,
    most: usize,
}

impl Hub {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hub", listener.local_addr().expect("bound"));
        let hub = Self { url, asked: Arc::default(), slow: Arc::default() };
        let own = hub.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.take(stream));
            }
        });
        hub
    }

    /// From now on answers so many requests and no more.
    fn answer(&self, more: usize) {
        let (turns, answered) = &*self.slow;
        let mut turns = turns.lock().expect("a lock");
        turns.left = Some(turns.left.unwrap_or(0) + more);
        answered.notify_all();
    }

    /// How many wait for their answer, and how many did at once at most.
    fn waiting(&self) -> (usize, usize) {
        let turns = self.slow.0.lock().expect("a lock");
        // Whoever has a turn takes it at once.
        (turns.waiting.saturating_sub(turns.left.unwrap_or(0)), turns.most)
    }

    fn take(&self, stream: TcpStream) {
        let (turns, answered) = &*self.slow;
        let mut now = turns.lock().expect("a lock");
        now.waiting += 1;
        now.most = now.most.max(now.waiting);
        while now.left == Some(0) {
            now = answered.wait(now).expect("a lock");
        }
        now.left = now.left.map(|left| left - 1);
        now.waiting -= 1;
        drop(now);
        self.reply(stream);
    }

    fn reply(&self, mut stream: TcpStream) {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.and_then(|text| text.trim().parse().ok()).unwrap_or(0)];
        stream.read_exact(&mut body).expect("a body");
        let form = url::form_urlencoded::parse(&body).into_owned().collect();
        self.asked.lock().expect("a lock").push(form);
        let _ = stream
            .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }

    /// The `number`-th request of a mode.
    fn request(&self, mode: &str, number: usize) -> Form {
        wait_for(mode, || {
            let asked = self.asked.lock().expect("a lock");
            asked.iter().filter(|form| field(form, "hub.mode") == mode).nth(number).cloned()
        })
    }
}

fn field<'f>(form: &'f Form, name: &str) -> &'f str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// A request to the door: status and body.
fn ask(url: &str, method: &str, headers: &str, body: &str) -> (u16, String) {
    let url = url::Url::parse(url).expect("an address");
    let address = (url.host_str().expect("a host"), url.port().expect("a port"));
    let mut stream = TcpStream::connect(address).expect("a connection");
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let length = body.len();
    write!(stream, "{method} {target} HTTP/1.1\r\nhost: h.example\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned())
}

/// Asks back whether a subscription was meant, as hubs do.
fn verify(form: &Form, topic: &str) -> (u16, String) {
    verify_for(form, topic, "864000")
}

/// The same, for so many seconds.
fn verify_for(form: &Form, topic: &str, lease: &str) -> (u16, String) {
    let mut url = url::Url::parse(field(form, "hub.callback")).expect("a callback");
    url.query_pairs_mut()
        .append_pair("hub.mode", field(form, "hub.mode"))
        .append_pair("hub.topic", topic)
        .append_pair("hub.challenge", "ch-1")
        .append_pair("hub.lease_seconds", lease);
    ask(url.as_str(), "GET", "", "")
}

/// Tells of news under a secret.
fn tell(form: &Form, secret: &str) -> u16 {
    let body = "<feed/>";
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    let digits: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    ask(field(form, "hub.callback"), "POST", &format!("x-hub-signature: sha1={digits}\r\n"), body).0
}

fn rss(hub: &str, titles: &[&str]) -> Reply {
    let items: String = titles
        .iter()
        .map(|title| format!("<item><guid>{title}</guid><title>acme {title}</title><pubDate>Sun, 01 Mar 2026 12:00:00 GMT</pubDate></item>"))
        .collect();
    let links = format!(
        "<atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"https://h.example/feed\"/>"
    );
    let body = format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>t</title>{links}{items}</channel></rss>"
    );
    Reply::body("application/rss+xml", body)
}

fn config(place: &Place, port: u16, feeds: &[String]) -> PathBuf {
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"news of acme\"\ntype = \"feed\"\nsince = \"3650d\"\ninterval = \"1d\"\n\
         websub = \"http://127.0.0.1:{port}/\"\nurls = {feeds:?}\n",
        place.lake.display()
    );
    file(place.folder.path(), "run.toml", text)
}

#[test]
fn what_a_hub_tells_is_heard_at_once_and_only_what_it_signed() {
    let (place, site, hub, port) = (Place::new(), Site::new(), Hub::new(), free_port());
    site.put("/feed", rss(&hub.url, &["one"]));
    site.put("/other", rss("", &["other"]));
    let feeds = ["feed", "other"].map(|path| format!("{}/{path}", site.url));
    let process = live(&config(&place, port, &feeds));
    let asked = hub.request("subscribe", 0);
    assert_eq!(field(&asked, "hub.topic"), "https://h.example/feed");
    assert!(field(&asked, "hub.callback").contains("/ingest/news%20of%20acme?feed="), "{asked:?}");
    let secret = field(&asked, "hub.secret").to_owned();
    assert_eq!(secret.len(), 64, "{asked:?}");
    assert_eq!(verify(&asked, "https://h.example/feed"), (200, "ch-1".to_owned()));
    assert_eq!(verify(&asked, "https://h.example/evil").0, 404, "another feed was not asked for");

    let count = "SELECT count(*) FROM mentions";
    wait_for_answer(&place.lake, count, "2");
    site.put("/feed", rss(&hub.url, &["one", "two"]));
    let before = site.asked("/feed").len();
    assert_eq!(ask(field(&asked, "hub.callback"), "POST", "", "<feed/>").0, 401, "unsigned");
    assert_eq!(tell(&asked, "a guess"), 202, "forged, and not told so");
    assert_eq!(tell(&asked, &secret), 202);
    wait_for_answer(&place.lake, count, "3");
    assert_eq!(site.asked("/feed").len(), before + 1, "only the signed one was heeded");
    assert_eq!(process.terminate(), Some(0));

    // A feed that was taken out is not asked for any more.
    let process = live(&config(&place, port, &feeds[1..]));
    let left = hub.request("unsubscribe", 0);
    assert_eq!(field(&left, "hub.topic"), "https://h.example/feed");
    assert_eq!(verify(&left, "https://h.example/feed"), (200, "ch-1".to_owned()));
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn a_hub_that_wants_to_be_asked_again_at_once_is_asked_once() {
    let (place, site, hub, port) = (Place::new(), Site::new(), Hub::new(), free_port());
    site.put("/feed", rss(&hub.url, &["one"]));
    let process = live(&config(&place, port, &[format!("{}/feed", site.url)]));
    let asked = hub.request("subscribe", 0);
    let secret = field(&asked, "hub.secret").to_owned();
    for (lease, title) in [("0", "two"), ("-1", "three"), ("18446744073709551616", "four")] {
        assert_eq!(verify_for(&asked, "https://h.example/feed", lease).0, 200, "{lease}");
        site.put("/feed", rss(&hub.url, &["one", title]));
        assert_eq!(tell(&asked, &secret), 202);
        let count = format!("SELECT count(*) FROM mentions WHERE text = 'acme {title}'");
        wait_for_answer(&place.lake, &count, "1");
    }
    assert_eq!(hub.asked.lock().expect("a lock").len(), 1, "one request");
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn a_hub_of_many_feeds_that_were_taken_out_is_asked_a_few_at_a_time() {
    let (place, site, hub, port) = (Place::new(), Site::new(), Hub::new(), free_port());
    let paths: Vec<String> = (0..20).map(|number| format!("/feed{number}")).collect();
    paths.iter().for_each(|path| site.put(path, rss(&hub.url, &[path])));
    let feeds: Vec<String> = paths.iter().map(|path| format!("{}{path}", site.url)).collect();
    let process = live(&config(&place, port, &feeds));
    hub.request("subscribe", 19);
    // Which hub each of them has is known once it is committed.
    wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", "20");
    assert_eq!(process.terminate(), Some(0));

    hub.answer(0);
    let process = live(&config(&place, port, &feeds[..1]));
    // Nineteen to leave, and one to stay subscribed.
    for _ in 0..20 {
        wait_for("a request", || (hub.waiting().0 > 0).then_some(()));
        hub.answer(1);
    }
    hub.request("unsubscribe", 18);
    let (_, most) = hub.waiting();
    assert!((1..=4).contains(&most), "{most} at once");
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn an_address_that_no_hub_can_reach_is_named() {
    let place = Place::new();
    let text = "[[topic]]\nname = \"acme\"\nquery = 'acme'\n[[source]]\nname = \"f\"\ntype = \"feed\"\n\
                url = \"https://h.example/feed\"\nwebsub = \"resonanz.example\"\n";
    let config = file(place.folder.path(), "wrong.toml", text);
    let checked = crate::support::run(&["check", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(
        stderr(&checked).contains("\"resonanz.example\" is not an address at which hubs"),
        "{}",
        stderr(&checked)
    );
}

#[test]
fn a_platform_is_asked_at_once_when_the_hub_of_its_feed_tells_of_news() {
    let (place, site, hub, port) = (Place::new(), Site::new(), Hub::new(), free_port());
    site.put("/feed", rss(&hub.url, &["one"]));
    let comments = Arc::new(Mutex::new(vec![comment(1, 30, "acme is late")]));
    let served = Arc::clone(&comments);
    let (blog, log) = serve(move |asked| wordpress(&served.lock().expect("comments"), asked));
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"blog\"\ntype = \"poll\"\npreset = \"wordpress-comments\"\ninterval = \"1d\"\n\
         set = {{ site = \"{blog}\" }}\nfeed = \"{}/feed\"\nwebsub = \"http://127.0.0.1:{port}\"\n",
        place.lake.display(),
        site.url,
    );
    let process = live(&file(place.folder.path(), "run.toml", text));
    let asked = hub.request("subscribe", 0);
    assert_eq!(verify(&asked, "https://h.example/feed").0, 200);
    let count_all = "SELECT count(*) FROM mentions";
    wait_for_answer(&place.lake, count_all, "1");
    comments.lock().expect("comments").push(comment(2, 0, "acme again"));
    let looks = || {
        let log = log.lock().expect("a log");
        log.iter().filter(|asked| asked.path.contains("comments?after=")).count()
    };
    let before = looks();
    assert_eq!(tell(&asked, "a guess"), 202, "forged, and not told so");
    assert_eq!(tell(&asked, field(&asked, "hub.secret")), 202);
    wait_for_answer(&place.lake, count_all, "2");
    assert_eq!(looks(), before + 1, "one look for the one that was signed");
    assert_eq!(process.terminate(), Some(0));
}
