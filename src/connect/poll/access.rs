//! Which token does a request bear? The user's own, renewed before it ends, or one that was had for it.
//!
//! A server may put another token in the place of the one that it was shown. That one is written
//! before anything is asked with what came beside it.

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value as Json;

use super::granted::{CHECK, granted};
use super::manners::{Login, Renew, Service};
use super::plan::{Named, Plan, request};
use super::service::ServiceKey;
use super::stop::Stop;
use super::template::{Pointer, Template};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Http, Token};
use crate::secret::{Secret, SecretPlace};
use crate::system::{crash_point, wall_clock};
use crate::time::{DAY_US, EventTime, SECOND_US};

/// How long before its end a token is exchanged anew.
const EXPIRY_MARGIN_US: i64 = 60 * SECOND_US;
/// How long after a renewal that failed the next one is tried.
const RENEWAL_PATIENCE_US: i64 = 3_600 * SECOND_US;
/// Longest token.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
const ENDED: &str =
    "the token has ended or was taken back: log in anew, and put the new one in its place";

/// A token that was had for the user's own.
struct Access {
    token: String,
    until: EventTime,
    /// Whether an answer showed that it is taken.
    proven: bool,
}

/// What a source shows to its platform.
pub(super) struct Pass {
    plan: Arc<Plan>,
    token: Option<Token>,
    access: Option<Access>,
    /// When the platform says that the token ends.
    ends: Option<EventTime>,
    /// Before which it is not renewed.
    rest: EventTime,
}

impl Pass {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let token = plan.token.clone().map(Token::new);
        Self { plan, token, access: None, ends: None, rest: EventTime::MIN }
    }

    /// Adds tokens to the values of places.
    pub(super) async fn show(&mut self, named: &mut Named, outlet: &Outlet) -> Result<(), Stop> {
        let plan = Arc::clone(&self.plan);
        if let Some(secret) = plan.secret.as_ref().map(SecretPlace::fetch) {
            let secret = secret.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
            named.insert("secret".to_owned(), secret.expose().to_owned());
        }
        if let Some(token) = &mut self.token {
            named.insert("token".to_owned(), token.fetch()?.expose().to_owned());
        }
        if let Some(fault) = named.get("token").and_then(|token| odd_token(&plan, token)) {
            return Err(fault.into());
        }
        let now = wall_clock();
        if let Some(renew) = plan.preset.renew.as_ref().filter(|renew| self.is_old(renew, now)) {
            self.renew(renew, named, outlet).await?;
        }
        let is_old = self.access.as_ref().is_none_or(|access| access.until < now);
        let service = plan.preset.service.as_ref();
        let service = service.and_then(|service| Some((service, service_key(named)?)));
        let is_meant =
            |login: &&Login| login.when.as_ref().is_none_or(|key| named.contains_key(key));
        if let Some((service, key)) = service {
            if is_old {
                self.access = Some(self.log_service_in(service, &key, named, outlet).await?);
            }
            self.show_access(named);
        } else if let Some(login) = plan.preset.login.as_ref().filter(is_meant) {
            if is_old {
                self.access = Some(self.log_in(login, named, outlet).await?);
            }
            self.show_access(named);
        } else if let Some(token) = named.get("token") {
            named.insert("access".to_owned(), token.clone());
        }
        outlet.expires(self.ends.or_else(|| self.lived_to()));
        Ok(())
    }

    fn show_access(&self, named: &mut Named) {
        if let Some(access) = &self.access {
            named.insert("access".to_owned(), access.token.clone());
        }
    }

    /// Logs a service account in.
    async fn log_service_in(
        &mut self,
        service: &Service,
        key: &str,
        named: &Named,
        outlet: &Outlet,
    ) -> Result<Access, Stop> {
        let json = service.log_in(key, named, outlet).await?;
        tell_rights(&json, outlet);
        self.ends = None;
        let seconds = json.get("expires_in").and_then(Json::as_i64);
        Ok(Access::of(json.get("access_token").and_then(Json::as_str), seconds)?)
    }

    /// Takes note that what was had for the token is taken.
    pub(super) fn prove(&mut self) {
        if let Some(access) = &mut self.access {
            access.proven = true;
        }
    }

    /// Forgets what was had for the token, if it was taken once: it may have ended before its time.
    pub(super) fn forget(&mut self) -> bool {
        self.access.take_if(|access| access.proven).is_some()
    }

    /// When a token of this sort ends, by when its file was written.
    fn lived_to(&self) -> Option<EventTime> {
        let life = self.plan.preset.token.as_ref()?.lives?;
        Some(self.token.as_ref()?.written_at()?.shift(life.0).floor(SECOND_US))
    }

    fn is_old(&self, renew: &Renew, now: EventTime) -> bool {
        let life = self.plan.preset.token.as_ref().and_then(|token| token.lives);
        let written = self.token.as_ref().and_then(Token::written_at);
        let Some((life, written)) = life.zip(written) else { return false };
        let age_us = renew.after.map_or(life.0 / 2, |after| after.0);
        self.rest <= now && now.since(written) >= age_us
    }

    /// Renews the token. One that cannot be renewed now works on until it ends.
    async fn renew(
        &mut self,
        renew: &Renew,
        named: &mut Named,
        outlet: &Outlet,
    ) -> Result<(), Stop> {
        let Some(token) = &mut self.token else { return Ok(()) };
        let _turn = token.turn(outlet).await?;
        let before = token.fetch()?;
        let shown = named.insert("token".to_owned(), before.expose().to_owned());
        if shown.as_deref() != Some(before.expose()) {
            // It was renewed meanwhile, by another process or for another source.
            return Ok(());
        }
        let rest_us = match renewed(renew, named).await {
            Ok(next) => {
                named.insert("token".to_owned(), next.expose().to_owned());
                token.keep(before, next, outlet);
                DAY_US
            }
            Err(fault) => {
                outlet.remark(&format!("the token cannot be renewed: {fault}; {}", fault.hint()));
                RENEWAL_PATIENCE_US
            }
        };
        self.rest = wall_clock().shift(rest_us);
        Ok(())
    }

    async fn log_in(
        &mut self,
        login: &Login,
        named: &mut Named,
        outlet: &Outlet,
    ) -> Result<Access, Stop> {
        let mut rotating = self.token.as_mut().filter(|_| login.refresh.is_some());
        let turn = match &rotating {
            Some(token) => Some(token.turn(outlet).await?),
            None => None,
        };
        let before = rotating.as_mut().map(|token| token.fetch()).transpose()?;
        if let Some(before) = &before {
            named.insert("token".to_owned(), before.expose().to_owned());
        }
        let json = logged_in(&self.plan, login, named).await?;
        crash_point("token-answered");
        tell_rights(&json, outlet);
        let said = |at: &Pointer| at.text(&json);
        let next = login.refresh.as_ref().and_then(said).filter(|text| is_token(text));
        if let (Some(token), Some(before), Some(next)) = (rotating, before, next) {
            named.insert("token".to_owned(), next.clone());
            token.keep(before, Secret::new(next), outlet);
        }
        drop(turn);
        let seconds = |at: &Pointer| said(at)?.parse::<i64>().ok();
        let lives = login.refresh_expires.as_ref().and_then(seconds);
        self.ends = lives.map(|s| wall_clock().shift(s.saturating_mul(SECOND_US)).floor(SECOND_US));
        Ok(Access::of(said(&login.access).as_deref(), seconds(&login.expires))?)
    }
}

