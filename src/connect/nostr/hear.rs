//! What was told of a relay, what is new about it, and how is it shown?

use super::place::Version;
use super::seal::check;
use super::told::{News, Told};
use super::{Heard, Nostr, State};
use crate::connect::source::{Fault, Outlet};
use crate::decode::nostr::{Note, PROFILE, Said};
use crate::post::{Event, PostKey};
use crate::system::wall_clock;
use crate::time::SECOND_US;

/// Relays that are named when several are ill.
const NAMED_MAX: usize = 3;

impl Nostr {
    /// Takes what is told of a relay.
    ///
    /// # Errors
    /// [`Fault::User`] when no relay is left that could be heard.
    pub(super) fn take(
        &mut self,
        (place, told): News,
        relays: &mut [Heard],
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        let Some(relay) = relays.get_mut(place) else { return Ok(()) };
        match told {
            Told::Notes(notes) => {
                for note in notes {
                    self.note(place, &note, relay);
                }
                self.reach(relay);
                return Ok(());
            }
            Told::Unreadable(reason, raw) => {
                let reason = format!("{}: {reason}", relay.url);
                self.decoder.admit(Err(reason), &raw, &mut self.parcel);
                return Ok(());
            }
            Told::CaughtUp => {
                relay.is_caught_up = true;
                self.reach(relay);
                self.moved = true;
                return Ok(());
            }
            Told::Behind => {
                relay.is_caught_up = false;
                return Ok(());
            }
            Told::Answers(answers) => {
                self.answered(&answers);
                return Ok(());
            }
            Told::Named => {
                self.named(relays);
                return Ok(());
            }
            Told::Missed(gap) => {
                outlet.gap(gap);
                return Ok(());
            }
            Told::Open => {
                let filled = self.marks.get(&relay.url).map(|mark| mark.filled);
                relay.newest = filled.unwrap_or(relay.newest);
                (relay.state, relay.said, relay.is_caught_up) = (State::Up, None, false);
            }
            Told::Limits(limits) => relay.limits = Some(limits),
            Told::Says(said) => relay.said = Some(said),
            Told::Lost(reason) => {
                outlet.health().count_reconnect();
                relay.state = State::Lost(reason);
            }
            Told::Refuses(reason, hint) => relay.state = State::Refuses(reason, hint),
        }
        show(relays, outlet)
    }

    /// Takes a note.
    fn note(&mut self, place: usize, note: &Note, relay: &mut Heard) {
        if !self.known.holds(&note.id) {
            if let Err(reason) = check(note) {
                let reason = format!("{}: {reason}", relay.url);
                return self.decoder.admit(Err(reason), b"", &mut self.parcel);
            }
            if note.kind == PROFILE {
                return self.names.learn(note);
            }
            self.known.insert(&note.id);
            let said = self.reading(note, &relay.url);
            if !(self.waits(&said, note) && self.names.hold(place, note)) {
                self.take_said(said, note);
            }
        }
        // No clock of an author's moves a relay ahead of ours.
        relay.newest = relay.newest.max(note.created_at.min(wall_clock().0 / SECOND_US));
    }

    /// What a note says that `url` gave, with names where it names accounts.
    pub(super) fn reading(&self, note: &Note, url: &str) -> Result<Said, String> {
        // The note that it passes on is checked as its author signed it.
        let inner = note.passed_on().filter(|inner| check(inner).is_ok());
        let inner = inner.map(|inner| self.names.told(&inner).unwrap_or(inner));
        let told = self.names.told(note);
        self.read.read(told.as_ref().unwrap_or(note), inner.as_ref(), url, wall_clock())
    }

    /// Whether it is a mention that names somebody whose name is to be asked for.
    fn waits(&mut self, said: &Result<Said, String>, note: &Note) -> bool {
        let Ok(Said::Post(post) | Said::Article(post)) = said else { return false };
        let Some(listening) = &mut self.listening else { return false };
        self.names.wants(&note.content) && listening.hears(post)
    }

    pub(super) fn take_said(&mut self, said: Result<Said, String>, note: &Note) {
        match said {
            Ok(said) => self.said(said, note),
            Err(reason) => self.decoder.admit(Err(reason), b"", &mut self.parcel),
        }
    }

    fn said(&mut self, said: Said, note: &Note) {
        match said {
            Said::Post(post) => {
                self.follow(note, &post);
                self.admit(Event::Create(post));
            }
            Said::Article(post) => {
                let name = PostKey::new(&post.source, &post.id).0;
                match self.articles.meet(name, note.created_at) {
                    Version::First => {
                        self.follow(note, &post);
                        self.admit(Event::Create(post));
                    }
                    Version::Newer => self.admit(Event::Edit(post)),
                    Version::Old => self.parcel.ignore(),
                }
            }
            Said::Withdrawn(events) => {
                let articles = &self.articles;
                // A newer version of an article is not meant.
                let is_meant = |event: &Event| {
                    !matches!(event, Event::Delete { source, id, .. }
                        if articles.has_newer(PostKey::new(source, id).0, note.created_at))
                };
                let events: Vec<Event> = events.into_iter().filter(is_meant).collect();
                if events.is_empty() {
                    self.parcel.ignore();
                }
                self.forget(&events);
                events.into_iter().for_each(|event| self.admit(event));
            }
            Said::Nothing => self.parcel.ignore(),
        }
    }

    pub(super) fn admit(&mut self, event: Event) {
        self.decoder.admit(Ok(Some(event)), b"", &mut self.parcel);
    }
}

/// Shows how the relays are.
fn show(relays: &[Heard], outlet: &Outlet) -> Result<(), Fault> {
    let limits: Vec<&str> = relays.iter().filter_map(|relay| relay.limits.as_deref()).collect();
    if !limits.is_empty() {
        outlet.limits(&limits.join("; "));
    }
    let refuses = |relay: &Heard| matches!(relay.state, State::Refuses(..));
    let all_refuse = relays.iter().all(refuses);
    let trouble = |relay: &Heard| match (&relay.state, relay.trouble()?) {
        (State::Refuses(_, hint), why) if !all_refuse => Some(format!("{why} ({hint})")),
        (_, why) => Some(why),
    };
    let troubles: Vec<String> = relays.iter().filter_map(trouble).collect();
    let mut reason = troubles.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
    if troubles.len() > NAMED_MAX {
        reason.push_str(&format!("; and {} more", troubles.len() - NAMED_MAX));
    }
    if relays.iter().any(|relay| relay.state == State::Up) {
        outlet.up_but(&reason);
        return Ok(());
    }
    if all_refuse {
        let hint = relays.iter().find_map(|relay| match &relay.state {
            State::Refuses(_, hint) => Some(hint.clone()),
            _ => None,
        });
        return Err(Fault::user(reason, hint.unwrap_or_default()));
    }
    if !relays.iter().any(|relay| relay.state == State::Starting) {
        outlet.lost(&reason);
    }
    Ok(())
}

impl Heard {
    /// What is wrong with it, if something is.
    fn trouble(&self) -> Option<String> {
        let why = match &self.state {
            State::Starting => None,
            State::Up => self.said.as_ref(),
            State::Lost(reason) | State::Refuses(reason, _) => Some(reason),
        };
        why.map(|why| format!("{}: {why}", self.url))
    }
}
