//! How is the archive of a Jetstream server read? Planned page by page, then block by block in
//! ranges, each of one unchanged state of its segment.
//!
//! `bluesky://HOST` means all posts that the server's sealed segments hold; `?after=N&through=N` cuts
//! by sequence number. A place is the number of an event, which stays when the server rewrites its
//! segments.

use std::collections::VecDeque;
use std::env;
use std::io;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, IF_MATCH, RANGE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use tokio::runtime::Handle;

use super::chunk::Chunk;
use super::read::Read;
use super::segment::chunk_of;
use super::{Input, InputError, Place};
use crate::connect::transport::Http;
use crate::decode::{BlockEntry, ENTRY_BYTES, HEADER_BYTES, SegmentHeader};

/// How an address begins.
const SCHEME: &str = "bluesky://";
/// The same for a server without TLS, as on one's own machine.
const PLAIN_SCHEME: &str = "bluesky+http://";
/// Where the bearer key of a server comes from that wants one.
const KEY: &str = "RESONANZ_BLUESKY_KEY";
/// What is asked for.
const POSTS: &str = "app.bsky.feed.post";
/// Largest answer that is taken.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Longest time for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// How often a request is made before the job stops; it goes on from its last commit.
const TRIES: u32 = 6;
/// How often in a row a plan is made anew because a segment was rewritten.
const CHANGES_MAX: u32 = 5;

/// An archive.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    base: String,
    after: u64,
    through: Option<u64>,
    http: Http,
    runtime: Handle,
}

/// Whether an argument names an archive.
pub(super) fn is_archive(argument: &str) -> bool {
    argument.starts_with(SCHEME) || argument.starts_with(PLAIN_SCHEME)
}

