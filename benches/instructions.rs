//! How many instructions does each part of the core take? Runs one part; valgrind counts.
//!
//! `cargo bench --bench instructions -- PART` runs a part twice on the same input, the second time
//! within `measured_region`, which `.ci/instructions.py` has counted. Without a part it names all of
//! them, each with the number of posts that it is given. One thread, and no clock: the counts differ
//! between runs by less than one in a thousand.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads files")]

use std::hint::black_box;
use std::sync::Arc;

use resonanz_core::alert::{Judge, JudgeState, Rule};
use resonanz_core::decode::{AuthorHasher, Decoder, Format, Parcel};
use resonanz_core::mention::{Context, Matcher, MentionScratch};
use resonanz_core::post::{AuthorKey, Lang, Polarity, Score, SourceId, TopicId};
use resonanz_core::sentiment::{Profile, Scorer, Scratch};
use resonanz_core::time::{EventTime, MINUTE_US, SECOND_US};
use resonanz_core::window::{Likeness, Observation, Originality, Sample, WindowConfig, Windows};

mod corpus;

/// Every so manieth line of the archive is read.
const STEP: usize = 12;
/// Topics of the matcher, and of the windows.
const TOPICS: usize = 1_000;
/// Mentions a minute in the windows: below what is folded on several threads.
const A_MINUTE: usize = 20;

/// A part: how many posts it is given, and what is to be counted. It answers what keeps the
/// compiler from leaving work out.
type Part = (usize, Box<dyn FnMut() -> u64>);

