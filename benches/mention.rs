//! How many posts a second does one thread match against how many topics, and what do the topics cost?
//!
//! Posts are the bundled archive. Topics are those of its demo, then made-up ones, always the same:
//! a fifth of the names are rare words of the archive, the rest are invented. Beside each number of
//! topics runs the bare automaton over the same terms in text that is folded already: the limit.
//!
//! The group `hostile` holds the worst texts and queries of 64 KiB that were found: none may take more
//! than 50 ms.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads clock and files")]
#![allow(clippy::print_stderr, reason = "a benchmark tells the person who runs it")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use resonanz_core::mention::{Context, Expr, Matcher, MentionScratch, Topic, parse};
use resonanz_core::text::{Folded, Form};

mod corpus;

use corpus::{texts, topics, vocabulary};

const SIZES: [usize; 4] = [10, 1_000, 10_000, 100_000];

/// The terms of a query, without wildcards.
fn terms(expr: &Expr, found: &mut Vec<String>) {
    match expr {
        Expr::Term(term) => found.push(term.text.trim_matches('*').to_owned()),
        Expr::Slop { phrase, .. } => found.extend(phrase.text.split(' ').map(str::to_owned)),
        Expr::Near { operands, .. } => {
            found.extend(operands.iter().flatten().map(|term| term.text.clone()));
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| terms(part, found)),
        Expr::Not(inner) => terms(inner, found),
        Expr::Field(_) => {}
    }
}

fn automaton(topics: &[Topic], kind: AhoCorasickKind) -> AhoCorasick {
    let mut atoms = Vec::new();
    for topic in topics {
        terms(&parse(&topic.query).expect("the query is correct"), &mut atoms);
    }
    atoms.sort();
    atoms.dedup();
    AhoCorasick::builder().kind(Some(kind)).build(&atoms).expect("it fits")
}

fn count(matcher: &Matcher, texts: &[String], scratch: &mut MentionScratch) -> usize {
    let (mut mentions, mut spans, mut count) = (Vec::new(), Vec::new(), 0);
    for text in texts {
        mentions.clear();
        spans.clear();
        matcher.find(text, Context::default(), scratch, &mut mentions, &mut spans);
        count += mentions.len();
    }
    count
}

fn mention(c: &mut Criterion) {
    let texts = texts(1);
    let (rare, common) = vocabulary(&texts);
    let mut folded = Folded::new(Form::Letters);
    let fold = |text: &String| {
        folded.fold(text);
        folded.as_bytes().to_vec()
    };
    let folded_texts: Vec<Vec<u8>> = texts.iter().map(fold).collect();
    let mut group = c.benchmark_group("mention");
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.sample_size(20).measurement_time(Duration::from_secs(4));
    for size in SIZES {
        let topics = topics(size, &rare, &common);
        let begun = Instant::now();
        let matcher = Matcher::compile(&topics, &|_| Vec::new()).expect("the queries are correct");
        let build_ms = begun.elapsed().as_millis();
        let mut scratch = MentionScratch::default();
        let mentions = count(&matcher, &texts, &mut scratch);
        assert!(mentions > 500, "the demo topics alone are found more often");
        eprintln!(
            "{size} topics: {mentions} mentions in {} posts, built in {build_ms} ms, {} bytes a topic",
            texts.len(),
            matcher.heap_bytes() / size
        );
        group.bench_function(format!("matcher/{size}"), |b| {
            b.iter(|| count(&matcher, &texts, &mut scratch));
        });
        for (name, kind) in [
            ("contiguous", AhoCorasickKind::ContiguousNFA),
            ("noncontiguous", AhoCorasickKind::NoncontiguousNFA),
            ("dfa", AhoCorasickKind::DFA),
        ] {
            if name != "contiguous" && size != 10_000 {
                continue;
            }
            let bare = automaton(&topics, kind);
            eprintln!("{size} topics: bare {name} automaton {} bytes", bare.memory_usage());
            group.bench_function(format!("bare-{name}/{size}"), |b| {
                b.iter(|| {
                    for text in &folded_texts {
                        black_box(bare.find_overlapping_iter(text).count());
                    }
                });
            });
        }
    }
    group.finish();
}

/// A unit, over and over, to 64 KiB.
fn filled(unit: &str) -> String {
    unit.repeat(65_536 / unit.len())
}

/// As many terms as fit into a query.
fn listed(term: impl Fn(usize) -> String) -> String {
    let mut query = term(0);
    for index in 1.. {
        let next = term(index);
        if query.len() + " OR ".len() + next.len() > 65_536 {
            break;
        }
        query.push_str(" OR ");
        query.push_str(&next);
    }
    query
}

/// Texts and queries that were made to take long.
fn hostile(c: &mut Criterion) {
    let words = filled(&format!("{} ", "a".repeat(250)));
    let nest = |unit: &'static str| listed(move |index| format!("\"{}\"", unit.repeat(index + 1)));
    let letter =
        |index: usize, place: u32| char::from(b'b' + (index / 24_usize.pow(place) % 24) as u8);
    let cases = [
        ("stars", "*a*a*".to_owned(), filled("a")),
        ("stars in words", "*a*a*a*a*a*a*a*a*".to_owned(), words.clone()),
        ("near", "*a* NEAR/100 *b*".to_owned(), filled("a b ")),
        ("near many", vec!["a"; 6_000].join(" NEAR/100 "), filled("a ")),
        ("infixes", listed(|index| format!("*{}*", "a".repeat(index + 1))), words.clone()),
        ("prefixes", listed(|index| format!("{}*", "a".repeat(index + 1))), words),
        (
            "infixes of two",
            listed(|i| format!("*aaaa*{}*{}*{}", letter(i, 0), letter(i, 1), letter(i, 2))),
            filled("aaaabcdefghijklmnopqrstuvwxyz "),
        ),
        ("nested terms", nest("a."), filled("a.")),
        ("nested Han", nest("東"), filled("東")),
        ("nested emoji", nest("👍"), filled("👍")),
        ("nested flags", nest("🇩🇪"), filled("🇩🇪")),
        ("nested raw", listed(|i| format!("raw:\"{}\"", "a.".repeat(i + 1))), filled("a.")),
        ("phrase of stars", format!("\"{}\"", vec!["*a*"; 16_000].join(" ")), filled("a ")),
    ];
    let mut group = c.benchmark_group("hostile");
    group.throughput(Throughput::Bytes(65_536));
    group.sample_size(10).measurement_time(Duration::from_secs(1));
    for (name, query, text) in cases {
        let topic = Topic { query, ..Topic::default() };
        let matcher = Matcher::compile(&[topic], &|_| Vec::new()).expect(name);
        let mut scratch = MentionScratch::default();
        let texts = [text];
        count(&matcher, &texts, &mut scratch);
        eprintln!("{name}: {} steps", scratch.steps());
        assert!(scratch.steps() < 16_000_000, "{name} is bounded");
        group.bench_function(name, |b| b.iter(|| count(&matcher, &texts, &mut scratch)));
    }
    group.finish();
}

criterion_group!(benches, mention, hostile);
criterion_main!(benches);
