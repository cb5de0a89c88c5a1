//! Would we manage? A crisis to practice on: the bundled archive is played back up to a spike, then
//! slowly enough that people can act.
//!
//! Nobody is told and nothing leaves this machine; the lake is a demo's.

mod debriefing;
mod office;
mod words;

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use super::demo::{Args, Lang, make_room, open, topics};
use super::output::people;
use super::{Ending, Failure, runtime};
use crate::alert::Transition;
use crate::config::{Config, SourceConfig};
use crate::connect::JetstreamSettings;
use crate::desk::Ack;
use crate::lake::Folder;
use crate::live::{self, Progress, Stop};
use crate::notify::{AlertStory, Wanted, stories, story};
use crate::post::SourceId;
use crate::replay::{Archive, Replay, Slower, replay};
use crate::sql::Session;
use crate::state::{DeskFiles, Home};
use crate::system::wall_clock;
use crate::time::{EventTime, SECOND_US};
use debriefing::{Debriefing, minutes};
use office::{Office, services};
use words::{DE, EN, Words};

/// The topic that something happens to.
const TOPIC: &str = "apex";
/// From when on it is played back slowly: 2026-03-04T14:00:00Z, six minutes before the alert.
const SLOW_FROM: EventTime = EventTime(1_772_632_800_000_000);
/// How long the alert fires, in minutes of the archive.
const ALERT_MINUTES: f64 = 33.0;
/// After which part of the time the next one is called.
const PATIENCE: u32 = 3;
/// How often it is looked what people did.
const LOOK: Duration = Duration::from_secs(1);
/// How often the time that is left is said.
const SAID: Duration = Duration::from_secs(60);

pub(super) fn crisis(args: &Args) -> Result<Ending, Failure> {
    make_room(&args.lake)?;
    let words = match args.lang {
        Lang::En => &EN,
        Lang::De => &DE,
    };
    let runtime = runtime()?;
    let ended = runtime.block_on(exercise(args, words));
    runtime.shutdown_background();
    ended
}

async fn exercise(args: &Args, words: &'static Words) -> Result<Ending, Failure> {
    let whole = Duration::from_secs(args.minutes * 60);
    let server = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/subscribe", server.local_addr()?);
    let speed = ALERT_MINUTES * 60.0 / whole.as_secs_f64().max(1.0);
    let slower = Some(Slower { from: SLOW_FROM, speed });
    let archive = Archive::Bundled;
    tokio::spawn(replay(server, Replay { archive, speed: args.speed, slower }));
    let config = config(args, &url, words)?;
    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let address = open(args, &config, progress.subscribe()).await?;
    writeln!(people(), "{}\n\nhttp://{address}/?lang={}\n", words.briefing, words.locale.tag)?;
    writeln!(people(), "{}", words.waits)?;
    let (stop, stopped) = watch::channel(Stop::No);
    let running = async {
        live::run(config, stopped, Arc::clone(&progress)).await?;
        Ok::<_, Failure>(())
    };
    let led = async {
        lead(args, words, progress.subscribe(), whole).await?;
        stop.send_replace(Stop::Interrupt);
        Ok(())
    };
    tokio::try_join!(running, led)?;
    Ok(Ending::Done)
}

/// Leads through the exercise, and says how it went.
async fn lead(
    args: &Args,
    words: &'static Words,
    progress: watch::Receiver<Progress>,
    whole: Duration,
) -> Result<(), Failure> {
    let (shown_at, ack) = tokio::select! {
        done = watched(args, words, progress.clone(), whole) => done?,
        _ = tokio::signal::ctrl_c() => {
            (first_shown(&progress.borrow()), taken(args).unwrap_or_default())
        }
    };
    let story = told(args).await.unwrap_or_default();
    let office = Office::look(args.lake.as_path()).await.unwrap_or_default();
    writeln!(people(), "\n{}\n", words.ended)?;
    let debriefing = Debriefing {
        words,
        story: story.as_ref(),
        office: &office,
        ack: ack.as_ref(),
        shown_at,
        patience: whole / PATIENCE,
    };
    write!(people(), "{}", debriefing.markdown())?;
    Ok(())
}

