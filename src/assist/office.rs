//! What may an assistant know of the team's work? What waits for an answer, how well answers come, and
//! goals; and what it would have become of a mention, as a proposal.
//!
//! Who takes care and what was noted stays with the team: names and notes are about staff and customers.

use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::report::{Ask, InboxSearch, Turn};
use crate::state::Standing;
use crate::time::EventTime;

/// Most mentions of a page, and those of one where nothing is said.
const PAGE_MAX: usize = 50;
const PAGE: usize = 20;
/// Longest note, in bytes.
const NOTE_BYTES_MAX: usize = 2_000;
/// What an entry of the inbox says of people.
const PERSONAL: [&str; 3] = ["owner", "note", "changed_by"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfInbox {
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    states: Vec<Standing>,
    #[serde(default)]
    overdue: bool,
    #[serde(default)]
    order: Turn,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    id: String,
    state: Standing,
    #[serde(default)]
    note: String,
    #[serde(default)]
    reason: String,
}

/// A page of the inbox, without names and notes.
pub(super) async fn inbox(ask: &Ask<'_>, asked: OfInbox) -> Result<Value, Refusal> {
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Refusal::new(format!("limit is {limit}"), format!("give 1 to {PAGE_MAX}")));
    }
    let search = InboxSearch {
        topics: asked.topics,
        sources: asked.sources,
        states: asked.states,
        overdue: asked.overdue,
        turn: asked.order,
        limit: Some(limit),
        after: asked.after,
        owner: None,
    };
    let mut page = serde_json::to_value(ask.inbox(&search).await?)?;
    for entry in page["entries"].as_array_mut().into_iter().flatten() {
        if let Some(entry) = entry.as_object_mut() {
            PERSONAL.iter().for_each(|name| drop(entry.remove(*name)));
        }
    }
    Ok(page)
}

/// All goals, and the SQL that lists the mentions of their spans.
pub(super) async fn goals(ask: &Ask<'_>) -> Result<(Value, Value), Refusal> {
    let goals = ask.goals(EventTime(i64::MAX)).await?;
    let spans = goals.iter().map(|goal| &goal.span);
    let (from, to) = (spans.clone().map(|span| span.from).min(), spans.map(|span| span.to).max());
    let sql = from.zip(to).map(|(from, to)| {
        format!("SELECT topic, source, post_id FROM mentions WHERE posted_at >= '{from}' AND posted_at < '{to}'")
    });
    Ok((serde_json::to_value(goals)?, json!({"sql": sql})))
}

/// A state that a person can check and set.
pub(super) async fn propose(ask: &Ask<'_>, asked: Wish) -> Result<Value, Refusal> {
    let Wish { id, state, note, reason } = asked;
    if note.len() > NOTE_BYTES_MAX {
        let message = format!("a note has at most {NOTE_BYTES_MAX} bytes, not {}", note.len());
        return Err(Refusal::new(message, "write a shorter one"));
    }
    let entry = ask.waiting(&id).await?;
    let verb = match state {
        Standing::Open => "reopen",
        Standing::Assigned => "assign",
        Standing::Answered => "answer",
        Standing::Ignored => "ignore",
    };
    let mention = entry.mention;
    Ok(json!({
        "answer": {
            "kind": "proposal",
            "status": "nothing was changed; a person must check it and carry it out",
            "mention": {"id": mention.id, "source": mention.source, "url": mention.url, "text": mention.text},
            "state": {"now": entry.state, "revision": entry.revision, "proposed": state},
            "note": note,
            "reason": reason,
            "carry_out": {
                "page": format!("/inbox/{}", mention.id),
                "command": format!("resonanz inbox {verb} {}@{}", entry.handle, entry.revision),
            },
        },
        "rests_on": {"ids": [mention.id]},
    }))
}
