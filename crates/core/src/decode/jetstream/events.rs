//! What does an event of Jetstream's second wire say? Frames of
//! `network.bsky.jetstream.subscribeEvents`, which name their own kind.
//!
//! A message wraps one of `#commit`, `#identity`, `#account`, `#sync` and `#info`. Handles, which
//! `#identity` tells, are names of authors and are not read.

use std::borrow::Cow;

use serde::Deserialize;

use super::record::Said;
use super::{Account, Change, purge, reason, received_at};
use crate::decode::{AuthorHasher, Decoded};
use crate::post::{Event, SourceId};
use crate::time::EventTime;

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "$type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    payload: Option<Payload<'a>>,
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
}

/// All kinds of message at once; each has some of these.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, rename = "$type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    did: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Cow<'a, str>,
    /// When the server saw it, and what a cursor that is a time means; older servers leave it out.
    #[serde(borrow, default, rename = "witnessedAt")]
    witnessed_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    collection: Cow<'a, str>,
    #[serde(borrow, default)]
    rkey: Cow<'a, str>,
    #[serde(borrow, default)]
    record: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    account: Option<Account<'a>>,
}

/// What a frame of version 2 says.
pub(crate) fn decode(
    raw: &[u8],
    source: &SourceId,
    authors: &AuthorHasher,
    now: Option<EventTime>,
) -> Result<Decoded, String> {
    let frame: Frame<'_> = serde_json::from_slice(raw).map_err(|error| reason(&error, raw))?;
    let payload = match (&*frame.kind, frame.payload) {
        ("message", Some(payload)) => payload,
        ("error", _) => {
            let error = frame.error.unwrap_or("without a name".into());
            return Err(format!("the server ends with an error: {error}"));
        }
        (other, _) => return Err(format!("frames of the kind \"{other}\" are not known")),
    };
    let (_, kind) = payload.kind.rsplit_once('#').unwrap_or_default();
    if kind == "info" {
        return Ok(Decoded::Ignored(None));
    }
    let time = payload.witnessed_at.as_ref().unwrap_or(&payload.time);
    let time = EventTime::parse(time).map_err(|error| error.to_string())?;
    let received_at = received_at(time.0, now)?;
    if payload.did.is_empty() {
        return Err("the event has no \"did\"".to_owned());
    }
    match kind {
        "commit" => {
            let change = Change {
                did: &payload.did,
                operation: &payload.operation,
                collection: &payload.collection,
                rkey: &payload.rkey,
                received_at,
            };
            let said = || Said::of(payload.record.ok_or("a post without a record")?.get());
            change.decoded(said, source, authors)
        }
        "account" if payload.account.as_ref().is_some_and(Account::is_deleted) => {
            Ok(purge(&payload.did, received_at, source, authors))
        }
        "sync" => {
            let author = authors.hash(&payload.did);
            let renew = Event::Renew { source: source.clone(), author, received_at };
            Ok(Decoded::Event(renew, Some(received_at.0)))
        }
        "account" | "identity" => Ok(Decoded::Ignored(Some(received_at.0))),
        _ => Err(format!("events of the kind \"{}\" are not known", payload.kind)),
    }
}
