//! Does SQL over a lake answer, refuse and end as documented? The real binary over the bundled archive.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::LazyLock;

use resonanz::sql::View;

use crate::support::{Place, file, query, repository, resonanz, run, stderr, stdout};

/// A lake of the bundled archive, made once.
pub(crate) fn lake() -> &'static PathBuf {
    static PLACE: LazyLock<Place> = LazyLock::new(|| {
        let place = Place { config: repository("data/demo.toml"), ..Place::new() };
        assert!(place.reprocess(&repository("data/archive.jsonl.zst")).status.success());
        place
    });
    &PLACE.lake
}

/// Exit code and what standard error says.
fn refused(sql: &str, options: &[&str]) -> (Option<i32>, String) {
    let lake = lake().to_str().expect("UTF-8");
    let output = run(&[&["query", "--lake", lake, sql], options].concat());
    (output.status.code(), stderr(&output))
}

#[test]
fn every_view_has_the_columns_it_documents_and_its_example_answers() {
    let listed = stdout(&run(&["query", "--views"]));
    for view in View::all() {
        assert!(listed.contains(&view.to_string()), "{} is not listed", view.name);
        let columns = query(
            lake(),
            &format!(
                "SELECT column_name, data_type FROM information_schema.columns
                 WHERE table_name = '{}' ORDER BY ordinal_position",
                view.name
            ),
        );
        let kind = |kind: &str| match kind {
            "Int64" => "integer",
            "Float64" => "float",
            "Date32" => "date",
            "Utf8" | "Utf8View" => "text",
            kind if kind.contains("Timestamp") => "time",
            other => panic!("{}: {other}", view.name),
        };
        let has: Vec<String> = columns
            .lines()
            .map(|line| line.split_once(',').expect("two columns"))
            .map(|(name, data_type)| format!("{name} {}", kind(data_type.trim_matches('"'))))
            .collect();
        // A meaning that goes on in a second line would be read as a column.
        for line in view.columns.lines() {
            let is_row = line.starts_with(|first: char| first.is_ascii_lowercase());
            assert!(is_row, "{}: one row for a column, not {line:?}", view.name);
        }
        let says: Vec<String> = view
            .columns
            .lines()
            .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(has, says, "{}", view.name);
        let answer = query(lake(), &view.example);
        let empty = matches!(view.name, "response_times" | "alerts_now" | "goal_slips");
        assert_eq!(answer.is_empty(), empty, "{}: {answer}", view.name);
    }
}

#[test]
fn integers_that_no_integer_can_hold_are_an_error_and_never_wrap_around() {
    let values = "(VALUES (9223372036854775807, 1), (1, 1), (-1, 2)) t(x, y)";
    for what in [
        format!("sum(x) FROM {values} WHERE y = 1"),
        format!("y, sum(x) FROM {values} GROUP BY y"),
        format!("sum(DISTINCT x), count(*), sum(x) FROM {values} WHERE y = 1"),
        format!(
            "sum(x) OVER (ORDER BY y, x DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {values}"
        ),
        format!("max(x) + 1 FROM {values}"),
        format!("x * 2 FROM {values}"),
        format!("-2 - x FROM {values}"),
        "CAST(2147483647 AS INT) * CAST(2 AS INT)".to_owned(),
    ] {
        let (code, said) = refused(&format!("SELECT {what}"), &[]);
        assert!(said.contains("out of the range of its type"), "{what}: {said}");
        assert!(said.contains("hint: calculate with CAST(x AS DOUBLE)"), "{what}: {said}");
        assert_ne!(code, Some(0), "{what}");
    }
    let sums = format!("sum(x), sum(x) - 1, (min(y) + 2) * 3 - 4, sum(NULL + x) FROM {values}");
    let answer = query(lake(), &format!("SELECT {sums}"));
    assert_eq!(answer, "9223372036854775807,9223372036854775806,5,");
    let grouped = "SELECT mentions * 2 + 1, arrow_typeof(sum(mentions)), count(*) > 0 FROM panes
                   GROUP BY mentions * 2 + 1 ORDER BY mentions * 2 + 1 LIMIT 1";
    assert_eq!(query(lake(), grouped), "3,Int64,true");
}

