//! What happened with an alert? Its rows in the lake, with what the desk and the couriers did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::standing::{Delivery, DeskState, Standing};
use crate::alert::Transition;
use crate::desk::{Ack, Case, Held, Hold, Seat, Silence};
use crate::lake::{AlertRow, Folder, quoted, unpack_alert};
use crate::sql::{QueryFormat, Session};
use crate::state::DeskFiles;
use crate::time::{EventTime, rfc3339};

/// Which alerts are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this topic only.
    pub topic: Option<String>,
    /// In this state only.
    pub state: Option<AlertState>,
    /// This many at most.
    pub limit: usize,
}

/// Whether an alert is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// It is not.
    Firing,
    /// It is.
    Resolved,
}

impl AlertState {
    /// The state of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "firing" => Some(Self::Firing),
            "resolved" => Some(Self::Resolved),
            _ => None,
        }
    }

    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// One alert, as of its last transition, as lists show it. What the lake knows has the names and
/// meanings of [`AlertRow`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the catalog of columns says what each means")]
pub struct AlertSummary {
    pub alert_id: String,
    pub state: AlertState,
    pub topic: String,
    pub rule: String,
    pub rule_type: String,
    pub severity: String,
    pub transition: Transition,
    #[serde(with = "rfc3339")]
    pub started_at: EventTime,
    /// When the first transition happened.
    #[serde(with = "rfc3339")]
    pub fired_at: EventTime,
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    pub window_s: u64,
    pub measure: String,
    pub observed: u64,
    /// The most that any of its transitions observed.
    #[serde(default)]
    pub peak: u64,
    #[serde(default)]
    pub expected: Option<f64>,
    /// What was usual, also once it has resolved.
    #[serde(default)]
    pub usual: Option<f64>,
    #[serde(default)]
    pub p_value: Option<f64>,
    #[serde(default)]
    pub novelty: Option<f64>,
    pub mentions: u64,
    pub negative: u64,
    pub authors: u64,
    pub coordination: String,
    #[serde(default)]
    pub labels: Value,
    /// Who knows of it, who waits, and who takes care.
    #[serde(flatten, default)]
    pub known: Known,
}

/// What desk and couriers did with an alert.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// Receivers that a message of it reached.
    pub told: Vec<String>,
    /// The first message on its way to each receiver.
    pub waiting: Vec<Delivery>,
    /// The last message to each receiver, where it was given up.
    pub given_up: Vec<Delivery>,
    /// What is held back.
    pub held: Vec<HeldBack>,
    /// Who takes care of it.
    pub ack: Option<Ack>,
}

/// Messages held back from one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Name of the receiver.
    pub receiver: String,
    /// Why.
    #[serde(flatten)]
    pub why: Option<Hold>,
    /// What they would tell.
    pub messages: Vec<Transition>,
}

/// How things stood between an alert and one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatStory {
    /// Name of the receiver.
    pub receiver: String,
    /// What waits.
    pub held: Vec<Held>,
    /// Why something was held back.
    pub reasons: Vec<Hold>,
}

/// The whole story of one alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as of a summary")]
pub struct AlertStory {
    pub alert_id: String,
    pub state: AlertState,
    pub topic: String,
    pub rule: String,
    pub rule_type: String,
    pub severity: String,
    #[serde(with = "rfc3339")]
    pub started_at: EventTime,
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    #[serde(flatten)]
    pub known: Known,
    /// Silences that held something back.
    pub silences: Vec<Silence>,
    /// What became of each message; `None` when the desk does not know the alert.
    pub deliveries: Option<Vec<Delivery>>,
    /// Each receiver.
    pub receivers: Vec<SeatStory>,
    /// What the desk knows of it; `None` when it does not know the alert.
    #[serde(skip)]
    pub case: Option<Case>,
    /// Its transitions, in order; never empty.
    pub transitions: Vec<AlertRow>,
}

/// The alerts of a lake that a session has open: firing ones first, then by last transition, latest
/// first.
///
/// # Errors
/// When the lake or a file of the desk cannot be read, or a limit of the session is reached.
pub async fn stories(
    session: &Session,
    folder: &Folder,
    wanted: &Wanted,
) -> anyhow::Result<Vec<AlertSummary>> {
    let topic = wanted.topic.as_deref();
    let topic = topic.map_or("true".to_owned(), |topic| format!("topic = {}", quoted(topic)));
    let state = match wanted.state {
        None => "true",
        Some(AlertState::Firing) => "transition <> 'resolved'",
        Some(AlertState::Resolved) => "transition = 'resolved'",
    };
    let sql = format!(
        "SELECT CASE WHEN transition = 'resolved' THEN 'resolved' ELSE 'firing' END AS state, * \
         EXCEPT (evidence, place) FROM \
         (SELECT *, min(at) OVER (PARTITION BY alert_id) AS fired_at, \
         max(observed) OVER (PARTITION BY alert_id) AS peak, \
         max(expected) OVER (PARTITION BY alert_id) AS usual, \
         row_number() OVER (PARTITION BY alert_id ORDER BY at DESC) AS place FROM alerts WHERE {topic}) \
         WHERE place = 1 AND {state} ORDER BY transition = 'resolved', at DESC LIMIT {}",
        wanted.limit
    );
    let desk = Desk::read(folder)?;
    let rows = rows(session, &sql).await?.into_iter().map(|mut row| {
        unpack_alert(&mut row);
        let mut summary: AlertSummary = serde_json::from_value(row)?;
        summary.known = desk.known(&summary.alert_id);
        Ok(summary)
    });
    rows.collect()
}

