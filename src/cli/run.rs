//! How does a configuration run on the command line?

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::entrance::Entrance;
use super::output::one_line;
use super::places::{LakePlace, PortArg, ShardArg};
use super::postgres::door;
use super::reload::Reloader;
use super::serving::doors;
use super::signals::stop_at_signal;
use super::view::{Reader, View};
use super::{Ending, Failure, runtime, supervisor};
use crate::config::Config;
use crate::lake::Folder;
use crate::live::{self, LostSource, Progress, Stop, Summary};
use crate::notify::Outbox;
use crate::serve::{Api, ConfigFile, Doors, Reload, SqlGate, serve};
use crate::state::Site;

/// Sources and topics named at the start.
const NAMES_MAX: usize = 8;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: LakePlace,
    #[command(flatten)]
    shard: ShardArg,
    #[command(flatten)]
    port: PortArg,
    /// Deliver to this receiver again; it was disabled after failing for a long time, or by answering 410
    #[arg(long, value_name = "RECEIVER")]
    enable: Vec<String>,
}

pub(super) fn run(args: &Args, reader: Reader) -> Result<Ending, Failure> {
    let config = args.port.of(args.shard.of(args.place.configured()?)?.listening());
    for warning in &config.warnings {
        tracing::warn!(line = warning.line, hint = warning.hint, "{}", warning.message);
    }
    // A shard without a topic of its own waits for one.
    if config.sources.is_empty() || (config.topics.is_empty() && config.shard.is_none()) {
        let message = format!(
            "{}: nothing to do without a [[source]] and a [[topic]]",
            args.place.config.path().display()
        );
        return Err(Failure::usage(message, "see the examples in: resonanz init"));
    }
    enable(&config, &args.enable)?;
    let entrance = Entrance::of(&config)?;
    let summary = runtime()?.block_on(run_until_signal(config, entrance, reader, args))?;
    let complete = summarize(&summary, reader)?;
    Ok(if complete { Ending::Done } else { Ending::Incomplete })
}