#[test]
fn an_answer_that_nobody_reads_is_no_failure() {
    // Each writer wraps the refusal of the pipe in an error of its own.
    for format in ["table", "json", "csv", "arrow"] {
        let mut command = resonanz();
        command.args(["query", "--format", format, "SELECT text FROM mentions", "--lake"]);
        let mut child = command
            .arg(lake())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("ends");
        assert_eq!((ended.status.code(), stderr(&ended)), (Some(0), String::new()), "{format}");
    }
}

#[test]
fn views_agree_with_the_tables() {
    let rows = [
        ("SELECT sum(mentions), sum(negative) FROM trends", "2957,1058"),
        ("SELECT sum(mentions) FROM sources", "2957"),
        ("SELECT sum(mentions) FROM languages", "2957"),
        ("SELECT sum(mentions) FROM share_of_voice", "2957"),
        (
            "SELECT count(*) FROM (SELECT sum(share) AS s FROM share_of_voice GROUP BY day, topic_group) WHERE abs(s - 1) > 1e-9",
            "0",
        ),
        (
            "SELECT count(*) FROM net_sentiment WHERE net_low > net OR net_high < net OR net_low < -1 OR net_high > 1",
            "0",
        ),
        ("SELECT (SELECT sum(reach) FROM reach) - (SELECT sum(reach) FROM mentions)", "0"),
        ("SELECT count(*) FROM alerts_now", "0"),
        ("SELECT count(*), count(DISTINCT alert_id) FROM alerts", "4,1"),
        // Counts and ranges come from the log; the rows themselves say the same.
        (
            "SELECT count(*), min(posted_at) = (SELECT min(posted_at) FROM mentions WHERE text <> '') FROM mentions",
            "2957,true",
        ),
    ];
    for (sql, want) in rows {
        assert_eq!(query(lake(), sql), want, "{sql}");
    }
}

#[test]
fn an_answer_is_found_by_its_parent() {
    let place = Place::new();
    let post = |id: &str, author: &str, minute: u32, more: &str| {
        format!(
            "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":\"2026-03-01T12:{minute:02}:00Z\",\"text\":\"acme\"{more}}}\n"
        )
    };
    let answer = ",\"kind\":\"reply\",\"parent\":\"1\"";
    let posts = [
        post("1", "customer", 0, ""),
        post("2", "customer", 1, answer),
        post("3", "desk", 5, answer),
        post("4", "desk", 9, answer),
        post("5", "other", 2, ",\"kind\":\"quote\",\"parent\":\"1\""),
    ];
    let archive = file(place.folder.path(), "a.jsonl", posts.concat());
    assert!(place.reprocess(&archive).status.success());
    let sql = "SELECT post_id, wait_s, replies FROM response_times";
    assert_eq!(query(&place.lake, sql), "1,300.0,2");
}

