//! What would a query have found, and what would it cost? Tried on the posts that the lake keeps,
//! within bounds of time and memory.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::time::Instant;

use super::ask::Ask;
use super::error::ReportError;
use crate::chart::zoned;
use crate::mention::{Context, Matcher, MentionScratch, Topic, read};
use crate::post::{AuthorKey, Kind, Lang, Span};
use crate::time::{DAY_US, EventTime};

/// Longest look through the past.
const TIME_MAX: Duration = Duration::from_secs(20);
/// Posts shown.
const POSTS_MAX: usize = 10;
/// Days shown, the latest.
const DAYS_MAX: usize = 400;
/// Mentions that are told apart where no posts are kept.
const SEEN_MAX: usize = 4_000_000;
/// Longest text of a shown post, in characters.
const TEXT_CHARS_MAX: usize = 4_000;
/// Bytes that a mention takes in the lake beside its text, about.
const ROW_BYTES: u64 = 120;
/// How much smaller texts become in the lake, about.
const PACKED: u64 = 3;

/// What a query would have found.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// The query as it is understood.
    pub understood: String,
    /// What in it may not say what was meant.
    pub remarks: Vec<Remark>,
    /// Which rows were looked through: `posts`, or `mentions` where no posts are kept, which are
    /// those of other topics.
    pub of: &'static str,
    /// Posts that were looked through.
    pub read: u64,
    /// Those that it finds.
    pub found: u64,
    /// Whether all that is kept was looked through in time.
    pub complete: bool,
    /// When the first and the last of them were written, in RFC 3339; null without any.
    pub first: Option<String>,
    /// See `first`.
    pub last: Option<String>,
    /// The latest days that have posts, oldest first.
    pub days: Vec<TrialDay>,
    /// What it would cost.
    pub cost: Cost,
    /// The newest that it finds.
    pub posts: Vec<Found>,
}

/// What may not say what was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Byte of the query.
    pub at: usize,
    /// What may be wrong.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialDay {
    /// The day, as `2026-03-01`.
    pub day: String,
    /// Posts that were looked through.
    pub read: u64,
    /// Those that it finds.
    pub found: u64,
}

/// What a topic would cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Mentions a day, over the days that were looked through.
    pub mentions_a_day: f64,
    /// Bytes that they would take in the lake a day, about.
    pub bytes_a_day: u64,
    /// Microseconds that looking for it took a post, on this machine.
    pub match_us_a_post: f64,
}

/// A post that it finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// When it was written, in RFC 3339.
    pub posted_at: String,
    /// Its source.
    pub source: String,
    /// Its language, ISO 639.
    pub lang: String,
    /// Where a person can read it.
    pub url: Option<String>,
    /// What it says; cut after 4,000 characters.
    pub text: String,
    /// The words that made the query hold, as they stand there.
    pub words: Vec<String>,
    /// Where they stand, in bytes of the text: start and end.
    pub places: Vec<(u32, u32)>,
}

impl Ask<'_> {
    /// Tries a query on what is kept. Fields of authors find nobody: that takes the lake's key.
    ///
    /// # Errors
    /// When the query cannot be understood, or the lake cannot be read.
    pub async fn attempt(&self, topic: &Topic, zone: &TimeZone) -> Result<Trial, ReportError> {
        let reading = read(&topic.query).map_err(|error| wrong(&error.to_string(), error.hint))?;
        let matcher = Matcher::compile(std::slice::from_ref(topic), &|_| Vec::new());
        let matcher = matcher.map_err(|errors| {
            let first = errors.into_iter().next().map(|(_, error)| error);
            first.map_or_else(
                || wrong("it cannot be read", ""),
                |error| wrong(&error.to_string(), error.hint),
            )
        })?;
        let mut remarks: Vec<Remark> = reading
            .remarks
            .into_iter()
            .map(|error| Remark { at: error.at, message: error.message, hint: error.hint })
            .collect();
        if matcher.asks_author() {
            let message = "author: finds nobody here".to_owned();
            let hint = "try it with: resonanz topics test";
            remarks.push(Remark { at: 0, message, hint });
        }
        let has_posts =
            !self.rows::<serde_json::Value>("SELECT 1 AS one FROM posts LIMIT 1").await?.is_empty();
        let of = if has_posts { "posts" } else { "mentions" };
        let mut search = Search::new(matcher, zone.clone(), of);
        let end = Instant::now() + (self.session.time() * 2 / 3).min(TIME_MAX);
        let rows = format!(
            "SELECT source, post_id, posted_at, kind, lang, author, url, parent, thread, reach, engagement, text FROM {of}"
        );
        let mut answer = self.session.query(&rows).await?;
        let complete = loop {
            let Some(batch) = answer.next().await? else { break true };
            tokio::task::block_in_place(|| search.take(&batch))?;
            if Instant::now() >= end || search.seen.len() >= SEEN_MAX {
                break false;
            }
        };
        let understood = reading.expr.to_string();
        Ok(Trial { understood, remarks, complete, ..search.end() })
    }
}

