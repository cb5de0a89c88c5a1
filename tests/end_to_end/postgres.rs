//! Do PostgreSQL clients read a lake, and do nothing else? The real psql and psycopg.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::ask::lake;
use crate::support::{
    Killed, Place, copy, file, line, query, repository, resonanz, run, stderr, stdout, wait_for,
};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A lake that PostgreSQL clients can read.
pub(crate) struct Served {
    pub(crate) port: u16,
    pub(crate) log: tempfile::NamedTempFile,
    _process: Killed,
}

impl Served {
    pub(crate) fn new(lake: &Path, options: &[&str]) -> Self {
        let log = tempfile::NamedTempFile::new().expect("a file");
        let mut child = resonanz()
            .args(["serve", "-vv", "--listen", "127.0.0.1:0", "--postgres", "127.0.0.1:0"])
            .args(["--postgres-password-env", "LAKE_PASSWORD", "--lake"])
            .arg(lake)
            .args(options)
            .env("LAKE_PASSWORD", PASSWORD)
            .stdout(Stdio::piped())
            .stderr(log.reopen().expect("a log"))
            .spawn()
            .expect("the server starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut lines = lines.map(|line| line.expect("a line"));
        let line = lines.find(|line| line.contains("postgres://")).expect("where it listens");
        assert!(line.contains("postgres://resonanz@127.0.0.1:"), "{line}");
        let port = line.rsplit([':', '/']).nth(1).and_then(|port| port.parse().ok());
        Self { port: port.expect("a port"), log, _process: Killed(child) }
    }

    /// psql with some arguments; `None` if it is not installed.
    fn psql(&self, arguments: &[&str]) -> Option<Output> {
        psql(self.port, "resonanz", PASSWORD, arguments)
    }

    /// What psql prints for a statement; `None` if it is not installed.
    pub(crate) fn rows(&self, sql: &str) -> Option<String> {
        let output = self.psql(&["-At", "-c", sql])?;
        assert!(output.status.success(), "{sql}: {}", stderr(&output));
        Some(stdout(&output).trim_end().to_owned())
    }

    /// The SQLSTATE and the words of a refusal.
    pub(crate) fn refusal(&self, sql: &str) -> Option<String> {
        let output = self.psql(&["-At", "-v", "VERBOSITY=verbose", "-c", sql])?;
        assert!(!output.status.success(), "{sql}: {}", stdout(&output));
        Some(stderr(&output))
    }
}

pub(crate) fn psql(port: u16, user: &str, password: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new("psql")
        .args(["-X", "-h", "127.0.0.1", "-U", user, "-v", "ON_ERROR_STOP=1", "-p"])
        .arg(port.to_string())
        .args(arguments)
        .env("PGPASSWORD", password)
        .env_remove("PGOPTIONS")
        .output();
    let Ok(output) = output else {
        skipped("psql is not installed");
        return None;
    };
    Some(output)
}

fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

fn has(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted}\nnot in\n{text}");
    }
}

#[test]
fn psql_shows_tables_views_and_rows() {
    let served = Served::new(lake(), &[]);
    let Some(tables) = served.rows("\\dt") else { return };
    let listed: Vec<_> = tables.lines().filter_map(|line| line.split('|').nth(1)).collect();
    assert_eq!(listed, ["alerts", "mentions", "panes", "posts", "reviews", "triage"]);
    let views = served.rows("\\dv").expect("psql");
    has(&views, &["public|trends|view|", "public|alerts_now|view|"]);
    assert_eq!(views.lines().count(), ::resonanz::sql::View::all().count());
    let columns = served.rows("\\d mentions").expect("psql");
    has(
        &columns,
        &["posted_at|timestamp with time zone|", "score|double precision|", "text|text|"],
    );
    has(&served.rows("\\d trends").expect("psql"), &["mentions|bigint|"]);
    has(&served.rows("\\l").expect("psql"), &["resonanz|"]);
    has(&served.rows("\\dn").expect("psql"), &["public|"]);
    for (sql, wanted) in [
        ("SELECT sum(mentions) FROM trends WHERE topic = 'films'", "1774"),
        ("SELECT count(*) FROM public.mentions; -- all", "2957"),
        (
            "SELECT NULL, 1, -2.5::float8, true, 'a''b', DATE '2026-03-01'",
            "|1|-2.5|t|a'b|2026-03-01",
        ),
        ("SELECT TIMESTAMP WITH TIME ZONE '2026-03-01 12:00:00.5+02'", "2026-03-01 10:00:00.5"),
        ("SELECT sentiment('love it') > 0, matches('a phone', 'phone')", "t|t"),
        ("SELECT count(*) FROM mentions WHERE topic = ANY('{films,apex}')", "2041"),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW search_path", "public"),
        ("SELECT current_database(), current_schema(), current_user", "resonanz|public|resonanz"),
        ("SELECT version()", "PostgreSQL 16"),
        ("EXPLAIN SELECT 1", "logical_plan"),
        ("SET application_name = 'x'", "SET"),
        ("BEGIN", "BEGIN"),
        (";", ""),
    ] {
        let rows = served.rows(sql).expect("psql");
        assert!(rows.starts_with(wanted), "{sql}: {rows}");
    }
    let lake = lake().to_str().expect("UTF-8");
    let sql = "SELECT text, topic, score, reach FROM mentions ORDER BY posted_at, post_id, topic";
    let ours = run(&["query", "--format", "csv", "--lake", lake, sql]);
    let theirs = served.psql(&["--csv", "-c", sql]).expect("psql");
    let lines = |output: &Output| stdout(output).lines().count();
    assert_eq!(lines(&ours), lines(&theirs));
}