/// The archive that an argument names; nothing is asked yet.
pub(super) fn find(argument: &str) -> Result<Input, InputError> {
    let wrong = |what: String| {
        let hint = "write bluesky://HOST, or with bounds bluesky://HOST?after=0&through=1000";
        InputError::new(argument, what, hint)
    };
    let (plain, rest) = match argument.strip_prefix(PLAIN_SCHEME) {
        Some(rest) => ("http", rest),
        None => ("https", argument.strip_prefix(SCHEME).unwrap_or_default()),
    };
    let (host, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = host.trim_end_matches('/');
    if host.is_empty() || host.contains(['/', '@', '#']) {
        return Err(wrong(format!("\"{host}\" is not the name of a server")));
    }
    let (mut after, mut through) = (0, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let number = value.parse().map_err(|_| wrong(format!("{name} is \"{value}\"")))?;
        match name {
            "after" => after = number,
            "through" => through = Some(number),
            other => return Err(wrong(format!("the bound \"{other}\" is not known"))),
        }
    }
    let http = Http::new().map_err(|fault| wrong(fault.to_string()))?;
    let base = format!("{plain}://{host}/xrpc/network.bsky.jetstream.");
    let archive = Archive { base, after, through, http, runtime: Handle::current() };
    let place = Place::Archive(archive);
    Ok(Input::new(argument.to_owned(), None, 0, place))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    planned_through_seq: u64,
    sealed_tip_seq: u64,
    segments: Vec<Planned>,
}

/// A segment that holds something of what is asked for.
#[derive(Debug, Deserialize)]
struct Planned {
    name: String,
    checksum: String,
    #[serde(default)]
    blocks: Option<Vec<Range>>,
}

#[derive(Debug, Deserialize)]
struct Range {
    first: u32,
    last: u32,
}

impl Planned {
    fn holds(&self, block: u32) -> bool {
        let ranges = self.blocks.as_ref();
        ranges.is_none_or(|all| all.iter().any(|range| (range.first..=range.last).contains(&block)))
    }
}

/// An archive being read; outside of the async runtime.
#[derive(Debug)]
pub(super) struct ArchiveReader {
    archive: Archive,
    read: Read,
    /// Events up to this number were handed on or are not wanted.
    after: u64,
    /// Up to where there is a plan, and where it ends.
    planned: Option<(u64, u64)>,
    segments: VecDeque<Planned>,
    /// Blocks of the first segment that are left.
    blocks: VecDeque<BlockEntry>,
    /// How often a segment changed since the last block.
    changes: u32,
}

/// Why an answer is of no use.
enum Trouble {
    /// The segment was rewritten meanwhile.
    Changed,
    /// It may be well the next time.
    Passing(String),
    /// It stays so.
    Lasting(String),
}

impl ArchiveReader {
    pub(super) fn open(archive: &Archive, from: u64, read: &Read) -> Self {
        Self {
            after: archive.after.max(from),
            archive: archive.clone(),
            read: read.clone(),
            planned: None,
            segments: VecDeque::new(),
            blocks: VecDeque::new(),
            changes: 0,
        }
    }

    pub(super) fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            match self.step() {
                Ok(None) => return Ok(None),
                Ok(Some(Some(chunk))) => {
                    (self.after, self.changes) = (chunk.end, 0);
                    return Ok(Some(chunk));
                }
                Ok(Some(None)) => {}
                // Its events keep their numbers, so a new plan goes on behind the last one.
                Err(Trouble::Changed) if self.changes < CHANGES_MAX => {
                    self.changes += 1;
                    self.planned = self.planned.map(|(_, tip)| (self.after, tip));
                    self.segments.clear();
                    self.blocks.clear();
                }
                Err(Trouble::Changed) => {
                    return Err(io::Error::other("the archive is being rewritten; try later"));
                }
                Err(Trouble::Passing(why) | Trouble::Lasting(why)) => {
                    return Err(io::Error::other(why));
                }
            }
        }
    }

    /// One step on; `None` at the end.
    fn step(&mut self) -> Result<Option<Option<Chunk>>, Trouble> {
        let Some(segment) = self.segments.front() else {
            return match self.planned {
                Some((through, tip)) if through >= tip => Ok(None),
                _ => self.plan().map(|()| Some(None)),
            };
        };
        let Some(block) = self.blocks.pop_front() else {
            self.segments.pop_front();
            return self.begin_segment().map(|()| Some(None));
        };
        let from = block.offset.saturating_add(8);
        let packed = self.archive.range(segment, from, u64::from(block.packed_bytes))?;
        self.read.add(u64::try_from(packed.len()).unwrap_or(0));
        let through = self.planned.map_or(u64::MAX, |(_, tip)| tip);
        let unpacked = chunk_of(&packed, self.after, through);
        let (chunk, events) = unpacked.map_err(|error| Trouble::Lasting(error.to_string()))?;
        if u32::try_from(events) != Ok(block.events) {
            let told = block.events;
            return Err(Trouble::Lasting(format!("a block of {told} events holds {events}")));
        }
        Ok(Some(chunk))
    }

    /// Asks for the next page of the plan.
    fn plan(&mut self) -> Result<(), Trouble> {
        let after = self.planned.map_or(self.after, |(through, _)| through);
        let tip = self.planned.map(|(_, tip)| tip).or(self.archive.through);
        let mut body = serde_json::json!({"collections": [POSTS], "afterSeq": after});
        if let (Some(tip), Some(body)) = (tip, body.as_object_mut()) {
            body.insert("beforeSeq".to_owned(), tip.into());
        }
        let answer = self.archive.ask(|http, base| {
            let request = http.request(Method::POST, &format!("{base}planSnapshot"));
            request.header(CONTENT_TYPE, "application/json").body(body.to_string())
        })?;
        let page: Page = serde_json::from_slice(&answer)
            .map_err(|error| Trouble::Lasting(format!("the plan cannot be read: {error}")))?;
        if page.planned_through_seq <= after && page.planned_through_seq < page.sealed_tip_seq {
            return Err(Trouble::Lasting("the plan does not continue".to_owned()));
        }
        let tip = tip.unwrap_or(page.sealed_tip_seq).min(page.sealed_tip_seq);
        self.planned = Some((page.planned_through_seq, tip));
        self.segments = page.segments.into();
        self.begin_segment()
    }

    /// Reads which blocks of the first segment are wanted.
    fn begin_segment(&mut self) -> Result<(), Trouble> {
        let Some(segment) = self.segments.front() else { return Ok(()) };
        let header = self.archive.range(segment, 0, HEADER_BYTES as u64)?;
        let header = SegmentHeader::parse(&header).map_err(Trouble::Lasting)?;
        if format!("{:016x}", header.checksum) != segment.checksum {
            return Err(Trouble::Changed);
        }
        let bytes = u64::from(header.blocks) * ENTRY_BYTES as u64;
        let index = self.archive.range(segment, header.index, bytes)?;
        for (number, entry) in (0..header.blocks).zip(index.chunks_exact(ENTRY_BYTES)) {
            let entry = BlockEntry::parse(entry).map_err(Trouble::Lasting)?;
            if segment.holds(number) && entry.last_seq > self.after && entry.events > 0 {
                self.blocks.push_back(entry);
            }
        }
        Ok(())
    }
}

