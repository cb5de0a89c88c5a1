//! What does a server of tokens say, and whose fault is it when it gives none?

use serde_json::Value as Json;

use crate::connect::source::Fault;
use crate::connect::transport::Answer;

pub(super) const CHECK: &str = "check the token and the keys of this source";

/// What a server of tokens says. Of a refusal no more than its code is passed on: what else it says
/// may hold what nobody is to see. `ended` says what to do where what was shown has ended.
pub(super) fn granted(answer: &Answer, what: &str, ended: &str) -> Result<Json, Fault> {
    let json = serde_json::from_slice::<Json>(&answer.body);
    // Some refuse with status 200.
    let code = json.as_ref().ok().and_then(|json| json.get("error")?.as_str());
    let is_code = |code: &&str| {
        code.len() <= 40 && code.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
    };
    let code = code.filter(is_code);
    if answer.status.is_success() && code.is_none() {
        return json.map_err(|_| Fault::external(format!("the answer to {what} is not JSON")));
    }
    let reason = match code {
        Some(code) => format!("{what} is refused: {code}"),
        None => format!("{what} is refused with {}", answer.status),
    };
    match (code, answer.fault()) {
        (Some("invalid_grant"), _) => Err(Fault::user(reason, ended)),
        (Some("temporarily_unavailable" | "server_error"), _) => Err(Fault::external(reason)),
        (_, Fault::External { wait, .. }) if !answer.status.is_success() => {
            Err(Fault::External { reason, wait })
        }
        _ => Err(Fault::user(reason, CHECK)),
    }
}
