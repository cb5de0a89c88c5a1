//! Who reads the configuration anew for those who ask over HTTP? Whoever listens at the other end.

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// Who is told what is in force then; or what is wrong, and what to do about it.
pub type ReloadAsked = oneshot::Sender<Result<Value, (String, String)>>;

/// The way to who reads the configuration anew, if anybody does.
#[derive(Debug, Clone, Default)]
pub struct Reload(Option<mpsc::Sender<ReloadAsked>>);

impl Reload {
    /// A way to who listens at the other end.
    #[must_use]
    pub fn new(asked: mpsc::Sender<ReloadAsked>) -> Self {
        Self(Some(asked))
    }

    /// Asks, and waits until it is done; `None` where nobody listens, or no longer.
    pub(super) async fn ask(&self) -> Option<Result<Value, (String, String)>> {
        let (tell, told) = oneshot::channel();
        self.0.as_ref()?.send(tell).await.ok()?;
        told.await.ok()
    }
}
