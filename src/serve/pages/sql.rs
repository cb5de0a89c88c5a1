//! What does the lake answer to a statement, and how does the answer look?

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::page::Wrong;
use super::viewer::Visit;
use crate::chart::{self, Axis, Series, Shape};
use crate::config::Role;
use crate::sql::{QueryFormat, Session, SqlError, View};
use crate::time::EventTime;

/// Rows shown; the rest is for programs.
const ROWS_MAX: usize = 500;
/// Most courses of a drawing.
const SERIES_MAX: usize = 4;
const CLASSES: [&str; SERIES_MAX] = ["accent", "negative", "positive", "neutral"];

/// The rows of an answer as JSON objects.
pub(super) async fn rows(session: &Session, sql: &str) -> Result<Vec<Value>, SqlError> {
    let mut bytes = Vec::new();
    session.query(sql).await?.write(QueryFormat::Json, &mut bytes).await?;
    serde_json::from_slice(&bytes).map_err(|error| SqlError::broken(&error.to_string()))
}

pub(super) async fn sql(visit: Visit) -> Response {
    let found = build(&visit).await;
    visit.page("sql.html", found)
}

async fn build(visit: &Visit) -> Result<Value, Wrong> {
    let query = visit.ask("q").unwrap_or_default();
    let views: Vec<Value> =
        View::all().map(|view| json!({"name": view.name, "sql": view.example.trim()})).collect();
    let mut answer = json!({"asked": {"q": query}, "views": views});
    if query.is_empty() {
        return Ok(answer);
    }
    // A place among the statements of users, of which there may be none at all.
    let Ok(_place) = Arc::clone(&visit.api.sql.free).try_acquire_owned() else {
        answer["wrong"] = json!({"message": "too many queries at once; ask again in a moment"});
        return Ok(answer);
    };
    let mut own = visit.open().await?;
    own.session = own.session.aside(own.folder.site(), None);
    if visit.viewer.as_ref().is_some_and(|viewer| viewer.role.allows(Role::Admin))
        && let Err(error) = own.session.add_audit(&own.folder, query).await
    {
        return Err(Wrong::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()));
    }
    match read(&own.session, query).await {
        Ok((columns, rows)) => {
            let shown = rows.get(..rows.len().min(ROWS_MAX)).unwrap_or_default();
            let cells = |row: &Map<String, Value>| {
                let cell = |name: &String| row.get(name).cloned().unwrap_or_default();
                columns.iter().map(cell).collect::<Vec<Value>>()
            };
            answer["rows"] = json!(shown.iter().map(cells).collect::<Vec<_>>());
            answer["more"] = json!(rows.len() > ROWS_MAX);
            if let Some((svg, keys)) = drawn(visit, &columns, shown) {
                answer["svg"] = json!(svg);
                answer["keys"] = json!(keys);
            }
            answer["columns"] = json!(columns);
        }
        Err(error) => {
            answer["wrong"] =
                json!({"message": error.message, "shown": error.shown, "hint": error.hint});
        }
    }
    Ok(answer)
}

/// Names of the columns in their order, and the first rows.
async fn read(
    session: &Session,
    query: &str,
) -> Result<(Vec<String>, Vec<Map<String, Value>>), SqlError> {
    let mut answer = session.query(query).await?;
    let columns = answer.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut found = Vec::new();
    while found.len() <= ROWS_MAX {
        let Some(batch) = answer.next().await? else { break };
        let mut writer = arrow::json::ArrayWriter::new(Vec::new());
        let written = writer.write(&batch).and_then(|()| writer.finish());
        written.map_err(|error| SqlError::broken(&error.to_string()))?;
        let rows: Vec<Map<String, Value>> = serde_json::from_slice(&writer.into_inner())
            .map_err(|error| SqlError::broken(&error.to_string()))?;
        found.extend(rows);
    }
    Ok((columns, found))
}

/// An answer over time as courses: its first time rises and is not repeated, and numbers follow it.
fn drawn(
    visit: &Visit,
    columns: &[String],
    rows: &[Map<String, Value>],
) -> Option<(String, Vec<Value>)> {
    let time = |value: &Value| {
        let text = value.as_str()?;
        let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        EventTime::parse(&text).or_else(|_| EventTime::parse(&format!("{text}Z"))).ok()
    };
    let first = rows.first()?;
    let over =
        columns.iter().find(|name| first.get(*name).is_some_and(|value| time(value).is_some()))?;
    let starts: Option<Vec<EventTime>> = rows.iter().map(|row| time(row.get(over)?)).collect();
    let starts = starts.filter(|starts| starts.len() > 1 && starts.is_sorted_by(|a, b| a < b))?;
    let numbers = columns.iter().filter(|name| {
        let mut values = rows.iter().filter_map(|row| row.get(*name)).peekable();
        values.peek().is_some() && values.all(Value::is_number)
    });
    let courses: Vec<(&String, Vec<Option<f64>>)> = numbers
        .take(SERIES_MAX)
        .map(|name| (name, rows.iter().map(|row| row.get(name)?.as_f64()).collect()))
        .collect();
    let series: Vec<Series<'_>> = courses
        .iter()
        .zip(CLASSES)
        .map(|((name, values), class)| Series { name, class, shape: Shape::Line, values })
        .collect();
    let is_below =
        courses.iter().flat_map(|(_, values)| values.iter().flatten()).any(|value| *value < 0.0);
    let width = starts
        .windows(2)
        .map(|pair| {
            pair.last()
                .copied()
                .unwrap_or_default()
                .since(pair.first().copied().unwrap_or_default())
        })
        .min()?;
    let svg = chart::trend(&chart::Trend {
        id: "chart-sql",
        title: over,
        description: &columns.join(", "),
        unit: "",
        starts: &starts,
        end: starts.last()?.shift(width),
        series: Some(series.as_slice()).filter(|series| !series.is_empty())?,
        band: None,
        marks: &[],
        axis: if is_below { Axis::Signed } else { Axis::Count },
        height: 200.0,
        zone: &visit.zone,
        locale: visit.locale,
    });
    let keys = series.iter().map(|one| json!({"name": one.name, "class": one.class}));
    Some((svg, keys.collect()))
}
