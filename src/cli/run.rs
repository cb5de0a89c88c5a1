//! How does a configuration run on the command line: run, check, init, replay?

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::args::{Check, Init, Replay, Run};
use super::postgres::{Door, door};
use super::{Ending, Failure, config_file, runtime, view};
use crate::config::{Config, SourceKind};
use crate::decode::AuthorHasher;
use crate::lake::Folder;
use crate::live::{self, Progress, Stop, Summary};
use crate::notify::{Outbox, Receiver, ReceiverError};
use crate::replay::{self, Archive};
use crate::serve::{Api, SqlGate, serve};
use crate::tuning;

pub(super) fn run(args: &Run) -> Result<Ending, Failure> {
    let config = config_file::load(&args.config)?;
    for warning in &config.warnings {
        tracing::warn!(line = warning.line, hint = warning.hint, "{}", warning.message);
    }
    if config.sources.is_empty() || config.topics.is_empty() {
        let message = format!(
            "{}: nothing to do without a [[source]] and a [[topic]]",
            args.config.display()
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
        tally.events, tally.mentions, tally.negative, summary.progress.commits
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
    let complete = malformed + future + summary.undelivered == 0;
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
            let known: Vec<&str> =
                config.receivers.iter().map(|receiver| receiver.name.as_str()).collect();
            let hint = format!("the receivers are {}", known.join(", "));
            return Err(Failure::usage(format!("no receiver is called \"{name}\""), hint));
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
) -> anyhow::Result<Summary> {
    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let (stop, stopped) = watch::channel(Stop::No);
    if let Some(address) = config.listen {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
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
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("signal received, finishing");
        stop.send_replace(Stop::Interrupt);
        // A second signal does not wait.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(1);
    });
    let view = tokio::spawn(view::view(progress.subscribe()));
    let summary = live::run(config, stopped, progress).await;
    view.abort();
    let _ = view.await;
    summary
}

/// The token that changes over HTTP need.
fn token(config: &Config) -> anyhow::Result<Option<Arc<str>>> {
    let Some(name) = &config.token_env else { return Ok(None) };
    let token = std::env::var(name).ok().filter(|token| !token.is_empty());
    token
        .map(Into::into)
        .with_context(|| format!("environment variable {name} is not set"))
        .map(Some)
}

pub(super) fn check(args: &Check) -> Result<Ending, Failure> {
    let config = config_file::load(&args.config)?;
    config_file::print_warnings(&args.config, &config);
    sources(&config)?;
    // The key decides on nothing that can be wrong.
    tuning::analyzer(&config, &AuthorHasher::new([0; 32]))?;
    token(&config)?;
    let mut faults: Vec<ReceiverError> =
        config.receivers.iter().filter_map(|receiver| Receiver::fetch(receiver).err()).collect();
    if let Some(last) = faults.pop() {
        for fault in faults {
            writeln!(io::stderr(), "resonanz: {fault}\nhint: {}", fault.hint())?;
        }
        return Err(last.into());
    }
    if let Some(clients) = &config.postgres {
        door(clients, &(&config.lake).into(), &SqlGate::of(config.sql))?;
    }
    let warnings = match config.warnings.len() {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: {} sources, {} topics, {} rules, {} receivers, no problems{warnings}",
        args.config.display(),
        config.sources.len(),
        config.topics.len(),
        config.rules.len(),
        config.receivers.len()
    )?;
    Ok(Ending::Done)
}

/// Refuses a source whose file is not there.
fn sources(config: &Config) -> Result<(), Failure> {
    for source in &config.sources {
        if let SourceKind::File { path, .. } = &source.kind
            && !path.exists()
        {
            let message = format!("source \"{}\": {}: no such file", source.name, path.display());
            return Err(Failure::usage(message, "name a file that is there, or remove the source"));
        }
    }
    Ok(())
}

pub(super) fn init(args: &Init) -> Result<Ending, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(&args.path);
    let mut file = file.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AlreadyExists => "it is there already, and is not overwritten".to_owned(),
            _ => error.to_string(),
        };
        let message = format!("{}: {why}", args.path.display());
        Failure::usage(message, "give another name: resonanz init other.toml")
    })?;
    file.write_all(Config::STARTER.as_bytes())?;
    writeln!(
        io::stdout().lock(),
        "wrote {0}; next: resonanz check --config {0}",
        args.path.display()
    )?;
    Ok(Ending::Done)
}

pub(super) fn replay(args: &Replay) -> Result<Ending, Failure> {
    if !args.file.exists() {
        return Err(Failure::usage(
            format!("{}: no such file", args.file.display()),
            "the bundled archive is data/archive.jsonl.zst",
        ));
    }
    let archive = Archive::File { path: args.file.clone(), format: args.format.into() };
    runtime()?.block_on(async {
        let listener = TcpListener::bind(args.listen)
            .await
            .with_context(|| format!("cannot listen on {}", args.listen))?;
        writeln!(
            io::stdout().lock(),
            "serving {} on ws://{}/subscribe",
            args.file.display(),
            listener.local_addr()?
        )?;
        let served = replay::replay(listener, replay::Replay { archive, speed: args.speed });
        tokio::select! {
            served = served => served?,
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Ending::Done)
    })
}