/// Says how it went, and whether everything was taken and delivered.
fn summarize(summary: &Summary, reader: Reader) -> Result<bool, Failure> {
    let Summary { progress, delivered, undelivered, lost, .. } = summary;
    let (tally, malformed, commits) = (progress.tally, progress.malformed, progress.commits);
    let future = tally.refused_future - progress.tally_at_start.refused_future;
    let mut text = format!(
        "{} posts, {} mentions, {} negative; {commits} commits\n\
         messages: {delivered} delivered, {undelivered} not",
        progress.posts(),
        tally.mentions,
        tally.negative
    );
    if malformed + future > 0 {
        text += &format!(
            "\nrefused: {malformed} malformed, {future} dated in the future; see the lake's _resonanz/dead-letter.jsonl"
        );
    }
    for (source, reason) in &progress.refusals {
        text += &format!("\nrefused of source \"{source}\": {reason}");
    }
    if let Some(share) = progress.late_share() {
        text += &format!(
            "\nwarning: {share} % of the mentions came too late for their minute, so panes and alerts miss them"
        );
    }
    let fields = json!({
        "event": "ended",
        "posts": progress.posts(),
        "mentions": tally.mentions,
        "negative": tally.negative,
        "commits": commits,
        "delivered": delivered,
        "undelivered": undelivered,
        "malformed": malformed,
        "future": future,
        "refusals": progress.refusals,
        "late_percent": progress.late_share(),
        "lost": lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    reader.say(&text, &fields)?;
    say_lost(lost)?;
    Ok(malformed + future + undelivered == 0 && lost.is_empty())
}

/// Says which sources were given up.
pub(super) fn say_lost(lost: &[LostSource]) -> io::Result<()> {
    for lost in lost {
        let (hint, mut out) = (lost.fault.hint(), io::stderr().lock());
        writeln!(out, "resonanz: {}", one_line(&lost.to_string()))?;
        if !hint.is_empty() {
            writeln!(out, "hint: {hint}")?;
        }
    }
    Ok(())
}

/// Says what is listened to, and where to ask.
fn announce(config: &Config, http: Option<&str>, reader: Reader) -> io::Result<()> {
    let sources: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    let topics: Vec<&str> = config.topics.iter().map(|topic| topic.name.as_str()).collect();
    let mut text = format!(
        "sources {}\ntopics  {}\nrules   {}, receivers {}\nlake    {}",
        named(&sources),
        if topics.is_empty() { "none".to_owned() } else { named(&topics) },
        config.rules.len(),
        config.receivers.len(),
        config.lake.path.display()
    );
    if let Some(shard) = config.shard {
        text = format!("shard   {shard}\n{text}");
    }
    if let Some(address) = http {
        text += &format!("\nhttp    {address}");
    }
    let fields = json!({
        "event": "started",
        "sources": sources,
        "topics": topics.len(),
        "rules": config.rules.len(),
        "receivers": config.receivers.len(),
        "lake": config.lake.path,
        "shard": config.shard.map(|shard| shard.to_string()),
        "http": http,
    });
    reader.say(&text, &fields)
}

/// How many there are, and the names of the first.
pub(super) fn named(names: &[&str]) -> String {
    let shown = names.get(..names.len().min(NAMES_MAX)).unwrap_or_default().join(", ");
    match names.len() {
        all if all > NAMES_MAX => format!("{all}: {shown} and {} more", all - NAMES_MAX),
        all => format!("{all}: {shown}"),
    }
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
    entrance: Entrance,
    reader: Reader,
    args: &Args,
) -> Result<Summary, Failure> {
    let (sql, site) =
        (SqlGate::of(config.sql).promising(&config.services), Site::from(&config.lake));
    let audit = entrance.begin(&site, Some(&config.lake));
    let clients = config.postgres.as_ref();
    let clients = clients.map(|clients| door(clients, &site, (&entrance, &audit), &sql));
    let clients = clients.transpose()?;
    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let (stop, stopped) = watch::channel(Stop::No);
    let (ask, asked) = mpsc::channel(1);
    let (mut http, mut apis) = (None, None);
    if let Some(address) = config.listen {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| Failure::listen(address, &error))?;
        http = Some(listener.local_addr()?);
        let api = Api {
            progress: progress.subscribe(),
            lake: site,
            topics: config.topics.clone().into(),
            charter: Arc::new(config.charter.clone()),
            services: Arc::clone(&config.services),
            scorer: crate::tuning::scorer(&config.sentiment)?,
            token: entrance.token.clone(),
            config: Some(ConfigFile::new(args.place.config.path(), (&config.lake).into())),
            access: entrance.access.clone(),
            tls: entrance.tls.clone(),
            audit: audit.clone(),
            hosts: config.hosts.clone().into(),
            sql,
            doors: Doors::new(doors(&config)),
            reload: Reload::new(ask),
        };
        let (renew, renewed) = watch::channel(api);
        apis = Some(renew);
        tokio::spawn(serve(listener, renewed));
    }
    if let Some(clients) = clients {
        clients.open().await?;
    }
    let (hang_up, hung_up) = mpsc::channel(1);
    stop_at_signal(stop, hang_up)?;
    // Whoever does not read our output stops nothing.
    let http = http.map(|address| format!("{}://{address}", entrance.scheme()));
    let _ = announce(&config, http.as_deref(), reader);
    let view = View::start(progress.subscribe(), reader);
    tokio::spawn(supervisor::report(progress.subscribe()));
    let (renew, renewals) = mpsc::channel(1);
    let shared = Arc::clone(&progress);
    let reloader = Reloader::new(
        (args.place.clone(), args.shard.clone(), args.port.clone()),
        config.clone(),
        shared,
        renew,
        apis,
        entrance,
    );
    tokio::spawn(reloader.attend(hung_up, asked));
    let summary = live::run_renewed(config, stopped, progress, renewals).await;
    view.end().await;
    audit.end().await;
    Ok(summary?)
}
