//! Which characters does a text hold, with its HTML entities decoded, and where?

use super::entity::entity;

/// Goes over the characters of a text; an entity is the one character that it stands for.
#[derive(Debug, Clone)]
pub(super) struct Letters<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Letters<'t> {
    /// Begins at a byte of the text.
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    /// Where the next character begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next character, without taking it.
    pub(super) fn peek(&self) -> Option<char> {
        self.ahead().map(|(c, _)| c)
    }

    /// Takes the next character if it is as asked; with its place.
    pub(super) fn next_if(&mut self, asked: impl Fn(char) -> bool) -> Option<(usize, char)> {
        let (c, bytes) = self.ahead().filter(|&(c, _)| asked(c))?;
        self.at += bytes;
        Some((self.at - bytes, c))
    }

    /// The next character and its length in bytes.
    fn ahead(&self) -> Option<(char, usize)> {
        let rest = self.text.get(self.at..)?;
        match rest.chars().next()? {
            '&' => Some(entity(rest.as_bytes()).unwrap_or(('&', 1))),
            c => Some((c, c.len_utf8())),
        }
    }
}

/// The characters of a text with its entities decoded.
pub(crate) fn decoded(text: &str) -> impl Iterator<Item = char> {
    Letters::new(text, 0).map(|(_, c)| c)
}

impl Iterator for Letters<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        self.next_if(|_| true)
    }
}
