//! Which posts are meant? Search, filters and pages that neither skip nor repeat while posts come in.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::choice;
use super::error::ReportError;
use super::span::Span;
use crate::lake::quoted;
use crate::post::cut_text;

/// Most posts of a page.
const PAGE_MAX: usize = 200;
/// Posts of a page where nothing is said.
const PAGE: usize = 50;
/// Longest search, in bytes.
const QUERY_BYTES_MAX: usize = 400;
/// Longest text in a list, in bytes.
const TEXT_BYTES_MAX: usize = 4_000;
/// Between the parts of an id.
const PART: char = '\u{1f}';

/// What a list shows of a mention.
pub(super) const SHOWN: &str = "topic, source, post_id, posted_at, received_at, kind, lang, author, parent, thread, url, \
     reach, engagement, score, target_score, polarity, confidence, own, terms, scorer, \
     intents, intent_confidence, text";

/// What a person found out about a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// `negative`, `neutral` or `positive`.
    pub polarity: String,
    /// Whether it is about the topic at all.
    pub relevant: bool,
    /// What its writer wants, nothing too; null where nobody said.
    #[serde(default)]
    pub intents: Option<Vec<String>>,
}

/// A post that mentions a topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// Its id in the API: the topic, the source and the post's id, encoded.
    #[serde(default)]
    pub id: String,
    /// Name of the topic.
    pub topic: String,
    /// Name of the source.
    pub source: String,
    /// The post's id, unique within its source.
    pub post_id: String,
    /// When it was written, in RFC 3339.
    pub posted_at: String,
    /// When it was heard, in RFC 3339.
    pub received_at: String,
    /// `original`, `reply`, `repost`, `quote`, `comment`, `review` or `article`.
    pub kind: String,
    /// The language in which it was read, ISO 639; `und` if unknown.
    pub lang: String,
    /// Keyed hash of its author; all zeros if unknown.
    pub author: String,
    /// The post that it answers, repeats or quotes.
    pub parent: Option<String>,
    /// The first post of its thread.
    pub thread: Option<String>,
    /// Where a person can read it.
    pub url: Option<String>,
    /// Followers or views; null if unknown.
    pub reach: Option<u64>,
    /// Likes, reposts and replies; null if unknown.
    pub engagement: Option<u64>,
    /// Score of the whole text, from -1 to 1.
    pub score: f64,
    /// Score of what is said about the topic, from -1 to 1.
    pub target_score: f64,
    /// `negative`, `neutral` or `positive`.
    pub polarity: String,
    /// How sure that is: the share of such verdicts that are right, from 0 to 1.
    pub confidence: Option<f64>,
    /// What the latest review says, which then counts; null if nobody looked.
    #[serde(default)]
    pub reviewed: Option<Reviewed>,
    /// Whether one of our own accounts wrote it.
    #[serde(deserialize_with = "flag")]
    pub own: bool,
    /// What matched, as it stands in the text.
    #[serde(deserialize_with = "parts")]
    pub terms: Vec<String>,
    /// Profile and version of the scorer.
    pub scorer: String,
    /// What its writer wants, the most urgent first.
    #[serde(deserialize_with = "parts")]
    pub intents: Vec<String>,
    /// How sure the first intent is, from 0.5 to 1; null where there is none.
    pub intent_confidence: Option<f64>,
    /// What it says; in lists at most 4,000 bytes of it.
    pub text: String,
}

fn flag<'d, D: serde::Deserializer<'d>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::<i64>::deserialize(from)? == Some(1))
}

