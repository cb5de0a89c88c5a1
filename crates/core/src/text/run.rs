//! What is a short word, looked at as a whole? Up to eight bytes in one register.
//!
//! Most words are that short, and a question about each of their bytes is one about a register:
//! Lamport, "Multiple byte processing with full-word instructions" (1975). Byte `i` of a run is the
//! `i`-th lowest of the register. All of it is plain arithmetic, the same on every machine.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// Bytes of a register.
const BYTES: usize = 8;

/// The bytes of ASCII from some place on up to white space, a control character or another byte, but
/// eight at most: whether more of it follows, the next byte tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Zeros beyond the end.
    register: u64,
    len: usize,
}

impl Run {
    /// The run at `at`, cut at `to`, which may not lie beyond the text.
    #[inline(always)]
    pub(crate) fn at(text: &[u8], at: usize, to: usize) -> Self {
        let register = eight(text, at);
        let len = (ends(register).trailing_zeros() / 8) as usize;
        let len = len.min(to.saturating_sub(at));
        Self { register: register & first(len), len }
    }

    /// Bytes in it.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// The register: zeros beyond the end.
    #[inline(always)]
    pub(crate) fn register(self) -> u64 {
        self.register
    }

    /// The same in small letters.
    #[inline(always)]
    pub(crate) fn lower(self) -> Self {
        Self { register: self.register | (within(self.register, b'A', b'Z') >> 2), ..self }
    }

    /// Whether there is a small letter.
    #[inline(always)]
    pub(crate) fn has_small(self) -> bool {
        within(self.register, b'a', b'z') != 0
    }

    /// Whether there are two capitals and more, and no small letter.
    #[inline(always)]
    pub(crate) fn shouts(self) -> bool {
        let capitals = within(self.register, b'A', b'Z');
        capitals & capitals.wrapping_sub(1) != 0 && !self.has_small()
    }

    /// Whether its first bytes, so many, are letters and digits, and none behind them is.
    #[inline(always)]
    pub(crate) fn is_alphanumeric(self, bytes: usize) -> bool {
        let letters = within(self.register | (ONES * 0x20), b'a', b'z');
        let all = HIGHS & first(bytes);
        letters == all || letters | within(self.register, b'0', b'9') == all
    }

    /// Whether it is digits and nothing else.
    #[inline(always)]
    pub(crate) fn is_number(self) -> bool {
        within(self.register, b'0', b'9') == HIGHS & first(self.len)
    }

    /// Whether three and more of the same stand in a row.
    #[inline(always)]
    pub(crate) fn is_stretched(self) -> bool {
        let apart = self.register ^ (self.register >> 8);
        // The highest bit of each byte that is the same as the next.
        let same = !(((apart & !HIGHS) + !HIGHS) | apart) & HIGHS;
        same & (same >> 8) & first(self.len.saturating_sub(2)) != 0
    }

    /// The same without bytes behind the first, so many.
    #[inline(always)]
    pub(crate) fn shortened(self, len: usize) -> Self {
        Self { register: self.register & first(len), len: len.min(self.len) }
    }

    /// Its last bytes, up to eight, the last one highest; zeros before them.
    #[inline(always)]
    pub(crate) fn tail(self) -> u64 {
        if self.len == 0 { 0 } else { self.register << (8 * (BYTES - self.len)) }
    }
}

/// Eight bytes of a text from a place on, the first lowest; zeros beyond its end.
#[inline(always)]
pub(crate) fn eight(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk() {
        return u64::from_le_bytes(*whole);
    }
    last(text, rest.len())
}

/// The last bytes of a text, fewer than eight.
fn last(text: &[u8], bytes: usize) -> u64 {
    match text.last_chunk() {
        Some(_) if bytes == 0 => 0,
        Some(whole) => u64::from_le_bytes(*whole) >> (8 * (BYTES - bytes)),
        None => {
            let rest = text.get(text.len().saturating_sub(bytes)..).unwrap_or_default();
            rest.iter().rev().fold(0, |register, &byte| register << 8 | u64::from(byte))
        }
    }
}

