//! What does a user see at the command line? The real binary, its output and its exit codes.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Place, file, line, query, repository, resonanz, run, stderr, stdout};

fn pipe(arguments: &[&str], input: &[u8]) -> std::process::Output {
    let child = resonanz()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(input).expect("written");
    child.wait_with_output().expect("the binary ends")
}

#[test]
fn a_configuration_is_checked_as_a_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[lake]\npth = \"x\"\ncommit_interval = 10\n[[topic]]\nname = \"a\"\nquery = 'a AND'\n\
                [[rule]]\nname = \"r\"\ntype = \"spik\"\ntopics = [\"b\"]\n[[receiver]]\nname = \"x\"\nurl = \"http://h\"\n";
    let path = file(folder.path(), "bad.toml", text);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    let errors = stderr(&checked);
    for wanted in [
        "bad.toml:2:1: unknown key \"pth\" in [lake]\n  pth = \"x\"\n  ^\n  hint: did you mean \"path\"?",
        "bad.toml:3:19: commit_interval is 10",
        "bad.toml:6:15: query of topic \"a\": the query ends where a term is expected",
        "bad.toml:9:8: type is \"spik\"",
        "bad.toml:10:11: no topic is called \"b\"\n  topics = [\"b\"]\n            ^\n  hint: the topics are a",
        "bad.toml:13:7: \"http://h\" is not an HTTPS address",
        "6 problems",
    ] {
        assert!(errors.contains(wanted), "{wanted}\nnot in\n{errors}");
    }
}

#[test]
fn a_rule_that_fewer_people_than_its_count_never_fire_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[[source]]\nname = \"sky\"\ntype = \"websocket\"\nurl = \"ws://h\"\n\
                [[topic]]\nname = \"a\"\nquery = 'a'\n\
                [[rule]]\nname = \"many\"\ntype = \"threshold\"\ncount = 3\n";
    for (more, warned) in [("", true), ("min_authors = 5\n", false), ("min_authors = 0\n", false)] {
        let path = file(folder.path(), "few.toml", format!("{text}{more}"));
        let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
        let said = stderr(&checked);
        assert_eq!(checked.status.code(), Some(0), "{said}");
        let wanted = "few.toml:11:9: warning: count = 3 is not enough: the rule also needs 5 different authors";
        assert_eq!(said.contains(wanted), warned, "{said}");
        assert_eq!(said.contains("add min_authors = 3"), warned, "{said}");
    }
}

#[test]
fn what_may_not_do_what_was_meant_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[[source]]\nname = \"sky\"\ntype = \"websocket\"\nurl = \"ws://h\"\n\
                [[topic]]\nname = \"a\"\nquery = 'a or b followers:>9'\naccounts = [\"acme\"]\n";
    let path = file(folder.path(), "odd.toml", text);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    assert!(stdout(&checked).ends_with("no problems, 3 warnings\n"), "{}", stdout(&checked));
    let warnings = stderr(&checked);
    for wanted in [
        "odd.toml:7:12: warning: query of topic \"a\": or is a word to look for here, not OR\n  \
         query = 'a or b followers:>9'\n             ^\n  hint: write the operator",
        "odd.toml:7:17: warning: query of topic \"a\": no post of the sources here has followers:>=10",
        "odd.toml:8:13: warning: no source here names accounts like \"acme\"",
    ] {
        assert!(warnings.contains(wanted), "{wanted}\nnot in\n{warnings}");
    }
    let gone = "[[topic]]\nname = \"a\"\nquery = 'a'\n\
                [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"nowhere.jsonl\"\n";
    let path = file(folder.path(), "gone.toml", gone);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stderr(&checked).contains("gone.toml:4: source \"f\": "), "{}", stderr(&checked));
    assert!(stderr(&checked).contains("nowhere.jsonl: no such file"), "{}", stderr(&checked));
    let waiting = format!("{gone}follow = true\n");
    let path = file(folder.path(), "waiting.toml", waiting);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(0));
    assert!(stderr(&checked).contains("nowhere.jsonl: no such file"), "{}", stderr(&checked));
    assert!(stdout(&checked).ends_with("no problems, 1 warning\n"), "{}", stdout(&checked));
    let events = "wss://h/xrpc/network.bsky.jetstream.subscribeEvents?wantedCollections=a.b";
    let older = format!("[[source]]\nname = \"s\"\ntype = \"bluesky\"\nurl = \"{events}\"\n");
    let path = file(folder.path(), "older.toml", older);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    let told = stderr(&checked);
    let wanted = "older.toml:4:7: \"wantedCollections\" is not a parameter of this version";
    assert!(told.contains(wanted) && told.contains("write collections= instead"), "{told}");
}

