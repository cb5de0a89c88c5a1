//! Who may see and do what where people log in? Users, tokens, proxies and the audit log, over plain
//! sockets as browsers and programs send.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::sql_http::Served;
use crate::support::{Place, every_file, file, line, query, resonanz, stderr, stdout, wait_for};

/// The password of all users here.
pub(crate) const PASSWORD: &str = "Grüße aus Köln";

/// A lake of three posts with a configuration in which people log in.
pub(crate) struct House {
    pub(crate) place: Place,
}

impl House {
    /// `serve` stands at the end of `[serve]`.
    pub(crate) fn new(serve: &str) -> Self {
        let place = Place::new();
        let posts: String = ["acme is bad", "acme is good", "acme is fine"]
            .iter()
            .zip(0..)
            .map(|(text, id)| line(&id.to_string(), "2026-03-01T12:00:00Z", text))
            .collect();
        let archive = file(place.folder.path(), "posts.jsonl", posts);
        assert!(place.reprocess(&archive).status.success());
        let topic = "[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
        file(place.folder.path(), "house.toml", format!("{topic}[serve]\n{serve}\n"));
        Self { place }
    }

    pub(crate) fn config(&self) -> std::path::PathBuf {
        self.place.folder.path().join("house.toml")
    }

    /// Adds a user by the command that people use.
    pub(crate) fn user(self, name: &str, role: &str) -> Self {
        let mut command = resonanz();
        command.args(["users", "add", name, "--role", role, "--write", "--config"]);
        command.arg(self.config()).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        writeln!(input, "{PASSWORD}").expect("written");
        drop(input);
        assert!(child.wait().expect("it ends").success());
        self
    }

    /// Adds a token; what a program has to show.
    pub(crate) fn token(&self, name: &str, role: &str) -> String {
        let mut command = resonanz();
        command.args(["users", "token", name, "--role", role, "--write", "--config"]);
        let output = command.arg(self.config()).output().expect("it runs");
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim().to_owned()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = resonanz();
        command.arg("serve").arg("--lake").arg(&self.place.lake);
        command.arg("--config").arg(self.config());
        command
    }

    pub(crate) fn serve(&self) -> Served {
        Served::start(self.command())
    }
}

/// The headers of a program with a token.
pub(crate) fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

/// What stands between two marks.
pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).expect("its end").0
}

/// A browser without JavaScript: it keeps cookies and sends forms.
pub(crate) struct Browser<'s> {
    served: &'s Served,
    pub(crate) cookies: Vec<(String, String)>,
    language: &'static str,
}

impl<'s> Browser<'s> {
    pub(crate) fn new(served: &'s Served) -> Self {
        Self { served, cookies: Vec::new(), language: "en" }
    }

    fn headers(&self, more: &str) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let cookies = if cookies.is_empty() { cookies } else { format!("cookie: {cookies}\r\n") };
        format!("accept: text/html\r\naccept-language: {}\r\n{cookies}{more}", self.language)
    }

    fn ask(&mut self, request: &str, more: &str, body: &str) -> (u16, String, String) {
        let (status, head, body) = self.served.ask(request, &self.headers(more), body);
        for set in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let pair = set.split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies.retain(|(own, _)| own != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let body = String::from_utf8(body.expect("the whole page")).expect("UTF-8");
        (status, head, body)
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, String, String) {
        self.ask(&format!("GET {path}"), "", "")
    }

    pub(crate) fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
        let origin = format!("origin: http://{}\r\n", self.served.address);
        self.send_as(path, &origin, fields)
    }

    fn send_as(
        &mut self,
        path: &str,
        more: &str,
        fields: &[(&str, &str)],
    ) -> (u16, String, String) {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let more = format!("content-type: application/x-www-form-urlencoded\r\n{more}");
        self.ask(&format!("POST {path}"), &more, &body)
    }

    /// Logs in; the answer.
    pub(crate) fn enter(&mut self, name: &str, password: &str) -> (u16, String, String) {
        let (status, _, page) = self.get("/login");
        assert_eq!(status, 200, "{page}");
        let proof = between(&page, "name=\"proof\" value=\"", "\"").to_owned();
        let fields =
            [("name", name), ("password", password), ("proof", &proof), ("next", "/topics")];
        self.send("/login", &fields)
    }
}

