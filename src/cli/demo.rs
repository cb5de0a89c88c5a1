//! How does it feel? The bundled archive through the real pipeline, on this machine alone.
//!
//! A WebSocket server replays the archive in Jetstream's wire format; the real connector, engine,
//! lake and couriers do the rest; a receiver on the loopback checks each message's signature.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::replay::speed;
use super::view::{Reader, View, alert_line};
use super::{Ending, Failure, runtime};
use crate::config::{Config, Reach, ReceiverConfig, SourceConfig, UrlPlace};
use crate::connect::{JetstreamSettings, bundled_lines};
use crate::live::{self, Progress, Stop, Summary};
use crate::notify::Signer;
use crate::post::SourceId;
use crate::replay::{Archive, Replay, replay};
use crate::secret::SecretPlace;
use crate::serve::{Access, Api, Audit, Doors, Reload, SqlGate, serve};
use crate::state::Site;
use crate::system::{private_file, random, unix_ms};
use crate::time::SECOND_US;

/// The demo's topics and rule, as they come with the archive.
const TOPICS: &str = include_str!("../../data/demo.toml");

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the lake; an earlier demo's lake there is replaced
    #[arg(long, value_name = "DIR", default_value = "resonanz-demo")]
    pub(super) lake: PathBuf,
    /// How many times faster than it happened; 0 for as fast as possible
    #[arg(long, default_value_t = 7200.0, value_parser = speed)]
    pub(super) speed: f64,
    /// Serve the pages and the HTTP API during and after the replay, until interrupted; the default in a terminal
    #[arg(long)]
    keep_serving: bool,
    /// Exit when the archive ends, and serve nothing
    #[arg(long, conflicts_with = "keep_serving")]
    end: bool,
    /// Where pages and API are served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8600")]
    pub(super) listen: SocketAddr,
    /// Practice a crisis instead: take charge of an alert and clear an inbox against the clock, then get a debriefing
    #[arg(long, conflicts_with_all = ["keep_serving", "end"])]
    pub(super) crisis: bool,
    /// Length of the exercise in minutes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60), requires = "crisis")]
    pub(super) minutes: u64,
    /// Language of the exercise
    #[arg(long, value_enum, default_value_t = Lang::En, requires = "crisis")]
    pub(super) lang: Lang,
}

/// The language of an exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// English
    En,
    /// German
    De,
}

/// What the receiver saw of one message.
struct Received {
    kind: String,
    topic: String,
    signed: bool,
}

pub(super) fn demo(args: &Args) -> Result<Ending, Failure> {
    make_room(&args.lake)?;
    runtime()?.block_on(play(args))
}

async fn play(args: &Args) -> Result<Ending, Failure> {
    let posts = count_posts()?;
    let server = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/subscribe", server.local_addr()?);
    tokio::spawn(replay(
        server,
        Replay { archive: Archive::Bundled, speed: args.speed, slower: None },
    ));
    let secret = Secret::new()?;
    let (hook, mut inbox) = start_receiver(&secret.text).await?;
    let config = config(&args.lake, &url, &hook, &secret.path)?;

    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let serves = args.keep_serving || !args.end && io::stdout().is_terminal();
    if serves {
        let address = open(args, &config, progress.subscribe()).await?;
        writeln!(io::stdout().lock(), "open http://{address}/ in a browser; Ctrl-C stops")?;
    }
    let (stop, stopped) = watch::channel(Stop::No);
    let mut seen = progress.subscribe();
    let ended = tokio::spawn(async move {
        let how = tokio::select! {
            _ = seen.wait_for(|progress| progress.tally.events >= posts) => Stop::Finish,
            _ = tokio::signal::ctrl_c() => Stop::Interrupt,
        };
        stop.send_replace(how);
        how
    });
    let pace = match args.speed {
        speed if speed.is_finite() => format!("at {speed} times their pace"),
        _ => "as fast as possible".to_owned(),
    };
    writeln!(io::stdout().lock(), "replaying {posts} posts of three days {pace}")?;
    let started = Instant::now();
    let view = View::start(progress.subscribe(), Reader::Audience);
    let summary = live::run(config, stopped, Arc::clone(&progress)).await;
    view.end().await;
    let summary = summary?;
    let mut received = Vec::new();
    while let Ok(message) = inbox.try_recv() {
        received.push(message);
    }
    summarize(&args.lake, &summary, &received, started.elapsed())?;
    if serves && ended.await.is_ok_and(|how| how != Stop::Interrupt) {
        writeln!(io::stdout().lock(), "\nserving http://{}/ until Ctrl-C", args.listen)?;
        tokio::signal::ctrl_c().await?;
    }
    let complete = summary.undelivered == 0 && received.iter().all(|message| message.signed);
    Ok(if complete { Ending::Done } else { Ending::Incomplete })
}

