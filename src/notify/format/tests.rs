//! Do bodies hold what each service asks for, whatever the alert?

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::alert::Transition;

const NOW: EventTime = EventTime(1_772_366_400_000_000);

const SENTENCE: &str = "40 of 50 posts on sample topic in 10 minutes are negative, usually 1 to 7 \
                        (since 11:59 UTC)";

fn formats() -> [Format; 7] {
    [
        Format::Resonanz,
        Format::Alertmanager,
        Format::Slack,
        Format::Teams,
        Format::PagerDuty,
        Format::CloudEvents,
        Format::Text(None),
    ]
}

fn written(format: &Format, evidence: Evidence, body: &Value) -> Body {
    let style =
        Style::new(format, evidence, &Reader::default(), Some("routing-key")).expect("a style");
    let message = Message { body: body.to_string(), ..Message::sample("r", Transition::Fired) };
    style.body(&message, NOW)
}

fn sample() -> Value {
    serde_json::from_str(&Message::sample("r", Transition::Fired).body).expect("JSON")
}

fn body(format: &Format, body: &Value) -> Value {
    serde_json::from_str(&written(format, Evidence::Full, body).text).expect("JSON")
}

#[test]
fn a_fired_alert_in_each_format() {
    let fired = sample();
    assert_eq!(body(&Format::Resonanz, &fired), fired);

    let event = body(&Format::PagerDuty, &fired);
    assert_eq!(
        (&event["event_action"], &event["dedup_key"], &event["routing_key"]),
        (&json!("trigger"), &json!("alt_sample"), &json!("routing-key"))
    );
    assert_eq!(event["payload"]["severity"], "warning");
    assert_eq!(event["payload"]["custom_details"], fired["data"]);

    let event = body(&Format::CloudEvents, &fired);
    assert_eq!(
        (&event["specversion"], &event["type"], &event["time"]),
        (&json!("1.0"), &json!("resonanz.alert.fired"), &fired["timestamp"])
    );
    assert_eq!(event["data"], fired["data"]);

    let alert = &body(&Format::Alertmanager, &fired)[0];
    assert_eq!(
        alert["labels"],
        json!({"alertname": "sample rule", "topic": "sample topic", "brand": "sample brand",
               "severity": "warning", "team": "care"})
    );
    assert_eq!(
        (&alert["startsAt"], &alert["endsAt"]),
        (&json!("2026-03-01T11:59:00Z"), &json!("2026-03-01T13:00:00Z"))
    );

    let slack = body(&Format::Slack, &fired);
    let text = slack["text"].as_str().expect("a fallback");
    assert!(text.contains(SENTENCE), "{text}");
    assert_eq!(slack["blocks"][0]["type"], "header");

    let card = &body(&Format::Teams, &fired)["attachments"][0]["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));

    let text = written(&Format::Text(None), Evidence::Full, &fired).text;
    assert!(text.starts_with(SENTENCE), "{text}");
    let post = "\n> a sample of what people write\n  sample · 2 more like it · https://example.com/sample\n";
    assert!(text.contains(post), "{text}");
}

#[test]
fn a_resolved_alert_ends_the_incident_that_the_fired_one_began() {
    let (fired, mut resolved) = (sample(), sample());
    resolved["type"] = json!("alert.resolved");
    resolved["data"]["transition"] = json!("resolved");
    resolved["timestamp"] = json!("2026-03-01T11:59:59Z");
    let event = body(&Format::PagerDuty, &resolved);
    assert_eq!(
        (&event["event_action"], &event["dedup_key"]),
        (&json!("resolve"), &json!("alt_sample"))
    );
    let [began, ended] = [&fired, &resolved].map(|one| body(&Format::Alertmanager, one)[0].clone());
    assert_eq!(began["labels"], ended["labels"]);
    assert_eq!(ended["endsAt"], "2026-03-01T11:59:59Z");
}

#[test]
fn what_people_wrote_commands_nobody() {
    let mut alert = sample();
    alert["data"]["topic"] = json!("a <!channel> & b");
    alert["data"]["evidence"] =
        json!([{"text": "<!channel> [x](http://evil) *b*", "url": "https://e.org/<|x>"}]);
    let slack = body(&Format::Slack, &alert);
    let mut marked = Vec::new();
    collect(&slack, &mut marked);
    marked.push(slack["text"].as_str().unwrap_or_default().to_owned());
    assert!(marked.iter().all(|text| !text.contains("<!")), "{marked:?}");
    assert!(marked.iter().any(|text| text.contains("a &lt;!channel&gt; &amp; b")), "{marked:?}");
    let card = body(&Format::Teams, &alert).to_string();
    assert!(card.contains(r"\\[x\\]\\(http://evil\\)"), "{card}");
}

/// All texts in which Slack looks for commands.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(parts) if parts.get("type") == Some(&json!("mrkdwn")) => {
            found.extend(parts["text"].as_str().map(str::to_owned));
        }
        Value::Object(parts) => parts.values().for_each(|part| collect(part, found)),
        Value::Array(list) => list.iter().for_each(|part| collect(part, found)),
        _ => {}
    }
}

