//! How do texts become scores on the command line? Streaming, in order, in flat memory.

use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use clap::ValueEnum;
use rayon::prelude::*;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;

use super::formats::language;
use super::inputs::TextFormat;
use super::output::{Script, people, programs};
use super::score_answer::{Answer, csv_row, object_line, table_row, text_line};
use super::spreadsheet::{Cell, CsvArgs};
use super::{Ending, Failure};
use crate::config::SentimentConfig;
use crate::connect::{Block, open_lines};
use crate::post::Lang;
use crate::sentiment::{Scorer, Scratch};
use crate::tuning;

/// Lines that one rayon task scores.
const CHUNK_LINES: usize = 256;
/// About how many bytes an answer adds to its text.
const ANSWER_BYTES: usize = 96;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Texts to score; without any, lines are read from standard input
    texts: Vec<String>,
    #[command(flatten)]
    scorer: ScorerArgs,
    /// Format of a line of standard input: a text, or a JSON object with a field "text"
    #[arg(long, alias = "input", value_enum, default_value_t = TextFormat::Text)]
    input_format: TextFormat,
    /// Output format
    #[arg(long, value_enum, default_value_t = ScoreFormat::Table)]
    format: ScoreFormat,
    /// Language of the texts, as an ISO 639 code; JSON input may give it as "lang"
    #[arg(long, default_value = "und", value_parser = language)]
    lang: Lang,
    /// Show which words and rules made each score
    #[arg(long)]
    explain: bool,
    /// Also say what the writer of each text wants: churn, complaint, question, purchase,
    /// recommendation, praise; the most urgent first, with a confidence
    #[arg(long)]
    intents: bool,
    #[command(flatten)]
    csv: CsvArgs,
}

