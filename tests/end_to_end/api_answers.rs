//! Does the API answer as it was promised? One kept answer for each question, over a small fixed lake.
//!
//! A difference is to be looked at: whoever reads `/api/v1` reads it, too. `BLESS=1` keeps the new
//! answers.

use std::fs::File;
use std::io::Write;

use serde_json::Value;

use crate::sql_http::Served;
use crate::support::{file, repository, resonanz, stderr};

const CONFIG: &str = r#"
[lake]
path = "lake"
archive = "all"
[privacy]
author_key_file = "key"
[[topic]]
name = "acme"
query = 'acme'
brand = "Acme"
group = "cars"
accounts = ["acme_care"]
[[topic]]
name = "zeta"
query = 'zeta'
group = "cars"
[[rule]]
name = "many-complaints"
type = "threshold"
topics = ["acme"]
measure = "negative"
count = 5
window = "10m"
keep_firing_for = "1m"
labels = { team = "care" }
[goal.image]
topics = ["acme"]
measure = "net_sentiment"
target = 0.1
span = "3d"
"#;

/// The two days that are asked about.
const SPAN: &str = "from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z";

/// Complaints in words of their own: copies of one text would count once.
const STORM: [&str; 12] = [
    "acme charged me twice, this is terrible",
    "what a mess, acme lost my order and nobody answers",
    "acme support hung up on me, awful",
    "never again acme, the app crashes all day",
    "my refund from acme never came, I am angry",
    "acme sent a broken box and blames me",
    "the acme checkout fails, useless",
    "horrible service at acme this morning",
    "acme cancelled my booking without a word, shameful",
    "I hate how acme treats people who paid",
    "acme took my money and the screen went blank, bad",
    "worst update ever, acme, nothing works",
];

/// Two days of posts: talk, a storm of complaints at noon of the second day, and one reply.
fn posts() -> String {
    let mut lines = String::new();
    let mut add = |id: &str, author: &str, at: &str, text: &str, more: &str| {
        lines += &format!(
            "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":\"{at}\",\"received_at\":\"{at}\",\"lang\":\"en\",\"source\":\"log\",\"text\":\"{text}\"{more}}}\n"
        );
    };
    for hour in 0..24 {
        for day in 1..=2 {
            let at = format!("2026-03-{day:02}T{hour:02}:00:00Z");
            let id = format!("{day}-{hour}");
            let author = format!("reader{}", hour % 7);
            match hour % 4 {
                0 => add(&id, &author, &at, "acme is great, I love it", ",\"reach\":120"),
                1 => add(&id, &author, &at, "zeta opens at ten", ""),
                2 => add(&id, &author, &at, "Is acme open on Sunday?", ""),
                _ => add(&id, &author, &at, "nothing of interest", ""),
            }
        }
    }
    for (number, text) in STORM.iter().enumerate() {
        let at = format!("2026-03-02T12:01:{:02}Z", 4 * number);
        let (id, author) = (format!("storm{number}"), format!("guest{number}"));
        add(&id, &author, &at, text, ",\"url\":\"https://posts.example/1\"");
    }
    let reply = ",\"kind\":\"reply\",\"parent\":\"storm0\"";
    add("reply", "acme_care", "2026-03-02T12:31:00Z", "acme is sorry, we pay it back", reply);
    lines
}

/// Takes out what differs from run to run: times of the machine's clock, and what a look took.
fn settled(mut answer: Value) -> Value {
    const RUNNING: [&str; 2] = ["/made_at", "/cost/match_us_a_post"];
    for place in RUNNING {
        if let Some(value) = answer.pointer_mut(place) {
            *value = Value::from("...");
        }
    }
    answer
}

