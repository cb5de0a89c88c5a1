//! What does ordinary traffic of a topic look like? Seeded, minute by minute, with all that makes
//! it ordinary: rhythm, drift, overdispersion, news, holidays, outages, copies.

pub(super) mod optimum;

use resonanz_core::window::Counts;

pub(super) const DAY_M: i64 = 24 * 60;
pub(super) const WEEK_M: i64 = 7 * DAY_M;
/// One copy in twenty is not recognized.
const COPIES_MISSED: f64 = 0.05;
/// Ticks of a minute, as the engine has them.
const TICKS: i64 = 12;

/// Negative posts added to a topic.
#[derive(Clone, Copy)]
pub(super) struct Spike {
    pub(super) start: i64,
    pub(super) minutes: i64,
    /// More negative posts a minute.
    pub(super) extra: f64,
}

/// A known number of negative posts, spread evenly.
#[derive(Clone, Copy)]
pub(super) struct Wave {
    pub(super) start: i64,
    pub(super) minutes: i64,
    pub(super) posts: i64,
}

impl Wave {
    /// Posts of this minute.
    pub(super) fn posts_in(&self, minute: i64) -> u64 {
        let until = |age: i64| age.clamp(0, self.minutes) * self.posts / self.minutes;
        let age = minute - self.start;
        (until(age + 1) - until(age)).unsigned_abs()
    }

    /// The end of the minute that holds the tenth post.
    pub(super) fn tenth(&self) -> i64 {
        self.start + (10 * self.minutes + self.posts - 1) / self.posts
    }
}

/// A stretch in which something multiplies the traffic, fading out if it is news.
struct Episode {
    start: i64,
    minutes: i64,
    factor: f64,
    kind: Kind,
}

#[derive(PartialEq)]
enum Kind {
    News,
    Holiday,
    Outage,
    Copies,
}

/// One topic's traffic.
pub(super) struct Topic {
    random: Random,
    per_minute: f64,
    share: f64,
    positive: f64,
    /// Extra-Poisson variance of ten minutes relative to the squared mean.
    roughness: f64,
    drift: f64,
    burst: f64,
    /// Mean number of negative posts of the last minute that was drawn.
    now: f64,
    night: f64,
    episodes: Vec<Episode>,
}

impl Topic {
    pub(super) fn new(volume: u32, seed: u64, weeks: i64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(volume));
        let mut episodes = Vec::new();
        let days = weeks * 7;
        let mut draw = |random: &mut Random,
                        every_days: f64,
                        kind: fn() -> Kind,
                        least,
                        most,
                        low: f64,
                        high: f64| {
            let times = random.poisson(real(days.unsigned_abs()) / every_days);
            for _ in 0..times {
                let start = whole(random.unit() * real((days * DAY_M).unsigned_abs()));
                let minutes = whole(random.between(least, most));
                episodes.push(Episode {
                    start,
                    minutes,
                    factor: random.between(low, high),
                    kind: kind(),
                });
            }
        };
        draw(&mut random, 5.0, || Kind::News, 60.0, 400.0, 1.5, 6.0);
        draw(&mut random, 30.0, || Kind::Holiday, 1_440.0, 1_440.0, 0.4, 0.7);
        draw(&mut random, 14.0, || Kind::Outage, 20.0, 360.0, 0.0, 0.0);
        draw(&mut random, 14.0, || Kind::Copies, 10.0, 40.0, 1.0, 6.0);
        Self {
            per_minute: f64::from(volume) / 60.0,
            share: random.between(0.08, 0.25),
            positive: random.between(0.2, 0.4),
            roughness: random.between(0.02, 0.12),
            night: random.between(0.15, 0.5),
            drift: 0.0,
            burst: 1.0,
            now: 0.0,
            episodes,
            random,
        }
    }

    /// Mean number of negative posts a minute around this time of the week.
    pub(super) fn negative_per_minute(&self, minute: i64) -> f64 {
        self.share * self.posts_per_hour(minute) / 60.0
    }

    /// Mean number of negative posts that count, of the last minute that was drawn: with its bursts, drift
    /// and news, and without a spike.
    pub(super) fn negative_now(&self) -> f64 {
        self.now
    }

    /// A draw of chance with this mean.
    pub(super) fn draw(&mut self, mean: f64) -> u64 {
        self.random.poisson(mean)
    }

    /// Mean number of posts an hour around this time of the week.
    pub(super) fn posts_per_hour(&self, minute: i64) -> f64 {
        60.0 * self.per_minute * self.rhythm(minute)
    }

    pub(super) fn minute(&mut self, minute: i64, spike: Option<&Spike>) -> Counts {
        if minute % 10 == 0 {
            let shape = 1.0 / self.roughness;
            self.burst = self.random.gamma(shape) / shape;
            // Hours-long ups and downs: an Ornstein-Uhlenbeck drift with a deviation of 0.2.
            self.drift =
                self.drift * 0.97 + 0.2 * (1.0_f64 - 0.97 * 0.97).sqrt() * self.random.normal();
        }
        let (mut rate, mut copies) =
            (self.per_minute * self.rhythm(minute) * self.burst * self.drift.exp(), 0.0);
        for episode in &self.episodes {
            let age = minute - episode.start;
            if age < 0 || age >= episode.minutes {
                continue;
            }
            let part = real(age.unsigned_abs()) / real(episode.minutes.unsigned_abs());
            match episode.kind {
                Kind::News => rate *= 1.0 + (episode.factor - 1.0) * (-3.0 * part).exp(),
                Kind::Holiday | Kind::Outage => rate *= episode.factor,
                Kind::Copies => copies = episode.factor,
            }
        }
        let outage = self.episodes.iter().any(|episode| {
            episode.kind == Kind::Outage && (0..episode.minutes).contains(&(minute - episode.start))
        });
        let extra = spike.filter(|spike| (0..spike.minutes).contains(&(minute - spike.start)));
        let extra = extra.map_or(0.0, |spike| spike.extra);
        let copied = if outage { 0.0 } else { copies };
        self.now = rate * self.share + copied * COPIES_MISSED;
        let copies = if outage { 0 } else { self.random.poisson(copied) };
        let missed = (0..copies).filter(|_| self.random.unit() < COPIES_MISSED).count() as u64;
        let negative = self.random.poisson(rate * self.share) + self.random.poisson(extra);
        let positive = self.random.poisson(rate * self.positive);
        let neutral = self.random.poisson(rate * (1.0 - self.share - self.positive));
        Counts {
            mentions: negative + positive + neutral + copies,
            negative: negative + copies,
            neutral,
            positive,
            copies: copies - missed,
            negative_copies: copies - missed,
            ..Counts::default()
        }
    }

    /// Day and week: mean 1 over a week.
    fn rhythm(&self, minute: i64) -> f64 {
        let angle =
            std::f64::consts::TAU * (real((minute % DAY_M).unsigned_abs()) / 1_440.0 - 0.625);
        let day = 1.0 + (1.0 - self.night) * angle.cos();
        let weekday = minute.div_euclid(DAY_M) % 7;
        day * if weekday >= 5 { 0.75 } else { 1.1 }
    }
}

