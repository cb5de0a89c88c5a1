//! What do posts do to a screen, a log or a spreadsheet? Nothing, however they are written.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::support::{
    Place, file, line, on_terminal, query, replay, repository, resonanz, run, stderr, stdout,
    terminal, wait_for,
};

/// Text that clears a screen, retitles a window, runs as a formula and turns the writing around.
const HOSTILE: &str =
    "=acme \\u001b[2J\\u001b]0;owned\\u0007 is \\u009b31m bad \\u202egnirts\\u202c";

fn hostile_lake() -> Place {
    let place = Place::new();
    let post = line("1", "2026-03-01T11:59:59Z", HOSTILE);
    let archive = file(place.folder.path(), "a.jsonl", post);
    let worked = place.reprocess(&archive);
    assert!(worked.status.success(), "{}", stderr(&worked));
    place
}

fn steers(text: &str) -> bool {
    text.chars()
        .any(|c| matches!(c, '\u{1b}' | '\u{7}' | '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}'))
}

fn scored(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let input = file(folder, "input", input);
    let mut command = resonanz();
    command.arg("score").args(arguments).stdin(File::open(input).expect("a file"));
    command.output().expect("the binary runs")
}

#[test]
fn posts_steer_no_terminal() {
    let place = hostile_lake();
    let lake = place.lake.to_str().expect("UTF-8");
    let config = place.config.to_str().expect("UTF-8");
    let posts = place.folder.path().join("a.jsonl");
    let posts = posts.to_str().expect("UTF-8");
    let text = "SELECT text FROM mentions";
    for command in [
        &["query", "--lake", lake, text][..],
        &["query", "--lake", lake, "--format", "csv", text],
        &["query", "--lake", lake, "--format", "json", text],
        &["topics", "test", posts, "--config", config, "--input-format", "jsonl", "--explain"],
        &["score", "acme \u{1b}[2J is \u{9b}31m bad \u{202e}gnirts"],
        &["score", "--format", "jsonl", "acme \u{1b}[2J is \u{9b}31m bad \u{202e}gnirts"],
        &["lake", "export", "--lake", lake, "--author", "somebody"],
        &["query", "--lake", lake, "SELECT \"\u{1b}[2J\" FROM mentions"],
    ] {
        let seen = on_terminal(100, command);
        assert!(!steers(&seen), "{command:?}: {seen:?}");
        assert!(seen.contains("[2J") || seen.contains("\\u001b"), "{command:?}: {seen:?}");
    }
    // A table is for people wherever it goes: to a pager, too.
    let table = stdout(&run(&["query", "--lake", lake, text]));
    assert!(table.contains("=acme ␛[2J") && !steers(&table), "{table}");
    let json = stdout(&run(&["query", "--lake", lake, "--format", "json", text]));
    assert!(json.contains("\u{9b}31m bad \u{202e}gnirts"), "programs get what was posted: {json}");
    let csv = stdout(&run(&["query", "--lake", lake, "--format", "csv", text]));
    assert!(csv.contains("\u{1b}[2J"), "programs get what was posted: {csv:?}");
}

#[test]
fn logs_and_errors_steer_no_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "{\"text\": 1, \"\u{9b}2J\": 2}\n\"\u{202e}x\u{1b}\"\n";
    let refused = scored(folder.path(), &["--input-format", "jsonl"], lines);
    assert!(!steers(&stderr(&refused)), "{:?}", stderr(&refused));
    let missing = run(&["check", "--config", "\u{1b}]0;x\u{7}.toml"]);
    assert!(!steers(&stderr(&missing)), "{:?}", stderr(&missing));
}

