//! What is new? Pages of a list, from the place where the last look ended.
//!
//! Oldest first, each page is handed over as it comes. Newest first, nothing is handed over before
//! the last page is read, so that no page that fails lies behind the place to go on from.

use std::sync::Arc;

use serde_json::Value as Json;

use super::ask::{Reply, Sort};
use super::asks::{More, Order};
use super::paging::{PageSeen, Turn};
use super::place::{News, Place};
use super::plan::{Named, request};
use super::read::{Heard, Reader, items};
use super::stop::Stop;
use super::{Poll, Seen};
use crate::connect::health::Gap;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Validators;
use crate::decode::{Parcel, Refused, Value};
use crate::post::Event;
use crate::system::wall_clock;
use crate::time::EventTime;

/// Text that waits until the last page is read, in bytes.
const WAITING_BYTES_MAX: usize = 16 << 20;
/// Items remembered as refused.
const REFUSED_MAX: usize = 4_096;
/// Most pages of what an item leaves out.
const MORE_PAGES_MAX: usize = 20;

/// What a look has found and not yet handed over.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) events: Vec<(EventTime, Event)>,
    pub(super) place: Place,
    bytes: usize,
    /// When the oldest post of the latest page was written, and the newest.
    oldest: Option<EventTime>,
    newest: Option<EventTime>,
    /// Items whose further posts are to be asked for, by their ids.
    more: Vec<String>,
    seen: Seen,
}

/// How a look through a list ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Everything that is new was seen.
    Reached,
    /// The platform, or our own bound, showed no more.
    Cut(&'static str),
    /// The platform says that there is nothing to hear.
    Closed,
}

impl Found {
    /// Nothing yet, at a place.
    pub(super) fn at(place: Place) -> Self {
        Self { place, ..Self::default() }
    }

    /// Notes an item whose further posts are to be asked for.
    pub(super) fn more_of(&mut self, id: Option<String>) {
        self.more.extend(id);
    }
}

impl Poll {
    /// Looks once; whether there is anything to hear.
    pub(super) async fn look(&mut self, outlet: &Outlet) -> Result<bool, Stop> {
        let plan = Arc::clone(&self.plan);
        // What a look that broke off had found is found again.
        self.parcel = Parcel::new(self.decoder.source());
        let now = wall_clock();
        let since = self.place.since(now, plan.since_us, plan.preset.overlap.0);
        let mut named = plan.named(since);
        if let Some(newest) = &self.place.newest {
            named.insert("newest".to_owned(), newest.clone());
        }
        self.asker.pass.show(&mut named, outlet).await?;
        self.resolve(&mut named, outlet).await?;
        let mut found = Found::at(self.place.clone());
        let end = self.pages(&mut named, since, &mut found, outlet).await?;
        if let End::Cut(reason) = end {
            let to = found.oldest.unwrap_or(now);
            outlet.gap(Gap {
                from: self.place.newest_us.map_or(since, EventTime).to_string(),
                to: to.to_string(),
                reason: reason.to_owned(),
            });
        }
        // After an answer without posts, the next look begins here, too.
        if found.place.newest_us.is_none() && end != End::Closed {
            found.place.newest_us = Some(since.0);
        }
        let Found { events, place, .. } = found;
        self.hand_over(events, place, outlet).await?;
        if end == End::Closed {
            return Ok(false);
        }
        outlet.up();
        self.recheck(&named, outlet).await?;
        Ok(true)
    }

