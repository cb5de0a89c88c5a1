//! What is a message about, as the desk sees it?

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::desk::Subject;
use crate::lake::Labels;
use crate::mention::Topic;

/// Most topics above a topic.
const ANCESTORS_MAX: usize = 16;

/// The subject of an alert; `None` if its rule is not known.
pub(super) fn subject(alert: &Alert, labels: &Labels) -> Option<Subject> {
    let rule = labels.rules.get(alert.rule)?;
    let topic = labels.topics.get(alert.topic.0 as usize);
    let given = [
        ("severity", Some(rule.severity.as_str())),
        ("rule_type", Some(rule.condition.name())),
        ("brand", topic.and_then(|topic| topic.brand.as_deref())),
        ("group", topic.and_then(|topic| topic.group.as_deref())),
    ];
    let given =
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let mut all: BTreeMap<String, String> = given.collect();
    all.extend(rule.labels.iter().cloned());
    Some(Subject {
        alert_id: alert.id.clone(),
        transition: alert.transition,
        rule: rule.name.clone(),
        rule_type: rule.condition.name().to_owned(),
        severity: rule.severity.clone(),
        topic: topic.map(|topic| topic.name.clone()).unwrap_or_default(),
        ancestors: topic.map(|topic| ancestors(topic, &labels.topics)).unwrap_or_default(),
        labels: all,
        steps: rule.escalate.clone(),
        policy: rule.policy.clone(),
    })
}

/// The topics above a topic, nearest first.
fn ancestors(topic: &Topic, topics: &[Topic]) -> Vec<String> {
    let parent = |topic: &&Topic| {
        let name = topic.parent.as_ref()?;
        topics.iter().find(|other| other.name == *name)
    };
    let above = std::iter::successors(Some(topic), parent).skip(1).take(ANCESTORS_MAX);
    above.map(|topic| topic.name.clone()).collect()
}
