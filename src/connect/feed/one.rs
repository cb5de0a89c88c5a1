//! What is known of one feed? Where it is, what was seen in it, and how the last look went.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::ask::{Found, Trouble, Way};
use super::hub::Hub;
use crate::connect::transport::Validators;
use crate::decode::feed::Memory;

/// What a cursor keeps of a feed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    pub(super) validators: Validators,
    /// Where it was found, if that is not the address given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    /// Whether it moved there, rather than a page naming it.
    #[serde(default)]
    pub(super) has_moved: bool,
    /// Whether it was ever read.
    #[serde(default)]
    pub(super) is_read: bool,
    /// The hub that tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hub: Option<Hub>,
    #[serde(default)]
    pub(super) memory: Memory,
}

/// One feed.
#[derive(Debug)]
pub(super) struct One {
    /// The address that the user gave.
    pub(super) given: String,
    /// Its name in the cursor, and what sets its ids apart.
    pub(super) key: String,
    pub(super) kept: Kept,
    /// When it is to be looked at.
    pub(super) due: Instant,
    pub(super) is_asked: bool,
    /// Whether its hub says that there is something new since the last look began.
    pub(super) is_rung: bool,
    /// Whether the server said that it is gone for good; it is asked again after a restart.
    pub(super) is_gone: bool,
    /// Failures in a row.
    pub(super) fails: u32,
    /// Why the last look failed, or what is wrong with what it found, and how to mend it.
    pub(super) trouble: Option<(String, String)>,
    /// Whether the user must mend what the last look failed of.
    pub(super) is_lasting: bool,
    /// How long it asks to be left alone, as it said last.
    pub(super) rest_s: Option<u64>,
}

impl One {
    pub(super) fn new(given: String, kept: Option<Kept>, key: String, due: Instant) -> Self {
        Self {
            given,
            key,
            kept: kept.unwrap_or_default(),
            due,
            is_asked: false,
            is_rung: false,
            is_gone: false,
            fails: 0,
            trouble: None,
            is_lasting: false,
            rest_s: None,
        }
    }

    /// Where it is asked.
    pub(super) fn address(&self) -> &str {
        self.kept.address.as_deref().unwrap_or(&self.given)
    }

    /// The server it is asked of.
    pub(super) fn host(&self) -> String {
        let url = url::Url::parse(self.address()).ok();
        url.and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default()
    }

    /// What is known once `found` is handed over.
    pub(super) fn after(&self, found: &Found) -> Kept {
        let mut kept = self.kept.clone();
        kept.is_read = true;
        if let Some((address, way)) = &found.address {
            kept.has_moved |= *way == Way::Moved;
            kept.address = Some(address.clone());
        }
        if found.document.is_some() {
            kept.validators.clone_from(&found.validators);
            kept.hub.clone_from(&found.hub);
        }
        kept
    }

    /// Whether nothing can be had of it for now.
    pub(super) fn is_lost(&self) -> bool {
        self.fails > 0
    }

    /// Whether nothing could ever be had of it, and nothing will until somebody mends it.
    pub(super) fn is_hopeless(&self) -> bool {
        self.is_gone || (self.is_lasting && !self.kept.is_read)
    }

    /// Notes a look that went well; `wrong` is what is still wrong with it.
    pub(super) fn well(&mut self, kept: Kept, wrong: Option<String>) {
        self.kept = kept;
        self.fails = 0;
        self.is_lasting = false;
        self.trouble = wrong.map(|wrong| (wrong, String::new()));
    }

    /// Notes one that failed; whether what the cursor keeps has changed.
    pub(super) fn failed(&mut self, trouble: &Trouble) -> bool {
        self.fails = self.fails.saturating_add(1);
        let (reason, hint) = match trouble {
            Trouble::Closed => return false,
            Trouble::Gone => ("it is gone for good (410)".to_owned(), "remove it".to_owned()),
            Trouble::Passing { reason, .. } => (reason.clone(), String::new()),
            Trouble::Lasting { reason, hint } => (reason.clone(), hint.clone()),
        };
        self.trouble = Some((reason, hint));
        self.is_lasting = !matches!(trouble, Trouble::Passing { .. });
        if !self.is_lasting {
            return false;
        }
        // What was found once may be elsewhere now: the address given says where.
        if self.kept.address.take().is_some() {
            self.kept.validators = Validators::default();
            self.kept.has_moved = false;
            return true;
        }
        self.is_gone = matches!(trouble, Trouble::Gone);
        false
    }
}
