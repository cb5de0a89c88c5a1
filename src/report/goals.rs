//! Do we reach what we set out for? The goals of the configuration, measured, with what makes the
//! answer sure.
//!
//! What our own accounts say does not count. Now is as far as posts were heard, so that an archive
//! is judged at its end.

use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::changes::NOBODY;
use super::counts::{COUNTED, Volume};
use super::error::ReportError;
use super::goal_state::{
    Daily, GoalState, MENTIONS_MIN, Sampled, TooLittle, is_met, median, state,
};
use super::goal_time::GoalTime;
use super::interval::{Estimate, float};
use super::span::Span;
use crate::config::{Goal, GoalMeasure, GoalSpan, GoalUnit, Side};
use crate::lake::{Table, quoted};
use crate::time::EventTime;

/// How a goal stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoalStanding {
    /// Its name.
    pub name: String,
    /// What it serves: `awareness`, `image`, `dialogue`, `acquisition`, `loyalty`, `revenue`,
    /// `search`.
    pub aim: &'static str,
    /// What is measured.
    pub measure: GoalMeasure,
    /// In what: `count`, `share` (0 to 1), `net` (-1 to 1), `seconds`.
    pub unit: GoalUnit,
    /// Names of its topics.
    pub topics: Vec<String>,
    /// Which side of the target is well.
    pub side: Side,
    /// What is to be reached.
    pub target: f64,
    /// Over which time, as configured.
    pub over: GoalSpan,
    /// From when to when; a span that runs ends in the future.
    pub span: Span,
    /// How it stands.
    pub state: GoalState,
    /// Why nothing can be said; null where something can.
    pub why: Option<TooLittle>,
    /// Whether the measured value is on the good side of the target, sure or not; null without one.
    pub met: Option<bool>,
    /// What was measured so far; null where there is nothing to measure.
    pub value: Option<f64>,
    /// With its 95 % interval: of a share, net sentiment or time what was measured; of a count what
    /// the whole span is expected to bring. Null where there is too little to say.
    pub estimate: Option<Estimate>,
    /// On how many mentions or answers it rests.
    pub observations: u64,
    /// How many days of it were heard.
    pub days_heard: f64,
}

/// What was found, before it is held against the target.
#[derive(Debug, Default)]
struct Measured {
    value: Option<f64>,
    estimate: Option<Estimate>,
    observations: u64,
    why: Option<TooLittle>,
}

#[derive(Deserialize)]
struct BlockRow {
    block: i64,
    n: f64,
}

#[derive(Deserialize)]
struct NumberRow {
    n: u64,
}

