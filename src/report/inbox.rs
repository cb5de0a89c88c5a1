//! Who waits for an answer of ours, since when, and by when was one promised?
//!
//! How a mention stands, view `inbox` says; when its promise ends is worked out here, by the service
//! hours of its topic. Those whose promise ends first come first, by the hour; of one hour those that
//! are the surest complaints, then those that reach farthest.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::Serialize;

use super::ask::Ask;
use super::error::ReportError;
use super::heard::maybe;
use super::mentions::{Mention, SHOWN, of_id};
use super::stand::{Found, Place, STAND, Stand, handle, latest};
use crate::config::ServiceConfig;
use crate::lake::quoted;
use crate::sql::View;
use crate::state::Standing;
use crate::time::{DAY_US, EventTime, SECOND_US, rfc3339};

/// Mentions looked through, the latest.
const ROWS_MAX: usize = 50_000;
/// Most mentions of a page, and how many where nothing is said.
const PAGE_MAX: usize = 200;
const PAGE: usize = 50;

/// A mention that may want an answer, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waiting {
    /// The mention.
    pub mention: Mention,
    /// A short name of it, of eight hexadecimal digits.
    pub handle: String,
    /// How it stands.
    pub state: Standing,
    /// Who takes care of it; null if nobody.
    pub owner: Option<String>,
    /// The latest note.
    pub note: Option<String>,
    /// Who changed the state last; null if nobody did.
    pub changed_by: Option<String>,
    /// When that was.
    pub changed_at: Option<String>,
    /// The number of the state: a change names the one that it saw.
    pub revision: u64,
    /// Answers by accounts of ours.
    pub replies: u64,
    /// When it was answered first.
    pub answered_at: Option<String>,
    /// By an `account` of ours, or by a `person` who noted it.
    pub answered_by: Option<String>,
    /// When the promise ends; null where service hours never come.
    #[serde(with = "maybe")]
    pub due_at: Option<EventTime>,
    /// Seconds until then, negative beyond; null unless it waits.
    pub left_s: Option<i64>,
}

/// A page of the inbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inbox {
    /// The mentions.
    pub entries: Vec<Waiting>,
    /// How many fit the filters.
    pub total: u64,
    /// How many there are in each state, whatever state is asked for.
    pub counts: Counts,
    /// Give it as `after` for the next page; null on the last one.
    pub next: Option<String>,
    /// The time for which this holds: of a lake that nothing comes into, its end.
    #[serde(with = "rfc3339")]
    pub now: EventTime,
    /// Whether only the latest 50,000 mentions were looked through.
    pub cut: bool,
}

/// Mentions by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Nobody takes care.
    pub open: u64,
    /// Somebody does.
    pub assigned: u64,
    /// Answered.
    pub answered: u64,
    /// Wants no answer.
    pub ignored: u64,
    /// Open or assigned, and beyond the promise.
    pub overdue: u64,
}

/// Which mentions are looked for. What is empty or `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InboxSearch {
    /// Names of topics.
    pub topics: Vec<String>,
    /// Names of sources.
    pub sources: Vec<String>,
    /// States; without any those that wait: open and assigned.
    pub states: Vec<Standing>,
    /// Who takes care.
    pub owner: Option<String>,
    /// Only those beyond the promise.
    pub overdue: bool,
    /// Most mentions of the page, 50 where it is `None`, 200 at most.
    pub limit: Option<usize>,
    /// [`Inbox::next`] of the page before.
    pub after: Option<String>,
}

impl Counts {
    fn of(found: &[Found], now: EventTime) -> Self {
        let count = |state| found.iter().filter(|one| one.stand.state == state).count() as u64;
        Self {
            open: count(Standing::Open),
            assigned: count(Standing::Assigned),
            answered: count(Standing::Answered),
            ignored: count(Standing::Ignored),
            overdue: found.iter().filter(|one| one.is_overdue(now)).count() as u64,
        }
    }
}

