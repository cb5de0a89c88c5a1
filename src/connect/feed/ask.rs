//! What does a feed answer? One look at it: conditional, over redirects, and by way of a page that
//! names it.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use url::Url;

use super::hub::Hub;
use super::token::Token;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Answer, BODY_BYTES_MAX, Http, Validators};
use crate::decode::feed::{Document, NotAFeed, alternates, text_of};

/// Redirects that are followed.
const HOPS_MAX: usize = 6;
/// What we read, best first.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
                        application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, \
                        application/json;q=0.8, text/html;q=0.5, */*;q=0.1";

/// A look that is to be taken.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) http: Http,
    /// Where the feed is now.
    pub(super) url: String,
    /// The address that the user gave: the secret goes to its server alone.
    pub(super) given: String,
    pub(super) validators: Validators,
    pub(super) token: Option<Token>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// The feed; `None` where nothing has changed.
    pub(super) document: Option<Document>,
    pub(super) validators: Validators,
    /// The hub that tells of it.
    pub(super) hub: Option<Hub>,
    /// Where it is from now on, and whether it moved there or was named by a page.
    pub(super) address: Option<(String, Way)>,
    /// How long the server asks not to be asked again.
    pub(super) rest_s: Option<u64>,
}

/// How another address was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The server says that the feed has moved there for good.
    Moved,
    /// A page names it.
    Named,
}

/// Why a look at a feed brought nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The process is ending.
    Closed,
    /// The server says that it is gone for good.
    Gone,
    /// It may pass.
    Passing { reason: String, wait: Option<Duration> },
    /// It stays until somebody mends it.
    Lasting { reason: String, hint: String },
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Closed => Self::Closed,
            Fault::External { reason, wait } => Self::Passing { reason, wait },
            Fault::User { reason, hint } => Self::Lasting { reason, hint },
            Fault::Internal { reason } => Self::Passing { reason, wait: None },
        }
    }
}

/// The answer of the last server on the way, and where that was.
struct Reached {
    answer: Answer,
    url: Url,
    /// Whether every redirect on the way was one for good.
    is_moved: bool,
}

impl Ask {
    /// Takes the look.
    pub(super) async fn look(&self, outlet: &Outlet) -> Result<Found, Trouble> {
        let looked = self.feed(outlet).await;
        looked.map_err(|trouble| match (trouble, &self.token) {
            (Trouble::Passing { reason, wait }, Some(token)) => {
                Trouble::Passing { reason: token.hide(reason), wait }
            }
            (Trouble::Lasting { reason, hint }, Some(token)) => {
                Trouble::Lasting { reason: token.hide(reason), hint }
            }
            (trouble, _) => trouble,
        })
    }

    async fn feed(&self, outlet: &Outlet) -> Result<Found, Trouble> {
        let start = address(&self.url)?;
        let reached = self.reach(start.clone(), outlet, true).await?;
        let moved = (reached.is_moved && reached.url != start)
            .then(|| (reached.url.to_string(), Way::Moved));
        if reached.answer.status == StatusCode::NOT_MODIFIED {
            return Ok(self.found(&reached, None, moved));
        }
        let text = self.text(&reached.answer)?;
        match Document::parse(&text) {
            Ok(document) => Ok(self.found(&reached, Some(document), moved)),
            Err(NotAFeed::Page) => self.named(&reached.url, &text, outlet).await,
            Err(other) => Err(not_a_feed(&other)),
        }
    }

    /// The feed that a page names.
    async fn named(&self, page: &Url, text: &str, outlet: &Outlet) -> Result<Found, Trouble> {
        let url = alternates(text).into_iter().find_map(|one| {
            page.join(&one.href).ok().filter(|url| url != page && self.may_go(url))
        });
        let url = url.ok_or_else(|| Trouble::Lasting {
            reason: "it is a web page that names no feed".to_owned(),
            hint: "give the address of its feed; many sites have it at /feed or /rss".to_owned(),
        })?;
        let reached = self.reach(url.clone(), outlet, false).await?;
        let text = self.text(&reached.answer)?;
        let document = Document::parse(&text).map_err(|error| not_a_feed(&error))?;
        let url = if reached.is_moved { &reached.url } else { &url };
        Ok(self.found(&reached, Some(document), Some((url.to_string(), Way::Named))))
    }

    /// Follows redirects to an answer that is well.
    async fn reach(
        &self,
        mut url: Url,
        outlet: &Outlet,
        is_conditional: bool,
    ) -> Result<Reached, Trouble> {
        let mut is_moved = true;
        for _ in 0..=HOPS_MAX {
            let answer = self.send(&url, outlet, is_conditional).await?;
            let status = answer.status.as_u16();
            if status == 410 {
                return Err(Trouble::Gone);
            }
            let next = [301, 302, 303, 307, 308].contains(&status);
            let next = next.then(|| answer.header("location")).flatten();
            let Some(next) = next.and_then(|next| url.join(next).ok()) else {
                let answer = answer.well()?;
                return Ok(Reached { answer, url, is_moved });
            };
            if !self.may_go(&next) {
                let host = next.host_str().unwrap_or_default().to_owned();
                return Err(Trouble::Lasting {
                    reason: format!("it leads to {host}, which is not a public name"),
                    hint: "give that address itself, if it is meant".to_owned(),
                });
            }
            is_moved &= status == 301 || status == 308;
            url = next;
            url.set_fragment(None);
        }
        Err(Trouble::Lasting {
            reason: format!("it leads on more than {HOPS_MAX} times"),
            hint: "give the address at which a browser ends".to_owned(),
        })
    }

    async fn send(
        &self,
        url: &Url,
        outlet: &Outlet,
        is_conditional: bool,
    ) -> Result<Answer, Trouble> {
        let token = self
            .token
            .as_ref()
            .filter(|_| Url::parse(&self.given).is_ok_and(|given| given.origin() == url.origin()));
        let mut asked = url.clone();
        if let Some(token) = token {
            token.add_to(&mut asked);
        }
        let mut request =
            self.http.get(asked.as_str()).header(ACCEPT, ACCEPTED).header(ACCEPT_ENCODING, "gzip");
        if let Some(header) = token.and_then(Token::header) {
            request = request.header(AUTHORIZATION, header);
        }
        if is_conditional {
            if let Some(etag) = &self.validators.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(modified) = &self.validators.modified {
                request = request.header(IF_MODIFIED_SINCE, modified);
            }
        }
        Ok(self.http.send(request, outlet).await?)
    }

    /// Whether a server may send us there: to names, and to the numbers that the user gave.
    fn may_go(&self, url: &Url) -> bool {
        let given = Url::parse(&self.given).ok();
        let is_same = given.is_some_and(|given| given.host_str() == url.host_str());
        let is_name = url.domain().is_some_and(|name| name.contains('.'));
        ["http", "https"].contains(&url.scheme()) && (is_same || is_name)
    }

    /// The text of an answer, without the secret that a server may repeat.
    fn text(&self, answer: &Answer) -> Result<String, Trouble> {
        let bytes = unpacked(answer)?;
        let kind = answer.header("content-type").unwrap_or_default();
        let charset = kind.split(';').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim_matches([' ', '"', '\'']))
        });
        let text = text_of(&bytes, charset).into_owned();
        Ok(match &self.token {
            Some(token) => token.hide(text),
            None => text,
        })
    }

    fn found(
        &self,
        reached: &Reached,
        document: Option<Document>,
        address: Option<(String, Way)>,
    ) -> Found {
        let asked = reached.answer.header("cache-control").and_then(max_age_s);
        // A window that is used up is as good as a refusal.
        let spent = reached.answer.rate().exhausted().map(|wait| wait.as_secs());
        let own = document.as_ref().and_then(|document| document.rest_s);
        let rest_s = own.max(asked).max(spent);
        // An address that came of a secret may hold it.
        let address = address.filter(|_| self.token.is_none());
        // A hub would have to be told an address that holds a secret.
        let hub = document.as_ref().filter(|_| self.token.is_none()).and_then(|document| {
            Hub::of(&reached.answer.headers, document, &reached.url, |url| self.may_go(url))
        });
        let validators = reached.answer.validators();
        Found { document, validators, hub, address, rest_s }
    }
}

fn address(url: &str) -> Result<Url, Trouble> {
    Url::parse(url).map_err(|error| Trouble::Lasting {
        reason: format!("its address cannot be read: {error}"),
        hint: "it must begin with https://".to_owned(),
    })
}

fn not_a_feed(error: &NotAFeed) -> Trouble {
    let reason = error.to_string();
    match error {
        // Half an answer is common while a site is changed.
        NotAFeed::Broken(_) | NotAFeed::Empty => Trouble::Passing { reason, wait: None },
        NotAFeed::Page | NotAFeed::Other(_) => {
            Trouble::Lasting { reason, hint: "see in a browser what is at this address".to_owned() }
        }
    }
}

/// The bytes of a body that may be packed, by its header or as a file.
fn unpacked(answer: &Answer) -> Result<Vec<u8>, Trouble> {
    if !answer.body.starts_with(b"\x1f\x8b") {
        return Ok(answer.body.clone());
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
    let mut plain = MultiGzDecoder::new(answer.body.as_slice()).take(limit + 1);
    let passing = |reason: String| Trouble::Passing { reason, wait: None };
    plain.read_to_end(&mut bytes).map_err(|error| passing(format!("gzip: {error}")))?;
    if bytes.len() > BODY_BYTES_MAX {
        return Err(passing(format!("the feed is longer than {} MiB", BODY_BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

fn max_age_s(control: &str) -> Option<u64> {
    control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
}
