//! What does an account's repository hold, as Bluesky hands it out? A CAR file: blocks under hashes, and
//! a tree that names the records among them.
//!
//! The file is the account's own: that blocks are what their hashes say is not checked, that none is
//! missing is.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::POST;
use super::cbor::Value;
use super::segment::{Entry, SegmentBlock};
use crate::time::EventTime;

/// How deep the tree may be.
const DEPTH_MAX: usize = 64;
/// Bytes of a key in the tree, at most, as the protocol has it.
const KEY_BYTES_MAX: usize = 1_024;
/// Bytes of the name of an account, at most, as the protocol has it.
const DID_BYTES_MAX: usize = 2_048;
/// Bytes of a post's own name, at most, as a block has room for.
const NAME_BYTES_MAX: usize = 255;
/// The digits of times in the names of records.
const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

/// A repository.
#[derive(Debug)]
pub struct Repository {
    bytes: Vec<u8>,
    did: String,
    /// When it was last changed, in microseconds since the Unix epoch, if it says so.
    changed_us: Option<i64>,
    /// The key of each post, and where its record lies.
    posts: Vec<(String, Range<usize>)>,
}

impl Repository {
    /// Takes a CAR file apart.
    ///
    /// # Errors
    /// In words, for bytes that are not the repository of an account, or not the whole of it.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let (did, changed_us, posts) = {
            let car = Car::of(&bytes)?;
            let commit = car.value(car.root)?;
            let text = |name: &str| commit.at(name).and_then(Value::text);
            let did =
                text("did").filter(|did| did.starts_with("did:") && did.len() <= DID_BYTES_MAX);
            let did = did.ok_or("this CAR file is not the repository of an account")?;
            let Some(Value::Link(tree)) = commit.at("data") else {
                return Err("the repository names no tree of records".to_owned());
            };
            let mut walk = Walk { car: &car, posts: Vec::new(), nodes: HashSet::new() };
            walk.node(tree, 0)?;
            (did.to_owned(), text("rev").and_then(time_of), walk.posts)
        };
        Ok(Self { bytes, did, changed_us, posts })
    }

    /// How many posts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.posts.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.posts.is_empty()
    }

    /// Posts from the place `from` on, numbered from 1, as a block of events.
    ///
    /// # Errors
    /// When they take more than a block can hold.
    pub fn block(&self, from: usize, length: usize) -> Result<SegmentBlock, String> {
        let posts = self.posts.iter().enumerate().skip(from).take(length);
        let entry = |(place, (rkey, record)): (usize, &'_ (String, Range<usize>))| Entry {
            seq: u64::try_from(place).unwrap_or(u64::MAX).saturating_add(1),
            witnessed_us: self.made_us(rkey, record),
            texts: [
                POST.as_bytes().to_vec(),
                self.did.as_bytes().to_vec(),
                rkey.as_bytes().to_vec(),
                Vec::new(),
                self.bytes.get(record.clone()).unwrap_or_default().to_vec(),
            ],
        };
        let entries: Vec<Entry> = posts.map(entry).collect();
        SegmentBlock::of_created(&entries)
    }
}

impl Repository {
    /// When a post was made, in microseconds: as its name tells, no later than the last change, or as
    /// its author says.
    fn made_us(&self, rkey: &str, record: &Range<usize>) -> i64 {
        let last = self.changed_us.unwrap_or(i64::MAX);
        let named = time_of(rkey).filter(|us| *us <= last).or(self.changed_us);
        let claimed = || {
            let record = Value::read(self.bytes.get(record.clone())?).ok()?;
            Some(EventTime::parse(record.at("createdAt")?.text()?).ok()?.0)
        };
        named.or_else(claimed).unwrap_or(0)
    }
}

/// The blocks of a CAR file.
struct Car<'a> {
    bytes: &'a [u8],
    root: &'a [u8],
    blocks: HashMap<&'a [u8], Range<usize>>,
}

impl<'a> Car<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let none = || "this is not a CAR file, as Bluesky hands out repositories".to_owned();
        let mut at = 0;
        let header = taken(bytes, &mut at).ok_or_else(none)?;
        let header = Value::read(bytes.get(header).ok_or_else(none)?).map_err(|_| none())?;
        let root = match header.at("roots") {
            Some(Value::List(roots)) => match roots.first() {
                Some(Value::Link(root)) => *root,
                _ => return Err(none()),
            },
            _ => return Err(none()),
        };
        if header.at("version") != Some(&Value::Int(1)) {
            return Err("the CAR file is of another version; 1 can be read".to_owned());
        }
        let mut blocks = HashMap::new();
        while at < bytes.len() {
            let block = taken(bytes, &mut at).ok_or("the file ends in the middle of a block")?;
            let whole = bytes.get(block.clone()).unwrap_or_default();
            let length = cid_length(whole).ok_or("a block is not named by a CID")?;
            let cid = whole.get(..length).unwrap_or_default();
            blocks.insert(cid, block.start + length..block.end);
        }
        Ok(Self { bytes, root, blocks })
    }

    fn place(&self, cid: &[u8]) -> Result<&Range<usize>, String> {
        let missing = "the repository is not whole: a block is missing; download it again";
        self.blocks.get(cid).ok_or_else(|| missing.to_owned())
    }

    fn value(&self, cid: &[u8]) -> Result<Value<'a>, String> {
        let place = self.place(cid)?;
        Value::read(self.bytes.get(place.clone()).unwrap_or_default())
    }
}

