//! What is the answer of a tool?

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::cut::cut;
use super::evidence::{of_posts, of_span};
use super::office::{OfInbox, Wish, goals, inbox, propose};
use super::refusal::Refusal;
use super::tools::TOOLS;
use crate::config::{Charter, Services};
use crate::lake::Folder;
use crate::mention::Topic;
use crate::notify::{AlertState, Wanted, stories, told};
use crate::report::{Ask, Known, Order, Search, Span, Step, Tongue, zone};
use crate::sentiment::Scorer;
use crate::settings::distance;
use crate::sql::{AnswerWriter, Limits, Promises, QueryFormat, Session};
use crate::state::Site;
use crate::system::wall_clock;
use crate::time::DAY_US;

/// What one question may use.
const LIMITS: Limits = Limits { time: Duration::from_secs(30), memory_mib: 512 };
/// Most rows of an answer to SQL.
const ROWS_MAX: usize = 200;
/// Most posts of a page, and those of one where nothing is said.
const PAGE_MAX: usize = 50;
const PAGE: usize = 20;
/// Most alerts of a list.
const ALERTS_MAX: usize = 100;
/// Longest draft of a reply, in bytes.
const DRAFT_BYTES_MAX: usize = 2_000;

/// Answers the questions of an assistant over one lake.
#[derive(Debug, Clone)]
pub struct Assistant {
    /// Where the lake is.
    pub lake: Site,
    /// What is listened for, if that is known.
    pub topics: Arc<[Topic]>,
    /// What is promised to people who wait for an answer.
    pub services: Arc<Services>,
    /// Goals, and the smallest group.
    pub charter: Arc<Charter>,
    /// What explains verdicts.
    pub scorer: Arc<Scorer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfSpan {
    topic: Option<String>,
    group: Option<String>,
    period: Option<String>,
    zone: Option<String>,
    step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Searched {
    #[serde(default)]
    q: String,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    langs: Vec<String>,
    #[serde(default)]
    polarities: Vec<String>,
    min_reach: Option<u64>,
    period: Option<String>,
    zone: Option<String>,
    #[serde(default)]
    order: Order,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfId {
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfAlerts {
    topic: Option<String>,
    state: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfReport {
    #[serde(default)]
    topics: Vec<String>,
    period: Option<String>,
    zone: Option<String>,
    lang: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfSql {
    query: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    id: String,
    draft: String,
    #[serde(default)]
    reason: String,
}

impl Assistant {
    /// The answer of a tool.
    ///
    /// # Errors
    /// For an unknown tool or parameter; when a limit is reached, or the lake cannot be read.
    pub async fn call(&self, tool: &str, asked: Map<String, Value>) -> Result<Value, Refusal> {
        if !TOOLS.iter().any(|known| known.name == tool) {
            let near = TOOLS.iter().min_by_key(|known| distance(known.name, tool));
            let hint = near.map(|near| format!("did you mean {}?", near.name));
            return Err(Refusal::new(
                format!("no tool is called \"{tool}\""),
                hint.unwrap_or_default(),
            ));
        }
        let folder = Folder::read(self.lake.clone())?;
        let session =
            Session::open_promised(&folder, LIMITS, &Promises::of(&self.services)).await?;
        if tool == "sql" {
            let session = session.aside(folder.site(), None);
            return sql(&session, &read::<OfSql>(asked)?.query).await;
        }
        let alerts = match tool {
            "list_alerts" => Some(list_alerts(&session, &folder, read(asked.clone())?).await?),
            "show_alert" => {
                let OfId { id } = read(asked.clone())?;
                Some(serde_json::to_value(told(&session, &folder, &id).await?).map_err(other)?)
            }
            _ => None,
        };
        if let Some(mut answer) = alerts {
            let rests_on = of_posts(&answer);
            cut(&mut answer);
            return Ok(json!({"answer": answer, "rests_on": rests_on}));
        }
        let known = Known { services: Arc::clone(&self.services), ..Known::default() };
        let ask = Ask::new(&session, &folder, &self.topics, known).await?.promised(&self.charter);
        self.answer(&ask, tool, asked).await
    }

    async fn answer(
        &self,
        ask: &Ask<'_>,
        tool: &str,
        asked: Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let (mut answer, rests_on) = match tool {
            "list_topics" => {
                let Nothing {} = read(asked)?;
                (
                    value(ask.topics().await?)?,
                    json!({"sql": "SELECT topic, count(*) FROM mentions GROUP BY topic"}),
                )
            }
            "search_mentions" => {
                let page = value(ask.mentions(&search(ask, read(asked)?)?).await?)?;
                let rests_on = of_posts(&page);
                (page, rests_on)
            }
            "explain_mention" => {
                let OfId { id } = read(asked)?;
                // Here the whole text is wanted.
                let answer = value(ask.mention(&id, &self.scorer).await?)?;
                return Ok(json!({"answer": answer, "rests_on": {"ids": [id]}}));
            }
            "inbox" => {
                let page = inbox(ask, read::<OfInbox>(asked)?).await?;
                let rests_on = of_posts(&page);
                (page, rests_on)
            }
            "goals" => {
                let Nothing {} = read(asked)?;
                goals(ask).await?
            }
            "propose_state" => return propose(ask, read::<Wish>(asked)?).await,
            "propose_reply" => return self.propose(ask, read(asked)?).await,
            "report" => {
                let OfReport { topics, period, zone, lang } = read(asked)?;
                let span = span(ask, period.as_deref(), zone.as_deref())?;
                let tongue = if lang.as_deref() == Some("de") { Tongue::De } else { Tongue::En };
                let report = ask.report(&topics, &span).await?.to_markdown(tongue);
                let rests_on = of_span(ask, None, &span).await?;
                return Ok(json!({"answer": report, "rests_on": rests_on}));
            }
            _ => self.of_span(ask, tool, read(asked)?).await?,
        };
        cut(&mut answer);
        Ok(json!({"answer": answer, "rests_on": rests_on}))
    }

    /// The answers about a span of one topic or all.
    async fn of_span(
        &self,
        ask: &Ask<'_>,
        tool: &str,
        asked: OfSpan,
    ) -> Result<(Value, Value), Refusal> {
        let topic = asked.topic.as_deref();
        if let Some(topic) = topic {
            ask.known_topic(topic).await?;
        }
        let span = span(ask, asked.period.as_deref(), asked.zone.as_deref())?;
        let answer = match tool {
            "overview" => value(ask.overview(&span).await?)?,
            "trend" => {
                let step = asked.step.as_deref().map(Step::parse).transpose()?;
                let step = step.unwrap_or(Step::fitting(span.minutes()));
                value(ask.trend(topic, &span, step).await?)?
            }
            "drivers" => value(ask.changes(topic, &span).await?)?,
            "service" => value(ask.service(topic.map(str::to_owned).as_slice(), &span).await?)?,
            _ => value(ask.share_of_voice(asked.group.as_deref(), &span).await?)?,
        };
        Ok((answer, of_span(ask, topic, &span).await?))
    }

    /// A draft in the form that a person can check.
    async fn propose(&self, ask: &Ask<'_>, asked: Draft) -> Result<Value, Refusal> {
        let Draft { id, draft, reason } = asked;
        if draft.trim().is_empty() || draft.len() > DRAFT_BYTES_MAX {
            let message = format!("a draft has 1 to {DRAFT_BYTES_MAX} bytes, not {}", draft.len());
            return Err(Refusal::new(message, "write a shorter one"));
        }
        let mention = ask.mention(&id, &self.scorer).await?.mention;
        Ok(json!({
            "answer": {
                "kind": "proposal",
                "status": "nothing was sent; a person must check and send it",
                "reply_to": {"id": id, "source": mention.source, "url": mention.url, "text": mention.text},
                "draft": draft,
                "reason": reason,
            },
            "rests_on": {"ids": [id]},
        }))
    }
}

/// What a tool was asked.
fn read<T: DeserializeOwned>(asked: Map<String, Value>) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(asked))
        .map_err(|error| Refusal::new(error.to_string(), "see the schema of the tool"))
}

fn value(answer: impl serde::Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(answer).map_err(other)
}

fn other(error: serde_json::Error) -> Refusal {
    Refusal::new(error.to_string(), "")
}

/// The span that is meant: the last seven days that were heard, if nothing is said.
fn span(ask: &Ask<'_>, period: Option<&str>, named: Option<&str>) -> Result<Span, Refusal> {
    let (zone, now) = (zone(named.unwrap_or("UTC"))?, wall_clock());
    match period {
        Some(period) => Ok(Span::parse(period, &zone, now)?),
        None => {
            let until = ask.heard().until.unwrap_or(now).min(now);
            Ok(Span::new(until.shift(-7 * DAY_US), until, zone)?)
        }
    }
}

fn search(ask: &Ask<'_>, asked: Searched) -> Result<Search, Refusal> {
    let any = asked.period.is_some();
    let limited = asked.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limited) {
        return Err(Refusal::new(format!("limit is {limited}"), format!("give 1 to {PAGE_MAX}")));
    }
    let span =
        any.then(|| span(ask, asked.period.as_deref(), asked.zone.as_deref())).transpose()?;
    Ok(Search {
        text: asked.q,
        topics: asked.topics,
        sources: asked.sources,
        langs: asked.langs,
        polarities: asked.polarities,
        min_reach: asked.min_reach,
        span,
        order: asked.order,
        limit: Some(limited),
        after: asked.after,
        ..Search::default()
    })
}

async fn list_alerts(
    session: &Session,
    folder: &Folder,
    asked: OfAlerts,
) -> Result<Value, Refusal> {
    let state = asked.state.as_deref().map(AlertState::named);
    if state == Some(None) {
        return Err(Refusal::new("state is neither firing nor resolved", "give one of them"));
    }
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, ALERTS_MAX);
    let wanted = Wanted { topic: asked.topic, state: state.flatten(), limit };
    value(stories(session, folder, &wanted).await?)
}

/// The first rows of an answer to SQL.
async fn sql(session: &Session, query: &str) -> Result<Value, Refusal> {
    let mut answer = session.query(query).await?;
    let mut writer = AnswerWriter::new(QueryFormat::Json, Vec::new(), &answer.schema());
    let (mut rows, mut more) = (0, false);
    while let (Ok(writer), Some(batch)) = (&mut writer, answer.next().await?) {
        let room = ROWS_MAX - rows;
        more = batch.num_rows() > room;
        let batch = batch.slice(0, room.min(batch.num_rows()));
        rows += batch.num_rows();
        writer.write(&batch).map_err(anyhow::Error::from)?;
        if more {
            break;
        }
    }
    let bytes = writer.and_then(AnswerWriter::finish).map_err(anyhow::Error::from)?;
    let mut found: Value = serde_json::from_slice(&bytes).map_err(other)?;
    cut(&mut found);
    let rests_on = json!({"sql": query, "posts": of_posts(&found)});
    Ok(json!({"answer": found, "more_rows": more, "rests_on": rests_on}))
}
