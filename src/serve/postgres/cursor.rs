//! How does a client fetch in parts by SQL? `DECLARE`, `FETCH`, `MOVE` and `CLOSE`, forward only. A
//! cursor is a portal under its name.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::failure::Failure;
use super::words::Word;

/// What is done with a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cursor {
    Declare {
        name: String,
        sql: String,
        hold: bool,
    },
    /// So many rows, or all; what is moved over is not sent.
    Fetch {
        name: String,
        rows_max: Option<usize>,
        is_sent: bool,
    },
    Close(String),
}

impl Cursor {
    /// `DECLARE name ... CURSOR ... FOR query`
    pub(super) fn declare(sql: &str, words: &[Word]) -> Result<Self, Failure> {
        let wrong = || Failure::new("42601", "write DECLARE name CURSOR FOR SELECT ...");
        let capitals: Vec<String> = words.iter().map(Word::capitals).collect();
        let cursor = capitals.iter().position(|word| word == "CURSOR").ok_or_else(wrong)?;
        let behind = capitals.get(cursor..).unwrap_or_default();
        let start = behind.iter().position(|word| word == "FOR").ok_or_else(wrong)? + cursor;
        let query = words.get(start + 1).and_then(|word| sql.get(word.at..)).ok_or_else(wrong)?;
        let name = words.get(1).ok_or_else(wrong)?.name();
        let between = capitals.get(cursor..start).unwrap_or_default();
        let hold = between.windows(2).any(|pair| pair[0] == "WITH" && pair[1] == "HOLD");
        Ok(Self::Declare { name, sql: query.to_owned(), hold })
    }

    /// `FETCH [FORWARD] [count | ALL | NEXT] [FROM | IN] name`, and the same with `MOVE`
    pub(super) fn fetch(words: &[Word]) -> Result<Self, Failure> {
        let is_sent = words.first().is_some_and(|word| word.capitals() == "FETCH");
        let Some((last, how)) = words.get(1..).unwrap_or_default().split_last() else {
            return Err(Failure::new("42601", "write FETCH 100 FROM name"));
        };
        let mut rows_max = Some(1);
        for word in how {
            match (word.capitals().as_str(), &word.token) {
                ("FORWARD" | "NEXT" | "FROM" | "IN", _) => {}
                ("ALL", _) => rows_max = None,
                (_, Token::Number(number, _)) => rows_max = number.parse().ok(),
                _ => {
                    let message = format!("cursors go forward, and not {}", word.plain());
                    return Err(Failure::new("0A000", message));
                }
            }
        }
        Ok(Self::Fetch { name: last.name(), rows_max, is_sent })
    }
}
