//! How is a page answered? The lake opened for its questions, its period, its headers, and what
//! went wrong as a page, too.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::paint::paint;
use super::proof::proof;
use super::viewer::{PERIOD, Visit, encode};
use crate::chart::zoned;
use crate::config::Role;
use crate::report::{Ask, ReportError, Span, zone};
use crate::serve::access::Way;
use crate::serve::api::Own;
use crate::serve::kept::Version;
use crate::system::wall_clock;
use crate::time::{DAY_US, EventTime};

/// What a browser may take from where.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// After how long without posts a lake counts as an archive.
const ARCHIVE_US: i64 = 2 * DAY_US;
/// Pages in the order of the menu.
const MENU: [(&str, &str); 9] = [
    ("/", "Overview"),
    ("/topics", "Topics"),
    ("/mentions", "Mentions"),
    ("/inbox", "Inbox"),
    ("/alerts", "Alerts"),
    ("/goals", "Goals"),
    ("/sources", "Sources"),
    ("/sql", "SQL"),
    ("/settings", "Settings"),
];

/// Why there is no page.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) status: StatusCode,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Wrong {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hint: String::new() }
    }
}

impl From<ReportError> for Wrong {
    fn from(error: ReportError) -> Self {
        let status = match &error {
            ReportError::Wrong { .. } => StatusCode::BAD_REQUEST,
            ReportError::Unknown { .. } => StatusCode::NOT_FOUND,
            _ if error.is_limit() => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let hint = error.hint();
        Self { status, hint, message: error.to_string() }
    }
}

/// The period of a page, and whether it is the last one with posts because nothing newer came.
pub(super) struct Period {
    pub(super) span: Span,
    pub(super) name: String,
    archived: bool,
}

impl Visit {
    /// The lake, open for the questions of one page.
    pub(super) async fn open(&self) -> Result<Own, Wrong> {
        Own::begin(&self.api).await.map_err(|refused| {
            let status = refused.status();
            Wrong::new(status, "the lake cannot be read now; look again in a moment")
        })
    }

    /// Who answers over the open lake.
    pub(super) async fn questions<'a>(&'a self, own: &'a Own) -> Result<Ask<'a>, Wrong> {
        let ask = Ask::new(&own.session, &own.folder, &self.api.topics, self.api.known()).await?;
        Ok(ask.promised(&self.api.charter))
    }

    /// What a page shows: as it was found last, if nothing has changed since, else as `compute` finds it.
    pub(super) async fn kept(
        &self,
        own: &Own,
        compute: impl Future<Output = Result<Value, Wrong>>,
    ) -> Result<Value, Wrong> {
        let mut page = format!("{} {} {}", self.path, self.locale.tag, self.zone_name());
        // All of the address, since links of a page repeat it.
        for (name, value) in &self.asked {
            page += &format!(" {}={}", encode(name), encode(value));
        }
        let desk = std::fs::metadata(own.folder.desk()).and_then(|desk| desk.modified()).ok();
        let commits = self.api.progress.borrow().commits;
        let version = Version { lake: own.version, commits, desk };
        self.api.sql.pages.found(&page, version, compute).await
    }

    /// Which period is meant: what the address says, else the last week that was heard as a whole,
    /// else the last day. Of an archive, now is the end of its last day, and the last day the 24 hours
    /// before the end of its last hour.
    pub(super) fn period(&self, ask: &Ask<'_>) -> Result<Period, Wrong> {
        let clock = wall_clock();
        let until = ask.heard().until.unwrap_or(clock);
        let archived = clock.since(until) > ARCHIVE_US;
        let now = if archived { day_end(until, self) } else { clock.max(until) };
        let first = ask.heard().first.unwrap_or(now);
        let usual = if now.since(first) >= 8 * DAY_US { "7d" } else { "24h" };
        let name = match (self.ask("from"), self.ask("to")) {
            (None, None) => self.ask("period").unwrap_or(usual).to_owned(),
            (Some(from), Some(to)) => format!("{from}..{to}"),
            // The end of an archive is the midnight after its last day.
            (Some(from), None) if archived => {
                format!("{from}..{}", zoned(now.shift(-1), &self.zone).date())
            }
            (Some(from), None) => format!("{from}..today"),
            (None, Some(_)) => {
                let hint = "give from and to, or period";
                return Err(ReportError::wrong("to", "from is missing", hint).into());
            }
        };
        // Of an archive whose last post stands shortly after midnight, the last day would be empty.
        let now = if archived && name == "24h" { hour_end(until) } else { now };
        let span = Span::parse(&name, &self.zone, now)?;
        Ok(Period { span, name, archived })
    }

