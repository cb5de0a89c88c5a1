//! How surely and how soon does the spike rule find a negative spike or wave, and how often does it
//! cry wolf? Injects spikes of known start and size into seeded traffic; prints Markdown.
//!
//! `cargo bench --bench spikes`, or with `-- waves` only the waves, with `-- looks` only what looks ahead
//! of the watermark add. Judged once a minute, where the engine judges every 5 s. Authors are not
//! modeled: the gate of five authors is taken as passed.

mod traffic;

use resonanz_core::alert::{Backtest, Condition, Measure, Rule, Transition};
use resonanz_core::time::{EventTime, MINUTE_US};
use resonanz_core::window::Counts;
use traffic::{DAY_M, Spike, Topic, WEEK_M, Wave};

const VOLUMES: [u32; 5] = [1, 10, 100, 1_000, 3_000];
const SIZES: [u32; 4] = [2, 3, 5, 10];
const NULL_TOPICS: u64 = 130;
const NULL_WEEKS: i64 = 8;
const SPIKE_TOPICS: u64 = 100;
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

/// Probability that a Poisson count with this mean is at least `count`.
fn poisson_tail(count: u64, mean: f64) -> f64 {
    let (mut term, mut below) = ((-mean).exp(), 0.0);
    for k in 0..count {
        below += term;
        term *= mean / traffic::real(k + 1);
    }
    1.0 - below
}

/// How often ten minutes of the spike would pass the bare test by someone who knows the rate.
fn oracle(mean: f64, size: f64) -> f64 {
    let least = (1..).find(|&count| poisson_tail(count, mean) <= 1e-6).unwrap_or(u64::MAX);
    poisson_tail(least, mean * size)
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    if std::env::args().any(|argument| argument == "looks") {
        looks();
        return;
    }
    if std::env::args().all(|argument| argument != "waves") {
        false_calls();
        println!();
        println!(
            "| posts/h | size | negatives in 10 min, usual and spike | known rate, Poisson | \
             within 10 min | of those that begin in a loud hour | within the hour | delay p50 | p95 |"
        );
        println!("|---|---|---|---|---|---|---|---|---|");
        for volume in VOLUMES {
            for size in SIZES {
                spikes(volume, size);
            }
        }
        println!();
        ideal();
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

/// What it costs to look after each single mention, and not only at full minutes: more looks than
/// any beat allows.
#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn looks() {
    println!("| posts/h | fired, per topic-year | with a look after each mention |");
    println!("|---|---|---|");
    for volume in VOLUMES {
        let all = |looks: bool| -> usize {
            let topics = 0..NULL_TOPICS;
            topics.map(|seed| fired(&mut Topic::new(volume, seed, NULL_WEEKS), looks)).sum()
        };
        println!("| {volume} | {:.2} | {:.2} |", yearly(all(false)), yearly(all(true)));
    }
}

/// How often the rule fires for a topic.
fn fired(topic: &mut Topic, looks: bool) -> usize {
    let mut backtest = Backtest::new(rule(), MINUTE_US);
    let mut fired = 0;
    for minute in 0..NULL_WEEKS * WEEK_M {
        let counts = topic.minute(minute, None);
        let begin = EventTime(minute * MINUTE_US);
        if looks && counts.negative > 0 {
            let mut before = 0;
            for so_far in traffic::one_by_one(&counts, minute.unsigned_abs()) {
                // Other mentions make no spike.
                if so_far.negative > before {
                    fired += usize::from(backtest.look(begin.shift(1), &so_far).is_some());
                }
                before = so_far.negative;
            }
        }
        let page = backtest.observe(begin, &counts);
        fired += usize::from(page.is_some_and(|page| page.transition == Transition::Fired));
    }
    fired
}

/// What somebody could find who knew each topic's exact rate, in traffic without bursts: threefold
/// spikes at 1,000 posts an hour.
#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn ideal() {
    println!("| p-value, rate known | calls per topic-year | 3x at 1,000 posts/h, within 10 min |");
    println!("|---|---|---|");
    for p_value in [1e-6, 3e-6, 1e-5, 1e-4, 3e-4] {
        let (mut calls, mut found) = (0, 0);
        for number in 0..SPIKE_TOPICS {
            let mut topic = Topic::new(1_000, 10_000 + number, 3);
            calls += known(&mut topic, p_value, 0..4 * WEEK_M, None).len();
            let start = 2 * WEEK_M + i64::try_from(number * 577 % 10_000).unwrap_or(0);
            for _ in 0..10 {
                let span = start - 10..start + 10;
                let within = known(&mut topic, p_value, span, Some(start));
                found += usize::from(within.iter().any(|minute| *minute > start));
            }
        }
        let yearly = traffic::real(calls as u64) * 52.18 / traffic::real(4 * SPIKE_TOPICS);
        let share = 10.0 * traffic::real(found as u64) / traffic::real(SPIKE_TOPICS);
        println!("| {p_value:e} | {yearly:.1} | {share:.0} % |");
    }
}

