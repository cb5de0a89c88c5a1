//! Which layout of the table of mentions pays, and what does a commit cost?
//!
//! Mentions as a Bluesky-like source brings them: unique texts made of halves of the archive's,
//! `at://` identities, forty topics of very different size, two days. They are written anew with one
//! choice changed at a time, by the Parquet writer and with the query engine that resonanz uses. The
//! base is sorted by topic and time, zstd 1, page index, dictionaries but for texts, no bloom filter.
//! Then commits of the same rows over 1, 10 and 100 days are timed on a growing lake.
//!
//! usage: cargo bench --bench layout -- [POSTS]

#![allow(clippy::print_stdout, reason = "a benchmark tells the person who runs it")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, AsArray, Date32Array, RecordBatch};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take};
use arrow::datatypes::DataType;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use resonanz::connect::bundled_lines;
use resonanz::lake::{Checkpoint, Folder, Lake, Table, arrow_schema};

const POSTS: usize = 100_000;
const TOPICS: usize = 40;
/// Text columns whose values rarely repeat; in the base they have no dictionary.
const UNIQUE: [&str; 8] =
    ["text", "post_id", "url", "author", "parent", "thread", "terms", "evidence"];
const COMMITS: usize = 20;

fn main() {
    // Cargo passes options of its own.
    let posts = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(POSTS);
    let folder = tempfile::tempdir().expect("a folder");
    let days = mentions(folder.path(), posts);
    let rows: usize = days.iter().map(RecordBatch::num_rows).sum();
    println!("{rows} mentions of {posts} posts, a file a day\n");
    println!(
        "| layout | bytes a mention | writing | trend of a topic | one post | one author | text search |"
    );
    println!("|---|---|---|---|---|---|---|");
    for layout in layouts() {
        println!("{}", measured(&layout, &days, folder.path()));
    }
    println!("\n{COMMITS} commits of 2,000 mentions each\n");
    println!(
        "| days of a commit | time, median | files | Parquet | log, manifest and checkpoint |"
    );
    println!("|---|---|---|---|---|");
    let day = days.first().expect("a day").slice(0, 2_000);
    for days in [1, 10, 100] {
        println!("{}", commits(&day, days, &folder.path().join(format!("lake-{days}"))));
    }
}

/// One way to write the table.
struct Layout {
    name: &'static str,
    order: &'static [&'static str],
    change: fn(WriterPropertiesBuilder) -> WriterPropertiesBuilder,
}

const fn layout(
    name: &'static str,
    change: fn(WriterPropertiesBuilder) -> WriterPropertiesBuilder,
) -> Layout {
    Layout { name, order: &["topic", "posted_at"], change }
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).expect("a level"))
}

fn path(name: &str) -> ColumnPath {
    ColumnPath::from(name)
}

fn layouts() -> Vec<Layout> {
    let as_it_is = |properties| properties;
    let by = |name, order| Layout { name, order, change: as_it_is };
    vec![
        layout("base", as_it_is),
        by("in order of reception", &["received_at"]),
        by("by time of posting", &["posted_at"]),
        by("by topic, author, time", &["topic", "author", "posted_at"]),
        layout("snappy", |p| p.set_compression(Compression::SNAPPY)),
        layout("zstd 3", |p| p.set_compression(zstd(3))),
        layout("zstd 6", |p| p.set_compression(zstd(6))),
        layout("zstd 9", |p| p.set_compression(zstd(9))),
        layout("dictionaries everywhere", |p| {
            UNIQUE.iter().fold(p, |p, name| p.set_column_dictionary_enabled(path(name), true))
        }),
        layout("dictionary of authors", |p| p.set_column_dictionary_enabled(path("author"), true)),
        layout("no dictionaries", |p| p.set_dictionary_enabled(false)),
        layout("plain times", |p| {
            ["received_at", "posted_at"]
                .iter()
                .fold(p, |p, name| p.set_column_encoding(path(name), Encoding::PLAIN))
        }),
        layout("texts as lengths and bytes", |p| {
            let encoding = Encoding::DELTA_LENGTH_BYTE_ARRAY;
            UNIQUE.iter().fold(p, |p, name| p.set_column_encoding(path(name), encoding))
        }),
        layout("no page index", |p| {
            p.set_statistics_enabled(EnabledStatistics::Chunk).set_offset_index_disabled(true)
        }),
        layout("pages of 2,000 rows", |p| p.set_data_page_row_count_limit(2_000)),
        layout("row groups of 32,768", |p| p.set_max_row_group_row_count(Some(32_768))),
        layout("bloom filter of posts", |p| bloom(p, "post_id")),
        layout("bloom filter of authors", |p| bloom(p, "author")),
    ]
}

fn bloom(properties: WriterPropertiesBuilder, name: &str) -> WriterPropertiesBuilder {
    properties.set_column_bloom_filter_enabled(path(name), true)
}

