//! Which posts are meant, and why was one judged so?

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::forms::{proof, proven, who};
use super::page::{Period, Wrong};
use super::topic::segments;
use super::viewer::{PERIOD, Visit};
use crate::report::{Order, Search};
use crate::review::reviews_of;

/// Posts of a page.
const PAGE: usize = 25;

pub(super) async fn mentions(visit: Visit) -> Response {
    let found = list(&visit).await;
    visit.page("mentions.html", found)
}

async fn list(visit: &Visit) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let named = |name: &str| visit.ask(name).map(str::to_owned).into_iter().collect::<Vec<_>>();
    let is_bounded = PERIOD.iter().any(|name| visit.ask(name).is_some());
    let period = if is_bounded { Some(visit.period(&ask)?) } else { None };
    let ends =
        period.as_ref().map(|Period { span, .. }| [span.from, span.to].map(|at| at.to_string()));
    let [from, to] = ends.map_or([None, None], |ends| ends.map(Some));
    let file = visit.file(
        "/api/v1/mentions",
        &[
            ("q", visit.ask("q")),
            ("topic", visit.ask("topic")),
            ("polarity", visit.ask("polarity")),
            ("intent", visit.ask("intent")),
            ("source", visit.ask("source")),
            ("lang", visit.ask("lang_of_post")),
            ("order", visit.ask("order")),
            ("from", from.as_deref()),
            ("to", to.as_deref()),
        ],
    );
    let (span, period) = period.map(|period| (period.span, period.name)).unzip();
    let order = visit.ask("order").unwrap_or("latest");
    let search = Search {
        text: visit.ask("q").unwrap_or_default().to_owned(),
        topics: named("topic"),
        polarities: named("polarity"),
        intents: named("intent"),
        sources: named("source"),
        langs: named("lang_of_post"),
        order: Order::named(order)?,
        span,
        limit: Some(PAGE),
        after: visit.ask("after").map(str::to_owned),
        ..Search::default()
    };
    let page = ask.mentions(&search).await?;
    let topics = ask.topics().await?;
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    Ok(json!({
        "asked": {
            "q": visit.ask("q").unwrap_or_default(),
            "topic": visit.ask("topic"),
            "polarity": visit.ask("polarity"),
            "intent": visit.ask("intent"),
            "order": order,
            "period": period.unwrap_or_default(),
            "after": visit.ask("after"),
        },
        "orders": Order::ALL.map(|(name, _)| name),
        "topics": names,
        "mentions": page.mentions,
        "total": page.total,
        "file": file,
        "next": page.next.map(|next| visit.here("after", &next)),
        "first": visit.here("after", ""),
    }))
}

pub(super) async fn mention(visit: Visit, Path(id): Path<String>) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let found = one(&visit, &id, &proof, Value::Null).await;
    proven(visit.page("mention.html", found), cookie)
}

/// The same for who corrected what somebody else had corrected meanwhile; `form` is what they chose.
pub(super) async fn again(visit: &Visit, id: &str, form: Value) -> Response {
    let (proof, cookie) = proof(&visit.headers);
    let mut page = visit.page("mention.html", one(visit, id, &proof, form).await);
    *page.status_mut() = StatusCode::CONFLICT;
    proven(page, cookie)
}

async fn one(visit: &Visit, id: &str, proof: &str, form: Value) -> Result<Value, Wrong> {
    let own = visit.open().await?;
    let ask = visit.questions(&own).await?;
    let explained = ask.mention(id, &visit.api.scorer).await?;
    let pieces = segments(&explained);
    let mut answer = serde_json::to_value(&explained).unwrap_or_default();
    answer["segments"] = json!(pieces);
    let mention = &explained.mention;
    let post = [mention.topic.as_str(), &mention.source, &mention.post_id];
    answer["reviews"] = json!(reviews_of(&ask, post).await?);
    answer["proof"] = json!(proof);
    answer["author"] = json!(who(visit));
    answer["form"] = form;
    Ok(answer)
}
