//! What is one word of a text, and under which spelling is it looked up?
//!
//! Words are folded: lower case, ä ö ü ß as ae oe ue ss, combining diaeresis as e. Bytes decide as
//! long as they are ASCII; only other characters are decoded.

use super::table::key;
use crate::text::{self, Run};

/// Longest folded word that is looked up; longer ones are noise.
pub(super) const FOLDED_BYTES_MAX: usize = 64;

/// The folded form of the word at hand.
#[derive(Debug)]
pub(super) struct Folding {
    bytes: [u8; FOLDED_BYTES_MAX],
    length: usize,
    /// It did not fit.
    overlong: bool,
}

impl Default for Folding {
    fn default() -> Self {
        Self { bytes: [0; FOLDED_BYTES_MAX], length: 0, overlong: false }
    }
}

impl Folding {
    /// That of a whole word.
    fn of(word: &str) -> Self {
        let mut folding = Self::default();
        match folding.bytes.get_mut(..word.len()) {
            Some(place) if word.is_ascii() => {
                place.copy_from_slice(word.as_bytes());
                place.make_ascii_lowercase();
                folding.length = word.len();
            }
            _ => word.chars().for_each(|c| folding.push_char(c)),
        }
        folding
    }

    /// Begins a new word.
    pub(super) fn clear(&mut self) {
        (self.length, self.overlong) = (0, false);
    }

    /// The folded bytes; none when the word is empty or too long.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if self.overlong || self.length == 0 { None } else { self.bytes.get(..self.length) }
    }

    /// Appends one byte of a small letter, digit or mark.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        let length = self.length;
        let Some(place) = self.bytes.get_mut(length) else {
            self.overlong = true;
            return;
        };
        *place = byte;
        self.length = length + 1;
    }

    /// Becomes the word of these letters and digits of ASCII.
    pub(super) fn set(&mut self, letters: &[u8]) {
        for (place, letter) in self.bytes.iter_mut().zip(letters) {
            // Makes capitals small and leaves digits as they are.
            *place = letter | 0x20;
        }
        (self.length, self.overlong) = (letters.len(), letters.len() > FOLDED_BYTES_MAX);
    }

    /// Whether three and more of the same stand in a row.
    pub(super) fn is_stretched(&self) -> bool {
        let bytes = self.bytes().unwrap_or_default();
        bytes.windows(3).any(|run| run[0] == run[1] && run[1] == run[2])
    }

    /// Appends a character in its folded form.
    pub(super) fn push_char(&mut self, c: char) {
        let mut utf8 = [0; 4];
        let spelled: &[u8] = match c {
            '\0'..='\x7f' => {
                self.push((c as u8).to_ascii_lowercase());
                return;
            }
            'ä' | 'Ä' => b"ae",
            'ö' | 'Ö' => b"oe",
            'ü' | 'Ü' => b"ue",
            'ß' | 'ẞ' => b"ss",
            '\u{308}' => b"e",
            '’' => b"'",
            _ => {
                for lower in c.to_lowercase() {
                    lower.encode_utf8(&mut utf8).bytes().for_each(|byte| self.push(byte));
                }
                return;
            }
        };
        spelled.iter().for_each(|&byte| self.push(byte));
    }

    /// The word without its repetitions: runs of three and more shortened to `kept`.
    pub(super) fn squeeze(&self, kept: usize) -> Self {
        let mut squeezed = Self::default();
        for run in self.bytes().unwrap_or_default().chunk_by(|a, b| a == b) {
            let take = if run.len() > 2 { kept } else { run.len() };
            run.iter().take(take).for_each(|&byte| squeezed.push(byte));
        }
        squeezed
    }
}

/// Folds a whole word; none when it does not fit.
pub(super) fn folded(word: &str) -> Option<Box<[u8]>> {
    Folding::of(word).bytes().map(Into::into)
}

/// The key of a folded word; none when it does not fit.
pub(super) fn folded_key(word: &str) -> Option<u64> {
    Folding::of(word).bytes().map(key)
}

/// What a word is by its letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// One past its last byte.
    pub(super) end: usize,
    /// Two or more letters, all of them capitals.
    pub(super) upper: bool,
    /// Begins with a small letter.
    pub(super) small: bool,
    /// A capital behind a small letter, as in "iPhone" and "NotHappy".
    pub(super) camel: bool,
    /// Digits only.
    pub(super) number: bool,
    /// Holds ä, ö, ü or ß.
    pub(super) umlaut: bool,
    /// Holds another letter beyond ASCII.
    pub(super) strange: bool,
}

/// What the letters of a folded word say, whatever it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    /// Ends as "schlechter" and "besseren" do.
    pub(super) comparative: bool,
    /// Names the stars of a rating.
    pub(super) star: bool,
    /// Lets a "but" behind it except, not oppose.
    pub(super) excepts: bool,
}

impl Spelling {
    /// That of a short word.
    #[inline(always)]
    pub(super) fn of_run(run: Run) -> Self {
        let (word, tail) = (run.register(), run.tail());
        let comparative = tail >> 48 == const { text::word(b"er") }
            || tail >> 40 == const { text::word(b"ere") }
            || tail >> 32 == const { text::word(b"eren") }
            || tail >> 32 == const { text::word(b"eres") };
        let star = word & 0xFFFF == const { text::word(b"st") }
            && [
                const { text::word(b"star") },
                const { text::word(b"stars") },
                const { text::word(b"stern") },
                const { text::word(b"sterne") },
                const { text::word(b"sternen") },
            ]
            .contains(&word);
        let excepts = word == const { text::word(b"anything") }
            || word == const { text::word(b"nothing") }
            || word == const { text::word(b"none") };
        Self { comparative, star, excepts }
    }

