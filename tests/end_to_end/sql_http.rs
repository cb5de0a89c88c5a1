//! Does SQL over HTTP answer as documented? A served lake, asked over plain sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use arrow::ipc::reader::StreamReader;
use serde_json::Value;

use crate::ask::lake;
use crate::support::{
    Killed, Place, file, line, query, resonanz, run, serving, stderr, stdout, wait_for,
};

pub(crate) struct Served {
    pub(crate) address: String,
    /// None where another test runs it.
    process: Option<Killed>,
}

impl Served {
    pub(crate) fn new(options: &[&str]) -> Self {
        let mut command = resonanz();
        command.arg("serve").arg("--lake").arg(lake()).args(options);
        Self::start(command)
    }

    /// Waits until a command serves.
    pub(crate) fn start(mut command: Command) -> Self {
        let (process, url) = serving(&mut command);
        let address = url.rsplit('/').next().expect("an address").to_owned();
        Self { address, process: Some(process) }
    }

    /// One that runs already.
    pub(crate) fn at(address: String) -> Self {
        Self { address, process: None }
    }

    /// Its id.
    pub(crate) fn process(&self) -> u32 {
        self.process.as_ref().map_or(0, |process| process.0.id())
    }

    /// Asks it to end, and waits.
    pub(crate) fn terminate(self) {
        let process = self.process.expect("it was started here");
        assert_eq!(process.terminate(), Some(0));
    }

