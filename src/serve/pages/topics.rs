//! What is listened for, and how would another query do on the past?

use std::time::Instant;

use axum::response::Response;
use serde_json::{Value, json};

use super::drawing::whole;
use super::page::Wrong;
use super::sql::rows;
use super::viewer::Visit;
use crate::lake::quoted;
use crate::time::{DAY_US, EventTime};

/// Posts shown of a query that is tried.
const POSTS_MAX: usize = 10;

pub(super) async fn topics(visit: Visit) -> Response {
    let found = build(&visit).await;
    visit.page("topics.html", found)
}

async fn build(visit: &Visit) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let query = visit.ask("q").unwrap_or_default();
    let (mut tried, mut wrong) = (None, None);
    if !query.is_empty() {
        match attempt(&own.session, query).await {
            Ok(found) => tried = Some(found),
            Err(why) => wrong = Some(why),
        }
    }
    Ok(json!({
        "asked": {"q": query},
        "tried": tried,
        "wrong": wrong,
        "topics": ask.topics().await?,
    }))
}

/// What a query would have found, and how long the look took; or what is wrong with it.
async fn attempt(session: &crate::sql::Session, query: &str) -> Result<Value, String> {
    #[allow(clippy::disallowed_methods, reason = "how long it took is what is told")]
    let begun = Instant::now();
    let found = format!("matches(text, {})", quoted(query));
    // Without kept posts there are those that mention a topic.
    let all = "SELECT source, post_id, posted_at, lang, text FROM posts UNION \
               SELECT source, post_id, posted_at, lang, text FROM mentions";
    let counts = format!(
        "SELECT count(*) AS read, count(*) FILTER (WHERE {found}) AS found, \
         min(posted_at) AS first, max(posted_at) AS last FROM ({all})"
    );
    let counts = rows(session, &counts);
    let counts =
        counts.await.map_err(|error| error.message)?.into_iter().next().unwrap_or_default();
    let posts = format!(
        "SELECT posted_at, source, lang, text FROM ({all}) WHERE {found} ORDER BY posted_at DESC LIMIT {POSTS_MAX}"
    );
    let posts = rows(session, &posts);
    let posts = posts.await.map_err(|error| error.message)?;
    let time = |name: &str| EventTime::parse(counts[name].as_str().unwrap_or_default()).ok();
    let days = match (time("first"), time("last")) {
        (Some(first), Some(last)) => last.since(first).max(DAY_US).unsigned_abs(),
        _ => DAY_US.unsigned_abs(),
    };
    let (read, matched) =
        (counts["read"].as_u64().unwrap_or(0), counts["found"].as_u64().unwrap_or(0));
    Ok(json!({
        "read": read,
        "found": matched,
        "part": whole(matched) / whole(read.max(1)),
        "per_day": whole(matched) / (whole(days) / whole(DAY_US.unsigned_abs())),
        "ms": u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        "posts": posts,
    }))
}
