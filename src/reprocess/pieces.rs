//! What do the rows of a chunk say? Decoded on all cores, in pieces whose order stays.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::connect::{Chunk, Chunks, Input, Rows, numbered};
use crate::decode::{Cursor, Decoder, Format, Parcel};
use crate::post::{Event, SourceId};
use crate::time::MINUTE_US;

/// Bytes that one rayon task decodes.
const PIECE_BYTES: usize = 64 << 10;
/// Rows that one rayon task decodes.
const PIECE_ROWS: usize = 256;
/// About how long the shortest lines are.
const LINE_BYTES: usize = 128;
/// Under which name the place to go on at is kept.
const PLACE: &str = "reprocess";

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
    /// An input that was left out, since it holds no posts.
    pub(super) left_out: Option<String>,
    /// Which sheet of a workbook is read, and which others are not.
    pub(super) sheet: Option<String>,
    /// Whether all was read. Whoever ends without it has failed.
    pub(super) is_end: bool,
}

/// A chunk, and which of the inputs it is of.
pub(super) struct Numbered {
    pub(super) input: usize,
    pub(super) name: String,
    pub(super) source: String,
    pub(super) format: Format,
    pub(super) owner: Option<String>,
    /// What its rows are called.
    pub(super) word: &'static str,
    pub(super) chunk: Chunk,
}

impl Numbered {
    /// A chunk of a file.
    pub(super) fn of(input: &Input, number: usize, chunks: &Chunks, chunk: Chunk) -> Self {
        let format = chunks.format();
        let source = match format {
            Format::Export(export) => export.network(),
            _ => input.source_name(),
        };
        Self {
            input: number,
            name: input.name.clone(),
            source: source.to_owned(),
            format,
            owner: input.owner.clone(),
            word: chunks.word(),
            chunk,
        }
    }
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
pub(super) fn decode(numbered: &Numbered, decoder: &Decoder) -> Decoded {
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
        Rows::Csv(rows) if rows.are_objects() => {
            by_rows(decoder, rows.len(), |range, decoder, piece| {
                for (object, number) in rows.objects(range) {
                    decoder.decode(&object, &mut piece.parcel);
                    piece.note(number);
                }
            })
        }
        Rows::Csv(rows) => by_rows(decoder, rows.len(), |range, decoder, piece| {
            let reading = Arc::clone(decoder.reading());
            rows.read(range, &reading, |line, number, record| {
                if line.is_err() && rows.is_wordless(record) {
                    piece.parcel.ignored += 1;
                    return;
                }
                decoder.decode_fields(line, || rows.json(record), &mut piece.parcel);
                piece.note(number);
            });
        }),
        Rows::Table(rows) => by_rows(decoder, rows.len(), |range, decoder, piece| {
            let reading = Arc::clone(decoder.reading());
            rows.read(range, &reading, |line, row| {
                let raw = || rows.json(row);
                match &reading.topics {
                    Some(_) => decoder.decode_found(line, rows.found(row), raw, &mut piece.parcel),
                    None => decoder.decode_fields(line, raw, &mut piece.parcel),
                }
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

/// What lines say.
pub(super) fn lines_say(decoder: &mut Decoder, bytes: &[u8]) -> Parcel {
    decode_lines(decoder, bytes).parcel
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
            Event::Found(found) => found.post.received_at,
            Event::Delete { .. } | Event::Purge { .. } | Event::Renew { .. } => continue,
        };
        let hour = received_at.0.div_euclid(60 * MINUTE_US);
        if last != Some(hour) {
            hours.insert(hour);
            last = Some(hour);
        }
    }
}