impl Ask<'_> {
    /// How each goal of the configuration stood at an instant, at the latest where posts were heard.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn goals(&self, at: EventTime) -> Result<Vec<GoalStanding>, ReportError> {
        let mut found = Vec::new();
        for goal in self.goals {
            found.push(self.goal(goal, at).await?);
        }
        Ok(found)
    }

    /// How a goal stood at an instant, at the latest where posts were heard.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn goal(&self, goal: &Goal, at: EventTime) -> Result<GoalStanding, ReportError> {
        let time = GoalTime::of(goal, &self.heard, at)?;
        let mut measured = match goal.measure.unit() {
            GoalUnit::Count => self.counted(goal, &time).await?,
            GoalUnit::Share | GoalUnit::Net => self.shared(goal, &time).await?,
            GoalUnit::Seconds => self.answered(goal, &time).await?,
        };
        let heard = time.days - time.missing;
        if time.sampled == Sampled::Level && heard * 2.0 < time.days {
            measured.why = measured.why.or(Some(TooLittle::FewDays));
            measured.estimate = None;
        }
        let judged = match (&measured.estimate, measured.why) {
            (_, Some(why)) => Err(why),
            (None, None) => Err(TooLittle::FewMentions),
            (Some(found), None) => state(found, goal.target, goal.side, goal.measure.unit()),
        };
        let level = measured.estimate.map(|found| found.value).or(measured.value);
        Ok(GoalStanding {
            name: goal.name.clone(),
            aim: goal.measure.aim(),
            measure: goal.measure,
            unit: goal.measure.unit(),
            topics: goal.topics.clone(),
            side: goal.side,
            target: goal.target,
            over: goal.span,
            state: judged.unwrap_or(GoalState::TooLittleData),
            why: judged.err(),
            met: level.map(|level| is_met(level, goal.target, goal.side)),
            value: measured.value,
            estimate: measured.estimate,
            observations: measured.observations,
            days_heard: (heard * 100.0).round() / 100.0,
            span: time.span,
        })
    }

    /// Counts that grow day by day.
    async fn counted(&self, goal: &Goal, time: &GoalTime) -> Result<Measured, ReportError> {
        let wanted = wanted(goal, &time.so_far);
        let block = block(time.span.from);
        let counted = |value: &str, also: &str| {
            format!(
                "SELECT {block} AS block, CAST({value} AS DOUBLE) AS n FROM mentions \
                 WHERE {wanted} AND {also} GROUP BY 1"
            )
        };
        if goal.measure == GoalMeasure::PurchaseIntents && !self.knows_intents(&wanted).await? {
            return Ok(without_intents());
        }
        let rows: Vec<BlockRow> = match goal.measure {
            GoalMeasure::PurchaseIntents => {
                self.rows(&counted("count(*)", &with_intent("purchase"))).await?
            }
            GoalMeasure::OwnLinks => self.rows(&counted("count(*)", &links(goal))).await?,
            GoalMeasure::Reach => self.rows(&counted("coalesce(sum(reach), 0)", "true")).await?,
            GoalMeasure::Authors => {
                self.rows(&format!(
                    "SELECT begun AS block, CAST(count(*) AS DOUBLE) AS n FROM (\
                     SELECT author, min(block) AS begun, max(block) AS ended FROM (\
                     SELECT author, {block} AS block FROM mentions WHERE {wanted} AND \
                     author <> '{NOBODY}') GROUP BY author) WHERE begun = ended GROUP BY 1"
                ))
                .await?
            }
            _ => self.rows(&counted("count(*)", "true")).await?,
        };
        let of = |place: &i64| rows.iter().find(|row| row.block == *place).map_or(0.0, |row| row.n);
        let mentions =
            self.number(&format!("SELECT count(*) AS n FROM mentions WHERE {wanted}")).await?;
        let total = match goal.measure {
            GoalMeasure::Authors => float(
                self.number(&format!(
                    "SELECT count(DISTINCT author) AS n FROM mentions \
                     WHERE {wanted} AND author <> '{NOBODY}'"
                ))
                .await?,
            ),
            _ => rows.iter().map(|row| row.n).sum(),
        };
        let days = time.whole.iter().map(of).collect();
        let daily = Daily { total, days, missing: time.missing, sampled: time.sampled };
        let estimate = daily.estimate();
        let why = estimate.is_none().then_some(TooLittle::FewDays);
        Ok(Measured { value: Some(total), estimate, observations: mentions, why })
    }

    /// Shares of mentions, and net sentiment.
    async fn shared(&self, goal: &Goal, time: &GoalTime) -> Result<Measured, ReportError> {
        let wanted = wanted(goal, &time.so_far);
        let (estimate, observations) = match goal.measure {
            GoalMeasure::ShareOfVoice => self.voice(goal, &time.so_far).await?,
            GoalMeasure::ReplyShare => return self.replied(goal, time).await,
            GoalMeasure::RecommendationShare
            | GoalMeasure::ChurnShare
            | GoalMeasure::PurchaseShare => {
                if !has_intents() {
                    return Ok(without_intents());
                }
                let all = format!(
                    "SELECT count(*) AS n FROM mentions WHERE {wanted} AND intents IS NOT NULL"
                );
                let all = self.number(&all).await?;
                let intent = with_intent(match goal.measure {
                    GoalMeasure::RecommendationShare => "recommend",
                    GoalMeasure::ChurnShare => "churn",
                    _ => "purchase",
                });
                let part =
                    format!("SELECT count(*) AS n FROM mentions WHERE {wanted} AND {intent}");
                if all == 0 {
                    return Ok(without_intents());
                }
                (Estimate::share(self.number(&part).await?, all), all)
            }
            _ => {
                let rows: Vec<Volume> =
                    self.rows(&format!("SELECT {COUNTED} FROM mentions WHERE {wanted}")).await?;
                let said = rows.into_iter().next().unwrap_or_default();
                let estimate = match goal.measure {
                    GoalMeasure::NegativeShare => Estimate::share(said.negative, said.mentions),
                    _ => Estimate::net(said.positive, said.negative, said.mentions),
                };
                (estimate, said.mentions)
            }
        };
        Ok(Measured::of_mentions(estimate, observations))
    }

    async fn voice(
        &self,
        goal: &Goal,
        span: &Span,
    ) -> Result<(Option<Estimate>, u64), ReportError> {
        let Some((brand, group)) = &goal.voice else { return Ok((None, 0)) };
        let group = group.as_deref();
        let voices = self.share_of_voice(group, span).await?;
        let own = voices.iter().find(|voice| voice.group.as_deref() == group);
        let share = own.and_then(|voice| {
            let share = voice.shares.iter().find(|share| share.brand == *brand);
            let mentions = share.map_or(0, |share| share.sentiment.volume.mentions);
            Estimate::share(mentions, voice.mentions)
        });
        Ok((share, own.map_or(0, |voice| voice.mentions)))
    }

    /// The share of mentions that were answered, of those that want an answer.
    async fn replied(&self, goal: &Goal, time: &GoalTime) -> Result<Measured, ReportError> {
        let waits = self.answer_waits(&goal.topics, &time.so_far).await?;
        let answered = waits.iter().flatten().count() as u64;
        if answered == 0 && !self.accounts_known().await? {
            return Ok(Measured { why: Some(TooLittle::NoAccounts), ..Measured::default() });
        }
        let asked = waits.len() as u64;
        Ok(Measured::of_mentions(Estimate::share(answered, asked), asked))
    }

    /// The median time to an answer.
    async fn answered(&self, goal: &Goal, time: &GoalTime) -> Result<Measured, ReportError> {
        let waits = self.answer_waits(&goal.topics, &time.so_far).await?;
        let mut all: Vec<f64> = waits.into_iter().flatten().collect();
        all.sort_by(f64::total_cmp);
        let (value, estimate) = (super::trend::quantile(&all, 0.5), median(&all));
        let why = match &estimate {
            Some(_) => None,
            None if all.is_empty() && !self.accounts_known().await? => Some(TooLittle::NoAccounts),
            None => Some(TooLittle::FewMentions),
        };
        Ok(Measured { value, estimate, observations: all.len() as u64, why })
    }

    /// Whether the intents of all these mentions are known: those of an older version count for none.
    async fn knows_intents(&self, wanted: &str) -> Result<bool, ReportError> {
        if !has_intents() {
            return Ok(false);
        }
        let unknown =
            format!("SELECT count(*) AS n FROM mentions WHERE {wanted} AND intents IS NULL");
        Ok(self.number(&unknown).await? == 0)
    }

    async fn number(&self, sql: &str) -> Result<u64, ReportError> {
        let rows: Vec<NumberRow> = self.rows(sql).await?;
        Ok(rows.first().map_or(0, |row| row.n))
    }
}

