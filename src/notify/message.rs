//! What is to be told? An alert in resonanz's own JSON, once for each receiver.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::subject::subject;
use crate::alert::{Alert, Coordination, Evidence, Rule, Term, Transition};
use crate::config::Archive;
use crate::desk::Subject;
use crate::lake::{AlertRow, Labels};
use crate::mention::Topic;
use crate::post::{Lang, Score, SourceId, TopicId};
use crate::privacy::AuthorHasher;
use crate::time::{EventTime, MINUTE_US, SECOND_US};
use crate::window::{Counts, Exhibit, Mix, Sample};

/// One message to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The `webhook-id`: the same over retries, restarts and reprocessing, so that receivers can
    /// drop what they have seen.
    pub id: String,
    /// Name of the receiver.
    pub receiver: String,
    /// Event time of the transition in microseconds, which orders messages. What is told of a
    /// receiver has the earliest of all.
    pub at_us: i64,
    /// What is told, in resonanz's own JSON; the receiver's format is put on when it leaves.
    pub body: String,
    /// What it is about, for the desk; without it a message is told whatever people asked.
    #[serde(default)]
    pub subject: Option<Subject>,
}

impl Message {
    /// The alert that it tells of, or else itself: messages of one alert keep their order.
    #[must_use]
    pub fn alert(&self) -> &str {
        self.subject.as_ref().map_or(&self.id, |subject| &subject.alert_id)
    }

    /// What happened with the alert, if it tells of one.
    #[must_use]
    pub fn transition(&self) -> Option<Transition> {
        self.subject.as_ref().map(|subject| subject.transition)
    }

    /// A message as a rule would send it, with every field present: to try templates and receivers.
    #[must_use]
    pub fn sample(receiver: &str, transition: Transition) -> Self {
        let topic = Topic { name: "sample topic".to_owned(), ..Topic::default() };
        let rule = Rule {
            name: "sample rule".to_owned(),
            labels: vec![("team".to_owned(), "care".to_owned())],
            receivers: vec![receiver.to_owned()],
            ..Rule::default()
        };
        let labels = Labels {
            topics: vec![Topic { brand: Some("sample brand".to_owned()), ..topic }],
            rules: vec![rule],
            scorers: vec!["sample".to_owned()],
            archive: Archive::None,
            shard: None,
            authors: AuthorHasher::of_keys(),
        };
        let mut messages = messages(&sample_alert(transition), &labels);
        messages.pop().unwrap_or_else(|| unreachable!("the rule has one receiver"))
    }
}

fn sample_alert(transition: Transition) -> Alert {
    let sample = Sample {
        score: Score::from_f64(-0.6),
        confidence: 80,
        reach: 1_000,
        source: SourceId::new("sample"),
        post_id: "sample".into(),
        text: "a sample of what people write".into(),
        url: Some("https://example.com/sample".into()),
        own: Box::default(),
    };
    let at = EventTime(1_772_366_400_000_000);
    let (mentions, negative) = if transition == Transition::Resolved { (9, 2) } else { (50, 40) };
    Alert {
        id: "alt_sample".to_owned(),
        rule: 0,
        topic: TopicId(0),
        transition,
        at,
        started_at: at.shift(-MINUTE_US),
        observed: negative,
        expected: Some(4.0),
        p_value: Some(1e-9),
        novelty: Some(5.0),
        dispersion: Some(1.5),
        coordination: Coordination::None,
        counts: Counts { mentions, negative, positive: mentions - negative, ..Counts::default() },
        authors: mentions,
        evidence: Evidence {
            from: at.shift(-10 * MINUTE_US),
            late: 0,
            heard_until: None,
            mix: Mix {
                sources: vec![(SourceId::new("sample"), mentions)],
                langs: vec![(Lang::EN, mentions)],
            },
            terms: vec![Term { term: "sample".into(), count: 20, usual: 1, z: 4.5 }],
            posts: vec![Exhibit { sample: Arc::new(sample), cluster: 1, mentions: 3 }],
        },
    }
}

/// The messages that an alert brings: one for each receiver of its rule, and one for each step of
/// its escalation, which waits at the desk. Each step has ids of its own, so that whoever hears of an
/// alert twice by the same service hears it twice.
#[must_use]
pub fn messages(alert: &Alert, labels: &Labels) -> Vec<Message> {
    let (Some(rule), Some(row)) = (labels.rules.get(alert.rule), AlertRow::of(alert, labels))
    else {
        return Vec::new();
    };
    let brand = labels.topics.get(alert.topic.0 as usize).and_then(|topic| topic.brand.as_deref());
    let id = format!("{}.{}.{}", alert.id, alert.transition.as_str(), alert.at.0);
    let body = json!({
        "type": format!("alert.{}", alert.transition.as_str()),
        "timestamp": alert.at.to_string(),
        "data": row.told(brand, labels.scorer(alert.topic)),
    });
    let subject = subject(alert, labels);
    let message = |receiver: &String, id: String, body: &Value| Message {
        id,
        receiver: receiver.clone(),
        at_us: alert.at.0,
        body: body.to_string(),
        subject: subject.clone(),
    };
    let first = rule.receivers.iter().map(|receiver| message(receiver, id.clone(), &body));
    let further = (1..).zip(&rule.escalate).map(|(number, step)| {
        let mut body = body.clone();
        body["data"]["escalation"] = json!({"step": number, "after_s": step.after_us / SECOND_US});
        message(&step.to, format!("{id}.step{number}"), &body)
    });
    first.chain(further).collect()
}
