//! How is a look at files shown? What they are, ten posts of each, and the command that imports them.

use std::io::{self, Write};

use super::Args;
use crate::cli::alerts::local_zone;
use crate::cli::output::{columns, cut, one_line, people};
use crate::cli::reprocess::files;
use crate::cli::{Ending, Failure, runtime};
use crate::connect::{Encoding, Input, Layout, Sheets};
use crate::decode::{Export, FIELDS, Told, quoted};
use crate::post::{AuthorKey, Post};
use crate::reprocess::{Hints, Origin, Preview, preview as look};

/// Options that a file needs beyond those given.
type Guess = Vec<(&'static str, String)>;

/// Posts that are shown of a file.
const POSTS: usize = 10;
/// Files that are shown.
const FILES: usize = 10;
/// Reasons that are shown.
const REASONS: usize = 3;
/// Columns of a line where standard output is not a terminal.
const WIDTH: usize = 120;
/// Columns that are named, and how many signs of each are shown.
const NAMES: usize = 30;
const NAME_WIDTH: usize = 80;

pub(super) fn preview(args: &Args) -> Result<Ending, Failure> {
    // Files behind URLs are read by the runtime that found them.
    let tasks = runtime()?;
    let origin = tasks.block_on(files(&args.files))?;
    let Origin::Files(inputs) = origin else { return Ok(Ending::Done) };
    args.input.fit(&inputs)?;
    let hints = Hints {
        layout: args.input.layout(),
        format: args.input.wire(),
        encoding: args.input.reading.encoding(),
        reading: args.input.reading.reading(),
        sheet: args.input.sheet.clone(),
        source: args.input.source.clone(),
        zone: local_zone().iana_name().unwrap_or("UTC").to_owned(),
    };
    let (mut out, mut guesses) = (people(), Vec::new());
    let (mut shown, mut empty, mut left_out) = (0, 0, Vec::new());
    for input in &inputs {
        let mut own = hints.clone();
        own.reading.owner = own.reading.owner.or_else(|| input.owner.clone());
        let found = look(input, &own);
        match &found {
            Ok(found) if input.is_optional && !found.look.told.has_posts => {
                left_out.push(input.name.as_str());
                continue;
            }
            _ if shown == FILES => continue,
            Ok(found) => {
                file(input, found, &mut out)?;
                empty += usize::from(is_empty(found));
                if !found.posts.is_empty() {
                    guesses.push((input, found.options.clone()));
                }
            }
            Err(_) if input.is_optional => {
                left_out.push(input.name.as_str());
                continue;
            }
            Err(error) => writeln!(out, "{}: {error}\n", input.name)?,
        }
        shown += 1;
    }
    if let Some(first) = left_out.first() {
        writeln!(out, "skipped: {} files that hold no posts, such as {first}\n", left_out.len())?;
    }
    if inputs.len() - left_out.len() > shown {
        writeln!(out, "{} more files\n", inputs.len() - left_out.len() - shown)?;
    }
    if guesses.is_empty() && shown > 0 && empty == shown {
        writeln!(out, "nothing to import: there are names of columns, and no row below them")?;
        return Ok(Ending::Incomplete);
    }
    if guesses.is_empty() {
        writeln!(
            out,
            "no posts could be read; map columns to fields with --map, or name the format with --input-format"
        )?;
        return Ok(Ending::Incomplete);
    }
    if guesses.iter().flat_map(|(_, options)| options).any(|(name, _)| *name == "--zone") {
        writeln!(out, "times name no zone: --zone is a guess, replace it with the right one")?;
    }
    writeln!(out, "to import:")?;
    for command in commands(&args.files, &guesses) {
        writeln!(out, "  {command}")?;
    }
    Ok(Ending::Done)
}

/// The command that was given, without the look and with what was guessed; one for each file where
/// they are not read in one way. Members of a zip are not files that can be given.
fn commands(files: &[String], guesses: &[(&Input, Guess)]) -> Vec<String> {
    let mut all = Guess::new();
    for option in guesses.iter().flat_map(|(_, options)| options) {
        if !all.contains(option) {
            all.push(option.clone());
        }
    }
    let named = |name: &str| all.iter().filter(|(other, _)| *other == name).count();
    // A map says that a file is nobody's archive, so it must not reach the others; nor must the sheet of a workbook.
    let alike = ["--map", "--sheet"].iter().all(|option| {
        let has = |(_, options): &(&Input, Guess)| options.iter().any(|(name, _)| name == option);
        guesses.iter().all(has) || !guesses.iter().any(has)
    });
    let packed = guesses.iter().any(|(input, _)| input.is_optional);
    if packed || (alike && all.iter().all(|(name, _)| named(name) == 1)) {
        return vec![command(&[], None, &all)];
    }
    let each = guesses.iter().map(|(input, options)| command(files, Some(&input.name), options));
    each.collect()
}

/// The command that was given, with `file` in place of `files`.
fn command(files: &[String], file: Option<&str>, options: &[(&'static str, String)]) -> String {
    let given =
        std::env::args().skip(1).filter(|word| word != "--preview" && !files.contains(word));
    let words = std::iter::once("resonanz".to_owned()).chain(given.map(|word| quoted(&word)));
    let guessed = options.iter().map(|(name, value)| format!("{name} {}", quoted(value)));
    words.chain(file.map(quoted)).chain(guessed).collect::<Vec<_>>().join(" ")
}

fn file(input: &Input, found: &Preview, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {}", input.name, layout(found))?;
    if let Some(left) = found.look.sheets.as_ref().and_then(Sheets::left) {
        writeln!(out, "not read: {left}")?;
    }
    let columns = &found.look.columns;
    if found.look.above > 0 {
        let (lines, are) = if found.look.above == 1 { ("line", "is") } else { ("lines", "are") };
        let above = found.look.above;
        writeln!(out, "{above} {lines} above the names of the columns {are} passed over")?;
    }
    if found.look.told.export.is_none() && !columns.is_empty() {
        let more = if columns.len() > NAMES { ", …" } else { "" };
        let names = columns.iter().take(NAMES).map(|name| cut(name, NAME_WIDTH));
        let names = names.collect::<Vec<_>>().join(", ");
        writeln!(out, "columns: {}{more}", one_line(&names))?;
    }
    for (name, value) in &found.options {
        writeln!(out, "guessed: {name} {}", quoted(value))?;
    }
    if let Some((_, map)) = found.options.iter().find(|(name, _)| *name == "--map") {
        let lacks = |field: &&&str| {
            let known = map.split(',').any(|pair| pair.starts_with(&format!("{field}=")));
            !known && !columns.iter().any(|column| column == **field)
        };
        let missing: Vec<&str> = FIELDS.iter().take(3).filter(lacks).copied().collect();
        if !missing.is_empty() {
            writeln!(out, "not found: {}; name their columns with --map", missing.join(", "))?;
        }
    }
    if found.rounded > 0 {
        writeln!(
            out,
            "warning: ids were rounded, as spreadsheets do beyond fifteen digits; made of the content, they keep posts apart, but \
             are not those of the network: better import the CSV that it exported, or make the column text before it is filled"
        )?;
    }
    writeln!(out)?;
    for post in found.posts.iter().take(POSTS) {
        row(post, out)?;
    }
    if !found.posts.is_empty() {
        writeln!(out)?;
    }
    for reason in found.refused.iter().take(REASONS) {
        writeln!(out, "refused: {}", one_line(reason))?;
    }
    let counts = [
        (u64::try_from(found.refused.len()).unwrap_or(u64::MAX), "refused"),
        (found.ignored, "not posts"),
        (found.mended, "with a field that could not be read"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    if !counts.is_empty() {
        let rows = found.posts.len() + found.refused.len();
        let rows = u64::try_from(rows).unwrap_or(u64::MAX).saturating_add(found.ignored);
        writeln!(out, "among the first {rows}: {}\n", counts.join(", "))?;
    } else if is_empty(found) {
        writeln!(out, "no row\n")?;
    }
    Ok(())
}

/// Whether nothing stands below the header of a table.
fn is_empty(found: &Preview) -> bool {
    let seen = found.posts.len() + found.refused.len();
    matches!(found.look.layout, Layout::Csv(_)) && seen == 0 && found.ignored == 0
}

/// A post as it would be stored: all fields in the first line, then its text.
fn row(post: &Post, out: &mut impl Write) -> io::Result<()> {
    let wide = columns().unwrap_or(WIDTH);
    let mut line = format!("  {}  {}  {}", post.posted_at, post.kind.as_str(), post.id);
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line.push_str(&format!("  {name}={value}"));
        }
    };
    add("author", (post.author != AuthorKey::default()).then(|| "(hashed)".to_owned()));
    add("parent", post.parent.as_deref().map(str::to_owned));
    add("thread", post.thread.as_deref().map(str::to_owned));
    add("lang", (post.lang != crate::post::Lang::UND).then(|| post.lang.to_string()));
    add("reach", post.reach.map(|reach| reach.to_string()));
    add("engagement", post.engagement.map(|count| count.to_string()));
    add("url", post.url.as_deref().map(str::to_owned));
    add("source", Some(post.source.as_str().to_owned()));
    writeln!(out, "{}", cut(&one_line(&line), wide))?;
    writeln!(out, "    {}", cut(&one_line(&post.text), wide.saturating_sub(4)))
}

/// What a file is, in words.
fn layout(found: &Preview) -> String {
    let Told { export, list, .. } = &found.look.told;
    let said = match (export, found.look.layout) {
        (Some(export), _) => name(*export).to_owned(),
        (None, Layout::Parquet) => "Parquet".to_owned(),
        (None, Layout::Segment) => "a segment of a Jetstream server's archive".to_owned(),
        (None, Layout::Repository) => "an account of Bluesky".to_owned(),
        (None, Layout::Csv(_)) if let Some(sheets) = &found.look.sheets => {
            format!("a workbook of Excel, sheet {}", sheets.name())
        }
        (None, Layout::Csv(sign)) => {
            let sign = match sign {
                Some(b';') => "semicolons",
                Some(b'\t') => "tabs",
                Some(b'|') => "bars",
                _ => "commas",
            };
            format!("a table with {sign} between columns")
        }
        (None, Layout::Lines) if found.look.is_document => "a JSON document".to_owned(),
        (None, Layout::Lines) => "JSON, one object a line".to_owned(),
    };
    let within = list.as_ref().map_or(String::new(), |list| format!(", posts within {list}"));
    let encoding = match found.look.encoding {
        Encoding::Utf8 => "",
        Encoding::Utf16Le | Encoding::Utf16Be => ", in UTF-16",
        Encoding::Windows1252 => ", in Windows-1252",
    };
    format!("{said}{within}{encoding}")
}

fn name(export: Export) -> &'static str {
    match export {
        Export::XArchive => "tweets of X",
        Export::XApi => "pages of the X API",
        Export::Reddit => "comments and submissions of Reddit",
        Export::Outbox => "the outbox of a Mastodon account",
        Export::Mastodon => "statuses of Mastodon's API",
        Export::Facebook => "posts and comments of Facebook",
        Export::Instagram => "posts and comments of Instagram",
        Export::YouTube => "comments of YouTube",
        Export::GooglePlus => "posts of Google+",
        Export::Gdelt => "headlines of GDELT",
    }
}