impl Measured {
    /// A share of so many mentions.
    fn of_mentions(estimate: Option<Estimate>, observations: u64) -> Self {
        let why = (observations < MENTIONS_MIN).then_some(TooLittle::FewMentions);
        Self { value: estimate.map(|found| found.value), estimate, observations, why }
    }
}

fn without_intents() -> Measured {
    Measured { why: Some(TooLittle::NoIntents), ..Measured::default() }
}

/// Whether this version keeps the intents of mentions.
fn has_intents() -> bool {
    Table::Mentions.columns().iter().any(|column| column.name == "intents")
}

fn with_intent(name: &str) -> String {
    format!("strpos(intents, {}) > 0", quoted(name))
}

/// Mentions of a goal's topics in a span, without our own.
fn wanted(goal: &Goal, span: &Span) -> String {
    let topics: Vec<String> = goal.topics.iter().map(|topic| quoted(topic)).collect();
    let topics = if topics.is_empty() { "''".to_owned() } else { topics.join(", ") };
    let within = within("posted_at", span.from, span.to);
    format!("topic IN ({topics}) AND coalesce(own, 0) = 0 AND {within}")
}

/// Mentions that link to our sites.
fn links(goal: &Goal) -> String {
    let sites = goal.sites.iter();
    let sites: Vec<String> =
        sites.map(|site| format!("strpos(lower(text), {}) > 0", quoted(site))).collect();
    if sites.is_empty() { "false".to_owned() } else { format!("({})", sites.join(" OR ")) }
}

/// The place of a post's day among those that begin here, in SQL.
fn block(from: EventTime) -> String {
    format!(
        "CAST(floor((date_part('epoch', posted_at) - {:.6}) / 86400.0) AS BIGINT)",
        jiff::SignedDuration::from_micros(from.0).as_secs_f64()
    )
}
