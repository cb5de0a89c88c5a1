//! How surely and how soon does the spike rule find a negative spike, and how often does it cry
//! wolf? Injects spikes of known start and size into seeded traffic; prints Markdown.
//!
//! `cargo bench --bench spikes`. Judged once a minute, where the engine judges every 5 s. Authors are
//! not modeled: the gate of five authors is taken as passed.

mod traffic;

use resonanz::alert::{Backtest, Condition, Measure, Rule, Transition};
use resonanz::time::{EventTime, MINUTE_US};
use traffic::{DAY_M, Spike, Topic, WEEK_M};

const VOLUMES: [u32; 5] = [1, 10, 100, 1_000, 3_000];
const SIZES: [u32; 4] = [2, 3, 5, 10];
const NULL_TOPICS: u64 = 130;
const NULL_WEEKS: i64 = 8;
const SPIKE_TOPICS: u64 = 100;
const SPIKE_M: i64 = 60;

fn rule() -> Rule {
    Rule { condition: Condition::spike(Measure::Negative), ..Rule::default() }
}

/// The minutes at which somebody is called.
fn pages(topic: &mut Topic, minutes: i64, spike: Option<Spike>) -> Vec<i64> {
    let mut backtest = Backtest::new(rule(), MINUTE_US);
    let mut pages = Vec::new();
    for minute in 0..minutes {
        let counts = topic.minute(minute, spike.as_ref());
        if let Some(page) = backtest.observe(EventTime(minute * MINUTE_US), &counts)
            && page.transition != Transition::Resolved
        {
            pages.push(minute + 1);
        }
    }
    pages
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
    println!("| posts/h | null topic-weeks | pages | of these on the first day | per topic-year |");
    println!("|---|---|---|---|---|");
    for volume in VOLUMES {
        let (mut all, mut first) = (0, 0);
        for seed in 0..NULL_TOPICS {
            let mut topic = Topic::new(volume, seed, NULL_WEEKS);
            let found = pages(&mut topic, NULL_WEEKS * WEEK_M, None);
            all += found.len();
            first += found.iter().filter(|&&minute| minute <= DAY_M).count();
        }
        let weeks = NULL_TOPICS * NULL_WEEKS.unsigned_abs();
        let yearly = traffic::real(all as u64) * 52.18 / traffic::real(weeks);
        println!("| {volume} | {weeks} | {all} | {first} | {yearly:.2} |");
    }
    println!();
    println!(
        "| posts/h | size | negatives in 10 min, usual and spike | known rate, Poisson | \
         within 10 min | within the hour | delay p50 | p95 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for volume in VOLUMES {
        for size in SIZES {
            spikes(volume, size);
        }
    }
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn spikes(volume: u32, size: u32) {
    let (mut delays, mut mean, mut sure) = (Vec::new(), 0.0, 0.0);
    for number in 0..SPIKE_TOPICS {
        let mut topic = Topic::new(volume, 10_000 + number, 3);
        let start = 2 * WEEK_M + i64::try_from(number * 577 % 10_000).unwrap_or(0);
        let usual = topic.negative_per_minute(start);
        mean += usual * 10.0 / traffic::real(SPIKE_TOPICS);
        sure += oracle(usual * 10.0, f64::from(size)) / traffic::real(SPIKE_TOPICS);
        let spike = Spike { start, minutes: SPIKE_M, extra: usual * f64::from(size - 1) };
        let found = pages(&mut topic, start + SPIKE_M, Some(spike));
        delays.extend(found.iter().map(|minute| minute - start).find(|delay| *delay > 0));
    }
    delays.sort_unstable();
    let share = |most: i64| {
        let hits = delays.iter().filter(|&&delay| delay <= most).count();
        100.0 * traffic::real(hits as u64) / traffic::real(SPIKE_TOPICS)
    };
    let quantile = |percent: usize| {
        let place = (delays.len() * percent).div_ceil(100).saturating_sub(1);
        delays.get(place).map_or("-".to_owned(), |delay| format!("{delay} min"))
    };
    println!(
        "| {volume} | {size}x | {mean:.1}, {:.1} | {:.0} % | {:.0} % | {:.0} % | {} | {} |",
        mean * f64::from(size),
        100.0 * sure,
        share(10),
        share(SPIKE_M),
        quantile(50),
        quantile(95),
    );
}
