//! What is kept of an author, exported on the command line?

use std::path::PathBuf;

use clap::ValueEnum;

use super::erase::{authors, known, source_named, texts_of};
use crate::cli::noted::{Deed, note};
use crate::cli::places::{Found, LakePlace};
use crate::cli::spreadsheet::CsvArgs;
use crate::cli::{Ending, Failure, rows, runtime};
use crate::lake::{Folder, quoted};
use crate::post::AuthorKey;
use crate::sql::{QueryFormat, Session};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    place: LakePlace,
    /// Name as the source gives it (on Bluesky the DID), in any spelling, or the address of a
    /// profile; or the key from the lake
    #[arg(long)]
    author: String,
    /// Only what the author posted in this source
    #[arg(long)]
    source: Option<String>,
    /// The key of the author hashes, if it is not in the lake
    #[arg(long)]
    author_key_file: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
    format: ExportFormat,
    #[command(flatten)]
    csv: CsvArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// One JSON array of objects
    Json,
    /// With a header line
    Csv,
}

pub(super) fn export(args: &Args) -> Result<Ending, Failure> {
    args.csv.check(args.format == ExportFormat::Csv)?;
    let Found { site, config } = args.place.find()?;
    let folder = Folder::read(&site)?;
    let key = args.author_key_file.clone().or(config.and_then(|config| config.author_key_file));
    let authors = authors(&folder, key.as_deref())?;
    let names = known(&authors, &args.author)?;
    let format = match args.format {
        ExportFormat::Json => QueryFormat::Json,
        ExportFormat::Csv => QueryFormat::Csv,
    };
    let letters = folder.dead_letters().with(&texts_of(&names))?;
    runtime()?.block_on(async {
        let source = match &args.source {
            Some(name) => Some(source_named(&folder, name).await?),
            None => None,
        };
        let session = Session::open(&folder).await?;
        session.add_letters(&letters)?;
        let answer = session.query(&all_of(&names, source.as_deref())).await?;
        note(&site, Deed { action: "export", what: "lake.export", topic: None, detail: None })
            .await?;
        rows::write(answer, format, &args.csv).await.map_err(|failed| failed.told(Failure::from))
    })
}

/// SQL for all rows of an author: posts, mentions, the alerts whose evidence shows a post, and dead
/// letters.
fn all_of(names: &[(AuthorKey, String)], source: Option<&str>) -> String {
    let author = names.first().map(|(author, _)| *author).unwrap_or_default();
    let keys: Vec<String> = names.iter().map(|(author, _)| format!("'{author}'")).collect();
    let here = source.map(|name| format!("source = {}", quoted(name)));
    let here = here.unwrap_or_else(|| "true".to_owned());
    let own = format!("author IN ({}) AND {here}", keys.join(", "));
    let shared = "source, post_id, author, posted_at, received_at, kind, lang, parent, thread, url, reach, engagement";
    format!(
        "SELECT 'posts' AS in_table, {shared}, NULL AS topic, NULL AS score, NULL AS target_score, \
         NULL AS polarity, NULL AS terms, NULL AS alert_id, text FROM posts WHERE {own} \
         UNION ALL SELECT 'mentions', {shared}, topic, score, target_score, polarity, terms, NULL, text \
         FROM mentions WHERE {own} \
         UNION ALL SELECT DISTINCT 'alerts', shown.source, shown.post_id, shown.author, NULL, alerts.at, NULL, \
         NULL, NULL, NULL, NULL, NULL, NULL, alerts.topic, NULL, NULL, NULL, NULL, alerts.alert_id, NULL \
         FROM alerts, (SELECT DISTINCT source, post_id, author FROM mentions WHERE {own}) AS shown \
         WHERE strpos(alerts.evidence, concat('\"post_id\":\"', shown.post_id, '\"')) > 0 \
         UNION ALL SELECT 'dead_letters', source, NULL, '{author}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, raw FROM dead_letters WHERE {here} \
         ORDER BY 1 DESC, 5, 3"
    )
}
