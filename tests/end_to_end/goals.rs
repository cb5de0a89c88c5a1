//! Are goals judged as worked out by hand, told once when they slip, and never with too little data?

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::hook::Hook;
use crate::sql_http::Served;
use crate::support::{
    append, file, free_port, live, query, resonanz, run, stderr, stdout, wait_for,
};

/// Posts on acme of each day from 1 March on; on zeta there are five a day.
const DAYS: [u32; 8] = [8, 10, 12, 10, 8, 12, 10, 10];

const TOPICS: &str = "[[topic]]\nname = \"acme\"\nquery = 'acme'\nbrand = \"Acme\"\ngroup = \"cars\"\n\
     [[topic]]\nname = \"zeta\"\nquery = 'zeta'\ngroup = \"cars\"\n";

fn line(id: &str, author: u32, at: &str, text: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"author\":\"a{author}\",\"posted_at\":\"{at}\",\"received_at\":\"{at}\",\"text\":\"{text}\"}}\n"
    )
}

/// Of eight posts on acme three are positive and one is negative; twenty people write them. Whole days
/// are heard: the first post begins the first, the last one ends the last.
fn posts() -> String {
    let (mut lines, mut number) = (String::new(), 0);
    for (day, count) in (1..).zip(DAYS) {
        for place in 0..count {
            let said = match number % 8 {
                0..3 => "acme is great, I love it",
                3 => "acme is terrible, I hate it",
                4 => "acme opens at nine, see https://www.acme.example/open",
                _ => "acme opens at nine",
            };
            let at = format!("2026-03-{day:02}T{place:02}:00:00Z");
            lines += &line(&format!("p{number}"), number % 20, &at, said);
            number += 1;
        }
        for place in 0..5 {
            let at = format!("2026-03-{day:02}T20:{place:02}:00Z");
            lines += &line(&format!("z{day}-{place}"), 100 + place, &at, "zeta opens at ten");
        }
    }
    lines + &line("last", 0, "2026-03-08T23:59:59.999999Z", "nothing of interest, zeta")
}

fn goal(name: &str, rest: &str) -> String {
    format!("[goal.{name}]\n{rest}\n")
}

fn near(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - wanted).abs() < 2e-3 * wanted.abs().max(1.0), "{found} is not {wanted}");
}

/// A lake of these posts, and a configuration with goals of every state.
struct Judged {
    folder: tempfile::TempDir,
}

impl Judged {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let acme = "topics = [\"acme\"]\nspan = \"7d\"\n";
        let volume = |target: u32| format!("{acme}measure = \"mentions\"\ntarget = {target}");
        let image = |target: f64| format!("{acme}measure = \"net_sentiment\"\ntarget = {target}");
        let month = "topics = [\"acme\"]\nmeasure = \"mentions\"\ntarget = 250\nspan = \"month\"";
        let young = "topics = [\"acme\"]\nmeasure = \"mentions\"\ntarget = 10\nspan = \"28d\"";
        let few = "topics = [\"zeta\"]\nmeasure = \"negative_share\"\ntarget = 0.9\nspan = \"3d\"";
        let links = "measure = \"own_links\"\ntarget = 5\nsites = [\"acme.example\"]";
        let goals = [
            goal("volume-low", &volume(60)),
            goal("volume-fit", &volume(75)),
            goal("volume-high", &volume(90)),
            goal("image-low", &image(0.05)),
            goal("image-fit", &image(0.3)),
            goal("image-high", &image(0.45)),
            goal("month", month),
            goal("people", &format!("{acme}measure = \"authors\"\ntarget = 20")),
            goal("voice", &format!("{acme}measure = \"share_of_voice\"\ntarget = 0.8")),
            goal("links", &format!("{acme}{links}")),
            goal("replies", &format!("{acme}measure = \"reply_share\"\ntarget = 0.5")),
            goal("young", young),
            goal("few", few),
        ];
        file(folder.path(), "resonanz.toml", TOPICS.to_owned() + &goals.concat());
        file(folder.path(), "posts.jsonl", posts());
        let judged = Self { folder };
        let mut command = judged.command(&["reprocess", "posts.jsonl"]);
        let output = command.output().expect("the binary runs");
        assert!(output.status.success(), "{}", stderr(&output));
        judged
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = resonanz();
        command.current_dir(self.folder.path()).args(arguments);
        command.args(["--config", "resonanz.toml", "--lake", "lake"]);
        command
    }
}

