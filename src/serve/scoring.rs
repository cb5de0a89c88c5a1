//! How is a text meant that somebody sends?

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::api::Api;
use super::parameters::Sent;
use crate::post::{Lang, cut_text};

/// Longest text, in bytes: what is kept of a post.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A text to be scored.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScoreBody {
    /// What it says; beyond 64 KiB it is cut.
    text: String,
    /// Its language, ISO 639; found out without it.
    #[serde(default)]
    lang: Option<String>,
}

/// Scores a text, with the words, rules and weights behind the verdict.
pub(super) async fn score(
    State(api): State<Api>,
    Sent(asked): Sent<ScoreBody>,
) -> Result<Json<Value>, Response> {
    let text = cut_text(&asked.text, TEXT_BYTES_MAX);
    let lang = asked.lang.as_deref().map_or(Lang::UND, Lang::parse);
    Ok(Json(api.scorer.explain(text, lang, &[]).to_json(text)))
}