/// The properties of the base.
fn base() -> WriterPropertiesBuilder {
    let mut properties = WriterProperties::builder().set_compression(zstd(1));
    for field in arrow_schema(Table::Mentions).fields() {
        let name = field.name().as_str();
        if UNIQUE.contains(&name) {
            properties = properties.set_column_dictionary_enabled(path(name), false);
        } else if matches!(field.data_type(), DataType::Timestamp(..)) {
            properties = properties
                .set_column_dictionary_enabled(path(name), false)
                .set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED);
        }
    }
    properties
}

/// Writes all days in a layout and asks four questions; a row of the table.
fn measured(layout: &Layout, days: &[RecordBatch], folder: &Path) -> String {
    let target = folder.join("layout");
    fs::create_dir_all(&target).expect("a folder");
    let begin = Instant::now();
    for (number, day) in days.iter().enumerate() {
        let day = sorted(day, layout.order);
        let file = File::create(target.join(format!("{number}.parquet"))).expect("a file");
        let properties = (layout.change)(base()).build();
        let mut writer = ArrowWriter::try_new(file, day.schema(), Some(properties)).expect("ready");
        writer.write(&day).expect("written");
        writer.close().expect("written");
    }
    let seconds = begin.elapsed().as_secs_f64();
    let rows: usize = days.iter().map(RecordBatch::num_rows).sum();
    let bytes = size(&target);
    let mut row =
        format!("| {} | {:.1} | {:.2} s |", layout.name, bytes as f64 / rows as f64, seconds);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for sql in questions(days) {
        let _ = write!(row, " {:.1} ms |", runtime.block_on(asked(&target, &sql)));
    }
    row
}

fn questions(days: &[RecordBatch]) -> [String; 4] {
    let day = days.first().expect("a day");
    let value = |name: &str| -> String {
        let column = day.column_by_name(name).expect("a column").as_string::<i32>();
        column.value(day.num_rows() / 3).to_owned()
    };
    [
        "SELECT date_trunc('hour', posted_at), count(*), sum(target_score) FROM t WHERE topic = 'topic7' AND posted_at >= '2026-03-01T12:00:00Z' AND posted_at < '2026-03-02T12:00:00Z' GROUP BY 1".to_owned(),
        format!("SELECT * FROM t WHERE post_id = '{}'", value("post_id")),
        format!("SELECT count(*), min(posted_at) FROM t WHERE author = '{}'", value("author")),
        "SELECT count(*) FROM t WHERE text LIKE '%terrible%'".to_owned(),
    ]
}

/// Milliseconds of the fastest of five runs.
async fn asked(folder: &Path, sql: &str) -> f64 {
    let context = SessionContext::new();
    let options = ParquetReadOptions::default();
    let folder = folder.to_str().expect("UTF-8");
    context.register_parquet("t", folder, options).await.expect("a table");
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begin = Instant::now();
        let frame = context.sql(sql).await.expect("SQL");
        let found = frame.collect().await.expect("an answer");
        best = best.min(begin.elapsed().as_secs_f64() * 1_000.0);
        assert!(found.iter().any(|batch| batch.num_rows() > 0), "nothing found: {sql}");
    }
    best
}

fn sorted(rows: &RecordBatch, order: &[&str]) -> RecordBatch {
    let key = |name: &&str| SortColumn {
        values: rows.column_by_name(name).expect("a column").clone(),
        options: None,
    };
    let keys: Vec<SortColumn> = order.iter().map(key).collect();
    let order = lexsort_to_indices(&keys, None).expect("sorted");
    let columns: Vec<ArrayRef> =
        rows.columns().iter().map(|column| take(column, &order, None).expect("taken")).collect();
    RecordBatch::try_new(rows.schema(), columns).expect("rows")
}

/// Bytes of all files in a folder, and how many there are.
fn weigh(folder: &Path) -> (u64, usize) {
    let (mut bytes, mut count) = (0, 0);
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let metadata = entry.metadata().expect("metadata");
        let (more, files) =
            if metadata.is_dir() { weigh(&entry.path()) } else { (metadata.len(), 1) };
        bytes += more;
        count += files;
    }
    (bytes, count)
}

fn size(folder: &Path) -> u64 {
    weigh(folder).0
}

/// Time and bytes of commits whose rows lie in so many days; a row of the table.
fn commits(rows: &RecordBatch, days: usize, folder: &Path) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let part = rows.num_rows() / days;
    let batches: Vec<RecordBatch> = (0..days)
        .map(|day| dated(&rows.slice(day * part, part), i32::try_from(day).expect("few")))
        .collect();
    let mut seconds = runtime.block_on(async {
        let opened = Folder::write(folder).expect("a lake");
        let (mut lake, _) = Lake::open(Arc::new(opened)).await.expect("a lake");
        let mut seconds = Vec::new();
        for _ in 0..COMMITS {
            let appended: Vec<_> =
                batches.iter().map(|rows| (Table::Mentions, rows.clone())).collect();
            lake.append(&appended);
            let begin = Instant::now();
            lake.commit(&Checkpoint::default(), Vec::new()).await.expect("committed");
            seconds.push(begin.elapsed().as_secs_f64());
        }
        seconds
    });
    seconds.sort_by(f64::total_cmp);
    let (log, _) = weigh(&folder.join("mentions/_delta_log"));
    let (all, files) = weigh(&folder.join("mentions"));
    let (last, _) = weigh(&folder.join("_resonanz/commits"));
    let per_commit = |bytes: u64| bytes as f64 / COMMITS as f64 / 1_000.0;
    format!(
        "| {days} | {:.1} ms | {} | {:.0} kB | {:.1} kB |",
        seconds[COMMITS / 2] * 1_000.0,
        (files - COMMITS - 1) / COMMITS,
        per_commit(all - log),
        per_commit(log) + last as f64 / 1_000.0,
    )
}