    async fn pages(
        &mut self,
        named: &mut Named,
        since: EventTime,
        found: &mut Found,
        outlet: &Outlet,
    ) -> Result<End, Stop> {
        let plan = Arc::clone(&self.plan);
        let list = &plan.preset.list;
        let mut turn = Turn::first(&list.paging);
        let (mut pages, mut count, mut before) = (0, 0, None);
        loop {
            named
                .extend(turn.named.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
            let reply = self.page(&turn, pages > 0, named, outlet).await?;
            if let Some(end) = ended(reply.sort, pages)? {
                return Ok(end);
            }
            let all =
                items(&reply.json, &list.items, list.items_optional).map_err(Fault::external)?;
            if before.as_ref() == Some(&reply.json) && !all.is_empty() {
                return Ok(End::Cut("the platform keeps returning the same page"));
            }
            (pages, count) = (pages + 1, count + all.len());
            self.take_page(&all, named, since, found);
            self.take_more(named, since, found, outlet).await?;
            if list.conditional && pages == 1 {
                found.place.validators = reply.validators.clone();
            }
            let seen = PageSeen {
                answer: &reply.json,
                items: all.len(),
                oldest: found.oldest,
                link: reply.link.clone(),
                url: &reply.url,
            };
            let next = turn.after(&list.paging, &seen).map_err(Fault::external)?;
            let is_past = found.newest.is_some_and(|newest| newest < since);
            match (list.order, next) {
                (Order::Newest, _) if is_past => return Ok(End::Reached),
                (Order::Newest, _) if list.depth.is_some_and(|depth| count >= depth) => {
                    return Ok(End::Cut("the platform shows no more than its latest posts"));
                }
                // The next look goes on from here.
                (Order::Oldest, _) if list.depth.is_some_and(|depth| count >= depth) => {
                    return Ok(End::Reached);
                }
                (_, None) => return Ok(End::Reached),
                (Order::Newest, Some(_)) if pages >= plan.pages_max => {
                    return Ok(End::Cut("more pages than this source may read at once"));
                }
                (Order::Newest, Some(_)) if found.bytes > WAITING_BYTES_MAX => {
                    return Ok(End::Cut("more text than is read at once"));
                }
                (Order::Newest, Some(next)) => turn = next,
                (Order::Oldest, Some(next)) => {
                    let events = std::mem::take(&mut found.events);
                    self.hand_over(events, found.place.clone(), outlet).await?;
                    turn = next;
                }
            }
            before = Some(reply.json);
        }
    }

    /// Asks for a page. A limit that is met on the way is waited out, so that what was read before
    /// need not be read again.
    async fn page(
        &mut self,
        turn: &Turn,
        is_further: bool,
        named: &Named,
        outlet: &Outlet,
    ) -> Result<Reply, Stop> {
        let plan = Arc::clone(&self.plan);
        let list = &plan.preset.list;
        let hint = "check the keys in set = { ... } of this source";
        let mut asked = request(&list.ask, named).map_err(|why| Fault::user(why, hint))?;
        if let Some(url) = &turn.url {
            asked.url = url.clone();
        } else if list.conditional {
            let Validators { etag, modified } = &self.place.validators;
            let conditions = [("if-none-match", etag), ("if-modified-since", modified)];
            for (name, value) in conditions {
                asked.headers.extend(value.clone().map(|value| (name.to_owned(), value)));
            }
        }
        loop {
            let stop = match self.asker.ask(asked.clone(), outlet).await {
                Err(stop) if is_further => stop,
                answered => return answered,
            };
            let Some((reason, wait)) = stop.wait() else { return Err(stop) };
            self.wait(&reason, wait, outlet).await;
            if outlet.is_closing() {
                return Err(Fault::Closed.into());
            }
        }
    }

    /// Takes in the items of a page.
    fn take_page(&mut self, all: &[&Json], named: &Named, since: EventTime, found: &mut Found) {
        let plan = Arc::clone(&self.plan);
        (found.oldest, found.newest) = (None, None);
        for item in all {
            let mut heard = Vec::new();
            self.reader(named, &mut |reader| reader.item(item, &mut heard));
            let is_new = self.take(heard, since, found);
            if let Some(more) = plan.preset.more.as_ref().filter(|_| is_new) {
                found.more_of(lacking(more, item));
            }
        }
    }

    /// Takes in what was heard; whether a post is new.
    pub(super) fn take(&mut self, heard: Vec<Heard>, since: EventTime, found: &mut Found) -> bool {
        let now = wall_clock();
        let mut is_new = false;
        for heard in heard {
            match heard {
                Heard::Nothing => {}
                Heard::Refused(refused) => self.refuse(refused),
                Heard::Gone { id } => self.gone(&id, found),
                Heard::Post { id, of, post, is_cut, is_mended } => {
                    let posted_at = post.posted_at;
                    if of == 0 {
                        found.oldest =
                            found.oldest.map_or(Some(posted_at), |old| Some(old.min(posted_at)));
                        found.newest = found.newest.max(Some(posted_at));
                    }
                    let is_known = found.place.known.iter().any(|known| known.id == id);
                    if posted_at < since && !is_known {
                        continue;
                    }
                    if !found.seen.insert(id.clone()) {
                        continue;
                    }
                    let event = match found.place.note(&id, of, &post, now) {
                        News::Same => continue,
                        News::New => Event::Create(post),
                        News::Changed => Event::Edit(post),
                    };
                    self.parcel.cut += u64::from(is_cut);
                    self.parcel.mended += u64::from(is_mended);
                    is_new |= matches!(event, Event::Create(_));
                    if let Event::Create(post) | Event::Edit(post) = &event {
                        found.bytes += post.text.len() + size_of::<crate::post::Post>();
                    }
                    found.events.push((posted_at, event));
                }
            }
        }
        is_new
    }

    /// Takes in that a post is gone; one that was never heard need not be withdrawn.
    pub(super) fn gone(&mut self, id: &str, found: &mut Found) {
        if !found.place.forget(id) {
            return;
        }
        let received_at = wall_clock();
        let source = self.decoder.source().clone();
        found
            .events
            .push((received_at, Event::Delete { source, id: id.into(), by: None, received_at }));
    }

    /// Refuses an item once, though each look finds it again.
    fn refuse(&mut self, refused: Refused) {
        if self.refused.len() >= REFUSED_MAX {
            self.refused.clear();
        }
        let hash = blake3::hash(&refused.raw);
        let hash = hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        if self.refused.insert(hash) {
            self.parcel.refused.push(refused);
        }
    }

    /// Asks for what the items of a page leave out.
    pub(super) async fn take_more(
        &mut self,
        named: &Named,
        since: EventTime,
        found: &mut Found,
        outlet: &Outlet,
    ) -> Result<(), Stop> {
        let plan = Arc::clone(&self.plan);
        let Some(more) = &plan.preset.more else { return Ok(()) };
        let of = plan.preset.mapping(&more.reads).unwrap_or_default();
        for id in std::mem::take(&mut found.more) {
            let mut named = named.clone();
            named.insert("part".to_owned(), id.clone());
            named.insert("id".to_owned(), id);
            named.remove("next");
            let mut turn = Turn::first(&more.paging);
            for _ in 0..MORE_PAGES_MAX {
                named.extend(
                    turn.named.iter().map(|(name, value)| ((*name).to_owned(), value.clone())),
                );
                let mut asked = request(&more.ask, &named).map_err(Fault::external)?;
                asked.url = turn.url.clone().unwrap_or(asked.url);
                let reply = self.asker.ask(asked, outlet).await?;
                if reply.sort != Sort::Whole {
                    break;
                }
                let all = items(&reply.json, &more.items, more.items_optional);
                let all = all.map_err(Fault::external)?;
                for item in &all {
                    let mut heard = Vec::new();
                    self.reader(&named, &mut |reader| reader.by(of, item, &mut heard));
                    self.take(heard, since, found);
                }
                let seen = PageSeen {
                    answer: &reply.json,
                    items: all.len(),
                    oldest: None,
                    link: reply.link.clone(),
                    url: &reply.url,
                };
                match turn.after(&more.paging, &seen).map_err(Fault::external)? {
                    Some(next) => turn = next,
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Lends a reader of items.
    pub(super) fn reader(&mut self, named: &Named, read: &mut dyn FnMut(&mut Reader<'_>)) {
        let value = |name: &str| named.get(name).cloned();
        let plan = Arc::clone(&self.plan);
        read(&mut Reader {
            preset: &plan.preset,
            decoder: &mut self.decoder,
            named: &value,
            now: wall_clock(),
        });
    }
}

/// Whether an answer ends the look, `pages` pages after its beginning.
fn ended(sort: Sort, pages: u32) -> Result<Option<End>, Fault> {
    match sort {
        Sort::Whole => Ok(None),
        Sort::Closed => Ok(Some(End::Closed)),
        Sort::Unchanged => Ok(Some(End::Reached)),
        // Some platforms call the page behind the last one missing.
        Sort::Missing if pages > 0 => Ok(Some(End::Reached)),
        Sort::Missing => Err(Fault::user(
            "the platform knows nothing of what is asked for",
            "check the keys in set = { ... } of this source",
        )),
    }
}

/// The id of an item that says of more than it lists.
pub(super) fn lacking(more: &More, item: &Json) -> Option<String> {
    let count = match more.count.read(item, &|_| None) {
        Value::Text(text) | Value::Number(text) => text.parse::<usize>().ok()?,
        Value::Int(count) => usize::try_from(count).ok()?,
        _ => return None,
    };
    let listed = more.listed.as_ref().and_then(|listed| listed.value(item));
    let listed = listed.and_then(Json::as_array).map_or(0, Vec::len);
    (count > listed).then(|| more.id.text(item)).flatten()
}
