//! Is a week of faults the same as a week without any? Engine, lake, outbox and desk as they are, over a
//! simulated clock and a disk that refuses, with a kill at any step.
//!
//! Everything that goes wrong follows from a seed, which is printed. `RESONANZ_SEED=N` plays one again,
//! `RESONANZ_WEEKS=N` so many further ones.

#[allow(dead_code, reason = "each suite uses its own part")]
#[path = "../end_to_end/support.rs"]
mod support;
mod house;
mod world;

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use house::{End, House};
use resonanz::system::go_wrong_at;
use support::query;
use world::{Dice, World};

/// Where a process can break off in a commit.
const POINTS: [&str; 6] = [
    "commit.files",
    "commit.checkpoint",
    "commit.manifest",
    "commit.table",
    "commit.applied",
    "commit.told",
];
const ROWS: [&str; 4] = [
    "SELECT * FROM posts ORDER BY received_at, source, post_id",
    "SELECT * FROM mentions ORDER BY received_at, source, post_id, topic",
    "SELECT * FROM alerts ORDER BY at, alert_id, transition",
    "SELECT * FROM panes ORDER BY start, topic, source, lang",
];
/// A seed of which it is known that much goes wrong.
const SEED: u64 = 20_260_301;

/// What a week leaves.
#[derive(PartialEq)]
struct Left {
    rows: [String; 4],
    waiting: u64,
    withdrawn: Vec<String>,
}

impl Left {
    fn of(lake: &Path) -> Self {
        let (waiting, withdrawn) = house::left(lake);
        Self { rows: ROWS.map(|sql| query(lake, sql)), waiting, withdrawn }
    }
}

/// What is to go wrong in the next process, if anything.
fn fault(dice: &mut Dice) -> String {
    match dice.below(10) {
        0..=4 => {
            let point = POINTS[dice.below(POINTS.len())];
            // Each commit passes it once, that of tables six times.
            format!(
                "{point}:{}:panic",
                1 + dice.below(if point == "commit.table" { 60 } else { 12 })
            )
        }
        5..=7 => format!("disk:{}:{}", 1 + dice.below(80), 1 + dice.below(3)),
        _ => String::new(),
    }
}

/// How often each way to end came.
#[derive(Default)]
struct Faults {
    kills: usize,
    full: usize,
    restarts: usize,
}

/// Lives through a week in which everything can go wrong.
fn troubled(world: &World, lake: &Path, dice: &mut Dice) -> Faults {
    let mut faults = Faults::default();
    loop {
        let plan = fault(dice);
        let (batch, commits) = (1 + dice.below(120), 2 + dice.below(30));
        go_wrong_at(&plan);
        let house = House { world, lake, batch, commits: Some(commits) };
        let lived = std::panic::catch_unwind(AssertUnwindSafe(|| house.live()));
        go_wrong_at("");
        match lived {
            Ok(Ok(End::OfWorld)) => return faults,
            Ok(Ok(End::OfPatience)) => faults.restarts += 1,
            Ok(Err(error)) if error.killed => faults.kills += 1,
            Ok(Err(error)) => {
                assert!(plan.starts_with("disk"), "{plan}: {:#}", error.error);
                faults.full += 1;
            }
            Err(_) => faults.kills += 1,
        }
    }
}

fn same_week(seed: u64, days: i64) {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(seed, days);
    let (calm, lake) = (folder.path().join("calm"), folder.path().join("troubled"));
    let house = House { world: &world, lake: &calm, batch: 500, commits: None };
    assert!(matches!(house.live(), Ok(End::OfWorld)));
    let wanted = Left::of(&calm);
    let alerts = wanted.rows[2].lines().count();
    assert!(alerts > 20 && wanted.waiting > 20, "{alerts} alerts, {} messages", wanted.waiting);
    let mut dice = Dice::new(seed ^ 0x5eed);
    let faults = troubled(&world, &lake, &mut dice);
    let _ = writeln!(
        std::io::stderr(),
        "seed {seed}: {days} days, {} events, {} rows of alerts, {} kills, {} times no room, {} restarts",
        world.len(),
        alerts,
        faults.kills,
        faults.full,
        faults.restarts
    );
    assert!(faults.kills > 3 && faults.full > 1 && faults.restarts > 1, "seed {seed} is too calm");
    let left = Left::of(&lake);
    for ((sql, wanted), rows) in ROWS.iter().zip(&wanted.rows).zip(&left.rows) {
        let differs = wanted.lines().zip(rows.lines()).find(|(one, other)| one != other);
        assert_eq!(wanted.lines().count(), rows.lines().count(), "seed {seed}: {sql}: {differs:?}");
        assert_eq!(wanted, rows, "seed {seed}: {sql}: {differs:?}");
    }
    assert_eq!(left.waiting, wanted.waiting, "seed {seed}: messages");
    assert_eq!(left.withdrawn, wanted.withdrawn, "seed {seed}: what sources took back");
}

#[test]
fn a_week_of_kills_full_disks_and_restarts_is_the_same_as_a_calm_one() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("RESONANZ_SEED").unwrap_or(SEED);
    for seed in first..=first + number("RESONANZ_WEEKS").unwrap_or_default() {
        same_week(seed, 7);
    }
}