/// Rows of the lake's own schema, on one day.
fn dated(rows: &RecordBatch, day: i32) -> RecordBatch {
    let schema = arrow_schema(Table::Mentions);
    let days: ArrayRef = Arc::new(Date32Array::from_value(20_513 + day, rows.num_rows()));
    let columns = std::iter::once(days).chain(rows.columns().iter().cloned()).collect();
    RecordBatch::try_new(schema, columns).expect("rows")
}

/// Mentions by day, without the column `day`: an archive worked through by the real binary.
fn mentions(folder: &Path, posts: usize) -> Vec<RecordBatch> {
    let archive = folder.join("archive.jsonl");
    write_archive(&archive, posts);
    let config = folder.join("topics.toml");
    let topics: String = std::iter::once("[sentiment]\nprofile = \"vader\"\n".to_owned())
        .chain((0..TOPICS)
        .map(|topic| {
            format!("[[topic]]\nname = \"topic{topic}\"\nquery = 'brand{topic}'\nbrand = \"Brand {topic}\"\n")
        }))
        .collect();
    File::create(&config).and_then(|mut file| file.write_all(topics.as_bytes())).expect("written");
    let lake = folder.join("lake");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_resonanz"));
    command.arg("reprocess").arg(&archive).arg("--config").arg(&config).arg("--lake").arg(&lake);
    assert!(command.status().expect("the binary runs").success());
    let days = fs::read_dir(lake.join("mentions")).expect("a folder").flatten();
    let mut days: Vec<PathBuf> = days
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("day="))
        .collect();
    days.sort();
    days.iter().map(|day| read(day)).collect()
}

fn read(day: &Path) -> RecordBatch {
    let mut batches = Vec::new();
    for entry in fs::read_dir(day).expect("a folder").flatten() {
        let file = File::open(entry.path()).expect("a file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        let reader = reader.build().expect("a reader");
        batches.extend(reader.map(|batch| batch.expect("rows")));
    }
    concat_batches(&batches[0].schema(), &batches).expect("rows")
}

fn write_archive(path: &Path, posts: usize) {
    let texts = texts();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let first = 1_772_323_200_000_000;
    let step = 2 * 86_400_000_000 / posts;
    for post in 0..posts {
        let posted = first + post * step + dice.below(step);
        let author = dice.skewed(posts / 3);
        // A few topics have most of the mentions.
        let topic = dice.skewed(TOPICS);
        let half = |text: &str| text.chars().take(text.chars().count() / 2).collect::<String>();
        let text = format!(
            "{} brand{topic} {}",
            half(&texts[dice.below(texts.len())]),
            texts[dice.below(texts.len())]
        );
        let parent = if dice.below(3) == 0 {
            format!("\"{}\"", uri(&mut dice, author + 7, posted))
        } else {
            "null".to_owned()
        };
        let post = serde_json::json!({
            "id": uri(&mut dice, author, posted),
            "author": format!("did:plc:{author}"),
            "posted_at": posted,
            "received_at": posted + 200_000 + dice.below(2_000_000),
            "source": "bluesky",
            "lang": "en",
            "kind": if parent == "null" { "original" } else { "reply" },
            "reach": dice.skewed(100_000),
            "text": text,
            "url": format!("https://bsky.app/profile/did:plc:{author:024x}/post/{posted:x}"),
        });
        let line = post.to_string();
        let open = line.strip_suffix('}').expect("an object");
        writeln!(out, "{open},\"parent\":{parent},\"thread\":{parent}}}").expect("written");
    }
    out.flush().expect("written");
}

/// The address of a post: its author's identity, and a key that grows with time.
fn uri(dice: &mut Dice, author: usize, posted: usize) -> String {
    let did = blake3::hash(&author.to_le_bytes()).to_hex();
    let did: String = did.chars().take(24).collect();
    format!("at://did:plc:{did}/app.bsky.feed.post/3{:x}{:x}", posted / 1_000, dice.below(1_024))
}

fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    let mut lines = bundled_lines();
    while let Some(block) = lines.next_block().expect("the archive is whole") {
        for line in block.lines() {
            let row: serde_json::Value = serde_json::from_slice(line).expect("JSON");
            texts.push(row["text"].as_str().expect("a text").to_owned());
        }
    }
    texts
}

/// A small generator of numbers, the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }

    /// Small numbers more often.
    fn skewed(&mut self, end: usize) -> usize {
        let end = self.below(end);
        self.below(1 + end)
    }
}
