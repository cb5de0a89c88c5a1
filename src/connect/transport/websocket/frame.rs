//! What came over a WebSocket? From bytes to messages (RFC 6455), as a client reads them.
//!
//! Pure, and kinder than the protocol asks: a text that is not UTF-8 is handed out for a decoder to
//! refuse, and a message that is too large is passed over as it comes. Both cost one message, not
//! the connection.

/// Largest message taken.
pub(super) const MESSAGE_BYTES_MAX: u64 = 1 << 20;
/// Largest frame that is passed over; beyond, the connection is worth nothing.
const FRAME_BYTES_MAX: u64 = 1 << 32;
/// Largest payload of a ping, pong or close.
const CONTROL_BYTES_MAX: usize = 125;

/// The opcodes that there are.
mod opcode {
    pub(super) const CONTINUATION: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const BINARY: u8 = 2;
    pub(super) const CLOSE: u8 = 8;
    pub(super) const PING: u8 = 9;
    pub(super) const PONG: u8 = 10;
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::connect) enum Incoming<'a> {
    /// A whole message, text or binary.
    Message(&'a [u8]),
    /// A message of this many bytes, passed over.
    TooLarge(u64),
    /// To be answered with the same bytes.
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong,
    /// The server goes, and says why.
    Close(String),
}

/// Finds messages in bytes.
#[derive(Debug, Default)]
pub(super) struct Deframer {
    buffer: Vec<u8>,
    /// How many bytes of the buffer are done with.
    at: usize,
    /// The fragments of a message so far.
    message: Vec<u8>,
    /// Whether a message has begun and not ended.
    is_open: bool,
    /// Length of the present message so far.
    length: u64,
    /// Bytes of the present frame that are passed over.
    skip: u64,
    /// Whether the frame that is passed over ends its message.
    skip_ends: bool,
    /// The message handed out last is whole and no longer needed.
    is_taken: bool,
}

/// The head of a frame.
struct Head {
    ends: bool,
    opcode: u8,
    length: u64,
    bytes: usize,
}

impl Deframer {
    /// Room for the next bytes; what was read is to be appended.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.at.min(self.buffer.len()));
        self.at = 0;
        &mut self.buffer
    }

    /// The next thing that is whole.
    ///
    /// # Errors
    /// What breaks the protocol, in words.
    pub(super) fn next(&mut self) -> Result<Option<Incoming<'_>>, String> {
        if std::mem::take(&mut self.is_taken) {
            self.message.clear();
        }
        loop {
            if self.skip > 0 || self.skip_ends {
                if !self.pass_over() {
                    return Ok(None);
                }
                if std::mem::take(&mut self.skip_ends) {
                    return Ok(Some(Incoming::TooLarge(self.end_message())));
                }
                continue;
            }
            let Some(head) = self.head()? else { return Ok(None) };
            if head.opcode >= opcode::CLOSE {
                let Some(payload) = self.payload(&head) else { return Ok(None) };
                return control(head.opcode, payload).map(Some);
            }
            if self.length + head.length > MESSAGE_BYTES_MAX {
                self.at += head.bytes;
                (self.is_open, self.length) = (true, self.length + head.length);
                (self.skip, self.skip_ends) = (head.length, head.ends);
                self.message.clear();
                continue;
            }
            let (start, end) = (self.at + head.bytes, self.end_of(&head));
            if self.buffer.len() < end {
                return Ok(None);
            }
            self.at = end;
            if head.ends && self.message.is_empty() {
                self.end_message();
                return Ok(Some(Incoming::Message(
                    self.buffer.get(start..end).unwrap_or_default(),
                )));
            }
            self.message.extend_from_slice(self.buffer.get(start..end).unwrap_or_default());
            (self.is_open, self.length) = (true, self.length + head.length);
            if head.ends {
                self.end_message();
                self.is_taken = true;
                return Ok(Some(Incoming::Message(&self.message)));
            }
        }
    }

    /// Passes over what is there of a frame; whether that was all of it.
    fn pass_over(&mut self) -> bool {
        let there = self.buffer.len().saturating_sub(self.at);
        let passed = there.min(usize::try_from(self.skip).unwrap_or(usize::MAX));
        self.at += passed;
        self.skip -= u64::try_from(passed).unwrap_or(0);
        self.skip == 0
    }

    fn end_message(&mut self) -> u64 {
        self.is_open = false;
        std::mem::take(&mut self.length)
    }

    fn head(&self) -> Result<Option<Head>, String> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let &[first, second, ..] = rest else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err("the server sends frames of an extension that was not agreed on".to_owned());
        }
        if second & 0x80 != 0 {
            return Err("the server masks its frames".to_owned());
        }
        let (length, bytes) = match (second, rest) {
            (126, &[_, _, a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 4),
            (127, &[_, _, a, b, c, d, e, f, g, h, ..]) => {
                (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 10)
            }
            (126 | 127, _) => return Ok(None),
            (length, _) => (u64::from(length), 2),
        };
        let head = Head { ends: first & 0x80 != 0, opcode: first & 0x0f, length, bytes };
        self.check(&head)?;
        Ok(Some(head))
    }

    fn check(&self, head: &Head) -> Result<(), String> {
        match head.opcode {
            opcode::CONTINUATION if !self.is_open => {
                Err("the server continues a message that it did not begin".to_owned())
            }
            opcode::TEXT | opcode::BINARY if self.is_open => {
                Err("the server begins a message inside another".to_owned())
            }
            opcode::CONTINUATION..=opcode::BINARY if head.length > FRAME_BYTES_MAX => {
                Err(format!("the server announces a frame of {} bytes", head.length))
            }
            opcode::CONTINUATION..=opcode::BINARY => Ok(()),
            opcode::CLOSE..=opcode::PONG => {
                let is_small = head.length <= CONTROL_BYTES_MAX as u64;
                let ok = head.ends && is_small;
                if ok {
                    Ok(())
                } else {
                    Err("the server sends a control frame in parts".to_owned())
                }
            }
            other => Err(format!("the server sends frames of the unknown kind {other}")),
        }
    }

    fn end_of(&self, head: &Head) -> usize {
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        (self.at + head.bytes).saturating_add(length)
    }

    fn payload(&mut self, head: &Head) -> Option<Vec<u8>> {
        let end = self.end_of(head);
        let payload = self.buffer.get(self.at + head.bytes..end)?.to_vec();
        self.at = end;
        Some(payload)
    }
}

