//! Who waits for an answer, and what do people decide? A list to work through, one mention with its
//! history, and the form that changes how it stands.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::forms::{named, proof, proven, read, text, who};
use super::page::Wrong;
use super::viewer::{Visit, encode};
use super::words::{Units, units};
use crate::inbox::{InboxError, InboxOrder, Step};
use crate::report::{InboxSearch, Waiting};
use crate::serve::api::Own;
use crate::serve::inbox::{Unchanged, apply, states, status, turn};

/// Mentions of a page.
const PAGE: usize = 25;
/// Which part of the list somebody sees, by the names in its address: filters, and how it is turned.
const PART: [&str; 7] = ["state", "topic", "source", "owner", "overdue", "order", "after"];
/// How many of them are filters.
const FILTERS: usize = 5;
/// What stands behind the last mention of a page, where the next one's name is wanted.
const END: &str = "end";

pub(super) async fn inbox(visit: Visit) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = list(&visit, &proof).await;
    proven(visit.page("inbox.html", found), cookie)
}

async fn list(visit: &Visit, proof: &str) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let mut found = visit.kept(&own, Box::pin(look(visit, &own))).await?;
    // What is kept is for all readers.
    found["proof"] = json!(proof);
    found["who"] = json!(who(visit));
    Ok(found)
}

async fn look(visit: &Visit, own: &Own) -> Result<Value, Wrong> {
    let ask = visit.questions(own).await?;
    let named = |name: &str| visit.ask(name).map(str::to_owned);
    let search = InboxSearch {
        topics: named("topic").into_iter().collect(),
        sources: named("source").into_iter().collect(),
        states: states(named("state"))?,
        owner: named("owner"),
        overdue: visit.ask("overdue").is_some(),
        turn: turn(visit.ask("order"))?,
        limit: Some(PAGE),
        after: named("after"),
    };
    let inbox = ask.inbox(&search).await?;
    let topics = ask.topics().await?;
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    // What was decided last stands where it was decided.
    let changed = match visit.ask("changed") {
        Some(id) => ask.waiting(id).await.ok(),
        None => None,
    };
    let spot = match visit.ask("then") {
        Some(END) => Some(inbox.entries.len()),
        Some(next) => inbox.entries.iter().position(|entry| entry.handle == next),
        None => None,
    };
    let entries = inbox.entries.iter().map(|entry| shown(entry, visit));
    let entries: Vec<Value> = entries.collect();
    Ok(json!({
        "changed": changed.map(|entry| shown(&entry, visit)),
        "spot": spot.unwrap_or_default(),
        "asked": {
            "state": visit.ask("state").unwrap_or_default(),
            "topic": visit.ask("topic"),
            "owner": visit.ask("owner").unwrap_or_default(),
            "overdue": visit.ask("overdue").is_some(),
            "order": visit.ask("order"),
            "after": visit.ask("after"),
        },
        "entries": entries,
        "total": inbox.total,
        "counts": inbox.counts,
        "cut": inbox.cut,
        "topics": names,
        "back": part(visit),
        "file": file(visit),
        "filtered": PART.iter().take(FILTERS).any(|name| visit.ask(name).is_some()),
        "next": inbox.next.map(|next| visit.here("after", &next)),
        "first": visit.here("after", ""),
    }))
}

/// An entry as templates know it: how long is left stands in its largest units.
fn shown(entry: &Waiting, visit: &Visit) -> Value {
    let mut value = serde_json::to_value(entry).unwrap_or_default();
    if let Some(left_s) = entry.left_s {
        value["left"] = json!({
            "overdue": left_s < 0,
            "amount": amount(left_s.unsigned_abs(), units(visit.locale)),
        });
    }
    value
}

/// A length of time in its two largest units.
fn amount(seconds: u64, [day, hour, minute]: Units) -> String {
    let minutes = seconds / 60;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} {minute}"),
        (0, hours, 0) => format!("{hours} {hour}"),
        (0, hours, minutes) => format!("{hours} {hour} {minutes} {minute}"),
        (days, 0, _) => format!("{days} {day}"),
        (days, hours, _) => format!("{days} {day} {hours} {hour}"),
    }
}

/// The address of the list as a file.
fn file(visit: &Visit) -> String {
    let asked = |name: &'static str| match name {
        "overdue" => (name, visit.ask(name).map(|_| "true")),
        name => (name, visit.ask(name)),
    };
    let filters = PART.into_iter().filter(|name| *name != "after").map(asked);
    visit.file("/api/v1/inbox", &filters.collect::<Vec<_>>())
}

/// The part of the list that is seen, as a query.
fn part(visit: &Visit) -> String {
    let pairs = PART.iter().filter_map(|name| Some((name, visit.ask(name)?)));
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

pub(super) async fn entry(visit: Visit, Path(id): Path<String>) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let back = visit.ask("back").unwrap_or_default().to_owned();
    let found = one(&visit, &id, &proof, json!({"back": back})).await;
    proven(visit.page("waiting.html", found), cookie)
}

/// One mention; `form` is what its form holds already.
async fn one(visit: &Visit, id: &str, proof: &str, form: Value) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let entry = ask.waiting(id).await?;
    let history = ask.history(&entry.mention.id).await?;
    let mut form = form;
    if form.get("who").is_none() {
        form["who"] = json!(who(visit));
    }
    Ok(json!({"entry": shown(&entry, visit), "history": history, "proof": proof, "form": form}))
}

