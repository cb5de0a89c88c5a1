//! How is a file read once to its end, plain or compressed, and gone on with after a restart?

use std::fs::File;
use std::io;
use std::path::Path;

use super::print::{FileId, Print};
use super::{Place, parcel};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Lines, decompressed};
use crate::decode::Cursor;
use crate::decode::Decoder;

/// A file that is being read.
pub(super) struct Once {
    lines: Lines,
    print: Print,
    place: Place,
}

impl Once {
    /// Reads on behind `place`, or from the beginning of a file that is another by now.
    ///
    /// # Errors
    /// When the file is not there, may not be read, or is damaged before the place.
    pub(super) fn open(path: &Path, place: &Place) -> io::Result<Self> {
        if let Some(begun) = Self::open_at(path, place)? {
            return Ok(begun);
        }
        tracing::warn!(
            "the file is not the one that was read before, reading it from its beginning"
        );
        let fresh = Self::open_at(path, &Place::default())?;
        fresh.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }

    fn open_at(path: &Path, place: &Place) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let id = FileId::of(&file.metadata()?);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let mut reader = decompressed(Box::new(file), ending)?;
        let Some(print) = Print::of_reader(&mut reader, place.offset)? else { return Ok(None) };
        if place.print.as_ref().is_some_and(|known| *known != print.text()) {
            return Ok(None);
        }
        let (device, inode) = (Some(id.device), Some(id.inode));
        let place = Place { offset: place.offset, device, inode, ..Place::default() };
        Ok(Some(Self { lines: Lines::new(reader, place.offset), print, place }))
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// When the file is cut or damaged, or nobody takes its posts.
    pub(super) async fn read(mut self, mut decoder: Decoder, outlet: &Outlet) -> Result<(), Fault> {
        let name = outlet.name().clone();
        loop {
            if outlet.is_closing() {
                return Err(Fault::Closed);
            }
            let source = name.clone();
            let read = tokio::task::spawn_blocking(move || {
                let Some(block) = self.lines.next_block()? else { return Ok(None) };
                self.print.push(&block.bytes);
                self.place.offset = block.end;
                let parcel = parcel(&block, &source, &mut decoder);
                io::Result::Ok(Some((self, decoder, block.skipped, parcel)))
            });
            let read = read.await.map_err(super::panicked)?;
            let read = read.map_err(|error| {
                Fault::user(
                    error.to_string(),
                    "what could be read before it is kept; put a whole file in its place",
                )
            })?;
            let Some((this, with, skipped, mut parcel)) = read else { return Ok(()) };
            (self, decoder) = (this, with);
            // Bytes that were skipped are not in the print any more.
            self.place.print = (skipped == 0).then(|| self.print.text());
            parcel.cursor = Some(Cursor::of(&self.place));
            super::hand_over(parcel, outlet).await?;
        }
    }
}
