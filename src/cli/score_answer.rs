//! How is the score of one text written? As a row of a table or of CSV, or behind the fields of a JSON
//! object.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::output::one_line;
use super::spreadsheet::{Cell, CsvArgs};
use crate::intent::{Intent, Intents};
use crate::post::cut_text;
use crate::sentiment::Document;

/// Longest text shown in a table, in bytes.
const SHOWN_BYTES: usize = 72;

/// A text of which nothing else is known.
#[derive(Serialize)]
struct Said<'t> {
    text: &'t str,
}

/// What is said of a text.
#[derive(Serialize)]
pub(super) struct Answer {
    compound: f64,
    pos: f64,
    neu: f64,
    neg: f64,
    polarity: &'static str,
    confidence: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    intents: Option<Vec<Want>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Value>,
}

/// One intent.
#[derive(Serialize)]
struct Want {
    intent: &'static str,
    certainty: f64,
}

/// The names of its fields.
const OURS: [&str; 8] =
    ["compound", "pos", "neu", "neg", "polarity", "confidence", "intents", "explanation"];

impl Answer {
    pub(super) fn new(
        document: &Document,
        intents: Option<Intents>,
        explanation: Option<Value>,
    ) -> Self {
        let want = |(intent, percent): (Intent, u8)| Want {
            intent: intent.as_str(),
            certainty: f64::from(percent) / 100.0,
        };
        Self {
            intents: intents.map(|intents| intents.iter().map(want).collect()),
            compound: document.score.as_f64(),
            pos: document.pos,
            neu: document.neu,
            neg: document.neg,
            polarity: document.score.polarity().as_str(),
            confidence: f64::from(document.confidence) / 100.0,
            explanation,
        }
    }
}

pub(super) fn table_row(
    document: &Document,
    intents: Option<Intents>,
    text: &str,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let shown = one_line(cut_text(text, SHOWN_BYTES));
    let more = if text.len() > SHOWN_BYTES { "…" } else { "" };
    let Answer { compound, pos, neu, neg, polarity, .. } = Answer::new(document, None, None);
    write!(out, "{compound:>8.4} {pos:>6.3} {neu:>6.3} {neg:>6.3}  {polarity:<8}  ")?;
    for (intent, percent) in intents.iter().flat_map(Intents::iter) {
        write!(out, "[{intent} {percent} %] ")?;
    }
    writeln!(out, "{shown}{more}")
}

pub(super) fn csv_row(
    document: &Document,
    intents: Option<Intents>,
    text: &str,
    csv: &CsvArgs,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let Answer { compound, pos, neu, neg, polarity, .. } = Answer::new(document, None, None);
    let [compound, pos, neu, neg] = [compound, pos, neu, neg].map(|number| number.to_string());
    let numbers = [&compound, &pos, &neu, &neg].map(|number| Cell::Number(number));
    let joined = intents.map(|intents| intents.joined());
    let mut cells = [&numbers[..], &[Cell::Text(polarity)]].concat();
    cells.extend(joined.as_deref().map(Cell::Text));
    cells.push(Cell::Quoted(text));
    csv.line(&cells, out)
}

/// The answer to a text of which nothing else is known.
pub(super) fn text_line(text: &str, answer: &Answer, out: &mut Vec<u8>) -> io::Result<()> {
    let said = serde_json::to_string(&Said { text })?;
    json_line(&said, &BTreeMap::new(), answer, out).map(drop)
}

/// The answer behind the fields of an object, which stay as they are, byte by byte; and a field of
/// ours that the object has already, which gets another name.
pub(super) fn object_line(
    object: &str,
    answer: &Answer,
    out: &mut Vec<u8>,
) -> io::Result<Option<&'static str>> {
    json_line(object, &taken(object)?, answer, out)
}

/// The fields of an object, if one may be called as ours is.
fn taken(object: &str) -> io::Result<BTreeMap<Cow<'_, str>, &RawValue>> {
    let stands = |ours: &str| {
        let quoted = |&(at, _): &(usize, &str)| {
            let before = at.checked_sub(1).and_then(|before| object.as_bytes().get(before));
            before == Some(&b'"') && object.as_bytes().get(at + ours.len()) == Some(&b'"')
        };
        object.match_indices(ours).any(|found| quoted(&found))
    };
    // Reading the object a second time is for those that look as if it could be needed.
    if object.contains('\\') || OURS.into_iter().any(stands) {
        return Ok(serde_json::from_str(object)?);
    }
    Ok(BTreeMap::new())
}

/// The answer behind the fields of an object of which those that are taken may be called as ours.
fn json_line(
    object: &str,
    taken: &BTreeMap<Cow<'_, str>, &RawValue>,
    answer: &Answer,
    out: &mut Vec<u8>,
) -> io::Result<Option<&'static str>> {
    let body = object.trim_end().strip_suffix('}').unwrap_or_default().trim_end();
    out.write_all(body.as_bytes())?;
    let mut clash = None;
    if OURS.iter().any(|ours| taken.contains_key(*ours)) {
        let Value::Object(answer) = serde_json::to_value(answer)? else { return Ok(None) };
        for (place, ours) in OURS.into_iter().enumerate() {
            let Some(value) = answer.get(ours) else { continue };
            let mut name = ours.to_owned();
            while taken.contains_key(name.as_str()) {
                clash = clash.or(Some(ours));
                name.insert_str(0, "resonanz_");
            }
            let comma = if place == 0 && body == "{" { "" } else { "," };
            write!(out, "{comma}\"{name}\":{value}")?;
        }
        out.extend_from_slice(b"}\n");
        return Ok(clash);
    }
    // Our object goes on where theirs was cut.
    let joint = out.len();
    serde_json::to_writer(&mut *out, answer)?;
    if body == "{" {
        out.remove(joint);
    } else if let Some(brace) = out.get_mut(joint) {
        *brace = b',';
    }
    out.push(b'\n');
    Ok(clash)
}
