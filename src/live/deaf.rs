//! Who hears that a source is heard no more, or will be soon? A token that ended looks like a quiet
//! day: receivers are told of sources that are given up or long out of reach, and days ahead of the end
//! of a token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::MissedTickBehavior;

use super::progress::Progress;
use crate::connect::{SourceNow, SourceState, SourcesHealth};
use crate::notify::{Herald, Matter};
use crate::post::SourceId;
use crate::system::wall_clock;
use crate::time::{DAY_US, EventTime, MINUTE_US, SECOND_US};

/// How often it is looked how sources are.
const LOOK: Duration = Duration::from_secs(1);
/// How long a source that was given up may be so before receivers hear of it: a reload may mend it.
const FAILED_US: i64 = 5 * SECOND_US;
/// How long one that is tried again and again may be out of reach.
const LOST_US: i64 = 15 * MINUTE_US;
/// How long before its end a token is told of.
const TOKEN_US: i64 = 7 * DAY_US;

/// What receivers must know of a source.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    since: EventTime,
    why: String,
    hint: String,
}

/// Who was told of what, also while a configuration takes the place of another.
pub(super) type Heralds = Arc<Mutex<HashMap<(SourceId, Matter), Herald>>>;

/// Tells receivers of sources, until the task is aborted.
pub(super) async fn tell(progress: watch::Receiver<Progress>, herald: Herald, heralds: Heralds) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let sources = progress.borrow().sources.clone();
        let mut heralds = heralds.lock().await;
        let is_left =
            |(name, _): &(SourceId, Matter)| !sources.iter().any(|source| source.name() == name);
        let left: Vec<_> = heralds.keys().filter(|key| is_left(key)).cloned().collect();
        for key in left {
            if let Some(mut herald) = heralds.remove(&key) {
                herald.recovered("it is not part of the configuration any more").await;
            }
        }
        for source in sources.iter() {
            let (now, at) = (source.now(), wall_clock());
            for (matter, told) in
                [(Matter::Source, lost(&now, at)), (Matter::Token, ends(&now, at))]
            {
                let key = (source.name().clone(), matter);
                match told {
                    Some(told) => {
                        let fresh = || herald.of_source(source.name(), matter);
                        let herald = heralds.entry(key).or_insert_with(fresh);
                        herald.failing(told.since, &told.why, &told.hint).await;
                    }
                    // One that is only being tried again is not back.
                    None if !is_heard(now.state) => {}
                    None => {
                        if let Some(mut herald) = heralds.remove(&key) {
                            herald.recovered("it is read again").await;
                        }
                    }
                }
            }
        }
    }
}

/// Tells receivers of sources that were given up, when that ends the process.
pub(super) async fn tell_last(sources: &SourcesHealth, herald: &Herald) {
    for source in sources.iter() {
        let now = source.now();
        if let (SourceState::Failed, Some(since)) = (now.state, now.since) {
            let mut herald = herald.of_source(source.name(), Matter::Source);
            herald.failing(since, &now.reason, &now.hint).await;
        }
    }
}

/// Whether a source is read, or has nothing more to read.
fn is_heard(state: SourceState) -> bool {
    matches!(state, SourceState::Up | SourceState::Waiting | SourceState::Ended)
}

/// Whether a source is not read and will not be soon.
fn lost(now: &SourceNow, at: EventTime) -> Option<Told> {
    let patience_us = match now.state {
        SourceState::Failed => FAILED_US,
        SourceState::Starting | SourceState::Down => LOST_US,
        SourceState::Up | SourceState::Waiting | SourceState::Ended => return None,
    };
    let since = now.since.filter(|since| at.since(*since) >= patience_us)?;
    Some(Told { since, why: now.reason.clone(), hint: now.hint.clone() })
}

/// Whether its token ends soon.
fn ends(now: &SourceNow, at: EventTime) -> Option<Told> {
    let since = now.expires.filter(|expires| expires.since(at) <= TOKEN_US)?;
    let why = format!("its token {} at {since}", if since > at { "ends" } else { "ended" });
    let hint = "make a new one in time, as the page of this source says".to_owned();
    Some(Told { since, why, hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_of_once_it_will_not_be_read_soon() {
        use SourceState::{Down, Ended, Failed, Starting, Up, Waiting};
        let begun = EventTime(1_772_366_400_000_000);
        let rows = [
            (Failed, 4, false),
            (Failed, 5, true),
            (Down, 899, false),
            (Down, 900, true),
            (Starting, 900, true),
            (Up, 90_000, false),
            (Waiting, 90_000, false),
            (Ended, 90_000, false),
        ];
        for (state, seconds, is_told) in rows {
            let now = SourceNow { state, since: Some(begun), ..SourceNow::default() };
            let told = lost(&now, begun.shift(seconds * SECOND_US));
            assert_eq!(told.is_some(), is_told, "{state:?} for {seconds} s");
        }
    }

    #[test]
    fn the_end_of_a_token_is_told_a_week_ahead() {
        let expires = EventTime(1_772_366_400_000_000);
        let now = SourceNow { expires: Some(expires), ..SourceNow::default() };
        for (days, words) in [(8, None), (7, Some("ends at")), (-1, Some("ended at"))] {
            let told = ends(&now, expires.shift(-days * DAY_US));
            assert_eq!(told.is_some(), words.is_some(), "{days} days before");
            assert!(words.is_none_or(|words| told.is_some_and(|told| told.why.contains(words))));
        }
        assert_eq!(ends(&SourceNow::default(), expires), None);
    }
}
