//! How do posts get from their files to the engine? A reader, then decoding on all cores, each a
//! few chunks ahead.

use std::collections::BTreeSet;
use std::sync::mpsc::{IntoIter, Receiver, SyncSender, sync_channel};

use anyhow::Context;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Origin;
use crate::connect::{Chunk, Chunks, Input, Layout, Read, Rows, TableRows, numbered};
use crate::decode::{AuthorHasher, Cursor, Decoder, FieldMap, Format, Parcel, Sieve};
use crate::lake::PostReader;
use crate::post::{Event, SourceId};
use crate::time::MINUTE_US;

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
    pub(super) map: FieldMap,
    pub(super) format: Format,
    /// Name of the source where posts give none; by default the file's.
    pub(super) source: Option<String>,
    pub(super) authors: AuthorHasher,
    pub(super) sieve: Option<Sieve>,
    pub(super) read: Read,
}

/// A chunk as the engine takes it.
pub(super) struct Decoded {
    pub(super) parcels: Vec<Parcel>,
    /// Hours since the epoch in which its posts were received.
    pub(super) hours: BTreeSet<i64>,
    /// Bytes after decompression.
    pub(super) bytes: u64,
}

/// A chunk, and which of the inputs it is of.
struct Numbered {
    input: usize,
    name: String,
    source: String,
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
            if let Err(error) = read {
                let _ = sender.send(Err(error));
            }
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

    fn decode_all(
        &self,
        chunks: Receiver<anyhow::Result<Numbered>>,
        sender: &SyncSender<anyhow::Result<Decoded>>,
    ) {
        let mut decoder: Option<(usize, Decoder)> = None;
        for numbered in chunks {
            let decoded = numbered.map(|numbered: Numbered| {
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
        let decoder = Decoder::new(self.format, source, self.authors.clone());
        match &self.sieve {
            Some(sieve) => decoder.with_sieve(sieve.clone()),
            None => decoder,
        }
    }

    fn read_files(
        &self,
        inputs: &[Input],
        from: (u64, u64),
        sender: &SyncSender<anyhow::Result<Numbered>>,
    ) -> anyhow::Result<()> {
        for (number, input) in inputs.iter().enumerate() {
            let place = u64::try_from(number).unwrap_or(u64::MAX);
            if place < from.0 {
                self.read.add(input.bytes.unwrap_or(0));
                continue;
            }
            let begin = if place == from.0 { from.1 } else { 0 };
            let layout = self.layout.unwrap_or_else(|| Layout::of(&input.name));
            let mut chunks = Chunks::open(input, layout, &self.map, begin, &self.read)
                .with_context(|| input.name.clone())?;
            while let Some(chunk) = chunks.next_chunk().with_context(|| input.name.clone())? {
                let (name, source) = (input.name.clone(), input.source_name().to_owned());
                if sender.send(Ok(Numbered { input: number, name, source, chunk })).is_err() {
                    return Ok(());
                }
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
    sender: &SyncSender<anyhow::Result<Numbered>>,
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
            Ok(sender.send(Ok(Numbered { input, name, source, chunk })).is_ok())
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
    let (pieces, word) = match &chunk.rows {
        Rows::Lines(block) => {
            let pieces = block.pieces(PIECE_BYTES);
            let decoded = pieces.into_par_iter().map_init(|| decoder.clone(), decode_lines);
            let mut pieces: Vec<Piece> = decoded.collect();
            if block.skipped > 0 {
                let mut piece = Piece::new(0);
                piece.parcel.refuse_long_lines(block.skipped);
                piece.note(0);
                pieces.push(piece);
            }
            (numbered_lines(pieces, chunk.first), "line")
        }
        Rows::Csv(rows) => {
            let piece = |decoder: &mut Decoder, begin: usize| {
                let end = (begin + PIECE_ROWS).min(rows.len());
                let mut piece = Piece::new(end - begin);
                rows.read(begin..end, |line, number, record| {
                    decoder.decode_fields(line, || rows.json(record), &mut piece.parcel);
                    piece.note(number);
                });
                piece
            };
            let begins = (0..rows.len()).into_par_iter().step_by(PIECE_ROWS);
            (begins.map_init(|| decoder.clone(), piece).collect(), "line")
        }
        Rows::Table(rows) => {
            let piece = |decoder: &mut Decoder, begin: usize| {
                let end = (begin + PIECE_ROWS).min(rows.len());
                let mut piece = Piece::new(end - begin);
                rows.read(begin..end, |line, row| {
                    decoder.decode_fields(line, Vec::new, &mut piece.parcel);
                    piece.note(chunk.first + u64::try_from(row).unwrap_or(0));
                });
                piece
            };
            let begins = (0..rows.len()).into_par_iter().step_by(PIECE_ROWS);
            (begins.map_init(|| decoder.clone(), piece).collect(), "row")
        }
    };
    let mut decoded =
        Decoded { parcels: Vec::new(), hours: BTreeSet::new(), bytes: chunk.rows.bytes() };
    for Piece { mut parcel, refused, .. } in pieces {
        for (letter, row) in parcel.refused.iter_mut().zip(refused) {
            letter.reason = format!("{}, {word} {row}: {}", numbered.name, letter.reason);
        }
        parcel.cursor = None;
        note_hours(&parcel, &mut decoded.hours);
        decoded.parcels.push(parcel);
    }
    let input = u64::try_from(numbered.input).unwrap_or(u64::MAX);
    let mut last = Parcel::new(&place_name());
    last.cursor = Some(Cursor::of(&Place { input: (input, chunk.end) }));
    decoded.parcels.push(last);
    decoded
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
            Event::Delete { .. } | Event::Purge { .. } => continue,
        };
        let hour = received_at.0.div_euclid(60 * MINUTE_US);
        if last != Some(hour) {
            hours.insert(hour);
            last = Some(hour);
        }
    }
}
