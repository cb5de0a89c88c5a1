//! How does a list become a file? CSV, plain or as Excel opens it, with text that no spreadsheet runs.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::failed;
use crate::sql::{Cell, Sheet};

/// Names of columns, and where a row has their values, as JSON pointers.
pub(super) type Columns = &'static [(&'static str, &'static str)];

/// The header with the `after` of the rows that found no place.
const NEXT: &str = "resonanz-next";

/// Columns of mentions.
pub(super) const MENTIONS: Columns = &[
    ("posted_at", "/posted_at"),
    ("topic", "/topic"),
    ("source", "/source"),
    ("kind", "/kind"),
    ("lang", "/lang"),
    ("polarity", "/polarity"),
    ("target_score", "/target_score"),
    ("confidence", "/confidence"),
    ("reviewed", "/reviewed/polarity"),
    ("intents", "/intents"),
    ("reach", "/reach"),
    ("engagement", "/engagement"),
    ("own", "/own"),
    ("text", "/text"),
    ("url", "/url"),
    ("author", "/author"),
    ("post_id", "/post_id"),
    ("id", "/id"),
];
/// Columns of the inbox.
pub(super) const INBOX: Columns = &[
    ("handle", "/handle"),
    ("revision", "/revision"),
    ("state", "/state"),
    ("owner", "/owner"),
    ("priority", "/priority/points"),
    ("due_at", "/due_at"),
    ("posted_at", "/mention/posted_at"),
    ("topic", "/mention/topic"),
    ("source", "/mention/source"),
    ("lang", "/mention/lang"),
    ("polarity", "/mention/polarity"),
    ("reviewed", "/mention/reviewed/polarity"),
    ("intents", "/mention/intents"),
    ("reach", "/mention/reach"),
    ("text", "/mention/text"),
    ("url", "/mention/url"),
    ("note", "/note"),
    ("changed_by", "/changed_by"),
    ("changed_at", "/changed_at"),
    ("replies", "/replies"),
    ("answered_at", "/answered_at"),
    ("answered_by", "/answered_by"),
    ("id", "/mention/id"),
];
/// Columns of alerts.
pub(super) const ALERTS: Columns = &[
    ("fired_at", "/fired_at"),
    ("state", "/state"),
    ("topic", "/topic"),
    ("rule", "/rule"),
    ("rule_type", "/rule_type"),
    ("severity", "/severity"),
    ("at", "/at"),
    ("measure", "/measure"),
    ("window_s", "/window_s"),
    ("observed", "/observed"),
    ("peak", "/peak"),
    ("usual", "/usual"),
    ("mentions", "/mentions"),
    ("negative", "/negative"),
    ("authors", "/authors"),
    ("coordination", "/coordination"),
    ("taken_by", "/ack/author"),
    ("taken_at", "/ack/at"),
    ("alert_id", "/alert_id"),
];

/// How a list is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ListForm {
    /// A page of it.
    #[default]
    Json,
    /// All of it, with a header line.
    Csv,
    /// The same as Excel opens it.
    Excel,
}

/// How numbers are written for Excel: where they have a comma, a semicolon parts the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Decimal {
    #[default]
    Point,
    Comma,
}

impl ListForm {
    /// How the file is written; `None` for a page.
    pub(super) fn sheet(self, decimal: Option<Decimal>) -> Option<Sheet> {
        match (self, decimal.unwrap_or_default()) {
            (Self::Json, _) => None,
            (Self::Csv, _) => Some(Sheet { excel: false, defuse: true, delimiter: ',' }),
            (Self::Excel, Decimal::Point) => Some(Sheet::excel('.')),
            (Self::Excel, Decimal::Comma) => Some(Sheet::excel(',')),
        }
    }
}

/// Rows as a file of this name. Where there are more, a header tells the `after` of the next ones.
pub(super) fn file<T: Serialize>(
    sheet: Sheet,
    (name, columns): (&str, Columns),
    rows: &[T],
    next: Option<&str>,
) -> Response {
    let bytes = match written(sheet, columns, rows) {
        Ok(bytes) => bytes,
        Err(error) => return failed(&error),
    };
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response();
    let headers = response.headers_mut();
    let attached = format!("attachment; filename=\"resonanz-{name}.csv\"");
    if let Ok(attached) = HeaderValue::from_str(&attached) {
        headers.insert(header::CONTENT_DISPOSITION, attached);
    }
    if let Some(Ok(next)) = next.map(HeaderValue::from_str) {
        headers.insert(NEXT, next);
    }
    response
}

fn written<T: Serialize>(sheet: Sheet, columns: Columns, rows: &[T]) -> anyhow::Result<Vec<u8>> {
    let mut out = sheet.prefix().as_bytes().to_vec();
    let head: Vec<Cell<'_>> = columns.iter().map(|(name, _)| Cell::Text(name)).collect();
    sheet.line(&head, &mut out)?;
    for row in rows {
        let row = serde_json::to_value(row)?;
        let values = columns.iter().map(|(name, at)| (*name, row.pointer(at)));
        let texts: Vec<(String, bool)> =
            values.map(|(name, value)| text(sheet, name, value)).collect();
        let cells = texts.iter().map(|(text, number)| match number {
            true => Cell::Number(text),
            false => Cell::Text(text),
        });
        sheet.line(&cells.collect::<Vec<_>>(), &mut out)?;
    }
    Ok(out)
}

/// A value as it stands in a cell, and whether it is a number. What is not known is empty.
fn text(sheet: Sheet, column: &str, value: Option<&Value>) -> (String, bool) {
    match value {
        None | Some(Value::Null) => (String::new(), false),
        Some(Value::Number(number)) => (number.to_string(), true),
        // Excel reads a time without its letters, in UTC as here.
        Some(Value::String(at)) if sheet.excel && (column == "at" || column.ends_with("_at")) => {
            let seconds = at.split(['.', 'Z']).next().unwrap_or_default();
            (seconds.replacen('T', " ", 1), false)
        }
        Some(Value::String(text)) => (text.clone(), false),
        Some(Value::Array(list)) => {
            let list = list.iter().filter_map(Value::as_str);
            (list.collect::<Vec<_>>().join(", "), false)
        }
        Some(other) => (other.to_string(), false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_holds_texts_that_no_sheet_runs_and_numbers_as_its_reader_writes_them() {
        let columns: Columns =
            &[("posted_at", "/at"), ("text", "/mention/text"), ("score", "/score"), ("x", "/none")];
        let rows = [json!({
            "at": "2026-03-04T14:06:26.75Z", "mention": {"text": "=1+1, \"x\""}, "score": -0.5,
        })];
        let of = |form: ListForm, decimal| {
            let sheet = form.sheet(Some(decimal)).expect("a file");
            String::from_utf8(written(sheet, columns, &rows).expect("memory")).expect("UTF-8")
        };
        let plain = of(ListForm::Csv, Decimal::Comma);
        assert_eq!(
            plain,
            "posted_at,text,score,x\n2026-03-04T14:06:26.75Z,\"'=1+1, \"\"x\"\"\",-0.5,\n"
        );
        let excel = of(ListForm::Excel, Decimal::Comma);
        assert_eq!(
            excel,
            "\u{feff}posted_at;text;score;x\r\n2026-03-04 14:06:26;\"'=1+1, \"\"x\"\"\";-0,5;\r\n"
        );
    }
}
