//! How do server-sent events come? Over one HTTP answer without an end, watched for silence.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use tokio::time::{Instant, timeout_at};

use super::http::{Http, why};
use super::sse::{EventReader, Sent};
use crate::connect::source::{Fault, Outlet};

/// Longest silence; servers send a comment more often than that.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// An open stream of server-sent events.
#[derive(Debug)]
pub(in crate::connect) struct EventStream {
    response: Response,
    reader: EventReader,
    heard: Instant,
}

impl EventStream {
    /// Opens a stream that goes on after the last event that `reader` read, if the server keeps ids.
    ///
    /// # Errors
    /// Why there is none, and whose fault that is.
    pub(in crate::connect) async fn open(
        http: &Http,
        request: RequestBuilder,
        mut reader: EventReader,
        outlet: &Outlet,
    ) -> Result<Self, Fault> {
        reader.begin_anew();
        let mut request = request.header("accept", "text/event-stream");
        if !reader.last_id().is_empty() {
            request = request.header("last-event-id", reader.last_id());
        }
        let response = http.stream(request, outlet).await?;
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            let kind = kind.unwrap_or("nothing");
            return Err(Fault::external(format!(
                "the server sends {kind} instead of a stream of events"
            )));
        }
        Ok(Self { response, reader, heard: Instant::now() })
    }

    /// Waits for more, and gives what it completes to `found`. May be dropped while it waits.
    ///
    /// # Errors
    /// Why the stream ended.
    pub(in crate::connect) async fn fill(&mut self, found: &mut Vec<Sent>) -> Result<(), String> {
        match timeout_at(self.heard + IDLE_TIMEOUT, self.response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                self.heard = Instant::now();
                self.reader.take(&bytes, found);
                Ok(())
            }
            Ok(Ok(None)) => Err("the server ended the stream of events".to_owned()),
            Ok(Err(error)) => Err(why(&error)),
            Err(_) => Err(format!("nothing came for {IDLE_TIMEOUT:?}")),
        }
    }

    /// What is to be remembered for the next connection.
    pub(in crate::connect) fn into_reader(self) -> EventReader {
        self.reader
    }
}
