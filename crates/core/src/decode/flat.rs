//! What does a line say that is as plain as JSON can be? Members of texts, whole numbers and nulls, one
//! after the other; lists and objects of these are stepped over.
//!
//! Most lines of archives are so, and need no reader of all of JSON. Whatever is not so plain, well
//! formed or not, is left to that one, which also finds the words for what is wrong.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde::de::value::{Error, StrDeserializer};

use crate::post::Kind;
use crate::text::eight;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// Digits of numbers that are read: all of these are below 2^64.
const DIGITS_MAX: usize = 18;
/// How deep lists and objects may lie in each other.
const DEPTH_MAX: usize = 16;

/// A line, read member by member.
#[derive(Debug)]
pub(super) struct Flat<'a> {
    text: &'a str,
    at: usize,
    is_first: bool,
}

/// A plain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain<'a> {
    /// A text without escapes.
    Text(&'a str),
    /// A text with escapes, as it is written, with its quotes.
    Escaped(&'a str),
    /// A whole number, not negative.
    Count(u64),
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag,
    /// A list or an object.
    Nested,
}

impl<'a> Plain<'a> {
    /// The text, where it is one.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Escaped(written) => serde_json::from_str(written).ok().map(Cow::Owned),
            _ => None,
        }
    }

    /// Whether it may stand in a line where nobody asks for it.
    pub(super) fn is_whole(self) -> bool {
        match self {
            Self::Escaped(written) => serde_json::from_str::<IgnoredAny>(written).is_ok(),
            _ => true,
        }
    }

    /// The text, or nothing for `null`; none for what is neither.
    pub(super) fn text_or_null(self) -> Option<Option<Cow<'a, str>>> {
        if self == Self::Null { Some(None) } else { self.text().map(Some) }
    }

    /// The kind that it names, or nothing for `null`; none for what names none.
    pub(super) fn kind_or_null(self) -> Option<Option<Kind>> {
        let kind = |name: &str| Kind::deserialize(StrDeserializer::<Error>::new(name)).ok();
        match self.text_or_null()? {
            Some(name) => kind(&name).map(Some),
            None => Some(None),
        }
    }

    /// The number, or nothing for `null`; none for what is neither.
    pub(super) fn count_or_null(self) -> Option<Option<u64>> {
        match self {
            Self::Count(count) => Some(Some(count)),
            Self::Null => Some(None),
            Self::Text(_) | Self::Escaped(_) | Self::Flag | Self::Nested => None,
        }
    }
}