fn control<'a>(code: u8, payload: Vec<u8>) -> Result<Incoming<'a>, String> {
    Ok(match code {
        opcode::PING => Incoming::Ping(payload),
        opcode::PONG => Incoming::Pong,
        _ => Incoming::Close(match payload.as_slice() {
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                let reason = String::from_utf8_lossy(reason);
                let reason: String = reason.chars().filter(|c| !c.is_control()).collect();
                let join = if reason.is_empty() { "" } else { ": " };
                format!("with {code}{join}{reason}")
            }
            _ => "without a reason".to_owned(),
        }),
    })
}

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outgoing {
    Text = opcode::TEXT as isize,
    Close = opcode::CLOSE as isize,
    Ping = opcode::PING as isize,
    Pong = opcode::PONG as isize,
}

/// A frame as a client sends it, masked as the protocol asks; the payload of all but a text is cut
/// to 125 bytes.
pub(super) fn frame(kind: Outgoing, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let payload_max = if kind == Outgoing::Text { payload.len() } else { CONTROL_BYTES_MAX };
    let payload = payload.get(..payload_max).unwrap_or(payload);
    let code = match kind {
        Outgoing::Text => opcode::TEXT,
        Outgoing::Close => opcode::CLOSE,
        Outgoing::Ping => opcode::PING,
        Outgoing::Pong => opcode::PONG,
    };
    let mut frame = vec![0x80 | code];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=125), _) => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's frame.
    fn sent(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ ..126 => frame.push(length as u8),
            length @ ..65_536 => {
                frame.push(126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(payload);
        frame
    }

    /// What is found in bytes that come in pieces of a length.
    fn found(bytes: &[u8], piece: usize) -> Vec<String> {
        let (mut deframer, mut found) = (Deframer::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            deframer.buffer().extend(piece);
            loop {
                match deframer.next() {
                    Ok(None) => break,
                    Ok(Some(Incoming::Message(bytes))) => {
                        found.push(String::from_utf8_lossy(bytes).into_owned());
                    }
                    Ok(Some(other)) => found.push(format!("{other:?}")),
                    Err(error) => {
                        found.push(error);
                        return found;
                    }
                }
            }
            assert!(deframer.buffer.len() <= MESSAGE_BYTES_MAX as usize + piece.len() + 10);
        }
        found
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let large = vec![b'x'; 3 << 20];
        let edge = "y".repeat(MESSAGE_BYTES_MAX as usize);
        let bytes = [
            sent(0x81, b"one"),
            sent(0x01, b"tw"),
            sent(0x89, b"ping"),
            sent(0x80, b"o"),
            sent(0x82, &large),
            sent(0x81, b"\xff"),
            sent(0x01, &large[..1 << 19]),
            sent(0x00, &large[..1 << 20]),
            sent(0x80, b""),
            sent(0x81, edge.as_bytes()),
            sent(0x81, b""),
            sent(0x81, &[b'z'; 300]),
            sent(0x88, b"\x03\xf0policy"),
        ]
        .concat();
        let wanted = [
            "one",
            "Ping([112, 105, 110, 103])",
            "two",
            "TooLarge(3145728)",
            "\u{fffd}",
            "TooLarge(1572864)",
            &edge,
            "",
            &"z".repeat(300),
            "Close(\"with 1008: policy\")",
        ];
        for piece in [1 << 13, 4_097, 1 << 20, bytes.len()] {
            assert!(found(&bytes, piece) == wanted, "in pieces of {piece}");
        }
        assert_eq!(found(&bytes[..40], 1), ["one", "Ping([112, 105, 110, 103])", "two"]);
    }

    #[test]
    fn what_breaks_the_protocol_is_named() {
        let rows: [(&[u8], &str); 7] = [
            (b"\xc1\x01a", "extension"),
            (b"\x81\x81aaaab", "masks"),
            (b"\x80\x01a", "did not begin"),
            (b"\x01\x01a\x81\x01b", "inside another"),
            (b"\x09\x01a", "in parts"),
            (b"\x83\x01a", "unknown kind 3"),
            (b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "announces"),
        ];
        for (bytes, wanted) in rows {
            let found = found(bytes, 64);
            assert!(found.last().is_some_and(|said| said.contains(wanted)), "{found:?} {wanted}");
        }
        let masked = frame(Outgoing::Pong, b"ab", [1, 2, 3, 4]);
        assert_eq!(masked, [0x8a, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2]);
        for (length, head) in
            [(125, vec![0xfd]), (126, vec![0xfe, 0, 126]), (300, vec![0xfe, 1, 44])]
        {
            let text = frame(Outgoing::Text, &vec![b'x'; length], [0; 4]);
            assert_eq!((text[0], &text[1..=head.len()]), (0x81, &*head), "{length}");
            assert_eq!(text.len(), 1 + head.len() + 4 + length);
        }
    }
}
