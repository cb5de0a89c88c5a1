//! How does anything that is not a network of ours get in? Programs send posts by HTTP, and hear
//! when they are durable.
//!
//! Nothing is queued on disk for them: an answer of success means that a commit of the lake holds
//! what was sent.

mod body;
mod guard;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use super::tickets::Undone;
use super::transport::{Door, Head, Latch, Reply};
use crate::decode::{Decoder, EntryStyle, Format, Landed, Parcel, Reading};
use crate::secret::{Secret, SecretPlace};
use crate::system::wall_clock;
use body::{ENTRIES_MAX, Unreadable, entries, unpacked};
pub use settings::IngestSettings;
pub(super) use settings::{configure, mapping};

/// How long a sender waits for an answer.
const WAIT: Duration = Duration::from_secs(20);
/// Refusals that an answer lists.
const REFUSALS_MAX: usize = 100;
/// Headers under which senders give a key of their own, the first that is there.
const KEYS: [&str; 3] = ["idempotency-key", "webhook-id", "x-github-delivery"];
/// Longest key in bytes.
const KEY_BYTES_MAX: usize = 255;

/// Where a source of this kind takes what is sent to it.
#[derive(Debug)]
pub(super) struct IngestDoor {
    is_guarded: bool,
    body_bytes_max: usize,
    reading: Reading,
    style: EntryStyle,
    open: Latch<Open>,
}

/// What a door needs to take something in.
#[derive(Debug)]
struct Open {
    token: Option<Secret>,
    decoder: Decoder,
    style: EntryStyle,
    outlet: Outlet,
}

/// The source behind a door.
#[derive(Debug)]
pub(super) struct IngestSource {
    token: Option<SecretPlace>,
    door: Arc<IngestDoor>,
    spec: SourceSpec,
}

impl IngestSource {
    /// The source that opens a door.
    fn new(token: Option<SecretPlace>, door: Arc<IngestDoor>, spec: SourceSpec) -> Self {
        Self { token, door, spec }
    }

    async fn attend(&self, outlet: &Outlet) -> Result<(), Fault> {
        let token = self.token.as_ref().map(SecretPlace::fetch).transpose();
        let token = token.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        if token.as_ref().is_some_and(|token| token.expose().is_empty()) {
            return Err(Fault::user("the token is empty", "write a long random text into it"));
        }
        let decoder = self.spec.decoder(Format::Archive).with_reading(self.door.reading.clone());
        let (style, outlet_of_door) = (self.door.style.clone(), outlet.clone());
        self.door.open.open(Arc::new(Open { token, decoder, style, outlet: outlet_of_door }));
        outlet.up();
        outlet.closing().await;
        Ok(())
    }
}

#[async_trait]
impl Source for IngestSource {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let attended = self.attend(outlet).await;
        self.door.open.close();
        attended
    }
}

impl IngestDoor {
    /// A door that is still closed.
    fn new(is_guarded: bool, body_bytes_max: usize, reading: Reading, style: EntryStyle) -> Self {
        Self { is_guarded, body_bytes_max, reading, style, open: Latch::default() }
    }

    fn open(&self) -> Result<Arc<Open>, Box<Reply>> {
        self.open.held().ok_or_else(|| {
            let hint = "send it again; what was answered with 202 is safe";
            Box::new(Reply::later(503, "this source is starting or ending", hint, 2))
        })
    }

    async fn receive(&self, head: &Head, body: &[u8]) -> Result<Reply, Box<Reply>> {
        let open = self.open()?;
        guard::check(head, body, open.token.as_ref())?;
        let key = key(head)?;
        let encoding = head.header("content-encoding").map(str::to_owned);
        let (most, sent) = (self.body_bytes_max, body.to_vec());
        let reader = Arc::clone(&open);
        let read = tokio::task::spawn_blocking(move || {
            let plain = unpacked(&sent, encoding.as_deref(), most)?;
            entries(&plain).map(|entries| reader.decoded(&entries))
        });
        let told = read.await.map_err(|error| Box::new(ours(&error.to_string())))?;
        let told = match told {
            Ok(told) => told,
            Err(unreadable) => return Err(Box::new(open.unreadable(unreadable, body, most).await)),
        };
        open.deliver(told, (key, body)).await.map_err(Box::new)
    }
}

/// What a body says, and why some of it could not be read.
struct Told {
    parcel: Parcel,
    /// Numbers of entries, from 1, and reasons.
    refusals: Vec<(usize, String)>,
}

impl Open {
    fn decoded(&self, entries: &[&[u8]]) -> Told {
        let mut decoder = self.decoder.clone();
        decoder.set_now(wall_clock());
        let (mut parcel, mut refusals) = (Parcel::new(decoder.source()), Vec::new());
        for (number, entry) in (1..).zip(entries) {
            let before = parcel.refused.len();
            decoder.decode_entry(entry, &self.style, &mut parcel);
            let refused = parcel.refused.get(before);
            refusals.extend(refused.map(|refused| (number, refused.reason.clone())));
        }
        Told { parcel, refusals }
    }

