//! Which accounts are those that the user names as their sites do? The sites are asked when a source begins.

use std::collections::BTreeSet;

use super::Nostr;
use super::address::identify;
use super::names::Names;
use crate::connect::source::{Fault, Outlet};
use crate::decode::nostr::{account, hex};

impl Nostr {
    /// Learns the keys of accounts that are named. What a site said once holds while it cannot be asked.
    pub(super) async fn learn_named(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        while let Some(name) = self.settings.named.last().cloned() {
            let answer = tokio::select! {
                answer = identify(&name) => answer,
                () = outlet.closing() => return Err(Fault::Closed),
            };
            let known = self.sites.get(&name).cloned();
            let told = match answer {
                Ok(Some(told)) => told,
                Ok(None) => known.ok_or_else(|| unknown(&name))?,
                Err(fault) => known.ok_or_else(|| {
                    Fault::external(format!("the key of {name} cannot be asked for: {fault}"))
                })?,
            };
            let key = account(&told).ok_or_else(|| unknown(&name))?;
            self.moved |= self.sites.insert(name, told.clone()) != Some(told);
            self.hear_account(hex(&key));
            self.settings.named.pop();
        }
        Ok(())
    }

    fn hear_account(&mut self, key: String) {
        let all: BTreeSet<String> = self.accounts.iter().cloned().chain([key.clone()]).collect();
        self.accounts = all.into_iter().collect();
        self.names = Names::of(&self.accounts);
        self.settings.accounts.push(key);
        self.settings.accounts.sort();
        self.settings.accounts.dedup();
    }
}

fn unknown(name: &str) -> Fault {
    let site = name.rsplit_once('@').map_or(name, |(_, site)| site);
    let hint = "check accounts, or write the account's key, which begins with npub1";
    Fault::user(format!("{site} knows no account {name}"), hint)
}
