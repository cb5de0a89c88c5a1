//! What does a topic's query mean, and which posts match it and why?

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};

use super::inputs::TextFormat;
use super::output::{one_line, people};
use super::places::ConfigAt;
use super::{Ending, Failure};
use crate::analyze::{Analyzer, without_complaint};
use crate::config::Config;
use crate::connect::open_lines;
use crate::decode::{ArchiveLine, AuthorHasher};
use crate::mention::{self, Context, Dialect, Imported, Mention, MentionScratch, Reading, read};
use crate::post::{AuthorKey, Kind, Lang, Post, SourceId, Span, TopicId};
use crate::sentiment::Scratch;
use crate::time::EventTime;
use crate::tuning;

/// Authors are hashed under this key where no lake has one of its own.
const NO_KEY: [u8; 32] = [0; 32];

#[derive(Debug, Subcommand)]
pub(super) enum TopicsCommand {
    /// Show which posts match, where, by which branch of the query, and with which verdict
    Test(TestArgs),
    /// Print a topic's query as it is understood, as a tree
    Explain(ExplainArgs),
    /// Translate a query of another tool, and name what could not be translated
    Import(ImportArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// Posts, one per line, plain, .gz or .zst; - is standard input
    #[arg(default_value = "-")]
    input: PathBuf,
    #[command(flatten)]
    config: ConfigAt,
    /// Format of a line: a text, or a post in resonanz's own JSON
    #[arg(long, alias = "lines", value_enum, default_value_t = TextFormat::Text)]
    input_format: TextFormat,
    /// Test this topic only
    #[arg(long)]
    topic: Option<String>,
    /// Also show posts that do not match, and with --topic why they do not
    #[arg(long)]
    all: bool,
    /// Show which words, rules and clauses made each verdict
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// Name of the topic
    name: String,
    #[command(flatten)]
    config: ConfigAt,
}

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The query, such as 'acme -is:retweet lang:de'
    rule: String,
    /// Which tool it was written for
    #[arg(long, value_enum, default_value_t = ImportFrom::X)]
    from: ImportFrom,
}

/// Whose queries can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ImportFrom {
    /// Rules of X's filtered stream
    X,
    /// Queries of Brandwatch Consumer Research
    Brandwatch,
    /// Queries of Talkwalker
    Talkwalker,
    /// Advanced queries of Sprinklr's listening topics
    Sprinklr,
    /// Boolean searches of Meltwater
    Meltwater,
}

impl From<ImportFrom> for Dialect {
    fn from(from: ImportFrom) -> Self {
        match from {
            ImportFrom::X => Self::X,
            ImportFrom::Brandwatch => Self::Brandwatch,
            ImportFrom::Talkwalker => Self::Talkwalker,
            ImportFrom::Sprinklr => Self::Sprinklr,
            ImportFrom::Meltwater => Self::Meltwater,
        }
    }
}

pub(super) fn topics(command: &TopicsCommand) -> Result<Ending, Failure> {
    match command {
        TopicsCommand::Test(args) => test(args),
        TopicsCommand::Explain(args) => explain(args),
        TopicsCommand::Import(args) => import(args),
    }
}

fn explain(args: &ExplainArgs) -> Result<Ending, Failure> {
    let config = args.config.load()?;
    let place = place_of(&config, &args.name)?;
    let topic = &config.topics[place];
    let Reading { expr, remarks } = read(&topic.query)?;
    let mut out = io::stdout().lock();
    writeln!(out, "query  {}", topic.query)?;
    writeln!(out, "read   {expr}")?;
    let defaults = [
        (topic.inflect, "every term with German endings"),
        (topic.compounds, "every term inside longer words"),
        (topic.hashtags, "several words as one hashtag too"),
        (topic.links, "inside addresses too"),
        (topic.umlauts == crate::mention::Umlauts::Apart, "ä distinct from ae"),
    ];
    for (_, meaning) in defaults.into_iter().filter(|(set, _)| *set) {
        writeln!(out, "also   {meaning}")?;
    }
    for remark in remarks {
        writeln!(out, "but    {} at column {}; {}", remark.message, remark.at + 1, remark.hint)?;
    }
    write!(out, "\n{}", expr.tree())?;
    Ok(Ending::Done)
}

fn test(args: &TestArgs) -> Result<Ending, Failure> {
    let config = args.config.load()?;
    let only = args.topic.as_ref().map(|name| place_of(&config, name)).transpose()?;
    let authors = AuthorHasher::new(NO_KEY).with_names(config.names);
    let analyzer = tuning::analyzer(&config, &authors)?;
    let mut lines = open_lines(&args.input, 0).map_err(|error| {
        Failure::usage(error.to_string(), "give a file of lines, plain, .gz or .zst, or -")
    })?;
    let mut out = BufWriter::new(people());
    let mut tested = Tested { args, config: &config, analyzer: &analyzer, only, counts: [0; 3] };
    while let Some(block) = lines.next_block().with_context(|| args.input.display().to_string())? {
        for line in block.lines() {
            tested.line(line, &authors, &mut out)?;
        }
        out.flush()?;
    }
    let [posts, matched, refused] = tested.counts;
    writeln!(out, "{matched} of {posts} posts match")?;
    out.flush()?;
    Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
}

fn import(args: &ImportArgs) -> Result<Ending, Failure> {
    let imported = mention::import(args.from.into(), &args.rule);
    let Imported { query, lost } = imported.map_err(|error| {
        Failure::usage(format!("{error}\n{}", error.render(&args.rule)), error.hint)
    })?;
    writeln!(io::stdout().lock(), "{query}")?;
    for operator in &lost {
        writeln!(io::stderr().lock(), "not carried over: {operator}")?;
    }
    Ok(if lost.is_empty() { Ending::Done } else { Ending::Incomplete })
}

