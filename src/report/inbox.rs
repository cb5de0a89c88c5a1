//! Who waits for an answer of ours, since when, and by when was one promised?
//!
//! How a mention stands, view `inbox` says; when its promise ends, and how urgent that makes it, is
//! worked out here, by the service hours of its topic.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::error::{ReportError, unknown_mention};
use super::heard::maybe;
use super::mentions::{Mention, SHOWN, of_id};
use super::stand::{Found, Place, STAND, Stand, Turn, handle, latest};
use crate::config::ServiceConfig;
use crate::lake::quoted;
use crate::priority::Priority;
use crate::sql::{View, as_of};
use crate::state::Standing;
use crate::time::{EventTime, SECOND_US, rfc3339};

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
    /// Who is to be answered first, with the parts it is made of.
    pub priority: Points,
    /// When the promise ends; null where service hours never come.
    #[serde(with = "maybe")]
    pub due_at: Option<EventTime>,
    /// Seconds until then, negative beyond; null unless it waits.
    pub left_s: Option<i64>,
}

/// A [priority](crate::priority) with its parts: `wants * certainty / 100 * (50 + reach + wait) / 100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Points {
    /// 0 to 100.
    pub points: u8,
    /// What the most urgent intent asks for, or a negative verdict.
    pub wants: u8,
    /// How sure that is, in percent.
    pub certainty: u8,
    /// What the audience adds, 0 to 30.
    pub reach: u8,
    /// What the part of the promised time adds that is gone, 0 to 20.
    pub wait: u8,
}

