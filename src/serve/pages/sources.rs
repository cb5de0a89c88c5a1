//! How are the sources, and what came of each?

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::page::Wrong;
use super::sql::rows;
use super::viewer::Visit;
use crate::serve::sources::one;

pub(super) async fn sources(visit: Visit) -> Response {
    let found = build(&visit).await;
    visit.page("sources.html", found)
}

async fn build(visit: &Visit) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let sources = visit.api.progress.borrow().sources.clone();
    let sources: Vec<Value> = sources.iter().map(|source| one(source)).collect();
    let kept = "SELECT source, count(*) AS mentions, min(posted_at) AS first, max(posted_at) AS last \
                FROM mentions GROUP BY source ORDER BY mentions DESC, source LIMIT 200";
    let kept = rows(&own.session, kept).await;
    let kept =
        kept.map_err(|error| Wrong::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(json!({"sources": sources, "heard": ask.heard(), "kept": kept}))
}
