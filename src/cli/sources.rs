//! Can a source be heard, and what can it never tell? A look at sources that stores nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::output::{columns, cut, one_line, people};
use super::places::ConfigAt;
use super::{Ending, Failure, runtime};
use crate::config::{Config, SourceConfig};
use crate::connect::{
    Closing, Fault, Finding, Look, NETWORKS, Outlet, Settings, SourceHealth, SourceSpec,
    SourceState, preset_cards,
};
use crate::decode::{AuthorHasher, Parcel, Refused};
use crate::mention::Topic;
use crate::post::{Event, Post, SourceId};
use crate::system::random;
use crate::time::parse_span;

/// Posts that are shown.
const POSTS_MAX: usize = 5;
/// How long to wait for more, once posts have come.
const MORE: Duration = Duration::from_secs(2);
/// Parcels that wait to be shown.
const PARCELS: usize = 4;
/// What to do where neither the configuration nor resonanz is at fault.
const ELSEWHERE: &str =
    "check the address and that this machine can reach it; `run` retries by itself";
/// Columns of a line that does not go to a terminal.
const WIDTH: usize = 160;

#[derive(Debug, clap::Subcommand)]
pub(super) enum SourcesCommand {
    /// List the sources of a configuration, and the available types and presets
    List(ListArgs),
    /// Connect to a source of the configuration and show what it sends; nothing is stored
    Test(TestArgs),
    /// Query a platform with a preset, without a configuration; nothing is stored
    Try(TryArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    config: ConfigAt,
}

#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// Name of the source
    name: String,
    #[command(flatten)]
    config: ConfigAt,
    /// How long to wait for posts
    #[arg(long, value_name = "SPAN", default_value = "20s", value_parser = span)]
    wait: Duration,
}

#[derive(Debug, clap::Args)]
pub(super) struct TryArgs {
    /// A preset of `resonanz sources list`, or a file of your own that ends in .toml
    preset: String,
    /// A key of the preset, such as site=https://blog.example.com
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// How far back to look [default: as the preset says]
    #[arg(long, value_name = "SPAN")]
    since: Option<String>,
    /// Environment variable that holds the token
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,
    /// File that holds the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// File that holds the other secret of a login
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// How long to wait for posts
    #[arg(long, value_name = "SPAN", default_value = "20s", value_parser = span)]
    wait: Duration,
}

fn span(text: &str) -> Result<Duration, String> {
    let us = parse_span(text).map_err(|error| error.to_string())?;
    Ok(Duration::from_micros(u64::try_from(us).unwrap_or(0)))
}

pub(super) fn sources(command: &SourcesCommand) -> Result<Ending, Failure> {
    match command {
        SourcesCommand::List(args) => list(args),
        SourcesCommand::Test(args) => test(args),
        SourcesCommand::Try(args) => try_preset(args),
    }
}

fn list(args: &ListArgs) -> Result<Ending, Failure> {
    let mut out = people();
    // Presets are of use before there is a configuration.
    if args.config.is_named() || args.config.path().exists() {
        let config = args.config.load()?;
        writeln!(out, "sources of {}", args.config.path().display())?;
        if config.sources.is_empty() {
            writeln!(out, "  none")?;
        }
        for source in &config.sources {
            let state = match source.settings.look() {
                Look::Well => "ready".to_owned(),
                Look::Warns(Finding { reason, hint }) => format!("ready, but {reason} ({hint})"),
                Look::Waits(Finding { reason, .. }) => format!("would wait: {reason}"),
                Look::Fails(Finding { reason, hint }) => format!("would fail: {reason} ({hint})"),
            };
            writeln!(out, "  {}: {}", source.name, one_line(&state))?;
        }
        writeln!(out)?;
    }
    let kinds: Vec<&str> = NETWORKS.iter().map(|(kind, _)| *kind).collect();
    writeln!(out, "types, as in type = \"...\"\n  {}\n", kinds.join(", "))?;
    writeln!(out, "presets of type = \"poll\", as in preset = \"...\"")?;
    for card in preset_cards() {
        writeln!(out, "  {}\n    {}", card.name, card.about)?;
        for (key, about) in &card.needs {
            writeln!(out, "    needs {key}: {about}")?;
        }
        let secrets = [("token", &card.token), ("secret", &card.secret)];
        for (what, about) in
            secrets.iter().filter_map(|(what, about)| Some((what, about.as_ref()?)))
        {
            writeln!(out, "    {what}: {about}")?;
        }
        for (key, about) in &card.takes {
            writeln!(out, "    takes {key}: {about}")?;
        }
    }
    writeln!(out, "\ntry one with: resonanz sources try PRESET --set KEY=VALUE")?;
    Ok(Ending::Done)
}

