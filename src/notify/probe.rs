//! Does a receiver take messages? One attempt beside the outbox, and what came back.

use std::time::{Duration, Instant};

use super::courier::Manner;
use super::enclosure::Press;
use super::endpoint::{Endpoint, Road};
use super::message::Message;
use super::receiver::Receiver;

/// Most of an answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 2_048;

/// How one attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Whether a courier would take the message for delivered.
    pub arrived: bool,
    /// The answer's status, or why there was none.
    pub outcome: String,
    /// How long it took until then, with the resolution of the name and the handshake.
    pub elapsed: Duration,
    /// The beginning of what was answered, 2 kB at most, without control characters.
    pub answer: String,
}

/// Sends a message as a courier would, once; with a `press` mail carries the report that a message
/// promises.
pub async fn probe(receiver: &Receiver, message: &Message, press: Option<Press>) -> Probe {
    let started = Instant::now();
    let Manner { resolver, timeout, .. } = Manner::default();
    let (arrived, outcome, answer) = match Endpoint::new(receiver.clone(), resolver, timeout, press)
    {
        Err(error) => (false, error.to_string(), String::new()),
        Ok(Endpoint { receiver, road: Road::Mail(postman) }) => {
            match postman.bring(&receiver, message).await {
                Ok(answer) => (true, "taken by the server".to_owned(), answer),
                Err(fault) => (false, fault.why, String::new()),
            }
        }
        Ok(Endpoint { receiver, road: Road::Web(web) }) => {
            match web.send(&receiver, message).await {
                Err(why) => (false, why, String::new()),
                Ok(response) => {
                    let status = response.status();
                    (status.is_success(), status.to_string(), beginning(response).await)
                }
            }
        }
    };
    Probe { arrived, outcome, elapsed: started.elapsed(), answer }
}

/// The beginning of an answer, without what steers a terminal.
async fn beginning(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ANSWER_BYTES_MAX.saturating_sub(bytes.len());
        bytes.extend(chunk.iter().take(room));
        if bytes.len() >= ANSWER_BYTES_MAX {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.collect::<String>().trim().to_owned()
}
