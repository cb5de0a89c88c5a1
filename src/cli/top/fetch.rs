//! What does the process say now? Three requests a look.

use std::error::Error;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

use super::Args;
use super::board::Board;
use crate::cli::Failure;
use crate::system::wall_clock;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks one process.
#[derive(Debug)]
pub(super) struct Asker {
    client: Client,
    url: Url,
    period: String,
    zone: String,
    token: Option<String>,
}

impl Asker {
    pub(super) fn new(args: &Args) -> Result<Self, Failure> {
        let url =
            args.url.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| {
            let message = format!("\"{}\" is not an address", args.url);
            Failure::usage(message, "write it as http://127.0.0.1:8600")
        })?;
        let token = args.token_env.as_ref().map(|name| {
            std::env::var(name).map_err(|_| {
                let message = format!("environment variable {name} is not set");
                Failure::usage(message, format!("export {name}=..."))
            })
        });
        let client = Client::builder().timeout(TIMEOUT).no_proxy().build();
        let client = client.map_err(anyhow::Error::from)?;
        let (period, zone) = (args.period.clone(), args.zone.clone());
        Ok(Self { client, url, period, zone, token: token.transpose()? })
    }

    /// A look, compared with the one before; or why there is none.
    pub(super) async fn look(&self, before: &Board) -> Result<Board, NoAnswer> {
        let (at, begun) = (wall_clock(), Instant::now());
        let span = [("period", self.period.as_str()), ("zone", self.zone.as_str())];
        let overview = self.get("api/v1/overview", &span).await?;
        let answer_ms = begun.elapsed().as_millis();
        let health = self.get("healthz", &[]).await?;
        let sources = self.get("api/v1/sources", &[]).await?;
        let (url, period) = (self.url.to_string(), self.period.clone());
        let board = Board { url, period, at, answer_ms, ..Board::default() };
        Ok(board.with_health(&health).with_overview(&overview).with_sources(&sources, before))
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, NoAnswer> {
        let mut url = self.url.join(path).map_err(|error| NoAnswer::of(error.to_string()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.get(url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.map_err(|error| NoAnswer::of(why(&error)))?;
        let status = response.status();
        let body = response.text().await.map_err(|error| NoAnswer::of(why(&error)))?;
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        // A process that is not well answers 503, and says what it knows.
        if status.is_success() || body.get("status").is_some_and(Value::is_string) {
            return Ok(body);
        }
        if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
            let why = match &self.token {
                None => "it tells nothing without a token",
                Some(_) => "it does not take this token, or its role may not read",
            };
            return Err(NoAnswer { why: why.to_owned(), wants_token: true });
        }
        let text = |name| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let parts = [text("detail"), text("hint").filter(|hint| !hint.is_empty())];
        let said = parts.into_iter().flatten().collect::<Vec<String>>().join("; ");
        Err(NoAnswer::of(if said.is_empty() { format!("it answers {status}") } else { said }))
    }
}

/// Why there is nothing to look at.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) why: String,
    /// Whether a token would mend it.
    pub(super) wants_token: bool,
}

impl NoAnswer {
    fn of(why: String) -> Self {
        Self { why, wants_token: false }
    }
}

/// The innermost cause: those around it only name the address.
fn why(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
