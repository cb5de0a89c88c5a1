//! From when to when does a request ask? `period`, or `from` and `to`, in the zone of `zone`.

use serde::Deserialize;

use crate::report::{Ask, ReportError, Span, zone};
use crate::system::wall_clock;
use crate::time::DAY_US;

/// A span where nothing else is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpanQuery {
    /// `24h`, `7d`, `today`, `yesterday`, `week`, `month` (the last whole ones), `this-week`,
    /// `this-month`, `2026-03-02`, `2026-W10`, `2026-03`, or two ends with `..` between them. Without
    /// it the last seven days that were heard.
    pub(super) period: Option<String>,
    /// The first day or instant, in place of `period`.
    pub(super) from: Option<String>,
    /// The last day, or the first instant behind; without it now.
    pub(super) to: Option<String>,
    /// Whose days and weeks are meant, as `Europe/Berlin`; UTC without it.
    pub(super) zone: Option<String>,
}

/// A topic and a span.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicQuery {
    /// Name of the topic; without it all together.
    pub(super) topic: Option<String>,
    /// As in `/api/v1/overview`.
    pub(super) period: Option<String>,
    /// As in `/api/v1/overview`.
    pub(super) from: Option<String>,
    /// As in `/api/v1/overview`.
    pub(super) to: Option<String>,
    /// As in `/api/v1/overview`.
    pub(super) zone: Option<String>,
}

impl TopicQuery {
    pub(super) fn parts(self) -> (Option<String>, SpanQuery) {
        let Self { topic, period, from, to, zone } = self;
        (topic, SpanQuery { period, from, to, zone })
    }

    /// The topic, which must be one that is known, and the span that is meant.
    pub(super) async fn known(self, ask: &Ask<'_>) -> Result<(Option<String>, Span), ReportError> {
        let (topic, span) = self.parts();
        let span = span.span(ask)?;
        if let Some(topic) = &topic {
            ask.known_topic(topic).await?;
        }
        Ok((topic, span))
    }
}

impl SpanQuery {
    /// The span that is meant, if one is asked for.
    pub(super) fn span_if_any(&self, ask: &Ask<'_>) -> Result<Option<Span>, ReportError> {
        let any = self.period.is_some() || self.from.is_some() || self.to.is_some();
        any.then(|| self.span(ask)).transpose()
    }

    /// The span that is meant.
    pub(super) fn span(&self, ask: &Ask<'_>) -> Result<Span, ReportError> {
        let zone = zone(self.zone.as_deref().unwrap_or("UTC"))?;
        let now = wall_clock();
        match (&self.period, &self.from, &self.to) {
            (Some(period), None, None) => Span::parse(period, &zone, now),
            (None, Some(from), Some(to)) => Span::parse(&format!("{from}..{to}"), &zone, now),
            (None, Some(from), None) => Span::parse(&format!("{from}..{now}"), &zone, now),
            (None, None, None) => {
                let until = ask.heard().until.unwrap_or(now).min(now);
                Span::new(until.shift(-7 * DAY_US), until, zone)
            }
            (Some(_), ..) => Err(ReportError::wrong(
                "period",
                "it stands beside from or to",
                "give either period, or from and to",
            )),
            (None, None, Some(_)) => {
                Err(ReportError::wrong("to", "from is missing", "give from and to, or period"))
            }
        }
    }
}
