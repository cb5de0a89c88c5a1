//! In which encoding is a file of text? UTF-8, unless its first bytes or its user say otherwise.

use std::io::{self, Read};

use super::packed::Bytes;

/// Bytes decoded at a time.
const PIECE_BYTES: usize = 64 << 10;
const REPLACEMENT: char = '\u{fffd}';
/// What Windows-1252 has in 0x80..0xa0, where Latin 1 has control characters.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// How characters became bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As everywhere today.
    Utf8,
    /// Two bytes a unit, the lesser first.
    Utf16Le,
    /// Two bytes a unit, the greater first.
    Utf16Be,
    /// One byte a character, as Excel writes it in western Europe.
    Windows1252,
}

impl Encoding {
    /// What the first bytes of a file say.
    pub(super) fn of(first: &[u8]) -> Self {
        match first {
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            [low, 0, other, 0, ..] if *low != 0 && *other != 0 => Self::Utf16Le,
            [0, low, 0, other, ..] if *low != 0 && *other != 0 => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    /// The same for a table, which Excel writes in one byte a character.
    pub(super) fn of_table(first: &[u8]) -> Self {
        let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
        match Self::of(first) {
            Self::Utf8 if std::str::from_utf8(first).is_err_and(|error| !is_cut(error)) => {
                Self::Windows1252
            }
            encoding => encoding,
        }
    }

    /// The text as UTF-8.
    pub(super) fn decoded(self, bytes: Bytes) -> Bytes {
        match self {
            Self::Utf8 => bytes,
            encoding => {
                Box::new(Decoded { bytes, encoding, rest: Vec::new(), ready: Vec::new(), read: 0 })
            }
        }
    }
}

/// A reader of UTF-8 over bytes of another encoding.
struct Decoded {
    bytes: Bytes,
    encoding: Encoding,
    /// Bytes of a character whose end has not been read.
    rest: Vec<u8>,
    ready: Vec<u8>,
    /// How many of the ready ones were read.
    read: usize,
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.ready.len() {
            let mut piece = std::mem::take(&mut self.rest);
            let before = piece.len();
            piece.resize(before + PIECE_BYTES, 0);
            let length = self.bytes.read(piece.get_mut(before..).unwrap_or_default())?;
            piece.truncate(before + length);
            if piece.is_empty() {
                return Ok(0);
            }
            self.decode(&piece, length == 0);
        }
        let ready = self.ready.get(self.read..).unwrap_or_default();
        let length = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), ready.get(..length)) {
            to.copy_from_slice(from);
        }
        self.read += length;
        Ok(length)
    }
}

impl Decoded {
    fn decode(&mut self, piece: &[u8], is_last: bool) {
        let unit: fn([u8; 2]) -> u16 = match self.encoding {
            Encoding::Utf16Be => u16::from_be_bytes,
            _ => u16::from_le_bytes,
        };
        let text: String = if self.encoding == Encoding::Windows1252 {
            let char = |byte: &u8| match byte {
                0x80..0xa0 => WINDOWS_1252.get(usize::from(byte - 0x80)).copied(),
                _ => Some(char::from(*byte)),
            };
            piece.iter().map(|byte| char(byte).unwrap_or(REPLACEMENT)).collect()
        } else {
            let (mut pairs, odd) = piece.as_chunks::<2>();
            if let Some((last, before)) = pairs.split_last()
                && !is_last
                && matches!(unit(*last), 0xd800..0xdc00)
            {
                pairs = before;
                self.rest.extend(last);
            }
            self.rest.extend(odd);
            let units = pairs.iter().map(|pair| unit(*pair));
            let mut text: String =
                char::decode_utf16(units).map(|char| char.unwrap_or(REPLACEMENT)).collect();
            if is_last && !std::mem::take(&mut self.rest).is_empty() {
                text.push(REPLACEMENT);
            }
            text
        };
        self.ready = text.into_bytes();
        self.read = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads in steps of one byte, where characters are cut most.
    struct Slow(io::Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer.get_mut(..1).unwrap_or_default())
        }
    }

    fn read(bytes: &[u8]) -> String {
        let reader: Bytes = Box::new(Slow(io::Cursor::new(bytes.to_vec())));
        let mut text = String::new();
        let mut decoded = Encoding::of_table(bytes).decoded(reader);
        decoded.read_to_string(&mut text).expect("UTF-8");
        text.trim_start_matches('\u{feff}').to_owned()
    }

    #[test]
    fn tables_of_every_encoding_say_the_same() {
        let text = "id;text\n1;Größe 10 €, “gut” 😡\n";
        let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        let with_bom = format!("\u{feff}{text}");
        let little = |text| units(text).into_iter().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let big = |text| units(text).into_iter().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        for bytes in [
            text.as_bytes(),
            with_bom.as_bytes(),
            &little(text),
            &little(&with_bom),
            &big(&with_bom),
        ] {
            assert_eq!(read(bytes), text);
        }
        assert_eq!(read(b"Gr\xf6\xdfe 10 \x80"), "Größe 10 €");
        let odd = [little("a"), vec![0x3d, 0xd8], vec![7]].concat();
        assert_eq!(read(&[b"\xff\xfe", odd.as_slice()].concat()), "a\u{fffd}\u{fffd}");
    }
}
