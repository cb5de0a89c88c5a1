//! How are fields and terms read? Options, values, phrases, words, and what is odd about them.

use super::cursor::{Parser, is_named, number};
use super::error::QueryError;
use super::expr::{Expr, Term};
use super::signs::{is_close, is_open, is_quote, operator_meant, single_close, single_quoted};
use crate::text::{fold_letters, is_emoji};

/// Fields of other tools for a part of the text, which posts have no parts of here.
const TEXT_FIELDS: [&str; 12] = [
    "title",
    "text",
    "content",
    "contents",
    "body",
    "headline",
    "message",
    "description",
    "intitle",
    "intext",
    "allintext",
    "subject",
];
/// Fields of other tools, and what says the same here.
const FOREIGN_FIELDS: [(&str, &str); 14] = [
    ("from", "write author: with what the source calls the author"),
    ("to", "write @handle kind:reply"),
    ("language", "write lang: with an ISO 639 code, as lang:de"),
    ("domain", "write site:, as site:spiegel.de"),
    ("host", "write site:, as site:spiegel.de"),
    ("sitedomain", "write site:, as site:spiegel.de"),
    ("hashtag", "write the word with its sign, as #acme"),
    ("hashtags", "write the word with its sign, as #acme"),
    ("country", "where a post comes from is not known here: remove it"),
    ("location", "where a post comes from is not known here: remove it"),
    ("has", "what a post carries is not known here: remove it"),
    ("is", "write kind:, as kind:reply or NOT kind:repost"),
    ("conversation_id", "write thread: with the id of its first post"),
    ("followers_count", "write followers:, as followers:>1000"),
];

/// What is said of `acme^2`, as search engines write it.
const WEIGHT: &str = "terms have no weights here";
const WEIGHT_HINT: &str = "leave it out: a post matches or it does not";

/// Where a term began, and whether it stood in quotes.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    quoted: bool,
}

impl Place {
    fn error(&self, message: &str, hint: &'static str) -> QueryError {
        QueryError { at: self.start, message: message.to_owned(), hint }
    }
}

impl<'q> Parser<'q> {
    /// A field, or a term with its options.
    pub(super) fn leaf(&mut self) -> Result<Expr, QueryError> {
        let start = self.at;
        let mut term = Term { text: String::new(), raw: false, inflect: false, compound: false };
        while let Some((name, rest)) = self.next_word().split_once(':') {
            let known = name.to_ascii_lowercase();
            if !is_named(&known) {
                if !self.take_foreign_field(name, rest)? {
                    break;
                }
                if self.rest().chars().next().is_some_and(is_open) {
                    return self.primary();
                }
                continue;
            }
            self.at += name.len() + 1;
            match known.as_str() {
                "raw" => term.raw = true,
                "inflect" => term.inflect = true,
                "compound" => term.compound = true,
                _ => {
                    if term.raw || term.inflect || term.compound {
                        self.at = start;
                        return Err(self.error("an option before a field", "remove the option"));
                    }
                    return self.field_values(&known, start);
                }
            }
        }
        if term.raw && (term.inflect || term.compound) {
            self.at = start;
            return Err(self.error(
                "raw together with inflect or compound",
                "raw asks for the very characters: keep one of them",
            ));
        }
        let begun = self.at;
        let (text, quoted) = self.take_text()?;
        let place = Place { start, quoted };
        self.remark_joined(quoted);
        let text = if quoted { text } else { self.plain_word(text, begun, term.raw, &place)? };
        self.term(text, term, &place)
    }

