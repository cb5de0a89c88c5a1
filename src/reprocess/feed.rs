//! How do posts get from their files to the engine? A reader, then decoding on all cores, each a
//! few chunks ahead.

use std::io;
use std::sync::mpsc::{IntoIter, Receiver, SyncSender, sync_channel};

use anyhow::Context;

use super::Origin;
use super::pieces::{Decoded, Numbered, decode, lines_say, place_name};
use crate::connect::{Chunk, Chunks, Encoding, Input, Layout, Opening, Read, Rows, TableRows};
use crate::decode::{AuthorHasher, Decoder, Format, Parcel, Reading, Sieve};
use crate::lake::PostReader;
use crate::post::SourceId;
use crate::time::EventTime;

/// Chunks at the beginning of an input that are looked at before the work begins.
const SAMPLE_FIRST: u32 = 16;
/// Of how many chunks behind these one is looked at.
const SAMPLE_EVERY: u32 = 8;
/// Chunks that may wait, and decoded ones as well.
const CHUNKS: usize = 2;

/// How to read and decode.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// Layout of all files; by default each says its own by its name.
    pub(super) layout: Option<Layout>,
    pub(super) encoding: Option<Encoding>,
    pub(super) reading: Reading,
    /// What lines and objects are; by default each file tells.
    pub(super) format: Option<Format>,
    /// Which sheet of workbooks; by default the first with posts.
    pub(super) sheet: Option<String>,
    /// Name of the source where posts give none; by default the file's.
    pub(super) source: Option<String>,
    pub(super) authors: AuthorHasher,
    pub(super) sieve: Option<Sieve>,
    pub(super) read: Read,
    /// The wall clock when the job began.
    pub(super) now: EventTime,
}

/// What the reader hands on.
enum Fed {
    Chunk(Box<Numbered>),
    /// An input that could not be read to its end, and why.
    Damage(String),
    /// An input that was left out, since it holds no posts.
    LeftOut(String),
    /// Which sheet of a workbook is read, where it has several.
    Sheet(String),
    /// All was read.
    End,
}

impl Feed {
    /// Everything from a place on, in order.
    pub(super) fn start(
        self,
        origin: Origin,
        from: (u64, u64),
    ) -> IntoIter<anyhow::Result<Decoded>> {
        let (sender, chunks) = sync_channel(CHUNKS);
        let reader = self.clone();
        std::thread::spawn(move || {
            let read = match origin {
                Origin::Files(inputs) => reader.read_files(&inputs, from, &sender),
                Origin::Lake(posts) => read_lake(posts, from, &reader.read, &sender),
            };
            let _ = sender.send(read.map(|()| Fed::End));
        });
        let (sender, decoded) = sync_channel(CHUNKS);
        std::thread::spawn(move || {
            // Threads of its own: the engine's short tasks must not wait behind whole chunks.
            match rayon::ThreadPoolBuilder::new().build() {
                Ok(pool) => pool.install(|| self.decode_all(chunks, &sender)),
                Err(error) => drop(sender.send(Err(error.into()))),
            }
        });
        decoded.into_iter()
    }

    /// The layout of an input.
    pub(super) fn layout_of(&self, input: &Input) -> Layout {
        self.layout.unwrap_or_else(|| Layout::of(&input.name))
    }

    /// What the first chunk of an input says, and of those behind it one in several, while `room`
    /// bytes are left; nothing of what cannot be read.
    pub(super) fn samples_of(
        &self,
        input: &Input,
        room: &mut u64,
        mut each: impl FnMut(&Parcel),
    ) -> bool {
        let opened = Chunks::open(input, &self.opening(), 0, &Read::default());
        let Ok(mut chunks) = opened else { return true };
        if input.is_optional && !chunks.has_posts() {
            return true;
        }
        let mut place = 0u32;
        while let Ok(Some(chunk)) = chunks.next_chunk() {
            *room = room.saturating_sub(chunk.rows.bytes());
            if place < SAMPLE_FIRST || place.is_multiple_of(SAMPLE_EVERY) {
                let numbered = Numbered::of(input, 0, &chunks, chunk);
                decode(&numbered, &self.decoder(&numbered)).parcels.iter().for_each(&mut each);
            }
            place += 1;
            if *room == 0 || !input.is_at_hand() {
                return false;
            }
        }
        true
    }

    /// What a look at an input finds: its first posts as they would be stored.
    pub(super) fn first_posts(&self, input: &Input) -> io::Result<Parcel> {
        let mut all = Parcel::new(&place_name());
        let mut chunks = Chunks::open(input, &self.opening(), 0, &Read::default())?;
        // The last line of a small file may be without an end, and comes by itself.
        for _ in 0..2 {
            let Some(chunk) = chunks.next_chunk()? else { break };
            let numbered = Numbered::of(input, 0, &chunks, chunk);
            for parcel in decode(&numbered, &self.decoder(&numbered)).parcels {
                all.events.extend(parcel.events);
                all.refused.extend(parcel.refused);
                all.ignored += parcel.ignored;
                all.mended += parcel.mended;
            }
        }
        Ok(all)
    }

