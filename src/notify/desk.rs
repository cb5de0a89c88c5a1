//! What becomes of messages between the commit and the outbox? The desk's book, on disk.
//!
//! Book and outbox are tables of one store: what is told and the memory that it was told change in
//! one transaction. What people ask comes as small files, read anew for each alert and each second.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redb::{ReadableTable, TableDefinition, TableError};
use tokio::sync::Notify;

use super::advice::Advice;
use super::message::Message;
use super::outbox::{Outbox, OutboxError, encode};
use super::standing::{DeskState, standing};
use super::stats::CourierStats;
use crate::desk::{Book, Case, Grouping, Notice, Orders, Subject, Turn};
use crate::lake::LakeError;
use crate::state::DeskFiles;
use crate::system::wall_clock;
use crate::time::EventTime;

/// Alerts by id.
pub(super) const CASES: TableDefinition<'_, &str, &str> = TableDefinition::new("desk_cases");
/// Messages of the alerts known, told or held, by alert, receiver and id.
pub(super) const MAIL: TableDefinition<'_, (&str, &str, &str), &str> =
    TableDefinition::new("desk_mail");
/// How often the desk looks for new orders.
const PACE: Duration = Duration::from_secs(1);

/// Decides which messages enter the outbox, and when.
#[derive(Debug)]
pub struct Desk {
    outbox: Arc<Outbox>,
    files: DeskFiles,
    advice: Advice,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    book: Book,
    /// The last orders that could be read.
    orders: Orders,
    /// Whether the published state is older than the book.
    stale: bool,
    /// What had changed with messages at the last publication.
    published: u64,
}

