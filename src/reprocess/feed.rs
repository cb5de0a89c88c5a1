//! How do posts get from their files to the engine? A reader, then decoding on all cores, each a
//! few chunks ahead.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{IntoIter, Receiver, SyncSender, sync_channel};

use anyhow::Context;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Origin;
use crate::connect::{
    Chunk, Chunks, Encoding, Input, Layout, Opening, Read, Rows, TableRows, numbered,
};
use crate::decode::{AuthorHasher, Cursor, Decoder, Format, Parcel, Reading, Sieve};
use crate::lake::PostReader;
use crate::post::{Event, SourceId};
use crate::time::{EventTime, MINUTE_US};

/// Bytes that one rayon task decodes.
const PIECE_BYTES: usize = 64 << 10;
/// Rows that one rayon task decodes.
const PIECE_ROWS: usize = 256;
/// About how long the shortest lines are.
const LINE_BYTES: usize = 128;
/// Chunks that may wait, and decoded ones as well.
const CHUNKS: usize = 2;
/// Under which name the place to go on at is kept.
const PLACE: &str = "reprocess";

/// How to read and decode.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// Layout of all files; by default each says its own by its name.
    pub(super) layout: Option<Layout>,
    pub(super) encoding: Option<Encoding>,
    pub(super) reading: Reading,
    pub(super) format: Format,
    /// Name of the source where posts give none; by default the file's.
    pub(super) source: Option<String>,
    pub(super) authors: AuthorHasher,
    pub(super) sieve: Option<Sieve>,
    pub(super) read: Read,
    /// The wall clock when the job began.
    pub(super) now: EventTime,
}

/// A chunk as the engine takes it.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) parcels: Vec<Parcel>,
    /// Hours since the epoch in which its posts were received.
    pub(super) hours: BTreeSet<i64>,
    /// Bytes after decompression.
    pub(super) bytes: u64,
    /// An input that could not be read to its end, and why.
    pub(super) damage: Option<String>,
    /// Whether all was read. Whoever ends without it has failed.
    pub(super) is_end: bool,
}

/// What the reader hands on.
enum Fed {
    Chunk(Numbered),
    /// An input that could not be read to its end, and why.
    Damage(String),
    /// All was read.
    End,
}

/// A chunk, and which of the inputs it is of.
struct Numbered {
    input: usize,
    name: String,
    source: String,
    /// What its rows are called.
    word: &'static str,
    chunk: Chunk,
}

/// Where to go on, as a cursor keeps it.
#[derive(Serialize, Deserialize)]
struct Place {
    /// Which of the inputs, and its decompressed bytes, or rows of a table, that were read.
    input: (u64, u64),
}

/// The place that a checkpoint names.
pub(super) fn place(cursor: Option<&Cursor>) -> (u64, u64) {
    cursor.and_then(Cursor::read).map_or((0, 0), |place: Place| place.input)
}

/// The cursor of a place.
pub(super) fn cursor(input: u64, end: u64) -> Cursor {
    Cursor::of(&Place { input: (input, end) })
}

