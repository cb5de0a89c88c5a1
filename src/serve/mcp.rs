//! How does an assistant on another machine ask? At `/mcp`, under the rules of changes, though it can
//! change nothing: whoever asks there reads every text.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::api::{Api, Own};
use super::parameters::Sent;
use crate::assist::{Assistant, respond};

/// Answers one message of the Model Context Protocol.
pub(super) async fn answer(State(api): State<Api>, Sent(message): Sent<Value>) -> Response {
    // A place among all who ask, held until the answer is made.
    let _place = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    let assistant = Assistant {
        lake: api.lake.clone(),
        topics: Arc::clone(&api.topics),
        services: Arc::clone(&api.services),
        charter: Arc::clone(&api.charter),
        scorer: Arc::clone(&api.scorer),
    };
    match respond(&assistant, &message).await {
        Some(answer) => Json(answer).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    }
}