#[test]
fn nobody_is_told_anything_without_login_whatever_path_there_is() {
    let house = House::new("").user("ada", "admin");
    let (reader, sender) = (house.token("grafana", "read"), house.token("n8n", "ingest"));
    let served = house.serve();
    let (status, _, document) = served.ask("GET /api/v1/openapi.json", &bearer(&reader), "");
    assert_eq!(status, 200);
    let document: Value = serde_json::from_slice(&document.expect("whole")).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    // Doors of sources have keys of their own.
    for (path, verbs) in paths.iter().filter(|(path, _)| path.starts_with("/api/")) {
        for verb in verbs.as_object().expect("verbs").keys() {
            let request = format!(
                "{} {}",
                verb.to_uppercase(),
                path.replace("{id}", "x").replace("{name}", "x")
            );
            let headers = "content-type: application/json\r\n";
            let (status, head, body) = served.ask(&request, headers, "{}");
            assert_eq!(status, 401, "{request}");
            assert!(head.contains("www-authenticate: bearer"), "{head}");
            let problem: Value = serde_json::from_slice(&body.expect("whole")).expect("JSON");
            assert_eq!(problem["kind"], "unauthorized", "{problem}");
            let as_sender = format!("{headers}{}", bearer(&sender));
            assert_eq!(served.ask(&request, &as_sender, "{}").0, 403, "{request}");
            let is_change = verb != "get"
                && !["/api/v1/sql", "/api/v1/score", "/api/v1/topics/test"]
                    .contains(&path.as_str());
            if is_change {
                let as_reader = format!("{headers}{}", bearer(&reader));
                assert_eq!(served.ask(&request, &as_reader, "{}").0, 403, "{request}");
            }
        }
    }
    for path in ["/", "/topics", "/mentions?q=x", "/alerts", "/sources", "/sql", "/settings", "/no"]
    {
        let (status, head, _) = Browser::new(&served).get(path);
        assert_eq!(status, 303, "{path}");
        let wanted = url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
        let led = format!("location: /login?next={wanted}").to_lowercase();
        assert!(head.lines().any(|line| line == led), "{head}");
    }
    // What a form was sent to is not opened after the login.
    let (status, head, _) = Browser::new(&served).send("/silences", &[]);
    assert!(
        status == 303 && head.lines().any(|line| line == "location: /login?next=%2f"),
        "{head}"
    );
    // Probes are told how it is, and nothing else; monitoring on this machine counts.
    let (status, _, body) = served.ask("GET /healthz", "", "");
    assert_eq!((status, body.as_deref()), (200, Some(&b"{\"status\":\"ok\"}"[..])));
    assert_eq!(served.ask("GET /metrics", "x-forwarded-for: 10.0.0.1\r\n", "").0, 401);
    assert_eq!(served.ask("GET /metrics", "", "").0, 200);
    assert_eq!(served.ask("GET /api/v1/topics", &bearer(&reader), "").0, 200);
    assert_eq!(served.ask("GET /api/v1/topics", &bearer(&format!("{reader}0")), "").0, 401);
}