/// The kept answer, written anew with `BLESS=1`; what differs.
fn differs(name: &str, answer: &Value) -> Option<String> {
    let folder = repository("tests/golden/api");
    let path = folder.join(format!("{name}.json"));
    let found = serde_json::to_string_pretty(answer).expect("JSON") + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder");
        let written = File::create(&path).and_then(|mut file| file.write_all(found.as_bytes()));
        written.expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let line = kept.lines().zip(found.lines()).find(|(kept, found)| kept != found);
    (kept != found).then(|| format!("{name}: {line:?}"))
}

#[test]
fn every_question_is_answered_as_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = file(folder.path(), "resonanz.toml", CONFIG);
    // The same key, so that authors are called the same in every run.
    file(folder.path(), "key", "5a".repeat(32));
    let posts = file(folder.path(), "posts.jsonl", posts());
    let command = |name: &str| {
        let mut command = resonanz();
        command.current_dir(folder.path()).arg(name).arg("--config").arg(&config);
        command
    };
    let filled = command("reprocess").arg(&posts).output().expect("the binary runs");
    assert!(filled.status.success(), "{}", stderr(&filled));
    let served = Served::start(command("serve"));
    let asked = |request: &str, body: &str| {
        let json = "content-type: application/json\r\n";
        let (status, _, answer) = served.ask(request, json, body);
        let answer = answer.expect("the whole answer");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(status, 200, "{request}: {answer}");
        settled(answer)
    };
    let alerts = asked("GET /api/v1/alerts", "");
    let alert = alerts[0]["alert_id"].as_str().expect("an alert").to_owned();
    let mentions = asked(&format!("GET /api/v1/mentions?topic=acme&{SPAN}&polarity=negative"), "");
    let mention = mentions["mentions"][0]["id"].as_str().expect("a mention").to_owned();
    let inbox = asked("GET /api/v1/inbox?topic=acme&limit=2", "");
    let questions = [
        ("overview", format!("overview?{SPAN}")),
        ("topics", "topics".to_owned()),
        ("topic", "topics/acme".to_owned()),
        ("trends", format!("trends?topic=acme&{SPAN}&step=day")),
        ("sentiment", format!("sentiment?topic=acme&{SPAN}")),
        ("voices", format!("voices?group=cars&{SPAN}")),
        ("changes", format!("changes?topic=acme&{SPAN}")),
        ("drivers", "drivers?topic=acme&from=2026-03-02T12:00:00Z&to=2026-03-02T13:00:00Z".to_owned()),
        ("waits", format!("waits?topic=acme&{SPAN}")),
        ("goals", format!("goals?{SPAN}")),
        ("service", format!("service?topic=acme&{SPAN}")),
        ("mention", format!("mentions/{mention}")),
        ("reviews", format!("mentions/{mention}/reviews")),
        ("reviews-queue", "reviews/queue?topic=acme&limit=2&period=2026-03".to_owned()),
        ("reviews-agreement", "reviews/agreement".to_owned()),
        ("alert", format!("alerts/{alert}")),
        ("silences", "silences".to_owned()),
        ("sources", "sources".to_owned()),
        ("report", format!("report?topic=acme&{SPAN}&format=json")),
        ("sql", "sql?q=SELECT%20topic,%20count(*)%20AS%20mentions%20FROM%20mentions%20GROUP%20BY%20topic%20ORDER%20BY%20topic".to_owned()),
    ];
    let answers = questions.map(|(name, path)| (name, asked(&format!("GET /api/v1/{path}"), "")));
    let scored = r#"{"text": "acme charged me twice", "lang": "en"}"#;
    let tested = r#"{"query": "acme -zeta"}"#;
    let more = [
        ("alerts", alerts),
        ("mentions", mentions),
        ("inbox", inbox),
        ("score", asked("POST /api/v1/score", scored)),
        ("topics-test", asked("POST /api/v1/topics/test", tested)),
    ];
    let differing = answers.iter().chain(&more);
    let differing: Vec<_> = differing.filter_map(|(name, answer)| differs(name, answer)).collect();
    assert!(differing.is_empty(), "{differing:#?}\nlook, and keep them with BLESS=1");
}