/// Calls by the bare test with the known rate, at least an hour apart.
fn known(
    topic: &mut Topic,
    p_value: f64,
    minutes: std::ops::Range<i64>,
    spike: Option<i64>,
) -> Vec<i64> {
    let extra = spike.map_or(0.0, |start| 2.0 * topic.negative_per_minute(start));
    let (mut window, mut calls) = (std::collections::VecDeque::new(), Vec::new());
    for minute in minutes {
        let mean = topic.negative_per_minute(minute);
        let added = if spike.is_some_and(|start| minute >= start) { extra } else { 0.0 };
        window.push_back((topic.draw(mean + added), mean));
        if window.len() > 10 {
            window.pop_front();
        }
        let (count, mean) = window.iter().fold((0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let rested = calls.last().is_none_or(|last| minute + 1 - last > 60);
        if window.len() == 10 && count >= 10 && rested && poisson_tail(count, mean) <= p_value {
            calls.push(minute + 1);
        }
    }
    calls
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn spikes(volume: u32, size: u32) {
    let (mut delays, mut loud, mut mean, mut sure) = (Vec::new(), Vec::new(), 0.0, 0.0);
    for number in 0..SPIKE_TOPICS {
        let mut topic = Topic::new(volume, 10_000 + number, 3);
        let start = 2 * WEEK_M + i64::try_from(number * 577 % 10_000).unwrap_or(0);
        let usual = topic.negative_per_minute(start);
        mean += usual * 10.0 / traffic::real(SPIKE_TOPICS);
        sure += oracle(usual * 10.0, f64::from(size)) / traffic::real(SPIKE_TOPICS);
        let spike = Spike { start, minutes: SPIKE_M, extra: usual * f64::from(size - 1) };
        let found = pages(&mut topic, start + SPIKE_M, Some(spike));
        let delay = found.iter().map(|minute| minute - start).find(|delay| *delay > 0);
        delays.extend(delay);
        if topic.posts_per_hour(start) >= f64::from(volume) {
            loud.push(delay.is_some_and(|delay| delay <= 10));
        }
    }
    let soon = loud.iter().filter(|soon| **soon).count();
    let soon = 100.0 * traffic::real(soon as u64) / traffic::real(loud.len() as u64);
    delays.sort_unstable();
    let share = |most: i64| {
        let hits = delays.iter().filter(|&&delay| delay <= most).count();
        100.0 * traffic::real(hits as u64) / traffic::real(SPIKE_TOPICS)
    };
    println!(
        "| {volume} | {size}x | {mean:.1}, {:.1} | {:.0} % | {:.0} % | {soon:.0} % | {:.0} % | {} | {} |",
        mean * f64::from(size),
        100.0 * sure,
        share(10),
        share(SPIKE_M),
        quantile(&delays, 50),
        quantile(&delays, 95),
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
