//! Which alerts are there, what does one rest on, and who takes care?

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::drawing::volume;
use super::forms::{proof, proven, who};
use super::page::Wrong;
use super::viewer::Visit;
use crate::chart::GERMAN;
use crate::config::{GoalMeasure, Language, Side};
use crate::lake::AlertRow;
use crate::notify::{AlertStory, OrderError, Wanted, stories, told};
use crate::policy::Policies;
use crate::report::{Span, Step, mention_id};
use crate::state::{DeskFiles, Home};
use crate::system::wall_clock;
use crate::time::{MINUTE_US, SECOND_US};

/// Alerts of the list.
const ALERTS_MAX: usize = 200;
/// Least time that is shown around an alert.
const AROUND_US: i64 = 3 * 60 * MINUTE_US;

impl From<OrderError> for Wrong {
    fn from(error: OrderError) -> Self {
        let status = match &error {
            OrderError::Unknown { what: "topic" | "rule", .. } => StatusCode::BAD_REQUEST,
            OrderError::Unknown { .. } => StatusCode::NOT_FOUND,
            OrderError::Resolved(_) | OrderError::Taken(_) => StatusCode::CONFLICT,
            OrderError::Lake(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        // The further hints are about commands.
        let hint = match &error {
            OrderError::Unknown { what: "topic" | "rule", .. } => error.hint(),
            _ => String::new(),
        };
        Self { status, message: error.to_string(), hint }
    }
}

pub(super) async fn alerts(visit: Visit) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = list(&visit, &proof).await;
    proven(visit.page("alerts.html", found), cookie)
}

async fn list(visit: &Visit, proof: &str) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let wanted = Wanted { topic: None, state: None, limit: ALERTS_MAX };
    let alerts = stories(&own.session, &own.folder, &wanted).await.map_err(OrderError::from)?;
    // A lake without a folder of its own state has nothing silenced.
    let silences = Home::read(&visit.api.lake).and_then(|home| DeskFiles::of(&home).silences());
    let mut silences = silences.unwrap_or_default();
    let now = wall_clock();
    silences.retain(|silence| silence.ends > now);
    Ok(json!({"alerts": alerts, "silences": silences, "proof": proof, "who": who(visit)}))
}

pub(super) async fn alert(visit: Visit, Path(id): Path<String>) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = one(&visit, &id, &proof).await;
    proven(visit.page("alert.html", found), cookie)
}

async fn one(visit: &Visit, id: &str, proof: &str) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let story = told(&own.session, &own.folder, id).await?;
    let window = story.transitions.iter().map(|row| row.window_s).max().unwrap_or_default();
    let window_us = i64::try_from(window).unwrap_or_default().saturating_mul(1_000_000);
    let around = window_us.saturating_mul(4).max(AROUND_US);
    // What is still to come is not drawn as if nothing had been heard.
    let end = story.at.shift(around / 2).min(wall_clock()).max(story.at.shift(MINUTE_US));
    let span = Span::new(story.started_at.shift(-around), end, visit.zone.clone())?;
    let trend = match story.topic.as_str() {
        "" => None,
        topic => {
            let trend = ask.trend(Some(topic), &span, Step::fitting(span.minutes())).await?;
            let mut alerts = ask.alerts(Some(topic), &span).await?;
            alerts.retain(|alert| alert.alert_id == story.alert_id);
            Some(volume(visit, &trend, &alerts, 180.0))
        }
    };
    // What the latest transition with posts rested on; one that resolved has none.
    let with_posts = story
        .transitions
        .iter()
        .rev()
        .find(|row| row.evidence["posts"].as_array().is_some_and(|posts| !posts.is_empty()));
    let lines: Vec<String> = story.transitions.iter().filter_map(|row| line(visit, row)).collect();
    Ok(json!({
        "goal_lines": Some(lines).filter(|lines| lines.len() == story.transitions.len()),
        "policy": policy(visit, &story),
        "steps": steps(&story),
        "trend": trend,
        "evidence": with_posts.map(|row| named(&row.evidence, &story.topic)),
        "who": who(visit),
        // With the mentions that began it.
        "around": format!("{}..{}", story.started_at.shift(-window_us).floor(MINUTE_US), story.at),
        "story": story,
        "proof": proof,
    }))
}

/// Evidence whose posts lead to their mentions.
fn named(evidence: &Value, topic: &str) -> Value {
    let mut evidence = evidence.clone();
    let posts = evidence.get_mut("posts").and_then(Value::as_array_mut);
    for post in posts.into_iter().flatten().filter_map(Value::as_object_mut) {
        let text = |name: &str| post.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = mention_id(topic, text("source"), text("post_id"));
        post.insert("id".to_owned(), json!(id));
    }
    evidence
}

/// The page that says what to do, or why it cannot be read.
fn policy(visit: &Visit, story: &AlertStory) -> Option<Value> {
    let charter = &visit.api.charter;
    let name = charter.pages.get(&story.rule)?;
    let language = if *visit.locale == GERMAN { Language::De } else { Language::En };
    Some(match Policies::of(&charter.policies).page(name, language) {
        Ok(guide) => {
            let [first, rest] = guide.html();
            json!({
                "title": guide.title,
                "who": guide.who,
                "within": guide.within,
                "first": first,
                "rest": rest,
            })
        }
        Err(error) => json!({"title": name, "missing": error.to_string()}),
    })
}

/// Who is told further while nobody takes care, and when.
fn steps(story: &AlertStory) -> Vec<Value> {
    let Some(case) = &story.case else { return Vec::new() };
    let steps = (1_usize..).zip(&case.subject.steps);
    let open = case.is_firing() && story.known.ack.is_none();
    let told = steps.map(|(number, step)| {
        let told = case.has_told(&step.to);
        let due = case.due_at(number - 1).map(|at| at.to_string());
        json!({
            "step": number,
            "to": step.to,
            "after_s": step.after_us / SECOND_US,
            "told": told,
            "due": due.filter(|_| open),
        })
    });
    told.collect()
}

/// How a goal stood, as its alert tells it.
fn line(visit: &Visit, row: &AlertRow) -> Option<String> {
    let measure = GoalMeasure::named(&row.measure).filter(|_| row.rule_type == "goal")?;
    let goal = row.evidence.get("goal")?;
    let number = |value: &Value| Some(measure.unit().written(value.as_f64()?, visit.locale));
    let [value, low, high] = ["value", "low", "high"].map(|name| number(&goal["estimate"][name]));
    let side = if goal["side"] == "at_most" { Side::AtMost } else { Side::AtLeast };
    let target = number(&goal["target"])?;
    let interval = low.zip(high).map(|(low, high)| format!(" ({low} – {high})"));
    let value = value.or_else(|| number(&goal["value"])).unwrap_or_default();
    Some(format!(
        "{}: {value}{}, {} {target}",
        measure.said(visit.locale),
        interval.unwrap_or_default(),
        side.said(visit.locale),
    ))
}
