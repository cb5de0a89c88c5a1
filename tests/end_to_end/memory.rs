//! Does a query stay within its memory, whatever it asks? A served lake, and how much its process has
//! ever held.

use std::io::Read;
use std::time::Duration;

use crate::sql_http::Served;
use crate::support::{Place, file, query, resonanz, stderr};

const MIB: usize = 1024 * 1024;

/// The most that a process ever held.
pub(crate) fn peak(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kib.unwrap_or_default() * 1024
}

/// A lake of posts that are as long as posts can be, and small on disk.
pub(crate) fn long_texts() -> Place {
    let place = Place::new();
    let text = "acme is bad ".repeat(5_300);
    let posts: String = (0..150)
        .map(|id| crate::support::line(&id.to_string(), "2026-03-01T12:00:00Z", &text))
        .collect();
    let archive = file(place.folder.path(), "long.jsonl", posts);
    let output = place.reprocess(&archive);
    assert!(output.status.success(), "{}", stderr(&output));
    place
}

#[test]
fn long_texts_are_answered_in_little_memory() {
    let place = long_texts();
    let mut command = resonanz();
    command.args(["serve", "--memory-mib", "64", "--lake"]).arg(&place.lake);
    let served = Served::start(command);
    let idle = peak(served.process());
    // 150 texts of 63 kB, 60 times each: half a GiB.
    let sql = "SELECT m.text FROM mentions m, generate_series(1, 60)";
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        let mut stream = served.send("POST /api/v1/sql", "", sql);
        let (mut sum, mut some) = (0, vec![0; MIB]);
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            match stream.read(&mut some).expect("rows come") {
                0 => break,
                count => sum += count,
            }
            // Who reads slowly makes the query wait, and nothing pile up.
            let until = std::time::Instant::now() + pause;
            while std::time::Instant::now() < until {
                std::thread::yield_now();
            }
        }
        assert!(sum > 100 * MIB, "{sum}");
    }
    let grown = peak(served.process()) - idle;
    assert!(grown < (64 + 256) * MIB, "{} MiB", grown / MIB);
}

#[test]
fn values_that_functions_build_are_bounded_before_they_are_built() {
    let place = long_texts();
    let mut command = resonanz();
    command.args(["serve", "--memory-mib", "64", "--lake"]).arg(&place.lake);
    let served = Served::start(command);
    let idle = peak(served.process());
    for sql in [
        "SELECT cardinality(generate_series(1, 300000000))",
        "SELECT cardinality(range(0, 300000000))",
        "SELECT cardinality(array_repeat('x', 300000000))",
        "SELECT length(repeat('x', 1000000000))",
        "SELECT length(lpad('x', 1000000000))",
        "SELECT length(rpad('x', 1000000000, 'yz'))",
        "SELECT cardinality(array_resize([1], 300000000, 1))",
        "SELECT max(length(replace(text, 'a', text))) FROM mentions",
        "SELECT max(length(regexp_replace(text, 'a', text, 'g'))) FROM mentions",
        "SELECT max(length(concat(text, text, text, text, text, text, text, text, text, text))) FROM mentions",
        "SELECT max(length(text || text || text || text || text || text || text || text)) FROM mentions",
        "SELECT max(cardinality(array_repeat(text, 100000))) FROM mentions",
        "SELECT max(cardinality(array_concat(array_repeat(1, 900000), array_repeat(2, 900000)))) FROM mentions",
        "SELECT generate_series(1, 8000000), generate_series(2, 8000000), generate_series(3, 8000000)",
        "SELECT cardinality(generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2030-01-01', INTERVAL '1 second'))",
    ] {
        let (status, error) = served.sql(sql);
        assert_eq!(status, 422, "{sql}: {error}");
        let (message, hint) = (error["detail"].as_str(), error["hint"].as_str());
        assert!(message.is_some_and(|text| text.contains(" MiB")), "{sql}: {error}");
        assert!(hint.is_some_and(|text| text.contains("sql_memory_mib")), "{sql}: {error}");
    }
    for sql in [
        "SELECT levenshtein(repeat('a', 900000), repeat('b', 900000))",
        "SELECT array_has_all(range(0, 900000), range(0, 900000))",
        "SELECT range(0, 900000) @> range(0, 900000)",
        "SELECT array_has_any(range(0, 900000), range(900000, 1800000))",
        "SELECT max(levenshtein(text, repeat('b', 900000))) FROM mentions",
    ] {
        let (status, error) = served.sql(sql);
        let message = error["detail"].as_str().unwrap_or_default();
        assert!(status == 422 && message.contains("each part with each"), "{sql}: {error}");
    }
    let in_a_table = "SELECT * FROM generate_series(1, cardinality(range(0, 300000000)))";
    assert_eq!(served.sql(in_a_table).0, 400);
    let grown = peak(served.process()) - idle;
    assert!(grown < (64 + 256) * MIB, "{} MiB", grown / MIB);
    for (sql, answer) in [
        ("SELECT cardinality(generate_series(1, 100000))", "100000"),
        ("SELECT length(repeat('ab', 1000))", "2000"),
        ("SELECT levenshtein('kitten', 'sitting'), array_has_any([1, 2], [2])", "3,true"),
        ("SELECT lpad('7', 3, '0') || 'x' || 8", "007x8"),
        ("SELECT 'a' || NULL IS NULL", "true"),
        ("SELECT array_to_string([1] || [2, 3], '-')", "1-2-3"),
        ("SELECT sum(n) FROM (SELECT unnest(generate_series(1, 1000)) AS n)", "500500"),
        ("SELECT max(length(replace(text, 'bad', 'good'))) > 60000 FROM mentions", "true"),
    ] {
        assert_eq!(query(&place.lake, sql), answer, "{sql}");
    }
}

#[test]
fn a_value_that_is_copied_into_every_row_of_a_batch_takes_its_own_size() {
    let place = long_texts();
    let mut command = resonanz();
    command.args(["serve", "--memory-mib", "256", "--lake"]).arg(&place.lake);
    let served = Served::start(command);
    let idle = peak(served.process());
    for sql in [
        "SELECT repeat('x', 1000000), source FROM mentions",
        "SELECT source, (SELECT string_agg(text, '') FROM mentions) FROM mentions",
        "SELECT m.source, s.v FROM mentions m, (SELECT string_agg(text, '') AS v FROM mentions) AS s",
        "SELECT source, (SELECT max(repeat(source, 1000000)) FROM mentions) FROM mentions",
        "SELECT m.source, r.a FROM mentions m JOIN (SELECT lpad(source, 4000000) AS a FROM mentions LIMIT 3) AS r ON true",
    ] {
        let mut stream = served.send("POST /api/v1/sql", "", sql);
        let read = std::io::copy(&mut (&mut stream).take(200 << 20), &mut std::io::sink());
        assert!(read.is_ok_and(|bytes| bytes > 1 << 20), "{sql}");
    }
    let grown = peak(served.process()) - idle;
    assert!(grown < (256 + 512) * MIB, "{} MiB", grown / MIB);
}
