//! Of which words does a statement consist, and where do they stand in what was sent?

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// A word or sign, without the spaces around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) token: Token,
    /// Bytes of the text before it, and up to its end.
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Word {
    /// In capitals, if it is a word without quotes.
    pub(super) fn capitals(&self) -> String {
        match &self.token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_uppercase(),
            _ => String::new(),
        }
    }

    /// A name or a value without its quotes.
    pub(super) fn plain(&self) -> String {
        match &self.token {
            Token::Word(word) => word.value.clone(),
            Token::SingleQuotedString(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// A name as PostgreSQL reads it.
    pub(super) fn name(&self) -> String {
        match &self.token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_lowercase(),
            _ => self.plain(),
        }
    }
}

/// The words of a text; `None` if it cannot be cut into words.
pub(super) fn words(sql: &str) -> Option<Vec<Word>> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location().ok()?;
    let mut place = Place { rest: sql, line: 1, column: 1, at: 0 };
    let mut words = Vec::new();
    for found in tokens {
        let at = place.go(found.span.start.line, found.span.start.column);
        let end = place.go(found.span.end.line, found.span.end.column);
        if !matches!(found.token, Token::Whitespace(_) | Token::EOF) {
            words.push(Word { token: found.token, at, end });
        }
    }
    Some(words)
}

/// The statements of a text with their words, without those that are empty.
pub(super) fn statements(sql: &str) -> Option<Vec<(&str, Vec<Word>)>> {
    let words = words(sql)?;
    let parts = words.split(|word| word.token == Token::SemiColon);
    let parts = parts.filter_map(|part| {
        let (first, last) = (part.first()?, part.last()?);
        let text = sql.get(first.at..last.end)?;
        let moved = |word: &Word| Word {
            token: word.token.clone(),
            at: word.at - first.at,
            end: word.end - first.at,
        };
        Some((text, part.iter().map(moved).collect()))
    });
    Some(parts.collect())
}

/// A place that only goes forward.
struct Place<'s> {
    rest: &'s str,
    line: u64,
    column: u64,
    at: usize,
}

impl Place<'_> {
    /// The byte at a line and column, both from 1.
    fn go(&mut self, line: u64, column: u64) -> usize {
        while (self.line, self.column) < (line, column) {
            let Some(letter) = self.rest.chars().next() else { break };
            (self.line, self.column) =
                if letter == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
            self.rest = self.rest.get(letter.len_utf8()..).unwrap_or_default();
            self.at += letter.len_utf8();
        }
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn statements_are_cut_where_they_end() {
        let cut = |sql| -> Vec<&str> {
            statements(sql).expect("words").into_iter().map(|(text, _)| text).collect()
        };
        assert_eq!(cut("SELECT 1"), ["SELECT 1"]);
        assert_eq!(cut(" ; -- nothing\n;"), [""; 0]);
        assert_eq!(
            cut("SELECT 'ü;' ;\n-- c;\n  SELECT \"b;\"\n , $x$;$x$; "),
            ["SELECT 'ü;'", "SELECT \"b;\"\n , $x$;$x$"]
        );
    }
}
