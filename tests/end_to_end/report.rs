//! Are the standard questions answered as counted by hand? A small lake, asked by HTTP and by the
//! command line.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::sql_http::Served;
use crate::support::{append, file, free_port, live, resonanz, stderr, stdout, wait_for};

const TOPICS: &str = "[[topic]]\nname = \"acme\"\nquery = 'acme'\nbrand = \"Acme\"\ngroup = \"cars\"\n\
     [[topic]]\nname = \"zeta\"\nquery = 'zeta'\ngroup = \"cars\"\n";

/// A post as an archive line.
fn post(id: u32, posted_at: &str, text: &str, more: &str) -> String {
    format!(
        "{{\"id\":\"p{id:02}\",\"author\":\"a{id}\",\"posted_at\":\"{posted_at}\",\"received_at\":\"{posted_at}\",\"text\":\"{text}\"{more}}}\n"
    )
}

/// Posts around the change of clocks in Berlin: there 29 March 2026 begins at 23:00 UTC the day
/// before, and ends at 22:00 UTC.
fn posts() -> String {
    [
        // Sunday, 22 March, the week before.
        post(1, "2026-03-22T10:00:00Z", "acme is great, I love it", ""),
        post(2, "2026-03-22T11:00:00Z", "acme opens at nine", ""),
        // Monday, 23 March, begins in Berlin at 23:00 UTC of the day before.
        post(3, "2026-03-22T23:30:00Z", "acme is terrible, I hate it", ",\"reach\":500"),
        post(4, "2026-03-25T12:00:00Z", "zeta is great, I love it", ""),
        // Saturday in Berlin, and Sunday half an hour later.
        post(5, "2026-03-28T22:45:00Z", "acme is awful and broken", ",\"reach\":20"),
        post(6, "2026-03-28T23:15:00Z", "acme is great, I love it so much", ""),
        // The last hour of the short Sunday, and the first of Monday.
        post(7, "2026-03-29T21:59:59Z", "acme is terrible. <script>alert(1)</script> | *x*", ""),
        post(8, "2026-03-29T22:00:00Z", "acme opens at ten", ""),
        post(9, "2026-03-30T08:00:00Z", "zeta opens at ten", ""),
    ]
    .concat()
}

struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        file(folder.path(), "resonanz.toml", TOPICS);
        let archive = file(folder.path(), "posts.jsonl", posts());
        let mut command = resonanz();
        command.arg("reprocess").arg(archive).args(["--config"]);
        command
            .arg(folder.path().join("resonanz.toml"))
            .arg("--lake")
            .arg(folder.path().join("lake"));
        let output = command.output().expect("the binary runs");
        assert!(output.status.success(), "{}", stderr(&output));
        Self { folder }
    }

    fn lake(&self) -> std::path::PathBuf {
        self.folder.path().join("lake")
    }

    fn serve(&self) -> Served {
        let mut command: Command = resonanz();
        command.arg("serve").arg("--lake").arg(self.lake());
        Served::start(command)
    }

    fn report(&self, arguments: &[&str]) -> String {
        let output = made(&self.lake(), arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    }
}

fn made(lake: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = resonanz();
    command.arg("report").arg("--lake").arg(lake).args(arguments);
    command.output().expect("the binary runs")
}

fn get(served: &Served, path: &str) -> (u16, Value) {
    let (status, _, body) = served.ask(&format!("GET /api/v1/{path}"), "", "");
    let body = body.expect("the whole body");
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{path}: not JSON")))
}

fn near(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - wanted).abs() < 5e-4, "{found} is not {wanted}");
}

const WEEK: &str = "period=2026-W13&zone=Europe/Berlin";

