//! Did a page of ours make this form, for this browser? Its proof is a hash of a cookie that other
//! sites neither read nor send.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::viewer::cookie;
use crate::serve::access::SESSION;
use crate::system::{hex, random};

/// The cookie of a browser that is not logged in.
const VISITOR: &str = "resonanz_visitor";

/// Known to this process alone, for as long as it runs.
static KEY: LazyLock<Option<[u8; 32]>> = LazyLock::new(|| random::<32>().ok());

/// The proof for the forms of a page, and the cookie to set if the browser has none yet.
pub(super) fn proof(headers: &HeaderMap) -> (String, Option<String>) {
    if let Some(proof) = expected(headers) {
        return (proof, None);
    }
    let Ok(fresh) = random::<16>() else { return (String::new(), None) };
    let visitor = hex(&fresh);
    let proof = hash(&visitor).unwrap_or_default();
    (proof, Some(format!("{VISITOR}={visitor}; Path=/; SameSite=Strict; HttpOnly")))
}

/// The proof that a form must carry: of the session, if there is one. Nobody else knows a session, so
/// its proof needs no key, and outlives this process as the session does.
fn expected(headers: &HeaderMap) -> Option<String> {
    let session = cookie(headers, SESSION);
    let session =
        session.map(|shown| hex(&blake3::derive_key("resonanz 2026-11 forms", shown.as_bytes())));
    session.or_else(|| hash(&cookie(headers, VISITOR)?))
}

/// Whether a form carries the proof that it must.
pub(super) fn is_proven(headers: &HeaderMap, given: Option<&str>) -> bool {
    let (Some(wanted), Some(given)) = (expected(headers), given) else { return false };
    // Hashes, so that the time of comparing says nothing.
    blake3::hash(wanted.as_bytes()) == blake3::hash(given.as_bytes())
}

fn hash(visitor: &str) -> Option<String> {
    Some(blake3::keyed_hash(KEY.as_ref()?, visitor.as_bytes()).to_hex().to_string())
}

/// A page with the cookie of its forms.
pub(super) fn proven(mut page: Response, cookie: Option<String>) -> Response {
    if let Some(value) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        page.headers_mut().append(header::SET_COOKIE, value);
    }
    page
}