#[test]
fn a_person_logs_in_acts_under_their_own_name_and_logs_out() {
    let house = House::new("").user("kim", "operate");
    let served = house.serve();
    let mut german = Browser { language: "de", ..Browser::new(&served) };
    let (_, _, page) = german.get("/login");
    assert!(page.contains("Anmelden") && page.contains("Passwort") && !page.contains("/mentions"));
    let (status, _, page) = german.enter("kim", "not the password");
    assert_eq!(status, 401);
    assert!(page.contains("Name oder Passwort ist falsch."), "{page}");
    let (unknown, _, other) = german.enter("nobody", "not the password");
    assert_eq!((unknown, other.contains("Name oder Passwort ist falsch.")), (401, true));

    let mut kim = Browser::new(&served);
    let (status, head, _) = kim.enter("kim", PASSWORD);
    assert_eq!(status, 303, "{head}");
    assert!(head.contains("location: /topics"), "{head}");
    let cookie = head.lines().find(|line| line.contains("resonanz_session")).expect("a session");
    assert!(cookie.contains("httponly") && cookie.contains("samesite=lax"), "{cookie}");
    let (status, _, page) = kim.get("/alerts");
    assert_eq!(status, 200);
    assert!(page.contains("kim") && page.contains("action=\"/logout\""), "{page}");

    let proof = between(&page, "name=\"proof\" value=\"", "\"").to_owned();
    let silence = |proof: &str| {
        [("topic", "acme"), ("for", "1h"), ("comment", "x"), ("author", "boss"), ("proof", proof)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    fn fields(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
    assert_eq!(kim.send("/silences", &fields(&silence("guessed"))).0, 403);
    let good = silence(&proof);
    assert_eq!(kim.send_as("/silences", "origin: http://evil.example\r\n", &fields(&good)).0, 403);
    assert_eq!(kim.send_as("/silences", "sec-fetch-site: cross-site\r\n", &fields(&good)).0, 403);
    let (status, _, page) = kim.send("/silences", &fields(&good));
    assert_eq!(status, 303, "{page}");
    let (_, _, page) = kim.get("/alerts");
    assert!(page.contains("kim: x") && !page.contains("boss"), "{page}");

    let before = kim.cookies.clone();
    let leave =
        between(&page, "action=\"/logout\"><input type=\"hidden\" name=\"proof\" value=\"", "\"");
    let (status, _, _) = kim.send("/logout", &[("proof", leave)]);
    assert_eq!((status, kim.get("/alerts").0), (303, 303));
    let mut stolen = Browser { cookies: before, ..Browser::new(&served) };
    assert_eq!(stolen.get("/alerts").0, 303, "the session has ended, not only the cookie");
}

#[test]
fn guesses_are_slowed_down_and_the_door_stays_open_for_tokens() {
    let house = House::new("").user("kim", "read");
    let token = house.token("grafana", "read");
    let served = house.serve();
    let mut guesser = Browser::new(&served);
    let answers: Vec<(u16, String)> = (0..12)
        .map(|number| {
            let (status, head, _) = guesser.enter("kim", &format!("guess number {number}"));
            (status, head)
        })
        .collect();
    assert!(answers.iter().take(10).all(|(status, _)| *status == 401), "{answers:?}");
    let (status, head) = answers.last().expect("the last");
    assert!(*status == 429 && head.contains("retry-after: "), "{status} {head}");
    // The right password makes no difference now, and nobody learns that it is right.
    assert_eq!(guesser.enter("kim", PASSWORD).0, 429);
    assert_eq!(served.ask("GET /api/v1/topics", &bearer(&token), "").0, 200);
}

#[test]
fn the_audit_log_says_who_did_what_and_holds_no_secret() {
    let house = House::new("").user("kim", "operate");
    let (admin, reader) = (house.token("root", "admin"), house.token("grafana", "read"));
    let served = house.serve();
    let mut kim = Browser::new(&served);
    assert_eq!(kim.enter("kim", "a wrong password").0, 401);
    assert_eq!(kim.enter("kim", PASSWORD).0, 303);
    assert_eq!(kim.get("/topics/acme").0, 200);
    let json = "content-type: application/json\r\n";
    let body = r#"{"topic":"acme","for":"1h","author":"bot","comment":"a secret plan"}"#;
    let (status, _, _) =
        served.ask("POST /api/v1/silences", &format!("{json}{}", bearer(&admin)), body);
    assert_eq!(status, 201);
    let refused = served.ask("POST /api/v1/silences", &format!("{json}{}", bearer(&reader)), body);
    assert_eq!(refused.0, 403);
    let secret = "SELECT 'a secret question', count(*) FROM mentions";
    assert_eq!(served.ask("POST /api/v1/sql", &bearer(&reader), secret).0, 200);
    // Only admins see it.
    let ask = "SELECT who, action FROM audit";
    assert_eq!(served.ask("POST /api/v1/sql", &bearer(&admin), ask).0, 200);
    let (status, _, answer) = served.ask("POST /api/v1/sql", &bearer(&reader), ask);
    let answer = String::from_utf8(answer.expect("whole")).expect("UTF-8");
    assert_eq!((status, answer.contains("audit")), (400, true), "{answer}");

    served.terminate();
    let lake = &house.place.lake;
    let told = query(
        lake,
        "SELECT who, coalesce(role, ''), action, what, coalesce(topic, ''), sum(count) FROM audit
         WHERE action <> 'read' OR topic IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 3, 4",
    );
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(
        told,
        [
            "grafana,read,export,sql,,2",
            "grafana,read,refused,silences,,1",
            "kim,operate,login,login,,1",
            "kim,,login_failed,login,,1",
            "kim,operate,read,topics,acme,1",
            "root,admin,change,silences,,1",
            "root,admin,export,sql,,1",
        ]
    );
    for (name, bytes) in every_file(lake) {
        let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        for secret in [PASSWORD, "a wrong password", "a secret question", &admin, &reader] {
            assert!(!holds(secret), "{name} holds {secret}");
        }
    }
}

#[test]
fn what_was_changed_stands_in_the_audit_log_after_a_kill() {
    let house = House::new("");
    let admin = house.token("root", "admin");
    let headers = format!("content-type: application/json\r\n{}", bearer(&admin));
    for number in 0..3 {
        let served = house.serve();
        let body = format!(r#"{{"topic":"acme","for":"1h","author":"a","comment":"{number}"}}"#);
        assert_eq!(served.ask("POST /api/v1/silences", &headers, &body).0, 201);
        // It is killed where it stands.
        drop(served);
    }
    house.serve().terminate();
    let changes = "SELECT count(*), count(DISTINCT at) FROM audit WHERE action = 'change'";
    assert_eq!(query(&house.place.lake, changes), "3,3");
    // A second start finds nothing to add.
    house.serve().terminate();
    assert_eq!(query(&house.place.lake, changes), "3,3");
}

#[test]
fn the_word_of_a_proxy_counts_only_where_it_is_named() {
    let known = House::new(
        "proxies = [\"127.0.0.0/8\"]\nsso_header = \"X-Remote-User\"\nsso_role = \"read\"",
    );
    let known = known.user("kim", "operate");
    let served = known.serve();
    let ask = |served: &Served, headers: &str| served.ask("GET /api/v1/silences", headers, "").0;
    let change = |served: &Served, headers: &str| {
        let body = r#"{"topic":"acme","for":"1h","author":"a","comment":"b"}"#;
        let headers = format!("content-type: application/json\r\n{headers}");
        served.ask("POST /api/v1/silences", &headers, body).0
    };
    assert_eq!(ask(&served, ""), 401);
    assert_eq!(ask(&served, "x-remote-user: anna\r\n"), 200);
    assert_eq!(change(&served, "x-remote-user: anna\r\n"), 403);
    assert_eq!(change(&served, "x-remote-user: kim\r\n"), 201);
    assert_eq!(ask(&served, "x-remote-user: anna\r\nx-remote-user: kim\r\n"), 401);
    let strange = House::new(
        "proxies = [\"10.9.9.9\"]\nsso_header = \"x-remote-user\"\nsso_role = \"admin\"",
    );
    assert_eq!(ask(&strange.serve(), "x-remote-user: kim\r\n"), 401);
}

#[test]
fn a_token_with_the_role_ingest_sends_posts_and_sees_nothing() {
    let place = Place::new();
    let port = crate::support::free_port();
    let house = House { place };
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"1s\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"in\"\ntype = \"ingest\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n"
    );
    file(house.place.folder.path(), "house.toml", text);
    let (sender, reader) = (house.token("n8n", "ingest"), house.token("grafana", "read"));
    let running = crate::support::live(&house.config());
    wait_for("the door", || {
        crate::support::get(port, "/healthz").filter(|body| body.contains("ok"))
    });
    let send = |headers: &str| {
        let served = Served::at(format!("127.0.0.1:{port}"));
        let body = r#"{"id":"1","text":"acme is bad","posted_at":"2026-03-01T12:00:00Z"}"#;
        served.ask("POST /ingest/in", headers, body).0
    };
    assert_eq!((send(""), send(&bearer(&reader))), (401, 401));
    wait_for("the source", || (send(&bearer(&sender)) == 202).then_some(()));
    assert_eq!(running.terminate(), Some(0));
}
