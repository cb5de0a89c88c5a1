//! What does the lake know that an engine, going on from a checkpoint, does not? What people decided
//! about mentions, and which alerts fire although nothing can end them any more.
//!
//! These are alerts of rules, goals and topics that are gone, or that a change of the rule let begin
//! anew. Nobody is told of their end: nothing is over but the question.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::decisions::{Decision, Says};
use super::engine_loop::EngineLoop;
use super::slips::Slip;
use crate::alert::{Condition, Judge, Rule, Transition};
use crate::config::Config;
use crate::engine::Engine;
use crate::lake::{AlertRow, Folder};
use crate::notify::GOAL;
use crate::post::{SourceId, TopicId};
use crate::sql::{Limits, Promises, QueryFormat, Session};
use crate::state::Standing;
use crate::time::EventTime;

/// What an engine begins with besides its checkpoint.
#[derive(Debug, Default)]
pub(super) struct Past {
    decided: Vec<Decision>,
    orphans: Vec<Slip>,
}

impl Past {
    /// That of an engine which goes on from the last commit of a lake. Where the lake cannot be asked
    /// the engine begins without it.
    pub(super) async fn read(folder: &Folder, config: &Config, engine: &Engine) -> Self {
        let Some(watermark) = engine.watermark() else { return Self::default() };
        let past = async {
            let decided = decided(folder, &config.rules, watermark).await?;
            let orphans = orphans(folder, config, &engine.firing(), watermark).await?;
            anyhow::Ok(Self { decided, orphans })
        };
        past.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "states of the inbox and old alerts cannot be looked up now");
            Self::default()
        })
    }
}

/// How a mention stands that a person touched.
#[derive(Debug, Deserialize)]
struct Row {
    topic: String,
    source: String,
    post_id: String,
    state: String,
    is_reviewed_away: i64,
}

impl EngineLoop {
    /// Lets rules on replies know what people decided since the last call.
    pub(super) fn note_decisions(&mut self) {
        self.decisions.take().iter().for_each(|decision| self.decide(decision));
    }

    fn decide(&mut self, decision: &Decision) {
        let named = (0u32..).zip(&self.topics).find(|(_, name)| **name == decision.topic);
        let Some((topic, _)) = named else { return };
        let source = SourceId::new(&decision.source);
        let post = self.engine.erased().authors().post_key(&source, &decision.post_id);
        let topic = TopicId(topic);
        if let Some(is_done) = self.decided.take((topic, post), decision.says) {
            self.engine.decide(topic, post, is_done);
        }
    }

    /// Takes up what the lake knows.
    pub(super) fn recall(&mut self, past: Past) {
        past.decided.iter().for_each(|one| self.decide(one));
        past.orphans.into_iter().for_each(|orphan| self.slips.add(orphan));
    }
}

/// What the lake answers, as JSON.
async fn answer(folder: &Folder, sql: &str) -> anyhow::Result<Vec<u8>> {
    let (limits, promises) = (Limits::default(), Promises::default());
    let session = Session::open_for(folder, limits, &promises, sql).await?;
    let mut bytes = Vec::new();
    session.query(sql).await?.write(QueryFormat::Json, &mut bytes).await?;
    Ok(bytes)
}

/// How mentions stand that people touched, as far back as rules on replies look.
async fn decided(
    folder: &Folder,
    rules: &[Rule],
    watermark: EventTime,
) -> anyhow::Result<Vec<Decision>> {
    let asks = |rule: &Rule| matches!(rule.condition, Condition::Unanswered { .. });
    if !rules.iter().any(asks) {
        return Ok(Vec::new());
    }
    let since = watermark.shift(-Judge::reach_us(rules));
    let sql = format!(
        "SELECT topic, source, post_id, state, CASE WHEN relevant = 0 OR polarity <> 'negative' \
         THEN 1 ELSE 0 END AS is_reviewed_away FROM inbox \
         WHERE (changed_at IS NOT NULL OR relevant = 0 OR polarity <> scored_polarity) \
         AND posted_at >= to_timestamp_micros({})",
        since.0
    );
    let rows: Vec<Row> = serde_json::from_slice(&answer(folder, &sql).await?)?;
    let mut decisions = Vec::with_capacity(2 * rows.len());
    for Row { topic, source, post_id, state, is_reviewed_away } in rows {
        let says = [
            Standing::named(&state).map(Says::State),
            (is_reviewed_away != 0).then_some(Says::Reviewed(true)),
        ];
        decisions.extend(says.into_iter().flatten().map(|says| Decision {
            topic: topic.clone(),
            source: source.clone(),
            post_id: post_id.clone(),
            says,
        }));
    }
    Ok(decisions)
}

/// The newest transition of each alert that fires, as a row that ends it but for time and kind.
const FIRING: &str = "SELECT at, alert_id, rule, rule_type, topic, transition, severity, started_at, window_s, \
     measure, labels, 0 AS observed, 'none' AS coordination, 0 AS mentions, 0 AS negative, 0 AS neutral, \
     0 AS positive, 0.0 AS mean_score, 0 AS authors, '{}' AS evidence FROM (SELECT *, row_number() OVER \
     (PARTITION BY alert_id ORDER BY at DESC) AS place FROM alerts) \
     WHERE place = 1 AND transition <> 'resolved' ORDER BY at, alert_id";

/// The rows that end alerts which are neither among those that fire in the engine, nor of a goal.
async fn orphans(
    folder: &Folder,
    config: &Config,
    firing: &BTreeSet<String>,
    watermark: EventTime,
) -> anyhow::Result<Vec<Slip>> {
    let rows: Vec<Value> = serde_json::from_slice(&answer(folder, FIRING).await?)?;
    let rows: Vec<AlertRow> = rows.into_iter().map(AlertRow::read).collect::<Result<_, _>>()?;
    let lives = |row: &AlertRow| match row.rule_type == GOAL {
        true => config.charter.goals.iter().any(|goal| goal.name == row.rule),
        false => firing.contains(&row.alert_id),
    };
    let ended = rows.into_iter().filter(|row| !lives(row)).map(|row| {
        let at = watermark.max(row.at.shift(1));
        Slip {
            row: AlertRow { at, transition: Transition::Resolved, ..row },
            messages: Vec::new(),
            goal: None,
        }
    });
    Ok(ended.collect())
}
