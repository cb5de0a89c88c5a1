//! What is new in a feed, and what was only changed? A bounded memory of entries seen before.
//!
//! An entry whose id is new may still be an old story: sites change ids when they move, or with
//! each edit. One of about the same date that has the address or the words of an entry that just
//! left the feed is that entry. What is said again on another day is said again.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::prints::{hash, is_near, link_hash, print};
use super::{Document, Entry, Naming};
use crate::time::{EventTime, SECOND_US};

/// Entries that are remembered after they left a feed, at most.
const GONE_MAX: usize = 200;
/// How often an edit of one entry is followed; some feeds change a text with each answer.
const EDITS_MAX: u8 = 20;
/// Shortest text by which a story is known again, in bytes.
const TEXT_BYTES_MIN: usize = 60;
/// How far apart the dates of one story are at most, in seconds.
const APART_S_MAX: u64 = 86_400;

/// The entries of one feed that were seen, as a cursor keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    naming: Naming,
    /// Those that stand in the feed, and behind them those that left it, the latest first.
    seen: Vec<Seen>,
}

/// One entry: what the feed calls it, what the lake calls it, and prints of what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Kept", from = "Kept")]
struct Seen {
    key: u64,
    id: String,
    link: u64,
    text: u64,
    print: u64,
    /// Its date in seconds since the Unix epoch; 0 without one.
    posted_s: u64,
    /// Edits followed so far.
    edits: u8,
    /// Whether it became a post: those before the first run did not.
    is_taken: bool,
}

/// A short form for cursors; numbers of 64 bits are text, since not all that read JSON hold them.
#[derive(Serialize, Deserialize)]
struct Kept(String, String, u8, bool);

impl From<Seen> for Kept {
    fn from(seen: Seen) -> Self {
        let prints = [seen.key, seen.link, seen.text, seen.print, seen.posted_s]
            .map(|one| format!("{one:x}"));
        Self(seen.id, prints.join(" "), seen.edits, seen.is_taken)
    }
}

impl From<Kept> for Seen {
    fn from(Kept(id, prints, edits, is_taken): Kept) -> Self {
        let mut prints = prints.split(' ').map(|one| u64::from_str_radix(one, 16).unwrap_or(0));
        let mut next = || prints.next().unwrap_or(0);
        let [key, link, text, print, posted_s] = [next(), next(), next(), next(), next()];
        Self { key, id, link, text, print, posted_s, edits, is_taken }
    }
}

/// What a look at a feed brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'d> {
    /// The entry.
    pub entry: &'d Entry,
    /// Its id, without names.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Whether it replaces one that was seen before.
    pub is_edit: bool,
}