    pub(super) fn opening(&self) -> Opening<'_> {
        let (format, map, sheet) = (self.format, &self.reading.map, self.sheet.as_deref());
        Opening { layout: self.layout, format, map, encoding: self.encoding, sheet }
    }

    /// What lines of an input say.
    pub(super) fn decoded_lines(&self, input: &Input, lines: &[u8]) -> Parcel {
        let format = self.format.unwrap_or_default();
        lines_say(&mut self.decoder_of(input.source_name(), format, None), lines)
    }

    fn decode_all(
        &self,
        chunks: Receiver<anyhow::Result<Fed>>,
        sender: &SyncSender<anyhow::Result<Decoded>>,
    ) {
        let mut decoder: Option<(usize, Decoder)> = None;
        for fed in chunks {
            let decoded = fed.map(|fed: Fed| {
                let numbered = match fed {
                    Fed::Damage(why) => {
                        return Some(Decoded { damage: Some(why), ..Decoded::default() });
                    }
                    Fed::LeftOut(name) => {
                        return Some(Decoded { left_out: Some(name), ..Decoded::default() });
                    }
                    Fed::Sheet(words) => {
                        return Some(Decoded { sheet: Some(words), ..Decoded::default() });
                    }
                    Fed::End => return Some(Decoded { is_end: true, ..Decoded::default() }),
                    Fed::Chunk(numbered) => *numbered,
                };
                if decoder.as_ref().is_none_or(|(input, _)| *input != numbered.input) {
                    decoder = Some((numbered.input, self.decoder(&numbered)));
                }
                decoder.as_ref().map(|(_, decoder)| decode(&numbered, decoder))
            });
            if decoded.transpose().is_some_and(|decoded| sender.send(decoded).is_err()) {
                return;
            }
        }
    }

    fn decoder(&self, numbered: &Numbered) -> Decoder {
        self.decoder_of(&numbered.source, numbered.format, numbered.owner.clone())
    }

    fn decoder_of(&self, source: &str, format: Format, owner: Option<String>) -> Decoder {
        let source = SourceId::new(self.source.as_deref().unwrap_or(source));
        let mut reading = self.reading.clone();
        reading.owner = reading.owner.or(owner);
        let mut decoder = Decoder::new(format, source, self.authors.clone()).with_reading(reading);
        decoder.set_now(self.now);
        match &self.sieve {
            Some(sieve) => decoder.with_sieve(sieve.clone()),
            None => decoder,
        }
    }

    fn read_files(
        &self,
        inputs: &[Input],
        from: (u64, u64),
        sender: &SyncSender<anyhow::Result<Fed>>,
    ) -> anyhow::Result<()> {
        for (number, input) in inputs.iter().enumerate() {
            let place = u64::try_from(number).unwrap_or(u64::MAX);
            if place < from.0 {
                self.read.add(input.bytes.unwrap_or(0));
                continue;
            }
            let begin = if place == from.0 { from.1 } else { 0 };
            let opened = Chunks::open(input, &self.opening(), begin, &self.read);
            let read = opened.and_then(|mut chunks| {
                if input.is_optional && !chunks.has_posts() {
                    let left_out = Fed::LeftOut(input.name.clone());
                    return Ok(sender.send(Ok(left_out)).is_ok());
                }
                if let Some(words) = sheet_of(input, &chunks)
                    && sender.send(Ok(Fed::Sheet(words))).is_err()
                {
                    return Ok(false);
                }
                while let Some(chunk) = chunks.next_chunk()? {
                    let numbered = Numbered::of(input, number, &chunks, chunk);
                    if sender.send(Ok(Fed::Chunk(Box::new(numbered)))).is_err() {
                        return Ok(false);
                    }
                }
                Ok(true)
            });
            match read {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) if input.is_to_blame(&error) => {
                    let why = format!("{}: {error}", input.name);
                    tracing::error!("{why}; continuing with what could be read");
                    if sender.send(Ok(Fed::Damage(why))).is_err() {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error).context(input.name.clone()),
            }
        }
        Ok(())
    }
}

/// Which sheet of a workbook is read, if it has others.
fn sheet_of(input: &Input, chunks: &Chunks) -> Option<String> {
    let sheets = chunks.sheets()?;
    Some(format!("sheet {} of {}, not {}", sheets.name(), input.name, sheets.left()?))
}

/// Reads a lake's posts day by day in order of reception.
fn read_lake(
    posts: PostReader,
    from: (u64, u64),
    read: &Read,
    sender: &SyncSender<anyhow::Result<Fed>>,
) -> anyhow::Result<()> {
    let first = usize::try_from(from.0).unwrap_or(usize::MAX);
    for (input, day) in posts.days().iter().enumerate() {
        if input < first {
            read.add(day.bytes);
            continue;
        }
        let skip = if input == first { from.1 } else { 0 };
        let mut end = 0;
        posts.read_day(input, |batch| {
            let rows = u64::try_from(batch.num_rows()).unwrap_or(0);
            let known = skip.saturating_sub(end).min(rows);
            end += rows;
            if known == rows {
                return Ok(true);
            }
            let left = batch.slice(usize::try_from(known)?, usize::try_from(rows - known)?);
            let rows = Rows::Table(TableRows::new(left)?);
            let chunk = Chunk { rows, first: end, end };
            let numbered = Numbered {
                input,
                name: day.name.clone(),
                source: String::new(),
                format: Format::Archive,
                owner: None,
                word: "row",
                chunk,
            };
            Ok(sender.send(Ok(Fed::Chunk(Box::new(numbered)))).is_ok())
        })?;
        read.add(day.bytes);
    }
    Ok(())
}
