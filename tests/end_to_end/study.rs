//! Can a user look into topics and sentiment? The commands topics, eval and fit, with files of his own.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Output;

use crate::support::{file, query, resonanz, run, stderr, stdout};

/// A folder with a configuration, a lexicon, and posts.
struct Study {
    folder: tempfile::TempDir,
    config: PathBuf,
}

const TOPICS: &str = r##"
[lake]
path = "lake"
[sentiment]
lexicons = ["domain.tsv"]
[[topic]]
name = "bahn"
query = '(bahn OR "deutsche bahn") NEAR/4 (verspätung* OR inflect:Zug) NOT kind:article'
[[topic]]
name = "acme"
query = 'acme "phone line"~2 lang:en'
lexicons = ["acme.tsv"]
[[topic]]
name = "hiring"
query = 'inflect:Stelle OR #DeutscheBahn'
hashtags = true
"##;

impl Study {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        file(folder.path(), "domain.tsv", "fluffig\t3\tde\n");
        file(folder.path(), "acme.tsv", "sick\t3.5\ten\n");
        let config = file(folder.path(), "resonanz.toml", TOPICS);
        Self { folder, config }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = resonanz();
        command.current_dir(self.folder.path()).args(arguments);
        command.output().expect("the binary runs")
    }
}

#[test]
fn a_topic_says_what_matched_and_why() {
    let study = Study::new();
    let posts =
        "Die Bahn hat schon wieder Verspätung!\nMit der Bahn und drei Zügen ans Ziel\nBahn\n";
    let input = file(study.folder.path(), "posts.txt", posts);
    let tested = study.run(&["topics", "test", input.to_str().expect("UTF-8"), "--topic", "bahn"]);
    let said = stdout(&tested);
    assert!(tested.status.success(), "{}", stderr(&tested));
    assert!(said.contains("Die [Bahn] hat schon wieder [Verspätung]!"), "{said}");
    assert!(said.contains("[Bahn] und drei [Zügen]"), "{said}");
    assert!(
        said.contains("bahn  negative") && said.contains("yes") && said.contains("NOT"),
        "{said}"
    );
    assert!(said.ends_with("2 of 3 posts match\n"), "{said}");

    assert!(said.contains("\n    confidence 0."), "{said}");
    assert!(!said.contains("decided by"), "{said}");

    let explained = stdout(&study.run(&["topics", "explain", "acme"]));
    assert!(explained.contains("AND\n  acme\n  \"phone line\"~2\n  lang:en\n"), "{explained}");
    let unknown = study.run(&["topics", "explain", "akme"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("hint: the topics are bahn, acme, hiring"));
}

#[test]
fn a_topic_says_what_made_its_verdict() {
    let study = Study::new();
    let config =
        "[[topic]]\nname = \"initech\"\nquery = 'initech'\naccounts = [\"initech_care\"]\n";
    file(study.folder.path(), "resonanz.toml", config);
    let post = |id: u8, author: &str, text: &str| {
        format!(
            "{{\"id\":\"p{id}\",\"author\":\"{author}\",\"posted_at\":\"2026-03-01T12:00:00Z\",\"text\":\"{text}\",\"lang\":\"en\"}}\n"
        )
    };
    let posts = [
        post(1, "sue", "Hooli is wonderful, but Initech is really awful."),
        post(2, "initech_care", "The Initech outage was terrible, we are sorry."),
    ];
    let input = file(study.folder.path(), "posts.jsonl", posts.concat());
    let input = input.to_str().expect("UTF-8");
    let said = stdout(&study.run(&["topics", "test", input, "--lines", "jsonl", "--explain"]));
    let (theirs, ours) = said.split_once("p2\n").expect("two posts");
    for wanted in
        ["initech  negative -", "booster \"really\"", "decided by the clause\n", "of 100 verdicts"]
    {
        assert!(theirs.contains(wanted), "{wanted}\nnot in\n{theirs}");
    }
    let clause = theirs
        .lines()
        .find(|line| line.contains("Initech is really") && line.trim().starts_with('"'));
    assert!(clause.is_some_and(|clause| !clause.contains("Hooli")), "{theirs}");
    assert!(ours.contains("initech  neutral -"), "{ours}");
    assert!(ours.contains("by an account of the topic: never a complaint"), "{ours}");
}

#[test]
fn a_query_for_a_language_is_tested_on_posts_that_declare_none() {
    let study = Study::new();
    let config = "[lake]\npath = \"lake\"\n[[source]]\nname = \"s\"\ntype = \"stdin\"\n\
                  [[topic]]\nname = \"acme\"\nquery = 'acme lang:de'\n";
    file(study.folder.path(), "resonanz.toml", config);
    let posts = "Die Acme Hotline ist furchtbar und niemand hilft\nAcme is what I like the most\n";
    let input = file(study.folder.path(), "posts.txt", posts);
    let said = stdout(&study.run(&["topics", "test", input.to_str().expect("UTF-8")]));
    assert!(said.contains("1 of 2 posts match"), "{said}");
    assert!(said.contains("Die [Acme] Hotline"), "{said}");
}

#[test]
fn a_backtest_lists_the_calls_that_a_history_would_have_brought() {
    let study = Study::new();
    let day = |bin: u32| {
        format!("2026-03-{:02} {:02}:{:02}:00", 1 + bin / 288, bin / 12 % 24, bin % 12 * 5)
    };
    let count = |bin: u32| if bin == 1_000 { 90 } else { 3 };
    let rows: String = (0..1_200).map(|bin| format!("{},{}\n", day(bin), count(bin))).collect();
    file(study.folder.path(), "counts.csv", format!("timestamp,value\n{rows}"));
    let run = |format: &str| {
        stdout(&study.run(&["alerts", "backtest", "--counts", "counts.csv", "--format", format]))
    };
    assert_eq!(run("csv"), format!("timestamp,anomaly_score\n{},1\n", day(1_000)));
    let table = run("table");
    assert!(table.contains("fired") && table.contains("resolved"), "{table}");
    for wrong in [["--window", "0m"], ["--bin", "0m"], ["--history", "0d"], ["--novelty", "NaN"]] {
        let refused =
            study.run(&[&["alerts", "backtest", "--counts", "counts.csv"], &wrong[..]].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}: {}", stderr(&refused));
    }
    file(
        study.folder.path(),
        "broken.csv",
        "timestamp,value\n2026-03-01 00:00:00,3\nyesterday,1\n",
    );
    let broken = study.run(&["alerts", "backtest", "--counts", "broken.csv"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(stderr(&broken).contains("broken.csv:3:"), "{}", stderr(&broken));
}

#[test]
fn a_rule_of_another_tool_is_carried_over_or_said_not_to_be() {
    let whole = run(&["topics", "import", "acme \"customer service\" -job lang:de"]);
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    assert_eq!(stdout(&whole), "acme AND \"customer service\"~0 AND NOT job AND lang:de\n");
    let other = "(acme OR globex) NEAR/4f title:refund* AND country:gb";
    let other = run(&["topics", "import", "--from", "brandwatch", other]);
    assert_eq!(other.status.code(), Some(1));
    assert_eq!(stdout(&other), "(acme OR globex) NEAR/4f refund*\n");
    let told = stderr(&other);
    assert!(told.contains("title:\n") && told.contains("country:gb\n"), "{told}");
    let open = run(&["topics", "import", "acme -\"job"]);
    assert_eq!(open.status.code(), Some(2));
    assert!(stderr(&open).contains("this quote is never closed"), "{}", stderr(&open));
    let part = run(&["topics", "import", "acme has:geo"]);
    assert_eq!(part.status.code(), Some(1));
    assert!(stderr(&part).contains("not carried over: has:geo"), "{}", stderr(&part));
}

#[test]
fn a_wrong_query_or_lexicon_is_shown_with_its_place() {
    let study = Study::new();
    let config = TOPICS.replace("acme \"phone", "acme (\"phone");
    file(study.folder.path(), "broken.toml", config);
    let checked = study.run(&["check", "--config", "broken.toml"]);
    assert_eq!(checked.status.code(), Some(2));
    let errors = stderr(&checked);
    assert!(errors.contains("query of topic \"acme\"") && errors.contains("hint:"), "{errors}");
    file(study.folder.path(), "acme.tsv", "sick\t3.5\ten\nbad\tvery\n");
    let checked = study.run(&["check", "--config", study.config.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stderr(&checked).contains("acme.tsv: line 2: weight \"very\""), "{}", stderr(&checked));
}

#[test]
fn words_of_a_topic_count_for_that_topic_and_change_what_the_lake_says() {
    let study = Study::new();
    let post = |id: u32, text: &str| {
        format!(
            "{{\"id\":\"{id}\",\"posted_at\":\"2026-03-01T11:59:59Z\",\"text\":\"{text}\",\"lang\":\"en\"}}\n"
        )
    };
    let lines = post(1, "The new acme phone hot line is sick") + &post(2, "acme phone line");
    file(study.folder.path(), "a.jsonl", lines);
    let worked =
        study.run(&["reprocess", "a.jsonl", "--config", "resonanz.toml", "--lake", "lake"]);
    assert!(worked.status.success(), "{}", stderr(&worked));
    let lake = study.folder.path().join("lake");
    let rows = query(&lake, "SELECT post_id, polarity, lang FROM mentions ORDER BY post_id");
    assert_eq!(rows, "1,positive,en\n2,neutral,en");
}

#[test]
fn a_fitted_model_is_better_where_it_was_fitted() {
    let study = Study::new();
    // A domain in which a word means what no lexicon knows.
    let mut rows = String::new();
    for number in 0..240 {
        let (text, label) = match number % 3 {
            0 => ("the blorp arrived again", -1),
            1 => ("the zimp arrived again", 1),
            _ => ("the parcel arrived again", 0),
        };
        let _ =
            writeln!(rows, "{{\"text\":\"{text} {number}\",\"label\":{label},\"lang\":\"en\"}}");
    }
    file(study.folder.path(), "mine.jsonl", &rows);
    let score = |arguments: &[&str]| {
        let report = study.run(&[&["eval", "mine.jsonl", "--format", "json"], arguments].concat());
        assert!(report.status.success(), "{}", stderr(&report));
        let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("JSON");
        report["datasets"][0]["document"]["macro_f1"].as_f64().expect("a number")
    };
    assert!(score(&[]) < 0.5);
    let fitted = study.run(&["fit", "mine.jsonl", "--out", "mine.tsv"]);
    assert!(fitted.status.success(), "{}", stderr(&fitted));
    assert!(stdout(&fitted).contains("chosen"), "{}", stdout(&fitted));
    assert!(score(&["--model", "mine.tsv"]) > 0.95);

    let errors = stdout(&study.run(&["eval", "mine.jsonl", "--errors", "1"]));
    assert!(errors.contains("labeled") && errors.contains("macro-F1"), "{errors}");
    let explained = stdout(&study.run(&[
        "score",
        "--model",
        "mine.tsv",
        "--explain",
        "--lang",
        "en",
        "a blorp",
    ]));
    assert!(explained.contains("blorp") && explained.contains("negative"), "{explained}");
}

#[test]
fn posts_without_labels_are_learned_from_and_labels_decide() {
    let study = Study::new();
    let (mut posts, mut archive, mut labeled) = (String::new(), String::new(), String::new());
    for number in 0..240 {
        let text = match number % 3 {
            0 => "what an awful blorp, parcel",
            1 => "what a lovely zimp, parcel",
            _ => "at noon leaves parcel",
        };
        let (hour, minute) = (number / 60, number % 60);
        let time = format!("2026-03-01T1{hour}:{minute:02}:00Z");
        let _ = writeln!(posts, "{{\"text\":\"{text} {number}\",\"lang\":\"en\"}}");
        let _ = writeln!(
            archive,
            "{{\"id\":\"{number}\",\"text\":\"{text} {number}\",\"lang\":\"en\",\"posted_at\":\"{time}\"}}"
        );
        // Who finds them neutral finds worse what was learned.
        let (text, label) = [("what a blorp", 0), ("what a zimp", 0)][number % 2];
        let _ =
            writeln!(labeled, "{{\"text\":\"{text} {number}\",\"label\":{label},\"lang\":\"en\"}}");
    }
    for (name, text) in
        [("posts.jsonl", &posts), ("a.jsonl", &archive), ("labeled.jsonl", &labeled)]
    {
        file(study.folder.path(), name, text);
    }
    let fitted = study.run(&["fit", "--unlabelled", "posts.jsonl", "--out", "own.tsv"]);
    let said = stdout(&fitted);
    assert!(fitted.status.success(), "{said}{}", stderr(&fitted));
    assert!(said.contains("nobody can tell whether that is better"), "{said}");
    assert!(said.contains(" of 240 verdicts change"), "{said}");
    let scored = study.run(&["score", "--model", "own.tsv", "--lang", "en", "what a zimp"]);
    assert!(stdout(&scored).contains("positive"), "{}", stderr(&scored));

    let judged =
        study.run(&["fit", "labeled.jsonl", "--unlabelled", "posts.jsonl", "--out", "judged.tsv"]);
    let said = stdout(&judged);
    assert_eq!(judged.status.code(), Some(1), "{said}{}", stderr(&judged));
    assert!(said.contains("0 righted, 240 wronged") && said.contains("kept as it was"), "{said}");
    assert!(!study.folder.path().join("judged.tsv").exists(), "{said}");

    file(study.folder.path(), "p.toml", "[[topic]]\nname = \"parcel\"\nquery = 'parcel'\n");
    let worked = study.run(&["reprocess", "a.jsonl", "--config", "p.toml", "--lake", "mine"]);
    assert!(worked.status.success(), "{}", stderr(&worked));
    let asked = ["fit", "--unlabelled", "mine", "--out", "lake.tsv", "--format", "json"];
    let fitted = study.run(&asked);
    assert!(fitted.status.success(), "{}{}", stdout(&fitted), stderr(&fitted));
    let told: serde_json::Value = serde_json::from_slice(&fitted.stdout).expect("JSON");
    let view = &told["unlabelled"]["views"][0];
    assert!(view["posts"].as_u64() >= Some(200) && view["learned"] == true, "{told}");
    assert_eq!(study.run(&["fit", "--out", "none.tsv"]).status.code(), Some(2));
}

#[test]
fn a_row_that_is_none_is_named() {
    let study = Study::new();
    file(
        study.folder.path(),
        "rows.jsonl",
        "{\"text\":\"good\",\"label\":1}\n\n{\"text\":\"x\"}\n",
    );
    let report = study.run(&["eval", "rows.jsonl"]);
    assert_eq!(report.status.code(), Some(1), "one row was refused");
    assert!(stderr(&report).contains("line=3"), "{}", stderr(&report));
    assert_eq!(run(&["eval", "nowhere.jsonl"]).status.code(), Some(2));
    assert_eq!(study.run(&["eval", "rows.jsonl", "--lang", "zzzz"]).status.code(), Some(2));
}
