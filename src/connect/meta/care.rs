//! Until when does the token work? Facebook is asked, since only it knows; one of Instagram's own login
//! lives 60 days, and is renewed after 30.

use std::time::Duration;

use serde::Deserialize;

use super::graph::Asking;
use super::settings::Login;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Token;
use crate::secret::Secret;
use crate::system::wall_clock;
use crate::time::{DAY_US, EventTime, SECOND_US};

/// How long a token of Instagram's login lives, and after which age it is renewed.
const LIFE_US: i64 = 60 * DAY_US;
const RENEWED_US: i64 = 30 * DAY_US;
/// What a token needs to read a page's feed and what people write there.
const NEEDED: [&str; 2] = ["pages_read_engagement", "pages_read_user_content"];
const EVERY: Duration = Duration::from_secs(86_400);
/// After a question that failed.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// What Facebook says of a token.
#[derive(Deserialize)]
struct Debugged {
    data: TokenFacts,
}

#[derive(Deserialize)]
struct TokenFacts {
    /// In seconds since the Unix epoch; 0 for never.
    #[serde(default)]
    expires_at: i64,
    /// Permissions that were given.
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Renewed {
    access_token: String,
}

/// Sees to it that the token works until it has to be told of, or was replaced by the next one.
pub(super) async fn care(
    token: &mut Token,
    login: Login,
    asking: &Asking,
    outlet: &Outlet,
    ends: impl Fn(Option<EventTime>),
) -> Result<(), Fault> {
    loop {
        let cared = match login {
            Login::Facebook => expiry(asking, outlet).await.inspect(|at| ends(*at)).map(|_| false),
            Login::Instagram => {
                ends(token.written_at().map(|written| written.shift(LIFE_US)));
                renew(token, asking, outlet).await
            }
        };
        let wait = match cared {
            Ok(true) => return Ok(()),
            Ok(false) => EVERY,
            Err(Fault::Closed) => return Err(Fault::Closed),
            // Who may not ask hears nothing of the end; the token itself works on.
            Err(fault) => {
                tracing::warn!(%fault, "the end of the token is not known");
                if matches!(fault, Fault::User { .. }) { EVERY } else { PATIENCE }
            }
        };
        outlet.pause(wait).await;
        if outlet.is_closing() {
            return Err(Fault::Closed);
        }
    }
}

/// When the token ends; `None` for one that does not end by itself.
async fn expiry(asking: &Asking, outlet: &Outlet) -> Result<Option<EventTime>, Fault> {
    let body = asking.about_token(outlet).await?;
    let facts: Debugged = serde_json::from_slice(&body)
        .map_err(|error| Fault::external(format!("the Graph API answers oddly: {error}")))?;
    let rights = rights(&facts.data.scopes);
    if !rights.is_empty() {
        outlet.rights(&rights);
    }
    let at = facts.data.expires_at;
    Ok((at > 0).then(|| EventTime(at.saturating_mul(SECOND_US))))
}

/// What a token may do, and what it lacks; empty where Facebook does not say.
fn rights(scopes: &[String]) -> String {
    let lacks = |needed: &&&str| !scopes.iter().any(|scope| scope == **needed);
    let missing: Vec<&str> = NEEDED.iter().filter(lacks).copied().collect();
    match (scopes.is_empty(), missing.is_empty()) {
        (true, _) => String::new(),
        (_, true) => scopes.join(", "),
        _ => format!("{}; it lacks {}", scopes.join(", "), missing.join(", ")),
    }
}

/// Renews a token that is old enough; whether another one is there now.
async fn renew(token: &mut Token, asking: &Asking, outlet: &Outlet) -> Result<bool, Fault> {
    let is_old = |token: &Token| {
        token.written_at().is_some_and(|written| wall_clock().since(written) >= RENEWED_US)
    };
    // One that could not be written is new, whatever its file says.
    if !is_old(token) || !token.is_kept() {
        return Ok(false);
    }
    let _turn = token.turn(outlet).await?;
    let before = token.fetch()?;
    if !is_old(token) {
        // Another process was quicker.
        return Ok(true);
    }
    let body = asking.renewed(&before).await?;
    let renewed: Renewed =
        serde_json::from_slice(&body).map_err(|_| Fault::external("the renewal gave no token"))?;
    token.keep(before, Secret::new(renewed.access_token), outlet);
    Ok(true)
}