impl<'a> Flat<'a> {
    /// A line that begins with a brace; none for any other.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        text.starts_with('{').then_some(Self { text, at: 1, is_first: true })
    }

    /// The next member, or nothing at the end of the object and the line; none where something is
    /// not plain.
    #[inline]
    pub(super) fn member(&mut self) -> Option<Option<(&'a str, Plain<'a>)>> {
        self.skip_spaces();
        match (self.byte()?, self.is_first) {
            (b'}', _) => {
                let rest = self.text.get(self.at + 1..)?;
                return rest.trim_ascii().is_empty().then_some(None);
            }
            (b',', false) => {
                self.at += 1;
                self.skip_spaces();
            }
            (_, true) => self.is_first = false,
            _ => return None,
        }
        let name = self.name()?;
        Some(Some((name, self.value()?)))
    }

    fn value(&mut self) -> Option<Plain<'a>> {
        match self.byte()? {
            b'"' => self.quoted(),
            b'0'..=b'9' => self.number().map(Plain::Count),
            b'n' => self.take(b"null").map(|()| Plain::Null),
            b't' => self.take(b"true").map(|()| Plain::Flag),
            b'f' => self.take(b"false").map(|()| Plain::Flag),
            b'[' | b'{' => self.nested(0).map(|()| Plain::Nested),
            _ => None,
        }
    }

    /// Steps over a list or an object of plain values, and lists and objects of them.
    fn nested(&mut self, depth: usize) -> Option<()> {
        let is_object = self.byte()? == b'{';
        let end = if is_object { b'}' } else { b']' };
        self.at += 1;
        self.skip_spaces();
        if self.byte()? == end {
            return self.mark(end);
        }
        loop {
            if is_object {
                self.name()?;
            }
            match self.byte()? {
                b'[' | b'{' if depth == DEPTH_MAX => return None,
                b'[' | b'{' => self.nested(depth + 1)?,
                _ => self.value()?.is_whole().then_some(())?,
            }
            self.skip_spaces();
            if self.byte()? == end {
                return self.mark(end);
            }
            self.mark(b',')?;
            self.skip_spaces();
        }
    }

    /// A name without escapes, and the colon behind it.
    #[inline]
    fn name(&mut self) -> Option<&'a str> {
        let Plain::Text(name) = self.quoted()? else { return None };
        self.skip_spaces();
        self.mark(b':')?;
        self.skip_spaces();
        Some(name)
    }

    /// A text between quotes, unless it holds a control character.
    #[inline]
    fn quoted(&mut self) -> Option<Plain<'a>> {
        self.mark(b'"')?;
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let (mut end, mut is_escaped) = (start, false);
        loop {
            let stops = stops(eight(bytes, end));
            if stops == 0 {
                end += 8;
                continue;
            }
            end += (stops.trailing_zeros() / 8) as usize;
            if bytes.get(end) != Some(&b'\\') {
                break;
            }
            is_escaped = true;
            // What is escaped ends nothing.
            end += 2;
        }
        self.at = end;
        // Beyond the end of the line are zeros, which stop as well.
        self.mark(b'"')?;
        if is_escaped {
            return self.text.get(start - 1..=end).map(Plain::Escaped);
        }
        self.text.get(start..end).map(Plain::Text)
    }

    fn number(&mut self) -> Option<u64> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_whole = matches!(rest.get(digits), Some(b',' | b'}' | b']' | b' '));
        if !is_whole || digits > DIGITS_MAX || digits > 1 && rest.first() == Some(&b'0') {
            return None;
        }
        self.at += digits;
        let value = |number: u64, digit: &u8| number * 10 + u64::from(digit - b'0');
        Some(rest.iter().take(digits).fold(0, value))
    }

    #[inline]
    fn mark(&mut self, mark: u8) -> Option<()> {
        let is_there = self.byte()? == mark;
        self.at += 1;
        is_there.then_some(())
    }

    fn take(&mut self, bytes: &[u8]) -> Option<()> {
        let is_there = self.text.as_bytes().get(self.at..)?.starts_with(bytes);
        self.at += bytes.len();
        is_there.then_some(())
    }

    #[inline]
    fn skip_spaces(&mut self) {
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// Fills a field that was not said before; none where it was.
pub(super) fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.is_none().then(|| *field = Some(value))
}