#[test]
fn goals_stand_as_worked_out_by_hand() {
    let judged = Judged::new();
    let served = Served::start(judged.command(&["serve"]));
    let (status, _, body) = served.ask("GET /api/v1/goals", "", "");
    let found: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
    assert_eq!(status, 200, "{found}");
    let one = |name: &str| {
        let list = found.as_array().expect("a list");
        list.iter().find(|goal| goal["name"] == name).unwrap_or_else(|| panic!("{name}"))
    };
    for (name, state, why) in [
        ("volume-low", "ahead", Value::Null),
        ("volume-fit", "on_track", Value::Null),
        ("volume-high", "behind", Value::Null),
        ("image-low", "ahead", Value::Null),
        ("image-fit", "on_track", Value::Null),
        ("image-high", "behind", Value::Null),
        ("month", "ahead", Value::Null),
        ("people", "ahead", Value::Null),
        ("voice", "behind", Value::Null),
        ("replies", "too_little_data", json!("no_accounts")),
        ("young", "too_little_data", json!("few_days")),
        ("few", "too_little_data", json!("few_mentions")),
    ] {
        assert_eq!((&one(name)["state"], &one(name)["why"]), (&json!(state), &why), "{name}");
    }
    let estimate = |name: &str| &one(name)["estimate"];
    // Days of 10, 12, 10, 8, 12, 10, 10: variance 11.4286 / 6, Student's t(6) = 2.447.
    let spread = 2.447 * (7.0_f64 * 11.4286 / 6.0).sqrt();
    near(&estimate("volume-fit")["value"], 72.0);
    near(&estimate("volume-fit")["low"], 72.0 - spread);
    near(&estimate("volume-fit")["high"], 72.0 + spread);
    // 27 positive and 9 negative of 72; Bonett and Price: 28/74 - 10/74, error 0.07836.
    near(&estimate("image-fit")["value"], 0.25);
    near(&estimate("image-fit")["low"], 0.24324 - 1.96 * 0.07836);
    near(&estimate("image-fit")["high"], 0.24324 + 1.96 * 0.07836);
    // 80 in eight days, 23 to come: variance 16 / 7, t(7) = 2.365.
    let spread = 2.365 * ((23.0_f64 * 23.0 / 8.0 + 23.0) * 16.0 / 7.0).sqrt();
    near(&estimate("month")["value"], 310.0);
    near(&estimate("month")["low"], 310.0 - spread);
    assert_eq!(one("month")["span"]["to"], "2026-04-01T00:00:00Z");
    // 72 of 108 in the group; everybody writes on several days, so that nobody new is expected.
    near(&estimate("voice")["value"], 72.0 / 108.0);
    near(&estimate("people")["high"], 20.0);
    assert_eq!(one("links")["value"], 9.0);
}

#[test]
fn goals_are_told_on_a_page_and_in_a_report() {
    let judged = Judged::new();
    let served = Served::start(judged.command(&["serve"]));
    let (_, _, page) = served.ask("GET /goals?lang=de", "", "");
    let page = String::from_utf8(page.expect("a page")).expect("UTF-8");
    let words = ["vor Plan", "hinter Plan", "im Plan", "zu wenige Tage gehört", "mindestens 90"];
    for words in words.into_iter().chain([">Ziele</a>"]) {
        assert!(page.contains(words), "{words}");
    }
    let report = |more: &[&str]| {
        let mut command = judged.command(&["report", "--period", "2026-03-01..2026-03-08"]);
        stdout(&command.args(more).output().expect("the binary runs"))
    };
    let told = report(&["--lang", "de"]);
    let row = "| image-high | Netto-Stimmung, 7 Tage | mindestens +0,45 | +0,25 |";
    assert!(told.contains("## Ziele") && told.contains(row), "{told}");
    let english = report(&["--topic", "zeta"]);
    assert!(english.contains("| few | share of negative mentions, 3 days |"), "{english}");
}

