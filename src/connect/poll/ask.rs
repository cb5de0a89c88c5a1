//! How is a platform asked? One request at a time, within its limits and the day's budget; whose
//! fault it is when it refuses.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use reqwest::StatusCode;
use serde_json::Value as Json;
use tokio::sync::Semaphore;
use url::Url;

use super::access::Pass;
use super::budget::Spent;
use super::manners::Means;
use super::paging::next_link;
use super::plan::{Plan, Request};
use super::stop::Stop;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{
    ASKED_MAX, Answer, BODY_BYTES_MAX, Http, Rate, Validators, asked_wait,
};
use crate::system::wall_clock;
use crate::time::{EventTime, SECOND_US};

/// Requests of all sources at once.
static AT_ONCE: Semaphore = Semaphore::const_new(16);
/// A wait that is sat out between two requests of one look; a longer one ends the look.
const SHORT_WAIT_US: i64 = 10 * SECOND_US;
/// Wait where a platform says that its quota is used up, but not until when.
const QUOTA_WAIT: Duration = Duration::from_secs(3_600);

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

/// Asks a platform.
pub(super) struct Asker {
    plan: Arc<Plan>,
    http: Option<Http>,
    pub(super) pass: Pass,
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
        let pass = Pass::new(Arc::clone(&plan));
        Self { plan, http: None, pass, hold, spent, cost: 0 }
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
        // Beyond the longest wait it was made by a clock that has been set since.
        let held_us = self.hold.since(now);
        let wait_us = if held_us > micros(ASKED_MAX) { 0 } else { held_us };
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
        self.hold = now.shift(micros(wait));
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
            self.pass.prove();
            if let Some(seconds) = self.plan.preset.list.wait.as_ref().and_then(|at| at.text(&json))
            {
                let wait = Duration::from_secs(seconds.parse().unwrap_or(0)).min(ASKED_MAX);
                self.hold = self.hold.max(wall_clock().shift(micros(wait)));
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
            None if answer.status == StatusCode::UNAUTHORIZED && self.pass.forget() => {
                // The next look has a new one.
                Err(Fault::external("the platform refuses the token that it gave").into())
            }
            None => Err(self.refused(&answer).into()),
        }
    }

    /// Whose fault a refusal is of which the preset knows no code. Where a platform leads to another page it
    /// may mean that there is nothing of that name.
    fn refused(&self, answer: &Answer) -> Fault {
        let moved = self.plan.preset.problem.moved.as_ref();
        match (answer.fault(), moved.filter(|_| answer.status.is_redirection())) {
            (Fault::User { reason, .. }, Some(hint)) => Fault::user(reason, hint),
            (fault, _) => fault,
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

fn micros(wait: Duration) -> i64 {
    i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)
}
