//! Does reprocessing read every layout alike, and is a killed job the same as a whole one?

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use resonanz::connect::bundled_lines;
use resonanz::time::EventTime;

use crate::support::{file, query, repository, resonanz, stderr, stdout};

pub(crate) const MENTIONS: &str =
    "SELECT * FROM mentions ORDER BY received_at, source, post_id, topic";
pub(crate) const PANES: &str = "SELECT * FROM panes ORDER BY start, topic, source, lang";
pub(crate) const ALERTS: &str = "SELECT * FROM alerts ORDER BY at, alert_id, transition";

/// The bundled archive as plain lines.
pub(crate) fn archive() -> Vec<u8> {
    let (mut bytes, mut lines) = (Vec::new(), bundled_lines());
    while let Some(block) = lines.next_block().expect("the archive is whole") {
        bytes.extend(block.bytes);
    }
    bytes
}

pub(crate) type Fields = BTreeMap<String, serde_json::Value>;

pub(crate) fn rows(archive: &[u8]) -> Vec<Fields> {
    let lines = archive.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn text(fields: &Fields, name: &str) -> String {
    match &fields[name] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The fields of a post, in their order.
pub(crate) const NAMES: [&str; 10] = [
    "id",
    "source",
    "author",
    "posted_at",
    "received_at",
    "kind",
    "lang",
    "text",
    "reach",
    "engagement",
];

/// The rows as CSV, under other names for id and text.
pub(crate) fn csv(rows: &[Fields], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let renamed = |name| match name {
        "id" => "uid",
        "text" => "body",
        name => name,
    };
    writer.write_record(NAMES.map(renamed)).expect("memory");
    for row in rows {
        writer.write_record(NAMES.map(|name| text(row, name))).expect("memory");
    }
    writer.into_inner().expect("memory")
}

/// The rows as Parquet: times as timestamps, a nested column that nobody asks for, small groups.
pub(crate) fn parquet(rows: &[Fields]) -> Vec<u8> {
    let column = |name: &str| -> ArrayRef {
        match name {
            "posted_at" | "received_at" => {
                let us = |row| EventTime::parse(&text(row, name)).expect("a time").0;
                Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(us)))
            }
            "reach" | "engagement" => {
                Arc::new(Int64Array::from_iter(rows.iter().map(|row| row[name].as_i64())))
            }
            _ => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| text(row, name)))),
        }
    };
    let nested = arrow::array::StructArray::from(vec![(
        Arc::new(arrow::datatypes::Field::new("x", arrow::datatypes::DataType::Utf8, true)),
        column("id"),
    )]);
    let columns = NAMES.map(|name| (name, column(name)));
    let nested: (&str, ArrayRef) = ("nested", Arc::new(nested));
    let batch =
        RecordBatch::try_from_iter(std::iter::once(nested).chain(columns)).expect("columns");
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(5_000))
        .build();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))
            .expect("a schema");
    writer.write(&batch).expect("memory");
    writer.into_inner().expect("memory")
}

/// The demo's topics under a key of their own, with commits in short distance.
pub(crate) fn config(folder: &Path, extra: &str) -> PathBuf {
    let demo = fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let text = format!(
        "[lake]\npath = \"unused\"\ncommit_interval = \"10ms\"\n\
         [privacy]\nauthor_key_file = \"author.key\"\n{demo}{extra}"
    );
    file(folder, "topics.toml", text)
}

pub(crate) fn arguments(config: &Path, lake: &Path) -> Vec<String> {
    ["--config", &config.display().to_string(), "--lake", &lake.display().to_string()]
        .map(str::to_owned)
        .to_vec()
}

pub(crate) fn reprocess(inputs: &[&str], config: &Path, lake: &Path) -> Output {
    let mut command = resonanz();
    command.arg("reprocess").args(inputs).args(arguments(config, lake));
    command.output().expect("the binary runs")
}

pub(crate) fn rows_of(lake: &Path) -> [String; 3] {
    [MENTIONS, PANES, ALERTS].map(|sql| query(lake, sql))
}

