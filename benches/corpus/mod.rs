//! What are the measured parts given? Posts of the bundled archive, and made-up topics, the same always.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use resonanz_core::mention::Topic;

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
/// Words that analysts write beside names.
const CONTEXT: [&str; 16] = [
    "service", "support", "price", "quality", "delivery", "refund", "battery", "screen", "camera",
    "review", "problem", "update", "store", "customer", "warranty", "app",
];

/// Every `step`-th line of the bundled archive.
pub(super) fn lines(step: usize) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/archive.jsonl.zst");
    let mut lines = String::new();
    let file = std::fs::File::open(path).expect("the archive is bundled");
    zstd::Decoder::new(file).expect("zstd").read_to_string(&mut lines).expect("UTF-8");
    lines.lines().step_by(step).map(str::to_owned).collect()
}

/// Their texts.
pub(super) fn texts(step: usize) -> Vec<String> {
    let text = |line: String| -> Option<String> {
        let row: serde_json::Value = serde_json::from_str(&line).ok()?;
        Some(row.get("text")?.as_str()?.to_owned())
    };
    lines(step).into_iter().filter_map(text).collect()
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
pub(super) fn vocabulary(texts: &[String]) -> (Vec<String>, Vec<String>) {
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

/// So many topics, the demo's first: names of rare words or invented, beside common ones.
pub(super) fn topics(size: usize, rare: &[String], common: &[String]) -> Vec<Topic> {
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
