//! Has a goal slipped? Looked at beside the stream, and told once for each slip, over restarts.
//!
//! What was told last stands in the lake itself: a slip becomes a row of table `alerts` and its
//! messages in one commit of the engine's thread. Killed before that commit, it is found again;
//! killed behind it, the messages of the commit are taken up at the start.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::engine_loop::EngineLoop;
use super::progress::{AlertLine, Progress};
use super::slips::{Slip, Slips};
use crate::alert::Transition;
use crate::chart::ENGLISH;
use crate::config::{Config, Goal, Services};
use crate::lake::{AlertRow, Folder};
use crate::mention::Topic;
use crate::notify::{GOAL, goal_messages};
use crate::report::{Ask, GoalStanding, GoalState, Known};
use crate::sql::{QueryFormat, Session};
use crate::state::Site;
use crate::time::{EventTime, SECOND_US};

/// How often it is looked whether something was committed.
const LOOK: Duration = Duration::from_secs(2);
/// Shortest time between two measurements.
const REST: Duration = Duration::from_secs(10);
/// A measurement takes at most this part of the time, however long it takes.
const PART: u32 = 100;

impl EngineLoop {
    /// Makes slips rows and messages of one commit.
    pub(super) fn note_slips(&mut self) -> anyhow::Result<()> {
        let slips = self.slips.take();
        if slips.is_empty() {
            return Ok(());
        }
        let mut told = Vec::new();
        for Slip { row, messages, goal } in slips {
            let (at, transition) = (row.at, row.transition);
            tracing::info!(%at, transition = transition.as_str(), rule = row.rule, "alert");
            self.rows.push_row(&row);
            self.progress.push_alert(AlertLine {
                at,
                transition,
                rule: row.rule,
                topic: row.topic,
                observed: row.observed,
                expected: row.expected,
                goal,
            });
            told.extend(messages);
        }
        self.dirty = true;
        self.commit(told)
    }
}

/// Measures the goals of a configuration beside the stream, if there are any.
pub(super) fn spawn(
    config: &Config,
    slips: &Arc<Slips>,
    progress: &watch::Sender<Progress>,
) -> Option<JoinHandle<()>> {
    let goals = GoalWatch::of(config, slips);
    goals.map(|goals| tokio::spawn(goals.run(progress.subscribe())))
}

/// Measures the goals of one process.
struct GoalWatch {
    goals: Vec<Goal>,
    topics: Vec<Topic>,
    services: Arc<Services>,
    site: Site,
    slips: Arc<Slips>,
    /// The last transition of each goal's alert, once it is known.
    last: Option<HashMap<String, Last>>,
}

/// The last transition of a goal's alert.
#[derive(Debug, Clone, Deserialize)]
struct Last {
    rule: String,
    alert_id: String,
    transition: Transition,
    #[serde(with = "crate::time::rfc3339")]
    started_at: EventTime,
}

impl GoalWatch {
    /// `None` without a goal.
    fn of(config: &Config, slips: &Arc<Slips>) -> Option<Self> {
        let goals = config.charter.goals.clone();
        (!goals.is_empty()).then(|| Self {
            goals,
            topics: config.topics.clone(),
            services: Arc::clone(&config.services),
            site: (&config.lake).into(),
            slips: Arc::clone(slips),
            last: None,
        })
    }

    /// Measures after commits, until the task is aborted. What cannot be measured now is measured
    /// later.
    async fn run(mut self, progress: watch::Receiver<Progress>) {
        let (mut seen, mut rest, mut measured) = (0, Duration::ZERO, Instant::now());
        loop {
            tokio::time::sleep(LOOK).await;
            let (commits, watermark) = {
                let progress = progress.borrow();
                (progress.commits, progress.watermark)
            };
            if commits == seen || measured.elapsed() < rest {
                continue;
            }
            let begun = Instant::now();
            match self.measure(watermark).await {
                Ok(()) => seen = commits,
                Err(error) => tracing::warn!(%error, "goals cannot be measured now"),
            }
            measured = Instant::now();
            rest = (begun.elapsed() * PART).max(REST);
        }
    }