impl Desk {
    /// Opens the book in the outbox's store. Alerts whose rule and topic are not known any more
    /// are closed.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn open(
        outbox: Arc<Outbox>,
        files: DeskFiles,
        grouping: Grouping,
        is_known: impl Fn(&Subject) -> bool,
    ) -> Result<Self, OutboxError> {
        let book = Book::new(cases(&outbox)?, grouping).without(is_known);
        let state = State { book, orders: Orders::default(), stale: true, published: 0 };
        Ok(Self { outbox, files, advice: Advice::default(), state: Mutex::new(state) })
    }

    /// The same, with what its messages say of what is to be done.
    #[must_use]
    pub fn advised(self, advice: Advice) -> Self {
        Self { advice, ..self }
    }

    /// Takes in the messages of a commit. The same messages again, after a restart, change nothing.
    ///
    /// # Errors
    /// When the store refuses; then nothing was taken.
    pub fn take(&self, messages: &[Message]) -> Result<(), OutboxError> {
        if messages.is_empty() {
            return Ok(());
        }
        let mut state = self.state();
        self.read_orders(&mut state);
        let notices = messages.iter().filter_map(|message| {
            let (id, receiver) = (message.id.as_str(), message.receiver.as_str());
            let subject = message.subject.as_ref()?;
            Some(Notice { id, receiver, at: EventTime(message.at_us), subject })
        });
        let notices: Vec<Notice<'_>> = notices.collect();
        let before = state.book.clone();
        let State { book, orders, .. } = &mut *state;
        let turn = book.take(&notices, orders);
        self.settle(&mut state, &turn, messages).inspect_err(|_| state.book = before)
    }

    /// The outbox behind it.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Looks for what people asked since, and does it; says whether there is something to deliver.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn review(&self) -> Result<bool, OutboxError> {
        let mut state = self.state();
        self.read_orders(&mut state);
        let before = state.book.clone();
        let State { book, orders, .. } = &mut *state;
        let turn = book.review(orders);
        if !turn.changed.is_empty() {
            self.settle(&mut state, &turn, &[]).inspect_err(|_| state.book = before)?;
        }
        let again = self.send_again()?;
        state.stale |= again > 0;
        Ok(again > 0 || !turn.tell.is_empty())
    }

    /// Puts messages that somebody asked for back into the outbox; says how many. Killed in between,
    /// it does so again: the receiver knows the id.
    fn send_again(&self) -> Result<usize, OutboxError> {
        let wishes = self.files.resends().unwrap_or_else(|error| {
            tracing::error!(%error, "messages that were to be resent cannot be sent");
            BTreeMap::new()
        });
        for (id, resend) in &wishes {
            match self.kept(&resend.alert_id, &resend.receiver, &resend.message_id)? {
                Some(message) => self.outbox.send_again(&message)?,
                None => tracing::warn!(id = resend.message_id, "message is no longer known"),
            }
            if let Err(error) = self.files.remove_resend(id) {
                tracing::error!(%error, "a message may be sent repeatedly");
            }
        }
        Ok(wishes.len())
    }

    /// Reviews every second, ringing the bell when there is something to deliver, and publishes how
    /// things stand, until the task is aborted.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn run(
        self: Arc<Self>,
        bell: Arc<Notify>,
        stats: Arc<CourierStats>,
    ) -> Result<(), OutboxError> {
        if let Err(error) = self.files.sweep(wall_clock()) {
            tracing::warn!(%error, "old silences could not be removed");
        }
        loop {
            if self.review()? {
                bell.notify_waiters();
            }
            self.publish(&stats)?;
            tokio::time::sleep(PACE).await;
        }
    }

    /// Says how things stand, if they have changed.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn publish(&self, stats: &CourierStats) -> Result<(), OutboxError> {
        let mut state = self.state();
        let count = stats.changes();
        if !state.stale && state.published == count {
            return Ok(());
        }
        let standing =
            DeskState { as_of: wall_clock(), cases: standing(&state.book, &self.outbox)? };
        match self.files.publish(&standing) {
            Ok(()) => (state.stale, state.published) = (false, count),
            Err(error) => tracing::warn!(%error, "the state of alerts could not be written"),
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file that cannot be read changes nothing, and stops no alert.
    fn read_orders(&self, state: &mut State) {
        let read = || Ok::<_, LakeError>((self.files.silences()?, self.files.acks()?));
        match read() {
            Ok((silences, acks)) => (state.orders.silences, state.orders.acks) = (silences, acks),
            Err(error) => tracing::error!(%error, "the previous silences stay in force"),
        }
        state.orders.now = wall_clock();
    }

    /// Writes what has changed, and lets go what is to be told, in one transaction.
    fn settle(&self, state: &mut State, turn: &Turn, fresh: &[Message]) -> Result<(), OutboxError> {
        let swept = state.book.sweep();
        let by_key = fresh.iter().map(|message| ((&message.receiver, &message.id), message));
        let by_key: HashMap<_, _> = by_key.collect();
        let members = state.book.members();
        let told = turn.tell.iter().map(|told| {
            let known = by_key.get(&(&told.receiver, &told.letter.id)).copied().cloned();
            let held = || self.kept(&told.alert_id, &told.receiver, &told.letter.id);
            let message = known.map_or_else(held, |message| Ok(Some(message)))?;
            let topics = members.get(&(told.alert_id.as_str(), told.receiver.as_str()));
            let topics = topics.map_or(&[][..], Vec::as_slice);
            let told_at = state.book.case(&told.alert_id).and_then(Case::told_at);
            Ok(message.map(|message| self.advice.added(message, topics, told_at)))
        });
        let plain = fresh.iter().filter(|message| message.subject.is_none()).cloned();
        let told: Result<Vec<Option<Message>>, OutboxError> = told.collect();
        let told: Vec<Message> = told?.into_iter().flatten().chain(plain).collect();
        // What is told is kept as it was told.
        let kept = fresh.iter().chain(&told).filter_map(|message| {
            let alert = message.subject.as_ref()?.alert_id.as_str();
            turn.changed.contains(alert).then_some((alert, message))
        });
        self.outbox.insert_with(&told, |transaction| {
            let mut cases = transaction.open_table(CASES)?;
            let mut mail = transaction.open_table(MAIL)?;
            for case in turn.changed.iter().filter_map(|id| state.book.case(id)) {
                cases.insert(case.subject.alert_id.as_str(), encode(case)?.as_str())?;
            }
            for (alert, message) in kept {
                let key = (alert, message.receiver.as_str(), message.id.as_str());
                mail.insert(key, encode(message)?.as_str())?;
            }
            for id in &swept {
                cases.remove(id.as_str())?;
                mail.retain_in((id.as_str(), "", "")..=(id.as_str(), LAST, LAST), |_, _| false)?;
            }
            Ok(())
        })?;
        state.stale = true;
        Ok(())
    }

    /// A message of an alert that is known.
    fn kept(
        &self,
        alert_id: &str,
        receiver: &str,
        message_id: &str,
    ) -> Result<Option<Message>, OutboxError> {
        self.outbox.read(|transaction| {
            let table = match transaction.open_table(MAIL) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(None),
                table => table?,
            };
            let value = table.get((alert_id, receiver, message_id))?;
            Ok(value.and_then(|value| serde_json::from_str(value.value()).ok()))
        })
    }
}

/// Comes after every name.
const LAST: &str = "\u{10ffff}";

fn cases(outbox: &Outbox) -> Result<Vec<Case>, OutboxError> {
    outbox.read(|transaction| {
        let table = match transaction.open_table(CASES) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            table => table?,
        };
        let mut cases = Vec::new();
        for entry in table.iter()? {
            cases.extend(serde_json::from_str::<Case>(entry?.1.value()).ok());
        }
        Ok(cases)
    })
}
