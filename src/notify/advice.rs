//! What does a message say beside what happened? For whom it speaks, that nobody took care, and what
//! is to be done.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::message::Message;
use crate::alert::Transition;
use crate::config::{Config, Language};
use crate::policy::Policies;
use crate::time::EventTime;

/// Most members that a message names.
const MEMBERS_MAX: usize = 20;

/// The pages that say what to do, and in which language each receiver reads them.
#[derive(Debug, Clone, Default)]
pub struct Advice {
    policies: Policies,
    languages: HashMap<String, Language>,
}

impl Advice {
    /// As a configuration names them; pages are read whenever a message is told.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let language =
            |one: &crate::config::ReceiverConfig| (one.name.clone(), one.reader.language);
        Self {
            policies: Policies::of(&config.charter.policies),
            languages: config.receivers.iter().map(language).collect(),
        }
    }

    /// A message that names the topics whose alerts it speaks for, since when nobody took care if
    /// that is why it is told, and what is to be done.
    pub(super) fn added(
        &self,
        message: Message,
        topics: &[&str],
        told_at: Option<EventTime>,
    ) -> Message {
        let is_over = message.transition() == Some(Transition::Resolved);
        let policy = message.subject.as_ref().and_then(|subject| subject.policy.clone());
        let policy = policy.filter(|_| !is_over);
        let Ok(Value::Object(mut body)) = serde_json::from_str(&message.body) else {
            return message;
        };
        let Some(Value::Object(data)) = body.get_mut("data") else { return message };
        if !topics.is_empty() {
            let members = topics.iter().take(MEMBERS_MAX).copied().collect();
            data.insert("members".to_owned(), members);
        }
        if let (Some(Value::Object(step)), Some(since), false) =
            (data.get_mut("escalation"), told_at, is_over)
        {
            step.insert("since".to_owned(), json!(since.to_string()));
        }
        if let Some(name) = policy {
            data.insert("policy".to_owned(), self.policy(&name, &message.receiver));
        }
        Message { body: Value::Object(body).to_string(), ..message }
    }

    /// A page as a message carries it; only its name where it cannot be read, which stops nothing.
    fn policy(&self, name: &str, receiver: &str) -> Value {
        let language = self.languages.get(receiver).copied().unwrap_or_default();
        match self.policies.page(name, language) {
            Ok(guide) => serde_json::to_value(guide).unwrap_or_default(),
            Err(error) => {
                tracing::error!(%error, hint = error.hint(), "an alert is sent without its page");
                Value::Object(Map::from_iter([("name".to_owned(), json!(name))]))
            }
        }
    }
}
