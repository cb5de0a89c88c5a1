//! Do we reach what we set out for? Every goal of the configuration.

use axum::response::Response;
use serde_json::{Value, json};

use super::page::Wrong;
use super::viewer::Visit;
use crate::report::{Ask, GoalStanding};
use crate::time::EventTime;

pub(super) async fn goals(visit: Visit) -> Response {
    let found = build(&visit).await;
    visit.page("goals.html", found)
}

async fn build(visit: &Visit) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    Ok(json!({"goals": standings(visit, &ask).await?}))
}

/// Every goal, as it stands.
pub(super) async fn standings(visit: &Visit, ask: &Ask<'_>) -> Result<Vec<Value>, Wrong> {
    let goals = ask.goals(EventTime(i64::MAX)).await?;
    Ok(goals.iter().map(|goal| told(visit, goal)).collect())
}

/// A goal in the reader's words.
fn told(visit: &Visit, goal: &GoalStanding) -> Value {
    let locale = visit.locale;
    let written = |value: f64| goal.unit.written(value, locale);
    let interval =
        goal.estimate.map(|of| json!({"low": written(of.low), "high": written(of.high)}));
    let page = visit.api.charter.pages.get(&goal.name);
    json!({
        "name": goal.name,
        "aim": goal.aim,
        "measure": goal.measure.said(locale),
        "topics": goal.topics,
        "target": goal.target_said(locale),
        "over": goal.over,
        "from": goal.span.from.to_string(),
        "to": goal.span.to.to_string(),
        "state": goal.state,
        "said": goal.state.said(locale),
        "why": goal.why.map(|why| why.said(locale)),
        "value": goal.value.map(written),
        "interval": interval,
        "observations": goal.observations,
        "days_heard": goal.days_heard,
        "days": jiff::SignedDuration::from_micros(goal.span.to.since(goal.span.from)).as_secs_f64()
            / 86_400.0,
        "policy": page,
    })
}
