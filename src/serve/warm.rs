//! Who asks first need not wait longer than the next: tables are opened, views planned and templates read
//! before anybody comes.

use std::future::pending;

use super::api::{Api, Own};
use super::pages;
use crate::report::{InboxSearch, ReportError, Span, Step};
use crate::system::wall_clock;
use crate::time::DAY_US;

/// Answers the questions of the overview once, for nobody, as soon as the lake holds posts; never ends.
pub(super) async fn warm(api: Api) {
    pages::read_templates();
    let mut progress = api.progress.clone();
    while !answered(&api).await {
        let seen = progress.borrow_and_update().commits;
        if progress.wait_for(|now| now.commits > seen).await.is_err() {
            break;
        }
    }
    pending().await
}

/// Whether there was something to answer, or nothing ever will be.
async fn answered(api: &Api) -> bool {
    let Ok(own) = Own::begin(api).await else { return false };
    let Ok(ask) = own.ask(api).await else { return false };
    let Some(until) = ask.heard().until.map(|until| until.min(wall_clock())) else { return false };
    let all = async {
        let span = Span::new(until.shift(-7 * DAY_US), until, jiff::tz::TimeZone::UTC)?;
        ask.overview(&span).await?;
        ask.trend(None, &span, Step::fitting(span.minutes())).await?;
        ask.alerts(None, &span).await?;
        ask.inbox(&InboxSearch::default()).await?;
        Ok::<(), ReportError>(())
    };
    // Why one has no answer is told to whoever asks it.
    if let Err(error) = all.await {
        tracing::debug!(%error, "a question has no answer yet");
    }
    true
}