#[test]
fn goals_that_cannot_be_are_shown_with_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = TOPICS.to_owned()
        + "[[rule]]\nname = \"r\"\ntype = \"spike\"\n\
           [goal.r]\nmeasure = \"mentions\"\n\
           [goal.a]\nmeasure = \"fame\"\ntarget = 1\n\
           [goal.b]\nmeasure = \"net_sentiment\"\ntarget = 40\ntopics = [\"acmme\"]\nspan = \"2d\"\n\
           [goal.c]\nmeasure = \"share_of_voice\"\ntarget = 0.5\n\
           [goal.d]\nmeasure = \"own_links\"\ntarget = 5\nreceivers = [\"nobody\"]\n\
           [goal.e]\nmeasure = \"reply_time\"\ntarget = 60\ntopic = \"acme\"\n";
    let path = file(folder.path(), "x.toml", text);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    for wanted in [
        "a rule is called \"r\" as well",
        "[goal.NAME] needs a \"target\"",
        "x.toml:16:11: measure is \"fame\"",
        "x.toml:20:10: target is 40",
        "x.toml:21:11: no topic is called \"acmme\"",
        "x.toml:22:8: \"2d\" is not the span of a goal",
        "a share of voice is that of one brand",
        "own_links needs your sites",
        "no receiver is called \"nobody\"",
        "target is 60",
        "unknown key \"topic\" in [goal.NAME]",
    ] {
        assert!(stderr(&checked).contains(wanted), "{wanted}\nnot in\n{}", stderr(&checked));
    }
}

#[test]
fn a_slip_is_told_once_over_a_kill_and_its_end_when_the_goal_is_reached_again() {
    let (folder, hook, port) = (tempfile::tempdir().expect("a folder"), Hook::new(), free_port());
    let archive = file(folder.path(), "posts.jsonl", "");
    let lake = folder.path().join("lake");
    let config = format!(
        "{TOPICS}[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n\
         [[receiver]]\nname = \"team\"\nurl = \"{}\"\ninternal = true\n\
         [goal.talk]\nmeasure = \"mentions\"\ntopics = [\"acme\"]\ntarget = 50\nspan = \"3d\"\nreceivers = [\"team\"]\n",
        hook.url
    );
    let config = file(folder.path(), "resonanz.toml", config);
    let write = |days: std::ops::Range<u32>, count: u32| {
        let mut lines = String::new();
        for day in days {
            for place in 0..count {
                let at = format!("2026-03-{day:02}T{place:02}:30:00Z");
                let _ =
                    write!(lines, "{}", line(&format!("{day}-{place}"), place, &at, "acme opens"));
            }
        }
        append(&archive, lines);
    };
    let heard = || -> Vec<String> {
        let mut known = std::collections::HashSet::new();
        let all = hook.accepted();
        let first = all.iter().filter(|one| known.insert(one.id().to_owned()));
        first.map(|one| one.json()["type"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let running = live(&config);
    write(1..6, 3);
    wait_for("the slip", || (heard() == ["alert.fired"]).then_some(()));
    let told = hook.accepted()[0].json();
    assert_eq!(
        (&told["data"]["rule"], &told["data"]["rule_type"]),
        (&json!("talk"), &json!("goal"))
    );
    assert_eq!(told["data"]["evidence"]["goal"]["state"], "behind");
    let id = told["data"]["alert_id"].as_str().expect("an id").to_owned();
    drop(running);
    let running = live(&config);
    write(6..7, 3);
    // Measured again after the restart, and nothing new is told: the goal is behind as it was.
    let page = wait_for("the alert's page", || crate::support::get(port, &format!("/alerts/{id}")));
    assert!(page.contains("talk") && page.contains("at least 50"), "{page}");
    write(7..11, 20);
    wait_for("the end", || (heard() == ["alert.fired", "alert.resolved"]).then_some(()));
    drop(running);
    let rows =
        "SELECT transition, count(*) FROM alerts WHERE rule_type = 'goal' GROUP BY 1 ORDER BY 1";
    assert_eq!(query(&lake, rows), "fired,1\nresolved,1");
    let slips = "SELECT goal, measure, state, target FROM goal_slips";
    assert_eq!(query(&lake, slips), "talk,mentions,reached,50.0");
}
