//! Which requests are heard at all? Those under a name of ours, with a body of bounded size that
//! comes in time.
//!
//! A web page can bind a name of its own to this machine's address and then read what stands here as
//! if it were its own. Its requests carry that name as `Host`.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::Api;
use super::length::is_length;
use super::problem::{Problem, failure};
use super::site::asked_name;

/// Longest body: a statement of the longest length, in JSON.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest time for a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Lets a request through with its whole body, or says why not.
pub(super) async fn hear(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !is_ours(request.headers(), request.uri(), &api) {
        let detail = "this host name is not ours";
        let hint = "add it to [serve] hosts, or ask by the IP address";
        return Problem::new(StatusCode::FORBIDDEN, detail).hint(hint).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => body,
        Err((status, message)) => {
            let mut refused = failure(status, message);
            // The rest of the body is not waited for.
            refused
                .headers_mut()
                .insert(header::CONNECTION, header::HeaderValue::from_static("close"));
            return refused;
        }
    };
    next.run(Request::from_parts(parts, body)).await
}

async fn read(body: Body) -> Result<Body, (StatusCode, &'static str)> {
    const LONG: (StatusCode, &str) =
        (StatusCode::PAYLOAD_TOO_LARGE, "the body has more than 1 MiB");
    let most = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
    if body.size_hint().lower() > most {
        return Err(LONG);
    }
    match tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await {
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body did not come within 10 s")),
        Ok(Err(error)) if is_length(&error) => Err(LONG),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the body did not come whole")),
        Ok(Ok(bytes)) => Ok(Body::from(bytes)),
    }
}

/// Whether a request goes to an address, a name that no public DNS gives, or one that the
/// configuration names; or whether it carries the token, which no foreign page knows. Where people
/// log in, a foreign name has no cookie of theirs: any clear name will do.
fn is_ours(headers: &HeaderMap, uri: &Uri, api: &Api) -> bool {
    let name = match asked_name(headers, uri) {
        Some(Some(name)) => name,
        // Who names none is a program of HTTP/1.0, and not a browser.
        Some(None) => return true,
        None => return false,
    };
    let is_bare = !name.trim_end_matches('.').contains('.');
    let is_local = is_bare || name.to_ascii_lowercase().ends_with(".localhost");
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    is_local
        || api.access.is_closed()
        || name.parse::<IpAddr>().is_ok()
        || api.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
        || is_token(given, api.token.as_deref())
}

/// Hashes are compared, so that the time it takes says nothing about the token.
fn is_token(given: Option<&str>, token: Option<&str>) -> bool {
    let (Some(given), Some(token)) = (given, token) else { return false };
    blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes())
}
