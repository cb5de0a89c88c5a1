//! What do server-sent events say? From bytes to events, as the HTML standard has it.
//!
//! Pure, but for the limits: an event that is too large is passed over as it comes and costs
//! itself, not the connection.

use std::time::Duration;

/// Largest event taken.
const EVENT_BYTES_MAX: usize = 1 << 20;
/// Longest wait that a server may ask for by `retry`.
const RETRY_MAX: Duration = Duration::from_secs(3_600);

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::connect) struct SentEvent {
    /// Its name; `message` if it has none.
    pub(in crate::connect) name: String,
    /// Its lines of data, joined.
    pub(in crate::connect) data: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::connect) enum Sent {
    /// An event.
    Event(SentEvent),
    /// One of at least this many bytes, passed over.
    TooLarge(usize),
}

/// Finds events in bytes, however they are cut.
#[derive(Debug, Default)]
pub(in crate::connect) struct EventReader {
    /// What has come of the present line.
    line: Vec<u8>,
    /// How long it is, whether or not it was kept.
    line_bytes: usize,
    name: String,
    data: String,
    has_data: bool,
    /// Bytes of the present event so far.
    length: usize,
    /// Whether the last byte was a carriage return, so that a line feed belongs to it.
    after_return: bool,
    /// Whether a first line was read, before which a byte order mark may stand.
    began: bool,
    last_id: String,
    retry: Option<Duration>,
}

impl EventReader {
    /// The id of the latest event that had one; to be sent as `Last-Event-ID`.
    pub(in crate::connect) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// The wait before the next connection that the server asks for.
    pub(in crate::connect) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Forgets what has begun, as a connection that ended leaves it; the last id stays.
    pub(in crate::connect) fn begin_anew(&mut self) {
        let last_id = std::mem::take(&mut self.last_id);
        *self = Self { last_id, retry: self.retry, ..Self::default() };
    }

    /// Takes the next bytes, and gives what they complete to `found`.
    pub(in crate::connect) fn take(&mut self, bytes: &[u8], found: &mut Vec<Sent>) {
        for &byte in bytes {
            let follows_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => self.end_line(found),
                _ => {
                    self.length += 1;
                    self.line_bytes += 1;
                    if self.length <= EVENT_BYTES_MAX {
                        self.line.push(byte);
                    }
                }
            }
        }
    }

    fn end_line(&mut self, found: &mut Vec<Sent>) {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let first = !std::mem::replace(&mut self.began, true);
        let line = line.strip_prefix('\u{feff}').filter(|_| first).unwrap_or(&line);
        let line_bytes = std::mem::take(&mut self.line_bytes);
        if self.length > EVENT_BYTES_MAX && line_bytes > 0 {
            return;
        }
        if line.is_empty() {
            return self.dispatch(found);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            // A comment, such as a heartbeat.
            "" => self.length = if self.has_data { self.length } else { 0 },
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.last_id),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                let wait = value.parse().ok().map(Duration::from_millis);
                self.retry = wait.map(|wait| wait.min(RETRY_MAX)).or(self.retry);
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, found: &mut Vec<Sent>) {
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        let length = std::mem::take(&mut self.length);
        if length > EVENT_BYTES_MAX {
            found.push(Sent::TooLarge(length));
        } else if self.has_data {
            let name = if name.is_empty() { "message".to_owned() } else { name };
            found.push(Sent::Event(SentEvent { name, data }));
        }
        self.has_data = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], piece: usize) -> (Vec<String>, EventReader) {
        let (mut reader, mut found) = (EventReader::default(), Vec::new());
        text.chunks(piece).for_each(|piece| reader.take(piece, &mut found));
        let shown = found.into_iter().map(|sent| match sent {
            Sent::Event(event) => format!("{}={}", event.name, event.data),
            Sent::TooLarge(_) => "too large".to_owned(),
        });
        (shown.collect(), reader)
    }

    #[test]
    fn events_are_found_however_they_are_cut() {
        let rows: [(&str, &[&str]); 10] = [
            ("event: update\ndata: {\"a\":1}\n\n", &["update={\"a\":1}"]),
            (":)\n:thump\n\nevent: delete\ndata: 7\n\n", &["delete=7"]),
            ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", &["message=a", "message=b", "message=c"]),
            ("data: a\ndata:b\ndata\n\n", &["message=a\nb\n"]),
            ("event: x\n\ndata: y\n\n", &["message=y"]),
            ("\u{feff}data: \u{feff}ä€😀\n\n", &["message=\u{feff}ä€😀"]),
            ("data: half", &[]),
            ("data:  two blanks\nunknown: z\n\n", &["message= two blanks"]),
            ("event: update\ndata: 1\nevent: delete\n\ndata: 2\n\n", &["delete=1", "message=2"]),
            ("data\n\n", &["message="]),
        ];
        for (text, wanted) in rows {
            for piece in 1..=text.len() {
                assert_eq!(read(text.as_bytes(), piece).0, wanted, "{text:?} in {piece}");
            }
        }
    }

    #[test]
    fn ids_and_waits_are_remembered_over_connections() {
        let text = b"id: 7\nretry: 1500\ndata: a\n\nid: 8\nretry: soon\n\nid: a\0b\ndata: cut";
        let (found, mut reader) = read(text, 3);
        assert_eq!(found, ["message=a"]);
        assert_eq!((reader.last_id(), reader.retry()), ("8", Some(Duration::from_millis(1_500))));
        reader.begin_anew();
        let mut sent = Vec::new();
        reader.take(b"data: b\n\n", &mut sent);
        let event = SentEvent { name: "message".to_owned(), data: "b".to_owned() };
        assert_eq!((reader.last_id(), sent), ("8", vec![Sent::Event(event)]));
    }

    #[test]
    fn a_large_event_costs_itself_alone() {
        let large = "x".repeat(3 << 20);
        let text = format!("event: update\ndata: {large}\ndata: more\n\n:thump\ndata: b\n\n");
        for piece in [1 << 10, 1 << 16, text.len()] {
            let (found, reader) = read(text.as_bytes(), piece);
            assert_eq!(found, ["too large", "message=b"]);
            assert!(reader.line.capacity() <= 2 * EVENT_BYTES_MAX);
        }
    }
}
