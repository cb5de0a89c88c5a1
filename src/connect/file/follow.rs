//! How is a growing file followed, whatever a log rotator does to it?
//!
//! What has the name is followed; what had it before is read to its end and looked at for a while
//! longer, since its writer may not have noticed yet. A file that was renamed is still open, or is
//! found by its inode; one that was cut is sought as a copy, by its print. What cannot be found is
//! reported as a gap.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use super::parcel;
use super::place::{Found, Place, between, changed, seek};
use super::print::{FileId, Print};
use crate::connect::health::Gap;
use crate::connect::transport::{Block, Lines};
use crate::decode::Cursor;
use crate::decode::Decoder;
use crate::decode::Parcel;
use crate::post::SourceId;

/// How long a file that lost its name is looked at after its last line.
const QUIET: Duration = Duration::from_secs(60);
/// Most files that are open for one source.
const TAILS_MAX: usize = 64;

/// A file that is followed.
#[derive(Debug)]
pub(super) struct Following {
    path: PathBuf,
    decoder: Decoder,
    /// Oldest first. The last one has the name, or had it last.
    tails: VecDeque<Tail>,
    /// Where to go on, until it was looked for.
    resume: Option<Place>,
}

/// What a look at the files brought.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) parcel: Option<Parcel>,
    pub(super) gaps: Vec<Gap>,
    /// Why nothing has the name, if so.
    pub(super) away: Option<io::Error>,
}

impl Following {
    pub(super) fn new(path: PathBuf, decoder: Decoder, place: Place) -> Self {
        Self { path, decoder, tails: VecDeque::new(), resume: Some(place) }
    }

    /// Reads the next block, if there is one.
    pub(super) fn step(&mut self, source: &SourceId) -> Step {
        let mut step = Step::default();
        if let Some(place) = self.resume.take()
            && let Err(error) = self.find(&place, &mut step.gaps)
        {
            // It is there, but closed to us: that is no loss yet.
            (self.resume, step.away) = (Some(place), Some(error));
            return step;
        }
        self.look(&mut step);
        match self.read(&mut step.gaps) {
            Ok(Some(block)) => {
                let mut parcel = parcel(&block, source, &mut self.decoder);
                parcel.cursor = Some(self.cursor());
                step.parcel = Some(parcel);
            }
            Ok(None) => {}
            Err(error) => step.away = Some(error),
        }
        step
    }

    /// Opens what was read before the process began, wherever it is now.
    fn find(&mut self, place: &Place, gaps: &mut Vec<Gap>) -> io::Result<()> {
        let is_begun = place.offset > 0 || place.inode.is_some();
        let (mut tails, mut lost) = (VecDeque::new(), Vec::new());
        for old in place.earlier.iter().chain(is_begun.then_some(place)) {
            match seek(&self.path, old)? {
                Some(found) => tails.push_back(Tail::new(found, old)),
                None => lost.push(old.lost("it is no longer in its folder, under any name")),
            }
        }
        self.tails = tails;
        gaps.extend(lost);
        Ok(())
    }

