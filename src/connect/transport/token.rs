//! How does a token stay valid? The one that takes its place is kept where the user keeps it, before
//! it is used.

use std::time::Duration;

use tokio::time::Instant;

use crate::connect::source::{Fault, Outlet};
use crate::secret::{Secret, SecretPlace, Turn};
use crate::time::EventTime;

/// How long to wait for others that exchange the same token.
const TURN_WAIT: Duration = Duration::from_secs(90);
const TURN_LOOK: Duration = Duration::from_millis(100);

/// A token that may be exchanged for the next one.
#[derive(Debug)]
pub(in crate::connect) struct Token {
    place: SecretPlace,
    /// The token that was exchanged and the next one, where that could not be written.
    unwritten: Option<(Secret, Secret)>,
}

impl Token {
    pub(in crate::connect) fn new(place: SecretPlace) -> Self {
        Self { place, unwritten: None }
    }

    /// The token as it is now; read anew each time, since somebody else may renew it.
    ///
    /// # Errors
    /// [`Fault::User`] when there is none.
    pub(in crate::connect) fn fetch(&mut self) -> Result<Secret, Fault> {
        let found = self.place.fetch();
        let found = found.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        let Some((before, next)) = self.unwritten.take() else { return Ok(found) };
        if found != before {
            return Ok(found);
        }
        if self.place.replace(&next).is_err() {
            self.unwritten = Some((before, next.clone()));
        }
        Ok(next)
    }

    /// When it was written, where that is known.
    pub(in crate::connect) fn written_at(&self) -> Option<EventTime> {
        self.place.written_at()
    }

    /// Whether it is where the user keeps it, not in memory alone.
    pub(in crate::connect) fn is_kept(&self) -> bool {
        self.unwritten.is_none()
    }

    /// Waits until nobody else on this machine exchanges this token. It is to be fetched after that.
    ///
    /// # Errors
    /// When somebody takes too long, or the process is ending.
    pub(in crate::connect) async fn turn(&self, outlet: &Outlet) -> Result<Turn, Fault> {
        let deadline = Instant::now() + TURN_WAIT;
        loop {
            if let Some(turn) = self.place.turn() {
                return Ok(turn);
            }
            if Instant::now() >= deadline {
                return Err(Fault::external("another process is busy with this token"));
            }
            outlet.pause(TURN_LOOK).await;
            if outlet.is_closing() {
                return Err(Fault::Closed);
            }
        }
    }

    /// Keeps the next token. Where it cannot be written it is used all the same, and written as soon as
    /// that goes: its end with this process would be the end of the access.
    pub(in crate::connect) fn keep(&mut self, before: Secret, next: Secret, outlet: &Outlet) {
        if before == next {
            return;
        }
        match self.place.replace(&next) {
            Ok(()) => tracing::info!("the next token was written"),
            Err(fault) => {
                outlet.remark(&format!("{fault}; it is kept in memory: {}", fault.hint()));
                self.unwritten = Some((before, next));
            }
        }
    }
}
