//! Is it written down what a command took out of a lake? In its audit log, where it has one.

use crate::lake::{AuditBook, LakeError};
use crate::state::{AuditEntry, Site};
use crate::system::wall_clock;

/// Names the user of this command in the audit log of a lake where people log in.
pub(super) async fn note(site: &Site, action: &str, what: &str) -> Result<(), LakeError> {
    if !site.own("audit").is_dir() {
        return Ok(());
    }
    let user =
        ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let entry = AuditEntry {
        at: wall_clock(),
        who: user.unwrap_or_else(|| "?".to_owned()),
        role: None,
        action: action.to_owned(),
        what: what.to_owned(),
        topic: None,
        detail: None,
        status: None,
        peer: None,
        door: "cli".to_owned(),
        count: 1,
    };
    let mut book = AuditBook::open(site).await?;
    book.write(&[entry])?;
    book.commit().await
}
