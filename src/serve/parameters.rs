//! What does a request ask? Query parameters and JSON bodies, with errors as JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::deed::clipped;
use super::problem::{Problem, failure};

/// Query parameters of a request. Unknown or wrong ones are answered with 400 and a JSON error.
pub(super) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(refused) => {
                let why = match told(&refused.body_text()) {
                    why if why == NONE => format!("{}: {why}", first(parts)),
                    why => why,
                };
                let problem = Problem::new(StatusCode::BAD_REQUEST, why);
                Err(problem.hint("all parameters stand in /api/v1/openapi.json").into_response())
            }
        }
    }
}

/// Lets through what asks nothing in its address: the rest of a router whose paths take no parameters.
pub(super) async fn bare(Parameters(()): Parameters<()>, request: Request, next: Next) -> Response {
    next.run(request).await
}

/// The name of the first parameter, as far as it is shown.
fn first(parts: &Parts) -> String {
    let query = parts.uri.query().unwrap_or_default();
    let pair = url::form_urlencoded::parse(query.as_bytes()).next();
    pair.map(|(name, _)| clipped(&name)).unwrap_or_default()
}

/// Why a path refuses whatever parameter it is given.
const NONE: &str = "this path takes no parameters";

/// What the libraries that read parameters say, and what people understand.
const SAID: [(&str, &str); 3] = [
    ("invalid digit found in string", "it is not a whole number"),
    ("invalid float literal", "it is not a number"),
    ("provided string was not `true` or `false`", "it is neither true nor false"),
];

/// Why parameters are refused.
fn told(refused: &str) -> String {
    let why = refused.strip_prefix("Failed to deserialize query string: ").unwrap_or(refused);
    // However many there are.
    if why.starts_with("invalid length ") && why.ends_with(", expected 0 elements in map") {
        return NONE.to_owned();
    }
    let said = |(theirs, ours): &(&str, &str)| Some(format!("{}{ours}", why.strip_suffix(theirs)?));
    SAID.iter().find_map(said).unwrap_or_else(|| why.to_owned())
}

/// The body of a request as JSON. One that does not say that it is JSON is answered with 415, a
/// wrong one with 400, and both with a JSON error.
pub(super) struct Sent<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        if !says_json(request.headers()) {
            let message = "send the header content-type: application/json";
            return Err(failure(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let body = Bytes::from_request(request, state).await;
        let parsed = parse(&body.map_err(IntoResponse::into_response)?);
        parsed.map(Self).map_err(|why| failure(StatusCode::BAD_REQUEST, &why))
    }
}

/// Whether a request's body is JSON by its own word.
pub(super) fn says_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// A body as JSON, or why it is none.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| match body.trim_ascii().first() {
        Some(b'{') => format!("body: {error}"),
        _ => "body: it is not a JSON object".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_without_words_of_libraries() {
        for (refused, wanted) in [
            ("limit: invalid digit found in string", "limit: it is not a whole number"),
            ("foo: unknown field `foo`, expected `x`", "foo: unknown field `foo`, expected `x`"),
            ("invalid length 1, expected 0 elements in map", NONE),
            ("invalid length 12, expected 0 elements in map", NONE),
        ] {
            assert_eq!(told(&format!("Failed to deserialize query string: {refused}")), wanted);
        }
        for body in ["", "nojson", "[1]", "\"x\""] {
            let parsed = parse::<std::collections::BTreeMap<String, u8>>(body.as_bytes());
            assert_eq!(parsed, Err("body: it is not a JSON object".to_owned()), "{body}");
        }
    }
}
