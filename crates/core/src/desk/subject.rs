//! What is an alert about, as the desk sees it?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::alert::{EscalationStep, Transition};

/// What an alert is about, as silences, parents and groups see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The same for all transitions of an episode.
    pub alert_id: String,
    /// What happened.
    pub transition: Transition,
    /// Name of the rule.
    pub rule: String,
    /// Its kind, such as `spike`.
    pub rule_type: String,
    /// How bad.
    pub severity: String,
    /// Name of the topic.
    pub topic: String,
    /// The topics above it, nearest first.
    pub ancestors: Vec<String>,
    /// The rule's labels; with them `severity`, `rule_type`, and the topic's `brand` and `group`,
    /// unless the rule has a label of that name.
    pub labels: BTreeMap<String, String>,
    /// Who is told further while nobody takes care; none of them is among the first receivers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<EscalationStep>,
    /// Name of the page that says what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}
