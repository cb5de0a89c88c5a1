//! What does a statement ask of the connection itself? Settings, transactions, prepared statements.
//! All else is a query.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::copy::Copy;
use super::cursor::Cursor;
use super::failure::Failure;
use super::settings::Scope;
use super::words::{Word, statements};

/// First words of statements that write, some of which the lake could not even read.
const WRITES: [&str; 21] = [
    "ALTER", "ANALYZE", "CALL", "CLUSTER", "COMMENT", "CREATE", "DELETE", "DO", "DROP", "GRANT",
    "IMPORT", "INSERT", "LOAD", "LOCK", "MERGE", "REFRESH", "REINDEX", "REVOKE", "TRUNCATE",
    "UPDATE", "VACUUM",
];
/// First words of statements that PostgreSQL has and a lake has not.
const MISSING: [&str; 4] = ["EXECUTE", "LISTEN", "NOTIFY", "PREPARE"];

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
    Copy(Copy),
    Cursor(Cursor),
}

impl Request {
    /// Whether it may come in a transaction that failed.
    pub(super) fn ends_failure(&self) -> bool {
        matches!(self, Self::Commit | Self::Rollback | Self::RollbackTo)
    }

    /// Reads the one statement of a text.
    pub(super) fn read(sql: &str) -> Result<Self, Failure> {
        // What cannot be cut into words is explained by the lake.
        let Some(statements) = statements(sql) else { return Ok(Self::Query) };
        match statements.as_slice() {
            [] => Ok(Self::Empty),
            [(text, words)] => Self::of(text, words),
            _ => Err(Failure::new("42601", "more than one statement is given")
                .hint("prepare one at a time")),
        }
    }

    /// Reads a statement's first words.
    fn of(sql: &str, words: &[Word]) -> Result<Self, Failure> {
        let tokens = words;
        let words: Vec<String> = tokens.iter().map(Word::capitals).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.first() {
            Some(&"COPY") => Copy::read(sql, tokens).map(Self::Copy),
            Some(&"DECLARE") => Cursor::declare(sql, tokens).map(Self::Cursor),
            Some(&("FETCH" | "MOVE")) => Cursor::fetch(tokens).map(Self::Cursor),
            Some(first) if WRITES.contains(first) => {
                Err(Failure::new("25006", "only reading is possible")
                    .hint("write one SELECT, EXPLAIN, DESCRIBE or SHOW"))
            }
            Some(first) if MISSING.contains(first) => {
                Err(Failure::new("0A000", format!("there is no {first} here"))
                    .hint("prepare by the protocol, as drivers do"))
            }
            _ => Ok(of(&words, tokens)),
        }
    }
}

fn of(words: &[&str], tokens: &[Word]) -> Request {
    match words {
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => Request::Begin,
        ["COMMIT", "PREPARED", ..] | ["ROLLBACK", "PREPARED", ..] => Request::Query,
        ["COMMIT" | "END", ..] => Request::Commit,
        ["ROLLBACK", .., "TO", _] | ["ROLLBACK", .., "TO", "SAVEPOINT", _] => Request::RollbackTo,
        ["ROLLBACK" | "ABORT", ..] => Request::Rollback,
        ["SAVEPOINT", _] => Request::Nothing("SAVEPOINT"),
        ["RELEASE", ..] => Request::Nothing("RELEASE"),
        ["CLOSE", _] => Request::Cursor(Cursor::Close(match words.last() {
            Some(&"ALL") => String::new(),
            _ => tokens.last().map(Word::name).unwrap_or_default(),
        })),
        ["UNLISTEN", ..] => Request::Nothing("UNLISTEN"),
        ["DISCARD", _] => Request::Discard,
        ["DEALLOCATE", "PREPARE", rest @ ..] | ["DEALLOCATE", rest @ ..] => match rest {
            ["ALL"] => Request::Deallocate(None),
            _ => Request::Deallocate(tokens.last().map(Word::plain)),
        },
        ["RESET", "ALL"] => Request::ResetAll,
        ["RESET", rest @ ..] => match rest {
            ["TIME", "ZONE"] => set("timezone", None, Scope::Session),
            [_] => set(&tokens.last().map(Word::plain).unwrap_or_default(), None, Scope::Session),
            _ => Request::Query,
        },
        ["SHOW", "TRANSACTION", "ISOLATION", "LEVEL"] => {
            Request::Show("transaction_isolation".to_owned())
        }
        ["SHOW", "TIME", "ZONE"] => Request::Show("timezone".to_owned()),
        ["SHOW", "TABLES" | "COLUMNS" | "FUNCTIONS" | "ALL"] => Request::Query,
        ["SHOW", _] => Request::Show(tokens.last().map(Word::plain).unwrap_or_default()),
        ["SET", ..] => setting(words, tokens).unwrap_or(Request::Query),
        _ => Request::Query,
    }
}

/// `SET [SESSION | LOCAL] name { = | TO } value`, and its other forms.
fn setting(words: &[&str], tokens: &[Word]) -> Option<Request> {
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
            let is_sign = |word: &Word| word.token == Token::Eq || word.capitals() == "TO";
            let sign = tokens.iter().position(is_sign)?;
            let name: String = tokens.get(..sign)?.iter().map(Word::plain).collect();
            Some(set(&name, Some(values(tokens.get(sign + 1..)?)), scope))
        }
    }
}

fn set(name: &str, value: Option<String>, scope: Scope) -> Request {
    Request::Set { name: name.to_owned(), value, scope }
}

fn values(tokens: &[Word]) -> String {
    let words = tokens.iter().map(|word| match word.token {
        Token::Comma => ", ".to_owned(),
        _ => word.plain(),
    });
    words.collect()
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
            "copy t from stdin",
            "COPY (SELECT 1) TO '/tmp/x'",
            "COPY (SELECT 1) TO PROGRAM 'x'",
            "FETCH BACKWARD 1 FROM c",
            "/* */ Insert INTO t",
            "PREPARE p AS SELECT 1",
        ] {
            assert!(Request::read(sql).is_err(), "{sql}");
        }
    }
}
