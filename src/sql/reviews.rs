//! What did people say of verdicts? Table `reviews`, from the file beside the lake's own tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::datasource::MemTable;
use datafusion::error::Result as QueryResult;
use datafusion::prelude::SessionContext;

use crate::intent::Intent;
use crate::state::Review;

/// Makes reviews known as a table; without any it is empty.
pub(super) fn register(context: &SessionContext, reviews: &[Review]) -> QueryResult<()> {
    let texts = |of: fn(&Review) -> &str| -> ArrayRef {
        Arc::new(reviews.iter().map(|review| Some(of(review))).collect::<StringArray>())
    };
    let ints = |of: fn(&Review) -> i64| -> ArrayRef {
        Arc::new(reviews.iter().map(|review| Some(of(review))).collect::<Int64Array>())
    };
    let at: TimestampMicrosecondArray = reviews.iter().map(|review| Some(review.at.0)).collect();
    let notes: StringArray = reviews.iter().map(|review| review.note.as_deref()).collect();
    let joined = |intents: &Vec<Intent>| {
        intents.iter().map(|intent| intent.as_str()).collect::<Vec<_>>().join(" | ")
    };
    let intents: StringArray =
        reviews.iter().map(|review| review.intents.as_ref().map(joined)).collect();
    // Only a note and intents may be missing.
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("at", Arc::new(at.with_timezone("UTC")) as ArrayRef, false),
        ("id", texts(|review| &review.id), false),
        ("topic", texts(|review| &review.topic), false),
        ("source", texts(|review| &review.source), false),
        ("post_id", texts(|review| &review.post_id), false),
        ("revision", ints(|review| i64::try_from(review.revision).unwrap_or(i64::MAX)), false),
        ("polarity", texts(|review| review.polarity.as_str()), false),
        ("relevant", ints(|review| i64::from(review.relevant)), false),
        ("intents", Arc::new(intents), true),
        ("was", texts(|review| review.was.as_str()), false),
        ("judged", ints(|review| i64::from(review.judged)), false),
        ("scorer", texts(|review| &review.scorer), false),
        ("note", Arc::new(notes), true),
        ("reviewed_by", texts(|review| &review.reviewed_by), false),
    ])?;
    let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
    context.register_table("reviews", Arc::new(table))?;
    Ok(())
}