impl Memory {
    /// Whether nothing was seen yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What is new in a document, oldest first.
    ///
    /// `named` takes names out of an id or address of an entry: what is remembered is as free of them
    /// as the lake. With `since`, the first look at a feed, only entries from then on are taken, and none
    /// without a date: nobody can say how old they are.
    pub fn look<'d>(
        &mut self,
        document: &'d Document,
        scope: &str,
        since: Option<EventTime>,
        named: &dyn Fn(&str, &Entry) -> String,
    ) -> Vec<Change<'d>> {
        self.naming = self.naming.learned(&document.entries);
        let mut old: HashMap<u64, Seen> =
            self.seen.iter().map(|seen| (seen.key, seen.clone())).collect();
        let mut keys = HashSet::new();
        let entries: Vec<(&Entry, String, [u64; 2])> = document
            .entries
            .iter()
            .map(|entry| {
                let id = named(&self.naming.id(entry, scope), entry);
                let hashes = [hash(&id), link_hash(&named(&entry.link, entry))];
                (entry, id, hashes)
            })
            .filter(|(_, _, [key, _])| keys.insert(*key))
            .collect();
        let shared = shared_links(&entries);
        let (mut changes, mut here) = (Vec::new(), Vec::new());
        for (entry, id, [key, link]) in entries {
            let text = entry.plain();
            if text.is_empty() {
                continue;
            }
            let now = Seen {
                key,
                id,
                link: if shared.contains(&link) { 0 } else { link },
                text: hash(&text),
                print: print(&text),
                posted_s: entry.posted_at.map_or(0, seconds),
                edits: 0,
                is_taken: true,
            };
            let is_whole = document.broken.is_none();
            let before = old.remove(&key).or_else(|| {
                let found = self.moved(&now, text.len(), &old, &keys).filter(|_| is_whole)?;
                old.remove(&found)
            });
            let (seen, change) = judge(before, now, entry, text, since);
            changes.extend(change);
            here.push(seen);
        }
        self.keep(here, &old);
        changes.sort_by_key(|change| change.entry.posted_at.unwrap_or(EventTime(i64::MAX)));
        changes
    }

    /// The entry that left the feed and came back under another id.
    fn moved(
        &self,
        now: &Seen,
        bytes: usize,
        old: &HashMap<u64, Seen>,
        keys: &HashSet<u64>,
    ) -> Option<u64> {
        let is_gone = |seen: &&Seen| !keys.contains(&seen.key) && old.contains_key(&seen.key);
        let is_one = |seen: &&Seen| {
            let is_there = seen.link != 0 && seen.link == now.link;
            let is_said = bytes >= TEXT_BYTES_MIN && seen.text == now.text;
            match (seen.posted_s, now.posted_s) {
                (0, 0) => is_there || is_said,
                (0, _) | (_, 0) => is_there && seen.text == now.text,
                (then, now_s) => {
                    then.abs_diff(now_s) <= APART_S_MAX
                        && (is_there || is_said || is_near(seen.print, now.print))
                }
            }
        };
        self.seen.iter().filter(is_gone).find(is_one).map(|seen| seen.key)
    }

    /// Remembers what stands in the feed, and the latest of what left it.
    fn keep(&mut self, here: Vec<Seen>, old: &HashMap<u64, Seen>) {
        let gone_max = GONE_MAX.min(here.len().max(20));
        let gone = self.seen.iter().filter(|seen| old.contains_key(&seen.key)).take(gone_max);
        let gone: Vec<Seen> = gone.cloned().collect();
        self.seen = here;
        self.seen.extend(gone);
    }
}

/// What becomes of an entry that may have been seen before.
fn judge(
    before: Option<Seen>,
    mut now: Seen,
    entry: &Entry,
    text: String,
    since: Option<EventTime>,
) -> (Seen, Option<Change<'_>>) {
    let Some(before) = before else {
        now.is_taken = since.is_none_or(|since| entry.posted_at.is_some_and(|at| at >= since));
        let change =
            now.is_taken.then(|| Change { entry, id: now.id.clone(), text, is_edit: false });
        return (now, change);
    };
    let is_edit = before.text != now.text && before.is_taken && before.edits < EDITS_MAX;
    now.id = before.id;
    now.is_taken = before.is_taken;
    now.edits = before.edits.saturating_add(u8::from(is_edit));
    let change = is_edit.then(|| Change { entry, id: now.id.clone(), text, is_edit: true });
    (now, change)
}

fn seconds(time: EventTime) -> u64 {
    u64::try_from(time.0 / SECOND_US).unwrap_or(0)
}

