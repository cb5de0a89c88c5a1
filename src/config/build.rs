//! Is the configuration consistent? From TOML to [`Config`], with all problems at once.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::charter::{Duty, charter};
use super::doors::check_doors;
use super::escalate;
use super::notify::{check_parents, grouping};
use super::privacy::{Privacy, privacy};
use super::receiver::{check_fallbacks, receiver};
use super::report::reports;
use super::rules::rule;
use super::serve::{Served, serve};
use super::service::services;
use super::stream::stream;
use super::topic::{paths, topic};
use super::{
    Archive, Config, LakeConfig, RetainFrom, Retention, SentimentConfig, Shard, SourceConfig,
};
use crate::connect::{FileSettings, Follow, NETWORKS, meant};
use crate::engine::{Delays, EngineConfig, Remember};
use crate::mention::Topic;
use crate::post::SourceId;
use crate::sentiment::Profile;
use crate::settings::{Found, Problems, Section, distance};
use crate::time::{DAY_US, MINUTE_US, SECOND_US};

pub(super) fn build(text: &str, base: &Path) -> Result<Config, Vec<super::ConfigError>> {
    let mut problems = Problems::new(text);
    let (root, syntax) = DeTable::parse_recoverable(text);
    for error in syntax {
        let at = error.span().map_or(text.len(), |span| span.start);
        let message = error.message().replace('\n', ", ");
        let hint = match message.starts_with("invalid unquoted key") {
            _ if message.starts_with("string values must be quoted") => {
                "put the value between quotation marks, as type = \"feed\""
            }
            true => "put what holds other signs in quotes, as [report.\"Wöchentlich\"]",
            false => "see https://toml.io for the syntax",
        };
        problems.add(at, message, hint);
    }
    let root = root.get_ref();
    let config = read(root, base, &mut problems);
    let Found { errors, warnings } = problems.into_found();
    if errors.is_empty() { Ok(Config { warnings, ..config }) } else { Err(errors) }
}

fn read<'i>(root: &DeTable<'i>, base: &Path, problems: &mut Problems<'i>) -> Config {
    unknown_tables(root, problems);
    let receivers =
        tables(root, "receiver", problems, |value, problems| receiver(value, base, problems));
    check_fallbacks(root, &receivers, problems);
    escalate::check(root, &receivers, problems);
    let sources = tables(root, "source", problems, |value, problems| source(value, base, problems));
    let topics =
        tables(root, "topic", problems, |value, problems| topic(value, base, &sources, problems));
    let (topics, rest): (Vec<Topic>, Vec<(Vec<PathBuf>, Duty)>) = topics.into_iter().unzip();
    let (topic_lexicons, duties) = rest.into_iter().unzip();
    check_parents(root, &topics, problems);
    warn_of_unfit(root, &sources, &topics, problems);
    let rules = tables(root, "rule", problems, |value, problems| {
        rule(value, &topics, &receivers, &sources, problems)
    });
    let grouping = grouping(root, &rules, problems);
    let charter = charter(root, base, (&topics, duties), &rules, &receivers, problems);
    let reports = reports(root, &topics, &receivers, problems);
    let (lake, shard) = lake(root, base, problems);
    let services = services(root, &topics, problems);
    let Served { listen, hosts, token_env, access, sql, postgres } = serve(root, base, problems);
    check_doors(root, &sources, listen, &access, problems);
    let remember = if lake.archive == Archive::All { Remember::All } else { Remember::Matched };
    let Privacy { author_key_file, names, redact, follow_deletes } = privacy(root, base, problems);
    let stream = stream(root, base, author_key_file.is_some(), problems);
    Config {
        engine: EngineConfig { remember, ..engine(root, problems) },
        lake,
        sentiment: sentiment(root, base, problems),
        author_key_file,
        names,
        redact,
        follow_deletes,
        listen,
        hosts,
        sql,
        token_env,
        postgres,
        access,
        sources,
        stream,
        delayed: Delays::default(),
        shard,
        topics,
        topic_lexicons,
        rules,
        receivers,
        grouping,
        charter,
        reports,
        services: Arc::new(services),
        warnings: Vec::new(),
        identities: BTreeMap::new(),
    }
}

