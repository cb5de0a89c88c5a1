//! Are the files read that other programs export, as they mean it? And what cannot be is said.

use std::fs;
use std::io::Write;
use std::process::Output;

use crate::support::{Place, file, query, resonanz, stderr, stdout};

const TOPIC: &str =
    "[lake]\npath = \"lake\"\narchive = \"all\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n";

/// Reads a file of this name and content into a new lake.
fn read(name: &str, bytes: impl AsRef<[u8]>, options: &[&str]) -> (Place, Output) {
    let place = Place::new();
    let config = file(place.folder.path(), "acme.toml", TOPIC);
    let input = file(place.folder.path(), name, bytes.as_ref());
    let mut command = resonanz();
    command.arg("reprocess").arg(&input).arg("--config").arg(&config);
    let worked = command.arg("--lake").arg(&place.lake).args(options).output();
    (place, worked.expect("the binary runs"))
}

/// Ids and times of the posts of a file that is read whole.
fn posts(name: &str, bytes: impl AsRef<[u8]>, options: &[&str]) -> String {
    let (place, worked) = read(name, bytes, options);
    assert!(worked.status.success(), "{name}: {}{}", stdout(&worked), stderr(&worked));
    query(&place.lake, "SELECT post_id, posted_at FROM posts ORDER BY posted_at, post_id")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn the_size_of_a_number_tells_its_unit() {
    for number in
        ["1793521228", "1793521228.0", "1793521228000", "1793521228000000", "1793521228000000000"]
    {
        let line = format!("{{\"id\":\"1\",\"text\":\"acme\",\"posted_at\":{number}}}\n");
        assert_eq!(posts("a.jsonl", line, &[]), "1,2026-11-01T08:20:28Z", "{number}");
        let table = format!("id,text,posted_at\n1,acme,{number}\n");
        assert_eq!(posts("a.csv", table, &[]), "1,2026-11-01T08:20:28Z", "{number}");
    }
}

#[test]
fn a_time_that_no_lake_holds_is_refused_and_the_lake_stays_whole() {
    let times = [
        "9223372036854775807",
        "-9223372036854775808",
        "253402214400000000",
        "\"0000-05-05T00:00:00Z\"",
        "\"9999-12-31T23:59:59Z\"",
        "25",
    ];
    for time in times {
        let line = format!("{{\"id\":\"1\",\"text\":\"acme is lost\",\"posted_at\":{time}}}\n");
        let (place, worked) = read("a.jsonl", line, &[]);
        assert_eq!(worked.status.code(), Some(1), "{time}: {}", stderr(&worked));
        assert!(stdout(&worked).contains("a.jsonl, line 1: posted_at"), "{}", stdout(&worked));
        let letters = fs::read_to_string(place.lake.join("_resonanz/dead-letter.jsonl"));
        assert!(letters.expect("letters").contains("acme is lost"), "{time}: the text is kept");
        assert_eq!(query(&place.lake, "SELECT count(*) FROM posts"), "0");
    }
}

#[test]
fn a_date_in_the_future_moves_nothing_and_keeps_its_text() {
    let line = |id: u32, time: &str| {
        format!("{{\"id\":\"{id}\",\"text\":\"acme {id}\",\"posted_at\":\"{time}\"}}\n")
    };
    let minute = |minute: u32| line(minute, &format!("2026-03-01T12:{minute:02}:00Z"));
    let wrong = line(99, "2062-03-01T12:00:00Z");
    let within = line(98, "2026-09-01T12:00:00Z");
    let archive = [wrong, within, (0..40).map(minute).collect()].concat();
    let (place, worked) = read("a.jsonl", archive, &[]);
    assert_eq!(worked.status.code(), Some(1));
    assert!(stdout(&worked).contains(" 0 late"), "{}", stdout(&worked));
    assert!(stdout(&worked).contains("1 dated in the future"), "{}", stdout(&worked));
    assert_eq!(query(&place.lake, "SELECT sum(mentions) FROM panes"), "41");
    let letters = fs::read_to_string(place.lake.join("_resonanz/dead-letter.jsonl"));
    assert!(letters.expect("letters").contains("acme 99"));
}

#[test]
fn texts_of_every_encoding_and_layout_are_read() {
    let want = "1,2026-11-28T13:05:00Z\n2,2026-11-28T13:06:30Z";
    let german = "id;text;posted_at;reach\r\n1;Größe bei acme;28.11.2026 14:05;68.870\r\n2;acme;28.11.2026 14:06:30;\r\n";
    let options = ["--zone", "Europe/Berlin", "--thousands", "."];
    let windows: Vec<u8> = german.chars().map(|char| char as u8).collect();
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let wide = units(&format!("\u{feff}{german}"));
    let marked = format!("\u{feff}sep=;\r\n{german}");
    for bytes in [german.as_bytes(), &windows, &wide, marked.as_bytes()] {
        assert_eq!(posts("a.csv", bytes, &options), want);
    }
    let lines = "{\"id\":1,\"text\":\"acme\",\"posted_at\":\"2026-11-28T13:05:00Z\"}\n\
                 {\"id\":2,\"text\":\"acme\",\"posted_at\":\"2026-11-28T13:06:30Z\"}\n";
    let rows: Vec<&str> = lines.lines().collect();
    let list = format!("[{}]", rows.join(","));
    let value: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let pretty = serde_json::to_string_pretty(&value).expect("JSON");
    for (name, bytes) in [("a.jsonl", lines), ("a.json", &list), ("a.json", &pretty)] {
        assert_eq!(posts(name, bytes, &[]), want, "{bytes}");
    }
    let padded = [packed(lines.as_bytes()), vec![0; 512]].concat();
    assert_eq!(posts("A.JSONL.GZ", padded, &[]), want);
    let nested = lines.replace("\"text\":\"acme\"", "\"data\":{\"body\":\"acme\"}");
    assert_eq!(posts("a.jsonl", nested, &["--map", "text=data.body"]), want);
}

#[test]
fn what_one_field_says_oddly_loses_no_post() {
    let time = "\"posted_at\":\"2026-03-01T12:00:00Z\"";
    let lines = [
        format!("\u{feff}{{\"id\":1344800117571260417,\"text\":\"acme\",{time},\"reach\":12.0}}"),
        format!("{{\"id\":\"b\",\"text\":\"acme is terrible \\ud83d\",{time},\"reach\":\"1200\"}}"),
        format!("{{\"id\":\"c\",\"text\":\"acme\",{time},\"kind\":\"tweet\",\"reach\":\"many\"}}"),
        format!("{{\"id\":\"d\",\"text\":\"acme\",{time},\"lang\":[\"en\"],\"author\":77}}"),
    ];
    let (place, worked) = read("a.jsonl", lines.join("\n"), &[]);
    assert!(worked.status.success(), "{}", stdout(&worked));
    assert!(stdout(&worked).contains("3 posts with an unreadable field"));
    let said = query(&place.lake, "SELECT post_id, kind, reach FROM posts ORDER BY post_id");
    assert_eq!(said, "1344800117571260417,original,12\nb,original,1200\nc,original,\nd,original,");
    assert_eq!(
        query(&place.lake, "SELECT text FROM posts WHERE post_id = 'b'"),
        "acme is terrible \u{fffd}"
    );
}

#[test]
fn lines_keep_their_numbers_whatever_ends_them() {
    let good = "acme,2026-03-01T12:00:00Z";
    let table =
        format!("id,text,posted_at\n1,{good}\n\n\n2,\"two\nlines\",yesterday\n3,{good}\n4,a,b");
    for table in [table.clone(), table.replace('\n', "\r\n")] {
        let (_, worked) = read("a.csv", &table, &[]);
        for place in ["line 5: posted_at: \"yesterday\"", "line 8: posted_at: \"b\""] {
            assert!(stdout(&worked).contains(place), "{place}: {}", stdout(&worked));
        }
    }
    let line = "{\"id\":\"1\",\"text\":\"acme\",\"posted_at\":\"2026-03-01T12:00:00Z\"}";
    let long = "x".repeat(17 << 20);
    let lines = format!("{line}\r\n{long}\r\n\r\nnonsense\r\n");
    let (_, worked) = read("a.jsonl", lines, &[]);
    for place in ["line 2: a line longer", "line 4: not JSON"] {
        assert!(stdout(&worked).contains(place), "{place}: {}", stdout(&worked));
    }
}

#[test]
fn a_damaged_file_costs_no_other_its_posts() {
    let place = Place::new();
    let config = file(place.folder.path(), "acme.toml", TOPIC);
    let noise = |id: u32| blake3::hash(&id.to_le_bytes()).to_hex();
    let post = |id: u32| {
        let text = noise(id);
        format!(
            "{{\"id\":\"{id}\",\"text\":\"acme {text}\",\"posted_at\":\"2026-03-01T12:00:00Z\"}}\n"
        )
    };
    let posts = |ids: std::ops::Range<u32>| ids.map(post).collect::<String>();
    let spool = place.folder.path().join("spool");
    fs::create_dir(&spool).expect("a folder");
    let whole = packed(posts(1_000..3_000).as_bytes());
    file(&spool, "a.jsonl", posts(0..10));
    file(&spool, "b.jsonl.gz", &whole[..whole.len() / 2]);
    file(&spool, "c.jsonl.gz", "");
    file(&spool, "d.csv", "");
    file(&spool, "e.jsonl.gz", [packed(posts(10..20).as_bytes()), b"rubbish".to_vec()].concat());
    file(&spool, "f.parquet", "PAR1");
    file(&spool, "g.jsonl", posts(20..30));
    let mut command = resonanz();
    command.arg("reprocess").arg(&spool).arg("--config").arg(&config);
    let worked = command.arg("--lake").arg(&place.lake).output().expect("the binary runs");
    assert_eq!(worked.status.code(), Some(1), "{}", stderr(&worked));
    let report = stdout(&worked);
    for name in ["b.jsonl.gz", "e.jsonl.gz", "f.parquet"] {
        assert!(report.contains("damaged: ") && report.contains(name), "{name}: {report}");
    }
    let count = |condition: &str| {
        query(&place.lake, &format!("SELECT count(*) FROM posts WHERE {condition}"))
    };
    assert_eq!(count("length(post_id) < 3"), "30");
    assert!(count("length(post_id) = 4").parse::<u32>().expect("a count") > 500, "{report}");
}

#[test]
fn what_cannot_be_unpacked_is_named_with_what_unpacks_it() {
    for (name, bytes, want, code) in [
        ("a.jsonl.bz2", "BZh91AY", "bunzip2", 1),
        // A zip is looked into before the work begins.
        ("a.jsonl", "PK\u{3}\u{4}", "unpack it", 2),
    ] {
        let (_, worked) = read(name, bytes, &[]);
        assert_eq!(worked.status.code(), Some(code));
        assert!(stderr(&worked).contains(want), "{}", stderr(&worked));
    }
}

#[test]
fn history_that_was_just_imported_is_not_dropped_by_its_age() {
    let line = "{\"id\":\"1\",\"text\":\"acme\",\"posted_at\":\"2016-03-01T12:00:00Z\"}\n";
    let (place, worked) = read("a.jsonl", line, &[]);
    assert!(stdout(&worked).contains("retention: 1 days are older"), "{}", stdout(&worked));
    let retain = |more: &str| {
        let text = format!("[lake]\npath = \"{}\"\n{more}\n", place.lake.display());
        let config = file(place.folder.path(), "kept.toml", text);
        let mut command = resonanz();
        let retained = command.args(["lake", "retain", "--config"]).arg(&config).output();
        let retained = retained.expect("the binary runs");
        assert!(retained.status.success(), "{}", stderr(&retained));
        query(&place.lake, "SELECT count(*) FROM posts")
    };
    assert_eq!(retain(""), "1");
    assert_eq!(retain("retain_from = \"posting\""), "0");
}

#[test]
fn a_live_run_is_not_moved_by_one_wrong_date_and_says_so() {
    let place = Place::new();
    let line = |id: u32, time: &str| {
        format!("{{\"id\":\"{id}\",\"text\":\"acme {id}\",\"posted_at\":\"{time}\"}}\n")
    };
    let minute = |minute: u32| line(minute, &format!("2026-03-01T12:{minute:02}:00Z"));
    let posts = [line(98, "2062-03-01T12:00:00Z"), (0..40).map(minute).collect()].concat();
    let posts = file(place.folder.path(), "posts.jsonl", posts);
    let text = format!(
        "[lake]\npath = \"{}\"\n[[source]]\nname = \"f\"\ntype = \"file\"\npath = \"{}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        place.lake.display(),
        posts.display(),
    );
    let config = file(place.folder.path(), "run.toml", text);
    let ran = resonanz().args(["run", "--config"]).arg(&config).output().expect("runs");
    assert_eq!(ran.status.code(), Some(1), "{}", stderr(&ran));
    assert!(stdout(&ran).contains("refused of source \"f\": posted_at 2062"), "{}", stdout(&ran));
    assert_eq!(query(&place.lake, "SELECT sum(mentions) FROM panes"), "40");
    assert_eq!(query(&place.lake, "SELECT count(late_at) FROM mentions"), "0");
}