impl Archive {
    /// Bytes of a segment, in the state that was planned.
    fn range(&self, segment: &Planned, from: u64, bytes: u64) -> Result<Vec<u8>, Trouble> {
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let range = format!("bytes={from}-{}", from.saturating_add(bytes - 1));
        let state = format!("\"{}\"", segment.checksum);
        let found = self.ask(|http, base| {
            let request = http.get(&format!("{base}getSegment?name={}", segment.name));
            request.header(RANGE, &range).header(IF_MATCH, &state)
        })?;
        if u64::try_from(found.len()) != Ok(bytes) {
            let what =
                format!("{bytes} bytes of {} were asked for, {} came", segment.name, found.len());
            return Err(Trouble::Lasting(what));
        }
        Ok(found)
    }

    /// Asks until there is an answer, a few times.
    fn ask(&self, request: impl Fn(&Http, &str) -> RequestBuilder) -> Result<Vec<u8>, Trouble> {
        let key = env::var(KEY).ok().filter(|key| !key.is_empty());
        let mut tried = 0;
        loop {
            let mut asked = request(&self.http, &self.base);
            if let Some(key) = &key {
                asked = asked.bearer_auth(key);
            }
            tried += 1;
            match self.runtime.block_on(answer(asked)) {
                Err(Trouble::Passing(reason)) if tried < TRIES => {
                    tracing::warn!(reason, tried, "the archive is asked again");
                    let wait = Duration::from_millis(500) * 2u32.pow(tried);
                    self.runtime.block_on(async { tokio::time::sleep(wait).await });
                }
                answered => return answered,
            }
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<Vec<u8>, Trouble> {
    let answered = tokio::time::timeout(ANSWER_TIMEOUT, async {
        let response = request.send().await.map_err(|error| Trouble::Passing(error.to_string()))?;
        read(response).await
    });
    answered.await.unwrap_or_else(|_| Err(Trouble::Passing("no answer in time".to_owned())))
}

async fn read(mut response: Response) -> Result<Vec<u8>, Trouble> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| Trouble::Passing(error.to_string()))?
    {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            let what = format!("an answer of more than {} MiB", ANSWER_BYTES_MAX >> 20);
            return Err(Trouble::Lasting(what));
        }
        body.extend_from_slice(&chunk);
    }
    let told: String = String::from_utf8_lossy(body.get(..300).unwrap_or(&body))
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let reason = format!("the server answers {status}: {told}");
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(body),
        StatusCode::PRECONDITION_FAILED | StatusCode::GONE => Err(Trouble::Changed),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(Trouble::Lasting(format!("{reason}; a key is read from {KEY}")))
        }
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
            Err(Trouble::Lasting(reason))
        }
        _ => Err(Trouble::Passing(reason)),
    }
}
