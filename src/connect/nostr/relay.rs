//! How is one relay kept in touch with? It is dialed again and again, and what it gives goes to the
//! source that hears all of them.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::manners::Manners;
use super::session::Session;
use super::told::{Relay, Told};
use crate::connect::backoff::Backoff;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Http, WebSocket};

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// Longest wait that a relay may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);
/// After a refusal that somebody must mend.
const REFUSED_WAIT: Duration = Duration::from_secs(60 * 60);

impl Relay {
    /// Hears the relay until the process ends.
    pub(super) async fn run(mut self, outlet: Outlet) {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let mut was_well = false;
            let fault = match self.connect(&mut was_well, &outlet).await {
                Ok(never) => never,
                Err(fault) => fault,
            };
            if was_well {
                backoff.reset();
            }
            let (told, wait) = match fault {
                Fault::Closed => return,
                Fault::User { reason, hint } => (Told::Refuses(reason, hint), REFUSED_WAIT),
                Fault::External { reason, wait } => {
                    let asked = wait.unwrap_or_default().min(LONGEST_ASKED);
                    (Told::Lost(reason), asked + backoff.next_wait())
                }
                Fault::Internal { reason } => (Told::Lost(reason), LONGEST_WAIT),
            };
            if self.tell(told).await.is_err() {
                return;
            }
            outlet.pause(wait).await;
            if outlet.is_closing() {
                return;
            }
        }
    }

    async fn connect(&mut self, was_well: &mut bool, outlet: &Outlet) -> Result<Fault, Fault> {
        let manners = Manners::ask(&Http::new()?, &self.url, outlet).await?;
        let dialed = tokio::select! {
            dialed = WebSocket::dial_with(&self.url, HeaderMap::new()) => dialed,
            () = outlet.closing() => return Err(Fault::Closed),
        };
        let socket = dialed.map_err(|refusal| match refusal.fault() {
            Fault::User { reason, .. } => Fault::user(reason, "check its address in relays"),
            other => other,
        })?;
        self.tell(Told::Open).await?;
        if let Some(limits) = manners.limits(&self.url) {
            self.tell(Told::Limits(limits)).await?;
        }
        Session::new(self, socket, &manners).run(was_well, outlet).await
    }
}
