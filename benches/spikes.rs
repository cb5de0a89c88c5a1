//! How surely and how soon does the spike rule find a negative spike or wave, and how often does it
//! cry wolf? Injects spikes of known start and size into seeded traffic; prints Markdown.
//!
//! `cargo bench --bench spikes`, or with `-- waves` only the waves, with `-- looks` only what it costs to
//! judge more often than at full minutes, with `-- best` only how far the rule is from what nobody can
//! exceed. Else judged once a minute, where the engine judges every 5 s. Authors are not modeled: the
//! gate of five authors is taken as passed.

mod traffic;

use resonanz_core::alert::{Backtest, Condition, Measure, Rule, Transition};
use resonanz_core::time::{EventTime, MINUTE_US};
use resonanz_core::window::Counts;
use traffic::optimum::Optimum;
use traffic::{DAY_M, Spike, Topic, WEEK_M, Wave};

const VOLUMES: [u32; 5] = [1, 10, 100, 1_000, 3_000];
const SIZES: [u32; 4] = [2, 3, 5, 10];
const NULL_TOPICS: u64 = 130;
const NULL_WEEKS: i64 = 8;
const SPIKE_TOPICS: u64 = 100;
const BEST_TOPICS: u64 = 100;
const SPIKE_M: i64 = 60;
const WAVE_TOPICS: u64 = 40;

fn rule() -> Rule {
    Rule { condition: Condition::spike(Measure::Negative), ..Rule::default() }
}

/// The minutes at which somebody is called.
fn pages(topic: &mut Topic, minutes: i64, spike: Option<Spike>) -> Vec<i64> {
    calls(rule(), minutes, |minute| topic.minute(minute, spike.as_ref()))
}

fn calls(rule: Rule, minutes: i64, mut traffic: impl FnMut(i64) -> Counts) -> Vec<i64> {
    let mut backtest = Backtest::new(rule, MINUTE_US);
    let calls = (0..minutes).filter_map(|minute| {
        let page = backtest.observe(EventTime(minute * MINUTE_US), &traffic(minute))?;
        (page.transition != Transition::Resolved).then_some(minute + 1)
    });
    calls.collect()
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    let asks = |what: &str| std::env::args().any(|argument| argument == what);
    if asks("looks") {
        return looks();
    }
    if asks("best") {
        return best();
    }
    if !asks("waves") {
        false_calls();
        println!();
        println!(
            "| posts/h | size | negatives in 10 min, usual and spike | within 10 min at most, at one \
             false call a topic-year | within 10 min | of those that begin in a loud hour | within the hour | delay p50 | p95 |"
        );
        println!("|---|---|---|---|---|---|---|---|---|");
        for volume in VOLUMES {
            for size in SIZES {
                spikes(volume, size);
            }
        }
        println!();
        best();
        println!();
    }
    waves();
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn false_calls() {
    println!("| posts/h | null topic-weeks | pages | of these on the first day | per topic-year |");
    println!("|---|---|---|---|---|");
    let weeks = NULL_TOPICS * NULL_WEEKS.unsigned_abs();
    for volume in VOLUMES {
        let (mut all, mut first) = (0, 0);
        for seed in 0..NULL_TOPICS {
            let mut topic = Topic::new(volume, seed, NULL_WEEKS);
            let found = pages(&mut topic, NULL_WEEKS * WEEK_M, None);
            all += found.len();
            first += found.iter().filter(|&&minute| minute <= DAY_M).count();
        }
        println!("| {volume} | {weeks} | {all} | {first} | {:.2} |", yearly(all));
    }
}

/// Calls in all null topic-weeks, as calls in a topic's year.
fn yearly(calls: usize) -> f64 {
    let weeks = NULL_TOPICS * NULL_WEEKS.unsigned_abs();
    traffic::real(calls as u64) * 52.18 / traffic::real(weeks)
}

/// When rules are judged.
#[derive(Clone, Copy)]
enum Pace {
    /// At full minutes only.
    Minutes,
    /// Every five seconds, as the engine does by default.
    Ticks,
    /// After each single mention: more looks than any beat allows.
    Mentions,
}

/// Whether a window can hold a spike at all, so that most minutes need no looks.
#[derive(Default)]
struct Nearness {
    /// Negative posts and others of the last nine minutes.
    window: std::collections::VecDeque<[u64; 2]>,
    ever: [u64; 2],
}

impl Nearness {
    /// Takes in a minute. Whatever part of it was heard: with all its negative posts and none of the
    /// others, half as much again as usual must be negative.
    fn may_be_a_spike(&mut self, minute: &Counts) -> bool {
        let own = minute.negative - minute.negative_copies;
        let own = [own, minute.mentions - minute.copies - own];
        let sum = |place: usize| self.window.iter().filter_map(|minute| minute.get(place)).sum();
        let (negative, others): (u64, u64) = (own[0] + sum(0), sum(1));
        self.ever = [self.ever[0] + own[0], self.ever[1] + own[1]];
        self.window.push_back(own);
        if self.window.len() > 9 {
            self.window.pop_front();
        }
        own[0] > 0 && 2 * negative * (self.ever[1] + 5) > 3 * others * self.ever[0]
    }
}

/// What it costs to judge at more instants.
#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn looks() {
    println!("| posts/h | fired, per topic-year, every minute | every tick | after each mention |");
    println!("|---|---|---|---|");
    for volume in VOLUMES {
        let all = |pace: Pace| -> f64 {
            let topics = 0..NULL_TOPICS;
            yearly(topics.map(|seed| fired(&mut Topic::new(volume, seed, NULL_WEEKS), pace)).sum())
        };
        let (minutes, ticks) = (all(Pace::Minutes), all(Pace::Ticks));
        println!("| {volume} | {minutes:.2} | {ticks:.2} | {:.2} |", all(Pace::Mentions));
    }
}