/// Serves pages and API of a lake that is for looking from now on; where.
pub(super) async fn open(
    args: &Args,
    config: &Config,
    progress: watch::Receiver<Progress>,
) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind(args.listen).await;
    let listener = listener.map_err(|error| Failure::listen(args.listen, &error))?;
    let address = listener.local_addr()?;
    let api = Api {
        progress,
        lake: (&args.lake).into(),
        topics: config.topics.clone().into(),
        charter: Arc::new(config.charter.clone()),
        services: Arc::clone(&config.services),
        scorer: crate::tuning::scorer(&config.sentiment)?,
        token: None,
        config: None,
        access: Access::open(),
        tls: None,
        audit: Audit::default(),
        hosts: Arc::new([]),
        sql: SqlGate::of(config.sql).promising(&config.services),
        doors: Doors::default(),
        reload: Reload::default(),
    };
    tokio::spawn(serve(listener, watch::channel(api).1));
    Ok(address)
}

/// Removes an earlier demo's lake, and nothing else; marks the folder as a demo's.
pub(super) fn make_room(lake: &Path) -> Result<(), Failure> {
    if Site::from(lake).is_bucket() {
        return Err(Failure::usage("the demo's lake must be a folder", "demo --lake FOLDER"));
    }
    let marker = lake.join("_resonanz").join("demo");
    if marker.exists() {
        fs::remove_dir_all(lake)?;
    }
    if fs::read_dir(lake).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("{} is not empty, and not an earlier demo's", lake.display());
        return Err(Failure::usage(message, "give another folder: demo --lake FOLDER"));
    }
    fs::create_dir_all(lake.join("_resonanz"))?;
    File::create(marker)?;
    Ok(())
}

fn count_posts() -> io::Result<u64> {
    let mut lines = bundled_lines();
    let mut posts = 0;
    while let Some(block) = lines.next_block()? {
        posts += block.lines().map(|_| 1).sum::<u64>();
    }
    Ok(posts)
}

/// The demo's topics and rule.
pub(super) fn topics() -> Result<Config, Failure> {
    Config::parse(TOPICS, Path::new("")).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        Failure::usage(format!("data/demo.toml:{first}"), "fix the file and build again")
    })
}

/// The same with this machine's addresses.
fn config(lake: &Path, url: &str, hook: &str, secret: &Path) -> Result<Config, Failure> {
    let mut config = topics()?;
    config.lake.path = lake.to_owned();
    config.lake.commit_interval_us = 2 * SECOND_US;
    config.sources = vec![SourceConfig {
        name: SourceId::new("bluesky"),
        settings: Arc::new(JetstreamSettings {
            url: url.to_owned(),
            ..JetstreamSettings::default()
        }),
    }];
    config.receivers = vec![ReceiverConfig {
        name: "team".to_owned(),
        url: UrlPlace::Plain(hook.to_owned()),
        secret: Some(SecretPlace::File(secret.to_owned())),
        reach: Reach::Internal,
        ..ReceiverConfig::default()
    }];
    config.rules.iter_mut().for_each(|rule| rule.receivers = vec!["team".to_owned()]);
    Ok(config)
}

