//! How are we doing, what changed, and who must be answered? The page that people open first.

use std::cmp::Reverse;

use axum::response::Response;
use serde_json::{Value, json};

use super::drawing::{volume, whole};
use super::goals::standings;
use super::page::Wrong;
use super::viewer::Visit;
use crate::report::{Ask, InboxSearch, Step, TopicOverview, Volume};
use crate::serve::api::Own;
use crate::serve::sources::one;

/// Topics whose changes are told.
const CHANGES_MAX: usize = 3;
/// Words that are told of each.
const TERMS_MAX: usize = 5;

pub(super) async fn overview(visit: Visit) -> Response {
    let found = build(&visit).await;
    visit.page("overview.html", found)
}

async fn build(visit: &Visit) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let mut found = visit.kept(&own, Box::pin(look(visit, &own))).await?;
    // Sources come and go without a commit.
    let sources = visit.api.progress.borrow().sources.clone();
    found["sources"] = sources.iter().map(|source| one(source)).collect();
    Ok(found)
}

async fn look(visit: &Visit, own: &Own) -> Result<Value, Wrong> {
    let ask = visit.questions(own).await?;
    let period = visit.period(&ask)?;
    let (span, step) = (&period.span, Step::fitting(period.span.minutes()));
    let seen = ask.overview(span).await?;
    let trend = ask.trend(None, span, step).await?;
    let alerts = ask.alerts(None, span).await?;
    let mut before = Volume::default();
    let earlier = seen.topics.iter().filter_map(|topic| topic.then);
    let any_before = earlier.map(|then| before.add(&then.volume)).count() > 0;
    let waiting = InboxSearch { limit: Some(1), ..InboxSearch::default() };
    let waiting = ask.inbox(&waiting).await?.counts;
    Ok(json!({
        "period": visit.shown(&period),
        "total": trend.total,
        "before_total": any_before.then(|| before.sentiment()),
        "before_part": visit.began_within(&ask, span),
        "trend": volume(visit, &trend, &alerts, 200.0),
        "changes": changes(&ask, &seen.topics, span).await?,
        "topics": seen.topics,
        "voices": seen.voices,
        "open_alerts": seen.open_alerts,
        "alerts": alerts,
        "goals": standings(visit, &ask).await?,
        "waiting": waiting,
    }))
}

/// The topics whose negative mentions or net sentiment moved most, beyond chance, with the words
/// that stand out.
async fn changes(
    ask: &Ask<'_>,
    topics: &[TopicOverview],
    span: &crate::report::Span,
) -> Result<Vec<Value>, Wrong> {
    let moved = |topic: &&TopicOverview| {
        topic.net_change.is_some_and(|change| change.low > 0.0 || change.high < 0.0)
    };
    let mut moved: Vec<&TopicOverview> = topics.iter().filter(moved).collect();
    let size = |topic: &&TopicOverview| {
        let change = topic.net_change.map_or(0.0, |change| change.value.abs());
        Reverse((change * whole(topic.now.volume.mentions).sqrt() * 1_000.0).round() as i64)
    };
    moved.sort_by_key(size);
    let mut found = Vec::new();
    for topic in moved.into_iter().take(CHANGES_MAX) {
        let changes = ask.changes(Some(&topic.topic.name), span).await?;
        let worse = topic.net_change.is_some_and(|change| change.value < 0.0);
        let terms = if worse { changes.negative_terms } else { changes.positive_terms };
        found.push(json!({
            "name": topic.topic.name,
            "now": topic.now,
            "then": topic.then,
            "net_change": topic.net_change,
            "terms": terms.get(..terms.len().min(TERMS_MAX)),
        }));
    }
    Ok(found)
}