    async fn deliver(
        &self,
        Told { parcel, refusals }: Told,
        sent: (Option<&str>, &[u8]),
    ) -> Result<Reply, Reply> {
        let (ignored, deadline) = (parcel.ignored, Instant::now() + WAIT);
        let landed = if !parcel.events.is_empty() || !parcel.refused.is_empty() {
            self.outlet.deliver(parcel, sent, deadline).await.map_err(undone)?
        } else if parcel.is_empty() {
            Landed::default()
        } else {
            // What is only counted needs no commit.
            let counted = tokio::time::timeout_at(deadline, self.outlet.send(parcel)).await;
            let counted = counted.map_err(|_| undone(Undone::Full))?;
            counted.map(|()| Landed::default()).map_err(|_| undone(Undone::Closed))?
        };
        Ok(answer(landed, ignored, &refusals))
    }

    /// Keeps what could not be read at all as a dead letter.
    async fn unreadable(&self, why: Unreadable, body: &[u8], most: usize) -> Reply {
        let reason = match why {
            Unreadable::TooLarge => return too_large(most),
            Unreadable::Many => {
                let error = format!("the body has more than {ENTRIES_MAX} entries");
                return Reply::refusal(413, &error, "send less at once");
            }
            Unreadable::Encoding(encoding) => {
                let error = format!("the content-encoding \"{encoding}\" is not supported");
                return Reply::refusal(415, &error, "send it plain, or with gzip");
            }
            Unreadable::Broken(reason) => reason,
        };
        let mut parcel = Parcel::new(self.decoder.source());
        let raw = self.decoder.letter(body);
        parcel.refuse(reason.clone(), raw);
        let written = tokio::time::timeout(WAIT, self.outlet.send(parcel)).await;
        if !matches!(written, Ok(Ok(()))) {
            return undone(Undone::Full);
        }
        let hint =
            "send one JSON object, a list of them, or one a line; see docs/sources/ingest.md";
        Reply::refusal(400, &reason, hint)
    }
}

#[async_trait]
impl Door for IngestDoor {
    fn is_guarded(&self) -> bool {
        self.is_guarded
    }

    fn body_bytes_max(&self) -> usize {
        self.body_bytes_max
    }

    async fn ready(&self) {
        self.open.ready().await;
    }

    fn admit(&self, head: &Head) -> Result<(), Box<Reply>> {
        let open = self.open()?;
        guard::admit(head, open.token.as_ref())?;
        if head.method != "POST" {
            let hint = "send posts as JSON with POST; see docs/sources/ingest.md";
            return Err(Box::new(Reply::refusal(405, "only POST is accepted here", hint)));
        }
        key(head).map(drop)
    }

    async fn take(&self, head: &Head, body: &[u8]) -> Reply {
        self.receive(head, body).await.unwrap_or_else(|refusal| *refusal)
    }
}

/// The key that the sender gave.
fn key(head: &Head) -> Result<Option<&str>, Box<Reply>> {
    let key = KEYS.iter().find_map(|name| head.header(name)).filter(|key| !key.is_empty());
    match key {
        Some(key) if key.len() > KEY_BYTES_MAX => {
            let error = format!("the idempotency key has more than {KEY_BYTES_MAX} bytes");
            Err(Box::new(Reply::refusal(400, &error, "a UUID is long enough")))
        }
        key => Ok(key),
    }
}

/// What became of the entries.
fn answer(landed: Landed, ignored: u64, refusals: &[(usize, String)]) -> Reply {
    let shown = refusals.iter().take(REFUSALS_MAX);
    let shown: Vec<Value> =
        shown.map(|(entry, reason)| json!({ "entry": entry, "reason": reason })).collect();
    let mut body = json!({
        "taken": landed.taken,
        "duplicates": landed.duplicates,
        "erased": landed.erased,
        "ignored": ignored,
        "refused": refusals.len(),
        "refusals": shown,
    });
    if refusals.is_empty() || landed != Landed::default() || ignored > 0 {
        return Reply::json(202, body);
    }
    body["error"] = "no entry could be read as a post".into();
    body["hint"] =
        "each entry needs a text; map names other members: see docs/sources/ingest.md".into();
    Reply::json(422, body)
}

fn undone(why: Undone) -> Reply {
    let again = "send it again, with the same idempotency-key if it had one";
    match why {
        Undone::OtherBody => {
            let error = "something else was sent under this idempotency key";
            Reply::refusal(422, error, "give each request a key of its own, and a retry the same")
        }
        Undone::Full => {
            Reply::later(429, "requests arrive faster than they can be stored", again, 5)
        }
        Undone::Slow => Reply::later(503, "the lake did not take it in time", again, 10),
        Undone::Closed => Reply::later(503, "the process is ending", again, 5),
    }
}

fn too_large(most: usize) -> Reply {
    let error = format!("the body has more than {} MiB", most >> 20);
    Reply::refusal(413, &error, "send less at once, or set body_mib of this source")
}

fn ours(why: &str) -> Reply {
    Reply::refusal(500, why, "this is a fault of resonanz: please report it")
}
