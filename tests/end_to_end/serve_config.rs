//! Does `serve` hold to what `[serve]` of a configuration says, where no option says otherwise?

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::ask::lake;
use crate::postgres::{PASSWORD, psql};
use crate::sql_http::Served;
use crate::support::{Killed, file, get, resonanz, run, stderr, stdout, wait_for};

const LONG: &str = "SELECT count(DISTINCT value % 3) FROM generate_series(1, 100000000000)";

fn config(folder: &Path, more: &str) -> std::path::PathBuf {
    file(folder, "password", PASSWORD);
    let text = format!(
        "[lake]\npath = \"{}\"\n[serve]\nlisten = \"127.0.0.1:0\"\n{more}\n\
         [[topic]]\nname = \"apex\"\nquery = \"apex\"\n",
        lake().display()
    );
    file(folder, "resonanz.toml", text)
}

/// The port for PostgreSQL clients and their user, if they are let in.
fn served(folder: &Path, options: &[&str]) -> Option<(Killed, u16, String)> {
    let mut child = resonanz()
        .args(["serve", "--config", "resonanz.toml"])
        .args(options)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut line = || lines.next().expect("a line").expect("UTF-8");
    let first = line();
    assert!(first.starts_with("serving "));
    if options.contains(&"--no-postgres") {
        // A door is told before anything is answered.
        let port = first.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        wait_for("an answer", || get(port, "/api/v1/topics"));
        drop(Killed(child));
        assert!(lines.next().is_none(), "a door was opened");
        return None;
    }
    let line = line();
    let named = line.strip_prefix("and on postgres://").expect("PostgreSQL clients are let in");
    let (user, address) = named.split_once('@').expect("a user");
    let port = address.rsplit([':', '/']).nth(1).and_then(|port| port.parse().ok());
    Some((Killed(child), port.expect("a port"), user.to_owned()))
}

#[test]
fn postgresql_clients_come_in_as_the_configuration_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    config(
        folder,
        "postgres = \"127.0.0.1:0\"\npostgres_user = \"kim\"\npostgres_password_file = \"password\"\n\
         sql_timeout = \"1s\"",
    );
    let (_process, port, user) = served(folder, &[]).expect("a door");
    assert_eq!(user, "kim");
    let ask = ["-d", "resonanz", "-At", "-c"];
    let counted =
        psql(port, "kim", PASSWORD, &[&ask[..], &["SELECT count(*) > 0 FROM mentions"]].concat());
    let Some(counted) = counted else { return };
    assert_eq!(stdout(&counted), "t\n", "{}", stderr(&counted));
    let late = psql(port, "kim", PASSWORD, &[&ask[..], &[LONG]].concat()).expect("psql");
    assert!(stderr(&late).contains("within 1 s"), "{}", stderr(&late));

    // An option says otherwise for this process: another address with the same password, or none.
    let other = ["--postgres", "127.0.0.1:0", "--postgres-user", "ada"];
    let (_process, port, user) = served(folder, &other).expect("a door");
    let counted = psql(port, "ada", PASSWORD, &[&ask[..], &["SELECT 1"]].concat()).expect("psql");
    assert_eq!((user.as_str(), stdout(&counted).as_str()), ("ada", "1\n"));
    assert!(served(folder, &["--no-postgres"]).is_none());

    // Beside a process of the same configuration.
    let there = format!("postgres = \"127.0.0.1:{port}\"\npostgres_password_file = \"password\"");
    let beside = config(folder, &there);
    let refused = run(&["serve", "--config", beside.to_str().expect("UTF-8")]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--no-postgres"), "{}", stderr(&refused));
    let none = run(&["serve", "--config", beside.to_str().expect("UTF-8"), "--concurrent", "0"]);
    assert!(
        none.status.code() == Some(2) && stderr(&none).contains("need a query at once"),
        "{}",
        stderr(&none)
    );
}

#[test]
fn queries_have_the_limits_of_the_configuration_until_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = config(folder.path(), "sql_timeout = \"1s\"");
    let serve = |options: &[&str]| {
        let mut command = resonanz();
        command.args(["serve", "--config"]).arg(&place).args(options);
        Served::start(command)
    };
    let ours = serve(&[]);
    let (status, problem) = ours.sql(LONG);
    assert!(status == 422 && problem.to_string().contains("within 1 s"), "{problem}");
    let (status, problem) = serve(&["--timeout", "2s"]).sql(LONG);
    assert!(status == 422 && problem.to_string().contains("within 2 s"), "{problem}");

    config(folder.path(), "sql_timeout = \"3s\"");
    let (status, _, taken) = ours.ask("POST /api/v1/reload", "", "");
    let taken: Value = serde_json::from_slice(&taken.expect("whole")).expect("JSON");
    assert_eq!(status, 200, "{taken}");
    assert!(
        taken["warnings"].to_string().contains("sql_* takes effect at the next start"),
        "{taken}"
    );
    let (_, problem) = ours.sql(LONG);
    assert!(problem.to_string().contains("within 1 s"), "{problem}");

    // Off, as the configuration says.
    config(folder.path(), "sql_concurrent = 0");
    assert_eq!(serve(&[]).sql("SELECT 1").0, 503);
    assert_eq!(serve(&["--concurrent", "1"]).sql("SELECT 1").0, 200);
}

#[test]
fn verdicts_are_explained_by_the_scorer_of_the_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "own.tsv", "blorptag\t-3.5\n");
    let text = format!(
        "[lake]\npath = \"{}\"\n[sentiment]\nlexicons = [\"{}\"]\n",
        lake().display(),
        folder.path().join("own.tsv").display()
    );
    let place = file(folder.path(), "own.toml", text);
    let score = |options: &[&std::ffi::OsStr]| {
        let mut command = resonanz();
        command.arg("serve").arg("--lake").arg(lake()).args(options);
        let json = "content-type: application/json\r\n";
        let served = Served::start(command);
        let (status, _, body) =
            served.ask("POST /api/v1/score", json, "{\"text\": \"what a blorptag\"}");
        assert_eq!(status, 200);
        let told: Value = serde_json::from_slice(&body.expect("whole")).expect("JSON");
        told["polarity"].as_str().expect("a verdict").to_owned()
    };
    assert_eq!(score(&[]), "neutral");
    assert_eq!(score(&["--config".as_ref(), place.as_os_str()]), "negative");
}
