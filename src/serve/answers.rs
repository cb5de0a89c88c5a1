//! Which standard questions can be asked over HTTP? Those of `report`, each with its parameters.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::api::{Api, Own};
use super::asked::{SpanQuery, TopicQuery};
use super::files::{self, Decimal, ListForm, file};
use super::parameters::Parameters;
use super::problem::Problem;
use crate::report::{
    self, Changes, Explained, GoalStanding, Order, Overview, Report, ReportError, Search,
    Sentiments, Step, TermChange, TopicInfo, Trend, Voice, Waits, none_of,
};
use crate::time::EventTime;

/// Why a question has no answer.
pub(super) fn refused(error: ReportError) -> Response {
    Problem::from(error).into_response()
}

/// Names that are separated by commas.
pub(super) fn listed(names: Option<String>) -> Vec<String> {
    let names = names.unwrap_or_default();
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn missing(what: &'static str) -> Response {
    refused(ReportError::Wrong {
        what,
        why: "it is missing".to_owned(),
        hint: "see /api/v1/openapi.json",
    })
}

/// All topics at a glance: counts, net sentiment, the span before, shares of voice, open alerts.
pub(super) async fn overview(
    State(api): State<Api>,
    Parameters(asked): Parameters<SpanQuery>,
) -> Result<Json<Overview>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let span = asked.span(&ask).map_err(refused)?;
    ask.overview(&span).await.map(Json).map_err(refused)
}

/// Topics that are listened for, and others that the lake holds.
pub(super) async fn topics(
    State(api): State<Api>,
    Parameters(()): Parameters<()>,
) -> Result<Json<Vec<TopicInfo>>, Response> {
    let own = Own::begin(&api).await?;
    own.ask(&api).await?.topics().await.map(Json).map_err(refused)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrendQuery {
    /// Name of the topic; without it all together.
    topic: Option<String>,
    /// As in `/api/v1/overview`.
    period: Option<String>,
    /// As in `/api/v1/overview`.
    from: Option<String>,
    /// As in `/api/v1/overview`.
    to: Option<String>,
    /// As in `/api/v1/overview`.
    zone: Option<String>,
    /// `15m`, `1h`, `day`, `week`, `month`; without it some that fit the span.
    step: Option<String>,
}

/// Volume and sentiment of each bucket of a span, and what is usual.
pub(super) async fn trends(
    State(api): State<Api>,
    Parameters(asked): Parameters<TrendQuery>,
) -> Result<Json<Trend>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let TrendQuery { topic, period, from, to, zone, step } = asked;
    let span = SpanQuery { period, from, to, zone }.span(&ask).map_err(refused)?;
    let step = match step {
        Some(step) => Step::parse(&step).map_err(refused)?,
        None => Step::fitting(span.minutes()),
    };
    if let Some(topic) = &topic {
        ask.known_topic(topic).await.map_err(refused)?;
    }
    ask.trend(topic.as_deref(), &span, step).await.map(Json).map_err(refused)
}

/// Volume and net sentiment of a span and of the one before, with intervals.
pub(super) async fn sentiment(
    State(api): State<Api>,
    Parameters(asked): Parameters<TopicQuery>,
) -> Result<Json<Sentiments>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let (topic, span) = asked.known(&ask).await.map_err(refused)?;
    ask.sentiment(topic.as_deref(), &span).await.map(Json).map_err(refused)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoiceQuery {
    /// The topics' label `group`; without it every group.
    group: Option<String>,
    /// As in `/api/v1/overview`.
    period: Option<String>,
    /// As in `/api/v1/overview`.
    from: Option<String>,
    /// As in `/api/v1/overview`.
    to: Option<String>,
    /// As in `/api/v1/overview`.
    zone: Option<String>,
}

/// Shares of voice among the brands of each group of topics.
pub(super) async fn voices(
    State(api): State<Api>,
    Parameters(asked): Parameters<VoiceQuery>,
) -> Result<Json<Vec<Voice>>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let VoiceQuery { group, period, from, to, zone } = asked;
    let span = SpanQuery { period, from, to, zone }.span(&ask).map_err(refused)?;
    ask.share_of_voice(group.as_deref(), &span).await.map(Json).map_err(refused)
}

