//! How does somebody ask over HTTP that the configuration is read anew? `POST /api/v1/reload`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::api::Api;
use super::problem::Problem;

/// Reads the configuration anew; answers once it is in force. A wrong one is refused with all that is
/// wrong with it, and the one before goes on.
pub(super) async fn reload(State(api): State<Api>) -> Response {
    let (why, hint) = match api.reload.ask().await {
        Some(Ok(taken)) => return Json(taken).into_response(),
        Some(Err(refused)) => refused,
        None => {
            let why = "no configuration runs here, or its process is ending".to_owned();
            (why, "ask the process of resonanz run".to_owned())
        }
    };
    Problem::new(StatusCode::CONFLICT, why).hint(hint).into_response()
}
