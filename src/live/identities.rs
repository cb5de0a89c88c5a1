//! Who are our accounts where they are not called as the user wrote them? Sources are asked as a
//! configuration begins, for a while and no longer: nothing waits for a network that does not answer.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::config::Config;
use crate::lake::Folder;
use crate::state::Identities;
use crate::system::wall_clock;
use crate::time::DAY_US;

/// How long all answers together may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Sources that are asked at once.
const AT_ONCE: usize = 8;
/// After so long an account may be somebody else's, and is asked for again.
const LASTS_US: i64 = 7 * DAY_US;

/// What a lake remembers of accounts.
pub(crate) fn remembered(folder: &Folder) -> BTreeMap<String, Vec<String>> {
    known(folder).by_handle()
}

fn known(folder: &Folder) -> Identities {
    Identities::read(folder).unwrap_or_else(|error| {
        tracing::warn!(%error, "accounts are looked up anew");
        Identities::default()
    })
}

/// Looks up the accounts of a configuration that a lake does not remember, and tells the configuration
/// of all. What cannot be had is warned of.
pub(super) async fn identify(folder: &Folder, config: &mut Config) {
    let mut known = known(folder);
    let before = known.clone();
    let handles = config.handles();
    known.retain(|source, handle| {
        handles.contains(handle) && config.sources.iter().any(|known| known.name.as_str() == source)
    });
    let now = wall_clock();
    let asked = config
        .sources
        .iter()
        .flat_map(|source| handles.iter().map(move |handle| (source, *handle)));
    let is_due = |source: &str, handle: &str| {
        known.asked_at(source, handle).is_none_or(|at| now.since(at) >= LASTS_US)
    };
    let asked = asked.filter(|(source, handle)| is_due(source.name.as_str(), handle));
    let asked: Vec<_> = asked.collect();
    let mut answers =
        stream::iter(asked)
            .map(|(source, handle)| async move {
                (source, handle, source.settings.identify(handle).await)
            })
            .buffer_unordered(AT_ONCE);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match timeout_at(deadline, answers.next()).await {
            Ok(Some((source, handle, Ok(Some(id))))) => {
                tracing::info!(source = source.name.as_str(), handle, id, "account looked up");
                known.note(source.name.as_str(), handle, id, now);
            }
            Ok(Some((_, _, Ok(None)))) => {}
            Ok(Some((source, handle, Err(fault)))) => {
                let (source, why) = (source.name.as_str(), fault.to_string());
                tracing::warn!(source, handle, why, "an account cannot be looked up");
            }
            Ok(None) => break,
            Err(_) => {
                tracing::warn!(
                    "some accounts cannot be looked up in time; the next start asks again"
                );
                break;
            }
        }
    }
    drop(answers);
    if known != before
        && let Err(error) = known.write(folder)
    {
        tracing::warn!(%error, "accounts that were looked up cannot be kept");
    }
    config.identities = known.by_handle();
}
