//! What can the scorer learn from reviews? Posts with the verdict that people gave them.

use serde::Deserialize;

use crate::intent::{Intent, split};
use crate::post::{Lang, Polarity, Span};
use crate::report::{Ask, ReportError, places};
use crate::sentiment::evaluate::Unlabelled;
use crate::sentiment::intents::IntentSample;
use crate::state::verdict;

/// One post in so many is held out, so that what was learned can be measured.
const HELD_OUT: u8 = 5;
/// Most posts that are learned from.
const SAMPLES_MAX: usize = 100_000;

/// Most mentions without labels that are learned from, and bytes of the text of one.
const UNLABELLED_MAX: usize = 30_000;
const UNLABELLED_BYTES_MAX: usize = 4_096;

/// A post with the verdict that people gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labeled {
    /// What it says.
    pub text: String,
    /// The language in which it was read.
    pub lang: Lang,
    /// Where its topic stands.
    pub spans: Vec<Span>,
    /// How it is meant; `None` where nobody judged that.
    pub polarity: Option<Polarity>,
    /// What its writer wants, nothing too; `None` where nobody said.
    pub intents: Option<Vec<Intent>>,
    /// Whether it is held out.
    pub held_out: bool,
}

impl Labeled {
    /// With what its writer wants, if somebody said.
    #[must_use]
    pub fn with_intents(self) -> Option<IntentSample> {
        let Self { text, lang, spans, intents, .. } = self;
        Some(IntentSample { text, lang, spans, intents: intents? })
    }
}

#[derive(Deserialize)]
struct Row {
    source: String,
    post_id: String,
    text: String,
    lang: String,
    terms: String,
    polarity: String,
    judged: i64,
    intents: Option<String>,
    intents_reviewed: i64,
}

/// Whether a post is held out: always the same ones, whatever else was reviewed.
#[must_use]
pub fn is_held_out(source: &str, post_id: &str) -> bool {
    let hash = blake3::hash(format!("{source}\u{1f}{post_id}").as_bytes());
    hash.as_bytes().first().is_some_and(|byte| byte % HELD_OUT == 0)
}

/// All reviewed posts whose text is still kept and that are about their topic, in a fixed order.
///
/// # Errors
/// When a limit is reached, or the lake cannot be read.
pub async fn samples(ask: &Ask<'_>) -> Result<Vec<Labeled>, ReportError> {
    let rows: Vec<Row> = ask
        .rows(&format!(
            "SELECT reviewed.source, reviewed.post_id, mentions.text, mentions.lang, mentions.terms, \
             reviewed.polarity, reviewed.judged, reviewed.intents, reviewed.intents_reviewed \
             FROM mentions_reviewed AS reviewed \
             JOIN mentions ON mentions.topic = reviewed.topic AND mentions.source = reviewed.source \
             AND mentions.post_id = reviewed.post_id \
             WHERE reviewed.reviewed = 1 AND reviewed.relevant = 1 AND mentions.text <> '' \
             ORDER BY reviewed.source, reviewed.post_id, reviewed.topic LIMIT {SAMPLES_MAX}"
        ))
        .await?;
    let labeled = rows.into_iter().map(|row| Labeled {
        spans: places(&row.text, &terms(&row.terms)),
        lang: Lang::parse(&row.lang),
        polarity: verdict(&row.polarity).filter(|_| row.judged == 1),
        intents: (row.intents_reviewed == 1)
            .then(|| split(row.intents.as_deref().unwrap_or_default()).collect()),
        held_out: is_held_out(&row.source, &row.post_id),
        text: row.text,
    });
    Ok(labeled.collect())
}

#[derive(Deserialize)]
struct Mentioned {
    text: String,
    lang: String,
    terms: String,
}

/// The latest mentions whose text is kept, whatever was made of them.
///
/// # Errors
/// When a limit is reached, or the lake cannot be read.
pub async fn unlabelled(ask: &Ask<'_>) -> Result<Vec<Unlabelled>, ReportError> {
    let rows: Vec<Mentioned> = ask
        .rows(&format!(
            "SELECT text, lang, terms FROM mentions \
             WHERE text <> '' AND octet_length(text) <= {UNLABELLED_BYTES_MAX} \
             ORDER BY posted_at DESC, source, post_id, topic LIMIT {UNLABELLED_MAX}"
        ))
        .await?;
    let post = |row: Mentioned| Unlabelled {
        spans: places(&row.text, &terms(&row.terms)),
        lang: Lang::parse(&row.lang),
        text: row.text,
    };
    Ok(rows.into_iter().map(post).collect())
}

/// The wordings under which a topic was found.
fn terms(joined: &str) -> Vec<&str> {
    joined.split(" | ").filter(|term| !term.is_empty()).collect()
}