#[test]
fn a_week_in_berlin_is_counted_over_the_change_of_clocks() {
    let fixture = Fixture::new();
    let served = fixture.serve();
    let (_, trend) = get(&served, &format!("trends?topic=acme&step=day&{WEEK}"));
    assert_eq!(trend["span"]["from"], "2026-03-22T23:00:00Z");
    assert_eq!(trend["span"]["to"], "2026-03-29T22:00:00Z");
    let days = trend["buckets"].as_array().expect("buckets");
    let counts: Vec<&Value> = days.iter().map(|day| &day["said"]["mentions"]).collect();
    assert_eq!(counts, [1, 0, 0, 0, 0, 1, 2].map(Value::from).iter().collect::<Vec<_>>());
    assert_eq!(days[6]["from"], "2026-03-28T23:00:00Z");
    assert_eq!(days[6]["to"], "2026-03-29T22:00:00Z");
    assert!(days.iter().all(|day| day["coverage"] == "whole"), "{trend}");

    // By hand: one positive and three negative of four, so net -2/4; the interval adds one to both:
    // 2/6 - 4/6 = -1/3, error sqrt((1 - 1/9) / 6) = 0.3849.
    let (_, sentiment) = get(&served, &format!("sentiment?topic=acme&{WEEK}"));
    let now = &sentiment["now"];
    assert_eq!(
        (&now["mentions"], &now["negative"], &now["positive"]),
        (&json!(4), &json!(3), &json!(1))
    );
    near(&now["net"]["value"], -0.5);
    near(&now["net"]["low"], -1.0);
    near(&now["net"]["high"], -0.3333 + 1.96 * 0.3849);
    // Wilson: 3 of 4.
    near(&now["negative_share"]["low"], 0.3006);
    near(&now["negative_share"]["high"], 0.9544);
    // The week before: one positive, one neutral, net 0.5.
    near(&sentiment["net_change"]["value"], -1.0);
    assert_eq!(sentiment["then"]["mentions"], 2);

    // Acme 4 of 5, 2 of 2 before.
    let (_, voices) = get(&served, &format!("voices?{WEEK}"));
    assert_eq!(voices[0]["group"], "cars");
    let shares = voices[0]["shares"].as_array().expect("shares");
    assert_eq!((&shares[0]["brand"], &shares[1]["brand"]), (&json!("Acme"), &json!("zeta")));
    near(&shares[0]["share"]["value"], 0.8);
    near(&shares[0]["share"]["low"], 0.3755);
    near(&shares[0]["before"]["value"], 1.0);
    near(&shares[1]["share"]["value"], 0.2);
}

#[test]
fn what_was_not_heard_is_null_and_a_quiet_day_is_zero() {
    let fixture = Fixture::new();
    let served = fixture.serve();
    let (_, trend) = get(&served, "trends?topic=zeta&step=day&from=2026-03-20&to=2026-04-01");
    let days = trend["buckets"].as_array().expect("buckets");
    let told: Vec<(&str, Option<u64>)> = days
        .iter()
        .map(|day| (day["coverage"].as_str().expect("a word"), day["said"]["mentions"].as_u64()))
        .collect();
    let mut wanted = vec![("nothing", None), ("nothing", None), ("part", Some(0))];
    wanted.extend([("whole", Some(0)), ("whole", Some(0)), ("whole", Some(1)), ("whole", Some(0))]);
    wanted.extend([("whole", Some(0)), ("whole", Some(0)), ("whole", Some(0)), ("part", Some(1))]);
    wanted.extend([("nothing", None), ("nothing", None)]);
    assert_eq!(told, wanted);
    let (_, changes) = get(&served, "changes?topic=acme&period=2026-W12&zone=UTC");
    assert_eq!(changes["then"], Value::Null, "the week before the first post is not known");
}

#[test]
fn pages_of_mentions_neither_skip_nor_repeat_and_each_is_explained() {
    let fixture = Fixture::new();
    let served = fixture.serve();
    for order in ["latest", "oldest", "worst", "best", "reach", "engagement"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let (status, page) = get(&served, &format!("mentions?order={order}&limit=2{after}"));
            assert_eq!(status, 200, "{page}");
            let posts = page["mentions"].as_array().expect("posts");
            seen.extend(
                posts.iter().map(|post| post["post_id"].as_str().expect("an id").to_owned()),
            );
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        seen.sort_unstable();
        let all: Vec<String> = (1..=9).map(|id| format!("p{id:02}")).collect();
        assert_eq!(seen, all, "{order}");
    }
    let (_, found) = get(&served, "mentions?q=LOVE+it&topic=acme&polarity=positive&order=oldest");
    assert_eq!((&found["total"], &found["mentions"][0]["post_id"]), (&json!(2), &json!("p01")));
    let (_, found) = get(&served, "mentions?q=100%25%27+OR+1=1&min_reach=100");
    assert_eq!(found["total"], 0);
    let (_, found) = get(&served, "mentions?order=reach&limit=1");
    let id = found["mentions"][0]["id"].as_str().expect("an id");
    let (status, why) = get(&served, &format!("mentions/{id}"));
    assert_eq!((status, &why["mention"]["post_id"]), (200, &json!("p03")));
    assert_eq!(why["matches"], json!([{"start": 0, "end": 4}]));
    assert_eq!((&why["polarity"], &why["same_scorer"]), (&json!("negative"), &json!(true)));
    let words: Vec<&str> = why["words"]
        .as_array()
        .expect("words")
        .iter()
        .filter_map(|word| word["word"].as_str())
        .collect();
    assert!(words.contains(&"terrible") && words.contains(&"hate"), "{words:?}");
    for (path, status) in [
        ("mentions/x", 404),
        ("mentions?after=x", 400),
        ("mentions?limit=0", 400),
        ("mentions?order=odd", 400),
        ("trends?topic=acmme", 404),
        ("trends?period=soon", 400),
        ("trends?period=2026&step=1m", 400),
        ("overview?zone=Mars", 400),
    ] {
        let (found, problem) = get(&served, path);
        assert_eq!(found, status, "{path}: {problem}");
        assert!(problem["detail"].is_string() && problem["title"].is_string(), "{problem}");
    }
    let (_, problem) = get(&served, "trends?topic=acmme");
    assert_eq!(problem["hint"], "did you mean \"acme\"?");
}