fn wrong(why: &str, hint: &'static str) -> ReportError {
    ReportError::wrong("query", why, hint)
}

/// What was found so far.
struct Search {
    matcher: Matcher,
    scratch: MentionScratch,
    zone: TimeZone,
    of: &'static str,
    days: BTreeMap<i32, (String, u64, u64)>,
    read: u64,
    found: u64,
    text_bytes: u64,
    spent: Duration,
    ends: Option<(EventTime, EventTime)>,
    /// The newest, by time.
    newest: BTreeSet<(EventTime, u64)>,
    posts: BTreeMap<u64, Found>,
    /// Posts of which mentions were seen, by the hashes of their ids.
    seen: HashSet<u64>,
}

impl Search {
    fn new(matcher: Matcher, zone: TimeZone, of: &'static str) -> Self {
        Self {
            matcher,
            scratch: MentionScratch::default(),
            zone,
            of,
            days: BTreeMap::new(),
            read: 0,
            found: 0,
            text_bytes: 0,
            spent: Duration::ZERO,
            ends: None,
            newest: BTreeSet::new(),
            posts: BTreeMap::new(),
            seen: HashSet::new(),
        }
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), ReportError> {
        let rows = Rows::of(batch)?;
        let (mut mentions, mut spans) = (Vec::new(), Vec::new());
        for row in 0..batch.num_rows() {
            let text = rows.text("text", row).unwrap_or_default();
            if self.of == "mentions" && !self.is_first(&rows, row) {
                continue;
            }
            let at = rows.time(row);
            let context = rows.context(row);
            mentions.clear();
            spans.clear();
            let begun = Instant::now();
            self.matcher.find(text, context, &mut self.scratch, &mut mentions, &mut spans);
            self.spent += begun.elapsed();
            let is_found = !mentions.is_empty();
            self.count(at, text, is_found);
            if is_found {
                let places = mentions
                    .first()
                    .map(|first| first.spans_start as usize..first.spans_end as usize);
                let places = places.and_then(|range| spans.get(range)).unwrap_or_default();
                self.show(at, &rows, row, places);
            }
        }
        Ok(())
    }

    /// Whether no mention of the same post was seen.
    fn is_first(&mut self, rows: &Rows, row: usize) -> bool {
        let mut hasher = blake3::Hasher::new();
        for name in ["source", "post_id"] {
            hasher.update(rows.text(name, row).unwrap_or_default().as_bytes()).update(&[0]);
        }
        let mut first = [0; 8];
        first.copy_from_slice(hasher.finalize().as_bytes().first_chunk::<8>().unwrap_or(&[0; 8]));
        self.seen.insert(u64::from_le_bytes(first))
    }

    fn count(&mut self, at: EventTime, text: &str, is_found: bool) {
        let date = zoned(at, &self.zone).date();
        let since = date.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours() / 24;
        let day = i32::try_from(since).unwrap_or_default();
        let day = self.days.entry(day).or_insert_with(|| (date.to_string(), 0, 0));
        day.1 += 1;
        self.read += 1;
        let (first, last) = self.ends.unwrap_or((at, at));
        self.ends = Some((first.min(at), last.max(at)));
        if is_found {
            day.2 += 1;
            self.found += 1;
            self.text_bytes += text.len() as u64;
        }
        while self.days.len() > DAYS_MAX {
            self.days.pop_first();
        }
    }

