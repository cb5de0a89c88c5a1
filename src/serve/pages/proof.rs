//! Did a page of ours make this form, for this browser? Its proof is a keyed hash of a cookie that
//! other sites neither read nor send.

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
    let proof = hash(VISITOR, &visitor).unwrap_or_default();
    (proof, Some(format!("{VISITOR}={visitor}; Path=/; SameSite=Strict; HttpOnly")))
}

/// The proof that a form must carry: of the session, if there is one.
fn expected(headers: &HeaderMap) -> Option<String> {
    let of = |name| cookie(headers, name).and_then(|value| hash(name, &value));
    of(SESSION).or_else(|| of(VISITOR))
}

/// Whether a form carries the proof that it must.
pub(super) fn is_proven(headers: &HeaderMap, given: Option<&str>) -> bool {
    let (Some(wanted), Some(given)) = (expected(headers), given) else { return false };
    // Hashes, so that the time of comparing says nothing.
    blake3::hash(wanted.as_bytes()) == blake3::hash(given.as_bytes())
}

fn hash(name: &str, value: &str) -> Option<String> {
    let key = KEY.as_ref()?;
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(name.as_bytes()).update(b"=").update(value.as_bytes());
    Some(hasher.finalize().to_hex().to_string())
}

/// A page with the cookie of its forms.
pub(super) fn proven(mut page: Response, cookie: Option<String>) -> Response {
    if let Some(value) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        page.headers_mut().append(header::SET_COOKIE, value);
    }
    page
}
