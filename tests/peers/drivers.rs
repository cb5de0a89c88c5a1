//! Do the drivers of other languages read a lake? pgjdbc, psqlODBC and node-postgres, as they are installed.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::support::{Killed, Place, repository, resonanz, stderr, stdout};

const PASSWORD: &str = "correct horse battery";

/// The bundled archive, made once.
fn lake() -> &'static Place {
    static PLACE: LazyLock<Place> = LazyLock::new(|| {
        let place = Place { config: repository("data/demo.toml"), ..Place::new() };
        assert!(place.reprocess(&repository("data/archive.jsonl.zst")).status.success());
        place
    });
    &PLACE
}

/// A lake that PostgreSQL clients can read, and its port.
fn served() -> (Killed, String) {
    let mut command = resonanz();
    command.args(["serve", "--listen", "127.0.0.1:0", "--postgres", "127.0.0.1:0"]);
    command.args(["--postgres-password-env", "LAKE_PASSWORD", "--concurrent", "4", "--lake"]);
    command.arg(&lake().lake).env("LAKE_PASSWORD", PASSWORD).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the server starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("postgres://")));
    let line = line.expect("where it listens");
    let port = line.rsplit([':', '/']).nth(1).expect("a port").to_owned();
    (Killed(child), port)
}

/// What a client of ours finds wrong.
fn asks(command: &mut Command, needs: &str) {
    let (_server, port) = served();
    let output = command.args([port.as_str(), PASSWORD]).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; {needs}"));
    assert!(output.status.success(), "{needs}\n{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).ends_with("done\n"), "{}", stdout(&output));
}

#[test]
fn pgjdbc_reads_a_lake() {
    let mut command = Command::new("java");
    command.args(["-cp", "/usr/share/java/postgresql.jar"]);
    command.arg(repository("tests/peers/drivers/Jdbc.java"));
    asks(&mut command, "apt-get install default-jdk-headless libpostgresql-jdbc-java");
}

#[test]
fn psqlodbc_reads_a_lake() {
    let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    command.arg(repository("tests/peers/drivers/odbc.py"));
    asks(&mut command, "apt-get install odbc-postgresql unixodbc; pip install pyodbc");
}

#[test]
fn node_postgres_reads_a_lake() {
    let modules = std::env::var_os("RESONANZ_NODE_MODULES").map_or_else(
        || {
            PathBuf::from(std::env::var_os("HOME").unwrap_or_default())
                .join(".cache/resonanz/node/node_modules")
        },
        PathBuf::from,
    );
    let mut command = Command::new("node");
    command.arg(repository("tests/peers/drivers/node.mjs")).env("NODE_PATH", modules);
    asks(&mut command, "npm install pg pg-cursor, and RESONANZ_NODE_MODULES names the folder");
}
