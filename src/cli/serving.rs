//! What does a configuration let in from outside? What sources take.

use std::sync::Arc;

use crate::config::Config;
use crate::connect::Door;

/// Where sources take what others bring, by their names.
pub(super) fn doors(config: &Config) -> impl Iterator<Item = (String, Arc<dyn Door>)> {
    let doors = config.sources.iter();
    doors.filter_map(|source| Some((source.name.as_str().to_owned(), source.settings.door()?)))
}
