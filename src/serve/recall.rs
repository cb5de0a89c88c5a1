//! Must a question be answered anew? Not while nothing was committed, and once for all who ask the
//! same.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::api::Api;
use crate::lake::Folder;

/// For how long an answer is given beside a running process while the next one is computed.
const STALE: Duration = Duration::from_secs(10);

/// Answers from memory, if nothing was committed since; beside a running process also while the next
/// answer is computed.
pub(super) async fn remember(State(api): State<Api>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let runs = api.progress.borrow().sources.iter().next().is_some();
    let version = match runs {
        true => Some(api.progress.borrow().commits),
        false => committed(&api).await,
    };
    let (Some(version), Some(question)) = (version, request.uri().path_and_query()) else {
        return next.run(request).await;
    };
    let entry = api.sql.memo.entry(question.as_str());
    match entry.latest() {
        Some(answer) if answer.is_fresh(version) => return answer.into(),
        Some(answer) if runs && answer.is_recent() => return answer.into(),
        Some(answer) if runs && answer.at.elapsed() < STALE => {
            if !entry.renewing.swap(true, Ordering::AcqRel) {
                tokio::spawn(async move {
                    entry.compute(version, request, next).await;
                    entry.renewing.store(false, Ordering::Release);
                });
            }
            return answer.into();
        }
        _ => {}
    }
    let _computing = entry.computing.lock().await;
    match entry.latest() {
        Some(answer) if answer.is_fresh(version) => answer.into(),
        _ => entry.compute(version, request, next).await,
    }
}

/// How often logs were read, after the newest were. `None` where that fails: then the question
/// itself says why.
async fn committed(api: &Api) -> Option<u64> {
    let folder = Folder::read(&api.lake).ok()?;
    api.sql.snapshots.refreshed(&folder).await.ok()
}