/// What is different from the span before, and which words, sources, languages and posts drove it.
pub(super) async fn changes(
    State(api): State<Api>,
    Parameters(asked): Parameters<TopicQuery>,
) -> Result<Json<Changes>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let (topic, span) = asked.known(&ask).await.map_err(refused)?;
    ask.changes(topic.as_deref(), &span).await.map(Json).map_err(refused)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DriverQuery {
    /// Name of the topic.
    topic: String,
    /// The first day or instant.
    from: String,
    /// The last day, or the first instant behind.
    to: String,
    /// The same of the span to compare with; the one before without it.
    against_from: Option<String>,
    /// The same of the span to compare with.
    against_to: Option<String>,
    /// `negative` without it, `neutral`, `positive` or `all`.
    polarity: Option<String>,
    /// As in `/api/v1/overview`.
    zone: Option<String>,
}

/// Words and pairs that tell one span of a topic from another, as the SQL function `drivers`.
pub(super) async fn drivers(
    State(api): State<Api>,
    Parameters(asked): Parameters<DriverQuery>,
) -> Result<Json<Vec<TermChange>>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let DriverQuery { topic, from, to, against_from, against_to, polarity, zone } = asked;
    let read = |from, to| {
        let zone = zone.clone();
        SpanQuery { period: None, from: Some(from), to: Some(to), zone }.span(&ask)
    };
    let span = read(from, to).map_err(refused)?;
    let against = match (against_from, against_to) {
        (Some(from), Some(to)) => read(from, to).map_err(refused)?,
        (None, None) => span.before(),
        (None, Some(_)) => return Err(missing("against_from")),
        (Some(_), None) => return Err(missing("against_to")),
    };
    let polarity = polarity.unwrap_or_else(|| "negative".to_owned());
    if !["negative", "neutral", "positive", "all"].contains(&polarity.as_str()) {
        let hint = "write negative, neutral, positive or all";
        return Err(refused(none_of("polarity", &polarity, hint)));
    }
    ask.known_topic(&topic).await.map_err(refused)?;
    ask.terms(&topic, (&span, &against), &polarity, report::TERMS_MAX)
        .await
        .map(Json)
        .map_err(refused)
}

/// How long negative mentions of a topic waited for an answer by one of our accounts.
pub(super) async fn waits(
    State(api): State<Api>,
    Parameters(asked): Parameters<TopicQuery>,
) -> Result<Json<Waits>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let (topic, span) = asked.parts();
    let topic = topic.ok_or_else(|| missing("topic"))?;
    let span = span.span(&ask).map_err(refused)?;
    ask.known_topic(&topic).await.map_err(refused)?;
    ask.waits(&topic, &span, &[]).await.map(Json).map_err(refused)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MentionQuery {
    /// Words that all must be in the text, in any case and place.
    q: Option<String>,
    /// Names of topics, separated by commas, as in the further lists.
    topic: Option<String>,
    /// Names of sources.
    source: Option<String>,
    /// Languages, ISO 639.
    lang: Option<String>,
    /// `negative`, `neutral`, `positive`.
    polarity: Option<String>,
    /// `churn`, `complaint`, `question`, `purchase`, `recommendation`, `praise`: one of them.
    intent: Option<String>,
    /// `original`, `reply`, `repost`, `quote`, `comment`, `review`, `article`.
    kind: Option<String>,
    /// Keyed hash of the author.
    author: Option<String>,
    /// Fewest followers or views.
    min_reach: Option<u64>,
    /// Least confidence, from 0 to 1.
    min_confidence: Option<f64>,
    /// Posts of our own accounts only, or none of them.
    own: Option<bool>,
    /// Which come first; `latest` without it.
    order: Option<Order>,
    /// Most posts of the page, 50 without it, 200 at most; 10,000 of a file.
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<String>,
    /// As in `/api/v1/overview`; without any all times.
    period: Option<String>,
    /// As in `/api/v1/overview`.
    from: Option<String>,
    /// As in `/api/v1/overview`.
    to: Option<String>,
    /// As in `/api/v1/overview`.
    zone: Option<String>,
    /// `json` without it; `csv` or `excel` for a file of 10,000 posts at most.
    format: Option<ListForm>,
    /// `point` without it, or `comma`: how numbers are written for Excel.
    decimal: Option<Decimal>,
}

