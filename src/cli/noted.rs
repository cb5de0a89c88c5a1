//! Is it written down what a command changed or took out of a lake? In its audit log, where it has one.

use crate::lake::{AuditBook, LakeError};
use crate::state::{AuditEntry, Site};
use crate::system::{user_name, wall_clock};

/// What a command did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed<'t> {
    /// `change`, `export` or `erase`.
    pub(super) action: &'t str,
    /// As the same is called over HTTP.
    pub(super) what: &'t str,
    pub(super) topic: Option<&'t str>,
    /// Which one.
    pub(super) detail: Option<&'t str>,
}

impl<'t> Deed<'t> {
    /// Something was changed.
    pub(super) fn change(what: &'t str, detail: &'t str) -> Self {
        Self { action: "change", what, topic: None, detail: Some(detail) }
    }
}

/// Names the user of this command in the audit log of a lake where people log in.
pub(super) async fn note(site: &Site, deed: Deed<'_>) -> Result<(), LakeError> {
    if !site.own("audit").is_dir() {
        return Ok(());
    }
    let entry = AuditEntry {
        at: wall_clock(),
        who: user_name(),
        role: None,
        action: deed.action.to_owned(),
        what: deed.what.to_owned(),
        topic: deed.topic.map(str::to_owned),
        detail: deed.detail.map(str::to_owned),
        status: None,
        peer: None,
        door: "cli".to_owned(),
        count: 1,
    };
    let mut book = AuditBook::open(site).await?;
    book.write(&[entry])?;
    book.commit().await
}