impl Access {
    /// A token that was given now and lives so many seconds, if that was said.
    fn of(token: Option<&str>, seconds: Option<i64>) -> Result<Self, Fault> {
        let token = token.filter(|token| is_token(token));
        let token = token.ok_or_else(|| Fault::user("the login gave no token", CHECK))?.to_owned();
        let life_us = seconds.unwrap_or(3_600).saturating_mul(SECOND_US);
        let until = wall_clock().shift(life_us.saturating_sub(EXPIRY_MARGIN_US).max(SECOND_US));
        Ok(Self { token, until, proven: false })
    }
}

/// Passes on what a token may do, where that is said beside it (RFC 6749, 5.1).
fn tell_rights(json: &Json, outlet: &Outlet) {
    if let Some(scope) = json.get("scope").and_then(Json::as_str) {
        let scopes: Vec<&str> = scope.split([' ', ',']).filter(|scope| !scope.is_empty()).collect();
        outlet.rights(&if scopes == ["*"] { "all".to_owned() } else { scopes.join(", ") });
    }
}

/// The key of a service account, if it is what was given as the token. It is shown to nobody.
fn service_key(named: &mut Named) -> Option<String> {
    let is_one = named.get("token").is_some_and(|token| ServiceKey::is_one(token));
    is_one.then(|| named.remove("token")).flatten()
}

/// Why a token is not shown: what is in its place is another secret, which nobody is to be sent.
pub(super) fn odd_token(plan: &Plan, token: &str) -> Option<Fault> {
    let odd = match ServiceKey::is_one(token) {
        true if plan.preset.service.is_some() => return None,
        true => "the token is a JSON file, not a token",
        false if token.bytes().any(|byte| byte.is_ascii_control()) => {
            "the token has more than one line"
        }
        false => return None,
    };
    let about = plan.preset.token.as_ref().map_or("a token", |token| &token.about);
    Some(Fault::user(odd, format!("give {about}")))
}

/// Whether a text can be shown as a token, and so may take the place of one that works.
fn is_token(text: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Asks for the token that takes the place of one.
async fn renewed(renew: &Renew, named: &Named) -> Result<Secret, Fault> {
    let asked = request(&renew.ask, named).map_err(Fault::external)?;
    let http = Http::new()?;
    let mut sending = http.get(asked.url.as_str());
    for (name, value) in &asked.headers {
        sending = sending.header(name, value);
    }
    let json = granted(&http.send_unbroken(sending).await?, "the renewal", ENDED)?;
    let next = renew.token.text(&json).filter(|text| is_token(text));
    Ok(Secret::new(next.ok_or_else(|| Fault::external("the answer holds no token"))?))
}

/// Asks for a token to ask with.
async fn logged_in(plan: &Plan, login: &Login, named: &Named) -> Result<Json, Fault> {
    let value = |name: &str| named.get(name).filter(|value| !value.is_empty()).cloned();
    let fill = |template: &Template| template.fill(&value);
    let url = login.url.fill_address(&value).unwrap_or_default();
    let fields = login.form.iter().filter_map(|(name, field)| Some((name, fill(field)?)));
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let http = Http::new()?;
    let mut request = http
        .request(Method::POST, &url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    if let Some(user) = &login.user {
        let password = login.password.as_ref().map(|password| fill(password).unwrap_or_default());
        request = request.basic_auth(fill(user).unwrap_or_default(), password);
    }
    for (name, template) in &plan.preset.list.ask.headers {
        // Reddit asks for a name of the program here, too.
        if name.eq_ignore_ascii_case("user-agent") {
            request = request.header(name, fill(template).unwrap_or_default());
        }
    }
    granted(&http.send_unbroken(request).await?, "the login", ENDED)
}
