//! Which signs of a query mean what, however a word processor, a telephone or another tool set them?

/// Longest phrase in single quotes; what closes further on is taken for an apostrophe.
const SINGLE_CHARS_MAX: usize = 200;

/// What opens and closes a phrase.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂' | '〝' | '〞' | '〟')
}

/// What may close the phrase that this single quote opens.
pub(super) fn single_close(open: char) -> Option<&'static [char]> {
    match open {
        '‘' | '‚' | '‛' => Some(&['’', '‘', '\'']),
        '’' => Some(&['‘', '’']),
        '‹' => Some(&['›']),
        '›' => Some(&['‹']),
        '\'' => Some(&['\'', '’']),
        '`' => Some(&['`', '´', '\'']),
        '´' => Some(&['´', '`']),
        _ => None,
    }
}

/// Where the phrase ends that a single quote opens at the start of `text`, and its length with both
/// quotes; `None` if no quote closes it. An apostrophe inside a word closes nothing.
pub(super) fn single_quoted(text: &str) -> Option<(&str, usize)> {
    let open = text.chars().next()?;
    let closes = single_close(open)?;
    let body = text.get(open.len_utf8()..)?;
    let mut chars = body.char_indices().take(SINGLE_CHARS_MAX).peekable();
    while let Some((at, c)) = chars.next() {
        if is_quote(c) || is_open(c) {
            return None;
        }
        let ends = chars.peek().is_none_or(|&(_, next)| ends_word(next) || is_comma(next));
        if at > 0 && ends && closes.contains(&c) {
            return Some((body.get(..at)?, open.len_utf8() + at + c.len_utf8()));
        }
    }
    None
}

/// A minus sign, or a dash that was made of one.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '−' | '－' | '﹣')
}

pub(super) fn is_open(c: char) -> bool {
    matches!(c, '(' | '（' | '[' | '{')
}

pub(super) fn is_close(c: char) -> bool {
    matches!(c, ')' | '）' | ']' | '}')
}

/// What parts the entries of a list.
pub(super) fn is_comma(c: char) -> bool {
    matches!(c, ',' | ';' | '，' | '、' | '；')
}

/// What ends a word wherever it stands.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || is_open(c) || is_close(c) || is_quote(c) || c == '|'
}

/// How many bytes of `text` are its first word: up to white space, a parenthesis, a quote, a `|`, an
/// `&&`, or a comma that stands in no number.
pub(super) fn word_bytes(text: &str) -> usize {
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |&(_, next)| next);
        let in_number = before.is_ascii_digit() && next.is_ascii_digit();
        if ends_word(c) || (is_comma(c) && !in_number) || (c == '&' && next == '&') {
            return at;
        }
        before = c;
    }
    text.len()
}

/// Operators of other languages and habits, which are words here; and what to write instead.
pub(super) fn operator_meant(word: &str) -> Option<&'static str> {
    // Letters as wide as Chinese ones: ＯＲ.
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xFF21..=0xFF5A => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    let lower: String = word.chars().map(narrow).flat_map(char::to_lowercase).collect();
    let is_upper = lower != word;
    let distance = lower.strip_prefix(['n', 'w']).is_some_and(|digits| {
        (1..3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    match lower.as_str() {
        "or" | "oder" => Some("OR"),
        "and" | "und" => Some("AND"),
        "not" => Some("NOT"),
        "near" => Some("NEAR/5"),
        _ if distance && is_upper => Some("NEAR/5"),
        "nicht" | "ohne" => Some("NOT"),
        "but" if is_upper => Some("AND"),
        "fby" if is_upper => Some("NEAR/5f"),
        "butnot" | "except" | "without" if is_upper => Some("NOT"),
        "ou" | "o" | "xor" if is_upper => Some("OR"),
        "same" | "adj" | "sentence" | "within" if is_upper => Some("NEAR/5"),
        "et" | "y" if is_upper => Some("AND"),
        _ => None,
    }
    .filter(|operator| *operator != word)
}

/// Whether a word is an operator here, or elsewhere.
pub(super) fn is_operator(word: &str) -> bool {
    let name = word.split('/').next().unwrap_or_default();
    matches!(name, "AND" | "ANDNOT" | "OR" | "NOT" | "NEAR" | "ONEAR")
        || operator_meant(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_signs_that_are_none_of_theirs() {
        let rows = [
            ("acme beta", "acme"),
            ("acme,beta", "acme"),
            ("1,5%", "1,5%"),
            ("AT&T", "AT&T"),
            ("a&&b", "a"),
            ("a|b", "a"),
            ("acme”", "acme"),
            ("[a]", ""),
            ("don't)", "don't"),
        ];
        for (text, want) in rows {
            assert_eq!(text.get(..word_bytes(text)), Some(want), "{text}");
        }
    }

    #[test]
    fn single_quotes_pair_around_phrases_only() {
        let rows = [
            ("‘acme’s phone’ x", Some("acme’s phone")),
            ("'acme'", Some("acme")),
            ("'tis acme", None),
            ("‚acme‘", Some("acme")),
            ("`acme`", Some("acme")),
            ("''", None),
            ("acme's", None),
        ];
        for (text, want) in rows {
            assert_eq!(single_quoted(text).map(|(phrase, _)| phrase), want, "{text}");
        }
    }
}
