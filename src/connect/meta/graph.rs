//! What does the Graph API answer, and how often may it be asked?

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::settings::Graph;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{ASKED_MAX, Answer, Http};
use crate::decode::{Ask, MetaDecoder, Parcel};
use crate::secret::Secret;
use crate::system::{hex, wall_clock};
use crate::time::SECOND_US;

/// Pages of a feed, and of the comments of one post, that are read at once.
const PAGES_MAX: usize = 20;
/// The share of its limit in percent from which on it is asked less often.
const BUSY: u64 = 75;
/// How long it rests then.
const REST: Duration = Duration::from_secs(900);
/// What to do about a token that works no more.
pub(super) const TOKEN_ENDED: &str =
    "make a new page access token: this one has expired or was revoked";
/// Codes of errors that mean: too much was asked.
const LIMITS: [i64; 6] = [4, 17, 32, 341, 613, 368];

const POST: &str = "id,message,created_time,from,permalink_url,shares,\
                    reactions.limit(0).summary(total_count)";
const COMMENT: &str = "id,message,created_time,from,permalink_url,parent{id},like_count";
const OBJECT: &str = "id,message,created_time,from,permalink_url";
const MENTION: &str = "id,text,timestamp,username,like_count,media{id}";
const MEDIA: &str = "id,caption,timestamp,username,permalink,like_count,comments_count";

/// Asks the Graph API.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    http: Http,
    graph: Graph,
    token: Secret,
    /// Shows that whoever has the token also knows the app's secret.
    proof: String,
}

impl Asking {
    pub(super) fn new(graph: Graph, token: Secret, secret: &Secret) -> Result<Self, Fault> {
        let proof = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map(|mut mac| {
            mac.update(token.expose().as_bytes());
            hex(&mac.finalize().into_bytes())
        });
        let proof = proof.map_err(|error| Fault::Internal { reason: error.to_string() })?;
        Ok(Self { http: Http::new()?, graph, token, proof })
    }

    /// What a notification named.
    pub(super) async fn object(&self, ask: &Ask, outlet: &Outlet) -> Result<Vec<u8>, Fault> {
        let (path, fields) = match ask {
            Ask::Object(id) => (id, OBJECT.to_owned()),
            Ask::MentionedComment(user, id) => {
                (user, format!("mentioned_comment.comment_id({id}){{{MENTION}}}"))
            }
            Ask::MentionedMedia(user, id) => {
                (user, format!("mentioned_media.media_id({id}){{{MEDIA}}}"))
            }
        };
        Ok(self.get(path, &[("fields", &fields)], "", outlet).await?.body)
    }

    /// Reads the feed of a page with its comments; how long to rest, if it is asked too often.
    pub(super) async fn feed(
        &self,
        page: &str,
        decoder: impl Fn() -> MetaDecoder,
        outlet: &Outlet,
    ) -> Result<Option<Duration>, Fault> {
        let since = wall_clock().0.saturating_sub(self.graph.look_back_us) / SECOND_US;
        let since = since.to_string();
        let fields = format!("{POST},comments.filter(stream).limit(100){{{COMMENT}}}");
        let (path, mut after, mut rest) = (format!("{page}/feed"), String::new(), None);
        for _ in 0..PAGES_MAX {
            let asked = [("fields", fields.as_str()), ("since", &since), ("limit", "25")];
            let answer = self.get(&path, &asked, &after, outlet).await?;
            rest = rest.max(resting(&answer));
            let mut parcel = Parcel::new(outlet.name());
            let next = decoder().feed(&answer.body, &mut parcel).map_err(odd)?;
            send(parcel, outlet).await?;
            for (post, after) in next.comments {
                rest = rest.max(self.comments(&post, after, &decoder, outlet).await?);
            }
            match next.after {
                Some(next) => after = next,
                None => break,
            }
        }
        Ok(rest)
    }

    /// Reads the comments of a post that did not come with it.
    async fn comments(
        &self,
        post: &str,
        mut after: String,
        decoder: impl Fn() -> MetaDecoder,
        outlet: &Outlet,
    ) -> Result<Option<Duration>, Fault> {
        let (path, mut rest) = (format!("{post}/comments"), None);
        for _ in 0..PAGES_MAX {
            let asked = [("fields", COMMENT), ("filter", "stream"), ("limit", "100")];
            let answer = self.get(&path, &asked, &after, outlet).await?;
            rest = rest.max(resting(&answer));
            let mut parcel = Parcel::new(outlet.name());
            let next = decoder().comments(post, &answer.body, &mut parcel).map_err(odd)?;
            send(parcel, outlet).await?;
            match next {
                Some(next) => after = next,
                None => break,
            }
        }
        Ok(rest)
    }

    /// What Facebook says of the token.
    pub(super) async fn about_token(&self, outlet: &Outlet) -> Result<Vec<u8>, Fault> {
        let asked = [("input_token", self.token.expose())];
        Ok(self.get("debug_token", &asked, "", outlet).await?.body)
    }