fn parts<'d, D: serde::Deserializer<'d>>(from: D) -> Result<Vec<String>, D::Error> {
    let joined = Option::<String>::deserialize(from)?.unwrap_or_default();
    Ok(joined.split(" | ").filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

impl Mention {
    /// With its id.
    pub(super) fn named(mut self) -> Self {
        self.id = mention_id(&self.topic, &self.source, &self.post_id);
        self
    }

    pub(super) fn tie(&self) -> String {
        tied(&self.topic, &self.source, &self.post_id)
    }

    pub(super) fn cut(mut self) -> Self {
        let short = cut_text(&self.text, TEXT_BYTES_MAX).len();
        self.text.truncate(short);
        self.named()
    }
}

/// The id of the mention of a topic in a post.
#[must_use]
pub fn mention_id(topic: &str, source: &str, post_id: &str) -> String {
    BASE64.encode(tied(topic, source, post_id))
}

/// Topic, source and post as one text, from which an id is made.
pub(super) fn tied(topic: &str, source: &str, post_id: &str) -> String {
    format!("{topic}{PART}{source}{PART}{post_id}")
}

/// Topic, source and post of an id.
pub(super) fn of_id(id: &str) -> Option<[String; 3]> {
    let text = String::from_utf8(BASE64.decode(id).ok()?).ok()?;
    let mut parts = text.splitn(3, PART).map(str::to_owned);
    Some([parts.next()?, parts.next()?, parts.next()?])
}

/// Which posts come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Those written last.
    #[default]
    Latest,
    /// Those written first.
    Oldest,
    /// The most negative ones.
    Worst,
    /// The most positive ones.
    Best,
    /// Those with the most followers or views.
    Reach,
    /// Those with the most likes, reposts and replies.
    Engagement,
}

impl Order {
    /// All orders with their names.
    pub const ALL: [(&str, Self); 6] = [
        ("latest", Self::Latest),
        ("oldest", Self::Oldest),
        ("worst", Self::Worst),
        ("best", Self::Best),
        ("reach", Self::Reach),
        ("engagement", Self::Engagement),
    ];

    /// The order of this name.
    ///
    /// # Errors
    /// With all names, if there is none of this one.
    pub fn named(name: &str) -> Result<Self, ReportError> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        let hint = "write latest, oldest, worst, best, reach or engagement";
        found.map(|(_, order)| order).ok_or_else(|| choice::none_of("order", name, hint))
    }

    /// An integer of which the largest comes first.
    fn key(self) -> &'static str {
        match self {
            Self::Latest => "arrow_cast(posted_at, 'Int64')",
            Self::Oldest => "-arrow_cast(posted_at, 'Int64')",
            Self::Worst => "CAST(round(-target_score * 10000) AS BIGINT)",
            Self::Best => "CAST(round(target_score * 10000) AS BIGINT)",
            Self::Reach => "coalesce(reach, -1)",
            Self::Engagement => "coalesce(engagement, -1)",
        }
    }
}

/// Which posts are looked for. What is empty or `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    /// Words that all must be in the text, in any case and place.
    pub text: String,
    /// Names of topics, of which one must fit.
    pub topics: Vec<String>,
    /// Names of sources.
    pub sources: Vec<String>,
    /// Languages, ISO 639.
    pub langs: Vec<String>,
    /// `negative`, `neutral`, `positive`.
    pub polarities: Vec<String>,
    /// Names of intents, of which the post must have one.
    pub intents: Vec<String>,
    /// `original`, `reply`, `repost`, `quote`, `comment`, `review`, `article`.
    pub kinds: Vec<String>,
    /// Hash of the author.
    pub author: Option<String>,
    /// Fewest followers or views.
    pub min_reach: Option<u64>,
    /// Least confidence, from 0 to 1.
    pub min_confidence: Option<f64>,
    /// Posts of our own accounts only, or none of them.
    pub own: Option<bool>,
    /// When they were written.
    pub span: Option<Span>,
    /// Which come first.
    pub order: Order,
    /// Most posts, 50 where it is `None`, 200 at most.
    pub limit: Option<usize>,
    /// [`MentionPage::next`] of the page before.
    pub after: Option<String>,
}

/// Some posts, and where the next ones are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MentionPage {
    /// The posts.
    pub mentions: Vec<Mention>,
    /// How many there are in all; null on later pages.
    pub total: Option<u64>,
    /// Give it as `after` for the next page; null on the last one.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    key: i64,
    #[serde(flatten)]
    mention: Mention,
}

#[derive(Deserialize)]
struct Total {
    total: u64,
}

/// Where a page ends.
#[derive(Serialize, Deserialize)]
struct Place(Order, i64, String);

