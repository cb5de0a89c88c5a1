//! Are findings from many machines counted as if one had done all? Every table, row for row.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use resonanz::config::Config;
use resonanz::decode::{AuthorHasher, Decoder, Format, Parcel};
use resonanz::portable::{Carried, stamp};
use resonanz::post::{Event, Post, SourceId, TopicId};
use resonanz::privacy::Redactor;
use resonanz::tuning::analyzer;

use crate::reprocess::{ALERTS, Fields, MENTIONS, NAMES, PANES, archive, arguments, rows};
use crate::support::{file, query, repository, resonanz, stderr};

const POSTS: &str = "SELECT * FROM posts ORDER BY received_at, source, post_id";

/// Rules of several kinds, an account of ours, and personal data that is taken out of texts.
const MORE: &str = "\n[[topic]]\nname = \"cameras\"\nquery = 'camera* OR lens'\n\
    accounts = [\"buyer-1\", \"buyer-2\", \"buyer-3\"]\n\
    [[rule]]\nname = \"many\"\ntype = \"threshold\"\nmeasure = \"mentions\"\ncount = 5\nwindow = \"10m\"\n\
    [[rule]]\nname = \"quiet\"\ntype = \"silence\"\nwindow = \"1h\"\ntopics = [\"cameras\"]\n";

fn config(folder: &Path, name: &str, archive: &str, more: &str) -> PathBuf {
    let demo = fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let text = format!(
        "[lake]\npath = \"unused\"\narchive = \"{archive}\"\n\
         [privacy]\nauthor_key_file = \"author.key\"\nredact = [\"email\", \"phone\", \"handle\"]\n{demo}{more}"
    );
    file(folder, name, text)
}

/// What a machine that knows the configuration, and not the key, makes of posts.
fn prepared(rows: &[Fields], config: &Path, drops_texts: bool) -> Vec<u8> {
    let text = fs::read_to_string(config).expect("a file");
    let folder = config.parent().expect("a folder");
    let config = Config::parse(&text, folder).expect("a configuration");
    let authors = AuthorHasher::new([0; 32]).with_names(config.names);
    let analyzer =
        analyzer(&config, &authors).expect("an analyzer").with_redactor(Redactor::default());
    let mut decoder = Decoder::new(Format::Archive, SourceId::new("file"), authors);
    let mut parcel = Parcel::new(&SourceId::new("file"));
    for row in rows {
        decoder.decode(serde_json::json!(row).to_string().as_bytes(), &mut parcel);
    }
    let post = |event| match event {
        Event::Create(post) => *post,
        other => panic!("{other:?}"),
    };
    let mut posts: Vec<Post> = parcel.events.into_iter().map(post).collect();
    let carried = analyzer.analyze_batch(&mut posts).carried(&posts);
    let scorers = (0..).map(|topic| analyzer.scorer_version(TopicId(topic)));
    let stamp = stamp(&config.topics, analyzer.scorer().version(), scorers, config.names);
    let column = |name: &str| -> ArrayRef {
        if ["reach", "engagement"].contains(&name) {
            return Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.get(name)?.as_i64())));
        }
        let kept = |carried: &Carried| name != "text" || !drops_texts || !carried.is_empty();
        let texts = rows.iter().zip(&carried);
        Arc::new(StringArray::from_iter(
            texts.map(|(row, carried)| row.get(name)?.as_str().filter(|_| kept(carried))),
        ))
    };
    let findings = BinaryArray::from_iter_values(carried.iter().map(Carried::to_bytes));
    let stamps = StringArray::from_iter_values(carried.iter().map(|_| &stamp));
    let added: [(&str, ArrayRef); 2] =
        [("findings", Arc::new(findings)), ("analyzed_by", Arc::new(stamps))];
    let columns = NAMES.map(|name| (name, column(name)));
    let batch = RecordBatch::try_from_iter(columns.into_iter().chain(added)).expect("columns");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a schema");
    writer.write(&batch).expect("memory");
    writer.into_inner().expect("memory")
}

