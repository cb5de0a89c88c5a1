//! Who comes in, and for what? Each request but those to the doors of sources is judged here, before
//! its body is read.
//!
//! Where login is demanded, all reading needs the role `read`, changing `operate` or `admin`; probes
//! of health get no more than a status. Elsewhere everything is as `desk` and `intake` say.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::{Identity, Viewer, Way};
use super::api::Api;
use super::deed::{Asked, Changed};
use super::desk::check;
use super::pages;
use super::problem::{Problem, failure};
use super::site::host_name;
use crate::config::Role;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing.
    Nothing,
    /// A role, or to come from this machine and by no proxy.
    NearOr(Role),
    /// A role.
    Known(Role),
}

/// Lets a request through with what is known of its sender, or says why not.
pub(super) async fn admit(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip());
    if !api.access.is_closed() {
        let may_change = check(request.headers(), peer, api.token.as_deref()).is_ok();
        let role = if may_change { Role::Admin } else { Role::Read };
        request.extensions_mut().insert(Viewer::new("local", role, Way::Open));
        return next.run(request).await;
    }
    let need = need(request.method(), request.uri().path());
    let identity = api.access.identify(request.headers(), peer);
    let origin = api.access.origin(request.headers(), peer);
    let asked = Asked::of(request.method(), request.uri().path(), request.uri().query());
    if let Identity::Known(viewer) = &identity {
        request.extensions_mut().insert(viewer.clone());
    }
    let refused = match (need, identity) {
        (Need::Nothing, _) => return next.run(request).await,
        (Need::NearOr(_), _) if is_near(request.headers(), peer) => return next.run(request).await,
        (Need::Known(role) | Need::NearOr(role), Identity::Known(viewer)) => {
            let is_foreign = is_foreign(&api, &request, peer);
            if viewer.role.allows(role) && !is_foreign {
                // Who goes away before the answer leaves its line behind all the same.
                let done = tokio::spawn(async move {
                    let response = next.run(request).await;
                    if need != Need::NearOr(role) {
                        let status = response.status().as_u16();
                        let changed = response.extensions().get::<Changed>();
                        api.audit.answered(&viewer, origin, asked, (status, changed)).await;
                    }
                    response
                });
                return done.await.unwrap_or_else(|_| {
                    failure(StatusCode::INTERNAL_SERVER_ERROR, "the answer broke down")
                });
            }
            let status = StatusCode::FORBIDDEN;
            api.audit.answered(&viewer, origin, asked, (status.as_u16(), None)).await;
            if is_foreign {
                let detail = "another web page may not change anything here";
                let hint = "a proxy must pass the visitor's host name on";
                Problem::new(status, detail).hint(hint)
            } else {
                let detail = format!("the role \"{}\" may not do this", viewer.role.as_str());
                let hint = format!("it needs the role \"{}\"", role.as_str());
                Problem::new(status, detail).hint(hint)
            }
        }
        (_, Identity::Later(wait_s)) => return later(wait_s),
        (_, Identity::Nobody) if is_page(&request) => return to_login(&request),
        (_, Identity::Wrong) => {
            api.audit.login(None, origin, None, "http").await;
            unknown("this token is not known")
        }
        (_, Identity::Nobody) => unknown("nothing is answered here without a login"),
    };
    if is_page(&request) {
        return pages::refused(api, request, refused).await;
    }
    let is_unknown = refused.status == StatusCode::UNAUTHORIZED.as_u16();
    let mut response = refused.into_response();
    if is_unknown {
        let way = HeaderValue::from_static("Bearer realm=\"resonanz\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, way);
    }
    response
}

fn unknown(detail: &str) -> Problem {
    let hint = "send the header authorization: Bearer TOKEN, or log in at /login";
    Problem::new(StatusCode::UNAUTHORIZED, detail).hint(hint)
}

/// Who guessed too often is told when to come back.
pub(super) fn later(wait_s: u64) -> Response {
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong guesses");
    let mut response = problem.hint(format!("try again in {wait_s} s")).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    response
}

/// What a request needs by its method and path.
fn need(method: &Method, path: &str) -> Need {
    match path {
        "/login" | "/logout" | "/healthz" => return Need::Nothing,
        "/metrics" => return Need::NearOr(Role::Read),
        _ if path.starts_with("/assets/") => return Need::Nothing,
        // What was changed for later begins to hold.
        "/api/v1/reload" => return Need::Known(Role::Admin),
        // Questions that are too long for an address, and those of assistants, which only read.
        "/mcp" | "/api/v1/sql" | "/api/v1/score" | "/api/v1/topics/test" => {
            return Need::Known(Role::Read);
        }
        _ => {}
    }
    let is_topic = ["/api/v1/topics", "/topics"]
        .into_iter()
        .filter_map(|root| path.strip_prefix(root))
        .any(|rest| rest.is_empty() || rest.starts_with('/'));
    match *method {
        Method::GET | Method::HEAD => Need::Known(Role::Read),
        _ if is_topic => Need::Known(Role::Admin),
        _ => Need::Known(Role::Operate),
    }
}

/// Whether a person's browser asks for a page.
pub(super) fn is_page(request: &Request) -> bool {
    let path = request.uri().path();
    let is_program = ["/api", "/metrics", "/healthz"]
        .into_iter()
        .filter_map(|root| path.strip_prefix(root))
        .any(|rest| rest.is_empty() || rest.starts_with('/'));
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !is_program && accepted.is_none_or(|accept| accept.contains("text/html"))
}

fn to_login(request: &Request) -> Response {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let next = if request.method() == Method::GET { target } else { "/" };
    let place = format!("/login?next={}", pages::encode(next));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".into())])
        .into_response()
}

/// Whether a request comes from this machine itself, under a name of its own.
fn is_near(headers: &HeaderMap, peer: Option<IpAddr>) -> bool {
    let by_proxy = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.and_then(host_name).unwrap_or_default();
    let is_own = name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    is_own
        && peer.is_some_and(|peer| peer.to_canonical().is_loopback())
        && !by_proxy.into_iter().any(|name| headers.contains_key(name))
}

/// Whether a change was asked for by a page of another site.
fn is_foreign(api: &Api, request: &Request, peer: Option<IpAddr>) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return false;
    }
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site") == Some("cross-site") {
        return true;
    }
    let told = text("x-forwarded-host").filter(|_| api.access.trusts(peer));
    let host = told.or(text("host")).unwrap_or_default();
    text("origin").is_some_and(|origin| {
        origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_and_changes_something_needs_a_role() {
        for (method, path, wanted) in [
            (Method::GET, "/", Need::Known(Role::Read)),
            (Method::GET, "/nothing/here", Need::Known(Role::Read)),
            (Method::POST, "/api/v1/sql", Need::Known(Role::Read)),
            (Method::POST, "/mcp", Need::Known(Role::Read)),
            (Method::POST, "/api/v1/reload", Need::Known(Role::Admin)),
            (Method::POST, "/api/v1/topics/test", Need::Known(Role::Read)),
            (Method::POST, "/api/v1/topics", Need::Known(Role::Admin)),
            (Method::PUT, "/api/v1/topics/acme", Need::Known(Role::Admin)),
            (Method::POST, "/api/v1/topics2", Need::Known(Role::Operate)),
            (Method::DELETE, "/api/v1/silences/x", Need::Known(Role::Operate)),
            (Method::POST, "/anything/new", Need::Known(Role::Operate)),
            (Method::GET, "/healthz", Need::Nothing),
            (Method::GET, "/metrics", Need::NearOr(Role::Read)),
        ] {
            assert_eq!(need(&method, path), wanted, "{method} {path}");
        }
    }
}
