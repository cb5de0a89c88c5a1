//! What is different from the span before, and what drove it? Words, sources, languages, topics and
//! posts.

use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::counts::{COUNTED, Sentiment, Volume};
use super::error::ReportError;
use super::heard::Coverage;
use super::interval::Estimate;
use super::mentions::{Mention, SHOWN};
use super::span::Span;
use crate::lake::quoted;

/// Most words of an answer that is about nothing else.
pub const TERMS_MAX: usize = 50;
/// Most words of one polarity.
const TERMS_SHOWN: usize = 15;
/// Most sources, languages or topics.
const PARTS_MAX: usize = 10;
/// The name of all parts together that are too small to stand apart.
pub(super) const OTHER: &str = "other";
/// The author of posts whose author is not known; each counts as one of its own.
pub(super) const NOBODY: &str = "00000000000000000000000000000000";
/// Most posts of one kind.
const POSTS_MAX: usize = 5;
/// Posts that are read to find so many that are not copies of one another.
const POSTS_READ: usize = 60;
/// Bits in which the wordings of near-copies differ at most.
const ALIKE_BITS: u32 = 3;

/// What is different from the span before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes {
    /// Name of the topic; null for all together.
    pub topic: Option<String>,
    /// From when to when.
    pub span: Span,
    /// What it is compared with.
    pub before: Span,
    /// What was said.
    pub now: Sentiment,
    /// What was said before; null where nothing was heard then.
    pub then: Option<Sentiment>,
    /// How much the net sentiment rose, from -2 to 2; null where one of the spans has no mentions.
    pub net_change: Option<Estimate>,
    /// Words and pairs that negative posts have more often than before, strongest first. Only for
    /// one topic.
    pub negative_terms: Vec<TermChange>,
    /// The same of positive posts.
    pub positive_terms: Vec<TermChange>,
    /// Sources, languages and topics with their counts, the largest change first.
    pub parts: Vec<Part>,
    /// The most negative posts, one of each wording.
    pub worst: Vec<Mention>,
    /// The posts with the most followers or views, one of each wording.
    pub farthest: Vec<Mention>,
}

/// A word or a pair of words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermChange {
    /// The word, or two in a row.
    pub term: String,
    /// Posts that have it.
    pub posts: u64,
    /// Posts that had it before.
    pub usual: u64,
    /// How strongly it stands out: the z-score of its log odds.
    pub z: f64,
}

/// One way to divide what was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// `source`, `lang` or `topic`.
    pub by: String,
    /// Its values, the largest change first.
    pub values: Vec<PartChange>,
}

/// One source, language or topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartChange {
    /// Its name; `other` for all sources or languages together in which fewer authors spoke than the
    /// configuration allows to be shown apart (five without one).
    pub name: String,
    /// What was said there.
    pub now: Volume,
    /// What was said there before.
    pub then: Volume,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    now: bool,
    authors: u64,
    #[serde(flatten)]
    volume: Volume,
}

#[derive(Deserialize)]
struct Post {
    similarity: Option<i64>,
    #[serde(flatten)]
    mention: Mention,
}

