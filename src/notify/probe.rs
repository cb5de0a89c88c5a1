//! Does a receiver take messages? One attempt beside the outbox, and what came back.

use std::time::{Duration, Instant};

use super::courier::Manner;
use super::message::Message;
use super::receiver::Receiver;
use super::webhook::Endpoint;

/// Most of an answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 2_048;

/// How one attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The answer's status; `None` when there was no answer.
    pub status: Option<reqwest::StatusCode>,
    /// Why there was none.
    pub why: Option<String>,
    /// How long it took until then, with the resolution of the name and the handshake.
    pub elapsed: Duration,
    /// The beginning of what was answered, 2 kB at most, without control characters.
    pub answer: String,
}

impl Probe {
    /// Whether a courier would take the message for delivered.
    #[must_use]
    pub fn arrived(&self) -> bool {
        self.status.is_some_and(|status| status.is_success())
    }
}

/// Sends a message as a courier would, once.
pub async fn probe(receiver: &Receiver, message: &Message) -> Probe {
    let started = Instant::now();
    let Manner { resolver, timeout, .. } = Manner::default();
    let answered = match Endpoint::new(receiver.clone(), resolver, timeout) {
        Ok(endpoint) => endpoint.send(message).await,
        Err(error) => Err(error.to_string()),
    };
    let elapsed = started.elapsed();
    match answered {
        Err(why) => Probe { status: None, why: Some(why), elapsed, answer: String::new() },
        Ok(mut response) => {
            let (status, mut bytes) = (Some(response.status()), Vec::new());
            while let Ok(Some(chunk)) = response.chunk().await {
                let room = ANSWER_BYTES_MAX.saturating_sub(bytes.len());
                bytes.extend(chunk.iter().take(room));
                if bytes.len() >= ANSWER_BYTES_MAX {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            let answer = plain.collect::<String>().trim().to_owned();
            Probe { status, why: None, elapsed, answer }
        }
    }
}
