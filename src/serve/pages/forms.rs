//! What can people change on pages? They acknowledge and withdraw that, silence, and end silences; what they do in the
//! inbox, `inbox` says.
//!
//! A form carries a proof that a page of ours made it. The rules of the desk's API hold as well: same
//! origin, and where nobody logs in this machine alone, or a token.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::page::Wrong;
use super::proof::is_proven;
pub(super) use super::proof::{proof, proven};
use super::viewer::{Visit, cookie, encode};
use crate::desk::Silence;
use crate::lake::Folder;
use crate::notify::{self, Again, OrderError};
use crate::serve::desk::check;
use crate::system::wall_clock;
use crate::time::parse_span;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The cookie with the name of who changes something here.
const NAME: &str = "resonanz_name";
/// Seconds of a year.
const NAME_AGE_S: u32 = 31_536_000;

/// The fields of a form that a page of ours made, and whose sender may change something.
pub(super) fn read(
    visit: &Visit,
    peer: SocketAddr,
    body: &Bytes,
) -> Result<BTreeMap<String, String>, Wrong> {
    let mut fields: BTreeMap<String, String> =
        url::form_urlencoded::parse(body).into_owned().collect();
    // Where people log in, who may come here was decided before.
    if !visit.api.access.is_closed() {
        let mut headers = visit.headers.clone();
        if let Some(token) = fields.get("token")
            && let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            headers.insert(header::AUTHORIZATION, value);
        }
        check(&headers, Some(peer.ip()), visit.api.token.as_deref())
            .map_err(|refusal| Wrong::new(refusal.status, refusal.message))?;
    }
    if !is_proven(&visit.headers, fields.get("proof").map(String::as_str)) {
        let message = "this form is too old, or of another page";
        let mut wrong = Wrong::new(StatusCode::FORBIDDEN, message);
        "go back, load the page again and send it once more".clone_into(&mut wrong.hint);
        return Err(wrong);
    }
    // Who is logged in signs with their own name.
    if let Some(name) = visit.person() {
        for field in ["author", "changed_by"] {
            fields.insert(field.to_owned(), name.to_owned());
        }
    }
    Ok(fields)
}

/// A field without blanks around it; empty if there is none.
pub(super) fn text(fields: &BTreeMap<String, String>, name: &str) -> String {
    fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Who changed something in this browser last: nobody likes to write a name ten times.
pub(super) fn who(visit: &Visit) -> String {
    let kept = cookie(&visit.headers, NAME).unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(kept.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// A page that remembers who changed something.
pub(super) fn named(mut page: Response, who: &str) -> Response {
    let cookie =
        format!("{NAME}={}; Path=/; Max-Age={NAME_AGE_S}; SameSite=Strict; HttpOnly", encode(who));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        page.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page
}

/// Leads to a page after something changed, or says why nothing did.
pub(super) fn lead(visit: &Visit, done: Result<(), Wrong>, to: &str) -> Response {
    match done {
        Ok(()) => (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response(),
        Err(wrong) => visit.undone(wrong, to),
    }
}

/// The same, and remembers who changed it.
pub(super) fn lead_as(visit: &Visit, done: Result<(), Wrong>, to: &str, who: &str) -> Response {
    let is_signed = done.is_ok() && !who.is_empty();
    let page = lead(visit, done, to);
    if is_signed { named(page, who) } else { page }
}

pub(super) async fn acknowledge(
    visit: Visit,
    Path(id): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let mut author = String::new();
    let done = async {
        let fields = read(&visit, peer, &body)?;
        let own = visit.open().await?;
        author = text(&fields, "author");
        if fields.contains_key("withdraw") {
            notify::unacknowledge(&own.session, &own.folder, &id).await?;
            return Ok(());
        }
        let who = (author.clone(), text(&fields, "comment"));
        notify::acknowledge(&own.session, &own.folder, &id, who, Again::Replace).await?;
        Ok(())
    };
    lead_as(&visit, done.await, &format!("/alerts/{}#care", encode(&id)), &author)
}

pub(super) async fn silence(
    visit: Visit,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let mut author = String::new();
    let done = async {
        let fields = read(&visit, peer, &body)?;
        author = text(&fields, "author");
        let given = |name: &str| Some(text(&fields, name)).filter(|text| !text.is_empty());
        let span = parse_span(&text(&fields, "for"));
        let span = span.map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, error.to_string()))?;
        let starts = wall_clock();
        let silence = Silence {
            id: String::new(),
            topic: given("topic"),
            rule: given("rule"),
            labels: BTreeMap::new(),
            starts,
            ends: starts.shift(span),
            author: author.clone(),
            comment: text(&fields, "comment"),
        };
        let own = visit.open().await?;
        let configured = visit.api.configured();
        notify::silence(&own.folder, Some(&own.session), &configured, silence).await?;
        Ok(())
    };
    lead_as(&visit, done.await, "/alerts", &author)
}

pub(super) async fn unsilence(
    visit: Visit,
    Path(id): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let done = read(&visit, peer, &body).and_then(|_| {
        let folder = Folder::read(&visit.api.lake).map_err(OrderError::from)?;
        notify::unsilence(&folder, &id)?;
        Ok(())
    });
    lead(&visit, done, "/alerts")
}