/// A word of at most eight bytes as a register.
pub(crate) const fn word(bytes: &[u8]) -> u64 {
    let (mut register, mut at) = (0, bytes.len());
    while at > 0 {
        at -= 1;
        register = register << 8 | bytes[at] as u64;
    }
    register
}

/// The highest bit of each byte that ends a run, right up to the lowest of them.
#[inline(always)]
fn ends(register: u64) -> u64 {
    let blank = register.wrapping_sub(ONES * (b' ' as u64 + 1)) & !register;
    (blank | register) & HIGHS
}

/// The highest bit of each byte between two of ASCII; all of the register must be ASCII.
#[inline(always)]
fn within(register: u64, first: u8, last: u8) -> u64 {
    let (first, last) = (u64::from(first), u64::from(last));
    let from = register.wrapping_add(ONES * (0x80 - first));
    let beyond = register.wrapping_add(ONES * (0x7F - last));
    from & !beyond & HIGHS
}

/// Ones in the lowest bytes, so many, and none beyond.
#[inline(always)]
fn first(bytes: usize) -> u64 {
    if bytes >= BYTES { u64::MAX } else { (1 << (8 * bytes)) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Run {
        Run::at(text.as_bytes(), 0, text.len())
    }

    #[test]
    fn runs_end_where_words_do() {
        let rows = [
            ("word next", "word"),
            ("Ends", "Ends"),
            ("exactly8 x", "exactly8"),
            ("much-too-long", "much-too"),
            ("So-far!\tx", "So-far!"),
            ("schön", "sch"),
            ("a\u{1}b", "a"),
            (" x", ""),
            ("", ""),
        ];
        for (text, want) in rows {
            let run = run(text);
            assert_eq!(run.len(), want.len(), "{text}");
            assert_eq!(run.register(), word(want.as_bytes()), "{text}");
            assert_eq!(run.lower().register(), word(want.to_lowercase().as_bytes()), "{text}");
            let any = |of: fn(&u8) -> bool| want.as_bytes().iter().any(of);
            assert_eq!(run.lower() != run, any(u8::is_ascii_uppercase), "{text}");
            assert_eq!(run.has_small(), any(u8::is_ascii_lowercase), "{text}");
        }
        assert_eq!(Run::at(b"see:http", 0, 4).len(), 4);
        assert_eq!(Run::at(b"see:http", 4, 8).register(), word(b"http"));
        assert_eq!(run("hours ").tail() >> 48, word(b"rs"));
        assert_eq!(run("word,").shortened(4), run("word"));
    }

    #[test]
    fn kinds_of_bytes_are_told() {
        let rows = [("abc1 ", 4, true), ("a-bc", 4, false), ("abc,", 3, true), ("a,c", 1, false)];
        for (text, bytes, want) in rows {
            assert_eq!(run(text).is_alphanumeric(bytes), want, "{text}");
        }
        let rows =
            [("soo", false), ("sooo", true), ("aaa", true), ("aa", false), ("heyyyyyy", true)];
        for (text, want) in rows.into_iter().chain([("aabbaabb", false), ("a", false), ("", false)])
        {
            assert_eq!(run(text).is_stretched(), want, "{text}");
        }
        assert!(run("12345678 ").is_number() && !run("12a").is_number());
        for (text, want) in
            [("Ab", false), ("AB", true), ("AbC", false), ("A", false), ("A1B", true)]
        {
            assert_eq!(run(text).shouts(), want, "{text}");
        }
    }

    #[test]
    fn eight_bytes_end_with_the_text() {
        let text = b"0123456789";
        for at in 0..12 {
            let want = text.get(at..).unwrap_or_default();
            assert_eq!(eight(text, at), word(&want[..want.len().min(8)]), "{at}");
        }
        assert_eq!(eight(b"abc", 1), word(b"bc"));
    }
}
