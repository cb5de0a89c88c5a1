//! What stands in a compressed file? Gzip members and zstd frames, one behind the other.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// Bytes of the file read at a time.
const READ_BYTES: usize = 1 << 20;

/// The bytes behind a compressed file's, by its ending: `gz`, `zst`, or anything else as it is.
///
/// A file of no bytes holds none, and zeros behind a gzip member are padding. Data that is cut or
/// damaged is an error in words, after all that could be read.
///
/// # Errors
/// When the first bytes cannot be read, or there is no memory for the decoder.
pub(in crate::connect) fn decompressed(
    file: Box<dyn Read + Send>,
    ending: &str,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match ending {
        "gz" => Box::new(Plain(Gzip::new(file))),
        "zst" => {
            let mut file = BufReader::with_capacity(READ_BYTES, file);
            if file.fill_buf()?.is_empty() {
                return Ok(Box::new(io::empty()));
            }
            let mut decoder = zstd::Decoder::with_buffer(file)?;
            // Archives packed with --long=31 need a window of 2 GiB.
            decoder.window_log_max(31)?;
            Box::new(Plain(decoder))
        }
        _ => file,
    })
}

/// Says what is wrong with compressed data in words.
struct Plain<R>(R);

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => io::Error::new(
                error.kind(),
                "the compressed data ends too early; the file was cut, or is still being written",
            ),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                io::Error::new(error.kind(), format!("the compressed data is damaged: {error}"))
            }
            _ => error,
        })
    }
}

/// The members of a gzip file as one.
struct Gzip {
    member: Option<GzDecoder<BufReader<Box<dyn Read + Send>>>>,
    /// What follows the last member, not yet looked at.
    rest: Option<BufReader<Box<dyn Read + Send>>>,
}

impl Gzip {
    fn new(file: Box<dyn Read + Send>) -> Self {
        Self { member: None, rest: Some(BufReader::with_capacity(READ_BYTES, file)) }
    }

    /// Goes to the next member, past zeros; whether there is one.
    fn next_member(&mut self) -> io::Result<bool> {
        let Some(rest) = &mut self.rest else { return Ok(false) };
        loop {
            let ahead = rest.fill_buf()?;
            if ahead.is_empty() {
                return Ok(false);
            }
            let zeros = ahead.iter().position(|&byte| byte != 0).unwrap_or(ahead.len());
            let ends = zeros < ahead.len();
            rest.consume(zeros);
            if ends {
                break;
            }
        }
        self.member = self.rest.take().map(GzDecoder::new);
        Ok(true)
    }
}

impl Read for Gzip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.member.is_none() && !self.next_member()? {
                return Ok(0);
            }
            let Some(member) = &mut self.member else { return Ok(0) };
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.rest = self.member.take().map(GzDecoder::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    }

    /// What can be read, and the error behind it.
    fn read(bytes: &[u8], ending: &str) -> (String, String) {
        let file = Box::new(io::Cursor::new(bytes.to_vec()));
        let mut reader = decompressed(file, ending).expect("memory");
        let mut text = Vec::new();
        let error = reader.read_to_end(&mut text).err();
        let text = String::from_utf8(text).expect("UTF-8");
        (text, error.map_or(String::new(), |error| error.to_string()))
    }

    #[test]
    fn members_padding_and_cuts_are_told_apart() {
        let (a, b) = (packed("a\n"), packed("b\n"));
        let cut = &packed(&"c d e f g\n".repeat(100))[..20];
        let rows: [(Vec<u8>, &str, &str); 7] = [
            (Vec::new(), "", ""),
            (a.clone(), "a\n", ""),
            ([a.clone(), b.clone()].concat(), "a\nb\n", ""),
            ([a.clone(), vec![0; 5_000]].concat(), "a\n", ""),
            ([a.clone(), vec![0; 512], b].concat(), "a\nb\n", ""),
            ([a.clone(), cut.to_vec()].concat(), "a\n", "ends too early"),
            ([a, b"garbage behind the member".to_vec()].concat(), "a\n", "damaged"),
        ];
        for (bytes, text, error) in rows {
            let (read, said) = read(&bytes, "gz");
            assert!(read.starts_with(text) && said.contains(error), "{read:?} {said:?} {error:?}");
            assert_eq!(said.is_empty(), error.is_empty(), "{said}");
        }
        let whole = zstd::bulk::compress("long enough to be cut".repeat(9).as_bytes(), 3);
        let whole = whole.expect("memory");
        assert!(read(&whole[..whole.len() - 3], "zst").1.contains("ends too early"));
        assert_eq!(read(&[], "zst"), (String::new(), String::new()));
    }
}