impl Ask<'_> {
    /// What is different from the span before.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn changes(&self, topic: Option<&str>, span: &Span) -> Result<Changes, ReportError> {
        let before = span.before();
        let mut parts = Vec::new();
        let ways = ["source", "lang", "topic"];
        for by in ways.into_iter().filter(|by| *by != "topic" || topic.is_none()) {
            parts.push(self.part(by, topic, span, &before).await?);
        }
        let sum = |of: fn(&PartChange) -> &Volume| {
            let mut sum = Volume::default();
            let values = parts.first().into_iter().flat_map(|part| &part.values);
            values.for_each(|value| sum.add(of(value)));
            sum
        };
        let (now, then) = (sum(|value| &value.now), sum(|value| &value.then));
        let mut worst = self.top(topic, span, "polarity = 'negative'", "target_score").await?;
        worst.retain(|mention| {
            mention.reviewed.as_ref().is_none_or(|reviewed| reviewed.polarity == "negative")
        });
        parts.iter_mut().for_each(|part| part.values.truncate(PARTS_MAX));
        let mut terms = [Vec::new(), Vec::new()];
        if let Some(topic) = topic {
            for (terms, polarity) in terms.iter_mut().zip(["negative", "positive"]) {
                *terms = self.terms(topic, (span, &before), polarity, TERMS_MAX).await?;
                terms.retain(|term| term.posts > 1);
                terms.truncate(TERMS_SHOWN);
            }
        }
        let [negative_terms, positive_terms] = terms;
        let was_heard =
            self.heard.of(before.from, before.to) != Coverage::Nothing || then.mentions > 0;
        Ok(Changes {
            topic: topic.map(str::to_owned),
            net_change: Estimate::net_change(now.parts(), then.parts()),
            now: now.sentiment(),
            then: was_heard.then(|| then.sentiment()),
            negative_terms,
            positive_terms,
            parts,
            worst,
            farthest: self.top(topic, span, "reach > 0", "reach DESC").await?,
            before,
            span: span.clone(),
        })
    }

    /// The words that tell a topic's posts of a span from those of another, strongest first.
    /// `polarity` is `negative`, `neutral`, `positive` or `all`.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn terms(
        &self,
        topic: &str,
        (span, against): (&Span, &Span),
        polarity: &str,
        most: usize,
    ) -> Result<Vec<TermChange>, ReportError> {
        let times = [span.from, span.to, against.from, against.to];
        let times = times.map(|time| quoted(&time.to_string())).join(", ");
        self.rows(&format!(
            "SELECT term, posts, usual, round(z, 2) AS z FROM drivers({}, {times}, {}) \
             LIMIT {most}",
            quoted(topic),
            quoted(polarity),
        ))
        .await
    }

    async fn part(
        &self,
        by: &str,
        topic: Option<&str>,
        span: &Span,
        before: &Span,
    ) -> Result<Part, ReportError> {
        let rows: Vec<Row> = self
            .rows(&format!(
                "SELECT {by} AS name, posted_at >= to_timestamp_micros({}) AS now, \
                 count(DISTINCT author) FILTER (WHERE author <> '{NOBODY}') \
                 + count(*) FILTER (WHERE author = '{NOBODY}') AS authors, {COUNTED} \
                 FROM mentions WHERE {} AND {} GROUP BY 1, 2 ORDER BY 1",
                span.from.0,
                of_topic(topic),
                within("posted_at", before.from, span.to),
            ))
            .await?;
        let least = if by == "topic" { 0 } else { self.min_group };
        let mut values = parts(&rows, least);
        values.sort_by_key(|value| {
            std::cmp::Reverse(value.now.mentions.abs_diff(value.then.mentions))
        });
        Ok(Part { by: by.to_owned(), values })
    }

    /// The first posts in an order, one of each wording.
    async fn top(
        &self,
        topic: Option<&str>,
        span: &Span,
        wanted: &str,
        order: &str,
    ) -> Result<Vec<Mention>, ReportError> {
        let wanted = format!(
            "{wanted} AND coalesce(own, 0) = 0 AND {} AND {}",
            of_topic(topic),
            within("posted_at", span.from, span.to),
        );
        let mut found = self.distinct(&wanted, order, POSTS_READ, POSTS_MAX).await?;
        found.retain(|mention| mention.reviewed.as_ref().is_none_or(|reviewed| reviewed.relevant));
        Ok(found)
    }

    /// The first mentions in an order that fulfill a condition, one of each wording among so many
    /// that are read.
    pub(crate) async fn distinct(
        &self,
        wanted: &str,
        order: &str,
        read: usize,
        most: usize,
    ) -> Result<Vec<Mention>, ReportError> {
        let posts: Vec<Post> = self
            .rows(&format!(
                "SELECT similarity, {SHOWN} FROM mentions WHERE {wanted} \
                 ORDER BY {order}, posted_at DESC, post_id, topic LIMIT {read}"
            ))
            .await?;
        let mut found: Vec<Post> = Vec::new();
        for post in posts {
            if found.len() >= most {
                break;
            }
            if !found.iter().any(|earlier| is_alike(earlier, &post)) {
                found.push(post);
            }
        }
        let mut found: Vec<Mention> = found.into_iter().map(|post| post.mention.cut()).collect();
        self.review(&mut found).await?;
        Ok(found)
    }
}

/// What was said in each part; those with fewer authors than `least` are one, so that nobody is told
/// apart by it.
fn parts(rows: &[Row], least: u64) -> Vec<PartChange> {
    let mut values: Vec<PartChange> = Vec::new();
    for same in rows.chunk_by(|one, next| one.name == next.name) {
        let is_small = same.iter().map(|row| row.authors).max().unwrap_or(0) < least;
        let name = if is_small { OTHER } else { same.first().map_or("", |row| &row.name) };
        let known = values.iter().position(|value| is_small && value.name == OTHER);
        let place = known.unwrap_or_else(|| {
            let empty = Volume::default();
            values.push(PartChange { name: name.to_owned(), now: empty, then: empty });
            values.len() - 1
        });
        let Some(value) = values.get_mut(place) else { continue };
        for row in same {
            (if row.now { &mut value.now } else { &mut value.then }).add(&row.volume);
        }
    }
    values
}

fn is_alike(one: &Post, other: &Post) -> bool {
    let alike = one.similarity.zip(other.similarity);
    one.mention.text == other.mention.text
        || alike.is_some_and(|(one, other)| (one ^ other).count_ones() <= ALIKE_BITS)
}

fn of_topic(topic: Option<&str>) -> String {
    topic.map_or("true".to_owned(), |topic| format!("topic = {}", quoted(topic)))
}