impl Ask<'_> {
    /// A page of posts.
    ///
    /// # Errors
    /// For a search that cannot be; when a limit is reached, or the lake cannot be read.
    pub async fn mentions(&self, search: &Search) -> Result<MentionPage, ReportError> {
        self.listed(search, (PAGE, PAGE_MAX)).await
    }

    /// A page of so many posts where the search does not say, and of so many at most.
    pub(super) async fn listed(
        &self,
        search: &Search,
        (usual, most): (usize, usize),
    ) -> Result<MentionPage, ReportError> {
        let limit = search.limit.unwrap_or(usual);
        if !(1..=most).contains(&limit) {
            let why = format!("a page has 1 to {most} posts");
            return Err(ReportError::wrong("limit", why, "follow `next` for further ones"));
        }
        let wanted = search.condition()?;
        for topic in &search.topics {
            self.known_topic(topic).await?;
        }
        for source in &search.sources {
            self.known_source(source).await?;
        }
        let key = search.order.key();
        let tie = format!("topic || '{PART}' || source || '{PART}' || post_id");
        let behind = match &search.after {
            None => String::new(),
            Some(after) => {
                let Place(_, last, tied) = place(after, search.order)?;
                let tied = quoted(&tied);
                format!(" AND ({key} < {last} OR ({key} = {last} AND {tie} > {tied}))")
            }
        };
        let mut rows: Vec<Row> = self
            .rows(&format!(
                "SELECT {key} AS key, {SHOWN} FROM mentions WHERE {wanted}{behind} \
                 ORDER BY {key} DESC, {tie} LIMIT {}",
                limit + 1
            ))
            .await?;
        let total = match search.after {
            Some(_) => None,
            None if rows.len() <= limit => Some(rows.len() as u64),
            None => {
                let count = format!("SELECT count(*) AS total FROM mentions WHERE {wanted}");
                self.rows::<Total>(&count).await?.first().map(|row| row.total)
            }
        };
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).and_then(|row| {
            let place = Place(search.order, row.key, row.mention.tie());
            Some(BASE64.encode(serde_json::to_vec(&place).ok()?))
        });
        let mut mentions: Vec<Mention> = rows.into_iter().map(|row| row.mention.cut()).collect();
        for some in mentions.chunks_mut(PAGE_MAX) {
            self.review(some).await?;
        }
        Ok(MentionPage { mentions, total, next })
    }
}

fn place(after: &str, order: Order) -> Result<Place, ReportError> {
    let read = || serde_json::from_slice::<Place>(&BASE64.decode(after).ok()?).ok();
    let hint = "give `next` of the page before, with the same search";
    match read() {
        Some(place) if place.0 == order => Ok(place),
        Some(_) => Err(ReportError::wrong("after", "it is of a list in another order", hint)),
        None => Err(ReportError::wrong("after", "it cannot be read", hint)),
    }
}

/// That a mention has one of some intents, in SQL.
fn intents(names: &[String]) -> Result<String, ReportError> {
    let one = |name: &String| {
        // No name is part of another.
        choice::intent(name).map(|intent| format!("strpos(intents, '{intent}') > 0"))
    };
    let each: Vec<String> = names.iter().map(one).collect::<Result<_, _>>()?;
    Ok(format!("({})", each.join(" OR ")))
}

impl Search {
    /// What a mention must be, in SQL.
    fn condition(&self) -> Result<String, ReportError> {
        if self.text.len() > QUERY_BYTES_MAX {
            let why = format!("it is longer than {QUERY_BYTES_MAX} bytes");
            return Err(ReportError::wrong("q", why, "search for fewer words"));
        }
        self.polarities.iter().try_for_each(|word| choice::polarity(word))?;
        self.kinds.iter().try_for_each(|word| choice::kind(word))?;
        let langs = self.langs.iter().map(|word| choice::lang(word));
        let langs: Vec<String> = langs.collect::<Result<Vec<_>, _>>()?.concat();
        self.author.iter().try_for_each(|word| choice::author(word))?;
        let mut wanted = vec!["true".to_owned()];
        let words = self.text.split_whitespace();
        wanted.extend(
            words.map(|word| format!("strpos(lower(text), {}) > 0", quoted(&word.to_lowercase()))),
        );
        let lists = [
            ("topic", &self.topics),
            ("source", &self.sources),
            ("lang", &langs),
            ("polarity", &self.polarities),
            ("kind", &self.kinds),
        ];
        for (column, list) in lists {
            if list.len() > 100 {
                return Err(ReportError::wrong(column, "more than 100 are named", "name fewer"));
            }
            let names: Vec<String> = list.iter().map(|name| quoted(name)).collect();
            if !names.is_empty() {
                wanted.push(format!("{column} IN ({})", names.join(", ")));
            }
        }
        if !self.intents.is_empty() {
            wanted.push(intents(&self.intents)?);
        }
        wanted.extend(self.author.iter().map(|author| format!("author = {}", quoted(author))));
        let reach = self.min_reach.map(|least| least.min(i64::MAX.unsigned_abs()));
        wanted.extend(reach.map(|least| format!("reach >= {least}")));
        match self.min_confidence {
            Some(least) if (0.0..=1.0).contains(&least) => {
                wanted.push(format!("confidence >= {least}"));
            }
            Some(_) => {
                return Err(ReportError::wrong("min_confidence", "it is from 0 to 1", "give 0.8"));
            }
            None => {}
        }
        wanted.extend(self.own.map(|own| format!("coalesce(own, 0) = {}", i32::from(own))));
        wanted.extend(self.span.iter().map(|span| within("posted_at", span.from, span.to)));
        Ok(wanted.join(" AND "))
    }
}
