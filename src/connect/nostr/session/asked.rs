//! What is asked of a relay beside the subscriptions? Names of accounts, and everything anew once it knows us.

use super::super::filter::{close, profiles};
use super::super::hearing::{Stage, older};
use super::super::told::Told;
use super::Session;
use crate::connect::source::Fault;

/// The names of the subscriptions for names of accounts: of those that are wanted, and of our own.
pub(super) const NAMES: &str = "names";
const ACCOUNTS: &str = "accounts";
/// Whether a subscription is for names.
pub(super) fn is_of_names(name: &str) -> bool {
    matches!(name, NAMES | ACCOUNTS)
}

impl Session<'_> {
    /// Asks for names of our own accounts, before the notes that are to be read with them.
    pub(super) async fn ask_accounts(&mut self) -> Result<(), Fault> {
        if self.relay.accounts.is_empty() {
            return Ok(());
        }
        let request = profiles(ACCOUNTS, &self.relay.accounts);
        self.say(&request).await
    }

    /// Asks for everything as somebody whom the relay knows: it may give more now.
    pub(super) async fn let_in(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.is_caught_up) {
            self.hand_over().await?;
            self.relay.tell(Told::Behind).await?;
        }
        self.ask_accounts().await?;
        let since = self.relay.since();
        for place in 0..self.hearings.len() {
            let Some(hearing) = self.hearings.get_mut(place) else { continue };
            if hearing.stage == Stage::Off {
                continue;
            }
            let was_older = matches!(hearing.stage, Stage::Older { .. });
            hearing.renew(since);
            if was_older {
                self.say(&close(&older(place))).await?;
            }
            self.ask(place, None).await?;
        }
        Ok(())
    }

    /// Tells that all names came that it knows.
    pub(super) async fn named(&mut self, name: &str) -> Result<(), Fault> {
        self.hand_over().await?;
        if name == NAMES {
            self.relay.tell(Told::Named).await?;
        }
        self.say(&close(name)).await
    }
}