/// Which scorer.
#[derive(Debug, clap::Args)]
pub(super) struct ScorerArgs {
    /// Scoring profile: resonanz (English and German), or vader (vaderSentiment 3.3.2 exactly)
    #[arg(long, default_value = "resonanz")]
    profile: crate::sentiment::Profile,
    /// Your own words, one per line: word, tab, weight from -4 to 4; later files win
    #[arg(long = "lexicon", value_name = "FILE")]
    lexicons: Vec<PathBuf>,
    /// A model written by `resonanz fit`, in place of the built-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

impl From<&ScorerArgs> for SentimentConfig {
    fn from(args: &ScorerArgs) -> Self {
        let ScorerArgs { profile, lexicons, model } = args;
        Self { profile: *profile, lexicons: lexicons.clone(), model: model.clone() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScoreFormat {
    /// For people
    Table,
    /// One JSON object per line
    Jsonl,
    /// With a header line
    Csv,
}

pub(super) fn score(args: &Args) -> Result<Ending, Failure> {
    args.csv.check(args.format == ScoreFormat::Csv)?;
    let scorer = tuning::scorer(&(&args.scorer).into())?;
    let printer = Printer { scorer: &scorer, args, clashed: AtomicBool::new(false) };
    let out = match args.format {
        ScoreFormat::Table => people(),
        ScoreFormat::Csv => programs(Script::Signs),
        ScoreFormat::Jsonl => programs(Script::Json),
    };
    let mut out = BufWriter::new(out);
    out.write_all(&printer.header())?;
    if !args.texts.is_empty() {
        let mut scratch = Scratch::default();
        let mut written = Vec::new();
        for text in &args.texts {
            if Path::new(text).is_file() {
                tracing::warn!(
                    "\"{text}\" is scored as a text; for the lines of the file of this name: \
                     resonanz score < {text}"
                );
            }
            printer.print(text, args.lang, None, &mut scratch, &mut written);
        }
        out.write_all(&written)?;
        out.flush()?;
        return Ok(Ending::Done);
    }
    let refused = printer.print_lines(&mut out)?;
    out.flush()?;
    Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
}

struct Printer<'a> {
    scorer: &'a Scorer,
    args: &'a Args,
    /// Whether it was said that a line has a field of our name.
    clashed: AtomicBool,
}

/// A run of lines, scored.
#[derive(Default)]
struct Scored {
    written: Vec<u8>,
    /// Number in the block and reason of each line that could not be read.
    refused: Vec<(u64, String)>,
}

/// Longest line that is read.
const TOO_LONG: &str = "longer than 16 MiB";

impl Printer<'_> {
    /// Answers each line of standard input with one, to its end; returns how many were refused.
    fn print_lines(&self, out: &mut impl Write) -> anyhow::Result<u64> {
        let mut lines = open_lines(Path::new("-"), 0)?;
        let (mut line_number, mut refused) = (0, 0);
        loop {
            let Some(block) = lines.next_block().context("standard input")? else {
                return Ok(refused);
            };
            for skipped in 0..block.skipped {
                tracing::error!(
                    line = line_number + skipped + 1,
                    reason = TOO_LONG,
                    "line refused"
                );
                let mut answer = Vec::new();
                self.refuse(TOO_LONG, &mut answer);
                out.write_all(&answer)?;
            }
            refused += block.skipped;
            line_number += block.skipped;
            for scored in self.score_block(&block) {
                out.write_all(&scored.written)?;
                for (at, reason) in scored.refused {
                    refused += 1;
                    tracing::error!(line = line_number + at + 1, reason, "line refused");
                }
            }
            line_number += block.lines_len();
            // Whoever types or pipes line by line sees each answer at once.
            out.flush()?;
        }
    }

    /// Scores a block on rayon's threads, in order.
    fn score_block(&self, block: &Block) -> Vec<Scored> {
        let lines: Vec<(u64, &[u8])> = every_line(block);
        lines
            .par_chunks(CHUNK_LINES)
            .map_init(Scratch::default, |scratch, lines| {
                let mut scored = Scored::default();
                let bytes: usize = lines.iter().map(|(_, line)| line.len()).sum();
                scored.written.reserve(bytes + lines.len() * ANSWER_BYTES);
                for &(number, line) in lines {
                    match self.read(line) {
                        Ok(Line { text, lang, object }) => {
                            self.print(&text, lang, object, scratch, &mut scored.written)
                        }
                        Err(reason) => {
                            self.refuse(&reason, &mut scored.written);
                            scored.refused.push((number, reason));
                        }
                    }
                }
                scored
            })
            .collect()
    }

    /// The text of a line, its language, and the object to pass through.
    fn read<'l>(&self, line: &'l [u8]) -> Result<Line<'l>, String> {
        if self.args.input_format == TextFormat::Text {
            let text = String::from_utf8_lossy(line);
            return Ok(Line { text, lang: self.args.lang, object: None });
        }
        if line.is_empty() {
            return Ok(Line { text: Cow::Borrowed(""), lang: self.args.lang, object: Some("{}") });
        }
        let whole = std::str::from_utf8(line).map_err(|_| "the bytes are not UTF-8".to_owned())?;
        let fields: Fields<'_> = serde_json::from_str(whole).map_err(|error| error.to_string())?;
        let text = fields.text.ok_or("no string field \"text\"")?;
        let lang = fields.lang.as_deref().map_or(self.args.lang, Lang::parse);
        Ok(Line { text, lang, object: Some(whole) })
    }

    fn header(&self) -> Vec<u8> {
        match self.args.format {
            ScoreFormat::Jsonl => Vec::new(),
            ScoreFormat::Csv => {
                let mut line = self.args.csv.prefix().as_bytes().to_vec();
                let names = ["compound", "pos", "neu", "neg", "polarity", "intents", "text"];
                let asked = |name: &&str| self.args.intents || *name != "intents";
                let names: Vec<Cell<'_>> =
                    names.into_iter().filter(asked).map(Cell::Text).collect();
                // Writing to memory cannot fail.
                let _ = self.args.csv.line(&names, &mut line);
                line
            }
            ScoreFormat::Table if self.args.intents => {
                b"compound    pos    neu    neg  polarity  intents, text\n".to_vec()
            }
            ScoreFormat::Table => b"compound    pos    neu    neg  polarity  text\n".to_vec(),
        }
    }

