//! How do posts come from Facebook pages and Instagram accounts? Meta sends what happens, signed; and
//! now and then the page's feed is read, since Meta keeps nothing that did not arrive.

mod care;
mod graph;
mod settings;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use super::tickets::Undone;
use super::transport::{Door, Head, Latch, Reply, Said, Token, is_signed};
use crate::decode::{AuthorHasher, MetaDecoder, Parcel};
use crate::post::SourceId;
use crate::secret::{Secret, SecretPlace};
use crate::system::wall_clock;
use crate::time::EventTime;
use care::care;
use graph::{Asking, TOKEN_ENDED};
pub use settings::MetaSettings;
pub(super) use settings::configure;
use settings::{Graph, Places};

/// How long Meta waits for an answer, less a little.
const WAIT: Duration = Duration::from_secs(15);
/// Longest notification in bytes.
const BODY_BYTES_MAX: usize = 4 << 20;
/// Longest challenge that is given back.
const CHALLENGE_BYTES_MAX: usize = 256;
const SIGNATURE: &str = "x-hub-signature-256";

/// Where Meta's notifications come in.
#[derive(Debug, Default)]
pub(super) struct MetaDoor {
    open: Latch<Open>,
}

/// What a door needs to take something in.
#[derive(Debug)]
struct Open {
    secret: Secret,
    verify: Secret,
    asking: Option<Asking>,
    source: SourceId,
    authors: AuthorHasher,
    outlet: Outlet,
    /// When the token ends, as far as that is known.
    ends: Mutex<Option<EventTime>>,
}

/// The source behind a door.
#[derive(Debug)]
pub(super) struct MetaSource {
    places: Places,
    graph: Graph,
    door: Arc<MetaDoor>,
    spec: SourceSpec,
}

impl MetaSource {
    fn new(places: Places, graph: Graph, door: Arc<MetaDoor>, spec: SourceSpec) -> Self {
        Self { places, graph, door, spec }
    }

    async fn attend(&self, outlet: &Outlet) -> Result<(), Fault> {
        let mut token = self.places.token.clone().map(Token::new);
        loop {
            let open = Arc::new(self.opened(token.as_mut(), outlet)?);
            self.door.open.open(Arc::clone(&open));
            outlet.up();
            let (Some(asking), Some(token)) = (&open.asking, &mut token) else {
                outlet.closing().await;
                return Ok(());
            };
            let attending = async {
                match &self.graph.poll {
                    Some((page, every)) => open.poll(asking, page, *every).await,
                    None => outlet.closing().await,
                }
            };
            let ends = |at| open.ends(at);
            tokio::select! {
                () = attending => return Ok(()),
                // With the next token it goes on as with this one.
                cared = care(token, self.graph.login, asking, outlet, ends) => cared?,
            }
        }
    }

    fn opened(&self, token: Option<&mut Token>, outlet: &Outlet) -> Result<Open, Fault> {
        let secret = needed(self.places.secret.as_ref())?;
        let verify = needed(self.places.verify.as_ref())?;
        let token = token.map(Token::fetch).transpose()?.map(full).transpose()?;
        let asking = token.map(|token| Asking::new(self.graph.clone(), token, &secret));
        Ok(Open {
            secret,
            verify,
            asking: asking.transpose()?,
            source: self.spec.name.clone(),
            authors: self.spec.authors.clone(),
            outlet: outlet.clone(),
            ends: Mutex::default(),
        })
    }
}

fn needed(place: Option<&SecretPlace>) -> Result<Secret, Fault> {
    let none = || Fault::user("a secret is missing", "see docs/sources/meta.md");
    let secret = place.ok_or_else(none)?.fetch();
    full(secret.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?)
}

fn full(secret: Secret) -> Result<Secret, Fault> {
    if secret.expose().is_empty() {
        return Err(Fault::user("a secret is empty", "see that its variable or file holds it"));
    }
    Ok(secret)
}

#[async_trait]
impl Source for MetaSource {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let attended = self.attend(outlet).await;
        self.door.open.close();
        attended
    }
}

impl MetaDoor {
    fn open(&self) -> Result<Arc<Open>, Box<Reply>> {
        self.open.held().ok_or_else(|| {
            Box::new(Reply::later(503, "this source is starting or ending", "send it again", 2))
        })
    }
}

impl Open {
    fn decoder(&self) -> MetaDecoder {
        MetaDecoder::new(self.source.clone(), self.authors.clone(), wall_clock())
    }

