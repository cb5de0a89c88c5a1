//! What should a person look at first, and what did people say of a mention?

use serde::{Deserialize, Deserializer, Serialize};

use crate::intent::{Intent, split};
use crate::lake::quoted;
use crate::report::{Ask, Mention, ReportError, Span, within};

/// Most mentions of a queue.
const QUEUE_MAX: usize = 100;
/// Mentions that are read to find so many that are not copies of one another.
const READ_MAX: usize = 600;
/// Most reviews of a mention that are told.
const REVIEWS_MAX: usize = 50;

/// A review as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The number of this review among those of the mention, from 1.
    pub revision: u64,
    /// When it was made, in RFC 3339.
    pub at: String,
    /// How the post is meant.
    pub polarity: String,
    /// Whether it speaks of the topic at all.
    #[serde(deserialize_with = "flag")]
    pub relevant: bool,
    /// The verdict before it.
    pub was: String,
    /// Whether somebody judged the verdict, here or before.
    #[serde(deserialize_with = "flag")]
    pub judged: bool,
    /// What its writer wants, nothing too; null where nobody said.
    #[serde(deserialize_with = "names")]
    pub intents: Option<Vec<String>>,
    /// Why.
    pub note: Option<String>,
    /// Who says so.
    pub reviewed_by: String,
}

fn flag<'d, D: Deserializer<'d>>(from: D) -> Result<bool, D::Error> {
    Ok(i64::deserialize(from)? != 0)
}

fn names<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    let joined = Option::<String>::deserialize(from)?;
    Ok(joined.map(|joined| split(&joined).map(|intent| intent.as_str().to_owned()).collect()))
}

impl Seen {
    /// What it says of intents.
    pub(super) fn kept_intents(self) -> Option<Vec<Intent>> {
        let names = self.intents?;
        Some(names.iter().filter_map(|name| Intent::parse(name)).collect())
    }
}

/// The reviews of a mention, latest first.
///
/// # Errors
/// When a limit is reached, or the lake cannot be read.
pub async fn reviews_of(
    ask: &Ask<'_>,
    [topic, source, post_id]: [&str; 3],
) -> Result<Vec<Seen>, ReportError> {
    ask.rows(&format!(
        "SELECT revision, at, polarity, relevant, was, judged, intents, note, reviewed_by FROM reviews \
         WHERE topic = {} AND source = {} AND post_id = {} ORDER BY revision DESC, at DESC LIMIT {REVIEWS_MAX}",
        quoted(topic),
        quoted(source),
        quoted(post_id)
    ))
    .await
}

impl Ask<'_> {
    /// Mentions whose verdict is least certain and that nobody looked at, one of each wording, least
    /// certain first; `limit` is 1 to 100. What our own accounts wrote is left out.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn review_queue(
        &self,
        topic: Option<&str>,
        span: Option<&Span>,
        limit: usize,
    ) -> Result<Vec<Mention>, ReportError> {
        if !(1..=QUEUE_MAX).contains(&limit) {
            let why = format!("a queue has 1 to {QUEUE_MAX} mentions");
            return Err(ReportError::wrong("limit", why, "give 20"));
        }
        let about = topic.map_or("true".to_owned(), |topic| format!("topic = {}", quoted(topic)));
        let when = span.map_or("true".to_owned(), |span| within("posted_at", span.from, span.to));
        let wanted = format!(
            "{about} AND {when} AND coalesce(own, 0) = 0 AND confidence IS NOT NULL AND text <> '' \
             AND NOT EXISTS (SELECT 1 FROM reviews WHERE reviews.topic = mentions.topic \
             AND reviews.source = mentions.source AND reviews.post_id = mentions.post_id)"
        );
        self.distinct(&wanted, "confidence", READ_MAX, limit).await
    }
}
