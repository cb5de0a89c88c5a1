//! On which threads are questions answered? On some of their own: what takes a query a while to
//! compute holds up neither those who are answered from memory nor the posts that come in.

use std::io;
use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::problem::failure;
use crate::system::task_threads;

/// They live as long as the process.
static THREADS: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(task_threads()).thread_name("answers").enable_all().build()
});

/// Answers there; who goes away ends the work.
pub(super) async fn apart(request: Request, next: Next) -> Response {
    let Ok(threads) = &*THREADS else { return next.run(request).await };
    let mut work = JoinSet::new();
    work.spawn_on(next.run(request), threads.handle());
    match work.join_next().await {
        Some(Ok(response)) => response,
        _ => failure(StatusCode::INTERNAL_SERVER_ERROR, "the answer broke down"),
    }
}