#[test]
fn every_layout_and_place_brings_the_same_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let config = config(root, "");
    let plain = archive();
    let posts = rows(&plain);
    let zst = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).expect("memory");
    let gz = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    file(root, "a.jsonl", &plain);
    file(root, "a.jsonl.gz", gz(&plain));
    file(root, "a.jsonl.zst", zst(&plain));
    file(root, "a.csv", csv(&posts, b','));
    file(root, "a.tsv.gz", gz(&csv(&posts, b'\t')));
    file(root, "a.parquet", parquet(&posts));
    // Parts of several layouts in folders, to be read in order of their paths.
    let parts = root.join("parts/2026");
    fs::create_dir_all(&parts).expect("a folder");
    let (third, rest) = posts.split_at(posts.len() / 3);
    let (second, last) = rest.split_at(rest.len() / 2);
    let lines = |rows: &[Fields]| -> String {
        rows.iter().map(|row| format!("{}\n", serde_json::json!(row))).collect()
    };
    file(&parts, "1.parquet", parquet(third));
    file(&parts, "2.jsonl.zst", zst(lines(second).as_bytes()));
    file(&root.join("parts"), "readme.txt", "no posts here");
    file(&root.join("parts"), "3.ndjson", lines(last));

    let at = |name: &str| root.join(name).display().to_string();
    let map = "--map=text=body,id=uid";
    let url = |name: &str| format!("file://{}", at(name));
    let ways: Vec<(&str, Vec<String>)> = vec![
        ("plain", vec![at("a.jsonl")]),
        ("gz", vec![at("a.jsonl.gz")]),
        ("zst", vec![at("a.jsonl.zst")]),
        ("csv", vec![at("a.csv"), map.to_owned()]),
        ("tsv", vec![at("a.tsv.gz"), map.to_owned()]),
        ("parquet", vec![at("a.parquet")]),
        ("folder", vec![at("parts")]),
        ("pattern", vec![at("parts/2026/[12].*"), at("parts/*.ndjson")]),
        ("url of a file", vec![url("a.csv"), map.to_owned()]),
        ("url of a table", vec![url("a.parquet")]),
        ("url of a folder", vec![url("parts")]),
        ("the same file twice", vec![at("a.jsonl"), at("a.jsonl")]),
    ];
    let mut wanted: Option<[String; 3]> = None;
    for (number, (way, inputs)) in ways.iter().enumerate() {
        let lake = root.join(format!("lake-{number}"));
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let worked = reprocess(&inputs, &config, &lake);
        assert!(worked.status.success(), "{way}: {}", stderr(&worked));
        assert!(stdout(&worked).contains("23703 posts"), "{way}: {}", stdout(&worked));
        let found = rows_of(&lake);
        let wanted = wanted.get_or_insert_with(|| found.clone());
        for (found, wanted) in found.iter().zip(wanted) {
            assert!(found.lines().count() >= 2 && found == wanted, "{way} differs");
        }
    }
}

#[test]
fn rows_that_say_no_post_are_named_by_file_and_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let config = config(root, "");
    let lines =
        "{\"id\":\"1\",\"text\":\"a\",\"posted_at\":\"2026-03-02T00:00:00Z\"}\n\nnonsense\n";
    let jsonl = file(root, "a.jsonl", lines);
    let csv = "id;text;posted_at;reach\n2;\"two\nlines\";1772409600000000;7\n3;x;yesterday;\n\
               4;x;2026-03-02T00:00:00Z;-5\n;x;2026-03-02T00:00:00Z;\n5;short\n";
    let csv = file(root, "b.csv", csv);
    let at = |path: &Path| path.display().to_string();
    let lake = root.join("lake");
    let worked = reprocess(&[&at(&jsonl)], &config, &root.join("other"));
    assert_eq!(worked.status.code(), Some(1), "{}", stderr(&worked));
    let worked = reprocess(&[&at(&csv), "--delimiter", ";"], &config, &lake);
    assert_eq!(worked.status.code(), Some(1), "{}", stderr(&worked));
    assert!(stdout(&worked).contains("3 malformed"), "{}", stdout(&worked));
    let letters = |lake: &Path| {
        fs::read_to_string(lake.join("_resonanz/dead-letter.jsonl")).expect("letters")
    };
    assert!(stdout(&worked).contains("refused: "), "{}", stdout(&worked));
    assert!(letters(&root.join("other")).contains("a.jsonl, line 3: not JSON"));
    let letters = letters(&lake);
    for reason in [
        "b.csv, line 4: posted_at: \\\"yesterday\\\" is not a timestamp",
        "b.csv, line 6: the field \\\"id\\\" is missing",
        "b.csv, line 7: the field \\\"posted_at\\\" is missing",
    ] {
        assert!(letters.contains(reason), "{reason}\n{letters}");
    }
}

#[test]
fn inputs_that_mean_nothing_are_refused_with_a_hint() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let config = config(root, "");
    let lake = root.join("lake");
    let open_quote =
        file(root, "open.csv", format!("id,text,posted_at\n1,\"{}", "x".repeat(17 << 20)));
    let wrong = file(root, "wrong.csv", "name,text,posted_at\n");
    let cases = [
        ("nowhere.jsonl".to_owned(), 2, "no such file"),
        (root.join("*.jsonl").display().to_string(), 2, "no file of posts"),
        ("gopher://x/y".to_owned(), 2, "hint: URLs: file://"),
        (open_quote.display().to_string(), 1, "is a quote unclosed?"),
        (wrong.display().to_string(), 1, "there is no column \"id\""),
    ];
    for (input, code, words) in cases {
        let worked = reprocess(&[&input], &config, &lake);
        assert_eq!(worked.status.code(), Some(code), "{input}: {}", stderr(&worked));
        assert!(stderr(&worked).contains(words), "{input}: {}", stderr(&worked));
        let _ = fs::remove_dir_all(&lake);
    }
}