    /// Looks who has the name.
    fn look(&mut self, step: &mut Step) {
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => {
                return step.away = Some(io::ErrorKind::IsADirectory.into());
            }
            // Opening a pipe would wait for its writer.
            Ok(metadata) if !metadata.is_file() => {
                return step.away = Some(io::Error::other("it is no longer a regular file"));
            }
            Ok(metadata) => metadata,
            Err(error) => return step.away = Some(error),
        };
        let id = FileId::of(&metadata);
        if let Some(at) = self.tails.iter().position(|tail| tail.id == id) {
            if at + 1 != self.tails.len()
                && let Some(tail) = self.tails.remove(at)
            {
                self.tails.push_back(tail);
            }
            return;
        }
        match Found::open(&self.path) {
            Ok(found) => {
                self.add_between(found.id);
                self.tails.push_back(Tail::new(found, &Place::default()));
            }
            Err(error) => step.away = Some(error),
        }
    }

    /// Adds what had the name between the last file that is known and the one that has it now.
    fn add_between(&mut self, named: FileId) {
        let Some(last) = self.tails.back() else { return };
        let missed = self.missed_since(changed(&last.file), named);
        self.tails.extend(missed);
    }

    /// Files that had the name since `since` and are not known, nor the one given.
    fn missed_since(&self, since: SystemTime, but: FileId) -> Vec<Tail> {
        let mut known: Vec<FileId> = self.tails.iter().map(|tail| tail.id).collect();
        known.push(but);
        let missed = between(&self.path, since, &known);
        missed.into_iter().map(|found| Tail::new(found, &Place::default())).collect()
    }

    /// The next block of the oldest file that has one.
    fn read(&mut self, gaps: &mut Vec<Gap>) -> io::Result<Option<Block>> {
        let mut at = 0;
        while let Some(tail) = self.tails.get_mut(at) {
            let block = tail.next()?;
            if !tail.is_still_itself()? {
                self.rewritten(at, gaps);
                continue;
            }
            if let Some(block) = block {
                tail.took(&block)?;
                return Ok(Some(block));
            }
            // The last one is kept, even if nothing has the name: it may come back.
            let has_name = at + 1 == self.tails.len();
            let is_full = self.tails.len() > TAILS_MAX;
            if let Some(tail) = self.tails.get_mut(at)
                && !has_name
                && (tail.grown.elapsed() >= QUIET || is_full)
            {
                let last = tail.last_line()?;
                let tail = self.tails.remove(at);
                if let (Some(last), Some(_)) = (last, tail) {
                    return Ok(Some(last));
                }
                continue;
            }
            at += 1;
        }
        Ok(None)
    }

    /// A file holds something else than what was read of it: what it held is sought as a copy.
    fn rewritten(&mut self, at: usize, gaps: &mut Vec<Gap>) {
        let Some(tail) = self.tails.get_mut(at) else { return };
        let old = tail.place.clone();
        tail.begin_anew();
        let id = tail.id;
        let copy = seek(&self.path, &old).ok().flatten().filter(|found| found.id != id);
        match copy {
            Some(found) if !self.tails.iter().any(|tail| tail.id == found.id) => {
                // It may have been cut more than once since.
                let missed = self.missed_since(changed(&found.file), found.id);
                let copies = std::iter::once(Tail::new(found, &old)).chain(missed);
                for (place, tail) in (at..).zip(copies) {
                    self.tails.insert(place, tail);
                }
            }
            Some(_) => {}
            None => gaps.push(old.lost("it was cut or overwritten, and no copy is in its folder")),
        }
    }

    fn cursor(&self) -> Cursor {
        let mut places: Vec<Place> = self.tails.iter().map(|tail| tail.place.clone()).collect();
        let mut place = places.pop().unwrap_or_default();
        place.earlier = places;
        Cursor::of(&place)
    }
}

impl Place {
    fn lost(&self, why: &str) -> Gap {
        let reason =
            format!("what was written to the file behind what was read of it may be lost: {why}");
        Gap { from: format!("byte {}", self.offset), to: "its end".to_owned(), reason }
    }
}

/// An open file and how far it was read.
#[derive(Debug)]
struct Tail {
    file: fs::File,
    id: FileId,
    place: Place,
    /// Reading on from the place, until its end is reached.
    lines: Option<Lines>,
    /// Its length when its end was reached last.
    looked: Option<u64>,
    grown: Instant,
}

impl Tail {
    fn new(found: Found, place: &Place) -> Self {
        let Found { file, id, folder, .. } = found;
        let (device, inode) = (Some(id.device), Some(id.inode));
        let folder = place.folder.clone().or(folder);
        let place = Place { device, inode, folder, earlier: Vec::new(), ..place.clone() };
        Self { file, id, place, lines: None, looked: None, grown: Instant::now() }
    }

    /// The next whole lines, not taken yet.
    fn next(&mut self) -> io::Result<Option<Block>> {
        let length = self.file.metadata()?.len();
        if self.lines.is_none() {
            if length <= self.place.offset || self.looked == Some(length) {
                return Ok(None);
            }
            self.lines = Some(self.open()?);
        }
        let block = self.lines.as_mut().map(Lines::next_whole_lines).transpose()?.flatten();
        if block.is_none() {
            (self.lines, self.looked) = (None, Some(length));
        }
        Ok(block)
    }

    fn open(&self) -> io::Result<Lines> {
        let mut file = self.file.try_clone()?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(self.place.offset))?;
        Ok(Lines::new(Box::new(file), self.place.offset))
    }

    /// Whether it still holds what was read of it.
    fn is_still_itself(&self) -> io::Result<bool> {
        if self.place.print.is_none() {
            return Ok(self.file.metadata()?.len() >= self.place.offset);
        }
        self.place.fits(&self.file)
    }

    /// Goes on behind a block. A file that is cut at this very moment keeps its place from before:
    /// the block comes again, and is known.
    fn took(&mut self, block: &Block) -> io::Result<()> {
        self.grown = Instant::now();
        if let Some(print) = Print::of_file(&self.file, block.end)? {
            self.place.offset = block.end;
            self.place.print = Some(print.text());
        }
        Ok(())
    }

    /// The unfinished line at the end of a file to which nobody writes any more.
    fn last_line(&mut self) -> io::Result<Option<Block>> {
        if self.file.metadata()?.len() <= self.place.offset {
            return Ok(None);
        }
        self.open()?.next_block()
    }

    fn begin_anew(&mut self) {
        let Place { device, inode, .. } = self.place;
        self.place = Place { device, inode, ..Place::default() };
        (self.lines, self.looked, self.grown) = (None, None, Instant::now());
    }
}
