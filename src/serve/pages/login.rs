//! How does a person log in and out?

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::page::Wrong;
use super::proof::{is_proven, proof, proven};
use super::viewer::{Visit, encode};
use crate::serve::access::LoginError;
use crate::serve::problem::Problem;

/// The form, or the page that was wanted if somebody is logged in.
pub(super) async fn form(visit: Visit) -> Response {
    if visit.viewer.is_some() {
        return lead(next(visit.ask("next")));
    }
    let wanted = next(visit.ask("next")).to_owned();
    shown(&visit, StatusCode::OK, &wanted, "", None)
}

fn shown(
    visit: &Visit,
    status: StatusCode,
    next: &str,
    name: &str,
    wrong: Option<&str>,
) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = json!({
        "proof": proof,
        "next": next,
        "name": name,
        "wrong": wrong,
        "has_logins": visit.api.access.has_logins(),
    });
    let mut page = proven(visit.page("login.html", Ok(found)), cookie);
    *page.status_mut() = status;
    page
}

/// A path of ours to go on to, and no other.
fn next(asked: Option<&str>) -> &str {
    let is_ours = |path: &&str| {
        let rest = path.strip_prefix('/');
        let is_path = rest.is_some_and(|rest| !rest.starts_with(['/', '\\']));
        is_path && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    let is_loop = |path: &&str| !path.starts_with("/login") && !path.starts_with("/logout");
    asked.filter(is_ours).filter(is_loop).unwrap_or("/")
}

fn lead(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

/// Lets somebody in by name and password.
pub(super) async fn enter(
    visit: Visit,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let fields: BTreeMap<String, String> =
        url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let (name, to) = (field("name").trim(), next(fields.get("next").map(String::as_str)));
    if !visit.api.access.is_closed() {
        return lead(to);
    }
    if !is_proven(&visit.headers, fields.get("proof").map(String::as_str)) {
        let wrong = "This form was too old. Please send it once more.";
        return shown(&visit, StatusCode::FORBIDDEN, to, name, Some(wrong));
    }
    let access = &visit.api.access;
    let origin = access.origin(&visit.headers, Some(peer.ip()));
    let proved = access.prove(name, field("password"), origin).await;
    let begun = proved.and_then(|viewer| Ok((access.begin(&viewer, &visit.headers)?, viewer)));
    let viewer = begun.as_ref().ok().map(|(_, viewer)| viewer);
    let known = Some(name).filter(|name| access.knows(name));
    visit.api.audit.login(known, origin, viewer, "http").await;
    let error = match begun {
        Ok((cookie, _)) => return with_cookie(lead(to), &cookie),
        Err(error) => error,
    };
    let (status, wrong, wait_s) = match error {
        LoginError::Wrong => (StatusCode::UNAUTHORIZED, "Name or password is wrong.", None),
        LoginError::Later(wait_s) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts. Please wait a little.",
            Some(wait_s),
        ),
        LoginError::Busy => {
            (StatusCode::SERVICE_UNAVAILABLE, "Too many are logging in. Please try again.", Some(1))
        }
    };
    let mut page = shown(&visit, status, to, name, Some(wrong));
    if let Some(wait_s) = wait_s {
        page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    }
    page
}

/// Ends a session.
pub(super) async fn leave(visit: Visit, body: Bytes) -> Response {
    let mut fields = url::form_urlencoded::parse(&body);
    let given = fields.find(|(name, _)| name == "proof").map(|(_, proof)| proof.into_owned());
    if !is_proven(&visit.headers, given.as_deref()) {
        return lead("/");
    }
    if let Some(viewer) = &visit.viewer {
        visit.api.audit.logout(viewer).await;
    }
    let cookie = visit.api.access.end(&visit.headers);
    with_cookie(lead("/login"), &cookie)
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The page that says why somebody may not do what they asked for.
pub(in crate::serve) async fn refused(
    api: crate::serve::Api,
    request: Request,
    problem: Problem,
) -> Response {
    use axum::extract::FromRequestParts;
    let (mut parts, _) = request.into_parts();
    let Ok(visit) = Visit::from_request_parts(&mut parts, &api).await;
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::FORBIDDEN);
    if status == StatusCode::UNAUTHORIZED {
        return lead(&format!("/login?next={}", encode(&visit.path)));
    }
    let hint = problem.hint.unwrap_or_default();
    visit.page("error.html", Err(Wrong { status, message: problem.detail, hint }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_pages_of_ours_alone() {
        for (asked, led) in [
            ("/topics/acme?period=7d", "/topics/acme?period=7d"),
            ("//evil.example/", "/"),
            ("/\\evil.example/", "/"),
            ("https://evil.example/", "/"),
            ("/x\r\nset-cookie: y", "/"),
            ("/login?next=/", "/"),
            ("", "/"),
        ] {
            assert_eq!(next(Some(asked)), led, "{asked}");
        }
    }
}
