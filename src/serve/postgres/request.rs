//! What does a statement ask of the connection itself? Settings, transactions, prepared statements.
//! All else is a query.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::failure::Failure;
use super::settings::Scope;

/// First words of statements that write, some of which the lake could not even read.
const WRITES: [&str; 22] = [
    "ALTER", "ANALYZE", "CALL", "CLUSTER", "COMMENT", "COPY", "CREATE", "DELETE", "DO", "DROP",
    "GRANT", "IMPORT", "INSERT", "LOAD", "LOCK", "MERGE", "REFRESH", "REINDEX", "REVOKE",
    "TRUNCATE", "UPDATE", "VACUUM",
];
/// First words of statements that PostgreSQL has and a lake has not.
const MISSING: [&str; 7] = ["DECLARE", "EXECUTE", "FETCH", "LISTEN", "MOVE", "NOTIFY", "PREPARE"];

/// A statement, as far as the connection cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// Nothing but spaces and comments.
    Empty,
    /// To be read by the lake, which also says what is wrong with it.
    Query,
    Show(String),
    Set {
        name: String,
        value: Option<String>,
        scope: Scope,
    },
    ResetAll,
    /// What has no effect and needs none.
    Nothing(&'static str),
    Begin,
    Commit,
    Rollback,
    /// Back to a savepoint: nothing was changed since.
    RollbackTo,
    Deallocate(Option<String>),
    Discard,
}

impl Request {
    /// Whether it may come in a transaction that failed.
    pub(super) fn ends_failure(&self) -> bool {
        matches!(self, Self::Commit | Self::Rollback | Self::RollbackTo)
    }

    /// Reads a statement's first words.
    pub(super) fn read(sql: &str) -> Result<Self, Failure> {
        // What cannot be cut into words is explained by the lake.
        let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize() else {
            return Ok(Self::Query);
        };
        let tokens: Vec<Token> =
            tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
        let mut statements = tokens.split(|token| *token == Token::SemiColon);
        let mut statements = statements.by_ref().filter(|statement| !statement.is_empty());
        let Some(statement) = statements.next() else { return Ok(Self::Empty) };
        if statements.next().is_some() {
            return Err(Failure::new("42601", "more than one statement is given")
                .hint("send one at a time"));
        }
        let words: Vec<String> = statement.iter().map(word).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.first() {
            Some(first) if WRITES.contains(first) => {
                Err(Failure::new("25006", "only reading is possible")
                    .hint("write one SELECT, EXPLAIN, DESCRIBE or SHOW"))
            }
            Some(first) if MISSING.contains(first) => {
                Err(Failure::new("0A000", format!("there is no {first} here"))
                    .hint("fetch in parts by the protocol, as drivers do with a fetch size"))
            }
            _ => Ok(of(&words, statement)),
        }
    }
}

/// A token as a word in capitals, or nothing.
fn word(token: &Token) -> String {
    match token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_uppercase(),
        _ => String::new(),
    }
}

fn of(words: &[&str], tokens: &[Token]) -> Request {
    match words {
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => Request::Begin,
        ["COMMIT", "PREPARED", ..] | ["ROLLBACK", "PREPARED", ..] => Request::Query,
        ["COMMIT" | "END", ..] => Request::Commit,
        ["ROLLBACK", .., "TO", _] | ["ROLLBACK", .., "TO", "SAVEPOINT", _] => Request::RollbackTo,
        ["ROLLBACK" | "ABORT", ..] => Request::Rollback,
        ["SAVEPOINT", _] => Request::Nothing("SAVEPOINT"),
        ["RELEASE", ..] => Request::Nothing("RELEASE"),
        ["CLOSE", "ALL"] => Request::Nothing("CLOSE CURSOR ALL"),
        ["UNLISTEN", ..] => Request::Nothing("UNLISTEN"),
        ["DISCARD", _] => Request::Discard,
        ["DEALLOCATE", "PREPARE", rest @ ..] | ["DEALLOCATE", rest @ ..] => match rest {
            ["ALL"] => Request::Deallocate(None),
            _ => Request::Deallocate(tokens.last().map(plain)),
        },
        ["RESET", "ALL"] => Request::ResetAll,
        ["RESET", rest @ ..] => match rest {
            ["TIME", "ZONE"] => set("timezone", None, Scope::Session),
            [_] => set(&tokens.last().map(plain).unwrap_or_default(), None, Scope::Session),
            _ => Request::Query,
        },
        ["SHOW", "TRANSACTION", "ISOLATION", "LEVEL"] => {
            Request::Show("transaction_isolation".to_owned())
        }
        ["SHOW", "TIME", "ZONE"] => Request::Show("timezone".to_owned()),
        ["SHOW", "TABLES" | "COLUMNS" | "FUNCTIONS" | "ALL"] => Request::Query,
        ["SHOW", _] => Request::Show(tokens.last().map(plain).unwrap_or_default()),
        ["SET", ..] => setting(words, tokens).unwrap_or(Request::Query),
        _ => Request::Query,
    }
}