#[test]
fn psql_is_refused_with_a_code_a_place_and_a_hint() {
    let served = Served::new(lake(), &["--memory-mib", "32", "--timeout", "5s"]);
    let sort = "SELECT a.text FROM mentions a, mentions b, mentions c ORDER BY a.text || b.text";
    let endless = "SELECT count(DISTINCT value % 3) FROM generate_series(1, 100000000000)";
    for (sql, wanted) in [
        ("SELECT topc FROM mentions", &["42703: no column", "^", "HINT:  did you mean topic?"][..]),
        ("SELECT *\nFROM mention", &["42P01: ", "LINE 2: FROM mention", "did you mean mentions?"]),
        ("SELECT count(*) FRM mentions WHERE", &["42601: "]),
        ("SELECT matches(text, 'a AND (b') FROM mentions", &["22023: ", "never closed"]),
        ("SELECT 9223372036854775807 + 1", &["22003: out of the range of its type", "DOUBLE"]),
        ("SELECT sum(9223372036854775807) FROM mentions", &["22003: out of the range"]),
        ("INSERT INTO mentions (topic) VALUES ('x')", &["25006: only reading is possible"]),
        ("COPY mentions FROM STDIN", &["25006: "]),
        ("DECLARE c CURSOR FOR SELECT 1", &["25P01: "]),
        ("FETCH 1 FROM c", &["34000: "]),
        ("SELECT to_char(now(), 'YYYY Q')", &["0A000: ", "Q"]),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'", &["25006: "]),
        ("SELECT 1 INTO t", &["ERROR"]),
        ("SELECT 1; SELECT topc FROM mentions", &["42703: "]),
        ("SET datafusion.execution.batch_size = 1", &["42704: "]),
        ("SELECT * FROM '/etc/passwd'", &["42P01: "]),
        ("SELECT pg_read_file('/etc/passwd')", &["42883: "]),
        (sort, &["53200: more than 32 MiB"]),
        (endless, &["57014: not done within 5 s"]),
    ] {
        let Some(said) = served.refusal(sql) else { return };
        has(&said, wanted);
    }
    for (user, password, database, wanted) in [
        ("resonanz", "correct horse", "resonanz", "user or password is wrong"),
        ("postgres", PASSWORD, "resonanz", "user or password is wrong"),
        ("resonanz", PASSWORD, "postgres", "there is no such database"),
    ] {
        let output = psql(served.port, user, password, &["-d", database, "-c", "SELECT 1"]);
        let output = output.expect("psql");
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()), "{user}");
        has(&stderr(&output), &[wanted]);
    }
}

#[test]
fn a_connection_sees_the_newest_commit() {
    let place = Place::new();
    let posts =
        |ids: [&str; 2]| ids.map(|id| line(id, "2026-03-01T12:00:00Z", "acme is fine")).concat();
    assert!(
        place.reprocess(&file(place.folder.path(), "a.jsonl", posts(["1", "2"]))).status.success()
    );
    let later = file(place.folder.path(), "b.jsonl", posts(["3", "4"]).replace("03-01", "03-05"));
    let served = Served::new(&place.lake, &[]);
    let again = format!(
        "\\! {} reprocess {} --config {} --lake {} > /dev/null",
        env!("CARGO_BIN_EXE_resonanz"),
        later.display(),
        place.config.display(),
        place.lake.display()
    );
    let count = "SELECT count(*) FROM mentions";
    let Some(output) = served.psql(&["-At", "-c", count, "-c", &again, "-c", count]) else {
        return;
    };
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("2\n4\n", ""));
}

#[test]
fn a_running_engine_lets_clients_in() {
    let place = Place::new();
    let posts = line("1", "2026-03-01T12:00:00Z", "acme is fine");
    let posts = file(place.folder.path(), "posts.jsonl", posts);
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = free.expect("a free port").port();
    let secret = file(place.folder.path(), "secret", format!("{PASSWORD}\n"));
    let config = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"100ms\"\n[serve]\npostgres = \"127.0.0.1:{port}\"\n\
         postgres_user = \"kim\"\npostgres_password_file = \"{}\"\n\
         [[source]]\nname = \"a\"\ntype = \"file\"\npath = \"{}\"\nfollow = true\n\
         [[topic]]\nname = \"acme\"\nquery = \"acme\"\n",
        place.lake.display(),
        secret.display(),
        posts.display()
    );
    let config = file(place.folder.path(), "run.toml", config);
    let mut command = resonanz();
    command.arg("run").arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let _process = Killed(command.spawn().expect("it starts"));
    let sql = ["-d", "resonanz", "-At", "-c", "SELECT count(*) FROM mentions"];
    if psql(port, "kim", PASSWORD, &sql).is_none() {
        return;
    }
    wait_for("the first commit", || {
        let output = psql(port, "kim", PASSWORD, &sql).expect("psql");
        (stdout(&output) == "1\n").then_some(())
    });
}

