//! What can people ask of the desk? Acknowledge, silence, send again: once, for command line and HTTP.

use super::standing::DeskState;
use super::story::{AlertState, AlertStory, rows, story};
use crate::desk::{Ack, Silence, SilenceError, is_match};
use crate::lake::{Folder, quoted};
use crate::settings::distance;
use crate::sql::Session;
use crate::state::{DeskFiles, Resend, StateError};
use crate::system::wall_clock;

/// Most alerts named that an abbreviation could mean.
const CANDIDATES_MAX: usize = 10;

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// Nothing has this name.
    #[error("no {what} is called \"{name}\"")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// By which name.
        name: String,
        /// A name that may be meant.
        near: Option<String>,
    },
    /// Several alerts begin so.
    #[error("\"{prefix}\" can be {}", candidates.join(", "))]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// Which alerts; one more than named here if there are ten.
        candidates: Vec<String>,
    },
    /// It is over.
    #[error("alert \"{0}\" has resolved")]
    Resolved(String),
    /// Somebody takes care already.
    #[error("{} acknowledged alert \"{}\" at {}", .0.author, .0.alert_id, .0.at)]
    Taken(Ack),
    /// No name is given.
    #[error("say who takes care")]
    Nobody,
    /// A text is too long.
    #[error("an author has at most 256 bytes, a comment 2048")]
    TooLong,
    /// The silence would not do what it should.
    #[error(transparent)]
    Silence(#[from] SilenceError),
    /// The lake or a file of the desk cannot be used.
    #[error(transparent)]
    Lake(#[from] anyhow::Error),
}

impl OrderError {
    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Unknown { near: Some(near), .. } => return format!("did you mean \"{near}\"?"),
            Self::Unknown { what: "alert", .. } => "list them with: resonanz alerts list",
            Self::Unknown { what: "silence", .. } => "list them with: resonanz alerts silences",
            Self::Unknown { what: "topic", .. } => {
                "name a topic of the configuration or of the lake"
            }
            Self::Unknown { what: "rule", .. } => {
                "name a rule or a goal of the configuration, or one that has fired"
            }
            Self::Unknown { what: "acknowledgement", .. } => {
                "see who acknowledged what: resonanz alerts list"
            }
            Self::Unknown { .. } => "see an alert's messages: resonanz alerts show ALERT",
            Self::Ambiguous { .. } => "give more of the id",
            Self::Resolved(_) => "firing alerts: resonanz alerts list",
            Self::Taken(_) => "add --replace to take over",
            Self::Nobody => "give a name",
            Self::TooLong => "say less",
            Self::Silence(_) => "such as --topic 'acme*' --for 2h --comment \"product launch\"",
            Self::Lake(_) => "check that the folder exists and may be read",
        };
        hint.to_owned()
    }
}

impl From<StateError> for OrderError {
    fn from(error: StateError) -> Self {
        Self::Lake(error.into())
    }
}

impl From<crate::lake::LakeError> for OrderError {
    fn from(error: crate::lake::LakeError) -> Self {
        Self::Lake(error.into())
    }
}

/// What is done with an acknowledgement that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It stays.
    Refuse,
    /// The new one takes its place.
    Replace,
}

/// The id of the alert that an abbreviation means: the whole id, or its beginning, with or without
/// `alt_`.
///
/// # Errors
/// When there is none, or more than one.
pub async fn alert_id(session: &Session, prefix: &str) -> Result<String, OrderError> {
    let begins = |start: &str| format!("starts_with(alert_id, {})", quoted(start));
    let sql = format!(
        "SELECT DISTINCT alert_id FROM alerts WHERE {} OR {} ORDER BY alert_id LIMIT {}",
        begins(prefix),
        begins(&format!("alt_{prefix}")),
        CANDIDATES_MAX + 1
    );
    let found = rows(session, &sql).await?;
    let ids = found.iter().filter_map(|row| row["alert_id"].as_str());
    let mut candidates: Vec<String> = ids.map(str::to_owned).collect();
    let is_whole = candidates.iter().any(|id| id == prefix);
    match candidates.as_slice() {
        _ if is_whole => Ok(prefix.to_owned()),
        [] => Err(unknown("alert", prefix)),
        [only] if !prefix.is_empty() => Ok(only.clone()),
        _ => {
            if candidates.len() > CANDIDATES_MAX {
                candidates.truncate(CANDIDATES_MAX);
                candidates.push("more".to_owned());
            }
            Err(OrderError::Ambiguous { prefix: prefix.to_owned(), candidates })
        }
    }
}

