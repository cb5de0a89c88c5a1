//! What does a person read in plain text? A Jinja template, filled with the message.

use std::sync::Arc;

use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Value, json};

use super::notice::Notice;
use crate::alert::Transition;
use crate::notify::message::Message;

/// The template of receivers that give none.
const USUAL: &str = "\
{{ title }}
{{ summary }}
{% for fact in facts %}{{ fact.name }}: {{ fact.value }}
{% endfor %}{% for post in posts %}> {{ post.text }}
{% if post.url %}  {{ post.url }}
{% endif %}{% endfor %}{{ timestamp }} {{ id }}
";
/// Steps that one rendering may take: far more than any message needs.
const FUEL: u64 = 200_000;
const NAME: &str = "template";

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template line {line}: {message}")]
pub struct TemplateError {
    /// Line of the template, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        Self { line: error.line().unwrap_or(1), message }
    }
}

/// A template that was tried.
#[derive(Clone)]
pub(super) struct Template(Arc<Environment<'static>>);

impl Template {
    /// Compiles a template, and fills it with a message in which every field is present.
    pub(super) fn new(text: Option<&str>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_fuel(Some(FUEL));
        environment.add_template_owned(NAME, text.unwrap_or(USUAL).to_owned())?;
        let template = Self(Arc::new(environment));
        let sample = Message::sample("sample", Transition::Fired);
        template.fill(&Notice::of(&sample))?;
        Ok(template)
    }

    /// The text; one that cannot be filled says why, rather than that nobody is told.
    pub(super) fn write(&self, notice: &Notice) -> String {
        self.fill(notice).unwrap_or_else(|error| {
            let (title, summary) = (notice.title(), notice.summary());
            format!("{title}\n{summary}\n{} {}\n({error})\n", notice.timestamp, notice.id)
        })
    }

    fn fill(&self, notice: &Notice) -> Result<String, minijinja::Error> {
        let facts = notice.facts().into_iter();
        let facts: Vec<Value> =
            facts.map(|(name, value)| json!({"name": name, "value": value})).collect();
        let posts = notice.quotes().into_iter();
        let posts: Vec<Value> = posts
            .map(|quote| json!({"text": quote.text, "url": quote.url, "score": quote.score}))
            .collect();
        self.0.get_template(NAME)?.render(minijinja::value::Serde(json!({
            "id": notice.id,
            "type": notice.kind,
            "timestamp": notice.timestamp,
            "title": notice.title(),
            "summary": notice.summary(),
            "facts": facts,
            "posts": posts,
            "data": notice.data,
        })))
    }
}