#[test]
fn nothing_starts_without_a_password() {
    let lake = lake().to_str().expect("UTF-8");
    let folder = tempfile::tempdir().expect("a folder");
    let short = file(folder.path(), "short", "1234567\n");
    let short = short.to_str().expect("UTF-8");
    let serve =
        |options: &[&str]| run(&[&["serve", "--lake", lake, "--postgres"], options].concat());
    for (options, wanted) in [
        (&["127.0.0.1:0"][..], "postgres needs a password"),
        (&["127.0.0.1:0", "--postgres-password-env", "NO_SUCH"], "NO_SUCH is not set"),
        (&["127.0.0.1:0", "--postgres-password-file", short], "fewer than 8 characters"),
        (&["127.0.0.1:0", "--postgres-password-file", "/no/such"], "/no/such: "),
        (&["0.0.0.0:0", "--postgres-password-file", short], "without encryption"),
    ] {
        let output = serve(options);
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        has(&stderr(&output), &[wanted, "hint: "]);
        assert!(!stderr(&output).contains("1234567"));
    }
    let config = |serve: &str| {
        let config = file(folder.path(), "c.toml", format!("[serve]\n{serve}\n"));
        run(&["check", "--config", config.to_str().expect("UTF-8")])
    };
    for (text, wanted) in [
        ("postgres = \"127.0.0.1:0\"", "postgres needs a password"),
        ("postgres = \"127.0.0.1:0\"\npostgres_password_env = \"NO_SUCH\"", "NO_SUCH is not set"),
    ] {
        let output = config(text);
        assert_eq!(output.status.code(), Some(2), "{text}");
        has(&stderr(&output), &[wanted, "hint: "]);
    }
}

#[test]
fn psql_copies_fetches_and_sends_several_statements() {
    let served = Served::new(lake(), &[]);
    let Some(rows) = served.rows("SELECT 1; SELECT 'two;'; -- three") else { return };
    assert_eq!(rows, "1\ntwo;");
    let rows = served.rows("COPY (SELECT topic, NULL, E'a\\tb' FROM mentions LIMIT 1) TO STDOUT");
    assert!(rows.expect("psql").ends_with("\t\\N\ta\\tb"));
    let sql = "BEGIN; DECLARE c CURSOR FOR SELECT n FROM generate_series(1, 10) AS t(n) ORDER BY n; \
               FETCH 2 FROM c; MOVE 3 FROM c; FETCH NEXT FROM c; FETCH ALL c; CLOSE c; COMMIT";
    let rows = served.rows(sql).expect("psql");
    let numbers: Vec<_> = rows.lines().filter(|line| line.parse::<u8>().is_ok()).collect();
    assert_eq!(numbers, ["1", "2", "6", "7", "8", "9", "10"], "{rows}");
}

#[test]
fn drivers_read_a_lake() {
    let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
    let served = Served::new(lake(), &["--concurrent", "4"]);
    let script = repository("tests/end_to_end/postgres_drivers.py");
    let output =
        Command::new(python).arg(script).arg(served.port.to_string()).arg(PASSWORD).output();
    let Ok(output) = output else { return skipped("there is no Python") };
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    stdout(&output).lines().filter(|line| line.starts_with("skipped")).for_each(skipped);
}

#[test]
fn psycopg_and_what_grafana_and_metabase_send_are_answered() {
    let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
    let known = Command::new(&python).args(["-c", "import psycopg"]).output();
    if !known.is_ok_and(|known| known.status.success()) {
        skipped("RESONANZ_PYTHON names no Python with psycopg");
        return;
    }
    let copied = tempfile::tempdir().expect("a folder");
    copy(lake(), copied.path());
    let before = query(copied.path(), "SELECT count(*), sum(reach) FROM mentions");
    let served = Served::new(copied.path(), &["--concurrent", "4"]);
    let script = repository("tests/end_to_end/postgres_client.py");
    let output =
        Command::new(python).arg(script).arg(served.port.to_string()).arg(PASSWORD).output();
    let output = output.expect("Python runs");
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).ends_with("done\n"));
    assert_eq!(query(copied.path(), "SELECT count(*), sum(reach) FROM mentions"), before);
    let log = std::fs::read_to_string(served.log.path()).expect("a log");
    assert!(!log.contains("panicked") && !log.contains(PASSWORD), "{log}");
}