/// A way through the tree, in the order of its keys.
struct Walk<'c, 'a> {
    car: &'c Car<'a>,
    posts: Vec<(String, Range<usize>)>,
    /// Where those that were seen begin.
    nodes: HashSet<usize>,
}

impl Walk<'_, '_> {
    fn node(&mut self, cid: &[u8], depth: usize) -> Result<(), String> {
        // One that leads back into itself would have no end, one whose branches meet hardly one.
        if depth > DEPTH_MAX || !self.nodes.insert(self.car.place(cid)?.start) {
            return Err("the records are no tree: a node stands in it more than once".to_owned());
        }
        let node = self.car.value(cid)?;
        if let Some(Value::Link(left)) = node.at("l") {
            self.node(left, depth + 1)?;
        }
        let Some(Value::List(entries)) = node.at("e") else {
            return Err("a node of the tree has no entries".to_owned());
        };
        let mut key: Vec<u8> = Vec::new();
        for entry in entries {
            let (Some(Value::Int(shared)), Some(Value::Bytes(rest)), Some(Value::Link(record))) =
                (entry.at("p"), entry.at("k"), entry.at("v"))
            else {
                return Err("an entry of the tree is not one of a repository".to_owned());
            };
            key.truncate(usize::try_from(*shared).unwrap_or(0));
            key.extend_from_slice(rest);
            if key.len() > KEY_BYTES_MAX {
                return Err(format!("a key of the tree has more than {KEY_BYTES_MAX} bytes"));
            }
            let post = std::str::from_utf8(&key).ok().and_then(|key| key.strip_prefix(POST));
            // The protocol gives posts names of 13 letters.
            let rkey = post.and_then(|rest| rest.strip_prefix('/'));
            if let Some(rkey) = rkey.filter(|rkey| rkey.len() <= NAME_BYTES_MAX) {
                self.posts.push((rkey.to_owned(), self.car.place(record)?.clone()));
            }
            if let Some(Value::Link(right)) = entry.at("t") {
                self.node(right, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// The bytes behind a length, and past them.
fn taken(bytes: &[u8], at: &mut usize) -> Option<Range<usize>> {
    let length = usize::try_from(number(bytes, at)?).ok()?;
    let end = at.checked_add(length).filter(|end| *end <= bytes.len())?;
    let range = *at..end;
    *at = end;
    Some(range)
}

/// A number of as many bytes as it needs (LEB128).
fn number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// How many bytes the CID at the beginning of a block takes.
fn cid_length(block: &[u8]) -> Option<usize> {
    if block.starts_with(&[0x12, 0x20]) {
        return Some(34);
    }
    let mut at = 0;
    let (_version, _codec, _hash) =
        (number(block, &mut at)?, number(block, &mut at)?, number(block, &mut at)?);
    let digest = usize::try_from(number(block, &mut at)?).ok()?;
    at.checked_add(digest).filter(|end| *end <= block.len())
}

/// The time that the name of a record tells, in microseconds: 13 digits to the base of 32, the last
/// ten bits of which are not of the time.
fn time_of(tid: &str) -> Option<i64> {
    if tid.len() != 13 {
        return None;
    }
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte);
    let number = tid.bytes().try_fold(0u64, |number, byte| {
        let digit = u64::try_from(digit(byte)?).ok()?;
        number.checked_mul(32)?.checked_add(digit)
    })?;
    // Some programs write names in this form that tell no time.
    let us = i64::try_from(number >> 10).ok()?;
    (EventTime::of_int(us) == Ok(EventTime(us))).then_some(us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_records_tell_when_they_were_made() {
        assert_eq!(time_of("3jzfcijpj2z2a"), Some(1_688_137_381_887_007));
        assert_eq!(time_of("self"), None);
        assert_eq!(time_of("zzzzzzzzzzzzz"), None, "more than a number holds");
    }

    #[test]
    fn what_is_not_a_repository_is_said_and_never_followed() {
        let rows: [&[u8]; 5] = [b"", b"\x80", b"\x05hello", b"{\"a\":1}", &[0xff; 20]];
        for bytes in rows {
            let error = Repository::parse(bytes.to_vec()).expect_err("no repository");
            assert!(error.contains("not a CAR file"), "{error}");
        }
    }
}