#[test]
fn a_scored_line_keeps_its_fields_byte_by_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = "{\"id\": 123456789012345678901234567890, \"x\": 1e400, \"b\":1,\"a\":2,\"text\":\"good\"}\n\
                 {\"text\":\"good\",\"compound\":\"mine\",\"pos\":7}\n";
    let options = ["--input-format", "jsonl", "--format", "jsonl"];
    let answered = scored(folder.path(), &options, input);
    assert!(answered.status.success(), "{}", stderr(&answered));
    let answers = stdout(&answered);
    let mut answers = answers.lines();
    let first = answers.next().expect("a line");
    let kept = "{\"id\": 123456789012345678901234567890, \"x\": 1e400, \"b\":1,\"a\":2,\"text\":\"good\",\"compound\":0.";
    assert!(first.starts_with(kept), "{first}");
    let second: serde_json::Value =
        serde_json::from_str(answers.next().expect("a line")).expect("JSON");
    assert_eq!((second["compound"].as_str(), second["pos"].as_i64()), (Some("mine"), Some(7)));
    assert!(second["resonanz_compound"].as_f64() > Some(0.2), "{second}");
    assert!(second["resonanz_pos"].is_f64() && second["neu"].is_f64(), "{second}");
    assert!(stderr(&answered).contains("resonanz_"), "{}", stderr(&answered));
}

#[test]
fn every_line_has_an_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let answered = scored(folder.path(), &["--format", "csv"], "good\n\nbad\n\n");
    let answers = stdout(&answered);
    let texts: Vec<&str> =
        answers.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(texts, ["\"good\"", "\"\"", "\"bad\"", "\"\""]);
    let input = "\n{\"text\":\"good\"}\nnonsense\n{\"id\":8}\n";
    for format in ["jsonl", "csv", "table"] {
        let options = ["--input-format", "jsonl", "--format", format];
        let answered = scored(folder.path(), &options, input);
        assert_eq!(answered.status.code(), Some(1), "two lines were refused");
        let header = usize::from(format != "jsonl");
        assert_eq!(stdout(&answered).lines().count(), 4 + header, "{}", stdout(&answered));
        assert!(stderr(&answered).contains("line=3") && stderr(&answered).contains("line=4"));
    }
}

#[test]
fn excel_opens_what_is_written_for_it_and_runs_none_of_it() {
    let place = hostile_lake();
    let sql = "SELECT text, score, posted_at FROM mentions";
    let query = |locale: &str, options: &[&str]| {
        let mut command = resonanz();
        command.args(["query", "--format", "csv", "--lake"]).arg(&place.lake).arg(sql);
        command.args(options).env("LC_ALL", locale);
        stdout(&command.output().expect("the binary runs"))
    };
    let german = query("de_DE.UTF-8", &["--excel"]);
    assert!(german.starts_with("\u{feff}text;score;posted_at\r\n\"'=acme "), "{german:?}");
    assert!(german.contains(";-0,") && german.ends_with(";2026-03-01 11:59:59\r\n"), "{german:?}");
    let english = query("en_US.UTF-8", &["--excel"]);
    assert!(english.contains("text,score,posted_at\r\n'=acme "), "{english:?}");
    assert!(english.contains(",-0."), "{english:?}");
    let defused = query("de_DE.UTF-8", &["--defuse"]);
    assert!(defused.starts_with("text,score,posted_at\n'=acme "), "{defused:?}");
    assert!(defused.ends_with(",2026-03-01T11:59:59Z\n"), "{defused:?}");
    let wrong = run(&["score", "--excel", "x"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("--format csv"), "{}", stderr(&wrong));
    let scores = scored(place.folder.path(), &["--format", "csv", "--excel"], "=1+1\n");
    assert!(stdout(&scores).ends_with("\"'=1+1\"\r\n"), "{:?}", stdout(&scores));
}

#[test]
fn tables_fit_the_terminal() {
    let place = hostile_lake();
    let lake = place.lake.to_str().expect("UTF-8");
    for columns in [60, 80, 120] {
        for sql in [
            "SELECT topic, text, text AS again, target_score / 3 AS third FROM mentions",
            "SELECT * FROM mentions",
        ] {
            let seen = on_terminal(columns, &["query", "--lake", lake, sql]);
            let widest = seen.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(columns), "{columns}: {seen}");
        }
        let seen = on_terminal(columns, &["lake", "stats", "--lake", lake]);
        assert!(seen.lines().all(|line| line.chars().count() <= columns), "{columns}: {seen}");
    }
    let third = "SELECT CAST(-1 AS DOUBLE) / 3 AS third";
    assert!(on_terminal(80, &["query", "--lake", lake, third]).contains("| -0.3333 |"));
    let piped = stdout(&run(&["query", "--lake", lake, third]));
    assert!(piped.contains("-0.3333333333333333"), "{piped}");
    let whole = on_terminal(80, &["query", "--lake", lake, "--format", "arrow", third]);
    assert!(whole.contains("> FILE"), "{whole}");
}

