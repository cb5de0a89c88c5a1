//! What does a topic's query mean, and which posts match it and why?

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use anyhow::Context as _;

use super::args::ScoreInput;
use super::args_study::{TopicsExplain, TopicsImport, TopicsTest};
use super::{Ending, Failure, config_file};
use crate::analyze::{Analyzer, without_complaint};
use crate::config::Config;
use crate::connect::open_lines;
use crate::decode::{ArchiveLine, AuthorHasher};
use crate::mention::{self, Context, Imported, Mention, MentionScratch, Reading, read};
use crate::post::{AuthorKey, Kind, Lang, Post, SourceId, Span, TopicId};
use crate::time::EventTime;
use crate::tuning;

/// Authors are hashed under this key where no lake has one of its own.
const NO_KEY: [u8; 32] = [0; 32];

pub(super) fn explain(args: &TopicsExplain) -> Result<Ending, Failure> {
    let config = config_file::load(&args.config)?;
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
        (topic.umlauts == crate::mention::Umlauts::Apart, "ä and ae apart"),
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

pub(super) fn test(args: &TopicsTest) -> Result<Ending, Failure> {
    let config = config_file::load(&args.config)?;
    let only = args.topic.as_ref().map(|name| place_of(&config, name)).transpose()?;
    let authors = AuthorHasher::new(NO_KEY).with_names(config.names);
    let analyzer = tuning::analyzer(&config, &authors)?;
    let mut lines = open_lines(&args.input, 0).map_err(|error| {
        Failure::usage(error.to_string(), "give a file of lines, plain, .gz or .zst, or -")
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
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

pub(super) fn import(args: &TopicsImport) -> Result<Ending, Failure> {
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
        let known: Vec<&str> = config.topics.iter().map(|topic| topic.name.as_str()).collect();
        let hint = format!("the topics are {}", known.join(", "));
        Failure::usage(format!("no topic is called \"{name}\""), hint)
    })
}

struct Tested<'a> {
    args: &'a TopicsTest,
    config: &'a Config,
    analyzer: &'a Analyzer,
    /// The one topic asked for.
    only: Option<usize>,
    /// Posts, those that match, and lines that are no posts.
    counts: [u64; 3],
}

impl Tested<'_> {
    fn line(
        &mut self,
        line: &[u8],
        authors: &AuthorHasher,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let post = match self.args.lines {
            ScoreInput::Text => text_post(&String::from_utf8_lossy(line)),
            ScoreInput::Jsonl => match ArchiveLine::parse(line) {
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
        let (context, mut scratch) = (Context::of(&post), MentionScratch::default());
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

fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r']) {
        Cow::Owned(text.replace(['\n', '\r'], " "))
    } else {
        text.into()
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