#[test]
fn a_table_is_not_taken_for_a_source_of_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "Export.CSV", "Datum;Text\n28.11.2026;acme ist super\n");
    let text = "[[source]]\nname = \"f\"\ntype = \"file\"\npath = \"Export.CSV\"\n";
    let path = file(folder.path(), "table.toml", text);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2), "{}", stdout(&checked));
    let told = stderr(&checked);
    assert!(told.contains("table.toml:4:8: a source of type \"file\" reads JSON lines"), "{told}");
    assert!(told.contains("hint: bring it in with: resonanz import Export.CSV"), "{told}");
}

#[test]
fn what_is_missing_is_named_at_once_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |text: &str| {
        let path = file(folder.path(), "some.toml", text);
        let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
        (checked.status.code(), stdout(&checked), stderr(&checked))
    };
    let (code, said, warned) = check("");
    assert!(code == Some(0) && said.contains("no problems, 2 warnings"), "{said}{warned}");
    for wanted in
        ["there is nothing to listen to", "resonanz sources list", "nothing is looked for"]
    {
        assert!(warned.contains(wanted), "{wanted} not in {warned}");
    }
    let topic = "[[topic]]\nname = \"a\"\nquery = 'a'\n";
    let source = |name: &str| {
        format!("[[source]]\nname = \"{name}\"\ntype = \"file\"\npath = \"{name}.jsonl\"\n")
    };
    let words = "[sentiment]\nlexicons = [\"own.tsv\"]\nmodel = \"own.model\"\n";
    let (code, _, errors) = check(&[topic, &source("one"), &source("two"), words].concat());
    assert_eq!(code, Some(2), "{errors}");
    for wanted in [
        "some.toml:4: source \"one\": ",
        "some.toml:8: source \"two\": ",
        "some.toml:13: ",
        "own.tsv",
        "some.toml:14: ",
        "own.model",
    ] {
        assert!(errors.contains(wanted), "{wanted} not in {errors}");
    }
    let kafka = "[[source]]\nname = \"k\"\ntype = \"kafka\"\ntopic = \"t\"\nbrokers = ";
    let (code, _, errors) = check(&format!("{topic}{kafka}[\"a:9092\", \"b:9092\"]\n"));
    assert_eq!(code, Some(0), "a list is what people write: {errors}");
    let (code, _, errors) = check(&format!("{topic}{kafka}9092\n"));
    assert!(code == Some(2) && errors.contains("1 problem"), "{errors}");
    let gone = folder.path().join("gone.toml");
    let listed = run(&["sources", "list", "--config", gone.to_str().expect("UTF-8")]);
    assert!(listed.status.code() == Some(2) && stderr(&listed).contains("gone.toml"));
}

#[test]
fn the_starter_configuration_has_no_problems_and_is_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("resonanz.toml");
    let path = path.to_str().expect("UTF-8");
    assert_eq!(run(&["init", path]).status.code(), Some(0));
    assert_eq!(run(&["check", "--config", path]).status.code(), Some(0));
    assert_eq!(run(&["init", path]).status.code(), Some(2));
}

#[test]
fn scores_stream_in_three_formats() {
    let input =
        b"{\"id\": 7, \"text\": \"VADER is smart, handsome, and funny!\"}\n\n{\"id\": 8}\nnonsense\n";
    let options = ["score", "--profile", "vader", "--input-format", "jsonl", "--format", "jsonl"];
    let scored = pipe(&options, input);
    assert_eq!(scored.status.code(), Some(1), "two lines were refused");
    let first = stdout(&scored).lines().next().unwrap_or_default().to_owned();
    let line: serde_json::Value = serde_json::from_str(&first).expect("a JSON line");
    assert_eq!(
        (line["id"].as_i64(), line["compound"].as_f64(), line["polarity"].as_str()),
        (Some(7), Some(0.8439), Some("positive"))
    );
    assert_eq!(
        (line["pos"].as_f64(), line["neu"].as_f64(), line["neg"].as_f64()),
        (Some(0.752), Some(0.248), Some(0.0))
    );
    let sure = line["confidence"].as_f64().expect("a share");
    assert!((0.3..1.0).contains(&sure), "{sure}");
    let errors = stderr(&scored);
    assert!(errors.contains("line=3") && errors.contains("line=4"), "{errors}");

    let csv = stdout(&pipe(&["score", "--profile", "vader", "--format", "csv"], b"say \"good\"\n"));
    assert_eq!(
        csv,
        "compound,pos,neu,neg,polarity,text\n0.4404,0.744,0.256,0,positive,\"say \"\"good\"\"\"\n"
    );
    let table = stdout(&run(&["score", "--explain", "--lang", "de", "Das gefällt mir gar nicht"]));
    assert!(table.contains("negative") && table.contains("negation \"nicht\""), "{table}");
}