    /// The token that takes the place of one of Instagram's own login.
    pub(super) async fn renewed(&self, before: &Secret) -> Result<Vec<u8>, Fault> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "ig_refresh_token")
            .append_pair("access_token", before.expose())
            .finish();
        // Beside the versions of the API.
        let url = url::Url::parse(&self.graph.url)
            .and_then(|url| url.join("/refresh_access_token"))
            .map_err(|error| Fault::Internal { reason: error.to_string() })?;
        let answer = self.http.send_unbroken(self.http.get(&format!("{url}?{query}"))).await?;
        if answer.status.is_success() { Ok(answer.body) } else { Err(fault(&answer)) }
    }

    async fn get(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        after: &str,
        outlet: &Outlet,
    ) -> Result<Answer, Fault> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .append_pair("appsecret_proof", &self.proof)
            .finish();
        let join = if after.is_empty() { "" } else { "&" };
        let url = format!("{}/{path}?{query}{join}{after}", self.graph.url);
        let request = self.http.get(&url).bearer_auth(self.token.expose());
        let answer = self.http.send(request, outlet).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(fault(&answer)) }
    }
}

async fn send(parcel: Parcel, outlet: &Outlet) -> Result<(), Fault> {
    if parcel.is_empty() { Ok(()) } else { outlet.send(parcel).await }
}

fn odd(reason: String) -> Fault {
    Fault::external(format!("the Graph API answers in another shape: {reason}"))
}

/// Whose fault an error is. The Graph API says so by a code, not by its status.
fn fault(answer: &Answer) -> Fault {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(code) = body.pointer("/error/code").and_then(Value::as_i64) else {
        return answer.fault();
    };
    let said = body.pointer("/error/message").and_then(Value::as_str).unwrap_or("an error");
    let said: String = said.chars().filter(|c| !c.is_control()).take(300).collect();
    let reason = format!("the Graph API says: {said} (code {code})");
    let hint = match code {
        190 | 102 => TOKEN_ENDED,
        10 | 200..=299 | 3 => "let the app have the permissions that docs/sources/meta.md names",
        100 => "see that the id exists and that the token may read it",
        _ if LIMITS.contains(&code) || (80_000..=80_014).contains(&code) => {
            return Fault::External { reason, wait: Some(resting(answer).unwrap_or(REST)) };
        }
        _ => return Fault::external(reason),
    };
    Fault::user(reason, hint)
}

/// How long to ask nothing, if the limits are nearly used up.
fn resting(answer: &Answer) -> Option<Duration> {
    let parsed = |name| serde_json::from_str::<Value>(answer.header(name)?).ok();
    let app = parsed("x-app-usage").into_iter();
    let cases = parsed("x-business-use-case-usage");
    let cases = cases.iter().filter_map(Value::as_object).flat_map(serde_json::Map::values);
    let cases = cases.filter_map(Value::as_array).flatten().cloned();
    app.chain(cases).filter_map(|usage| rest(&usage)).max()
}

/// The same for one usage: shares of a limit in percent, and minutes.
fn rest(usage: &Value) -> Option<Duration> {
    let minutes = usage.get("estimated_time_to_regain_access").and_then(Value::as_u64);
    if let Some(minutes) = minutes.filter(|minutes| *minutes > 0) {
        return Some(Duration::from_secs(minutes.saturating_mul(60)).min(ASKED_MAX));
    }
    let shares = ["call_count", "total_time", "total_cputime"];
    let busiest = shares.iter().filter_map(|name| usage.get(name)?.as_u64()).max();
    busiest.filter(|busiest| *busiest >= BUSY).map(|_| REST)
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        let body = body.as_bytes().to_vec();
        Answer { status: StatusCode::BAD_REQUEST, headers: HeaderMap::from_iter(headers), body }
    }

    #[test]
    fn usage_is_read_as_a_rate() {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        let case = "x-business-use-case-usage";
        let rows: [(&str, &str, Option<Duration>); 6] = [
            ("x-app-usage", r#"{"call_count":28,"total_time":25,"total_cputime":25}"#, None),
            ("x-app-usage", r#"{"call_count":28,"total_time":99,"total_cputime":25}"#, minutes(15)),
            (
                case,
                r#"{"12":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}"#,
                minutes(19),
            ),
            (
                case,
                r#"{"12":[{"type":"pages","call_count":3,"estimated_time_to_regain_access":0}]}"#,
                None,
            ),
            (
                case,
                r#"{"12":[{"estimated_time_to_regain_access":18446744073709551615}]}"#,
                minutes(24 * 60),
            ),
            (case, "garbage", None),
        ];
        for (name, value, wanted) in rows {
            let found = resting(&answer(&[(name, value)], ""));
            assert_eq!(found, wanted, "{value}");
        }
    }

    #[test]
    fn errors_are_told_apart_by_their_code() {
        let with = |code: i64| {
            fault(&answer(&[], &format!(r#"{{"error":{{"message":"m","code":{code}}}}}"#)))
        };
        assert!(matches!(with(190), Fault::User { .. }) && with(190).hint().contains("expired"));
        assert!(matches!(with(200), Fault::User { .. }));
        assert!(matches!(with(32), Fault::External { wait: Some(_), .. }));
        assert!(matches!(with(80_001), Fault::External { wait: Some(_), .. }));
        assert!(matches!(with(2), Fault::External { wait: None, .. }));
        assert!(matches!(fault(&answer(&[], "<html>")), Fault::User { .. }));
    }
}
