//! How many texts a second does one thread score, against the crate `vader_sentiment`?
//!
//! Texts come from the bundled archive when it is there, otherwise from a few sentences below.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads clock and files")]

use std::hint::black_box;
use std::io::Read;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use resonanz_core::post::Lang;
use resonanz_core::sentiment::{Profile, Scorer, Scratch};

const SENTENCES: [&str; 8] = [
    "VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!",
    "@united my flight was delayed for three hours and nobody told us why, not good",
    "The plot was good, but the characters are uncompelling and the dialog is not great.",
    "Just landed in Denver, heading to the office. See you all at the meeting tomorrow morning",
    "Make sure you :) or :D today! 💘 and 😁",
    "Somehow I was blessed with some really amazing friends in my life who love me so much",
    "Die Bahn ist mal wieder zu spät, und niemand sagt etwas. Das gefällt mir gar nicht!",
    "RT @someone: new update is out http://example.org/a1b2c3 check it out #android #update",
];
/// The archive is cut here: the crate takes its time.
const TEXTS_MAX: usize = 5_000;

fn archive() -> Option<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/archive.jsonl.zst");
    let mut lines = String::new();
    zstd::Decoder::new(std::fs::File::open(path).ok()?).ok()?.read_to_string(&mut lines).ok()?;
    let text = |line: &str| -> Option<String> {
        let row: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(row.get("text")?.as_str()?.to_owned())
    };
    let texts: Vec<String> = lines.lines().filter_map(text).take(TEXTS_MAX).collect();
    Some(texts).filter(|texts| !texts.is_empty())
}

fn sentiment(c: &mut Criterion) {
    let texts = archive().unwrap_or_else(|| SENTENCES.map(String::from).to_vec());
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut scratch = Scratch::default();
    let scorers = [Profile::Vader, Profile::Resonanz].map(Scorer::new);
    let expected = [(0, 9469), (2, -7042), (4, 9503)];
    for (i, score) in expected {
        assert_eq!(scorers[0].score(SENTENCES[i], Lang::EN, &mut scratch).score.0, score, "{i}");
    }
    let units = [
        ("texts", Throughput::Elements(texts.len() as u64)),
        ("bytes", Throughput::Bytes(bytes as u64)),
    ];
    for (unit, throughput) in units {
        let mut group = c.benchmark_group(format!("sentiment/{unit}"));
        group.throughput(throughput);
        for scorer in &scorers {
            group.bench_function(scorer.profile().as_str(), |b| {
                b.iter(|| {
                    let score = |text: &String| scorer.score(text, Lang::UND, &mut scratch).hits;
                    texts.iter().map(score).map(u64::from).sum::<u64>()
                });
            });
        }
        group.finish();
    }
    let mut group = c.benchmark_group("sentiment/crate");
    group.throughput(Throughput::Elements(texts.len() as u64)).sample_size(10);
    let analyzer = vader_sentiment::SentimentIntensityAnalyzer::new();
    group.bench_function("vader_sentiment", |b| {
        b.iter(|| {
            for text in &texts {
                black_box(analyzer.polarity_scores(text));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, sentiment);
criterion_main!(benches);
