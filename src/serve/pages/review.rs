//! Which verdicts should somebody look at, and how is one corrected on a page?

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::forms::{lead_as, proof, proven, read, text, who};
use super::mentions::again;
use super::page::Wrong;
use super::viewer::{Visit, encode};
use crate::intent::Intent;
use crate::review::{Correction, ReviewError, correct};
use crate::state::{StateError, verdict};

/// Mentions of a page.
const QUEUE: usize = 10;

impl From<ReviewError> for Wrong {
    fn from(error: ReviewError) -> Self {
        let (message, hint) = (error.to_string(), error.hint());
        let status = match error {
            ReviewError::Report(error) => return error.into(),
            ReviewError::Conflict(_) => StatusCode::CONFLICT,
            ReviewError::Nothing | ReviewError::Nobody | ReviewError::TooLong => {
                StatusCode::BAD_REQUEST
            }
            ReviewError::Lake(error) => match error.downcast_ref() {
                Some(StateError::NoState { .. }) => StatusCode::NOT_IMPLEMENTED,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
        };
        Self { status, message, hint }
    }
}

pub(super) async fn review(visit: Visit) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = queue(&visit, &proof).await;
    proven(visit.page("review.html", found), cookie)
}

async fn queue(visit: &Visit, proof: &str) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let topic = visit.ask("topic");
    if let Some(topic) = topic {
        ask.known_topic(topic).await?;
    }
    let topics = ask.topics().await?;
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    Ok(json!({
        "mentions": ask.review_queue(topic, None, QUEUE).await?,
        "agreement": ask.agreement().await?,
        "topics": names,
        "topic": topic,
        "proof": proof,
        "author": who(visit),
    }))
}

/// Takes a correction from a form; leads back to where it stood.
pub(super) async fn take(
    visit: Visit,
    Path(id): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let mut author = String::new();
    let mut back = format!("/mentions/{}#review", encode(&id));
    let mut form = Value::Null;
    let done = async {
        let fields = read(&visit, peer, &body)?;
        if fields.get("back").is_some_and(|back| back == "queue") {
            let topic = text(&fields, "topic");
            back = match topic.as_str() {
                "" => "/review".to_owned(),
                topic => format!("/review?topic={}", encode(topic)),
            };
        }
        author = text(&fields, "author");
        let word = text(&fields, "polarity");
        let correction = Correction {
            polarity: verdict(&word),
            relevant: Some(word != "irrelevant"),
            intents: wanted(&fields),
            confirms: false,
            note: text(&fields, "note"),
            author: author.clone(),
            revision: text(&fields, "revision").parse().unwrap_or(0),
        };
        form = json!({
            "polarity": word,
            "intents": correction.intents.as_ref().map(|intents| names(intents)),
            "note": correction.note,
            "back": text(&fields, "back"),
            "topic": text(&fields, "topic"),
        });
        if correction.polarity.is_none() && word != "irrelevant" {
            return Err(Wrong::from(ReviewError::Nothing));
        }
        let own = visit.open().await?;
        correct(&own.folder, visit.api.sql.limits, &id, correction).await?;
        Ok(())
    };
    let done = done.await;
    // What was written is not lost to who comes second.
    if done.as_ref().is_err_and(|wrong| wrong.status == StatusCode::CONFLICT) {
        return again(&visit, &id, form).await;
    }
    lead_as(&visit, done, &back, &author)
}

/// What the writer wants, by the form's boxes; `None` of a form that had none, or where that is no matter.
fn wanted(fields: &BTreeMap<String, String>) -> Option<Vec<Intent>> {
    let is_asked = text(fields, "polarity") != "irrelevant" && fields.contains_key("wants");
    let is_on = |intent: &Intent| fields.contains_key(&format!("wants-{intent}"));
    is_asked.then(|| Intent::ALL.into_iter().filter(is_on).collect())
}

fn names(intents: &[Intent]) -> Vec<&'static str> {
    intents.iter().map(|intent| intent.as_str()).collect()
}