    /// Notes when the token ends.
    fn ends(&self, at: Option<EventTime>) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = at;
        self.outlet.expires(at);
    }

    /// Reads a page's feed now and then, until the process ends. What goes wrong with it is said, and
    /// stops no notification.
    async fn poll(&self, asking: &Asking, page: &str, every: Duration) {
        let mut ended = None;
        while !self.outlet.is_closing() {
            let wait = match asking.feed(page, || self.decoder(), &self.outlet).await {
                Ok(rest) => {
                    self.outlet.up();
                    ended = None;
                    rest.unwrap_or_default()
                }
                Err(Fault::Closed) => return,
                Err(Fault::External { reason, wait }) => {
                    self.outlet.remark(&reason);
                    wait.unwrap_or_default()
                }
                Err(fault) => {
                    if fault.hint() == TOKEN_ENDED {
                        ended = ended.or_else(|| Some(wall_clock()));
                    }
                    self.outlet.remark(&format!("{fault}; {}", fault.hint()));
                    Duration::ZERO
                }
            };
            // Notifications go on without it, so that nobody would miss it.
            let ends = *self.ends.lock().unwrap_or_else(PoisonError::into_inner);
            self.outlet.expires(ended.or(ends));
            self.outlet.pause(every.max(wait)).await;
        }
    }

    /// The text that Meta wants to see again when the webhook is set up.
    fn challenge(&self, head: &Head) -> Reply {
        let given = head.parameter("hub.verify_token").unwrap_or_default();
        let known = blake3::hash(self.verify.expose().as_bytes());
        if head.parameter("hub.mode").as_deref() != Some("subscribe")
            || blake3::hash(given.as_bytes()) != known
        {
            let hint = "write the text of verify_token into the form where the webhook is set up";
            return Reply::refusal(403, "the verify token is not the one of this source", hint);
        }
        match head.parameter("hub.challenge") {
            Some(challenge)
                if challenge.len() <= CHALLENGE_BYTES_MAX
                    && challenge
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
            {
                Reply { status: 200, retry_after_s: None, body: Said::Plain(challenge) }
            }
            _ => Reply::refusal(400, "the challenge is missing or odd", "Meta sends hub.challenge"),
        }
    }

    async fn notified(&self, body: &[u8]) -> Result<Reply, Box<Reply>> {
        let deadline = Instant::now() + WAIT;
        let (decoder, mut parcel) = (self.decoder(), Parcel::new(&self.source));
        let wanted = match decoder.notification(body, &mut parcel) {
            Ok(wanted) => wanted,
            Err(reason) => {
                decoder.refuse(reason, &Value::from(String::from_utf8_lossy(body)), &mut parcel);
                Vec::new()
            }
        };
        for one in wanted {
            // Without a token a photo without words cannot be told from one with a caption.
            let Some(asking) = &self.asking else {
                parcel.ignored += 1;
                continue;
            };
            let asked = asking.object(&one.ask, &self.outlet);
            let answer = tokio::time::timeout_at(deadline, asked).await;
            let read = match answer.unwrap_or_else(|_| Err(Fault::external("no answer in time"))) {
                Ok(answer) => decoder.reread(&one, &answer, &mut parcel),
                Err(Fault::User { reason, .. }) => Err(reason),
                Err(fault) => {
                    let error = format!("what was named could not be read: {fault}");
                    return Err(Box::new(Reply::later(503, &error, "send it again", 60)));
                }
            };
            if let Err(reason) = read {
                let reason = format!("it could not be read again: {reason}");
                decoder.refuse(reason, &json!(format!("{:?}", one.ask)), &mut parcel);
            }
        }
        if parcel.events.is_empty() && parcel.refused.is_empty() {
            let counted = tokio::time::timeout_at(deadline, self.outlet.send(parcel)).await;
            if !matches!(counted, Ok(Ok(()))) {
                return Err(Box::new(undone(Undone::Full)));
            }
            return Ok(Reply::json(200, json!({ "taken": 0 })));
        }
        let landed = self.outlet.deliver(parcel, (None, body), deadline).await;
        let landed = landed.map_err(|why| Box::new(undone(why)))?;
        Ok(Reply::json(200, json!({ "taken": landed.taken, "duplicates": landed.duplicates })))
    }
}

fn undone(why: Undone) -> Reply {
    let (status, error, seconds) = match why {
        Undone::Full | Undone::OtherBody => {
            (429, "requests arrive faster than they can be stored", 5)
        }
        Undone::Slow => (503, "the lake did not take it in time", 10),
        Undone::Closed => (503, "the process is ending", 5),
    };
    Reply::later(status, error, "send it again", seconds)
}

#[async_trait]
impl Door for MetaDoor {
    fn is_guarded(&self) -> bool {
        true
    }

    fn body_bytes_max(&self) -> usize {
        BODY_BYTES_MAX
    }

    async fn ready(&self) {
        self.open.ready().await;
    }

    fn admit(&self, head: &Head) -> Result<(), Box<Reply>> {
        let open = self.open()?;
        let hint = "Meta signs what it sends with the secret of the app";
        head.signed_in(SIGNATURE, hint, || open.challenge(head))
    }

    async fn take(&self, head: &Head, body: &[u8]) -> Reply {
        let taken = async {
            let open = self.open()?;
            let signature = head.header(SIGNATURE).unwrap_or_default();
            if !is_signed(open.secret.expose().as_bytes(), body, signature) {
                let hint = "see that secret is the one of the app that sends this";
                let error = "the signature does not match this body";
                return Err(Box::new(Reply::refusal(403, error, hint)));
            }
            open.notified(body).await
        };
        taken.await.unwrap_or_else(|refusal| *refusal)
    }
}
