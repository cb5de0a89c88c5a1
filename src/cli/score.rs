//! How do texts become scores on the command line? Streaming, in order, in flat memory.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value};

use super::inputs::TextFormat;
use super::{Ending, Failure};
use crate::config::SentimentConfig;
use crate::connect::{Block, open_lines};
use crate::post::{Lang, cut_text};
use crate::sentiment::{Document, Scorer, Scratch};
use crate::tuning;

/// Lines that one rayon task scores.
const CHUNK_LINES: usize = 256;
/// About how many bytes an answer adds to its text.
const ANSWER_BYTES: usize = 96;
/// Longest text shown in a table, in bytes.
const SHOWN_BYTES: usize = 72;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Texts to score; without any, lines are read from standard input
    texts: Vec<String>,
    #[command(flatten)]
    scorer: ScorerArgs,
    /// What a line of standard input is: a text, or a JSON object with a field "text"
    #[arg(long, alias = "input", value_enum, default_value_t = TextFormat::Text)]
    input_format: TextFormat,
    /// How scores are written
    #[arg(long, value_enum, default_value_t = ScoreFormat::Table)]
    format: ScoreFormat,
    /// Language of the texts, as an ISO 639 code; JSON input may give it as "lang"
    #[arg(long, default_value = "und", value_parser = language)]
    lang: Lang,
    /// Show which words and rules made each score
    #[arg(long)]
    explain: bool,
}

/// Which scorer.
#[derive(Debug, clap::Args)]
pub(super) struct ScorerArgs {
    /// Whose rules decide: resonanz (English and German), or vader (vaderSentiment 3.3.2 exactly)
    #[arg(long, default_value = "resonanz")]
    profile: crate::sentiment::Profile,
    /// Words of your own, as lines of word, tab, weight from -4 to 4; later files win
    #[arg(long = "lexicon", value_name = "FILE")]
    lexicons: Vec<PathBuf>,
    /// A model that `resonanz fit` wrote, in place of the built-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

impl From<&ScorerArgs> for SentimentConfig {
    fn from(args: &ScorerArgs) -> Self {
        let ScorerArgs { profile, lexicons, model } = args;
        Self { profile: *profile, lexicons: lexicons.clone(), model: model.clone() }
    }
}

/// Reads the language of an option.
pub(super) fn language(code: &str) -> Result<Lang, String> {
    match Lang::parse(code) {
        Lang::UND if code != "und" => Err("write an ISO 639 code, such as de".to_owned()),
        lang => Ok(lang),
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
    let scorer = tuning::scorer(&(&args.scorer).into())?;
    let printer = Printer { scorer: &scorer, args };
    let mut out = BufWriter::new(io::stdout().lock());
    out.write_all(printer.header().as_bytes())?;
    if !args.texts.is_empty() {
        let mut scratch = Scratch::default();
        let mut written = Vec::new();
        for text in &args.texts {
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
}

/// A run of lines, scored.
#[derive(Default)]
struct Scored {
    written: Vec<u8>,
    /// Number in the block and reason of each line that could not be read.
    refused: Vec<(u64, String)>,
}

impl Printer<'_> {
    /// Scores standard input to its end; returns how many lines were refused.
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
                    "line refused: longer than 16 MiB"
                );
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
        let lines: Vec<(u64, &[u8])> = block.numbered_lines().collect();
        lines
            .par_chunks(CHUNK_LINES)
            .map_init(Scratch::default, |scratch, lines| {
                let mut scored = Scored::default();
                let bytes: usize = lines.iter().map(|(_, line)| line.len()).sum();
                scored.written.reserve(bytes + lines.len() * ANSWER_BYTES);
                for &(number, line) in lines {
                    match self.read(line) {
                        Ok((text, lang, fields)) => {
                            self.print(&text, lang, fields, scratch, &mut scored.written)
                        }
                        Err(reason) => scored.refused.push((number, reason)),
                    }
                }
                scored
            })
            .collect()
    }

    /// The text of a line, its language, and the fields to pass through.
    fn read<'l>(&self, line: &'l [u8]) -> Result<(Cow<'l, str>, Lang, Option<Fields>), String> {
        if self.args.input_format == TextFormat::Text {
            return Ok((String::from_utf8_lossy(line), self.args.lang, None));
        }
        let fields: Fields = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let text = fields.get("text").and_then(Value::as_str);
        let text = text.ok_or("no field \"text\" that is a string")?.to_owned();
        let lang = fields.get("lang").and_then(Value::as_str).map_or(self.args.lang, Lang::parse);
        Ok((Cow::Owned(text), lang, Some(fields)))
    }

    fn header(&self) -> String {
        match self.args.format {
            ScoreFormat::Jsonl => String::new(),
            ScoreFormat::Csv => "compound,pos,neu,neg,polarity,text\n".to_owned(),
            ScoreFormat::Table => "compound    pos    neu    neg  polarity  text\n".to_owned(),
        }
    }

    fn print(
        &self,
        text: &str,
        lang: Lang,
        fields: Option<Fields>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) {
        let document = self.scorer.score(text, lang, scratch);
        let explained = self.args.explain.then(|| self.scorer.explain(text, lang, &[]));
        // Writing to memory cannot fail.
        let _ = match self.args.format {
            ScoreFormat::Table => table_row(&document, text, out).and_then(|()| {
                explained.map_or(Ok(()), |why| out.write_all(why.to_lines(text).as_bytes()))
            }),
            ScoreFormat::Csv => csv_row(&document, text, out),
            ScoreFormat::Jsonl => {
                let answer = Answer::new(&document, explained.map(|why| why.to_json(text)));
                json_line(answer, text, fields, out)
            }
        };
    }
}

/// A line's fields, passed through.
type Fields = Map<String, Value>;

/// What is said of a text.
#[derive(Serialize)]
struct Answer {
    compound: f64,
    pos: f64,
    neu: f64,
    neg: f64,
    polarity: &'static str,
    confidence: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Value>,
}

impl Answer {
    fn new(document: &Document, explanation: Option<Value>) -> Self {
        Self {
            compound: document.score.as_f64(),
            pos: document.pos,
            neu: document.neu,
            neg: document.neg,
            polarity: document.score.polarity().as_str(),
            confidence: f64::from(document.confidence) / 100.0,
            explanation,
        }
    }
}

fn table_row(document: &Document, text: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let shown = cut_text(text, SHOWN_BYTES).replace(['\n', '\r', '\t'], " ");
    let more = if text.len() > SHOWN_BYTES { "…" } else { "" };
    let Answer { compound, pos, neu, neg, polarity, .. } = Answer::new(document, None);
    writeln!(out, "{compound:>8.4} {pos:>6.3} {neu:>6.3} {neg:>6.3}  {polarity:<8}  {shown}{more}")
}

fn csv_row(document: &Document, text: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let quoted = text.replace('"', "\"\"");
    let Answer { compound, pos, neu, neg, polarity, .. } = Answer::new(document, None);
    writeln!(out, "{compound},{pos},{neu},{neg},{polarity},\"{quoted}\"")
}

/// The answer after the text, or among the fields of the line it came from.
fn json_line(
    answer: Answer,
    text: &str,
    fields: Option<Fields>,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        text: &'a str,
        #[serde(flatten)]
        answer: Answer,
    }
    match fields {
        None => serde_json::to_writer(&mut *out, &Line { text, answer })?,
        Some(mut fields) => {
            if let Value::Object(answer) = serde_json::to_value(answer)? {
                fields.extend(answer);
            }
            serde_json::to_writer(&mut *out, &fields)?;
        }
    }
    out.push(b'\n');
    Ok(())
}
