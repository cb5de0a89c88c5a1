//! Do tokens stay valid? A server of ours takes each refresh token once, is slow, refuses, and is asked
//! by processes that are killed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::polled::{ago, config};
use crate::scripted::{Asked, Log, Reply, count, serve};
use crate::support::{
    file, free_port, get, live, resonanz, run, stderr, stdout, wait_for, wait_for_answer,
};

/// A server that gives tokens: of which refresh tokens it takes the latest, and the one before as long
/// as the latest was not shown.
#[derive(Default)]
struct Tokens {
    latest: u32,
    /// Whether a token that was given is lost with its answer.
    is_shown: bool,
    refused: u32,
}

impl Tokens {
    fn exchange(&mut self, asked: &Asked) -> Reply {
        let given = asked.field("refresh_token").unwrap_or_default();
        let known = given.strip_prefix('r').and_then(|number| number.parse::<u32>().ok());
        match known {
            Some(known) if known == self.latest => {
                (self.latest, self.is_shown) = (known + 1, false)
            }
            // The answer with the latest was lost.
            Some(known) if known + 1 == self.latest && !self.is_shown => {}
            _ => {
                self.refused += 1;
                let body = json!({"error": "invalid_grant", "error_description": given});
                return Reply::Raw("400 Bad Request", String::new(), body.to_string());
            }
        }
        Reply::Json(json!({
            "access_token": format!("a{}", self.latest), "token_type": "bearer",
            "refresh_token": format!("r{}", self.latest), "expires_in": 61,
        }))
    }

    fn list(&mut self, asked: &Asked) -> Reply {
        // Tokens of an hour work on when there are others.
        let shown =
            asked.head.lines().find_map(|line| line.strip_prefix("authorization: bearer a"));
        let shown = shown.and_then(|number| number.trim().parse::<u32>().ok());
        if shown.is_none_or(|shown| shown == 0 || shown > self.latest) {
            return Reply::Raw("401 Unauthorized", String::new(), String::new());
        }
        self.is_shown |= shown == Some(self.latest);
        let post =
            json!({"id": self.latest.to_string(), "text": "acme", "at": format!("{}Z", ago(0))});
        Reply::Json(json!({"posts": [post]}))
    }
}

/// Serves tokens and posts; `slow` is how long an exchange takes.
fn rotating(slow: Duration) -> (String, Log, Arc<Mutex<Tokens>>) {
    let tokens = Arc::new(Mutex::new(Tokens::default()));
    let own = Arc::clone(&tokens);
    let (site, log) = serve(move |asked| {
        if asked.path.starts_with("/token") {
            let reply = own.lock().expect("tokens").exchange(asked);
            // Nobody ever sends.
            let (_sender, never) = std::sync::mpsc::sync_channel::<()>(0);
            let _ = never.recv_timeout(slow);
            return reply;
        }
        own.lock().expect("tokens").list(asked)
    });
    (site, log, tokens)
}

/// A preset whose tokens rotate, and the keys of a source with it.
fn rotating_source(folder: &Path, site: &str) -> String {
    let text = "about = \"a test\"\ninterval = \"200ms\"\nneeds.site = \"the server\"\nneeds.client = \"an app\"\n\
        [token]\nabout = \"a refresh token\"\n\
        [login]\nurl = \"{site}/token\"\naccess = \"/access_token\"\nexpires = \"/expires_in\"\nrefresh = \"/refresh_token\"\n\
        form = { grant_type = \"refresh_token\", refresh_token = \"{token}\", client_id = \"{client}\" }\n\
        [list]\nurl = \"{site}/list\"\nitems = \"/posts\"\norder = \"newest\"\n\
        headers = { Authorization = \"Bearer {access}\" }\n\
        [[post]]\nname = \"post\"\nkind = \"original\"\n\
        fields = { id = \"/id\", text = \"/text\", posted_at = \"/at\" }\n";
    file(folder, "own.toml", text);
    format!(
        "preset = \"own.toml\"\ntoken_file = \"token\"\nset = {{ site = \"{site}\", client = \"c\" }}\n"
    )
}

fn kept(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("token")).expect("a token").trim().to_owned()
}

fn is_exchange(asked: &Asked) -> bool {
    asked.path.starts_with("/token")
}

fn exchanges(log: &Log) -> usize {
    log.lock().expect("a log").iter().filter(|asked| is_exchange(asked)).count()
}

