//! How does a person change how a mention stands? Once, for command line, pages and API.
//!
//! Whoever changes something names the state that he saw by its number. While he looks and writes
//! nobody else does, so that of two who saw the same state one succeeds, and the other is told who
//! was quicker. What succeeded is on the disk before anybody is told.

use crate::report::{Ask, ReportError, Waiting};
use crate::state::{Change, Home, Standing, StateError, Triage, TriageLock};
use crate::system::{fresh_id, wall_clock};

/// Longest name and note, in bytes.
const NAME_BYTES_MAX: usize = 256;
const NOTE_BYTES_MAX: usize = 4_096;

/// What a step that only notes something cannot do without.
const NOTE: &str = "the note";

/// What is to become of a mention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Somebody takes care of it.
    Assign {
        /// Who.
        to: String,
    },
    /// It was answered.
    Answer,
    /// It wants no answer.
    Ignore,
    /// It wants one after all, and nobody takes care.
    Reopen,
    /// It stays as it is; something is noted.
    Note,
}

/// A change that a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxOrder {
    /// The mention's id, its handle, or the beginning of the latter.
    pub mention: String,
    /// The number of the state that he saw.
    pub seen: u64,
    /// What is to become of it.
    pub step: Step,
    /// What else there is to say.
    pub note: Option<String>,
    /// Who he is, as he names himself.
    pub by: String,
}

/// What came of a change that a person wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was made.
    Changed(Box<Change>),
    /// Nothing was left to do: whoever is to take care does so already.
    Held(Box<Waiting>),
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The state is another one by now.
    #[error("{}", told(.0))]
    Conflict(Box<Waiting>),
    /// Nobody is named, or nothing noted.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A text is too long.
    #[error("a name has at most {NAME_BYTES_MAX} bytes, a note {NOTE_BYTES_MAX}")]
    TooLong,
    /// The mention cannot be found.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

impl InboxError {
    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Conflict(now) => format!(
                "it is {} now, revision {}: look at it again, and change it from there if you still want to",
                now.state.as_str(),
                now.revision
            ),
            Self::Missing(NOTE) => {
                "write what is to be noted, or choose what becomes of it".to_owned()
            }
            Self::Missing(_) => "give a name".to_owned(),
            Self::TooLong => "say less".to_owned(),
            Self::Report(error) => error.hint(),
            Self::State(error) => error.hint().to_owned(),
        }
    }
}

/// Who was quicker.
fn told(now: &Waiting) -> String {
    let handle = &now.handle;
    match (&now.changed_by, &now.changed_at) {
        // A reply that nobody has seen yet counts last.
        _ if now.state == Standing::Answered && now.answered_by.as_deref() == Some("account") => {
            let at = now.answered_at.as_deref().unwrap_or_default();
            format!("{handle} was answered by one of our accounts at {at}, after you looked")
        }
        (Some(by), Some(at)) => {
            let owner = now.owner.as_ref().filter(|_| now.state == Standing::Assigned);
            let to = owner.map(|owner| format!(" to {owner}")).unwrap_or_default();
            format!(
                "{handle} was changed to {}{to} by {by} at {at}, after you looked",
                now.state.as_str()
            )
        }
        _ => format!("{handle} has changed since you saw it"),
    }
}

/// The right to look and write, alone.
#[derive(Debug)]
pub struct InboxDesk {
    triage: Triage,
    lock: TriageLock,
}

impl InboxDesk {
    /// Waits until nobody else looks and writes. Whoever holds it must open the lake after that, so
    /// that he sees what others did.
    ///
    /// # Errors
    /// When there is no place for changes, or somebody else does not end in ten seconds.
    pub async fn open(home: &Home) -> Result<Self, InboxError> {
        let triage = Triage::of(home);
        let own = triage.clone();
        let locked = tokio::task::spawn_blocking(move || own.lock()).await;
        let failed = |error: tokio::task::JoinError| ReportError::Other(error.into());
        Ok(Self { lock: locked.map_err(failed)??, triage })
    }

    /// Makes a change, durably, unless it would give a mention to whoever has it.
    ///
    /// # Errors
    /// When there is no such mention, the state is another one by now, a name is missing or too
    /// long, or the disk refuses.
    pub async fn apply(&self, ask: &Ask<'_>, order: InboxOrder) -> Result<Outcome, InboxError> {
        let InboxOrder { mention, seen, step, note, by } = order;
        let by = named(&by, "the name of who changes it")?;
        let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
        if step == Step::Note && note.is_none() {
            return Err(InboxError::Missing(NOTE));
        }
        if note.as_ref().is_some_and(|note| note.len() > NOTE_BYTES_MAX) {
            return Err(InboxError::TooLong);
        }
        let before = ask.waiting(&mention).await?;
        // Also for who pressed a button twice, and saw a state that is over by the second time.
        if note.is_none() && matches!(&step, Step::Assign { to } if has(&before, to)) {
            return Ok(Outcome::Held(Box::new(before)));
        }
        if before.revision != seen {
            return Err(InboxError::Conflict(Box::new(before)));
        }
        let (state, owner) = match step {
            Step::Assign { to } => {
                (Standing::Assigned, Some(named(&to, "the name of who takes care")?))
            }
            Step::Answer => (Standing::Answered, before.owner.or_else(|| Some(by.clone()))),
            Step::Ignore => (Standing::Ignored, before.owner),
            Step::Reopen => (Standing::Open, None),
            Step::Note => (before.state, before.owner),
        };
        let id = fresh_id("tri").map_err(|error| ReportError::Other(error.into()))?;
        let change = Change {
            id,
            at: wall_clock(),
            topic: before.mention.topic,
            source: before.mention.source,
            post_id: before.mention.post_id,
            revision: seen + 1,
            replies: before.replies,
            state,
            owner,
            note,
            changed_by: by,
        };
        self.triage.put(&change, &self.lock)?;
        Ok(Outcome::Changed(Box::new(change)))
    }
}

/// Whether somebody takes care of a mention, by any spelling of the name in capitals.
fn has(now: &Waiting, who: &str) -> bool {
    let owner = now.owner.as_ref().filter(|_| now.state == Standing::Assigned);
    owner.is_some_and(|owner| owner.to_lowercase() == who.trim().to_lowercase())
}

fn named(name: &str, what: &'static str) -> Result<String, InboxError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(InboxError::Missing(what));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(InboxError::TooLong);
    }
    Ok(name.to_owned())
}