#[test]
fn ids_alone_leave_the_house_if_asked() {
    let mut alert = sample();
    alert["data"]["evidence"] = json!({
        "posts": [{"post_id": "p1", "text": "secret words", "url": "https://secret", "author": "secret",
                   "score": -0.5}],
        "terms": [{"term": "secret", "weight": 3.5}],
        "languages": {"en": 0.75},
        "query": "SELECT secret",
    });
    for format in formats() {
        let thin = written(&format, Evidence::Ids, &alert).text;
        assert!(!thin.contains("secret"), "{format:?}: {thin}");
    }
    let thin = written(&Format::Resonanz, Evidence::Ids, &alert).text;
    let thin: Value = serde_json::from_str(&thin).expect("JSON");
    assert_eq!(
        thin["data"]["evidence"],
        json!({"posts": [{"post_id": "p1", "score": -0.5}], "terms": [{"weight": 3.5}],
               "languages": {"en": 0.75}})
    );
}

#[test]
fn new_evidence_appears_in_every_format() {
    let mut alert = sample();
    alert["data"]["evidence"] = json!({
        "posts": [{"post_id": "p1", "text": "seen words", "score": -0.5}],
        "terms": [{"term": "scandal", "weight": 3.5}],
    });
    for format in formats() {
        let body = written(&format, Evidence::Full, &alert).text;
        assert!(body.contains("scandal") && body.contains("seen words"), "{format:?}: {body}");
    }
}

#[test]
fn what_people_read_holds_nothing_for_programs_and_no_link_that_leads_nowhere() {
    let mut alert = sample();
    alert["data"]["evidence"]["posts"][0]["url"] = json!("https://bsky.app/");
    for format in [Format::Slack, Format::Teams, Format::Alertmanager, Format::Text(None)] {
        let body = written(&format, Evidence::Full, &alert).text;
        for unwanted in ["SELECT", "p_value", "p value", "rul_", "bsky.app"] {
            assert!(!body.contains(unwanted), "{unwanted} in {format:?}: {body}");
        }
    }
    let json = written(&Format::Resonanz, Evidence::Full, &alert).text;
    assert!(json.contains("SELECT") && json.contains("p_value"), "{json}");
}

#[test]
fn the_sentence_says_which_posts_it_counts() {
    let mut alert = sample();
    let title = |alert: &Value| {
        let text = written(&Format::Text(None), Evidence::Full, alert).text;
        text.lines().next().unwrap_or_default().to_owned()
    };
    alert["data"]["observed"] = json!(30);
    assert!(title(&alert).starts_with("30 of 50 posts on sample topic in 10 minutes are clearly"));
    alert["data"]["copies"] = json!(5);
    assert!(
        title(&alert).starts_with("30 of 45 distinct posts on sample topic in 10 minutes are neg")
    );
    alert["data"]["topic"] = json!("a\u{202e}b\n<c>");
    assert!(title(&alert).contains(" on ab <c> in "), "{}", title(&alert));
    let link = json!("https://example.com/\u{202e}a");
    alert["data"]["evidence"]["posts"][0]["url"] = link;
    assert!(!written(&Format::Slack, Evidence::Full, &alert).text.contains("https://"));
}

#[test]
fn a_template_is_tried_before_it_is_needed() {
    let style = |text: &str| {
        let format = Format::Text(Some(text.to_owned()));
        Style::new(&format, Evidence::Full, &Reader::default(), None)
    };
    assert!(style("{{ title }} {{ data.observed }}").is_ok());
    let error = style("{{ title }}\n{{ nothing }}").expect_err("no such field");
    assert_eq!(error.line, 2, "{error}");
    assert!(style("{% for x in range(1000000) %}{{ x }}{% endfor %}").is_err(), "it ends");
}

/// JSON of any shape and size.
fn json_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![".{0,40}", "[<>&\"\\\\\u{0}\n]{0,4000}", "ä{0,3000}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<f64>().prop_map(|number| json!(number)),
        text.prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 64, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::Array),
            prop::collection::btree_map(".{0,200}", inner, 0..12)
                .prop_map(|parts| Value::Object(parts.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_body_is_too_long(
        evidence in json_value(),
        texts in prop::collection::vec("[<>&\"\\\\\u{0}a]{0,2000}", 0..40),
        labels in prop::collection::btree_map("[<>&\"a]{0,300}", "[<>&\"\\\\\u{0}a]{0,2000}", 0..60),
    ) {
        let mut alert = sample();
        let posts: Vec<Value> =
            texts.iter().map(|text| json!({"text": text, "url": format!("https://e.org/{text}")})).collect();
        alert["data"]["labels"] = json!(labels);
        for name in ["topic", "rule", "severity", "brand"] {
            alert["data"][name] = json!(texts.first());
        }
        for evidence in [json!(posts), json!({"posts": posts, "more": evidence.clone()}), evidence] {
            alert["data"]["evidence"] = evidence;
            for format in formats() {
                let body = written(&format, Evidence::Full, &alert);
                prop_assert!(body.text.len() <= BODY_BYTES_MAX, "{:?}: {} bytes", format, body.text.len());
                if body.content_type != "text/plain; charset=utf-8" {
                    prop_assert!(serde_json::from_str::<Value>(&body.text).is_ok());
                }
            }
        }
    }
}