/// Posts that mention topics: searched, filtered, page by page, or as a file.
pub(super) async fn mentions(
    State(api): State<Api>,
    Parameters(asked): Parameters<MentionQuery>,
) -> Result<Response, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let sheet = asked.format.unwrap_or_default().sheet(asked.decimal);
    let MentionQuery { period, from, to, zone, .. } = asked;
    let search = Search {
        text: asked.q.unwrap_or_default(),
        topics: listed(asked.topic),
        sources: listed(asked.source),
        langs: listed(asked.lang),
        polarities: listed(asked.polarity),
        intents: listed(asked.intent),
        kinds: listed(asked.kind),
        author: asked.author,
        min_reach: asked.min_reach,
        min_confidence: asked.min_confidence,
        own: asked.own,
        span: SpanQuery { period, from, to, zone }.span_if_any(&ask).map_err(refused)?,
        order: asked.order.unwrap_or_default(),
        limit: asked.limit,
        after: asked.after,
    };
    let Some(sheet) = sheet else {
        return Ok(Json(ask.mentions(&search).await.map_err(refused)?).into_response());
    };
    let page = ask.mentions_for_file(&search).await.map_err(refused)?;
    Ok(file(sheet, ("mentions", files::MENTIONS), &page.mentions, page.next.as_deref()))
}

/// One mention, with the words, rules and weights behind its verdict.
pub(super) async fn mention(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Explained>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    ask.mention(&id, &api.scorer).await.map(Json).map_err(refused)
}

/// How the goals of the configuration stand, or stood at the end of a span.
pub(super) async fn goals(
    State(api): State<Api>,
    Parameters(asked): Parameters<SpanQuery>,
) -> Result<Json<Vec<GoalStanding>>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let span = asked.span_if_any(&ask).map_err(refused)?;
    let at = span.map_or(EventTime(i64::MAX), |span| span.to);
    ask.goals(at).await.map(Json).map_err(refused)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    /// Names of topics, separated by commas; without it all.
    topic: Option<String>,
    /// As in `/api/v1/overview`.
    period: Option<String>,
    /// As in `/api/v1/overview`.
    from: Option<String>,
    /// As in `/api/v1/overview`.
    to: Option<String>,
    /// As in `/api/v1/overview`.
    zone: Option<String>,
    /// `json` without it, `md`, `html` or `xlsx`.
    format: Option<ReportForm>,
    /// `en` without it, or `de`.
    lang: Option<ReportLang>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ReportForm {
    #[default]
    Json,
    Md,
    Html,
    Xlsx,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ReportLang {
    #[default]
    En,
    De,
}

/// The report of a span: all questions at once, as data or for people.
pub(super) async fn report(
    State(api): State<Api>,
    Parameters(asked): Parameters<ReportQuery>,
) -> Result<Response, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let ReportQuery { topic, period, from, to, zone, format, lang } = asked;
    let span = SpanQuery { period, from, to, zone }.span(&ask).map_err(refused)?;
    let topics: Vec<String> =
        topic.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
    let found = ask.report(&topics, &span).await.map_err(refused)?;
    let words = match lang.unwrap_or_default() {
        ReportLang::En => report::Tongue::En,
        ReportLang::De => report::Tongue::De,
    };
    let (media_type, bytes) = match format.unwrap_or_default() {
        ReportForm::Json => return Ok(Json(found).into_response()),
        ReportForm::Md => ("text/markdown; charset=utf-8", found.to_markdown(words).into_bytes()),
        ReportForm::Html => ("text/html; charset=utf-8", found.to_html(words).into_bytes()),
        ReportForm::Xlsx => (Report::WORKBOOK, found.to_xlsx(words).map_err(refused)?),
    };
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, media_type)], bytes).into_response())
}