#[test]
fn a_token_that_is_taken_once_is_followed_by_the_next_over_kills_at_any_point() {
    let (site, log, tokens) = rotating(Duration::ZERO);
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "token", "r0\n");
    let path = config(folder.path(), &rotating_source(folder.path(), &site), "");
    let test = |point: &str| {
        let mut command = resonanz();
        command.args(["sources", "test", "s", "--wait", "3s", "--config"]).arg(&path);
        command.env("RESONANZ_CRASH_AT", point).output().expect("the binary runs")
    };
    for point in ["token-answered", "file-drafted", "token-answered"] {
        let before = (kept(folder.path()), exchanges(&log));
        assert_eq!(test(point).status.code(), None, "{point} breaks off");
        assert_eq!((kept(folder.path()), exchanges(&log)), (before.0, before.1 + 1), "{point}");
    }
    let tested = test("");
    assert!(tested.status.success(), "{}", stderr(&tested));
    let lake = folder.path().join("lake");
    let process = live(&path);
    let shown = exchanges(&log);
    wait_for("more exchanges", || (exchanges(&log) >= shown + 3).then_some(()));
    drop(process);
    let process = live(&path);
    let shown = exchanges(&log);
    wait_for("more exchanges", || (exchanges(&log) >= shown + 2).then_some(()));
    wait_for_answer(&lake, "SELECT count(*) > 3 FROM mentions", "true");
    assert_eq!(process.terminate(), Some(0));
    let tokens = tokens.lock().expect("tokens");
    assert_eq!(kept(folder.path()), format!("r{}", tokens.latest));
    assert_eq!(tokens.refused, 0, "none was shown twice");
    let mode = std::fs::metadata(folder.path().join("token")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_slow_answer_is_kept_though_the_process_is_told_to_end() {
    let (site, log, _) = rotating(Duration::from_secs(1));
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "token", "r0");
    let process = live(&config(folder.path(), &rotating_source(folder.path(), &site), ""));
    wait_for("an exchange", || (exchanges(&log) == 1).then_some(()));
    assert_eq!(process.terminate(), Some(0));
    assert_eq!(kept(folder.path()), "r1");
}

#[test]
fn what_is_no_token_never_takes_the_place_of_one() {
    for wrong in ["", "two words", "line\r\nbreak", "k\u{e4}se", &"x".repeat(1 << 20)] {
        let wrong = wrong.to_owned();
        let (site, log) = serve(move |asked| match asked.path.starts_with("/token") {
            true => Reply::Json(json!({"access_token": "a", "refresh_token": wrong})),
            false => Reply::Json(json!({"posts": []})),
        });
        let folder = tempfile::tempdir().expect("a folder");
        file(folder.path(), "token", "r0");
        let path = config(folder.path(), &rotating_source(folder.path(), &site), "");
        let tested = run(&[
            "sources",
            "test",
            "s",
            "--wait",
            "1s",
            "--config",
            path.to_str().expect("UTF-8"),
        ]);
        assert_eq!(exchanges(&log), 1, "{}{}", stdout(&tested), stderr(&tested));
        assert_eq!(kept(folder.path()), "r0");
    }
}

#[test]
fn sources_that_share_a_token_take_turns() {
    let (site, log, tokens) = rotating(Duration::ZERO);
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "token", "r0");
    let keys = rotating_source(folder.path(), &site);
    let second = format!("{keys}[[source]]\nname = \"t\"\ntype = \"poll\"\n{keys}");
    let process = live(&config(folder.path(), &second, ""));
    wait_for("exchanges of both", || (exchanges(&log) >= 8).then_some(()));
    assert_eq!(process.terminate(), Some(0));
    let tokens = tokens.lock().expect("tokens");
    assert_eq!((tokens.refused, kept(folder.path())), (0, format!("r{}", tokens.latest)));
}