fn test(args: &TestArgs) -> Result<Ending, Failure> {
    let config = args.config.load()?;
    let source = config.sources.iter().find(|source| source.name.as_str() == args.name);
    let source = source.ok_or_else(|| {
        let known = config.sources.iter().map(|source| source.name.as_str());
        Failure::unknown("source", &args.name, known)
    })?;
    show(source, &config.topics, args.wait)
}

fn try_preset(args: &TryArgs) -> Result<Ending, Failure> {
    let mut set = toml::Table::new();
    for pair in &args.set {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(format!("\"{pair}\" has no ="), "write it as --set KEY=VALUE")
        })?;
        set.insert(key.trim().to_owned(), value.into());
    }
    let mut source = toml::Table::new();
    let preset = args.preset.as_str();
    for (key, value) in [("name", preset), ("type", "poll"), ("preset", preset)] {
        source.insert(key.to_owned(), value.into());
    }
    source.insert("set".to_owned(), set.into());
    let shown = |file: &Option<PathBuf>| file.as_ref().map(|file| file.display().to_string());
    let given = [
        ("since", &args.since),
        ("token_env", &args.token_env),
        ("token_file", &shown(&args.token_file)),
        ("secret_file", &shown(&args.secret_file)),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            source.insert(key.to_owned(), value.as_str().into());
        }
    }
    let mut root = toml::Table::new();
    root.insert("source".to_owned(), toml::Value::Array(vec![source.into()]));
    let config = Config::parse(&root.to_string(), Path::new("")).map_err(|errors| {
        let said: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        let hint = errors.first().map(|error| as_option(&error.hint)).unwrap_or_default();
        Failure::usage(said.join("; "), hint)
    })?;
    match config.sources.first() {
        Some(source) => show(source, &config.topics, args.wait),
        None => Err(Failure::usage("nothing to try", "name a preset")),
    }
}

/// A hint for a configuration in words of the command line.
fn as_option(hint: &str) -> String {
    let key = hint.strip_prefix("add: set = { ").and_then(|rest| rest.split_once(" = "));
    match key {
        Some((key, _)) => format!("add --set {key}=..."),
        None if hint.starts_with("add token_file") => "add --token-file FILE".to_owned(),
        None if hint.starts_with("add secret_file") => "add --secret-file FILE".to_owned(),
        None => hint.to_owned(),
    }
}

/// What was heard of a source.
struct Seen {
    posts: Vec<Post>,
    events: usize,
    refused: Vec<Refused>,
    /// Why it ended by itself.
    fault: Option<Fault>,
    /// Whether it ended by itself.
    has_ended: bool,
    health: Arc<SourceHealth>,
}

fn show(source: &SourceConfig, topics: &[Topic], wait: Duration) -> Result<Ending, Failure> {
    if let Look::Fails(Finding { reason, hint }) = source.settings.look() {
        return Err(Failure::usage(format!("source \"{}\": {reason}", source.name), hint));
    }
    // A key of this moment: names are hashed here as they would be, and lead nowhere.
    let authors = AuthorHasher::new(random()?);
    let spec =
        SourceSpec { name: source.name.clone(), authors, cursor: None, topics: topics.into() };
    let runtime = runtime()?;
    let seen = runtime.block_on(watch_source(source.settings.as_ref(), spec, wait));
    if seen.fault.is_none() || seen.events > 0 {
        print(source, &seen, wait)?;
        runtime.block_on(show_accounts(source, topics))?;
        writeln!(people(), "nothing was stored")?;
    }
    match seen.fault {
        Some(fault @ Fault::User { .. }) => {
            let hint = fault.hint().to_owned();
            Err(Failure::usage(format!("source \"{}\": {fault}", source.name), hint))
        }
        Some(fault) => {
            let mut failure: Failure =
                anyhow::anyhow!("source \"{}\": {fault}", source.name).into();
            if matches!(fault, Fault::External { .. }) {
                failure.hint = Some(ELSEWHERE.to_owned());
            }
            Err(failure)
        }
        _ if seen.events == 0 && seen.health.state() != SourceState::Up => Ok(Ending::Incomplete),
        _ => Ok(Ending::Done),
    }
}