    async fn measure(&mut self, watermark: Option<EventTime>) -> anyhow::Result<()> {
        let folder = Folder::read(&self.site)?;
        let session = Session::open(&folder).await?;
        if self.last.is_none() {
            self.last = Some(last(&session).await?);
        }
        let services = Arc::clone(&self.services);
        let known = Known { watermark, services, ..Known::default() };
        let ask = Ask::new(&session, &folder, &self.topics, known).await?;
        let Some(at) = ask.heard().until else { return Ok(()) };
        for goal in &self.goals {
            let standing = ask.goal(goal, at).await?;
            let last = self.last.get_or_insert_default();
            let Some(row) = transition(goal, &standing, last.get(&goal.name), at) else { continue };
            let told = Last {
                rule: row.rule.clone(),
                alert_id: row.alert_id.clone(),
                transition: row.transition,
                started_at: row.started_at,
            };
            last.insert(goal.name.clone(), told);
            let messages = goal_messages(&row, goal);
            self.slips.add(Slip { row, messages, goal: Some(stands(&standing)) });
        }
        Ok(())
    }
}

/// Where a goal stands and what is its target, on the line of an alert.
fn stands(goal: &GoalStanding) -> String {
    let value = goal.value.map_or("nothing".to_owned(), |value| goal.unit.written(value, &ENGLISH));
    format!("{} {value}, target {}", goal.measure.said(&ENGLISH), goal.target_said(&ENGLISH))
}

/// The last transition of each goal's alert, as the lake has it.
async fn last(session: &Session) -> anyhow::Result<HashMap<String, Last>> {
    let sql = format!(
        "SELECT rule, alert_id, transition, started_at FROM (SELECT *, row_number() OVER \
         (PARTITION BY rule ORDER BY at DESC) AS place FROM alerts WHERE rule_type = '{GOAL}') \
         WHERE place = 1"
    );
    let mut bytes = Vec::new();
    session.query(&sql).await?.write(QueryFormat::Json, &mut bytes).await?;
    let rows: Vec<Last> = serde_json::from_slice(&bytes)?;
    Ok(rows.into_iter().map(|last| (last.rule.clone(), last)).collect())
}

/// What is to be told: that a goal is behind, once, and that its value has come back to the target.
/// Too little data changes nothing.
fn transition(
    goal: &Goal,
    standing: &GoalStanding,
    last: Option<&Last>,
    at: EventTime,
) -> Option<AlertRow> {
    let open = last.filter(|last| last.transition != Transition::Resolved);
    let is_back = matches!(standing.state, GoalState::Ahead | GoalState::OnTrack)
        && standing.met == Some(true);
    let (transition, alert_id, started_at) = match open {
        None if standing.state == GoalState::Behind => {
            (Transition::Fired, fresh_id(&goal.name, at), at)
        }
        Some(open) if is_back => (Transition::Resolved, open.alert_id.clone(), open.started_at),
        _ => return None,
    };
    let topic = match goal.topics.as_slice() {
        [topic] => topic.clone(),
        _ => String::new(),
    };
    let labels: Map<String, Value> =
        goal.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let span_us = standing.span.to.since(standing.span.from);
    Some(AlertRow {
        at,
        alert_id,
        rule: goal.name.clone(),
        rule_type: GOAL.to_owned(),
        topic,
        transition,
        severity: goal.severity.clone(),
        started_at,
        window_s: u64::try_from(span_us / SECOND_US).unwrap_or(0),
        measure: goal.measure.name().to_owned(),
        observed: standing.observations,
        expected: None,
        p_value: None,
        novelty: None,
        dispersion: None,
        coordination: "none".to_owned(),
        labels: Value::Object(labels),
        mentions: standing.observations,
        negative: 0,
        neutral: 0,
        positive: 0,
        copies: 0,
        mean_score: 0.0,
        authors: 0,
        evidence: json!({"goal": standing}),
        further: Map::new(),
    })
}

/// The identity of a slip: the same goal at the same instant has the same.
fn fresh_id(goal: &str, at: EventTime) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(b"goal\0").update(goal.as_bytes()).update(b"\0").update(&at.0.to_le_bytes());
    let hex = hash.finalize().to_hex();
    format!("alt_{}", hex.as_str().get(..24).unwrap_or_default())
}