#[test]
fn a_token_that_cannot_be_written_works_on_and_one_that_was_taken_back_says_what_to_do() {
    let (site, log, tokens) = rotating(Duration::ZERO);
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "token", "r0");
    let keys = rotating_source(folder.path(), &site);
    let path = config(folder.path(), &keys, "");
    // The disk is full for the first write, and for no other.
    let mut command = resonanz();
    command.args(["sources", "test", "s", "--wait", "8s", "--config"]).arg(&path);
    command.env("RESONANZ_CRASH_AT", "disk:1:1").stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("the binary runs").success());
    assert!(exchanges(&log) > 1, "the token in memory is exchanged as well");
    {
        let tokens = tokens.lock().expect("tokens");
        assert_eq!((tokens.refused, kept(folder.path())), (0, format!("r{}", tokens.latest)));
    }
    file(folder.path(), "token", "r99");
    let tested = run(&["sources", "test", "s", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(tested.status.code(), Some(2), "{}", stdout(&tested));
    let said = stderr(&tested);
    assert!(said.contains("the login is refused: invalid_grant"), "{said}");
    assert!(said.contains("log in anew") && !said.contains("r99"), "{said}");

    let listed = keys.replace("token_file = \"token\"", "token_env = \"ROTATING\"");
    let path = config(folder.path(), &listed, "");
    let mut check = resonanz();
    let checked = check.arg("check").arg("--config").arg(&path).env("ROTATING", "r0").output();
    let checked = checked.expect("the binary runs");
    let said = stderr(&checked);
    assert!(checked.status.success() && said.contains("the one in ROTATING"), "{said}");
    assert!(said.contains("token_file"), "{said}");
}

/// A file that is so many days old.
fn old(folder: &Path, name: &str, text: &str, days: u64) -> PathBuf {
    let path = file(folder, name, text);
    let written = SystemTime::now() - Duration::from_secs(days * 86_400);
    let opened = std::fs::File::options().write(true).open(&path).expect("a file");
    opened.set_modified(written).expect("a time");
    path
}

#[test]
fn a_token_of_threads_is_renewed_halfway_and_one_that_is_refused_works_until_it_ends() {
    let (site, log) = serve(|asked| {
        if asked.path.starts_with("/refresh_access_token") {
            assert_eq!(asked.parameter("grant_type").as_deref(), Some("th_refresh_token"));
            if asked.parameter("access_token").as_deref() == Some("stuck") {
                let body = json!({"error": {"message": "no", "code": 190}}).to_string();
                return Reply::Raw("400 Bad Request", String::new(), body);
            }
            return Reply::Json(
                json!({"access_token": "fresh", "token_type": "bearer", "expires_in": 5_183_944}),
            );
        }
        let token = asked.head.lines().find_map(|line| line.strip_prefix("authorization: bearer "));
        let token = token.unwrap_or_default().trim();
        let post = json!({
            "id": token, "text": format!("acme by {token}"), "timestamp": format!("{}+0000", ago(1)),
            "username": "ann", "permalink": "https://www.threads.com/@ann/post/1",
        });
        Reply::Json(json!({"data": [post]}))
    });
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    let stale = old(folder.path(), "stale", "stale\n", 40);
    old(folder.path(), "stuck", "stuck\n", 55);
    old(folder.path(), "young", "young\n", 20);
    let source = |name: &str| {
        format!(
            "preset = \"threads\"\ntoken_file = \"{name}\"\nset = {{ api = \"{site}\", query = \"acme\" }}\n"
        )
    };
    let more =
        |name: &str| format!("[[source]]\nname = \"{name}\"\ntype = \"poll\"\n{}", source(name));
    let sources = source("stale") + &more("stuck") + &more("young");
    let serving = format!("[serve]\nlisten = \"127.0.0.1:{port}\"");
    let _process = live(&config(folder.path(), &sources, &serving));
    let lake = folder.path().join("lake");
    let texts = "acme by fresh\nacme by stuck\nacme by young";
    wait_for_answer(&lake, "SELECT text FROM mentions ORDER BY text", texts);
    assert_eq!(std::fs::read_to_string(&stale).expect("a token"), "fresh\n");
    let days_left = |place: usize| {
        let sources = get(port, "/api/v1/sources").expect("an answer");
        let sources: Value = serde_json::from_str(&sources).expect("JSON");
        let ends = sources[place]["token_expires"].as_str().expect("a time").to_owned();
        let ends: jiff::Timestamp = ends.parse().expect("a time");
        ends.duration_since(jiff::Timestamp::now()).as_hours() / 24
    };
    assert_eq!([days_left(0), days_left(1), days_left(2)], [59, 4, 39]);
    let renewals = log.lock().expect("a log").clone();
    let renewals = renewals.iter().filter(|asked| asked.path.starts_with("/refresh")).count();
    assert_eq!((renewals, count(&log)), (2, 5), "the young one is left alone");
}

#[test]
fn a_token_of_instagrams_own_login_is_renewed_and_the_feed_goes_on_with_it() {
    let (site, log) = serve(|asked| {
        if asked.path.starts_with("/refresh_access_token") {
            assert_eq!(asked.parameter("grant_type").as_deref(), Some("ig_refresh_token"));
            assert_eq!(asked.parameter("access_token").as_deref(), Some("stale"));
            return Reply::Json(json!({"access_token": "fresh", "expires_in": 5_184_000}));
        }
        Reply::Json(json!({"data": []}))
    });
    let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
    let token = old(folder.path(), "token", "stale", 40);
    file(folder.path(), "secret", "sesame");
    let text = format!(
        "[lake]\npath = \"lake\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"ig\"\ntype = \"meta\"\nlogin = \"instagram\"\ngraph = \"{site}/v25.0\"\n\
         secret_file = \"secret\"\nverify_token_file = \"secret\"\ntoken_file = \"token\"\n\
         page = \"5\"\npoll = \"1s\"\n"
    );
    let _process = live(&file(folder.path(), "run.toml", text));
    wait_for("a question with the next token", || {
        let log = log.lock().expect("a log");
        let bears = |asked: &Asked| asked.head.contains("authorization: bearer fresh");
        log.iter().any(bears).then_some(())
    });
    assert_eq!(std::fs::read_to_string(token).expect("a token"), "fresh\n");
    let renewals = log.lock().expect("a log").clone();
    let renewals = renewals.iter().filter(|asked| asked.path.starts_with("/refresh")).count();
    assert_eq!(renewals, 1);
}
