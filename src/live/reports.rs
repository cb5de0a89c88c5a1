//! When do reports leave by themselves? At the times of their timetable, and once afterwards if
//! nobody was there then.
//!
//! A report that is due is told to its receivers through the outbox, under an id that its name and its
//! time give; then the time is noted. Killed in between, it is told again under the same id, which
//! the outbox takes once. The report itself is made when a letter leaves.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, watch};

use super::progress::Progress;
use crate::config::{Charter, Config, Language, ReportConfig, ReportForm, Services};
use crate::lake::Folder;
use crate::mention::Topic;
use crate::notify::{Enclosure, Outbox, Press, Probe, Receiver, ReportOrder, probe};
use crate::report::{Ask, Known, Report, Span, Tongue, zone};
use crate::sql::Session;
use crate::state::ReportsSent;
use crate::system::wall_clock;
use crate::time::EventTime;

/// How often the timetables are looked at.
const PACE: Duration = Duration::from_secs(10);
/// How long a report rests that could not be made.
const AGAIN: Duration = Duration::from_secs(120);

/// Who makes reports of a lake.
#[derive(Debug, Clone)]
pub struct Newsroom {
    folder: Arc<Folder>,
    topics: Arc<[Topic]>,
    charter: Arc<Charter>,
    services: Arc<Services>,
    progress: watch::Receiver<Progress>,
}

impl Newsroom {
    /// Over the lake of a running process.
    pub(super) fn new(
        config: &Config,
        folder: &Arc<Folder>,
        progress: watch::Receiver<Progress>,
    ) -> Self {
        Self::of(config, Arc::clone(folder), progress)
    }

    /// Over the lake of a configuration, whether a process writes it or not.
    ///
    /// # Errors
    /// When there is no such lake.
    pub fn reading(config: &Config) -> anyhow::Result<Self> {
        let folder = Arc::new(Folder::read(&config.lake)?);
        let (_, progress) = watch::channel(Progress::default());
        Ok(Self::of(config, folder, progress))
    }

    fn of(config: &Config, folder: Arc<Folder>, progress: watch::Receiver<Progress>) -> Self {
        let charter = Arc::new(config.charter.clone());
        let services = Arc::clone(&config.services);
        Self { folder, topics: config.topics.clone().into(), charter, services, progress }
    }

    /// Sends a report as if it were due now, once to each receiver and beside the outbox; how each
    /// attempt went.
    ///
    /// # Errors
    /// When the report cannot be made.
    pub async fn send_now(
        &self,
        report: &ReportConfig,
        receivers: &[Receiver],
    ) -> anyhow::Result<Vec<Probe>> {
        let now = wall_clock();
        let order = ordered(report, now)?;
        let names: Vec<String> = receivers.iter().map(|receiver| receiver.name.clone()).collect();
        let bulletins = self.report(&order).await?.bulletins(&order, &names, now);
        let mut probes = Vec::new();
        for (receiver, bulletin) in receivers.iter().zip(&bulletins) {
            probes.push(probe(receiver, bulletin, Some(self.press())).await);
        }
        Ok(probes)
    }

    /// Makes the reports that letters carry.
    pub(super) fn press(&self) -> Press {
        let room = self.clone();
        Press(Arc::new(move |order, language| {
            let room = room.clone();
            async move {
                let printed = room.print(&order, language).await;
                printed.map_err(|error| format!("{error:#}"))
            }
            .boxed()
        }))
    }

    async fn report(&self, order: &ReportOrder) -> anyhow::Result<Report> {
        let span = Span::new(order.from, order.to, zone(&order.zone)?)?;
        let session = Session::open(&self.folder).await?;
        let services = Arc::clone(&self.services);
        let known = Known { services, ..self.progress.borrow().known() };
        let ask = Ask::new(&session, &self.folder, &self.topics, known).await?;
        Ok(ask.promised(&self.charter).report(&order.topics, &span).await?)
    }

    async fn print(&self, order: &ReportOrder, language: Language) -> anyhow::Result<Enclosure> {
        let report = self.report(order).await?;
        let tongue = match language {
            Language::En => Tongue::En,
            Language::De => Tongue::De,
        };
        let (ending, media_type, bytes) = match order.format {
            ReportForm::Html => ("html", "text/html", report.to_html(tongue).into_bytes()),
            ReportForm::Md => ("md", "text/markdown", report.to_markdown(tongue).into_bytes()),
            ReportForm::Json => ("json", "application/json", serde_json::to_vec_pretty(&report)?),
            ReportForm::Xlsx => ("xlsx", Report::WORKBOOK, report.to_xlsx(tongue)?),
        };
        let first = report.span.local(report.span.from);
        let first = first.map(|first| first.date().to_string()).unwrap_or_default();
        let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
        let name: String = order.report.chars().map(plain).collect();
        Ok(Enclosure { name: format!("resonanz-{name}-{first}.{ending}"), media_type, bytes })
    }

    /// Sends reports at their times, in a task of its own.
    pub(super) fn spawn(
        self,
        reports: &[ReportConfig],
        outbox: &Arc<Outbox>,
        bell: &Arc<Notify>,
    ) -> tokio::task::JoinHandle<()> {
        tokio::spawn(self.run(reports.to_vec(), Arc::clone(outbox), Arc::clone(bell)))
    }

    /// Sends reports at their times until the task is aborted.
    async fn run(self, reports: Vec<ReportConfig>, outbox: Arc<Outbox>, bell: Arc<Notify>) {
        loop {
            let mut rest = PACE;
            for report in &reports {
                match self.look(report, &outbox).await {
                    Ok(true) => bell.notify_waiters(),
                    Ok(false) => {}
                    Err(error) => {
                        let (report, error) = (&report.name, format!("{error:#}"));
                        tracing::error!(report, error, "a report could not be made; trying again");
                        rest = AGAIN;
                    }
                }
            }
            tokio::time::sleep(rest).await;
        }
    }

    /// Sends a report if one is due that was not sent; says whether it did.
    async fn look(&self, report: &ReportConfig, outbox: &Outbox) -> anyhow::Result<bool> {
        let Some(due) = report.at.last(wall_clock()) else { return Ok(false) };
        let mut sent = ReportsSent::read(&self.folder)?;
        match sent.last(&report.name) {
            Some(last) if last >= due => Ok(false),
            Some(_) => {
                let order = ordered(report, due)?;
                let bulletins = self.report(&order).await?.bulletins(&order, &report.to, due);
                outbox.insert(&bulletins)?;
                sent.note(&self.folder, &report.name, due)?;
                tracing::info!(report = report.name, due = %due, "report sent");
                Ok(true)
            }
            // What was due before anybody wanted it is not sent.
            None => {
                sent.note(&self.folder, &report.name, due)?;
                Ok(false)
            }
        }
    }
}

/// The report that is due at an instant: of the days before it, and not of those before today.
fn ordered(report: &ReportConfig, due: EventTime) -> anyhow::Result<ReportOrder> {
    let span = Span::parse(report.period.span(), &zone(&report.zone)?, due)?;
    Ok(ReportOrder {
        report: report.name.clone(),
        from: span.from,
        to: span.to,
        zone: report.zone.clone(),
        topics: report.topics.clone(),
        format: report.format,
    })
}
