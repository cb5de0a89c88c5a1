//! What does an alert rest on? Its evidence as JSON, as the lake keeps it and receivers read it.
//!
//! ```text
//! window     {from, to}: posting times, from inclusive, to exclusive
//! source     the source that the rule looks at; null for all
//! query      SQL over the lake that counts the same mentions: the alert's own mentions, negative,
//!            neutral and positive. Copies are among them; what a rule observes leaves them out.
//!            With `min_confidence`, `sure` too: the negative ones that are as sure, with copies.
//!            An alert that fired ahead of the watermark counts what was received before it
//! late       mentions among them that came late; they count once the alert has fired
//! authors    distinct authors; a post of an unknown author counts as one of its own
//! sources    [{source, mentions, share}], most first, at most ten
//! languages  [{lang, mentions, share}], most first, at most ten
//! terms      [{term, count, z}]: words and pairs that stand out, as `alert::telling_terms` says
//! posts      [{post_id, source, score, confidence, reach, text, url, cluster, cluster_mentions}], most
//!            negative first, one per cluster of near-copies
//! versions   {rule, scorer}: a hash of the rule's settings, and the scorer's version
//! ```

use serde_json::{Value, json};

use super::labels::Labels;
use super::quote::quoted;
use crate::alert::{Alert, Rule};
use crate::config::Archive;
use crate::post::SourceId;

/// Most sources and languages listed.
const SHARES_MAX: usize = 10;

/// What an alert rests on; null for a rule that is not known.
#[must_use]
pub(crate) fn evidence(alert: &Alert, labels: &Labels) -> Value {
    let Some(rule) = labels.rules.get(alert.rule) else { return Value::Null };
    let found = &alert.evidence;
    let sources = found.mix.sources.iter().map(|(source, mentions)| (source.as_str(), *mentions));
    let langs = found.mix.langs.iter().map(|(lang, mentions)| (lang.as_str(), *mentions));
    let terms = found
        .terms
        .iter()
        .map(|term| json!({"term": term.term, "count": term.count, "z": rounded(term.z, 100.0)}));
    let posts = found.posts.iter().map(|shown| {
        json!({
            "post_id": shown.sample.post_id,
            "source": shown.sample.source,
            "score": shown.sample.score.as_f64(),
            "confidence": f64::from(shown.sample.confidence) / 100.0,
            "reach": shown.sample.reach,
            "text": shown.sample.text,
            "url": shown.sample.url,
            "cluster": format!("{:016x}", shown.cluster),
            "cluster_mentions": shown.mentions,
        })
    });
    json!({
        "window": {"from": found.from.to_string(), "to": alert.at.to_string()},
        "query": query(alert, rule, labels),
        "source": rule.source.as_ref().map(SourceId::as_str),
        "late": found.late,
        "authors": alert.authors,
        "sources": shares("source", sources, alert.counts.mentions),
        "languages": shares("lang", langs, alert.counts.mentions),
        "terms": terms.collect::<Value>(),
        "posts": posts.collect::<Value>(),
        "versions": {"rule": rule.version(), "scorer": labels.scorer(alert.topic)},
    })
}

/// SQL that counts what the alert counted, and where it fired ahead of the watermark perhaps a few more, which were on
/// their way; `None` for a source whose posts are not all kept.
fn query(alert: &Alert, rule: &Rule, labels: &Labels) -> Option<String> {
    // Posts that mention nothing have no time of counting.
    let is_of_all = rule.whole_source().is_some();
    let time = if is_of_all { "posted_at" } else { "coalesce(counted_at, posted_at)" };
    let mut wanted =
        vec![format!("{time} >= '{}'", alert.evidence.from), format!("{time} < '{}'", alert.at)];
    if let Some(topic) = labels.topics.get(alert.topic.0 as usize) {
        wanted.insert(0, format!("topic = {}", quoted(&topic.name)));
    }
    let source = rule.source.iter();
    wanted.extend(source.map(|name| format!("source = {}", quoted(name.as_str()))));
    if is_of_all {
        let all = format!("SELECT count(*) AS mentions FROM posts WHERE {}", wanted.join(" AND "));
        return (labels.archive == Archive::All).then_some(all);
    }
    wanted.push(if alert.counts_late() {
        format!("(late_at IS NULL OR late_at < '{}')", alert.at)
    } else {
        "late_at IS NULL".to_owned()
    });
    let heard = alert.evidence.heard_until.iter();
    wanted.extend(heard.map(|until| format!("received_at < '{until}'")));
    let of = |polarity| format!("count(*) FILTER (WHERE polarity = '{polarity}') AS {polarity}");
    let sure = rule.min_confidence.map_or(String::new(), |least| {
        let least = f64::from(least) / 100.0;
        format!(", count(*) FILTER (WHERE polarity = 'negative' AND confidence >= {least}) AS sure")
    });
    Some(format!(
        "SELECT count(*) AS mentions, {}, {}, {}{sure} FROM mentions WHERE {}",
        of("negative"),
        of("neutral"),
        of("positive"),
        wanted.join(" AND ")
    ))
}

fn shares<'n>(name: &str, counts: impl Iterator<Item = (&'n str, u64)>, all: u64) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let share = |mentions: u64| rounded(mentions as f64 / all.max(1) as f64, 10_000.0);
    let listed = counts.take(SHARES_MAX);
    listed
        .map(|(value, mentions)| {
            json!({name: value, "mentions": mentions, "share": share(mentions)})
        })
        .collect()
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