/// `SET [SESSION | LOCAL] name { = | TO } value`, and its other forms.
fn setting(words: &[&str], tokens: &[Token]) -> Option<Request> {
    let (scope, skipped) = match words {
        ["SET", "SESSION", "CHARACTERISTICS", ..] | ["SET", "TRANSACTION", ..] => {
            return Some(Request::Nothing("SET"));
        }
        ["SET", "LOCAL", ..] => (Scope::Transaction, 2),
        ["SET", "SESSION", ..] => (Scope::Session, 2),
        _ => (Scope::Session, 1),
    };
    let (words, tokens) = (words.get(skipped..)?, tokens.get(skipped..)?);
    match words {
        ["TIME", "ZONE", ..] => Some(set("timezone", Some(values(tokens.get(2..)?)), scope)),
        ["NAMES", ..] => Some(set("client_encoding", Some(values(tokens.get(1..)?)), scope)),
        _ => {
            let is_sign = |token: &Token| *token == Token::Eq || word(token) == "TO";
            let sign = tokens.iter().position(is_sign)?;
            let name: String = tokens.get(..sign)?.iter().map(plain).collect();
            Some(set(&name, Some(values(tokens.get(sign + 1..)?)), scope))
        }
    }
}

fn set(name: &str, value: Option<String>, scope: Scope) -> Request {
    Request::Set { name: name.to_owned(), value, scope }
}

fn values(tokens: &[Token]) -> String {
    let words = tokens.iter().map(|token| match token {
        Token::Comma => ", ".to_owned(),
        other => plain(other),
    });
    words.collect()
}

/// A name or a value without its quotes.
fn plain(token: &Token) -> String {
    match token {
        Token::Word(word) => word.value.clone(),
        Token::SingleQuotedString(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_the_connection_are_told_from_queries() {
        let set = |name: &str, value: &str, scope| set(name, Some(value.to_owned()), scope);
        for (sql, wanted) in [
            ("", Request::Empty),
            (" ; -- nothing\n;", Request::Empty),
            ("/* a tool */ SELECT 1;", Request::Query),
            ("WITH a AS (SELECT 1) SELECT * FROM a", Request::Query),
            ("SELECT 'open", Request::Query),
            ("begin", Request::Begin),
            ("START TRANSACTION READ ONLY", Request::Begin),
            ("ROLLBACK TO SAVEPOINT a", Request::RollbackTo),
            ("rollback to a", Request::RollbackTo),
            ("ABORT", Request::Rollback),
            ("END;", Request::Commit),
            ("deallocate \"_pg3_0\"", Request::Deallocate(Some("_pg3_0".to_owned()))),
            ("DEALLOCATE ALL", Request::Deallocate(None)),
            ("SHOW TRANSACTION ISOLATION LEVEL", Request::Show("transaction_isolation".to_owned())),
            ("show server_version", Request::Show("server_version".to_owned())),
            ("SHOW TABLES", Request::Query),
            ("SET extra_float_digits = 3", set("extra_float_digits", "3", Scope::Session)),
            (
                "SET LOCAL statement_timeout TO '5s'",
                set("statement_timeout", "5s", Scope::Transaction),
            ),
            ("SET SESSION TIME ZONE 'UTC'", set("timezone", "UTC", Scope::Session)),
            ("SET search_path = a, \"b\"", set("search_path", "a, b", Scope::Session)),
            ("SET datafusion.x.y = 1", set("datafusion.x.y", "1", Scope::Session)),
            ("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", Request::Nothing("SET")),
        ] {
            assert_eq!(Request::read(sql).expect(sql), wanted, "{sql}");
        }
        for sql in [
            "SELECT 1; SELECT 2",
            "copy t to stdout",
            "/* */ Insert INTO t",
            "PREPARE p AS SELECT 1",
        ] {
            assert!(Request::read(sql).is_err(), "{sql}");
        }
    }
}