    /// Reads the name of a field that there is not; whether it was passed over.
    fn take_foreign_field(&mut self, name: &str, rest: &str) -> Result<bool, QueryError> {
        let lower = name.to_ascii_lowercase();
        let after = self.query.get(self.at + name.len() + 1..).unwrap_or_default();
        let value = after.chars().next().filter(|c| !c.is_whitespace() && !is_close(*c));
        if value.is_none() || rest.starts_with("//") {
            return Ok(false);
        }
        if TEXT_FIELDS.contains(&lower.as_str()) {
            let hint = "leave it out: a post is one text here";
            self.remark(self.at, format!("{name}: says nothing here"), hint);
            self.at += name.len() + 1;
            return Ok(true);
        }
        if let Some((_, hint)) = FOREIGN_FIELDS.iter().find(|(known, _)| *known == lower) {
            return Err(self.error(&format!("no field is called {name}"), hint));
        }
        if name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
            let hint = "the fields are author, source, lang, site, url, kind, in-reply-to, thread, \
                        followers and engagement; put the term in quotes to look for it as it stands";
            self.remark(self.at, format!("no field is called {name}: read as text"), hint);
        }
        Ok(false)
    }

    /// Takes a word or a phrase; whether it stood in quotes.
    fn take_text(&mut self) -> Result<(&'q str, bool), QueryError> {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or(' ');
        if let Some((phrase, bytes)) = single_quoted(rest) {
            if first.is_ascii() {
                let hint = "write double quotes around a phrase";
                self.remark(self.at, format!("{first} is read as a quote"), hint);
            }
            self.at += bytes;
            return Ok((phrase, true));
        }
        if is_quote(first) {
            return Ok((self.take_quoted(first)?, true));
        }
        let word = self.next_word();
        if first != '\'' && first != '’' && single_close(first).is_some() {
            let hint = "add a closing quote, or remove this one";
            self.remark(self.at, "this quote is never closed", hint);
        }
        self.at += word.len();
        Ok((word, false))
    }

    /// Takes what stands between a quote and the next; a straight one is closed by a straight one if
    /// there is any.
    pub(super) fn take_quoted(&mut self, open: char) -> Result<&'q str, QueryError> {
        let body = self.rest().get(open.len_utf8()..).unwrap_or_default();
        let straight = if open == '"' { body.find('"') } else { None };
        let Some(length) = straight.or_else(|| body.find(is_quote)) else {
            return Err(self.error("this quote is never closed", "add a closing quote"));
        };
        let close =
            body.get(length..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.at += open.len_utf8() + length + close;
        Ok(body.get(..length).unwrap_or_default())
    }

    /// Remarks on a quote in the middle of a word, and passes over a weight behind a phrase.
    fn remark_joined(&mut self, quoted: bool) {
        let next = self.next_word();
        if quoted && next.strip_prefix('^').is_some_and(is_weight) {
            self.remark(self.at, WEIGHT, WEIGHT_HINT);
            self.at += next.len();
            return;
        }
        let joined = match self.rest().chars().next() {
            Some(c) if quoted => c.is_alphanumeric() && !is_operator(next),
            Some(c) => is_quote(c) || matches!(c, '(' | '（'),
            None => false,
        };
        if joined {
            let hint = "put a space between them; write a phrase with quotes around the whole, and \
                        operators (AND, OR, NOT, NEAR/5) between terms";
            self.remark(self.at, "no space in between: both must be there", hint);
        }
    }

    /// A word without quotes: what of it belongs to the term. Refuses operators.
    fn plain_word(
        &mut self,
        word: &'q str,
        begun: usize,
        raw: bool,
        place: &Place,
    ) -> Result<&'q str, QueryError> {
        check_operator(word, place)?;
        if raw {
            return Ok(word);
        }
        if let Some(operator) = operator_meant(word)
            && self.stands_between(place.start)
        {
            let hint = "write the operator in English and in capitals (AND, OR, NOT, NEAR/5), or put \
                        the word in quotes to look for it";
            let message = format!("{word} is a word to look for here, not {operator}");
            self.remark(place.start, message, hint);
        }
        let behind = word.len() - word.trim_end_matches(['.', ':', '…']).len();
        let bare = word.get(..word.len() - behind).unwrap_or_default();
        let is_short = behind == 1 && bare.contains('.');
        if behind > 0 && !is_short && bare.contains(char::is_alphanumeric) && !word.starts_with(':')
        {
            let hint = "leave it out, or put the term in quotes to look for it as it stands";
            self.remark(begun + bare.len(), "a mark at the end of a word is passed over", hint);
            return Ok(bare);
        }
        self.remark_sign_behind(word, begun);
        if let Some((before, weight)) = word.rsplit_once('^')
            && !before.is_empty()
            && is_weight(weight)
        {
            self.remark(begun + before.len(), WEIGHT, WEIGHT_HINT);
            return Ok(before);
        }
        if let Some((before, digits)) = word.rsplit_once('~')
            && !before.is_empty()
            && (digits.is_empty() || number(digits).is_some())
        {
            let hint = "leave it out; a wildcard covers endings, as support*";
            self.remark(begun + before.len(), "there is no search for similar words here", hint);
            return Ok(before);
        }
        self.remark_signs(word, begun);
        Ok(word)
    }

    /// Remarks on a sign behind a word, where few write it: `acme!` does not find acme; `C#` is a name.
    fn remark_sign_behind(&mut self, word: &str, begun: usize) {
        let bare = word.trim_end_matches(['@', '#', '!', '$', '%', '>']);
        if bare.len() < word.len() && bare.chars().filter(|c| c.is_alphabetic()).count() > 2 {
            let hint = "write @acme for a handle, #acme for a tag, acme for the name however it \
                        stands; put the term in quotes to look for it as it is";
            self.remark(begun + bare.len(), "a sign behind a word must stand there in posts", hint);
        }
    }

    /// Whether something stands before and behind the word just taken, in its group.
    fn stands_between(&self, start: usize) -> bool {
        let before = self.query.get(..start).unwrap_or_default().trim_end();
        let after = self.rest().trim_start();
        !before.is_empty()
            && !before.ends_with(is_open)
            && !after.is_empty()
            && !after.starts_with(is_close)
    }

    fn term(&mut self, text: &str, mut term: Term, place: &Place) -> Result<Expr, QueryError> {
        let folded = fold_letters(text);
        if place.quoted && !term.raw && folded.contains(' ') && folded.ends_with('.') {
            let hint = "leave it out: the phrase is then found with it and without";
            self.remark(place.start, "a full stop at the end of a phrase must stand there", hint);
        }
        if folded.is_empty() {
            return Err(place.error(
                "a term without any letters",
                "write the word to look for right after the option or between the quotes",
            ));
        }
        if folded.contains('"') && !term.raw {
            return Err(place.error("a wide quotation mark inside a term", "write it as \" \""));
        }
        let wild = !term.raw && folded.contains(['*', '?']);
        let bare = |word: &str| word.chars().all(|c| matches!(c, '*' | '?'));
        if wild && folded.split(' ').any(bare) {
            return Err(place.error(
                "a wildcard without any letters",
                "give each word a letter to find it by, as support*; for any word between two \
                 write \"one two\"~1",
            ));
        }
        if wild && term.inflect {
            return Err(place.error(
                "inflect together with a wildcard",
                "a wildcard covers the endings: remove the option",
            ));
        }
        if !folded.chars().any(|c| c.is_alphanumeric() || is_emoji(c) || !is_mark(c)) {
            let hint = "write a word; if it was meant as an operator, see the manual of queries";
            self.remark(place.start, "a term without any letter or digit", hint);
        }
        term.text = if term.raw { text.trim().to_owned() } else { folded };
        self.remark_wildcards(&term, place.start);
        if !place.quoted || !self.rest().starts_with('~') {
            return Ok(Expr::Term(term));
        }
        self.at += 1;
        let digits = self.next_word();
        let words_max = self.distance(digits)?;
        self.at += digits.len();
        if !term.text.contains(char::is_whitespace) {
            return Ok(Expr::Term(term));
        }
        if term.text.split_whitespace().any(|word| fold_letters(word).is_empty()) {
            return Err(place.error("a word of which nothing is seen", "remove it"));
        }
        Ok(Expr::Slop { phrase: term, words_max })
    }
}

