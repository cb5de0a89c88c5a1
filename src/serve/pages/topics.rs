//! What is listened for, how would another query do on the past, and may it become a topic?

use std::net::SocketAddr;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::forms::{proof, proven, read, text};
use super::page::Wrong;
use super::viewer::{Visit, encode};
use crate::config::{Role, topic_version};
use crate::mention::{Topic, Umlauts};
use crate::report::{Ask, Found, TopicInfo, Trial};
use crate::serve::config_file::Expected;
use crate::serve::deed::Changed;
use crate::serve::topics::write;

/// Switches of a topic as forms name them.
const FLAGS: [&str; 4] = ["inflect", "compounds", "hashtags", "links"];

pub(super) async fn topics(visit: Visit) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = build(&visit, &proof).await;
    proven(visit.page("topics.html", found), cookie)
}

async fn build(visit: &Visit, proof: &str) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let may_change = may_change(visit);
    let edited = match visit.ask("edit").filter(|_| may_change) {
        Some(name) => Some(known(visit, name)?.ok_or_else(|| {
            let message = format!("there is no topic \"{name}\" in the configuration");
            Wrong::new(StatusCode::NOT_FOUND, message)
        })?),
        None => None,
    };
    let version = edited.as_ref().map(topic_version);
    let topic = edited.filter(|_| visit.ask("q").is_none()).unwrap_or_else(|| asked(visit));
    let (mut tried, mut wrong) = (None, None);
    if !topic.query.is_empty() {
        match attempt(&ask, visit, &topic).await {
            Ok(found) => tried = Some(found),
            Err(why) => wrong = Some(why),
        }
    }
    let flags = FLAGS.map(|name| json!({"name": name, "on": is_on(&topic, name)}));
    Ok(json!({
        "asked": {"q": topic.query, "brand": topic.brand, "group": topic.group, "flags": flags,
            "apart": topic.umlauts == Umlauts::Apart},
        "edit": visit.ask("edit").filter(|_| version.is_some()),
        "seen": version,
        "saved": visit.ask("saved"),
        "may_change": may_change,
        "proof": proof,
        "tried": tried,
        "wrong": wrong,
        "topics": listed(visit, ask.topics().await?, may_change),
    }))
}

/// All topics, and what the configuration says of them by now.
fn listed(visit: &Visit, topics: Vec<TopicInfo>, may_change: bool) -> Vec<Value> {
    // Where it cannot be read there is nothing to change.
    let file = visit.api.config.as_ref().filter(|_| may_change);
    let kept = file.and_then(|file| tokio::task::block_in_place(|| file.topics().ok()));
    let mut kept = kept.unwrap_or_default();
    let mut rows = Vec::new();
    for topic in topics {
        let place = kept.iter().position(|own| own.name == topic.name);
        let own = place.map(|place| kept.remove(place));
        let is_same = |own: &Topic| visit.api.topics.iter().any(|running| running == own);
        let waiting = own.as_ref().filter(|own| !is_same(own)).map(|own| own.query.clone());
        let mut row = json!(topic);
        row["kept"] = json!(own.is_some());
        row["waiting"] = json!(waiting);
        rows.push(row);
    }
    rows.extend(kept.into_iter().map(|own| {
        json!({"name": own.name, "brand": own.brand, "group": own.group, "mentions": 0,
            "kept": true, "waiting": own.query})
    }));
    rows
}

/// Whether who looks could change topics, with the token if there is one.
fn may_change(visit: &Visit) -> bool {
    let api = &visit.api;
    let is_admin = visit.viewer.as_ref().is_some_and(|viewer| viewer.role.allows(Role::Admin));
    let by_token = !api.access.is_closed() && api.token.is_some();
    api.config.is_some() && (is_admin || by_token)
}

/// A topic as the configuration has it.
fn known(visit: &Visit, name: &str) -> Result<Option<Topic>, Wrong> {
    let Some(file) = &visit.api.config else { return Ok(None) };
    let found = tokio::task::block_in_place(|| file.topic(name));
    found.map_err(|error| {
        let mut wrong = Wrong::new(StatusCode::CONFLICT, error.to_string());
        wrong.hint = error.hint();
        wrong
    })
}