/// Names topics that a source cannot be asked for.
fn warn_of_unfit<'i>(
    root: &DeTable<'i>,
    sources: &[SourceConfig],
    topics: &[Topic],
    problems: &mut Problems<'i>,
) {
    let list = root.get("topic").and_then(|value| value.get_ref().as_array());
    for source in sources {
        for unfit in source.settings.unfit(source.name.as_str(), topics) {
            let table = list.and_then(|list| list.get(unfit.place));
            let section = Section::open("[[topic]]", table, problems);
            let at = section.place("query");
            section.problems.warn(at, unfit.finding.reason, unfit.finding.hint);
        }
    }
}

fn unknown_tables<'i>(root: &DeTable<'i>, problems: &mut Problems<'i>) {
    const KNOWN: [&str; 16] = [
        "engine",
        "lake",
        "sentiment",
        "privacy",
        "serve",
        "service",
        "notify",
        "stream",
        "source",
        "topic",
        "rule",
        "receiver",
        "goal",
        "policy",
        "law",
        "report",
    ];
    for (key, _) in root {
        let name = key.get_ref().as_ref();
        if !KNOWN.contains(&name) {
            let near =
                KNOWN.into_iter().min_by_key(|known| distance(known, name)).unwrap_or_default();
            problems.add(
                key.span().start,
                format!("unknown table \"{name}\""),
                format!("did you mean \"{near}\"? The tables are {}", KNOWN.join(", ")),
            );
        }
    }
}

/// Reads each `[[name]]`, and reports names that appear twice.
fn tables<'p, 'i, T>(
    root: &'p DeTable<'i>,
    name: &'static str,
    problems: &mut Problems<'i>,
    mut read: impl FnMut(&'p Spanned<DeValue<'i>>, &mut Problems<'i>) -> T,
) -> Vec<T> {
    let Some(value) = root.get(name) else { return Vec::new() };
    let Some(list) = value.get_ref().as_array() else {
        problems.add(
            value.span().start,
            format!("{name} must be a list of tables"),
            format!("write [[{name}]] with two brackets"),
        );
        return Vec::new();
    };
    let mut names = HashSet::new();
    for entry in list {
        let named = entry.get_ref().as_table().and_then(|table| table.get("name"));
        if let Some(named) = named
            && let Some(text) = named.get_ref().as_str()
            && !names.insert(text.to_owned())
        {
            problems.add(
                named.span().start,
                format!("two {name}s are called \"{text}\""),
                "give one of them another name",
            );
        }
    }
    list.iter().map(|entry| read(entry, problems)).collect()
}

fn engine<'i>(root: &DeTable<'i>, problems: &mut Problems<'i>) -> EngineConfig {
    let defaults = EngineConfig::default();
    let mut section = Section::open("[engine]", root.get("engine"), problems);
    let engine = EngineConfig {
        lateness_us: section.span("lateness", 1_000).unwrap_or(defaults.lateness_us),
        idle_us: section.span("idle", SECOND_US).unwrap_or(defaults.idle_us),
        tick_us: section.span("tick", SECOND_US).unwrap_or(defaults.tick_us),
        beat_us: section.span_or_never("beat", 1_000).unwrap_or(defaults.beat_us),
        ..defaults
    };
    if engine.beat_us.is_some_and(|beat_us| beat_us <= 0 || MINUTE_US % beat_us != 0) {
        let at = section.place("beat");
        let hint = "write 100ms, 250ms, 500ms, 1s or \"never\"";
        section.problems.add(at, "beat does not divide a minute", hint);
    }
    if engine.tick_us <= 0 || MINUTE_US % engine.tick_us != 0 {
        let at = section.place("tick");
        section.problems.add(
            at,
            "tick does not divide a minute",
            "write 1s, 2s, 5s, 10s, 15s, 20s, 30s or 1m",
        );
    }
    section.finish();
    engine
}

