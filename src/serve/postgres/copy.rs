//! How do rows leave by `COPY ... TO STDOUT`? As text, CSV or binary.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use datafusion::sql::sqlparser::tokenizer::Token;
use datafusion_postgres::pgwire::messages::data::DataRow;

use super::failure::Failure;
use super::words::Word;

/// What binary rows begin with: the signature, flags and a header of no length.
pub(super) const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What they end with.
pub(super) const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// A query whose rows are copied out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    /// The query.
    pub(super) sql: String,
    pub(super) form: Form,
    pub(super) header: bool,
    delimiter: char,
    null: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Csv,
    Binary,
}

impl Copy {
    /// Reads `COPY source TO STDOUT options`. What reads into a table is refused.
    pub(super) fn read(sql: &str, words: &[Word]) -> Result<Self, Failure> {
        let refused = || {
            Failure::new("25006", "only reading is possible")
                .hint("write COPY (SELECT ...) TO STDOUT")
        };
        let wrong = |word: &Word| {
            Failure::new("0A000", format!("COPY has no {} here", word.plain()))
                .hint("options are FORMAT text, csv or binary, HEADER, DELIMITER, NULL")
        };
        let (query, rest) = source(sql, words.get(1..).unwrap_or_default()).ok_or_else(refused)?;
        let [to, stdout, options @ ..] = rest else { return Err(refused()) };
        if to.capitals() != "TO" || stdout.capitals() != "STDOUT" {
            return Err(refused());
        }
        let mut copy = Self {
            sql: query,
            form: Form::Text,
            header: false,
            delimiter: '\t',
            null: "\\N".to_owned(),
        };
        let (mut delimiter, mut null) = (None, None);
        let mut options = options.iter().filter(|word| {
            let is_sign = matches!(word.token, Token::LParen | Token::RParen | Token::Comma);
            !is_sign && !["WITH", "FORMAT", "AS"].contains(&word.capitals().as_str())
        });
        while let Some(word) = options.next() {
            let mut value = || options.next().map(Word::plain).unwrap_or_default();
            match word.plain().to_uppercase().as_str() {
                "TEXT" => copy.form = Form::Text,
                "CSV" => copy.form = Form::Csv,
                "BINARY" => copy.form = Form::Binary,
                "HEADER" => copy.header = true,
                "TRUE" | "ON" | "1" => {}
                "FALSE" | "OFF" | "0" => copy.header = false,
                "DELIMITER" => delimiter = value().chars().next(),
                "NULL" => null = Some(value()),
                "ENCODING" => drop(value()),
                _ => return Err(wrong(word)),
            }
        }
        let is_csv = copy.form == Form::Csv;
        copy.delimiter = delimiter.unwrap_or(if is_csv { ',' } else { '\t' });
        copy.null = null.unwrap_or_else(|| if is_csv { "" } else { "\\N" }.to_owned());
        Ok(copy)
    }

    /// The form in which values are wanted.
    pub(super) fn formats(&self) -> &'static [i16] {
        if self.form == Form::Binary { &[1] } else { &[0] }
    }

    /// Fields as a line.
    pub(super) fn line<'f>(&self, fields: impl Iterator<Item = Option<&'f [u8]>>) -> Bytes {
        let mut line = BytesMut::new();
        for (place, field) in fields.enumerate() {
            if place > 0 {
                let mut sign = [0; 4];
                line.put_slice(self.delimiter.encode_utf8(&mut sign).as_bytes());
            }
            match field {
                None => line.put_slice(self.null.as_bytes()),
                Some(value) if self.form == Form::Csv => self.quote(value, &mut line),
                Some(value) => self.escape(value, &mut line),
            }
        }
        line.put_u8(b'\n');
        line.freeze()
    }

    fn quote(&self, value: &[u8], line: &mut BytesMut) {
        let mut sign = [0; 4];
        let sign = self.delimiter.encode_utf8(&mut sign).as_bytes();
        let is_special = |byte: &u8| [b'"', b'\n', b'\r'].contains(byte) || sign.contains(byte);
        if !value.iter().any(is_special) && value != self.null.as_bytes() {
            return line.put_slice(value);
        }
        line.put_u8(b'"');
        for byte in value {
            if *byte == b'"' {
                line.put_u8(b'"');
            }
            line.put_u8(*byte);
        }
        line.put_u8(b'"');
    }

    fn escape(&self, value: &[u8], line: &mut BytesMut) {
        for byte in value {
            match byte {
                b'\n' => line.put_slice(b"\\n"),
                b'\r' => line.put_slice(b"\\r"),
                b'\t' => line.put_slice(b"\\t"),
                b'\\' => line.put_slice(b"\\\\"),
                byte if char::from(*byte) == self.delimiter => line.put_slice(&[b'\\', *byte]),
                byte => line.put_u8(*byte),
            }
        }
    }

    /// A row as it leaves.
    pub(super) fn row(&self, row: &DataRow) -> Bytes {
        if self.form == Form::Binary {
            let mut tuple = BytesMut::with_capacity(row.data.len() + 2);
            tuple.put_i16(row.field_count);
            tuple.put_slice(&row.data);
            return tuple.freeze();
        }
        let mut rest: &[u8] = &row.data;
        self.line((0..row.field_count).map(|_| {
            let length = usize::try_from(rest.try_get_i32().unwrap_or(-1)).ok()?;
            let (field, behind) = rest.split_at_checked(length)?;
            rest = behind;
            Some(field)
        }))
    }
}

/// The query that is copied, and the words behind it.
fn source<'w>(sql: &str, words: &'w [Word]) -> Option<(String, &'w [Word])> {
    let (first, _) = words.split_first()?;
    if first.token == Token::LParen {
        let end = closing(words)?;
        let text = sql.get(first.end..words.get(end)?.at)?;
        return Some((text.to_owned(), words.get(end + 1..)?));
    }
    // A table, and perhaps some of its columns.
    let stop = |word: &Word| {
        word.token == Token::LParen || ["TO", "FROM"].contains(&word.capitals().as_str())
    };
    let until = words.iter().position(stop)?;
    let table = sql.get(first.at..words.get(until.checked_sub(1)?)?.end)?;
    let rest = words.get(until..)?;
    if rest.first()?.token == Token::LParen {
        let end = closing(rest)?;
        let columns = sql.get(rest.first()?.end..rest.get(end)?.at)?;
        return Some((format!("SELECT {columns} FROM {table}"), rest.get(end + 1..)?));
    }
    Some((format!("SELECT * FROM {table}"), rest))
}

/// Where the parenthesis is closed that opens first.
fn closing(words: &[Word]) -> Option<usize> {
    let mut open = 0_usize;
    words.iter().position(|word| {
        match word.token {
            Token::LParen => open += 1,
            Token::RParen => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0
    })
}