async fn watch_source(settings: &dyn Settings, spec: SourceSpec, wait: Duration) -> Seen {
    let health = Arc::new(SourceHealth::new(SourceId::new(spec.name.as_str())));
    let (inbox, mut parcels) = mpsc::channel::<Parcel>(PARCELS);
    let (closing, closed) = watch::channel(Closing::No);
    let outlet = Outlet::new(inbox, Arc::clone(&health), closed);
    let mut source = settings.probe(spec);
    let mut reading = tokio::spawn(async move { source.read(&outlet).await });
    let mut seen = Seen {
        posts: Vec::new(),
        events: 0,
        refused: Vec::new(),
        fault: None,
        has_ended: false,
        health,
    };
    let mut until = tokio::time::Instant::now() + wait;
    while seen.posts.len() < POSTS_MAX {
        let Ok(parcel) = tokio::time::timeout_at(until, parcels.recv()).await else { break };
        let Some(parcel) = parcel else {
            seen.has_ended = true;
            break;
        };
        seen.events += parcel.events.len();
        seen.refused.extend(parcel.refused);
        for event in parcel.events {
            if let Event::Create(post) | Event::Edit(post) = event
                && seen.posts.len() < POSTS_MAX
            {
                seen.posts.push(*post);
            }
        }
        if !seen.posts.is_empty() {
            until = until.min(tokio::time::Instant::now() + MORE);
        }
    }
    drop(parcels);
    closing.send_replace(Closing::Ended);
    let ending = tokio::time::timeout(MORE, &mut reading).await;
    reading.abort();
    if let Ok(Ok(Err(fault))) = ending
        && seen.has_ended
        && fault != Fault::Closed
    {
        seen.fault = Some(fault);
    }
    seen
}

fn print(source: &SourceConfig, seen: &Seen, wait: Duration) -> Result<(), Failure> {
    let mut out = people();
    let width = columns().unwrap_or(WIDTH);
    let now = seen.health.now();
    if seen.fault.is_none() {
        let state = match now.state {
            _ if seen.events > 0 => "it works".to_owned(),
            // Some are asked what costs nothing, and no more.
            SourceState::Up if seen.has_ended => "it can be reached; no post was read".to_owned(),
            SourceState::Up => format!("it can be reached; no post within {} s", wait.as_secs()),
            SourceState::Ended => "it was read to the end".to_owned(),
            _ if !now.reason.is_empty() => one_line(&now.reason).into_owned(),
            _ => format!("no answer within {} s", wait.as_secs()),
        };
        writeln!(out, "{}: {state}", source.name)?;
    }
    for post in &seen.posts {
        let line =
            format!("  {}  {}  {}  {}", post.posted_at, post.kind.as_str(), post.lang, post.text);
        writeln!(out, "{}", cut(&one_line(&line), width))?;
        if let Some(url) = &post.url {
            writeln!(out, "{}", cut(&format!("    {}", one_line(url)), width))?;
        }
    }
    if let Some(first) = seen.refused.first() {
        let line = format!("not understood: {}, the first: {}", seen.refused.len(), first.reason);
        writeln!(out, "{}", cut(&one_line(&line), width))?;
    }
    if let Some(expires) = now.expires {
        writeln!(out, "token: it works until {expires}")?;
    }
    if !now.rights.is_empty() {
        writeln!(out, "{}", cut(&one_line(&format!("rights: {}", now.rights)), width))?;
    }
    if !now.limits.is_empty() {
        writeln!(out, "limits: {}", one_line(&now.limits))?;
    }
    for (_, gap) in &now.gaps {
        let line = format!("gap from {} to {}: {}", gap.from, gap.to, gap.reason);
        writeln!(out, "{}", one_line(&line))?;
    }
    let never = never(source.settings.as_ref());
    if !never.is_empty() {
        writeln!(out, "what it can never provide:")?;
    }
    for sentence in never {
        writeln!(out, "  - {sentence}")?;
    }
    Ok(())
}

/// Shows what a source calls accounts of ours that are named by their handles.
async fn show_accounts(source: &SourceConfig, topics: &[Topic]) -> Result<(), Failure> {
    let handles: BTreeSet<&str> =
        topics.iter().flat_map(|topic| &topic.accounts).map(String::as_str).collect();
    for handle in handles {
        let line = match source.settings.identify(handle).await {
            Ok(Some(id)) => format!("account {handle}: {id}"),
            Ok(None) => continue,
            Err(fault) => format!("account {handle}: it cannot be looked up: {fault}"),
        };
        writeln!(people(), "{}", one_line(&line))?;
    }
    Ok(())
}

/// What a source can never tell, a sentence each.
fn never(settings: &dyn Settings) -> Vec<String> {
    let mut never = settings.never().to_vec();
    if let Some(telling) = settings.telling() {
        let later = if telling.later { " at once; they come later" } else { "" };
        if !telling.reach {
            never.push(format!("Followers or views{later}: conditions on them never hold."));
        }
        if !telling.engagement {
            never
                .push(format!("Likes, reposts and replies{later}: conditions on them never hold."));
        }
    }
    never
}
