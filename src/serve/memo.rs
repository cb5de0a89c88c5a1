//! What was answered last? One answer for all who ask the same, with the commit that it is of.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Most answers kept, and the longest of them, in bytes.
const ANSWERS_MAX: usize = 128;
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// For how long an answer counts while nothing is committed: spans that end now go on.
const FRESH: Duration = Duration::from_secs(5);
/// How often longer than its computation an answer counts beside posts that come in: so a question
/// that all ask takes one part of so many of a processor.
const REST: u32 = 40;

/// The latest answers of a process.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<String, Arc<Entry>>>);

/// A question and its latest answer.
#[derive(Debug, Default)]
pub(super) struct Entry {
    answer: Mutex<Option<Answer>>,
    /// Held by whoever computes it while others wait.
    pub(super) computing: tokio::sync::Mutex<()>,
    /// Whether it is computed while others are given the last one.
    pub(super) renewing: AtomicBool,
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    media_type: HeaderValue,
    body: Bytes,
    /// Which commit it is of.
    version: u64,
    pub(super) at: Instant,
    /// How long it took to compute.
    took: Duration,
}

impl Memo {
    pub(super) fn entry(&self, question: &str) -> Arc<Entry> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(question) {
            return Arc::clone(entry);
        }
        if entries.len() >= ANSWERS_MAX {
            // What was answered longest ago leaves, and what never was.
            let age = |entry: &Arc<Entry>| entry.latest().map(|answer| answer.at);
            let oldest = entries.iter().min_by_key(|(_, entry)| age(entry));
            let oldest = oldest.map(|(question, _)| question.clone());
            oldest.map(|question| entries.remove(&question));
        }
        Arc::clone(entries.entry(question.to_owned()).or_default())
    }
}

impl Entry {
    pub(super) fn latest(&self) -> Option<Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers, and keeps what is whole and not too long.
    pub(super) async fn compute(&self, version: u64, request: Request, next: Next) -> Response {
        let begun = Instant::now();
        let response = next.run(request).await;
        let took = begun.elapsed();
        let media_type = response.headers().get(header::CONTENT_TYPE).cloned();
        let (StatusCode::OK, Some(media_type)) = (response.status(), media_type) else {
            return response;
        };
        let (parts, body) = response.into_parts();
        // Answers of ours are made whole before they leave.
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            return Response::from_parts(parts, Body::empty());
        };
        // Files have headers of their own, and are asked for once.
        let is_file = parts.headers.contains_key(header::CONTENT_DISPOSITION);
        if body.len() <= ANSWER_BYTES_MAX && !is_file {
            let (body, at) = (body.clone(), Instant::now());
            let answer = Answer { media_type, body, version, at, took };
            *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        }
        Response::from_parts(parts, Body::from(body))
    }
}

impl Answer {
    /// Whether it is of the last commit.
    pub(super) fn is_fresh(&self, version: u64) -> bool {
        self.version == version && self.at.elapsed() < FRESH
    }

    /// Whether it was computed so lately that the next one may wait.
    pub(super) fn is_recent(&self) -> bool {
        self.at.elapsed() < (self.took * REST).min(FRESH)
    }
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(Body::from(answer.body));
        response.headers_mut().insert(header::CONTENT_TYPE, answer.media_type);
        response
    }
}
