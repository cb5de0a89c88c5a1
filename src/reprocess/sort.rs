//! In which order were posts received, where their files have another? An external sort by the time
//! of reception, in flat memory.
//!
//! What does not fit into memory waits in files that have no name any more once they are open, so
//! that a kill leaves nothing of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::post::Event;
use crate::time::EventTime;

/// Events that are sorted in memory, in bytes.
const RUN_BYTES: usize = 64 << 20;
/// Sorted files that are merged at once; each needs about a megabyte.
const RUNS_MAX: usize = 32;
/// About what an event takes besides its text.
const EVENT_BYTES: usize = 256;

/// Takes events in any order.
#[derive(Debug)]
pub(super) struct Sorter {
    folder: PathBuf,
    /// With their keys; those of equal keys keep their order.
    events: Vec<(EventTime, Event)>,
    bytes: usize,
    runs: Vec<File>,
    run_bytes: usize,
}

impl Sorter {
    /// A sorter whose files are in a folder, which is there.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            events: Vec::new(),
            bytes: 0,
            runs: Vec::new(),
            run_bytes: RUN_BYTES,
        }
    }

    /// Takes an event.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn push(&mut self, event: Event) -> io::Result<()> {
        self.bytes += EVENT_BYTES + text_bytes(&event);
        self.events.push((key(&event), event));
        if self.bytes < self.run_bytes {
            return Ok(());
        }
        self.events.par_sort_by_key(|(key, _)| *key);
        let events = std::mem::take(&mut self.events);
        self.bytes = 0;
        let run = self.write(events.into_iter().map(Ok))?;
        self.runs.push(run);
        if self.runs.len() >= RUNS_MAX {
            let merged = Merge::of(std::mem::take(&mut self.runs), Vec::new())?;
            let run = self.write(merged)?;
            self.runs.push(run);
        }
        Ok(())
    }

    /// All events in order.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn sorted(mut self) -> io::Result<Merge> {
        self.events.par_sort_by_key(|(key, _)| *key);
        Merge::of(self.runs, self.events)
    }

    fn write(
        &self,
        events: impl Iterator<Item = io::Result<(EventTime, Event)>>,
    ) -> io::Result<File> {
        let path = self.folder.join(format!("sort-{}", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(&path)?;
        fs::remove_file(&path)?;
        let mut packed = zstd::Encoder::new(BufWriter::new(file), 1)?;
        for event in events {
            let bytes = postcard::to_stdvec(&event?).map_err(io::Error::other)?;
            let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            packed.write_all(&length.to_le_bytes())?;
            packed.write_all(&bytes)?;
        }
        let mut file = packed.finish()?.into_inner().map_err(io::Error::other)?;
        file.rewind()?;
        Ok(file)
    }
}

/// Sorted runs becoming one.
pub(super) struct Merge {
    runs: Vec<Run>,
    /// The next key of each run that has one, and the run's place: of equal keys the earlier run's.
    heads: BinaryHeap<Reverse<(EventTime, usize)>>,
    next: Vec<Option<Event>>,
}

/// One sorted run.
enum Run {
    Packed(Box<zstd::Decoder<'static, BufReader<File>>>),
    Memory(std::vec::IntoIter<(EventTime, Event)>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<(EventTime, Event)>> {
        let packed = match self {
            Self::Memory(events) => return Ok(events.next()),
            Self::Packed(packed) => packed,
        };
        let mut length = [0; 4];
        match packed.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let mut bytes = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap_or(0)];
        packed.read_exact(&mut bytes)?;
        postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
    }
}

impl Merge {
    fn of(files: Vec<File>, last: Vec<(EventTime, Event)>) -> io::Result<Self> {
        let packed = |file| Ok(Run::Packed(Box::new(zstd::Decoder::new(file)?)));
        let mut runs = files.into_iter().map(packed).collect::<io::Result<Vec<Run>>>()?;
        runs.push(Run::Memory(last.into_iter()));
        let next = runs.iter().map(|_| None).collect();
        let mut merge = Self { runs, heads: BinaryHeap::new(), next };
        (0..merge.runs.len()).try_for_each(|place| merge.advance(place))?;
        Ok(merge)
    }

    fn advance(&mut self, place: usize) -> io::Result<()> {
        let Some(run) = self.runs.get_mut(place) else { return Ok(()) };
        let Some((key, event)) = run.next()? else { return Ok(()) };
        if let Some(next) = self.next.get_mut(place) {
            *next = Some(event);
        }
        self.heads.push(Reverse((key, place)));
        Ok(())
    }
}

impl Iterator for Merge {
    type Item = io::Result<(EventTime, Event)>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((key, place)) = self.heads.pop()?;
        let event = self.next.get_mut(place)?.take()?;
        match self.advance(place) {
            Ok(()) => Some(Ok((key, event))),
            Err(error) => Some(Err(error)),
        }
    }
}

/// When an event was received.
fn key(event: &Event) -> EventTime {
    match event {
        Event::Create(post) | Event::Edit(post) => post.received_at,
        Event::Pass(post) => post.received_at,
        Event::Found(found) => found.post.received_at,
        Event::Delete { received_at, .. }
        | Event::Purge { received_at, .. }
        | Event::Renew { received_at, .. } => *received_at,
    }
}

fn text_bytes(event: &Event) -> usize {
    match event {
        Event::Create(post) | Event::Edit(post) => post.text.len(),
        Event::Found(found) => found.post.text.len() + found.carried.len(),
        Event::Pass(_) | Event::Delete { .. } | Event::Purge { .. } | Event::Renew { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::{Passed, PostKey, SourceId};

    #[test]
    fn runs_on_disk_and_in_memory_come_out_in_one_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sorter = Sorter { run_bytes: 10 * EVENT_BYTES, ..Sorter::new(folder.path()) };
        let time = |post: u64| EventTime(i64::try_from(post * 7_919 % 1_000 / 3).expect("small"));
        for post in 0..1_000u64 {
            let (posted_at, source) = (time(post), SourceId::new("s"));
            let passed = Passed { source, key: PostKey(post), posted_at, received_at: posted_at };
            sorter.push(Event::Pass(passed)).expect("a disk");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
        let sorted: io::Result<Vec<(EventTime, Event)>> = sorter.sorted().expect("runs").collect();
        let keys = sorted.expect("events").into_iter().map(|(key, event)| match event {
            Event::Pass(passed) => (key, passed.key.0),
            other => panic!("{other:?}"),
        });
        let mut want: Vec<(EventTime, u64)> = (0..1_000).map(|post| (time(post), post)).collect();
        want.sort();
        assert_eq!(keys.collect::<Vec<_>>(), want, "of equal times the first comes first");
    }
}