/// How often the rule fires for a topic.
fn fired(topic: &mut Topic, pace: Pace) -> usize {
    let mut backtest = Backtest::new(rule(), MINUTE_US);
    let (mut fired, mut nearness) = (0, Nearness::default());
    for minute in 0..NULL_WEEKS * WEEK_M {
        let counts = topic.minute(minute, None);
        let begin = EventTime(minute * MINUTE_US);
        let heard = match pace {
            _ if !nearness.may_be_a_spike(&counts) => Vec::new(),
            Pace::Ticks => traffic::by_tick(&counts, minute.unsigned_abs()),
            Pace::Mentions => traffic::one_by_one(&counts, minute.unsigned_abs()),
            Pace::Minutes => Vec::new(),
        };
        let mut before = 0;
        for so_far in heard {
            // Other mentions make no spike.
            if so_far.negative > before {
                fired += usize::from(backtest.look(begin.shift(1), &so_far).is_some());
            }
            before = so_far.negative;
        }
        let page = backtest.observe(begin, &counts);
        fired += usize::from(page.is_some_and(|page| page.transition == Transition::Fired));
    }
    fired
}

/// What nobody can exceed, beside what the rule reaches, for threefold spikes.
#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn best() {
    println!(
        "| posts/h | false calls per topic-year | found within 10 min at most | by the rule |"
    );
    println!("|---|---|---|---|");
    for volume in [1_000, 3_000] {
        let own = yearly((0..NULL_TOPICS).map(|seed| ours(volume, seed)).sum());
        let found = 100.0 * Found::of(volume, 3).within(10);
        let optimum = optimum(volume, 3);
        for calls in [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0] {
            println!("| {volume} | {calls} | {:.1} % | |", 100.0 * optimum.found(calls));
        }
        println!("| {volume} | {own:.2} | {:.1} % | {found:.1} % |", 100.0 * optimum.found(own));
    }
}

/// How often the rule fires for an ordinary topic, judged at every tick.
fn ours(volume: u32, seed: u64) -> usize {
    fired(&mut Topic::new(volume, seed, NULL_WEEKS), Pace::Ticks)
}

fn optimum(volume: u32, size: u32) -> Optimum {
    Optimum::of((0..BEST_TOPICS).map(|number| Topic::new(volume, 10_000 + number, 3)), size)
}

/// How soon each spike of a size was told, in minutes after it began.
struct Found {
    /// Sorted; those that were not are missing.
    delays: Vec<i64>,
    /// Whether those that begin in a loud hour were within ten minutes.
    loud: Vec<bool>,
    /// Usual negative posts in ten minutes.
    mean: f64,
}

impl Found {
    fn of(volume: u32, size: u32) -> Self {
        let (mut delays, mut loud, mut mean) = (Vec::new(), Vec::new(), 0.0);
        for number in 0..SPIKE_TOPICS {
            let mut topic = Topic::new(volume, 10_000 + number, 3);
            let start = 2 * WEEK_M + i64::try_from(number * 577 % 10_000).unwrap_or(0);
            let usual = topic.negative_per_minute(start);
            mean += usual * 10.0 / traffic::real(SPIKE_TOPICS);
            let spike = Spike { start, minutes: SPIKE_M, extra: usual * f64::from(size - 1) };
            let found = pages(&mut topic, start + SPIKE_M, Some(spike));
            let delay = found.iter().map(|minute| minute - start).find(|delay| *delay > 0);
            delays.extend(delay);
            if topic.posts_per_hour(start) >= f64::from(volume) {
                loud.push(delay.is_some_and(|delay| delay <= 10));
            }
        }
        delays.sort_unstable();
        Self { delays, loud, mean }
    }

