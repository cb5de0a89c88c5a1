//! What does a person read in plain text? A Jinja template, filled with the message.

use std::sync::Arc;

use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Value, json};

use super::letter::Letter;
use super::notice::Notice;
use crate::alert::Transition;
use crate::config::Reader;
use crate::notify::message::Message;

/// The template of receivers that give none.
const USUAL: &str = "\
{{ title }}
{{ summary }}
{% if todo %}{{ todo.title }}
{{ todo.text }}
{% endif %}{% for post in posts %}> {{ post.text }}
{% if post.origin or post.url %}  {{ [post.origin, post.url] | select | join(' · ') }}
{% endif %}{% endfor %}{% for fact in facts %}{{ fact.name }}: {{ fact.value }}
{% endfor %}{% if action %}{{ action }}
{% endif %}";
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
        let mut notice = Notice::of(&sample);
        let page = json!({"title": "Sample", "who": "Kim", "within": "1 h", "now": "1. Read."});
        notice.data.insert("policy".to_owned(), page);
        template.fill(&notice, &Letter::of(&notice, &Reader::default()))?;
        Ok(template)
    }

    /// The text; one that cannot be filled says why, rather than that nobody is told.
    pub(super) fn write(&self, notice: &Notice, letter: &Letter) -> String {
        self.fill(notice, letter).unwrap_or_else(|error| {
            let (title, summary) = (&letter.title, &letter.summary);
            format!("{title}\n{summary}\n{} {}\n({error})\n", notice.timestamp, notice.id)
        })
    }

    fn fill(&self, notice: &Notice, letter: &Letter) -> Result<String, minijinja::Error> {
        let facts = letter.facts.iter();
        let facts: Vec<Value> =
            facts.map(|fact| json!({"name": fact.name, "value": fact.value})).collect();
        let posts = letter.posts.iter();
        let posts: Vec<Value> = posts
            .map(|post| {
                json!({
                    "text": post.text,
                    "origin": post.origin,
                    "url": post.url,
                    "score": post.score,
                })
            })
            .collect();
        let todo = letter.todo.as_ref();
        let todo = todo.map(|todo| json!({"title": todo.title, "text": todo.text}));
        let action = letter.action.as_ref();
        let line = action.map(|action| {
            let link = action.link.as_ref();
            let link = link.map(|(name, url)| format!("\n{name}: {url}"));
            action.line() + &link.unwrap_or_default()
        });
        self.0.get_template(NAME)?.render(minijinja::value::Serde(json!({
            "id": notice.id,
            "type": notice.kind,
            "timestamp": notice.timestamp,
            "title": letter.title,
            "summary": letter.summary,
            "facts": facts,
            "posts": posts,
            "todo": todo,
            "action": line,
            "data": notice.data,
        })))
    }
}
