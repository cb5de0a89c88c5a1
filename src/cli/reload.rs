//! How does a running process take its configuration anew? Read and checked as a whole before
//! anything ends for it; a wrong one is refused, and the one before goes on.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::check::counted;
use super::config_file::Wrong;
use super::entrance::{Entrance, is_beyond};
use super::places::{LakePlace, PortArg, ShardArg};
use super::serving::doors;
use super::{Failure, supervisor};
use crate::config::Config;
use crate::connect::{Finding, Look, SourceState};
use crate::live::{Progress, Renewal, Said};
use crate::serve::{Api, ReloadAsked};
use crate::state::Site;
use crate::system::wall_clock;

/// Takes configurations while a process runs.
pub(super) struct Reloader {
    /// Where the configuration is, and which part of it is ours.
    place: (LakePlace, ShardArg, PortArg),
    /// The one that it started with: what stays until the next start is of it.
    begun: Config,
    progress: Arc<watch::Sender<Progress>>,
    renewals: mpsc::Sender<Renewal>,
    /// What is served over HTTP, if anything.
    apis: Option<watch::Sender<Api>>,
    /// Who is let in.
    entrance: Entrance,
    /// Whether other machines reach this process, whatever a new configuration says.
    beyond: bool,
}

/// Waits until somebody wants the configuration taken anew: by a signal, or over HTTP, where an answer
/// is wanted. None once nobody can any more.
pub(super) async fn wanted(
    signals: &mut mpsc::Receiver<()>,
    asked: &mut mpsc::Receiver<ReloadAsked>,
) -> Option<Option<ReloadAsked>> {
    tokio::select! {
        Some(()) = signals.recv() => Some(None),
        Some(asking) = asked.recv() => Some(Some(asking)),
        else => None,
    }
}

impl Reloader {
    pub(super) fn new(
        place: (LakePlace, ShardArg, PortArg),
        begun: Config,
        progress: Arc<watch::Sender<Progress>>,
        renewals: mpsc::Sender<Renewal>,
        apis: Option<watch::Sender<Api>>,
        entrance: Entrance,
    ) -> Self {
        let beyond = begun.listen.is_some_and(is_beyond);
        Self { place, begun, progress, renewals, apis, entrance, beyond }
    }

    /// Takes the configuration anew at each signal, and whenever somebody asks for it over HTTP.
    pub(super) async fn attend(
        mut self,
        mut signals: mpsc::Receiver<()>,
        mut asked: mpsc::Receiver<ReloadAsked>,
    ) {
        while let Some(asking) = wanted(&mut signals, &mut asked).await {
            supervisor::reloading();
            self.progress.send_modify(|progress| progress.rounds.under_way = true);
            let taken = self.take().await;
            note(&self.progress, &taken);
            supervisor::ready();
            if let Some(asking) = asking {
                let _ = asking.send(taken.map_err(|failure| words(&failure)));
            }
        }
    }

    async fn take(&mut self) -> Result<Value, Failure> {
        let (place, shard, port) = self.place.clone();
        let read = move || Ok::<_, Failure>(port.of(shard.of(place.configured()?)?.listening()));
        let config = tokio::task::spawn_blocking(read).await??;
        self.vet(&config)?;
        let mut warnings = self.warnings(&config);
        let fresh = Entrance::fetch(&config, self.beyond, &Site::from(&config.lake))?;
        warnings.extend(fresh.fits(&self.entrance, self.beyond)?);
        let api = self.api(&config, &fresh)?;
        let (begun, told) = oneshot::channel();
        let renewal = Renewal { config: config.clone(), begun };
        let ending = || Failure::usage("the process is ending", "");
        self.renewals.send(renewal).await.map_err(|_| ending())?;
        let silent = told.await.map_err(|_| ending())??;
        self.entrance.take(fresh);
        if let (Some(apis), Some(api)) = (&self.apis, api) {
            api.doors.replace(doors(&config));
            let sql = api.sql.clone().promising(&config.services);
            apis.send_replace(Api { sql, ..api });
        }
        let taken = json!({
            "sources": config.sources.len(),
            "topics": config.topics.len(),
            "rules": config.rules.len(),
            "receivers": config.receivers.len(),
            "silent_ms": u64::try_from(silent.as_millis()).unwrap_or(u64::MAX),
            "warnings": warnings,
        });
        Ok(taken)
    }

