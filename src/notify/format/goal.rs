//! What happened to a goal, in one sentence?

use super::clean::clean;
use super::notice::Notice;
use super::voice::Voice;
use crate::chart::{ENGLISH, GERMAN};
use crate::config::{GoalMeasure, Side};
use crate::notify::slip::GOAL;

/// The sentence of a goal's alert; `None` for any other message.
pub(super) fn goal(notice: &Notice, voice: Voice<'_>) -> Option<String> {
    let measure = GoalMeasure::named(notice.text("measure"))?;
    if notice.text("rule_type") != GOAL {
        return None;
    }
    let locale = voice.either(&ENGLISH, &GERMAN);
    let standing = notice.data.get("evidence")?.get("goal")?;
    let number =
        |value: Option<&serde_json::Value>| Some(measure.unit().written(value?.as_f64()?, locale));
    let of = |name: &str| number(standing.get("estimate").and_then(|of| of.get(name)));
    let value = of("value").or_else(|| number(standing.get("value")))?;
    let interval = match of("low").zip(of("high")) {
        Some((low, high)) => voice.either(
            format!(" (95% sure: {low} to {high})"),
            format!(" (zu 95 % sicher: {low} bis {high})"),
        ),
        None => String::new(),
    };
    let side = match standing.get("side").and_then(|side| side.as_str()) {
        Some("at_least") => Side::AtLeast.said(locale),
        Some("at_most") => Side::AtMost.said(locale),
        // Where only ids and numbers leave the house.
        _ => voice.either("target", "Zielwert"),
    };
    let target = number(standing.get("target"))?;
    let name = clean(notice.text("rule"));
    let span = voice.span(notice.data.get("window_s")?.as_u64()?);
    let said = measure.said(locale);
    let begin = match notice.text("transition") {
        "resolved" => voice.either(
            format!("Goal {name} is reached again"),
            format!("Ziel {name} wird wieder erreicht"),
        ),
        _ => {
            voice.either(format!("Goal {name} is behind"), format!("Ziel {name} liegt hinter Plan"))
        }
    };
    Some(voice.either(
        format!("{begin}: {said} {value}{interval} in {span}, {side} {target}"),
        format!("{begin}: {said} {value}{interval} in {span}, {side} {target}"),
    ))
}
