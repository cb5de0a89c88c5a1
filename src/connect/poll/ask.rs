//! How is a platform asked? One request at a time, within its limits and the day's budget; whose
//! fault it is when it refuses.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use reqwest::{Method, StatusCode};
use serde_json::Value as Json;
use tokio::sync::Semaphore;
use url::Url;

use super::budget::Spent;
use super::manners::{Login, Means};
use super::paging::next_link;
use super::plan::{Named, Plan, Request};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Answer, BODY_BYTES_MAX, Http, Rate, Validators, asked_wait};
use crate::system::wall_clock;
use crate::time::{EventTime, SECOND_US};

/// Requests of all sources at once.
static AT_ONCE: Semaphore = Semaphore::const_new(16);
/// A wait that is sat out between two requests of one look; a longer one ends the look.
const SHORT_WAIT_US: i64 = 10 * SECOND_US;
/// How long before its end a token is exchanged anew.
const EXPIRY_MARGIN_US: i64 = 60 * SECOND_US;
/// Wait where a platform says that its quota is used up, but not until when.
const QUOTA_WAIT: Duration = Duration::from_secs(3_600);

/// Why a look ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot go on.
    Fault(Fault),
    /// It may not go on yet.
    Wait { reason: String, until: EventTime },
}

impl Stop {
    /// Why and how long to wait, if that is known.
    pub(super) fn wait(&self) -> Option<(String, Duration)> {
        match self {
            Self::Wait { reason, until } => {
                let us = u64::try_from(until.since(wall_clock())).unwrap_or(0);
                Some((reason.clone(), Duration::from_micros(us)))
            }
            Self::Fault(Fault::External { reason, wait: Some(wait) }) => {
                Some((reason.clone(), *wait))
            }
            Self::Fault(_) => None,
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a platform answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) json: Json,
    pub(super) sort: Sort,
    pub(super) url: Url,
    pub(super) link: Option<String>,
    pub(super) validators: Validators,
}

/// What sort of answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// One with content.
    Whole,
    /// Nothing changed.
    Unchanged,
    /// What was asked for is not there.
    Missing,
    /// There is nothing to hear, as the platform says itself.
    Closed,
}

/// A token that was had for the user's own.
struct Access {
    token: String,
    until: EventTime,
    /// Whether an answer showed that it is taken.
    proven: bool,
}

/// Asks a platform.
pub(super) struct Asker {
    plan: Arc<Plan>,
    http: Option<Http>,
    access: Option<Access>,
    /// Before which nothing may be asked.
    hold: EventTime,
    pub(super) spent: Option<Spent>,
    /// Units that the look has cost so far.
    pub(super) cost: u32,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("plan", &self.plan.name).finish_non_exhaustive()
    }
}

/// How many requests are left, in words.
fn left(rate: Rate) -> Option<String> {
    let remaining = rate.remaining?;
    let of = rate.limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let reset = rate.reset.map(|reset| format!(" for {} s", reset.as_secs())).unwrap_or_default();
    Some(format!("{remaining}{of} requests left{reset}"))
}

/// A body as it was meant: some platforms pack it unasked.
fn unpacked(answer: &Answer) -> Cow<'_, [u8]> {
    if !answer.header("content-encoding").is_some_and(|coding| coding.contains("gzip")) {
        return Cow::Borrowed(&answer.body);
    }
    let mut plain = Vec::new();
    let most = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
    match GzDecoder::new(answer.body.as_slice()).take(most).read_to_end(&mut plain) {
        Ok(_) => Cow::Owned(plain),
        // What is read then is not JSON, and said so.
        Err(_) => Cow::Borrowed(&answer.body),
    }
}

impl Asker {
    pub(super) fn new(plan: Arc<Plan>, spent: Option<Spent>) -> Self {
        let hold = EventTime::MIN;
        Self { plan, http: None, access: None, hold, spent, cost: 0 }
    }