#[test]
fn nobody_reading_is_no_failure() {
    for format in ["table", "jsonl"] {
        let mut child = resonanz()
            .args(["score", "--format", format])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("runs");
        drop(child.stdout.take());
        let mut input = child.stdin.take().expect("a pipe");
        // The process may be gone before everything is written.
        let _ = input.write_all("good\n".repeat(100_000).as_bytes());
        drop(input);
        assert_eq!(child.wait().expect("ends").code(), Some(0), "{format}");
    }
}

#[test]
fn bad_input_is_kept_and_counted_and_stops_nothing() {
    let place = Place::new();
    let mut input = line("1", "2026-03-01T11:59:59Z", "acme is great").into_bytes();
    input.extend(b"not json\n{\"id\":\"2\",\"text\":\"cut of\n[1,2]\n{\"id\":3}\n\xff\xfe\n\n");
    input.extend(line("1", "2026-03-01T11:59:59Z", "acme again, same id").into_bytes());
    input.extend(line("4", "2026-03-02T11:59:59Z", "acme from the future").into_bytes());
    input.extend(line("5", "1999-03-02T11:59:59Z", "acme from the past").into_bytes());
    input.extend(line("6", "2026-03-01T11:59:58Z", "").into_bytes());
    input.extend(line("7", "yesterday", "acme").into_bytes());
    input.extend(
        line("8", "2026-03-01T11:59:58Z", &format!("acme {}", "ä".repeat(80_000))).into_bytes(),
    );
    let archive = file(place.folder.path(), "a.jsonl", input);
    let worked = place.reprocess(&archive);
    assert_eq!(worked.status.code(), Some(1), "{}", stderr(&worked));
    let report = stdout(&worked);
    assert!(
        report.contains("6 posts in")
            && report.contains("1 duplicates, 6 malformed, 1 dated in the future"),
        "{report}"
    );
    assert_eq!(query(&place.lake, "SELECT post_id FROM mentions ORDER BY post_id"), "1\n5\n8");
    assert_eq!(query(&place.lake, "SELECT max(octet_length(text)) FROM mentions"), "65535");
    let letters =
        std::fs::read_to_string(place.lake.join("_resonanz/dead-letter.jsonl")).expect("a file");
    assert_eq!(letters.lines().count(), 7);
    for reason in
        ["not JSON", "ends too early", "not UTF-8", "yesterday", "more than a minute after"]
    {
        assert!(letters.contains(reason), "{reason} not in {letters}");
    }
    assert!(
        !letters.contains("somebody") || letters.contains("yesterday"),
        "only malformed lines keep their bytes"
    );
    let again = place.reprocess(&archive);
    assert_eq!(again.status.code(), Some(1), "{}", stderr(&again));
    assert_eq!(query(&place.lake, "SELECT post_id FROM mentions ORDER BY post_id"), "1\n5\n8");
}

#[test]
fn no_author_is_named_in_the_lake() {
    let place = Place::new();
    let post = line("1", "2026-03-01T11:59:59Z", "acme is great");
    assert!(place.reprocess(&file(place.folder.path(), "a.jsonl", post)).status.success());
    let author = query(&place.lake, "SELECT author FROM mentions");
    assert!(author.len() == 32 && author.chars().all(|c| c.is_ascii_hexdigit()), "{author}");
}

#[test]
fn bare_names_are_in_the_present_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "[privacy]\nauthor_key_file = \"author.key\"\n[[source]]\nname = \"f\"\ntype = \"file\"\n\
                  path = \"posts.jsonl\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
    file(folder.path(), "c.toml", config);
    file(folder.path(), "posts.jsonl", line("1", "2026-03-01T11:00:00Z", "acme"));
    let mut command = resonanz();
    let ended = command.args(["run", "--config", "c.toml"]).current_dir(folder.path()).output();
    let ended = ended.expect("the binary runs");
    assert!(ended.status.success(), "{}", stderr(&ended));
}