/// The mentions of a minute one by one, in an order by chance: what was counted after each of them.
pub(super) fn one_by_one(minute: &Counts, seed: u64) -> Vec<Counts> {
    let original = minute.negative - minute.negative_copies;
    let one = Counts { mentions: 1, ..Counts::default() };
    let negative = Counts { negative: 1, ..one };
    let kinds = [
        (Counts { neutral: 1, ..one }, minute.neutral),
        (Counts { positive: 1, ..one }, minute.positive),
        (negative, original),
        (Counts { copies: 1, negative_copies: 1, ..negative }, minute.negative_copies),
    ];
    let mut left: Vec<Counts> = Vec::new();
    for (kind, count) in kinds {
        left.extend((0..count).map(|_| kind));
    }
    let (mut random, mut sum) = (Random(seed), Counts::default());
    let mut counted = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let place = (random.unit() * real(left.len() as u64)).floor();
        sum.merge(&left.swap_remove(whole(place).unsigned_abs() as usize));
        counted.push(sum);
    }
    counted
}

/// What of a minute was counted at the end of each tick with new mentions, but the last.
pub(super) fn by_tick(minute: &Counts, seed: u64) -> Vec<Counts> {
    let counted = one_by_one(minute, seed);
    let mut random = Random(!seed);
    let tick = |random: &mut Random| whole(random.unit() * real(TICKS.unsigned_abs()));
    let mut ticks: Vec<i64> = counted.iter().map(|_| tick(&mut random)).collect();
    ticks.sort_unstable();
    let next = ticks.iter().skip(1).chain([&TICKS]);
    let ends = ticks.iter().zip(next).map(|(tick, next)| tick < next && *tick < TICKS - 1);
    counted.into_iter().zip(ends).filter_map(|(sum, is_end)| is_end.then_some(sum)).collect()
}

#[allow(clippy::cast_precision_loss, reason = "small numbers")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_possible_truncation, reason = "minutes")]
fn whole(value: f64) -> i64 {
    value as i64
}

/// SplitMix64 (Steele, Lea & Flood 2014) and what is drawn with it.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        real((mixed ^ (mixed >> 31)) >> 11) / real(1 << 53)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Marsaglia & Tsang (2000), for shapes of at least 1.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Knuth's product below 30, the rounded normal above.
    fn poisson(&mut self, mean: f64) -> u64 {
        if mean >= 30.0 {
            return whole((mean + mean.sqrt() * self.normal()).round().max(0.0)).unsigned_abs();
        }
        let (least, mut product, mut count) = ((-mean).exp(), 1.0, 0);
        loop {
            product *= self.unit();
            if product <= least {
                return count;
            }
            count += 1;
        }
    }
}
