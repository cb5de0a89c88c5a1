//! How are verdicts reviewed on the command line?

use std::io::Write;

use clap::{Subcommand, ValueEnum};

use super::formats::ReportFormat;
use super::noted::{Deed, note};
use super::output::{Script, columns, one_line, people, programs};
use super::places::LakePlace;
use super::table::{Frame, Table};
use super::{Ending, Failure, runtime};
use crate::intent::Intent;
use crate::lake::Folder;
use crate::post::Polarity;
use crate::report::{Ask, Known, ReportError, short_name};
use crate::review::{Correction, Labeled, ReviewError, correct, samples, unlabelled};
use crate::sentiment::evaluate::Unlabelled;
use crate::sql::{Limits, Session};

#[derive(Debug, Subcommand)]
pub(super) enum ReviewsCommand {
    /// List the least certain verdicts that nobody has reviewed, one per wording
    Queue(QueueArgs),
    /// Correct or confirm the verdict on a mention; the lake records who, when and why
    Correct(CorrectArgs),
    /// Show how often reviews found the scorer right; never by person
    Agreement(AgreementArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct QueueArgs {
    /// Topic [default: all]
    #[arg(long)]
    topic: Option<String>,
    /// How many, 100 at most
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    #[command(flatten)]
    place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(super) struct CorrectArgs {
    /// The mention's id, as the queue, the pages and the API give it
    id: String,
    /// How the post is meant
    #[arg(long, value_enum)]
    polarity: Option<Meant>,
    /// What the writer wants; again for a second one, or none
    #[arg(long = "intent", value_enum, value_name = "INTENT")]
    intents: Vec<Wanted>,
    /// The post is not about the topic
    #[arg(long)]
    irrelevant: bool,
    /// The post is about the topic after all
    #[arg(long, conflicts_with = "irrelevant")]
    relevant: bool,
    /// The verdict is right
    #[arg(long, conflicts_with_all = ["polarity", "irrelevant"])]
    confirm: bool,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
    /// Who says so [default: $USER]
    #[arg(long, alias = "by")]
    author: Option<String>,
    /// Revision of the review that you saw; 0 if there was none
    #[arg(long, default_value_t = 0)]
    revision: u64,
    #[command(flatten)]
    place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(super) struct AgreementArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    #[command(flatten)]
    place: LakePlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Meant {
    /// It is negative
    Negative,
    /// It is neither
    Neutral,
    /// It is positive
    Positive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// Leaves, or says so
    Churn,
    /// Says that something went wrong
    Complaint,
    /// Asks something
    Question,
    /// Wants to buy, or has just bought
    Purchase,
    /// Advises others to take it
    Recommendation,
    /// Says that it is good, or thanks
    Praise,
    /// None of these
    None,
}

impl Wanted {
    fn intent(self) -> Option<Intent> {
        match self {
            Self::Churn => Some(Intent::Churn),
            Self::Complaint => Some(Intent::Complaint),
            Self::Question => Some(Intent::Question),
            Self::Purchase => Some(Intent::Purchase),
            Self::Recommendation => Some(Intent::Recommendation),
            Self::Praise => Some(Intent::Praise),
            Self::None => None,
        }
    }
}

/// What is said of intents, if anything is.
fn wanted(named: &[Wanted]) -> Result<Option<Vec<Intent>>, Failure> {
    if named.contains(&Wanted::None) && named.len() > 1 {
        let hint = "give --intent none alone, or the intents without it";
        return Err(Failure::usage("--intent none stands beside another", hint));
    }
    let intents = named.iter().filter_map(|one| one.intent()).collect();
    Ok((!named.is_empty()).then_some(intents))
}

pub(super) fn reviews(command: &ReviewsCommand) -> Result<Ending, Failure> {
    match command {
        ReviewsCommand::Queue(args) => queue(args),
        ReviewsCommand::Correct(args) => write(args),
        ReviewsCommand::Agreement(args) => agreement(args),
    }
}

/// Asks a lake something within a runtime of its own.
fn asked<T>(
    place: &LakePlace,
    question: impl AsyncFnOnce(&Ask<'_>) -> Result<T, ReportError>,
) -> Result<T, Failure> {
    let found = place.find()?;
    let folder = Folder::read(found.site)?;
    let topics = found.config.map(|config| config.topics).unwrap_or_default();
    let answered: Result<T, Failure> = runtime()?.block_on(async {
        let session = Session::open(&folder).await?;
        let ask = Ask::new(&session, &folder, &topics, Known::default()).await;
        let ask = ask.map_err(failure)?;
        question(&ask).await.map_err(failure)
    });
    answered
}

/// All verdicts that people corrected or confirmed.
pub(super) fn reviewed(place: &LakePlace) -> Result<Vec<Labeled>, Failure> {
    asked(place, async |ask: &Ask<'_>| samples(ask).await)
}

/// The latest mentions of a lake, whatever was made of them.
pub(super) fn mentioned(place: &LakePlace) -> Result<Vec<Unlabelled>, Failure> {
    asked(place, async |ask: &Ask<'_>| unlabelled(ask).await)
}

fn queue(args: &QueueArgs) -> Result<Ending, Failure> {
    let mentions = asked(&args.place, async |ask: &Ask<'_>| {
        if let Some(topic) = &args.topic {
            ask.known_topic(topic).await?;
        }
        ask.review_queue(args.topic.as_deref(), None, args.limit).await
    })?;
    if args.format == ReportFormat::Json {
        let mut out = programs(Script::Json);
        serde_json::to_writer_pretty(&mut out, &mentions)?;
        writeln!(out)?;
        return Ok(Ending::Done);
    }
    let mut out = people();
    for mention in &mentions {
        let sure = mention.confidence.unwrap_or_default() * 100.0;
        writeln!(
            out,
            "{}\n  {} on {}, right in {sure:.0} % of such cases\n  {}",
            mention.id,
            mention.polarity,
            one_line(&mention.topic),
            one_line(&mention.text)
        )?;
    }
    if mentions.is_empty() {
        writeln!(out, "nothing is left to review")?;
    }
    Ok(Ending::Done)
}

fn write(args: &CorrectArgs) -> Result<Ending, Failure> {
    let intents = wanted(&args.intents)?;
    let folder = Folder::read(args.place.site()?)?;
    let polarity = args.polarity.map(|meant| match meant {
        Meant::Negative => Polarity::Negative,
        Meant::Neutral => Polarity::Neutral,
        Meant::Positive => Polarity::Positive,
    });
    let correction = Correction {
        polarity,
        relevant: match (args.irrelevant, args.relevant) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        },
        intents,
        confirms: args.confirm,
        note: args.note.clone(),
        author: super::alerts::author(args.author.as_ref()),
        revision: args.revision,
    };
    let noted = runtime()?.block_on(correct(&folder, Limits::default(), &args.id, correction));
    let noted = noted.map_err(|error| {
        let code = match &error {
            ReviewError::Lake(_) | ReviewError::Conflict(_) => 1,
            _ => 2,
        };
        let hint = match &error {
            ReviewError::Report(ReportError::Unknown { what: "mention", .. }) => {
                "give an id of resonanz reviews queue, or a name of resonanz inbox list".to_owned()
            }
            other => other.hint(),
        };
        let hint = Some(hint).filter(|hint| !hint.is_empty());
        Failure { error: error.into(), code, hint }
    })?;
    let name = short_name(&noted.topic, &noted.source, &noted.post_id);
    let (topic, detail) = (Some(&*noted.topic), Some(&*name));
    let deed = Deed { action: "change", what: "mentions.correction", topic, detail };
    runtime()?.block_on(note(folder.site(), deed))?;
    let about = if noted.relevant { "" } else { ", not about the topic" };
    let wants = noted.intents.as_ref().map(|intents| format!(", wants {}", joined(intents)));
    let wants = wants.unwrap_or_default();
    let instead = match noted.polarity {
        polarity if polarity == noted.was => format!("{} as before", polarity.as_str()),
        polarity => format!("{} instead of {}", polarity.as_str(), noted.was.as_str()),
    };
    writeln!(
        people(),
        "revision {}: {instead}{about}{wants}, says {}",
        noted.revision,
        one_line(&noted.reviewed_by)
    )?;
    Ok(Ending::Done)
}

/// Intents as people read them.
fn joined(intents: &[Intent]) -> String {
    let names: Vec<&str> = intents.iter().map(|intent| intent.as_str()).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
}

fn agreement(args: &AgreementArgs) -> Result<Ending, Failure> {
    let found = asked(&args.place, async |ask: &Ask<'_>| ask.agreement().await)?;
    if args.format == ReportFormat::Json {
        let mut out = programs(Script::Json);
        serde_json::to_writer_pretty(&mut out, &found)?;
        writeln!(out)?;
        return Ok(Ending::Done);
    }
    let mut out = people();
    let share = found.share.map(|share| {
        let [value, low, high] = [share.value, share.low, share.high].map(|part| part * 100.0);
        format!(": {value:.0} % ({low:.0} to {high:.0})")
    });
    match share {
        Some(share) => writeln!(
            out,
            "{} of {} verdicts were right{share}; {} not about their topic",
            found.agreed, found.reviewed, found.irrelevant
        )?,
        None => writeln!(out, "nobody has judged a verdict yet")?,
    }
    if let Some(share) = found.intents_share {
        let [value, low, high] = [share.value, share.low, share.high].map(|part| part * 100.0);
        writeln!(
            out,
            "{} of {} had the intents right: {value:.0} % ({low:.0} to {high:.0})",
            found.intents_agreed, found.intents_reviewed
        )?;
    }
    let mut table = Table::new(&["language", "scored", ">reviewed", ">right"]);
    for part in &found.parts {
        let [reviewed, agreed] = [part.reviewed, part.agreed].map(|count| count.to_string());
        table.push(vec![part.lang.clone(), part.scored.clone(), reviewed, agreed]);
    }
    if !found.parts.is_empty() {
        table.write(Frame::None, columns(), &mut out)?;
    }
    Ok(Ending::Done)
}

fn failure(error: ReportError) -> Failure {
    let hint = Some(error.hint()).filter(|hint| !hint.is_empty());
    let code = match &error {
        ReportError::Wrong { .. } | ReportError::Unknown { .. } => 2,
        ReportError::Sql(_) | ReportError::Other(_) => 1,
    };
    Failure { error: error.into(), code, hint }
}
