//! Does something stand in an item that says what it is?

use serde::Deserialize;
use serde_json::Value as Json;

use super::template::Pointer;

/// Something to be found in an item.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Test {
    pub(super) at: Pointer,
    /// What must stand there; anything that says yes if nothing is named.
    #[serde(default)]
    pub(super) is: Option<Vec<String>>,
}

impl Test {
    pub(super) fn holds(&self, item: &Json) -> bool {
        match &self.is {
            None if self.at.is_filtered() => {
                self.at.text(item).is_some_and(|text| !text.is_empty())
            }
            None => self.at.holds(item),
            Some(wanted) => self.at.text(item).is_some_and(|text| wanted.contains(&text)),
        }
    }
}