pub(super) async fn change(
    visit: Visit,
    Path(id): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let fields = match read(&visit, peer, &body) {
        Ok(fields) => fields,
        Err(wrong) => return visit.page("error.html", Err::<Value, _>(wrong)),
    };
    let field = |name: &str| text(&fields, name);
    let (by, owner, note) = (field("changed_by"), field("owner"), field("note"));
    let step = match field("step").as_str() {
        "assign" => Step::Assign { to: if owner.is_empty() { by.clone() } else { owner.clone() } },
        "answer" => Step::Answer,
        "ignore" => Step::Ignore,
        "reopen" => Step::Reopen,
        _ => Step::Note,
    };
    // A button of the list has it in its address. A form without a number saw nothing.
    let is_listed = visit.ask("revision").is_some();
    let revision = visit.ask("revision").map_or_else(|| field("revision"), str::to_owned);
    let seen = revision.parse().unwrap_or(u64::MAX);
    let order =
        InboxOrder { mention: id.clone(), seen, step, note: Some(note.clone()), by: by.clone() };
    let then = visit.ask("then").unwrap_or_default();
    match apply(&visit.api, order).await {
        Ok(_) => named(led(&listed(&field("back"), &[("changed", &id), ("then", then)])), &by),
        Err(Unchanged::Order(InboxError::Conflict(_))) if is_listed => {
            let told = [("changed", &*id), ("then", then)].map(owned);
            let known = known(&field("back")).chain(told).collect();
            second(visit.moved("/inbox", known), &by).await
        }
        Err(Unchanged::Order(InboxError::Conflict(_))) => {
            let (proof, cookie) = proof(&visit.headers);
            let form = json!({
                "conflict": true, "who": by, "owner": owner, "note": note,
                "back": field("back"),
            });
            let mut page = visit.page("waiting.html", one(&visit, &id, &proof, form).await);
            *page.status_mut() = StatusCode::CONFLICT;
            proven(page, cookie)
        }
        Err(why) => {
            let back = match is_listed {
                true => listed(&field("back"), &[]),
                false => format!("/inbox/{}?back={}", encode(&id), encode(&field("back"))),
            };
            visit.undone(wrong(why), &back)
        }
    }
}

/// The list of who came second, as it was: at the row it tells what somebody else decided.
async fn second(visit: Visit, by: &str) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = async {
        let own = visit.open().await?;
        let mut found = look(&visit, &own).await?;
        let changed = found["changed"]["handle"].clone();
        let rows = found["entries"].as_array();
        if let Some(row) =
            rows.and_then(|rows| rows.iter().position(|row| row["handle"] == changed))
        {
            found["spot"] = json!(row + 1);
        }
        found["quicker"] = json!(true);
        found["proof"] = json!(proof);
        found["who"] = json!(by);
        Ok(found)
    };
    let found = found.await;
    let is_found = found.is_ok();
    let mut page = visit.page("inbox.html", found);
    if is_found {
        *page.status_mut() = StatusCode::CONFLICT;
    }
    named(proven(page, cookie), by)
}

fn wrong(why: Unchanged) -> Wrong {
    match why {
        Unchanged::Order(error) => {
            let hint = error.hint();
            Wrong { hint, ..Wrong::new(status(&error), error.to_string()) }
        }
        Unchanged::Answer(refused) => {
            Wrong::new(refused.status(), "the lake cannot be read now; look again in a moment")
        }
    }
}

/// What a query says of a part of the list.
fn known(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    pairs.filter(|(name, _)| PART.contains(&name.as_str()))
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The address of a part of the list, and of what is told on it.
fn listed(back: &str, told: &[(&str, &str)]) -> String {
    let told = told.iter().filter(|(_, value)| !value.is_empty()).copied().map(owned);
    let query = known(back).chain(told).map(|(name, value)| format!("{name}={}", encode(&value)));
    let query: Vec<String> = query.collect();
    let question = if query.is_empty() { "" } else { "?" };
    format!("/inbox{question}{}", query.join("&"))
}

/// Leads to the list, where it tells what was done.
fn led(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{to}#changed"))]).into_response()
}

pub(super) async fn service(visit: Visit) -> Response {
    let found = figures(&visit).await;
    visit.page("service.html", found)
}

async fn figures(visit: &Visit) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    visit.kept(&own, Box::pin(count(visit, &own))).await
}

async fn count(visit: &Visit, own: &Own) -> Result<Value, Wrong> {
    let ask = visit.questions(own).await?;
    let period = visit.period(&ask)?;
    let topic = visit.ask("topic");
    if let Some(topic) = topic {
        ask.known_topic(topic).await?;
    }
    let only: Vec<String> = topic.map(str::to_owned).into_iter().collect();
    let figures = ask.service(&only, &period.span).await?;
    // Those of other periods wait as well, as the overview and the inbox count them.
    let search = InboxSearch { topics: only, limit: Some(1), ..InboxSearch::default() };
    let waiting = ask.inbox(&search).await?.total;
    let period = visit.shown(&period);
    Ok(json!({"period": period, "figures": figures, "topic": topic, "waiting": waiting}))
}

#[cfg(test)]
mod tests {
    use super::{amount, units};
    use crate::chart::{ENGLISH, GERMAN};

    #[test]
    fn a_length_of_time_stands_in_its_two_largest_units() {
        for (seconds, shown) in [
            (0, "0 min"),
            (59, "0 min"),
            (3_540, "59 min"),
            (7_200, "2 h"),
            (7_260, "2 h 1 min"),
            (86_400, "1 d"),
            (97_260, "1 d 3 h"),
        ] {
            assert_eq!(amount(seconds, units(&ENGLISH)), shown);
        }
        assert_eq!(amount(97_260, units(&GERMAN)), "1 Tg. 3 Std.");
    }
}
