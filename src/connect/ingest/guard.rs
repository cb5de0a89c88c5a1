//! Who may send something? Whoever knows the token, or signs what they send with it; without one,
//! whoever is on this machine.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::connect::transport::{Head, Reply, is_signed};
use crate::secret::Secret;

/// How GitHub and Meta sign what they send.
const SIGNATURE: &str = "x-hub-signature-256";

/// Looks at what is known before the body is read; a signature is checked with it.
pub(super) fn admit(head: &Head, token: Option<&Secret>) -> Result<(), Box<Reply>> {
    if head.is_trusted {
        return Ok(());
    }
    let Some(token) = token else {
        return if head.is_local() { Ok(()) } else { Err(Box::new(not_here())) };
    };
    let Some(given) = head.header("authorization") else {
        return if head.header(SIGNATURE).is_some() {
            Ok(())
        } else {
            let hint = "send the header: authorization: Bearer TOKEN";
            Err(Box::new(Reply::refusal(401, "no token was given", hint)))
        };
    };
    if presented(given).is_some_and(|given| is_same(given.as_bytes(), token.expose().as_bytes())) {
        return Ok(());
    }
    let hint = "check that it is the one that token_env or token_file of this source names";
    Err(Box::new(Reply::refusal(403, "this is not the token of this source", hint)))
}

/// Checks the signature of a body, where no token came with it.
pub(super) fn check(head: &Head, body: &[u8], token: Option<&Secret>) -> Result<(), Box<Reply>> {
    let Some(token) = token.filter(|_| head.header("authorization").is_none()) else {
        return Ok(());
    };
    let signature = head.header(SIGNATURE).unwrap_or_default();
    if is_signed(token.expose().as_bytes(), body, signature) {
        return Ok(());
    }
    let hint = "sign the body as sent, with this source's token as the secret";
    Err(Box::new(Reply::refusal(403, "the signature does not match this body", hint)))
}

/// The token of `Bearer TOKEN`, or the password of `Basic`, as in `https://x:TOKEN@host/`.
fn presented(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    plain.split_once(':').map(|(_, password)| password.to_owned())
}

/// Hashes are compared, so that the time it takes says nothing about the token.
fn is_same(given: &[u8], token: &[u8]) -> bool {
    blake3::hash(given) == blake3::hash(token)
}

fn not_here() -> Reply {
    let hint = "give this source a token: token_env or token_file";
    let error = "without a token only programs on this machine may send something, under localhost \
                 or its address";
    Reply::refusal(403, error, hint)
}