/// A part by its name.
type Named = (&'static str, fn() -> Part);

const PARTS: [Named; 12] = [
    ("start", start),
    ("decode", || decode(corpus::lines(STEP))),
    ("decode 1 kB", || decode(enveloped())),
    ("match", || find(TOPICS)),
    ("match 10", || find(10)),
    ("match 10,000", || find(10_000)),
    ("score vader", score_vader),
    ("score resonanz", score_resonanz),
    ("windows", windows),
    ("checkpoint", checkpoint),
    ("judge 1,000", || judge(1_000)),
    ("judge 100,000", || judge(100_000)),
];

/// The calls in here are counted, and nothing else.
#[inline(never)]
fn measured_region(work: &mut dyn FnMut() -> u64) -> u64 {
    black_box(work())
}

/// Lexicons and model to a scorer, before the first text; on this thread, the one that is counted.
fn start() -> Part {
    let here = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    let here = here.build().expect("no other pool");
    (1, Box::new(move || here.install(|| Scorer::new(Profile::Resonanz).version().len() as u64)))
}

/// Lines of the archive with as much around each post as a collector keeps, which nobody reads.
fn enveloped() -> Vec<String> {
    let more = format!(
        "\"cid\":\"bafyrei{0}\",\"rev\":\"{0}\",\"labels\":[],\"langs\":[\"en\",\"de\"],\"likes\":12,\
         \"avatar\":\"https://cdn.example/img/plain/{0}/{0}@jpeg\",\"embed\":{{\"type\":\"external\",\
         \"uri\":\"https://news.example/{0}/{0}\",\"title\":\"{0}\",\"images\":[{{\"alt\":\"\",\"size\":[640,480]}}]}}",
        "3lq2zxw7c2k2a5d6e7f8g9h0".repeat(3)
    );
    let line = |line: &String| Some(format!("{{{more},{}", line.strip_prefix('{')?));
    corpus::lines(STEP).iter().filter_map(line).collect()
}

/// Lines of an archive to posts.
fn decode(lines: Vec<String>) -> Part {
    let source = SourceId::new("archive");
    let authors = AuthorHasher::new([7; 32]);
    let mut decoder = Decoder::new(Format::Archive, source.clone(), authors);
    let mut parcel = Parcel::new(&source);
    let all = lines.len();
    let work = move || {
        parcel.events.clear();
        lines.iter().for_each(|line| decoder.decode(line.as_bytes(), &mut parcel));
        assert_eq!(parcel.events.len(), lines.len(), "every line is a post");
        parcel.events.len() as u64
    };
    (all, Box::new(work))
}

/// Texts to mentions of so many topics.
fn find(topics: usize) -> Part {
    let texts = corpus::texts(STEP);
    let (rare, common) = corpus::vocabulary(&texts);
    let topics = corpus::topics(topics, &rare, &common);
    let matcher = Matcher::compile(&topics, &|_| Vec::new()).expect("the queries are correct");
    let mut scratch = MentionScratch::default();
    let (mut mentions, mut spans) = (Vec::new(), Vec::new());
    let all = texts.len();
    let work = move || {
        mentions.clear();
        spans.clear();
        for text in &texts {
            matcher.find(text, Context::default(), &mut scratch, &mut mentions, &mut spans);
        }
        assert!(mentions.len() > 50, "topics are found");
        mentions.len() as u64
    };
    (all, Box::new(work))
}

fn score_vader() -> Part {
    score(Profile::Vader)
}

fn score_resonanz() -> Part {
    score(Profile::Resonanz)
}

/// Texts to scores.
fn score(profile: Profile) -> Part {
    let (texts, scorer, mut scratch) =
        (corpus::texts(STEP), Scorer::new(profile), Scratch::default());
    let all = texts.len();
    let work = move || {
        let score = |text: &String| scorer.score(text, Lang::UND, &mut scratch).score.0;
        let polar = texts.iter().map(score).filter(|&score| score != 0).count();
        assert!(polar > 500, "texts have opinions");
        polar as u64
    };
    (all, Box::new(work))
}

/// Mentions of all topics in turn, the first ones oftenest.
fn mentions(texts: &[String]) -> Vec<Observation> {
    let sources = ["net", "forum"].map(SourceId::new);
    let mention = |(number, text): (usize, &String)| {
        let posted_at = EventTime((number / A_MINUTE) as i64 * MINUTE_US);
        let polarity = [Polarity::Negative, Polarity::Neutral, Polarity::Positive][number % 3];
        let source = sources[usize::from(number % 4 == 0)].clone();
        let sample = (polarity == Polarity::Negative).then(|| {
            Arc::new(Sample {
                score: Score(-5_000),
                confidence: 70,
                reach: number as u64 % 1_000,
                source: source.clone(),
                post_id: number.to_string().into(),
                text: text.as_str().into(),
                url: None,
                own: Box::default(),
            })
        });
        Observation {
            posted_at,
            topic: TopicId(u32::try_from(number * number % TOPICS).unwrap_or(0)),
            source,
            lang: if number % 5 == 0 { Lang::DE } else { Lang::EN },
            author: AuthorKey((number as u128 % 997).to_le_bytes()),
            score: Score(0),
            polarity,
            confidence: 70,
            reach: 0,
            engagement: 0,
            post: number as u64,
            identity: number as u64,
            thread: None,
            likeness: Likeness::of(text).map(Arc::new),
            originality: Originality::Original,
            cluster: 0,
            sample,
        }
    };
    texts.iter().enumerate().map(mention).collect()
}

/// Windows after all these texts; how many panes closed.
fn folded(texts: &[String]) -> (Windows, u64) {
    let retain_us = 24 * 60 * MINUTE_US;
    let mut windows = Windows::new(WindowConfig { tick_us: MINUTE_US, retain_us });
    let (mut closed, mut panes) = (Vec::new(), 0);
    for mention in mentions(texts) {
        let start = mention.posted_at;
        windows.observe(mention);
        if windows.waiting_len() == A_MINUTE {
            windows.release(start.shift(MINUTE_US));
            windows.drain_closed(&mut closed);
            panes += closed.len() as u64;
            closed.clear();
        }
    }
    (windows, panes)
}

/// Mentions to panes, with what tells copies.
fn windows() -> Part {
    let texts = corpus::texts(STEP);
    let all = texts.len();
    let work = move || {
        let (_, panes) = folded(&texts);
        assert!(panes > 1_000, "panes closed");
        panes
    };
    (all, Box::new(work))
}

/// Mentions through windows and the judgement of each tick: one rule, on so many topics, of which a
/// thousand are spoken of.
fn judge(topics: u32) -> Part {
    let texts = corpus::texts(STEP);
    let all = texts.len();
    let rule = Rule { topics: (0..topics).map(TopicId).collect(), ..Rule::default() };
    let mut judge = Judge::new(vec![rule], Vec::new(), JudgeState::default());
    let (tick_us, retain_us) = (5 * SECOND_US, 24 * 60 * MINUTE_US);
    let mut windows = Windows::new(WindowConfig { tick_us, retain_us });
    let (mut closed, mut alerts, mut begin) = (Vec::new(), Vec::new(), EventTime(0));
    let work = move || {
        let mut tick = |windows: &mut Windows, end: EventTime| {
            windows.release(end);
            judge.judge(end, windows, &mut alerts);
            windows.drain_closed(&mut closed);
            closed.drain(..).count() as u64
        };
        let mut panes = 0;
        for (number, mention) in (0..).zip(mentions(&texts)) {
            let posted_at = begin.shift(number * 3 * SECOND_US);
            let end = posted_at.floor(tick_us);
            if windows.earliest_waiting().is_some_and(|waiting| waiting <= end) {
                panes += tick(&mut windows, end);
            }
            windows.observe(Observation { posted_at, ..mention });
        }
        begin = begin.shift(24 * 60 * MINUTE_US);
        panes += tick(&mut windows, begin);
        assert!(panes > 1_000 && alerts.is_empty(), "panes closed, and nothing happened");
        panes
    };
    (all, Box::new(work))
}

/// Panes to the bytes of a checkpoint.
fn checkpoint() -> Part {
    let texts = corpus::texts(STEP);
    let (windows, _) = folded(&texts);
    let work = move || {
        let bytes = postcard::to_stdvec(&windows.to_state()).expect("plain values");
        assert!(bytes.len() > 100_000, "they are kept");
        bytes.len() as u64
    };
    (texts.len(), Box::new(work))
}

#[allow(clippy::print_stdout, reason = "the names are what is asked for")]
fn main() {
    // cargo adds arguments of its own.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(wanted) = wanted else {
        PARTS.iter().for_each(|(name, _)| println!("{name}"));
        return;
    };
    let (_, part) = PARTS.iter().find(|(name, _)| *name == wanted).expect("one of the parts");
    let (posts, mut work) = part();
    // What grows, grows before it is counted.
    let before = work();
    let found = measured_region(&mut *work);
    assert_eq!(found, before, "the same again");
    println!("{posts}");
}