fn lake<'i>(
    root: &DeTable<'i>,
    base: &Path,
    problems: &mut Problems<'i>,
) -> (LakeConfig, Option<Shard>) {
    let mut section = Section::open("[lake]", root.get("lake"), problems);
    let archives = [("matched", Archive::Matched), ("all", Archive::All), ("none", Archive::None)];
    let (path, state) = site(&mut section, base);
    let lake = LakeConfig {
        path,
        state,
        commit_interval_us: section.span("commit_interval", 1_000).unwrap_or(10 * SECOND_US),
        archive: section.choice("archive", &archives).unwrap_or_default(),
        retention: retention(&mut section),
        upkeep_us: section.span_or_never("upkeep_interval", SECOND_US).unwrap_or(Some(HOUR_US)),
        vacuum_us: section.span("vacuum_after", SECOND_US).unwrap_or(7 * DAY_US),
    };
    let at = section.place("shard");
    let shard = section.text("shard").map(|text| text.parse());
    let shard = shard.transpose().unwrap_or_else(|error: String| {
        section.problems.add(
            at,
            format!("shard: {error}"),
            "leave it to: resonanz run --shard 2/3",
        );
        None
    });
    section.finish();
    (lake, shard)
}

/// Where the lake is, and the writer's state if the lake is in a bucket.
fn site(section: &mut Section<'_, '_>, base: &Path) -> (PathBuf, Option<PathBuf>) {
    let path = section.text("path").unwrap_or_else(|| "resonanz-lake".to_owned());
    let state = section.text("state").map(|state| base.join(state));
    let is_bucket = path.starts_with("s3://");
    if is_bucket && state.is_none() {
        let at = section.place("path");
        let hint = "add: state = \"resonanz-state\"; cursors, outbox and key of a lake in a bucket stay on this machine";
        section.problems.add(at, "a lake in a bucket needs a \"state\"", hint);
    }
    if !is_bucket && state.is_some() {
        let at = section.place("state");
        let hint = "remove it: a lake in a folder has it inside";
        section.problems.add(at, "state is for a lake in a bucket", hint);
    }
    (if is_bucket { PathBuf::from(path) } else { base.join(path) }, state)
}

const HOUR_US: i64 = 60 * MINUTE_US;

fn retention(section: &mut Section<'_, '_>) -> Retention {
    let standard = Retention::default();
    let begins = [("import", RetainFrom::Import), ("posting", RetainFrom::Posting)];
    let from = section.choice("retain_from", &begins).unwrap_or_default();
    let mut days = |key, standard| {
        let span = section.span_or_never(key, DAY_US);
        span.map_or(standard, |us| us.and_then(|us| i32::try_from(us / DAY_US).ok()))
    };
    Retention {
        text_days: days("retain_text", standard.text_days),
        mentions_days: days("retain_mentions", standard.mentions_days),
        panes_days: days("retain_panes", standard.panes_days),
        from,
        dead_letters_days: days("retain_dead_letters", standard.dead_letters_days),
        audit_days: days("retain_audit", standard.audit_days),
    }
}

fn sentiment<'i>(root: &DeTable<'i>, base: &Path, problems: &mut Problems<'i>) -> SentimentConfig {
    let mut section = Section::open("[sentiment]", root.get("sentiment"), problems);
    let profiles = [("resonanz", Profile::Resonanz), ("vader", Profile::Vader)];
    let sentiment = SentimentConfig {
        profile: section.choice("profile", &profiles).unwrap_or_default(),
        lexicons: paths(&mut section, "lexicons", base),
        model: section.text("model").map(|path| base.join(path)),
    };
    if sentiment.profile == Profile::Vader
        && (sentiment.model.is_some() || !sentiment.lexicons.is_empty())
    {
        let at = section.place("profile");
        section.problems.add(
            at,
            "the vader profile reads neither lexicons nor a model",
            "remove them, or write profile = \"resonanz\"",
        );
    }
    section.finish();
    sentiment
}

fn source<'i>(
    value: &Spanned<DeValue<'i>>,
    base: &Path,
    problems: &mut Problems<'i>,
) -> SourceConfig {
    let mut section = Section::open("[[source]]", Some(value), problems);
    let name = SourceId::new(&section.required_text("name"));
    section.needs_choice("type", NETWORKS);
    let configure = section.choice_or("type", NETWORKS, meant);
    let settings = match configure {
        Some(configure) => {
            let settings = configure(&mut section, base);
            section.finish();
            settings
        }
        // The problem with its type is noted; what its other keys mean nobody knows.
        None => Arc::new(FileSettings { path: "-".into(), follow: Follow::Once }),
    };
    SourceConfig { name, settings }
}