#[test]
fn a_lake_that_is_none_or_damaged_is_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let none = run(&["query", "--lake", path, "SELECT 1"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(
        stderr(&none).contains("is not a lake") && stderr(&none).contains("hint:"),
        "{}",
        stderr(&none)
    );

    std::fs::create_dir(folder.path().join("_resonanz")).expect("a folder");
    file(folder.path(), "_resonanz/lake.json", "{\"format\": 99, \"created_by\": \"later\"}");
    let later = run(&["query", "--lake", path, "SELECT 1"]);
    assert_eq!(later.status.code(), Some(2));
    assert!(stderr(&later).contains("lake format 99"), "{}", stderr(&later));

    file(folder.path(), "_resonanz/lake.json", "{\"form");
    let damaged = run(&["query", "--lake", path, "SELECT 1"]);
    assert_eq!(damaged.status.code(), Some(3), "{}", stderr(&damaged));
}

#[test]
fn only_reading_is_possible_through_queries() {
    let place = Place::new();
    assert!(place.reprocess(&repository("data/archive.jsonl.zst")).status.success());
    for sql in [
        "DROP TABLE mentions",
        "COPY (SELECT 1) TO 'x.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SELECT nothing",
        "SELEC 1",
    ] {
        let refused = run(&["query", "--lake", place.lake.to_str().expect("UTF-8"), sql]);
        assert_eq!(refused.status.code(), Some(2), "{sql}");
        assert!(stderr(&refused).contains("hint:"), "{sql}");
    }
    assert_eq!(query(&place.lake, "SELECT count(*) FROM mentions"), "0");
}

#[test]
fn a_damaged_file_of_a_lake_is_damage_and_a_missing_archive_is_usage() {
    let place = Place::new();
    let lake = &place.lake;
    let post = line("1", "2026-03-01T11:59:59Z", "acme is great");
    let archive = file(place.folder.path(), "a.jsonl", post);
    let missing = place.reprocess(Path::new("nowhere.jsonl"));
    assert_eq!((missing.status.code(), lake.exists()), (Some(2), false), "{}", stderr(&missing));
    assert!(place.reprocess(&archive).status.success());

    let day = lake.join("mentions").join("day=2026-03-01");
    let parquet =
        std::fs::read_dir(day).expect("a folder").flatten().next().expect("a file").path();
    let bytes = std::fs::read(&parquet).expect("a file");
    File::create(&parquet)
        .and_then(|mut file| file.write_all(&bytes[..bytes.len() / 2]))
        .expect("cut");
    let damaged = run(&[
        "query",
        "--lake",
        lake.to_str().expect("UTF-8"),
        "SELECT count(text) FROM mentions WHERE text <> ''",
    ]);
    assert_eq!(damaged.status.code(), Some(3), "{}", stderr(&damaged));

    let commits = lake.join("_resonanz/commits");
    let checkpoint =
        std::fs::read_dir(commits).expect("a folder").flatten().map(|entry| entry.path());
    let checkpoint =
        checkpoint.filter(|path| path.extension().is_some_and(|ending| ending == "checkpoint"));
    for path in checkpoint {
        File::create(path).and_then(|mut file| file.write_all(b"RESOCP")).expect("cut");
    }
    let again = place.reprocess(&archive);
    assert_eq!(again.status.code(), Some(3), "{}", stderr(&again));
    assert!(
        stderr(&again).contains("its hash is not the one in the manifest"),
        "{}",
        stderr(&again)
    );
}

#[test]
fn mistakes_are_named_once_and_with_what_mends_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let csv = file(folder.path(), "a.csv", "id,text\n1,acme\n");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("bound").to_string();
    let archive = repository("data/archive.jsonl.zst");
    let archive = archive.to_str().expect("UTF-8");
    for (command, said) in [
        (&["check", "--config", path][..], "is a directory\nhint: name the file in it"),
        (&["replay", csv.to_str().expect("UTF-8")], "not one post in its first lines: "),
        (&["query", "--lake", "/nowhere/at/all", "SELECT 1"], "hint: "),
        (&["replay", archive, "--listen", &taken], "address already in use\nhint: another process"),
        (
            &["topics", "explain", "x", "--config", "/nowhere.toml"],
            "no such file or directory\nhint: ",
        ),
    ] {
        let ended = run(command);
        let errors = stderr(&ended);
        assert_eq!(ended.status.code(), Some(2), "{command:?}: {errors}");
        assert!(errors.contains(said), "{command:?}: {errors}");
        let missing = errors.to_lowercase().matches("no such file").count();
        assert!(missing <= 1, "{errors}");
    }
}