/// Waits until somebody took care and cleared the inbox, or the time is over; when the alert showed,
/// and who took care.
async fn watched(
    args: &Args,
    words: &Words,
    progress: watch::Receiver<Progress>,
    whole: Duration,
) -> Result<(Option<EventTime>, Option<Ack>), Failure> {
    while first_shown(&progress.borrow()).is_none() {
        tokio::time::sleep(LOOK).await;
    }
    let (shown_at, begun) = (wall_clock(), Instant::now());
    writeln!(people(), "\n{}: {}", words.fired, minutes(whole))?;
    let (mut said, mut is_called, mut ack) = (Duration::ZERO, false, None);
    while begun.elapsed() < whole {
        let elapsed = begun.elapsed();
        if ack.is_none() {
            ack = taken(args)?;
            if ack.is_some() {
                writeln!(people(), "{}", words.took)?;
            }
        }
        if ack.is_none() && !is_called && elapsed >= whole / PATIENCE {
            is_called = true;
            writeln!(people(), "{}", words.called)?;
        }
        let office = Office::look(args.lake.as_path()).await?;
        if ack.is_some() && office.is_cleared() {
            break;
        }
        if elapsed >= said + SAID {
            said = elapsed;
            let (left, open) = (minutes(whole.saturating_sub(elapsed)), office.counts.open);
            let care = if ack.is_none() { words.left } else { words.left_over };
            writeln!(people(), "{left} {care}; {}: {open}", words.open)?;
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok((Some(shown_at), taken(args)?))
}

/// Whether the alert shows already; then the present time.
fn first_shown(progress: &Progress) -> Option<EventTime> {
    let fired =
        |line: &&Arc<live::AlertLine>| line.topic == TOPIC && line.transition == Transition::Fired;
    progress.alerts.iter().find(fired).map(|_| wall_clock())
}

/// Who took care of an alert of this lake.
fn taken(args: &Args) -> anyhow::Result<Option<Ack>> {
    let acks = DeskFiles::of(&Home::read(&args.lake)?).acks()?;
    Ok(acks.into_values().next())
}

/// The story of the alert, once the lake has it.
async fn told(args: &Args) -> anyhow::Result<Option<AlertStory>> {
    let folder = Folder::read(&args.lake)?;
    let session = Session::open(&folder).await?;
    let wanted = Wanted { topic: Some(TOPIC.to_owned()), state: None, limit: 1 };
    let found = stories(&session, &folder, &wanted).await?;
    match found.first() {
        Some(alert) => story(&session, &folder, &alert.alert_id).await,
        None => Ok(None),
    }
}

/// The demo's topics and rule, with a page that says what to do, and nobody who is told.
fn config(args: &Args, url: &str, words: &Words) -> Result<Config, Failure> {
    let mut config = topics()?;
    let pages = args.lake.join("_resonanz").join("policy");
    fs::create_dir_all(&pages)?;
    for (name, text) in words.pages {
        let mut file = fs::File::create(pages.join(format!("{name}.md")))?;
        file.write_all(text.as_bytes())?;
    }
    config.charter.policies = pages;
    for rule in &mut config.rules {
        rule.policy = Some("crisis".to_owned());
        config.charter.pages.insert(rule.name.clone(), "crisis".to_owned());
    }
    config.services = services();
    config.lake.path.clone_from(&args.lake);
    config.lake.commit_interval_us = 2 * SECOND_US;
    config.sources = vec![SourceConfig {
        name: SourceId::new("bluesky"),
        settings: Arc::new(JetstreamSettings {
            url: url.to_owned(),
            ..JetstreamSettings::default()
        }),
    }];
    Ok(config)
}
