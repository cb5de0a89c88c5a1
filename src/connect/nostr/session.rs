//! What happens while a relay is connected? Each subscription is read back from now to where it was
//! left, and heard from then on.
//!
//! A relay sends what is stored newest first, and no more of it than it likes. So what is older is
//! asked for page by page, until there is nothing more.

mod asked;

use tokio::time::{Instant, sleep_until};

use super::answers::Asking;
use super::filter::{Filter, close, profiles};
use super::hearing::{EMPTY, Hearing, Stage, gap, is_older, older, place};
use super::login::Login;
use super::manners::Manners;
use super::pile::Pile;
use super::refusal::refused;
use super::told::{Relay, Told};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Incoming, MESSAGE_BYTES_MAX, WebSocket};
use crate::decode::nostr::{Message, Note, message};
use asked::{NAMES, is_of_names};

/// Messages that are taken at once, whatever they say.
const TAKEN_MAX: usize = 1_024;
/// Pages of one subscription before the rest is given up as a gap.
const PAGES_MAX: u32 = 500;
/// Notes of one second that may be more than a relay gives at once.
const CROWD: u64 = 100;
/// How long a relay may take for what is stored.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// Bytes kept of what is not understood; no note begins before they end.
const KEPT_BYTES: usize = 32;

/// One connection.
pub(super) struct Session<'a> {
    relay: &'a mut Relay,
    socket: WebSocket,
    hearings: Vec<Hearing>,
    pile: Pile,
    /// When something came last, or was asked for.
    heard: Instant,
    next_comparison: Instant,
    asking: Asking,
    login: Login,
    is_caught_up: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(relay: &'a mut Relay, socket: WebSocket, manners: &Manners) -> Self {
        let since = relay.since();
        let hearing = |filter: &Filter| {
            let is_given = !filter.is_search || manners.searches();
            Hearing::new(filter.clone(), since, is_given)
        };
        let hearings = relay.filters.iter().map(hearing).collect();
        let now = Instant::now();
        Self {
            next_comparison: now + relay.compare_every,
            asking: Asking::default(),
            login: Login::new(relay.key.clone()),
            relay,
            socket,
            hearings,
            pile: Pile::default(),
            heard: now,
            is_caught_up: false,
        }
    }

    /// Hears the relay until the connection ends; why it did.
    pub(super) async fn run(
        mut self,
        was_well: &mut bool,
        outlet: &Outlet,
    ) -> Result<Fault, Fault> {
        self.begin().await?;
        loop {
            let waits = self.hearings.iter().any(Hearing::is_awaited);
            tokio::select! {
                filled = self.socket.fill() => {
                    filled.map_err(Fault::external)?;
                    let taken = self.take_all().await;
                    self.hand_over().await?;
                    taken?;
                }
                wanted = self.relay.wanted.recv(), if self.asking.is_idle() => {
                    let Some(ids) = wanted else { return Err(Fault::Closed) };
                    let request = self.asking.begin(&ids);
                    self.say(&request).await?;
                }
                named = self.relay.named.recv() => {
                    let Some(accounts) = named else { return Err(Fault::Closed) };
                    self.say(&profiles(NAMES, &accounts)).await?;
                }
                () = sleep_until(self.asking.until()), if !self.asking.is_idle() => {
                    self.answered().await?;
                }
                () = sleep_until(self.next_comparison) => self.compare().await?,
                () = sleep_until(self.heard + PATIENCE), if waits => {
                    return Err(self.mute());
                }
                () = outlet.closing() => {
                    self.socket.close().await;
                    return Err(Fault::Closed);
                }
            }
            *was_well |= self.is_caught_up;
        }
    }

    async fn begin(&mut self) -> Result<(), Fault> {
        let unsearched: Vec<String> =
            self.off().map(|hearing| hearing.filter.about.clone()).collect();
        if !self.hears_posts() {
            return Err(Fault::user(
                "it does not search (NIP-50)",
                "name a relay that does, as wss://relay.nostr.band, or give hashtags",
            ));
        }
        if !unsearched.is_empty() {
            let what = unsearched.join(", ");
            self.relay.tell(Told::Says(format!("without {what}: it does not search"))).await?;
        }
        self.ask_accounts().await?;
        for place in 0..self.hearings.len() {
            self.ask(place, None).await?;
        }
        Ok(())
    }

    /// Why nothing came of what is stored.
    fn mute(&self) -> Fault {
        let seconds = PATIENCE.as_secs();
        let is_locked = self.hearings.iter().any(|hearing| hearing.stage == Stage::Locked);
        Fault::external(match is_locked {
            true => format!("it wants a login, and does not go on with it for {seconds} s"),
            false => format!("it sends nothing of what it stores for {seconds} s"),
        })
    }

    fn off(&self) -> impl Iterator<Item = &Hearing> {
        self.hearings.iter().filter(|hearing| hearing.stage == Stage::Off)
    }

    /// Whether any posts can come.
    fn hears_posts(&self) -> bool {
        let mut posts = self.hearings.iter().filter(|hearing| hearing.filter.brings_posts);
        posts.any(|hearing| hearing.stage != Stage::Off)
    }

    /// Asks for a subscription, or for what is older of it.
    async fn ask(&mut self, place: usize, until: Option<i64>) -> Result<(), Fault> {
        let Some(hearing) = self.hearings.get(place) else { return Ok(()) };
        if hearing.stage == Stage::Off {
            return Ok(());
        }
        let name = if until.is_some() { older(place) } else { place.to_string() };
        let request = hearing.filter.request(&name, hearing.since, until);
        self.say(&request).await
    }

    async fn say(&mut self, text: &str) -> Result<(), Fault> {
        self.heard = Instant::now();
        self.socket.say(text).await.map_err(Fault::external)
    }

    /// Takes all that is there.
    async fn take_all(&mut self) -> Result<(), Fault> {
        let mut taken = 0;
        loop {
            let read = match self.socket.next().map_err(Fault::external)? {
                Some(Incoming::Message(bytes)) => message(bytes).map_err(|reason| {
                    let end = bytes.iter().position(|byte| *byte == b'{').unwrap_or(bytes.len());
                    let kept = bytes.get(..end.min(KEPT_BYTES)).unwrap_or_default();
                    (reason, kept.to_vec())
                }),
                Some(Incoming::TooLarge(length)) => Err((
                    format!(
                        "a message of {length} bytes; at most {MESSAGE_BYTES_MAX} are accepted"
                    ),
                    Vec::new(),
                )),
                Some(Incoming::Ping(payload)) => {
                    self.socket.pong(&payload).await.map_err(Fault::external)?;
                    continue;
                }
                Some(Incoming::Pong) => continue,
                Some(Incoming::Close(why)) => {
                    return Err(Fault::external(format!("the relay closed {why}")));
                }
                None if taken >= TAKEN_MAX => return Ok(()),
                None => {
                    if !self.socket.fill_now().map_err(Fault::external)? {
                        return Ok(());
                    }
                    continue;
                }
            };
            taken += 1;
            self.heard = Instant::now();
            match read {
                Ok(message) => self.take(message).await?,
                Err((reason, raw)) => self.relay.tell(Told::Unreadable(reason, raw)).await?,
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), Fault> {
        match message {
            Message::Note(name, note) if self.asking.is_named(&name) => {
                self.asking.take(&note);
                Ok(())
            }
            Message::Note(name, note) => self.note(&name, *note).await,
            Message::Stored(name) if self.asking.is_named(&name) => self.answered().await,
            Message::Stored(name) | Message::Closed(name, _) if is_of_names(&name) => {
                self.named(&name).await
            }
            Message::Stored(name) => self.stored(&name).await,
            Message::Closed(name, why) => self.closed(&name, &why).await,
            Message::Notice(said) => match self.pile.notice(&said) {
                Some(said) => self.relay.tell(Told::Says(said)).await,
                None => Ok(()),
            },
            Message::Auth(challenge) => match self.login.answer(&challenge, &self.relay.url)? {
                Some(answer) => self.say(&answer).await,
                None => Ok(()),
            },
            Message::Verdict(id, is_taken, why) => {
                if self.login.judged(&id, is_taken, &why)? {
                    self.let_in().await
                } else {
                    Ok(())
                }
            }
            Message::Other => Ok(()),
        }
    }

    async fn note(&mut self, name: &str, note: Note) -> Result<(), Fault> {
        if is_of_names(name) {
            self.pile.push(note);
            return if self.pile.is_full() { self.hand_over().await } else { Ok(()) };
        }
        let Some(hearing) = place(name).and_then(|place| self.hearings.get_mut(place)) else {
            return Ok(());
        };
        match &mut hearing.stage {
            Stage::Stored(page) if !is_older(name) => page.count(&note),
            Stage::Older { page, .. } if is_older(name) => page.count(&note),
            _ => hearing.fresh += 1,
        }
        self.pile.push(note);
        if self.pile.is_full() { self.hand_over().await } else { Ok(()) }
    }

    async fn hand_over(&mut self) -> Result<(), Fault> {
        if self.pile.is_empty() {
            return Ok(());
        }
        let notes = self.pile.take();
        self.relay.tell(Told::Notes(notes)).await
    }

    /// Goes on behind the end of what is stored, or of a page of it.
    async fn stored(&mut self, name: &str) -> Result<(), Fault> {
        let Some(hearing) = place(name).and_then(|place| self.hearings.get_mut(place)) else {
            return Ok(());
        };
        let (page, until) = match hearing.stage {
            Stage::Stored(page) if !is_older(name) => (page, i64::MAX),
            Stage::Older { until, page } if is_older(name) => (page, until),
            _ => return Ok(()),
        };
        // More notes of one second than make a page would come again and again.
        let next = if page.oldest < until { page.oldest } else { until - 1 };
        let is_end = page.notes == 0 || next < hearing.since;
        let is_too_much = !is_end && hearing.pages >= PAGES_MAX;
        let about = &hearing.filter.about;
        let missed = if is_too_much {
            Some(gap(hearing.since, next, format!("more than {PAGES_MAX} pages of {about}")))
        } else if next < page.oldest && page.notes >= CROWD {
            Some(gap(until, until, format!("perhaps some of {about}, of one full second,")))
        } else {
            None
        };
        hearing.stage = if is_end || is_too_much { Stage::Live } else { Stage::Waiting(next) };
        hearing.pages += 1;
        if is_older(name) {
            self.say(&close(name)).await?;
        }
        if let Some(missed) = missed {
            self.relay.tell(Told::Missed(missed)).await?;
        }
        self.go_on().await
    }

    /// Asks for the next page, one at a time, or tells that everything came.
    async fn go_on(&mut self) -> Result<(), Fault> {
        if self.hearings.iter().any(|hearing| matches!(hearing.stage, Stage::Older { .. })) {
            return Ok(());
        }
        for place in 0..self.hearings.len() {
            let Some(hearing) = self.hearings.get_mut(place) else { continue };
            if let Stage::Waiting(until) = hearing.stage {
                hearing.stage = Stage::Older { until, page: EMPTY };
                return self.ask(place, Some(until)).await;
            }
        }
        if !self.is_caught_up && !self.hearings.iter().any(Hearing::is_awaited) {
            self.is_caught_up = true;
            self.hand_over().await?;
            self.relay.tell(Told::CaughtUp).await?;
        }
        Ok(())
    }

    /// Goes on without a subscription that the relay ended.
    async fn closed(&mut self, name: &str, why: &str) -> Result<(), Fault> {
        if self.asking.is_named(name) {
            return self.answered().await;
        }
        let Some(place) = place(name) else { return Ok(()) };
        let refused = refused(why)?;
        let Some(hearing) = self.hearings.get_mut(place) else { return Ok(()) };
        if refused.wants_login && self.login.is_due() {
            hearing.stage = Stage::Locked;
            return Ok(());
        }
        if refused.wants_login && self.login.is_in() && !hearing.is_asked_anew {
            // It was asked for before we were let in, and refused behind that.
            hearing.is_asked_anew = true;
            hearing.renew(self.relay.since());
            return self.ask(place, None).await;
        }
        hearing.stage = Stage::Off;
        let about = hearing.filter.about.clone();
        if !self.hears_posts() {
            return Err(Fault::user(refused.reason, refused.hint));
        }
        self.relay.tell(Told::Says(format!("without {about}: {}", refused.reason))).await?;
        self.go_on().await
    }

    /// Hands over what people made of notes.
    async fn answered(&mut self) -> Result<(), Fault> {
        let (name, answers) = self.asking.end();
        self.relay.tell(Told::Answers(answers)).await?;
        self.say(&close(&name)).await
    }

    /// Asks once more for what gave nothing, and for what relays search only when they are asked.
    async fn compare(&mut self) -> Result<(), Fault> {
        self.next_comparison = Instant::now() + self.relay.compare_every;
        if !self.is_caught_up {
            return Ok(());
        }
        let since = self.relay.since();
        for place in 0..self.hearings.len() {
            let Some(hearing) = self.hearings.get_mut(place) else { continue };
            let gave = std::mem::take(&mut hearing.fresh) > 0 && !hearing.filter.is_search;
            if gave || hearing.stage != Stage::Live {
                continue;
            }
            hearing.renew(since);
            if std::mem::take(&mut self.is_caught_up) {
                self.hand_over().await?;
                self.relay.tell(Told::Behind).await?;
            }
            self.ask(place, None).await?;
        }
        Ok(())
    }
}
