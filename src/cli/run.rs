//! How does a configuration run on the command line?

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::places::LakePlace;
use super::postgres::{Door, door};
use super::signals::stop_at_signal;
use super::{Ending, Failure, runtime, view};
use crate::config::Config;
use crate::lake::Folder;
use crate::live::{self, Progress, Stop, Summary};
use crate::notify::Outbox;
use crate::serve::{Api, SqlGate, serve};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: LakePlace,
    /// Deliver to this receiver again; it was disabled after failing for a long time, or by answering 410
    #[arg(long, value_name = "RECEIVER")]
    enable: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<Ending, Failure> {
    let config = args.place.configured()?;
    for warning in &config.warnings {
        tracing::warn!(line = warning.line, hint = warning.hint, "{}", warning.message);
    }
    if config.sources.is_empty() || config.topics.is_empty() {
        let message = format!(
            "{}: nothing to do without a [[source]] and a [[topic]]",
            args.place.config.path().display()
        );
        return Err(Failure::usage(message, "see the examples in: resonanz init"));
    }
    enable(&config, &args.enable)?;
    let sql = SqlGate::of(config.sql);
    let clients = config.postgres.as_ref();
    let clients = clients.map(|clients| door(clients, &(&config.lake).into(), &sql)).transpose()?;
    let summary = runtime()?.block_on(run_until_signal(config, sql, clients))?;
    let (tally, malformed) = (summary.progress.tally, summary.progress.malformed);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} posts, {} mentions, {} negative; {} commits",
        summary.progress.posts(),
        tally.mentions,
        tally.negative,
        summary.progress.commits
    )?;
    writeln!(out, "messages: {} delivered, {} not", summary.delivered, summary.undelivered)?;
    let future = tally.refused_future - summary.progress.tally_at_start.refused_future;
    if malformed + future > 0 {
        writeln!(
            out,
            "refused: {malformed} malformed, {} dated in the future; see the lake's _resonanz/dead-letter.jsonl",
            future
        )?;
    }
    for (source, reason) in &summary.progress.refusals {
        writeln!(out, "refused of source \"{source}\": {reason}")?;
    }
    if let Some(share) = summary.progress.late_share() {
        writeln!(
            out,
            "warning: {share} % of the mentions came too late for their minute, so panes and alerts miss them"
        )?;
    }
    drop(out);
    for lost in &summary.lost {
        let (hint, mut out) = (lost.fault.hint(), io::stderr().lock());
        writeln!(out, "resonanz: {lost}")?;
        if !hint.is_empty() {
            writeln!(out, "hint: {hint}")?;
        }
    }
    let complete = malformed + future + summary.undelivered == 0 && summary.lost.is_empty();
    Ok(if complete { Ending::Done } else { Ending::Incomplete })
}

/// Lets disabled receivers be called again.
fn enable(config: &Config, names: &[String]) -> Result<(), Failure> {
    if names.is_empty() {
        return Ok(());
    }
    let folder = Folder::write(&config.lake)?;
    let outbox = Outbox::open(&folder.outbox())?;
    for name in names {
        if !config.receivers.iter().any(|receiver| receiver.name == *name) {
            let known = config.receivers.iter().map(|receiver| receiver.name.as_str());
            return Err(Failure::unknown("receiver", name, known));
        }
        if !outbox.enable(name)? {
            tracing::warn!(receiver = name, "receiver was not disabled");
        }
    }
    Ok(())
}

async fn run_until_signal(
    config: Config,
    sql: SqlGate,
    clients: Option<Door>,
) -> Result<Summary, Failure> {
    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let (stop, stopped) = watch::channel(Stop::No);
    if let Some(address) = config.listen {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| Failure::listen(address, &error))?;
        let api = Api {
            progress: progress.subscribe(),
            lake: (&config.lake).into(),
            topics: config.topics.clone().into(),
            token: token(&config)?,
            hosts: config.hosts.clone().into(),
            sql,
        };
        tokio::spawn(serve(listener, api));
    }
    if let Some(clients) = clients {
        clients.open().await?;
    }
    stop_at_signal(stop)?;
    let view = tokio::spawn(view::view(progress.subscribe()));
    let summary = live::run(config, stopped, progress).await;
    view.abort();
    let _ = view.await;
    Ok(summary?)
}

/// The token that changes over HTTP need.
pub(super) fn token(config: &Config) -> anyhow::Result<Option<Arc<str>>> {
    let Some(name) = &config.token_env else { return Ok(None) };
    let token = std::env::var(name).ok().filter(|token| !token.is_empty());
    token
        .map(Into::into)
        .with_context(|| format!("environment variable {name} is not set"))
        .map(Some)
}