    pub(crate) fn send(&self, request: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        let head = format!(
            "{request} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n",
            self.address
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("sent");
        stream
    }

    /// Status, head, and the body if it came whole.
    pub(crate) fn ask(
        &self,
        request: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String, Option<Vec<u8>>) {
        let mut bytes = Vec::new();
        self.send(request, headers, body).read_to_end(&mut bytes).expect("answered");
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let body = &bytes[end + 4..];
        let chunked = head.contains("transfer-encoding: chunked");
        (status, head, if chunked { joined(body) } else { Some(body.to_vec()) })
    }

    /// Status, head and body of an answer to bytes, of which not all may be taken.
    pub(crate) fn send_bytes(
        &self,
        request: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        let head = format!(
            "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, head, bytes[end + 4..].to_vec())
    }

    pub(crate) fn sql(&self, sql: &str) -> (u16, Value) {
        let (status, _, body) = self.ask("POST /api/v1/sql", "", sql);
        (status, serde_json::from_slice(&body.expect("the whole body")).expect("JSON"))
    }
}

/// The chunks of a body; `None` if the last is missing.
fn joined(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(body.get(end + 2..end + 2 + size)?);
        body = body.get(end + 4 + size..)?;
    }
}

#[test]
fn sql_is_answered_in_four_formats() {
    let served = Served::new(&[]);
    let sql = "SELECT topic, sum(mentions) AS n FROM trends GROUP BY topic ORDER BY n DESC LIMIT 2";
    let want = "topic,n\nfilms,1774\napex,267\n";
    let (status, rows) = served.sql(sql);
    assert_eq!(
        (status, rows[0]["n"].as_i64(), rows[1]["topic"].as_str()),
        (200, Some(1774), Some("apex"))
    );

    let path = format!("GET /api/v1/sql?format=csv&q={}", sql.replace(' ', "+"));
    let (status, head, body) = served.ask(&path, "", "");
    assert_eq!((status, body.as_deref()), (200, Some(want.as_bytes())));
    assert!(head.contains("content-type: text/csv"), "{head}");

    let json = serde_json::json!({"sql": sql}).to_string();
    let headers = "content-type: application/json\r\naccept: text/csv\r\n";
    assert_eq!(served.ask("POST /api/v1/sql", headers, &json).2.as_deref(), Some(want.as_bytes()));

    // Excel opens it as it is: a mark, semicolons and commas in German, and no text that it would run.
    let sheet = "SELECT -0.5 AS number, '=1+1' AS text, TIMESTAMP '2026-03-04 14:06:30' AS at";
    for (lang, wanted) in [
        ("de", "number;text;at\r\n-0,5;'=1+1;2026-03-04 14:06:30\r\n"),
        ("en", "number,text,at\r\n-0.5,'=1+1,2026-03-04 14:06:30\r\n"),
    ] {
        let path = format!("POST /api/v1/sql?format=excel&lang={lang}");
        let (status, head, body) = served.ask(&path, "", sheet);
        let body = String::from_utf8(body.expect("whole")).expect("UTF-8");
        assert_eq!((status, body.as_str()), (200, format!("\u{feff}{wanted}").as_str()));
        assert!(head.contains("attachment; filename=\"resonanz.csv\""), "{head}");
    }
    assert_eq!(served.ask("POST /api/v1/sql?format=excel&lang=fr", "", sheet).0, 400);

    let headers = "accept: application/vnd.apache.arrow.stream\r\n";
    let all = "SELECT text FROM mentions";
    let body = served.ask("POST /api/v1/sql", headers, all).2.expect("the whole body");
    let batches = StreamReader::try_new(body.as_slice(), None).expect("an Arrow stream");
    assert_eq!(batches.map(|batch| batch.expect("rows").num_rows()).sum::<usize>(), 2957);

    let (_, nulls) = served.sql("SELECT NULL AS a, 1 AS b, CAST(NULL AS text) AS c");
    assert_eq!(nulls, serde_json::json!([{"a": null, "b": 1, "c": null}]));
    let place = lake().to_str().expect("UTF-8");
    let printed = run(&["query", "--format", "json", "--lake", place, "SELECT NULL AS a, 1 AS b"]);
    assert_eq!(stdout(&printed), "[{\"a\":null,\"b\":1}]\n");

    let (status, none) = served.sql("SELECT topic FROM mentions WHERE false");
    assert_eq!((status, none), (200, serde_json::json!([])));
}

#[test]
fn errors_are_json_with_place_and_hint() {
    let served = Served::new(&["--timeout", "3s", "--memory-mib", "32"]);
    let (status, error) = served.sql("SELECT topic,\n topc FROM mentions");
    assert_eq!(status, 400);
    assert_eq!((error["line"].as_u64(), error["column"].as_u64()), (Some(2), Some(2)), "{error}");
    assert_eq!(error["hint"], "did you mean topic?");
    for sql in ["DROP TABLE mentions", "COPY (SELECT 1) TO 'x'", "SELECT 1; SELECT 2", ""] {
        assert_eq!(served.sql(sql).0, 400, "{sql}");
    }
    for (sql, want) in [
        (
            "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t",
            "not done within 3 s",
        ),
        (
            "SELECT a.text FROM mentions a, mentions b, mentions c ORDER BY a.text || b.text",
            "32 MiB",
        ),
    ] {
        let (status, error) = served.sql(sql);
        assert_eq!(status, 422, "{sql}");
        assert!(error["detail"].as_str().is_some_and(|error| error.contains(want)), "{error}");
    }
    // What fails behind the first rows breaks off: a part never passes for the whole.
    let (status, _, body) =
        served.ask("POST /api/v1/sql", "", "SELECT * FROM generate_series(1, 100000000000)");
    assert_eq!((status, body), (200, None));
    for (request, body) in [
        ("GET /api/v1/sql", ""),
        ("GET /api/v1/sql?q=SELECT+1&format=xml", ""),
        ("GET /api/v1/sql?query=SELECT+1", ""),
    ] {
        assert_eq!(served.ask(request, "", body).0, 400, "{request}");
    }
    let json = "content-type: application/json\r\n";
    assert_eq!(served.ask("POST /api/v1/sql", json, "{\"sq\":\"\"}").0, 400);
}

#[test]
fn more_queries_than_allowed_are_turned_away_until_one_ends() {
    let served = Served::new(&["--concurrent", "1"]);
    let endless = "SELECT * FROM generate_series(1, 100000000000)";
    let mut first = served.send("POST /api/v1/sql", "", endless);
    first.read_exact(&mut [0; 64]).expect("rows come");
    let (status, head, _) = served.ask("POST /api/v1/sql", "", "SELECT 1");
    assert!(status == 503 && head.contains("retry-after: 1"), "{head}");
    drop(first);
    wait_for("the place to be free", || (served.sql("SELECT 1").0 == 200).then_some(()));
}

#[test]
fn trends_are_answered_within_the_limits_of_sql_and_where_it_is_switched_off() {
    let served = Served::new(&["--concurrent", "0"]);
    let (status, _, _) = served.ask("GET /api/v1/trends?step=1d", "", "");
    assert_eq!(status, 200);
    assert_eq!(served.sql("SELECT 1").0, 503);
    let served = Served::new(&["--memory-mib", "0"]);
    let alert = query(lake(), "SELECT DISTINCT alert_id FROM alerts");
    for path in ["trends?step=1h", "alerts", &format!("alerts/{alert}")] {
        let (status, _, body) = served.ask(&format!("GET /api/v1/{path}"), "", "");
        let error: Value = serde_json::from_slice(&body.expect("the whole body")).expect("JSON");
        assert_eq!(status, 422, "{path}: {error}");
    }
}

#[test]
fn logs_are_read_again_when_something_was_committed_and_only_then() {
    let place = Place::new();
    let post = |id: &str, day: &str| {
        line(id, "2026-03-01T12:00:00Z", "acme is fine").replace("03-01", day)
    };
    let add = |name, posts: String| {
        let output = place.reprocess(&file(place.folder.path(), name, posts));
        assert!(output.status.success(), "{}", stderr(&output));
    };
    add("a.jsonl", post("1", "03-01"));
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    let json = |path: &str| -> Value {
        let (status, _, body) = served.ask(path, "", "");
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body.expect("the whole body")).expect("JSON")
    };
    let mentions =
        || json("GET /api/v1/trends?step=1d")["total"]["mentions"].as_i64().expect("a count");
    let logs_read = || {
        let (_, _, body) = served.ask("GET /metrics", "", "");
        let text = String::from_utf8(body.expect("the whole body")).expect("UTF-8");
        let line =
            text.lines().find_map(|line| line.strip_prefix("resonanz_lake_logs_read_total "));
        line.and_then(|count| count.parse::<u64>().ok()).expect("a number")
    };
    assert_eq!((mentions(), logs_read()), (1, 5));
    assert_eq!((json("GET /api/v1/alerts"), mentions()), (serde_json::json!([]), 1));
    assert_eq!(served.sql("SELECT count(*) AS n FROM posts").1[0]["n"], 1);
    assert_eq!(logs_read(), 5);
    add("b.jsonl", post("2", "03-05"));
    assert_eq!(mentions(), 2);
    let read = logs_read();
    assert!((6..=10).contains(&read), "{read}");
    assert_eq!((mentions(), logs_read()), (2, read));
    // Another lake in its place, whose logs are as long.
    std::fs::remove_dir_all(&place.lake).expect("removed");
    for (name, days) in [("c.jsonl", ["03-01", "03-02"]), ("d.jsonl", ["03-03", "03-04"])] {
        add(name, days.map(|day| post(day, day)).concat());
    }
    assert_eq!(mentions(), 4);
}
