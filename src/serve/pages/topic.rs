//! How is one topic spoken of, and what drives it?

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::drawing::{net, volume};
use super::page::Wrong;
use super::viewer::Visit;
use crate::report::{Explained, Step};
use crate::serve::api::Own;

/// Up to how many minutes of a span its net sentiment is drawn in steps of four hours.
const CALM_MIN: i64 = 4 * 1_440;

pub(super) async fn topic(visit: Visit, Path(name): Path<String>) -> Response {
    let found = build(&visit, &name).await;
    visit.page("topic.html", found)
}

async fn build(visit: &Visit, name: &str) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    visit.kept(&own, Box::pin(look(visit, &own, name))).await
}

async fn look(visit: &Visit, own: &Own, name: &str) -> Result<Value, Wrong> {
    let ask = visit.questions(own).await?;
    ask.known_topic(name).await?;
    let period = visit.period(&ask)?;
    let (span, step) = (&period.span, Step::fitting(period.span.minutes()));
    let trend = ask.trend(Some(name), span, step).await?;
    let alerts = ask.alerts(Some(name), span).await?;
    let changes = ask.changes(Some(name), span).await?;
    // Few mentions tell little: the hours of a day are taken together.
    let calm = if span.minutes() <= CALM_MIN { Step::Minutes(240) } else { step };
    let course = ask.trend(Some(name), span, calm).await?;
    let mut worst = Vec::new();
    for mention in &changes.worst {
        let explained = ask.mention(&mention.id, &visit.api.scorer).await?;
        worst.push(json!({"segments": segments(&explained), "mention": explained.mention}));
    }
    let sides = [("negative", &changes.negative_terms), ("positive", &changes.positive_terms)];
    let sides = sides.map(|(name, terms)| json!({"name": name, "terms": terms}));
    Ok(json!({
        "name": name,
        "period": visit.shown(&period),
        "trend": volume(visit, &trend, &alerts, 200.0),
        "net_svg": net(visit, &course),
        "alerts": alerts,
        "sides": sides,
        "worst": worst,
        "changes": changes,
        "before_part": visit.began_within(&ask, span),
    }))
}

/// A text in pieces: what mentions the topic, what made the verdict, and the rest.
pub(super) fn segments(explained: &Explained) -> Vec<Value> {
    let text = explained.mention.text.as_str();
    let words = explained.words.iter().filter(|word| word.counts_for_target && word.weight != 0.0);
    let words = words.map(|word| {
        let kind = if word.weight < 0.0 { "negative" } else { "positive" };
        (word.start, word.end, kind)
    });
    let matched = explained.matches.iter().map(|place| (place.start, place.end, "topic"));
    let mut marks: Vec<(u32, u32, &str)> = words.chain(matched).collect();
    marks.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    let mut found = Vec::new();
    let mut at = 0;
    let mut put = |kind: &str, part: Option<&str>| {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            found.push(json!({"kind": kind, "text": part}));
        }
    };
    for (start, end, kind) in marks {
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let (start, end) = (place(start), place(end));
        // Places that overlap one before, or are not of this text, are left out.
        if start < at || text.get(start..end).is_none() {
            continue;
        }
        put("", text.get(at..start));
        put(kind, text.get(start..end));
        at = end;
    }
    put("", text.get(at..));
    found
}
