//! How does X's stream come? As lines over an HTTP answer without an end, with an empty line at least
//! every 20 seconds.

use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout_at};

/// Longest silence. X sends something every 20 seconds; exactly as long would part too early.
const SILENCE_MAX: Duration = Duration::from_secs(25);
/// Longest line taken; a longer one is passed over.
const LINE_BYTES_MAX: usize = 1 << 20;

/// The open stream.
#[derive(Debug)]
pub(super) struct StreamLines {
    response: Response,
    cutter: Cutter,
    heard: Instant,
}

impl StreamLines {
    pub(super) fn new(response: Response) -> Self {
        Self { response, cutter: Cutter::default(), heard: Instant::now() }
    }

    /// Waits for more, and adds what is whole to `lines`. May be dropped while it waits.
    ///
    /// # Errors
    /// Why the stream ended.
    pub(super) async fn fill(&mut self, lines: &mut Vec<Vec<u8>>) -> Result<(), String> {
        match timeout_at(self.heard + SILENCE_MAX, self.response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                self.heard = Instant::now();
                self.cutter.take(&bytes, lines);
                Ok(())
            }
            Ok(Ok(None)) => Err("X ended the stream".to_owned()),
            Ok(Err(error)) => Err(format!("the stream broke: {error}")),
            Err(_) => Err(format!("nothing came for {SILENCE_MAX:?}, not even a sign of life")),
        }
    }
}

/// Cuts bytes into lines that are not empty.
#[derive(Debug, Default)]
struct Cutter {
    line: Vec<u8>,
    /// Whether the present line is too long and passed over.
    is_over: bool,
}

impl Cutter {
    fn take(&mut self, bytes: &[u8], lines: &mut Vec<Vec<u8>>) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.is_over |= self.line.len() + piece.len() > LINE_BYTES_MAX;
            if self.is_over {
                self.line.clear();
            } else {
                self.line.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                if std::mem::take(&mut self.is_over) {
                    lines.push(b"a line of more than a MiB".to_vec());
                } else if !line.trim_ascii().is_empty() {
                    lines.push(line.trim_ascii().to_vec());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_however_they_are_cut_and_signs_of_life_are_none() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let text = format!("{{\"a\":1}}\r\n\r\n\r\n{{\"b\":2}}\n{long}\r\n{{\"c\":3}}\r\n{{\"half");
        for piece in [1, 2, 3, 7, text.len()] {
            let (mut cutter, mut lines) = (Cutter::default(), Vec::new());
            text.as_bytes().chunks(piece).for_each(|piece| cutter.take(piece, &mut lines));
            let lines: Vec<String> =
                lines.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect();
            let wanted = [r#"{"a":1}"#, r#"{"b":2}"#, "a line of more than a MiB", r#"{"c":3}"#];
            assert_eq!(lines, wanted, "in {piece}");
        }
    }
}