impl From<Priority> for Points {
    fn from(priority: Priority) -> Self {
        let Priority { points, wants, certainty, reach, wait } = priority;
        Self { points, wants, certainty, reach, wait }
    }
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

/// Where a page ends, in which order, and of which instant the priorities are: they grow.
#[derive(Serialize, Deserialize)]
struct End(Turn, i64, Place);

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
    /// Which come first of those that wait.
    pub turn: Turn,
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
    let Found { stand, due, priority, .. } = found;
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
        priority: priority.into(),
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
        as_of(clock, until)
    }

    /// A page of mentions that may want an answer, the most urgent first.
    ///
    /// # Errors
    /// For a search that cannot be; when a limit is reached, or the lake cannot be read.
    pub async fn inbox(&self, search: &InboxSearch) -> Result<Inbox, ReportError> {
        self.stood(search, (PAGE, PAGE_MAX)).await
    }

    /// A page of so many mentions where the search does not say, and of so many at most.
    pub(super) async fn stood(
        &self,
        search: &InboxSearch,
        (usual, most): (usize, usize),
    ) -> Result<Inbox, ReportError> {
        let limit = search.limit.unwrap_or(usual);
        if !(1..=most).contains(&limit) {
            let why = format!("a page has 1 to {most} mentions");
            return Err(ReportError::wrong("limit", why, "follow `next` for further ones"));
        }
        for topic in &search.topics {
            self.known_topic(topic).await?;
        }
        for source in &search.sources {
            self.known_source(source).await?;
        }
        let now = self.now();
        let after = search.after.as_deref().map(|after| end(after, search.turn)).transpose()?;
        let at = after.as_ref().map_or(now, |End(_, at, _)| EventTime(*at));
        let (mut found, cut) = self.found(search, &self.wants(), (now, at)).await?;
        let counts = Counts::of(&found, now);
        let waiting = [Standing::Open, Standing::Assigned];
        let states =
            if search.states.is_empty() { waiting.as_slice() } else { search.states.as_slice() };
        // Nobody writes a name twice in the same case.
        let lower = |name: &Option<String>| name.as_ref().map(|name| name.trim().to_lowercase());
        let owner = lower(&search.owner);
        found.retain(|one| {
            states.contains(&one.stand.state)
                && (!search.overdue || one.is_overdue(now))
                && (owner.is_none() || lower(&one.stand.owner) == owner)
        });
        let total = found.len() as u64;
        found.sort_by(|one, other| one.place.cmp(&other.place));
        found.retain(|one| after.as_ref().is_none_or(|End(_, _, last)| one.place > *last));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more);
        let next = next.map(|one| End(search.turn, at.0, one.place.clone()));
        let next = next.and_then(|end| Some(BASE64.encode(serde_json::to_vec(&end).ok()?)));
        // A condition for each mention: not of more of them at once than a page has.
        let (mut entries, mut found) = (Vec::with_capacity(found.len()), found.into_iter());
        loop {
            let some: Vec<Found> = found.by_ref().take(PAGE_MAX).collect();
            if some.is_empty() {
                break;
            }
            entries.append(&mut self.shown(some, now).await?);
        }
        Ok(Inbox { entries, total, counts, next, now, cut })
    }

    /// One mention, by its id, its handle, or the beginning of the latter.
    ///
    /// # Errors
    /// For an id of nothing, or a handle of several; when a limit is reached, or the lake cannot be
    /// read.
    pub async fn waiting(&self, name: &str) -> Result<Waiting, ReportError> {
        let unknown = || unknown_mention(name);
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
                // A mention that a review took out is still found by the name that somebody saw.
                let wanted = format!(
                    "({} OR relevant = 0 OR polarity <> scored_polarity \
                     OR coalesce(intents, '') <> coalesce(scored_intents, ''))",
                    self.wants()
                );
                let (found, _) = self.found(&InboxSearch::default(), &wanted, (now, now)).await?;
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
        let one = stand.clone().found(self.services.of(&stand.topic), Turn::default(), now);
        self.shown(vec![one], now).await?.pop().ok_or_else(unknown)
    }

    /// All that is in the inbox by a condition, whatever its state, with the priorities of an
    /// instant, and whether it was too much.
    async fn found(
        &self,
        search: &InboxSearch,
        wants: &str,
        (now, at): (EventTime, EventTime),
    ) -> Result<(Vec<Found>, bool), ReportError> {
        let mut wanted = vec![self.reaches(now)];
        for (column, list) in [("topic", &search.topics), ("source", &search.sources)] {
            let names: Vec<String> = list.iter().map(|name| quoted(name)).collect();
            if !names.is_empty() {
                wanted.push(format!("{column} IN ({})", names.join(", ")));
            }
        }
        let select = format!(
            "SELECT {STAND} FROM inbox WHERE {wants} ORDER BY posted_at DESC LIMIT {}",
            ROWS_MAX + 1
        );
        let rows: Vec<Stand> = self.rows(&over_inbox(&wanted.join(" AND "), &select)).await?;
        let cut = rows.len() > ROWS_MAX;
        let found = latest(rows).into_iter().take(ROWS_MAX).map(|stand| {
            let service = self.services.of(&stand.topic);
            stand.found(service, search.turn, at)
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

    /// A condition that mentions have a verdict or an intent that wants an answer, or that a person
    /// touched them.
    pub(super) fn wants(&self) -> String {
        let wants = |service: &ServiceConfig| {
            let verdicts = service.wants.iter().map(|one| format!("polarity = '{}'", one.as_str()));
            // No name of an intent is part of another.
            let intents = service.intents.iter();
            let intents = intents.map(|one| format!("coalesce(strpos(intents, '{one}'), 0) > 0"));
            let all: Vec<String> = verdicts.chain(intents).collect();
            if all.is_empty() { "false".to_owned() } else { format!("({})", all.join(" OR ")) }
        };
        format!("(changed_at IS NOT NULL OR (relevant = 1 AND {}))", self.by_topic(wants))
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
        let mut mentions: Vec<Mention> = self.rows(&sql).await?;
        self.review(&mut mentions).await?;
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

fn end(after: &str, turn: Turn) -> Result<End, ReportError> {
    let read = || serde_json::from_slice::<End>(&BASE64.decode(after).ok()?).ok();
    let hint = "give `next` of the page before, with the same search";
    match read() {
        Some(end) if end.0 == turn => Ok(end),
        Some(_) => Err(ReportError::wrong("after", "it is of a list in another order", hint)),
        None => Err(ReportError::wrong("after", "it cannot be read", hint)),
    }
}