/// Whether it is a number, as stands behind `^`.
fn is_weight(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether a word is an operator that needs no space before it.
fn is_operator(word: &str) -> bool {
    let name = word.split_once('/').map_or(word, |(name, _)| name);
    matches!(name, "AND" | "OR" | "NOT" | "NEAR" | "ONEAR")
}

/// Whether a character is punctuation: signs of money and the like may be looked for.
fn is_mark(c: char) -> bool {
    (c.is_ascii_punctuation() && c != '$')
        || matches!(c, ' ' | '·' | '×' | '¬' | '∧' | '∨' | '⋅' | '→' | '⇒')
        || matches!(c, '\u{2010}'..='\u{206F}' | '¡' | '¿')
}

/// Refuses operators that stand where a term is expected.
fn check_operator(word: &str, place: &Place) -> Result<(), QueryError> {
    let name = word.split_once('/').map_or(word, |(name, _)| name);
    if matches!(word, "AND" | "OR" | "NOT") || matches!(name, "NEAR" | "ONEAR") {
        return Err(place.error(
            &format!("{word} where a term is expected"),
            "put a term before and after it, or write it in lower case to look for the word",
        ));
    }
    if word.starts_with('~') {
        return Err(place.error(
            "a distance without a phrase before it",
            "write it right after the closing quote, as \"acme service\"~3",
        ));
    }
    Ok(())
}