/// The topic that the address describes.
fn asked(visit: &Visit) -> Topic {
    let on = |name: &str| visit.ask(name) == Some("on");
    Topic {
        query: visit.ask("q").unwrap_or_default().to_owned(),
        brand: visit.ask("brand").map(str::to_owned),
        group: visit.ask("group").map(str::to_owned),
        inflect: on("inflect"),
        compounds: on("compounds"),
        hashtags: on("hashtags"),
        links: on("links"),
        umlauts: if on("apart") { Umlauts::Apart } else { Umlauts::Equal },
        ..Topic::default()
    }
}

fn is_on(topic: &Topic, flag: &str) -> bool {
    match flag {
        "inflect" => topic.inflect,
        "compounds" => topic.compounds,
        "hashtags" => topic.hashtags,
        _ => topic.links,
    }
}

/// What a query would have found, and how long the look took; or what is wrong with it.
async fn attempt(ask: &Ask<'_>, visit: &Visit, topic: &Topic) -> Result<Value, Value> {
    #[allow(clippy::disallowed_methods, reason = "how long it took is what is told")]
    let begun = Instant::now();
    let trial = ask.attempt(topic, &visit.zone).await.map_err(|error| {
        let place = crate::mention::read(&topic.query).err().map(|error| error.at);
        let shown = place.map(|at| crate::mention::pointer(&topic.query, at));
        json!({"message": error.to_string(), "hint": error.hint(), "shown": shown})
    })?;
    let posts: Vec<Value> = trial.posts.iter().map(shown).collect();
    let spark: Vec<u64> = trial.days.iter().map(|day| day.found).collect();
    let Trial { read, found, .. } = trial;
    let mut answer = json!(trial);
    answer["part"] = json!(super::drawing::whole(found) / super::drawing::whole(read.max(1)));
    answer["spark"] = json!(spark);
    answer["posts"] = json!(posts);
    answer["ms"] = json!(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
    Ok(answer)
}

/// A post in pieces: what made the query hold, and the rest.
fn shown(post: &Found) -> Value {
    let (mut pieces, mut at) = (Vec::new(), 0);
    for (start, end) in &post.places {
        let (start, end) = (*start as usize, *end as usize);
        if start < at {
            continue;
        }
        pieces.push(json!({"text": post.text.get(at..start).unwrap_or_default()}));
        pieces
            .push(json!({"kind": "topic", "text": post.text.get(start..end).unwrap_or_default()}));
        at = end;
    }
    pieces.push(json!({"text": post.text.get(at..).unwrap_or_default()}));
    json!({"posted_at": post.posted_at, "source": post.source, "lang": post.lang, "url": post.url, "pieces": pieces})
}

/// Makes a topic of a query, or changes one.
pub(super) async fn keep(
    visit: Visit,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let done = async {
        let fields = read(&visit, peer, &body)?;
        let given = |name: &str| Some(text(&fields, name)).filter(|text| !text.is_empty());
        let on = |name: &str| text(&fields, name) == "on";
        let Some(name) = given("name") else {
            return Err(Wrong::new(StatusCode::BAD_REQUEST, "name is missing"));
        };
        let (expected, kept) = match given("version") {
            Some(version) => {
                (Expected::Version(version), known(&visit, &name)?.unwrap_or_default())
            }
            None => (Expected::None, Topic::default()),
        };
        let topic = Topic {
            name: name.clone(),
            query: text(&fields, "query"),
            brand: given("brand"),
            group: given("group"),
            inflect: on("inflect"),
            compounds: on("compounds"),
            hashtags: on("hashtags"),
            links: on("links"),
            umlauts: if on("apart") { Umlauts::Apart } else { Umlauts::Equal },
            ..kept
        };
        let written = write(visit.api.config.as_ref(), topic, expected).await;
        written.map_err(|problem| {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let hint = problem.hint.unwrap_or_default();
            Wrong { status, message: problem.detail, hint }
        })?;
        Ok(name)
    };
    match done.await {
        Ok(name) => {
            let place = format!("/topics?saved={}", encode(&name));
            let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
            response.extensions_mut().insert(Changed(name));
            response
        }
        Err(wrong) => visit.page("error.html", Err(wrong)),
    }
}