    /// That of any word.
    pub(super) fn of(folded: &[u8]) -> Self {
        let comparative = matches!(
            folded,
            [.., b'e', b'r']
                | [.., b'e', b'r', b'e']
                | [.., b'e', b'r', b'e', b'n']
                | [.., b'e', b'r', b'e', b's']
        );
        let star = folded.starts_with(b"st")
            && matches!(folded, b"star" | b"stars" | b"stern" | b"sterne" | b"sternen");
        let excepts = matches!(folded.first(), Some(b'a' | b'n' | b'e'))
            && matches!(folded, b"anything" | b"nothing" | b"everything" | b"none");
        Self { comparative, star, excepts }
    }
}

/// Reads the word that begins at byte `start`, which must be a letter or digit, into `folding`.
#[inline]
pub(super) fn read(text: &str, start: usize, is_handle: bool, folding: &mut Folding) -> Shape {
    let bytes = text.as_bytes();
    let (mut at, mut capitals, mut smalls, mut others) = (start, 0u32, 0u32, 0u32);
    let (mut camel, mut digits) = (false, 0u32);
    let (mut small, mut umlaut, mut strange) = (false, false, false);
    folding.clear();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'a'..=b'z' => {
                small |= at == start;
                smalls += 1;
                folding.push(byte);
                at += 1;
            }
            b'A'..=b'Z' => {
                camel |= smalls > 0;
                capitals += 1;
                folding.push(byte | 0x20);
                at += 1;
            }
            b'0'..=b'9' => {
                digits += 1;
                folding.push(byte);
                at += 1;
            }
            b'_' if is_handle => {
                folding.push(byte);
                at += 1;
            }
            b'*' if at > start && !is_handle && hides_letters(bytes, at, at - start) => {
                folding.push(byte);
                at += 1;
            }
            b'\'' if begins_word(text, at + 1) => {
                folding.push(byte);
                at += 1;
            }
            0x80.. => {
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
                let apostrophe = c == '’' && begins_word(text, at + c.len_utf8());
                if !(apostrophe || is_mark(c) || c.is_alphanumeric()) {
                    break;
                }
                match c {
                    'ä' | 'ö' | 'ü' | 'ß' | 'Ä' | 'Ö' | 'Ü' | '\u{308}' => umlaut = true,
                    _ => strange |= !apostrophe,
                }
                if c.is_lowercase() {
                    small |= at == start;
                    smalls += 1;
                } else if c.is_uppercase() {
                    capitals += 1;
                } else if c.is_alphabetic() {
                    others += 1;
                }
                folding.push_char(c);
                at += c.len_utf8();
            }
            _ => break,
        }
    }
    let upper = smalls == 0 && capitals + others > 1;
    let number = digits > 0 && smalls + capitals + others == 0;
    Shape { end: at, upper, small, camel, number, umlaut, strange }
}

/// Whether the stars at byte `at` stand for letters of a word of which so many bytes were read:
/// "sh*t", "f***".
fn hides_letters(bytes: &[u8], at: usize, read: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let stars = rest.iter().take(HIDDEN_MAX + 1).take_while(|&&byte| byte == b'*').count();
    let goes_on = rest.get(stars).is_some_and(u8::is_ascii_lowercase);
    let inside = bytes.get(at.wrapping_sub(1)) == Some(&b'*');
    stars <= HIDDEN_MAX && (goes_on || inside || read <= 2 && stars >= 2)
}

/// Letters that stars hide at most.
const HIDDEN_MAX: usize = 5;

/// Whether a letter or digit stands at byte `at`.
pub(super) fn begins_word(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        Some(_) => {
            text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(char::is_alphanumeric)
        }
        None => false,
    }
}

/// A combining mark, part of the letter before.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_folded() {
        let rows = [
            ("Schöne Reise", "schoene", "Schöne"),
            ("Scho\u{308}ne", "schoene", "Scho\u{308}ne"),
            ("don’t!", "don't", "don’t"),
            ("dogs' ", "dogs", "dogs"),
            ("ÄRGER", "aerger", "ÄRGER"),
            ("abc-def", "abc", "abc"),
        ];
        for (text, want, word) in rows {
            let mut folding = Folding::default();
            let shape = read(text, 0, false, &mut folding);
            assert_eq!(folding.bytes(), Some(want.as_bytes()), "{text}");
            assert_eq!(text.get(..shape.end), Some(word));
        }
    }

    #[test]
    fn shapes_tell_capitals_from_camels() {
        let rows = [("GREAT", true, false), ("iPhone", false, true), ("ÄÖ", true, false)];
        for (text, upper, camel) in rows {
            let shape = read(text, 0, false, &mut Folding::default());
            assert_eq!((shape.upper, shape.camel), (upper, camel), "{text}");
        }
    }

    #[test]
    fn a_short_word_says_the_same_as_a_run() {
        let words =
            ["er", "lieber", "bessere", "besseren", "stern", "stars", "star", "start", "none"];
        for word in words.into_iter().chain(["nothing", "anything", "eres", "eren", "a", "there"]) {
            let run = Run::at(word.as_bytes(), 0, word.len());
            assert_eq!(Spelling::of_run(run), Spelling::of(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn stretched_words_are_squeezed() {
        let mut folding = Folding::default();
        "soooo".chars().for_each(|c| folding.push_char(c));
        assert!(folding.is_stretched());
        assert_eq!(folding.squeeze(2).bytes(), Some(b"soo".as_slice()));
        assert_eq!(folding.squeeze(1).bytes(), Some(b"so".as_slice()));
    }
}
