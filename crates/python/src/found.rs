//! What was found, as columns: one row for each post and topic it speaks of.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, ListBuilder, StringBuilder, StructBuilder, UInt16Builder,
    UInt32Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Fields};
use arrow_select::take::take;
use resonanz_core::analyze;
use resonanz_core::post::{Post, Span};

use crate::within::Within;

/// The findings of a batch, on their way to columns.
pub(crate) struct Found<'a> {
    within: &'a Within,
    posts: &'a [Post],
    pub(crate) findings: analyze::Findings,
}

impl<'a> Found<'a> {
    /// What posts say.
    pub(crate) fn new(within: &'a Within, posts: &'a mut [Post]) -> Self {
        let findings = within.analyzer.analyze_batch(posts);
        Self { within, posts, findings }
    }

    /// The place of each one's post.
    pub(crate) fn rows(&self) -> ArrayRef {
        let mut rows = UInt64Builder::new();
        self.findings.list.iter().for_each(|finding| rows.append_value(finding.post.into()));
        Arc::new(rows.finish())
    }

    /// Names of topics.
    pub(crate) fn topics(&self) -> ArrayRef {
        let mut topics = StringBuilder::new();
        let list = &self.findings.list;
        list.iter().for_each(|finding| topics.append_value(self.within.name(finding.topic)));
        Arc::new(topics.finish())
    }

    /// Places in characters, in order.
    pub(crate) fn spans(&self) -> ArrayRef {
        let place = |name: &str| Field::new(name, DataType::UInt32, false);
        let fields = Fields::from(vec![place("start"), place("end")]);
        let mut spans = ListBuilder::new(StructBuilder::from_fields(fields, 0));
        for finding in &self.findings.list {
            let text = self.posts.get(finding.post as usize).map_or("", |post| &post.text);
            for (start, end) in in_characters(text, self.findings.spans_of(finding)) {
                let places = spans.values();
                for (field, at) in [(0, start), (1, end)] {
                    if let Some(column) = places.field_builder::<UInt32Builder>(field) {
                        column.append_value(at);
                    }
                }
                places.append(true);
            }
            spans.append(true);
        }
        Arc::new(spans.finish())
    }

    /// All that is known of each, with columns of the table that come along.
    pub(crate) fn columns(
        &self,
        table: &RecordBatch,
        keep: &[String],
    ) -> Result<Vec<(String, ArrayRef)>, ArrowError> {
        let rows = self.rows();
        let mut columns = vec![("row".to_owned(), rows.clone())];
        for name in keep {
            let Some(column) = table.column_by_name(name) else { continue };
            columns.push((name.clone(), take(column, &rows, None)?));
        }
        columns.push(("topic".to_owned(), self.topics()));
        columns.extend(self.verdicts().into_iter().map(|(name, of)| (name.to_owned(), of)));
        columns.push(("spans".to_owned(), self.spans()));
        Ok(columns)
    }

    fn verdicts(&self) -> Vec<(&'static str, ArrayRef)> {
        let (mut score, mut document) = (Float64Builder::new(), Float64Builder::new());
        let (mut polarity, mut language) = (StringBuilder::new(), StringBuilder::new());
        let (mut confidence, mut hits) = (Float64Builder::new(), UInt16Builder::new());
        let (mut own, mut scorer) = (BooleanBuilder::new(), StringBuilder::new());
        let mut intents = StringBuilder::new();
        for finding in &self.findings.list {
            let verdict = &finding.verdict;
            score.append_value(verdict.target.as_f64());
            document.append_value(verdict.document.as_f64());
            polarity.append_value(verdict.polarity.as_str());
            confidence.append_value(f64::from(verdict.confidence) / 100.0);
            hits.append_value(verdict.hits);
            language.append_value(verdict.language.lang.as_str());
            own.append_value(finding.own);
            intents.append_value(verdict.intents.joined());
            scorer.append_value(self.within.analyzer.scorer_version(finding.topic));
        }
        vec![
            ("score", Arc::new(score.finish())),
            ("document_score", Arc::new(document.finish())),
            ("polarity", Arc::new(polarity.finish())),
            ("confidence", Arc::new(confidence.finish())),
            ("hits", Arc::new(hits.finish())),
            ("language", Arc::new(language.finish())),
            ("intents", Arc::new(intents.finish())),
            ("own", Arc::new(own.finish())),
            ("scorer", Arc::new(scorer.finish())),
        ]
    }
}

/// Places of bytes as places of characters; linear, since spans come in order of their start.
fn in_characters(text: &str, spans: &[Span]) -> Vec<(u32, u32)> {
    if text.is_ascii() {
        return spans.iter().map(|span| (span.start, span.end)).collect();
    }
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let characters = |from: u32, to: u32| {
        narrow(text.get(from as usize..to as usize).map_or(0, |between| between.chars().count()))
    };
    let (mut byte, mut character) = (0, 0);
    let mut places = Vec::with_capacity(spans.len());
    for span in spans {
        // A span that starts before the last one did is counted from the beginning.
        let (from, before) = if span.start < byte { (0, 0) } else { (byte, character) };
        character = before + characters(from, span.start);
        byte = span.start;
        places.push((character, character + characters(span.start, span.end)));
    }
    places
}
