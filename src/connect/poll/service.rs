//! Who asks where no person logs in? A service account: what it claims is signed with its key, and
//! exchanged for a token of an hour (RFC 7523).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::granted::granted;
use super::manners::Service;
use super::plan::Named;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Answer, Http};
use crate::system::wall_clock;
use crate::time::{EventTime, SECOND_US};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The sort of key that can sign.
const SORT: &str = "service_account";
/// How long a claim holds, in seconds; servers take an hour at most.
const CLAIM_S: i64 = 3_600;
/// How far back a claim is dated, in seconds: a server whose clock is behind takes none of the future.
const EARLY_S: i64 = 60;
/// How far apart two clocks may be before a refusal is put down to that.
const APART_US: i64 = 30 * SECOND_US;
const GIVE: &str =
    "give the JSON file that the Google Cloud console makes: Service accounts, Keys, Add key, JSON";
const REVOKED: &str = "its key was deleted, or the service account disabled: make a new key, and put its file \
                       in the place of this one";

/// What the file of a key says, as far as it is used.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    r#type: String,
    client_email: String,
    private_key_id: String,
    private_key: String,
}

/// The key of a service account.
pub(super) struct ServiceKey {
    account: String,
    id: String,
    key: RsaKeyPair,
}

impl ServiceKey {
    /// Whether a token is meant to be such a key: it is a JSON object.
    pub(super) fn is_one(token: &str) -> bool {
        token.trim_start().starts_with('{')
    }

    /// Reads the file of a key. What is wrong with it is said without a word of it.
    ///
    /// # Errors
    /// [`Fault::User`] for a file of another sort, or a key that cannot sign.
    pub(super) fn read(token: &str) -> Result<Self, Fault> {
        let odd = |what: String| Fault::user(format!("the token is {what}"), GIVE);
        let written: Written = serde_json::from_str(token).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            odd(format!(
                "no whole key of a service account: it is not JSON at line {line}, column {column}"
            ))
        })?;
        if written.r#type != SORT || written.client_email.is_empty() {
            let sort: String =
                written.r#type.chars().filter(|c| !c.is_control()).take(40).collect();
            let sort = if sort.is_empty() {
                "of no named sort".to_owned()
            } else {
                format!("of the sort \"{sort}\"")
            };
            return Err(odd(format!("a JSON file {sort}, not the key of a service account")));
        }
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(written.private_key.as_bytes()).map_err(|_| {
                odd("a key of a service account whose private_key is not PEM".to_owned())
            })?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| {
            odd("a key of a service account whose private_key is not one of RSA".to_owned())
        })?;
        Ok(Self { account: written.client_email, id: written.private_key_id, key })
    }

    /// What the account claims at a time, signed.
    fn claim(&self, scope: &str, audience: &str, now: EventTime) -> Result<String, Fault> {
        let begins = now.0.div_euclid(SECOND_US) - EARLY_S;
        let head = json!({"alg": "RS256", "typ": "JWT", "kid": self.id});
        let body = json!({
            "iss": self.account, "scope": scope, "aud": audience,
            "iat": begins, "exp": begins + CLAIM_S,
        });
        let part = |part: &Json| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", part(&head), part(&body));
        let mut seal = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut seal)
            .map_err(|_| Fault::Internal { reason: "a claim cannot be signed".to_owned() })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(seal)))
    }
}

impl Service {
    /// Exchanges a claim for a token. Where the server's clock is another than ours, and it refuses, the
    /// claim is made anew by its clock.
    ///
    /// # Errors
    /// Whose fault it is that there is none.
    pub(super) async fn log_in(
        &self,
        key: &str,
        named: &Named,
        outlet: &Outlet,
    ) -> Result<Json, Fault> {
        let key = ServiceKey::read(key)?;
        let value = |name: &str| named.get(name).filter(|value| !value.is_empty()).cloned();
        let url = self.url.fill_address(&value).unwrap_or_default();
        let now = wall_clock();
        let mut answer = self.exchange(&key, &url, now).await?;
        let theirs = answer.date().filter(|theirs| theirs.since(now).abs() > APART_US);
        if let Some(theirs) = theirs.filter(|_| answer.status.is_client_error()) {
            let seconds = now.since(theirs).abs() / SECOND_US;
            let side = if now > theirs { "ahead of" } else { "behind" };
            outlet.remark(&format!(
                "this machine's clock is {seconds} s {side} that of the login: set it"
            ));
            answer = self.exchange(&key, &url, theirs).await?;
        }
        granted(&answer, &format!("the login of {}", key.account), REVOKED)
    }

    async fn exchange(&self, key: &ServiceKey, url: &str, now: EventTime) -> Result<Answer, Fault> {
        let claim = key.claim(&self.scope, url, now)?;
        let fields = [("grant_type", GRANT), ("assertion", claim.as_str())];
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let http = Http::new()?;
        let request = http
            .request(Method::POST, url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        http.send_unbroken(request).await
    }
}