    fn show(&mut self, at: EventTime, rows: &Rows, row: usize, places: &[Span]) {
        let key = (at, self.read);
        if self.newest.len() >= POSTS_MAX {
            match self.newest.first() {
                Some(oldest) if *oldest < key => {
                    if let Some((_, old)) = self.newest.pop_first() {
                        self.posts.remove(&old);
                    }
                }
                _ => return,
            }
        }
        let whole = rows.text("text", row).unwrap_or_default();
        let text: String = whole.chars().take(TEXT_CHARS_MAX).collect();
        let places = places.iter().filter(|span| (span.end as usize) <= text.len());
        let places: Vec<(u32, u32)> = places.map(|span| (span.start, span.end)).collect();
        let words =
            places.iter().filter_map(|(start, end)| text.get(*start as usize..*end as usize));
        let said = |name: &str| rows.text(name, row).map(str::to_owned);
        let found = Found {
            posted_at: at.to_string(),
            source: said("source").unwrap_or_default(),
            lang: said("lang").unwrap_or_default(),
            url: said("url"),
            words: words.map(str::to_owned).collect(),
            places,
            text,
        };
        self.newest.insert(key);
        self.posts.insert(self.read, found);
    }

    fn end(mut self) -> Trial {
        let span = self.ends.map_or(DAY_US, |(first, last)| last.since(first)).max(DAY_US);
        let per_day =
            |count: u64| whole(count) * whole(DAY_US.unsigned_abs()) / whole(span.unsigned_abs());
        let bytes = self.text_bytes / PACKED + self.found * ROW_BYTES;
        let newest = std::mem::take(&mut self.newest);
        let days = self.days.into_values();
        Trial {
            understood: String::new(),
            remarks: Vec::new(),
            of: self.of,
            read: self.read,
            found: self.found,
            complete: false,
            first: self.ends.map(|(first, _)| first.to_string()),
            last: self.ends.map(|(_, last)| last.to_string()),
            days: days.map(|(day, read, found)| TrialDay { day, read, found }).collect(),
            cost: Cost {
                mentions_a_day: per_day(self.found),
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a positive estimate"
                )]
                bytes_a_day: per_day(bytes) as u64,
                match_us_a_post: self.spent.as_secs_f64() * 1e6 / whole(self.read.max(1)),
            },
            posts: newest
                .into_iter()
                .rev()
                .filter_map(|(_, key)| self.posts.remove(&key))
                .collect(),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of posts and spans of years fit")]
fn whole(count: u64) -> f64 {
    count as f64
}

/// What sort of post a word of the lake stands for.
fn kind(word: &str) -> Kind {
    use Kind::{Article, Comment, Original, Quote, Reply, Repost, Review};
    let all = [Original, Reply, Repost, Quote, Comment, Review, Article];
    all.into_iter().find(|kind| kind.as_str() == word).unwrap_or_default()
}

/// The columns of some rows.
struct Rows(BTreeMap<String, ArrayRef>);

impl Rows {
    fn of(batch: &RecordBatch) -> Result<Self, ReportError> {
        let mut columns = BTreeMap::new();
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let column = match column.data_type() {
                DataType::Utf8View => cast(column, &DataType::Utf8),
                _ => Ok(Arc::clone(column)),
            };
            let column = column.map_err(|error| ReportError::Other(error.into()))?;
            columns.insert(field.name().clone(), column);
        }
        Ok(Self(columns))
    }

    fn text(&self, name: &str, row: usize) -> Option<&str> {
        let column = self.0.get(name)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn count(&self, name: &str, row: usize) -> Option<u64> {
        let column = self.0.get(name)?.as_primitive_opt::<Int64Type>()?;
        column.is_valid(row).then(|| column.value(row)).and_then(|count| count.try_into().ok())
    }

    fn time(&self, row: usize) -> EventTime {
        let column = self.0.get("posted_at");
        let column =
            column.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        EventTime(column.map_or(0, |times| times.value(row)))
    }

    fn context(&self, row: usize) -> Context<'_> {
        Context {
            lang: Lang::parse(self.text("lang", row).unwrap_or_default()),
            source: self.text("source", row).unwrap_or_default(),
            kind: kind(self.text("kind", row).unwrap_or_default()),
            author: self.text("author", row).and_then(AuthorKey::parse).unwrap_or_default(),
            url: self.text("url", row),
            parent: self.text("parent", row),
            thread: self.text("thread", row),
            reach: self.count("reach", row),
            engagement: self.count("engagement", row),
        }
    }
}
