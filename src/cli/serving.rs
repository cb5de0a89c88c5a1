//! What does a configuration let in from outside: who may change something, and what sources take?

use std::sync::Arc;

use anyhow::Context;

use crate::config::Config;
use crate::connect::Door;

/// The token that changes over HTTP need.
pub(super) fn token(config: &Config) -> anyhow::Result<Option<Arc<str>>> {
    let Some(name) = &config.token_env else { return Ok(None) };
    let token = std::env::var(name).ok().filter(|token| !token.is_empty());
    token
        .map(Into::into)
        .with_context(|| format!("environment variable {name} is not set"))
        .map(Some)
}

/// Where sources take what others bring, by their names.
pub(super) fn doors(config: &Config) -> impl Iterator<Item = (String, Arc<dyn Door>)> {
    let doors = config.sources.iter();
    doors.filter_map(|source| Some((source.name.as_str().to_owned(), source.settings.door()?)))
}