/// The story of the alert that an abbreviation means.
///
/// # Errors
/// As [`alert_id`].
pub async fn told(
    session: &Session,
    folder: &Folder,
    prefix: &str,
) -> Result<AlertStory, OrderError> {
    let id = alert_id(session, prefix).await?;
    story(session, folder, &id).await?.ok_or_else(|| unknown("alert", prefix))
}

/// Notes that somebody takes care of a firing alert.
///
/// # Errors
/// When there is no such alert, it has resolved, nobody is named, or somebody takes care already and stays.
pub async fn acknowledge(
    session: &Session,
    folder: &Folder,
    prefix: &str,
    (author, comment): (String, String),
    again: Again,
) -> Result<Ack, OrderError> {
    let story = told(session, folder, prefix).await?;
    if story.state == AlertState::Resolved {
        return Err(OrderError::Resolved(story.alert_id));
    }
    let ack = Ack { alert_id: story.alert_id, at: wall_clock(), author, comment };
    if ack.author.trim().is_empty() {
        return Err(OrderError::Nobody);
    }
    if !ack.fits() {
        return Err(OrderError::TooLong);
    }
    let files = DeskFiles::of(folder);
    if again == Again::Refuse
        && let Some(taken) = files.acks()?.remove(&ack.alert_id)
    {
        return Err(OrderError::Taken(taken));
    }
    files.put_ack(&ack)?;
    Ok(ack)
}

/// Takes an acknowledgement back; the id of its alert.
///
/// # Errors
/// When there is none.
pub async fn unacknowledge(
    session: &Session,
    folder: &Folder,
    prefix: &str,
) -> Result<String, OrderError> {
    let id = alert_id(session, prefix).await?;
    if DeskFiles::of(folder).remove_ack(&id)? {
        Ok(id)
    } else {
        Err(unknown("acknowledgement", &id))
    }
}

/// Names of the configuration that a silence may be about.
#[derive(Debug, Clone, Default)]
pub struct Configured<'a> {
    /// Topics.
    pub topics: Vec<&'a str>,
    /// Rules and goals, as [`Charter::rules`](crate::config::Charter) has them.
    pub rules: Vec<&'a str>,
}

impl Configured<'_> {
    /// Whether a silence is about a topic or a rule of which the configuration has none; the lake must know
    /// it then.
    #[must_use]
    pub fn lacks(&self, silence: &Silence) -> bool {
        let lacks = |names: &[&str], pattern: &Option<String>| {
            pattern.as_ref().is_some_and(|pattern| !is_known(names, pattern))
        };
        lacks(&self.topics, &silence.topic) || lacks(&self.rules, &silence.rule)
    }
}

/// Whether a pattern matches one of some names; one of all names is known before there is any.
fn is_known(names: &[&str], pattern: &str) -> bool {
    pattern == "*" || names.iter().any(|name| is_match(pattern, name))
}