    fn print(
        &self,
        text: &str,
        lang: Lang,
        object: Option<&str>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) {
        let document = self.scorer.score(text, lang, scratch);
        let intents =
            self.args.intents.then(|| self.scorer.verdict(text, lang, &[], scratch).intents);
        let explained = self.args.explain.then(|| self.scorer.explain(text, lang, &[]));
        // Writing to memory cannot fail.
        let _ = match self.args.format {
            ScoreFormat::Table => table_row(&document, intents, text, out).and_then(|()| {
                explained.map_or(Ok(()), |why| out.write_all(why.to_lines(text).as_bytes()))
            }),
            ScoreFormat::Csv => csv_row(&document, intents, text, &self.args.csv, out),
            ScoreFormat::Jsonl => {
                let why = explained.map(|why| why.to_json(text));
                let answer = Answer::new(&document, intents, why);
                match object {
                    None => text_line(text, &answer, out),
                    Some(object) => object_line(object, &answer, out).map(|clash| self.note(clash)),
                }
            }
        };
    }

    /// The answer to a line that could not be read, so that answers stay beside their lines.
    fn refuse(&self, reason: &str, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        let _ = match self.args.format {
            ScoreFormat::Table => {
                writeln!(out, "{:>8} {:>6} {:>6} {:>6}  refused   {reason}", "-", "-", "-", "-")
            }
            ScoreFormat::Csv => {
                let empty = Cell::Text("");
                let mut cells = vec![empty, empty, empty, empty, Cell::Text("refused")];
                cells.extend(self.args.intents.then_some(empty));
                cells.push(Cell::Quoted(""));
                self.args.csv.line(&cells, out)
            }
            ScoreFormat::Jsonl => writeln!(out, "{}", json!({ "error": reason })),
        };
    }

    /// Says once that a line has a field of our name.
    fn note(&self, clash: Option<&'static str>) {
        if let Some(field) = clash
            && !self.clashed.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                field,
                "some lines already have fields of these names: ours get the prefix resonanz_ there"
            );
        }
    }
}

/// What a line says.
struct Line<'l> {
    text: Cow<'l, str>,
    lang: Lang,
    /// The JSON object that it is, passed through.
    object: Option<&'l str>,
}

/// The fields of a line that are read.
#[derive(Deserialize)]
struct Fields<'l> {
    #[serde(borrow, default, deserialize_with = "if_text")]
    text: Option<Cow<'l, str>>,
    #[serde(borrow, default, deserialize_with = "if_text")]
    lang: Option<Cow<'l, str>>,
}

/// A field if it is a text.
fn if_text<'l, D: Deserializer<'l>>(from: D) -> Result<Option<Cow<'l, str>>, D::Error> {
    let value: &RawValue = Deserialize::deserialize(from)?;
    let Some(quoted) = value.get().strip_prefix('"') else { return Ok(None) };
    // Most texts stand in the line as they are.
    if let Some(plain) = quoted.strip_suffix('"').filter(|plain| !plain.contains('\\')) {
        return Ok(Some(Cow::Borrowed(plain)));
    }
    let text: String = serde_json::from_str(value.get()).map_err(D::Error::custom)?;
    Ok(Some(Cow::Owned(text)))
}

/// The lines of a block with their numbers, blank ones too.
fn every_line(block: &Block) -> Vec<(u64, &[u8])> {
    let mut lines = Vec::new();
    let blank = |lines: &mut Vec<(u64, &[u8])>, until: u64| {
        let next = lines.len() as u64;
        lines.extend((next..until).map(|number| (number, [].as_slice())));
    };
    for (number, line) in block.numbered_lines() {
        blank(&mut lines, number);
        lines.push((number, line));
    }
    blank(&mut lines, block.lines_len());
    lines
}
