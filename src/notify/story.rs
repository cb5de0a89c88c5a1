//! What happened with an alert? Its rows in the lake, with what the desk and the couriers did.

use serde_json::{Map, Value, json};

use super::standing::{DeskState, Standing};
use crate::desk::{Ack, Held, Seat};
use crate::lake::{DeskFiles, Folder};
use crate::sql::{QueryFormat, Session};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// The alerts of a lake, one object each: firing ones first, then by last transition, latest first.
///
/// # Errors
/// When the lake or a file of the desk cannot be read.
pub async fn stories(folder: &Folder, wanted: &Wanted) -> anyhow::Result<Vec<Value>> {
    let topic = wanted.topic.as_deref().map_or("true".to_owned(), |topic| equals("topic", topic));
    let state = match wanted.state {
        None => "true",
        Some(AlertState::Firing) => "transition <> 'resolved'",
        Some(AlertState::Resolved) => "transition = 'resolved'",
    };
    let sql = format!(
        "SELECT alert_id, CASE WHEN transition = 'resolved' THEN 'resolved' ELSE 'firing' END AS state, \
         topic, rule, rule_type, severity, transition, started_at, fired_at, at, window_s, measure, \
         observed, expected, p_value, novelty, mentions, negative, authors, coordination, labels FROM \
         (SELECT *, min(at) OVER (PARTITION BY alert_id) AS fired_at, \
         row_number() OVER (PARTITION BY alert_id ORDER BY at DESC) AS place FROM alerts WHERE {topic}) \
         WHERE place = 1 AND {state} ORDER BY transition = 'resolved', at DESC LIMIT {}",
        wanted.limit
    );
    let rows = rows(folder, &sql).await?;
    let desk = Desk::read(folder)?;
    Ok(rows.into_iter().map(|row| desk.added(row)).collect())
}

/// The whole story of one alert: all its transitions, and what became of each message. `None` when
/// the lake knows none of this id.
///
/// # Errors
/// When the lake or a file of the desk cannot be read.
pub async fn story(folder: &Folder, alert_id: &str) -> anyhow::Result<Option<Value>> {
    let sql = format!("SELECT * FROM alerts WHERE {} ORDER BY at", equals("alert_id", alert_id));
    let transitions = rows(folder, &sql).await?;
    let Some(last) = transitions.last() else { return Ok(None) };
    let mut story = Map::new();
    let resolved = last.get("transition").is_some_and(|transition| transition == "resolved");
    story.insert("state".to_owned(), json!(if resolved { "resolved" } else { "firing" }));
    for name in ["alert_id", "topic", "rule", "rule_type", "severity", "started_at", "at"] {
        story.insert(name.to_owned(), last.get(name).cloned().unwrap_or_default());
    }
    let desk = Desk::read(folder)?;
    let reasons = desk.seats(alert_id).flat_map(|(_, seat)| &seat.reasons);
    let names: Vec<Value> =
        reasons.map(|reason| serde_json::to_value(reason).unwrap_or_default()).collect();
    let silenced = |id: &str| names.iter().any(|reason| reason["by"] == id);
    let silences = desk.files.silences()?.into_iter().filter(|silence| silenced(&silence.id));
    story.insert("silences".to_owned(), json!(silences.collect::<Vec<_>>()));
    let standing = desk.standing(alert_id);
    story.insert("deliveries".to_owned(), json!(standing.map(|standing| &standing.deliveries)));
    let seats = desk.seats(alert_id).map(|(receiver, seat)| {
        json!({"receiver": receiver, "held": seat.held, "reasons": seat.reasons})
    });
    story.insert("receivers".to_owned(), seats.collect());
    let mut story = desk.added(Value::Object(story));
    story["transitions"] = Value::Array(transitions);
    Ok(Some(story))
}

/// A condition on a column, quoted for SQL.
fn equals(column: &str, value: &str) -> String {
    format!("{column} = '{}'", value.replace('\'', "''"))
}

async fn rows(folder: &Folder, sql: &str) -> anyhow::Result<Vec<Value>> {
    let session = Session::open(folder).await?;
    let mut bytes = Vec::new();
    session.query(sql).await?.write(QueryFormat::Json, &mut bytes).await?;
    let mut rows: Vec<Value> = serde_json::from_slice(&bytes)?;
    rows.iter_mut().for_each(unpack);
    Ok(rows)
}

/// Makes values of the columns that hold JSON as text.
fn unpack(row: &mut Value) {
    for name in ["labels", "evidence"] {
        let parsed = row[name].as_str().and_then(|text| serde_json::from_str(text).ok());
        if let Some(parsed) = parsed {
            row[name] = parsed;
        }
    }
}

/// What the desk knows, as it last said.
struct Desk {
    files: DeskFiles,
    state: DeskState,
    acks: std::collections::BTreeMap<String, Ack>,
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

    /// An alert with who was told, for whom something is held back and why, and who takes care.
    fn added(&self, mut alert: Value) -> Value {
        let id = alert["alert_id"].as_str().unwrap_or_default().to_owned();
        let standing = self.standing(&id);
        alert["told"] = json!(standing.map(Standing::told).unwrap_or_default());
        alert["waiting"] = json!(standing.map(Standing::waiting).unwrap_or_default());
        alert["given_up"] = json!(standing.map(Standing::given_up).unwrap_or_default());
        let held = self.seats(&id).filter(|(_, seat)| !seat.held.is_empty());
        let held = held.map(|(receiver, seat)| {
            let mut why = serde_json::to_value(seat.reasons.last()).unwrap_or_default();
            why["receiver"] = json!(receiver);
            let names: Vec<_> =
                seat.held.iter().map(|Held { transition, .. }| transition).collect();
            why["messages"] = json!(names);
            why
        });
        alert["held"] = held.collect();
        let earlier = || self.standing(&id).and_then(|standing| standing.case.ack.as_ref());
        alert["ack"] = json!(self.acks.get(&id).or_else(earlier));
        alert
    }
}