    /// Adds what only the asker knows to the values of places.
    pub(super) async fn identify(
        &mut self,
        named: &mut Named,
        outlet: &Outlet,
    ) -> Result<(), Stop> {
        // Read anew each time: a file may hold a token that somebody renews.
        if let Some(place) = &self.plan.token {
            let secret = place.fetch();
            let secret = secret.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
            named.insert("token".to_owned(), secret.expose().to_owned());
            let life = self.plan.preset.token.as_ref().and_then(|token| token.lives);
            let written = place.written_at();
            outlet.expires(life.zip(written).map(|(life, written)| written.shift(life.0)));
        }
        let plan = Arc::clone(&self.plan);
        let Some(login) = &plan.preset.login else { return Ok(()) };
        let now = wall_clock();
        if self.access.as_ref().is_none_or(|access| access.until < now) {
            self.access = Some(self.log_in(login, named, outlet).await?);
        }
        if let Some(access) = &self.access {
            named.insert("access".to_owned(), access.token.clone());
        }
        Ok(())
    }

    async fn log_in(&self, login: &Login, named: &Named, outlet: &Outlet) -> Result<Access, Stop> {
        let value = |name: &str| named.get(name).cloned();
        let fill = |template: &super::template::Template| template.fill(&value).unwrap_or_default();
        let url = login.url.fill_address(&value).unwrap_or_default();
        let fields = login.form.iter().map(|(name, template)| (name, fill(template)));
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Http::new()?
            .request(Method::POST, &url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        if let Some(user) = &login.user {
            request = request.basic_auth(fill(user), login.password.as_ref().map(fill));
        }
        for (name, template) in &self.plan.preset.list.ask.headers {
            // Reddit asks for a name of the program here, too.
            if name.eq_ignore_ascii_case("user-agent") {
                request = request.header(name, fill(template));
            }
        }
        // What such a server says of a token is not for the log.
        let hidden = |fault| match fault {
            Fault::User { .. } => {
                Fault::user("the login is refused", "check the token and the keys of this source")
            }
            other => other,
        };
        let answer = Http::new()?.send(request, outlet).await?.well().map_err(hidden)?;
        let json: Json = serde_json::from_slice(&answer.body)
            .map_err(|_| Fault::external("the login's answer is not JSON"))?;
        let token = login.access.text(&json).ok_or_else(|| {
            Fault::user("the login gave no token", "check the token and the keys of this source")
        })?;
        let seconds = login.expires.text(&json).and_then(|text| text.parse::<i64>().ok());
        let life_us = seconds.unwrap_or(3_600).saturating_mul(SECOND_US);
        let until = wall_clock().shift(life_us.saturating_sub(EXPIRY_MARGIN_US).max(SECOND_US));
        Ok(Access { token, until, proven: false })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// Whose fault it is, or until when to wait.
    pub(super) async fn ask(&mut self, request: Request, outlet: &Outlet) -> Result<Reply, Stop> {
        self.permit(request.cost, outlet).await?;
        let http = match &self.http {
            Some(http) => http.clone(),
            None => self.http.insert(Http::new()?).clone(),
        };
        let mut sending = http.get(request.url.as_str());
        for (name, value) in &request.headers {
            sending = sending.header(name, value);
        }
        let answer = {
            let _turn = AT_ONCE.acquire().await.map_err(|_| Fault::Closed)?;
            http.send(sending, outlet).await?
        };
        self.heed(&answer, outlet);
        self.judge(answer, request.url)
    }

    /// Waits until a request may be sent.
    async fn permit(&mut self, cost: u32, outlet: &Outlet) -> Result<(), Stop> {
        let now = wall_clock();
        let wait_us = self.hold.since(now);
        if wait_us > SHORT_WAIT_US {
            let reason = "the platform's limit is reached".to_owned();
            return Err(Stop::Wait { reason, until: self.hold });
        }
        if wait_us > 0 {
            outlet.pause(Duration::from_micros(u64::try_from(wait_us).unwrap_or(0))).await;
            if outlet.is_closing() {
                return Err(Fault::Closed.into());
            }
        }
        if let Some(ledger) = &self.plan.ledger {
            ledger.take(&mut self.spent, cost, wall_clock()).map_err(|until| Stop::Wait {
                reason: "the day's budget of requests is used up".to_owned(),
                until,
            })?;
        }
        self.cost = self.cost.saturating_add(cost);
        Ok(())
    }

    /// Keeps to what an answer says of limits.
    fn heed(&mut self, answer: &Answer, outlet: &Outlet) {
        let (now, rate) = (wall_clock(), answer.rate());
        let pause = Duration::from_micros(u64::try_from(self.plan.preset.pause.0).unwrap_or(0));
        let wait = rate.exhausted().unwrap_or_default().max(pause);
        self.hold = now.shift(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let mut limits: Vec<String> = left(rate).into_iter().collect();
        if let Some(ledger) = &self.plan.ledger {
            let left = ledger.left(self.spent.as_ref(), now);
            limits.push(format!("{left} of {} units left today", ledger.per_day));
        }
        if !limits.is_empty() {
            outlet.limits(&limits.join(", "));
        }
    }

    fn judge(&mut self, answer: Answer, url: Url) -> Result<Reply, Stop> {
        let link = answer.header("link").and_then(next_link);
        let validators = answer.validators();
        let reply = |json, sort| Reply { json, sort, url, link, validators };
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(reply(Json::Null, Sort::Unchanged));
        }
        let read = serde_json::from_slice::<Json>(&unpacked(&answer));
        let problem = &self.plan.preset.problem;
        let said = read.as_ref().ok();
        let failed = said.zip(problem.when.as_ref()).is_some_and(|(json, when)| when.holds(json));
        if answer.status.is_success() && !failed {
            let json = read.map_err(|error| {
                let excerpt: String = answer.excerpt().chars().take(80).collect();
                Fault::external(format!("the answer is not JSON ({error}): {excerpt}"))
            })?;
            if let Some(access) = &mut self.access {
                access.proven = true;
            }
            if let Some(seconds) = self.plan.preset.list.wait.as_ref().and_then(|at| at.text(&json))
            {
                let wait_us = seconds.parse::<i64>().unwrap_or(0).saturating_mul(SECOND_US);
                self.hold = self.hold.max(wall_clock().shift(wait_us));
            }
            return Ok(reply(json, Sort::Whole));
        }
        let text = |places: &[super::template::Pointer]| {
            places.iter().find_map(|at| at.text(said?).filter(|text| !text.is_empty()))
        };
        let (code, words) = (text(&problem.code), text(&problem.says));
        let means = code.as_ref().and_then(|code| problem.means.get(code));
        let code = code.unwrap_or_default();
        let words: String = words.unwrap_or_default().chars().take(300).collect();
        let words = if words.is_empty() { String::new() } else { format!(": {words}") };
        let reason = format!("the platform says {code}{words}");
        match means {
            Some(Means::Nothing) => Ok(reply(Json::Null, Sort::Closed)),
            Some(Means::Missing) => Ok(reply(Json::Null, Sort::Missing)),
            Some(Means::User) => {
                let hint =
                    problem.hints.get(&code).map_or("see the platform's manual", String::as_str);
                Err(Fault::user(reason, hint).into())
            }
            Some(Means::Quota) => Err(self.drained(reason)),
            Some(Means::Later) => {
                let wait = asked_wait(&answer.headers, wall_clock());
                Err(Fault::External { reason, wait }.into())
            }
            None if matches!(answer.status.as_u16(), 404 | 410) => {
                Ok(reply(Json::Null, Sort::Missing))
            }
            None if answer.status.is_success() => Err(Fault::external(reason).into()),
            None if answer.status == StatusCode::UNAUTHORIZED
                && self.access.as_ref().is_some_and(|access| access.proven) =>
            {
                // It may have ended before its time: the next look has a new one.
                self.access = None;
                Err(Fault::external("the platform refuses the token that it gave").into())
            }
            None => Err(answer.fault().into()),
        }
    }

    fn drained(&mut self, reason: String) -> Stop {
        let now = wall_clock();
        match &self.plan.ledger {
            Some(ledger) => Stop::Wait { reason, until: ledger.drain(&mut self.spent, now) },
            None => Stop::Fault(Fault::External { reason, wait: Some(QUOTA_WAIT) }),
        }
    }

    /// How long the next look must wait so that the budget lasts the day.
    pub(super) fn pace(&self) -> Duration {
        let Some(ledger) = &self.plan.ledger else { return Duration::ZERO };
        let us = ledger.pace_us(self.spent.as_ref(), self.cost, wall_clock());
        Duration::from_micros(u64::try_from(us).unwrap_or(0))
    }
}
