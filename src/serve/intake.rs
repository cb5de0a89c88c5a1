//! Which requests are heard at all? Those under a name of ours, with a body of bounded size that
//! comes in time.
//!
//! A web page can bind a name of its own to this machine's address and then read what stands here as
//! if it were its own. Its requests carry that name as `Host`.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::api::{Api, failure};

/// Longest body: a statement of the longest length, in JSON.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest time for a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Lets a request through with its whole body, or says why not.
pub(super) async fn hear(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !is_ours(request.headers(), &api) {
        let message =
            "this host name is not ours; add it to [serve] hosts, or ask by the IP address";
        return failure(StatusCode::FORBIDDEN, message);
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

fn is_length(error: &axum::Error) -> bool {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
        .any(|error| error.to_string().contains("length limit exceeded"))
}

/// Whether a request goes to an address, a name that no public DNS gives, or one that the
/// configuration names; or whether it carries the token, which no foreign page knows.
fn is_ours(headers: &HeaderMap, api: &Api) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return !headers.contains_key(header::HOST);
    };
    let name = host_name(host);
    let is_bare = !name.trim_end_matches('.').contains('.');
    let is_local = is_bare || name.to_ascii_lowercase().ends_with(".localhost");
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    is_local
        || name.parse::<IpAddr>().is_ok()
        || api.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
        || is_token(given, api.token.as_deref())
}

/// The name in a `Host`, without port and brackets.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Hashes are compared, so that the time it takes says nothing about the token.
fn is_token(given: Option<&str>, token: Option<&str>) -> bool {
    let (Some(given), Some(token)) = (given, token) else { return false };
    blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes())
}