#[test]
fn functions_judge_texts() {
    let rows = [
        (
            "SELECT sentiment('love it') > 0.05, sentiment('das ist schrecklich', 'de') < -0.05",
            "true,true",
        ),
        (
            "SELECT sentiment_confidence('love it') BETWEEN 0.3 AND 1.0, sentiment_confidence(NULL) IS NULL, \
             sentiment_confidence('an utterly horrible mess') > sentiment_confidence('der Zug nach Ulm', 'de')",
            "true,true,true",
        ),
        (
            "SELECT explain_sentiment('hooli is lovely, but initech is awful', 'initech', 'en') LIKE '%\"passages\":[\"%initech is awful\"]%', \
             explain_sentiment('hooli is lovely, but initech is awful', 'hooli') LIKE '%\"polarity\":\"positive\"%', \
             explain_sentiment('nothing of the kind', 'initech') IS NULL, explain_sentiment('awful') LIKE '%\"scope\":\"document\"%'",
            "true,true,true,true",
        ),
        (
            "SELECT count(*) FILTER (WHERE matches(text, 'congress')) = count(explain_sentiment(text, 'congress', lang)) FROM mentions WHERE topic = 'congress'",
            "true",
        ),
        (
            "SELECT sentiment(NULL) IS NULL, matches(NULL, 'a') IS NULL, matches('a', NULL) IS NULL",
            "true,true,true",
        ),
        (
            "SELECT matches('My phone battery died', 'phone NEAR/3 batter*'), matches('phones', 'phone')",
            "true,false",
        ),
        (
            "SELECT count(*) FROM mentions WHERE NOT matches(text, 'congress') AND topic = 'congress' AND text LIKE '%Congress %'",
            "0",
        ),
        ("SELECT DISTINCT matches('a ' || topic, topic) FROM mentions", "true"),
        (
            "SELECT array_to_string FROM (SELECT unnest(split_terms('B | a | b')) AS array_to_string) ORDER BY 1",
            "a\nb",
        ),
    ];
    for (sql, want) in rows {
        assert_eq!(query(lake(), sql), want, "{sql}");
    }
}

#[test]
fn the_evidence_of_an_alert_is_opened() {
    let rows = query(
        lake(),
        "SELECT post ->> 'text' <> '' AND post -> 'score' IS NOT NULL FROM (SELECT \
         unnest(json_elements(evidence, '$.posts')) AS post FROM alerts WHERE transition = 'fired')",
    );
    assert!(rows.lines().count() > 1 && rows.lines().all(|row| row == "true"), "{rows}");
    for (sql, wanted) in [
        ("SELECT '{\"a\":[1,{\"b\":\"x\"}]}' -> 'a' -> 1 ->> 'b'", "x"),
        ("SELECT '{\"a\":[1,{\"b\":\"x\"}]}' -> 'a' -> -1 -> 'b'", "\"\"\"x\"\"\""),
        ("SELECT json_value('{\"a\":[1,{\"b\":\"x\"}]}', '$.a[1].b')", "x"),
        ("SELECT count(*) FROM alerts WHERE json_value(evidence, '$.window.from') IS NULL", "0"),
        ("SELECT count(*) FROM mentions WHERE text ->> 'a' IS NOT NULL", "0"),
    ] {
        assert_eq!(query(lake(), sql), wanted, "{sql}");
    }
}

#[test]
fn an_error_says_where_it_is_and_how_to_mend_it() {
    let rows = [
        (
            "SELECT topc FROM mentions",
            "1:8: no column is called topc\n  SELECT topc FROM mentions\n         ^\nhint: did you mean topic?",
        ),
        (
            "SELECT topic\nFROM mention",
            "2:6: table 'mention' not found\n  FROM mention\n       ^\nhint: did you mean mentions?",
        ),
        ("SELECT count(*) FRM mentions WHERE", "1:21: Expected: end of statement"),
        ("SELECT sentimen(text) FROM mentions", "did you mean sentiment?"),
        (
            "SELECT 1 FROM mentions WHERE matches(text, 'a AND (b')",
            "1:51: query of matches: column 7: this parenthesis is never closed",
        ),
        ("SELECT matches(text, 'a lang:en') FROM mentions", "hint: ask the column"),
        (
            "SELECT explain_sentiment(text, '(a') FROM mentions",
            "query of explain_sentiment: column 1: this parenthesis is never closed",
        ),
        ("SELECT 'open", "Unterminated string literal"),
        ("SELECT 1 / 0", "hint: write a / nullif(b, 0)"),
        (
            "SELECT avg(polarity) FROM mentions",
            "avg does not take (text)\nhint: take a column of numbers",
        ),
        ("SELECT year(posted_at) FROM mentions", "hint: write extract(year FROM posted_at)"),
        (
            "SELECT 1 FROM mentions WHERE day = '28.11.2026'",
            "'28.11.2026' is not a date\nhint: write it as '2026-03-04'",
        ),
        ("", "hint:"),
        (";", "hint:"),
    ];
    for (sql, want) in rows {
        let (code, said) = refused(sql, &[]);
        assert_eq!(code, Some(2), "{sql}: {said}");
        assert!(said.contains(want), "{want}\nnot in\n{said}");
    }
}

