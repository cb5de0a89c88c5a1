//! Which signs of a term hardly ever stand so in a post? Paths, code, formulas, encoded characters.
//!
//! A term is looked for with all its signs, so `acme/globex` finds neither name alone. Such terms are
//! read as written, and remarked on.

use super::cursor::Parser;
use super::expr::Term;
use super::signs::is_operator;

/// Letters on either side of a `/` or `+` from which it parts two names: `acme/globex`, but `AC/DC`.
const NAME_LETTERS: usize = 3;
/// What stands for one character in addresses and pages.
const ENCODED: [&str; 7] = ["%20", "%22", "&quot;", "&lt;", "&gt;", "&nbsp;", "&#34;"];

const HINT_QUOTE: &str = "put the term in quotes to look for it as it stands";
const HINT_PARTS: &str = "write OR to find either, a space to ask for both, NEAR/5 for a distance; or put the term in \
                          quotes to look for it as it stands";

impl Parser<'_> {
    /// Remarks on a word without quotes whose signs must stand so in a post.
    pub(super) fn remark_signs(&mut self, word: &str, begun: usize) {
        if letters(word) < 2 && !word.starts_with('/') {
            return;
        }
        let is_address = word.contains("://") || word.starts_with("www.");
        let Some((at, message, hint)) =
            odd_sign(word, is_address).or_else(|| odd_edge(word)).or_else(|| encoded(word))
        else {
            return;
        };
        self.remark(begun + at, message, hint);
    }

    /// Remarks on wildcards that hardly mean what was meant.
    pub(super) fn remark_wildcards(&mut self, term: &Term, start: usize) {
        if term.raw && term.text.contains('*') {
            let hint = "leave raw: out to let * stand for any letters";
            self.remark(start, "in a raw term * is a sign to look for", hint);
        } else if !term.raw && term.text.ends_with('?') {
            let hint = "leave it out to find the word itself; * stands for any letters, also none";
            self.remark(start, "? stands for exactly one more letter or digit", hint);
        }
    }

    /// Remarks on a list of names, one a line: a line break is a space, so that all must be there.
    pub(super) fn remark_lines(&mut self) {
        let lines: Vec<&str> =
            self.query.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let plain = |line: &&str| {
            let quoted = line.len() > 1 && line.starts_with('"') && line.ends_with('"');
            let inner = if quoted { line.get(1..line.len() - 1).unwrap_or_default() } else { line };
            let is_sign = |c: char| matches!(c, '"' | '(' | ')' | ':' | '|');
            let begins = inner.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '#' | '@'));
            begins && !inner.contains(is_sign) && (quoted || !inner.contains(' '))
        };
        if lines.len() > 1 && lines.iter().all(plain) && !lines.iter().any(|line| is_operator(line))
        {
            let at = self.query.find('\n').unwrap_or(0);
            let message = "a line break is read as a space, so that all must be there";
            self.remark(at, message, "write OR between the lines to find any of them");
        }
    }
}

/// A sign within a word that must stand there.
fn odd_sign(word: &str, is_address: bool) -> Option<(usize, String, &'static str)> {
    let sides = |at: usize, len: usize| {
        let after = word.get(at + len..).unwrap_or_default();
        [letters(word.get(..at).unwrap_or_default()), letters(after)]
    };
    let (at, sign) = word.char_indices().find(|&(at, c)| match c {
        '/' if is_address || word.split('/').next().is_some_and(|host| host.contains('.')) => false,
        // `w/s` and `/s` ask elsewhere for the same sentence.
        '/' => {
            at == 0
                || sides(at, 1).into_iter().all(|count| count >= NAME_LETTERS)
                || matches!(word.to_ascii_lowercase().as_str(), "w/s" | "w/p" | "n/s" | "before/s")
                || word.get(at + 1..).is_some_and(is_number) && letters(word) >= NAME_LETTERS
        }
        '+' => sides(at, 1).into_iter().all(|count| count >= NAME_LETTERS),
        '\\' | '=' | '^' | '~' | '¬' | '∧' | '∨' | '⋅' | '″' => !is_address,
        '<' | '>' => word.contains('<') && word.contains('>') && letters(word) > 1,
        '*' => word.get(..at).is_some_and(|before| before.ends_with('.')),
        _ => false,
    })?;
    let hint = if matches!(sign, '/' | '+' | '∧' | '∨') { HINT_PARTS } else { HINT_QUOTE };
    let message = match sign {
        '*' => "there are no regular expressions here: .* asks for a full stop".to_owned(),
        sign => format!("{sign} must stand so in posts"),
    };
    Some((at, message, hint))
}

/// A sign before or behind a word.
fn odd_edge(word: &str) -> Option<(usize, String, &'static str)> {
    if letters(word) < NAME_LETTERS {
        return None;
    }
    let behind = word.len() - 1;
    let at = match (word.as_bytes().first(), word.as_bytes().last()) {
        (Some(b'_'), _) => return Some((0, "_ must stand so in posts".to_owned(), HINT_QUOTE)),
        (_, Some(b'_')) => {
            return Some((behind, "_ must stand so in posts".to_owned(), HINT_QUOTE));
        }
        (Some(b'%'), _) => return Some((0, "% must stand so in posts".to_owned(), HINT_QUOTE)),
        (Some(b'\''), _) if !word.starts_with("'t") && !word.starts_with("'n") => 0,
        // The dogs' is a form of the word.
        (_, Some(b'\'')) if !word.ends_with("s'") => behind,
        _ => return None,
    };
    let hint = "add a quote on the other side, or remove this one";
    Some((at, "this quote is never closed".to_owned(), hint))
}

/// A character written as in an address or a page.
fn encoded(word: &str) -> Option<(usize, String, &'static str)> {
    let (at, code) = ENCODED.into_iter().find_map(|code| Some((word.find(code)?, code)))?;
    let hint = "write the character itself, as a space or a quote";
    Some((at, format!("{code} is a character in the form of addresses or pages"), hint))
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
