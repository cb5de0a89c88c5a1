//! What do windows and rules cost in memory and time for many topics over a week? Prints Markdown.
//!
//! `cargo bench --bench memory`. Mentions of topics whose volumes follow Zipf's law pass through the
//! windows and rules as the engine drives them, without matcher and scorer. Memory is the resident
//! set of the process, as Linux tells it, less what it was before.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads clock and files")]

use std::sync::Arc;
use std::time::Instant;

use resonanz_core::alert::{Condition, Judge, JudgeState, Measure, Rule};
use resonanz_core::post::{AuthorKey, Lang, Polarity, Score, SourceId, TopicId};
use resonanz_core::time::{EventTime, MINUTE_US};
use resonanz_core::window::{Likeness, Observation, Originality, Sample, WindowConfig, Windows};

const TOPICS: u32 = 10_000;
const DAY_M: i64 = 24 * 60;
/// Mentions a minute over all topics.
const VOLUMES: [u32; 2] = [20, 100];

/// A seeded sequence: xorshift64* (Vigna 2016).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    /// A topic: the n-th is spoken of about 1/n as often as the first.
    fn topic(&mut self) -> TopicId {
        let part = f64::from(u32::try_from(self.roll(1 << 20)).unwrap_or(0)) / f64::from(1 << 20);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below TOPICS")]
        TopicId((f64::from(TOPICS).powf(part) - 1.0) as u32)
    }

    fn text(&mut self) -> String {
        let words: Vec<String> = (0..16).map(|_| word(self.roll(3_000))).collect();
        words.join(" ")
    }
}

/// A word of letters for a number.
fn word(mut number: u64) -> String {
    let mut word = String::new();
    while number > 0 || word.len() < 3 {
        word.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
    }
    word
}

fn mention(dice: &mut Dice, posted_at: EventTime, number: u64) -> Observation {
    let polarity = [Polarity::Negative, Polarity::Neutral, Polarity::Positive];
    let polarity = polarity[usize::try_from(dice.roll(3)).unwrap_or(0)];
    let source = SourceId::new(if dice.roll(4) == 0 { "forum" } else { "net" });
    let text = dice.text();
    let sample = (polarity == Polarity::Negative).then(|| {
        Arc::new(Sample {
            score: Score(-5_000),
            confidence: 70,
            reach: dice.roll(1_000),
            source: source.clone(),
            post_id: number.to_string().into(),
            text: text.as_str().into(),
            url: None,
            own: Box::default(),
        })
    });
    Observation {
        posted_at,
        topic: dice.topic(),
        source,
        lang: if dice.roll(3) == 0 { Lang::DE } else { Lang::EN },
        author: AuthorKey(u128::from(dice.roll(1_000_000)).to_le_bytes()),
        score: Score(0),
        polarity,
        confidence: 70,
        reach: 0,
        engagement: 0,
        post: number,
        identity: number,
        thread: None,
        likeness: Likeness::of(&text).map(Arc::new),
        originality: Originality::Original,
        cluster: 0,
        sample,
    }
}

/// A spike rule, and one that looks back for a week.
fn rules() -> Vec<Rule> {
    let topics: Vec<TopicId> = (0..TOPICS).map(TopicId).collect();
    let spike = Rule { name: "spike".to_owned(), topics: topics.clone(), ..Rule::default() };
    let threshold = Condition::Threshold { measure: Measure::Negative, count: 1_000_000 };
    let week = Rule { name: "week".to_owned(), topics, condition: threshold, ..Rule::default() };
    vec![spike, Rule { window_us: 7 * DAY_M * MINUTE_US, ..week }]
}

/// Megabytes that the process holds.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb: f64 = line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0.0);
    kb / 1_024.0
}

/// One week; its row of the table.
fn week(volume: u32, rules: Vec<Rule>, retain_us: i64) -> String {
    let before = resident_mb();
    let mut dice = Dice(42);
    let mut windows = Windows::new(WindowConfig { tick_us: MINUTE_US, retain_us });
    let names = (0..TOPICS).map(|topic| topic.to_string()).collect();
    let mut judge = Judge::new(rules, names, JudgeState::default());
    let (mut closed, mut alerts, mut number) = (Vec::new(), Vec::new(), 0);
    let mut spent = std::time::Duration::ZERO;
    let (mut panes, mut judged) = (0, 0);
    for minute in 0..7 * DAY_M {
        let start = EventTime(minute * MINUTE_US);
        for _ in 0..volume {
            number += 1;
            windows.observe(mention(&mut dice, start, number));
        }
        let begun = Instant::now();
        windows.release(start.shift(MINUTE_US));
        // Rules that look back a week are judged rarely here: their time is that of one look.
        if minute % DAY_M == DAY_M - 1 {
            judge.judge(start.shift(MINUTE_US), &windows, &mut alerts);
            judged += 1;
        }
        windows.drain_closed(&mut closed);
        spent += begun.elapsed();
        panes += closed.len();
        closed.clear();
    }
    let held = resident_mb() - before;
    let begun = Instant::now();
    let state = (windows.to_state(), judge.state().clone());
    let plain = postcard::to_stdvec(&state).expect("plain values");
    let packed = zstd::bulk::compress(&plain, 1).expect("memory");
    let checkpoint_s = begun.elapsed().as_secs_f64();
    assert!(panes > 0 && judged == 7, "a week has passed");
    #[allow(clippy::cast_precision_loss, reason = "numbers for people")]
    let (held_bytes, mentions, packed) = (held * 1_048_576.0, number as f64, packed.len() as f64);
    #[allow(clippy::cast_precision_loss, reason = "numbers for people")]
    let cells = panes as f64;
    format!(
        "| {volume} | {number} | {held:.0} MB | {:.0} | {:.1} us | {:.1} MB | {checkpoint_s:.2} s |",
        held_bytes / cells,
        spent.as_secs_f64() * 1e6 / mentions,
        packed / 1e6,
    )
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    println!(
        "| mentions a minute | mentions | held | bytes a pane | a mention | checkpoint | time |"
    );
    println!("|---|---|---|---|---|---|---|");
    for volume in VOLUMES {
        let rules = rules();
        let retain_us = Judge::reach_us(&rules);
        println!("{}", week(volume, rules, retain_us));
    }
}