#[test]
fn hostile_sql_is_refused_or_ended() {
    let chain = vec!["1"; 30_000].join("+");
    let union = vec!["SELECT 1"; 600].join(" UNION ALL ");
    let bomb: String = (1..40)
        .map(|i| format!(", a{i} AS (SELECT p.x FROM a{} p, a{} q)", i - 1, i - 1))
        .collect();
    // Each is visited twice by what is around it.
    let nested = |innermost: &str| {
        (0..40).fold(innermost.to_owned(), |inner, _| format!("WITH a AS ({inner}) {innermost}"))
    };
    let rows = [
        (nested("SELECT 1"), "too deep in each other"),
        (nested("VALUES (1)"), "too deep in each other"),
        ("DROP TABLE mentions".to_owned(), "only reading"),
        ("INSERT INTO mentions SELECT * FROM mentions".to_owned(), "only reading"),
        ("SET datafusion.execution.batch_size = 1".to_owned(), "only reading"),
        ("RESET datafusion.execution.batch_size".to_owned(), "only reading"),
        ("COPY (SELECT 1) TO 'x.csv'".to_owned(), "only reading"),
        ("EXPLAIN COPY (SELECT 1) TO 'x.csv'".to_owned(), "only reading"),
        ("EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1".to_owned(), "hint:"),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'".to_owned(), "only reading"),
        ("CREATE VIEW v AS SELECT 1".to_owned(), "only reading"),
        ("PREPARE p AS SELECT 1".to_owned(), "only reading"),
        ("BEGIN".to_owned(), "only reading"),
        ("SELECT 1; DROP TABLE mentions".to_owned(), "hint:"),
        ("SELECT * FROM '/etc/passwd'".to_owned(), "not found"),
        ("SELECT * FROM read_csv('/etc/passwd')".to_owned(), "hint:"),
        (format!("SELECT {}1{}", "(".repeat(3_000), ")".repeat(3_000)), "nested too deep"),
        (format!("SELECT {chain}"), "more than 1000 deep"),
        (union, "more than 500 tables"),
        (
            format!("WITH a0 AS (SELECT 1 AS x){bomb} SELECT count(*) FROM a39"),
            "more than 500 tables",
        ),
        (
            "SELECT regexp_like(text, '((a{1000}){1000}){1000}') FROM mentions".to_owned(),
            "regular expression",
        ),
    ];
    for (sql, want) in rows {
        let (code, said) = refused(&sql, &[]);
        let start: String = sql.chars().take(60).collect();
        assert_eq!(code, Some(2), "{start}: {said}");
        assert!(said.contains(want), "{start}: {said}");
    }
    let long = format!("SELECT '{}'", "x".repeat(100_000));
    assert_eq!(refused(&long, &[]).0, Some(0), "what is long but harmless is answered");
}

#[test]
fn a_query_ends_at_its_limits() {
    let cross = "SELECT count(*) FROM mentions a, mentions b, mentions c, mentions d WHERE a.score + b.score + c.score + d.score > 100";
    let endless =
        "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t";
    for sql in
        [cross, endless, "SELECT count(DISTINCT value % 3) FROM generate_series(1, 100000000000)"]
    {
        let (code, said) = refused(sql, &["--timeout", "1s"]);
        assert_eq!(code, Some(1), "{sql}: {said}");
        assert!(said.contains("not done within 1 s"), "{sql}: {said}");
    }
    let sort = "SELECT a.text FROM mentions a, mentions b, mentions c ORDER BY a.text || b.text";
    let (code, said) = refused(sort, &["--memory-mib", "32"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("more than 32 MiB of memory are needed"), "{said}");
}
