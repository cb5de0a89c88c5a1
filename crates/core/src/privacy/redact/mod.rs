//! Which personal data stand in a text? E-mail addresses, telephone numbers, IBANs, card numbers, and
//! handles of people.
//!
//! What a checksum proves is believed; telephone numbers are told by the way people write them, and
//! left alone where a price, a date or an order number is as likely. Names of people are not found.
//! Linear in the text: every look around a sign is bounded.

mod iban;
mod links;
mod mail;
mod written;
mod card;
mod phone;
mod number;

use std::collections::HashSet;

use super::names::plain;
use crate::post::Span;

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Personal {
    /// `name@host.tld`, also with `(at)`.
    Email,
    /// A telephone number, German or international; none that is free or costs extra, since those
    /// are of companies.
    Phone,
    /// An account number with a right checksum.
    Iban,
    /// The number of a credit or debit card with a right checksum.
    Card,
    /// `@name`, and names in addresses of profiles.
    Handle,
}

impl Personal {
    /// Each kind with its name in a configuration.
    pub const ALL: [(&'static str, Self); 5] = [
        ("email", Self::Email),
        ("phone", Self::Phone),
        ("iban", Self::Iban),
        ("card", Self::Card),
        ("handle", Self::Handle),
    ];

    /// What stands in its place: no word, so that no query and no score meets it.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Email => "•@•",
            Self::Phone => "•☎•",
            Self::Iban => "•€•",
            Self::Card => "•#•",
            Self::Handle => "•",
        }
    }
}

/// Something personal in a text, in bytes. Of a handle, the `@` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it is.
    pub kind: Personal,
}

/// Takes personal data out of texts.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    kinds: Vec<Personal>,
    /// Names of our own accounts, without `@` and in small letters.
    own: HashSet<String>,
}

impl Redactor {
    /// One for these kinds; handles of `own` accounts are nobody else's and stay.
    ///
    /// # Example
    /// ```
    /// use resonanz_core::privacy::{Personal, Redactor};
    /// let redactor = Redactor::new([Personal::Email, Personal::Handle], ["@acme_de"]);
    /// let text = redactor.redacted("@acme_de schreibt an max@example.org, sagt @max");
    /// assert_eq!(text.as_deref(), Some("@acme_de schreibt an •@•, sagt @•"));
    /// ```
    #[must_use]
    pub fn new<'a>(
        kinds: impl IntoIterator<Item = Personal>,
        own: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let own = own.into_iter().map(|name| plain(name).into_owned());
        Self { kinds: kinds.into_iter().collect(), own: own.collect() }
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The text without personal data; `None` if it holds none.
    #[must_use]
    pub fn redacted(&self, text: &str) -> Option<String> {
        let pieces = self.pieces(text);
        (!pieces.is_empty()).then(|| replaced(text, &pieces))
    }

    /// The text without personal data, and the spans moved along; `None` if it holds none. A handle
    /// in which a span stands is what was listened for, and stays; so does anything else that one
    /// span covers.
    #[must_use]
    pub fn redacted_around(&self, text: &str, spans: &mut [Span]) -> Option<String> {
        let mut pieces = self.pieces(text);
        pieces.retain(|piece| !spans.iter().any(|span| is_wanted(piece, span)));
        if pieces.is_empty() {
            return None;
        }
        for span in spans {
            let start = moved(span.start as usize, &pieces, Edge::Start);
            let end = moved(span.end as usize, &pieces, Edge::End);
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            *span = Span { start: place(start), end: place(end) };
        }
        Some(replaced(text, &pieces))
    }

    /// What is personal in a text, in order and without overlaps.
    #[must_use]
    pub fn pieces(&self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.is_idle() {
            return pieces;
        }
        let bytes = text.as_bytes();
        let has = |kind| self.kinds.contains(&kind);
        if has(Personal::Email) || has(Personal::Handle) {
            mail::find(text, &mut pieces);
        }
        if has(Personal::Handle) {
            links::find(text, &mut pieces);
        }
        if bytes.iter().filter(|byte| byte.is_ascii_digit()).nth(number::DIGITS_MIN - 1).is_some() {
            if has(Personal::Iban) {
                iban::find(text, &mut pieces);
            }
            let wanted = [Personal::Card, Personal::Phone].map(has);
            if wanted.contains(&true) {
                number::find(text, wanted, &mut pieces);
            }
        }
        pieces.retain(|piece| has(piece.kind) && !self.is_own(text, piece));
        // What a checksum proves comes before what only looks so.
        pieces.sort_by_key(|piece| (piece.start, rank(piece.kind), std::cmp::Reverse(piece.end)));
        let mut end = 0;
        pieces.retain(|piece| {
            let is_free = piece.start >= end;
            end = if is_free { piece.end } else { end };
            is_free
        });
        pieces
    }

    fn is_own(&self, text: &str, piece: &Piece) -> bool {
        let name = plain(text.get(piece.start..piece.end).unwrap_or_default());
        // On networks of many servers, the server may stand behind the name.
        let local = name.split('@').next().unwrap_or_default();
        piece.kind == Personal::Handle && (self.own.contains(&*name) || self.own.contains(local))
    }
}

fn rank(kind: Personal) -> u8 {
    match kind {
        Personal::Email => 0,
        Personal::Iban => 1,
        Personal::Card => 2,
        Personal::Phone => 3,
        Personal::Handle => 4,
    }
}

fn is_wanted(piece: &Piece, span: &Span) -> bool {
    let (start, end) = (span.start as usize, span.end as usize);
    match piece.kind {
        // The span may hold the sign before the name.
        Personal::Handle => start < piece.end && end > piece.start,
        _ => start <= piece.start && end >= piece.end,
    }
}

/// Which end of a span moves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
}

/// Where a place of the text is once the pieces are replaced; inside of one, at its edge.
fn moved(at: usize, pieces: &[Piece], edge: Edge) -> usize {
    // Ends of what was replaced so far, in the old text and in the new.
    let (mut old, mut new) = (0, 0);
    for piece in pieces {
        if piece.start >= at {
            break;
        }
        let start = new + (piece.start - old);
        let end = start + piece.kind.mark().len();
        if at < piece.end {
            return if edge == Edge::Start { start } else { end };
        }
        (old, new) = (piece.end, end);
    }
    new + (at - old)
}

fn replaced(text: &str, pieces: &[Piece]) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for piece in pieces {
        out.push_str(text.get(done..piece.start).unwrap_or_default());
        out.push_str(piece.kind.mark());
        done = piece.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