/// The whole story of one alert: all its transitions, and what became of each message. `None` when
/// the lake knows none of this id.
///
/// # Errors
/// When the lake or a file of the desk cannot be read, or a limit of the session is reached.
pub async fn story(
    session: &Session,
    folder: &Folder,
    alert_id: &str,
) -> anyhow::Result<Option<AlertStory>> {
    let sql = format!("SELECT * FROM alerts WHERE alert_id = {} ORDER BY at", quoted(alert_id));
    let transitions = rows(session, &sql).await?.into_iter().map(AlertRow::read);
    let transitions: Vec<AlertRow> = transitions.collect::<Result<_, _>>()?;
    let Some(last) = transitions.last() else { return Ok(None) };
    let resolved = last.transition == Transition::Resolved;
    let desk = Desk::read(folder)?;
    let receivers = desk.seats(alert_id).map(|(receiver, seat)| SeatStory {
        receiver: receiver.clone(),
        held: seat.held.clone(),
        reasons: seat.reasons.clone(),
    });
    let receivers: Vec<SeatStory> = receivers.collect();
    let silenced = |silence: &Silence| {
        let by = Hold::Silenced(silence.id.clone());
        receivers.iter().any(|seat| seat.reasons.contains(&by))
    };
    Ok(Some(AlertStory {
        alert_id: last.alert_id.clone(),
        state: if resolved { AlertState::Resolved } else { AlertState::Firing },
        topic: last.topic.clone(),
        rule: last.rule.clone(),
        rule_type: last.rule_type.clone(),
        severity: last.severity.clone(),
        started_at: last.started_at,
        at: last.at,
        known: desk.known(alert_id),
        silences: desk.files.silences()?.into_iter().filter(silenced).collect(),
        deliveries: desk.standing(alert_id).map(|standing| standing.deliveries.clone()),
        receivers,
        case: desk.standing(alert_id).map(|standing| standing.case.clone()),
        transitions,
    }))
}

/// The rows of an answer as JSON objects.
pub(super) async fn rows(session: &Session, sql: &str) -> anyhow::Result<Vec<Value>> {
    let mut bytes = Vec::new();
    session.query(sql).await?.write(QueryFormat::Json, &mut bytes).await?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// What the desk knows, as it last said.
struct Desk {
    files: DeskFiles,
    state: DeskState,
    acks: BTreeMap<String, Ack>,
}

impl Desk {
    fn read(folder: &Folder) -> anyhow::Result<Self> {
        let files = DeskFiles::of(folder);
        let state = files.published()?.unwrap_or_default();
        Ok(Self { acks: files.acks()?, state, files })
    }

    fn standing(&self, alert_id: &str) -> Option<&Standing> {
        self.state.cases.iter().find(|standing| standing.case.subject.alert_id == alert_id)
    }

    fn seats(&self, alert_id: &str) -> impl Iterator<Item = (&String, &Seat)> {
        self.standing(alert_id).into_iter().flat_map(|standing| &standing.case.seats)
    }

    /// Who was told, for whom something is held back and why, and who takes care.
    fn known(&self, alert_id: &str) -> Known {
        let standing = self.standing(alert_id);
        let held = self.seats(alert_id).filter(|(_, seat)| !seat.held.is_empty());
        let held = held.map(|(receiver, seat)| HeldBack {
            receiver: receiver.clone(),
            why: seat.reasons.last().cloned(),
            messages: seat.held.iter().map(|held| held.transition).collect(),
        });
        // While an alert fires, who takes care says so in a file, and whoever withdraws that removes it:
        // the desk may not have seen so yet.
        let over = standing.filter(|standing| !standing.case.is_firing());
        let earlier = || over.and_then(|standing| standing.case.ack.as_ref());
        let owned = |list: Vec<&Delivery>| list.into_iter().cloned().collect();
        let told = standing.map(Standing::told).unwrap_or_default();
        Known {
            told: told.into_iter().map(str::to_owned).collect(),
            waiting: owned(standing.map(Standing::waiting).unwrap_or_default()),
            given_up: owned(standing.map(Standing::given_up).unwrap_or_default()),
            held: held.collect(),
            ack: self.acks.get(alert_id).or_else(earlier).cloned(),
        }
    }
}