/// An entry with its mention.
fn waiting(found: Found, mention: Mention, now: EventTime) -> Waiting {
    let Found { stand, due, .. } = found;
    let left_s = due.filter(|_| stand.waits()).map(|due| due.since(now).div_euclid(SECOND_US));
    Waiting {
        handle: handle(&stand.tie()),
        mention,
        state: stand.state,
        owner: stand.owner,
        note: stand.note,
        changed_by: stand.changed_by,
        changed_at: stand.changed_at,
        revision: stand.revision,
        replies: stand.replies,
        answered_at: stand.answered_at,
        answered_by: stand.answered_by,
        due_at: due,
        left_s,
    }
}

/// SQL over view `inbox` of the mentions alone that meet a condition.
pub(super) fn over_inbox(condition: &str, select: &str) -> String {
    let view = View::all().find(|view| view.name == "inbox").map_or("", |view| view.sql);
    format!(
        "WITH mentions AS (SELECT * FROM mentions WHERE {condition}), inbox AS ({view}) {select}"
    )
}

impl Ask<'_> {
    /// The time for which answers hold: of a lake into which nothing has come for two days, the end
    /// of what was heard.
    #[must_use]
    pub fn now(&self) -> EventTime {
        let clock = crate::system::wall_clock();
        let until = self.heard.until.unwrap_or(clock);
        if clock.since(until) > 2 * DAY_US { until } else { clock.max(until) }
    }

    /// A page of mentions that may want an answer, those first whose promise ends first.
    ///
    /// # Errors
    /// For a search that cannot be; when a limit is reached, or the lake cannot be read.
    pub async fn inbox(&self, search: &InboxSearch) -> Result<Inbox, ReportError> {
        let limit = search.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            let why = format!("a page has 1 to {PAGE_MAX} mentions");
            return Err(ReportError::wrong("limit", why, "follow `next` for further ones"));
        }
        let after = search.after.as_deref().map(place).transpose()?;
        let now = self.now();
        let (mut found, cut) = self.found(search, now).await?;
        let counts = Counts::of(&found, now);
        let waiting = [Standing::Open, Standing::Assigned];
        let states =
            if search.states.is_empty() { waiting.as_slice() } else { search.states.as_slice() };
        found.retain(|one| {
            states.contains(&one.stand.state)
                && (!search.overdue || one.is_overdue(now))
                && (search.owner.is_none() || one.stand.owner == search.owner)
        });
        let total = found.len() as u64;
        found.sort_by(|one, other| one.place.cmp(&other.place));
        found.retain(|one| after.as_ref().is_none_or(|after| one.place > *after));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more);
        let next = next.and_then(|one| Some(BASE64.encode(serde_json::to_vec(&one.place).ok()?)));
        let entries = self.shown(found, now).await?;
        Ok(Inbox { entries, total, counts, next, now, cut })
    }

    /// One mention, by its id, its handle, or the beginning of the latter.
    ///
    /// # Errors
    /// For an id of nothing, or a handle of several; when a limit is reached, or the lake cannot be
    /// read.
    pub async fn waiting(&self, name: &str) -> Result<Waiting, ReportError> {
        let unknown =
            || ReportError::Unknown { what: "mention", name: name.to_owned(), near: None };
        let now = self.now();
        let mut found = match of_id(name) {
            Some([topic, source, post]) => {
                let condition = format!(
                    "topic = {} AND source = {} AND post_id = {}",
                    quoted(&topic),
                    quoted(&source),
                    quoted(&post)
                );
                let sql = over_inbox(&condition, &format!("SELECT {STAND} FROM inbox"));
                latest(self.rows(&sql).await?)
            }
            None => {
                let (found, _) = self.found(&InboxSearch::default(), now).await?;
                let stands = found.into_iter().map(|one| one.stand);
                let named = |stand: &Stand| handle(&stand.tie()).starts_with(name);
                stands.filter(|stand| !name.is_empty() && named(stand)).collect()
            }
        };
        let stand = found.pop().ok_or_else(unknown)?;
        if !found.is_empty() {
            let why = format!("\"{name}\" is the beginning of several");
            return Err(ReportError::wrong("mention", why, "give all eight digits of its handle"));
        }
        let one = stand.clone().found(self.services.of(&stand.topic));
        self.shown(vec![one], now).await?.pop().ok_or_else(unknown)
    }

    /// All that is in the inbox, whatever its state, and whether it was too much.
    async fn found(
        &self,
        search: &InboxSearch,
        now: EventTime,
    ) -> Result<(Vec<Found>, bool), ReportError> {
        let mut wanted = vec![self.reaches(now)];
        for (column, list) in [("topic", &search.topics), ("source", &search.sources)] {
            let names: Vec<String> = list.iter().map(|name| quoted(name)).collect();
            if !names.is_empty() {
                wanted.push(format!("{column} IN ({})", names.join(", ")));
            }
        }
        let select = format!(
            "SELECT {STAND} FROM inbox WHERE {} ORDER BY posted_at DESC LIMIT {}",
            self.wants(),
            ROWS_MAX + 1
        );
        let rows: Vec<Stand> = self.rows(&over_inbox(&wanted.join(" AND "), &select)).await?;
        let cut = rows.len() > ROWS_MAX;
        let found = latest(rows).into_iter().take(ROWS_MAX).map(|stand| {
            let service = self.services.of(&stand.topic);
            stand.found(service)
        });
        Ok((found.collect(), cut))
    }

    /// A condition that mentions are not older than their inbox reaches.
    fn reaches(&self, now: EventTime) -> String {
        let since = |service: &ServiceConfig| {
            format!("posted_at >= to_timestamp_micros({})", now.shift(-service.horizon_us).0)
        };
        self.by_topic(since)
    }

    /// A condition that mentions have a verdict that wants an answer, or that a person touched them.
    pub(super) fn wants(&self) -> String {
        let wants = |service: &ServiceConfig| {
            let names: Vec<String> =
                service.wants.iter().map(|polarity| quoted(polarity.as_str())).collect();
            if names.is_empty() {
                return "false".to_owned();
            }
            format!("polarity IN ({})", names.join(", "))
        };
        format!("(changed_at IS NOT NULL OR {})", self.by_topic(wants))
    }

    /// A condition that each topic makes for itself.
    fn by_topic(&self, of: impl Fn(&ServiceConfig) -> String) -> String {
        let usual = of(self.services.usual());
        let apart: Vec<String> = self
            .services
            .apart()
            .map(|(topic, service)| format!("WHEN {} THEN {}", quoted(topic), of(service)))
            .collect();
        if apart.is_empty() {
            return usual;
        }
        format!("CASE topic {} ELSE {usual} END", apart.join(" "))
    }

    /// Entries with their mentions.
    async fn shown(&self, found: Vec<Found>, now: EventTime) -> Result<Vec<Waiting>, ReportError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let keys = found.iter().map(|Found { stand, .. }| {
            let [topic, source, post] =
                [&stand.topic, &stand.source, &stand.post_id].map(|key| quoted(key));
            format!("(topic = {topic} AND source = {source} AND post_id = {post})")
        });
        let keys: Vec<String> = keys.collect();
        let sql = format!(
            "SELECT {SHOWN} FROM mentions WHERE {} ORDER BY received_at DESC",
            keys.join(" OR ")
        );
        let mentions: Vec<Mention> = self.rows(&sql).await?;
        let entries = found.into_iter().filter_map(|one| {
            let own = |mention: &&Mention| {
                mention.topic == one.stand.topic
                    && mention.source == one.stand.source
                    && mention.post_id == one.stand.post_id
            };
            let mention = mentions.iter().find(own)?.clone().cut();
            Some(waiting(one, mention, now))
        });
        Ok(entries.collect())
    }
}

fn place(after: &str) -> Result<Place, ReportError> {
    let read = || serde_json::from_slice(&BASE64.decode(after).ok()?).ok();
    let hint = "give `next` of the page before, with the same search";
    read().ok_or_else(|| ReportError::wrong("after", "it cannot be read", hint))
}
