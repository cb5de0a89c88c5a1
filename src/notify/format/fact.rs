//! What is worth a line of a message, and what can be done about it?

/// A name and a value that are worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// Its name for programs, the same in all languages.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) value: String,
}

/// What a reader can do about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    /// Such as "Acknowledge".
    pub(super) name: &'static str,
    /// On the command line; names the alert by its short id.
    pub(super) command: String,
    /// Such as "Details", and where they are.
    pub(super) link: Option<(&'static str, String)>,
}

impl Action {
    /// In one line of plain text, without the link.
    pub(super) fn line(&self) -> String {
        format!("{}: {}", self.name, self.command)
    }
}