/// A configuration that runs over the bundled archive once, with the demo's topics and rule.
fn over_the_archive(folder: &Path) -> String {
    let archive = repository("data/archive.jsonl.zst");
    let rules = std::fs::read_to_string(repository("data/demo.toml")).expect("the demo's topics");
    let config = format!(
        "[lake]\npath = \"lake\"\n[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"past\"\n\
         type = \"file\"\npath = \"{}\"\n{rules}",
        archive.display()
    );
    file(folder, "run.toml", config).to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_run_that_ends_at_once_lists_every_alert() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().expect("a folder");
        let ended = run(&["run", "--config", &over_the_archive(folder.path())]);
        assert!(ended.status.success(), "{}", stderr(&ended));
        let said = stdout(&ended);
        let alerts = query(&folder.path().join("lake"), "SELECT count(*) FROM alerts");
        let told = said.lines().filter(|line| line.contains(" negative-spike on apex: observed "));
        assert_eq!(told.count().to_string(), alerts, "{said}");
        assert!(said.contains("sources 1: past\n") && said.contains("\ntopics  "), "{said}");
        assert!(said.contains("\nhttp    http://127.0.0.1:"), "{said}");
        assert!(!said.contains("event time"), "a service is not told how it is going: {said}");
    }
}

#[test]
fn a_run_for_programs_says_everything_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(&["run", "-v", "--log-json", "--config", &over_the_archive(folder.path())]);
    assert!(ended.status.success(), "{}", stderr(&ended));
    let object = |line: &str| -> serde_json::Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let said: Vec<serde_json::Value> = stdout(&ended).lines().map(object).collect();
    let events: Vec<&str> = said.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!((events.first(), events.last()), (Some(&"started"), Some(&"ended")));
    assert!(events.get(1..events.len() - 1).is_some_and(|rest| rest.contains(&"alert")));
    let logs: Vec<serde_json::Value> = stderr(&ended).lines().map(object).collect();
    for message in ["committed", "alert"] {
        assert!(logs.iter().any(|line| line["fields"]["message"] == message), "{logs:?}");
    }
}

#[test]
fn the_live_view_fits_says_what_it_hides_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_server, url) = replay(&repository("data/archive.jsonl.zst"), &["--speed", "0"]);
    let topics: String = (0..34)
        .map(|place| format!("[[topic]]\nname = \"topic number {place}\"\nquery = 'the'\n"))
        .collect();
    let config = |columns: usize| {
        format!(
            "[lake]\npath = \"lake-{columns}\"\n[[source]]\nname = \"sky\"\ntype = \"websocket\"\nurl = \"{url}\"\n{topics}"
        )
    };
    for columns in [60, 80, 120] {
        let config = file(folder.path(), "run.toml", config(columns));
        let arguments = ["run", "--config", config.to_str().expect("UTF-8")];
        let mut script = terminal(columns, "stty echo; trap : INT; resonanz \"$@\"", &arguments);
        let output = folder.path().join(format!("seen-{columns}"));
        script.current_dir(folder.path()).stdin(Stdio::piped());
        script.stdout(File::create(&output).expect("a file"));
        let mut script = script.spawn().expect("script runs");
        let seen = || std::fs::read_to_string(&output).unwrap_or_default();
        wait_for("the view", || seen().contains("22 more topics").then_some(()));
        let mut keys = script.stdin.take().expect("a pipe");
        keys.write_all(b"\x03").expect("Ctrl-C");
        assert!(script.wait().expect("script ends").success(), "{columns}");
        let seen = seen();
        // The last frame, before Ctrl-C is echoed.
        let frame = screen(columns, seen.split("^C").next().unwrap_or_default());
        let lines = frame.iter().skip_while(|line| !line.starts_with("event time"));
        let lines = lines.map(|line| line.trim_end()).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.collect();
        let begins = [
            "event time 2",
            "posts ",
            "mentions ",
            "negative ",
            "alerts 0 ",
            "  topic",
            "  22 more topics",
        ];
        for line in &lines {
            assert!(begins.iter().any(|begin| line.starts_with(begin)), "{columns}: {lines:#?}");
        }
        let topics = lines.iter().filter(|line| line.starts_with("  topic number"));
        assert!(
            topics.clone().all(|line| line.ends_with(" %")) && topics.count() == 12,
            "{lines:#?}"
        );
        let left = screen(columns, &seen).join("\n");
        assert!(!left.contains("event time") && !left.contains('░'), "{columns}: {left}");
        assert!(left.contains(" commits") && left.contains("\nmessages: 0 delivered"), "{left}");
    }
}

