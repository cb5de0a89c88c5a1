//! Which alerts belong to a span?

use super::ask::Ask;
use super::error::ReportError;
use super::span::Span;
use crate::notify::{AlertState, AlertSummary, Wanted, stories};

/// Most alerts of an answer.
const ALERTS_MAX: usize = 1_000;

impl Ask<'_> {
    /// Alerts that fired before a span's end and were not over at its beginning: firing ones first,
    /// then latest first. The newest thousand are looked at.
    ///
    /// # Errors
    /// When a limit is reached, or the lake or a file of the desk cannot be read.
    pub async fn alerts(
        &self,
        topic: Option<&str>,
        span: &Span,
    ) -> Result<Vec<AlertSummary>, ReportError> {
        let mut found = self.all_alerts(topic, None).await?;
        found.retain(|alert| {
            let is_over = alert.state == AlertState::Resolved && alert.at < span.from;
            alert.fired_at < span.to && !is_over
        });
        Ok(found)
    }

    /// Alerts that fire.
    ///
    /// # Errors
    /// When a limit is reached, or the lake or a file of the desk cannot be read.
    pub async fn open_alerts(&self) -> Result<Vec<AlertSummary>, ReportError> {
        self.all_alerts(None, Some(AlertState::Firing)).await
    }

    async fn all_alerts(
        &self,
        topic: Option<&str>,
        state: Option<AlertState>,
    ) -> Result<Vec<AlertSummary>, ReportError> {
        let wanted = Wanted { topic: topic.map(str::to_owned), state, limit: ALERTS_MAX };
        Ok(stories(self.session, self.folder, &wanted).await?)
    }
}