/// Under which name a checkpoint keeps the place.
pub(super) fn place_name() -> SourceId {
    SourceId::new(PLACE)
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

    /// What the first chunk of an input says; nothing if it cannot be read.
    pub(super) fn first_of(&self, input: &Input) -> Vec<Parcel> {
        let layout = self.layout_of(input);
        let how = Opening { layout, map: &self.reading.map, encoding: self.encoding };
        let opened = Chunks::open(input, &how, 0, &Read::default());
        let Ok(Some(chunk)) = opened.and_then(|mut chunks| chunks.next_chunk()) else {
            return Vec::new();
        };
        let (name, source) = (input.name.clone(), input.source_name().to_owned());
        let numbered = Numbered { input: 0, name, source, word: "row", chunk };
        decode(&numbered, &self.decoder(&numbered.source)).parcels
    }

    /// What lines of an input say.
    pub(super) fn decoded_lines(&self, input: &Input, lines: &[u8]) -> Parcel {
        decode_lines(&mut self.decoder(input.source_name()), lines).parcel
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
                    Fed::End => return Some(Decoded { is_end: true, ..Decoded::default() }),
                    Fed::Chunk(numbered) => numbered,
                };
                if decoder.as_ref().is_none_or(|(input, _)| *input != numbered.input) {
                    decoder = Some((numbered.input, self.decoder(&numbered.source)));
                }
                decoder.as_ref().map(|(_, decoder)| decode(&numbered, decoder))
            });
            if decoded.transpose().is_some_and(|decoded| sender.send(decoded).is_err()) {
                return;
            }
        }
    }

    fn decoder(&self, source: &str) -> Decoder {
        let source = SourceId::new(self.source.as_deref().unwrap_or(source));
        let mut decoder = Decoder::new(self.format, source, self.authors.clone())
            .with_reading(self.reading.clone());
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
            let layout = self.layout_of(input);
            let how = Opening { layout, map: &self.reading.map, encoding: self.encoding };
            let opened = Chunks::open(input, &how, begin, &self.read);
            let read = opened.and_then(|mut chunks| {
                while let Some(chunk) = chunks.next_chunk()? {
                    let (name, source) = (input.name.clone(), input.source_name().to_owned());
                    let word = chunks.word();
                    let numbered = Numbered { input: number, name, source, word, chunk };
                    if sender.send(Ok(Fed::Chunk(numbered))).is_err() {
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
                    tracing::error!("{why}; going on with what could be read");
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
            let (name, source) = (day.name.clone(), String::new());
            let numbered = Numbered { input, name, source, word: "row", chunk };
            Ok(sender.send(Ok(Fed::Chunk(numbered))).is_ok())
        })?;
        read.add(day.bytes);
    }
    Ok(())
}

/// A piece of a chunk, decoded.
struct Piece {
    parcel: Parcel,
    /// The row of each refusal.
    refused: Vec<u64>,
    /// Rows of the piece.
    rows: u64,
}

impl Piece {
    fn new(rows: usize) -> Self {
        let mut parcel = Parcel::new(&place_name());
        parcel.events.reserve(rows);
        Self { parcel, refused: Vec::new(), rows: u64::try_from(rows).unwrap_or(0) }
    }

    fn note(&mut self, row: u64) {
        self.refused.resize(self.parcel.refused.len(), row);
    }
}

/// Decodes a chunk on rayon's threads; the order of rows stays.
fn decode(numbered: &Numbered, decoder: &Decoder) -> Decoded {
    let chunk = &numbered.chunk;
    let pieces: Vec<Piece> = match &chunk.rows {
        Rows::Lines(block) => {
            let pieces = block.pieces(PIECE_BYTES);
            let decoded = pieces.into_par_iter().map_init(|| decoder.clone(), decode_lines);
            let mut pieces: Vec<Piece> = decoded.collect();
            if block.skipped > 0 {
                // A line that is too long ends where a block begins.
                let mut piece = Piece::new(0);
                piece.parcel.refuse_long_lines(block.skipped);
                piece.rows = block.skipped;
                piece.note(0);
                pieces.insert(0, piece);
            }
            numbered_lines(pieces, chunk.first)
        }
        Rows::Csv(rows) => by_rows(decoder, rows.len(), |range, decoder, piece| {
            let reading = Arc::clone(decoder.reading());
            rows.read(range, &reading, |line, number, record| {
                decoder.decode_fields(line, || rows.json(record), &mut piece.parcel);
                piece.note(number);
            });
        }),
        Rows::Table(rows) => by_rows(decoder, rows.len(), |range, decoder, piece| {
            let reading = Arc::clone(decoder.reading());
            rows.read(range, &reading, |line, row| {
                decoder.decode_fields(line, || rows.json(row), &mut piece.parcel);
                piece.note(chunk.first + u64::try_from(row).unwrap_or(0));
            });
        }),
        Rows::Segment(rows) => by_rows(decoder, rows.block.len(), |range, decoder, piece| {
            for event in range.filter_map(|row| rows.wanted(row)) {
                decoder.decode_row(&event, &mut piece.parcel);
                piece.note(event.seq);
            }
        }),
    };
    let mut decoded = Decoded { bytes: chunk.rows.bytes(), ..Decoded::default() };
    for Piece { mut parcel, refused, .. } in pieces {
        for (letter, row) in parcel.refused.iter_mut().zip(refused) {
            letter.reason =
                format!("{}, {} {row}: {}", numbered.name, numbered.word, letter.reason);
        }
        parcel.cursor = None;
        note_hours(&parcel, &mut decoded.hours);
        decoded.parcels.push(parcel);
    }
    let input = u64::try_from(numbered.input).unwrap_or(u64::MAX);
    let mut last = Parcel::new(&place_name());
    last.cursor = Some(cursor(input, chunk.end));
    decoded.parcels.push(last);
    decoded
}

/// Decodes so many rows, a few at a time.
fn by_rows(
    decoder: &Decoder,
    rows: usize,
    read: impl Fn(Range<usize>, &mut Decoder, &mut Piece) + Sync,
) -> Vec<Piece> {
    let piece = |decoder: &mut Decoder, begin: usize| {
        let end = (begin + PIECE_ROWS).min(rows);
        let mut piece = Piece::new(end - begin);
        read(begin..end, decoder, &mut piece);
        piece
    };
    let begins = (0..rows).into_par_iter().step_by(PIECE_ROWS);
    begins.map_init(|| decoder.clone(), piece).collect()
}

fn decode_lines(decoder: &mut Decoder, bytes: &[u8]) -> Piece {
    let mut piece = Piece::new(bytes.len() / LINE_BYTES);
    piece.rows = u64::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(0);
    for (row, line) in numbered(bytes) {
        decoder.decode(line, &mut piece.parcel);
        piece.note(row);
    }
    piece
}

/// Turns places within pieces into numbers of lines.
fn numbered_lines(mut pieces: Vec<Piece>, first: u64) -> Vec<Piece> {
    let mut begin = first;
    for piece in &mut pieces {
        piece.refused.iter_mut().for_each(|row| *row += begin);
        begin += piece.rows;
    }
    pieces
}

fn note_hours(parcel: &Parcel, hours: &mut BTreeSet<i64>) {
    let mut last = None;
    for event in &parcel.events {
        let received_at = match event {
            Event::Create(post) if post.is_ahead() => continue,
            Event::Create(post) | Event::Edit(post) => post.received_at,
            Event::Pass(post) => post.received_at,
            Event::Delete { .. } | Event::Purge { .. } | Event::Renew { .. } => continue,
        };
        let hour = received_at.0.div_euclid(60 * MINUTE_US);
        if last != Some(hour) {
            hours.insert(hour);
            last = Some(hour);
        }
    }
}