/// A signing secret in a file that lives as long as the demo.
struct Secret {
    text: String,
    path: PathBuf,
}

impl Secret {
    fn new() -> io::Result<Self> {
        let key = random::<24>()?;
        let text = format!("whsec_{}", STANDARD.encode(key));
        let path =
            std::env::temp_dir().join(format!("resonanz-demo-{}.secret", std::process::id()));
        private_file(&path)?.write_all(text.as_bytes())?;
        Ok(Self { text, path })
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A receiver on the loopback that checks signatures; its address, and what it saw.
async fn start_receiver(secret: &str) -> anyhow::Result<(String, mpsc::Receiver<Received>)> {
    let signer = Arc::new(Signer::new(secret)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (seen, inbox) = mpsc::channel(1_024);
    let hook = move |headers: HeaderMap, body: String| {
        let received = check(&signer, &headers, &body);
        let status =
            if received.signed { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
        let _ = seen.try_send(received);
        async move { status }
    };
    let router = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((format!("http://{address}/hook"), inbox))
}

fn check(signer: &Signer, headers: &HeaderMap, body: &str) -> Received {
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let now_s = unix_ms() / 1_000;
    let sent_s = text("webhook-timestamp").parse().unwrap_or(0);
    let signed = signer.verify(text("webhook-id"), sent_s, body, text("webhook-signature"), now_s);
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let field = |pointer: &str| {
        body.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    Received { kind: field("/type"), topic: field("/data/topic"), signed }
}

fn summarize(
    lake: &Path,
    summary: &Summary,
    received: &[Received],
    elapsed: Duration,
) -> io::Result<()> {
    let (progress, tally) = (&summary.progress, &summary.progress.tally);
    let mut out = io::stdout().lock();
    writeln!(out, "\nin {:.1} s", elapsed.as_secs_f64())?;
    writeln!(out, "  posts     {}, of which {} speak of a topic", tally.analyzed, tally.matched)?;
    writeln!(
        out,
        "  mentions  {}, {} negative, {} late",
        tally.mentions, tally.negative, tally.late
    )?;
    for topic in progress.topics.iter() {
        let percent = (100 * topic.negative).checked_div(topic.mentions).unwrap_or(0);
        writeln!(
            out,
            "            {:<10} {:>6} mentions {percent:>4} % negative",
            topic.name, topic.mentions
        )?;
    }
    writeln!(out, "  alerts")?;
    for alert in &progress.alerts {
        writeln!(out, "            {}", alert_line(alert))?;
    }
    writeln!(out, "  webhooks  {} delivered, {} not", summary.delivered, summary.undelivered)?;
    for message in received {
        let signed = if message.signed { "signature verified" } else { "SIGNATURE WRONG" };
        writeln!(out, "            {} on {}: {signed}", message.kind, message.topic)?;
    }
    writeln!(out, "  lake      {} in {} commits\n", lake.display(), progress.commits)?;
    let lake = lake.display();
    writeln!(out, "next, with `cargo run --release --` in front or `resonanz` installed:")?;
    for sql in [
        "SELECT topic, count(*) AS mentions, round(avg(target_score), 3) AS mean_score FROM mentions GROUP BY topic ORDER BY mentions DESC",
        "SELECT at, topic, transition, observed, expected, p_value FROM alerts ORDER BY at",
        "SELECT date_bin(INTERVAL '5 minutes', start) AS start, sum(negative) AS negative FROM panes WHERE topic = 'apex' GROUP BY 1 ORDER BY negative DESC LIMIT 5",
    ] {
        writeln!(out, "  query --lake {lake} \"{sql}\"")?;
    }
    writeln!(out, "  score --explain \"love Nike, but Adidas is terrible\"")
}
