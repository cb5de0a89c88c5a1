//! How is a goal's slip told? By the messages of an alert, to the goal's receivers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::message::Message;
use crate::config::Goal;
use crate::desk::Subject;
use crate::lake::AlertRow;
use crate::time::SECOND_US;

/// The kind of rule that alerts of goals name.
pub const GOAL: &str = "goal";

/// The messages that an alert of a goal brings: one for each receiver, and one for each step of the
/// goal's escalation.
#[must_use]
pub fn goal_messages(row: &AlertRow, goal: &Goal) -> Vec<Message> {
    let id = format!("{}.{}.{}", row.alert_id, row.transition.as_str(), row.at.0);
    let body = json!({
        "type": format!("alert.{}", row.transition.as_str()),
        "timestamp": row.at.to_string(),
        "data": row.told(None, ""),
    });
    let message = |receiver: &String, id: String, body: &Value| Message {
        id,
        receiver: receiver.clone(),
        at_us: row.at.0,
        body: body.to_string(),
        subject: Some(subject(row, goal)),
    };
    let first = goal.receivers.iter().map(|receiver| message(receiver, id.clone(), &body));
    let further = (1..).zip(&goal.escalate).map(|(number, step)| {
        let mut body = body.clone();
        body["data"]["escalation"] = json!({"step": number, "after_s": step.after_us / SECOND_US});
        message(&step.to, format!("{id}.step{number}"), &body)
    });
    first.chain(further).collect()
}

fn subject(row: &AlertRow, goal: &Goal) -> Subject {
    let given = [("severity", goal.severity.as_str()), ("rule_type", GOAL)];
    let given = given.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut labels: BTreeMap<String, String> = given.collect();
    labels.extend(goal.labels.iter().cloned());
    Subject {
        alert_id: row.alert_id.clone(),
        transition: row.transition,
        rule: goal.name.clone(),
        rule_type: GOAL.to_owned(),
        severity: goal.severity.clone(),
        topic: row.topic.clone(),
        ancestors: Vec::new(),
        labels,
        steps: goal.escalate.clone(),
        policy: goal.policy.clone(),
    }
}