/// The highest bit of each byte that is a quote, a backslash or a control character, right up to the
/// lowest of them.
#[inline]
fn stops(register: u64) -> u64 {
    let is = |byte: u8| {
        let apart = register ^ (ONES * u64::from(byte));
        apart.wrapping_sub(ONES) & !apart
    };
    let controls = register.wrapping_sub(ONES * 0x20) & !register;
    (is(b'"') | is(b'\\') | controls) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::super::ArchiveLine;
    use super::*;

    fn members(text: &str) -> Option<Vec<(&str, Plain<'_>)>> {
        let (mut flat, mut members) = (Flat::new(text)?, Vec::new());
        while let Some((name, value)) = flat.member()? {
            members.push((name, value.is_whole().then_some(value)?));
        }
        Some(members)
    }

    #[test]
    fn plain_lines_are_read() {
        let text = "{\"id\": \"äöü and more than eight\",\"n\":0 ,\"reach\":123456789012345678, \"x\":null,\"y\":true}\r";
        let want = vec![
            ("id", Plain::Text("äöü and more than eight")),
            ("n", Plain::Count(0)),
            ("reach", Plain::Count(123_456_789_012_345_678)),
            ("x", Plain::Null),
            ("y", Plain::Flag),
        ];
        assert_eq!(members(text), Some(want));
        assert_eq!(members("{}"), Some(Vec::new()));
        let written = r#"{"a":"x\n\"\\","b":["\u00e4"]}"#;
        let want = vec![("a", Plain::Escaped(r#""x\n\"\\""#)), ("b", Plain::Nested)];
        assert_eq!(members(written), Some(want));
        let lists = "[[[[[[[[]]]]]]]]";
        for nested in
            ["[]", "{}", "[ ]", "[1,2 , \"a\",null,{\"b\":[true]}]", "{\"a\":{},\"b\": 1}", lists]
        {
            let text = format!("{{\"a\":1,\"n\": {nested} ,\"z\":2}}");
            let want = vec![("a", Plain::Count(1)), ("n", Plain::Nested), ("z", Plain::Count(2))];
            assert_eq!(members(&text), Some(want), "{text}");
        }
    }

    #[test]
    fn all_else_is_left_to_the_reader_of_json() {
        for text in [
            "",
            "[",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":\"x",
            "{\"a\\n\":\"x\"}",
            "{\"a\":\"x\\",
            "{\"a\":\"x\\\"}",
            "{\"a\":\"x\ty\"}",
            "{\"a\":01}",
            "{\"a\":1.5}",
            "{\"a\":-1}",
            "{\"a\":1e3}",
            "{\"a\":1234567890123456789}",
            "{\"a\":[}",
            "{\"a\":[1}",
            "{\"a\":{]}",
            "{\"a\":[,]}",
            "{\"a\":[1,]}",
            "{\"a\":[1 2]}",
            "{\"a\":{\"b\"}}",
            "{\"a\":{1:2}}",
            "{\"a\":{\"b\":1,}}",
            "{\"a\":[1.5]}",
            "{\"a\":[\"\\x\"]}",
            "{\"a\":{\"\\n\":1}}",
            "{\"a\":1]",
            "{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}",
            "{\"a\":nul}",
            "{\"a\":1,}",
            "{,\"a\":1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1}}",
            "{\"a\":1} x",
            "{a:1}",
            "{\"a\" 1}",
        ] {
            assert_eq!(members(text), None, "{text}");
        }
    }

    #[test]
    fn a_line_says_the_same_however_it_is_read() {
        let fields = "\"id\":\"a-1\",\"text\":\"Grüße, alle\",\"posted_at\":\"2026-03-01T12:00:00.5Z\",\
            \"received_at\":1772366401,\"source\":\"s\",\"author\":\"@Me\",\"kind\":\"review\",\
            \"parent\":null,\"lang\":\"de\",\"url\":\"https://example.org/1\",\"reach\":12,\
            \"engagement\":0";
        let (plain, nested) = (format!("{{{fields}}}"), format!("{{\"x\":1.5,{fields}}}"));
        assert!(members(&plain).is_some() && members(&nested).is_none());
        let read = |line: &str| format!("{:?}", ArchiveLine::parse(line.as_bytes()));
        assert_eq!(read(&plain), read(&nested));
        assert!(read(&plain).starts_with("Ok"), "{}", read(&plain));
        // What is escaped is read the same, and what is escaped wrongly refused the same.
        for more in [r#""q":"\ud83d\ude00""#, r#""q":"\x""#, r#""q":"\ud83d""#, r#""q":["\u12"]"#] {
            let (plain, nested) =
                (format!("{{{fields},{more}}}"), format!("{{{fields},{more},\"x\":1.5}}"));
            assert_eq!(read(&plain), read(&nested), "{more}");
        }
        for (from, to) in [("Grüße, alle", r#"Gr\u00fc\u00dfe,\n\"alle\""#), ("a-1", r"\ud83d-1")]
        {
            let fields = fields.replace(from, to);
            let (plain, nested) = (format!("{{{fields}}}"), format!("{{{fields},\"x\":1.5}}"));
            assert_eq!(read(&plain), read(&nested), "{to}");
        }
        for twice in ["\"id\":\"b\"", "\"lang\":null", "\"reach\":\"12\"", "\"kind\":\"none\""] {
            let (plain, nested) =
                (format!("{{{twice},{fields}}}"), format!("{{\"x\":1.5,{twice},{fields}}}"));
            assert_eq!(read(&plain), read(&nested), "{twice}");
        }
    }

    /// What is read here is what the reader of JSON reads.
    #[test]
    fn whatever_is_read_is_json() {
        let pieces =
            ["{", "}", ",", ":", "\"", "\":[", "\\", "1", "[", "null", " ", "]", "\"b\":2", "]"];
        let mut state = 1u64;
        let mut read = 0;
        for _ in 0..200_000 {
            let mut text = String::from("{\"");
            for _ in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
            }
            text.push('}');
            if let Some(found) = members(&text) {
                let value: serde_json::Value = serde_json::from_str(&text).expect(&text);
                let names: std::collections::BTreeSet<&str> =
                    found.iter().map(|one| one.0).collect();
                assert_eq!(
                    value.as_object().map(serde_json::Map::len),
                    Some(names.len()),
                    "{text}"
                );
                read += 1;
            }
        }
        assert!(read > 100, "{read}");
    }
}
