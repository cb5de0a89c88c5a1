//! What comes next in a part of a workbook? Elements and texts of its XML, in flat memory.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::super::packed::Bytes;

/// Bytes that one element or text may take: cells hold 32,767 characters at most.
const STEP_BYTES_MAX: usize = 4 << 20;

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    Open(Element),
    Close(String),
    Text(String),
    End,
}

/// An element that begins, its names without their prefixes.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    fn of(start: &BytesStart<'_>) -> Self {
        let pair = |attribute: quick_xml::events::attributes::Attribute<'_>| {
            let raw = String::from_utf8_lossy(&attribute.value);
            let value =
                unescape(&raw).map_or_else(|_| raw.to_string(), std::borrow::Cow::into_owned);
            (local(attribute.key.as_ref()), value)
        };
        let attributes = start.attributes().with_checks(false).flatten().map(pair).collect();
        Self { name: local(start.name().as_ref()), attributes }
    }

    /// The value of an attribute.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn local(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

/// Gives no more than it has room for.
struct Room {
    bytes: BufReader<Bytes>,
    left: usize,
}

impl Read for Room {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Room {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("a cell of the workbook is longer than Excel's can be"));
        }
        self.bytes.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.left = self.left.saturating_sub(length);
        self.bytes.consume(length);
    }
}

/// A part that is read from its beginning to its end.
pub(super) struct Part {
    xml: Reader<Room>,
    buffer: Vec<u8>,
}

impl Part {
    pub(super) fn new(bytes: Bytes) -> Self {
        let room = Room { bytes: BufReader::new(bytes), left: STEP_BYTES_MAX };
        let mut xml = Reader::from_reader(room);
        let config = xml.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { xml, buffer: Vec::new() }
    }

    /// What comes next; what says nothing is passed over.
    pub(super) fn step(&mut self) -> io::Result<Step> {
        loop {
            self.buffer.clear();
            self.xml.get_mut().left = STEP_BYTES_MAX;
            let event = self.xml.read_event_into(&mut self.buffer).map_err(damaged)?;
            return Ok(match event {
                Event::Start(start) => Step::Open(Element::of(&start)),
                Event::End(end) => Step::Close(local(end.name().as_ref())),
                Event::Text(said) => Step::Text(String::from_utf8_lossy(&said).into_owned()),
                Event::CData(said) => Step::Text(String::from_utf8_lossy(&said).into_owned()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Ok(Some(char)) => Step::Text(char.to_string()),
                    _ => {
                        let name = String::from_utf8_lossy(&reference);
                        Step::Text(resolve_predefined_entity(&name).unwrap_or_default().to_owned())
                    }
                },
                Event::Eof => Step::End,
                _ => continue,
            });
        }
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").finish_non_exhaustive()
    }
}

fn damaged(error: quick_xml::Error) -> io::Error {
    match error {
        quick_xml::Error::Io(error) => io::Error::new(error.kind(), error.to_string()),
        _ => io::Error::new(io::ErrorKind::InvalidData, "the workbook is damaged: not XML"),
    }
}
