//! Are posts still there, and as they were? Those that are young are asked for again by their ids.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::Poll;
use super::ask::Sort;
use super::asks::Recheck;
use super::look::{Found, lacking};
use super::place::ABSENT_MIN;
use super::plan::{Named, request};
use super::read::{Heard, items};
use super::stop::Stop;
use crate::connect::source::{Fault, Outlet};
use crate::system::wall_clock;
use crate::time::{EventTime, SECOND_US};

/// So many posts do not go at once.
const MANY: usize = 10;
/// Most requests of this sort after one look.
const REQUESTS_MAX: usize = 10;

impl Poll {
    /// Asks again for the posts that are due, without asking for new ones.
    pub(super) async fn look_again(&mut self, outlet: &Outlet) -> Result<(), Stop> {
        let plan = Arc::clone(&self.plan);
        let mut named = plan.named(wall_clock());
        self.asker.pass.show(&mut named, outlet).await?;
        self.recheck(&named, outlet).await
    }

    /// Asks again for the posts that are due, and hands over what became of them.
    pub(super) async fn recheck(&mut self, named: &Named, outlet: &Outlet) -> Result<(), Stop> {
        let plan = Arc::clone(&self.plan);
        let mut requests = 0;
        for recheck in &plan.preset.recheck {
            let of = plan.preset.mapping(&recheck.of).unwrap_or_default();
            let ages_us: Vec<i64> = recheck.ages.iter().map(|age| age.0).collect();
            let now = wall_clock();
            let due = self
                .place
                .known
                .iter()
                .filter(|known| known.of == of && known.is_due(&ages_us, now));
            let due: Vec<String> = due.map(|known| known.id.clone()).collect();
            for (part, ids) in batches(recheck, due) {
                if requests >= REQUESTS_MAX {
                    break;
                }
                requests += 1;
                let mut named = named.clone();
                named.extend(part.map(|part| ("part".to_owned(), part)));
                self.recheck_batch(recheck, &ids, &ages_us, named, outlet).await?;
            }
            self.drop_old(of, &ages_us);
        }
        Ok(())
    }

    async fn recheck_batch(
        &mut self,
        recheck: &Recheck,
        ids: &[String],
        ages_us: &[i64],
        mut named: Named,
        outlet: &Outlet,
    ) -> Result<(), Stop> {
        let plan = Arc::clone(&self.plan);
        named.insert("ids".to_owned(), ids.join(&recheck.join));
        named.insert("id".to_owned(), ids.first().cloned().unwrap_or_default());
        let asked = request(&recheck.ask, &named).map_err(Fault::external)?;
        let reply = self.asker.ask(asked, outlet).await?;
        let mut found = Found::at(self.place.clone());
        let mut there = HashSet::new();
        if reply.sort == Sort::Whole && !(reply.json.is_null() && ids.len() == 1) {
            let all = items(&reply.json, &recheck.items, recheck.items_optional);
            let all = all.map_err(Fault::external)?;
            let reads = recheck.reads.as_ref().and_then(|name| plan.preset.mapping(name));
            for item in all {
                let mut heard = Vec::new();
                self.reader(&named, &mut |reader| match reads {
                    Some(of) => reader.by(of, item, &mut heard),
                    None => reader.item(item, &mut heard),
                });
                there.extend(heard.iter().filter_map(|heard| match heard {
                    Heard::Post { id, .. } | Heard::Gone { id } => Some(id.clone()),
                    Heard::Refused(_) | Heard::Nothing => None,
                }));
                if recheck.only_gone {
                    heard.retain(|heard| matches!(heard, Heard::Gone { .. }));
                }
                self.take(heard, EventTime::MIN, &mut found);
                let more = plan.preset.more.as_ref();
                if let Some(more) = more.filter(|_| recheck.more || reads.is_none()) {
                    found.more_of(lacking(more, item));
                }
            }
            self.take_more(&named, EventTime::MIN, &mut found, outlet).await?;
        }
        let is_one = recheck.batch == 1 || recheck.together.is_some();
        let is_missing = reply.sort == Sort::Missing && is_one;
        let is_told = reply.sort == Sort::Whole || is_missing;
        // Nobody takes back that many at once; a server that answers with nothing looks the same.
        let is_believed = is_told && !(there.is_empty() && ids.len() >= MANY);
        if is_told && !is_believed {
            outlet.remark(&format!(
                "none of {} posts is there any more, which is not believed",
                ids.len()
            ));
        }
        let now = wall_clock();
        for id in ids {
            let known = found.place.known.iter_mut().find(|known| known.id == *id);
            let Some(known) = known else { continue };
            known.rechecked(ages_us, now);
            if there.contains(id) || !is_believed {
                continue;
            }
            // A server that answers with less than it has would look the same, once.
            known.absent = if is_missing { ABSENT_MIN } else { known.absent.saturating_add(1) };
            if known.absent >= ABSENT_MIN {
                self.gone(id, &mut found);
            }
        }
        let Found { events, place, .. } = found;
        self.hand_over(events, place, outlet).await?;
        Ok(())
    }

    /// Stops following posts that are not young any more.
    fn drop_old(&mut self, of: usize, ages_us: &[i64]) {
        let oldest_us = ages_us.iter().max().copied().unwrap_or(0);
        let from = wall_clock().shift(-oldest_us.max(self.plan.preset.overlap.0)).0;
        self.place.known.retain(|known| {
            let is_done = usize::from(known.step) >= ages_us.len() && known.absent == 0;
            known.of != of || !is_done || known.posted_s.saturating_mul(SECOND_US) >= from
        });
    }
}

/// The ids of each request, with the part that all of them have in common.
fn batches(recheck: &Recheck, due: Vec<String>) -> Vec<(Option<String>, Vec<String>)> {
    let Some(together) = &recheck.together else {
        return due.chunks(recheck.batch).map(|ids| (None, ids.to_vec())).collect();
    };
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in due {
        if let Some(part) = id.split(together.split.as_str()).nth(together.part) {
            parts.entry(part.to_owned()).or_default().push(id);
        }
    }
    parts.into_iter().map(|(part, ids)| (Some(part), ids)).collect()
}
