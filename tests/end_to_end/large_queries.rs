//! Does a query that would take more memory than it may take nothing with it? Every operator that holds
//! rows, over texts that are as long as they can be.

use std::process::Command;

use crate::memory::{long_texts, peak};
use crate::sql_http::Served;
use crate::support::{file, query, resonanz, run, stderr, stdout};

const MIB: usize = 1024 * 1024;
/// What a query may hold here.
const ALLOWED_MIB: usize = 64;
/// What a process holds without a query, and what it may fill between two looks at itself.
const BESIDES_MIB: usize = 160;

/// What would take gigabytes if it were let: 150 texts of 63 kB, a hundred times each and more.
const LARGE: [&str; 22] = [
    "SELECT m.text FROM mentions m, generate_series(1, 100) AS g(n) ORDER BY m.text",
    "SELECT m.text || n AS t FROM mentions m, generate_series(1, 100) AS g(n) ORDER BY t, n",
    "SELECT length(v) FROM (SELECT first_value(text) OVER (ORDER BY n ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS v FROM mentions, generate_series(1, 100) AS g(n))",
    "SELECT length(v) FROM (SELECT lag(text, 3) OVER (ORDER BY n) AS v FROM mentions, generate_series(1, 100) AS g(n))",
    "SELECT length(v) FROM (SELECT max(text) OVER (PARTITION BY n) AS v FROM mentions, generate_series(1, 100) AS g(n))",
    "SELECT cardinality(v) FROM (SELECT array_agg(text) OVER () AS v FROM mentions)",
    "SELECT length(v) FROM (SELECT string_agg(text, '') OVER (ORDER BY post_id) AS v FROM mentions)",
    "SELECT sum(v) FROM (SELECT first_value(n) OVER (ORDER BY n ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS v FROM generate_series(1, 9000000) AS g(n))",
    "SELECT cardinality(array_agg(text || n)) FROM mentions, generate_series(1, 100) AS g(n)",
    "SELECT length(string_agg(text, ',')) FROM mentions, generate_series(1, 100)",
    "SELECT n, max(text || n) FROM mentions, generate_series(1, 100) AS g(n) GROUP BY n, post_id",
    "SELECT count(DISTINCT text || n) FROM mentions, generate_series(1, 100) AS g(n)",
    "SELECT count(*) FROM (SELECT DISTINCT text || n || post_id FROM mentions, generate_series(1, 100) AS g(n))",
    "SELECT count(*) FROM (SELECT text || n FROM mentions, generate_series(1, 100) AS g(n) UNION SELECT n || text FROM mentions, generate_series(1, 100) AS g(n))",
    "SELECT count(*) FROM (SELECT text || n AS t FROM mentions, generate_series(1, 100) AS g(n)) AS a JOIN (SELECT n || text AS t FROM mentions, generate_series(1, 100) AS g(n)) AS b ON a.t = b.t",
    "SELECT max(length(a.text || b.text)) FROM mentions a JOIN mentions b ON a.text <= b.text",
    "WITH RECURSIVE r AS (SELECT text AS t, 1 AS n FROM mentions UNION ALL SELECT t || 'x', n + 1 FROM r WHERE n < 100) SELECT max(length(t)) FROM r",
    "SELECT count(*) FROM (SELECT unnest(array_repeat(text, 100)) AS t FROM mentions)",
    "SELECT count(w) FROM (SELECT unnest(string_to_array(m.text, '')) AS w FROM mentions m, generate_series(1, 20))",
    "SELECT count(*) FROM mentions WHERE text || 'x' IN (SELECT text || n FROM mentions, generate_series(1, 100) AS g(n))",
    "SELECT topic FROM (SELECT text || n AS topic FROM mentions, generate_series(1, 100) AS g(n)) ORDER BY topic",
    "SELECT array_agg(text) FROM mentions, generate_series(1, 100) AS g(n) GROUP BY n % 10",
];

/// Runs a command, and prints its exit code, the most that it or a process of its held, in MiB, and what
/// it says of errors.
const MEASURE: &str = "
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, done.stderr)
";

#[test]
fn no_operator_takes_more_than_twice_the_memory_of_a_query() {
    let place = long_texts();
    let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
    for sql in LARGE {
        let mut command = Command::new(&python);
        command.args(["-c", MEASURE]).arg(resonanz().get_program());
        command.args(["query", "--memory-mib", &ALLOWED_MIB.to_string(), "--format", "json"]);
        let output = command.arg("--lake").arg(&place.lake).arg(sql).output().expect("Python");
        let told = String::from_utf8_lossy(&output.stdout);
        let mut words = told.split_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<usize>().ok());
        let (code, held) = (number(), number());
        assert!(held.is_some_and(|held| held < 2 * ALLOWED_MIB + BESIDES_MIB), "{sql}: {told}");
        let is_refused = told.contains(" MiB") && told.contains("hint: ");
        assert!(code == Some(0) || (code == Some(1) && is_refused), "{sql}: {told}");
    }
}

