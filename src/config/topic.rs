//! Which topics does the file give? From a `[[topic]]` to a topic whose query was read.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeValue;

use super::SourceConfig;
use super::charter::{Duty, duty};
use super::heard::{Heard, accounts_missed, accounts_unheard};
use crate::mention::{Topic, Umlauts, read};
use crate::settings::{Problems, Section, content_place};

pub(super) fn topic<'i>(
    value: &Spanned<DeValue<'i>>,
    base: &Path,
    sources: &[SourceConfig],
    problems: &mut Problems<'i>,
) -> (Topic, (Vec<PathBuf>, Duty)) {
    let mut section = Section::open("[[topic]]", Some(value), problems);
    let umlauts = [("equal", Umlauts::Equal), ("apart", Umlauts::Apart)];
    let topic = Topic {
        name: section.required_text("name"),
        query: section.required_text("query"),
        brand: section.text("brand"),
        group: section.text("group"),
        parent: section.text("parent"),
        accounts: accounts(&mut section, sources),
        inflect: section.flag("inflect"),
        compounds: section.flag("compounds"),
        hashtags: section.flag("hashtags"),
        links: section.flag("links"),
        umlauts: section.choice("umlauts", &umlauts).unwrap_or_default(),
    };
    // Read by `service`, over what holds for all topics.
    section.inner("service");
    let lexicons = paths(&mut section, "lexicons", base);
    let duty = duty(&mut section);
    if !topic.query.is_empty() {
        check(&topic, sources, &mut section);
    }
    section.finish();
    (topic, (lexicons, duty))
}

/// Reports what is wrong with a topic's query, and what of it may not do what was meant.
fn check(topic: &Topic, sources: &[SourceConfig], section: &mut Section<'_, '_>) {
    let (text, query) = (section.problems.text(), section.place("query"));
    let place = |at: usize| content_place(text, query, 1, at);
    let named = |message: &str| format!("query of topic \"{}\": {message}", topic.name);
    match read(&topic.query) {
        Err(error) => section.problems.add(place(error.at), named(&error.message), error.hint),
        Ok(reading) => {
            for remark in reading.remarks {
                section.problems.warn(place(remark.at), named(&remark.message), remark.hint);
            }
            for unheard in Heard::by(&reading.expr, sources).unheard(&reading.expr, &topic.query) {
                section.problems.warn(place(unheard.at), named(&unheard.message), unheard.hint);
            }
        }
    }
}

/// Our own accounts; a leading @ is not part of a name.
fn accounts(section: &mut Section<'_, '_>, sources: &[SourceConfig]) -> Vec<String> {
    let named = section.texts("accounts").unwrap_or_default();
    let at = section.place("accounts");
    let mut accounts = Vec::new();
    for (name, at) in named {
        let account = name.trim().trim_start_matches('@');
        if account.is_empty() {
            section.problems.add(at, "an account without a name", "write it as the source does");
        } else if let Some(unheard) = accounts_unheard(account, sources) {
            section.problems.warn(at, unheard.message, unheard.hint);
        }
        accounts.push(account.to_owned());
    }
    if let Some(missed) = accounts_missed(&accounts, sources) {
        section.problems.warn(at, missed.message, missed.hint);
    }
    accounts
}

/// Files that a key names, each as seen from the folder of the configuration.
pub(super) fn paths(section: &mut Section<'_, '_>, key: &'static str, base: &Path) -> Vec<PathBuf> {
    let named = section.texts(key).unwrap_or_default();
    named.into_iter().map(|(path, _)| base.join(path)).collect()
}
