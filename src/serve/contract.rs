//! What is promised to programs? The paths of version 1, and the OpenAPI document that describes them.

use axum::Router;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};

use super::api::Api;
use super::parameters::bare;
use super::{
    anew, answers, apart, desk, feed, inbox, recall, reviews, scoring, sources, sql, topics,
};

/// OpenAPI 3.1.
const DOCUMENT: &str = include_str!("openapi.json");

/// The paths of version 1.
pub(super) fn router(api: &Api) -> Router<Api> {
    let changes = Router::new()
        .route("/api/v1/alerts/{id}/ack", post(desk::acknowledge).delete(desk::unacknowledge))
        .route("/api/v1/messages/{id}/resend", post(desk::resend))
        .route("/api/v1/messages/{id}/replay", post(desk::resend))
        .route("/api/v1/silences", post(desk::silence))
        .route("/api/v1/mentions/{id}/correction", post(reviews::review))
        .route("/api/v1/silences/{id}", delete(desk::unsilence))
        .route("/api/v1/inbox/{id}", post(inbox::change))
        .route("/api/v1/reload", post(anew::reload))
        .route("/api/v1/topics", post(topics::create))
        .route("/api/v1/topics/{name}", put(topics::change))
        .route_layer(from_fn(bare))
        .layer(from_fn_with_state(api.clone(), desk::guard));
    let questions = Router::new()
        .route("/api/v1/overview", get(answers::overview))
        .route("/api/v1/topics", get(answers::topics))
        .route("/api/v1/trends", get(answers::trends))
        .route("/api/v1/sentiment", get(answers::sentiment))
        .route("/api/v1/voices", get(answers::voices))
        .route("/api/v1/changes", get(answers::changes))
        .route("/api/v1/drivers", get(answers::drivers))
        .route("/api/v1/waits", get(answers::waits))
        .route("/api/v1/goals", get(answers::goals))
        .route("/api/v1/mentions", get(answers::mentions))
        .route("/api/v1/report", get(answers::report))
        .layer(from_fn(apart::apart))
        .layer(from_fn_with_state(api.clone(), recall::remember));
    let lookups = Router::new()
        .route("/api/v1/inbox", get(inbox::inbox))
        .route("/api/v1/service", get(inbox::service))
        .route("/api/v1/reviews/queue", get(reviews::queue))
        .route("/api/v1/reviews/agreement", get(reviews::agreement))
        .route("/api/v1/alerts", get(desk::alerts))
        .route("/api/v1/silences", get(desk::silences))
        .route("/api/v1/sql", get(sql::by_address).post(sql::by_body))
        .layer(from_fn(apart::apart));
    // These take nothing beside what their paths name.
    let named = Router::new()
        .route("/api/v1/mentions/{id}", get(answers::mention))
        .route("/api/v1/inbox/{id}", get(inbox::one))
        .route("/api/v1/mentions/{id}/reviews", get(reviews::of_mention))
        .route("/api/v1/alerts/{id}", get(desk::alert))
        .route("/api/v1/sources", get(sources::list))
        .route("/api/v1/topics/test", post(topics::test))
        .route("/api/v1/topics/{name}", get(topics::show))
        .route("/api/v1/score", post(scoring::score))
        .route_layer(from_fn(bare))
        .layer(from_fn(apart::apart));
    Router::new()
        .route("/api/v1/openapi.json", get(document))
        .route("/api/v1/live", get(feed::live).layer(from_fn(bare)))
        .merge(questions)
        .merge(lookups)
        .merge(named)
        .merge(changes)
}

async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::DOCUMENT;

    /// Paths that the document leaves out: itself, and an older name.
    const SILENT: [&str; 2] = ["/api/v1/openapi.json", "/api/v1/messages/{id}/replay"];

    #[test]
    fn the_document_has_every_route_and_no_other() {
        let document: Value = serde_json::from_str(DOCUMENT).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let told: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, verbs)| {
                let verbs = verbs.as_object().expect("verbs");
                verbs.keys().map(move |verb| (path.clone(), verb.clone()))
            })
            .collect();
        let mut routed = BTreeSet::new();
        for line in include_str!("contract.rs").lines() {
            let Some(rest) = line.trim().strip_prefix(".route(\"") else { continue };
            let (path, handlers) = rest.split_once('"').expect("a path");
            for verb in ["get", "post", "put", "delete"] {
                if handlers.contains(&format!(" {verb}("))
                    || handlers.contains(&format!(".{verb}("))
                {
                    routed.insert((path.to_owned(), verb.to_owned()));
                }
            }
        }
        routed.retain(|(path, _)| !SILENT.contains(&path.as_str()));
        // The doors of sources are routed elsewhere.
        routed.insert(("/ingest/{source}".to_owned(), "post".to_owned()));
        assert_eq!(told, routed);
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let document: Value = serde_json::from_str(DOCUMENT).expect("JSON");
        for part in DOCUMENT.split("\"$ref\": \"#").skip(1) {
            let place = part.split('"').next().expect("a place");
            assert!(document.pointer(place).is_some(), "{place}");
        }
    }
}
