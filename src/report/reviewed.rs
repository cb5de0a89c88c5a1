//! What did people find out about these verdicts? The latest review of each mention that is shown.

use std::collections::HashMap;

use serde::Deserialize;

use super::ask::Ask;
use super::error::ReportError;
use super::mentions::{Mention, Reviewed, tied};
use crate::intent::split;
use crate::lake::quoted;

#[derive(Deserialize)]
struct Row {
    topic: String,
    source: String,
    post_id: String,
    polarity: String,
    relevant: i64,
    intents: Option<String>,
}

impl Ask<'_> {
    /// Notes beside each mention what its latest review says.
    pub(super) async fn review(&self, mentions: &mut [Mention]) -> Result<(), ReportError> {
        if mentions.is_empty() {
            return Ok(());
        }
        let posts: Vec<String> = mentions.iter().map(|mention| quoted(&mention.post_id)).collect();
        let sql = format!(
            "SELECT topic, source, post_id, last_value(polarity ORDER BY revision, at) AS polarity, \
             last_value(relevant ORDER BY revision, at) AS relevant, \
             last_value(intents ORDER BY revision, at) AS intents FROM reviews \
             WHERE post_id IN ({}) GROUP BY topic, source, post_id",
            posts.join(", ")
        );
        let rows: Vec<Row> = self.rows(&sql).await?;
        let found = rows.into_iter().map(|row| {
            let Row { topic, source, post_id, polarity, relevant, intents } = row;
            let intents = intents.as_deref().map(intents_of);
            let reviewed = Reviewed { polarity, relevant: relevant != 0, intents };
            (tied(&topic, &source, &post_id), reviewed)
        });
        let mut found: HashMap<String, Reviewed> = found.collect();
        for mention in mentions {
            mention.reviewed = found.remove(&mention.tie());
        }
        Ok(())
    }
}

/// The names of intents that are joined.
fn intents_of(joined: &str) -> Vec<String> {
    split(joined).map(|intent| intent.as_str().to_owned()).collect()
}