#[test]
fn answers_are_as_the_document_says_and_old_paths_lead_to_new_ones() {
    let fixture = Fixture::new();
    let served = fixture.serve();
    let (_, document) = get(&served, "openapi.json");
    let schemas = &document["components"]["schemas"];
    for (path, verbs) in document["paths"].as_object().expect("paths") {
        let schema = &verbs["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if path.contains('{') || ["/api/v1/sql", "/api/v1/drivers"].contains(&path.as_str()) {
            continue;
        }
        let Some(name) = schema["$ref"].as_str().or(schema["items"]["$ref"].as_str()) else {
            continue;
        };
        let bare = ["topics", "agreement"].iter().any(|end| path.ends_with(end));
        let topic = if path.ends_with("waits") { "&topic=acme" } else { "" };
        let query = if bare { String::new() } else { format!("?{WEEK}{topic}") };
        let is_list = path.ends_with("mentions") || path.ends_with("inbox");
        let query = if is_list { "?limit=3".to_owned() } else { query };
        let (status, answer) =
            get(&served, &format!("{}{query}", path.trim_start_matches("/api/v1/")));
        assert_eq!(status, 200, "{path}: {answer}");
        let answer = answer.as_array().and_then(|list| list.first()).unwrap_or(&answer);
        conforms(answer, name, schemas, path);
    }
    let (status, head, _) = served.ask("GET /api/trends?topic=acme", "", "");
    assert!(status == 308 && head.contains("location: /api/v1/trends?topic=acme"), "{head}");
    assert_eq!(served.ask("GET /api/nothing", "", "").0, 308);
    assert_eq!(served.ask("GET /api/v1/nothing", "", "").0, 404);
    let score = "{\"text\":\"acme is terrible\"}";
    let (status, _, body) =
        served.ask("POST /api/v1/score", "content-type: application/json\r\n", score);
    let verdict: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
    assert_eq!((status, &verdict["polarity"]), (200, &json!("negative")));
}

/// Checks that an object has what its schema demands, and nothing that it does not know.
fn conforms(answer: &Value, name: &str, schemas: &Value, at: &str) {
    let name = name.trim_start_matches("#/components/schemas/");
    let schema = &schemas[name];
    let Some(object) = answer.as_object() else { return };
    let known = schema["properties"].as_object().expect("properties");
    for needed in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(object.contains_key(needed), "{at}: {name} lacks {needed}");
    }
    for (field, value) in object {
        let own = known.get(field).unwrap_or_else(|| panic!("{at}: {name} does not know {field}"));
        let inner = [
            &own["$ref"],
            &own["items"]["$ref"],
            &own["allOf"][0]["$ref"],
            &own["anyOf"][0]["$ref"],
        ];
        let values = value.as_array().map_or(vec![value], |list| list.iter().take(3).collect());
        for inner in inner.into_iter().filter_map(Value::as_str) {
            values.iter().for_each(|value| conforms(value, inner, schemas, at));
        }
    }
}

