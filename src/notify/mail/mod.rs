//! Did mail arrive at its server? One attempt by SMTP to bring one message to all people of a receiver.
//!
//! The server's code decides what becomes of a message: 4xx is tried again later, 5xx never. One
//! letter goes to all people in one transaction, so that none gets it twice because another could
//! not get it: who is refused for good is left out and named in the log, and who is refused for now
//! makes all wait. A message keeps its `Message-ID` over all attempts, so that mail programs show it
//! once even where a server took it and said so too late.

mod letter;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailParameter};
use lettre::transport::smtp::{Error, response::Severity};
use reqwest::dns::Resolve;

use super::attempt::{Attempt, Failure, Fault};
use super::enclosure::{Enclosure, Press, ReportOrder};
use super::guard::Guard;
use super::letterbox::Letterbox;
use super::message::Message;
use super::receiver::Receiver;
use crate::config::Reach;
use crate::system::wall_clock;
use wire::{Tls, dial};

/// A letter may take so many times as long as a webhook: servers look at it while it comes in.
const PATIENCE: u32 = 4;
/// How long the end of a conversation may take, once the letter is taken.
const FAREWELL: Duration = Duration::from_secs(2);
/// Longest part of an answer that is repeated, in characters.
const ANSWER_CHARS: usize = 300;

/// Brings mail to one server.
#[derive(Debug)]
pub(super) struct Postman {
    letterbox: Letterbox,
    tls: Tls,
    guard: Guard,
    timeout: Duration,
    press: Option<Press>,
}

/// Why a letter was not taken.
#[derive(Debug)]
pub(super) struct MailFault {
    /// In words, without the password.
    pub(super) why: String,
    becomes: Becomes,
}

/// What becomes of a letter that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    /// Tried again, once the server is well.
    ServerLater,
    /// Tried again; others may fare better.
    Later,
    /// Given up.
    Never,
}

impl MailFault {
    fn server(why: impl Into<String>) -> Self {
        Self { why: why.into(), becomes: Becomes::ServerLater }
    }

    /// What a server answered to a part of a letter.
    fn answered(step: &str, error: &Error) -> Self {
        let becomes = match error.status() {
            Some(code) if code.severity == Severity::PermanentNegativeCompletion => Becomes::Never,
            // 421: the service is not there.
            Some(code) if code.to_string() != "421" => Becomes::Later,
            _ => Becomes::ServerLater,
        };
        Self { why: said(step, error), becomes }
    }
}

/// An error in a server's own words, cut and without what steers a terminal.
fn said(step: &str, error: &Error) -> String {
    let text = format!("{step}: {error}");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(ANSWER_CHARS).collect()
}

impl Postman {
    /// For one letterbox; addresses come from `resolver`, and must be public unless `reach` says
    /// otherwise.
    pub(super) fn new(
        letterbox: Letterbox,
        (resolver, reach): (Arc<dyn Resolve>, Reach),
        timeout: Duration,
        press: Option<Press>,
    ) -> anyhow::Result<Self> {
        let tls = Tls::new(&letterbox)?;
        Ok(Self { letterbox, tls, guard: Guard { resolver, reach }, timeout, press })
    }

    /// Brings a message.
    pub(super) async fn post(&self, receiver: &Receiver, message: &Message) -> Attempt {
        let Err(MailFault { why, becomes }) = self.bring(receiver, message).await else {
            return Attempt::Arrived;
        };
        let failed = |why, fault| Attempt::Failed(Failure { why, retry_after: None, fault });
        match becomes {
            Becomes::Never => Attempt::Refused(why),
            Becomes::Later => failed(why, Fault::Message),
            Becomes::ServerLater => failed(why, Fault::Endpoint),
        }
    }

    /// Brings a message; what the server answered.
    pub(super) async fn bring(
        &self,
        receiver: &Receiver,
        message: &Message,
    ) -> Result<String, MailFault> {
        let limit = self.timeout.saturating_mul(PATIENCE);
        let enclosure = self.enclosure(receiver, message).await?;
        let written = receiver.style.mail(message, wall_clock());
        let bytes = letter::write(&self.letterbox, message, &written, enclosure)
            .map_err(|why| MailFault { why, becomes: Becomes::Never })?;
        let brought = tokio::time::timeout(limit, self.converse(&bytes)).await;
        brought.unwrap_or_else(|_| Err(MailFault::server(format!("no answer within {limit:?}"))))
    }

    /// The report that a message promises, made now.
    async fn enclosure(
        &self,
        receiver: &Receiver,
        message: &Message,
    ) -> Result<Option<Enclosure>, MailFault> {
        let (Some(order), Some(press)) = (ReportOrder::of(message), &self.press) else {
            return Ok(None);
        };
        let made = (press.0)(order, receiver.style.language()).await;
        let later = |why| MailFault { why: format!("the report: {why}"), becomes: Becomes::Later };
        made.map(Some).map_err(later)
    }

    async fn converse(&self, letter: &[u8]) -> Result<String, MailFault> {
        let hello = ClientId::default();
        let wire = dial(&self.letterbox, &self.tls, &self.guard, &hello).await;
        let wire = wire.map_err(MailFault::server)?;
        let connected = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
        let mut server = connected.map_err(|error| MailFault::server(said("greeting", &error)))?;
        let outcome = self.hand_over(&mut server, letter).await;
        // The letter is taken or not by now, whatever the server says to this: nobody waits for it.
        tokio::spawn(async move { tokio::time::timeout(FAREWELL, server.abort()).await });
        outcome
    }

    async fn hand_over(
        &self,
        server: &mut AsyncSmtpConnection,
        letter: &[u8],
    ) -> Result<String, MailFault> {
        let Letterbox { login, from, to, .. } = &self.letterbox;
        if let Some(login) = login {
            // A wrong password is mended in the configuration: nothing is given up for it.
            let known = server.auth(DEFAULT_MECHANISMS, login).await;
            known.map_err(|error| MailFault::server(said("login", &error)))?;
        }
        let is_ascii = |address: &lettre::Address| address.to_string().is_ascii();
        let ascii = is_ascii(&from.email) && to.iter().all(|to| is_ascii(&to.email));
        let parameters = if ascii { Vec::new() } else { vec![MailParameter::SmtpUtfEight] };
        let from = Mail::new(Some(from.email.clone()), parameters);
        let taken = server.command(from).await;
        taken.map_err(|error| MailFault::answered("sender", &error))?;
        let mut refused = None;
        let mut taken = 0;
        for person in to {
            match server.command(Rcpt::new(person.email.clone(), Vec::new())).await {
                Ok(_) => taken += 1,
                Err(error) => {
                    let fault = MailFault::answered("recipient", &error);
                    if fault.becomes != Becomes::Never {
                        return Err(fault);
                    }
                    tracing::error!(person = %person.email, why = fault.why, "mail refused");
                    refused = Some(fault);
                }
            }
        }
        if let (0, Some(fault)) = (taken, refused) {
            return Err(fault);
        }
        let ready = server.command(Data).await;
        ready.map_err(|error| MailFault::answered("data", &error))?;
        let answer = server.message(letter).await;
        let answer = answer.map_err(|error| MailFault::answered("letter", &error))?;
        let answer: String = answer.message().collect::<Vec<_>>().join(" ");
        let plain = answer.chars().map(|c| if c.is_control() { ' ' } else { c });
        Ok(plain.take(ANSWER_CHARS).collect())
    }
}
