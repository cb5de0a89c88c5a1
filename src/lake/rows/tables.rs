//! Which tables does a lake have?

/// A table of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// One row per kept post.
    Posts,
    /// One row per post and topic it mentions.
    Mentions,
    /// One row per closed minute, topic, source and language.
    Panes,
    /// One row per transition of an alert.
    Alerts,
    /// One row per change that a person made to the state of a mention.
    Triage,
    /// Who saw and changed what; written apart from the others, where people log in.
    Audit,
}

impl Table {
    /// The tables that a commit changes as one, in their order.
    pub const ALL: [Self; 5] =
        [Self::Posts, Self::Mentions, Self::Panes, Self::Alerts, Self::Triage];
    /// All there are.
    pub(super) const KNOWN: [Self; 6] =
        [Self::Posts, Self::Mentions, Self::Panes, Self::Alerts, Self::Triage, Self::Audit];

    /// The name of the table and of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Mentions => "mentions",
            Self::Panes => "panes",
            Self::Alerts => "alerts",
            Self::Triage => "triage",
            Self::Audit => "audit",
        }
    }

    /// Whether lakes of older versions lack it: a writer makes it, and to readers it is empty.
    #[must_use]
    pub(crate) fn came_later(self) -> bool {
        matches!(self, Self::Triage | Self::Audit)
    }
}

/// Partition column of every table.
pub(crate) const DAY: &str = "day";

/// The day in a path such as `day=2026-03-02/part-0.parquet`, as days since the epoch.
pub(crate) fn day_of(path: &str) -> Option<i32> {
    let text = path.split('/').find_map(|part| part.strip_prefix(DAY)?.strip_prefix('='))?;
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(day.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours())
        .and_then(|hours| i32::try_from(hours / 24).ok())
}