    /// The share that was told within so many minutes.
    fn within(&self, most: i64) -> f64 {
        let hits = self.delays.iter().filter(|&&delay| delay <= most).count();
        traffic::real(hits as u64) / traffic::real(SPIKE_TOPICS)
    }
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn spikes(volume: u32, size: u32) {
    let found = Found::of(volume, size);
    let soon = found.loud.iter().filter(|soon| **soon).count();
    let soon = 100.0 * traffic::real(soon as u64) / traffic::real(found.loud.len() as u64);
    println!(
        "| {volume} | {size}x | {:.1}, {:.1} | {:.0} % | {:.0} % | {soon:.0} % | {:.0} % | {} | {} |",
        found.mean,
        found.mean * f64::from(size),
        100.0 * optimum(volume, size).found(1.0),
        100.0 * found.within(10),
        100.0 * found.within(SPIKE_M),
        quantile(&found.delays, 50),
        quantile(&found.delays, 95),
    );
}

/// What is done to a topic, and which of its waves must be told.
struct Tide {
    what: &'static str,
    per_hour: u32,
    waves: Vec<Wave>,
    told: std::ops::Range<usize>,
}

/// Equal waves, the first on the fourth day.
fn equal(per_hour: u32, posts: i64, every: i64, what: &'static str) -> Tide {
    let start = |number: i64| 4 * DAY_M + 840 + number * every;
    let waves = (0..8).map(|number| Wave { start: start(number), minutes: 30, posts }).collect();
    Tide { what, per_hour, waves, told: 0..8 }
}

/// A second wave, so many minutes after the first began.
fn second(after: i64, posts: i64, what: &'static str) -> Tide {
    let start = 9 * DAY_M + 840;
    let first = Wave { start, minutes: 30, posts: 40 };
    let waves = vec![first, Wave { start: start + after, posts, ..first }];
    Tide { what, per_hour: 4, waves, told: 1..2 }
}

/// A wave on a topic's first day.
fn first_day(posts: i64, what: &'static str) -> Tide {
    let wave = Wave { start: 840, minutes: 30, posts };
    Tide { what, per_hour: 4, waves: vec![wave], told: 0..1 }
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn waves() {
    let tides = [
        equal(4, 40, 3 * DAY_M, "eight of 40 posts, every third day"),
        equal(4, 40, DAY_M, "eight of 40 posts, daily"),
        equal(4, 40, 6 * 60, "eight of 40 posts, every six hours"),
        equal(4, 40, 3 * 60, "eight of 40 posts, every three hours"),
        equal(40, 60, 3 * DAY_M, "eight of 60 posts, every third day"),
        equal(400, 150, 3 * DAY_M, "eight of 150 posts, every third day"),
        second(15, 120, "a second of 120 posts while the first of 40 grows"),
        second(35, 60, "a second of 60 posts as the first of 40 ebbs"),
        second(35, 40, "a second of 40 posts as the first of 40 ebbs"),
        first_day(40, "first day, 40 posts"),
        first_day(20, "first day, 20 posts"),
    ];
    println!(
        "| posts/h | waves | told within 10 min of the tenth post | topics where all were | never \
         within the hour | p50 | p95 |"
    );
    println!("|---|---|---|---|---|---|---|");
    tides.iter().for_each(wave);
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn wave(tide: &Tide) {
    let (mut delays, mut whole) = (Vec::new(), 0);
    let all = WAVE_TOPICS * tide.told.len() as u64;
    for seed in 0..WAVE_TOPICS {
        let last = tide.waves.last().map_or(0, |wave| wave.start) + DAY_M;
        let mut topic = Topic::new(tide.per_hour, 20_000 + seed, last / WEEK_M + 1);
        let rule = Rule { window_us: 15 * MINUTE_US, ..rule() };
        let found = calls(rule, last, |minute| {
            let mut counts = topic.minute(minute, None);
            let posts = tide.waves.iter().map(|wave| wave.posts_in(minute)).sum::<u64>();
            counts.mentions += posts;
            counts.negative += posts;
            counts
        });
        let told = tide.waves.get(tide.told.clone()).unwrap_or_default();
        let own = told.iter().filter_map(|wave| {
            let within = wave.start + 1..=wave.start + SPIKE_M;
            let told = found.iter().find(|minute| within.contains(minute));
            told.map(|minute| (minute - wave.tenth()).max(0))
        });
        let own: Vec<i64> = own.collect();
        let soon = own.iter().filter(|delay| **delay <= 10).count();
        whole += usize::from(soon == told.len());
        delays.extend(own);
    }
    delays.sort_unstable();
    let soon = delays.iter().filter(|delay| **delay <= 10).count();
    println!(
        "| {} | {} | {soon} of {all} | {whole} of {WAVE_TOPICS} | {} | {} | {} |",
        tide.per_hour,
        tide.what,
        all - delays.len() as u64,
        quantile(&delays, 50),
        quantile(&delays, 95),
    );
}

fn quantile(sorted: &[i64], percent: usize) -> String {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or("-".to_owned(), |delay| format!("{delay} min"))
}