#[test]
fn a_server_goes_on_while_large_queries_are_refused() {
    let place = long_texts();
    let mut command = resonanz();
    command.args(["serve", "--concurrent", "4", "--memory-mib", &ALLOWED_MIB.to_string()]);
    command.arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    assert_eq!(served.sql("SELECT 1").0, 200);
    let idle = peak(served.process());
    std::thread::scope(|scope| {
        for sql in [LARGE[2], LARGE[7]] {
            let served = &served;
            scope.spawn(move || {
                let (status, error) = served.sql(sql);
                let (why, hint) = (error["detail"].as_str(), error["hint"].as_str());
                assert_eq!(status, 422, "{sql}: {error}");
                assert!(why.is_some_and(|why| why.contains(" MiB")), "{sql}: {error}");
                assert!(hint.is_some_and(|hint| hint.contains("allow more")), "{sql}: {error}");
            });
        }
        for _ in 0..20 {
            let (status, rows) = served.sql("SELECT count(*) AS n FROM mentions");
            assert_eq!((status, rows[0]["n"].as_u64()), (200, Some(150)));
        }
    });
    let grown = peak(served.process()) - idle;
    assert!(grown < ALLOWED_MIB * MIB, "{} MiB", grown / MIB);
}

#[cfg(feature = "postgres")]
#[test]
fn a_large_query_of_a_postgresql_client_is_refused_too() {
    let place = long_texts();
    let served =
        crate::postgres::Served::new(&place.lake, &["--memory-mib", &ALLOWED_MIB.to_string()]);
    let Some(refusal) = served.refusal(LARGE[2]) else { return };
    assert!(refusal.contains("53200") && refusal.contains("64 MiB of memory"), "{refusal}");
    // What fits is answered, by the same way.
    let fits =
        "SELECT topic || length(first_value(text) OVER (ORDER BY post_id)) FROM mentions LIMIT 1";
    assert_eq!(served.rows(fits).as_deref(), Some("acme63600"));
}

#[test]
fn an_answer_of_another_process_is_the_same() {
    let place = long_texts();
    for (sql, answer) in [
        (
            "SELECT count(*), sum(rank) FROM (SELECT row_number() OVER (ORDER BY text, post_id) AS rank FROM mentions)",
            "150,11325",
        ),
        ("SELECT DISTINCT length(text) FROM mentions", "63600"),
        ("SELECT left(t, 4) FROM (SELECT text AS t FROM mentions ORDER BY t DESC) LIMIT 1", "acme"),
        ("SELECT lag(NULL) OVER () IS NULL FROM mentions LIMIT 1", "true"),
        ("SELECT count(n) FROM (SELECT unnest([1, 2, 3]) AS n)", "3"),
    ] {
        assert_eq!(query(&place.lake, sql), answer, "{sql}");
    }
    let (served, wrong) = (Served::new(&[]), "SELECT max(nosuch) OVER () FROM mentions");
    let (status, error) = served.sql(wrong);
    assert_eq!((status, error["detail"].as_str()), (400, Some("no column is called nosuch")));
}

#[test]
fn what_is_promised_is_known_where_large_queries_are_answered() {
    let place = long_texts();
    let text = format!(
        "[lake]\npath = \"{}\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\naccounts = [\"@own\"]\n\
         [topic.service]\npromise = \"4h\"\nhours = \"Mo-Fr 09:00-18:00\"\nzone = \"Europe/Berlin\"\nholidays = \"DE-BY\"\nclosed = \"2026-03-02\"\n",
        place.lake.display()
    );
    let config = file(place.folder.path(), "run.toml", text);
    let config = config.to_str().expect("UTF-8");
    let ask = |sql: &str| {
        let arguments = ["query", "--memory-mib", "64", "--format", "csv", "--config", config, sql];
        run(&arguments)
    };
    // A Sunday, and a Monday on which nobody is there.
    let due = "2026-03-03T12:00:00Z";
    for sql in [
        "SELECT max(promised_until(topic, posted_at)) AS due FROM mentions",
        "SELECT max(due) AS due FROM (SELECT promised_until(topic, posted_at) AS due, row_number() OVER (ORDER BY text) AS n FROM mentions)",
    ] {
        let answer = ask(sql);
        assert!(stdout(&answer).contains(due), "{sql}: {}{}", stdout(&answer), stderr(&answer));
    }
    let large = "SELECT due, length(v) FROM (SELECT promised_until(topic, posted_at) AS due, first_value(text) OVER (ORDER BY n ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS v FROM mentions, generate_series(1, 100) AS g(n))";
    let refused = ask(large);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains(" MiB"), "{}", stderr(&refused));
}