fn place_of(config: &Config, name: &str) -> Result<usize, Failure> {
    config.topics.iter().position(|topic| topic.name == name).ok_or_else(|| {
        Failure::unknown("topic", name, config.topics.iter().map(|topic| topic.name.as_str()))
    })
}

struct Tested<'a> {
    args: &'a TestArgs,
    config: &'a Config,
    analyzer: &'a Analyzer,
    /// The one topic asked for.
    only: Option<usize>,
    /// Posts, those that match, and lines that are not posts.
    counts: [u64; 3],
}

impl Tested<'_> {
    fn line(
        &mut self,
        line: &[u8],
        authors: &AuthorHasher,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let post = match self.args.input_format {
            TextFormat::Text => text_post(&String::from_utf8_lossy(line)),
            TextFormat::Jsonl => match ArchiveLine::parse(line) {
                Ok(line) => {
                    let source = SourceId::new(line.source().unwrap_or("archive"));
                    line.into_post(source, authors)
                }
                Err(reason) => {
                    self.counts[2] += 1;
                    tracing::error!(line = self.counts[0] + self.counts[2], reason, "line refused");
                    return Ok(());
                }
            },
        };
        self.counts[0] += 1;
        let (mut mentions, mut spans) = (Vec::new(), Vec::new());
        let context = self.analyzer.context_of(&post, &mut Scratch::default());
        let mut scratch = MentionScratch::default();
        let matcher = self.analyzer.matcher();
        matcher.find(&post.text, context, &mut scratch, &mut mentions, &mut spans);
        mentions.retain(|mention| self.only.is_none_or(|only| only == mention.topic.0 as usize));
        self.counts[1] += u64::from(!mentions.is_empty());
        if mentions.is_empty() {
            return self.why_not(&post, context, out);
        }
        writeln!(out, "{}", post.id)?;
        for mention in mentions {
            self.why(&post, context, mention, &spans, out)?;
        }
        Ok(())
    }

    fn why(
        &self,
        post: &Post,
        context: Context<'_>,
        mention: Mention,
        spans: &[Span],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let slice = |from: u32, to: u32| spans.get(from as usize..to as usize).unwrap_or_default();
        let own = slice(mention.spans_start, mention.spans_end);
        let subject = slice(mention.spans_end, mention.subject_end);
        let topic = self.config.topics.get(mention.topic.0 as usize);
        let explained = self.analyzer.scorer().explain_over(
            &post.text,
            post.lang,
            subject,
            self.analyzer.overlay(mention.topic),
        );
        let ours = self.analyzer.topics_of(post.author).contains(&mention.topic);
        let verdict = explained.verdict;
        let verdict = if ours { without_complaint(verdict) } else { verdict };
        writeln!(
            out,
            "  {}  {} {:+.4}",
            topic.map_or("", |topic| &topic.name),
            verdict.polarity.as_str(),
            verdict.target.as_f64()
        )?;
        writeln!(out, "    {}", marked(&post.text, own))?;
        let confidence = f64::from(verdict.confidence) / 100.0;
        let by = if ours { ", by an account of the topic: never a complaint" } else { "" };
        writeln!(out, "    confidence {confidence:.2}{by}")?;
        let wants: Vec<String> = verdict
            .intents
            .iter()
            .map(|(intent, percent)| format!("{intent} {:.2}", f64::from(percent) / 100.0))
            .collect();
        if !wants.is_empty() {
            writeln!(out, "    intents {}", wants.join(", "))?;
        }
        if self.args.explain {
            write!(out, "{}", explained.to_lines(&post.text))?;
        }
        self.tree(post, context, mention.topic, out)
    }

    /// With `--all`, posts that do not match are explained too.
    fn why_not(&self, post: &Post, context: Context<'_>, out: &mut impl Write) -> io::Result<()> {
        if !self.args.all {
            return Ok(());
        }
        writeln!(out, "{}  no topic\n    {}", post.id, one_line(&post.text))?;
        let Some(only) = self.only else { return Ok(()) };
        self.tree(post, context, TopicId(u32::try_from(only).unwrap_or(u32::MAX)), out)
    }

    fn tree(
        &self,
        post: &Post,
        context: Context<'_>,
        topic: TopicId,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let Some(why) = self.analyzer.matcher().explain(&post.text, context, topic) else {
            return Ok(());
        };
        why.to_string().lines().try_for_each(|line| writeln!(out, "      {line}"))
    }
}

/// A line of text as a post of which nothing else is known.
fn text_post(text: &str) -> Post {
    Post {
        id: one_line(text).chars().take(60).collect::<String>().into(),
        source: SourceId::new("text"),
        author: AuthorKey::default(),
        posted_at: EventTime(0),
        received_at: EventTime(0),
        kind: Kind::Original,
        parent: None,
        thread: None,
        lang: Lang::UND,
        text: text.into(),
        url: None,
        reach: None,
        engagement: None,
    }
}

/// The text with what matched in square brackets.
fn marked(text: &str, spans: &[Span]) -> String {
    let (mut marked, mut at) = (String::new(), 0);
    for span in spans {
        let (start, end) = (span.start as usize, span.end as usize);
        marked.push_str(text.get(at..start).unwrap_or_default());
        marked.push('[');
        marked.push_str(text.get(start..end).unwrap_or_default());
        marked.push(']');
        at = end;
    }
    marked.push_str(text.get(at..).unwrap_or_default());
    one_line(&marked).into_owned()
}