    /// Refuses what could not run.
    fn vet(&self, config: &Config) -> Result<(), Failure> {
        if config.sources.is_empty() || (config.topics.is_empty() && config.shard.is_none()) {
            let message = "there would be nothing to do without a [[source]] and a [[topic]]";
            return Err(Failure::usage(message, "see the examples in: resonanz init"));
        }
        let (old, new) = (&self.begun.lake, &config.lake);
        if (&old.path, &old.state) != (&new.path, &new.state) {
            let message =
                format!("a running process cannot change its lake from {}", old.path.display());
            return Err(Failure::usage(message, "restart to write another lake"));
        }
        let sources = self.progress.borrow().sources.clone();
        for source in &config.sources {
            // One that was given up before may wait to be mended while others change.
            let is_known = sources
                .iter()
                .any(|known| *known.name() == source.name && known.state() == SourceState::Failed);
            if let Look::Fails(Finding { reason, hint }) = source.settings.look()
                && !is_known
            {
                return Err(Failure::usage(format!("source \"{}\": {reason}", source.name), hint));
            }
        }
        Ok(())
    }

    /// What may not do what was meant; also logged.
    fn warnings(&self, config: &Config) -> Vec<String> {
        let mut warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        warnings.extend(kept(&self.begun, config));
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        warnings
    }

    /// What is served over HTTP with this configuration.
    fn api(&self, config: &Config, fresh: &Entrance) -> Result<Option<Api>, Failure> {
        let Some(apis) = &self.apis else { return Ok(None) };
        let present = apis.borrow().clone();
        Ok(Some(Api {
            topics: config.topics.clone().into(),
            charter: Arc::new(config.charter.clone()),
            services: Arc::clone(&config.services),
            scorer: crate::tuning::scorer(&config.sentiment)?,
            token: fresh.token.clone(),
            hosts: config.hosts.clone().into(),
            sql: present.sql.forgetful(),
            ..present
        }))
    }
}

/// What of `[serve]` is another in a new configuration, and stays as it was until the next start.
pub(super) fn kept(old: &Config, new: &Config) -> impl Iterator<Item = String> {
    let kept = [
        ("listen", old.listen != new.listen),
        ("postgres", old.postgres != new.postgres),
        ("sql_*", old.sql != new.sql),
        ("tls", old.access.tls.is_some() != new.access.tls.is_some()),
    ];
    let kept = kept.into_iter().filter(|(_, changed)| *changed);
    kept.map(|(key, _)| format!("[serve] {key} takes effect at the next start"))
}

/// Says what became of it: on the screen, in health and metrics.
pub(super) fn note(progress: &watch::Sender<Progress>, taken: &Result<Value, Failure>) {
    let said = match taken {
        Ok(taken) => {
            let silent = &taken["silent_ms"];
            let count =
                |of: &str| taken[of].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            let parts = [
                (count("sources"), "source"),
                (count("topics"), "topic"),
                (count("rules"), "rule"),
                (count("receivers"), "receiver"),
            ];
            let parts = parts.map(|(count, noun)| counted(count, noun)).join(", ");
            let text = format!("configuration reloaded: {parts}; paused for {silent} ms");
            tracing::info!("{text}");
            Said { kind: "reloaded", text }
        }
        Err(failure) => {
            let (why, hint) = words(failure);
            tracing::error!(
                why,
                hint,
                "the configuration is refused, the previous one stays in effect"
            );
            let text =
                format!("configuration NOT reloaded, the previous one stays in effect: {why}");
            Said { kind: "reload_refused", text }
        }
    };
    let refusal = taken.as_ref().err().map(|failure| (wall_clock(), words(failure).0));
    progress.send_modify(|progress| {
        let rounds = &mut progress.rounds;
        rounds.under_way = false;
        if refusal.is_none() {
            rounds.reloads += 1;
        } else {
            rounds.refused += 1;
        }
        (rounds.refusal, rounds.said) = (refusal, Some(said));
    });
}

/// What is wrong, with every problem of a file, and what to do about it.
pub(super) fn words(failure: &Failure) -> (String, String) {
    let mut why = format!("{:#}", failure.error);
    if let Some(wrong) = failure.error.downcast_ref::<Wrong>() {
        for problem in &wrong.problems {
            why += &format!("\n{problem}");
        }
    }
    (why, failure.hint.clone().unwrap_or_default())
}
