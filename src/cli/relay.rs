//! How do sources run apart from those who listen? Into the stream of the configuration.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::entrance::Entrance;
use super::places::{ConfigAt, PortArg};
use super::run::{named, say_lost};
use super::serving::doors;
use super::signals::stop_at_signal;
use super::view::Reader;
use super::{Ending, Failure, runtime};
use crate::config::{Config, SourceConfig};
use crate::connect::{Fault, StreamConfig};
use crate::live::{Progress, Stop};
use crate::relay::{self, Relayed};
use crate::serve::{Api, Audit, Doors, Reload, SqlGate, serve_relay};
use crate::state::Site;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigAt,
    /// Run only this source, and leave the others to other relays; may be repeated
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Folder in which this relay remembers how far its sources were read [default: as the configuration says]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    port: PortArg,
}

pub(super) fn relay(args: &Args, reader: Reader) -> Result<Ending, Failure> {
    let mut config = args.port.of(args.config.load()?);
    for warning in &config.warnings {
        tracing::warn!(line = warning.line, hint = warning.hint, "{}", warning.message);
    }
    let Some(mut stream) = config.stream.clone() else {
        let message = format!("{}: there is no [stream] to write to", args.config.path().display());
        let hint =
            "add: [stream] type = \"nats\", url = \"nats://127.0.0.1:4222\", stream = \"POSTS\"";
        return Err(Failure::usage(message, hint));
    };
    if let Some(state) = &args.state {
        stream.state.clone_from(state);
    }
    for name in &args.source {
        let known = || config.sources.iter().map(|source| source.name.as_str());
        if !known().any(|known| known == name) {
            return Err(Failure::unknown("source", name, known()));
        }
    }
    let is_ours = |source: &SourceConfig| {
        args.source.is_empty() || args.source.iter().any(|name| name == source.name.as_str())
    };
    config.sources.retain(is_ours);
    if config.sources.is_empty() {
        let message = format!("{}: there is no [[source]] to read", args.config.path().display());
        return Err(Failure::usage(message, "see the examples in: resonanz init"));
    }
    let relayed = runtime()?.block_on(run(&config, &stream, reader))?;
    let Relayed { events, refused, lost } = &relayed;
    let text = format!("{events} events sent, {refused} refused");
    let lost_names: Vec<String> = lost.iter().map(ToString::to_string).collect();
    let fields =
        json!({ "event": "ended", "events": events, "refused": refused, "lost": lost_names });
    reader.say(&text, &fields)?;
    say_lost(lost)?;
    Ok(if *refused == 0 && lost.is_empty() { Ending::Done } else { Ending::Incomplete })
}

async fn run(config: &Config, stream: &StreamConfig, reader: Reader) -> Result<Relayed, Failure> {
    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let (stop, stopped) = watch::channel(Stop::No);
    let sources: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    let mut text = format!("sources {}\nstate   {}", named(&sources), stream.state.display());
    let mut http = None;
    if let Some(address) = config.listen {
        let entrance = Entrance::of(config)?;
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| Failure::listen(address, &error))?;
        http = Some(format!("{}://{}", entrance.scheme(), listener.local_addr()?));
        let api = Api {
            progress: progress.subscribe(),
            lake: Site::from(&stream.state),
            topics: Arc::new([]),
            charter: Arc::default(),
            services: Arc::clone(&config.services),
            scorer: crate::tuning::scorer(&config.sentiment)?,
            token: entrance.token.clone(),
            config: None,
            access: entrance.access.clone(),
            tls: entrance.tls.clone(),
            audit: Audit::default(),
            hosts: config.hosts.clone().into(),
            sql: SqlGate::of(config.sql),
            doors: Doors::new(doors(config)),
            reload: Reload::default(),
        };
        tokio::spawn(serve_relay(listener, api));
    }
    if let Some(http) = &http {
        text += &format!("\nhttp    {http}");
    }
    // A relay reads its configuration once: nobody takes the reloads.
    stop_at_signal(stop, mpsc::channel(1).0)?;
    let fields = json!({
        "event": "started", "sources": sources, "state": stream.state, "http": http,
    });
    // Whoever does not read our output stops nothing.
    let _ = reader.say(&text, &fields);
    let relayed = relay::relay(config, stream, stopped, &progress).await;
    relayed.map_err(|error| match error.downcast_ref::<Fault>() {
        Some(Fault::User { reason, hint }) => Failure::usage(reason.clone(), hint.clone()),
        _ => error.into(),
    })
}