/// Puts a silence in force; it gets an id of its own. `session` answers whether the lake knows what the
/// configuration [lacks](Configured::lacks), and is opened where none is given.
///
/// # Errors
/// When it matches everything by mistake, is over already, or names a topic or a rule that nobody knows.
pub async fn silence(
    folder: &Folder,
    session: Option<&Session>,
    configured: &Configured<'_>,
    silence: Silence,
) -> Result<Silence, OrderError> {
    silence.check(wall_clock())?;
    if configured.lacks(&silence) {
        let opened;
        let session = match session {
            Some(session) => session,
            None => {
                opened = Session::open(folder).await?;
                &opened
            }
        };
        if let Some(pattern) = &silence.topic {
            known_topic(session, &configured.topics, pattern).await?;
        }
        if let Some(pattern) = &silence.rule {
            let sql = "SELECT DISTINCT rule AS name FROM alerts";
            known(session, ("rule", sql), &configured.rules, pattern).await?;
        }
    }
    let files = DeskFiles::of(folder);
    let silence = Silence { id: files.fresh_id("sil")?, ..silence };
    files.put_silence(&silence)?;
    Ok(silence)
}

/// Ends a silence now.
///
/// # Errors
/// When there is none of this id.
pub fn unsilence(folder: &Folder, id: &str) -> Result<Silence, OrderError> {
    let ended = DeskFiles::of(folder).end_silence(id, wall_clock())?;
    ended.ok_or_else(|| unknown("silence", id))
}

/// Asks that a message be sent once more, to one receiver or to all who were told.
///
/// # Errors
/// When no such message was told.
pub fn resend(
    folder: &Folder,
    message_id: &str,
    receiver: Option<&str>,
) -> Result<Vec<Resend>, OrderError> {
    let files = DeskFiles::of(folder);
    let state: DeskState = files.published()?.unwrap_or_default();
    let resends = state.resends(message_id, receiver);
    if resends.is_empty() {
        return Err(unknown("message that was told", message_id));
    }
    resends.iter().try_for_each(|resend| files.put_resend(resend))?;
    Ok(resends)
}

/// Refuses a topic, or a pattern of topics, that matches none that is configured or in the lake.
///
/// # Errors
/// When there is none, with the name that may be meant.
pub async fn known_topic(
    session: &Session,
    configured: &[&str],
    pattern: &str,
) -> Result<(), OrderError> {
    let sql = "SELECT DISTINCT topic AS name FROM panes UNION SELECT DISTINCT topic FROM alerts";
    known(session, ("topic", sql), configured, pattern).await
}

/// The same of whatever the lake names by some SQL.
async fn known(
    session: &Session,
    (what, sql): (&'static str, &str),
    configured: &[&str],
    pattern: &str,
) -> Result<(), OrderError> {
    if is_known(configured, pattern) {
        return Ok(());
    }
    let found = rows(session, sql).await?;
    let kept: Vec<&str> = found.iter().filter_map(|row| row["name"].as_str()).collect();
    if is_known(&kept, pattern) {
        return Ok(());
    }
    let all = configured.iter().chain(&kept).copied().filter(|name| !name.is_empty());
    let near = all.map(|name| (distance(name, pattern), name)).min();
    let near = near.filter(|(steps, _)| *steps <= 1 + pattern.len() / 3);
    Err(OrderError::Unknown {
        what,
        name: pattern.to_owned(),
        near: near.map(|(_, name)| name.to_owned()),
    })
}

fn unknown(what: &'static str, name: &str) -> OrderError {
    OrderError::Unknown { what, name: name.to_owned(), near: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::EventTime;

    #[test]
    fn a_silence_of_everything_needs_no_name_and_others_need_one() {
        for (rule, rules, is_lacking) in [
            (None, &[][..], false),
            (Some("*"), &[], false),
            (Some("*"), &["many"], false),
            (Some("ma*"), &["many"], false),
            (Some("ma*"), &[], true),
            (Some("manny"), &["many"], true),
        ] {
            let silence = Silence {
                id: String::new(),
                topic: None,
                rule: rule.map(str::to_owned),
                labels: std::collections::BTreeMap::new(),
                starts: EventTime(0),
                ends: EventTime(1),
                author: "Kim".to_owned(),
                comment: "launch".to_owned(),
            };
            let configured = Configured { topics: Vec::new(), rules: rules.to_vec() };
            assert_eq!(configured.lacks(&silence), is_lacking, "{rule:?} of {rules:?}");
        }
    }
}
