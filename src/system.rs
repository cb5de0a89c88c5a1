//! What does only the operating system know? The time of day, chance, and who somebody is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::time::EventTime;

/// The time of day.
#[must_use]
pub fn wall_clock() -> EventTime {
    instant(SystemTime::now())
}

/// An instant as the file system tells it.
#[must_use]
pub fn instant(time: SystemTime) -> EventTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    EventTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// How far the clock was set ahead since this was asked first, in microseconds, if by more than
/// `least_us`, and for how long that has been known: however often it was asked since.
#[must_use]
pub fn clock_jump(least_us: i64) -> Option<(i64, Duration)> {
    static NOTICED: Mutex<Option<Instant>> = Mutex::new(None);
    let lead_us = clock_lead_us();
    let mut noticed = NOTICED.lock().unwrap_or_else(PoisonError::into_inner);
    let before = *noticed;
    *noticed = (lead_us > least_us).then(|| before.unwrap_or_else(Instant::now));
    Some((lead_us, (*noticed)?.elapsed()))
}

/// How far the time of day has gone ahead of the time that passed since this was asked first.
fn clock_lead_us() -> i64 {
    static BEGUN: LazyLock<(Instant, Option<Duration>, EventTime)> =
        LazyLock::new(|| (Instant::now(), uptime(), wall_clock()));
    let (begun, up, at) = *BEGUN;
    // An instant stands still while the machine sleeps, which sets no clock.
    let with_sleep = uptime().zip(up).map(|(now, then)| now.saturating_sub(then));
    let passed = begun.elapsed().max(with_sleep.unwrap_or_default());
    let passed_us = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
    wall_clock().since(at).saturating_sub(passed_us)
}

/// For how long the machine has run or slept, where Linux tells it.
fn uptime() -> Option<Duration> {
    let told = fs::read_to_string("/proc/uptime").ok()?;
    let seconds = told.split_whitespace().next()?.parse::<f64>().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The time of day in milliseconds since the Unix epoch.
#[must_use]
pub fn unix_ms() -> i64 {
    wall_clock().0 / 1_000
}

/// Threads of a runtime: as many as `TOKIO_WORKER_THREADS` says, or one for each core where it says
/// nothing of sense, at which tokio would panic.
#[must_use]
pub fn task_threads() -> usize {
    let asked = std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|text| text.parse().ok());
    let asked = asked.filter(|threads| (1..=1_024).contains(threads));
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked.unwrap_or_else(cores)
}

/// Bytes that nobody can guess.
///
/// # Errors
/// When the operating system has none to give.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Name of the user of this process, as the system knows it: of who logged in, whomever they became
/// since. `uid NUMBER` for one whom `/etc/passwd` does not list, `?` where nothing is known.
#[must_use]
pub fn user_name() -> String {
    let logged_in = fs::read_to_string("/proc/self/loginuid").ok();
    // This number stands for nobody.
    let logged_in =
        logged_in.and_then(|uid| uid.trim().parse().ok()).filter(|uid| *uid != u32::MAX);
    let uid = logged_in.or_else(|| Some(fs::metadata("/proc/self").ok()?.uid()));
    let Some(uid) = uid.map(|uid| uid.to_string()) else { return "?".to_owned() };
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then_some(name)
    });
    name.map_or_else(|| format!("uid {uid}"), str::to_owned)
}

/// Names the point at which this process is to break off: `NAME`, `NAME:COUNT` for a later pass,
/// `NAME:COUNT:panic` for a panic at that pass, `NAME:COUNT:panics` for one at each from then on;
/// `disk:COUNT:WRITES` for a disk that is full at that write of a file and some more.
const CRASH_AT: &str = "RESONANZ_CRASH_AT";

/// What is to go wrong here.
struct Wanted {
    name: String,
    count: u64,
    how: String,
    passes: u64,
}

static WANTED: LazyLock<Mutex<Option<Wanted>>> =
    LazyLock::new(|| Mutex::new(wanted(&std::env::var(CRASH_AT).unwrap_or_default())));

fn wanted(text: &str) -> Option<Wanted> {
    let mut parts = text.split(':');
    let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let count = parts.next().map_or(Some(1), |count| count.parse().ok())?;
    Some(Wanted { name, count, how: parts.next().unwrap_or_default().to_owned(), passes: 0 })
}

/// Lets something go wrong in this process from now on, as `RESONANZ_CRASH_AT` says it; nothing, if the
/// text is empty. For simulations of many faults in one process.
pub fn go_wrong_at(text: &str) {
    *WANTED.lock().unwrap_or_else(PoisonError::into_inner) = wanted(text);
}

/// The count and the way of what goes wrong at a point, with how often it was passed.
fn passed(name: &str) -> Option<(u64, String, u64)> {
    let mut wanted = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = wanted.as_mut().filter(|wanted| wanted.name == name)?;
    wanted.passes += 1;
    Some((wanted.count, wanted.how.clone(), wanted.passes))
}

/// Breaks off here as a kill would, if the environment variable `RESONANZ_CRASH_AT` names this point.
/// Tests see by it that nothing is lost between any two steps; otherwise it does nothing.
///
/// # Panics
/// If it is asked to.
pub fn crash_point(name: &str) {
    let Some((count, how, pass)) = passed(name) else { return };
    match how.as_str() {
        "panic" => assert!(pass != count, "crash point {name}"),
        "panics" => assert!(pass < count, "crash point {name}"),
        _ if pass == count => std::process::abort(),
        _ => {}
    }
}

/// Refuses as a full disk would, if `RESONANZ_CRASH_AT` wants one.
///
/// # Errors
/// If it is asked to.
pub fn disk_point() -> io::Result<()> {
    let Some((count, how, pass)) = passed("disk") else { return Ok(()) };
    let refused = how.parse().unwrap_or(u64::MAX);
    let is_full = pass >= count && pass - count < refused;
    if is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}

/// Puts bytes in the place of a file, by a draft in the same folder: the file is there whole or not at
/// all, whatever happens in between.
///
/// # Errors
/// When they cannot be written; what was there before stays.
pub(crate) fn replace_file(
    path: &Path,
    draft: &Path,
    bytes: &[u8],
    open: impl Fn(&Path) -> io::Result<File>,
) -> io::Result<()> {
    let write = || {
        disk_point()?;
        let mut file = open(draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        crash_point("file-drafted");
        fs::rename(draft, path)
    };
    if let Err(error) = write() {
        // What a full disk has room for is needed elsewhere.
        let _ = fs::remove_file(draft);
        return Err(error);
    }
    // A bare name has an empty parent: it is in the present folder.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Makes a file that only its owner may read.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// A new identity of 80 bits, such as `sil_3f0c…`.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn fresh_id(prefix: &str) -> io::Result<String> {
    Ok(format!("{prefix}_{}", hex(&random::<10>()?)))
}

/// The first 64 bits of the BLAKE3 hash of some parts.
#[must_use]
pub fn short_hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part).update(&[0]);
    }
    hasher.finalize().as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Bytes as two digits each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
