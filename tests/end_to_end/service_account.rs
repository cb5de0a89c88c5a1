//! Does a service account log in to Google Play? Its claims are verified by Python's cryptography, and its
//! tokens end.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::polled::config;
use crate::support::{file, live, python_with, run, stderr, stdout, wait_for, wait_for_answer};

/// A server of tokens and reviews.
struct Google {
    process: Child,
    address: String,
    folder: tempfile::TempDir,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Drop for Google {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Google {
    /// One whose tokens live so long, and whose clock is so far ahead; nothing without Python's packages.
    fn start(life_s: u32, clock_s: i64) -> Option<Self> {
        let python = python_with(&["cryptography"])?;
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(&python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/token_server.py"));
        command.arg(folder.path()).args([life_s.to_string(), clock_s.to_string()]);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("python starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let first = lines.next().expect("a line").expect("UTF-8");
        let first: Value = serde_json::from_str(&first).expect("JSON");
        let address = first["address"].as_str().expect("an address").to_owned();
        let said: Arc<Mutex<Vec<Value>>> = Arc::default();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().expect("whole").push(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Some(Self { process, address, folder, said })
    }

    fn config(&self, package: &str, more: &str) -> PathBuf {
        let site = &self.address;
        let keys = format!(
            "preset = \"googleplay-reviews\"\ntoken_file = \"key.json\"\n{more}\
             set = {{ package = \"{package}\", api = \"{site}\", login = \"{site}\" }}\n"
        );
        config(self.folder.path(), &keys, "")
    }

    /// How many requests for tokens, and for reviews, were answered with a status.
    fn answered(&self, status: u16) -> (usize, usize) {
        let said = self.said.lock().expect("whole");
        let all: Vec<&Value> = said.iter().filter(|said| said["status"] == status).collect();
        let tokens = all.iter().filter(|said| said["path"] == "/token").count();
        (tokens, all.len() - tokens)
    }
}

fn tested(path: &Path) -> (Option<i32>, String) {
    let path = path.to_str().expect("UTF-8");
    let tested = run(&["sources", "test", "s", "--wait", "10s", "--config", path]);
    (tested.status.code(), stdout(&tested) + &stderr(&tested))
}

#[test]
fn reviews_come_with_tokens_that_are_renewed_before_they_end() {
    let Some(google) = Google::start(62, 0) else { return };
    // Of 62 seconds a minute is kept in reserve, so that each is used for two.
    let process = live(&google.config("com.example.app", "interval = \"300ms\"\n"));
    wait_for("the third token", || (google.answered(200).0 >= 3).then_some(()));
    let lake = google.folder.path().join("lake");
    wait_for_answer(&lake, "SELECT count(*) >= 2 FROM mentions", "true");
    assert_eq!(process.terminate(), Some(0));
    let (tokens, reviews) = google.answered(200);
    assert!(reviews > tokens, "a token is used more than once: {tokens} for {reviews}");
    assert_eq!((google.answered(400), google.answered(401)), ((0, 0), (0, 0)));
}

#[test]
fn a_server_with_another_clock_is_answered_by_its_own() {
    for clock_s in [-7_200, 7_200] {
        let Some(google) = Google::start(3_600, clock_s) else { return };
        let (code, said) = tested(&google.config("com.example.app", ""));
        assert_eq!(code, Some(0), "{clock_s}: {said}");
        assert!(said.contains("acme is slow"), "{clock_s}: {said}");
        assert_eq!(google.answered(400).0, 1, "{clock_s}: refused once");
    }
}

#[test]
fn what_is_wrong_with_a_key_is_said_without_a_word_of_it() {
    let Some(google) = Google::start(3_600, 0) else { return };
    let folder = google.folder.path();
    let key = std::fs::read_to_string(folder.join("key.json")).expect("a key");
    let path = google.config("com.example.app", "");
    let odd = key.replace("BEGIN PRIVATE KEY", "BEGIN A KEY");
    let rows = [
        (
            r#"{"installed": {"client_id": "1", "client_secret": "sesame"}}"#,
            "not the key of a service account",
        ),
        (
            r#"{"type": "authorized_user", "refresh_token": "sesame"}"#,
            "of the sort \"authorized_user\"",
        ),
        (r#"{"type": "service_account", "private_key": "sesame"#, "it is not JSON at line 1"),
        (odd.as_str(), "private_key is not PEM"),
    ];
    for (text, wanted) in rows {
        file(folder, "key.json", text);
        let (code, said) = tested(&path);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(wanted) && said.contains("Add key, JSON"), "{said}");
        assert!(!said.contains("sesame"), "{said}");
    }
    // A key that the account has no more, and an app that it may not see.
    let other = Google::start(3_600, 0).expect("Python");
    std::fs::copy(other.folder.path().join("key.json"), folder.join("key.json")).expect("a copy");
    let (code, said) = tested(&path);
    assert!(code == Some(2) && said.contains("make a new key"), "{said}");
    assert!(
        said.contains("resonanz@project.iam.gserviceaccount.com is refused: invalid_grant"),
        "{said}"
    );
    file(folder, "key.json", key);
    let (code, said) = tested(&google.config("com.other.app", ""));
    assert!(code == Some(2) && said.contains("Users and permissions"), "{said}");
}