/// What a terminal shows that knows line feeds, returns, moves up, and clearing.
fn screen(columns: usize, seen: &str) -> Vec<String> {
    let (mut lines, mut row, mut column) = (vec![Vec::new()], 0_usize, 0);
    let mut signs = seen.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' => {
                let mut code = String::new();
                for sign in signs.by_ref() {
                    code.push(sign);
                    if sign.is_ascii_alphabetic() {
                        break;
                    }
                }
                let count = code.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1);
                match code.chars().last() {
                    Some('A') => row = row.saturating_sub(count),
                    Some('J') => {
                        lines.truncate(row + 1);
                        lines[row].truncate(column);
                    }
                    _ => {}
                }
            }
            sign => {
                if column == columns {
                    (row, column) = (row + 1, 0);
                    lines.resize(lines.len().max(row + 1), Vec::new());
                }
                let line: &mut Vec<char> = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = sign;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.into_iter().map(|line| line.into_iter().collect()).collect()
}

#[cfg(feature = "terminal")]
#[test]
fn top_shows_a_process_on_a_narrow_terminal_and_leaves_at_q() {
    use std::io::{BufReader, Read};
    let place = Place::new();
    let posts = [
        line("1", "2026-03-01T11:00:00Z", "acme is terrible, I hate it"),
        line("2", "2026-03-01T11:30:00Z", "acme is great"),
    ];
    let archive = file(place.folder.path(), "a.jsonl", posts.concat());
    assert!(place.reprocess(&archive).status.success());
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let (_serving, url) = crate::support::serving(&mut command);
    let arguments = ["top", "--url", &url, "--period", "2026-03-01", "--every", "1"];
    let mut shown = terminal(60, "resonanz \"$@\"", &arguments);
    let mut watching =
        shown.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script runs");
    let mut screen = BufReader::new(watching.stdout.take().expect("a pipe"));
    let (mut seen, mut chunk) = (String::new(), [0; 4_096]);
    while !(seen.contains("acme") && seen.contains("q quits")) {
        let length = screen.read(&mut chunk).expect("the screen");
        assert!(length > 0, "it ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&chunk[..length]));
    }
    for words in ["resonanz", "TOPIC", "MENTIONS", "none fires", "only serves a lake"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    watching.stdin.take().expect("a pipe").write_all(b"q").expect("typed");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).expect("the screen");
    assert!(watching.wait().expect("it ends").success());
    assert!(rest.contains("\u{1b}[?1049l"), "the usual screen is back: {rest:?}");

    // Nobody answers, and no terminal: said at once, on the usual screen.
    let nobody = run(&["top", "--url", "http://127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(stderr(&nobody).contains("top needs a terminal"), "{}", stderr(&nobody));
    let seen = on_terminal(60, &["top", "--url", "http://127.0.0.1:1"]);
    assert!(
        seen.contains("no answer from http://127.0.0.1:1") && !seen.contains("[?1049h"),
        "{seen}"
    );
}