    /// Whether the span before this one holds the first post: then it was heard in part.
    pub(super) fn began_within(&self, ask: &Ask<'_>, span: &Span) -> bool {
        ask.heard().first.is_some_and(|first| span.before().from < first && first < span.from)
    }

    /// A period as templates know it.
    pub(super) fn shown(&self, period: &Period) -> Value {
        let choices = [("24h", "Day"), ("7d", "Week"), ("28d", "4 weeks"), ("90d", "Quarter")];
        let whole = [("this-week", "This week"), ("week", "Last week"), ("month", "Last month")];
        let shown = |(name, label): (&str, &str)| {
            let href = self.here("period", name);
            json!({"label": label, "href": href, "current": name == period.name})
        };
        let [first, last] = [period.span.from, period.span.to.shift(-1)]
            .map(|at| zoned(at, &self.zone).date().to_string());
        let choices = choices.map(shown);
        // A form asks for its own fields alone.
        let others = self.asked.iter().filter(|(name, _)| !PERIOD.contains(&name.as_str()));
        json!({
            "from": period.span.from.to_string(),
            "to": period.span.to.to_string(),
            "name": period.name,
            "archived": period.archived,
            "choices": choices,
            "whole": whole.map(shown),
            "first": first,
            "last": last,
            "others": others.collect::<Vec<_>>(),
        })
    }

    /// Why a form did nothing, and the way back to it.
    pub(super) fn undone(&self, wrong: Wrong, back: &str) -> Response {
        self.drawn("error.html", Err(wrong), back)
    }

    /// A template filled with what was found, or the page that says why not.
    pub(super) fn page(&self, template: &str, found: Result<Value, Wrong>) -> Response {
        self.drawn(template, found, "")
    }

    fn drawn(&self, template: &str, found: Result<Value, Wrong>, back: &str) -> Response {
        // Who chose a zone that there is not would read times of another one.
        let found = match self.strange_zone().map(zone) {
            Some(Err(strange)) => Err(strange.into()),
            _ => found,
        };
        let (status, template, mut answer) = match found {
            Ok(answer) => (StatusCode::OK, template, answer),
            Err(wrong) => {
                let answer = json!({
                    "status": wrong.status.as_u16(), "message": wrong.message, "hint": wrong.hint,
                    "back": back,
                });
                (wrong.status, "error.html", answer)
            }
        };
        let has_goals = !self.api.charter.goals.is_empty();
        // Who is not let in sees no doors.
        let menu = MENU
            .into_iter()
            .filter(|(href, _)| self.viewer.is_some() && (*href != "/goals" || has_goals));
        let menu = menu.map(|(href, name)| {
            let inside = href != "/" && self.path.starts_with(href);
            json!({"href": href, "name": name, "current": inside || self.path == href})
        });
        answer["nav"] = menu.collect();
        if let Some(person) = self.person() {
            let leave = self.viewer.as_ref().filter(|viewer| viewer.way == Way::Login);
            let leave = leave.map(|_| proof(&self.headers).0);
            answer["me"] = json!({"name": person, "leave": leave});
        }
        answer["reader"] = self.reader();
        answer["version"] = json!(env!("CARGO_PKG_VERSION"));
        let is_closed = self.api.access.is_closed();
        let needs_token = !is_closed && self.api.token.is_some();
        answer["needs_token"] = json!(needs_token);
        // Who may change nothing sees no form for it.
        let may = self.viewer.as_ref().is_some_and(|viewer| viewer.role.allows(Role::Operate));
        answer["operates"] = json!(may || needs_token);
        let html = match paint(template, answer) {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, template, "a page cannot be made");
                return (StatusCode::INTERNAL_SERVER_ERROR, "this page cannot be made")
                    .into_response();
            }
        };
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for cookie in self.cookies() {
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                headers.append(header::SET_COOKIE, cookie);
            }
        }
        response
    }
}

/// The end of the hour that holds an instant.
fn hour_end(at: EventTime) -> EventTime {
    const HOUR_US: i64 = DAY_US / 24;
    EventTime(at.shift(-1).0.div_euclid(HOUR_US).saturating_add(1).saturating_mul(HOUR_US))
}

/// The end of the reader's day that holds an instant.
fn day_end(at: EventTime, visit: &Visit) -> EventTime {
    let next = zoned(at.shift(-1), &visit.zone).tomorrow().and_then(|next| next.start_of_day());
    next.map_or(at, |next| EventTime(next.timestamp().as_microsecond()))
}
