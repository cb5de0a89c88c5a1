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

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use resonanz_core::mention::{Context, Expr, Matcher, MentionScratch, Topic, parse};
use resonanz_core::text::{Folded, Form};

const DEMO: [&str; 8] = [
    "apex OR dvd*",
    "(canon OR powershot OR g3) AND NOT (\"canon of\" OR cinematic OR pokemon)",
    "nikon OR coolpix",
    "nokia OR 6610 OR \"this phone\" OR \"the phone\"",
    "ipod* OR itunes",
    "zen OR nomad OR jukebox OR xtra OR \"creative labs\"",
    "acme NEAR/5 (service OR support)",
    "congress* OR senat* OR republican* OR democrat*",
];
const SIZES: [usize; 4] = [10, 1_000, 10_000, 100_000];
/// Words that analysts write beside names.
const CONTEXT: [&str; 16] = [
    "service", "support", "price", "quality", "delivery", "refund", "battery", "screen", "camera",
    "review", "problem", "update", "store", "customer", "warranty", "app",
];

fn archive() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/archive.jsonl.zst");
    let mut lines = String::new();
    let file = std::fs::File::open(path).expect("the archive is bundled");
    zstd::Decoder::new(file).expect("zstd").read_to_string(&mut lines).expect("UTF-8");
    let text = |line: &str| -> Option<String> {
        let row: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(row.get("text")?.as_str()?.to_owned())
    };
    lines.lines().filter_map(text).collect()
}

/// A small generator of numbers, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn pick<'w>(&mut self, words: &'w [String]) -> &'w str {
        &words[self.roll(words.len())]
    }

    fn name(&mut self) -> String {
        const SYLLABLES: [&str; 24] = [
            "ac", "be", "cor", "du", "el", "fin", "gra", "ho", "in", "ka", "lu", "mo", "na", "or",
            "pra", "qui", "ro", "sen", "tra", "ul", "ver", "wi", "xo", "zen",
        ];
        let count = 3 + self.roll(2);
        (0..count).map(|_| SYLLABLES[self.roll(SYLLABLES.len())]).collect()
    }
}

/// Words of the archive, rare ones (in at most five posts) and common ones (in at least fifty).
fn vocabulary(texts: &[String]) -> (Vec<String>, Vec<String>) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for text in texts {
        for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
            *counts.entry(word.to_ascii_lowercase()).or_default() += 1;
        }
    }
    let list = |wanted: &dyn Fn(usize) -> bool| {
        let mut words: Vec<String> = counts
            .iter()
            .filter(|(word, count)| word.len() >= 4 && wanted(**count))
            .map(|(word, _)| word.clone())
            .collect();
        words.sort();
        words
    };
    (list(&|count| count <= 5), list(&|count| count >= 50))
}

fn topics(size: usize, rare: &[String], common: &[String]) -> Vec<Topic> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut queries: Vec<String> = DEMO.map(str::to_owned).to_vec();
    while queries.len() < size {
        let name = if dice.roll(5) == 0 { dice.pick(rare).to_owned() } else { dice.name() };
        let other = dice.name();
        let beside = CONTEXT[dice.roll(CONTEXT.len())];
        let (one, two) = (dice.pick(common).to_owned(), dice.pick(common).to_owned());
        queries.push(match dice.roll(6) {
            0 => format!("{name} OR \"{name} {other}\" OR #{name}{other}"),
            1 => format!("{name} NOT (job OR hiring OR \"{name} {one}\")"),
            2 => format!("({name} OR {other}) AND ({beside} OR {one} OR \"{one} {two}\")"),
            3 => format!("({name} OR \"{name} {other}\") NEAR/8 ({beside} OR {two})"),
            4 => format!("\"{name} {one}\"~3 OR {name}{other}*"),
            _ => format!("\"{one} {two}\" AND ({name} OR @{other}) AND NOT {beside}"),
        });
    }
    queries.truncate(size);
    queries.into_iter().map(|query| Topic { query, ..Topic::default() }).collect()
}

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
    let texts = archive();
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
