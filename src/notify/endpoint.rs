//! By which road does a message reach its receiver? By HTTP or by mail.

use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;

use super::attempt::Attempt;
use super::enclosure::Press;
use super::mail::Postman;
use super::message::Message;
use super::receiver::Receiver;
use super::webhook::Web;

/// A receiver and the road to it.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) receiver: Receiver,
    pub(super) road: Road,
}

/// How messages travel.
#[derive(Debug)]
pub(super) enum Road {
    /// As webhooks.
    Web(Web),
    /// As mail.
    Mail(Box<Postman>),
}

impl Endpoint {
    /// Ready to be called; each attempt ends after `timeout`, by mail after a few times that. Only
    /// with a `press` can mail carry reports.
    pub(super) fn new(
        receiver: Receiver,
        resolver: Arc<dyn Resolve>,
        timeout: Duration,
        press: Option<Press>,
    ) -> anyhow::Result<Self> {
        let road = match &receiver.mail {
            Some(letterbox) => {
                let reach = receiver.reach;
                let postman = Postman::new(letterbox.clone(), (resolver, reach), timeout, press)?;
                Road::Mail(Box::new(postman))
            }
            None => Road::Web(Web::new(&receiver, resolver, timeout)?),
        };
        Ok(Self { receiver, road })
    }

    /// Brings a message, once.
    pub(super) async fn post(&self, message: &Message) -> Attempt {
        match &self.road {
            Road::Web(web) => web.post(&self.receiver, message).await,
            Road::Mail(postman) => postman.post(&self.receiver, message).await,
        }
    }
}