#[test]
fn a_request_under_a_name_that_is_not_clear_reads_nothing() {
    use std::io::{Read, Write};
    let fixture = Fixture::new();
    let served = fixture.serve();
    let port = served.address.rsplit(':').next().expect("a port").to_owned();
    let ask = |head: String| {
        let mut stream = std::net::TcpStream::connect(&served.address).expect("it listens");
        write!(stream, "{head}\r\nconnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.split(' ').nth(1).and_then(|code| code.parse::<u16>().ok()).unwrap_or_default()
    };
    let path = "/api/v1/topics";
    for (head, status) in [
        (format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}"), 200),
        (format!("GET {path} HTTP/1.1\r\nhost: evil.example"), 403),
        (format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}@evil.example"), 403),
        (format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nhost: evil.example"), 403),
        (format!("GET http://evil.example{path} HTTP/1.1\r\nhost: localhost"), 403),
        (format!("GET http://localhost{path} HTTP/1.1\r\nhost: evil.example"), 403),
        (format!("GET http://localhost:{port}{path} HTTP/1.1\r\nhost: localhost:{port}"), 200),
    ] {
        assert_eq!(ask(head.clone()), status, "{head}");
    }
}

#[test]
fn a_report_says_the_week_in_both_languages_and_lets_no_post_write_its_page() {
    let fixture = Fixture::new();
    let week = ["--period", "2026-W13", "--zone", "Europe/Berlin"];
    let report = |more: &[&str]| fixture.report(&[&week, more].concat());
    let english = report(&[]);
    for words in [
        "# Report: Mon, 23 Mar 2026 to Sun, 29 Mar 2026",
        "compared with Mon, 16 Mar 2026 to Sun, 22 Mar 2026 (Europe/Berlin)",
        "| acme | 4 | +100% | −0.50 | ",
        "| Acme | 4 | 80% | ",
        "acme is terrible. \\<script\\>alert(1)\\</script\\> \\| \\*x\\*",
        "No alert fired.",
    ] {
        assert!(english.contains(words), "{words}\n{english}");
    }
    let german = report(&["--lang", "de", "--format", "html"]);
    for words in
        ["<html lang=\"de\">", "Netto-Stimmung", "23. März 2026", "−0,50", "<svg", "&lt;script&gt;"]
    {
        assert!(german.contains(words), "{words}");
    }
    assert!(!german.contains("<script") && !german.contains("src="));
    let data: Value =
        serde_json::from_str(&report(&["--format", "json", "--topic", "acme"])).expect("JSON");
    assert_eq!(data["topics"].as_array().map(Vec::len), Some(1));
    assert_eq!(data["topics"][0]["changes"]["worst"].as_array().map(Vec::len), Some(3));
    assert_eq!(data["topics"][0]["changes"]["farthest"][0]["post_id"], "p03");
    let lines = report(&["--format", "csv", "--topic", "zeta"]);
    assert_eq!(lines.lines().count(), 1 + 7);
    assert!(
        lines.contains("\nzeta,2026-03-24T23:00:00Z,2026-03-25T23:00:00Z,whole,1,0,0,1,1.0000,"),
        "{lines}"
    );
    let kept = fixture.folder.path().join("week.html");
    report(&["--format", "html", "--out", kept.to_str().expect("UTF-8")]);
    assert!(std::fs::read_to_string(kept).expect("a file").ends_with("</html>\n"));
    let refused = made(&fixture.lake(), &["--period", "soon"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("\"soon\" cannot be read"), "{}", stderr(&refused));
    let strange = made(&fixture.lake(), &["--topic", "acmme", "--period", "2026-03"]);
    assert!(stderr(&strange).contains("did you mean \"acme\"?"), "{}", stderr(&strange));
}

#[test]
fn a_running_process_answers_what_was_committed_within_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let posts =
        file(folder.path(), "posts.jsonl", post(1, "2026-03-01T12:00:00Z", "acme is fine", ""));
    let port = free_port();
    let (archive, lake) = (posts.display(), folder.path().join("lake"));
    let config = format!(
        "{TOPICS}[[source]]\nname = \"file\"\ntype = \"file\"\npath = \"{archive}\"\nfollow = true\n\
         [lake]\npath = \"{}\"\ncommit_interval = \"1s\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n",
        lake.display()
    );
    let _running = live(&file(folder.path(), "config.toml", config));
    let mentions = || -> Option<u64> {
        let body = crate::support::get(port, "/api/v1/sentiment?topic=acme&period=2026-03")?;
        serde_json::from_str::<Value>(&body).ok()?["now"]["mentions"].as_u64()
    };
    wait_for("the first post", || (mentions() == Some(1)).then_some(()));
    append(&posts, post(2, "2026-03-01T12:01:00Z", "acme is great", ""));
    wait_for("the second post", || (mentions() == Some(2)).then_some(()));
}