/// Posts that buyers wrote with addresses and numbers, among those of the demo.
fn posts() -> Vec<Fields> {
    let mut posts = rows(&archive());
    for (place, post) in posts.iter_mut().enumerate() {
        let text = post["text"].as_str().expect("a text").to_owned();
        match place % 50 {
            0 => post.insert("text".to_owned(), format!("{text} nokia@example.com @nokia").into()),
            1 => post.insert("text".to_owned(), format!("{text} ruft 0171 2345678 an").into()),
            2 => post.insert("author".to_owned(), format!("@Buyer-{}", place % 4).into()),
            _ => None,
        };
    }
    posts
}

fn lines(posts: &[Fields]) -> String {
    posts.iter().map(|post| format!("{}\n", serde_json::json!(post))).collect()
}

fn reprocess(input: &Path, config: &Path, lake: &Path, options: &[&str]) -> Output {
    let mut command = resonanz();
    command.arg("reprocess").arg(input).args(arguments(config, lake)).args(options);
    command.output().expect("the binary runs")
}

fn fill(input: &Path, config: &Path, lake: &Path, options: &[&str]) {
    let output = reprocess(input, config, lake, options);
    assert!(output.status.success(), "{options:?}: {}", stderr(&output));
}

fn same(whole: &Path, other: &Path) {
    for table in [MENTIONS, PANES, ALERTS, POSTS] {
        assert!(query(whole, table) == query(other, table), "{table} of {}", other.display());
    }
}

#[test]
fn findings_of_many_machines_are_counted_as_if_one_had_done_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let posts = posts();
    let plain = file(root, "posts.jsonl", lines(&posts));
    for archive in ["matched", "all"] {
        let config = config(root, &format!("{archive}.toml"), archive, MORE);
        let whole = root.join(format!("{archive}-whole"));
        fill(&plain, &config, &whole, &[]);
        assert!(query(&whole, "SELECT count(*) FROM posts WHERE own IS NOT NULL") != "0");
        let found = root.join(format!("{archive}-found"));
        fs::create_dir(&found).expect("a folder");
        for (part, posts) in posts.chunks(posts.len().div_ceil(5)).enumerate() {
            let bytes = prepared(posts, &config, archive == "matched");
            file(&found, &format!("part-{part}.parquet"), bytes);
        }
        let united = root.join(format!("{archive}-united"));
        fill(&found, &config, &united, &["--findings"]);
        same(&whole, &united);
        // In any order of the files, and in shards.
        let sorted = root.join(format!("{archive}-sorted"));
        fs::rename(found.join("part-0.parquet"), found.join("part-9.parquet")).expect("a file");
        fill(&found, &config, &sorted, &["--findings", "--sort", "always"]);
        same(&whole, &sorted);
        let [apart, shards] =
            ["apart", "shards"].map(|name| root.join(format!("{archive}-{name}")));
        for shard in ["1/2", "2/2"] {
            fill(&plain, &config, &apart, &["--shard", shard]);
            fill(&found, &config, &shards, &["--findings", "--sort", "always", "--shard", shard]);
        }
        same(&apart, &shards);
    }
}

#[test]
fn what_the_configuration_would_not_have_found_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let posts = &posts()[..200];
    let made = config(root, "made.toml", "matched", MORE);
    let found = file(root, "found.parquet", prepared(posts, &made, true));
    let lake = root.join("lake");
    let plain = file(root, "posts.jsonl", lines(posts));
    for (input, more, words) in [
        (&found, MORE.replace("camera*", "kamera*"), ["found.parquet", "other topics"]),
        (&found, MORE.replace("buyer-1", "buyer-9"), ["found.parquet", "accounts"]),
        (&found, format!("{MORE}[sentiment]\nprofile = \"vader\"\n"), ["the scorer", "vader-"]),
        (&plain, MORE.to_owned(), ["posts.jsonl", "Parquet"]),
    ] {
        let other = config(root, "other.toml", "matched", &more);
        let output = reprocess(input, &other, &lake, &["--findings"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(words.iter().all(|word| said.contains(word)) && said.contains("hint: "), "{said}");
        assert!(!lake.exists(), "nothing is begun");
    }
    // Texts that are to be kept were left out.
    let all = config(root, "all.toml", "all", MORE);
    let output = reprocess(&found, &all, &lake, &["--findings"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let letters = fs::read_to_string(lake.join("_resonanz/dead-letter.jsonl")).expect("letters");
    assert!(letters.contains("texts=") && letters.contains("found.parquet, row"), "{letters}");
}
