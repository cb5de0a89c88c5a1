//! What was erased for good, and what do sources ask to be erased next? Two small files.
//!
//! ```text
//! LAKE/_resonanz/tombstones            hashes of erased posts and authors, then a checksum
//! LAKE/_resonanz/withdrawn.log         what sources took back since the last erasure
//! ```
//!
//! A line of the log is written before the commit whose cursor covers it, so a kill costs repeated
//! lines and never one. Its own checksum tells a line that a kill cut off.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::write_whole;
use crate::privacy::{Lasting, Tombstone, Withdrawal};
use crate::time::EventTime;

/// Digits of a checksum.
const SUM_DIGITS: usize = 16;
/// A log longer than this, about a million lines, is worked off before its time.
const LOG_BYTES_MAX: u64 = 64 << 20;

/// The log of what sources took back.
#[derive(Debug)]
pub struct Withdrawn {
    log: PathBuf,
    /// Held while the log is changed.
    lock: Mutex<()>,
}

impl Withdrawn {
    /// The log of a lake.
    #[must_use]
    pub fn of(folder: &Home) -> Self {
        Self { log: folder.own("withdrawn.log"), lock: Mutex::new(()) }
    }

    /// Appends durably.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&self, withdrawals: &[Withdrawal]) -> Result<(), StateError> {
        if withdrawals.is_empty() {
            return Ok(());
        }
        let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        // The empty line ends one that a kill cut off.
        let lines = withdrawals.iter().map(line).fold("\n".to_owned(), |all, line| all + &line);
        let write = || {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.log)?;
            file.write_all(lines.as_bytes())?;
            file.sync_data()
        };
        write().map_err(io_error(&self.log))
    }

    /// All that is noted.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn all(&self) -> Result<Vec<Withdrawal>, StateError> {
        let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        read(&self.log)
    }

    /// Whether there is so much that it should not wait.
    #[must_use]
    pub fn is_long(&self) -> bool {
        fs::metadata(&self.log).is_ok_and(|metadata| metadata.len() > LOG_BYTES_MAX)
    }

    /// Takes what is ripe out of the log, once `keep` has made sure that it is not lost.
    ///
    /// # Errors
    /// When the disk refuses, or `keep` fails; then the log stays as it was.
    pub fn take<E: From<StateError>>(
        &self,
        is_ripe: impl Fn(&Withdrawal) -> bool,
        keep: impl FnOnce(Vec<Withdrawal>) -> Result<(), E>,
    ) -> Result<(), E> {
        let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = read(&self.log)?;
        all.sort_unstable();
        all.dedup();
        let (ripe, left): (Vec<Withdrawal>, Vec<Withdrawal>) = all.into_iter().partition(is_ripe);
        if ripe.is_empty() {
            return Ok(());
        }
        keep(ripe)?;
        let lines = left.iter().map(line).fold(String::new(), |all, line| all + &line);
        Ok(write_whole(&self.log, lines.as_bytes())?)
    }
}

fn line(withdrawal: &Withdrawal) -> String {
    let lasting = match withdrawal.lasting {
        Lasting::Replaced => "replaced",
        Lasting::Gone => "gone",
    };
    let text = format!("{} {} {lasting}", withdrawal.target, withdrawal.before.0);
    format!("{text} {}\n", sum(&text))
}

fn sum(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().as_str().chars().take(SUM_DIGITS).collect()
}

/// The whole lines of a log; none when there is no file.
fn read(path: &Path) -> Result<Vec<Withdrawal>, StateError> {
    let text = text_of(path)?;
    let parse = |line: &str| {
        let (text, told) = line.rsplit_once(' ')?;
        let mut parts = text.split(' ').filter(|_| sum(text) == told);
        let target = Tombstone::parse(parts.next()?)?;
        let before = EventTime(parts.next()?.parse().ok()?);
        let lasting = match parts.next()? {
            "replaced" => Lasting::Replaced,
            _ => Lasting::Gone,
        };
        Some(Withdrawal { target, before, lasting })
    };
    Ok(text.lines().filter_map(parse).collect())
}

fn text_of(path: &Path) -> Result<String, StateError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(io_error(path)(error)),
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The tombstones of a lake.
///
/// # Errors
/// When the file cannot be read, or does not hold what was written.
pub fn tombstones(folder: &Home) -> Result<HashSet<Tombstone>, StateError> {
    let path = folder.own("tombstones");
    let text = text_of(&path)?;
    if text.is_empty() {
        return Ok(HashSet::new());
    }
    let damaged = |what: &str| StateError::Damaged { path: path.clone(), what: what.to_owned() };
    let (lines, told) =
        text.trim_end().rsplit_once('\n').ok_or_else(|| damaged("it has no checksum"))?;
    if sum(lines) != told {
        return Err(damaged("its checksum is not that of its lines"));
    }
    let parsed: Option<HashSet<Tombstone>> = lines.lines().map(Tombstone::parse).collect();
    parsed.ok_or_else(|| damaged("a line is not a tombstone"))
}

/// Adds tombstones, durably and as a whole.
///
/// # Errors
/// When the file cannot be read or written.
pub fn bury(folder: &Home, fresh: &HashSet<Tombstone>) -> Result<(), StateError> {
    let known = tombstones(folder)?;
    if fresh.is_subset(&known) {
        return Ok(());
    }
    let all = known.union(fresh).copied().collect();
    write_whole(&folder.own("tombstones"), tombstone_lines(all).as_bytes())
}

/// Tombstones as their file holds them.
pub(crate) fn tombstone_lines(mut all: Vec<Tombstone>) -> String {
    all.sort_unstable();
    let lines: Vec<String> = all.iter().map(Tombstone::to_string).collect();
    let lines = lines.join("\n");
    format!("{lines}\n{}\n", sum(&lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_costs_nothing_else() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Home::write(root.path()).expect("a lake");
        let log = Withdrawn::of(&folder);
        let one = |place: u128| Withdrawal {
            target: Tombstone(place),
            before: EventTime(5),
            lasting: Lasting::Gone,
        };
        log.append(&[one(1)]).expect("written");
        let mut file = OpenOptions::new().append(true).open(&log.log).expect("a file");
        file.write_all(line(&one(2)).get(..20).expect("long").as_bytes()).expect("written");
        log.append(&[one(3)]).expect("written");
        let take = |ripe: u128| {
            let mut taken = Vec::new();
            let kept = log.take(
                |one| one.target.0 <= ripe,
                |all| {
                    taken = all;
                    Ok::<(), StateError>(())
                },
            );
            kept.map(|()| taken).expect("read")
        };
        assert_eq!(take(0), []);
        assert_eq!(take(1), [one(1)]);
        assert_eq!(take(9), [one(3)], "what was taken does not come again");
    }

    #[test]
    fn tombstones_last_and_damage_is_told() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Home::write(root.path()).expect("a lake");
        for place in [1, 2, 1] {
            bury(&folder, &HashSet::from([Tombstone(place)])).expect("written");
        }
        let both = HashSet::from([Tombstone(1), Tombstone(2)]);
        assert_eq!(tombstones(&folder).expect("read"), both);
        let path = folder.own("tombstones");
        let text = text_of(&path).expect("read").replace("1\n", "3\n");
        write_whole(&path, text.as_bytes()).expect("written");
        assert!(tombstones(&folder).is_err_and(|error| error.is_damage()));
    }
}
