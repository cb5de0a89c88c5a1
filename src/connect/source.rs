//! What is a source? Something that can be read, a way out for what it gives, and whose fault it is
//! when it cannot be read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::health::{Gap, SourceHealth, SourceState};
use super::tickets::{Drawn, Undone};
use crate::decode::{Landed, Parcel};
use crate::post::SourceId;
use crate::time::EventTime;

/// The bounded way to the engine; sending waits while it is full.
pub type Inbox = mpsc::Sender<Parcel>;

/// A place that posts come from. It remembers where it goes on.
#[async_trait]
pub trait Source: Send {
    /// Reads from where it is, until its end; called again after a fault that passes.
    ///
    /// # Errors
    /// Whose fault it is that it cannot be read on.
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault>;
}

/// Whether a source is to end, and what for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Closing {
    /// It is not.
    #[default]
    No,
    /// Another reader of this process goes on where it ends, with another configuration.
    Renewed,
    /// With the process.
    Ended,
}

/// Why a source cannot be read on, by whoever can do something about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nobody takes what it gives any more.
    #[error("the process is ending")]
    Closed,
    /// The user: it stays as it is until somebody mends it, so the source is given up.
    #[error("{reason}")]
    User {
        /// What was found.
        reason: String,
        /// How to mend it.
        hint: String,
    },
    /// The other side or the way there: it passes, so the source is tried again.
    #[error("{reason}")]
    External {
        /// What was found.
        reason: String,
        /// How long the other side asks us to wait; by default longer each time.
        wait: Option<Duration>,
    },
    /// Ourselves: trying again would not help.
    #[error("{reason}")]
    Internal {
        /// What was found.
        reason: String,
    },
}

impl Fault {
    /// One that passes.
    #[must_use]
    pub fn external(reason: impl Into<String>) -> Self {
        Self::External { reason: reason.into(), wait: None }
    }

    /// One that the user can mend.
    #[must_use]
    pub fn user(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::User { reason: reason.into(), hint: hint.into() }
    }

    /// How its user can mend it; empty where they cannot.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::User { hint, .. } => hint,
            Self::Internal { .. } => "this is a fault of resonanz: please report it",
            Self::Closed | Self::External { .. } => "",
        }
    }
}

/// The way out for what one source gives, with its health.
#[derive(Debug, Clone)]
pub struct Outlet {
    inbox: Inbox,
    health: Arc<SourceHealth>,
    closing: watch::Receiver<Closing>,
}

impl Outlet {
    /// A way into `inbox` until `closing` says otherwise.
    #[must_use]
    pub fn new(inbox: Inbox, health: Arc<SourceHealth>, closing: watch::Receiver<Closing>) -> Self {
        Self { inbox, health, closing }
    }

    /// The source's name.
    #[must_use]
    pub fn name(&self) -> &SourceId {
        self.health.name()
    }

    /// Hands over a parcel and counts what is in it; waits while the inbox is full.
    ///
    /// # Errors
    /// [`Fault::Closed`] when nobody takes it.
    pub async fn send(&self, parcel: Parcel) -> Result<(), Fault> {
        let place = self.inbox.reserve().await.map_err(|_| Fault::Closed)?;
        self.health.count(&parcel);
        place.send(parcel);
        Ok(())
    }

    /// Hands over what somebody brought, under a key if they gave one, and waits until it is durable,
    /// until `deadline` at most. What was taken before under the same key is not taken again.
    pub(super) async fn deliver(
        &self,
        mut parcel: Parcel,
        sent: (Option<&str>, &[u8]),
        deadline: Instant,
    ) -> Result<Landed, Undone> {
        let mut held = match self.health.tickets().draw(sent, deadline).await? {
            Drawn::Fresh(held) => held,
            Drawn::Answered(landed) => return Ok(landed),
        };
        parcel.ticket = Some(held.ticket.clone());
        match timeout_at(deadline, self.send(parcel)).await {
            Ok(Ok(())) => held.landed(deadline).await,
            Ok(Err(_)) => Err(Undone::Closed),
            Err(_) => Err(Undone::Full),
        }
    }

    /// Whether this source is to end.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        *self.closing.borrow() != Closing::No
    }

    /// Whether another reader goes on where this one ends.
    pub(super) fn is_renewed(&self) -> bool {
        *self.closing.borrow() == Closing::Renewed
    }

    /// Waits until this source is to end.
    pub async fn closing(&self) {
        let mut closing = self.closing.clone();
        // Nobody left who could say so means the same.
        let _ = closing.wait_for(|closing| *closing != Closing::No).await;
    }

    /// Waits `time`, or until this source is to end.
    pub async fn pause(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.closing()).await;
    }

    /// Waits `time`, or until something happens or this source is to end; whether it happened.
    pub(super) async fn pause_or(&self, time: Duration, happens: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = happens => true,
            () = self.pause(time) => false,
        }
    }

    /// Says that posts can come.
    pub fn up(&self) {
        if self.health.set(SourceState::Up, "", "") {
            tracing::info!("connected");
        }
    }

    /// Says that posts can come, though not all is well.
    pub(super) fn up_but(&self, reason: &str) {
        let was_up = self.health.state() == SourceState::Up;
        if self.health.set(SourceState::Up, reason, "") && (!was_up || self.health.may_remark()) {
            tracing::info!(reason, "connected");
        }
    }

    /// Says that there is nothing to read yet.
    pub fn waiting(&self, reason: &str) {
        if self.health.set(SourceState::Waiting, reason, "") {
            tracing::warn!(reason, "waiting");
        }
    }

    /// Says that what it passes on is out of reach, though itself it is not.
    pub(super) fn lost(&self, reason: &str) {
        if self.health.set(SourceState::Down, reason, "") {
            tracing::warn!(reason, "time waits");
        }
    }

    /// Says what the other side remarks, without an end to the connection.
    pub fn remark(&self, remark: &str) {
        if self.health.may_remark() {
            tracing::warn!(remark, "the server says");
        }
        self.health.set(self.health.state(), remark, "");
    }

    /// Says how many messages the other side holds that were not read yet.
    pub(super) fn unread(&self, messages: u64) {
        self.health.set_unread(messages);
    }

    /// Says what the other side still allows.
    pub fn limits(&self, limits: &str) {
        self.health.set_limits(limits);
    }

    /// Says what the token may do.
    pub(super) fn rights(&self, rights: &str) {
        self.health.set_rights(rights);
    }

    /// Says when the token ends, or that this is not known.
    pub fn expires(&self, expires: Option<EventTime>) {
        self.health.set_expires(expires);
    }

    /// Reports what could not be had.
    pub fn gap(&self, gap: Gap) {
        tracing::error!(from = gap.from, to = gap.to, reason = gap.reason, "gap in a source");
        self.health.add_gap(gap);
    }

    pub(super) fn health(&self) -> &SourceHealth {
        &self.health
    }
}