/// Addresses that stand at more than one entry, and so say nothing of any.
fn shared_links(entries: &[(&Entry, String, [u64; 2])]) -> HashSet<u64> {
    let mut once = HashSet::new();
    let links = entries.iter().map(|(_, _, [_, link])| *link);
    links.filter(|link| !once.insert(*link)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_US;

    const LONG: &str = "The harbour board said on Monday that the new crane will not be ready \
        before the summer, after two of its bearings failed in a first test, and that the old one \
        has to carry on until then although its licence ends in May.";

    fn entry(guid: &str, link: &str, text: &str) -> Entry {
        let mut entry = Entry { guid: guid.into(), link: link.into(), ..Entry::default() };
        entry.body.text = text.into();
        entry.posted_at = Some(EventTime(1_772_366_400_000_000));
        entry
    }

    fn as_it_is(id: &str, _: &Entry) -> String {
        id.to_owned()
    }

    fn feed(entries: &[Entry]) -> Document {
        Document { entries: entries.to_vec(), ..Document::default() }
    }

    fn told(memory: &mut Memory, entries: &[Entry]) -> Vec<(String, bool)> {
        let document = feed(entries);
        let changes = memory.look(&document, "f", None, &as_it_is);
        changes.into_iter().map(|change| (change.id, change.is_edit)).collect()
    }

    #[test]
    fn each_entry_is_new_once_and_an_edit_is_one() {
        let mut memory = Memory::default();
        let (a, b) = (entry("1", "https://h/1", "first"), entry("2", "https://h/2", "second"));
        assert_eq!(told(&mut memory, std::slice::from_ref(&a)), [("f:1".to_owned(), false)]);
        assert_eq!(told(&mut memory, &[b.clone(), a.clone()]), [("f:2".to_owned(), false)]);
        assert_eq!(told(&mut memory, &[b.clone(), a.clone()]), []);
        let edited = entry("1", "https://h/1", "first, mended");
        assert_eq!(told(&mut memory, &[b.clone(), edited.clone()]), [("f:1".to_owned(), true)]);
        assert_eq!(told(&mut memory, &[b]), []);
        assert_eq!(told(&mut memory, &[edited]), [], "it was away for a while");
    }

    #[test]
    fn a_story_under_another_id_is_not_a_new_post() {
        let rows = [
            (
                "the same address",
                "https://h/1",
                "first",
                "https://h/1?utm_source=x",
                "mended",
                true,
            ),
            ("the same words", "https://h/1", LONG, "https://other/9", LONG, false),
            ("another story", "https://h/1", "first", "https://h/2", "second", false),
        ];
        for (row, link, text, link_then, text_then, edited) in rows {
            let mut memory = Memory::default();
            told(&mut memory, &[entry("1#0", link, text)]);
            let then = told(&mut memory, &[entry("1#1", link_then, text_then)]);
            match row {
                "another story" => assert_eq!(then, [("f:1#1".to_owned(), false)], "{row}"),
                _ if edited => assert_eq!(then, [("f:1#0".to_owned(), true)], "{row}"),
                _ => assert_eq!(then, [], "{row}"),
            }
        }
        let mut memory = Memory::default();
        told(&mut memory, &[entry("1", "https://h/1", LONG)]);
        let edited = LONG.replace("Monday", "Tuesday");
        let then = told(&mut memory, &[entry("2", "https://h/2", &edited)]);
        assert_eq!(then, [("f:1".to_owned(), true)], "nearly the same words");
        let mut next_week = entry("3", "https://h/3", &edited);
        next_week.posted_at = next_week.posted_at.map(|time| time.shift(7 * DAY_US));
        assert_eq!(told(&mut memory, &[next_week]), [("f:3".to_owned(), false)], "said again");
    }

    #[test]
    fn a_guid_that_all_entries_share_makes_no_posts_again() {
        let mut memory = Memory::default();
        let one = entry("x", "https://h/1", "first");
        assert_eq!(told(&mut memory, std::slice::from_ref(&one)), [("f:x".to_owned(), false)]);
        let two = entry("x", "https://h/2", "second");
        let then = told(&mut memory, &[two, one]);
        assert_eq!(then, [("https://h/2".to_owned(), false)], "the first is known by its address");
    }

    #[test]
    fn the_first_look_takes_what_is_young_and_dated() {
        let mut memory = Memory::default();
        let since = EventTime(1_772_366_400_000_000);
        let mut old = entry("1", "", "old");
        old.posted_at = Some(since.shift(-1));
        let mut undated = entry("2", "", "undated");
        undated.posted_at = None;
        let document = feed(&[entry("3", "", "young"), undated.clone(), old]);
        let taken = memory.look(&document, "f", Some(since), &as_it_is);
        assert_eq!(taken.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), ["f:3"]);
        let mended = entry("1", "", "old, mended");
        assert_eq!(told(&mut memory, &[mended, undated]), [], "an edit of what was not taken");
    }

    #[test]
    fn memory_is_bounded_and_survives_being_written_down() {
        let mut memory = Memory::default();
        for number in 0..2_000 {
            let guid = format!("https://h/{number}");
            told(&mut memory, &[entry(&guid, &guid, &format!("story number {number}"))]);
        }
        assert!(memory.seen.len() <= 1 + GONE_MAX, "{}", memory.seen.len());
        let text = serde_json::to_string(&memory).expect("JSON");
        assert_eq!(serde_json::from_str::<Memory>(&text).expect("a memory"), memory);
        for number in 0..100 {
            let text = format!("views: {number}");
            told(&mut memory, &[entry("https://h/0", "", &text)]);
        }
        assert_eq!(memory.seen.first().map(|seen| seen.edits), Some(EDITS_MAX));
    }
}
